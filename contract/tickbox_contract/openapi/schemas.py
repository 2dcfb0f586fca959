"""OpenAPI 3.0 schemas compiled to JSON Schema 2020-12 validators.

Draft 4, which OpenAPI 3.0 extends, rejects 2.0 as an integer and does not have `uuid`. So each schema is translated
(`translations`, `compositions`) and checked as 2020-12 by jsonschema-rs.

The two directions differ:
- a *request* cannot set `readOnly` properties, and a long array is rejected by its length before its items are
  checked: collecting errors is eager, and a million wrong items would be a million errors;
- a *response* is published open and enforced closed: a property that the contract does not name is a leak.

A schema is compiled once for everything that refers to it. A validator of jsonschema-rs contains all that its schema
leads to. In a contract of 400 components, most of which lead to most others, that is 10 MiB for each body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import jsonschema_rs

from .compositions import Compositions, Direction, UnservableSchemaError
from .formats import FORMATS
from .references import References
from .schema_writer import Use
from .translations import Definition, Translations

__all__ = ["Direction", "Failure", "SchemaCompiler", "UnservableSchemaError", "Validator"]

_FEW = 12
"""How many definitions a validator may have for itself. It can be used while others are still added. Defaults are
checked as they are compiled, and each use of an incomplete bundle would start another one."""
_ERRORS = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError)


class Failure(Protocol):
    """What is wrong with a value, as jsonschema-rs reports it."""

    @property
    def instance_path(self) -> list[str | int]:
        """The steps to the part of the value."""
        ...

    @property
    def schema_path(self) -> list[str | int]:
        """The steps to the keyword."""
        ...

    @property
    def kind(self) -> jsonschema_rs.ValidationErrorKind:
        """The keyword, and what it requires."""
        ...


class _Inner(NamedTuple):
    """A failure of one of the values that a bundle checks."""

    instance_path: list[str | int]
    schema_path: list[str | int]
    kind: jsonschema_rs.ValidationErrorKind


class Validator:
    """Checks whether a value fits a schema, and what is wrong with it."""

    __slots__ = ("is_valid", "iter_errors")

    is_valid: Callable[[Any], bool]
    """Whether a value, JSON, fits."""
    iter_errors: Callable[[Any], Iterable[Failure]]
    """All that is wrong with a value, JSON."""


class SchemaCompiler:
    """Creates validators for the schemas of one document.

    Schemas that lead to many others share one compiled bundle. It is compiled when one of them is first used, or by
    `finish`; schemas that are compiled later start another one.

    With *keep*, the validator of each schema is kept, and used again for the same schema, which must not be changed: a
    server's operations have most of their headers and parameters in common.
    """

    def __init__(self, document: Mapping[str, Any] | References, *, keep: bool = False) -> None:
        self._keep = keep
        self._references = document if isinstance(document, References) else References(document)
        self.compositions = Compositions(self._references)
        self._translations = Translations(self._references, self.compositions)
        self._sound: set[str] = set()
        self._kept: dict[tuple[str | int, Direction], tuple[Mapping[str, Any], Validator]] = {}
        self._bundle = _Bundle(self._translations)

    def compile(self, schema: Mapping[str, Any], *, direction: Direction) -> Validator:
        """A validator of *schema*. Raises UnservableSchemaError, with a sentence, if it cannot be compiled.

        Patterns run on a linear-time engine: a pattern with look-around or back-references does not compile.
        """
        reference = schema.get("$ref")
        if not isinstance(reference, str) and not self._keep:
            return self._compile(schema, direction)
        key = (reference if isinstance(reference, str) else id(schema), direction)
        if key not in self._kept:
            self._kept[key] = schema, self._compile(schema, direction)  # with the schema, or its id could be another's
        return self._kept[key][1]

    def _compile(self, schema: Mapping[str, Any], direction: Direction) -> Validator:
        definition = self._definition(schema, direction)
        _compile_alone(definition)
        needed = self._translations.reachable(definition.needs, most=_FEW)
        if len(needed) <= _FEW:
            return _plain_validator(_compile(self._with(definition, needed)))
        if self._bundle.is_finished:
            self._bundle = _Bundle(self._translations)
        return self._bundle.add(definition)

    def finish(self) -> None:
        """Compile the shared bundle; otherwise the first use does it."""
        self._bundle.finish()

    def translate(self, schema: Mapping[str, Any], *, direction: Direction) -> dict[str, Any]:
        """*schema* as JSON Schema 2020-12, with everything that it leads to under `$defs`, as `request.<name>`.

        Raises UnservableSchemaError.
        """
        definition = self._definition(schema, direction)
        return self._with(definition, self._translations.reachable(definition.needs))

    def _with(self, definition: Definition, needed: set[str]) -> dict[str, Any]:
        return {**definition.schema, "$defs": {name: self._translations.definitions[name].schema for name in needed}}

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """*schema*, or what it refers to in the end. Raises UnresolvedReferenceError."""
        return self._references.follow(schema)

    def _definition(self, schema: Mapping[str, Any], direction: Direction) -> Definition:
        """*schema* translated. Raises UnservableSchemaError, also if a schema that it leads to cannot be compiled."""
        definition = self._translations.translate(schema, Use(direction))
        further = self._translations.reachable(definition.needs, known=self._sound)
        for name in further:
            found = self._translations.definitions[name]
            if found.error is not None:
                raise found.error.with_traceback(None)  # which would keep the frames of each time before
            _compile_alone(found)  # each separately, to know which one does not compile
        self._sound |= further
        return definition


class _Bundle:
    """Schemas that are compiled together with everything that they lead to, once.

    Each is a property of one closed object, so a value is checked as the only property of an object.
    """

    def __init__(self, translations: Translations) -> None:
        self._translations = translations
        self._members: list[tuple[Validator, Definition]] = []
        self.is_finished = False

    def add(self, definition: Definition) -> Validator:
        """A validator that compiles the bundle when it is first used."""
        validator = Validator()

        def is_valid(value: Any) -> bool:
            self.finish()
            return validator.is_valid(value)

        def iter_errors(value: Any) -> Iterable[Failure]:
            self.finish()
            return validator.iter_errors(value)

        validator.is_valid, validator.iter_errors = is_valid, iter_errors
        self._members.append((validator, definition))
        return validator

    def finish(self) -> None:
        """Compile the bundle, and let its validators use it."""
        if self.is_finished or not self._members:
            return
        needed = self._translations.reachable(name for _, each in self._members for name in each.needs)
        compiled = _compile({
            "properties": {str(number): definition.schema for number, (_, definition) in enumerate(self._members)},
            "additionalProperties": False,
            "$defs": {name: self._translations.definitions[name].schema for name in needed},
        })  # fmt: skip
        for number, (validator, _) in enumerate(self._members):
            _share(validator, compiled, str(number))
        self.is_finished = True
        self._members.clear()


def _share(validator: Validator, compiled: jsonschema_rs.Validator, key: str) -> None:
    """Let *validator* check the property *key* with *compiled*."""
    is_valid, iter_errors = compiled.is_valid, compiled.iter_errors

    def errors(value: Any) -> Iterator[Failure]:
        for error in iter_errors({key: value}):
            yield _Inner(error.instance_path[1:], error.schema_path[2:], error.kind)

    validator.is_valid = lambda value: is_valid({key: value})
    validator.iter_errors = errors


def _plain_validator(compiled: jsonschema_rs.Validator) -> Validator:
    validator = Validator()
    validator.is_valid, validator.iter_errors = compiled.is_valid, compiled.iter_errors
    return validator


def _compile_alone(definition: Definition) -> jsonschema_rs.Validator:
    """A validator of *definition* in which every value fits the schemas that it refers to."""
    return _compile({**definition.schema, "$defs": {name: {} for name in definition.needs}})


def _compile(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, formats=dict(FORMATS), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except _ERRORS as error:
        raise UnservableSchemaError(str(error).partition("\n")[0]) from error
