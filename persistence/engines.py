"""The SQLAlchemy engines for one database: one that reads in autocommit, and one whose transactions write.

PostgreSQL: one pool serves both, with READ COMMITTED.

SQLite: the file is in WAL mode, where readers and one writer do not block each other. The driver's own transactions
begin only at the first write, which is too late for what the write depends on. So the driver begins none, and the
writing engine begins each with BEGIN IMMEDIATE. A commit is on the disk before it returns.

Errors are logged, so they must not have values: neither parameters, nor what PostgreSQL and its driver quote.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

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
_SQLITE_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_VALUES: Final = re.compile(r"(?<=query argument )(\$\d+): .*", re.DOTALL)
_SECONDS: Final = re.compile(r"\d{1,6}(\.\d{1,3})?", re.ASCII)
_STATEMENTS_KEPT: Final = 500
_STATEMENT_FACTOR: Final = 6
_RECYCLE_S: Final = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """`reading` commits each statement by itself; `writing` begins transactions.

    `one_writer` says that a second transaction would wait in the database by polling.
    """

    reading: AsyncEngine
    writing: AsyncEngine
    one_writer: bool


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
    _sqlite_timeout(url, default_s=WAIT_S)


def _check_postgresql(url: URL) -> None:
    """Raise ValueError unless the driver's arguments can be made of *url*."""
    _check_parameters(url, "a PostgreSQL", _POSTGRESQL_PARAMETERS)
    try:
        _, arguments = url.set(drivername="postgresql+asyncpg").get_dialect()().create_connect_args(url)
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


def open_engines(url: str, *, pool_size: int, wait_s: float) -> Engines:
    """Create engines of at most *pool_size* connections; SQLite has one more, to write. They connect when used.

    *wait_s* is the limit of the wait for a connection, and for SQLite's lock; a statement on PostgreSQL may take six
    times as long.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        reading = _sqlite_engine(parsed, wait_s=wait_s, pool_size=pool_size, skip_autocommit_rollback=True)
        writing = _sqlite_engine(parsed, wait_s=wait_s, pool_size=1)
        event.listen(writing.sync_engine, "begin", _begin_immediate)
        event.listen(writing.sync_engine, "invalidate", _roll_back)
        return Engines(reading=reading, writing=writing, one_writer=True)
    writing = _postgresql_engine(parsed, wait_s=wait_s, pool_size=pool_size)
    reading = writing.execution_options(isolation_level="AUTOCOMMIT")
    return Engines(reading=reading, writing=writing, one_writer=False)


def migration_engine(url: str) -> AsyncEngine:
    """Create an engine for changing the schema: its transactions write, and foreign keys are not enforced."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(
            parsed, poolclass=NullPool, hide_parameters=True, connect_args=_sqlite_arguments(parsed, wait_s=WAIT_S)
        )
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine
    engine = create_async_engine(parsed, poolclass=NullPool, hide_parameters=True)
    event.listen(engine.sync_engine, "handle_error", _hide_values)
    return engine


def _postgresql_engine(url: URL, *, wait_s: float, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=wait_s,
        pool_use_lifo=True,
        pool_recycle=_RECYCLE_S,
        connect_args={
            "timeout": wait_s,
            "command_timeout": wait_s * _STATEMENT_FACTOR,
            "prepared_statement_cache_size": _STATEMENTS_KEPT,
            "server_settings": {"application_name": "tickbox"},  # a PgBouncer refuses most others
        },
    )
    event.listen(engine.sync_engine, "handle_error", _hide_values)
    return engine


def _sqlite_engine(url: URL, *, wait_s: float, pool_size: int, **options: Any) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=wait_s,
        hide_parameters=True,
        connect_args=_sqlite_arguments(url, wait_s=wait_s),
        **options,
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _sqlite_arguments(url: URL, *, wait_s: float) -> dict[str, Any]:
    timeout_s = _sqlite_timeout(url, default_s=wait_s)
    return {"isolation_level": None, "timeout": timeout_s, "cached_statements": _STATEMENTS_KEPT}


def _sqlite_timeout(url: URL, *, default_s: float) -> float:
    """Return how many seconds to wait for SQLite's lock. Raises ValueError."""
    given = url.query.get("timeout")
    if given is None:
        return default_s
    if not isinstance(given, str) or not _SECONDS.fullmatch(given):
        message = "the parameter 'timeout' must be a number of seconds, such as 5"
        raise ValueError(message)
    return float(given)


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL's DETAIL quotes the row that violates a constraint, and asyncpg the argument that it can't send.

    The driver's exception says so, and of the argument also the two that SQLAlchemy derives from it.
    """
    cause = context.original_exception.__cause__
    if cause is not None and hasattr(cause, "detail"):
        cause.detail = None
    for error in (cause, context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(_VALUES.sub(r"\1", str(each)) for each in error.args)


def _set_pragmas(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:  # noqa: ARG001 -- an event's signature
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _roll_back(connection: DBAPIConnection, entry: ConnectionPoolEntry, error: BaseException | None) -> None:  # noqa: ARG001 -- an event's signature
    """Roll back before a connection is thrown away because its request was cancelled.

    Closing the connection is not enough: SQLite keeps its transaction, and so the lock on the file, until the last
    cursor is freed, and the cancellation's traceback may reference one for long.
    """
    connection.rollback()
