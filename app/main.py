"""The composition root: the only place that knows the engine, the handlers and the persistence all at once."""

import contextlib
import datetime as dt
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from uuid import UUID

from starlette.types import ASGIApp
from uuid_utils.compat import uuid7
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import handlers
from app.adapters.mail.rendering import Texts, parse_sender
from app.adapters.mail.sender import EmailSender, log_sender, smtp_sender
from app.adapters.mail.smtp import SmtpServer
from app.adapters.passwords.argon2_hasher import Argon2Passwords
from app.adapters.rate_limits import limiter as limits
from app.adapters.rate_limits.windows import ProcessWindows, SharedWindows
from app.authentication import Authenticator, AuthenticatorOfStreams
from app.fair_order import FairOrder
from app.jobs.last_used import LastUses, last_used_job
from app.jobs.loop import Job, running
from app.jobs.mail import mail_job
from app.jobs.purge import purge_job
from app.jobs.reminder_upkeep import reminder_upkeep_job
from app.jobs.reminders import reminder_job
from app.jobs.waking import waking_jobs
from app.memory import collect_garbage_rarely, return_large_blocks
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
from app.streams import OpenStreams, StreamLimits
from domain.events import EVENT_TYPES
from domain.origins import origin_of
from domain.policy import Policy
from domain.principals import SESSION_SCOPES
from domain.roles import ROLES
from handlers.events import payload_of
from handlers.problems import TABLE, UNAVAILABLE, translate
from persistence.database import Database
from persistence.unit_dependencies import Dependencies
from persistence.unit_of_work import SqlUnitOfWork
from persistence.wakeups import Wakeups
from tickbox_contract.engine.access import Vocabulary
from tickbox_contract.engine.application import CompiledContract, build_application, compile_contract
from tickbox_contract.engine.events import compile_events
from tickbox_contract.engine.units import RequestContext
from tickbox_contract.engine.units import Settings as EngineSettings
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.schemas import SchemaCompiler

if TYPE_CHECKING:
    from app.adapters.oidc.verifier import Verifier

URN_PREFIX = "urn:tickbox:problem:"
REALM = "tickbox"
VOCABULARY = Vocabulary(
    roles=ROLES,
    scopes=sorted(SESSION_SCOPES),
    role_parameter="workspace_id",
    role_parameter_type=UUID,
    policies=limits.POLICIES,
    problems=frozenset(TABLE.values()),
    common_problems={UNAVAILABLE},
    scaffold="tickbox scaffold",
    new_problem="add an error for it in domain/model; the name of its class is the slug (handlers/problems.py)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every process needs, whether it serves, runs jobs, or runs a command."""

    dependencies: Dependencies
    passwords: Argon2Passwords
    wakeups: Wakeups
    streams: OpenStreams

    async def close(self) -> None:
        """End the threads and the database's connections."""
        self.passwords.close()
        await self.streams.close()
        await self.dependencies.database.close()


def utc_now() -> dt.datetime:
    """Return the current instant, in UTC: the real clock."""
    return dt.datetime.now(dt.UTC)


def contract_path() -> Path:
    """Return the path of the contract, in a checkout or installed."""
    with resources.as_file(resources.files("spec") / "openapi.yaml") as path:
        return path


def compile_ours(package: ModuleType = handlers, *, body_limit_bytes: int) -> CompiledContract:
    """Compile our contract for the handlers in *package*. Raises ContractMismatchError."""
    return compile_contract(
        Document.read(contract_path()),
        package,
        vocabulary=VOCABULARY,
        body_limit_bytes=body_limit_bytes,
        outer_headers=frozenset({REQUEST_ID_HEADER}),
    )


def build(  # noqa: PLR0913  # what a test may replace, one by one
    settings: Settings,
    *,
    contract: CompiledContract | None = None,
    background: bool = True,
    passwords: Argon2Passwords | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """Build the whole application, with its jobs unless *background* is False.

    *contract* is what `compile_ours` returned, and compiled here if it is None. *passwords* replaces the real hasher,
    *clock* the real clock. *monotonic* counts the seconds after which the keys of an identity provider are read again.
    Nothing is opened before the application starts.
    Raises tickbox_contract.engine.operations.ContractMismatchError.
    """
    contract = contract or compile_ours(body_limit_bytes=settings.body_limit_bytes)
    document = contract.document
    parts = make_parts(settings, document, passwords=passwords, clock=clock)
    limiter = make_limiter(settings)
    verifier = _make_verifier(settings, document, parts.dependencies, monotonic=monotonic)
    last_uses = LastUses()
    authenticator = Authenticator(parts.dependencies, last_uses, verifier)
    jobs = _server_jobs(settings, parts.dependencies, last_uses) if background else ()
    waking = waking_jobs(settings.listen_url or settings.database_url, parts.dependencies.database, parts.wakeups)
    application = build_application(
        contract,
        _engine_settings(settings, parts.dependencies, limiter),
        authenticate=authenticator,
        authenticate_again=AuthenticatorOfStreams(authenticator),
        realm=REALM,
        lifespan=_lifespan(parts, limiter, verifier, (*waking, *jobs)),
    )
    return _with_outer_layers(application, settings)


def make_parts(
    settings: Settings,
    document: Document,
    *,
    passwords: Argon2Passwords | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
) -> Parts:
    """Create the real ids, randomness and database, and the real hasher unless *passwords* is given.

    Nothing is opened yet. Raises tickbox_contract.engine.operations.ContractMismatchError.
    """
    passwords = passwords or Argon2Passwords()
    wakeups = Wakeups()
    compiled = compile_events(document, known=EVENT_TYPES, response_check=settings.response_check)
    streams = OpenStreams(wakeups, _stream_limits(settings), is_current=compiled.fits)
    dependencies = Dependencies(
        database=Database(
            settings.database_url,
            pool_size=settings.database_pool_size,
            prepares=settings.database_prepared_statements == "on",
        ),
        clock=clock,
        new_id=uuid7,
        random_bytes=secrets.token_bytes,
        passwords=passwords,
        policy=_policy(settings),
        encode_event=lambda event: compiled(event.type, payload_of(event)),
        changed=wakeups.signal,
        streams=streams.of,
    )
    return Parts(dependencies=dependencies, passwords=passwords, wakeups=wakeups, streams=streams)


def make_email_sender(settings: Settings) -> EmailSender:
    """Send e-mails over SMTP; without a mail server, log them for the operator to pass on."""
    texts = _texts(settings)
    if settings.smtp_url is None:
        return log_sender(texts)
    server = SmtpServer.parse(settings.smtp_url.get_secret_value())
    return smtp_sender(server, sender=parse_sender(settings.mail_from), texts=texts)


def make_limiter(settings: Settings) -> limits.CallLimiter:
    """Create what counts requests. Nothing is opened yet."""
    return limits.CallLimiter(
        {
            limits.DEFAULT: limits.parse_rate(settings.rate_limit),
            limits.ADDRESS: limits.parse_rate(settings.rate_limit_address),
            limits.FAILURES: limits.parse_rate(settings.rate_limit_address),
            limits.CREDENTIALS: limits.parse_rate(settings.rate_limit_credentials),
        },
        SharedWindows(settings.rate_limit_storage_url) if settings.rate_limit_storage_url else ProcessWindows(),
    )


def shared_jobs(settings: Settings, dependencies: Dependencies) -> Sequence[Job]:
    """Create the jobs that any process can do for all: each server, or `tickbox worker`."""
    return (
        purge_job(dependencies),
        mail_job(dependencies, make_email_sender(settings)),
        reminder_job(dependencies),
        reminder_upkeep_job(dependencies),
    )


def _server_jobs(settings: Settings, dependencies: Dependencies, last_uses: LastUses) -> Sequence[Job]:
    """What this process used is only known here, so it is written here."""
    own = last_used_job(dependencies, last_uses)
    return (own, *shared_jobs(settings, dependencies)) if settings.jobs == "serve" else (own,)


def _stream_limits(settings: Settings) -> StreamLimits:
    return StreamLimits(
        of_user=settings.streams_per_user, in_process=settings.streams, heartbeat_s=settings.stream_heartbeat_s
    )


def _policy(settings: Settings) -> Policy:
    return Policy(
        registration=settings.registration,
        workspace_quota_bytes=settings.workspace_quota_bytes,
        log_retention=dt.timedelta(days=settings.log_retention_days),
        access_token_lifetime=dt.timedelta(seconds=settings.access_token_lifetime_s),
        session_lifetime=dt.timedelta(seconds=settings.session_lifetime_s),
        refresh_grace=dt.timedelta(seconds=settings.refresh_grace_s),
        sends_email=settings.smtp_url is not None,
        accept_invitation_url=_texts(settings).page("invitation"),
    )


def _texts(settings: Settings) -> Texts:
    return Texts(app_url=settings.app_url, public_url=settings.public_url)


def _engine_settings(settings: Settings, dependencies: Dependencies, limiter: limits.CallLimiter) -> EngineSettings:
    return EngineSettings(
        unit=partial(_unit, dependencies),
        translate=translate,
        urn_prefix=URN_PREFIX,
        response_check=settings.response_check,
        limiter=limiter,
        instance=lambda: f"urn:uuid:{current_request_id()}",
    )


def _unit(dependencies: Dependencies, call: RequestContext) -> SqlUnitOfWork:
    return SqlUnitOfWork(
        dependencies,
        principal=call.auth.principal if call.auth else None,
        workspace_id=call.path.get("workspace_id"),
        safe=call.safe,
        admit=call.admit_role,
        origin=partial(origin_of, **call.client._asdict()),
        is_admitted=call.is_admitted,
    )


def _make_verifier(
    settings: Settings, document: Document, dependencies: Dependencies, *, monotonic: Callable[[], float]
) -> "Verifier | None":
    """Create what checks the tokens of the identity provider; None if none is set."""
    if not settings.oidc_issuer:
        return None
    from app.adapters.oidc.signing_keys import SigningKeys  # noqa: PLC0415  # what it imports costs 10 MB and 60 ms
    from app.adapters.oidc.verifier import Verifier  # noqa: PLC0415  # as above

    address = document.root["components"]["schemas"]["UserCreate"]["properties"]["email"]
    return Verifier(
        settings.oidc_issuer,
        keys=SigningKeys(settings.oidc_issuer, origins=settings.oidc_jwks_origins, monotonic=monotonic),
        audience=settings.oidc_audience,
        is_address=SchemaCompiler(document.root).compile(address, direction="request").is_valid,
        clock=dependencies.clock,
    )


def _lifespan(
    parts: Parts, limiter: limits.CallLimiter, verifier: "Verifier | None", jobs: Sequence[Job]
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        collect_garbage_rarely()
        return_large_blocks()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(limiter.close)
            stack.push_async_callback(parts.close)
            if verifier is not None:
                stack.push_async_callback(verifier.close)
                verifier.start()
            await stack.enter_async_context(running(jobs))
            yield

    return lifespan


def _with_outer_layers(application: ASGIApp, settings: Settings) -> ASGIApp:
    if settings.cors_origins:
        application = QuietCORSMiddleware(
            application,
            allow_origins=settings.cors_origins,
            allow_methods=CORS_METHODS,
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_RESPONSE_HEADERS,
        )
    application = RequestLayer(FairOrder(application), https=settings.is_https)
    if settings.trusted_proxies:
        # From here on the client is whoever called the proxy. Its types are the same protocol, written in another way.
        application = ProxyHeadersMiddleware(application, [*settings.trusted_proxies])  # type: ignore[arg-type, assignment]  # as above
    return application
