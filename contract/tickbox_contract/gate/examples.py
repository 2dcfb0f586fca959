"""Examples and defaults: whether each fits its schema, as a request or as a response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.formats import FORMATS
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer, is_larger
from tickbox_contract.openapi.rules import MOST_HITS, Hit
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


_LEAST_WRITTEN = 20_000
"""How many schemas and examples a batch has at least, if there are so many."""
_LARGE = 10_000
"""How many values an example may have for all its errors to be collected."""
_Given = tuple[Example, dict[str, str]]
"""An example, and a reference to the definition of its schema."""


def unfit_examples(contract: Contract) -> Iterator[Hit]:
    """Each fault of an example. Every value fits a schema that cannot be found: the rule `resolving-ref` has it.

    A discriminator must not change what is valid (OpenAPI 3.0.4, "Discriminator Object"). So an example that fits a
    schema, but not the one that its discriminator selects, is a warning.
    """
    examples = tuple(all_examples(contract))
    plain = _faults(contract, examples, selects=False)
    is_selected = any("discriminator" in schema for schema in contract.references.schemas)
    selected = _faults(contract, examples, selects=True) if is_selected and len(plain) <= MOST_HITS else {}
    for pointer, messages in plain.items():
        yield from (Hit(pointer, message) for message in selected.get(pointer, messages))
    for pointer in (each for each in selected if each not in plain):
        for message in selected[pointer]:
            yield Hit(
                pointer, f"its discriminator selects a schema that it does not fit: {message}", severity="warning"
            )


def _faults(contract: Contract, examples: Sequence[Example], *, selects: bool) -> dict[Pointer, list[str]]:
    """What is wrong with each of *examples* that does not fit, as far as it can be listed."""
    found: dict[Pointer, list[str]] = {}
    names = frozenset(_names(example.value for example in examples))
    for direction in get_args(Direction):
        waiting = (example for example in examples if example.direction == direction)
        while batch := _batch(waiting, JsonSchemas(contract, direction, selects=selects, formats=True, names=names)):
            for example, message in _misfits(*batch):
                messages = found.setdefault(example.pointer, [])
                messages += [] if message in messages else [message]
                if len(found) > MOST_HITS:
                    return found
    return found


def _names(values: Iterable[Any]) -> set[str]:
    """The names of all properties in *values*."""
    names: set[str] = set()
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            names.update(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return names


def _batch(waiting: Iterator[Example], writer: JsonSchemas) -> tuple[list[_Given], dict[str, Any]] | None:
    """The next of *waiting*, and the definitions that their schemas lead to; None at the end.

    One validator for each would have all that its schema leads to, which may be most of the contract; and one for all
    would take a gigabyte. So if the first needs much, a batch may have as much again.
    """
    given: list[_Given] = []
    most = 0
    for example in waiting:
        given.append((example, writer.refer(example.schema)))
        most = most or max(_LEAST_WRITTEN, 2 * writer.written)
        if writer.written + len(given) >= most:
            break
    return (given, writer.definitions) if given else None


def _misfits(examples: list[_Given], definitions: Mapping[str, Any]) -> Iterator[tuple[Example, str]]:
    """What is wrong with each of *examples* that does not fit."""
    validator = jsonschema_rs.Draft202012Validator(
        {"properties": {str(i): schema for i, (_, schema) in enumerate(examples)}, "$defs": definitions},
        formats=dict(FORMATS),
        validate_formats=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(),
    )
    for i, (example, _) in enumerate(examples):
        for fault in schema_faults(_errors(validator, {str(i): example.value})):
            yield example, f"{fault.place.removeprefix(f'#/{i}') or 'the value'}: {fault.detail}"


def _errors(validator: jsonschema_rs.Draft202012Validator, value: Any) -> list[jsonschema_rs.ValidationError]:
    """What is wrong with *value*; of a large one only the first: to collect all takes the square of their number."""
    if validator.is_valid(value):
        return []
    if is_larger(value, _LARGE):
        try:
            validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            errors = [error]
    else:
        errors = list(validator.iter_errors(value))
    return [error for error in errors if not isinstance(error.kind, Kind.BacktrackLimitExceeded)]


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
