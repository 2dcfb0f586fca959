"""Reads a request: its headers, the parameters beside those of the path, and the body, with all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope

from tickbox_contract.openapi.problems import INVALID_BODY, INVALID_PARAMETERS, MALFORMED_REQUEST, NOT_ACCEPTABLE
from tickbox_contract.responses import Fault

from .bodies import has_body, is_empty
from .negotiation import negotiate
from .operations import CompiledOperation
from .parameters import Parameters, Place
from .problems import refuse
from .request_semantics import WRONG_BODY
from .texts import MalformedTextError, cookie_texts, query_texts

Headers = dict[bytes, list[bytes]]

_NO_BODY = "This operation does not take a body. Send none."
_NO_BODY_OR_EMPTY = "This operation does not take a body. Send none, or {} as application/json."


def headers_of(scope: Scope) -> Headers:
    """The headers of a request by their lower-case names."""
    headers: Headers = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value)
    return headers


async def read_request(
    operation: CompiledOperation, scope: Scope, headers: Headers, receive: Receive, arguments: dict[str, Any]
) -> tuple[str, Any]:
    """Put all parameters but those of the path, and the body, into *arguments*.

    Returns the media type that the client accepts, and the body as plain data. Raises Refused.
    """
    accept = b",".join(headers.get(b"accept", ())).decode("latin-1")
    accepted = negotiate(accept, operation.responses.produces)
    if accepted is None:
        raise refuse(NOT_ACCEPTABLE, f"`Accept` must allow {' or '.join(operation.responses.produces)}.")
    faults = _read_parameters(operation.parameters, scope, headers, arguments)
    in_body: list[Fault] = []
    content = None
    if operation.body is not None:
        content, in_body = await operation.body.read(headers, receive, arguments)
    elif has_body(headers) and not await is_empty(headers, receive, or_empty_object=not operation.safe):
        raise refuse(MALFORMED_REQUEST, _NO_BODY if operation.safe else _NO_BODY_OR_EMPTY, faults=faults)
    if faults:
        raise refuse(
            INVALID_PARAMETERS,
            "The request does not match the contract. See `errors`.",
            faults=[*faults, *in_body],
        )
    if in_body:
        raise refuse(INVALID_BODY, WRONG_BODY, faults=in_body)
    return accepted, content


def _read_parameters(
    parameters: Mapping[Place, Parameters], scope: Scope, headers: Headers, arguments: dict[str, Any]
) -> list[Fault]:
    try:
        faults = parameters["query"].read(query_texts(scope["query_string"]), arguments)
    except MalformedTextError as error:
        raise refuse(MALFORMED_REQUEST, "The query must be percent-encoded UTF-8 without NUL.") from error
    if known := parameters["header"].known:
        given = {name: headers[name.encode("ascii")] for name in known if name.encode("ascii") in headers}
        texts = {name: [value.decode("latin-1") for value in values] for name, values in given.items()}
        faults += parameters["header"].read(texts, arguments)
    if parameters["cookie"].known:
        cookies = b"; ".join(headers.get(b"cookie", ())).decode("latin-1")
        faults += parameters["cookie"].read(cookie_texts(cookies), arguments)
    return faults
