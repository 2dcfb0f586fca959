"""Settings: environment variables `TICKBOX_*`, each listed in the README."""

import re
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from app.confidential import split_confidential
from app.letters import parse_sender
from app.limits import OFF, parse_rate
from app.smtp import SmtpServer
from app.windows import check_url
from domain.ports import Registration
from persistence.engines import parse_url

_PREFIX: Final = "TICKBOX_"
_ORIGIN: Final = re.compile(r"https?://[^/\s]+")
_TESTS_PREFIX: Final = "TICKBOX_TEST_"


class Settings(BaseSettings):
    """What an operator can set. Raises pydantic's ValidationError on a value that is none."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    database_url: str = "sqlite:///var/tickbox.db"
    database_pool_size: int = Field(default=10, ge=1, le=1000)
    public_url: str = ""
    registration: Registration = "open"
    response_check: Literal["enforce", "report"] = "enforce"
    body_limit_bytes: int = Field(default=256 * 1024, ge=1024)
    access_token_lifetime_s: int = Field(default=3600, ge=60)
    session_lifetime_s: int = Field(default=30 * 24 * 3600, ge=3600)
    refresh_grace_s: int = Field(default=10, ge=0, le=600)
    smtp_url: SecretStr | None = None
    mail_from: str = "Tickbox <tickbox@localhost>"
    app_url: str = ""
    rate_limit: str = "600/minute"
    rate_limit_address: str = "120/minute"
    rate_limit_credentials: str = "10/minute"
    rate_limit_storage_url: str = ""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    oidc_issuer: str = ""
    oidc_audience: Annotated[tuple[str, ...], NoDecode] = Field(default=(), validate_default=True)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    shutdown_timeout_s: int = Field(default=30, ge=1)

    @field_validator("rate_limit", "rate_limit_address", "rate_limit_credentials")
    @classmethod
    def _known_rate(cls, value: str) -> str:
        try:
            parse_rate(value)
        except ValueError as error:
            message = f"must be a number of calls in a time, such as 600/minute or 10/5 minutes, or {OFF}"
            raise ValueError(message) from error
        return value

    @field_validator("rate_limit_storage_url")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        try:
            if value:
                check_url(value)
        except (ValueError, TypeError) as error:  # the latter for an option that is none
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

    @field_validator("cors_origins", "trusted_proxies", "oidc_audience", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """`https://a.example, https://b.example` as a tuple."""
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
        url = split_confidential(value)
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
            message = "must name whom the provider's tokens are for: without it, those for any other program would do"
            raise ValueError(message)
        if value and issuer == "":
            message = "means nothing without TICKBOX_OIDC_ISSUER"
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
        try:
            parse_url(value)
        except ArgumentError as error:
            message = "must be sqlite:///path or postgresql://host/name"
            raise ValueError(message) from error
        return value

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an SQLite database; None on PostgreSQL."""
        url = parse_url(self.database_url)
        return Path(url.database) if url.database and url.get_backend_name() == "sqlite" else None


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Those *names*, sorted, that look like settings in whatever case, and are none; the tests have their own."""
    known = {f"{_PREFIX}{name}".upper() for name in Settings.model_fields}
    return sorted(
        name
        for name in names
        if name.upper().startswith(_PREFIX) and not name.upper().startswith(_TESTS_PREFIX) and name.upper() not in known
    )
