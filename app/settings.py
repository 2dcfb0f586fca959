"""Settings: environment variables `TICKBOX_*`, each listed in the README."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from persistence.engines import parse_url

Registration = Literal["open", "closed"]


class Settings(BaseSettings):
    """What an operator can set. Raises pydantic's ValidationError on a value that is none."""

    model_config = SettingsConfigDict(env_prefix="TICKBOX_", frozen=True)

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
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    shutdown_timeout_s: int = Field(default=30, ge=1)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        """`https://a.example, https://b.example` as a tuple."""
        return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value

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
        scheme, _, rest = self.database_url.partition(":///")
        return Path(rest) if scheme.startswith("sqlite") else None
