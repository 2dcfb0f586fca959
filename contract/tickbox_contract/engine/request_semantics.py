"""Conditions, idempotency keys and client-made ids of a request, and the response to its repetition.

A request may have conditions (see `conditions`). When it is repeated, it is recognized by an idempotency key, or by the
id that the client chose for what it creates (see `idempotency`, `links`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tickbox_contract.openapi.problems import ID_TAKEN, INVALID_BODY, KEY_REUSED
from tickbox_contract.openapi.servable import IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED
from tickbox_contract.responses import Fault

from .conditions import NO_CONDITIONS, Conditions, conditions_of
from .declared_responses import EncodedResponse
from .idempotency import digest_of, dump, is_recordable, key_of, load
from .operations import CompiledOperation
from .parameters import Parameter
from .problems import Refused, refuse
from .units import RequestContext, Unit

WRONG_BODY = "The body does not match the contract. See `errors`."


class RequestSemantics(NamedTuple):
    """The conditions of a request, and what its repetition is recognized by.

    `client_id` has the type that handlers get. `request` is the digest of a request with a key or an id, otherwise
    empty.
    """

    conditions: Conditions = NO_CONDITIONS
    key: str | None = None
    client_id: Any = None
    request: bytes = b""


NOTHING = RequestSemantics()


def semantics_of(  # noqa: PLR0913  # all that it may be said in
    operation: CompiledOperation,
    item: Parameter | None,
    context: RequestContext,
    *,
    headers: Mapping[bytes, list[bytes]],
    query: bytes,
    content: Any,
) -> RequestSemantics:
    """The semantics of a request, as far as *operation* takes them.

    *item* is the path parameter that finds what is created, if a client may choose its id. *content* is the body as
    plain data. Raises Refused.
    """
    if not (operation.target or operation.takes_key or operation.item):
        return NOTHING
    conditions = conditions_of(headers) if operation.target else NO_CONDITIONS
    key = key_of(headers) if operation.takes_key else None
    client_id = None if item is None else _client_id(item, content)
    if client_id is not None:
        content = {**content, "id": str(client_id)}  # in one spelling
    known_by = key is not None or client_id is not None
    return RequestSemantics(
        conditions=conditions,
        key=key,
        client_id=client_id,
        request=digest_of(operation.operation_id, context.path, query, content) if known_by else b"",
    )


def _client_id(item: Parameter, content: Any) -> Any:
    """The id that the client chose, of the type that handlers get; None if it chose none."""
    if not isinstance(content, dict) or content.get("id") is None:
        return None
    client_id, faults = item.check(content["id"])
    if faults:
        places = [Fault(fault.detail, fault.code, place="#/id") for fault in faults]
        raise refuse(INVALID_BODY, WRONG_BODY, faults=places)
    return client_id


async def remember(uow: Unit, semantics: RequestSemantics, encoded: EncodedResponse) -> None:
    """Record a successful response for repetitions of the request; otherwise release what it claimed."""
    if not is_recordable(encoded):
        if semantics is not NOTHING:
            await uow.release()
    elif semantics.key is not None:
        await uow.record(dump(encoded))


def replay_of(recorded: tuple[bytes, bytes], semantics: RequestSemantics) -> EncodedResponse:
    """The recorded response, if the request is the same. Raises Refused (422) if it is another one."""
    request, response = recorded
    if request != semantics.request:
        fault = Fault("This key was used for another request.", "reused", "header", IDEMPOTENCY_KEY)
        detail = "This key was used for another request. Use a new key for each new request."
        raise refuse(KEY_REUSED, detail, faults=[fault])
    encoded = load(response)
    return encoded._replace(headers=[*encoded.headers, (IDEMPOTENCY_REPLAYED.lower().encode("ascii"), b"true")])


def id_taken() -> Refused:
    """The problem for an id that the client chose and that belongs to something else."""
    detail = "This id is in use, or was used for something that is deleted. Use a new id."
    return refuse(ID_TAKEN, detail, faults=[Fault("This id is in use, or was used before.", "id-taken", place="#/id")])
