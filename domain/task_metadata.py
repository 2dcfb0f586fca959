"""What clients keep in a task for themselves: texts by key."""

import json
from collections.abc import Mapping
from typing import Final

from domain import blank
from domain.checks import Checks
from domain.errors import Invalid

MOST_KEYS: Final = 20
MOST_CHARACTERS_OF_KEY: Final = 40
_SHOWN: Final = 64
"""How many characters of a key a pointer has at most, like those to other names that a client invented."""


class TooManyKeys(Invalid):
    """The metadata, after merging, has more than MOST_KEYS keys."""

    code = "max-properties"
    pointer = "#/metadata"

    def __init__(self, count: int) -> None:
        super().__init__(f"A task has at most {MOST_KEYS} keys, and this would make {count}.")


class KeyTooLong(Invalid):
    """A key is longer than MOST_CHARACTERS_OF_KEY."""

    code = "max-length"

    def __init__(self, key: str) -> None:
        super().__init__(f"A key has at most {MOST_CHARACTERS_OF_KEY} characters.")
        self.pointer = _pointer(key)


class KeyBlank(Invalid):
    """A key has no character that can be seen."""

    code = "blank"

    def __init__(self, key: str) -> None:
        super().__init__("A key must have a character that can be seen.")
        self.pointer = _pointer(key)


def _pointer(key: str) -> str:
    shown = key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"
    return f"#/metadata/{shown.replace('~', '~0').replace('/', '~1')}"


def merge(stored: Mapping[str, str], patch: Mapping[str, str | None] | None) -> Mapping[str, str]:
    """Return *stored* with *patch*, a merge patch (RFC 7396), merged into it: None removes a key, or all.

    Raises TooManyKeys, KeyTooLong, KeyBlank, or InvalidTogether.
    """
    merged = {} if patch is None else {**stored, **patch}
    kept = {key: value for key, value in merged.items() if value is not None}
    checks = Checks()
    for key in patch or ():
        with checks:
            if len(key) > MOST_CHARACTERS_OF_KEY:
                raise KeyTooLong(key)
            if blank.is_blank(key):
                raise KeyBlank(key)
    with checks:
        if len(kept) > MOST_KEYS:
            raise TooManyKeys(len(kept))
    checks.finish()
    return kept


def as_text(metadata: Mapping[str, str]) -> str:
    """Return the text that is stored, of which the bytes count against the workspace's quota: JSON, empty for none."""
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":")) if metadata else ""


def from_text(text: str) -> Mapping[str, str]:
    """Return what `as_text` made a text of."""
    return json.loads(text) if text else {}
