"""What every statement that the code can send names: the workspace, so that tables can be spread over machines by it.

The statements are those that the modules of `persistence` build at import, and those that `task_pages.page_statement`
builds at their first use.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    UpdateBase,
    bindparam,
    delete,
    select,
    union_all,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.selectable import Alias, FromClause, SelectBase

import persistence
from persistence.activity import CONDITIONS, newest_statement
from persistence.compiled import BULK
from persistence.projects import projects
from persistence.repositories import metadata
from persistence.task_buckets import BucketShape, projects_statement, sections_statement
from persistence.task_pages import PageShape, page_statement
from persistence.task_rows import TASK_ORDERS, tasks
from persistence.unindexed import among

KEYS = {"workspaces": "id", "client_ids": "space_id", "idempotency_keys": "space_id"}
KEYS |= {
    name: "workspace_id"
    for name, table in metadata.tables.items()
    if table.primary_key.columns.keys()[0] == "workspace_id"
}
"""The tables that can be spread over machines, each with the column that says where a row is. The others are of
accounts, and on every machine.
"""

BUILDERS = {
    *(
        "activity._oldest",
        "activity.newest_statement",
        "changes._comment_ids",
        "changes._logged",
        "changes._these",
        "due_reminders._of_owner",
        "erasures._delete_some",
        "idempotency._delete_keys",
        "members.role_in_workspace",
        "paging.around",
    ),
    *(
        "purges.__init__",
        "task_dependencies.is_awaited",
        "task_links.__init__",
        "task_pages._merged",
        "task_pages.page_statement",
    ),
    *(
        "tasks._is_live",
        "task_families._levels",
        "task_families._subtasks",
        "task_families._related",
        "uses._write_down",
    ),
    *("combined._combined", "task_buckets._has_tasks", "task_buckets.projects_statement"),
    "task_buckets.sections_statement",
    *("trash_purges._delete", "trash_purges._delete_links", "trash_purges._delete_on_these", "trash_purges._take_out"),
}
"""The functions that build statements. All are called at import, but for `page_statement` and its part,
`newest_statement`, and `_combined`, which puts such statements into one.
"""
CASCADING = {
    key.referred_table
    for table in metadata.tables.values()
    for key in table.foreign_key_constraints
    if key.ondelete == "CASCADE"
}
"""The tables with rows that other rows are deleted with."""

_MEMBERSHIPS = "a user's memberships are wherever their workspaces are: at most 500 (ADR 48)"
_OLD = "what has expired is anywhere; it is only read here"
_WATCHED = "what the open streams of a process are about, each second"
SCATTERED: Mapping[str, str] = {
    "change_log._FORGET": "the events about a user who deletes their account, also in workspaces that they left",
    "change_log._RAISE_HEADS": _MEMBERSHIPS,
    "due_reminders._FIRST": _OLD,
    "erasures._FIND": _OLD,
    "idempotency._OLD": _OLD,
    "invitations._EXPIRED": _OLD,
    "invitations._FIND": "a token does not say of which workspace it is",
    "invitations._WITHDRAW_ALL": _MEMBERSHIPS,
    "log_purges._FIND": _OLD,
    "many_grants._OF_IDENTITIES": _WATCHED,
    "many_grants._OF_SESSIONS": _WATCHED,
    "many_grants._OF_TOKENS": _WATCHED,
    "members._COUNT_JOINED": _MEMBERSHIPS,
    "members._MEMBERSHIP_SUMMARIES": _MEMBERSHIPS,
    "members._REMOVE": _MEMBERSHIPS,
    "members._RENAME": _MEMBERSHIPS,
    "reminders._DELETE_EVERYWHERE": _MEMBERSHIPS,
    "reminders._MARK_STALE": _MEMBERSHIPS,
    "reminders._OUTDATED": "what was computed with older zone data is anywhere; it is only read here",
    "reminders._STALE": "so is what is to be computed anew",
    "trash_purges._FIND": _OLD,
    "wakeups._ACCOUNTS": _WATCHED,
    "wakeups._HEADS": _WATCHED,
    "workspaces._HEADS": _MEMBERSHIPS,
    "workspaces._HEADS_OF_SOME": _MEMBERSHIPS,
    "workspaces._JOINED": _MEMBERSHIPS,
    "workspaces._PAGES": _MEMBERSHIPS,
}
"""The statements that every machine must look at, each with its reason. None locks rows that it only reads."""
PARTS = frozenset(
    {
        "change_log._DEPARTING",
        "change_log._JOINED",
        "change_log._SOME_ABOUT_USER",
        "members._COUNT_OTHERS",
        "reminders._JOINED",
        "reminders._MARK",
        "reminders._SCHEDULABLE",
        "reminders._anywhere",
        "tasks._LAST",
        "workspaces._FIRST_PAGE",
        "workspaces._MINE",
        "workspaces._NEXT_PAGE",
        "workspaces._SEEN",
    }
)
"""They are only sent within others."""

_ONE_ROW = "a constraint allows one"
_BY_ONE = "a row that is named, if it is not locked"
FEW: Mapping[str, str] = {
    "invitations._REPLACE": _ONE_ROW,
    "invitations._WITHDRAW_TO": _ONE_ROW,
    "one_time_tokens._DELETE": _ONE_ROW,
    "queued_emails._WITHDRAW": _ONE_ROW,
    "sessions._DELETE": "a session and its tokens",
    "sessions._DELETE_OLD_TOKENS": "those of one session that have expired since it was refreshed last",
    "sessions._SPEND": _ONE_ROW,
    "uses._OF_SESSIONS": _BY_ONE,
    "uses._OF_TOKENS": _BY_ONE,
}
"""The changes that do not name a row by its whole primary key, or have others deleted with it, and are few anyway."""


PLACE = {"in_project": False, "in_section": False, "unsectioned": False}
PLACES: Sequence[Mapping[str, bool]] = (
    {},
    {"in_project": True},
    {"in_section": True},
    {"in_project": True, "unsectioned": True},
)
"""The places of which `page_of` reads tasks: all, a project, a section, what is in a project and in no section."""


def statements() -> Iterator[tuple[str, SelectBase | UpdateBase]]:
    """All statements, by the name of the module and of what has them."""
    for module in pkgutil.iter_modules(persistence.__path__):
        loaded = importlib.import_module(f"persistence.{module.name}")
        for name, value in vars(loaded).items():
            yield from ((f"{module.name}.{name}", each) for each in _within(value))
    names = ("with_parent", "with_status", "descending", "resumed")
    for place, flags, order in product(PLACES, product((False, True), repeat=len(names)), TASK_ORDERS):
        shape = PageShape(order=order, **{**PLACE, **place}, **dict(zip(names, flags, strict=True)))
        for statement in _within(page_statement(shape)):
            yield "task_pages.page_statement", statement
    for flags in product((False, True), repeat=len(CONDITIONS)):
        yield "activity.newest_statement", newest_statement(tuple(compress(CONDITIONS, flags)))
    for flags in product((False, True), repeat=4):
        yield "task_buckets.projects_statement", projects_statement(BucketShape(*flags))
        yield "task_buckets.sections_statement", sections_statement(with_status=flags[0])


def _within(value: object) -> Iterator[SelectBase | UpdateBase]:
    if isinstance(value, SelectBase | UpdateBase):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _within(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _within(each)
    elif type(value).__module__.startswith("persistence.") and hasattr(value, "__dict__"):
        yield from _within(vars(value))


@cache
def sent() -> Sequence[tuple[str, SelectBase | UpdateBase]]:
    """What is not only a part of others."""
    return [(name, statement) for name, statement in everything() if name not in PARTS]


@cache
def everything() -> Sequence[tuple[str, SelectBase | UpdateBase]]:
    """It is asked for in tests: to find it takes each process a second."""
    return [*statements()]


@dataclass(frozen=True)
class Scope:
    """A SELECT, INSERT, UPDATE or DELETE, alone or within another: its own tables, and which columns it compares."""

    part: SelectBase | UpdateBase
    tables: Sequence[Table | Alias]
    equal: Sequence[tuple[ColumnElement[Any], ColumnElement[Any]]]
    """Both ways."""
    outer: frozenset[FromClause]

    @property
    def bound(self) -> set[FromClause]:
        """The tables whose key has one value, which is a parameter or what an outer scope has found."""
        keys = {key: table for table in (*self.tables, *self.outer) if (key := key_of(table)) is not None}
        found = {keys[a] for a, b in self.equal if a in keys and isinstance(b, BindParameter)} | {*self.outer}
        for _ in keys:
            found |= {keys[a] for a, b in self.equal if a in keys and b in keys and keys[b] in found}
        return found

    @property
    def changes_one_row(self) -> bool:
        """Whether an UPDATE or DELETE names the whole primary key, and no row of another table is deleted with it."""
        assert isinstance(self.part, Update | Delete)
        named = {a for a, b in self.equal if isinstance(b, BindParameter)}
        cascades = isinstance(self.part, Delete) and self.part.table in CASCADING
        return {*self.part.table.primary_key} <= named and not cascades


def scopes(part: SelectBase | UpdateBase, outer: frozenset[FromClause] = frozenset()) -> Iterator[Scope]:
    inner: list[SelectBase | UpdateBase] = []
    equal: list[tuple[ColumnElement[Any], ColumnElement[Any]]] = []
    stack: list[Any] = list(part.get_children())
    while stack:
        each = stack.pop()
        if isinstance(each, SelectBase | UpdateBase):
            inner += [] if each in inner else [each]  # each is found by its rows and by its columns
            continue
        if isinstance(each, among):
            workspace_id, workspace, column, these = each.clauses
            equal += [(workspace_id, workspace), *([(column, these)] if each.is_single else [])]
        if isinstance(each, BinaryExpression) and each.operator is operators.eq:
            equal += [(each.left, each.right), (each.right, each.left)]
        stack += each.get_children()
    found: list[FromClause] = []
    if isinstance(part, UpdateBase):
        found = [part.table]
    elif isinstance(part, Select):
        found = [table for each in part.get_final_froms() for table in each._from_objects]  # noqa: SLF001 -- of a join
    mine = [table for table in found if table not in outer] or found
    yield Scope(part, [each for each in mine if isinstance(each, Table | Alias)], equal, outer - {*mine})
    for each in inner:
        yield from scopes(each, outer | {*mine})


def key_of(table: FromClause) -> ColumnElement[Any] | None:
    name = KEYS.get(getattr(table.element if isinstance(table, Alias) else table, "name", ""))
    return None if name is None else table.c[name]


@cache
def scattered(statement: SelectBase | UpdateBase) -> Sequence[tuple[Scope, FromClause]]:
    """Each table that is spread and not bound, with the part of the statement. The row of an INSERT has its key."""
    return [
        (scope, table)
        for scope in scopes(statement)
        if not isinstance(scope.part, Insert)
        for table in scope.tables
        if key_of(table) is not None and table not in scope.bound
    ]


pytestmark = pytest.mark.unmeasured


def test_a_statement_names_the_workspace_or_is_listed_with_its_reason() -> None:
    found = [
        (name, str(scope.part), str(table))
        for name, statement in sent()
        if name not in SCATTERED
        for scope, table in scattered(statement)
    ]
    assert found == []


def test_rows_are_locked_in_one_workspace_only() -> None:
    locking = [
        (name, str(scope.part))
        for name, statement in sent()
        for scope, table in scattered(statement)
        if isinstance(scope.part, Select) and (lock := scope.part._for_update_arg) is not None  # noqa: SLF001 -- no other way
        if not lock.of or table in lock.of
    ]
    assert locking == []


def test_a_statement_that_may_change_many_rows_is_marked_or_listed_with_its_reason() -> None:
    found = [
        (name, str(statement))
        for name, statement in sent()
        if isinstance(statement, Update | Delete) and name not in FEW
        if not next(scopes(statement)).changes_one_row
        if not BULK.items() <= statement.get_execution_options().items()
    ]
    assert found == []


def test_nothing_is_listed_that_need_not_be() -> None:
    found: dict[str, list[SelectBase | UpdateBase]] = {}
    for name, statement in everything():
        found.setdefault(name, []).append(statement)
    assert [name for name in SCATTERED if not any(map(scattered, found[name]))] == []
    assert [name for name in PARTS if not any(map(scattered, found[name]))] == []
    changes = {name: [each for each in found[name] if isinstance(each, Update | Delete)] for name in FEW}
    assert [name for name in FEW if all(next(scopes(each)).changes_one_row for each in changes[name])] == []


def test_the_statements_of_every_kind_of_holder_are_found() -> None:
    names = {name for name, _ in everything()}
    assert {
        "task_pages.page_statement",
        "sessions._DELETE_OLD_TOKENS",
        "members._PAGES",
        "idempotency._OLD",
        "users._LOCK",
    } <= names


def test_no_other_function_builds_a_statement() -> None:
    found = {
        f"{path.stem}.{function.name}"
        for path in Path(persistence.__path__[0]).glob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if call.func.id in {"select", "insert", "update", "delete", "text"}
    }
    assert found == BUILDERS


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        (select(tasks).where(tasks.c.workspace_id == bindparam("w")), 0),
        (select(tasks), 1),
        (select(tasks).where(tasks.c.id == bindparam("t")), 1),
        (select(tasks).join(projects, tasks.c.workspace_id == projects.c.workspace_id), 2),
        (
            select(tasks)
            .join(projects, tasks.c.workspace_id == projects.c.workspace_id)
            .where(projects.c.workspace_id == bindparam("w")),
            0,
        ),
        (delete(tasks).where(tasks.c.workspace_id == bindparam("w"), tasks.c.id.in_(select(tasks.c.id))), 1),
        (select(union_all(select(tasks.c.id), select(projects.c.id)).subquery()), 2),
    ],
)
def test_a_table_is_bound_by_a_parameter_or_by_one_that_is(statement: SelectBase, count: int) -> None:
    assert len(scattered(statement)) == count
