"""Connexion as it comes, on the same contract: `validate_responses` and `strict_validation`."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from connexion.apps.asynchronous import AsyncApp  # the engine imports Connexion without its own module
from connexion.exceptions import problem
from connexion.options import SwaggerUIOptions
from connexion.resolver import RelativeResolver

from bench.engine import rows

_JSON = {"Content-Type": "application/json"}
"""Connexion needs it where the responses of an operation have several media types: errors are problem documents."""

_NO_PAGES = SwaggerUIOptions(swagger_ui=False)


async def list_items(limit: int, status: str | None = None) -> Any:
    return {"items": rows.select(status, limit), "next_cursor": None}, 200, _JSON


async def create_item(body: dict[str, Any]) -> Any:
    row = rows.insert(
        title=body["title"],
        notes=body.get("notes", ""),
        priority=body.get("priority", "none"),
        owner_id=UUID(body["owner_id"]),
        due_at=datetime.fromisoformat(body["due_at"]),
        estimate_min=body["estimate_min"],
    )
    return row, 201, {**_JSON, "Location": f"/items/{row['id']}"}


async def get_item(item_id: str) -> Any:
    row = rows.get(UUID(item_id))
    if row is None:
        return problem(404, "Not found", "There is no such item.")
    return row, 200, _JSON


def build() -> Any:
    logging.getLogger("connexion").setLevel(logging.ERROR)  # it warns of each bad request
    app = AsyncApp(__name__, specification_dir=Path(__file__).parents[1], swagger_ui_options=_NO_PAGES)
    app.add_api(
        "openapi.yaml",
        resolver=RelativeResolver(__name__),
        validate_responses=True,
        strict_validation=True,
    )
    return app
