"""Random schemas of OpenAPI 3.0, small edits of them, and values that are near to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from tickbox_contract.gate.compatible.schemas import JSON

Schema = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

NAMES = ["a", "b", "c"]
PATTERNS = ["^a", "b$", "^[ab]*$", "^a+b?$", "^[a-z]{2,4}$", r"\S", r"^\d+$", "^(a|bc)+$", "."]
FORMATS = ["date", "uuid", "date-time", "byte", "password", "email", "ipv4"]
VALUES: list[JSON] = ["a", "b", "ab", "", 1, 2, 0, True, False, None, 1.5, [], {}, {"a": 1}, ["a"]]

_bounds = st.sampled_from([0, 1, 2, 3, 5, 10, -1, 0.5, 1.5])
_few = st.integers(0, 3)


def _with(required: dict[str, Any], optional: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Schema]:
    fixed = {key: value if isinstance(value, st.SearchStrategy) else st.just(value) for key, value in required.items()}
    return st.fixed_dictionaries(fixed, optional=optional)


_texts = _with(
    {"type": "string"},
    {"minLength": _few, "maxLength": st.integers(0, 5), "pattern": st.sampled_from(PATTERNS),
     "format": st.sampled_from(FORMATS)},
)  # fmt: skip
_numbers = _with(
    {"type": st.sampled_from(["integer", "number"])},
    {"minimum": _bounds, "maximum": _bounds, "exclusiveMinimum": st.booleans(), "exclusiveMaximum": st.booleans(),
     "multipleOf": st.sampled_from([1, 2, 3, 4, 6, 0.5, 0.1, 1.5]),
     "format": st.sampled_from(["int32", "int64", "float"])},
)  # fmt: skip
_enums = _with(
    {"enum": st.lists(st.sampled_from(VALUES), min_size=1, max_size=4)}, {"type": st.sampled_from(["string", "object"])}
)
_leaves: st.SearchStrategy[Schema] = st.one_of(_texts, _numbers, _enums, st.just({"type": "boolean"}), st.just({}))


def _containers(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    properties = st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    required = st.lists(st.sampled_from([*NAMES, "d"]), min_size=1, max_size=2, unique=True)
    several = st.lists(inner, min_size=1, max_size=3)
    sizes = {"minProperties": _few, "maxProperties": _few}
    return st.one_of(
        _with(
            {"type": "object"},
            {"properties": properties, "required": required, "additionalProperties": st.booleans() | inner, **sizes},
        ),
        _with({"type": "array", "items": inner}, {"minItems": _few, "maxItems": _few, "uniqueItems": st.booleans()}),
        _with({"allOf": several}, {}),
        _with({"anyOf": several}, {}),
        _with({"oneOf": several}, {"type": st.sampled_from(["string", "object", "integer"])}),
        _with({"not": inner}, {}),
        inner.map(lambda schema: {**schema, "nullable": True}),
    )


schemas = st.recursive(_leaves, _containers, max_leaves=6)


@st.composite
def recursive(draw: Draw) -> dict[str, Schema]:
    """Components that refer to each other: Root and two others."""
    names = ["Root", "B", "C"]
    references = st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in names])
    inner = st.one_of(references, _leaves)
    return {name: draw(st.recursive(inner, _containers, max_leaves=6)) for name in names}


@st.composite
def edited(draw: Draw, schema: Schema) -> Schema:
    """*schema* with a small change somewhere."""
    changed: Schema = json.loads(json.dumps(schema))
    here = changed
    while inner := [each for each in _inside(here) if each]:
        if draw(st.booleans()):
            break
        here = draw(st.sampled_from(inner))
    keys = [key for key in here if key not in {"properties", "items", "not", "allOf", "anyOf", "oneOf", "type"}]
    if keys and draw(st.booleans()):
        del here[draw(st.sampled_from(keys))]
    else:
        here |= draw(_leaves)
    return changed


def _inside(schema: Schema) -> list[Schema]:
    found = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("not")]
    found += [schema.get("additionalProperties"), *schema.get("allOf", ()), *schema.get("anyOf", ())]
    return [each for each in (*found, *schema.get("oneOf", ())) if isinstance(each, dict)]


_single = [*VALUES, 3, 6, 10, -1, 0.1, 2**31, 2**63, "2000-01-01", "YQ==", "a@b", "abc", "00"]
values = st.recursive(
    st.sampled_from(_single) | st.text("ab1", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "d", "z"]), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def near(draw: Draw, schema: Any, components: Mapping[str, Schema] | None = None, depth: int = 4) -> JSON:
    """A value that often fits *schema*."""
    if isinstance(schema, dict) and "$ref" in schema and components and depth:
        schema, depth = components[schema["$ref"].rpartition("/")[2]], depth - 1
    if not isinstance(schema, dict) or draw(st.integers(0, 9)) == 0:
        return draw(values)
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    parts = [*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if parts:
        return draw(near(draw(st.sampled_from(parts)), components, depth))
    if schema.get("type") == "object":
        named = {name: near(inner, components, depth) for name, inner in schema.get("properties", {}).items()}
        required = {name: named.get(name, values) for name in schema.get("required", ())}
        further = {name: inner for name, inner in named.items() if name not in required} or {"z": values}
        return draw(st.fixed_dictionaries(required, optional=further))
    if schema.get("type") == "array":
        least = schema.get("minItems", 0)
        most = max(least, schema.get("maxItems", 3))
        return draw(st.lists(near(schema["items"], components, depth), min_size=least, max_size=most))
    return draw(values)
