"""Parameters: from the text of path, query, headers and cookies to typed keyword arguments.

Items of a list that are separated by commas are split before they are decoded: `%2C` is a part of an item. The
delimiters of spaceDelimited and pipeDelimited cannot be in a URL as they are. So they come encoded, and items cannot
contain them (OpenAPI 3.0.4, Appendix E). A text becomes a JSON value (`texts`), the schema is checked, then the value
for the handler's annotation is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ValidationError

from tickbox_contract.openapi.faults import schema_faults, shorten
from tickbox_contract.openapi.schemas import Validator
from tickbox_contract.responses import Fault

from .texts import NotOfTypeError, Reader

Place = Literal["path", "query", "header", "cookie"]
PLACES: tuple[Place, ...] = ("path", "query", "header", "cookie")

_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_ENTITY_TAGS = ("if-match", "if-none-match")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One compiled parameter. `keyword` is its name as a keyword argument of the handler.

    Texts come as they are in the request. `decode` undoes their percent-encoding; `coerce` (for a scalar, an item or
    a member) and `members` turn them into values. `may_be_empty` means that an empty text counts as absent.
    `is_engines` means that the engine acts upon it: it is checked, and the handler does not get it. `sentences` explain
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
        """The typed value of the parameter for the *texts* in the request, or what is wrong with them.

        Raises MalformedTextError.
        """
        if self.shape == "scalar" and len(texts) > 1:
            return None, [self.fault("This parameter can be given only once.", "repeated")]
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
        """The items of a list, decoded; items between commas only after the split (RFC 6570, section 3.2.1)."""
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
        """`a=1,b=2` if exploded, otherwise `a,1,b,2` (OpenAPI 3.0.4, "Style Values")."""
        items = [item.strip() for item in text.split(",")]
        if self.explode:
            pairs = [item.partition("=") for item in items]
            if any(not separator for _, separator, _ in pairs):
                raise NotOfTypeError("name=value pairs")
            return [(name, value) for name, _, value in pairs]
        if len(items) % 2:
            raise NotOfTypeError("name,value pairs")
        return zip(items[::2], items[1::2], strict=True)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The compiled parameters of one operation in one place."""

    place: Place
    known: Mapping[str, Parameter]
    deep: Mapping[str, Parameter]

    @classmethod
    def of(cls, place: Place, parameters: Iterable[Parameter]) -> Parameters:
        """Those of *parameters* that are in *place*. Header names are compared in lower case."""
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
            # A list of entity tags may have several header lines (RFC 9110, section 5.3).
            value, found = parameter.value([", ".join(texts)] if name in _ENTITY_TAGS else texts)
            faults += found
            if not parameter.is_engines:
                arguments[parameter.keyword] = value
        if self.place == "query" and (self.deep or len(given) > len(self.known) or given.keys() - self.known.keys()):
            faults += self._read_unnamed(given, arguments)
        return faults

    def _read_unnamed(self, given: Mapping[str, list[str]], arguments: dict[str, Any]) -> list[Fault]:
        """Query names that are not the name of a parameter: `name[member]` of a deep object, or unknown."""
        faults: list[Fault] = []
        members: dict[str, dict[str, Any]] = {name: {} for name in self.deep}
        for name in (name for name in given if name not in self.known):
            base, _, member = name.removesuffix("]").rpartition("[")
            parameter = self.deep.get(base)
            if parameter is None or not member or name != f"{base}[{member}]" or "]" in member:
                faults.append(Fault("There is no such parameter.", "unknown", "parameter", shorten(name)))
            elif len(given[name]) > 1:
                faults.append(parameter.fault("A member can be given only once.", "repeated"))
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
