"""OpenAPI 3.0 schemas compiled to JSON Schema 2020-12 validators.

Draft 4, which OpenAPI 3.0 extends, refuses 2.0 as an integer and knows no `uuid`; so each schema is translated
(`nullable`, boolean exclusive bounds, `$ref` with siblings, `readOnly`) and checked as 2020-12 by jsonschema-rs.

Two directions differ:
- a *request* may not set `readOnly` properties, and a long array is refused by its length before its items are
  looked at: collecting errors is eager, and a million wrong items would be a million errors;
- an *answer* is published open, and is enforced closed: a property that the contract does not name is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

import jsonschema_rs

Direction = Literal["request", "answer"]
Validator = jsonschema_rs.Draft202012Validator

_ANNOTATIONS = {"example", "externalDocs", "xml", "discriminator", "deprecated", "description", "title", "default"}
_HANDLED = {"$ref", "nullable", "readOnly", "writeOnly", "exclusiveMinimum", "exclusiveMaximum", "items", "pattern"}
COMPOSITES = ("allOf", "anyOf", "oneOf")


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:[0-5]\d)", re.ASCII)


def _is_date(text: str) -> bool:
    """A full-date of RFC 3339 that a calendar has: no year 0000."""
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_date_time(text: str) -> bool:
    """A date-time of RFC 3339 with an offset, at a moment that exists in UTC: no leap second, no year 10000.

    `t` and `z` may be in lower case (section 5.6), which `datetime` does not read.
    """
    try:
        return _DATE_TIME.fullmatch(text) is not None and bool(datetime.fromisoformat(text.upper()).astimezone(UTC))
    except (ValueError, OverflowError):
        return False


def _is_base64(text: str) -> bool:
    """Base64 with its padding (RFC 4648, section 4)."""
    return _BASE64.fullmatch(text) is not None


_FORMATS = {"date": _is_date, "date-time": _is_date_time, "byte": _is_base64}
_INFINITY = float("inf")
_RANGES: Mapping[object, tuple[float, float]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}
"""The formats of numbers are ranges; a number beyond a double is refused in any case (`bodies`)."""

_YEAR = "(000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
_DAY = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_PLAINLY = {
    "date": f"^{_YEAR}-{_DAY}$",
    "date-time": rf"^{_YEAR}-{_DAY}T{_CLOCK}:[0-5][0-9](\.[0-9]+)?(Z|[+-]{_CLOCK})$",
}
"""What is of a format without a doubt. Only the rest is put to the functions above, which costs ten times as much: a
29 February, the first and the last year, and all that is wrong."""


class SchemaCompiler:
    """Makes validators for the schemas of one document."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._components: Mapping[str, Any] = root.get("components", {}).get("schemas", {})
        self._defs = {
            direction: {
                name: _translate(schema, direction, is_open=is_open) for name, schema in self._components.items()
            }
            for direction, is_open in (("request", False), ("answer", False), ("part", True))
        }

    def compile(self, schema: Mapping[str, Any], *, direction: Direction) -> Validator:
        """A validator of *schema*. Raises jsonschema_rs.ValidationError or ReferencingError on a schema that is none.

        Patterns run on a linear-time engine: one with look-around or back-references does not compile.
        """
        return Validator(
            self.translate(schema, direction=direction),
            formats=_FORMATS,
            validate_formats=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    def translate(self, schema: Mapping[str, Any], *, direction: Direction) -> dict[str, Any]:
        """*schema* as JSON Schema 2020-12, with the components that it needs under `$defs`, as `request.<name>`."""
        return {**_translate(schema, direction, is_open=False), "$defs": self._reachable(schema, direction)}

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """*schema*, or the component that it refers to."""
        while "$ref" in schema:
            schema = self._components[str(schema["$ref"]).rsplit("/", 1)[1]]
        return schema

    def _reachable(self, schema: Mapping[str, Any], direction: Direction) -> dict[str, Any]:
        """The translated components that *schema* needs; answers also need them open, as parts of an `allOf`."""
        names: set[str] = set()
        _collect_references(schema, self._components, names)
        needed = {f"{direction}.{name}": self._defs[direction][name] for name in names}
        if direction == "answer":
            needed |= {f"part.{name}": self._defs["part"][name] for name in names}
        return needed


def _collect_references(node: Any, components: Mapping[str, Any], found: set[str]) -> None:  # JSON
    open_nodes = [node]  # a chain of components may be longer than the interpreter's stack
    while open_nodes:
        match open_nodes.pop():
            case dict() as members:
                reference = members.get("$ref")
                name = reference.rpartition("/")[2] if isinstance(reference, str) else ""
                if name not in found and name in components:
                    found.add(name)
                    open_nodes.append(components[name])
                open_nodes.extend(members.values())
            case list() as items:
                open_nodes.extend(items)


def _translate(schema: Mapping[str, Any], direction: str, *, is_open: bool) -> dict[str, Any]:
    """*schema* as 2020-12. An open one does not forbid undeclared properties: the schema around it does."""
    if "$ref" in schema:
        prefix = "part" if is_open else ("answer" if direction == "part" else direction)
        return {"$ref": f"#/$defs/{prefix}.{str(schema['$ref']).rpartition('/')[2]}"}
    out: dict[str, Any] = {
        key: value
        for key, value in schema.items()
        if key not in _ANNOTATIONS and key not in _HANDLED and not key.startswith("x-")
    }
    _bounds(schema, out)
    _children(schema, out, direction)
    _array(schema, out, direction)
    _text(schema, out)
    if schema.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if direction != "request":
        _close(schema, out, is_open=is_open)
    return out


def _bounds(schema: Mapping[str, Any], out: dict[str, Any]) -> None:
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(exclusive) is True and inclusive in out:
            out[exclusive] = out.pop(inclusive)
    low, high = _RANGES.get(out.get("format"), (-_INFINITY, _INFINITY))
    if max(out.get("minimum", -_INFINITY), out.get("exclusiveMinimum", -_INFINITY)) < low:
        out["minimum"] = low
    if min(out.get("maximum", _INFINITY), out.get("exclusiveMaximum", _INFINITY)) > high:
        out["maximum"] = high


def _children(schema: Mapping[str, Any], out: dict[str, Any], direction: str) -> None:
    hidden = "readOnly" if direction == "request" else "writeOnly"
    nested = "request" if direction == "request" else "answer"
    if "properties" in schema:
        out["properties"] = {
            name: False if sub.get(hidden) else _translate(sub, nested, is_open=False)
            for name, sub in schema["properties"].items()
        }
        forbidden = {name for name, sub in schema["properties"].items() if sub.get(hidden)}
        if forbidden & set(out.get("required", ())):
            out["required"] = [name for name in out["required"] if name not in forbidden]
    for key in COMPOSITES:
        if key in schema:
            out[key] = [_translate(sub, direction, is_open=nested == "answer") for sub in schema[key]]
    if "not" in schema:
        out["not"] = _translate(schema["not"], direction, is_open=nested == "answer")
    if isinstance(schema.get("additionalProperties"), dict):
        out["additionalProperties"] = _translate(schema["additionalProperties"], nested, is_open=False)


def _array(schema: Mapping[str, Any], out: dict[str, Any], direction: str) -> None:
    """Items are looked at only within `maxItems` (1 MB of `[1,1,...` cost seconds and 800 MB otherwise)."""
    if "items" not in schema:
        return
    looked_at = {"items": _translate(schema["items"], "request" if direction == "request" else "answer", is_open=False)}
    if out.pop("uniqueItems", False):
        looked_at["uniqueItems"] = True  # type: ignore[assignment]  # a boolean among schemas
    if direction == "request" and "maxItems" in schema:
        out.setdefault("allOf", []).append({"if": {"maxItems": schema["maxItems"]}, "then": looked_at})
    else:
        out |= looked_at


def _text(schema: Mapping[str, Any], out: dict[str, Any]) -> None:
    """A pattern is looked at only within `maxLength`, a format of our own only where it is not plainly there."""
    if out.get("format") in _PLAINLY:
        out |= {"if": {"pattern": _PLAINLY[out["format"]]}, "else": {"format": out.pop("format")}}
    if "pattern" not in schema:
        return
    rule = {"pattern": schema["pattern"]}
    if "maxLength" in schema:
        out.setdefault("allOf", []).append({"if": {"maxLength": schema["maxLength"]}, "then": rule})
    else:
        out |= rule


def _close(schema: Mapping[str, Any], out: dict[str, Any], *, is_open: bool) -> None:
    """Forbid undeclared properties, at the outermost schema of a composition; a free-form object stays free.

    A part of an `allOf` that only says what is required is no free-form object.
    """
    if "additionalProperties" in schema:
        return
    composed = any(key in schema for key in COMPOSITES)
    if not composed and "properties" not in schema:
        if is_open and schema.get("type") == "object" and "required" not in schema:
            out["additionalProperties"] = True
    elif not is_open:
        out["unevaluatedProperties" if composed else "additionalProperties"] = False
