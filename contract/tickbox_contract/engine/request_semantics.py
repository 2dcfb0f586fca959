"""What a client says of a call itself, and what a repetition of the call is answered.

A call may say what it must find (see `conditions`), and how it is known when it is repeated: by an idempotency key, or
by the id that the client made for what the call makes (see `idempotency`, `links`).
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
    """What a client says of a call itself: what it must find, and how a repetition is to be known.

    `client_id` is of the type that handlers get; `request` is the digest of a call that has a key or brings an id, else
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
    call: RequestContext,
    *,
    headers: Mapping[bytes, list[bytes]],
    query: bytes,
    content: Any,
) -> RequestSemantics:
    """What the client says of the call itself, where *operation* takes such a thing.

    *item* is the path parameter by which what is made is found, where a client may make its id. *content* is the body
    as plain data. Raises Refused.
    """
    if not (operation.target or operation.takes_key or operation.item):
        return NOTHING
    conditions = conditions_of(headers) if operation.target else NO_CONDITIONS
    key = key_of(headers) if operation.takes_key else None
    client_id = None if item is None else _client_id(item, content)
    if client_id is not None:
        content = {**content, "id": str(client_id)}  # however it was spelled
    known_by = key is not None or client_id is not None
    return RequestSemantics(
        conditions=conditions,
        key=key,
        client_id=client_id,
        request=digest_of(operation.operation_id, call.path, query, content) if known_by else b"",
    )


def _client_id(item: Parameter, content: Any) -> Any:
    """The id that the client made, of the type that handlers get; None where it made none."""
    if not isinstance(content, dict) or content.get("id") is None:
        return None
    client_id, faults = item.check(content["id"])
    if faults:
        places = [Fault(fault.detail, fault.code, place="#/id") for fault in faults]
        raise refuse(INVALID_BODY, WRONG_BODY, faults=places)
    return client_id


async def remember(uow: Unit, semantics: RequestSemantics, encoded: EncodedResponse) -> None:
    """Let a repetition of the call find what came of it: a success, or nothing."""
    if not is_recordable(encoded):
        if semantics is not NOTHING:
            await uow.release()
    elif semantics.key is not None:
        await uow.record(dump(encoded))


def replay_of(recorded: tuple[bytes, bytes], semantics: RequestSemantics) -> EncodedResponse:
    """The recorded response, to the request that it was the response to."""
    request, response = recorded
    if request != semantics.request:
        fault = Fault("This key was used for another request.", "reused", "header", IDEMPOTENCY_KEY)
        detail = "This key was used for another request. Use a new key for each new request."
        raise refuse(KEY_REUSED, detail, faults=[fault])
    encoded = load(response)
    return encoded._replace(headers=[*encoded.headers, (IDEMPOTENCY_REPLAYED.lower().encode("ascii"), b"true")])


def id_taken() -> Refused:
    """For an id that the client made, and that is of something else."""
    detail = "This id is in use, or was used for something that is deleted. Use a new id."
    return refuse(ID_TAKEN, detail, faults=[Fault("This id is in use, or was used before.", "id-taken", place="#/id")])
