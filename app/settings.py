"""Settings: environment variables `TICKBOX_*`. What each means is said here alone.

`tickbox settings` prints it (see `app.environment`), and `make docs` writes it to docs/settings.md.
"""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.adapters.mail.rendering import parse_sender
from app.adapters.mail.smtp import SmtpServer
from app.adapters.oidc.safe_urls import split_safe
from app.adapters.rate_limits.limiter import OFF, parse_rate
from app.adapters.rate_limits.windows import check_url
from domain.policy import Registration
from persistence.urls import parse_url

PREFIX: Final = "TICKBOX_"
DEFAULT_DATABASE_URL: Final = "sqlite:///var/tickbox.db"
_ORIGIN: Final = re.compile(r"https?://[^/\s]+")


class Settings(BaseSettings):
    """What an operator can set. Raises pydantic's ValidationError for an invalid value."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0 for any")
    database_url: str = Field(
        default=DEFAULT_DATABASE_URL,
        description="`sqlite:///path` (relative to the current folder) or `sqlite:////full/path`; or"
        " `postgresql://user:password@host/name`, with a socket `postgresql://user@/name?host=/directory`",
    )
    database_pool_size: int = Field(default=10, ge=2, le=1000, description="connections that each process keeps")
    database_prepared_statements: Literal["on", "off"] = Field(
        default="on",
        description="`off` behind a pooler that gives each transaction another connection, unless it keeps track of"
        " prepared statements (PgBouncer in transaction mode: since 1.21, with `max_prepared_statements`)",
    )
    listen_url: str = Field(
        default="",
        description="where servers notify each other of changes, so that live events are immediate: PostgreSQL's own"
        " address, if `TICKBOX_DATABASE_URL` leads to a pooler in transaction mode; by default the same",
    )
    streams: int = Field(default=5000, ge=1, description="open streams of live events in each process")
    streams_per_user: int = Field(
        default=20, ge=1, description="open streams of one user in each process, on all devices together"
    )
    stream_heartbeat_s: int = Field(
        default=15,
        ge=1,
        le=300,
        description="the longest silence of a stream, and 15 seconds more while the database does not respond: "
        "together less than the shortest time-out of the proxies before the server",
    )
    jobs: Literal["serve", "worker"] = Field(
        default="serve",
        description="where e-mails are sent, reminders fire and expired rows are deleted: `serve` in each server;"
        " `worker` only in `tickbox worker`",
    )
    public_url: str = Field(
        default="",
        description="the URL at which clients reach the server: e-mails use it if there is no client app;"
        " with `https:`, responses have `Strict-Transport-Security`",
    )
    registration: Registration = Field(
        default="open",
        description="`open`; `invited`: only with the token of an invitation;"
        " `closed`: only with `tickbox user create`",
    )
    response_check: Literal["enforce", "report"] = Field(
        default="enforce",
        description="`enforce` sends a 500 instead of a response that violates the contract;"
        " `report` logs the response, and sends it",
    )
    body_limit_bytes: int = Field(
        default=256 * 1024,
        ge=1024,
        description="the largest request body, unless the contract has another limit for an operation",
    )
    workspace_quota_bytes: int = Field(
        default=256 * 1024 * 1024,
        ge=1024 * 1024,
        description=(
            "how many bytes the projects and tasks of a workspace may use; the bodies of its events, and the responses"
            " kept for idempotency keys, may each use the same again (see API4 in spec/architecture.md)"
        ),
    )
    log_retention_days: int = Field(
        default=90,
        ge=1,
        le=36500,
        description=(
            "how long the bodies of events are kept, and what was deleted is reported to clients that keep a copy:"
            " one that was away for longer reads everything again"
        ),
    )
    access_token_lifetime_s: int = Field(default=3600, ge=60, description="how long an access token is valid")
    session_lifetime_s: int = Field(
        default=30 * 24 * 3600, ge=3600, description="how long a session is valid without a refresh"
    )
    refresh_grace_s: int = Field(
        default=10,
        ge=0,
        le=600,
        description="how long a used refresh token may be sent again, because its response was lost; 0: not at all",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="the mail server, `smtp://user:password@host:587` or `smtps://host:465`;"
        " without one, e-mails are logged",
    )
    mail_from: str = Field(default="Tickbox <tickbox@localhost>", description="the sender of e-mails")
    app_url: str = Field(
        default="",
        description="the client app that links in e-mails lead to; without one, e-mails show the request to send",
    )
    rate_limit: str = Field(
        default="600/minute",
        description="requests of one user, with all of their tokens; `off` for no limit, as for the next two",
    )
    rate_limit_address: str = Field(
        default="120/minute",
        description="requests of one address that need no token; separately, as many with a missing or invalid token",
    )
    rate_limit_credentials: str = Field(
        default="10/minute",
        description="requests that check or send credentials. For one address: log-in, registration, forgotten"
        " passwords, tokens from e-mails that verify or reset. For one user: changes of the password and the"
        " e-mail address, new tokens, invitations, e-mails to verify",
    )
    rate_limit_storage_url: str = Field(
        default="",
        description="the Redis or Valkey in which several servers count together: `redis://host:port`, `valkey://...`,"
        " with TLS `rediss:`, `valkeys:`, on a socket `redis+unix:///path`",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="addresses and networks of the proxies whose `X-Forwarded-For` is trusted, separated by commas",
    )
    oidc_issuer: str = Field(
        default="",
        description="an identity provider (OpenID Connect) whose tokens are accepted; see docs/identity-provider.md",
    )
    oidc_audience: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        validate_default=True,
        description="the audience that its tokens must have, such as a client id; several are separated by commas",
    )
    oidc_jwks_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="origins other than the issuer's at which it may publish its keys, separated by commas;"
        " Google's are at `https://www.googleapis.com`",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="origins from which browsers may send requests, separated by commas; `*` for all"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`debug`, `info`, `warning` or `error`"
    )
    shutdown_timeout_s: int = Field(default=30, ge=1, description="how long a stop waits for running requests")

    @field_validator("rate_limit", "rate_limit_address", "rate_limit_credentials")
    @classmethod
    def _known_rate(cls, value: str) -> str:
        try:
            parse_rate(value)
        except ValueError as error:
            message = f"must be a number of requests in a time, such as 600/minute or 10/5 minutes, or {OFF}"
            raise ValueError(message) from error
        return value

    @field_validator("rate_limit_storage_url")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        try:
            if value:
                check_url(value)
        except (ValueError, TypeError) as error:  # the latter for an unknown option
            message = "must be redis://host:port or valkey://host:port, or rediss:, valkeys:, redis+unix:///path"
            raise ValueError(message) from error
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _known_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for proxy in value:
                ip_network(proxy)
        except ValueError as error:
            message = "must be addresses or networks such as 10.0.0.7, 10.1.0.0/16, fd00::/8"
            raise ValueError(message) from error
        return value

    @field_validator("cors_origins", "trusted_proxies", "oidc_audience", "oidc_jwks_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Split `https://a.example, https://b.example` into a tuple."""
        return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _known_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(origin == "*" or _ORIGIN.fullmatch(origin) for origin in value):
            message = "must be origins such as https://app.example, without a path"
            raise ValueError(message)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _known_issuer(cls, value: str) -> str:
        url = split_safe(value)
        if value and (url is None or url.query or url.fragment):  # OpenID Connect Core, 2
            message = (
                "must be an https:// URL without a query, as the provider writes it (http:// only on this machine)"
            )
            raise ValueError(message)
        return value

    @field_validator("oidc_audience")
    @classmethod
    def _audience_of_issuer(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        issuer = info.data.get("oidc_issuer")
        if issuer and not value:
            message = "must name the audience of the provider's tokens, so that tokens for other programs are rejected"
            raise ValueError(message)
        if value and issuer == "":
            message = "must be empty without TICKBOX_OIDC_ISSUER"
            raise ValueError(message)
        return value

    @field_validator("oidc_jwks_origins")
    @classmethod
    def _known_key_origins(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for origin in value:
            url = split_safe(origin)
            if url is None or url.path or url.query or url.fragment:
                message = "must be origins such as https://www.googleapis.com, without a path"
                raise ValueError(message)
        if value and info.data.get("oidc_issuer") == "":
            message = "must be empty without TICKBOX_OIDC_ISSUER"
            raise ValueError(message)
        return value

    @field_validator("public_url", "app_url")
    @classmethod
    def _known_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            message = "must begin with http:// or https://"
            raise ValueError(message)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_smtp_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            SmtpServer.parse(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _known_sender(cls, value: str) -> str:
        parse_sender(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        parse_url(value)
        return value

    @field_validator("listen_url")
    @classmethod
    def _known_listener(cls, value: str) -> str:
        if value and parse_url(value).get_backend_name() == "sqlite":
            message = "must be a URL of PostgreSQL: on SQLite there is nothing to listen to"
            raise ValueError(message)
        return value

    @property
    def is_https(self) -> bool:
        """Whether clients reach the server by https."""
        return self.public_url.startswith("https:")

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        url = parse_url(self.database_url)
        return Path(url.database) if url.database and url.get_backend_name() == "sqlite" else None
