"""The table and the repository of personal tokens, and the lookup of a personal token."""

import datetime as dt
from collections.abc import Sequence
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
    UniqueConstraint,
    Uuid,
    bindparam,
    delete,
    insert,
    or_,
    select,
)

from domain.model.tokens import PersonalToken
from domain.principals import Membership, Principal
from persistence.compiled import BULK
from persistence.mapping import Mapper, Stored
from persistence.members import role_in_workspace
from persistence.metadata import INSTANT, UNLOGGED, Words, metadata
from persistence.paging import Pages
from persistence.purges import Expired
from persistence.runners import Runner

personal_tokens: Final = Table(
    "personal_tokens",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Words, nullable=False),
    Column("workspace_ids", Words),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT),
    Column("last_used_at", INSTANT),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    UniqueConstraint("digest"),
    Index(None, "user_id", "id"),
    Index(None, "expires_at"),
    info=UNLOGGED,
)
"""A token's scopes and workspaces are in its row, so that one statement reads all of it. `workspace_ids` are
hexadecimal."""


def limits_of(words: frozenset[str] | None) -> frozenset[UUID] | None:
    """Return the workspaces in a row; None for all of the user's."""
    return None if words is None else frozenset(map(UUID, words))


_MAPPER: Final = Mapper(
    PersonalToken,
    personal_tokens,
    stored={
        "workspace_ids": Stored(
            columns=(personal_tokens.c.workspace_ids,),
            dump=lambda ids: (None if ids is None else {each.hex for each in ids},),
            load=limits_of,
        )
    },
)
_IS_LIVE: Final = or_(personal_tokens.c.expires_at.is_(None), personal_tokens.c.expires_at > bindparam("now"))

_INSERT: Final = insert(personal_tokens)
_PAGES: Final = Pages(
    select(*_MAPPER.columns).where(personal_tokens.c.user_id == bindparam("user"), _IS_LIVE), personal_tokens.c.id
)
_SELECT: Final = select(*_MAPPER.columns).where(
    personal_tokens.c.id == bindparam("token"), personal_tokens.c.user_id == bindparam("user"), _IS_LIVE
)
_EXISTS: Final = select(personal_tokens.c.id).where(personal_tokens.c.id == bindparam("token"))
_MINE: Final = personal_tokens.c.user_id == bindparam("user")
_DELETE_ALL: Final = delete(personal_tokens).where(_MINE).execution_options(**BULK)
_DELETE: Final = delete(personal_tokens).where(_MINE, personal_tokens.c.id == bindparam("token"))
_GRANT: Final = select(
    personal_tokens.c.id,
    personal_tokens.c.user_id,
    personal_tokens.c.scopes,
    personal_tokens.c.workspace_ids,
    personal_tokens.c.expires_at,
    role_in_workspace(personal_tokens.c.user_id),
).where(personal_tokens.c.digest == bindparam("digest"), _IS_LIVE)

_EXPIRED: Final = Expired(personal_tokens, personal_tokens.c.expires_at)


async def authenticate(
    runner: Runner, digest: bytes, *, workspace_id: UUID | None, now: dt.datetime
) -> Membership | None:
    """Return whose personal token this is, and their role in the workspace that the request names.

    Return None if there is no such token, or it has expired. The role is None outside of workspaces, for a user who is
    not a member, and where the token does not work.
    """
    row = await runner.row(_GRANT, {"digest": digest, "workspace": workspace_id, "now": now})
    if row is None:
        return None
    token_id, user_id, scopes, limited_to, expires_at, role = row
    workspace_ids = limits_of(limited_to)
    principal = Principal(
        user_id=user_id, token_id=token_id, scopes=scopes, workspace_ids=workspace_ids, expires_at=expires_at
    )
    works_there = workspace_ids is None or workspace_id in workspace_ids
    return principal, role if works_there else None


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the expired tokens. Return how many; repeat until there are none."""
    return await _EXPIRED.delete_some(runner, before=now)


async def exists(runner: Runner, token_id: UUID) -> bool:
    """Return whether the token was not deleted."""
    return await runner.row(_EXISTS, {"token": token_id}) is not None


class Tokens:
    """Implements domain.model.tokens.TokenRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, token: PersonalToken, *, digest: bytes) -> None:
        await self._runner.run(_INSERT, {**_MAPPER.values(token), "digest": digest})

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[PersonalToken]:
        given = {"user": user_id, "now": now}
        return _MAPPER.all(await _PAGES.read(self._runner, given, after=after, limit=limit))

    async def get(self, token_id: UUID, *, user_id: UUID, now: dt.datetime) -> PersonalToken | None:
        return _MAPPER.one(await self._runner.row(_SELECT, {"token": token_id, "user": user_id, "now": now}))

    async def delete(self, token_id: UUID, *, user_id: UUID) -> bool:
        return await self._runner.run(_DELETE, {"token": token_id, "user": user_id}) == 1

    async def delete_all(self, user_id: UUID) -> bool:
        return await self._runner.run(_DELETE_ALL, {"user": user_id}) > 0
