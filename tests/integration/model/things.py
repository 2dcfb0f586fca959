"""What is in a workspace, with the members that a client sees.

A member that ends in `_at` is the number of the change at that time: the comparison looks up the time in the log.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
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
        members = {name: value for name, value in asdict(self).items() if name not in self.hidden}
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

    What is in the trash of its labels and dependencies is hidden.
    """

    kind = "task"
    hidden = frozenset({"closed_with", "hidden_label_ids", "hidden_depends_on_ids"})

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
            "label_ids": sorted(self.label_ids),
            "assignee_ids": sorted(self.assignee_ids),
            "depends_on_ids": sorted(self.depends_on_ids),
        }

    def texts(self) -> tuple[str, ...]:
        metadata = json.dumps(self.metadata, ensure_ascii=False, separators=(",", ":")) if self.metadata else ""
        return self.title, self.description, metadata


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
