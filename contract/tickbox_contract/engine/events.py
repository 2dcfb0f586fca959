"""Events: facts that an application records rather than returns, described by the contract and checked like responses.

The contract lists them under its components, by type: `x-events: {<type>: {description, payload: <schema>}}`. An
operation lists the types that it writes, `x-events: [<type>, ...]`: the rule `known-events` compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.schemas import SchemaCompiler, UnservableSchemaError
from tickbox_contract.openapi.servable import EVENTS

from .mismatches import ContractMismatchError, Mismatch
from .payloads import encode_json
from .violations import ResponseCheck, violation_reporter


def compile_events(
    document: Document, *, known: Collection[str], response_check: ResponseCheck = "enforce"
) -> Callable[[str, Any], str]:
    """A function that encodes the payload, plain data, of an event of a type as JSON text, and checks it.

    *known* are the types that the application records: they must be those of *document*, otherwise
    ContractMismatchError names each that is not in both. The function raises NonConformingResponseError.
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

    def encode(kind: str, payload: Any) -> str:
        return encode_json(payload, *checks[kind]).decode()

    return encode
