"""One operation, run: the request checked, the handler in a unit of work, the answer checked, the commit, the sending.

In this order: the call is counted, where it is limited (see `limits`); path parameters, access rule, the other
parameters and the body (all faults in one answer). Then, in the unit of work: an answer that was recorded for the same
call is given again; an id that the client made is claimed; the resource must still be the one that `If-Match` names;
the handler; the answer is encoded and checked, and recorded if the call has a key; the commit. Only then it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

from starlette.types import Receive, Scope, Send

from .access import AccessRule, Grant
from .answers import Answer, ContractFile, Fault, Problem
from .bodies import has_body, is_empty
from .conditions import NO_CONDITIONS, Conditions
from .document import Document
from .encoding import breach_for, problem_wire
from .intents import WRONG_BODY, Intent, id_taken, intent_of, remember, replay_of
from .limits import Tally, with_allowance
from .operations import Operation
from .parameters import Parameter
from .problems import INVALID_BODY, INVALID_PARAMETERS, MALFORMED_REQUEST, NOT_ACCEPTABLE, NOT_FOUND, Refused, refuse
from .responses import Wire, negotiate, not_modified
from .routing import path_texts_of
from .security import grant_anew, grant_of
from .sending import send_wire
from .texts import MalformedTextError, cookie_texts, query_texts
from .units import Call, Client, Settings, Unit

Count = Callable[[Wire], None]


@dataclass(frozen=True)
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
        intent = intent_of(
            self.operation, self._item_parameter, call, headers=headers, query=scope["query_string"], content=content
        )
        return call, intent, arguments, accepted

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
            raise refuse(INVALID_BODY, WRONG_BODY, faults=in_body)
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

    async def _perform(
        self, call: Call, intent: Intent, arguments: Mapping[str, Any], accepted: str, count: Count
    ) -> Wire:
        """Run the handler; commit only what has a conforming answer. *count* is given what is encoded besides."""
        async with self.settings.unit(call) as work:
            if intent.key is not None:
                recorded = await work.recall(intent.key, intent.request)
                if recorded is not None:
                    return replay_of(recorded, intent)
            if intent.client_id is None or await self._claim(work, intent) == "new":
                if intent.conditions != NO_CONDITIONS and not self.operation.safe:
                    intent.conditions.require(await self._entity_tag(work, call, count))
                answer = await self.operation.handler(work, **arguments)
                wire = self._encode(answer, accepted)
                await remember(work, intent, wire)
                await work.commit()
                return wire
        return await self._made_before(call, intent, accepted)

    async def _claim(self, work: Unit, intent: Intent) -> Literal["new", "repeated"]:
        claim = await work.claim(intent.client_id, intent.request)
        if claim == "taken":
            raise id_taken()
        return claim

    async def _made_before(self, call: Call, intent: Intent, accepted: str) -> Wire:
        """200 with what the same request made, as it is now."""
        item = self.operations[str(self.operation.item)]
        assert self._item_parameter is not None
        path = {**call.path, self._item_parameter.keyword: intent.client_id}
        reading = call._replace(operation_id=item.operation_id, safe=True, path=path, admit_role=_admit_anyone)
        async with self.settings.unit(reading) as work:
            try:
                answer = await _read_bare(item, work, path)
            except Exception as error:
                problem_answer = self.settings.translate(error)
                if problem_answer is None or problem_answer.status != NOT_FOUND.status:
                    raise
                raise id_taken() from error
        return self._encode(answer, accepted)

    @cached_property
    def _item_parameter(self) -> Parameter | None:
        """The path parameter by which what was made is found, where a client may make its id."""
        if self.operation.item is None:
            return None
        known = self.operations[self.operation.item].parameters["path"].known
        (name,) = known.keys() - self.operation.parameters["path"].known.keys()
        return known[name]

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
        wire = target.responses.encode(answer, accepted=produced, breach=breach_for(target, self.settings))
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
            answer, accepted=accepted, entity_tag=entity_tag, breach=breach_for(self.operation, self.settings)
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
