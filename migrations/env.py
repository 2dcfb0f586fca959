"""Alembic runs this for each command. The connection, and its transaction, are `migrations.__init__`'s."""

from typing import Final

from alembic import context
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from persistence.repositories import metadata

_LOCK: Final = 8_675_412_091
"""Any number that no other program locks in the same database."""


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Of several replicas that start at once, one migrates, and the others find it done.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    context.run_migrations()


_migrate(context.config.attributes["connection"])
