"""Only the change log changes rows of a workspace, and it logs each change."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
from sqlalchemy import (
    Column,
    Executable,
    Integer,
    MetaData,
    Table,
    column,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import DropTable

from persistence.database import Database
from persistence.guarded import Guarded
from persistence.metadata import is_unlogged
from persistence.repositories import Repositories, metadata
from persistence.runners import Parameters, Row
from persistence.unit_of_work import SqlUnitOfWork
from persistence.users import users
from tests.support.service_callers import Caller

ROOT = Path(__file__).parents[2]
UNGUARDED = {"change_log", "database", "lazy_transactions", "parts", "readiness", "unit_dependencies", "unit_of_work"}
"""The callers that run statements on a transaction directly: the change log, code on its behalf, the check of
the schema, and the layers below.
"""
RUNNERS = {"persistence.database", "persistence.runners", "persistence.transactions"}

LOGGED = sorted((t for t in metadata.tables.values() if not is_unlogged(t)), key=lambda table: table.name)


class Deaf:
    """A Runner that records whether anything was run."""

    def __init__(self) -> None:
        self.reached = False

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:  # noqa: ARG002  # a Runner's signature
        self.reached = True
        return None

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:  # noqa: ARG002  # as above
        self.reached = True
        return []

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:  # noqa: ARG002  # as above
        self.reached = True
        return 0


def changes(table: Table) -> Iterator[Executable]:
    """One change of each kind of a table, as any repository might write it, in each dialect that it might use."""
    first = next(iter(table.columns))
    for statement in (insert(table), postgresql.insert(table), sqlite.insert(table), update(table), delete(table)):
        yield statement
        yield statement.returning(first)
    yield insert(table).from_select([first], select(first))
    yield select(update(table).returning(first).cte())
    alias: Any = table.alias()
    yield update(alias).values({first.name: first})
    yield delete(alias)


@pytest.mark.parametrize("table", LOGGED, ids=lambda table: table.name)
@pytest.mark.parametrize("way", ["row", "rows", "run"])
async def test_a_guarded_runner_rejects_every_change_of_a_workspace(table: Table, way: str) -> None:
    runner = Deaf()
    for statement in changes(table):
        with pytest.raises(RuntimeError, match="around the change log"):
            await getattr(Guarded(runner), way)(statement, {})
    assert not runner.reached


@pytest.mark.parametrize("way", ["row", "rows", "run"])
async def test_a_guarded_runner_runs_everything_else(way: str) -> None:
    other_table = (
        insert(users),
        update(users),
        delete(users),
        insert(users).from_select(["id"], select(LOGGED[0].c[0])),
    )
    for statement in (*other_table, *(select(table) for table in LOGGED)):
        runner = Deaf()
        await getattr(Guarded(runner), way)(statement, {})
        assert runner.reached


async def test_a_guarded_runner_rejects_what_it_cannot_inspect() -> None:
    runner = Deaf()
    gone = delete(LOGGED[0]).returning(LOGGED[0].c[0]).cte()
    for statement in (
        text("DELETE FROM tasks"),
        text("DELETE FROM tasks RETURNING id").columns(users.c.id),
        select(users).where(text("1 = 1")),
        delete(sqlalchemy.table("tasks", column("id"))),
        delete(Table("tasks", MetaData(), Column("id", Integer))),
        sqlalchemy.DDL("DELETE FROM tasks"),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        DropTable(LOGGED[0]),
        insert(users).values([{"id": UUID(int=0), "name": select(gone).scalar_subquery()}]),
        select(sqlalchemy.values(column("id", Integer), name="v").data([(select(gone).scalar_subquery(),)])),
    ):
        with pytest.raises(RuntimeError, match="around the change log"):
            await Guarded(runner).run(statement, {})
    assert not runner.reached


@pytest.mark.parametrize("safe", [False, True])
async def test_every_repository_of_a_unit_of_work_is_guarded(*, safe: bool) -> None:
    uow = Caller(database=Database("sqlite:///var/never-opened.db")).unit(safe=safe)
    names = {name for name, value in vars(Repositories).items() if isinstance(value, cached_property)}
    repositories = {name: getattr(uow, name) for name in {*names, "change_log"}}
    assert {
        "credentials",
        "invitations",
        "members",
        "projects",
        "sessions",
        "tasks",
        "tokens",
        "users",
        "workspaces",
    } < names
    unguarded = {name for name, value in repositories.items() if not isinstance(vars(value)["_runner"], Guarded)}
    assert unguarded == (set() if safe else {"change_log"})


def test_no_repository_gets_another_runner() -> None:
    imported = {
        path.stem: {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module in RUNNERS
            for alias in node.names
        }
        for path in (ROOT / "persistence").glob("*.py")
    }
    assert "Runner" in imported["tasks"]
    assert {name for name, names in imported.items() if names - {"Parameters", "Row", "Runner", "Write"}} <= UNGUARDED


def test_only_the_unit_of_work_creates_a_change_log() -> None:
    makers = {
        path.stem
        for folder in ("app", "domain", "handlers", "persistence")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ChangeLog"
    }
    assert makers == {SqlUnitOfWork.__module__.rpartition(".")[2]}


def test_every_table_belongs_to_a_workspace_or_is_listed_as_one_that_does_not() -> None:
    accounts = {"users", "sessions", "access_tokens", "refresh_tokens", "personal_tokens", "account_events"}
    others = accounts | {"identities", "one_time_tokens", "outbox", "mail_pauses", "invitations"}
    others |= {"client_ids", "idempotency_keys", "trash", "departures", "fired_reminders", "reminders"}
    others |= {"stale_reminders"}
    assert {table.name for table in LOGGED} == metadata.tables.keys() - others
