"""Stage `style`: what the engine needs of schemas and examples, beyond what the specification says.

The engine closes responses, checks patterns in linear time, and lets a discriminator select one schema for each value.
"""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.objects import reference_to
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.rules import Hit, rules_of
from tickbox_contract.openapi.schemas import UnservableSchemaError
from tickbox_contract.openapi.uses import NESTED, SchemaUse

from .contracts import Contract
from .examples import all_examples


def _schemas(contract: Contract) -> Iterator[Hit]:
    """Each schema without those in it, which are checked separately. The engine reads OpenAPI 3.0 only."""
    for use in contract.schemas if not contract.is_3_1 else ():
        own = {key: value for key, value in use.node.value.items() if key not in NESTED}
        try:
            contract.compiler.compile(own, direction=use.direction)
        except UnservableSchemaError:
            yield Hit(use.node.pointer, "this schema does not compile to a validator that runs in linear time")
        if "discriminator" in use.node.value:
            yield from _selected(contract, use)
        if use.direction == "response" and use.role != "part":
            yield from _divided(contract, use)


def _selected(contract: Contract, use: SchemaUse) -> Iterator[Hit]:
    """A discriminator that can select nothing."""
    try:
        contract.compiler.compile({"$ref": reference_to(use.node.pointer)}, direction=use.direction)
    except UnservableSchemaError as error:
        if "discriminator" in str(error):  # otherwise it is about a selected schema, which is checked separately
            yield Hit(use.node.pointer, str(error))


def _divided(contract: Contract, use: SchemaUse) -> Iterator[Hit]:
    """Properties of which no part knows all: the engine would reject every response with their values."""
    try:
        names = contract.compositions.divided(use.node.value)
    except UnresolvedReferenceError:
        return  # the rule `resolving-ref` has it
    for name in names if "$ref" not in use.node.value else ():
        yield Hit(use.node.pointer, f"several parts declare properties of {name!r}: let one of them declare all")


def _examples(contract: Contract) -> Iterator[Hit]:
    """Names in the examples of responses that no schema declares."""
    for example in all_examples(contract) if not contract.is_3_1 else ():
        if example.direction == "response":
            try:
                schema = {"$ref": reference_to(example.schema.pointer)}
                errors = contract.compiler.compile(schema, direction="response").iter_errors(example.value)
            except UnservableSchemaError:
                continue  # the rule `servable-schema` has it
            for fault in schema_faults(errors):
                if fault.code == "unknown":
                    yield Hit(example.pointer, f"{fault.place.removeprefix('#')}: {fault.detail}")


RULES = rules_of("style", (
    ("servable-schema", "ours", _schemas,
     "The engine checks patterns in linear time, closes responses, and lets a discriminator select one schema."),
    ("declared-example", "ours", _examples,
     "The engine does not return a property that the contract does not declare: an example does not show one."),
))  # fmt: skip
