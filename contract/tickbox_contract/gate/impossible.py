"""Schemas that no value fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import canonical

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, Pointer
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import UnservableSchemaError
from tickbox_contract.openapi.servable import endless_schemas
from tickbox_contract.openapi.uses import NESTED, SchemaUse

from .contracts import Contract
from .examples import ONE_WAY

_IN = {"request": "a request", "response": "a response"}


class _EndlessError(Exception):
    """A schema is a part of itself, or has a part that is."""


class _TooLargeError(Exception):
    """A schema unfolds to more parts than there is time for."""


@dataclass(slots=True)
class _Room:
    """How many more parts of a schema are looked at."""

    parts: int = 200

    def take(self) -> None:
        """Take one. Raises _TooLargeError if none is left."""
        if not self.parts:
            raise _TooLargeError
        self.parts -= 1


def impossible_schemas(contract: Contract) -> Iterator[Hit]:
    """Each schema that no value fits. A part of a composition is not a value of its own; the whole is checked."""
    yield from endless_schemas(contract)
    for use in contract.schemas:
        if use.role != "part" and "$ref" not in use.node.value and _is_impossible(contract, use):
            yield Hit(use.node.pointer, f"no value fits this schema in {_IN[use.direction]}")


def _is_impossible(contract: Contract, use: SchemaUse) -> bool:
    try:
        own = contract.compiler.translate(_own(contract, use.node, (), _Room()), direction=use.direction)
        return "" in canonical.find_unsatisfiable(own, offline=True)
    except (_EndlessError, _TooLargeError):
        return False  # without a part, the rest would have another meaning
    except (canonical.CanonicalizationError, UnservableSchemaError):
        return False  # the rule `compiling-schema` has it


def _own(contract: Contract, given: Node, within: tuple[Pointer, ...], room: _Room) -> dict[str, Any]:
    """A schema with its parts, but without the schemas of the values in it, which are checked separately.

    Raises _EndlessError, _TooLargeError.
    """
    room.take()
    node = contract.follow(given)
    if node.pointer in within:
        raise _EndlessError
    inner = (*within, node.pointer)
    own = {key: value for key, value in node.value.items() if key not in NESTED}
    own |= {
        key: [_own(contract, part, inner, room) for part in node.items(key)] for key in COMPOSITES if key in node.value
    }
    if "not" in node.value:
        own["not"] = _own(contract, node.at("not"), inner, room)
    if node.get("additionalProperties") is False:
        own["additionalProperties"] = False
    names = node.members("properties")
    if names:  # the object says which of them may be sent in a direction
        own["properties"] = {name: {w: sub.get(w) for w in ONE_WAY & sub.value.keys()} for name, sub in names.items()}
    return own
