import re
import traceback
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engines import migration_engine, name_of, open_engines, parse_url
from persistence.users import users
from tests.support.databases import SqliteDatabases
from tests.support.defaults import NOON

SECRET = "$argon2id$secret"
ROW = {
    "id": UUID(int=1),
    "email": SECRET,
    "email_key": SECRET,
    "password_hash": SECRET,
    "name": "Ada",
    "time_zone": "UTC",
    "created_at": NOON,
    "updated_at": NOON,
    "revision": 1,
}


def all_engines(url: str) -> list[AsyncEngine]:
    """All engines through which a database is reached. What is done through the last one is kept."""
    engines = open_engines(url, pool_size=1, wait_s=5)
    return [migration_engine(url), engines.writing, engines.reading]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////var/tickbox.db", "sqlite+aiosqlite:////var/tickbox.db"),
        ("sqlite+aiosqlite:///tickbox.db", "sqlite+aiosqlite:///tickbox.db"),
        ("postgres://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql://u@host:5433/db", "postgresql+asyncpg://u@host:5433/db"),
        ("postgresql+asyncpg:///db?host=/run", "postgresql+asyncpg:///db?host=%2Frun"),
        ("postgresql://u@host/db?sslmode=require", "postgresql+asyncpg://u@host/db?ssl=require"),
    ],
)
def test_the_usual_urls_of_databases_are_accepted(given: str, used: str) -> None:
    assert parse_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize("url", ["mysql://host/db", "postgresql+psycopg://host/db", "sqlite://", "sqlite:///:memory:"])
def test_an_unsupported_database_is_rejected_without_showing_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///path"):
        parse_url(url)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqlite://var/t.db", "sqlite:///var/t.db"),
        ("sqlite://t.db", "sqlite:///t.db"),
        ("sqlite+aiosqlite://me:secret@var/t.db?mode=ro", "sqlite:///var/t.db"),
    ],
)
def test_an_sqlite_url_with_two_slashes_is_rejected_with_the_url_that_was_meant(given: str, meant: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"an SQLite URL has three slashes: {meant} (four")) as raised:
        parse_url(given)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///t.db?mode=ro", "the parameter 'mode' has no effect in an SQLite URL: delete it"),
        ("sqlite:///t.db?uri=true", "the parameter 'uri' has no effect in an SQLite URL: delete it"),
        ("sqlite:///t.db?timeout=soon", "the parameter 'timeout' must be a number of seconds"),
        ("sqlite:///t.db?timeout=1&timeout=2", "the parameter 'timeout' must be a number of seconds"),
        ("postgresql://u@h/db?colour=secret", "the parameter 'colour' has no effect in a PostgreSQL URL: delete it"),
        ("postgresql://u@h:70000/db", "must have a port from 1 to 65535"),
        ("postgresql://u@/db?host=h&port=0", "must have a port from 1 to 65535"),
        ("postgresql://u@/db?host=a:5432&host=b:70000", "must have a port from 1 to 65535"),
        ("postgresql://u@/db?host=a&host=b", "must have a port, which is a number, for each of several hosts"),
        ("postgresql://u@/db?port=secret", "must have a port, which is a number"),
        ("postgresql://u@h:http/db", "must be sqlite:///path or postgresql://"),
        ("postgresql:/secret", "must be sqlite:///path or postgresql://"),
        ("sqlite:/secret", "must be sqlite:///path or postgresql://"),
        ("", "must be sqlite:///path or postgresql://"),
    ],
)
def test_a_url_that_no_driver_would_understand_is_rejected(url: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)) as raised:
        parse_url(url)
    assert "secret" not in str(raised.value)


async def test_the_timeout_of_an_sqlite_url_limits_the_wait_for_the_lock(tmp_path: Path) -> None:
    for engine in all_engines(f"sqlite:///{tmp_path}/t.db?timeout=3.5"):
        async with engine.connect() as connection:
            assert await connection.scalar(text("PRAGMA busy_timeout")) == 3500
        await engine.dispose()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////srv/tickbox.db?timeout=5", "the SQLite database /srv/tickbox.db"),
        ("postgresql://me:secret@db.example/todo", "the PostgreSQL database db.example/todo"),
        ("postgres://me:secret@db.example:5433/todo?ssl=require", "the PostgreSQL database db.example:5433/todo"),
        ("postgresql://me@/todo?host=/run/postgresql&password=secret", "the PostgreSQL database /run/postgresql/todo"),
        ("postgresql://me@/todo?host=a:1&host=b:2", "the PostgreSQL database a:1,b:2/todo"),
        ("postgresql://me@", "the PostgreSQL database localhost/me"),
    ],
)
def test_a_database_is_named_by_its_place_without_a_password(url: str, name: str) -> None:
    assert name_of(url) == name


def test_a_relative_path_is_named_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert name_of("sqlite:///var/tickbox.db") == f"the SQLite database {tmp_path}/var/tickbox.db"


@pytest.mark.parametrize(
    "rows",
    [
        [ROW | {"name": None}],
        [ROW, ROW | {"id": UUID(int=2)}],
        [ROW | {"created_at": NOON.replace(tzinfo=None)}],
        [ROW | {"password_hash": SECRET + "\ud800"}],
    ],
    ids=["nothing where something must be", "twice", "a time without an offset", "a value that is not text"],
)
async def test_the_message_of_a_database_error_has_no_values(
    database_url: str, rows: Sequence[dict[str, object]]
) -> None:
    for engine in all_engines(database_url):
        async with engine.connect() as connection:
            with pytest.raises((StatementError, UnicodeError)) as raised:
                await connection.execute(insert(users), rows)
        await engine.dispose()

        text = "".join(traceback.format_exception(raised.value))
        assert SECRET not in text


async def test_what_sqlite_has_committed_survives_a_power_cut(sqlite_databases: SqliteDatabases) -> None:
    url = sqlite_databases.empty()
    found = []
    for engine in all_engines(url):
        async with engine.connect() as connection:
            found.append(await connection.scalar(text("PRAGMA synchronous")))
        await engine.dispose()
    sqlite_databases.remove(url)
    assert found == [2, 2, 2]  # FULL
