"""The schemas inside a schema, paired with those of the other contract, also where both are composed differently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count, product
from typing import NamedTuple

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.several_files import FILES
from tickbox_contract.openapi.compositions import UnservableSchemaError
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, Pointer
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.schemas import Direction

from .equality import is_identical
from .schemas import Step

_COMPONENT = re.compile(r"/(?:(?:components/)?schemas|definitions)/([^/]+)")
"""A schema with a name of its own, in this file."""
_ALONE = re.compile(r"/([^/]+)")
_ITEM = 0
_APPLIED = ("contains", "then", "else", "unevaluatedItems", "unevaluatedProperties")
_NAMED = ("patternProperties", "dependentSchemas")


class Schemas(NamedTuple):
    """The schemas of one value in both contracts, as they are written: references are not followed."""

    old: Node
    new: Node


class Inner(NamedTuple):
    """The schemas of a part of a value, with the step to it: None if it is the value itself."""

    step: Step
    schemas: Schemas


class Parts(NamedTuple):
    """What is inside of a schema of both contracts."""

    properties: tuple[Mapping[str, Node], Mapping[str, Node]]
    inner: tuple[Inner, ...]
    applied: tuple[Schemas, ...]
    written: tuple[Schemas, ...]


def parts_of(old: tuple[Contract, Node], new: tuple[Contract, Node], direction: Direction) -> Parts:
    """All that is inside of two schemas, whose references are followed."""
    properties = _properties_of(*old, direction), _properties_of(*new, direction)
    inner = tuple(_inner_schemas(old, new, *properties))
    return Parts(properties, inner, tuple(_applied_schemas(old, new)), tuple(_schemas_in_texts(old, new)))


def _properties_of(contract: Contract, schema: Node, direction: Direction) -> dict[str, Node]:
    """The properties that *schema* declares for *direction*, also in its parts and alternatives; the first of each."""
    hidden = "readOnly" if direction == "request" else "writeOnly"
    return {
        name: node
        for name, node in _properties(contract, schema).items()
        if not any(part.get(hidden) is True for part in contract.parts(node))
    }


def _inner_schemas(
    old: tuple[Contract, Node], new: tuple[Contract, Node], before: Mapping[str, Node], after: Mapping[str, Node]
) -> Iterator[Inner]:
    """The schemas of the parts of a value that a step leads to, and the alternatives that are selected by name."""
    yield from (Inner(name, Schemas(before[name], after[name])) for name in before if name in after)
    other = next(name for n in count() if (name := f"other{n or ''}") not in {*before, *after})
    for key, step in (("items", _ITEM), ("additionalProperties", other)):
        held = _single(*old, key), _single(*new, key)
        if held[0] is not None and held[1] is not None:
            yield Inner(step, Schemas(held[0], held[1]))
    for key in ("anyOf", "oneOf"):
        yield from (Inner(None, each) for each in _branches(old[1].items(key), new[1].items(key)))
    chosen = selected(*old), selected(*new)
    yield from (Inner(None, Schemas(chosen[0][name], chosen[1][name])) for name in chosen[0].keys() & chosen[1])


def _applied_schemas(old: tuple[Contract, Node], new: tuple[Contract, Node]) -> Iterator[Schemas]:
    """The schemas that apply to some values only, by what these are like."""
    for key in _APPLIED:
        held = _single(*old, key), _single(*new, key)
        if held[0] is not None and held[1] is not None:
            yield Schemas(held[0], held[1])
    yield from map(Schemas, old[1].items("prefixItems"), new[1].items("prefixItems"))
    for key in _NAMED:
        ours, theirs = old[1].members(key), new[1].members(key)
        yield from (Schemas(ours[name], theirs[name]) for name in ours if name in theirs)


def _schemas_in_texts(old: tuple[Contract, Node], new: tuple[Contract, Node]) -> Iterator[Schemas]:
    """The schemas of what a text contains; in a contract without one it is anything."""
    held = _single(*old, "contentSchema"), _single(*new, "contentSchema")
    if any(held):
        yield Schemas(held[0] or Node(old[1].pointer, {}), held[1] or Node(new[1].pointer, {}))


def selected(contract: Contract, schema: Node) -> dict[str, Node]:
    """The schemas that a discriminator selects from, by the value that selects them."""
    try:
        found = contract.compositions.alternatives(schema.value)
    except (UnservableSchemaError, UnresolvedReferenceError):
        return {}
    return {value: Node(*target) for value, target in found.by_value.items()} if found else {}


def component(node: Node) -> str | None:
    """The name of the component that *node* refers to; None if it is written out, or refers to a part of one."""
    reference = node.get("$ref")
    return type_name(reference) if isinstance(reference, str) else None


def type_name(reference: str) -> str | None:
    """The name that generators give to what *reference* leads to; None if that is a part of something with a name.

    A schema in another file is named by the last step to it, or by the file.
    """
    path, _, inner = reference.partition("#")
    if inner.startswith(f"/{FILES}/"):
        path, _, inner = inner.removeprefix(f"/{FILES}/").replace("~1", "\0").partition("/")
        path, inner = path.replace("\0", "/"), inner and f"/{inner}".replace("\0", "~1")
    if not inner:
        return path.rpartition("/")[2].partition(".")[0] or None
    found = _COMPONENT.fullmatch(inner) or (_ALONE.fullmatch(inner) if path else None)
    return found[1] if found else None


def _branches(old: list[Node], new: list[Node]) -> Iterator[Schemas]:
    """Alternatives with the same name, and those without a name that are most alike."""
    names = {component(node): node for node in new if component(node)}
    yield from (Schemas(node, names[name]) for node in old if (name := component(node)) in names and name)
    inline = [[node for node in nodes if not component(node)] for nodes in (old, new)]
    pairs = sorted(product(*map(range, map(len, inline))), key=lambda pair: _unlike(inline, *pair))
    taken: tuple[set[int], set[int]] = set(), set()
    for i, j in pairs:
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            yield Schemas(inline[0][i], inline[1][j])


def _unlike(inline: list[list[Node]], i: int, j: int) -> tuple[bool, int, int]:
    """How much two alternatives differ: in all, in properties, and in their places."""
    old, new = inline[0][i], inline[1][j]
    ours, theirs = old.members("properties"), new.members("properties")
    same = sum(name in theirs and is_identical(held.value, theirs[name].value) for name, held in ours.items())
    return not is_identical(old.value, new.value), -same, abs(i - j)


def _properties(contract: Contract, schema: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    seen: set[Pointer] = set()
    waiting = [schema]
    while waiting:
        node = contract.whole(waiting.pop())
        if node.pointer not in seen:
            seen.add(node.pointer)
            for name, held in node.members("properties").items():
                found.setdefault(name, held)
            waiting += [part for key in COMPOSITES for part in node.items(key)] + contract.referred(node)
    return found


def _single(contract: Contract, schema: Node, key: str) -> Node | None:
    return next((part.at(key) for part in contract.parts(schema) if isinstance(part.get(key), dict)), None)
