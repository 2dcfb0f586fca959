import asyncio
import threading
from collections.abc import Iterator

import argon2
import pytest

from app.adapters.passwords.argon2_hasher import THREADS, WAITING, Argon2Passwords
from domain.model.passwords import Overloaded
from tests.support.patience import PATIENCE_S


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    passwords = Argon2Passwords()
    yield passwords
    passwords.close()


class Jam:
    """Holds what is hashed in the threads until it is released, and records it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashed: list[str] = []
        self.release = threading.Event()
        self.begun = threading.Semaphore(0)
        monkeypatch.setattr(argon2.PasswordHasher, "hash", self._hash)

    def _hash(self, password: str) -> str:
        self.hashed.append(password)
        self.begun.release()
        self.release.wait()
        return "hash"

    async def fill(self, passwords: Argon2Passwords) -> list[asyncio.Task[str]]:
        """Keep every thread busy."""
        calls = [asyncio.create_task(passwords.hash("first")) for _ in range(THREADS)]
        for _ in calls:
            await asyncio.to_thread(self.begun.acquire)
        return calls


@pytest.fixture
def jam(passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jam]:
    jam = Jam(monkeypatch)
    yield jam
    jam.release.set()


async def test_a_hash_matches_only_its_own_password(passwords: Argon2Passwords) -> None:
    stored = await passwords.hash("correct horse")

    assert await passwords.verify("correct horse", password_hash=stored)
    assert not await passwords.verify("guess", password_hash=stored)
    assert not await passwords.verify("correct horse", password_hash="no hash")
    assert not await passwords.verify("nobody's password", password_hash=None)


async def test_a_password_matches_in_every_unicode_form(passwords: Argon2Passwords) -> None:
    composed, decomposed = "caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait", "cafe\N{COMBINING ACUTE ACCENT} au lait"

    assert await passwords.verify(decomposed, password_hash=await passwords.hash(composed))
    assert await passwords.verify(composed, password_hash=await passwords.hash(decomposed))
    assert not await passwords.verify("cafe au lait", password_hash=await passwords.hash(composed))


async def test_every_character_of_the_longest_password_counts(passwords: Argon2Passwords) -> None:
    longest = "\N{CROWN}" * 128  # 512 bytes
    stored = await passwords.hash(longest)

    assert await passwords.verify(longest, password_hash=stored)
    assert not await passwords.verify(longest[:-1] + "\N{CYCLONE}", password_hash=stored)
    assert not await passwords.verify(longest[:-1], password_hash=stored)


async def test_a_hash_with_other_parameters_is_outdated(passwords: Argon2Passwords) -> None:
    assert not passwords.needs_rehash(await passwords.hash("correct horse"))
    assert passwords.needs_rehash(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


async def test_a_caller_who_would_wait_too_long_is_asked_to_try_again_later(
    passwords: Argon2Passwords, jam: Jam
) -> None:
    calls = await jam.fill(passwords)
    calls += [asyncio.create_task(passwords.hash("waiting")) for _ in range(WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await asyncio.wait_for(passwords.hash("one too many"), timeout=PATIENCE_S)
    with pytest.raises(Overloaded):
        await asyncio.wait_for(passwords.verify("one too many", password_hash=None), timeout=PATIENCE_S)

    jam.release.set()
    assert await asyncio.gather(*calls) == ["hash"] * (THREADS + WAITING)
    assert await passwords.hash("later") == "hash"
    assert "one too many" not in jam.hashed


async def test_a_cancelled_caller_frees_a_place_and_is_not_hashed(passwords: Argon2Passwords, jam: Jam) -> None:
    calls = await jam.fill(passwords)
    waiting = [asyncio.create_task(passwords.hash("given up")) for _ in range(WAITING)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    calls.append(asyncio.create_task(passwords.hash("patient")))
    await asyncio.sleep(0)

    jam.release.set()
    assert await asyncio.gather(*calls) == ["hash"] * (THREADS + 1)
    assert jam.hashed == ["first"] * THREADS + ["patient"]
