"""Writes one schema of OpenAPI 3.0 as JSON Schema 2020-12, up to its references.

This covers `nullable`, boolean exclusive bounds, `$ref`, `readOnly` and `writeOnly`, compositions with a discriminator,
and the bounds of formats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .compositions import Alternatives, Compositions, Direction, Schema, UnservableSchemaError
from .formats import INFINITY, PLAINLY, RANGES
from .objects import COMPOSITES, Pointer, fragment
from .references import Found, References

_ANNOTATIONS = {"example", "externalDocs", "xml", "discriminator", "deprecated", "description", "title", "default"}
_HANDLED = {"$ref", "nullable", "readOnly", "writeOnly", "exclusiveMinimum", "exclusiveMaximum", "items", "pattern"}


class Use(NamedTuple):
    """How a schema is used.

    `open` is for a part of a composition in a response: the schema around it closes the object. `exact` means a
    component itself, without the ones that are derived from it. `dropped` are names that are not required here, because
    another part keeps them out of this direction.
    """

    direction: Direction
    open: bool = False
    exact: bool = False
    dropped: frozenset[str] = frozenset()

    def inner(self) -> Use:
        """The use of a schema of another value: a property, an item."""
        return Use(self.direction)


@dataclass(slots=True)
class SchemaWriter:
    """Translates one schema, up to its references. `name` returns the name of a definition; `needs` collects them."""

    references: References
    compositions: Compositions
    name: Callable[[Pointer, Use], str]
    needs: dict[str, tuple[Schema, Use]] = field(default_factory=dict)

    def write(self, schema: Schema, use: Use) -> dict[str, Any]:
        """*schema* as it is used. Raises UnservableSchemaError, UnresolvedReferenceError."""
        if "$ref" in schema:
            return self._definition(self.references.end(schema), use)
        alternatives = None if use.exact else self.compositions.alternatives(schema)
        if alternatives is None:
            return self._plain(schema, use)
        return self._selected(schema, alternatives, use)

    def _definition(self, found: Found, use: Use) -> dict[str, Any]:
        use = use._replace(dropped=use.dropped & self.compositions.required(found.node))
        name = self.name(found.pointer, use)
        self.needs[name] = (found.node, use)
        return {"$ref": f"#/$defs/{name}"}

    def _plain(self, schema: Schema, use: Use) -> dict[str, Any]:
        """*schema* by its own keywords, without what a discriminator selects."""
        out: dict[str, Any] = {
            key: value
            for key, value in schema.items()
            if key not in _ANNOTATIONS and key not in _HANDLED and not key.startswith("x-")
        }
        _bounds(schema, out)
        use = use._replace(dropped=use.dropped | self.compositions.hidden(schema, use.direction))
        self._members(schema, out, use)
        self._composites(schema, out, use)
        self._array(schema, out, use)
        _text(schema, out)
        if schema.get("nullable") and isinstance(out.get("type"), str):
            out["type"] = [out["type"], "null"]
        if use.direction == "response" and not use.open:
            self._close(schema, out)
        return out

    def _members(self, schema: Schema, out: dict[str, Any], use: Use) -> None:
        if "properties" in schema:
            out["properties"] = {
                name: False if self.compositions.is_hidden(sub, use.direction) else self.write(sub, use.inner())
                for name, sub in schema["properties"].items()
            }
        if isinstance(schema.get("additionalProperties"), dict):
            out["additionalProperties"] = self.write(schema["additionalProperties"], use.inner())
        if "not" in schema:
            out["not"] = self.write(schema["not"], Use(use.direction, open=use.direction == "response"))

    def _composites(self, schema: Schema, out: dict[str, Any], use: Use) -> None:
        late = self._required_late(schema, use)
        part = use._replace(open=use.direction == "response", exact=False, dropped=use.dropped | late)
        if "required" in out:
            out["required"] = [name for name in out["required"] if name not in part.dropped]
        if "allOf" in schema:
            out["allOf"] = [
                self.write(sub, part._replace(exact=use.exact or self.compositions.is_derived(schema, sub)))
                for sub in schema["allOf"]
            ]
        for key in ("anyOf", "oneOf"):
            if key in schema:
                branch = part._replace(dropped=use.dropped)
                out[key] = [self._branch(sub, branch, late) for sub in schema[key]]

    def _required_late(self, schema: Schema, use: Use) -> frozenset[str]:
        """The names that are required unless the alternative of the value keeps them out of this direction."""
        hidden = frozenset[str]().union(
            *(self.compositions.hidden(sub, use.direction) for key in ("anyOf", "oneOf") for sub in schema.get(key, ()))
        )
        return hidden & self.compositions.required(schema) - use.dropped if hidden else hidden

    def _branch(self, schema: Schema, use: Use, late: frozenset[str]) -> dict[str, Any]:
        """An alternative. It may be a free object although the others are not."""
        out = self.write(schema, use)
        if late:
            due = late - self.compositions.hidden(schema, use.direction)
            out["required"] = [*out.get("required", ()), *sorted(due)]
        if use.open and self._is_free(schema):
            out["additionalProperties"] = True
        return out

    def _is_free(self, schema: Schema) -> bool:
        """Whether *schema* describes objects without naming anything, not even in what it requires."""
        compositions = self.compositions
        is_object = any(part.get("type") == "object" for part in compositions.parts(schema))
        closed = any("additionalProperties" in part for part in compositions.parts(schema))
        return is_object and not (closed or compositions.required(schema) or compositions.declares_properties(schema))

    def _close(self, schema: Schema, out: dict[str, Any]) -> None:
        """Forbid undeclared properties in the outermost schema of a composition; a free object stays free."""
        if "additionalProperties" in schema or not self.compositions.declares_properties(schema):
            return
        self._require_undivided(schema)
        if any(key in schema for key in COMPOSITES):
            out["unevaluatedProperties"] = False
        else:
            out["additionalProperties"] = False
            _count(out)

    def _require_undivided(self, schema: Schema) -> None:
        for name in self.compositions.divided(schema):
            raise UnservableSchemaError(f"several parts declare properties of {name!r}: let one of them declare all")

    def _array(self, schema: Schema, out: dict[str, Any], use: Use) -> None:
        """Items are checked only within `maxItems` (otherwise 1 MB of `[1,1,...` costs seconds and 800 MB)."""
        if "items" not in schema:
            return
        looked_at: dict[str, Any] = {"items": self.write(schema["items"], use.inner())}
        if out.pop("uniqueItems", False):
            looked_at["uniqueItems"] = True
        if use.direction == "request" and "maxItems" in schema:
            out.setdefault("allOf", []).append({"if": {"maxItems": schema["maxItems"]}, "then": looked_at})
        else:
            out |= looked_at

    def _selected(self, schema: Schema, alternatives: Alternatives, use: Use) -> dict[str, Any]:
        """*schema* as the alternative that the value selects, so that only the faults of that one are reported."""
        name, union = alternatives.name, alternatives.union
        inner = use._replace(open=use.open or (union is not None and use.direction == "response"))
        out: dict[str, Any] = {
            "type": ["object", "null"] if takes_null(schema, alternatives) else "object",
            "properties": {name: {"enum": list(alternatives.by_value)}},
            "required": [name],
            "allOf": [self._alternative(key, alternatives, inner) for key in alternatives.targets],
        }
        if union is not None:
            rest = {key: value for key, value in schema.items() if key not in {union, "discriminator"}}
            out["allOf"].append(self._plain(rest, inner))
            if use.direction == "response" and not use.open and "additionalProperties" not in schema:
                self._require_undivided(schema)
                out["unevaluatedProperties"] = False
        return out

    def _alternative(self, key: int, alternatives: Alternatives, use: Use) -> dict[str, Any]:
        """The alternative with that identity, for the values that select it."""
        name, target = alternatives.name, alternatives.targets[key]
        values = [value for value, found in alternatives.by_value.items() if id(found.node) == key]
        self._require_selectable(name, values, target, use)
        further = self.compositions.alternatives(target.node) if alternatives.union else None
        is_exact = further is None or len(further.targets) == 1
        condition = {"type": "object", "properties": {name: {"enum": values}}, "required": [name]}
        return {"if": condition, "then": self._definition(target, use._replace(exact=is_exact))}

    def _require_selectable(self, name: str, values: list[str], target: Found, use: Use) -> None:
        """Raise UnservableSchemaError if no value that selects *target* fits it."""
        where = fragment(target.pointer)
        if name in self.compositions.hidden(target.node, use.direction):
            word = "readOnly" if use.direction == "request" else "writeOnly"
            raise UnservableSchemaError(f"the discriminator {name!r} is {word} in {where}")
        for part in self.compositions.parts(target.node):
            for own in self.compositions.parts(part.get("properties", {}).get(name, {})):
                is_text = own.get("type", "string") == "string"
                allowed = {value for value in own.get("enum", values) if isinstance(value, str)}
                if not is_text or not allowed & set(values):
                    raise UnservableSchemaError(f"the discriminator {name!r} is never {values[0]!r} in {where}")


def takes_null(schema: Schema, alternatives: Alternatives) -> bool:
    """Whether null is allowed: `nullable` counts only beside a type (OpenAPI 3.0.4, "Schema Object", `nullable`)."""

    def says_so(each: Schema) -> bool:
        return each.get("nullable") is True and "type" in each

    if alternatives.union is None:
        return says_so(schema)
    return ("type" not in schema or says_so(schema)) and any(says_so(f.node) for f in alternatives.by_value.values())


def _count(out: dict[str, Any]) -> None:
    """Look for each required property of a closed object only if their number does not decide.

    Each look-up costs half as much as to check a text. An object in which at most one property is optional has all
    required ones if it has enough properties.
    """
    names, required = out["properties"].keys(), set(out.get("required", ()))
    optional = [name for name in names if name not in required]
    if not required or not required <= names or len(optional) > 1 or "if" in out:
        return
    enough: dict[str, Any] = {"minProperties": len(names)}
    if optional:
        enough = {"minProperties": len(required), "if": {"required": optional}, "then": enough}
    out |= {"if": enough, "else": {"required": out.pop("required")}}


def _bounds(schema: Schema, out: dict[str, Any]) -> None:
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(exclusive) is True and inclusive in out:
            out[exclusive] = out.pop(inclusive)
    low, high = RANGES.get(out.get("format"), (-INFINITY, INFINITY))
    if max(out.get("minimum", -INFINITY), out.get("exclusiveMinimum", -INFINITY)) < low:
        out["minimum"] = low
    if min(out.get("maximum", INFINITY), out.get("exclusiveMaximum", INFINITY)) > high:
        out["maximum"] = high


def _text(schema: Schema, out: dict[str, Any]) -> None:
    """A pattern is checked only within `maxLength`, a format of `formats` only if a pattern does not decide."""
    if out.get("format") in PLAINLY:
        out |= {"if": {"pattern": PLAINLY[out["format"]]}, "else": {"format": out.pop("format")}}
    if "pattern" not in schema:
        return
    rule = {"pattern": schema["pattern"]}
    if "maxLength" in schema:
        out.setdefault("allOf", []).append({"if": {"maxLength": schema["maxLength"]}, "then": rule})
    else:
        out |= rule
