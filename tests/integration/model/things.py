"""What is in a workspace, with the members that a client sees.

A member that ends in `_at` is the number of the change at that time: the comparison looks up the time in the log.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

Json = dict[str, Any]
Key = tuple[str, str]
"""A kind and an id."""


@dataclass(kw_only=True)
class Thing:
    """Something with an id. `created_at` and `revision` are set by `Workspace.after`."""

    kind: ClassVar[str]
    hidden: ClassVar[frozenset[str]] = frozenset()

    id: str
    created_at: int = 0
    revision: int = 0

    @property
    def key(self) -> Key:
        return self.kind, self.id

    @property
    def within(self) -> dict[str, str]:
        """What its path names before it."""
        return {}

    def shown(self) -> Json:
        """What clients see, without the position and the workspace."""
        names = (each.name for each in fields(self))
        members = {name: getattr(self, name) for name in names if name not in self.hidden}
        return {**members, "updated_at": self.revision}

    def texts(self) -> tuple[str, ...]:
        """What counts against the quota."""
        return ()


@dataclass(kw_only=True)
class Member(Thing):
    """Somebody whom tasks can be assigned to. The id is the user's."""

    kind = "member"


@dataclass(kw_only=True)
class Project(Thing):
    kind = "project"

    name: str
    description: str = ""
    is_inbox: bool = False
    archived_at: int | None = None

    def texts(self) -> tuple[str, ...]:
        return self.name, self.description


@dataclass(kw_only=True)
class Section(Thing):
    kind = "section"

    project_id: str
    name: str

    def texts(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(kw_only=True)
class Label(Thing):
    kind = "label"

    name: str
    color: str | None = None

    def texts(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(kw_only=True)
class Task(Thing):
    """`closed_with` is the task that was closed by a request, and this one with it.

    What is in the trash of its labels and dependencies is hidden. Of a recurring task, `at` is the occurrence, without
    a zone, and `latest` the completion that can be taken back.
    """

    kind = "task"
    hidden = frozenset(
        {"closed_with", "hidden_label_ids", "hidden_depends_on_ids", "at", "at_since", "latest", "completions"}
    )

    project_id: str
    section_id: str | None
    parent_id: str | None
    title: str
    description: str = ""
    status: str = "open"
    priority: str = "none"
    start: Json | None = None
    due: Json | None = None
    recurrence: Json | None = None
    occurrence: Json | None = None
    label_ids: set[str] = field(default_factory=set)
    assignee_ids: set[str] = field(default_factory=set)
    depends_on_ids: set[str] = field(default_factory=set)
    blocked: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    completed_at: int | None = None
    created_by: str
    closed_with: str | None = None
    hidden_label_ids: set[str] = field(default_factory=set)
    hidden_depends_on_ids: set[str] = field(default_factory=set)
    at: Json | None = None
    at_since: int = 0
    latest: Completion | None = None
    completions: list[Completion] = field(default_factory=list)

    def hide(self, *, labels: Collection[str], tasks: Collection[str]) -> None:
        """Show of its labels and dependencies only those that exist."""
        label_ids = self.label_ids | self.hidden_label_ids
        depends_on_ids = self.depends_on_ids | self.hidden_depends_on_ids
        self.label_ids, self.hidden_label_ids = label_ids.intersection(labels), label_ids.difference(labels)
        self.depends_on_ids = depends_on_ids.intersection(tasks)
        self.hidden_depends_on_ids = depends_on_ids.difference(tasks)

    def shown(self) -> Json:
        return {
            **super().shown(),
            **self._recurring(),
            "label_ids": sorted(self.label_ids),
            "assignee_ids": sorted(self.assignee_ids),
            "depends_on_ids": sorted(self.depends_on_ids),
        }

    def _recurring(self) -> Json:
        if self.recurrence is None or self.due is None:
            return {}
        zone = {"time_zone": self.due["time_zone"]}
        recurrence = {**self.recurrence, "series_start": {**self.recurrence["series_start"], **zone}}
        return {"recurrence": recurrence, "occurrence": {**(self.at or {}), **zone}}

    def texts(self) -> tuple[str, ...]:
        rule = self.recurrence["rule"] if self.recurrence else ""
        metadata = json.dumps(self.metadata, ensure_ascii=False, separators=(",", ":")) if self.metadata else ""
        return self.title, self.description, metadata, rule


@dataclass(frozen=True, kw_only=True)
class Completion:
    """An occurrence that is over. `before` is the task then, `reopened` which subtasks were done in it, and how.

    It is not copied with its task: a hundred, each with the one before, would be too deep.
    """

    occurrence: Json
    due: Json
    kind: str
    completed_by: str
    completed_at: int
    before: Task
    reopened: list[tuple[str, int, str | None]]
    is_last: bool

    def __deepcopy__(self, _memo: object) -> Completion:
        return self


@dataclass(kw_only=True)
class Comment(Thing):
    kind = "comment"

    task_id: str
    author_id: str
    text: str
    edited_at: int | None = None

    @property
    def within(self) -> dict[str, str]:
        return {"task_id": self.task_id}

    def shown(self) -> Json:
        members = super().shown()
        del members["updated_at"]
        return members

    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(kw_only=True)
class Account:
    """What of a user's account decides when their reminders fire, and when it was last changed."""

    time_zone: str
    reminder_time: str
    changed_at: dt.datetime


@dataclass(kw_only=True)
class Reminder(Thing):
    """When a user is reminded of a task. Nothing of it is in the log: its revision is its own, and its times instants.

    `fired_for` is the instant that it fired for, or that passed while its task was closed or in the trash. `decided` is
    when its instant was last compared with the time.
    """

    kind = "reminder"

    task_id: str
    user_id: str
    at: dt.datetime | None
    before_due: int | None
    fires_at: dt.datetime | None = None
    fired_for: dt.datetime | None = None
    fired: dt.datetime | None = None
    created: dt.datetime
    changed: dt.datetime
    decided: dt.datetime

    @property
    def within(self) -> dict[str, str]:
        return {"task_id": self.task_id}

    def shown(self) -> Json:
        return {
            "id": self.id,
            "task_id": self.task_id,
            "at": self.at,
            "before_due": self.before_due,
            "fires_at": self.fires_at,
            "fired_at": self.fired,
            "created_at": self.created,
            "updated_at": self.changed,
            "revision": self.revision,
        }
