"""When a task would recur, without a task."""

from domain import previews
from domain.previews import PreviewedOccurrence
from domain.unit_of_work import UnitOfWork
from handlers.patches import sent
from handlers.tasks import recurrence_draft, wall_clock, wall_clock_view
from spec import responses
from spec.models import RecurrencePreview
from tickbox_contract.responses import Response, ok


async def preview_recurrence(uow: UnitOfWork, body: RecurrencePreview) -> Response:
    """200 with the occurrences; nothing is stored."""
    preview = await previews.preview(
        uow,
        due=wall_clock(body.due),
        recurrence=recurrence_draft(body.recurrence),
        since=wall_clock(sent(body.from_, default=None)),
        count=sent(body.count, default=10),
    )
    return ok(
        {"items": [previewed_occurrence_view(each) for each in preview.occurrences], "has_more": preview.has_more}
    )


def previewed_occurrence_view(previewed: PreviewedOccurrence) -> responses.PreviewedOccurrence:
    """A `PreviewedOccurrence`."""
    return {"occurrence": wall_clock_view(previewed.occurrence), "at": previewed.at}
