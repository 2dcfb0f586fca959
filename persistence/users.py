"""Accounts, as rows."""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from domain.emails import email_key
from domain.model.invitations import Invitation
from domain.model.one_time_tokens import OneTimeToken
from domain.model.users import Credentials, User
from persistence import invitations
from persistence.database import Row, Runner
from persistence.idempotency import account_space, forget_space
from persistence.tables import one_time_tokens, users

_COLUMNS: Final = (
    users.c.id,
    users.c.email,
    users.c.email_verified_at,
    users.c.name,
    users.c.time_zone,
    users.c.created_at,
    users.c.updated_at,
    users.c.revision,
    users.c.new_email,
)
_ME: Final = users.c.id == bindparam("user")

_INSERT: Final = insert(users)
_SELECT: Final = select(*_COLUMNS).where(_ME)
_LOCK: Final = _SELECT.with_for_update()
_LOCK_IF_PASSWORD: Final = select(users.c.id).where(_ME, users.c.password_hash == bindparam("hash")).with_for_update()
_UPDATE: Final = update(users).where(_ME)
_DELETE: Final = delete(users).where(_ME)
_SECRETS: Final = select(users.c.id, users.c.email, users.c.name, users.c.password_hash)
_CREDENTIALS: Final = _SECRETS.where(_ME)
_CREDENTIALS_BY_EMAIL: Final = _SECRETS.where(users.c.email_key == bindparam("email_key"))
_TOKEN: Final = select(
    one_time_tokens.c.digest,
    one_time_tokens.c.kind,
    one_time_tokens.c.user_id,
    one_time_tokens.c.email_key,
    one_time_tokens.c.expires_at,
).where(one_time_tokens.c.digest == bindparam("digest"))


class Users:
    """Implements domain.model.users.UserRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        """Raises EmailTaken."""
        values = {
            "id": user.id,
            "password_hash": password_hash,
            "created_at": user.created_at,
            **_changing_values(user),
            "email_key": email_key,
        }
        await self._runner.run(_INSERT, values)

    async def get(self, user_id: UUID) -> User | None:
        """One read."""
        return _user(await self._runner.row(_SELECT, {"user": user_id}))

    async def lock(self, user_id: UUID) -> User | None:
        """One read, which locks."""
        return _user(await self._runner.row(_LOCK, {"user": user_id}))

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        """One read, which locks what it finds."""
        found = await self._runner.row(_LOCK_IF_PASSWORD, {"user": user_id, "hash": password_hash})
        return found is not None

    async def update(self, user: User) -> None:
        """One write. Raises EmailTaken."""
        await self._runner.run(_UPDATE, {"user": user.id, **_changing_values(user)})

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        """One write."""
        await self._runner.run(_UPDATE, {"user": user_id, "password_hash": password_hash})

    async def call_off_email(self, user_id: UUID) -> None:
        """One write."""
        await self._runner.run(_UPDATE, {"user": user_id, "new_email": None})

    async def delete(self, user_id: UUID) -> None:
        """Three writes; identity, sessions, tokens and mails go by cascade."""
        await forget_space(self._runner, account_space(user_id))
        await self._runner.run(_DELETE, {"user": user_id})


class CredentialReader:
    """Implements domain.model.users.CredentialRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def find(self, user_id: UUID) -> Credentials | None:
        """One read."""
        return _credentials(await self._runner.row(_CREDENTIALS, {"user": user_id}))

    async def find_by_email(self, email_key: str) -> Credentials | None:
        """One read."""
        return _credentials(await self._runner.row(_CREDENTIALS_BY_EMAIL, {"email_key": email_key}))

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        """One read."""
        row = await self._runner.row(_TOKEN, {"digest": digest})
        if row is None:
            return None
        digest, kind, user_id, email_key, expires_at = row
        return OneTimeToken(digest=digest, kind=kind, user_id=user_id, email_key=email_key, expires_at=expires_at)

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        """One read."""
        return await invitations.find(self._runner, digest, now=now)


def _changing_values(user: User) -> dict[str, object]:
    return {
        "email": user.email,
        "email_key": None if user.email is None else email_key(user.email),
        "new_email": user.new_email,
        "email_verified_at": user.email_verified_at,
        "name": user.name,
        "time_zone": user.time_zone,
        "updated_at": user.updated_at,
        "revision": user.revision,
    }


def _user(row: Row | None) -> User | None:
    if row is None:
        return None
    user_id, email, email_verified_at, name, time_zone, created_at, updated_at, revision, new_email = row
    return User(
        id=user_id,
        email=email,
        email_verified_at=email_verified_at,
        name=name,
        time_zone=time_zone,
        created_at=created_at,
        updated_at=updated_at,
        revision=revision,
        new_email=new_email,
    )


def _credentials(row: Row | None) -> Credentials | None:
    if row is None:
        return None
    user_id, email, name, password_hash = row
    return Credentials(user_id=user_id, email=email, name=name, password_hash=password_hash)
