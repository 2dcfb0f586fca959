"""What must be equal in the model and on the server: each resource, each list, the log, and the numbers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, get_args
from uuid import UUID

from sqlalchemy import func, select

from domain.model.trash import TrashKind
from domain.quotas import ROW_BYTES
from persistence.events import events
from persistence.labels import labels
from persistence.memberships import workspaces
from persistence.octets import octets
from persistence.projects import projects
from persistence.sections import sections
from persistence.task_rows import tasks
from tests.integration.model.things import Json, Task, Thing
from tests.integration.model.workspace import Workspace
from tests.support.clients import Person, everything, ok, rejected
from tests.support.copies import Copy
from tests.support.logs import check_activity, check_log, check_payloads
from tests.support.prepared import OPERATIONS
from tests.support.tables import Tables

KEPT: Final = dt.timedelta(days=30)
"""How long the contract says that deleted things can be restored."""
PRIORITIES: Final = ("none", "low", "medium", "high", "urgent")
SORTS: Final[dict[str, Callable[[Json], Any]]] = {
    "created_at": lambda task: task["created_at"],
    "updated_at": lambda task: task["updated_at"],
    "priority": lambda task: PRIORITIES.index(task["priority"]),
    "due": lambda task: _due_key(task["due"]),
}


@dataclass
class Server:
    """One workspace on the server. `times` are those of its changes, by number; `copy` is a client's that follows."""

    reader: Person
    tables: Tables
    home: str
    times: dict[int, dt.datetime] = field(default_factory=dict)
    copy: Copy = field(init=False)

    def __post_init__(self) -> None:
        self.copy = Copy(self.reader.client, self.home)

    @property
    def workspace_id(self) -> str:
        return self.home.rpartition("/")[2]

    def path_of(self, kind: str, thing_id: str, **within: str) -> str:
        names = {"workspace_id": self.workspace_id, **within, f"{kind}_id": thing_id}
        return OPERATIONS[f"get_{kind}"].path.format(**names)

    def check_numbers(self, now: Workspace) -> None:
        """The head, the events of the last change, and the bytes in use."""
        (row,) = self.tables.rows(
            select(
                workspaces.c.head, workspaces.c.content_bytes, workspaces.c.log_bytes, workspaces.c.open_tasks
            ).where(workspaces.c.id == UUID(self.workspace_id))
        )
        stored = [*now.things().values(), *(thing for deletion in now.trash for thing in deletion.things())]
        assert (row[0], row[1]) == (now.head, sum(map(_bytes, stored)) + sum(map(self._completion_bytes, stored)))
        here = events.c.workspace_id == UUID(self.workspace_id)
        unread = events.c.revision > min(len(self.times), now.head - 1)
        of_last = select(events.c.revision, events.c.type, events.c.entity_id, events.c.recorded_at)
        new = self.tables.rows(of_last.where(here, unread))
        self.times |= {revision: time for revision, *_, time in new}
        last = [(kind, str(each)) for revision, kind, each, _ in new if revision == now.head]
        assert sorted(_without_parts(last)) == sorted(now.events)
        ((logged,),) = self.tables.rows(select(func.sum(octets(events.c.body))).where(here))
        assert row[2:] == (logged, sum(task.status == "open" for task in now.tasks))

    def check_shown(self, shown: Json, thing: Thing) -> None:
        """What the server sends for a thing."""
        expected = {name: self._at(value) if name.endswith("_at") else value for name, value in thing.shown().items()}
        sent = {name: _time(value) if name.endswith("_at") else value for name, value in shown.items()}
        position = {"position": shown["position"]} if "position" in shown else {}
        assert sent == {**expected, "workspace_id": self.workspace_id, **position}

    def _completion_bytes(self, thing: Thing) -> int:
        """What the completions of a task count: each has a text of the subtasks that it opened again."""
        if not isinstance(thing, Task):
            return 0
        texts = [[self._reopened(*each) for each in completion.reopened] for completion in thing.completions]
        return sum(ROW_BYTES + len(json.dumps(each, separators=(",", ":")) if each else "") for each in texts)

    def _reopened(self, task_id: str, completed_at: int, closed_with: str | None) -> list[str | None]:
        return [UUID(task_id).hex, self.times[completed_at].isoformat(), closed_with and UUID(closed_with).hex]

    def _at(self, number: int | None) -> dt.datetime | None:
        return None if number is None else self.times[number]

    def order(self) -> list[str]:
        """The ids of all that has a position, in the order of the positions of each kind."""
        here = UUID(self.workspace_id)
        return [
            str(thing_id)
            for table in (projects, sections, labels, tasks)
            for (thing_id,) in self.tables.rows(
                select(table.c.id)
                .where(table.c.workspace_id == here, table.c.trash_id.is_(None))
                .order_by(table.c.position)
            )
        ]

    def check_changed(self, now: Workspace) -> None:
        """What the last change has changed, one by one."""
        for thing_id in {thing_id for _, thing_id in now.events}:
            if thing := now.find(thing_id):
                self._check_one(thing)
                if isinstance(thing, Task) and ("task.updated", thing_id) not in now.events:
                    self._check_completions(thing, limit=1 + now.head % 7)

    def _check_one(self, thing: Thing) -> None:
        response = self.reader.client.get(self.path_of(*thing.key, **thing.within))
        self.check_shown(ok(response), thing)
        assert response.headers["ETag"] == f'"{thing.revision}"'

    def _check_completions(self, task: Task, *, limit: int) -> None:
        """The occurrences of a task that are over, the newest first."""
        found = everything(self.reader.client, f"{self.path_of(*task.key)}/completions", limit=limit)
        shown = [
            {
                "task_id": task.id,
                "occurrence": each.occurrence,
                "due": each.due,
                "kind": each.kind,
                "completed_by": each.completed_by,
                "completed_at": self.times[each.completed_at],
            }
            for each in reversed(task.completions)
        ]
        sent = [{**each, "completed_at": _time(each["completed_at"])} for each in found]
        assert [{name: value for name, value in each.items() if name != "id"} for each in sent] == shown

    def follow(self, now: Workspace) -> None:
        """Let the copy follow by a page, now and then, so that much changes between two of its pages."""
        if now.head % 3 == 0:
            self.copy.page(limit=1 + now.head % 7)

    def _check_copies(self, now: Workspace, *, limit: int) -> None:
        """The copy that followed from the beginning, and one that begins now."""
        fresh = Copy(self.reader.client, self.home)
        for copy in (self.copy, fresh):
            copy.sync(limit=limit)
            others = {("workspace", self.workspace_id), *(member.key for member in now.members)}
            assert copy.things.keys() == {*now.things(), *others}
            for key, thing in now.things().items():
                self.check_shown(copy.things[key], thing)
        assert self.copy.things == fresh.things

    def check_everything(self, now: Workspace, *, limit: int) -> None:
        """Compare all there is. Lists are read in pages of *limit*."""
        self._check_orders(now, limit=limit)
        self._check_tasks(now, limit=limit)
        for task in now.tasks:
            self._check_comments(now, task, limit=limit)
            if task.completions:
                self._check_completions(task, limit=limit)
        for thing in now.things().values():
            self._check_one(thing)
        for kind, thing_id in now.deleted:
            if kind != "comment":  # which the list of its task does not have
                rejected(self.reader.client.get(self.path_of(kind, thing_id)), 404, "not-found")
        for kind in get_args(TrashKind):
            self.check_trash(now, limit=limit, kind=kind)
        self.check_trash(now, limit=limit)
        self._check_copies(now, limit=limit)
        log = check_log(self.tables, self.workspace_id)
        check_payloads(self.reader, log, home=self.home)
        check_activity(self.reader, log, home=self.home)

    def check_trash(self, now: Workspace, **parameters: Any) -> None:
        """What is in it, the newest first; *parameters* say how much of it, and of which kind."""
        found = everything(self.reader.client, f"{self.home}/trash", **parameters)
        of_kind = [each for each in now.trash[::-1] if parameters.get("kind") in {None, each.kind}]
        for entry, deletion in zip(found, of_kind, strict=True):
            deleted_at = self.times[deletion.deleted_at]
            instants = {"deleted_at": deleted_at, "expires_at": deleted_at + KEPT}
            assert {**entry, **{name: _time(entry[name]) for name in instants}} == {**deletion.shown(), **instants}

    def _list(self, kind: str, **parameters: Any) -> list[Json]:
        return everything(self.reader.client, f"{self.home}/{kind}s", **parameters)

    def _check_orders(self, now: Workspace, *, limit: int) -> None:
        """The lists in the order that people give."""
        for archived in (False, True):
            projects = [project for project in now.projects if (project.archived_at is not None) is archived]
            self._check_list(self._list("project", archived=str(archived).lower(), limit=limit), projects)
        self._check_list(self._list("label", limit=limit), now.labels)
        for project in now.projects:
            sections = [section for section in now.sections if section.project_id == project.id]
            self._check_list(self._list("section", project_id=project.id, limit=limit), sections)
            arranged = self._check_arranged(now.arranged(project), limit=limit, project_id=project.id)
            tasks = [task.id for task in now.tasks if task.project_id == project.id]
            positions = {shown["id"]: shown["position"].encode() for shown in arranged}
            assert tasks == sorted(tasks, key=positions.__getitem__)
            assert len({*positions.values()}) == len(tasks)
        self._check_arranged([task for project in now.projects for task in now.arranged(project)], limit=limit)
        for section in now.sections:
            self._check_filter(now, limit=limit, section_id=section.id)

    def _check_arranged(self, tasks: list[Task], *, limit: int, **filters: str) -> list[Json]:
        """Tasks in the order that people gave to them, both ways."""
        found = self._list("task", sort="position", limit=limit, **filters)
        for shown, task in zip(found, tasks, strict=True):
            self.check_shown(shown, task)
        assert self._list("task", sort="-position", limit=limit, **filters) == found[::-1]
        return found

    def _check_comments(self, now: Workspace, task: Task, *, limit: int) -> None:
        """The oldest first."""
        comments = [comment for comment in now.comments if comment.task_id == task.id]
        found = everything(self.reader.client, f"{self.path_of(*task.key)}/comments", limit=limit)
        for shown, comment in zip(found, comments, strict=True):
            self.check_shown(shown, comment)

    def _check_list(self, found: list[Json], expected: Iterable[Thing]) -> None:
        """The same things in the same order; each position is after the one before."""
        for shown, thing in zip(found, expected, strict=True):
            self.check_shown(shown, thing)
        positions = [shown["position"].encode() for shown in found]
        assert positions == sorted(set(positions))

    def _check_tasks(self, now: Workspace, *, limit: int) -> None:
        """Lists of tasks by every sort and filter."""
        tasks = {task.id: task for task in now.tasks}
        for sort, key in SORTS.items():
            found = self._list("task", sort=sort, limit=limit)
            assert {shown["id"] for shown in found} == tasks.keys()
            assert found == sorted(found, key=lambda task: (key(task), task["id"]))
            assert self._list("task", sort=f"-{sort}", limit=limit) == found[::-1]
        for status in ("open", "completed", "cancelled"):
            self._check_filter(now, limit=limit, status=status)
        for parent_id in {task.parent_id for task in now.tasks if task.parent_id}:
            self._check_filter(now, limit=limit, parent_id=parent_id)

    def _check_filter(self, now: Workspace, *, limit: int, **filters: str) -> None:
        matching = {task.id for task in now.tasks if filters.items() <= task.shown().items()}
        found = self._list("task", limit=limit, **filters)
        assert [shown["id"] for shown in found if shown["id"] in matching] == [shown["id"] for shown in found]
        assert len(found) == len(matching)


def _without_parts(logged: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Events without the updates of what is restored, and with one of each task that depends on it.

    One level after the other is restored, with what it depends on and what depends on it.
    """
    restored = {thing_id for kind, thing_id in logged if kind == "task.restored"}
    if not restored:
        return logged
    return [(kind, each) for kind, each in dict.fromkeys(logged) if kind != "task.updated" or each not in restored]


def _bytes(thing: Thing) -> int:
    return ROW_BYTES + len("".join(thing.texts()).encode())


def _time(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _due_key(due: Json | None) -> tuple[str, str]:
    """By day, then timed before untimed, then by time; nothing comes last."""
    return ("~", "") if due is None else (due["date"], due["time"] or "~")
