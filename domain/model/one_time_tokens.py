"""Tokens that are sent by e-mail and used once, their error, and the port of their repository."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Invalid

OneTimeKind = Literal["verification", "reset", "email_change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeToken:
    """What the database keeps of a token that was sent to an address, to prove that somebody reads it.

    A user has at most one of each kind: the last one that was created.
    """

    digest: bytes
    kind: OneTimeKind
    user_id: UUID
    email_key: str
    expires_at: dt.datetime


class TokenInvalid(Invalid):
    """A token from an e-mail is malformed, unknown, expired or used, or the account has another address now."""

    code = "token"
    pointer = "#/token"

    def __init__(self) -> None:
        super().__init__("This token is unknown, expired or used. Request another e-mail.")


class OneTimeTokenRepository(Protocol):
    """Tokens that were sent by e-mail. A user's row is locked before their tokens."""

    async def replace(self, token: OneTimeToken, *, if_expiring_until: dt.datetime) -> bool:
        """Replace the user's token of this kind. Return False, and keep it, if it expires after that time."""

    async def spend(self, digest: bytes, *, now: dt.datetime) -> bool:
        """Delete a token that is valid *now*. Return False if there is none: of two that try at once, one succeeds."""

    async def delete(self, user_id: UUID, *, kind: OneTimeKind) -> None:
        """Delete a user's token of this kind, if there is one."""
