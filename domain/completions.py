"""Completions: listing the occurrences of a recurring task that are over."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from domain import pages, tasks
from domain.model.completions import Completion
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork


async def page(
    uow: UnitOfWork, task_id: UUID, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Completion]:
    """Return the completions of a task, the newest first. Raises TaskNotFound, CursorInvalid."""
    await tasks.get(uow, task_id)
    binding = f"completions {uow.workspace_id} {task_id}"
    after: tuple[dt.datetime, UUID] | None = None
    if cursor is not None:
        instant, completion_id = pages.decode(cursor, binding, count=2)
        after = (pages.instant_from_key(instant), pages.id_from_key(completion_id))
    rows: Sequence[Completion] = await uow.completions.page(
        uow.workspace_id, task_id=task_id, after=after, limit=limit + 1
    )

    def cursor_of(last: Completion) -> str:
        return pages.encode(binding, pages.instant_to_key(last.completed_at), pages.id_to_key(last.id))

    return pages.page_of(rows, limit=limit, cursor_of=cursor_of)
