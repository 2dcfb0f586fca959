"""Reads the schemas of a contract as they are meant in one direction.

What a translation for the engine adds is not in it: a response is as open as it is published, and nothing is written
for speed.

Source: OpenAPI 3.0.4, "Schema Object"; `compositions` for `readOnly`, `writeOnly` and discriminators.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from tickbox_contract.openapi.compositions import Alternatives, Compositions, Direction, Schema, UnservableSchemaError
from tickbox_contract.openapi.formats import RANGES
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.references import Found, References, UnresolvedReferenceError
from tickbox_contract.openapi.schema_writer import takes_null

from .meanings import Keywords, Meaning, anything, meaning, nothing

_RANGES: Mapping[object, tuple[float, float]] = {
    **RANGES,
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
REMARKS = frozenset({"password", "binary", "double", "html", "markdown", "commonmark"})
"""Formats that exclude no value."""


_COPIED = (
    "multipleOf", "minLength", "minContains", "maxContains", "dependentRequired", "const", "maxLength", "pattern",
    "minItems", "maxItems", "minProperties", "maxProperties",
)  # fmt: skip


_SINGLE = (
    "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip
_NAMED = ("patternProperties", "dependentSchemas")
_LATE = frozenset({"unevaluatedItems", "unevaluatedProperties"})


class _Use(NamedTuple):
    """How a schema is used; see `schema_writer.Use`."""

    exact: bool = False
    dropped: frozenset[str] = frozenset()


_WHOLE = _Use()


class MeaningReader:
    """Reads the schemas of one contract as they are meant in one direction."""

    def __init__(
        self,
        references: References,
        compositions: Compositions,
        direction: Direction,
        *,
        retired: Collection[Pointer] = frozenset(),
    ) -> None:
        """*retired* are the places of properties that are read as if they were not there."""
        self._retired = retired
        self._references = references
        self._compositions = compositions
        self._direction = direction
        self._is_old = str(references.root.get("openapi", "3.0")).startswith("3.0")
        self._known: dict[tuple[Pointer, int, _Use], tuple[Schema, Meaning]] = {}

    def read(self, node: Node) -> Meaning:
        """The meaning of the schema *node*; of everything, if it is empty."""
        return self._meaning(node.value, node.pointer, _WHOLE)

    def _meaning(self, schema: Schema, pointer: Pointer, use: _Use) -> Meaning:
        if not isinstance(schema, Mapping):
            return nothing(pointer) if schema is False else anything(pointer)
        if "$dynamicRef" in schema:
            raise UnresolvedReferenceError("$dynamicRef is not followed", "nowhere")
        is_named = "$ref" in schema
        found = self._references.whole(schema, pointer) if is_named else Found(pointer, schema)
        return self._known_meaning(found, use, is_named=is_named)

    def _known_meaning(self, found: Found, use: _Use, *, is_named: bool = True) -> Meaning:
        key = (found.pointer, id(found.node), use)
        if key not in self._known:
            written = Meaning(found.pointer, lambda: self._keywords(found, use), is_named=is_named)
            self._known[key] = (found.node, written)  # the node is kept, and so its identity
        known = self._known[key][1]
        known.is_named |= is_named
        return known

    def _keywords(self, found: Found, use: _Use) -> Keywords:
        if self._references.is_more(found.node):
            beside, late = _divided(found.node, {"$ref"})
            refers = self._meaning({"$ref": found.node["$ref"]}, found.pointer, use)
            parts = (refers, self._known_meaning(Found(found.pointer, beside), use, is_named=False))
            return {"allOf": parts, **dict(self._members(late, found.pointer))}
        alternatives = None if use.exact else self._alternatives(found.node)
        if alternatives is None:
            return self._plain(found.node, found.pointer, use)
        return self._selected(found, alternatives, use)

    def _plain(self, schema: Schema, pointer: Pointer, use: _Use) -> Keywords:
        """*schema* by its own keywords, without what a discriminator selects."""
        retired = {name for name in schema.get("properties", ()) if self._is_retired(pointer, name)}
        use = use._replace(dropped=use.dropped | self._compositions.hidden(schema, self._direction) | retired)
        late = self._required_late(schema, use)
        out = {key: schema[key] for key in _COPIED if key in schema}
        out |= dict(_scalars(schema, may_be_nullable=self._is_old))
        out |= dict(self._members(schema, pointer))
        required = [name for name in schema.get("required", ()) if name not in use.dropped | late]
        if required:
            out["required"] = tuple(dict.fromkeys(required))
        out |= dict(self._composites(schema, pointer, use, late))
        return out

    def _members(self, schema: Schema, pointer: Pointer) -> Iterator[tuple[str, Any]]:
        if "properties" in schema:
            yield (
                "properties",
                {
                    name: self._property(sub, (*pointer, "properties", name))
                    for name, sub in schema["properties"].items()
                    if not self._is_retired(pointer, name)
                },
            )
        for key in _SINGLE:
            if key in schema:
                yield key, self._meaning(schema[key], (*pointer, key), _WHOLE)
        for key in _NAMED:
            if key in schema:
                yield key, {n: self._meaning(sub, (*pointer, key, n), _WHOLE) for n, sub in schema[key].items()}
        if "prefixItems" in schema:
            parts = enumerate(schema["prefixItems"])
            yield "prefixItems", tuple(self._meaning(sub, (*pointer, "prefixItems", n), _WHOLE) for n, sub in parts)

    def _is_retired(self, pointer: Pointer, name: str) -> bool:
        return bool(self._retired) and (*pointer, "properties", name) in self._retired

    def _property(self, schema: Schema, pointer: Pointer) -> Meaning:
        is_hidden = self._compositions.is_hidden(schema, self._direction)
        return nothing(pointer) if is_hidden else self._meaning(schema, pointer, _WHOLE)

    def _composites(
        self, schema: Schema, pointer: Pointer, use: _Use, late: frozenset[str]
    ) -> Iterator[tuple[str, tuple[Meaning, ...]]]:
        if schema.get("allOf"):
            part = _Use(dropped=use.dropped | late)
            yield (
                "allOf",
                tuple(
                    self._meaning(
                        sub,
                        (*pointer, "allOf", number),
                        part._replace(exact=use.exact or self._compositions.is_derived(schema, sub)),
                    )
                    for number, sub in enumerate(schema["allOf"])
                ),
            )
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                branch = _Use(dropped=use.dropped)
                yield (
                    key,
                    tuple(
                        self._branch(sub, (*pointer, key, number), branch, late)
                        for number, sub in enumerate(schema[key])
                    ),
                )

    def _required_late(self, schema: Schema, use: _Use) -> frozenset[str]:
        """The names that are required unless the alternative of the value keeps them out of this direction."""
        hidden = frozenset[str]().union(
            *(
                self._compositions.hidden(sub, self._direction)
                for key in ("anyOf", "oneOf")
                for sub in schema.get(key, ())
            )
        )
        return hidden & self._compositions.required(schema) - use.dropped if hidden else hidden

    def _branch(self, schema: Schema, pointer: Pointer, use: _Use, late: frozenset[str]) -> Meaning:
        own = self._meaning(schema, pointer, use)
        due = late - self._compositions.hidden(schema, self._direction)
        return meaning(pointer, allOf=(own,), required=tuple(sorted(due))) if due else own

    def _alternatives(self, schema: Schema) -> Alternatives | None:
        """The schemas that a discriminator selects from; None if it cannot select: then it says nothing."""
        try:
            found = self._compositions.alternatives(schema)
        except UnservableSchemaError:
            return None
        return found if found and all(self._selectable(found, key) for key in found.targets) else None

    def _selectable(self, alternatives: Alternatives, key: int) -> bool:
        target = alternatives.targets[key].node
        values = _values(alternatives, key)
        if alternatives.name in self._compositions.hidden(target, self._direction):
            return False
        own = (
            inner
            for part in self._compositions.parts(target)
            for inner in self._compositions.parts(part.get("properties", {}).get(alternatives.name, {}))
        )
        return all(
            each.get("type", "string") == "string" and any(value in values for value in each.get("enum", values))
            for each in own
        )

    def _selected(self, found: Found, alternatives: Alternatives, use: _Use) -> Keywords:
        """The alternative that the value of a property selects, and what is beside the discriminator."""
        schema, pointer = found.node, found.pointer
        union = alternatives.union
        where = (*pointer, union) if union else pointer
        branches = [self._alternative(where, key, alternatives, use) for key in alternatives.targets]
        if takes_null(schema, alternatives):
            branches.append(meaning(where, type=("null",)))
        out: dict[str, Any] = {"anyOf": tuple(branches)}
        if union is not None:
            rest, late = _divided(schema, {union, "discriminator"})
            out["allOf"] = (Meaning(pointer, lambda: self._plain(rest, pointer, use)),)
            out |= dict(self._members(late, pointer))
        return out

    def _alternative(self, pointer: Pointer, key: int, alternatives: Alternatives, use: _Use) -> Meaning:
        name, target = alternatives.name, alternatives.targets[key]
        further = self._compositions.alternatives(target.node) if alternatives.union else None
        use = _Use(exact=further is None or len(further.targets) == 1, dropped=use.dropped)
        values = meaning(pointer, enum=_values(alternatives, key))
        own = self._known_meaning(target, use)
        return meaning(pointer, type=("object",), properties={name: values}, required=(name,), allOf=(own,))


def _divided(schema: Schema, without: set[str]) -> tuple[Schema, Schema]:
    """The keywords of *schema* but for *without*, and those that depend on what all others have looked at."""
    rest = {key: value for key, value in schema.items() if key not in without}
    return {k: v for k, v in rest.items() if k not in _LATE}, {k: v for k, v in rest.items() if k in _LATE}


def _values(alternatives: Alternatives, key: int) -> list[str]:
    return [value for value, found in alternatives.by_value.items() if id(found.node) == key]


def _scalars(schema: Schema, *, may_be_nullable: bool) -> Iterator[tuple[str, Any]]:
    kind = schema.get("type")
    if isinstance(kind, str):
        yield "type", (kind, "null") if may_be_nullable and schema.get("nullable") is True else (kind,)
    elif isinstance(kind, list):
        yield "type", tuple(kind)
    if "enum" in schema:
        yield "enum", list(schema["enum"])
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if inclusive in schema:
            yield exclusive if schema.get(exclusive) is True else inclusive, schema[inclusive]
        if not isinstance(schema.get(exclusive, True), bool):
            yield exclusive, schema[exclusive]
    if schema.get("uniqueItems") is True:
        yield "uniqueItems", True
    form = schema.get("format", "byte" if str(schema.get("contentEncoding")).lower() == "base64" else None)
    if form in _RANGES:
        yield "range", _RANGES[form]
    elif isinstance(form, str) and form not in REMARKS:
        yield "format", form
