"""The stack of layers: whose each is, and their order.

    ServerErrorMiddleware    Connexion's   the last resort
    ExceptionMiddleware      Connexion's   with our asynchronous handlers (its own cost a thread hop for each error)
    LifespanMiddleware       Connexion's
    TrieRoutingMiddleware    ours          a subclass of Connexion's RoutingMiddleware: only the matching differs
    SecurityMiddleware       Connexion's   with our bearer handler in its security map
    ContextMiddleware        Connexion's   for layers that read `connexion.context`; none of ours does
    Engine                   ours          a RoutedMiddleware, instead of request validation, response validation,
                                           parameter and response decorators, which Connexion creates per request

From routing on, the operation of each layer calls the same operation of the next layer (`_Linked`).

Left out: RequestValidationMiddleware, ResponseValidationMiddleware, SwaggerUIMiddleware.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from . import quiet  # noqa: F401  # before Connexion, see there

# isort: split
from connexion.exceptions import ResolverError
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.abstract import RoutedMiddleware
from connexion.middleware.context import ContextMiddleware
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import Lifespan, LifespanMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.server_error import ServerErrorMiddleware
from connexion.operations import AbstractOperation
from connexion.resolver import Resolution, Resolver
from connexion.spec import Specification

from tickbox_contract.handlers import find_handler, handler_name
from tickbox_contract.openapi.document import Document

from .access import Vocabulary
from .engine import Engine
from .mismatches import ContractMismatchError, Mismatch
from .operations import CompiledOperation, compile_operations
from .problems import Refused
from .routing import TrieRoutingMiddleware, operations_of
from .security import Authenticate, BearerHandler
from .units import Settings

_ANY_RESPONSE = {"default": {"description": ""}}
_BEARER = {"type": "http", "scheme": "bearer"}
"""The only scheme that an operation may need, without the details of the contract."""


class TagResolver(Resolver):
    """Finds a handler as `<package>.<first tag>.<operationId>`, so that no Python path is in the contract.

    Connexion cannot create an operation without a resolver. The engine calls the same function, which
    `compile_operations` has found and checked.
    """

    def __init__(self, handlers: ModuleType) -> None:
        super().__init__()
        self._handlers = handlers

    def resolve(self, operation: AbstractOperation) -> Resolution:
        """Connexion's hook. Raises ResolverError if the function does not exist."""
        tag, operation_id = operation._operation["tags"][0], operation.operation_id  # noqa: SLF001  # the tag has no public name
        handler = find_handler(self._handlers, tag, operation_id)
        if handler is None:
            message = f"the handler {self._handlers.__name__}.{handler_name(tag, operation_id)} is missing"
            raise ResolverError(message)
        return Resolution(handler, operation_id)


class _Linked(RoutedMiddleware[Any]):
    """A layer whose operations call those of the next layer directly, without a look-up for each request."""

    def add_api(self, specification: Specification, **options: Any) -> Any:  # Connexion's signature
        """Register the operations of *specification*; the next layer already has its own (see ConnexionMiddleware)."""
        api = super().add_api(specification, **options)
        following = operations_of(self.app, api.base_path)
        for operation_id, operation in api.operations.items():
            operation.next_app = following[operation_id]
        return api


class _LinkedSecurityMiddleware(_Linked, SecurityMiddleware):
    pass


class _LinkedContextMiddleware(_Linked, ContextMiddleware):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledContract:
    """A contract, the package of its handlers, and its operations by operationId. Several applications may share it."""

    document: Document
    handlers: ModuleType
    operations: Mapping[str, CompiledOperation]


def compile_contract(
    document: Document,
    handlers: ModuleType,
    *,
    vocabulary: Vocabulary,
    body_limit_bytes: int,
    outer_headers: frozenset[str] = frozenset(),
) -> CompiledContract:
    """Compile *document* for the functions in the package *handlers*.

    *body_limit_bytes* limits each encoded request body whose operation has no `x-body-limit`. A layer around the
    application adds *outer_headers* to every response, so no response here needs them. Raises ContractMismatchError
    with everything that does not fit.
    """
    operations = compile_operations(
        document,
        handlers,
        vocabulary=vocabulary,
        body_limit_bytes=body_limit_bytes,
        outer_headers=frozenset(map(str.lower, outer_headers)),
    )
    return CompiledContract(document=document, handlers=handlers, operations=operations)


def build_application(  # noqa: PLR0913  # what an application consists of
    contract: CompiledContract,
    settings: Settings,
    *,
    authenticate: Authenticate,
    authenticate_again: Authenticate | None = None,
    realm: str,
    lifespan: Lifespan | None = None,
) -> ConnexionMiddleware:
    """An ASGI application that serves *contract*, and can serve every request to it. Raises ContractMismatchError.

    *authenticate_again* looks up the tokens of open streams, many at once; by default *authenticate* does.
    """
    document, operations = contract.document, contract.operations
    engine = Engine(document, operations, settings)
    bearer = functools.partial(
        BearerHandler,
        authenticate,
        realm=realm,
        again=authenticate_again,
        limiter=settings.limiter,
        limited={operation_id for operation_id, operation in operations.items() if operation.policy},
    )
    application = _stack(engine, contract.handlers, bearer, lifespan)
    application.add_api(_outline(document), base_path="")
    # Connexion would do this at the first request, which is too late to find that something does not fit.
    application.app, application.middleware_stack = application._build_middleware_stack()  # noqa: SLF001  # as above
    _require_all(document, operations, engine)
    return application


def _stack(
    engine: Engine, handlers: ModuleType, bearer: Callable[..., BearerHandler], lifespan: Lifespan | None
) -> ConnexionMiddleware:
    """The layers around *engine*, without operations yet."""
    error_response = _respond_with(engine)
    application = ConnexionMiddleware(
        engine,
        middlewares=[
            # Its own handler is a coroutine, which Starlette's base class does not await.
            functools.partial(ServerErrorMiddleware, handler=error_response),
            ExceptionMiddleware,
            LifespanMiddleware,
            TrieRoutingMiddleware,
            _LinkedSecurityMiddleware,
            _LinkedContextMiddleware,
        ],
        lifespan=lifespan,
        resolver=TagResolver(handlers),
        security_map={"bearer": bearer},
    )
    # Refused is a ProblemException, for which Connexion has a handler of its own.
    application.add_error_handler(Refused, error_response)
    application.add_error_handler(Exception, error_response)
    return application


def _outline(document: Document) -> dict[str, Any]:
    """The part of *document* that Connexion's layers read: the operations, and whether each needs a token.

    Connexion's own resolver knows neither escaped pointers nor circles, and copies the target into each reference.
    """
    paths: dict[str, dict[str, Any]] = {}
    schemes: set[str] = set()
    for operation in document.operations:
        node = {"operationId": operation.name, "tags": operation.node.get("tags"), "responses": _ANY_RESPONSE}
        security = operation.security or ()
        paths.setdefault(operation.path, {})[operation.method] = node | {"security": list(security)}
        schemes.update(*security)
    return {
        "openapi": "3.0.4",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"securitySchemes": dict.fromkeys(schemes, _BEARER)},
    }


def _require_all(document: Document, operations: Mapping[str, CompiledOperation], engine: Engine) -> None:
    """Raise ContractMismatchError if Connexion has registered other operations than were compiled."""
    registered = operations_of(engine, "").keys()
    differ = sorted(registered ^ operations.keys())
    if differ:
        found = [Mismatch(f"{operation_id}: Connexion does not register it") for operation_id in differ]
        raise ContractMismatchError(document, found)


def _respond_with(engine: Engine) -> Callable[[ConnexionRequest, Exception], Awaitable[ConnexionResponse]]:
    async def error_response(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        encoded = engine.encoded_error(request.scope, error)
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in encoded.headers}
        return ConnexionResponse(status_code=encoded.status, body=encoded.body, headers=headers)

    return error_response
