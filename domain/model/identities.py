"""Identities from an identity provider, their errors, and the port of their repository."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import DomainError, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person as an identity provider knows them.

    An issuer never gives a subject to another person (OpenID Connect Core, section 2). It may do so with an address.
    """

    issuer: str
    subject: str


class IdentityTaken(DomainError):
    """The identity has an account already: two first requests came at once. No client is sent this error."""

    def __init__(self) -> None:
        super().__init__("This identity has an account already.")


class ProviderUnavailable(Unavailable):
    """A token of the identity provider cannot be checked: its key is not known, and the provider does not respond."""

    def __init__(self) -> None:
        super().__init__("The identity provider cannot be reached. Try again.")


class IdentityRepository(Protocol):
    """Which identity has which account."""

    async def add(self, identity: Identity, *, user_id: UUID, at: dt.datetime) -> None:
        """Store an identity of a new account. Raises IdentityTaken."""
