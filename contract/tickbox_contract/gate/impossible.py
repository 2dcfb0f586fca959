"""Schemas that no value fits, and which of their keywords or parts contradict each other.

Each schema is looked at with its parts, and, if it has parts, with what they say about its properties; all further
schemas count as if every value fitted them, because they are looked at themselves. So whatever is found is certain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from jsonschema_rs import canonical

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, SCHEMAS_IN, Pointer
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import Direction
from tickbox_contract.openapi.servable import endless_schemas
from tickbox_contract.openapi.spelling import meant, or_meant
from tickbox_contract.openapi.uses import SchemaUse

from .contracts import Contract
from .json_schemas import JsonSchemas, steps_of

_PARTS = frozenset({*COMPOSITES, "not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas"})
_EXCLUDING = frozenset({"not", "if", "then", "else", "contains", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords that cannot be kept if something in them was left out: they would exclude more than they do."""
_DEPTH = 3
"""How many values deep the parts of a schema are compared."""
_ROOM = 400
"""How many schemas are written for one."""
_CHAIN = 50
"""How many references are followed one in the other."""
_NAMED = 4
"""How many contradicting keywords are named."""
_TRIALS = 500
"""How many keywords are left out, one after the other, to see which contradict each other."""


class _CutError(Exception):
    """A schema was cut, so it accepts more than is written."""


def impossible_schemas(contract: Contract) -> Iterator[Hit]:
    """Each schema that no value fits. A part of a composition is not a value of its own; the whole is checked."""
    yield from endless_schemas(contract)
    seen: set[tuple[Pointer, str]] = set()
    writers = {
        direction: JsonSchemas(contract, direction, selects=False, formats=False) for direction in get_args(Direction)
    }
    for use in contract.written_schemas:
        key = (use.node.pointer, use.direction)
        says_something = "$ref" not in use.node.value or (contract.is_3_1 and len(use.node.value) > 1)
        if use.role in {"root", "component"} and says_something and key not in seen:
            seen.add(key)
            yield from _impossible(use, writers[use.direction])


def _impossible(use: SchemaUse, writer: JsonSchemas) -> Iterator[Hit]:
    written = _Inliner(writer).inline(writer.alone(use.node))
    wholes = [steps for steps in map(tuple, map(steps_of, _unsatisfiable(written))) if _is_whole(use.node, steps)]
    for steps in wholes:
        if not any(len(other) > len(steps) and other[: len(steps)] == steps for other in wholes):
            why = _why(_held(written, steps))
            if why is not None:
                yield Hit(_place(use.node, steps), f"no value fits this schema: {why}")


def _is_whole(node: Node, steps: tuple[str, ...]) -> bool:
    """Whether *steps* lead to a schema that is written in *node*, for a value of its own.

    `false` and `not: {}` do not count: they say on purpose that there is no such value.
    """
    schema: Any = node.value
    is_part, form = False, "one"
    for step in steps:
        if form == "one":
            is_part = step in _PARTS
            form_of = SCHEMAS_IN.get(step)
            is_written = isinstance(schema, Mapping) and "$ref" not in schema and step in schema
            if not is_written or form_of is None or step in _EXCLUDING:
                return False
            schema, form = schema[step], form_of
        else:
            schema, form = _within(schema, step), "one"
    return not is_part and form == "one" and isinstance(schema, Mapping) and schema.get("not") != {}


def _within(held: Any, step: str) -> Any:  # JSON
    if isinstance(held, list):
        return held[int(step)] if step.isdecimal() and int(step) < len(held) else None
    return held.get(step) if isinstance(held, Mapping) else None


def _place(node: Node, steps: tuple[str, ...]) -> Pointer:
    place: list[str | int] = []
    held: Any = node.value
    for step in steps:
        place.append(int(step) if isinstance(held, list) else step)
        held = _within(held, step)
    return (*node.pointer, *place)


def _core(schema: Any, trials: list[int]) -> list[tuple[str, ...]]:
    """The places of keywords in *schema* that contradict each other: without any of them, some value would fit."""
    core = deepcopy(schema)
    places = []
    for steps in list(_keyword_places(schema, ())):
        held = _held(core, steps[:-1])
        if held is None or steps[-1] not in held or not trials[0]:
            continue
        trials[0] -= 1
        value = held.pop(steps[-1])
        if "" not in _unsatisfiable(core):
            held[steps[-1]] = value
            places.append(steps)
    return [steps for steps in places if steps[-1] not in SCHEMAS_IN or _held(schema, steps) is False]


def _keyword_places(schema: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The places of all keywords in *schema*, those that hold others first."""
    for key, value in schema.items() if isinstance(schema, Mapping) else ():
        yield (*steps, key)
        form = SCHEMAS_IN.get(key)
        if form == "one":
            yield from _keyword_places(value, (*steps, key))
        elif form is not None:
            for name, inner in value.items() if form == "names" else enumerate(value):
                yield from _keyword_places(inner, (*steps, key, str(name)))


def _held(schema: Any, steps: tuple[str, ...]) -> Any:  # JSON
    for step in steps:
        schema = _within(schema, step)
    return schema


def _unsatisfiable(schema: Any) -> Collection[str]:
    """The places in *schema* of schemas that no value fits. Of one that cannot be read, nothing is known.

    It may be nested too deep for the extension; what is not a schema is reported by another rule.
    """
    try:
        return canonical.find_unsatisfiable(schema, offline=True)
    except (canonical.CanonicalizationError, ValueError):
        return ()


def _why(schema: Any) -> str | None:
    """What contradicts in *schema*, in words; None if another rule has it."""
    if undeclared := _undeclared(schema):
        return undeclared
    places = _core(schema, [_TRIALS])
    if len(places) == 2 and {steps[-1] for steps in places} in ({"type", "enum"}, {"type", "const"}):  # noqa: PLR2004  # two
        return None  # the rule `enum-type` has it
    named = ", ".join(f"`{'/'.join(steps)}`" for steps in places[:_NAMED])
    if len(places) > _NAMED:
        named += f" and {len(places) - _NAMED} more"
    if len(places) == 1:
        return f"{named} excludes every value"
    return f"{named} contradict each other" if places else "its keywords contradict each other"


def _undeclared(schema: Mapping[str, Any]) -> str | None:
    """That *schema* requires a property which it does not declare and so does not accept, in words."""
    known = schema.get("properties", {})
    if schema.get("additionalProperties") is not False or schema.get("patternProperties"):
        return None
    names = [name for name in schema.get("required", ()) if name not in known]
    return (
        f"`required` has {names[0]!r}, which this closed object does not have{or_meant(meant(names[0], known))}"
        if names
        else None
    )


class _At(NamedTuple):
    """Where a schema is written: how many values deep, whether among parts, and whether nothing may be left out."""

    depth: int = 0
    is_composed: bool = False
    is_exact: bool = False


@dataclass(slots=True)
class _Inliner:
    """Writes a schema without references: `canonical` says nothing about one that leads back to itself."""

    writer: JsonSchemas
    left: int = _ROOM
    within: list[str] = field(default_factory=list)

    def inline(self, schema: Any, at: _At = _At()) -> Any:  # noqa: B008  # it is immutable
        """*schema*; what is too deep or too large accepts every value, or, where nothing may be left out, raises."""
        try:
            return self._inline(schema, at)
        except _CutError:
            if at.is_exact:
                raise
            return {}

    def _inline(self, schema: Any, at: _At) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        self.left -= 1
        if self.left < 0 or at.depth > _DEPTH:
            raise _CutError
        if "$ref" in schema:
            return self._referred(schema["$ref"].rpartition("/")[2], at)
        at = at._replace(is_composed=at.is_composed or any(key in schema for key in _PARTS))
        out: dict[str, Any] = {}
        for key, value in schema.items():
            if key not in SCHEMAS_IN:
                out[key] = value
            elif key == "oneOf" or key in _EXCLUDING:
                out |= self._excluding(key, value, at)
            else:
                out[key] = self._each(value, SCHEMAS_IN[key], at if key in _PARTS else at._replace(depth=at.depth + 1))
        return out

    def _referred(self, name: str, at: _At) -> Any:
        is_far = len(self.within) > _CHAIN or (at.depth and not at.is_composed)
        if name in self.within or is_far or self.writer.parts(name) > _ROOM:
            raise _CutError
        self.within.append(name)
        try:
            return self._inline(self.writer.definition(name), at)
        finally:
            self.within.pop()

    def _excluding(self, key: str, value: Any, at: _At) -> dict[str, Any]:
        """A keyword that is kept only if nothing in it is left out; of `oneOf`, that at least one fits."""
        at = at._replace(is_composed=True)
        try:
            return {key: self._each(value, SCHEMAS_IN[key], at._replace(is_exact=True))}
        except _CutError:
            if at.is_exact:
                raise
            return {"anyOf": self._each(value, "list", at)} if key == "oneOf" else {}

    def _each(self, value: Any, form: str, at: _At) -> Any:
        if form == "list" and isinstance(value, list):
            return [self.inline(each, at) for each in value]
        if form == "names" and isinstance(value, Mapping):
            return {name: self.inline(each, at) for name, each in value.items()}
        return self.inline(value, at)
