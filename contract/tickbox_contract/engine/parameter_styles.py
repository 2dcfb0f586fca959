"""Compiles Parameter Objects of the styles that are supported; start-up refuses any other style, by name.

in      style                          of
path    simple                         scalars, arrays
query   form                           scalars, arrays (explode or not)
spaceDelimited, pipeDelimited  arrays (explode: false)
deepObject                     objects of scalars
header  simple                         scalars, arrays, objects (explode or not)
cookie  form                           scalars, arrays (explode: false)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tickbox_contract.handlers import keyword_of
from tickbox_contract.openapi.schemas import SchemaCompiler, Validator

from .parameters import Parameter, Place
from .texts import Reader, decode, decode_query, reader_of, types_of

STYLES: frozenset[tuple[str, str, str]] = frozenset({
    ("path", "simple", "scalar"), ("path", "simple", "array"),
    ("query", "form", "scalar"), ("query", "form", "array"), ("query", "spaceDelimited", "array"),
    ("query", "pipeDelimited", "array"), ("query", "deepObject", "object"),
    ("header", "simple", "scalar"), ("header", "simple", "array"), ("header", "simple", "object"),
    ("cookie", "form", "scalar"), ("cookie", "form", "array"),
})  # fmt: skip

IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})
"""Header parameters of these names have no effect (OpenAPI 3.0.4, Parameter Object, `name`)."""

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_DELIMITED = ("spaceDelimited", "pipeDelimited")
_DECODERS: Mapping[Place, Callable[[str], str]] = {"path": decode, "query": decode_query, "header": str, "cookie": str}
_OF_INNER = frozenset({"items", "properties", "additionalProperties"})
_TEXT: Mapping[str, Any] = {"type": "string"}
_PLAIN: tuple[object, ...] = (str, int, float, bool)


class UnsupportedStyleError(ValueError):
    """A parameter of a style that the engine does not support. The text names it."""


class UnfitDefaultError(ValueError):
    """A default that does not fit the parameter's schema, or its handler. The text is a sentence."""


def compile_parameter(node: Mapping[str, Any], schemas: SchemaCompiler, annotation: Any) -> Parameter:
    """The parameter of one Parameter Object. Raises UnsupportedStyleError, UnfitDefaultError, UnservableSchemaError."""
    name, place = node["name"], node["in"]
    called = f"{place} parameter {name!r}"
    if "schema" not in node:
        raise UnsupportedStyleError(f"{called} is described by `content`")
    schema = schemas.resolve(node["schema"])
    style = node.get("style", _DEFAULT_STYLES[place])
    explode = node.get("explode", style == "form")
    shape = _shape(schema)
    _check_style(called, (place, style, shape), explode=explode)
    _check_alternatives(called, schema, schemas, shape)
    parts = list(schemas.compositions.parts(schema))
    validator = schemas.compile(node["schema"], direction="request")
    others = schema if shape == "scalar" else _all_of(parts, "items" if shape == "array" else "additionalProperties")
    build = None if annotation in _PLAIN else TypeAdapter[Any](annotation).validator.validate_python
    defaults = [part["default"] for part in parts if "default" in part]
    return Parameter(
        name=name,
        keyword=keyword_of(name, place),
        place=place,
        style=style,
        explode=explode,
        shape=shape,
        required=node.get("required", False),
        default=_default(name, defaults[0], validator, build) if defaults else None,
        has_default=bool(defaults),
        decode=_DECODERS[place],
        coerce=_reader(others, schemas, called),
        members={
            key: _reader(_all_of([part.get("properties", {}) for part in parts], key), schemas, called)
            for part in parts
            for key in part.get("properties", {})
        },
        validator=validator,
        build=build,
        may_be_empty=place == "query" and node.get("allowEmptyValue", False) and not node.get("required", False),
    )


def _check_style(called: str, key: tuple[Any, str, str], *, explode: bool) -> None:
    place, style, shape = key
    if key not in STYLES or (style in _DELIMITED and explode):
        raise UnsupportedStyleError(f"{called} has the style {style!r} of {shape}s")
    if place == "cookie" and shape == "array" and explode:
        raise UnsupportedStyleError(f"{called} is an exploded array")


def _check_alternatives(called: str, schema: Mapping[str, Any], schemas: SchemaCompiler, shape: str) -> None:
    """Reject alternatives that state the types of items or members: texts are read before one of them is chosen."""
    parts = schemas.compositions.parts
    for part in parts(schema) if shape != "scalar" else ():
        for branch in (*part.get("anyOf", ()), *part.get("oneOf", ())):
            if any(not _OF_INNER.isdisjoint(inner) for inner in parts(branch)):
                raise UnsupportedStyleError(f"{called} has alternatives of {shape}s")


def _all_of(holders: Iterable[Mapping[str, Any]], key: str) -> Mapping[str, Any]:
    """One schema for everything that *holders* have for *key*."""
    found = [holder[key] for holder in holders if isinstance(holder.get(key), Mapping)]
    return found[0] if len(found) == 1 else {"allOf": found} if found else _TEXT


def _default(name: str, value: Any, validator: Validator, build: Callable[[Any], Any] | None) -> Any:
    """The handler's value for the default *value*; null is None, whatever the schema. Raises UnfitDefaultError."""
    if value is None:
        return None
    if not validator.is_valid(value):
        raise UnfitDefaultError(f"the default of parameter {name!r} does not fit its schema")
    try:
        return build(value) if build else value
    except ValidationError as error:
        raise UnfitDefaultError(f"the default of parameter {name!r} does not fit its handler") from error


def _reader(schema: Mapping[str, Any], schemas: SchemaCompiler, called: str) -> Reader:
    """The reader of one scalar of *schema*."""
    types = types_of(schema, schemas.resolve)
    for kind in ("array", "object"):
        if kind in types:
            raise UnsupportedStyleError(f"{called} has {kind}s inside")
    fits = schemas.compile(schema, direction="request").is_valid if len(types) > 1 else bool
    return reader_of(types, fits=fits)


def _shape(schema: Mapping[str, Any]) -> Literal["scalar", "array", "object"]:
    match schema.get("type"):
        case "array":
            return "array"
        case "object":
            return "object"
        case _:
            return "scalar"
