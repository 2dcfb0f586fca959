"""The tables and the repository of sessions and their tokens, and the lookup of an access token."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from domain.model.sessions import Session, StoredToken
from domain.principals import Membership, Principal
from persistence.compiled import BULK, padded
from persistence.mapping import Mapper
from persistence.members import role_in_workspace
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.paging import Pages
from persistence.runners import Runner
from persistence.users import users

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("last_refreshed_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("last_used_at", INSTANT),
    Column("device", Text),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    Index(None, "user_id", "id"),
    info=UNLOGGED,
)

access_tokens: Final = Table(
    "access_tokens",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("digest"),
    ForeignKeyConstraint(["session_id"], ["sessions.id"], ondelete="CASCADE"),
    Index(None, "session_id"),
    info=UNLOGGED,
)

refresh_tokens: Final = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("replaced_at", INSTANT),
    PrimaryKeyConstraint("digest"),
    ForeignKeyConstraint(["session_id"], ["sessions.id"], ondelete="CASCADE"),
    Index(None, "session_id"),
    info=UNLOGGED,
)
_IS_LIVE: Final = refresh_tokens.c.replaced_at.is_(None)
Index(
    "uq_refresh_tokens_live",
    refresh_tokens.c.session_id,
    unique=True,
    postgresql_where=_IS_LIVE,
    sqlite_where=_IS_LIVE,
)
Index(
    "ix_refresh_tokens_live_expires_at",
    refresh_tokens.c.expires_at,
    postgresql_where=_IS_LIVE,
    sqlite_where=_IS_LIVE,
)

_MAPPER: Final = Mapper(Session, sessions)
_ACCESS: Final = Mapper(StoredToken, access_tokens)
_REFRESH: Final = Mapper(StoredToken, refresh_tokens)
_PURGED_AT_ONCE: Final = 100

_INSERT: Final = insert(sessions)
_INSERT_ACCESS: Final = insert(access_tokens)
_INSERT_REFRESH: Final = insert(refresh_tokens)
_MINE: Final = (sessions.c.user_id == bindparam("user"), sessions.c.expires_at > bindparam("now"))
_PAGES: Final = Pages(select(*_MAPPER.columns).where(*_MINE), sessions.c.id)
_SELECT: Final = select(*_MAPPER.columns).where(*_MINE, sessions.c.id == bindparam("session"))
_OF_TOKEN: Final = (
    sessions.c.id
    == select(refresh_tokens.c.session_id).where(refresh_tokens.c.digest == bindparam("digest")).scalar_subquery()
)
_USER_BY_REFRESH_TOKEN: Final = select(sessions.c.user_id).where(_OF_TOKEN)
_LOCK_USER_BY_REFRESH_TOKEN: Final = (
    select(users.c.id)
    .where(users.c.id == select(sessions.c.user_id).where(_OF_TOKEN).scalar_subquery())
    .with_for_update(of=users)
)
_LOCK_BY_REFRESH_TOKEN: Final = select(*_MAPPER.columns).where(_OF_TOKEN).with_for_update(of=sessions)
_SPEND: Final = (
    update(refresh_tokens)
    .where(refresh_tokens.c.session_id == bindparam("session"), refresh_tokens.c.replaced_at.is_(None))
    .returning(refresh_tokens.c.digest)
)
_REPLACED_AT: Final = select(refresh_tokens.c.replaced_at).where(refresh_tokens.c.digest == bindparam("digest"))
_EXTEND: Final = update(sessions).where(sessions.c.id == bindparam("session"))
_DELETE_OLD_TOKENS: Final = tuple(
    delete(table).where(table.c.session_id == bindparam("session"), table.c.expires_at <= bindparam("now"))
    for table in (access_tokens, refresh_tokens)
)
_DELETE: Final = delete(sessions).where(sessions.c.id == bindparam("session"), sessions.c.user_id == bindparam("user"))
_EXISTS: Final = select(sessions.c.id).where(sessions.c.id == bindparam("session"))
_DELETE_ALL: Final = delete(sessions).where(sessions.c.user_id == bindparam("user")).execution_options(**BULK)
_DELETE_OTHERS: Final = _DELETE_ALL.where(sessions.c.id != bindparam("keep"))
_FIND_EXPIRED: Final = (
    select(refresh_tokens.c.session_id)
    .where(refresh_tokens.c.replaced_at.is_(None), refresh_tokens.c.expires_at <= bindparam("now"))
    .order_by(refresh_tokens.c.expires_at)
    .limit(_PURGED_AT_ONCE)
)
_EXPIRED: Final = sessions.c.id.in_(bindparam("expired", expanding=True))
_FREE: Final = select(sessions.c.id).where(_EXPIRED, sessions.c.expires_at <= bindparam("now"))
_PURGE: Final = (
    delete(sessions)
    .where(_EXPIRED, sessions.c.id.in_(_FREE.with_for_update(skip_locked=True)))
    .execution_options(**BULK)
)
_GRANT: Final = (
    select(sessions.c.id, sessions.c.user_id, access_tokens.c.expires_at, role_in_workspace(sessions.c.user_id))
    .join_from(access_tokens, sessions, access_tokens.c.session_id == sessions.c.id)
    .where(
        access_tokens.c.digest == bindparam("digest"),
        access_tokens.c.expires_at > bindparam("now"),
        sessions.c.expires_at > bindparam("now"),
    )
)


async def authenticate(
    runner: Runner, digest: bytes, *, workspace_id: UUID | None, now: dt.datetime
) -> Membership | None:
    """Return whose access token this is, and their role in the workspace that the request names.

    Return None if no live session has the token. The role is None outside of workspaces, and for a user who is not a
    member.
    """
    row = await runner.row(_GRANT, {"digest": digest, "workspace": workspace_id, "now": now})
    if row is None:
        return None
    session_id, user_id, expires_at, role = row
    principal = Principal(user_id=user_id, session_id=session_id, expires_at=expires_at)
    return principal, role


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the expired sessions, with their tokens. Return how many; repeat until there are none.

    A session is found by the expiry of its live refresh token, which is the same: an index on sessions would be written
    by each refresh. Locked sessions are skipped.
    """
    expired = [row[0] for row in await runner.rows(_FIND_EXPIRED, {"now": now})]
    return await runner.run(_PURGE, {"expired": padded(expired), "now": now}) if expired else 0


async def exists(runner: Runner, session_id: UUID) -> bool:
    """Return whether the session has not ended."""
    return await runner.row(_EXISTS, {"session": session_id}) is not None


class Sessions:
    """Implements domain.model.sessions.SessionRepository."""

    def __init__(self, runner: Runner, aside: Runner, expect_lock: Callable[[UUID], None]) -> None:
        self._runner = runner
        self._aside = aside
        self._expect_lock = expect_lock

    async def add(self, session: Session) -> None:
        await self._runner.run(_INSERT, _MAPPER.values(session))

    async def add_tokens(self, *, access: StoredToken, refresh: StoredToken) -> None:
        await self._runner.run(_INSERT_ACCESS, _ACCESS.values(access))
        await self._runner.run(_INSERT_REFRESH, _REFRESH.values(refresh))

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[Session]:
        given = {"user": user_id, "now": now}
        return _MAPPER.all(await _PAGES.read(self._runner, given, after=after, limit=limit))

    async def get(self, session_id: UUID, *, user_id: UUID, now: dt.datetime) -> Session | None:
        return _MAPPER.one(await self._runner.row(_SELECT, {"session": session_id, "user": user_id, "now": now}))

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        user = await self._aside.row(_USER_BY_REFRESH_TOKEN, {"digest": digest})
        if user is not None:
            self._expect_lock(user[0])
        await self._runner.row(_LOCK_USER_BY_REFRESH_TOKEN, {"digest": digest})
        return _MAPPER.one(await self._runner.row(_LOCK_BY_REFRESH_TOKEN, {"digest": digest}))

    async def spend(self, session_id: UUID, *, at: dt.datetime) -> bytes | None:
        row = await self._runner.row(_SPEND, {"session": session_id, "replaced_at": at})
        return None if row is None else bytes(row[0])

    async def replaced_at(self, digest: bytes) -> dt.datetime | None:
        row = await self._runner.row(_REPLACED_AT, {"digest": digest})
        return None if row is None else row[0]

    async def extend(self, session: Session) -> None:
        times = {"last_refreshed_at": session.last_refreshed_at, "expires_at": session.expires_at}
        await self._runner.run(_EXTEND, {"session": session.id, **times})
        for statement in _DELETE_OLD_TOKENS:
            await self._runner.run(statement, {"session": session.id, "now": session.last_refreshed_at})

    async def delete(self, session_id: UUID, *, user_id: UUID) -> bool:
        """The tokens are deleted by cascade."""
        return await self._runner.run(_DELETE, {"session": session_id, "user": user_id}) == 1

    async def delete_all(self, user_id: UUID, *, keep: UUID | None = None) -> None:
        """The tokens are deleted by cascade."""
        if keep is None:
            await self._runner.run(_DELETE_ALL, {"user": user_id})
        else:
            await self._runner.run(_DELETE_OTHERS, {"user": user_id, "keep": keep})
