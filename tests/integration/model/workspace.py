"""All that is in a workspace, in order, with the numbers of its changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from tests.integration.model.schedules import follow
from tests.integration.model.things import (
    Account,
    Comment,
    Key,
    Label,
    Member,
    Project,
    Reminder,
    Section,
    Task,
    Thing,
)

Body = Mapping[str, Any]
Kind = TypeVar("Kind", bound=Thing)

EVENTS: Final = {
    "archive_project": "archived",
    "unarchive_project": "unarchived",
    "complete_task": "completed",
    "cancel_task": "cancelled",
    "reopen_task": "reopened",
    "skip_task": "skipped",
    **dict.fromkeys(("move_task", "move_project", "move_section", "move_label"), "moved"),
}
"""The end of the event's type for what an operation changes, where it is not `updated`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request is refused: the problem, and for a member of the body its place."""

    status: int
    slug: str
    pointer: str | None = None


class Refused(Exception):
    """The request must get one of these problems. If several rules are broken, any of them may be checked first."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(*reasons)
        self.reasons = frozenset(reasons)


def invalid(pointer: str) -> Reason:
    """A member of the body breaks a rule."""
    return Reason(422, "invalid-body", pointer)


def conflict(slug: str) -> Reason:
    return Reason(409, slug)


def refuse_if(reasons: Iterable[Reason]) -> None:
    """Raise Refused if there are reasons."""
    if found := tuple(reasons):
        raise Refused(*found)


@dataclass(kw_only=True)
class Deletion:
    """What one request has deleted, with all that came along, and the order of everything then.

    `deleted_at` is the number of the change, `deleted_by` who sent the request.
    """

    kind: str
    id: str
    deleted_at: int
    deleted_by: str
    projects: list[Project] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    orders: dict[str, list[str]] = field(default_factory=dict)

    def things(self) -> list[Thing]:
        return [*self.projects, *self.sections, *self.labels, *self.tasks, *self.comments]

    @property
    def thing(self) -> Thing:
        """What the request named."""
        return next(each for each in self.things() if each.key == (self.kind, self.id))

    def shown(self) -> dict[str, Any]:
        """What clients see in the trash, without the end of it."""
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.thing.texts()[0][:100],
            "deleted_at": self.deleted_at,
            "deleted_by": self.deleted_by,
            "taken_count": len(self.things()) - 1,
        }

    def forget(self, thing_id: str) -> None:
        """Something was moved, so that it need not be where it was."""
        for order in self.orders.values():
            if thing_id in order:
                order.remove(thing_id)

    def check_order(self, now: Workspace) -> None:
        """Raise AssertionError unless what is in the order of then is still, or again, in that order."""
        for name, order in now.orders().items():
            before = [each for each in self.orders.get(name, ()) if each in order]
            assert [each for each in order if each in before] == before


@dataclass(kw_only=True)
class Workspace:
    """A workspace at the change with the number `head`. Each list is in order; that of tasks within each project.

    `actor` sends the next request, and `next` is the number that it takes if it changes
    something. `events` are those of the last change: the type and the id of each. An operation notes what it has
    `moved`, which shows in no member, and what has `advanced` to another occurrence. `instant` is when the next request
    comes.

    What is not in the log, and takes no number: the `reminders`, the `accounts` of the users, by id, and `stale`, whose
    reminders are to be computed anew.
    """

    head: int
    next: int = 0
    actor: str
    members: list[Member] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    trash: list[Deletion] = field(default_factory=list)
    deleted: set[Key] = field(default_factory=set)
    moved: set[Key] = field(default_factory=set)
    advanced: set[Key] = field(default_factory=set)
    instant: dt.datetime
    accounts: dict[str, Account]
    reminders: list[Reminder] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)

    def after(self, operation: Callable[..., None], **arguments: Any) -> Workspace:
        """The workspace after an operation. Raises Refused."""
        return self.begun().then(operation, **arguments)

    def unless_unchanged(self, before: Workspace) -> Workspace:
        """The workspace, or *before* with what is not in the log, if the change took no number."""
        if self.events:
            return self
        return replace(before, trash=self.trash, reminders=self.reminders, accounts=self.accounts, stale=self.stale)

    def begun(self) -> Workspace:
        """The same, with a change in which nothing has happened yet."""
        return replace(self, next=self.head + 1, events=[])

    def then(self, operation: Callable[..., None], **arguments: Any) -> Workspace:
        """The workspace after one more operation of the change that is begun. Raises Refused."""
        new = deepcopy(self)
        operation(new, **arguments)
        follow(new, self)
        new.record(self, EVENTS.get(operation.__name__, "updated"))
        return new

    def record(self, before: Workspace, verb: str) -> None:
        """Number what differs from *before*, with an event for each thing. Without any, the change takes no number."""
        self._follow_links()
        old, new = before.things(), self.things()
        self.events += [(f"{kind}.deleted", each) for kind, each in old.keys() - new.keys()]
        for key, thing in new.items():
            if key not in old:
                thing.created_at = thing.created_at or self.next
                thing.revision = self.next
                self.events.append((f"{thing.kind}.{'restored' if key in self.deleted else 'created'}", thing.id))
            elif key in self.moved or thing.shown() != old[key].shown():
                thing.revision = self.next
                own = verb if key in self.advanced else _verb(verb, old[key], thing)
                self.events.append((f"{thing.kind}.{own}", thing.id))
        self._forget_orders(before)
        self.moved.clear()
        self.advanced.clear()
        self.deleted = (self.deleted | old.keys()) - new.keys()
        self.head = self.next if self.events else self.head

    def _follow_links(self) -> None:
        """A task does not show what is deleted, and is blocked while one that it depends on is open."""
        tasks = {task.id: task for task in self.tasks}
        for task in self.tasks:
            task.hide(labels=[label.id for label in self.labels], tasks=tasks)
            task.blocked = any(tasks[each].status == "open" for each in task.depends_on_ids)

    def _forget_orders(self, before: Workspace) -> None:
        old, new = before.orders(), self.orders()
        places = {thing_id: name for name, order in new.items() for thing_id in order}
        for deletion in self.trash:
            for name, order in deletion.orders.items():
                order[:] = [each for each in order if places.get(each, name) == name]
            for _, thing_id in self.moved:
                deletion.forget(thing_id)
            for name, order in new.items():
                for thing_id in order:
                    if thing_id not in old.get(name, order):
                        deletion.forget(thing_id)

    def delete(self, kind: str, thing_id: str, *things: Thing) -> None:
        """Put things into the trash, under the one that a request has deleted."""
        deletion = Deletion(kind=kind, id=thing_id, deleted_at=self.next, deleted_by=self.actor, orders=self.orders())
        self.projects, deletion.projects = _split(self.projects, things)
        self.sections, deletion.sections = _split(self.sections, things)
        self.labels, deletion.labels = _split(self.labels, things)
        self.tasks, deletion.tasks = _split(self.tasks, things)
        tasks = {task.id for task in deletion.tasks}
        self.comments, deletion.comments = _split(
            self.comments, [*things, *(c for c in self.comments if c.task_id in tasks)]
        )
        self.trash.append(deletion)

    def restore(self, deletion: Deletion, order: Sequence[str]) -> None:
        """Take all that was deleted out of the trash, in an *order* of all ids that keeps the one of then."""
        self.trash.remove(deletion)
        self.projects = _sorted([*self.projects, *deletion.projects], order)
        self.sections = _sorted([*self.sections, *deletion.sections], order)
        self.labels = _sorted([*self.labels, *deletion.labels], order)
        self.tasks = _sorted([*self.tasks, *deletion.tasks], order)
        self.comments = sorted([*self.comments, *deletion.comments], key=lambda comment: comment.created_at)
        deletion.check_order(self)

    def orders(self) -> dict[str, list[str]]:
        """The ids of what has one order for people: projects, labels, the sections of each project, and siblings."""
        found = {"projects": [each.id for each in self.projects], "labels": [each.id for each in self.labels]}
        for section in self.sections:
            found.setdefault(f"sections {section.project_id}", []).append(section.id)
        for task in self.tasks:
            found.setdefault(f"tasks {task.project_id} {task.parent_id}", []).append(task.id)
        return found

    def things(self) -> dict[Key, Thing]:
        lists = (self.projects, self.sections, self.labels, self.tasks, self.comments)
        return {thing.key: thing for each in lists for thing in each}

    def find(self, thing_id: str | None) -> Thing | None:
        return find([*self.things().values(), *self.reminders], thing_id)

    def find_in_trash(self, thing_id: str | None) -> Thing | None:
        return find([thing for deletion in self.trash for thing in deletion.things()], thing_id)

    def project(self, project_id: str) -> Project:
        return _get(self.projects, project_id)

    def section(self, section_id: str) -> Section:
        return _get(self.sections, section_id)

    def member(self, user_id: str) -> Member:
        return _get(self.members, user_id)

    def label(self, label_id: str) -> Label:
        return _get(self.labels, label_id)

    def task(self, task_id: str) -> Task:
        return _get(self.tasks, task_id)

    def require_active(self, project_id: str) -> None:
        """An archived project is read-only, with all that is in it. Raises Refused."""
        if self.project(project_id).archived_at is not None:
            raise Refused(conflict("project-archived"))

    def section_to_change(self, section_id: str) -> Section:
        section = self.section(section_id)
        self.require_active(section.project_id)
        return section

    def task_to_change(self, task_id: str) -> Task:
        task = self.task(task_id)
        self.require_active(task.project_id)
        return task

    def comment(self, task_id: str, comment_id: str) -> Comment:
        return _get([each for each in self.comments if each.task_id == task_id], comment_id)

    def reminder(self, task_id: str, reminder_id: str) -> Reminder:
        """One of the actor's own."""
        self.task(task_id)
        mine = [each for each in self.reminders if (each.task_id, each.user_id) == (task_id, self.actor)]
        return _get(mine, reminder_id)

    def stored_tasks(self) -> list[Task]:
        """The tasks, and those in the trash."""
        return [*self.tasks, *(task for deletion in self.trash for task in deletion.tasks)]

    def inbox(self) -> Project:
        return next(project for project in self.projects if project.is_inbox)

    def family(self, task: Task) -> list[Task]:
        """A task, then its subtasks of all levels."""
        below = [each for child in self.tasks if child.parent_id == task.id for each in self.family(child)]
        return [task, *below]

    def ordinary(self, task: Task) -> list[Task]:
        """The subtasks of all levels that do not recur, and are not below one that does."""
        children = [each for each in self.tasks if each.parent_id == task.id and each.recurrence is None]
        return [*children, *(each for child in children for each in self.ordinary(child))]

    def arranged(self, project: Project) -> list[Task]:
        """The tasks of a project in its order: first those without a section, then one section after the other."""
        places = [None, *(section.id for section in self.sections if section.project_id == project.id)]
        here = [task for task in self.tasks if task.project_id == project.id]
        return [task for place in places for task in here if task.section_id == place]

    def relatives(self, task: Task) -> list[Task]:
        """A task with its subtasks, and what it is a subtask of, on all levels."""
        above = [] if task.parent_id is None else self.relatives(self.task(task.parent_id))
        return [*(each for each in above if task in self.family(each)), *self.family(task)]

    def with_dependencies(self, task: Task) -> list[Task]:
        """A task, and those that it depends on, directly or through others, which may be in the trash."""
        found = [task]
        for each in found:
            ids = each.depends_on_ids | each.hidden_depends_on_ids
            found += [other for other in self.stored_tasks() if other.id in ids and other not in found]
        return found

    def level(self, task: Task) -> int:
        """1 for a task that is not a subtask."""
        return 1 if task.parent_id is None else 1 + self.level(self.task(task.parent_id))


def _split(things: Sequence[Kind], chosen: Sequence[Thing]) -> tuple[list[Kind], list[Kind]]:
    """Those of *things* that are not *chosen*, and those that are."""
    return [each for each in things if each not in chosen], [each for each in things if each in chosen]


def _sorted(things: Iterable[Kind], order: Sequence[str]) -> list[Kind]:
    return sorted(things, key=lambda thing: order.index(thing.id))


def _verb(verb: str, old: Thing, new: Thing) -> str:
    """If tasks are closed or opened, each has the event of its own status, and `updated` if that is as it was."""
    if verb not in {"completed", "cancelled", "reopened", "skipped"}:
        return verb
    before, after = old.shown()["status"], new.shown()["status"]
    if before == after:
        return "updated"
    return "reopened" if after == "open" else str(after)


def find(things: Iterable[Kind], thing_id: str | None) -> Kind | None:
    return next((thing for thing in things if thing.id == thing_id), None)


def _get(things: Iterable[Kind], thing_id: str) -> Kind:
    """What a path names. Raises Refused if it does not exist."""
    thing = find(things, thing_id)
    if thing is None:
        raise Refused(Reason(404, "not-found"))
    return thing
