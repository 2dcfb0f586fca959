"""The server that is asked, as `gate.toml` and the command line name it.

[server]
url = "http://127.0.0.1:8080"
token = "$TOKEN"                  # a bearer token that may do everything, from the environment
probe = "create_task"             # the POST that the probes are sent to; otherwise the first that suits them
schemathesis = ["--max-examples", "20"]

[server.values]                   # of path parameters, by name
workspace_id = "$WORKSPACE_ID"

[[server.callers]]                # for the stage guarded: what each may do, in the words of x-access
token = "$READER_TOKEN"
scope = ["read"]
role = ["viewer"]

[[server.callers]]                # a token that was valid once
token = "$OLD_TOKEN"
is-expired = true
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, urlsplit

from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.gate.settings_reading import Table

from . import wire


@dataclass(frozen=True, slots=True)
class Secret:
    """The name of a variable of the environment. It is read when it is needed: most runs do not need it."""

    variable: str

    def value(self) -> str:
        """What the variable holds. Raises NotCheckableError if it is not set: any server refuses an empty token."""
        value = os.environ.get(self.variable)
        if not value:
            raise NotCheckableError(f"the variable {self.variable} is not set")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a token. `scopes` and `roles` are the words of `x-access` that the token is good for."""

    name: str
    token: Secret
    scopes: frozenset[str]
    roles: frozenset[str]
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server. `token` may do everything; `values` are those of path parameters."""

    url: str | None = None
    token: Secret | None = None
    probe: str | None = None
    schemathesis: tuple[str, ...] = ()
    values: Mapping[str, str | Secret] = field(default_factory=dict)
    callers: tuple[Caller, ...] = ()

    @classmethod
    def read(cls, table: Table) -> Self:
        """The server in *table*, the table `server` of the settings. Notes mistakes in it."""
        url = table.string("url")
        if url is not None and not is_url(url):
            table.mistake("this must be a URL, such as http://127.0.0.1:8080", "url")
        values = table.table("values")
        server = cls(
            url=url,
            token=_secret(table, "token"),
            probe=table.string("probe"),
            schemathesis=table.texts("schemathesis"),
            values={name: _value(values, name) for name in values},
            callers=tuple(_caller(each) for each in table.tables("callers")),
        )
        table.refuse_others()
        return server

    @property
    def base(self) -> str:
        """The path of the URL, which precedes all paths of the contract."""
        return self._parts.path.rstrip("/")

    @property
    def host(self) -> str:
        """The value of the header Host."""
        return self._parts.netloc.rpartition("@")[2]

    def value_of(self, parameter: str) -> str | None:
        """The value of a path parameter; None if it has none. Raises NotCheckableError."""
        given = self.values.get(parameter)
        return given.value() if isinstance(given, Secret) else given

    @property
    def bearer(self) -> str | None:
        """The token. Raises NotCheckableError if it is named and not set."""
        return self.token.value() if self.token else None

    def endpoint(self) -> wire.Endpoint:
        """Where to connect."""
        is_tls = self._parts.scheme == "https"
        address = self._parts.hostname or "", self._parts.port or (443 if is_tls else 80)
        return wire.Endpoint(address, ssl.create_default_context() if is_tls else None)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url or "")


def is_url(url: str) -> bool:
    """Whether *url* is one of a server: `http` or `https`, with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _caller(table: Table) -> Caller:
    caller = Caller(
        name=str(table.string("name") or f"caller {table.number + 1}"),
        token=_secret(table, "token", required=True) or Secret(""),
        scopes=frozenset(table.texts("scope")),
        roles=frozenset(table.texts("role")),
        is_expired=table.flag("is-expired"),
    )
    table.refuse_others()
    return caller


def _secret(table: Table, key: str, *, required: bool = False) -> Secret | None:
    """A token from the environment: one in the file would be in the repository, and is a mistake."""
    given = table.string(key, required=required)
    if given is not None and not given.startswith("$"):
        table.mistake("name a variable of the environment, such as $TOKEN: a token does not belong in this file", key)
        return None
    return None if given is None else Secret(given.removeprefix("$"))


def _value(table: Table, key: str) -> str | Secret:
    given = table.string(key) or ""
    return Secret(given.removeprefix("$")) if given.startswith("$") else given
