"""One operation, run: the request checked, the handler in a unit of work, the answer checked, the commit, the sending.

In this order: the call is counted, where it is limited (see `limits`); path parameters, access rule, the other
parameters and the body (all faults in one answer). Then, in the unit of work: an answer that was recorded for the same
call is given again; an id that the client made is claimed; the resource must still be the one that `If-Match` names;
the handler; the answer is encoded and checked, and recorded if the call has a key; the commit. Only then it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

from starlette.types import Receive, Scope, Send

from .access import AccessRule, Grant
from .answers import Answer, ContractFile, Fault, Problem
from .bodies import has_body, is_empty
from .conditions import NO_CONDITIONS, Conditions, conditions_of
from .document import Document
from .limits import Tally, with_allowance
from .links import IDEMPOTENCY_REPLAYED
from .operations import Operation
from .parameters import Parameter
from .problems import (
    ID_TAKEN,
    INVALID_BODY,
    INVALID_PARAMETERS,
    KEY_REUSED,
    MALFORMED_REQUEST,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    PROBLEM_JSON,
    Refused,
    document,
    refuse,
)
from .responses import (
    Breach,
    Responses,
    Wire,
    breach_of,
    negotiate,
    not_modified,
)
from .retries import digest_of, dump, is_recordable, key_of, load
from .routing import path_texts_of
from .security import grant_anew, grant_of
from .sending import send_wire
from .texts import MalformedTextError, cookie_texts, query_texts
from .units import Call, Client, Settings, Unit


class Intent(NamedTuple):
    """What a client says of a call itself: what it must find, and how a repetition is to be known.

    `client_id` is of the type that handlers get; `request` is the digest of a call that has a key or brings an id, else
    empty.
    """

    conditions: Conditions = NO_CONDITIONS
    key: str | None = None
    client_id: Any = None
    request: bytes = b""


Count = Callable[[Wire], None]

_NOTHING = Intent()
_WRONG_BODY = "The body does not match the contract. See `errors`."


@dataclass(frozen=True, slots=True)
class Runner:
    """One operation as an ASGI application."""

    operation: Operation
    operations: Mapping[str, Operation]
    document: Document
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is refused, or fails, is raised for the exception layer."""
        headers = _headers(scope)
        grant = grant_of(scope)
        limiter, policy = self.settings.limiter, self.operation.policy
        if limiter is None or policy is None:
            checked = await self._check(scope, headers, receive, grant)
            wire = await self._perform(*checked, _uncounted)
        else:
            tally = Tally(limiter, policy, scope, grant.principal if grant else None)
            await tally.arrived()
            try:
                checked = await self._check(scope, headers, receive, grant)
            except Refused:
                await tally.refused()
                raise
            await tally.checked()
            try:
                wire = await self._perform(*checked, tally.encoded)
                tally.encoded(wire)
            finally:
                await tally.performed()
        wire = self._conditional(wire, checked[1].conditions)
        await send_wire(with_allowance(wire, scope), scope, receive, send)

    async def _check(
        self, scope: Scope, headers: Mapping[bytes, list[bytes]], receive: Receive, grant: Grant | None
    ) -> tuple[Call, Intent, Mapping[str, Any], str]:
        """What `_perform` needs. Raises Refused for a request that the contract does not allow."""
        call, arguments = self._admit(scope, headers, grant)
        accepted, content = await self._read(scope, headers, receive, arguments)
        return call, self._intent(call, scope, headers, content), arguments, accepted

    def _admit(
        self, scope: Scope, headers: Mapping[bytes, list[bytes]], grant: Grant | None
    ) -> tuple[Call, dict[str, Any]]:
        """Check the path, then the caller's access to what it names: nobody learns about what is not theirs."""
        operation = self.operation
        path: dict[str, Any] = {}
        faults = operation.parameters["path"].read(path_texts_of(scope), path)
        if faults:
            raise refuse(INVALID_PARAMETERS, "The path does not match the contract. See `errors`.", faults=faults)
        if operation.access is not None:
            assert grant is not None, "start-up refuses a guarded operation without a security scheme"
            operation.access.admit(grant)
        call = Call(
            operation_id=operation.operation_id,
            safe=operation.safe,
            path=path,
            grant=grant,
            admit_role=operation.access.admit_role if operation.access else _admit_anyone,
            is_admitted=partial(_is_admitted, operation.access, scope),
            client=_client(scope, headers),
        )
        return call, dict(path)

    async def _read(
        self, scope: Scope, headers: Mapping[bytes, list[bytes]], receive: Receive, arguments: dict[str, Any]
    ) -> tuple[str, Any]:
        """Put the other parameters and the body into *arguments*.

        What is returned is the media type that the client accepts, and the body as plain data.
        """
        operation = self.operation
        accept = b",".join(headers.get(b"accept", ())).decode("latin-1")
        accepted = negotiate(accept, operation.responses.produces)
        if accepted is None:
            raise refuse(NOT_ACCEPTABLE, f"`Accept` must allow {' or '.join(operation.responses.produces)}.")
        faults = self._read_parameters(scope, headers, arguments)
        in_body: list[Fault] = []
        content = None
        if operation.body is not None:
            content, in_body = await operation.body.read(headers, receive, arguments)
        elif has_body(headers) and not await is_empty(headers, receive, or_empty_object=not operation.safe):
            raise refuse(MALFORMED_REQUEST, "This operation does not take a body.", faults=faults)
        if faults:
            raise refuse(
                INVALID_PARAMETERS,
                "The request does not match the contract. See `errors`.",
                faults=[*faults, *in_body],
            )
        if in_body:
            raise refuse(INVALID_BODY, _WRONG_BODY, faults=in_body)
        return accepted, content

    def _read_parameters(
        self, scope: Scope, headers: Mapping[bytes, list[bytes]], arguments: dict[str, Any]
    ) -> list[Fault]:
        parameters = self.operation.parameters
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

    def _intent(self, call: Call, scope: Scope, headers: Mapping[bytes, list[bytes]], content: Any) -> Intent:
        """What the client says of the call itself, where the operation takes such a thing."""
        operation = self.operation
        if not (operation.target or operation.takes_key or operation.item):
            return _NOTHING
        conditions = conditions_of(headers) if operation.target else NO_CONDITIONS
        key = key_of(headers) if operation.takes_key else None
        client_id = self._client_id(content)
        if client_id is not None:
            content = {**content, "id": str(client_id)}  # however it was spelled
        known_by = key is not None or client_id is not None
        return Intent(
            conditions=conditions,
            key=key,
            client_id=client_id,
            request=digest_of(operation.operation_id, call.path, scope["query_string"], content) if known_by else b"",
        )

    async def _perform(
        self, call: Call, intent: Intent, arguments: Mapping[str, Any], accepted: str, count: Count
    ) -> Wire:
        """Run the handler; commit only what has a conforming answer. *count* is given what is encoded besides."""
        async with self.settings.unit(call) as work:
            if intent.key is not None:
                recorded = await work.recall(intent.key, intent.request)
                if recorded is not None:
                    return _again(recorded, intent)
            if intent.client_id is None or await self._claim(work, intent) == "new":
                if intent.conditions != NO_CONDITIONS and not self.operation.safe:
                    intent.conditions.require(await self._entity_tag(work, call, count))
                answer = await self.operation.handler(work, **arguments)
                wire = self._encode(answer, accepted)
                await _remember(work, intent, wire)
                await work.commit()
                return wire
        return await self._made_before(call, intent, accepted)

    async def _claim(self, work: Unit, intent: Intent) -> Literal["new", "repeated"]:
        claim = await work.claim(intent.client_id, intent.request)
        if claim == "taken":
            raise _id_taken()
        return claim

    async def _made_before(self, call: Call, intent: Intent, accepted: str) -> Wire:
        """200 with what the same request made, as it is now."""
        item = self.operations[str(self.operation.item)]
        path = {**call.path, self._item_parameter.keyword: intent.client_id}
        reading = call._replace(operation_id=item.operation_id, safe=True, path=path, admit_role=_admit_anyone)
        async with self.settings.unit(reading) as work:
            try:
                answer = await _read_bare(item, work, path)
            except Exception as error:
                problem_answer = self.settings.translate(error)
                if problem_answer is None or problem_answer.status != NOT_FOUND.status:
                    raise
                raise _id_taken() from error
        return self._encode(answer, accepted)

    @property
    def _item_parameter(self) -> Parameter:
        """The path parameter by which what was made is found."""
        known = self.operations[str(self.operation.item)].parameters["path"].known
        (name,) = known.keys() - self.operation.parameters["path"].known.keys()
        return known[name]

    def _client_id(self, content: Any) -> Any:
        """The id that the client made, of the type that handlers get; None where it made none."""
        if self.operation.item is None or not isinstance(content, dict) or content.get("id") is None:
            return None
        client_id, faults = self._item_parameter.check(content["id"])
        if faults:
            places = [Fault(fault.detail, fault.code, place="#/id") for fault in faults]
            raise refuse(INVALID_BODY, _WRONG_BODY, faults=places)
        return client_id

    async def _entity_tag(self, work: Unit, call: Call, count: Count) -> str | None:
        """That of the resource as it is, seen under the lock that the write holds; None for what a PUT would make."""
        target = self.operations[str(self.operation.target)]
        try:
            answer = await _read_bare(target, work, call.path)
        except Exception as error:
            problem_answer = self.settings.translate(error)
            is_missing = problem_answer is not None and problem_answer.status == NOT_FOUND.status
            if self.operation.method == "PUT" and is_missing:
                return None
            raise
        produced = target.responses.produces[0]
        wire = target.responses.encode(answer, accepted=produced, breach=_breach(target, self.settings))
        count(wire)
        return wire.entity_tag

    def _encode(self, answer: Answer, accepted: str) -> Wire:
        if isinstance(answer, Problem):
            return problem_wire(self.operation, answer, self.settings)
        entity_tag = None
        if isinstance(answer, ContractFile):
            content = self.document.as_json if answer.as_json else self.document.raw
            answer, entity_tag = Answer(status=200, content=content), self.document.etag
        return self.operation.responses.encode(
            answer, accepted=accepted, entity_tag=entity_tag, breach=_breach(self.operation, self.settings)
        )

    def _conditional(self, wire: Wire, conditions: Conditions) -> Wire:
        """What a read answers under *conditions*: *wire*, or a 304 where the client has it (RFC 9110, section 13.2.2).

        Raises Refused (412).
        """
        if conditions == NO_CONDITIONS or not self.operation.safe or wire.status != 200:  # noqa: PLR2004  # OK
            return wire
        conditions.require_match(wire.entity_tag)
        is_declared = 304 in self.operation.responses.by_status  # noqa: PLR2004  # Not Modified
        return not_modified(wire) if is_declared and conditions.finds(wire.entity_tag) else wire


async def _is_admitted(access: AccessRule | None, scope: Scope) -> bool:
    if access is None:
        return True
    grant = await grant_anew(scope)
    if grant is None:
        return False
    try:
        access.admit(grant)
    except Refused:
        return False
    return True


def _uncounted(_wire: Wire) -> None:
    """Nobody limits the call."""


def _admit_anyone(_role: str | None) -> None:
    """An operation with `security: []` asks for no role."""


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    headers: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value)
    return headers


def _client(scope: Scope, headers: Mapping[bytes, list[bytes]]) -> Client:
    peer = scope.get("client")
    return Client(address=peer[0] if peer else None, agent=headers.get(b"user-agent", [b""])[0].decode("latin-1"))


async def _read_bare(operation: Operation, work: Unit, path: Mapping[str, Any]) -> Answer:
    """What a GET answers to its path alone."""
    arguments = {p.keyword: path[p.keyword] for p in operation.parameters["path"].known.values()}
    for place in ("query", "header", "cookie"):
        operation.parameters[place].read({}, arguments)
    answer: Answer = await operation.handler(work, **arguments)
    return answer


async def _remember(work: Unit, intent: Intent, wire: Wire) -> None:
    """Let a repetition of the call find what came of it: a success, or nothing."""
    if not is_recordable(wire):
        if intent is not _NOTHING:
            await work.release()
    elif intent.key is not None:
        await work.record(dump(wire))


def _again(recorded: tuple[bytes, bytes], intent: Intent) -> Wire:
    """The recorded answer, to the request that it was the answer to."""
    request, answer = recorded
    if request != intent.request:
        fault = Fault("This key was used for another request.", "reused", "header", "Idempotency-Key")
        detail = "This key was used for another request. Use a new key for each new request."
        raise refuse(KEY_REUSED, detail, faults=[fault])
    wire = load(answer)
    return wire._replace(headers=[*wire.headers, (IDEMPOTENCY_REPLAYED.lower().encode("ascii"), b"true")])


def _id_taken() -> Refused:
    detail = "This id is in use, or was used for something that is deleted. Use a new id."
    return refuse(ID_TAKEN, detail, faults=[Fault("This id is in use, or was used before.", "id-taken", place="#/id")])


def _breach(operation: Operation, settings: Settings) -> Breach:
    return breach_of("answer", settings.response_check, operation_id=operation.operation_id)


def _ignore(_breach: str) -> None:
    """Outside of any operation nothing is declared."""


def problem_wire(operation: Operation | None, answer: Problem, settings: Settings) -> Wire:
    """*answer* as a problem document, as *operation* declares it; None is for where no operation was reached."""
    plain = Answer(
        status=answer.status,
        content=document(answer, urn_prefix=settings.urn_prefix, instance=settings.instance()),
        headers=answer.headers,
        media_type=PROBLEM_JSON,
    )
    if operation is None:
        return _NOTHING_DECLARED.encode(plain, accepted=PROBLEM_JSON, breach=_ignore)
    breach = _breach(operation, settings)
    if operation.problems is not None and answer.type.slug not in operation.problems:
        breach(f"the problem {answer.type.slug} is not one that this operation sends")
    return operation.responses.encode(plain, accepted=PROBLEM_JSON, breach=breach)


_NOTHING_DECLARED = Responses({}, ())
