"""Examples and defaults: whether each fits its schema, as a request or as a response."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

import jsonschema_rs

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.formats import FORMATS
from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import Direction

from .contracts import Contract
from .json_schemas import JsonSchemas


class Example(NamedTuple):
    """A value in the contract, and the schema that it must fit."""

    pointer: Pointer
    value: Any
    schema: Node
    direction: Direction


_Given = tuple[Example, dict[str, str]]
"""An example, and a reference to the definition of its schema."""


def unfit_examples(contract: Contract) -> Iterator[Hit]:
    """Each fault of an example. Every value fits a schema that cannot be found: the rule `resolving-ref` has it."""
    examples = list(all_examples(contract))
    for direction in get_args(Direction):
        writer = JsonSchemas(contract, direction, selects=True)
        given = [(each, writer.refer(each.schema)) for each in examples if each.direction == direction]
        yield from _misfits(given, writer.definitions)


def _misfits(examples: list[_Given], definitions: Mapping[str, Any]) -> Iterator[Hit]:
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
            yield Hit(examples[int(name)][0].pointer, f"{place or 'the value'}: {fault.detail}")


def all_examples(contract: Contract) -> Iterator[Example]:
    """The examples of media types, parameters, headers and schemas; and defaults, which must fit as well."""
    for use in contract.schemas:
        for word in ("example", "default"):
            if word in use.node.value:
                yield Example((*use.node.pointer, word), use.node.value[word], use.node, use.direction)
        for i, value in enumerate(_listed(use.node)):
            yield Example((*use.node.pointer, "examples", i), value, use.node, use.direction)
    for node, direction, _ in contract.messages:
        schema = contract.follow(node.at("schema"))
        if "example" in node.value and not _is_written_out(node, node.value["example"]):
            yield Example((*node.pointer, "example"), node.value["example"], schema, direction)
        for given in node.members("examples").values():
            example = contract.follow(given)
            if "value" in example.value and not _is_written_out(node, example.value["value"]):
                yield Example((*example.pointer, "value"), example.value["value"], schema, direction)


def _listed(schema: Node) -> list[Any]:
    """The `examples` of a schema, which OpenAPI 3.1 has."""
    given = schema.get("examples")
    return given if isinstance(given, list) else []


def _is_written_out(node: Node, value: Any) -> bool:  # JSON
    """Whether *value* is a text of a media type that is not JSON, such as XML, instead of the data that it stands for.

    Source: OpenAPI 3.0.4, "Example Object", `value`.
    """
    is_media = len(node.pointer) > 1 and node.pointer[-2] == "content"
    return is_media and isinstance(value, str) and not is_json(str(node.pointer[-1]))
