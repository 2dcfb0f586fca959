"""The table and the repository of accounts."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from domain.emails import email_key
from domain.model.users import EmailTaken, User
from persistence.compiled import BULK
from persistence.idempotency import account_space, forget_space
from persistence.mapping import Mapper
from persistence.memberships import departures
from persistence.metadata import INSTANT, UNLOGGED, means, metadata
from persistence.runners import Runner

users: Final = Table(
    "users",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("email", Text),
    Column("email_key", Text),
    Column("password_hash", Text),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("email_verified_at", INSTANT),
    Column("new_email", Text),
    Column("reminders_fired", BigInteger, nullable=False, server_default="0"),
    Column("reminder_time", Time, nullable=False, server_default="09:00:00.000000"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("email_key", info=means(EmailTaken)),
    CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email"),
    info=UNLOGGED,
)
"""An account from an identity provider has no password, and may have no address. `new_email` replaces `email` once it
is proved. `reminders_fired` counts the user's reminders that have fired: the number of the last one."""

_MAPPER: Final = Mapper(
    User,
    users,
    derived={"email_key": lambda user: None if user.email is None else email_key(user.email)},
    fixed=("id", "created_at"),
)
_ME: Final = users.c.id == bindparam("user")

_INSERT: Final = insert(users)
_SELECT: Final = select(*_MAPPER.columns).where(_ME)
_LOCK: Final = _SELECT.with_for_update()
_LOCK_IF_PASSWORD: Final = select(users.c.id).where(_ME, users.c.password_hash == bindparam("hash")).with_for_update()
_UPDATE: Final = update(users).where(_ME)
_FORGET_DEPARTURES: Final = (
    delete(departures).where(departures.c.user_id == bindparam("user")).execution_options(**BULK)
)
_DELETE: Final = delete(users).where(_ME).execution_options(**BULK)


class Users:
    """Implements domain.model.users.UserRepository."""

    def __init__(self, runner: Runner, expect_lock: Callable[[UUID], None] = lambda _: None) -> None:
        self._runner = runner
        self._expect_lock = expect_lock

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        values = {**_MAPPER.values(user), "email_key": email_key, "password_hash": password_hash}
        await self._runner.run(_INSERT, values)

    async def get(self, user_id: UUID) -> User | None:
        return _MAPPER.one(await self._runner.row(_SELECT, {"user": user_id}))

    async def lock(self, user_id: UUID) -> User | None:
        self._expect_lock(user_id)
        return _MAPPER.one(await self._runner.row(_LOCK, {"user": user_id}))

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        self._expect_lock(user_id)
        found = await self._runner.row(_LOCK_IF_PASSWORD, {"user": user_id, "hash": password_hash})
        return found is not None

    async def update(self, user: User) -> None:
        await self._runner.run(_UPDATE, {"user": user.id, **_MAPPER.changes(user)})

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        await self._runner.run(_UPDATE, {"user": user_id, "password_hash": password_hash})

    async def call_off_email(self, user_id: UUID) -> None:
        await self._runner.run(_UPDATE, {"user": user_id, "new_email": None})

    async def delete(self, user_id: UUID) -> None:
        """Identity, sessions, tokens and e-mails are deleted by cascade."""
        await forget_space(self._runner, account_space(user_id))
        await self._runner.run(_FORGET_DEPARTURES, {"user": user_id})
        await self._runner.run(_DELETE, {"user": user_id})
