"""Examples and defaults: whether each fits its schema, as a request or as a response."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer, reference_to
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import Direction, UnservableSchemaError

from .contracts import Contract
from .findings import NotCheckableError

ONE_WAY = {"readOnly", "writeOnly"}


class Example(NamedTuple):
    """A value in the contract, and the schema that it must fit."""

    pointer: Pointer
    value: Any
    schema: Node
    direction: Direction


def unfit_examples(contract: Contract) -> Iterator[Hit]:
    """Each fault of an example. Raises NotCheckableError if a schema is in another file."""
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
    if left_out and any(broken.why == "outside" for broken in contract.references.broken):
        raise NotCheckableError("a $ref in a schema leads out of the file")


def _misfits(contract: Contract, examples: list[Example], direction: Direction) -> Iterator[Hit]:
    """Check all with one validator: each would have all that its schema refers to, which may be most of the contract.

    Raises UnservableSchemaError if one of the schemas does not compile.
    """
    schemas = {str(i): _whole(example.schema) for i, example in enumerate(examples)}
    validator = contract.compiler.compile({"properties": schemas}, direction=direction)
    errors = validator.iter_errors({str(i): example.value for i, example in enumerate(examples)})
    for name, alike in itertools.groupby(errors, key=lambda error: str(error.instance_path[0])):
        for fault in schema_faults(alike):
            place = fault.place.removeprefix(f"#/{name}")
            yield Hit(examples[int(name)].pointer, f"{place or 'the value'}: {fault.detail}")


def _whole(schema: Node) -> dict[str, Any]:
    """*schema* at its place, because what is derived from it depends on that; without `readOnly` and `writeOnly`."""
    if ONE_WAY & schema.value.keys():
        return {key: value for key, value in schema.value.items() if key not in ONE_WAY}
    return {"$ref": reference_to(schema.pointer)}


def _all_examples(contract: Contract) -> Iterator[Example]:
    """The examples of media types, parameters, headers and schemas; and defaults, which must fit as well."""
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
