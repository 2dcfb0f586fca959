"""Passwords: Argon2id, in threads of its own.

Source: RFC 9106; OWASP Password Storage Cheat Sheet, of whose equally strong settings this is the one with the least
memory, which the process keeps once it has hashed (ADR 17).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 7 * 1024
PASSES = 5
LANES = 1
THREADS = 2
"""How many are hashed at once: it bounds memory (THREADS x MEMORY_KIB) and leaves the event loop its share."""


class Argon2Passwords:
    """The domain's `PasswordHasher`. `close` ends its threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._nobodys_hash = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """A PHC string: algorithm, parameters, salt and hash."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Whether *password* is the one behind *password_hash*; with None False, after the same work."""
        stored = password_hash or self._nobodys_hash
        matches = await asyncio.get_running_loop().run_in_executor(self._threads, self._matches, stored, password)
        return matches and password_hash is not None

    def close(self) -> None:
        """Wait for what is being hashed, and end the threads."""
        self._threads.shutdown()

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
