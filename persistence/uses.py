"""Writes when sessions and personal tokens were last used."""

import datetime as dt
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import Table, Update, bindparam, or_, select, update

from persistence.runners import Runner
from persistence.sessions import sessions
from persistence.tokens import personal_tokens


def _write_down(table: Table) -> Update:
    """Write the time, unless the row is locked, or has a later time from another process: nothing is waited for."""
    at = bindparam("at", type_=table.c.last_used_at.type)
    free = select(table.c.id).where(table.c.id == bindparam("used")).with_for_update(skip_locked=True)
    earlier = or_(table.c.last_used_at.is_(None), table.c.last_used_at < at)
    return update(table).where(table.c.id.in_(free), earlier).values(last_used_at=at)


_OF_SESSIONS: Final = _write_down(sessions)
_OF_TOKENS: Final = _write_down(personal_tokens)


async def write(runner: Runner, *, sessions: Mapping[UUID, dt.datetime], tokens: Mapping[UUID, dt.datetime]) -> None:
    """Write the times of the last use, by id."""
    for statement, used in ((_OF_SESSIONS, sessions), (_OF_TOKENS, tokens)):
        if used:
            await runner.run(statement, [{"used": each, "at": at} for each, at in used.items()])
