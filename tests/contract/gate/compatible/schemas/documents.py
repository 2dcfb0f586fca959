"""Schemas in contracts of their own, and their comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickbox_contract.gate.compatible.schemas import JSON, Direction, SchemaComparison, Verdict
from tickbox_contract.gate.compatible.schemas.meanings import Meaning
from tickbox_contract.gate.compatible.schemas.readers import MeaningReader
from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node

AT = ("components", "schemas", "Root")


def contract_of(schema: Any, *, version: str = "3.0.4") -> Contract:
    """A contract with *schema* as the component Root, or with the components that it has as `schemas`."""
    has_more = isinstance(schema, dict) and "schemas" in schema
    schemas = schema["schemas"] if has_more else {"Root": schema}
    return Contract(b"", {"openapi": version, "paths": {}, "components": {"schemas": schemas}})


def compared(old: Any, new: Any, direction: Direction = "request", *, version: str = "3.0.4") -> Verdict:
    """The verdict about *new* for the clients of *old*."""
    before, after = contract_of(old, version=version), contract_of(new, version=version)
    return SchemaComparison(before, after).compare(_root(before), _root(after), direction=direction)


def meaning_of(schema: Any, direction: Direction = "request", *, version: str = "3.0.4") -> Meaning:
    """What *schema* means."""
    contract = contract_of(schema, version=version)
    return MeaningReader(contract.references, contract.compiler.compositions, direction).read(_root(contract))


def is_accepted(schema: Any, value: JSON) -> bool:
    """Whether the server that serves *schema* accepts *value* in a request."""
    contract = contract_of(schema)
    return contract.compiler.compile(_root(contract).value, direction="request").is_valid(value)


def _root(contract: Contract) -> Node:
    schemas: Mapping[str, Any] = contract.root["components"]["schemas"]
    return Node(AT, schemas["Root"])
