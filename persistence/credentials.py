"""What a password or a token is checked against, read outside of any transaction."""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.model.invitations import Invitation
from domain.model.one_time_tokens import OneTimeToken
from domain.model.users import Credentials
from persistence import invitations
from persistence.database import Row, Runner
from persistence.one_time_tokens import one_time_tokens
from persistence.users import users

_SECRETS: Final = select(users.c.id, users.c.email, users.c.name, users.c.password_hash)
_CREDENTIALS: Final = _SECRETS.where(users.c.id == bindparam("user"))
_CREDENTIALS_BY_EMAIL: Final = _SECRETS.where(users.c.email_key == bindparam("email_key"))
_TOKEN: Final = select(
    one_time_tokens.c.digest,
    one_time_tokens.c.kind,
    one_time_tokens.c.user_id,
    one_time_tokens.c.email_key,
    one_time_tokens.c.expires_at,
).where(one_time_tokens.c.digest == bindparam("digest"))


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


def _credentials(row: Row | None) -> Credentials | None:
    if row is None:
        return None
    user_id, email, name, password_hash = row
    return Credentials(user_id=user_id, email=email, name=name, password_hash=password_hash)
