"""The repository of the trash."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from domain.model.trash import TrashEntry, TrashKind, TrashQuery
from persistence.change_log import ChangeLog
from persistence.mapping import Mapper
from persistence.paging import Pages
from persistence.runners import Runner
from persistence.trash_purges import purge_some
from persistence.trash_rows import trash

_MAPPER: Final = Mapper(
    TrashEntry,
    trash,
    fixed=("id", "workspace_id", "kind", "thing_id"),
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
_OLDEST: Final = select(*_MAPPER.columns).where(_IN_WORKSPACE).order_by(trash.c.id).limit(1)
_PAGES: Final = {
    False: Pages(_KEPT, trash.c.id, descending=True),
    True: Pages(_KEPT.where(trash.c.kind == bindparam("which")), trash.c.id, descending=True),
}
"""By whether only one kind is listed."""


class Trash:
    """Implements domain.model.trash.TrashRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

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

    async def oldest(self, workspace_id: UUID) -> TrashEntry | None:
        return _MAPPER.one(await self._runner.row(_OLDEST, {"workspace": workspace_id}))

    async def purge(self, entry: TrashEntry, *, limit: int) -> int:
        place = {"workspace": entry.workspace_id, "trash": entry.id, "thing": entry.thing_id}
        count, freed = await purge_some(self._change_log.write_unseen, place, kind=entry.kind, limit=limit)
        self._change_log.free(freed)
        return count

    async def page(self, query: TrashQuery) -> Sequence[TrashEntry]:
        place: dict[str, object] = {"workspace": query.workspace_id, "now": query.now}
        if query.kind is not None:
            place["which"] = query.kind
        pages = _PAGES[query.kind is not None]
        return _MAPPER.all(await pages.read(self._runner, place, after=query.after, limit=query.limit))
