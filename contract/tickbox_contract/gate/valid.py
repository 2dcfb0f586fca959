"""Stage `valid`: whether it is OpenAPI, its schemas can be compiled and met, and its examples fit them."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.objects import reference_to
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.rules import Hit, rules_of
from tickbox_contract.openapi.schemas import UnservableSchemaError
from tickbox_contract.openapi.uses import NESTED, SchemaUse

from .contracts import Contract
from .examples import unfit_examples
from .impossible import impossible_schemas


def _unique_tags(contract: Contract) -> Iterator[Hit]:
    seen: set[str] = set()
    for tag in contract.node.items("tags"):
        name = str(tag.get("name"))
        if name in seen:
            yield Hit(tag.pointer, f"the tag {name!r} is declared twice")
        seen.add(name)


def _schemas(contract: Contract) -> Iterator[Hit]:
    """Each schema without those in it, which are checked separately."""
    for use in contract.schemas:
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
        names = contract.compiler.compositions.divided(use.node.value)
    except UnresolvedReferenceError:
        return  # the rule `resolving-ref` has it
    for name in names if "$ref" not in use.node.value else ():
        yield Hit(use.node.pointer, f"several parts declare properties of {name!r}: let one of them declare all")


RULES = rules_of("valid", (
    servable.WELL_FORMED,
    servable.UNIQUE_KEY,
    servable.RESOLVING_REF,
    servable.UNIQUE_OPERATION_ID,
    servable.PATH_PARAMETERS,
    servable.UNIQUE_PARAMETER,
    ("unique-tag", "OpenAPI 3.0.4, OpenAPI Object", _unique_tags,
     "A tag has one description."),
    servable.SECURITY_SCHEME,
    ("compiling-schema", "JSON Schema 2020-12", _schemas,
     "A schema that does not compile checks nothing. Patterns must run in linear time, discriminators must select."),
    ("possible-schema", "JSON Schema 2020-12", impossible_schemas,
     "If no value fits a schema, nothing can be sent or returned. A schema with itself among its parts never ends."),
    ("fitting-example", "ours", unfit_examples,
     "People copy examples, and mocks return them: each fits its schema, as a request or as a response."),
))  # fmt: skip
