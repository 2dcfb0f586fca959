import re
from pathlib import Path

import pytest

from persistence.urls import name_of, parse_url


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


def test_the_parameters_of_a_url_are_those_that_the_documentation_lists() -> None:
    page = (Path(__file__).parents[2] / "docs" / "databases.md").read_text(encoding="utf-8")
    (sentence,) = re.findall(r"A URL may have these parameters: ([^.]*)\.", page)
    with pytest.raises(ValueError, match="known are") as raised:
        parse_url("postgresql://h/d?colour=red")
    known = str(raised.value).rpartition("known are ")[2].split(", ")
    assert sorted(re.findall(r"`(\w+)`", sentence)) == sorted(known)
