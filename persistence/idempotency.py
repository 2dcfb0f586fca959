"""What makes a request safe to repeat: responses under idempotency keys, and ids that clients create.

Both are claimed with an insert. Of several at once, the database lets one through; the others wait for it, and then
read in another statement what it has committed. A claim is rolled back with its transaction. Source:
draft-ietf-httpapi-idempotency-key-header-07.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID, uuid5

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    exists,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite took its ON CONFLICT over, word for word

from persistence.compiled import BULK
from persistence.events import tombstones
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.purges import Expired
from persistence.runners import Runner, Write

client_ids: Final = Table(
    "client_ids",
    metadata,
    Column("space_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("request", LargeBinary, nullable=False),
    PrimaryKeyConstraint("space_id", "id"),
    info=UNLOGGED,
)
"""Ids that clients created, each with the digest of its request. The space is the workspace that the entity is in; for
a new workspace, its creator's account (`idempotency.account_space`). So there is no foreign key: whatever deletes a
space deletes these."""

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("space_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("response", LargeBinary),
    Column("recorded_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("space_id", "user_id", "key"),
    Index(None, "recorded_at"),
    info=UNLOGGED,
)
"""Responses to send again to the same request. The space is the workspace that the request names, or the caller's
account. The response is null only within the transaction that creates it."""

KEPT: Final = dt.timedelta(hours=24)
"""How long a response is sent again."""

_ACCOUNTS: Final = UUID("f0b0a1f6-1d3c-5b5e-8f0a-6d1f2a7c9e40")

_MINE: Final = (
    idempotency_keys.c.space_id == bindparam("space"),
    idempotency_keys.c.user_id == bindparam("user"),
    idempotency_keys.c.key == bindparam("name"),
)
_EXPIRED: Final = bindparam("expired", type_=idempotency_keys.c.recorded_at.type)
_NEW_KEY: Final = insert(idempotency_keys)
_CLAIM_KEY: Final = _NEW_KEY.on_conflict_do_update(
    index_elements=list(idempotency_keys.primary_key),
    set_={"request": _NEW_KEY.excluded.request, "response": None, "recorded_at": _NEW_KEY.excluded.recorded_at},
    where=idempotency_keys.c.recorded_at < _EXPIRED,
).returning(idempotency_keys.c.key)
_SELECT_RESPONSE: Final = select(idempotency_keys.c.request, idempotency_keys.c.response).where(*_MINE)
_RECORD: Final = update(idempotency_keys).where(*_MINE)
_SPACE: Final = bindparam("space", type_=client_ids.c.space_id.type)
_ID: Final = bindparam("id", type_=client_ids.c.id.type)
_IS_GONE: Final = exists().where(tombstones.c.workspace_id == _SPACE, tombstones.c.entity_id == _ID)
_CLAIM_ID: Final = (
    insert(client_ids)
    .from_select(
        ["space_id", "id", "request"],
        select(_SPACE, _ID, bindparam("request", type_=client_ids.c.request.type)).where(~_IS_GONE),
    )
    .on_conflict_do_nothing()
    .returning(client_ids.c.id)
)
_SELECT_REQUEST: Final = select(client_ids.c.request).where(client_ids.c.space_id == _SPACE, client_ids.c.id == _ID)
_RELEASE_KEY: Final = delete(idempotency_keys).where(*_MINE)
_RELEASE_ID: Final = delete(client_ids).where(client_ids.c.space_id == _SPACE, client_ids.c.id == _ID)


def _delete_keys(*which: ColumnElement[bool]) -> Delete:
    """Delete keys of a space, except those that a request holds now: it may wait for a lock that this one holds."""
    mine = (idempotency_keys.c.space_id == _SPACE, *which)
    free = select(*idempotency_keys.primary_key).where(*mine).with_for_update(skip_locked=True)
    return (
        delete(idempotency_keys)
        .where(idempotency_keys.c.space_id == _SPACE, tuple_(*idempotency_keys.primary_key).in_(free))
        .execution_options(**BULK)
    )


_FORGET_SPACE: Final = (
    delete(client_ids).where(client_ids.c.space_id == _SPACE).execution_options(**BULK),
    _delete_keys(),
)
_FORGET_MEMBER: Final = _delete_keys(idempotency_keys.c.user_id == bindparam("user"))
_OLD: Final = Expired(idempotency_keys, idempotency_keys.c.recorded_at)

Claim = Literal["new", "repeated", "taken"]
"""Of an id: it is new; the same request used it; another request used it, or its entity is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwner:
    """A key with its user and its space, which is a workspace or the user's account."""

    space_id: UUID
    user_id: UUID
    key: str

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of the statements above."""
        return {"space": self.space_id, "user": self.user_id, "name": self.key}


class IdempotencyKeys:
    """Claims within one transaction, whose responses are recorded later."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def claim_key(self, owner: KeyOwner, *, request: bytes, now: dt.datetime) -> tuple[bytes, bytes] | None:
        """Claim a key and return None; or return the request and the response that are recorded under it."""
        values = {"space_id": owner.space_id, "user_id": owner.user_id, "key": owner.key, "response": None}
        values |= {"request": request, "recorded_at": now, "expired": now - KEPT}
        if await self._runner.row(_CLAIM_KEY, values) is not None:
            return None
        found = await self._runner.row(_SELECT_RESPONSE, owner.parameters)
        assert found is not None, "the key could not be claimed, and is not there"
        return found[0], found[1]

    async def release_key(self, owner: KeyOwner) -> None:
        """Release a key that was claimed in this transaction."""
        await self._runner.run(_RELEASE_KEY, owner.parameters)

    async def claim_id(self, space_id: UUID, client_id: UUID, *, request: bytes) -> Claim:
        """Claim an id that a client created. The caller holds the lock on the space."""
        place = {"space": space_id, "id": client_id}
        if await self._runner.row(_CLAIM_ID, {**place, "request": request}) is not None:
            return "new"
        found = await self._runner.row(_SELECT_REQUEST, place)
        return "repeated" if found is not None and found[0] == request else "taken"

    async def release_id(self, space_id: UUID, client_id: UUID) -> None:
        """Release an id that was claimed in this transaction."""
        await self._runner.run(_RELEASE_ID, {"space": space_id, "id": client_id})


def recording(owner: KeyOwner, *, response: bytes) -> Write:
    """Return what stores a response under a key that was claimed in this transaction."""
    return _RECORD, {**owner.parameters, "response": response}


def account_space(user_id: UUID) -> UUID:
    """Return the space of what a user does outside of workspaces: a UUIDv5, which no workspace and no user has.

    If it were the user's own id, somebody who knows it could create a workspace with it, and delete what is claimed in
    it.
    """
    return uuid5(_ACCOUNTS, user_id.hex)


async def forget_space(runner: Runner, space_id: UUID) -> None:
    """Delete everything that was claimed in a workspace or an account, which is being deleted."""
    for statement in _FORGET_SPACE:
        await runner.run(statement, {"space": space_id})


async def forget_member(runner: Runner, space_id: UUID, *, user_id: UUID) -> None:
    """Delete the responses that are kept for a user in a workspace that they leave."""
    await runner.run(_FORGET_MEMBER, {"space": space_id, "user": user_id})


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the responses that are older than KEPT. Return how many; repeat until there are none."""
    return await _OLD.delete_some(runner, before=now - KEPT)
