"""The SQLAlchemy engine with which the schema is changed. What serves requests needs none (persistence/database.py)."""

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from persistence.urls import WAIT_S, parse_url, sqlite_timeout
from persistence.violations import hide_values


def migration_engine(url: str) -> AsyncEngine:
    """Create an engine for changing the schema: its transactions write, and foreign keys are not enforced.

    Its errors have no values: neither parameters, nor what PostgreSQL quotes.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        # The driver's own transactions begin at the first write, which is too late for what the write depends on.
        arguments = {"isolation_level": None, "timeout": sqlite_timeout(parsed, default_s=WAIT_S)}
        engine = create_async_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine
    engine = create_async_engine(parsed, poolclass=NullPool, hide_parameters=True)
    event.listen(engine.sync_engine, "handle_error", _hide_values)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _hide_values(context: ExceptionContext) -> None:
    original = context.original_exception
    for error in (original.__cause__, original, context.sqlalchemy_exception):
        if error is not None:
            hide_values(error)
