from typing import Any, Literal
from uuid import UUID

from bench.engine import rows
from bench.engine.models import ItemCreate
from tickbox_contract.responses import ProblemType, Response, created, ok, problem

NOT_FOUND = ProblemType("not-found", 404, "Not found")
Status = Literal["open", "completed"]


async def list_items(uow: Any, *, limit: int, status: Status | None = None) -> Response:  # noqa: ARG001  # every handler has it
    return ok({"items": rows.select(status, limit), "next_cursor": None})


async def create_item(uow: Any, *, body: ItemCreate) -> Response:  # noqa: ARG001  # as above
    row = rows.insert(
        title=body.title,
        notes=body.notes,
        priority=body.priority,
        owner_id=body.owner_id,
        due_at=body.due_at,
        estimate_min=body.estimate_min,
    )
    return created(row, location=f"/items/{row['id']}")


async def get_item(uow: Any, item_id: UUID) -> Response:  # noqa: ARG001  # as above
    row = rows.get(item_id)
    return problem(NOT_FOUND, "There is no such item.") if row is None else ok(row)
