"""Stores when each session and each token was last used: kept in this process, and written once a minute.

A write for each request would cost more than the request. So the stored times are up to a minute old, and a process
that is killed loses its last minute.
"""

import datetime as dt
from functools import partial
from typing import Final
from uuid import UUID

from app.jobs.loop import Job
from domain.principals import Principal
from persistence import uses
from persistence.unit_dependencies import Dependencies

WRITE_EVERY_S: Final = 60


class LastUses:
    """What was used since the last write: one time for each session and token, however often it was used."""

    def __init__(self) -> None:
        self._sessions: dict[UUID, dt.datetime] = {}
        self._tokens: dict[UUID, dt.datetime] = {}

    def note(self, principal: Principal, *, at: dt.datetime) -> None:
        """Remember that the principal's session or token was used *at* this time."""
        if principal.session_id is not None:
            self._sessions[principal.session_id] = at
        elif principal.token_id is not None:
            self._tokens[principal.token_id] = at

    async def write(self, dependencies: Dependencies) -> None:
        """Write what was noted, in one transaction. What cannot be written is dropped: it matters too little."""
        sessions, self._sessions = self._sessions, {}
        tokens, self._tokens = self._tokens, {}
        if sessions or tokens:
            async with dependencies.database.transaction() as transaction:
                await uses.write(transaction, sessions=sessions, tokens=tokens)


def last_used_job(dependencies: Dependencies, last_uses: LastUses, *, every_s: float = WRITE_EVERY_S) -> Job:
    """Write *last_uses* every *every_s*, and when the server stops."""
    return Job(name="last_used", run=partial(last_uses.write, dependencies), every_s=every_s, at_stop=True)
