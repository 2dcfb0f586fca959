"""Secret tokens: a prefix for the kind, 256 random bits, and a checksum.

With the checksum, a scanner recognises a leaked token, and a mistyped one is rejected without asking the database. Only
a token's SHA-256 is stored: it has more entropy than can be searched, so it needs no salt.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal
from zlib import crc32

TokenKind = Literal["session", "refresh", "personal", "invitation", "verification", "reset", "email_change"]

PREFIXES: Final[dict[TokenKind, str]] = {
    "session": "tbs_",
    "refresh": "tbr_",
    "personal": "tbp_",
    "invitation": "tbi_",
    "verification": "tbv_",
    "reset": "tbf_",
    "email_change": "tbe_",
}

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_BYTES: Final = 32
_RANDOM_DIGITS: Final = 43
_CHECKSUM_DIGITS: Final = 6
_SHAPE: Final = re.compile(rf"[0-9A-Za-z]{{{_RANDOM_DIGITS + _CHECKSUM_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A new token: the text is for its bearer, the digest is for the database."""

    text: str
    digest: bytes


def mint(kind: TokenKind, *, random_bytes: Callable[[int], bytes]) -> Token:
    """Create a token of *kind*, from 32 bytes of *random_bytes*, which must be unpredictable."""
    number = int.from_bytes(random_bytes(_RANDOM_BYTES), "big")
    stem = PREFIXES[kind] + _base62(number, length=_RANDOM_DIGITS)
    text = stem + _checksum(stem)
    return Token(text=text, digest=_digest(text))


def digest_of(text: str, *, kind: TokenKind) -> bytes | None:
    """Return the digest under which this token is stored; None if it cannot be a token of *kind*."""
    prefix = PREFIXES[kind]
    if not text.startswith(prefix) or _SHAPE.fullmatch(text, len(prefix)) is None:
        return None
    stem, checksum = text[:-_CHECKSUM_DIGITS], text[-_CHECKSUM_DIGITS:]
    return _digest(text) if checksum == _checksum(stem) else None


def _checksum(stem: str) -> str:
    return _base62(crc32(stem.encode("ascii")), length=_CHECKSUM_DIGITS)


def _digest(text: str) -> bytes:
    return sha256(text.encode("ascii")).digest()


def _base62(number: int, *, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
