"""Identities from an identity provider, their errors, and the port of their repository."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import DomainError, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody, as an identity provider knows them.

    The issuer never gives a subject to anybody else (OpenID Connect Core, section 2), which is not so with an address.
    """

    issuer: str
    subject: str


class IdentityTaken(DomainError):
    """Another call by the same person, their first one too, was faster. Nobody is told: their account is there."""

    def __init__(self) -> None:
        super().__init__("This identity has an account already.")


class ProviderUnavailable(Unavailable):
    """A token of the identity provider's cannot be checked: it does not answer, and the key is not known."""

    def __init__(self) -> None:
        super().__init__("The identity provider cannot be reached. Try again.")


class IdentityRepository(Protocol):
    """Who, of those whom an identity provider vouches for, has which account."""

    async def add(self, identity: Identity, *, user_id: UUID, at: dt.datetime) -> None:
        """Raises IdentityTaken when the identity has an account."""
