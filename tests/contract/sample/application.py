"""The sample's composition: tokens, problems, the engine's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tickbox_contract.engine.access import AuthContext, Vocabulary
from tickbox_contract.engine.application import build_application, compile_contract
from tickbox_contract.engine.limits import Limiter
from tickbox_contract.engine.security import Authenticate
from tickbox_contract.engine.units import Settings
from tickbox_contract.engine.violations import ResponseCheck
from tickbox_contract.openapi.document import Document
from tickbox_contract.responses import Problem, ProblemType, problem

from . import handlers
from .store import NameTakenError, StationNotFoundError, Store, UnitOfWork

CONTRACT = Path(__file__).with_name("openapi.yaml")
URN_PREFIX = "urn:weather:problem:"
REQUEST_URN = "urn:weather:request:1"
VOCABULARY = Vocabulary(roles=("observer", "keeper", "director"), scopes=("read", "write"))
BODY_LIMIT_BYTES = 256 * 1024

AUTH_CONTEXTS = {
    "director": AuthContext(principal="ada", scopes=frozenset({"read", "write"}), role="director"),
    "observer": AuthContext(principal="bo", scopes=frozenset({"read", "write"}), role="observer"),
    "reader": AuthContext(principal="cy", scopes=frozenset({"read"}), role="director"),
    "stranger": AuthContext(principal="di", scopes=frozenset({"read", "write"}), role=None),
    "passer-by": AuthContext(principal="ed", scopes=frozenset({"read"}), role=None),
}
NAME_TAKEN = ProblemType("name-taken", 409, "Name taken")
RESTING = ProblemType("resting", 500, "Resting")
_ROWS: dict[type[Exception], ProblemType] = {
    StationNotFoundError: ProblemType("not-found", 404, "Not found"),
    NameTakenError: NAME_TAKEN,
    ConnectionError: RESTING,
    # The contract declares no 410 anywhere.
    TimeoutError: ProblemType("gone", 410, "Gone"),
}


async def authenticate(token: str, _path: Mapping[str, str]) -> AuthContext | None:
    """The grant of one of the tokens that the tests use."""
    return AUTH_CONTEXTS.get(token)


def authenticator(store: Store) -> Authenticate:
    """As `authenticate`, by what *store* knows of the token now."""

    async def authenticate_now(token: str, path: Mapping[str, str]) -> AuthContext | None:
        auth = None if token in store.revoked else await authenticate(token, path)
        return replace(auth, role=store.roles.get(token, auth.role)) if auth else None

    return authenticate_now


def translate(error: Exception) -> Problem | None:
    """The problem for one of the sample's own errors."""
    row = _ROWS.get(type(error))
    return problem(row, "It cannot be done.") if row else None


def build(
    store: Store,
    *,
    document: Document | None = None,
    response_check: ResponseCheck = "enforce",
    limiter: Limiter | None = None,
    **words: Any,
) -> Any:
    """The sample as an ASGI application, with further *words* in its vocabulary. Its own document uses none."""
    contract = compile_contract(
        document or Document.read(CONTRACT),
        handlers,
        vocabulary=replace(VOCABULARY, **words),
        body_limit_bytes=BODY_LIMIT_BYTES,
    )
    return build_application(
        contract,
        Settings(
            unit=lambda context: UnitOfWork(store, context),
            translate=translate,
            urn_prefix=URN_PREFIX,
            response_check=response_check,
            limiter=limiter,
            instance=lambda: REQUEST_URN,
        ),
        authenticate=authenticator(store),
        realm="weather",
    )
