"""Examples that are written as they are sent: as the text of a parameter, of a header, or of a body.

An example beside a schema may be the data, or a text, formatted as it "would appear as a serialized parameter or within
a media type representation".

Source: OpenAPI 3.0.4, "Example Object", "Working With Examples".
"""

from __future__ import annotations

import json
from typing import Any, Final

from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.nodes import Node

from .contracts import Contract

UNKNOWN: Final = object()
"""Stands for the data of a text that only its format can read, such as XML, or a list between commas."""
_SCALARS = frozenset({"boolean", "integer", "number", "null"})
_DEPTH = 4
"""How many levels of alternatives are looked at."""


def data_of(contract: Contract, holder: Node, example: Any) -> Any:  # JSON
    """The data that *example*, which is beside the schema of *holder*, stands for; or UNKNOWN."""
    if not isinstance(example, str) or not holder.at("schema").value:
        return example
    kinds = _kinds(contract, holder.at("schema"), _DEPTH)
    if holder.pointer[-2:-1] == ("content",):
        if not is_json(str(holder.pointer[-1])):
            return UNKNOWN
        return _json(example) if kinds and "string" not in kinds else example
    if "string" in kinds:
        return example
    return _json(example) if kinds and kinds <= _SCALARS else UNKNOWN


def _kinds(contract: Contract, schema: Node, depth: int) -> set[str]:
    """The types that *schema* and its alternatives name; empty if they name none."""
    kinds: set[str] = set()
    for part in contract.parts(schema):
        given = part.get("type")
        kinds |= {given} if isinstance(given, str) else set(given or ())
        for alternative in (*part.items("anyOf"), *part.items("oneOf")) if depth else ():
            kinds |= _kinds(contract, alternative, depth - 1)
    return kinds


def _json(text: str) -> Any:  # JSON
    try:
        return json.loads(text)
    except ValueError:
        return text
