"""Tokens that are sent by e-mail and used once, their error, and the port of their repository."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Invalid

OneTimeKind = Literal["verification", "reset", "email_change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeToken:
    """What the database keeps of a token that was sent to an address: its bearer reads what is sent there.

    A user has one of a kind at most: the last one that was made.
    """

    digest: bytes
    kind: OneTimeKind
    user_id: UUID
    email_key: str
    expires_at: dt.datetime


class TokenInvalid(Invalid):
    """The token that a mail brought is malformed, unknown, expired or used; or it is of another address by now."""

    code = "token"
    pointer = "#/token"

    def __init__(self) -> None:
        super().__init__("This token is unknown, expired or used. Request another e-mail.")


class OneTimeTokenRepository(Protocol):
    """Tokens that were sent by mail. A user's row is locked before their tokens."""

    async def replace(self, token: OneTimeToken, *, if_expiring_until: dt.datetime) -> bool:
        """Put it in the place of the user's token of this kind. False, and nothing is done, if that expires later."""

    async def spend(self, digest: bytes, *, now: dt.datetime) -> bool:
        """Delete a token that is good until after *now*. False if there is none: of two who try, one succeeds."""

    async def delete(self, user_id: UUID, *, kind: OneTimeKind) -> None:
        """Let what a user was sent open nothing any more."""
