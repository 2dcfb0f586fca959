"""Reminders."""

from uuid import UUID

from domain import reminders
from domain.model.reminders import Reminder
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import patched, sent
from spec import responses
from spec.models import ReminderCreate, ReminderPatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_my_reminders(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's reminders in the workspace, the oldest first."""
    return ok(page_view(await reminders.page_of_mine(uow, limit=limit, cursor=cursor), reminder_view))


async def list_reminders(uow: UnitOfWork, task_id: UUID, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's reminders of the task, the oldest first."""
    return ok(page_view(await reminders.page(uow, task_id, limit=limit, cursor=cursor), reminder_view))


async def create_reminder(uow: UnitOfWork, workspace_id: UUID, task_id: UUID, body: ReminderCreate) -> Response:
    """201 with the new reminder."""
    reminder = await reminders.create(
        uow,
        task_id,
        reminder_id=sent(body.id, default=None),
        at=sent(body.at, default=None),
        before_due=sent(body.before_due, default=None),
    )
    return created(
        reminder_view(reminder), location=f"/v1/workspaces/{workspace_id}/tasks/{task_id}/reminders/{reminder.id}"
    )


async def get_reminder(uow: UnitOfWork, task_id: UUID, reminder_id: UUID) -> Response:
    """200 with the reminder."""
    return ok(reminder_view(await reminders.get(uow, task_id, reminder_id)))


async def update_reminder(uow: UnitOfWork, task_id: UUID, reminder_id: UUID, body: ReminderPatch) -> Response:
    """200 with the reminder as it is now."""
    reminder = await reminders.update(
        uow, task_id, reminder_id, at=patched(body.at), before_due=patched(body.before_due)
    )
    return ok(reminder_view(reminder))


async def delete_reminder(uow: UnitOfWork, task_id: UUID, reminder_id: UUID) -> Response:
    """204; the reminder is deleted."""
    await reminders.delete(uow, task_id, reminder_id)
    return no_content()


def reminder_view(reminder: Reminder) -> responses.Reminder:
    """A `Reminder`."""
    return {
        "id": reminder.id,
        "workspace_id": reminder.workspace_id,
        "task_id": reminder.task_id,
        "at": reminder.at,
        "before_due": reminder.before_due,
        "fires_at": reminder.fires_at,
        "fired_at": reminder.fired_at,
        "created_at": reminder.created_at,
        "updated_at": reminder.updated_at,
        "revision": reminder.revision,
    }
