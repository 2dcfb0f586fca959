"""The composition root: the only place that knows the engine, the handlers and the persistence all at once."""

import contextlib
import datetime as dt
import gc
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import ModuleType
from uuid import UUID

from starlette.types import ASGIApp
from uuid_utils.compat import uuid7
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import handlers
from app import limits
from app.passwords import Argon2Passwords
from app.requests import (
    CORS_ANSWER_HEADERS,
    CORS_METHODS,
    CORS_REQUEST_HEADERS,
    REQUEST_ID_HEADER,
    QuietCORSMiddleware,
    RequestLayer,
)
from app.settings import Settings
from app.sweeping import sweeping
from app.windows import ProcessWindows, SharedWindows
from contract.access import Grant, Vocabulary
from contract.application import build_application
from contract.document import Document
from contract.events import compile_events
from contract.units import Call
from contract.units import Settings as EngineSettings
from domain import opaque
from domain.events import EVENT_TYPES, Event
from domain.ports import Policy
from domain.principals import SESSION_SCOPES
from domain.roles import ROLES
from handlers.events import payload_of
from handlers.problems import translate
from persistence.database import Database
from persistence.sessions import authenticate
from persistence.unit_of_work import Dependencies, UnitOfWork

URN_PREFIX = "urn:tickbox:problem:"
REALM = "tickbox"
VOCABULARY = Vocabulary(
    roles=ROLES, scopes=sorted(SESSION_SCOPES), role_parameter="workspace_id", policies=limits.POLICIES
)
_GC_THRESHOLD = 50_000
"""Young objects before a collection: requests make few cycles, and a pause is felt by all of them (ADR 14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the process holds on to, and must let go of."""

    dependencies: Dependencies
    passwords: Argon2Passwords

    async def close(self) -> None:
        """End the threads and the database's connections."""
        self.passwords.close()
        await self.dependencies.database.close()


def contract_path() -> Path:
    """Where the contract lies, in a checkout or installed."""
    with resources.as_file(resources.files("spec") / "openapi.yaml") as path:
        return path


def make_parts(settings: Settings, document: Document) -> Parts:
    """The real clock, ids, randomness, hasher and database. Nothing is opened yet.

    Raises contract.operations.ContractMismatchError.
    """
    passwords = Argon2Passwords()
    dependencies = Dependencies(
        database=Database(settings.database_url, pool_size=settings.database_pool_size),
        clock=lambda: dt.datetime.now(dt.UTC),
        new_id=uuid7,
        random_bytes=secrets.token_bytes,
        passwords=passwords,
        policy=Policy(
            registration_open=settings.registration == "open",
            access_token_lifetime=dt.timedelta(seconds=settings.access_token_lifetime_s),
            session_lifetime=dt.timedelta(seconds=settings.session_lifetime_s),
        ),
        encode_event=_event_encoder(document, settings),
    )
    return Parts(dependencies=dependencies, passwords=passwords)


def build(settings: Settings, *, package: ModuleType = handlers) -> ASGIApp:
    """The whole application, with the handlers of *package*. Raises contract.operations.ContractMismatchError."""
    document = Document.read(contract_path())
    parts = make_parts(settings, document)
    limiter = make_limiter(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD, 20, 20)
        try:
            async with sweeping(parts.dependencies):
                yield
        finally:
            await parts.close()
            await limiter.close()

    application: ASGIApp = build_application(
        document,
        package,
        EngineSettings(
            unit=lambda call: _unit(parts.dependencies, call),
            translate=translate,
            urn_prefix=URN_PREFIX,
            response_check=settings.response_check,
            limiter=limiter,
        ),
        authenticate=_Authenticator(parts.dependencies),
        vocabulary=VOCABULARY,
        realm=REALM,
        body_limit_bytes=settings.body_limit_bytes,
        outer_headers=frozenset({REQUEST_ID_HEADER}),
        lifespan=lifespan,
    )
    if settings.cors_origins:
        application = QuietCORSMiddleware(
            application,
            allow_origins=settings.cors_origins,
            allow_methods=CORS_METHODS,
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_ANSWER_HEADERS,
        )
    application = RequestLayer(application, https=settings.public_url.startswith("https:"))
    if settings.trusted_proxies:
        # Who called the proxy is the client from here on. Its types are of the same protocol, spelled in another way.
        application = ProxyHeadersMiddleware(application, [*settings.trusted_proxies])  # type: ignore[arg-type, assignment]  # as above
    return application


def make_limiter(settings: Settings) -> limits.CallLimiter:
    """Who counts calls. Nothing is opened yet."""
    return limits.CallLimiter(
        {
            limits.DEFAULT: limits.parse_rate(settings.rate_limit),
            limits.ADDRESS: limits.parse_rate(settings.rate_limit_address),
            limits.FAILURES: limits.parse_rate(settings.rate_limit_address),
            limits.CREDENTIALS: limits.parse_rate(settings.rate_limit_credentials),
        },
        SharedWindows(settings.rate_limit_storage_url) if settings.rate_limit_storage_url else ProcessWindows(),
    )


def _event_encoder(document: Document, settings: Settings) -> Callable[[Event], str]:
    encode = compile_events(document, known=EVENT_TYPES, response_check=settings.response_check)
    return lambda event: encode(event.type, payload_of(event))


def _unit(dependencies: Dependencies, call: Call) -> UnitOfWork:
    return UnitOfWork(
        dependencies,
        principal=call.grant.principal if call.grant else None,
        workspace_id=call.path.get("workspace_id"),
        safe=call.safe,
        admit=call.admit_role,
    )


@dataclass(frozen=True, slots=True)
class _Authenticator:
    """Looks up a token, and the caller's role in the workspace of the path, in one statement."""

    dependencies: Dependencies

    async def __call__(self, token: str, path: Mapping[str, str]) -> Grant | None:
        digest = opaque.digest_of(token, kind="session")
        if digest is None:
            return None
        found = await authenticate(
            self.dependencies.database,
            digest,
            workspace_id=_uuid(path.get("workspace_id")),
            now=self.dependencies.clock(),
        )
        if found is None:
            return None
        return Grant(principal=found.principal, scopes=frozenset(found.principal.scopes), role=found.role)


def _uuid(text: str | None) -> UUID | None:
    """The path's id; None where it is none, which the engine refuses after the token was looked at."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
