"""The trash."""

from domain import trash
from domain.model.trash import TrashEntry, TrashKind
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from spec import responses
from tickbox_contract.responses import Response, no_content, ok


async def list_trash(uow: UnitOfWork, limit: int, kind: TrashKind | None = None, cursor: str | None = None) -> Response:
    """200 with what was deleted, newest first."""
    return ok(page_view(await trash.page(uow, kind=kind, limit=limit, cursor=cursor), trash_entry_view))


async def empty_trash(uow: UnitOfWork) -> Response:
    """204; nothing is in the trash."""
    await trash.empty(uow)
    return no_content()


def trash_entry_view(entry: TrashEntry) -> responses.TrashEntry:
    """A `TrashEntry`."""
    return {
        "kind": entry.kind,
        "id": entry.thing_id,
        "title": entry.title,
        "deleted_at": entry.deleted_at,
        "deleted_by": entry.deleted_by,
        "expires_at": entry.expires_at,
        "taken_count": entry.taken,
    }
