"""Stage `valid`: required names that no schema declares, because they are misspelled there or here."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, Pointer
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.spelling import meant

from .contracts import Contract
from .keywords import MOST_PARTS, parts_of_value

_ONE = ("not", "if", "then", "else")
_NAMED = "dependentSchemas"


def undeclared_required(contract: Contract) -> Iterator[Hit]:
    """Required names that are near a property, and that no schema of the same value declares.

    A closed schema that requires such a name fits nothing: the rule `possible-schema` has it. A schema of a map may
    have any name.
    """
    left = [MOST_PARTS]
    for place in contract.references.places:
        if place.kind == "schemas" and not _is_part(place.pointer):
            yield from _misspelled(contract, Node(place.pointer, place.node), left)


def _is_part(pointer: Pointer) -> bool:
    """Whether the schema at *pointer* is about the same value as the one that has it."""
    above = pointer[-2:-1]
    if pointer[-1:] in {(key,) for key in _ONE} and above not in {("properties",), ("schemas",)}:
        return True
    return above in {(key,) for key in (*COMPOSITES, _NAMED)} and pointer[-3:-2] != ("properties",)


def _misspelled(contract: Contract, schema: Node, left: list[int]) -> Iterator[Hit]:
    given = [
        (part.pointer, number, name)
        for part in _written_parts(schema)
        for number, name in enumerate(part.get("required") if isinstance(part.get("required"), list) else ())
        if isinstance(name, str) and name not in part.at("properties").value
    ]
    declared = _declared(contract, schema, left) if given else None
    if declared is None:
        return
    required = {name for part in _written_parts(schema) for name in part.get("required") or ()}
    others = sorted(declared - required)
    for pointer, number, name in given:
        near = None if name in declared else meant(name, others)
        if near is not None:
            message = f"`{name}` is required and not declared: `{near}` may be meant"
            yield Hit((*pointer, "required", number), message)


def _written_parts(schema: Node) -> Iterator[Node]:
    """*schema*, and the schemas in it that are about the same value."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += _applied(part)


def _applied(schema: Node) -> Iterator[Node]:
    for key in COMPOSITES:
        yield from schema.items(key)
    yield from (schema.at(key) for key in _ONE if isinstance(schema.get(key), dict))
    yield from schema.members(_NAMED).values()


def _declared(contract: Contract, schema: Node, left: list[int]) -> set[str] | None:
    """The properties of all schemas of the same value; None if there are schemas of other names, or none may be.

    *left* is how many parts may still be looked at. Without one left, nothing is known.
    """
    names: set[str] = set()
    for part in parts_of_value(contract, schema, left, further=_applied):
        more = part.get("additionalProperties")
        if isinstance(more, dict) or more is False or part.get("patternProperties"):
            return None
        names |= part.at("properties").value.keys()
    return None if left[0] < 0 else names
