"""The server that is asked, as `gate.toml` and the command line name it.

[server]
url = "http://127.0.0.1:8080"
token = "$TOKEN"                  # a token or key that may do everything, from the environment
probe = "create_task"             # the POST that the probes are sent to; otherwise the first that suits them
schemathesis = ["--max-examples", "20"]
time-limit-s = 1800               # of one rule
allowed-writes = ["create_task"]  # writes that are really done, to show that the server does not refuse everybody

[server.values]                   # of path parameters, by name
workspace_id = "$WORKSPACE_ID"

[[server.callers]]                # for the stage guarded: what each may do, in the words of x-access
token = "$READER_TOKEN"
scope = ["read", "any"]
role = ["viewer"]

[[server.callers]]                # who has resources of their own, and must not reach those of others
token = "$STRANGER_TOKEN"
scope = ["read", "write", "any"]
role = ["owner"]
values = {workspace_id = "$THEIR_WORKSPACE"}

[[server.callers]]                # a token that was valid once
token = "$OLD_TOKEN"
is-expired = true
"""

from __future__ import annotations

import math
import ssl
import time
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import SplitResult, urlsplit

from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.gate.settings_reading import Table

from . import wire
from .callers import Caller, Secret, Values, read_secret, read_values

TIME_LIMIT_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server. `token` may do everything; `values` are those of path parameters.

    `allowed_writes` are the operationIds of writes that callers who may do them really do, in this order. A rule that
    takes longer than the limit was not checked: `ends_at_s` is when it is over, by the clock of `time.monotonic`.
    """

    url: str | None = None
    token: Secret | None = None
    probe: str | None = None
    schemathesis: tuple[str, ...] = ()
    values: Values = field(default_factory=dict)
    callers: tuple[Caller, ...] = ()
    allowed_writes: tuple[str, ...] = ()
    time_limit_s: int = TIME_LIMIT_S
    ends_at_s: float = math.inf

    @classmethod
    def read(cls, table: Table) -> Self:
        """The server in *table*, the table `server` of the settings. Notes mistakes in it."""
        url = table.string("url")
        if url is not None and not is_url(url):
            table.mistake("this must be a URL, such as http://127.0.0.1:8080", "url")
        server = cls(
            url=url,
            token=read_secret(table, "token"),
            probe=table.string("probe"),
            schemathesis=table.texts("schemathesis"),
            values=read_values(table.table("values")),
            callers=tuple(Caller.read(each) for each in table.tables("callers")),
            allowed_writes=table.texts("allowed-writes"),
            time_limit_s=table.positive("time-limit-s") or TIME_LIMIT_S,
        )
        table.refuse_others()
        return server

    def begun(self) -> Self:
        """The same server, whose time runs from now on."""
        return replace(self, ends_at_s=time.monotonic() + self.time_limit_s)

    def require_time(self) -> None:
        """Raise NotCheckableError when the time is over."""
        if time.monotonic() > self.ends_at_s:
            raise NotCheckableError(f"not all requests were sent within {self.time_limit_s} s (`time-limit-s`)")

    @property
    def base(self) -> str:
        """The path of the URL, which precedes all paths of the contract."""
        return self._parts.path.rstrip("/")

    @property
    def host(self) -> str:
        """The value of the header Host."""
        return self._parts.netloc.rpartition("@")[2]

    def with_values(self, values: Values) -> Self:
        """The same server, with *values* before its own."""
        return replace(self, values={**self.values, **values})

    def value_of(self, parameter: str) -> str | None:
        """The value of a path parameter; None if it has none. Raises NotCheckableError."""
        given = self.values.get(parameter)
        return given.value() if isinstance(given, Secret) else given

    @property
    def bearer(self) -> str | None:
        """The token. Raises NotCheckableError if it is named and not set."""
        return self.token.value() if self.token else None

    @property
    def variables(self) -> frozenset[str]:
        """The variables of the environment that hold tokens."""
        tokens = (self.token, *(caller.token for caller in self.callers))
        return frozenset(token.variable for token in tokens if token)

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
