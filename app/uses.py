"""When each session and each token was last used: remembered in this process, and written down once a minute.

A write for each request would cost more than the request; so what is shown lags behind by up to a minute, and what a
process did not write down when it was killed is lost.
"""

import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from app.background import repeating
from domain.errors import OutcomeUnknown, StorageUnavailable
from domain.principals import Principal
from persistence import uses
from persistence.unit_of_work import Dependencies

WRITE_EVERY_S = 60

logger = logging.getLogger(__name__)


class LastUses:
    """What was used since it was last written down: one entry for each session and token, however often it was."""

    def __init__(self) -> None:
        self._sessions: dict[UUID, dt.datetime] = {}
        self._tokens: dict[UUID, dt.datetime] = {}

    def note(self, principal: Principal, *, at: dt.datetime) -> None:
        """The principal called *at* this time."""
        if principal.session_id is not None:
            self._sessions[principal.session_id] = at
        elif principal.token_id is not None:
            self._tokens[principal.token_id] = at

    async def write(self, dependencies: Dependencies) -> None:
        """Write down what was noted, in one transaction. What cannot be written is forgotten: it matters too little."""
        sessions, self._sessions = self._sessions, {}
        tokens, self._tokens = self._tokens, {}
        if sessions or tokens:
            async with dependencies.database.transaction() as transaction:
                await uses.write(transaction, sessions=sessions, tokens=tokens)


@contextlib.asynccontextmanager
async def writing_down(
    dependencies: Dependencies, uses: LastUses, *, every_s: float = WRITE_EVERY_S
) -> AsyncIterator[None]:
    """Write down every so often what was used, while the context lasts, and when it ends."""

    async def act() -> None:
        await uses.write(dependencies)

    async with repeating(act, every_s=every_s, logger=logger, failure="could not write down what was used"):
        yield
    with contextlib.suppress(StorageUnavailable, OutcomeUnknown):
        await act()
