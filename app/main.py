"""The composition root: the only place that knows the engine, the handlers and the persistence all at once."""

import contextlib
import datetime as dt
import gc
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from starlette.types import ASGIApp
from uuid_utils.compat import uuid7
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import handlers
from app import limits
from app.authentication import Authenticator
from app.mailing import EmailSender, log_rendered_email, mailing
from app.passwords import Argon2Passwords
from app.purging import purging
from app.rendered_emails import Texts, parse_sender
from app.requests import (
    CORS_METHODS,
    CORS_REQUEST_HEADERS,
    CORS_RESPONSE_HEADERS,
    REQUEST_ID_HEADER,
    QuietCORSMiddleware,
    RequestLayer,
    current_request_id,
)
from app.settings import Settings
from app.smtp import NotSentError, SmtpServer
from app.uses import LastUses, writing_down
from app.windows import ProcessWindows, SharedWindows
from domain.events import EVENT_TYPES, Event
from domain.origins import origin_of
from domain.policy import Policy
from domain.principals import SESSION_SCOPES
from domain.queued_emails import RenderedEmail
from domain.roles import ROLES
from handlers.events import payload_of
from handlers.problems import UNAVAILABLE, problems, translate
from persistence.database import Database
from persistence.unit_of_work import Dependencies, SqlUnitOfWork
from tickbox_contract.engine.access import Vocabulary
from tickbox_contract.engine.application import build_application
from tickbox_contract.engine.events import compile_events
from tickbox_contract.engine.units import RequestContext
from tickbox_contract.engine.units import Settings as EngineSettings
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.schemas import SchemaCompiler

if TYPE_CHECKING:
    from app.identity import Verifier

URN_PREFIX = "urn:tickbox:problem:"
REALM = "tickbox"
VOCABULARY = Vocabulary(
    roles=ROLES,
    scopes=sorted(SESSION_SCOPES),
    role_parameter="workspace_id",
    policies=limits.POLICIES,
    problems=problems(),
    common_problems={UNAVAILABLE},
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


def make_parts(settings: Settings, document: Document, *, passwords: Argon2Passwords | None = None) -> Parts:
    """The real clock, ids, randomness and database, and *passwords* or the real hasher. Nothing is opened yet.

    Raises tickbox_contract.engine.operations.ContractMismatchError.
    """
    passwords = passwords or Argon2Passwords()
    dependencies = Dependencies(
        database=Database(settings.database_url, pool_size=settings.database_pool_size),
        clock=lambda: dt.datetime.now(dt.UTC),
        new_id=uuid7,
        random_bytes=secrets.token_bytes,
        passwords=passwords,
        policy=Policy(
            registration=settings.registration,
            workspace_quota_bytes=settings.workspace_quota_bytes,
            access_token_lifetime=dt.timedelta(seconds=settings.access_token_lifetime_s),
            session_lifetime=dt.timedelta(seconds=settings.session_lifetime_s),
            refresh_grace=dt.timedelta(seconds=settings.refresh_grace_s),
            sends_email=settings.smtp_url is not None,
            accept_invitation_url=_texts(settings).page("invitation"),
        ),
        encode_event=_event_encoder(document, settings),
    )
    return Parts(dependencies=dependencies, passwords=passwords)


def _texts(settings: Settings) -> Texts:
    return Texts(app_url=settings.app_url, public_url=settings.public_url)


def make_email_sender(settings: Settings) -> EmailSender:
    """How mails leave: over SMTP; with no server set, into the log, for the operator to pass them on."""
    texts = _texts(settings)
    if settings.smtp_url is None:
        return lambda rendered_email: log_rendered_email(rendered_email, texts)
    server, sender = SmtpServer.parse(settings.smtp_url.get_secret_value()), parse_sender(settings.mail_from)

    async def post(rendered_email: RenderedEmail) -> None:
        try:
            message = texts.message(rendered_email, sender=sender)
        except ValueError as error:  # which quotes the address; it will never be one for a header
            raise NotSentError(type(error).__name__, is_final=True) from None
        await server.send(message)

    return post


def build(
    settings: Settings,
    *,
    package: ModuleType = handlers,
    background: bool = True,
    passwords: Argon2Passwords | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """The whole application, with the handlers of *package*, which also does what is to be done in the *background*.

    *passwords* hashes in the place of the real hasher. *monotonic* counts the seconds after which the keys of an
    identity provider are asked for again.
    Raises tickbox_contract.engine.operations.ContractMismatchError.
    """
    document = Document.read(contract_path())
    parts = make_parts(settings, document, passwords=passwords)
    last_uses = LastUses()
    limiter = make_limiter(settings)
    verifier = _make_verifier(settings, document, parts.dependencies, monotonic=monotonic)

    @contextlib.asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD, 20, 20)
        try:
            async with contextlib.AsyncExitStack() as stack:
                if verifier is not None:
                    stack.push_async_callback(verifier.close)
                    verifier.start()
                if background:
                    await stack.enter_async_context(writing_down(parts.dependencies, last_uses))
                    await stack.enter_async_context(purging(parts.dependencies))
                    await stack.enter_async_context(mailing(parts.dependencies, make_email_sender(settings)))
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
            instance=lambda: f"urn:uuid:{current_request_id()}",
        ),
        authenticate=Authenticator(parts.dependencies, last_uses, verifier),
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
            expose_headers=CORS_RESPONSE_HEADERS,
        )
    application = RequestLayer(application, https=settings.is_https)
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


def _make_verifier(
    settings: Settings, document: Document, dependencies: Dependencies, *, monotonic: Callable[[], float]
) -> "Verifier | None":
    """Knows the tokens of the identity provider that is set, if any."""
    if not settings.oidc_issuer:
        return None
    from app.identity import Verifier  # noqa: PLC0415  # what it imports costs 10 MB and 60 ms
    from app.signing_keys import SigningKeys  # noqa: PLC0415  # as above

    address = document.root["components"]["schemas"]["UserCreate"]["properties"]["email"]
    return Verifier(
        settings.oidc_issuer,
        keys=SigningKeys(settings.oidc_issuer, origins=settings.oidc_jwks_origins, monotonic=monotonic),
        audience=settings.oidc_audience,
        is_address=SchemaCompiler(document.root).compile(address, direction="request").is_valid,
        clock=dependencies.clock,
    )


def _event_encoder(document: Document, settings: Settings) -> Callable[[Event], str]:
    encode = compile_events(document, known=EVENT_TYPES, response_check=settings.response_check)
    return lambda event: encode(event.type, payload_of(event))


def _unit(dependencies: Dependencies, call: RequestContext) -> SqlUnitOfWork:
    return SqlUnitOfWork(
        dependencies,
        principal=call.auth.principal if call.auth else None,
        workspace_id=call.path.get("workspace_id"),
        safe=call.safe,
        admit=call.admit_role,
        origin=partial(origin_of, **call.client._asdict()),
    )
