"""A service made of one row: its contract, and a handler that returns what it was given."""

from __future__ import annotations

import contextlib
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import BaseModel

from tests.contract.sample.application import BODY_LIMIT_BYTES, URN_PREFIX, VOCABULARY, authenticate, translate
from tests.contract.sample.store import Store, UnitOfWork
from tests.support.server import serving
from tests.support.wire import Address, Reply, exchange, request
from tickbox_contract.engine.application import build_application, compile_contract
from tickbox_contract.engine.protocol import bounded_protocol
from tickbox_contract.engine.units import Settings
from tickbox_contract.handlers import identifier_of, keyword_of
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.responses import Response, ok

from .rows import Row, Trial

PACKAGE = "foreign_handlers"
PROBLEM = {"description": "An error.", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
GIVEN = {
    "description": "What the handler was given.",
    "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
}
_ENGINE_STATUSES = ("400", "401", "403", "404", "406", "413", "415", "422", "500")


def document_of(row: Row) -> Document:
    """The contract of *row*, with everything that the engine insists on."""
    if row.text is not None:
        return Document.parse(row.text)
    responses = row.operation.get("responses", {"200": GIVEN})
    challenge = PROBLEM | {"headers": {"WWW-Authenticate": {"schema": {"type": "string"}}}}
    operation = {
        "operationId": "act",
        "tags": ["things"],
        "security": [],
        **row.operation,
        "responses": {**dict.fromkeys(_ENGINE_STATUSES, PROBLEM), "401": challenge, **responses},
    }
    root = {
        "openapi": "3.0.4",
        "info": {"title": "Foreign", "version": "1"},
        "paths": {row.path: {row.method: operation}},
        "components": row.components,
        **row.root,
    }
    return Document.parse(orjson.dumps(root))


@contextlib.contextmanager
def handlers_of(row: Row, document: Document) -> Iterator[types.ModuleType]:
    """A package of handlers with one module, `things`, that has a function for each operation of *document*."""
    package, things = types.ModuleType(PACKAGE), types.ModuleType(f"{PACKAGE}.things")
    package.__path__ = []
    for operation in document.operations:
        setattr(things, identifier_of(operation.name), _handler(row, operation))
    sys.modules |= {PACKAGE: package, things.__name__: things}
    try:
        yield package
    finally:
        for name in (PACKAGE, things.__name__):
            sys.modules.pop(name)


def _handler(row: Row, operation: Operation) -> Any:  # a function with a made-up signature
    async def act(uow: UnitOfWork, **given: Any) -> Response:
        return row.response() if row.response else ok({name: _plain(value) for name, value in given.items()})

    names = [keyword_of(each.value["name"], each.value["in"]) for each in operation.parameters if each.value]
    keywords = [*(names if row.takes is None else row.takes), *(("body",) if operation.has_body else ())]
    kinds = inspect.Parameter
    act.__signature__ = inspect.Signature([  # type: ignore[attr-defined]  # what `inspect.signature` reads
        kinds("uow", kinds.POSITIONAL_OR_KEYWORD),
        *(kinds(name, kinds.KEYWORD_ONLY, default=None) for name in keywords),
    ])  # fmt: skip
    act.__annotations__ = {name: row.annotations.get(name, Any) for name in keywords}
    return act


def _plain(value: Any) -> Any:  # JSON
    match value:
        case bytes():
            return value.hex()
        case BaseModel():
            return value.model_dump()
        case _:
            return value


@contextlib.contextmanager
def built(row: Row) -> Iterator[Any]:
    """The application of *row*. Raises ContractMismatchError."""
    document = document_of(row)
    store = Store()
    with handlers_of(row, document) as package:
        contract = compile_contract(document, package, vocabulary=VOCABULARY, body_limit_bytes=BODY_LIMIT_BYTES)
        yield build_application(
            contract,
            Settings(unit=lambda context: UnitOfWork(store, context), translate=translate, urn_prefix=URN_PREFIX),
            authenticate=authenticate,
            realm="foreign",
        )


class Shared:
    """One socket, on which one row after the other is served: a server for each would only be waited for."""

    def __init__(self) -> None:
        self.address: Address = ("", 0)
        self._application: Any = None

    @contextlib.contextmanager
    def running(self) -> Iterator[Shared]:
        """While the context lasts, it listens."""
        with serving(self._serve, protocol=bounded_protocol(URN_PREFIX), lifespan="off") as self.address:
            yield self

    @contextlib.contextmanager
    def of(self, row: Row) -> Iterator[Address]:
        """The application of *row*, on the socket."""
        with built(row) as self._application:
            yield self.address

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await self._application(scope, receive, send)


def ask(address: Address, trial: Trial, method: str) -> Reply:
    """The response to the request of *trial*."""
    method = (trial.method or method).upper()
    chunks = trial.chunks or [request(method, trial.target, *trial.lines, body=trial.body)]
    return exchange(address, chunks, method=method)
