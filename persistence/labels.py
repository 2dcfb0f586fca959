"""The table and the repository of labels."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from domain.errors import IdTaken
from domain.events import event_of, restored
from domain.model.labels import Label, LabelEvent
from persistence.change_log import ChangeLog, ends_of
from persistence.compiled import padded
from persistence.mapping import Mapper
from persistence.metadata import (
    INSTANT,
    SORTED_TEXT,
    TRASH_ID,
    is_live,
    logged_as,
    means,
    metadata,
    partial_index,
    trash_id,
)
from persistence.paging import Pages, around
from persistence.runners import Runner
from persistence.unindexed import among, unindexed

labels: Final = Table(
    "labels",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", SORTED_TEXT, nullable=False),
    Column("color", Text),
    Column("position", SORTED_TEXT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    trash_id(),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    info=logged_as("label"),
)
_LIVE: Final = is_live(labels)
partial_index("uq_labels_name_key", labels.c.workspace_id, labels.c.name_key, unique=True, where=_LIVE)
partial_index("uq_labels_position", labels.c.workspace_id, labels.c.position, unique=True, where=_LIVE)

LABELS: Final = Mapper(
    Label, labels, derived={"name_key": lambda label: label.name_key}, fixed=("id", "workspace_id", "created_at")
)
_OF_WORKSPACE: Final = labels.c.workspace_id == bindparam("workspace")
_IN_WORKSPACE: Final = and_(_OF_WORKSPACE, _LIVE)
_ONE: Final = (_OF_WORKSPACE, unindexed(_LIVE), labels.c.id == bindparam("label"))

_INSERT: Final = insert(labels)
_SELECT: Final = select(*LABELS.columns).where(*_ONE)
_NAMED: Final = select(labels.c.id).where(_IN_WORKSPACE, labels.c.name_key == bindparam("key"))
_EXISTING: Final = select(labels.c.id).where(among(labels.c.workspace_id, labels.c.id, "labels"), unindexed(_LIVE))
_COUNT: Final = select(func.count()).select_from(labels).where(_IN_WORKSPACE)
_LAST_POSITION: Final = select(func.max(labels.c.position)).where(_IN_WORKSPACE)
_PAGES: Final = Pages(select(*LABELS.columns).where(_IN_WORKSPACE), labels.c.position)
_AROUND: Final = around(select(*LABELS.columns).where(_IN_WORKSPACE), labels.c.position)
_UPDATE: Final = update(labels).where(*_ONE)
_DELETE: Final = update(labels).where(*_ONE).values(trash_id=bindparam("trash")).returning(labels.c.id)
_TRASHED: Final = (_OF_WORKSPACE, labels.c.id == bindparam("label"), labels.c.trash_id.is_not(None))
_IN_TRASH: Final = select(*LABELS.columns).where(*_TRASHED)
_RESTORE: Final = update(labels).where(*_TRASHED)


class Labels:
    """Implements domain.model.labels.LabelRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, label: Label) -> None:
        await self._change_log.write(_INSERT, LABELS.values(label), event_of("label.created", label))

    async def get(self, workspace_id: UUID, label_id: UUID) -> Label | None:
        return LABELS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "label": label_id}))

    async def named(self, workspace_id: UUID, key: str) -> UUID | None:
        row = await self._runner.row(_NAMED, {"workspace": workspace_id, "key": key})
        return None if row is None else row[0]

    async def existing(self, workspace_id: UUID, label_ids: Collection[UUID]) -> Collection[UUID]:
        place = {"workspace": workspace_id, "labels": padded(list(label_ids))}
        return {row[0] for row in await self._runner.rows(_EXISTING, place)}

    async def count(self, workspace_id: UUID) -> int:
        row = await self._runner.row(_COUNT, {"workspace": workspace_id})
        return 0 if row is None else int(row[0])

    async def last_position(self, workspace_id: UUID) -> str | None:
        row = await self._runner.row(_LAST_POSITION, {"workspace": workspace_id})
        return None if row is None else row[0]

    async def around(self, workspace_id: UUID, *, cut: str, limit: int) -> Sequence[Label]:
        place = {"workspace": workspace_id, "cut": cut, "limit": limit}
        return sorted(LABELS.all(await self._runner.rows(_AROUND, place)), key=lambda label: label.position)

    async def page(self, workspace_id: UUID, *, after: str | None, limit: int) -> Sequence[Label]:
        place = None if after is None else (after,)
        return LABELS.all(await _PAGES.read(self._runner, {"workspace": workspace_id}, after=place, limit=limit))

    async def update(self, label: Label, *, before: Label, event: LabelEvent) -> None:
        key = {"workspace": label.workspace_id, "label": label.id}
        values = {**key, **LABELS.changes(label, before=before)}
        await self._change_log.write(_UPDATE, values, event_of(event, label, before=before))

    async def delete(self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, revision: int) -> None:
        place = {"workspace": workspace_id, "label": label_id, "trash": trash_id}
        await self._change_log.write_one(_DELETE, place, ends_of("label.deleted", workspace_id, revision))

    async def in_trash(self, workspace_id: UUID, label_id: UUID) -> Label | None:
        return LABELS.one(await self._runner.row(_IN_TRASH, {"workspace": workspace_id, "label": label_id}))

    async def restore(self, label: Label) -> None:
        values = {"workspace": label.workspace_id, "label": label.id, **LABELS.changes(label), TRASH_ID: None}
        await self._change_log.write(_RESTORE, values, restored("label.restored", label))
