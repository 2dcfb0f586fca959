"""Changes of a workspace, for clients that keep a copy: a first sync, then what has changed since (ADR 104)."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass

from domain import change_cursors, deltas, first_sync, pages
from domain.change_cursors import Completed
from domain.model.changes import Change, ChangeType, CursorExpired, Entity, Found, LogPlace, SyncPlace
from domain.model.members import Member
from domain.model.tasks import Task
from domain.model.workspaces import Workspace
from domain.pages import DEFAULT_LIMIT
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Some changes, the cursor from which to go on, and whether it is known that there are more."""

    items: tuple[Change, ...]
    next_cursor: str
    has_more: bool


async def page(
    uow: UnitOfWork,
    *,
    types: Collection[ChangeType] | None = None,
    completed: Completed = "all",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> ChangePage:
    """Return what has changed since *cursor*, or what the workspace has, without a cursor or during a first sync.

    At most *limit* items and pages.MAX_BYTES, but at least one item, unless the log was read for a while without one.
    Raises CursorInvalid, CursorExpired, WorkspaceNotFound.
    """
    given = None
    if cursor is not None:
        given = change_cursors.decode_any(cursor, workspace_id=uow.workspace_id, types=types, completed=completed)
    head, known_from = await uow.changes.bounds(uow.workspace_id)
    place = given or SyncPlace(head=head, closed_since=uow.now - first_sync.RECENT if completed == "30d" else None)
    revision = place.revision if isinstance(place, LogPlace) else place.head
    if not known_from <= revision <= head:
        raise CursorExpired
    if isinstance(place, LogPlace):
        found = deltas.read(uow, place, types=types, head=head, limit=limit)
    else:
        found = first_sync.read(uow, place, types=types, completed=completed, limit=limit)
    items, after, has_more = await _collect(found, place=place, limit=limit)
    next_cursor = change_cursors.encode_any(after, workspace_id=uow.workspace_id, types=types, completed=completed)
    return ChangePage(items=tuple(items), next_cursor=next_cursor, has_more=has_more)


async def _collect(
    found: AsyncGenerator[Found, None], *, place: LogPlace | SyncPlace, limit: int
) -> tuple[list[Change], LogPlace | SyncPlace, bool]:
    """Return the items of a page that begins at *place*, the place after them, and whether there are more."""
    items: list[Change] = []
    size_bytes = 0
    async with aclosing(found):
        async for each in found:
            if each.change is not None:
                size_bytes += _weight(each.change.entity)
                if len(items) == limit or (items and size_bytes > pages.MAX_BYTES):
                    break
                items.append(each.change)
            place = each.place
            if each.is_end:
                return items, place, False
            if each.change is None and len(items) == limit:
                break
    return items, place, True


def _weight(entity: Entity | None) -> int:
    match entity:
        case None:
            return pages.weight()
        case Workspace() | Member():
            return pages.weight(entity.name)
        case Task():
            ids = (entity.label_ids, entity.assignee_ids, entity.depends_on_ids)
            return pages.weight(*entity.texts, ids=sum(map(len, ids)))
        case _:
            return pages.weight(*entity.texts)
