"""FastAPI with pydantic models both ways: `response_model` checks and encodes what the functions return."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, HTTPException, Query, Response

from bench.engine import rows
from bench.engine.models import Item, ItemCreate, ItemPage, Status


def build() -> Any:
    app = FastAPI(openapi_url=None)

    @app.get("/items", response_model=ItemPage)
    async def list_items(
        limit: Annotated[int, Query(ge=1, le=200)] = 50, status: Annotated[Status | None, Query()] = None
    ) -> Any:
        return {"items": rows.select(status, limit), "next_cursor": None}

    @app.post("/items", response_model=Item, status_code=201)
    async def create_item(body: ItemCreate, response: Response) -> Any:
        row = rows.insert(
            title=body.title,
            notes=body.notes,
            priority=body.priority,
            owner_id=body.owner_id,
            due_at=body.due_at,
            estimate_min=body.estimate_min,
        )
        response.headers["Location"] = f"/items/{row['id']}"
        return row

    @app.get("/items/{item_id}", response_model=Item)
    async def get_item(item_id: UUID) -> Any:
        row = rows.get(item_id)
        if row is None:
            raise HTTPException(404)
        return row

    return app
