"""The engine: the application at the end of Connexion's middleware, in the place of its validators and decorators.

For each request, in this order: path parameters, access rule, the other parameters and the body (all faults in one
answer), the handler inside a unit of work, the answer encoded and checked, the commit, and only then the sending.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from connexion.spec import Specification
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .access import Grant
from .answers import Answer, ContractFile, Fault, Problem, problem
from .bodies import has_body
from .document import Document
from .operations import Operation
from .parameters import MalformedTextError, cookie_texts, query_texts
from .problems import (
    INTERNAL_ERROR,
    INVALID_BODY,
    INVALID_PARAMETERS,
    MALFORMED_REQUEST,
    NOT_ACCEPTABLE,
    PROBLEM_JSON,
    Refused,
    document,
    refuse,
)
from .responses import Breach, NonConformingAnswerError, Responses, Wire, matches_entity_tag, negotiate, not_modified
from .routing import operation_id_of
from .security import grant_of

logger = logging.getLogger(__name__)

ResponseCheck = Literal["enforce", "report"]


class Call(NamedTuple):
    """What a unit of work needs to know of the request it is for.

    `admit_role` raises Refused unless the role it is given is still enough: a write asks again under its lock.
    """

    operation_id: str
    safe: bool
    path: Mapping[str, Any]
    grant: Grant | None
    admit_role: Callable[[str | None], None]


class Unit(Protocol):
    """A unit of work: nothing that a handler did through it lasts unless `commit` returned."""

    async def __aenter__(self) -> Self:
        """Begin; a transaction need not be open yet."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and release everything."""
        ...

    async def commit(self) -> None:
        """Make it last. Called once, by the engine, after the answer was checked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the application hands to the engine.

    `unit` makes the unit of work for one call; `translate` says which problem an exception of the handler's is, None
    for one that nobody expected (500). `response_check` "report" logs a non-conforming answer and lets it pass.
    """

    unit: Callable[[Call], Unit]
    translate: Callable[[Exception], Problem | None]
    urn_prefix: str
    response_check: ResponseCheck = "enforce"


class Engine(RoutedMiddleware["_EngineAPI"]):
    """Runs the compiled operation that Connexion's routing context names."""

    def __init__(self, document: Document, operations: Mapping[str, Operation], settings: Settings) -> None:
        super().__init__(_nothing_follows)
        self._document = document
        self._operations = operations
        self._settings = settings

    def add_api(self, specification: Specification, **options: Any) -> _EngineAPI:  # Connexion's signature
        """Register the compiled operations of *specification*; called by ConnexionMiddleware."""
        api = _EngineAPI(
            specification,
            next_app=self.app,
            base_path=options.get("base_path"),
            resolver=options.get("resolver"),
            make=lambda operation_id: _Runner(self._operations[operation_id], self._document, self._settings),
        )
        self.apis[api.base_path].append(api)
        return api

    def error_wire(self, scope: Scope, error: Exception) -> Wire:
        """The answer to a request that *error* ended, wherever below the exception layer it was raised.

        It is checked against what the operation declares, if the request reached one.
        """
        answer = error.answer if isinstance(error, Refused) else self._settings.translate(error)
        if answer is None and not isinstance(error, NonConformingAnswerError):
            logger.error("unhandled error", exc_info=error)
        elif answer is not None and answer.status >= _SERVER_ERROR:
            logger.warning("not available", extra={"problem": answer.type.slug, "cause": str(error.__cause__ or error)})
        operation = self._operations.get(operation_id_of(scope) or "")
        try:
            return _problem_wire(operation, answer or _SOMETHING_FAILED, self._settings)
        except NonConformingAnswerError:
            return _problem_wire(None, _SOMETHING_FAILED, self._settings)


class _EngineAPI(RoutedAPI["_Runner"]):
    def __init__(self, *args: Any, make: Callable[[str], _Runner], **options: Any) -> None:
        super().__init__(*args, **options)
        self._make = make
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> _Runner:
        return self._make(operation.operation_id)


_SERVER_ERROR = 500
_SOMETHING_FAILED = problem(INTERNAL_ERROR, "Something failed in the server.")


async def _nothing_follows(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """The engine is the last application: it passes on nothing but Connexion's lifespan."""


@dataclass(frozen=True, slots=True)
class _Runner:
    """One operation as an ASGI application."""

    operation: Operation
    document: Document
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        call, arguments = self._admit(scope)
        accepted = await self._read(scope, headers, receive, arguments)
        wire = await self._perform(call, arguments, accepted)
        await send_wire(self._conditional(wire, headers), scope, receive, send)

    def _admit(self, scope: Scope) -> tuple[Call, dict[str, Any]]:
        """Check the path, then the caller's access to what it names: nobody learns about what is not theirs."""
        operation, grant = self.operation, grant_of(scope)
        path: dict[str, Any] = {}
        texts = {name: [value] for name, value in scope["path_params"].items()}
        faults = operation.parameters["path"].read(texts, path)
        if faults:
            raise refuse(INVALID_PARAMETERS, "The path is not as the contract says.", faults=faults)
        if operation.access is not None:
            assert grant is not None, "start-up refuses a guarded operation without a security scheme"
            operation.access.admit(grant)
        call = Call(
            operation_id=operation.operation_id,
            safe=operation.safe,
            path=path,
            grant=grant,
            admit_role=operation.access.admit_role if operation.access else _admit_anyone,
        )
        return call, dict(path)

    async def _read(
        self, scope: Scope, headers: Mapping[bytes, list[bytes]], receive: Receive, arguments: dict[str, Any]
    ) -> str:
        """Put the other parameters and the body into *arguments*; answer the media type that the client accepts."""
        operation = self.operation
        accept = b",".join(headers.get(b"accept", ())).decode("latin-1")
        accepted = negotiate(accept, operation.responses.produces)
        if accepted is None:
            raise refuse(NOT_ACCEPTABLE, f"Available here: {', '.join(operation.responses.produces)}.")
        faults = self._read_parameters(scope, headers, arguments)
        in_body: list[Fault] = []
        if operation.body is not None:
            in_body = await operation.body.read(headers, receive, arguments)
        elif has_body(headers):
            raise refuse(MALFORMED_REQUEST, "This operation takes no body.", faults=faults)
        if faults:
            raise refuse(INVALID_PARAMETERS, "The request is not as the contract says.", faults=[*faults, *in_body])
        if in_body:
            raise refuse(INVALID_BODY, "The body is not as the contract says.", faults=in_body)
        return accepted

    def _read_parameters(
        self, scope: Scope, headers: Mapping[bytes, list[bytes]], arguments: dict[str, Any]
    ) -> list[Fault]:
        parameters = self.operation.parameters
        try:
            faults = parameters["query"].read(query_texts(scope["query_string"]), arguments)
        except MalformedTextError as error:
            raise refuse(MALFORMED_REQUEST, "The query is not percent-encoded UTF-8, or has a NUL in it.") from error
        if known := parameters["header"].known:
            given = {name: headers[name.encode("ascii")] for name in known if name.encode("ascii") in headers}
            texts = {name: [value.decode("latin-1") for value in values] for name, values in given.items()}
            faults += parameters["header"].read(texts, arguments)
        if parameters["cookie"].known:
            cookies = b"; ".join(headers.get(b"cookie", ())).decode("latin-1")
            faults += parameters["cookie"].read(cookie_texts(cookies), arguments)
        return faults

    async def _perform(self, call: Call, arguments: Mapping[str, Any], accepted: str) -> Wire:
        """Run the handler; commit only what has a conforming answer."""
        async with self.settings.unit(call) as work:
            answer = await self.operation.handler(work, **arguments)
            wire = self._encode(answer, accepted)
            await work.commit()
        return wire

    def _encode(self, answer: Answer, accepted: str) -> Wire:
        if isinstance(answer, Problem):
            return _problem_wire(self.operation, answer, self.settings)
        entity_tag = None
        if isinstance(answer, ContractFile):
            content = self.document.as_json if answer.as_json else self.document.raw
            answer, entity_tag = Answer(status=200, content=content), self.document.etag
        return self.operation.responses.encode(
            answer, accepted=accepted, entity_tag=entity_tag, breach=_breach(self.operation, self.settings)
        )

    def _conditional(self, wire: Wire, headers: Mapping[bytes, list[bytes]]) -> Wire:
        """A 304 where the client has what *wire* says, and the contract declares it (RFC 9110, section 13.2.2)."""
        given = headers.get(b"if-none-match")
        if given is None or wire.status != 200 or not self.operation.safe:  # noqa: PLR2004  # OK
            return wire
        entity_tag = next((value.decode("ascii") for name, value in wire.headers if name == b"etag"), None)
        if entity_tag is None or 304 not in self.operation.responses.by_status:  # noqa: PLR2004  # Not Modified
            return wire
        matched = matches_entity_tag(b",".join(given).decode("latin-1"), entity_tag)
        return not_modified(wire) if matched else wire


def _admit_anyone(_role: str | None) -> None:
    """An operation with `security: []` asks for no role."""


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    headers: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value)
    return headers


def _breach(operation: Operation, settings: Settings) -> Breach:
    def report(text: str) -> None:
        logger.error("answer breaks the contract", extra={"operation_id": operation.operation_id, "breach": text})
        if settings.response_check == "enforce":
            raise NonConformingAnswerError(text)

    return report


def _ignore(_breach: str) -> None:
    """Outside of any operation nothing is declared."""


def _problem_wire(operation: Operation | None, answer: Problem, settings: Settings) -> Wire:
    plain = Answer(
        status=answer.status,
        content=document(answer, urn_prefix=settings.urn_prefix),
        headers=answer.headers,
        media_type=PROBLEM_JSON,
    )
    if operation is None:
        return _NOTHING_DECLARED.encode(plain, accepted=PROBLEM_JSON, breach=_ignore)
    return operation.responses.encode(plain, accepted=PROBLEM_JSON, breach=_breach(operation, settings))


_NOTHING_DECLARED = Responses({}, ())


async def send_wire(wire: Wire, scope: Scope, receive: Receive, send: Send) -> None:
    """Send *wire*; a stream until it ends or the client goes away, and nothing of it to HEAD."""
    if isinstance(wire.body, bytes) or scope["method"] == "HEAD":
        await send({"type": "http.response.start", "status": wire.status, "headers": wire.headers})
        await send({"type": "http.response.body", "body": wire.body if isinstance(wire.body, bytes) else b""})
        return
    async with aclosing(wire.body) as chunks:
        stream = StreamingResponse(chunks, status_code=wire.status)
        stream.raw_headers = wire.headers
        try:
            await stream(scope, receive, send)
        except NonConformingAnswerError:
            return  # It is logged; the answer has begun, and the server cuts off what ends before its end.
        except Exception:
            logger.exception("unhandled error in a stream")
