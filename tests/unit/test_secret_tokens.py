import itertools
import re
import secrets
from hashlib import sha256

import pytest

from domain import secret_tokens


@pytest.mark.parametrize(("kind", "prefix"), secret_tokens.PREFIXES.items())
def test_a_token_is_a_prefix_and_49_base62_characters_and_is_found_by_its_sha256(
    kind: secret_tokens.TokenKind, prefix: str
) -> None:
    token = secret_tokens.mint(kind, random_bytes=secrets.token_bytes)

    assert re.fullmatch(prefix + "[0-9A-Za-z]{49}", token.text)
    assert token.digest == sha256(token.text.encode()).digest()
    assert secret_tokens.digest_of(token.text, kind=kind) == token.digest


@pytest.mark.parametrize("entropy", [b"\0" * 32, b"\xff" * 32])
def test_a_token_has_the_same_length_for_all_random_bytes(entropy: bytes) -> None:
    token = secret_tokens.mint("session", random_bytes=lambda count: entropy[:count])

    assert len(token.text) == 53
    assert secret_tokens.digest_of(token.text, kind="session") == token.digest


def test_different_random_bytes_give_different_tokens() -> None:
    numbers = itertools.count()
    created = {
        secret_tokens.mint("session", random_bytes=lambda count: next(numbers).to_bytes(count, "big")).text
        for _ in range(100)
    }

    assert len(created) == 100


def test_a_session_token_is_not_a_refresh_token() -> None:
    token = secret_tokens.mint("session", random_bytes=secrets.token_bytes)

    assert secret_tokens.digest_of(token.text, kind="refresh") is None


GOOD = secret_tokens.mint("session", random_bytes=lambda count: b"\x07" * count).text


@pytest.mark.parametrize("at", range(4, 53))
def test_a_token_with_one_wrong_character_is_rejected_without_asking_a_database(at: int) -> None:
    wrong = GOOD[:at] + ("0" if GOOD[at] != "0" else "1") + GOOD[at + 1 :]

    assert secret_tokens.digest_of(wrong, kind="session") is None


@pytest.mark.parametrize(
    "text", ["", "tbs_", GOOD[:-1], GOOD + "0", GOOD + "\n", " " + GOOD, GOOD[:-1] + "é", GOOD[4:]]
)
def test_a_malformed_token_is_rejected(text: str) -> None:
    assert secret_tokens.digest_of(text, kind="session") is None
