"""Stage `valid`: it is OpenAPI, its schemas can be met, and its examples fit them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind
from jsonschema_rs import canonical
from openapi_spec_validator import OpenAPIV30SpecValidator
from openapi_spec_validator.schemas import schema_v30
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from contract.faults import schema_faults
from contract.schemas import Direction, Validator

from .contracts import NESTED, Contract, Node
from .findings import Hit, NotCheckableError, Pointer, rules_of

_COMPILE_ERRORS = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError)
_QUOTED = re.compile(r"'([^']*)'")


class Example(NamedTuple):
    """A value that stands in the contract, and the schema that it must fit."""

    pointer: Pointer
    value: Any
    schema: Node
    direction: Direction


def _form(contract: Contract) -> Iterator[Hit]:
    for error in jsonschema_rs.validator_for(dict(schema_v30)).iter_errors(contract.data):
        yield from _innermost(error)


def _innermost(error: jsonschema_rs.ValidationError) -> Iterator[Hit]:
    """What is really wrong where several alternatives fail: the fault of the one that was meant."""
    if isinstance(error.kind, Kind.OneOfNotValid | Kind.AnyOf):
        meant = [branch for branch in error.kind.context if not _is_about(branch, Kind.Required, "$ref")]
        if len(meant) > 1:
            meant = [branch for branch in meant if not _is_about(branch, Kind.Enum)]
        if len(meant) == 1:
            for inner in meant[0]:
                yield from _innermost(inner)
            return
    for fault in schema_faults([error]):
        named = fault.place.rpartition("/")[2] if fault.code in {"required", "unknown"} else ""
        yield Hit(tuple(error.instance_path), f"{named}: {fault.detail}" if named else fault.detail)


def _is_about(errors: Iterable[jsonschema_rs.ValidationError], kind: type, name: str | None = None) -> bool:
    return any(isinstance(e.kind, kind) and (name is None or getattr(e.kind, "property", None) == name) for e in errors)


def _keys(contract: Contract) -> Iterator[Hit]:
    for pointer in contract.places.repeated_keys():
        yield Hit(pointer, f"{pointer[-1]} is given before, and that is not read")


def _references(contract: Contract) -> Iterator[Hit]:
    for node in contract.references():
        reference = node.value["$ref"]
        target, wanted = contract.target(node), _kind(node.pointer)
        if not reference.startswith("#"):
            continue  # the rule `one-file` has it
        if target is None:
            yield Hit(node.pointer, f"{reference} leads nowhere")
        elif wanted and target.pointer[0] == "components" and target.pointer[1] != wanted:
            yield Hit(node.pointer, f"{reference} is none of the {wanted}, one of which belongs here")


def _kind(pointer: Pointer) -> str:
    """The kind of component that belongs where a `$ref` stands; empty where that is not known."""
    *_, parent, key = ("", "", *pointer)
    return _KIND_OF_PARENT.get(parent) or _KIND_OF_KEY.get(key, "")


def _sense(contract: Contract) -> Iterator[Hit]:
    """What openapi-spec-validator checks beyond the form. It would fetch what is in other files, so these are left."""
    if any(contract.target(node) is None for node in contract.references()):
        raise NotCheckableError("a $ref leads nowhere, or out of the file")
    validator = OpenAPIV30SpecValidator(dict(contract.data))
    try:
        errors = list(validator.root_validator(validator.schema_path))
    except RecursionError as error:
        raise NotCheckableError("openapi-spec-validator does not end on schemas that contain themselves so") from error
    for found in errors:
        if isinstance(found, OpenAPIValidationError):  # others are defaults, which the rule `fitting-example` has
            yield Hit(_named_in(contract, found.message), found.message)


def _named_in(contract: Contract, message: str) -> Pointer:
    """The operation that *message* names, as openapi-spec-validator says no place: "... for 'get' in '/tasks' ..."."""
    named = _QUOTED.findall(message)
    found = [o.node.pointer for o in contract.operations if o.path in named and o.method in named]
    return found[0] if found else ("paths",)


def _schemas(contract: Contract) -> Iterator[Hit]:
    """Each without those in it, which are looked at for themselves."""
    for use in contract.schemas:
        own = {key: value for key, value in use.node.value.items() if key not in NESTED}
        try:
            contract.compiler.compile(own, direction=use.direction)
        except jsonschema_rs.ValidationError:
            yield Hit(use.node.pointer, "no validator that runs in linear time takes this schema")


def _impossible(contract: Contract) -> Iterator[Hit]:
    """A part of a composition is no value by itself; the whole is looked at."""
    for use in contract.schemas:
        if use.role == "part":
            continue
        schema = contract.compiler.translate(use.node.value, direction=use.direction)
        try:
            found = canonical.find_unsatisfiable(schema, offline=True)
        except (canonical.CanonicalizationError, *_COMPILE_ERRORS):
            continue  # the rule `compiling-schema` has it
        # Only of this schema: what it refers to is looked at for itself. `false` is how a closed object is written.
        if "" in found and not isinstance(found[""], canonical.UnsatisfiableReason.Literal):
            yield Hit(use.node.pointer, f"no value fits this schema in {_IN[use.direction]}")


def _examples(contract: Contract) -> Iterator[Hit]:
    validators: dict[tuple[Pointer, Direction], Validator | None] = {}
    for example in _all_examples(contract):
        key = example.schema.pointer, example.direction
        if key not in validators:
            validators[key] = _validator(contract, example)
        validator = validators[key]
        faults = schema_faults(validator.iter_errors(example.value)) if validator else []
        for fault in faults:
            yield Hit(example.pointer, f"{fault.place.removeprefix('#') or 'the value'}: {fault.detail}")


def _validator(contract: Contract, example: Example) -> Validator | None:
    try:
        return contract.compiler.compile(example.schema.value, direction=example.direction)
    except _COMPILE_ERRORS:
        return None  # the rule `compiling-schema` has it


def _all_examples(contract: Contract) -> Iterator[Example]:
    """Those of media types, parameters, headers and schemas; and defaults, which must fit as well."""
    for use in contract.schemas:
        for word in ("example", "default"):
            if word in use.node.value:
                yield Example((*use.node.pointer, word), use.node.value[word], use.node, use.direction)
    for node, direction, _ in contract.messages:
        if "example" in node.value:
            yield Example((*node.pointer, "example"), node.value["example"], node.at("schema"), direction)
        for given in node.members("examples").values():
            example = contract.follow(given)
            if "value" in example.value:
                yield Example((*example.pointer, "value"), example.value["value"], node.at("schema"), direction)


_IN = {"request": "a request", "answer": "an answer"}
_KIND_OF_PARENT: dict[str | int, str] = {
    **dict.fromkeys(("properties", "schemas", "allOf", "anyOf", "oneOf"), "schemas"),
    **{kind: kind for kind in ("parameters", "responses", "headers", "examples", "requestBodies")},
}
_KIND_OF_KEY: dict[str | int, str] = {
    **dict.fromkeys(("schema", "items", "additionalProperties", "not"), "schemas"),
    "requestBody": "requestBodies",
}

FORM, *_OTHERS = RULES = rules_of("valid", (
    ("well-formed", "OpenAPI 3.0 schema, openapi-spec-validator", _form,
     "Every tool starts from the form that OpenAPI prescribes; so do the other rules, which wait until it is right."),
    ("unique-key", "YAML 1.2, 3.2.1.3", _keys,
     "Of a key that is given twice only one is read, and nobody sees which."),
    ("resolving-ref", "OpenAPI 3.0.4, Reference Object", _references,
     "A `$ref` that leads nowhere says nothing."),
    ("consistent", "openapi-spec-validator", _sense,
     "Paths agree with their parameters; operationIds, parameters and tags are given once."),
    ("compiling-schema", "JSON Schema 2020-12", _schemas,
     "A schema that no validator takes checks nothing. Patterns have no look-around: they must run in linear time."),
    ("possible-schema", "JSON Schema 2020-12", _impossible,
     "What no value fits can be neither sent nor answered."),
    ("fitting-example", "ours", _examples,
     "People copy examples and mocks answer them: each fits its schema, as a request or as an answer."),
))  # fmt: skip
