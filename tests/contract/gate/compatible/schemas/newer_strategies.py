"""Random schemas of OpenAPI 3.1, small edits of them, and values that are near to them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tickbox_contract.gate.compatible.schemas import JSON

from .strategies import FORMATS, NAMES, PATTERNS, VALUES, Draw, Schema, values

_few = st.integers(0, 3)
_bounds = st.sampled_from([0, 1, 2, 3, 5, -1, 1.5])
_NAME_PATTERNS = ["^a", "^[a-b]$", "b", "^[cd]", "^.{2,}$"]
_types = st.sampled_from(["string", "integer", "number", "null", "boolean", "object", "array"])


def _some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({}, optional=optional)


leaves: st.SearchStrategy[Schema] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": _few, "maxLength": _few, "pattern": st.sampled_from(PATTERNS),
                  "format": st.sampled_from(FORMATS)},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number", ["integer", "null"]])},
        optional={"minimum": _bounds, "maximum": _bounds, "exclusiveMinimum": _bounds, "exclusiveMaximum": _bounds},
    ),
    _some(type=_types | st.lists(_types, min_size=1, max_size=3, unique=True)),
    _some(const=st.sampled_from(VALUES)),
    _some(enum=st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)),
)  # fmt: skip
_any = leaves | st.booleans()


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(NAMES)
    parts = st.lists(inner, min_size=1, max_size=2)
    named = st.dictionaries(names, inner, max_size=2)
    required = st.lists(names, min_size=1, max_size=2, unique=True)
    texts = _some(
        pattern=st.sampled_from(_NAME_PATTERNS), maxLength=_few, minLength=_few,
        enum=st.lists(st.sampled_from([*NAMES, "ab"]), min_size=1, max_size=3),
    )  # fmt: skip
    matched = st.dictionaries(st.sampled_from(_NAME_PATTERNS), inner, min_size=1, max_size=2)
    objects = {
        "properties": named, "required": required, "additionalProperties": inner, "patternProperties": matched,
        "propertyNames": texts, "minProperties": _few, "maxProperties": _few, "unevaluatedProperties": inner,
        "dependentRequired": st.dictionaries(names, required, max_size=1),
        "dependentSchemas": st.dictionaries(names, inner, max_size=1),
    }  # fmt: skip
    arrays = {
        "prefixItems": st.lists(inner, min_size=1, max_size=3), "items": inner, "contains": inner, "minContains": _few,
        "maxContains": _few, "minItems": _few, "maxItems": _few, "uniqueItems": st.booleans(),
        "unevaluatedItems": inner,
    }  # fmt: skip
    composed = {"allOf": parts, "anyOf": parts, "oneOf": parts, "not": inner, "if": inner, "then": inner, "else": inner}
    return st.one_of(
        *(_chosen(group, kind) for group, kind in ((objects, "object"), (arrays, "array"))),
        _chosen(composed, None),
        _chosen({**objects, **composed}, "object"),
        _chosen({**arrays, **composed}, "array"),
    )


@st.composite
def _chosen(draw: Draw, members: dict[str, st.SearchStrategy[Any]], kind: str | None) -> Schema:
    """A schema with a few of *members*."""
    chosen = draw(st.lists(st.sampled_from(sorted(members)), min_size=1, max_size=4, unique=True))
    schema = {key: draw(members[key]) for key in chosen}
    return {"type": kind, **schema} if kind and draw(st.booleans()) else schema


schemas: st.SearchStrategy[Any] = st.recursive(_any, _containers, max_leaves=5).filter(lambda s: isinstance(s, dict))


@st.composite
def edited(draw: Draw, schema: Schema) -> Schema:
    """*schema* with a small change somewhere."""
    changed: Schema = json.loads(json.dumps(schema))
    here = changed
    while (inner := [each for each in _inside(here) if each]) and draw(st.integers(0, 2)):
        here = draw(st.sampled_from(inner))
    if here and draw(st.booleans()):
        del here[draw(st.sampled_from(sorted(here)))]
    elif draw(st.booleans()):
        here |= draw(leaves)
    else:
        more = draw(schemas)
        key = draw(st.sampled_from(sorted(more))) if more else None
        here |= {key: more[key]} if key else {}
    return changed


def _inside(schema: Schema) -> list[Schema]:
    found: list[Any] = []
    for value in schema.values():
        found += value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        found.append(value)
    return [each for each in found if isinstance(each, dict) and _is_schema(each)]


def _is_schema(each: Schema) -> bool:
    return not any(name in each for name in (*NAMES, *_NAME_PATTERNS))


@st.composite
def near(draw: Draw, schema: Any) -> JSON:  # noqa: PLR0911  # one for each kind of schema
    """A value that often fits *schema*."""
    if not isinstance(schema, dict) or draw(st.integers(0, 9)) == 0:
        return draw(values)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    parts = [*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    parts += [schema[key] for key in ("if", "then", "else") if key in schema]
    if parts and draw(st.booleans()):
        return draw(near(draw(st.sampled_from(parts))))
    if schema.keys() & {"items", "prefixItems", "contains", "unevaluatedItems", "minItems"}:
        heads = [draw(near(each)) for each in schema.get("prefixItems", ())]
        rest = [schema[key] for key in ("items", "contains", "unevaluatedItems") if key in schema] or [True]
        further = [draw(near(draw(st.sampled_from(rest)))) for _ in range(draw(_few))]
        return (heads + further)[: draw(st.integers(0, 5))]
    if schema.get("type") == "object" or schema.keys() & {"properties", "patternProperties", "propertyNames"}:
        named = {**schema.get("properties", {})}
        for name in (*NAMES, "ab", "d", "bb"):
            if draw(st.booleans()):
                others = [*schema.get("patternProperties", {}).values()]
                others += [schema[key] for key in ("additionalProperties", "unevaluatedProperties") if key in schema]
                named.setdefault(name, draw(st.sampled_from(others)) if others else True)
        kept = {n: s for n, s in named.items() if n in schema.get("required", ()) or draw(st.booleans())}
        return {name: draw(near(inner)) for name, inner in kept.items()}
    return draw(values)
