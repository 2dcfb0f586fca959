"""Changes of a workspace: what a client that keeps a copy is sent, and the port that reads the log for it."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args
from uuid import UUID

from domain.errors import Expired
from domain.model.comments import Comment
from domain.model.labels import Label
from domain.model.members import Member
from domain.model.projects import Project
from domain.model.sections import Section
from domain.model.tasks import Task
from domain.model.workspaces import Workspace

Entity = Workspace | Member | Project | Section | Label | Task | Comment
"""What the log of a workspace is about."""

ChangeType = Literal["workspace", "member", "label", "project", "section", "task", "comment"]

CHANGE_TYPES: Final[tuple[ChangeType, ...]] = get_args(ChangeType)
"""The kinds of entities, in the order of a first sync: what is referred to comes first."""

Keys = tuple[str, str]
"""The sort key of an item in a first sync, as texts. The second is empty if there is one only."""

_END: Final = 2**31 - 1
_FIXED_BYTES: Final = 200


class CursorExpired(Expired):
    """It cannot be said what has changed since a cursor: too old, or later than what the server has."""

    summary = "The cursor has expired"

    def __init__(self) -> None:
        super().__init__(
            "The server cannot say what has changed since this cursor. Start again without a cursor, and delete what "
            "the new list does not name."
        )


@dataclass(frozen=True, slots=True, order=True)
class LogPlace:
    """A place in a workspace's log: right after the event with this revision and sequence, whether it exists or not."""

    revision: int
    sequence: int

    @classmethod
    def end_of(cls, revision: int) -> "LogPlace":
        """Return the place after all events of a revision. They were written together, so no more will follow."""
        return cls(revision, _END)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlace:
    """How far a first sync is, which began at *head*: the step of this name is done up to the item with `keys`, if any.

    `closed_since` is the time since which closed tasks are wanted, if only those that changed lately are.
    """

    head: int
    closed_since: dt.datetime | None = None
    step: str = "workspace"
    keys: Keys | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An event in the log, without its body.

    `is_last` says that no later event of the same revision is about the same entity; `is_end`, that the entity was
    deleted.
    """

    place: LogPlace
    type: ChangeType
    entity_id: UUID
    is_last: bool
    is_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """An event in the log, with its body.

    `event` is its type. `body` is the entity after it as JSON, as `x-events` in the contract describes it; None if it
    was deleted. What a registration did has no actor.
    """

    place: LogPlace
    event: str
    entity_id: UUID
    actor_id: UUID | None
    recorded_at: dt.datetime
    body: str | None

    @property
    def type(self) -> str:
        """The kind of the entity."""
        return self.event.partition(".")[0]

    @property
    def size_bytes(self) -> int:
        """About how many bytes of JSON it has."""
        return _FIXED_BYTES + len((self.body or "").encode())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class ChangeEvent:
    """Changes of one transaction, in their order; `is_complete` if no more of it follow. Each is an object of its own.

    Many streams send the same one.
    """

    revision: int
    recorded_at: dt.datetime
    actor_id: UUID | None
    is_complete: bool
    changes: Sequence[LogRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entity that changed, as it is now. `entity` is None if it is deleted. A member's `id` is the user's."""

    type: ChangeType
    id: UUID
    revision: int
    entity: Entity | None


def id_of(entity: Entity) -> UUID:
    """Return what names an entity among those of its kind in a workspace; of a member, the user's id."""
    return entity.user_id if isinstance(entity, Member) else entity.id


def change_of(kind: ChangeType, entity: Entity) -> Change:
    """Return the change that made a live entity what it is."""
    return Change(type=kind, id=id_of(entity), revision=entity.revision, entity=entity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A change, if any, and the place after it. With `is_end`, nothing else has happened yet."""

    place: LogPlace | SyncPlace
    change: Change | None = None
    is_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentFilter:
    """A filter for the comments of a workspace by their tasks: open, or changed after the revision *head*.

    With *closed_since*, also those of closed tasks that changed at that time or later.
    """

    head: int
    closed_since: dt.datetime | None


class ChangeRepository(Protocol):
    """Reads what has changed in workspaces, from the log and from what is live."""

    async def bounds(self, workspace_id: UUID) -> tuple[int, int]:
        """Return the head of a workspace, and the first revision since which everything that was deleted is known."""

    async def entries(self, workspace_id: UUID, *, after: LogPlace, limit: int) -> Sequence[LogEntry]:
        """Return at most *limit* events after a place, in their order."""

    async def logged(
        self, workspace_id: UUID, *, after: LogPlace, limit: int, types: Collection[ChangeType] | None = None
    ) -> Sequence[LogRecord]:
        """Return at most *limit* events after a place, in their order: those of *types* with their bodies, or all.

        It can be called after the unit of work has ended.
        """

    async def live(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Sequence[Entity]:
        """Return those entities of a kind, except "workspace", that are live, in any order."""

    async def revisions(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Mapping[UUID, int]:
        """Return the revisions of those entities of a kind, except "workspace", that are live."""

    async def deletions(self, workspace_id: UUID, ids: Collection[UUID]) -> Mapping[tuple[str, UUID], int]:
        """Return the revisions of the last deletions of entities with these ids, by kind and id.

        What was restored is not in it; a member who is back is.
        """

    async def comment_ids(
        self, workspace_id: UUID, *, only: CommentFilter | None, after: UUID | None, limit: int
    ) -> Sequence[tuple[UUID, bool]]:
        """Return at most *limit* ids of comments, and whether each is live and matches *only*, in their order.

        The others are there so that a reader knows where it is.
        """
