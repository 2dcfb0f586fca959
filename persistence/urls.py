"""The URLs of databases: what may be in one, and how people and drivers are told of it."""

import re
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

WAIT_S: Final = 10
"""How many seconds to wait for a connection, or for a lock."""

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_SUPPORTED: Final = "must be sqlite:///path or postgresql://user:password@host/name"
_SQLITE_PARAMETERS: Final = ("timeout",)
_POSTGRESQL_PARAMETERS: Final = (
    *("host", "port", "user", "password", "database", "passfile"),
    *("ssl", "sslmode", "direct_tls", "target_session_attrs", "krbsrvname", "gsslib"),
)
"""What may be in a URL. Other parameters have no effect on SQLite, and the driver of PostgreSQL rejects them."""
_PORTS: Final = range(1, 65536)
_SECONDS: Final = re.compile(r"\d{1,6}(\.\d{1,3})?", re.ASCII)


def parse_url(url: str) -> URL:
    """Return the URL with the driver that is used. Raises ValueError, which does not quote the URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # the latter for a port that is not a number
        raise ValueError(_SUPPORTED) from error
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(_SUPPORTED)
    if driver == "sqlite+aiosqlite":
        _check_sqlite(parsed)
    else:
        _check_postgresql(parsed)
    if "sslmode" in parsed.query:  # libpq's name for what asyncpg calls ssl
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": parsed.query["sslmode"]})
    return parsed.set(drivername=driver)


def _check_sqlite(url: URL) -> None:
    """Raise ValueError unless *url* names a file, and has only parameters that have an effect."""
    if url.host:  # what is between the second slash and the third
        path = f"{url.host}/{url.database}" if url.database else url.host
        message = f"an SQLite URL has three slashes: sqlite:///{path} (four for a full path)"
        raise ValueError(message)
    if url.database in {None, "", ":memory:"}:
        message = "must name a file for an SQLite database: sqlite:///path"
        raise ValueError(message)
    _check_parameters(url, "an SQLite", _SQLITE_PARAMETERS)
    sqlite_timeout(url, default_s=WAIT_S)


def _check_postgresql(url: URL) -> None:
    """Raise ValueError unless the driver's arguments can be made of *url*."""
    _check_parameters(url, "a PostgreSQL", _POSTGRESQL_PARAMETERS)
    try:
        arguments = driver_arguments(url.set(drivername="postgresql+asyncpg"))
    except ArgumentError as error:
        message = "must have a port, which is a number, for each of several hosts: ?host=a:5432&host=b:5432"
        raise ValueError(message) from error
    ports = arguments.get("port", _PORTS[0])
    if not all(port in _PORTS for port in (ports if isinstance(ports, list) else [ports])):
        message = f"must have a port from {_PORTS[0]} to {_PORTS[-1]}"
        raise ValueError(message)


def _check_parameters(url: URL, kind: str, known: tuple[str, ...]) -> None:
    """Raise ValueError if *url* has a parameter that is not *known*. The text names it, without its value."""
    for name in url.query:
        if name not in known:
            message = f"the parameter {name!r} has no effect in {kind} URL: delete it; known are {', '.join(known)}"
            raise ValueError(message)


def name_of(url: str) -> str:
    """Return a database's name for people: its kind, and its file, or its host and name. No user, no password."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"the SQLite database {Path(parsed.database or '').absolute()}"
    hosts = [parsed.host] if parsed.host else [*parsed.normalized_query.get("host", ("localhost",))]
    place = ",".join(hosts) + (f":{parsed.port}" if parsed.port else "")
    return f"the PostgreSQL database {place}/{parsed.database or parsed.username or ''}"


def socket_folders(url: str) -> list[Path]:
    """Return the folders in which the URL looks for PostgreSQL's socket."""
    return [Path(host) for host in parse_url(url).normalized_query.get("host", ()) if host.startswith("/")]


def driver_arguments(url: URL) -> dict[str, Any]:
    """Return the arguments of asyncpg for a URL of PostgreSQL. Raises ArgumentError."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return dict(arguments)


def sqlite_timeout(url: URL, *, default_s: float) -> float:
    """Return how many seconds to wait for SQLite's lock. Raises ValueError."""
    given = url.query.get("timeout")
    if given is None:
        return default_s
    if not isinstance(given, str) or not _SECONDS.fullmatch(given):
        message = "the parameter 'timeout' must be a number of seconds, such as 5"
        raise ValueError(message)
    return float(given)
