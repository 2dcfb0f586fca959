"""What passwords and tokens are checked against, read outside of any transaction."""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.model.invitations import Invitation
from domain.model.one_time_tokens import OneTimeToken
from domain.model.users import Credentials
from persistence import invitations
from persistence.mapping import Mapper
from persistence.one_time_tokens import ONE_TIME_TOKENS, one_time_tokens
from persistence.runners import Runner
from persistence.users import users

_MAPPER: Final = Mapper(Credentials, users, only_read={"user_id": users.c.id})
_SECRETS: Final = select(*_MAPPER.columns)
_CREDENTIALS: Final = _SECRETS.where(users.c.id == bindparam("user"))
_CREDENTIALS_BY_EMAIL: Final = _SECRETS.where(users.c.email_key == bindparam("email_key"))
_TOKEN: Final = select(*ONE_TIME_TOKENS.columns).where(one_time_tokens.c.digest == bindparam("digest"))


class CredentialReader:
    """Implements domain.model.users.CredentialRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def find(self, user_id: UUID) -> Credentials | None:
        return _MAPPER.one(await self._runner.row(_CREDENTIALS, {"user": user_id}))

    async def find_by_email(self, email_key: str) -> Credentials | None:
        return _MAPPER.one(await self._runner.row(_CREDENTIALS_BY_EMAIL, {"email_key": email_key}))

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        return ONE_TIME_TOKENS.one(await self._runner.row(_TOKEN, {"digest": digest}))

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        return await invitations.find(self._runner, digest, now=now)
