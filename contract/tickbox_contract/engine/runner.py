"""Runs one operation: check the request, call the handler in a unit of work, check the response, commit, send.

The order:
1. The request is counted, if it is limited (see `limits`).
2. Path parameters, the access rule, then the other parameters and the body, with all their faults in one response.
3. In the unit of work: repeat the response that was recorded for the same request; claim an id that the client chose;
   compare `If-Match`; run the handler; encode and check the response; record it if the request has a key; commit.
4. Only then the response is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

from starlette.types import Receive, Scope, Send

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.problems import INVALID_PARAMETERS, NOT_FOUND
from tickbox_contract.responses import ContractFile, Problem, Response

from .access import AccessRule, AuthContext
from .conditions import NO_CONDITIONS, Conditions
from .declared_responses import EncodedResponse, not_modified
from .encoding import encoded_problem, violation_reporter_for
from .limits import Tally, with_allowance
from .operations import CompiledOperation
from .parameters import Parameter
from .problems import Refused, refuse
from .request_reading import Headers, headers_of, read_request
from .request_semantics import RequestSemantics, id_taken, remember, replay_of, semantics_of
from .routing import path_texts_of
from .security import auth_of, reauthenticate
from .sending import send_encoded
from .units import Client, RequestContext, Settings, Unit

Count = Callable[[EncodedResponse], None]


@dataclass(frozen=True)
class Runner:
    """One operation as an ASGI application."""

    operation: CompiledOperation
    operations: Mapping[str, CompiledOperation]
    document: Document
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response to one request. A rejection or failure is raised for the exception layer."""
        headers = headers_of(scope)
        auth = auth_of(scope)
        limiter, policy = self.settings.limiter, self.operation.policy
        if limiter is None or policy is None:
            checked = await self._check(scope, headers, receive, auth)
            encoded = await self._perform(*checked, _uncounted)
        else:
            tally = Tally(limiter, policy, scope, auth.principal if auth else None)
            await tally.arrived()
            try:
                checked = await self._check(scope, headers, receive, auth)
            except Refused:
                await tally.refused()
                raise
            await tally.checked()
            try:
                encoded = await self._perform(*checked, tally.encoded)
                tally.encoded(encoded)
            finally:
                await tally.performed()
        encoded = self._conditional(encoded, checked[1].conditions)
        await send_encoded(with_allowance(encoded, scope), scope, receive, send)

    async def _check(
        self, scope: Scope, headers: Headers, receive: Receive, auth: AuthContext | None
    ) -> tuple[RequestContext, RequestSemantics, Mapping[str, Any], str]:
        """What `_perform` needs. Raises Refused for a request that the contract does not allow."""
        context, arguments = self._admit(scope, headers, auth)
        accepted, content = await read_request(self.operation, scope, headers, receive, arguments)
        semantics = semantics_of(
            self.operation, self._item_parameter, context, headers=headers, query=scope["query_string"], content=content
        )
        return context, semantics, arguments, accepted

    def _admit(self, scope: Scope, headers: Headers, auth: AuthContext | None) -> tuple[RequestContext, dict[str, Any]]:
        """Check the path, then the caller's access to what it names, before anything else could reveal something."""
        operation = self.operation
        path: dict[str, Any] = {}
        faults = operation.parameters["path"].read(path_texts_of(scope), path)
        if faults:
            raise refuse(INVALID_PARAMETERS, "The path does not match the contract. See `errors`.", faults=faults)
        if operation.access is not None:
            assert auth is not None, "start-up refuses an operation with x-access and without a security scheme"
            operation.access.admit(auth)
        context = RequestContext(
            operation_id=operation.operation_id,
            safe=operation.safe,
            path=path,
            auth=auth,
            admit_role=operation.access.admit_role if operation.access else _admit_anyone,
            is_admitted=partial(_is_admitted, operation.access, scope),
            client=_client(scope, headers),
        )
        return context, {keyword: path[keyword] for keyword in operation.path_keywords}

    async def _perform(
        self,
        context: RequestContext,
        semantics: RequestSemantics,
        arguments: Mapping[str, Any],
        accepted: str,
        count: Count,
    ) -> EncodedResponse:
        """Run the handler, and commit only with a conforming response. *count* gets what else is encoded."""
        async with self.settings.unit(context) as uow:
            if semantics.key is not None:
                recorded = await uow.recall(semantics.key, semantics.request)
                if recorded is not None:
                    return replay_of(recorded, semantics)
            if semantics.client_id is None or await self._claim(uow, semantics) == "new":
                if semantics.conditions != NO_CONDITIONS and not self.operation.safe:
                    await uow.require(partial(self._compare, semantics.conditions, uow, context, count))
                response = await self.operation.handler(uow, **arguments)
                encoded = self._encode(response, accepted)
                await remember(uow, semantics, encoded)
                await uow.commit()
                return encoded
        return await self._created_before(context, semantics, accepted)

    async def _compare(self, conditions: Conditions, uow: Unit, context: RequestContext, count: Count) -> None:
        conditions.require(await self._entity_tag(uow, context, count))

    async def _claim(self, uow: Unit, semantics: RequestSemantics) -> Literal["new", "repeated"]:
        claim = await uow.claim(semantics.client_id, semantics.request)
        if claim == "taken":
            raise id_taken()
        return claim

    async def _created_before(
        self, context: RequestContext, semantics: RequestSemantics, accepted: str
    ) -> EncodedResponse:
        """200 with what the same request created, as it is now."""
        item = self.operations[str(self.operation.item)]
        assert self._item_parameter is not None
        path = {**context.path, self._item_parameter.keyword: semantics.client_id}
        reading = context._replace(operation_id=item.operation_id, safe=True, path=path, admit_role=_admit_anyone)
        async with self.settings.unit(reading) as uow:
            try:
                response = await _read_bare(item, uow, path)
            except Exception as error:
                problem_response = self.settings.translate(error)
                if problem_response is None or problem_response.status != NOT_FOUND.status:
                    raise
                raise id_taken() from error
        return self._encode(response, accepted)

    @cached_property
    def _item_parameter(self) -> Parameter | None:
        """The path parameter that finds what was created, if a client may choose its id."""
        if self.operation.item is None:
            return None
        known = self.operations[self.operation.item].parameters["path"].known
        (name,) = known.keys() - self.operation.parameters["path"].known.keys()
        return known[name]

    async def _entity_tag(self, uow: Unit, context: RequestContext, count: Count) -> str | None:
        """The entity tag of the resource, read under the lock of the write; None for a resource that a PUT creates."""
        target = self.operations[str(self.operation.target)]
        try:
            response = await _read_bare(target, uow, context.path)
        except Exception as error:
            problem_response = self.settings.translate(error)
            is_missing = problem_response is not None and problem_response.status == NOT_FOUND.status
            if self.operation.method == "PUT" and is_missing:
                return None
            raise
        produced = target.responses.produces[0]
        encoded = target.responses.encode(
            response, accepted=produced, violation=violation_reporter_for(target, self.settings)
        )
        count(encoded)
        return encoded.entity_tag

    def _encode(self, response: Response, accepted: str) -> EncodedResponse:
        if isinstance(response, Problem):
            return encoded_problem(self.operation, response, self.settings)
        entity_tag = None
        if isinstance(response, ContractFile):
            content = self.document.as_json if response.as_json else self.document.raw
            response, entity_tag = Response(status=200, content=content), self.document.etag
        return self.operation.responses.encode(
            response,
            accepted=accepted,
            entity_tag=entity_tag,
            violation=violation_reporter_for(self.operation, self.settings),
        )

    def _conditional(self, encoded: EncodedResponse, conditions: Conditions) -> EncodedResponse:
        """The response to a read with *conditions*: *encoded*, or a 304 (RFC 9110, section 13.2.2).

        Raises Refused (412).
        """
        if conditions == NO_CONDITIONS or not self.operation.safe or encoded.status != 200:  # noqa: PLR2004  # OK
            return encoded
        conditions.require_match(encoded.entity_tag)
        is_declared = 304 in self.operation.responses.by_status  # noqa: PLR2004  # Not Modified
        return not_modified(encoded) if is_declared and conditions.finds(encoded.entity_tag) else encoded


async def _is_admitted(access: AccessRule | None, scope: Scope) -> bool:
    if access is None:
        return True
    auth = await reauthenticate(scope)
    if auth is None:
        return False
    try:
        access.admit(auth)
    except Refused:
        return False
    return True


def _uncounted(_encoded: EncodedResponse) -> None:
    """The request is not limited."""


def _admit_anyone(_role: str | None) -> None:
    """An operation with `security: []` needs no role."""


def _client(scope: Scope, headers: Headers) -> Client:
    peer = scope.get("client")
    return Client(address=peer[0] if peer else None, agent=headers.get(b"user-agent", [b""])[0].decode("latin-1"))


async def _read_bare(operation: CompiledOperation, uow: Unit, path: Mapping[str, Any]) -> Response:
    """The response of a GET to its path alone."""
    arguments = {keyword: path[keyword] for keyword in operation.path_keywords}
    for place in ("query", "header", "cookie"):
        operation.parameters[place].read({}, arguments)
    response: Response = await operation.handler(uow, **arguments)
    return response
