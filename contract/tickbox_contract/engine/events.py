"""Events: facts that an application writes down rather than answers, described and checked as answers are.

The contract lists them under its components, by type: `x-events: {<type>: {description, payload: <schema>}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.schemas import SchemaCompiler, UnservableSchemaError

from .declared_responses import ResponseCheck, encode_json, violation_reporter
from .operations import ContractMismatchError

EVENTS = "x-events"


def compile_events(
    document: Document, *, known: Collection[str], response_check: ResponseCheck = "enforce"
) -> Callable[[str, Any], str]:
    """What encodes a payload, plain data, of an event of a type as JSON text, and checks it as a response is checked.

    *known* are the types that the application tells: they must be those of *document*, or else ContractMismatchError
    names each that is not in both. What is returned raises NonConformingResponseError.
    """
    described = document.root.get("components", {}).get(EVENTS, {})
    mismatches = [f"{EVENTS}: the application tells of no {kind!r}" for kind in described if kind not in known]
    mismatches += [f"{EVENTS}: {kind!r} is not described" for kind in known if kind not in described]
    schemas = SchemaCompiler(document.root)
    checks = {}
    for kind, node in described.items():
        violation = violation_reporter("event", response_check, event_type=kind)
        try:
            checks[kind] = schemas.compile(node["payload"], direction="response"), violation
        except (KeyError, UnservableSchemaError) as error:
            mismatches.append(f"{EVENTS}: the payload of {kind!r} does not compile: {error}")
    if mismatches:
        raise ContractMismatchError(mismatches)

    def encode(kind: str, payload: Any) -> str:
        return encode_json(payload, *checks[kind]).decode()

    return encode
