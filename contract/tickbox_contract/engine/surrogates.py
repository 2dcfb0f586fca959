r"""Halves of surrogate pairs in a JSON body, such as `"\ud800"`: no text has them, although JSON's grammar allows them.

The parser refuses them at a position of the body. A client that escapes texts in halves needs to know which one it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from tickbox_contract.openapi.faults import MAX_FAULTS, pointer
from tickbox_contract.responses import Fault

_HALF = re.compile("[\ud800-\udfff]")
_REFUSED = "hex escape"
"""What the parser's error says of an escape that is half of a pair."""
_DETAIL = "This has half of a surrogate pair: U+{:04X}."


def faults(content: bytes, error: ValueError) -> list[Fault]:
    """A fault for each text with half of a pair, if *error* of the parser is about one, and nothing else is wrong."""
    if _REFUSED not in str(error):
        return []
    try:
        return list(islice(_found(json.loads(content), []), MAX_FAULTS))
    except (ValueError, RecursionError):
        return []


def _found(value: Any, path: list[str | int]) -> Iterator[Fault]:  # JSON
    """The faults of *value*, to which *path* leads. What has such a name is at the place of the object."""
    if isinstance(value, dict):
        for name, member in value.items():
            if half := _HALF.search(name):
                yield _fault(half[0], path)
            else:
                yield from _found(member, [*path, name])
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _found(member, [*path, index])
    elif isinstance(value, str) and (half := _HALF.search(value)):
        yield _fault(half[0], path)


def _fault(half: str, path: list[str | int]) -> Fault:
    return Fault(_DETAIL.format(ord(half)), "surrogate", place=pointer(path))
