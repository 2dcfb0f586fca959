"""Passwords: the errors of a password that is refused, and the port of the hasher."""

from collections.abc import Sequence
from typing import Protocol

from domain.errors import Invalid, Unavailable


class PasswordWrong(Invalid):
    """The password that was to prove who is asking is not the stored one."""

    code = "password"
    pointer = "#/current_password"

    def __init__(self) -> None:
        super().__init__("This is not your current password.")


class PasswordMissing(Invalid):
    """An account with a password was to be changed without it."""

    code = "required"
    pointer = "#/current_password"

    def __init__(self) -> None:
        super().__init__("This is required, because your account has a password.")


class PasswordCommon(Invalid):
    """The new password is one that whoever guesses would try first."""

    code = "common"

    def __init__(self, *, pointer: str) -> None:
        super().__init__(
            "This password is too easy to guess: it is a common one, one repeated character, or your own name or "
            "address. Choose another one."
        )
        self.pointer = pointer


class Overloaded(Unavailable):
    """Too many passwords wait to be hashed. Nothing was changed; the call may be repeated."""

    def __init__(self) -> None:
        super().__init__("The server is too busy. Try again.")


class PasswordHasher(Protocol):
    """Slow on purpose, so it is awaited, and never while a transaction is open. What is awaited raises Overloaded."""

    async def hash(self, password: str) -> str:
        """A salted hash that names its own parameters."""

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Whether *password* is the one that was hashed.

        Against None, it is False, and takes as long as against a hash: nobody can tell from the time that
        there was nothing to check against.
        """

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether a hash, against which a password was verified, was made in a way that is no longer used."""

    def is_guessable(self, password: str, *, known: Sequence[str]) -> bool:
        """Whether anybody would try this password first, or anybody who has the *known* words about its owner."""
