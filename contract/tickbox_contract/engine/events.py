"""Events: facts that an application records rather than returns, described by the contract and checked like responses.

The contract lists them under its components, by type: `x-events: {<type>: {description, payload: <schema>}}`. An
operation lists the types that it writes, `x-events: [<type>, ...]`: the rule `known-events` compares both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.schemas import SchemaCompiler, UnservableSchemaError, Validator
from tickbox_contract.openapi.servable import EVENTS

from .mismatches import ContractMismatchError, Mismatch
from .payloads import encode_json
from .violations import ContractViolation, ResponseCheck, violation_reporter


@dataclass(frozen=True, slots=True)
class CompiledEvents:
    """The types of events, each with what checks its payload."""

    _checks: Mapping[str, tuple[Validator, ContractViolation]]

    def __call__(self, kind: str, payload: Any) -> str:
        """The payload, plain data, of an event of a type as JSON text, checked. Raises NonConformingResponseError."""
        return encode_json(payload, *self._checks[kind]).decode()

    def fits(self, kind: str, encoded: str) -> bool:
        """Whether the payload of an event that was recorded earlier is as the contract describes it now."""
        return kind in self._checks and self._checks[kind][0].is_valid(orjson.loads(encoded))


def compile_events(
    document: Document, *, known: Collection[str], response_check: ResponseCheck = "enforce"
) -> CompiledEvents:
    """The events that *document* describes.

    *known* are the types that the application records: they must be those of *document*, otherwise
    ContractMismatchError names each that is not in both.
    """
    described = document.node.at("components", EVENTS)
    mismatches = [
        Mismatch(f"{EVENTS}: the application records no {kind!r}", (*described.pointer, kind))
        for kind in described.value
        if kind not in known
    ]
    mismatches += [
        Mismatch(f"{EVENTS}: {k!r} is not described", described.pointer) for k in known if k not in described.value
    ]
    schemas = SchemaCompiler(document.references)
    checks = {}
    for kind, node in described.value.items():
        violation = violation_reporter("event", response_check, event_type=kind)
        try:
            checks[kind] = schemas.compile(node["payload"], direction="response"), violation
        except (KeyError, UnservableSchemaError) as error:
            text = f"{EVENTS}: the payload of {kind!r} does not compile: {error}"
            mismatches.append(Mismatch(text, (*described.pointer, kind)))
    if mismatches:
        raise ContractMismatchError(document, mismatches)
    return CompiledEvents(checks)
