"""A hasher whose hashes anybody can read."""

from collections.abc import Sequence


class FakePasswords:
    """Hashes that anybody can read, and a count of the checks that took their time. It is for short passwords, too."""

    def __init__(self) -> None:
        self.verifications = 0

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        self.verifications += 1
        return password_hash in {f"hash of {password}", f"old hash of {password}"}

    def needs_rehash(self, password_hash: str) -> bool:
        return password_hash.startswith("old")

    def is_guessable(self, password: str, *, known: Sequence[str]) -> bool:
        return password in {"password", *(word for word in known if len(word) >= 8)}
