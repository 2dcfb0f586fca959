"""Labels."""

from uuid import UUID

from domain import labels, restoring
from domain.model.labels import Label
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import patched, sent
from spec import responses
from spec.models import LabelCreate, LabelMove, LabelPatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_labels(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the labels of the workspace, in their order."""
    return ok(page_view(await labels.page(uow, limit=limit, cursor=cursor), label_view))


async def create_label(uow: UnitOfWork, workspace_id: UUID, body: LabelCreate) -> Response:
    """201 with the new label, the last one of the workspace."""
    label = await labels.create(
        uow, name=body.name, color=sent(body.color, default=None), label_id=sent(body.id, default=None)
    )
    return created(label_view(label), location=f"/v1/workspaces/{workspace_id}/labels/{label.id}")


async def get_label(uow: UnitOfWork, label_id: UUID) -> Response:
    """200 with the label."""
    return ok(label_view(await labels.get(uow, label_id)))


async def update_label(uow: UnitOfWork, label_id: UUID, body: LabelPatch) -> Response:
    """200 with the label as it is now; what was not sent is unchanged."""
    return ok(label_view(await labels.update(uow, label_id, name=patched(body.name), color=patched(body.color))))


async def delete_label(uow: UnitOfWork, label_id: UUID) -> Response:
    """204; the label is deleted, and no task has it."""
    await labels.delete(uow, label_id)
    return no_content()


async def move_label(uow: UnitOfWork, label_id: UUID, body: LabelMove) -> Response:
    """200 with the label at its new place."""
    moved = await labels.move(uow, label_id, before=patched(body.before), after=patched(body.after))
    return ok(label_view(moved))


async def restore_label(uow: UnitOfWork, label_id: UUID) -> Response:
    """200 with the label, which the tasks that had it have again; one that is live is unchanged."""
    return ok(label_view(await restoring.label(uow, label_id)))


def label_view(label: Label) -> responses.Label:
    """A `Label`."""
    return {
        "id": label.id,
        "workspace_id": label.workspace_id,
        "name": label.name,
        "color": label.color,
        "position": label.position,
        "created_at": label.created_at,
        "updated_at": label.updated_at,
        "revision": label.revision,
    }
