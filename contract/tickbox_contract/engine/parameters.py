"""Parameters: from the text of path, query, headers and cookies to typed keyword arguments.

Styles of OpenAPI 3.0 that are understood; any other is refused at start-up, by name:

    in      style                          of
    path    simple                         scalars, arrays
    query   form                           scalars, arrays (explode or not)
            spaceDelimited, pipeDelimited  arrays (explode: false)
            deepObject                     objects of scalars
    header  simple                         scalars, arrays, objects (explode or not)
    cookie  form                           scalars, arrays (explode: false)

A list whose items are separated by commas is split before its items are decoded: `%2C` is a part of an item. The
delimiters of spaceDelimited and pipeDelimited cannot be in a URL as they are, so they come encoded, and items cannot
have them (OpenAPI 3.0.4, Appendix E). Text becomes a JSON value (`texts`), then the schema is checked, then the
handler's annotation is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tickbox_contract.handlers import keyword_of
from tickbox_contract.openapi.faults import schema_faults, shorten
from tickbox_contract.openapi.schemas import SchemaCompiler, Validator
from tickbox_contract.responses import Fault

from .texts import NotOfTypeError, Reader, decode, decode_query, reader_of, types_of

Place = Literal["path", "query", "header", "cookie"]
PLACES: tuple[Place, ...] = ("path", "query", "header", "cookie")

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
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_ENTITY_TAGS = ("if-match", "if-none-match")
_DECODERS: Mapping[Place, Callable[[str], str]] = {"path": decode, "query": decode_query, "header": str, "cookie": str}
_OF_INNER = frozenset({"items", "properties", "additionalProperties"})
_TEXT: Mapping[str, Any] = {"type": "string"}
_PLAIN: tuple[object, ...] = (str, int, float, bool)


class UnsupportedStyleError(ValueError):
    """A parameter of a style that the engine does not understand."""


class UnfitDefaultError(ValueError):
    """A default that the parameter's own schema, or its handler, does not take. The text is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One compiled parameter. `keyword` is its name as a keyword argument of the handler.

    Texts come as they are in the request; `decode` undoes their percent-encoding, and `coerce` (of a scalar, an item or
    a member) and `members` make values of them. `may_be_empty` says that an empty text is as good as none.
    `is_engines` says that the engine acts upon it: it is checked, and the handler does not get it. `sentences` explain
    the contract's patterns (`faults.pattern_sentences`).
    """

    name: str
    keyword: str
    place: Place
    style: str
    explode: bool
    shape: Literal["scalar", "array", "object"]
    required: bool
    default: Any
    has_default: bool
    decode: Callable[[str], str]
    coerce: Reader
    members: Mapping[str, Reader]
    validator: Validator
    build: Callable[[Any], Any] | None
    may_be_empty: bool = False
    is_engines: bool = False
    sentences: Mapping[str, str] = field(default_factory=dict)

    def value(self, texts: list[str]) -> tuple[Any, list[Fault]]:
        """The typed value of the parameter that the request gives as *texts*, or what is wrong with it.

        Raises MalformedTextError.
        """
        if self.shape == "scalar" and len(texts) > 1:
            return None, [self.fault("This parameter may be given only once.", "repeated")]
        try:
            value = self._coerce(texts)
        except NotOfTypeError as error:
            return None, [self.fault(f"This must be {error}.", "type")]
        return self.check(value)

    def check(self, value: Any) -> tuple[Any, list[Fault]]:  # JSON
        """The handler's value for the JSON *value*, or what is wrong with it."""
        if not self.validator.is_valid(value):
            faults = schema_faults(self.validator.iter_errors(value), self.sentences)
            return None, [self._located(fault) for fault in faults]
        if self.build is None:
            return value, []
        try:
            return self.build(value), []
        except ValidationError:
            return None, [self.fault("This is not a valid value here.", "type")]

    def fault(self, detail: str, code: str) -> Fault:
        """A fault placed at this parameter."""
        return Fault(detail, code, "header" if self.place == "header" else "parameter", self.name)

    def _located(self, fault: Fault) -> Fault:
        where = "" if fault.place == "#" else f" (at {fault.place})"
        return self.fault(fault.detail + where, fault.code)

    def _coerce(self, texts: list[str]) -> Any:  # JSON
        if self.shape == "scalar":
            return self.coerce(self.decode(texts[0]))
        if self.shape == "array":
            return [self.coerce(text) for text in self._split(texts)]
        pairs = list(self._pairs(",".join(texts)))
        if len({key for key, _ in pairs}) < len(pairs):
            raise NotOfTypeError("one value for each name")
        return self.members_of(dict(pairs))

    def members_of(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """The members of an object, of their types. Raises ValueError, with what one of them should be."""
        return {key: self.members.get(key, self.coerce)(text) for key, text in texts.items()}

    def _split(self, texts: list[str]) -> list[str]:
        """The items of a list, decoded; those between commas only after they were split (RFC 6570, section 3.2.1)."""
        if self.place == "query" and self.explode:
            return [self.decode(text) for text in texts]
        if self.place == "header":
            return [item.strip() for text in texts for item in text.split(",")]
        if len(texts) > 1:
            raise NotOfTypeError("one list, given once")
        if not texts[0]:
            return []
        separator = _SEPARATORS.get(self.style)
        if separator is not None:
            return self.decode(texts[0]).split(separator)
        return [self.decode(item) for item in texts[0].split(",")]

    def _pairs(self, text: str) -> Iterable[tuple[str, str]]:
        """`a=1,b=2` where exploded, else `a,1,b,2` (OpenAPI 3.0.4, "Style Values")."""
        items = [item.strip() for item in text.split(",")]
        if self.explode:
            pairs = [item.partition("=") for item in items]
            if any(not separator for _, separator, _ in pairs):
                raise NotOfTypeError("name=value pairs")
            return [(name, value) for name, _, value in pairs]
        if len(items) % 2:
            raise NotOfTypeError("name,value pairs")
        return zip(items[::2], items[1::2], strict=True)


def compile_parameter(node: Mapping[str, Any], schemas: SchemaCompiler, annotation: Any) -> Parameter:
    """The parameter of one Parameter Object. Raises UnsupportedStyleError, by name, on one that is not understood."""
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
    if key not in STYLES or (style in _SEPARATORS and explode):
        raise UnsupportedStyleError(f"{called} has the style {style!r} of {shape}s")
    if place == "cookie" and shape == "array" and explode:
        raise UnsupportedStyleError(f"{called} is an exploded array")


def _check_alternatives(called: str, schema: Mapping[str, Any], schemas: SchemaCompiler, shape: str) -> None:
    """Refuse alternatives that say of what types the items or members are: texts are read before one is chosen."""
    parts = schemas.compositions.parts
    for part in parts(schema) if shape != "scalar" else ():
        for branch in (*part.get("anyOf", ()), *part.get("oneOf", ())):
            if any(not _OF_INNER.isdisjoint(inner) for inner in parts(branch)):
                raise UnsupportedStyleError(f"{called} has alternatives of {shape}s")


def _all_of(holders: Iterable[Mapping[str, Any]], key: str) -> Mapping[str, Any]:
    """The schema of all that *holders* have for *key*."""
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
    """What reads one scalar of *schema*."""
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


@dataclass(frozen=True, slots=True)
class Parameters:
    """The compiled parameters of one operation in one place."""

    place: Place
    known: Mapping[str, Parameter]
    deep: Mapping[str, Parameter]

    @classmethod
    def of(cls, place: Place, parameters: Iterable[Parameter]) -> Parameters:
        """Those of *parameters* that stand in *place*. Header names are compared in lower case."""
        mine = [parameter for parameter in parameters if parameter.place == place]
        return cls(
            place,
            {p.name.lower() if place == "header" else p.name: p for p in mine if p.style != "deepObject"},
            {p.name: p for p in mine if p.style == "deepObject"},
        )

    def read(self, given: Mapping[str, list[str]], arguments: dict[str, Any]) -> list[Fault]:
        """Put the values of *given* into *arguments* by keyword, and return all faults.

        A parameter that is absent and has no default in the contract is left out of *arguments*. Raises
        MalformedTextError.
        """
        faults: list[Fault] = []
        for name, parameter in self.known.items():
            texts = given.get(name)
            if texts is None or (parameter.may_be_empty and texts == [""]):
                _absent(parameter, arguments, faults)
                continue
            # Lists of entity tags may be spread over several lines (RFC 9110, section 5.3).
            value, found = parameter.value([", ".join(texts)] if name in _ENTITY_TAGS else texts)
            faults += found
            if not parameter.is_engines:
                arguments[parameter.keyword] = value
        if self.place == "query" and (self.deep or len(given) > len(self.known) or given.keys() - self.known.keys()):
            faults += self._read_unnamed(given, arguments)
        return faults

    def _read_unnamed(self, given: Mapping[str, list[str]], arguments: dict[str, Any]) -> list[Fault]:
        """Query names that are not a parameter's own: `name[member]` of a deep object, or unknown."""
        faults: list[Fault] = []
        members: dict[str, dict[str, Any]] = {name: {} for name in self.deep}
        for name in (name for name in given if name not in self.known):
            base, _, member = name.removesuffix("]").rpartition("[")
            parameter = self.deep.get(base)
            if parameter is None or not member or name != f"{base}[{member}]" or "]" in member:
                faults.append(Fault("There is no such parameter.", "unknown", "parameter", shorten(name)))
            elif len(given[name]) > 1:
                faults.append(parameter.fault("A member may be given only once.", "repeated"))
            else:
                members[base][member] = parameter.decode(given[name][0])
        for name, parameter in self.deep.items():
            faults += _read_deep(parameter, members[name], arguments)
        return faults


def _read_deep(parameter: Parameter, texts: Mapping[str, str], arguments: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    if not texts:
        _absent(parameter, arguments, faults)
        return faults
    try:
        value = parameter.members_of(texts)
    except NotOfTypeError as error:
        return [parameter.fault(f"A member must be {error}.", "type")]
    arguments[parameter.keyword], faults = parameter.check(value)
    return faults


def _absent(parameter: Parameter, arguments: dict[str, Any], faults: list[Fault]) -> None:
    if parameter.has_default and not parameter.is_engines:
        arguments[parameter.keyword] = parameter.default
    elif parameter.required:
        faults.append(parameter.fault("This is required.", "required"))
