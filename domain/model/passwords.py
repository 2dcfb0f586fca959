"""Passwords: the errors of a password that is refused, and the port of the hasher."""

from collections.abc import Sequence
from typing import Protocol

from domain.errors import Invalid, Unavailable


class PasswordWrong(Invalid):
    """The password that must prove who the caller is does not match."""

    code = "password"
    pointer = "#/current_password"

    def __init__(self) -> None:
        super().__init__("This is not your current password.")


class PasswordMissing(Invalid):
    """The account has a password, and the request does not have it."""

    code = "required"
    pointer = "#/current_password"

    def __init__(self) -> None:
        super().__init__("This is required, because your account has a password.")


class PasswordCommon(Invalid):
    """The new password is one that an attacker would try first."""

    code = "common"

    def __init__(self, *, pointer: str) -> None:
        super().__init__(
            "This password is too easy to guess: it is a common one, one repeated character, or your own name or "
            "address. Choose another one."
        )
        self.pointer = pointer


class Overloaded(Unavailable):
    """Too many passwords wait to be hashed."""

    def __init__(self) -> None:
        super().__init__("The server is too busy. Try again.")


class PasswordHasher(Protocol):
    """Hashes slowly on purpose. Await it only while no transaction is open. What is awaited raises Overloaded."""

    async def hash(self, password: str) -> str:
        """Return a salted hash that names its own parameters."""

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Return whether *password* is the one that was hashed.

        Against None it is False, and takes as long: the time does not show whether there is a hash.
        """

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether a hash was made with parameters that are no longer used."""

    def is_guessable(self, password: str, *, known: Sequence[str]) -> bool:
        """Return whether the password is a common one, or follows from the *known* words about its owner."""
