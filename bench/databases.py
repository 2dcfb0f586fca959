"""The databases that servers are measured on: an SQLite file, and a PostgreSQL server of its own, as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.own_postgres import own_postgres

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database: its URL for Tickbox, how large it is, how to change and to read it, and its server's pid, if any."""

    url: str
    size_bytes: Callable[[], int]
    run: Callable[[Sequence[str]], None]
    value: Callable[[str], Any]
    pid: int | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.pid is None


def opened(kind: str) -> contextlib.AbstractContextManager[Database]:
    """A new, empty database, which is deleted afterwards."""
    return {"sqlite": _sqlite, "postgresql": _postgresql}[kind]()


@contextlib.contextmanager
def _sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="tickbox-bench-") as folder:
        path = Path(folder, "tickbox.db")

        def size_bytes() -> int:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                (pages,), (free,), (size,) = (
                    connection.execute(f"PRAGMA {name}").fetchone()
                    for name in ("page_count", "freelist_count", "page_size")
                )
            return int((pages - free) * size)

        def run(statements: Sequence[str]) -> None:
            with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
                for statement in statements:
                    connection.execute(statement)

        def value(query: str) -> Any:
            with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection:
                return connection.execute(query).fetchone()[0]

        yield Database(url=f"sqlite:///{path}", size_bytes=size_bytes, run=run, value=value)


@contextlib.contextmanager
def _postgresql() -> Iterator[Database]:
    with own_postgres() as url:

        def size_bytes() -> int:
            return int(asyncio.run(_value(url, "SELECT pg_database_size(current_database())")))

        def run(statements: Sequence[str]) -> None:
            asyncio.run(_run(url, statements))

        pid = int(asyncio.run(_value(url, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)")))

        def value(query: str) -> Any:
            return asyncio.run(_value(url, query))

        yield Database(url=url, size_bytes=size_bytes, run=run, value=value, pid=pid)


async def _value(url: str, query: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def _run(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
