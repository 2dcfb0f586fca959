"""Litestar with msgspec structs: it checks requests; responses are typed, and encoded without a check."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Litestar, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from bench.engine import rows

Status = Literal["open", "completed"]
Priority = Literal["none", "low", "medium", "high", "urgent"]
AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]


class ItemCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    notes: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    priority: Priority = "none"
    owner_id: UUID
    due_at: AwareDatetime
    estimate_min: Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Item(msgspec.Struct, kw_only=True):
    id: UUID
    title: str
    notes: str
    status: Status
    priority: Priority
    owner_id: UUID
    due_at: AwareDatetime
    estimate_min: int
    created_at: AwareDatetime


class ItemPage(msgspec.Struct):
    items: list[Item]
    next_cursor: str | None


@get("/items")
async def list_items(
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50, status: Status | None = None
) -> ItemPage:
    return ItemPage([Item(**row) for row in rows.select(status, limit)], None)


@post("/items")
async def create_item(data: ItemCreate) -> Response[Item]:
    row = rows.insert(
        title=data.title,
        notes=data.notes,
        priority=data.priority,
        owner_id=data.owner_id,
        due_at=data.due_at,
        estimate_min=data.estimate_min,
    )
    return Response(Item(**row), headers={"Location": f"/items/{row['id']}"})


@get("/items/{item_id:uuid}")
async def get_item(item_id: UUID) -> Item:
    row = rows.get(item_id)
    if row is None:
        raise NotFoundException
    return Item(**row)


def build() -> Any:
    return Litestar([list_items, create_item, get_item], openapi_config=None, logging_config=None)
