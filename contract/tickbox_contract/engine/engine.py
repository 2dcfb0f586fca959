"""The engine: the application at the end of Connexion's middleware, instead of its validators and decorators.

It passes each request to the runner of its operation, and turns every error into a response.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from . import quiet  # noqa: F401  # before Connexion, see there

# isort: split
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from connexion.spec import Specification
from starlette.types import Receive, Scope, Send

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.problems import INTERNAL_ERROR
from tickbox_contract.responses import problem

from .declared_responses import EncodedResponse
from .encoding import encoded_problem
from .limits import with_allowance
from .operations import CompiledOperation
from .problems import Refused
from .routing import operation_id_of
from .runner import Runner
from .units import Settings
from .violations import NonConformingResponseError

logger = logging.getLogger(__name__)


class Engine(RoutedMiddleware["_EngineAPI"]):
    """Runs the compiled operation that Connexion's routing context names."""

    def __init__(self, document: Document, operations: Mapping[str, CompiledOperation], settings: Settings) -> None:
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
            make=lambda operation_id: Runner(
                self._operations[operation_id], self._operations, self._document, self._settings
            ),
        )
        self.apis[api.base_path].append(api)
        return api

    def encoded_error(self, scope: Scope, error: Exception) -> EncodedResponse:
        """The response to a request that ended with *error*, wherever below the exception layer it was raised.

        It is checked against the declarations of the operation, if the request reached one.
        """
        response = error.response if isinstance(error, Refused) else self._settings.translate(error)
        if response is None and not isinstance(error, NonConformingResponseError):
            logger.error("unhandled error", exc_info=error)
        elif response is not None and response.status >= _SERVER_ERROR:
            logger.warning("not available", extra={"problem": response.type.slug, "cause": _cause_of(error)})
        operation = self._operations.get(operation_id_of(scope) or "")
        try:
            encoded = encoded_problem(operation, response or _SOMETHING_FAILED, self._settings)
        except NonConformingResponseError:
            encoded = encoded_problem(None, _SOMETHING_FAILED, self._settings)
        return with_allowance(encoded, scope)


class _EngineAPI(RoutedAPI["Runner"]):
    def __init__(self, *args: Any, make: Callable[[str], Runner], **options: Any) -> None:
        super().__init__(*args, **options)
        self._make = make
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> Runner:
        return self._make(operation.operation_id)


def _cause_of(error: Exception) -> str:
    """The error's notes, which no client sees, or else what it was raised from, or itself."""
    return "; ".join(getattr(error, "__notes__", ())) or str(error.__cause__ or error)


_SERVER_ERROR = 500
_SOMETHING_FAILED = problem(
    INTERNAL_ERROR, "Something failed in the server. Report it to the operator if it happens again."
)


async def _nothing_follows(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """The engine is the last application: it passes on only Connexion's lifespan."""
