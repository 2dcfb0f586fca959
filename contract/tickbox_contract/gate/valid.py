"""Stage `valid`: it is OpenAPI, its schemas can be met, and its examples fit them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from jsonschema_rs import canonical

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.forms import form_faults
from tickbox_contract.openapi.objects import COMPOSITES, reference_to
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.schemas import Direction, UnservableSchemaError

from .contracts import NESTED, Contract, Node, SchemaUse
from .findings import Hit, NotCheckableError, Pointer, rules_of

_IN_BRACES = re.compile(r"\{([^{}]*)\}")


class Example(NamedTuple):
    """A value that stands in the contract, and the schema that it must fit."""

    pointer: Pointer
    value: Any
    schema: Node
    direction: Direction


def _form(contract: Contract) -> Iterator[Hit]:
    yield from (Hit(pointer, message) for pointer, message in form_faults(contract.resolver))


def _keys(contract: Contract) -> Iterator[Hit]:
    for pointer in contract.places.repeated_keys():
        yield Hit(pointer, f"{pointer[-1]} is given before, and that is not read")


def _references(contract: Contract) -> Iterator[Hit]:
    """The rule `one-file` has what leads out of the file, the rule `possible-schema` what has itself as a part."""
    for pointer, message, why in contract.resolver.broken:
        if why not in {"outside", "endless"}:
            yield Hit(pointer, message)


def _unique_ids(contract: Contract) -> Iterator[Hit]:
    seen: set[str] = set()
    for operation in contract.operations:
        given = operation.node.get("operationId")
        if given in seen:
            yield Hit((*operation.node.pointer, "operationId"), f"the operationId {given!r} is given before")
        elif given is not None:
            seen.add(given)


def _path_parameters(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if not all("in" in parameter.value for parameter in operation.parameters):
            continue  # the rule `resolving-ref` has it
        names = _IN_BRACES.findall(operation.path)
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Hit(operation.node.pointer, f"the path of {operation.name} has the parameter {name} twice")
        wanted = set(names)
        declared = {str(parameter.get("name")) for parameter in operation.parameters if parameter.get("in") == "path"}
        for name in sorted(wanted - declared):
            yield Hit(operation.node.pointer, f"{operation.name} does not declare the path parameter {name}")
        for name in sorted(declared - wanted):
            yield Hit(operation.node.pointer, f"{operation.name} declares {name}, which is not in its path")


def _unique_parameters(contract: Contract) -> Iterator[Hit]:
    paths = [contract.follow(path) for path in contract.paths.values()]
    for holder in (*paths, *(operation.node for operation in contract.operations)):
        seen: set[tuple[str, str]] = set()
        for given in holder.items("parameters"):
            node = contract.follow(given)
            key = str(node.get("name")), str(node.get("in"))
            if key in seen and node.value:
                yield Hit(given.pointer, f"the parameter {key[0]} in {key[1]} is given before")
            seen.add(key)


def _unique_tags(contract: Contract) -> Iterator[Hit]:
    seen: set[str] = set()
    for tag in contract.root.items("tags"):
        name = str(tag.get("name"))
        if name in seen:
            yield Hit(tag.pointer, f"the tag {name} is given before")
        seen.add(name)


def _security(contract: Contract) -> Iterator[Hit]:
    known = contract.root.at("components").members("securitySchemes").keys()
    for place in (contract.root, *(operation.node for operation in contract.operations)):
        for requirement in place.items("security"):
            for name in requirement.value.keys() - known:
                yield Hit((*requirement.pointer, name), f"there is no security scheme {name}")


def _schemas(contract: Contract) -> Iterator[Hit]:
    """Each without those in it, which are looked at for themselves."""
    for use in contract.schemas:
        own = {key: value for key, value in use.node.value.items() if key not in NESTED}
        try:
            contract.compiler.compile(own, direction=use.direction)
        except UnservableSchemaError:
            yield Hit(use.node.pointer, "no validator that runs in linear time takes this schema")
        if "discriminator" in use.node.value:
            yield from _selected(contract, use)
        if use.direction == "response" and use.role != "part":
            yield from _divided(contract, use)


def _selected(contract: Contract, use: SchemaUse) -> Iterator[Hit]:
    """What a discriminator selects, where nothing could be."""
    try:
        contract.compiler.compile({"$ref": reference_to(use.node.pointer)}, direction=use.direction)
    except UnservableSchemaError as error:
        if "discriminator" in str(error):  # else it is about what is selected, which is looked at for itself
            yield Hit(use.node.pointer, str(error))


def _divided(contract: Contract, use: SchemaUse) -> Iterator[Hit]:
    """Properties of which no part knows all: the engine would let none of their values leave."""
    try:
        names = contract.compiler.compositions.divided(use.node.value)
    except UnresolvedReferenceError:
        return  # the rule `resolving-ref` has it
    for name in names if "$ref" not in use.node.value else ():
        yield Hit(use.node.pointer, f"several parts declare properties of {name!r}: let one of them declare all")


def _impossible(contract: Contract) -> Iterator[Hit]:
    """A part of a composition is no value by itself; the whole is looked at, where it is not too large."""
    for use in contract.schemas:
        if use.role != "part" and "$ref" not in use.node.value:
            try:
                own = contract.compiler.translate(_own(contract, use.node, (), _Room()), direction=use.direction)
                is_impossible = "" in canonical.find_unsatisfiable(own, offline=True)
            except _EndlessError:
                yield Hit(use.node.pointer, "this schema has itself among its parts")
                continue
            except _TooLargeError:
                continue  # without a part, what is left would say something else
            except (canonical.CanonicalizationError, UnservableSchemaError):
                continue  # the rule `compiling-schema` has it
            if is_impossible:
                yield Hit(use.node.pointer, f"no value fits this schema in {_IN[use.direction]}")


class _EndlessError(Exception):
    """A schema is a part of itself, or has a part that is."""


class _TooLargeError(Exception):
    """A schema unfolds to more parts than there is time for."""


@dataclass(slots=True)
class _Room:
    """How many parts may still come."""

    parts: int = 200

    def take(self) -> None:
        """Room for one. Raises _TooLargeError."""
        if not self.parts:
            raise _TooLargeError
        self.parts -= 1


def _own(contract: Contract, given: Node, within: tuple[Pointer, ...], room: _Room) -> dict[str, Any]:
    """A schema with its parts, but without those of the values in it, which are looked at for themselves.

    Raises _EndlessError, _TooLargeError.
    """
    room.take()
    node = contract.follow(given)
    if node.pointer in within:
        raise _EndlessError
    inner = (*within, node.pointer)
    own = {key: value for key, value in node.value.items() if key not in NESTED}
    own |= {
        key: [_own(contract, part, inner, room) for part in node.items(key)] for key in COMPOSITES if key in node.value
    }
    if "not" in node.value:
        own["not"] = _own(contract, node.at("not"), inner, room)
    if node.get("additionalProperties") is False:
        own["additionalProperties"] = False
    names = node.members("properties")
    if names:  # whether one may be sent or answered is the object's business
        own["properties"] = {name: {w: sub.get(w) for w in _ONE_WAY & sub.value.keys()} for name, sub in names.items()}
    return own


def _examples(contract: Contract) -> Iterator[Hit]:
    examples = list(_all_examples(contract))
    left_out = False
    for direction in get_args(Direction):
        open_parts = [[example for example in examples if example.direction == direction]]
        while open_parts:
            part = open_parts.pop()
            try:
                yield from _misfits(contract, part, direction)
            except UnservableSchemaError:
                if len(part) > 1:
                    open_parts += [part[: len(part) // 2], part[len(part) // 2 :]]
                else:  # the rules `compiling-schema`, `possible-schema`, `resolving-ref` or `one-file` have it
                    left_out = True
    if left_out and any(broken.why == "outside" for broken in contract.resolver.broken):
        raise NotCheckableError("a $ref in a schema leads out of the file")


def _misfits(contract: Contract, examples: list[Example], direction: Direction) -> Iterator[Hit]:
    """All by one validator: each would hold all that its schema leads to, which may be most of the contract.

    Raises what the compiler does where it does not take one of the schemas.
    """
    schemas = {str(i): _whole(example.schema) for i, example in enumerate(examples)}
    validator = contract.compiler.compile({"properties": schemas}, direction=direction)
    errors = validator.iter_errors({str(i): example.value for i, example in enumerate(examples)})
    for name, alike in itertools.groupby(errors, key=lambda error: str(error.instance_path[0])):
        for fault in schema_faults(alike):
            place = fault.place.removeprefix(f"#/{name}")
            yield Hit(examples[int(name)].pointer, f"{place or 'the value'}: {fault.detail}")


def _whole(schema: Node) -> dict[str, Any]:
    """*schema* where it stands, as what is derived from it depends on that; whoever sees a value may see it."""
    if _ONE_WAY & schema.value.keys():
        return {key: value for key, value in schema.value.items() if key not in _ONE_WAY}
    return {"$ref": reference_to(schema.pointer)}


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
_IN = {"request": "a request", "response": "a response"}

RULES = rules_of("valid", (
    ("well-formed", "OpenAPI 3.0 schema", _form,
     "Every tool starts from the form that OpenAPI prescribes; so do the other rules, which wait until it is right."),
    ("unique-key", "YAML 1.2, 3.2.1.3", _keys,
     "Of a key that is given twice only one is read, and nobody sees which."),
    ("resolving-ref", "OpenAPI 3.0.4, Reference Object", _references,
     "A `$ref` that leads nowhere says nothing."),
    ("unique-operation-id", "OpenAPI 3.0.4, Operation Object", _unique_ids,
     "An operationId is the name of one function, whoever makes it."),
    ("path-parameters", "OpenAPI 3.0.4, Path Templating", _path_parameters,
     "Each name in the braces of a path is a parameter of each of its operations, and there are no others."),
    ("unique-parameter", "OpenAPI 3.0.4, Operation Object", _unique_parameters,
     "Of two parameters of one name and place nobody knows which is meant. An operation may replace its path's."),
    ("unique-tag", "OpenAPI 3.0.4, OpenAPI Object", _unique_tags,
     "A tag has one description."),
    ("security-scheme", "OpenAPI 3.0.4, Security Requirement Object", _security,
     "A requirement that names no scheme guards nothing, or everything."),
    ("compiling-schema", "JSON Schema 2020-12", _schemas,
     "A schema that no validator takes checks nothing. Patterns run in linear time, discriminators select."),
    ("possible-schema", "JSON Schema 2020-12", _impossible,
     "What no value fits can be neither sent nor answered. No validator comes to an end with a part of itself."),
    ("fitting-example", "ours", _examples,
     "People copy examples and mocks answer them: each fits its schema, as a request or as a response."),
))  # fmt: skip
FORM = RULES[0]
