"""Lists in pages, and the opaque cursors that lead from one page to the next.

A cursor has the sort keys of the last item of a page (keyset pagination), so a page costs the same wherever it is, and
nothing is skipped or repeated while the list changes. A digest binds it to its list, sort and filters: a cursor of
another list, a mistyped or an invented one is rejected. It is not a secret, and grants nothing.
"""

import binascii
import datetime as dt
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Generic, TypeVar
from uuid import UUID

from domain.errors import Invalid

Item = TypeVar("Item")
Place = TypeVar("Place")

DEFAULT_LIMIT: Final = 50
MAX_BYTES: Final = 1024 * 1024
"""The most bytes of JSON in a page of items with long texts, unless its first item alone has more."""

AT_ONCE: Final = DEFAULT_LIMIT + 1
"""How many such items one statement reads: so many may be held in memory without being in the page."""
_MOST_BYTES_A_CHARACTER: Final = 6
"""The longest escape, `\u001f`; what is not escaped has at most four bytes in UTF-8."""
_SHORT: Final = 200
_FIXED_BYTES: Final = 1400
"""The part of an item's JSON that is not text: names, ids, times."""

_BYTES_OF_ID: Final = 39
"""An id in a list, with its quotation marks and a comma."""

_DIGEST_BYTES: Final = 9  # a multiple of three, so that base64 keeps it apart from what follows
_SEPARATOR: Final = "\n"
_SORT_TEXT: Final = re.compile(r"[!-~]{1,200}")
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_UUID: Final = re.compile(r"[0-9a-f]{32}")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class CursorInvalid(Invalid):
    """Not a cursor of this list with this sort and these filters. *detail* says it in other words."""

    code = "cursor"
    parameter = "cursor"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(
            detail
            or "This cursor is not from this list with this `sort` and these filters. Start at the first page again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor of the next page; None on the last page."""

    items: tuple[Item, ...]
    next_cursor: str | None

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self.next_cursor is not None


def page_of(rows: Sequence[Item], *, limit: int, cursor_of: Callable[[Item], str]) -> Page[Item]:
    """Return the page of *rows*, which have one more than *limit* if there are more."""
    items = tuple(rows[:limit])
    return Page(items=items, next_cursor=cursor_of(items[-1]) if len(rows) > limit else None)


async def within_bytes(  # noqa: PLR0913  # what is to be known of a list
    fetch: Callable[[Place | None, int], Awaitable[Sequence[Item]]],
    *,
    after: Place | None,
    place_of: Callable[[Item], Place],
    weigh: Callable[[Item], int],
    limit: int,
    cursor_of: Callable[[Item], str],
) -> Page[Item]:
    """Return a page of at most *limit* items and MAX_BYTES by *weigh*, but at least one item.

    *fetch* gets the place of the last item of the page before, and the number of rows to read, which is never large.
    """
    items: list[Item] = []
    size_bytes = 0
    while True:
        count = min(limit + 1 - len(items), AT_ONCE)
        rows = await fetch(after, count)
        for row in rows:
            size_bytes += weigh(row)
            if len(items) == limit or (items and size_bytes > MAX_BYTES):
                return Page(items=tuple(items), next_cursor=cursor_of(items[-1]))
            items.append(row)
        if len(rows) < count:
            return Page(items=tuple(items), next_cursor=None)
        after = place_of(rows[-1])


def weight(*texts: str, ids: int = 0) -> int:
    """Return how many bytes of JSON an item with these *texts* has at most; for long texts, exactly.

    *ids* is how many ids are in its lists.
    """
    size_bytes = _FIXED_BYTES + _BYTES_OF_ID * ids
    for text in texts:
        length = len(text)
        size_bytes += _MOST_BYTES_A_CHARACTER * length if length <= _SHORT else _json_bytes(text)
    return size_bytes


def _json_bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


async def by_id(
    fetch: Callable[[UUID | None, int], Awaitable[Sequence[Item]]],
    *,
    id_of: Callable[[Item], UUID],
    binding: str,
    limit: int,
    cursor: str | None,
) -> Page[Item]:
    """Return a page of a list in the order of its ids.

    *fetch* gets the last id of the page before, and the number of rows to read.

    Raises CursorInvalid.
    """
    last = None
    if cursor is not None:
        (key,) = decode(cursor, binding, count=1)
        last = id_from_key(key)
    rows = await fetch(last, limit + 1)
    return page_of(rows, limit=limit, cursor_of=lambda item: encode(binding, id_to_key(id_of(item))))


def encode(binding: str, *keys: str) -> str:
    """Return the cursor for *keys* in the list that *binding* describes: its name, sort and filters."""
    return sealed(binding, _SEPARATOR.join(keys).encode("ascii"))


def decode(cursor: str, binding: str, *, count: int) -> Sequence[str]:
    """Return the *count* keys in *cursor*. Raises CursorInvalid unless `encode` created it with the same binding."""
    try:
        keys = unsealed(cursor, binding).decode("ascii").split(_SEPARATOR)
    except UnicodeDecodeError as error:
        raise CursorInvalid from error
    if len(keys) != count:
        raise CursorInvalid
    return keys


def sealed(binding: str, body: bytes) -> str:
    """Return *body* as text for a URL, with the digest that binds it. It is four thirds as long, and 12 characters."""
    return urlsafe_b64encode(_digest(binding, body) + body).rstrip(b"=").decode("ascii")


def unsealed(cursor: str, binding: str) -> bytes:
    """Return the body in *cursor*. Raises CursorInvalid unless `sealed` created it with the same binding."""
    try:
        body = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_DIGEST_BYTES:]
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid from error
    if sealed(binding, body) != cursor:
        raise CursorInvalid
    return body


def text_from_key(key: str) -> str:
    """Read a position or a due key: printable ASCII."""
    return _matched(_SORT_TEXT, key)


def integer_from_key(key: str, *, below: int) -> int:
    """Read a rank: 0 or more, and less than *below*."""
    number = int(_matched(_INTEGER, key))
    if not 0 <= number < below:
        raise CursorInvalid
    return number


def id_from_key(key: str) -> UUID:
    """The inverse of `id_to_key`."""
    return UUID(hex=_matched(_UUID, key))


def id_to_key(value: UUID) -> str:
    """Return 32 lower-case hexadecimal digits."""
    return value.hex


def instant_from_key(key: str) -> dt.datetime:
    """The inverse of `instant_to_key`."""
    try:
        return _EPOCH + int(_matched(_INTEGER, key)) * _MICROSECOND
    except OverflowError as error:
        raise CursorInvalid from error


def instant_to_key(value: dt.datetime) -> str:
    """Return whole microseconds since 1970."""
    return str((value - _EPOCH) // _MICROSECOND)


def _matched(shape: re.Pattern[str], key: str) -> str:
    if shape.fullmatch(key) is None:
        raise CursorInvalid
    return key


def _digest(binding: str, body: bytes) -> bytes:
    return blake2b(binding.encode() + b"\0" + body, digest_size=_DIGEST_BYTES).digest()
