"""Examples and defaults: whether each fits its schema, as a request or as a response."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

import jsonschema_rs

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.formats import FORMATS
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import Direction

from .contracts import Contract
from .json_schemas import JsonSchemas
from .sent_texts import UNKNOWN, data_of


class Example(NamedTuple):
    """A value in the contract, and the schema that it must fit."""

    pointer: Pointer
    value: Any
    schema: Node
    direction: Direction


_Given = tuple[Example, dict[str, str]]
"""An example, and a reference to the definition of its schema."""


def unfit_examples(contract: Contract) -> Iterator[Hit]:
    """Each fault of an example. Every value fits a schema that cannot be found: the rule `resolving-ref` has it.

    A discriminator must not change what is valid (OpenAPI 3.0.4, "Discriminator Object"). So an example that fits a
    schema, but not the one that its discriminator selects, is a warning.
    """
    examples = list(all_examples(contract))
    plain = _faults(contract, examples, selects=False)
    is_selected = any("discriminator" in use.node.value for use in contract.written_schemas)
    selected = _faults(contract, examples, selects=True) if is_selected else {}
    for pointer, messages in plain.items():
        yield from (Hit(pointer, message) for message in selected.get(pointer, messages))
    for pointer in (each for each in selected if each not in plain):
        for message in selected[pointer]:
            yield Hit(
                pointer, f"its discriminator selects a schema that it does not fit: {message}", severity="warning"
            )


def _faults(contract: Contract, examples: list[Example], *, selects: bool) -> dict[Pointer, list[str]]:
    """What is wrong with each of *examples* that does not fit."""
    found: dict[Pointer, list[str]] = {}
    for direction in get_args(Direction):
        writer = JsonSchemas(contract, direction, selects=selects, formats=True)
        given = [(each, writer.refer(each.schema)) for each in examples if each.direction == direction]
        for example, message in _misfits(given, writer.definitions):
            messages = found.setdefault(example.pointer, [])
            messages += [] if message in messages else [message]
    return found


def _misfits(examples: list[_Given], definitions: Mapping[str, Any]) -> Iterator[tuple[Example, str]]:
    """Check all with one validator: each would have all that its schema leads to, which may be most of the contract."""
    validator = jsonschema_rs.Draft202012Validator(
        {"properties": {str(i): schema for i, (_, schema) in enumerate(examples)}, "$defs": definitions},
        formats=dict(FORMATS),
        validate_formats=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(),
    )
    errors = (
        error
        for error in validator.iter_errors({str(i): example.value for i, (example, _) in enumerate(examples)})
        if not isinstance(error.kind, jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded)
    )
    for name, alike in itertools.groupby(errors, key=lambda error: str(error.instance_path[0])):
        for fault in schema_faults(alike):
            place = fault.place.removeprefix(f"#/{name}")
            yield examples[int(name)][0], f"{place or 'the value'}: {fault.detail}"


def all_examples(contract: Contract) -> Iterator[Example]:
    """The examples of media types, parameters, headers and schemas; and defaults, which must fit as well."""
    for use in contract.written_schemas:
        if "$ref" in use.node.value and not contract.is_3_1:
            continue  # what is beside it is ignored: the rule `ignored-sibling` has it
        for word in ("example", "default"):
            if word in use.node.value:
                yield Example((*use.node.pointer, word), use.node.value[word], use.node, use.direction)
        for i, value in enumerate(_listed(use.node)):
            yield Example((*use.node.pointer, "examples", i), value, use.node, use.direction)
    for node, direction, _ in contract.written_messages:
        schema = contract.follow(node.at("schema"))
        for pointer, value in _beside(contract, node):
            data = data_of(contract, node, value)
            if data is not UNKNOWN:
                yield Example(pointer, data, schema, direction)


def _beside(contract: Contract, node: Node) -> Iterator[tuple[Pointer, Any]]:
    """The examples in *node*, a media type, a parameter or a header."""
    if "example" in node.value:
        yield (*node.pointer, "example"), node.value["example"]
    for given in node.members("examples").values():
        example = contract.follow(given)
        if "value" in example.value:
            yield (*example.pointer, "value"), example.value["value"]


def _listed(schema: Node) -> list[Any]:
    """The `examples` of a schema, which OpenAPI 3.1 has."""
    given = schema.get("examples")
    return given if isinstance(given, list) else []
