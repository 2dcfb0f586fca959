"""What clients keep in a task for themselves: texts by key."""

import json
from collections.abc import Mapping
from typing import Final

from domain.checks import Checks
from domain.errors import Invalid

MOST_KEYS: Final = 20
MOST_CHARACTERS_OF_KEY: Final = 40
_SHOWN: Final = 10


class TooManyKeys(Invalid):
    """The metadata, after merging, has more than MOST_KEYS keys."""

    code = "max-properties"
    pointer = "#/metadata"

    def __init__(self, count: int) -> None:
        super().__init__(f"A task has at most {MOST_KEYS} keys, and this would make {count}.")


class KeyNotAllowed(Invalid):
    """A key is blank, or longer than MOST_CHARACTERS_OF_KEY."""

    code = "max-length"
    pointer = "#/metadata"

    def __init__(self, key: str) -> None:
        shown = key if len(key) <= _SHOWN else f"{key[:_SHOWN]}..."
        super().__init__(f"A key has 1 to {MOST_CHARACTERS_OF_KEY} characters and is not blank, unlike {shown!r}.")


def merge(stored: Mapping[str, str], patch: Mapping[str, str | None] | None) -> Mapping[str, str]:
    """Return *stored* with *patch*, a merge patch (RFC 7396), merged into it: None removes a key, or all.

    Raises TooManyKeys, KeyNotAllowed, or InvalidTogether.
    """
    merged = {} if patch is None else {**stored, **patch}
    kept = {key: value for key, value in merged.items() if value is not None}
    checks = Checks()
    for key in patch or ():
        with checks:
            if not key.strip() or len(key) > MOST_CHARACTERS_OF_KEY:
                raise KeyNotAllowed(key)
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
