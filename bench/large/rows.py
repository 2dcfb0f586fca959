"""What `bench.stack.rows` leaves out: a label and an assignee on every task, a large family, and a gap without room."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from bench.databases import Database
from bench.stack import rows

LABEL, GUEST = UUID(int=0x0190A5F0000070008005000000000000), UUID(int=0x0190A5F0000070008006000000000000)
"""The ids of the label and of the assignee in each workspace."""
SUBTASKS, GRANDCHILDREN = 500, 499
"""Of the first task, and of the second, which is its first subtask: with both, the most that a family may have."""
BATCH = range(1_000, 1_100)
"""The numbers of the tasks that batches change."""
FULL = 1_150
"""The number of the task after which nothing fits: its position and the next one's differ in their last character."""
_LONG = f"f{FULL:06}" + "1" * 40


def fill(database: Database, user_id: UUID, *, tasks: int) -> None:
    """Create two equal workspaces of the user, each with a project of so many open tasks, at least 1,300."""
    rows.fill(database, user_id, workspaces=2, tasks=tasks, home="project")

    def uuid(given: UUID) -> str:
        return f"'{given.hex}'" if database.is_sqlite else f"'{given}'::uuid"

    times = {"created_at": "created_at", "updated_at": "created_at", "revision": "1"}
    label = {"workspace_id": "id", "id": uuid(LABEL), "name": "'Wet'", "name_key": "'wet'", "position": "'a0'", **times}
    guest = {"workspace_id": "id", "user_id": uuid(GUEST), "role": "'editor'", "name": "'Guest'", **times}
    database.run(
        [
            "BEGIN",
            _insert("labels", label, "workspaces WHERE NOT personal"),
            _insert("members", guest, "workspaces WHERE NOT personal"),
            f"UPDATE tasks SET label_ids = '{LABEL.hex}', assignee_ids = '{GUEST.hex}'",
            _insert("task_labels", {**_LINK, "label_id": uuid(LABEL)}, "tasks"),
            _insert("task_assignees", {**_LINK, "user_id": uuid(GUEST)}, "tasks"),
            *(statement for workspace in (0, 1) for statement in _arranged(workspace, uuid)),
            "COMMIT",
        ]
    )
    rows.settle(database)


_LINK = {"workspace_id": "workspace_id", "task_id": "id"}


def _insert(table: str, values: dict[str, str], source: str) -> str:
    return f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {source}"


def _arranged(workspace: int, uuid: Callable[[UUID], str]) -> list[str]:
    def update(values: str, first: int, count: int = 1) -> str:
        low, high = (uuid(rows.id_of("task", number)) for number in (first, first + count))
        where = f"workspace_id = {uuid(rows.id_of('workspace', workspace))} AND id >= {low} AND id < {high}"
        return f"UPDATE tasks SET {values} WHERE {where}"

    return [
        update(f"parent_id = {uuid(rows.id_of('task', 0))}", 1, SUBTASKS),
        update(f"parent_id = {uuid(rows.id_of('task', 1))}", 1 + SUBTASKS, GRANDCHILDREN),
        update(f"position = '{_LONG}1'", FULL),
        update(f"position = '{_LONG}2'", FULL + 1),
    ]
