"""How SQLite stores the values of columns."""

import datetime as dt
from functools import lru_cache
from operator import attrgetter
from typing import Final
from uuid import UUID, SafeUUID

from sqlalchemy import Boolean, Date, Integer, LargeBinary, String, Time, Uuid
from sqlalchemy.types import NullType

from persistence.compiled import Codec, Codecs
from persistence.metadata import Timestamp, Words, from_microseconds, to_microseconds, to_text, to_words

_UUIDS_KEPT: Final = 1000
"""The rows of a list share most of them."""


def _uuid(digits: str) -> UUID:
    """Return the UUID that was stored. The constructor takes three times as long, because it reads other forms, too."""
    new = UUID.__new__(UUID)
    object.__setattr__(new, "int", int(digits, 16))
    object.__setattr__(new, "is_safe", SafeUUID.unknown)
    return new


CODECS: Final[Codecs] = {
    Uuid: Codec(dump=attrgetter("hex"), load=lru_cache(_UUIDS_KEPT)(_uuid)),
    Timestamp: Codec(dump=to_microseconds, load=from_microseconds),
    Date: Codec(dump=dt.date.isoformat, load=dt.date.fromisoformat),
    Time: Codec(dump=lambda time: time.isoformat("microseconds"), load=dt.time.fromisoformat),
    Boolean: Codec(load=bool),
    Words: Codec(dump=to_text, load=to_words),
    **dict.fromkeys((String, Integer, LargeBinary, NullType), Codec()),
}
