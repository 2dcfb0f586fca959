"""The schemas of a contract as JSON Schema 2020-12, as the specification means them in one direction.

What the engine adds is not here: a response is as open as it is published, a `readOnly` property in a request is only
not required, and a discriminator that cannot select anything says nothing.

Source: OpenAPI 3.0.4 and 3.1.1, "Schema Object"; JSON Schema 2020-12.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import jsonschema_rs

from tickbox_contract.openapi.compositions import Alternatives, Compositions, UnservableSchemaError
from tickbox_contract.openapi.formats import RANGES
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, SCHEMAS_IN, Pointer
from tickbox_contract.openapi.references import Found, UnresolvedReferenceError
from tickbox_contract.openapi.schemas import Direction

from .contracts import Contract

_SAYS_NOTHING = frozenset({
    "title", "description", "default", "example", "examples", "deprecated", "externalDocs", "xml", "discriminator",
    "readOnly", "writeOnly", "nullable", "contentEncoding", "contentMediaType", "contentSchema",
    "$comment", "$id", "$schema", "$anchor", "$dynamicAnchor", "$dynamicRef", "$vocabulary", "$defs", "definitions",
})  # fmt: skip
"""Keywords that exclude no value, or that are resolved before."""
_EXCLUSIVE = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


class JsonSchemas:
    """Writes schemas, each that is referred to once, under `definitions`.

    With *selects*, a discriminator decides which alternative a value must fit, as a client decides it; without, its
    alternatives are all possible, whichever of them a value fits. With *formats*, a format of numbers is a range.
    With *names*, only properties with those names are written: enough for values that have no others.
    """

    def __init__(
        self,
        contract: Contract,
        direction: Direction,
        *,
        selects: bool,
        formats: bool,
        names: Collection[str] | None = None,
    ) -> None:
        self._references = contract.references
        self._compositions: Compositions = contract.compositions
        self._reads_siblings = contract.is_3_1
        self._direction = direction
        self._selects = selects
        self._formats = formats
        self._only = names
        self._endless = {broken.pointer for broken in contract.references.broken if broken.why == "endless"}
        self._names: dict[tuple[Pointer, frozenset[str], bool], str] = {}
        self._waiting: dict[str, tuple[Found, frozenset[str], bool]] = {}
        self.definitions: dict[str, Any] = {}
        self.written = 0
        """How many schemas were written."""

    def refer(self, node: Node) -> dict[str, str]:
        """A reference to the definition of *node*; it and all that it leads to are written."""
        reference = self._refer(Found(node.pointer, node.value), frozenset())
        while self._waiting:
            self.definition(next(reversed(self._waiting)))
        return reference

    def alone(self, node: Node) -> Any:
        """*node*, written by itself. What it leads to is written by `definition`; what was written is forgotten."""
        self._names.clear()
        self._waiting.clear()
        self.definitions.clear()
        return self._schema(node.value, node.pointer, frozenset())

    def parts(self, name: str) -> int:
        """How many parts, alternatives and properties are in the definition *name*, if it was not written yet."""
        node = self._waiting[name][0].node if name in self._waiting else {}
        held = (node.get(key) for key in (*COMPOSITES, "properties"))
        return sum(len(each) for each in held if isinstance(each, dict | list))

    def definition(self, name: str) -> Any:
        """The definition *name*, which is written if it was only referred to."""
        if name in self._waiting:
            found, dropped, exact = self._waiting.pop(name)
            self.definitions[name] = self._schema(found.node, found.pointer, dropped, exact=exact)
        return self.definitions[name]

    def _refer(self, found: Found, dropped: frozenset[str], *, exact: bool = False) -> dict[str, str]:
        if dropped:
            dropped &= self._compositions.required(found.node)
        key = (found.pointer, dropped, exact)
        if key not in self._names:
            name = self._names[key] = str(len(self._names))
            self._waiting[name] = found, dropped, exact
        return {"$ref": f"#/$defs/{self._names[key]}"}

    def _schema(self, schema: Any, pointer: Pointer, dropped: frozenset[str], *, exact: bool = False) -> Any:
        """*schema*, without the requirement of the names *dropped*, which do not count in this direction."""
        if not isinstance(schema, Mapping):
            return schema if isinstance(schema, bool) else {}
        self.written += 1
        if pointer in self._endless:
            return {}
        if isinstance(schema.get("$ref"), str):
            target = self._target(schema, dropped, exact=exact)
            beside = {key: value for key, value in schema.items() if key != "$ref"} if self._reads_siblings else {}
            own = self._schema(beside, pointer, dropped) if beside else {}
            return {**own, "allOf": [*own.get("allOf", ()), target]} if own else target
        alternatives = None if exact or not self._selects else self._alternatives(schema)
        if alternatives is not None:
            return self._selected(schema, pointer, dropped, alternatives)
        return self._plain(schema, pointer, dropped)

    def _target(self, schema: Mapping[str, Any], dropped: frozenset[str], *, exact: bool) -> dict[str, Any]:
        try:
            return self._refer(self._references.end(schema), dropped, exact=exact)
        except UnresolvedReferenceError:
            return {}  # the rule `resolving-ref` has it

    def _plain(self, schema: Mapping[str, Any], pointer: Pointer, dropped: frozenset[str]) -> dict[str, Any]:
        dropped |= self._compositions.hidden(schema, self._direction)
        out = {key: value for key, value in schema.items() if key not in _SAYS_NOTHING and key[:2] != "x-"}
        if self._only is not None and isinstance(out.get("properties"), dict):
            out["properties"] = {name: each for name, each in out["properties"].items() if name in self._only}
        for key, form in SCHEMAS_IN.items():
            if key in out:
                out[key] = self._inner(out[key], (*pointer, key), form, self._inherited(key, dropped))
        if self._formats and schema.get("format") in RANGES:
            low, high = RANGES[schema["format"]]
            out["allOf"] = [*out.get("allOf", ()), {"minimum": low, "maximum": high}]
        if not self._selects and "discriminator" in schema and "oneOf" in out:
            out["anyOf"] = out.pop("oneOf")  # the discriminator makes them exclude each other
        if "required" in out:
            out["required"] = [name for name in out["required"] if name not in dropped]
        _dialect(schema, out)
        _without_foreign_patterns(out)
        return out

    def _inherited(self, key: str, dropped: frozenset[str]) -> frozenset[str]:
        """What does not count in the schemas of *key*, if they are about the same value."""
        return dropped if key in {*COMPOSITES, "if", "then", "else"} else frozenset()

    def _inner(self, value: Any, pointer: Pointer, form: str, dropped: frozenset[str]) -> Any:
        if form == "list" and isinstance(value, list):
            return [self._schema(each, (*pointer, i), dropped) for i, each in enumerate(value)]
        if form == "names" and isinstance(value, dict):
            return {name: self._schema(each, (*pointer, name), dropped) for name, each in value.items()}
        return self._schema(value, pointer, dropped) if isinstance(value, dict) else value

    def _alternatives(self, schema: Mapping[str, Any]) -> Alternatives | None:
        """The schemas that a discriminator selects from; None if it does not select: then it says nothing."""
        try:
            return self._compositions.alternatives(schema)
        except (UnservableSchemaError, UnresolvedReferenceError):
            return None

    def _selected(
        self, schema: Mapping[str, Any], pointer: Pointer, dropped: frozenset[str], alternatives: Alternatives
    ) -> dict[str, Any]:
        """*schema* as the alternative that the value selects; null and what is not an object select nothing."""
        name, union = alternatives.name, alternatives.union
        rest = {key: value for key, value in schema.items() if key not in {union, "discriminator"}}
        out = self._plain(rest, pointer, dropped)
        if union is not None and any(self._is_open(target) for target in alternatives.targets.values()):
            out["anyOf"] = [*out.get("anyOf", ()), *self._inner(schema[union], (*pointer, union), "list", dropped)]
            return out
        selections = [
            {"if": _named(name, _values(alternatives, key)), "then": self._refer(target, dropped, exact=union is None)}
            for key, target in alternatives.targets.items()
        ]
        known = {"required": [name], "properties": {name: {"enum": list(alternatives.by_value)}}}
        return {**out, "allOf": [*out.get("allOf", ()), {"if": {"type": "object"}, "then": known}, *selections]}

    def _is_open(self, target: Found) -> bool:
        """Whether an alternative may be another type than an object."""
        kinds = [part.get("type") for part in self._compositions.parts(target.node)]
        return "object" not in kinds and any(kinds)


def _values(alternatives: Alternatives, key: int) -> list[str]:
    return [value for value, found in alternatives.by_value.items() if id(found.node) == key]


def _named(name: str, values: list[str]) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: {"enum": values}}}


def _dialect(schema: Mapping[str, Any], out: dict[str, Any]) -> None:
    """Write in *out* what OpenAPI 3.0 says with other words."""
    if schema.get("nullable") is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    for exclusive, inclusive in _EXCLUSIVE:
        if isinstance(out.get(exclusive), bool) and out.pop(exclusive) and inclusive in out:
            out[exclusive] = out.pop(inclusive)


def _without_foreign_patterns(out: dict[str, Any]) -> None:
    """Leave out patterns of ECMA-262 that the engine of jsonschema-rs does not have: they cannot be checked."""
    if "pattern" in out and not _runs(out["pattern"]):
        del out["pattern"]
    if not all(map(_runs, out.get("patternProperties", ()))):
        out.pop("patternProperties")
        out.pop("additionalProperties", None)


@functools.lru_cache(maxsize=10_000)
def _runs(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.FancyRegexOptions())
    except jsonschema_rs.ValidationError:
        return False
    return True


def steps_of(pointer: str) -> Iterator[str]:
    """The steps of a JSON pointer."""
    yield from (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
