"""The events of a workspace's log: each change, as a fact in the past tense, with the entity after it.

The contract lists the same types, each with the schema of its payload (`x-events`).
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args
from uuid import UUID

from domain.model.changes import Entity, id_of
from domain.model.comments import CommentEvent
from domain.model.completions import CompletionRecord
from domain.model.labels import LabelEvent
from domain.model.members import MemberEvent
from domain.model.projects import ProjectEvent
from domain.model.sections import SectionEvent
from domain.model.tasks import Task, TaskEvent
from domain.model.workspaces import Workspace, WorkspaceEvent
from domain.quotas import size_of
from domain.wall_clocks import WallClock

EventType = Literal[WorkspaceEvent, MemberEvent, ProjectEvent, SectionEvent, LabelEvent, TaskEvent, CommentEvent]

EVENT_TYPES: Final[tuple[EventType, ...]] = get_args(EventType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of one entity, with number *revision* in its workspace.

    `entity` is the entity after the change, None if it is deleted. A member's `entity_id` is the user's. `added_bytes`
    is by how much the change raises the use of the quota (domain.quotas); a deletion lowers it. `added_open` is by how
    much it raises the number of open tasks. `is_described` says that the description is part of the payload; otherwise
    the log has it already. `closed_occurrence` is the occurrence of a recurring task that was completed or skipped,
    or whose completion was taken back.
    """

    type: EventType
    workspace_id: UUID
    entity_id: UUID
    revision: int
    entity: Entity | None
    added_bytes: int = 0
    added_open: int = 0
    is_described: bool = True
    closed_occurrence: WallClock | None = None

    @property
    def kind(self) -> str:
        """The kind of the entity: `workspace`, `member`, `project`, `section`, `label`, `task`, `comment`."""
        return self.type.partition(".")[0]

    @property
    def is_restored(self) -> bool:
        """Whether the entity comes back from the trash, so that its tombstone is deleted."""
        return self.type.endswith(".restored")

    @property
    def is_the_end(self) -> bool:
        """Whether the entity is deleted, so that a tombstone is kept of it."""
        return self.entity is None


def is_end(kind: str) -> bool:
    """Whether events of this type say that an entity was deleted."""
    return kind.endswith((".deleted", ".removed"))


def event_of(kind: EventType, entity: Entity, *, before: Entity | None = None) -> Event:
    """Return the event of the change that its revision numbers. *before* is the entity before it, if it existed."""
    workspace_id = entity.id if isinstance(entity, Workspace) else entity.workspace_id
    return Event(
        type=kind,
        workspace_id=workspace_id,
        entity_id=id_of(entity),
        revision=entity.revision,
        entity=entity,
        added_bytes=size_of(entity) - (size_of(before) if before else 0),
        added_open=_is_open(entity) - _is_open(before),
        is_described=before is None or _description_of(before) != _description_of(entity),
    )


def of_completion(event: Event, record: CompletionRecord) -> Event:
    """Return the *event* of a task with the completion that is stored with it or, if the task is reopened, deleted."""
    size_bytes = -size_of(record) if event.type == "task.reopened" else size_of(record)
    return replace(event, added_bytes=event.added_bytes + size_bytes, closed_occurrence=record.completion.occurrence)


def _is_open(entity: Entity | None) -> bool:
    return isinstance(entity, Task) and entity.status == "open"


def _description_of(entity: Entity) -> str | None:
    return getattr(entity, "description", None)


def restored(kind: EventType, entity: Entity) -> Event:
    """Return the event that an entity comes back from the trash, where it counted against the quota as well."""
    return replace(event_of(kind, entity), added_bytes=0)


def end_of(kind: EventType, entity_id: UUID, *, workspace_id: UUID, revision: int, was_open: bool = False) -> Event:
    """Return the event that an entity is deleted, such as a task that *was_open*.

    What goes into the trash counts against the quota as before.
    """
    return Event(
        type=kind,
        workspace_id=workspace_id,
        entity_id=entity_id,
        revision=revision,
        entity=None,
        added_open=-was_open,
    )
