"""Workspaces with tasks and their log, created by the database itself: a million tasks in a minute or two.

A row has what Tickbox would have written, but its id is counted, so that a request for it can be computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from bench.databases import Database

_STEMS = {
    "workspace": "0190a5f0000070008001",
    "inbox": "0190a5f0000070008002",
    "project": "0190a5f0000070008003",
    "task": "0190a5f0000070008004",
}
"""The first 20 of an id's 32 digits. The other 12 are its number."""
_CONTENT_BYTES = 360
_LOG_BYTES = 510
"""About what Tickbox counts for one of these tasks, and for its event."""
_NO_DUE = "'~'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialect:
    """What the two databases write differently. `{}` is an expression."""

    uuid: str
    """Of 32 digits."""
    digits: str
    """Twelve, hexadecimal."""
    place: str
    """Six digits, decimal."""
    instant: str
    """A number of seconds from 1 March 2026 on."""
    day: str
    """The text of a day, a number of days from 1 May 2026 on."""
    date: str
    """Of such a text."""
    json: str
    settle: tuple[str, ...]


_SQLITE = _Dialect(
    uuid="{}",
    digits="printf('%012x', {})",
    place="printf('%06d', {})",
    instant="1772357400123456 + ({}) * 1000000",
    day="date('2026-05-01', ({}) || ' days')",
    date="{}",
    json="json_object({})",
    settle=("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
)
_POSTGRESQL = _Dialect(
    uuid="({})::uuid",
    digits="lpad(to_hex({}), 12, '0')",
    place="lpad(({})::text, 6, '0')",
    instant="timestamptz '2026-03-01 09:30:00.123456Z' + ({}) * interval '1 second'",
    day="to_char(date '2026-05-01' + ({}), 'YYYY-MM-DD')",
    date="({})::date",
    json="json_build_object({})::text",
    settle=("VACUUM ANALYZE", "CHECKPOINT"),
)


def id_of(kind: str, number: int) -> UUID:
    """The id of a workspace; of the inbox, or of the other project, in the workspace of that number; or of a task."""
    return UUID(f"{_STEMS[kind]}{number:012x}")


def workspace_path(number: int) -> str:
    return f"/v1/workspaces/{id_of('workspace', number)}"


def task_path(workspace: int, task: int) -> str:
    return f"{workspace_path(workspace)}/tasks/{id_of('task', task)}"


def project_path(workspace: int) -> str:
    return f"{workspace_path(workspace)}/projects/{id_of('project', workspace)}"


def fill(database: Database, user_id: UUID, *, workspaces: int, tasks: int, home: str = "inbox") -> None:
    """Create so many workspaces, which the user owns, each with so many open tasks, in the log as well.

    Both are numbered from 0. Each workspace has an inbox and another project; *home* is which of them has the tasks. A
    third of the tasks have a due date.
    """
    sql = _Statements(database, user_id, home)
    spaces, each = f"w(w) AS ({_series('w', workspaces)})", f"n(n) AS ({_series('n', tasks)})"
    database.run(
        [
            *(["PRAGMA cache_size = -500000"] if database.is_sqlite else []),
            "BEGIN",
            _insert("workspaces", sql.workspace(tasks), spaces),
            _insert("members", sql.member("owner"), spaces),
            *(_insert("projects", sql.project(kind), spaces) for kind in ("inbox", "project")),
            _insert("tasks", sql.task(), spaces, each),
            _insert("events", sql.event(), spaces, each),
            "COMMIT",
        ]
    )
    settle(database)


def add_viewer(database: Database, user_id: UUID, *, workspace: int) -> None:
    """Let a user read one workspace."""
    values = _Statements(database, user_id, "inbox").member("viewer")
    database.run([_insert("members", values, f"w(w) AS (SELECT {workspace})")])


def reopen(database: Database, *, but_for: int) -> None:
    """Open every task again, except in one workspace. The log has no trace of it."""
    other = f"workspace_id <> {_dialect(database).uuid.format(repr(id_of('workspace', but_for).hex))}"
    database.run([f"UPDATE tasks SET status = 'open', completed_at = NULL WHERE {other} AND status = 'completed'"])


def settle(database: Database) -> None:
    """Let the database do now what it would otherwise do during the next measurement."""
    database.run(_dialect(database).settle)


def _dialect(database: Database) -> _Dialect:
    return _SQLITE if database.is_sqlite else _POSTGRESQL


def _series(name: str, count: int) -> str:
    return f"SELECT 0 UNION ALL SELECT {name} + 1 FROM {name} WHERE {name} < {count - 1}"


def _insert(table: str, values: Mapping[str, str], *series: str) -> str:
    sources = ", ".join(one.partition("(")[0] for one in series)
    selected = f"SELECT {', '.join(values.values())} FROM {sources}"
    return f"INSERT INTO {table} ({', '.join(values)}) WITH RECURSIVE {', '.join(series)} {selected}"


class _Statements:
    """The values of each table's columns, as expressions of `w`, a workspace's number, and `n`, a task's."""

    def __init__(self, database: Database, user_id: UUID, home: str) -> None:
        self._sql = _dialect(database)
        self._user = self._sql.uuid.format(repr(user_id.hex))
        self._workspace, self._home = self._id("workspace", "w"), self._id(home, "w")
        self._task = self._id("task", "n")
        self._times = {name: self._sql.instant.format("0") for name in ("created_at", "updated_at")}

    def _id(self, kind: str, number: str) -> str:
        return self._sql.uuid.format(f"'{_STEMS[kind]}' || {self._sql.digits.format(number)}")

    def workspace(self, tasks: int) -> dict[str, str]:
        return {
            "id": self._workspace,
            "name": "'Workspace ' || w",
            "personal": "false",
            "head": str(tasks + 1),
            "revision": "1",
            "content_bytes": str(tasks * _CONTENT_BYTES),
            "log_bytes": str(tasks * _LOG_BYTES),
            **self._times,
        }

    def member(self, role: str) -> dict[str, str]:
        who = {"workspace_id": self._workspace, "user_id": self._user, "role": f"'{role}'", "name": "'Somebody'"}
        return {**who, "revision": "1", **self._times}

    def project(self, kind: str) -> dict[str, str]:
        texts = {"name": f"'{kind}'", "description": "''", "position": "'a0'" if kind == "inbox" else "'a1'"}
        where = {"workspace_id": self._workspace, "id": self._id(kind, "w")}
        return {**where, **texts, "is_inbox": str(kind == "inbox").lower(), "revision": "1", **self._times}

    def task(self) -> dict[str, str]:
        has_due = "n % 3 = 0"
        day = self._sql.day.format("n % 365")
        created = self._sql.instant.format("n")
        return {
            "workspace_id": self._workspace,
            "id": self._task,
            "project_id": self._home,
            "title": "'Task number ' || n",
            "description": "'Buy seeds, and do not forget the string.'",
            "status": "'open'",
            "priority": "n % 5",
            "due_date": f"CASE WHEN {has_due} THEN {self._sql.date.format(day)} END",
            "due_key": f"CASE WHEN {has_due} THEN {day} || '~' ELSE {_NO_DUE} END",
            "label_ids": "''",
            "metadata": "''",
            "position": f"'f' || {self._sql.place.format('n')}",
            "created_by": self._user,
            "created_at": created,
            "updated_at": created,
            "revision": "n + 2",
        }

    def event(self) -> dict[str, str]:
        task = self.task()
        payload = ", ".join(f"'{name}', {value}" for name, value in task.items())
        return {
            "workspace_id": self._workspace,
            "revision": task["revision"],
            "sequence": "1",
            "type": "'task.created'",
            "entity_id": self._task,
            "actor_id": self._user,
            "recorded_at": task["created_at"],
            "body": self._sql.json.format(payload),
        }
