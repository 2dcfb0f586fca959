from typing import Any, Literal
from uuid import UUID

from bench.engine import rows
from bench.engine.models import ItemCreate
from contract.answers import Answer, ProblemType, created, ok, problem

NOT_FOUND = ProblemType("not-found", 404, "Not found")
Status = Literal["open", "completed"]


async def list_items(work: Any, *, limit: int, status: Status | None = None) -> Answer:  # noqa: ARG001  # every handler has it
    return ok({"items": rows.select(status, limit), "next_cursor": None})


async def create_item(work: Any, *, body: ItemCreate) -> Answer:  # noqa: ARG001  # as above
    row = rows.insert(
        title=body.title,
        notes=body.notes,
        priority=body.priority,
        owner_id=body.owner_id,
        due_at=body.due_at,
        estimate_min=body.estimate_min,
    )
    return created(row, location=f"/items/{row['id']}")


async def get_item(work: Any, item_id: UUID) -> Answer:  # noqa: ARG001  # as above
    row = rows.get(item_id)
    return problem(NOT_FOUND, "There is no such item.") if row is None else ok(row)
