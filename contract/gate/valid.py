"""Stage `valid`: it is OpenAPI, its schemas can be met, and its examples fit them."""

from __future__ import annotations

import itertools
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
from contract.schemas import COMPOSITES, Direction

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
        name = fault.place.rpartition("/")[2]
        if fault.code in {"required", "unknown"}:
            yield Hit((*error.instance_path, name), f"{name}: {fault.detail}")
        else:
            yield Hit(tuple(error.instance_path), fault.detail)


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
    except (KeyError, RecursionError) as error:
        raise NotCheckableError("openapi-spec-validator gives up: on a $ref, or a schema in itself") from error
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
        if use.role != "part" and "$ref" not in use.node.value:
            own = contract.compiler.translate(_own(contract, use.node, ()), direction=use.direction)
            try:
                is_impossible = "" in canonical.find_unsatisfiable(own, offline=True)
            except (canonical.CanonicalizationError, jsonschema_rs.ValidationError):
                continue  # the rule `compiling-schema` has it
            if is_impossible:
                yield Hit(use.node.pointer, f"no value fits this schema in {_IN[use.direction]}")


def _own(contract: Contract, given: Node, within: tuple[Pointer, ...]) -> dict[str, Any]:
    """A schema with its parts, but without those of the values in it, which are looked at for themselves."""
    node = contract.follow(given)
    if node.pointer in within or len(within) > _MAX_PARTS:
        return {}
    inner = (*within, node.pointer)
    own = {key: value for key, value in node.value.items() if key not in NESTED}
    own |= {key: [_own(contract, part, inner) for part in node.items(key)] for key in COMPOSITES if key in node.value}
    if "not" in node.value:
        own["not"] = _own(contract, node.at("not"), inner)
    if node.get("additionalProperties") is False:
        own["additionalProperties"] = False
    names = node.members("properties")
    if names:  # whether one may be sent or answered is the object's business
        own["properties"] = {name: {w: sub.get(w) for w in _ONE_WAY & sub.value.keys()} for name, sub in names.items()}
    return own


def _examples(contract: Contract) -> Iterator[Hit]:
    """By schema: its validator holds all that the schema leads to, and goes when its examples are done."""
    examples = sorted(_all_examples(contract), key=_schema_of)
    for _, alike in itertools.groupby(examples, key=_schema_of):
        first, *others = alike
        try:
            validator = contract.compiler.compile(first.schema.value, direction=first.direction)
        except _COMPILE_ERRORS:
            continue  # the rules `compiling-schema` and `resolving-ref` have it
        for example in (first, *others):
            for fault in schema_faults(validator.iter_errors(example.value)):
                yield Hit(example.pointer, f"{fault.place.removeprefix('#') or 'the value'}: {fault.detail}")


def _schema_of(example: Example) -> tuple[str, Direction]:
    return str(example.schema.pointer), example.direction


def _all_examples(contract: Contract) -> Iterator[Example]:
    """Those of media types, parameters, headers and schemas; and defaults, which must fit as well."""
    for use in contract.schemas:
        for word in ("example", "default"):
            if word in use.node.value:
                yield Example((*use.node.pointer, word), use.node.value[word], use.node, use.direction)
    for node, direction, _ in contract.messages:
        schema = contract.follow(node.at("schema"))
        if "example" in node.value:
            yield Example((*node.pointer, "example"), node.value["example"], schema, direction)
        for given in node.members("examples").values():
            example = contract.follow(given)
            if "value" in example.value:
                yield Example((*example.pointer, "value"), example.value["value"], schema, direction)


_ONE_WAY = {"readOnly", "writeOnly"}
_MAX_PARTS = 5
"""How deep parts of parts are looked at: they may unfold to more than there is time for."""
_IN = {"request": "a request", "answer": "an answer"}
_KIND_OF_PARENT: dict[str | int, str] = {
    **dict.fromkeys(("properties", "schemas", "allOf", "anyOf", "oneOf"), "schemas"),
    **{kind: kind for kind in ("parameters", "responses", "headers", "examples", "requestBodies")},
}
_KIND_OF_KEY: dict[str | int, str] = {
    **dict.fromkeys(("schema", "items", "additionalProperties", "not"), "schemas"),
    "requestBody": "requestBodies",
}

RULES = rules_of("valid", (
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
FORM = RULES[0]
