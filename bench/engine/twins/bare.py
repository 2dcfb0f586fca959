"""Starlette and orjson by hand, with no check of anything: the limit of what this kind of server can do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.engine import rows


def _response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    encoded = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    return Response(encoded, status, headers, media_type="application/json")


async def list_items(request: Request) -> Response:
    query = request.query_params
    return _response({"items": rows.select(query.get("status"), int(query.get("limit", 50))), "next_cursor": None})


async def create_item(request: Request) -> Response:
    body = orjson.loads(await request.body())
    row = rows.insert(
        title=body["title"],
        notes=body.get("notes", ""),
        priority=body.get("priority", "none"),
        owner_id=UUID(body["owner_id"]),
        due_at=datetime.fromisoformat(body["due_at"]),
        estimate_min=body["estimate_min"],
    )
    return _response(row, 201, {"Location": f"/items/{row['id']}"})


async def get_item(request: Request) -> Response:
    row = rows.get(UUID(request.path_params["item_id"]))
    return _response(row) if row else _response({"title": "Not found"}, 404)


def build() -> Any:
    return Starlette(
        routes=[
            Route("/items", list_items, methods=["GET"]),
            Route("/items", create_item, methods=["POST"]),
            Route("/items/{item_id}", get_item, methods=["GET"]),
        ]
    )
