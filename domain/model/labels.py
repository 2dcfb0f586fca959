"""Labels: the entity, its errors and events, and the port of its repository."""

import datetime as dt
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain import blank
from domain.errors import Conflict, Invalid, NotFound

LabelEvent = Literal["label.created", "label.updated", "label.moved", "label.deleted", "label.restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A word that tasks are marked with. `position` is ordered byte by byte, within the workspace.

    `color` is "#" and six hexadecimal digits in lower case.
    """

    id: UUID
    workspace_id: UUID
    name: str
    color: str | None
    position: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int

    @property
    def name_key(self) -> str:
        """What is unique in a workspace."""
        return name_key(self.name)

    @property
    def texts(self) -> tuple[str, ...]:
        """What counts against the workspace's quota."""
        return (self.name,)


def name_key(name: str) -> str:
    """Return what two names share that differ only in case, accents, width, white space, or what nobody sees.

    Source: Unicode, UAX 15 (NFKD) and section 3.13 (default caseless matching).
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return blank.without_unseen("".join(each for each in folded if not unicodedata.combining(each)))


class LabelNotFound(NotFound):
    """The workspace does not have a label with this id."""

    def __init__(self, label_id: UUID) -> None:
        super().__init__("This workspace does not have a label with this id.")
        self.label_id = label_id


class LabelExists(Conflict):
    """Another label of the workspace has this name, whatever its case and accents."""

    summary = "There is such a label"

    def __init__(self, label_id: UUID, *, pointer: str | None = "#/name") -> None:
        super().__init__("A label of this workspace has this name. `existing_id` is its id.")
        self.existing_id = label_id
        self.pointer = pointer


class LabelUnknown(Invalid):
    """The body names a label that the workspace does not have, at *index* of `label_ids`."""

    code = "label"

    def __init__(self, label_id: UUID, *, index: int) -> None:
        super().__init__("This workspace does not have a label with this id.")
        self.label_id = label_id
        self.pointer = f"#/label_ids/{index}"


class LabelRepository(Protocol):
    """The labels of workspaces. Each change is in the workspace's log."""

    async def add(self, label: Label) -> None:
        """Store a new label. Its workspace is locked, and no other label has its name. Raises IdTaken."""

    async def get(self, workspace_id: UUID, label_id: UUID) -> Label | None:
        """Return the label, without a lock of its own."""

    async def named(self, workspace_id: UUID, key: str) -> UUID | None:
        """Return the id of the label whose `name_key` is *key*."""

    async def existing(self, workspace_id: UUID, label_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of *label_ids* that are labels of the workspace."""

    async def count(self, workspace_id: UUID) -> int:
        """Return how many labels the workspace has."""

    async def last_position(self, workspace_id: UUID) -> str | None:
        """Return the greatest position. None without labels."""

    async def around(self, workspace_id: UUID, *, cut: str, limit: int) -> Sequence[Label]:
        """Return the labels nearest to *cut*, in their order.

        At most *limit* have a position before it, and at most *limit* the same or one after it.
        """

    async def page(self, workspace_id: UUID, *, after: str | None, limit: int) -> Sequence[Label]:
        """Return at most *limit* labels by position. *after* is that of the last label of the page before."""

    async def update(self, label: Label, *, before: Label, event: LabelEvent) -> None:
        """Store what can change of a label, and record *event*. *before* is the label as it is stored."""

    async def delete(self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, revision: int) -> None:
        """Put a label that no task has into the trash."""

    async def in_trash(self, workspace_id: UUID, label_id: UUID) -> Label | None:
        """Return a label that is in the trash."""

    async def restore(self, label: Label) -> None:
        """Store a label that is in the trash as a live one. No other label has its name."""
