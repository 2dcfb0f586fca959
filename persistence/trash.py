"""The table and the repository of the trash: one row for each deletion.

What was deleted stays where it was, with the id of the row here in its column `trash_id`.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from domain.model.trash import TrashEntry, TrashKind, TrashQuery
from persistence.database import Runner
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.paging import Pages

trash: Final = Table(
    "trash",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("thing_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("deleted_at", INSTANT, nullable=False),
    Column("deleted_by", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("is_restoring", Boolean, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    Index("uq_trash_thing_id", "workspace_id", "thing_id", "kind", unique=True),
    Index("ix_trash_kind", "workspace_id", "kind", "id"),
    Index("ix_trash_expires_at", "expires_at"),
    info=UNLOGGED,  # the events are those of the things
)

_MAPPER: Final = Mapper(
    TrashEntry,
    trash,
    fixed=("id", "workspace_id", "kind", "thing_id", "title", "deleted_at", "deleted_by", "expires_at"),
)
_IN_WORKSPACE: Final = trash.c.workspace_id == bindparam("workspace")
_ONE: Final = (_IN_WORKSPACE, trash.c.id == bindparam("entry"))
_KEPT: Final = select(*_MAPPER.columns).where(_IN_WORKSPACE, trash.c.expires_at > bindparam("now"))

_INSERT: Final = insert(trash)
_OF_THING: Final = select(*_MAPPER.columns).where(
    _IN_WORKSPACE, trash.c.thing_id == bindparam("thing"), trash.c.kind == bindparam("which")
)
_UPDATE: Final = update(trash).where(*_ONE)
_DELETE: Final = delete(trash).where(*_ONE)
_PAGES: Final = {
    False: Pages(_KEPT, trash.c.id, descending=True),
    True: Pages(_KEPT.where(trash.c.kind == bindparam("which")), trash.c.id, descending=True),
}
"""By whether only one kind is listed."""


class Trash:
    """Implements domain.model.trash.TrashRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, entry: TrashEntry) -> None:
        await self._runner.run(_INSERT, _MAPPER.values(entry))

    async def of(self, workspace_id: UUID, kind: TrashKind, thing_id: UUID) -> TrashEntry | None:
        place = {"workspace": workspace_id, "which": kind, "thing": thing_id}
        return _MAPPER.one(await self._runner.row(_OF_THING, place))

    async def update(self, entry: TrashEntry) -> None:
        key = {"workspace": entry.workspace_id, "entry": entry.id}
        await self._runner.run(_UPDATE, {**key, **_MAPPER.changes(entry)})

    async def remove(self, workspace_id: UUID, entry_id: UUID) -> None:
        await self._runner.run(_DELETE, {"workspace": workspace_id, "entry": entry_id})

    async def page(self, query: TrashQuery) -> Sequence[TrashEntry]:
        place: dict[str, object] = {"workspace": query.workspace_id, "now": query.now}
        if query.kind is not None:
            place["which"] = query.kind
        pages = _PAGES[query.kind is not None]
        return _MAPPER.all(await pages.read(self._runner, place, after=query.after, limit=query.limit))
