"""Databases for tests: migrated once into a template, and copied for each test that needs one."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

import asyncpg
import pytest
from sqlalchemy.engine import make_url

import migrations

Result = TypeVar("Result")

BACKENDS = ("sqlite", "postgresql")
AT_LENGTH = "TICKBOX_TEST_SOAK" in os.environ
"""Whether this is `make soak`, which tries what `make test` does in a short form in full."""
FEW_BACKENDS = BACKENDS if AT_LENGTH else ("sqlite",)
"""For tests that hardly depend on the kind of database."""


class Databases(Protocol):
    """One kind of database. It removes what it creates."""

    def migrated(self) -> str:
        """The URL of a new database at the newest revision."""

    def empty(self) -> str:
        """The URL of a new database that was never migrated."""

    def remove(self, url: str) -> None:
        """Remove a database that this created, even if there are connections to it."""


def named_by(request: pytest.FixtureRequest) -> Databases:
    """The kind of database that the parameter of a fixture names."""
    fixtures = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}
    kind: Databases = request.getfixturevalue(fixtures[request.param])
    return kind


class SqliteDatabases:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _template(self) -> Path:
        path = self._folder / "template.db"
        migrations.upgrade(f"sqlite+aiosqlite:///{path}")
        return path

    def migrated(self) -> str:
        path = self._new_path()
        shutil.copyfile(self._template, path)
        return f"sqlite+aiosqlite:///{path}"

    def empty(self) -> str:
        path = self._new_path()
        path.touch()
        return f"sqlite+aiosqlite:///{path}"

    def remove(self, url: str) -> None:
        path = Path(make_url(url).database or "")
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _new_path(self) -> Path:
        return self._folder / f"{secrets.token_hex(8)}.db"


_SCHEMA = """
SELECT md5(concat(
    (SELECT string_agg(concat(attrelid, attname, xmin), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute WHERE attrelid >= 16384 AND attrelid NOT IN (SELECT oid FROM pg_class WHERE relkind = 't')),
    (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_constraint WHERE oid >= 16384),
    (SELECT string_agg(version_num, ',') FROM alembic_version),
    (SELECT count(*) FROM pg_stats WHERE schemaname = 'public')
))
"""
"""What differs once the schema, its revision or the planner's statistics are no longer those of the template."""

_FILLED = """
SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
  AND pg_relation_size(oid) > 0
"""


class PostgresDatabases:
    """Databases on one server. The URL names a role that may create them.

    To copy a database takes ten times as long as to empty one. A migrated database that is removed is emptied and kept
    for the next test, unless its schema has changed.
    """

    def __init__(self, server_url: str) -> None:
        self._url = make_url(server_url).set(drivername="postgresql+asyncpg")
        self._schemas: dict[str, str] = {}
        self._spare: list[str] = []

    @cached_property
    def _template(self) -> str:
        url = self.empty()
        migrations.upgrade(url)
        return make_url(url).database or ""

    def migrated(self) -> str:
        if self._spare:
            return self._spare.pop()
        url = self._create(f'TEMPLATE "{self._template}" STRATEGY FILE_COPY')  # an eighth of the work of WAL_LOG
        self._schemas[url] = self._value(url, _SCHEMA)
        return url

    def empty(self) -> str:
        return self._create("TEMPLATE template0 ENCODING 'UTF8'")

    def remove(self, url: str) -> None:
        if url in self._schemas and self._emptied(url):
            self._spare.append(url)
        else:
            self._execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def disconnect(self, url: str) -> None:
        """Close all connections to a database, as a server that restarts does."""
        name = make_url(url).database
        self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 -- a name created here

    def connections(self, url: str) -> int:
        """How many connections to a database there are."""
        name = make_url(url).database
        template = self._url.render_as_string(hide_password=False)
        return int(self._value(template, f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"))  # noqa: S608 -- as above

    @contextmanager
    def closed(self, url: str) -> Iterator[None]:
        """While the context lasts, nobody can connect to a database, and nobody is connected."""
        name = make_url(url).database
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self.disconnect(url)
        try:
            yield
        finally:
            self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    def close(self) -> None:
        """Remove the template, if there is one, and the databases that were kept."""
        for url in self._spare:
            self._execute(f'DROP DATABASE "{make_url(url).database}"')
        if "_template" in self.__dict__:
            self._execute(f'DROP DATABASE "{self._template}" WITH (FORCE)')

    def relax(self) -> None:
        """Let the server lose everything in a power cut: it is deleted after the tests anyway.

        Nor does it clean up by itself, which would change the statistics of a database now and then, so that it is not
        kept for the next test. A test whose plans depend on statistics asks for them.
        """
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")

    def _create(self, options: str) -> str:
        name = f"tickbox_test_{secrets.token_hex(8)}"
        self._execute(f'CREATE DATABASE "{name}" {options}')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _emptied(self, url: str) -> bool:
        """Whether the database is as it was when it was created, now that its connections and its rows are gone."""

        async def empty(connection: asyncpg.Connection) -> bool:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if filled := await connection.fetchval(_FILLED):
                await connection.execute(f"TRUNCATE {filled} CASCADE")
            return bool(await connection.fetchval(_SCHEMA) == self._schemas[url])

        try:
            return self._connected(url, empty)
        except asyncpg.UndefinedTableError:  # `alembic_version` itself
            return False

    def _value(self, url: str, query: str) -> str:
        return str(self._connected(url, lambda connection: connection.fetchval(query)))

    def _execute(self, statement: str) -> None:
        url = self._url.render_as_string(hide_password=False)
        self._connected(url, lambda connection: connection.execute(statement))

    def _connected(self, url: str, use: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        async def connected() -> Result:
            address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            connection = await asyncpg.connect(address)
            try:
                return await use(connection)
            finally:
                await connection.close()

        return run_elsewhere(connected)


def run_elsewhere(function: Callable[[], Awaitable[Result]]) -> Result:
    """Await something in its own thread, so that it works with and without a running loop in this one."""

    async def run() -> Result:
        return await function()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()
