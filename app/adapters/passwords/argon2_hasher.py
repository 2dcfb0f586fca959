"""Hashes passwords with Argon2id, in its own threads. A password is only normalised, to Unicode's NFC.

Source: RFC 9106; OWASP Password Storage Cheat Sheet. Of its equally strong settings this one needs the least memory
(ADR 17). A server returns it after each hash (ADR 84).
"""

import asyncio
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.adapters.passwords import blocklist
from domain.model.passwords import Overloaded

P = ParamSpec("P")
Result = TypeVar("Result")

MEMORY_KIB = 7 * 1024
PASSES = 5
LANES = 1
THREADS = 2
"""How many passwords are hashed at once. This bounds the memory (THREADS x MEMORY_KIB) and the processor's load."""
WAITING = 50
"""How many requests may wait for a thread: about a second's work. Further ones are rejected with Overloaded."""


class Argon2Passwords:
    """Implements domain.model.passwords.PasswordHasher. `close` ends its threads. A cancelled request is not hashed.

    Only tests use less work than the default.
    """

    def __init__(self, *, passes: int = PASSES, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=LANES)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._nobodys_hash = self._hasher.hash("nobody's password")
        self._calls = 0

    async def hash(self, password: str) -> str:
        """Return a PHC string: algorithm, parameters, salt and hash. Raises Overloaded."""
        return await self._in_thread(self._hasher.hash, _composed(password))

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Return whether *password* belongs to *password_hash*; False for None, after the same work.

        Raises Overloaded.
        """
        stored = password_hash or self._nobodys_hash
        matches = await self._in_thread(self._matches, stored, _composed(password))
        return matches and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether it was created with other parameters than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def is_guessable(self, password: str, *, known: Sequence[str]) -> bool:
        """See app.adapters.passwords.blocklist."""
        return blocklist.is_guessable(password, known=known)

    def close(self) -> None:
        """Wait for running hashes, and end the threads."""
        self._threads.shutdown()

    async def _in_thread(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        if self._calls >= THREADS + WAITING:
            raise Overloaded
        self._calls += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *args, **kwargs))
        finally:
            self._calls -= 1

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _composed(password: str) -> str:
    """Normalise, because keyboards compose accents in different ways (NIST SP 800-63B-4, 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)
