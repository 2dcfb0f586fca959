"""The trash: what it knows of each deletion, and the port of its repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.errors import Conflict

TrashKind = Literal["project", "section", "label", "task", "comment"]

KEPT: Final = dt.timedelta(days=30)
"""How long deleted things can be restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashEntry:
    """One deletion: the thing that somebody deleted, and how many things it *took* along.

    `id` is in the rows of all of them. It is a UUIDv7 of the time at which the deletion began first. `is_restoring`
    says which of a deletion and a restoration began last, if they have several steps.
    """

    id: UUID
    workspace_id: UUID
    kind: TrashKind
    thing_id: UUID
    title: str
    deleted_at: dt.datetime
    deleted_by: UUID
    expires_at: dt.datetime
    taken: int
    is_restoring: bool


class ChangedMeanwhile(Conflict):
    """Somebody has restored what is being deleted, or deleted what is being restored, or emptied the trash."""

    summary = "It was deleted and restored at the same time"

    def __init__(self) -> None:
        super().__init__("Somebody else deleted or restored this at the same time. Look at it, and decide again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashQuery:
    """A page of a workspace's trash, newest first. `after` is the id of the last entry of the page before."""

    workspace_id: UUID
    kind: TrashKind | None
    now: dt.datetime
    after: UUID | None
    limit: int


class TrashRepository(Protocol):
    """The trash of workspaces. The things in it are in the repositories of their kinds."""

    async def add(self, entry: TrashEntry) -> None:
        """Store a new entry."""

    async def of(self, workspace_id: UUID, kind: TrashKind, thing_id: UUID) -> TrashEntry | None:
        """Return the entry of a thing, also of one whose deletion or restoration is not finished."""

    async def update(self, entry: TrashEntry) -> None:
        """Store what can change of an entry: all but its ids and its kind."""

    async def remove(self, workspace_id: UUID, entry_id: UUID) -> None:
        """Delete an entry: nothing is in it any more."""

    async def oldest(self, workspace_id: UUID) -> TrashEntry | None:
        """Return the oldest entry, expired or not."""

    async def purge(self, entry: TrashEntry, *, limit: int) -> int:
        """Delete at most *limit* things of an entry for good, and then the entry. Return how many were deleted."""

    async def page(self, query: TrashQuery) -> Sequence[TrashEntry]:
        """Return at most `query.limit` entries that have not expired."""
