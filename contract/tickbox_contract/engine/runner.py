"""Runs one operation: check the request, call the handler in a unit of work, check the response, commit, send.

The order:
1. The request is counted, if it is limited (see `limits`).
2. Path parameters, the access rule, then the other parameters and the body, with all their faults in one response.
3. In the unit of work: repeat the response that was recorded for the same request; claim an id that the client chose;
   compare `If-Match`; run the handler (see `performing`); encode and check the response; record it if the request has
   a key; commit.
4. Only then the response is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from tickbox_contract.handlers import PERFORM
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.problems import INVALID_PARAMETERS
from tickbox_contract.responses import ContractFile, Problem, Response

from .access import AccessRule, AuthContext
from .conditions import NO_CONDITIONS, Conditions
from .declared_responses import EncodedResponse, not_modified
from .encoding import encoded_problem, violation_reporter_for
from .limits import UNCOUNTED, Count, Tally, with_allowance
from .operations import CompiledOperation
from .parts import Parts
from .performing import Performer, admit_anyone
from .problems import Refused, refuse
from .request_reading import Headers, headers_of, read_request
from .request_semantics import RequestSemantics, remember, replay_of, semantics_of
from .routing import path_texts_of
from .security import auth_of, reauthenticate
from .sending import send_encoded
from .units import Client, RequestContext, Settings


class CheckedRequest(NamedTuple):
    """A request that the contract allows: *arguments* are the handler's, *content* is the body as plain data.

    *accepted* is the media type that the client prefers.
    """

    context: RequestContext
    semantics: RequestSemantics
    arguments: Mapping[str, Any]
    accepted: str
    content: Any  # JSON


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
            encoded = await self._perform(checked, UNCOUNTED)
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
                encoded = await self._perform(checked, tally)
                tally.encoded(encoded)
            finally:
                await tally.performed()
            if not isinstance(encoded.body, bytes) and encoded.is_of_events:
                encoded = encoded._replace(body=tally.streamed(encoded.body))
        encoded = self._conditional(encoded, checked.semantics.conditions)
        await send_encoded(with_allowance(encoded, scope), scope, receive, send)

    async def _check(
        self, scope: Scope, headers: Headers, receive: Receive, auth: AuthContext | None
    ) -> CheckedRequest:
        """What `_perform` needs. Raises Refused for a request that the contract does not allow."""
        context, arguments = self._admit(scope, headers, auth)
        accepted, content = await read_request(self.operation, scope, headers, receive, arguments)
        semantics = semantics_of(
            self.operation,
            self._performer.item_parameter,
            context,
            headers=headers,
            query=scope["query_string"],
            content=content,
        )
        return CheckedRequest(context, semantics, arguments, accepted, content)

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
            admit_role=operation.access.admit_role if operation.access else admit_anyone,
            is_admitted=partial(_is_admitted, operation.access, scope),
            client=_client(scope, headers),
        )
        return context, {keyword: path[keyword] for keyword in operation.path_keywords}

    async def _perform(self, request: CheckedRequest, count: Count) -> EncodedResponse:
        """Run the handler, and commit only with a conforming response. *count* gets what else it costs."""
        context, semantics, arguments, accepted, content = request
        performer = self._performer
        async with self.settings.unit(context) as uow:
            if semantics.key is not None:
                recorded = await uow.recall(semantics.key, semantics.request)
                if recorded is not None:
                    return replay_of(recorded, semantics)
            if self.operation.performs:
                parts = Parts(whole=performer, uow=uow, context=context, content=content, count=count)
                arguments = {**arguments, PERFORM: parts}
            response = await performer.perform(uow, context, semantics, arguments, count)
            if response is not None:
                encoded = self._encode(response, accepted)
                await remember(uow, semantics, encoded)
                await uow.commit()
                return encoded
        reading = performer.reading(context, semantics)
        async with self.settings.unit(reading) as uow:
            return self._encode(await performer.read_created(uow, reading), accepted)

    @cached_property
    def _performer(self) -> Performer:
        return Performer(self.operation, self.operations, self.settings)

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


def _client(scope: Scope, headers: Headers) -> Client:
    peer = scope.get("client")
    return Client(address=peer[0] if peer else None, agent=headers.get(b"user-agent", [b""])[0].decode("latin-1"))
