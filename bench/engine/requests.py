"""The three requests that are measured, and what must hold before anything is."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from bench.engine import rows
from bench.load import Request, Running, Server, response

_NEW_ITEM = {
    "title": "Buy seeds",
    "notes": "And do not forget the string.",
    "priority": "high",
    "owner_id": str(rows.OWNER_ID),
    "due_at": "2026-05-01T09:00:00Z",
    "estimate_min": 30,
}
_TWINS = "bench.engine.twins"


def _create(**changes: object) -> Request:
    return Request("POST", "/items", json.dumps(_NEW_ITEM | changes).encode())


REQUESTS = {
    "get": Request("GET", f"/items/{rows.item_id(7)}"),
    "list": Request("GET", "/items?limit=50&status=open"),
    "create": _create(),
}
BAD_REQUESTS = (
    Request("GET", "/items?limit=many"),
    Request("GET", "/items?limit=0"),
    Request("GET", "/items?status=lost"),
    _create(priority="hot"),
    _create(title="x" * 201),
    _create(estimate_min="30 minutes"),
    _create(title=None),
)
BAD_FORMATS = (Request("GET", "/items/seven"), _create(owner_id="ada"), _create(due_at="tomorrow"))
ENGINE = Server("engine", f"{_TWINS}.engine:build", "bounded")
TWINS = {
    "fastapi": Server("fastapi", f"{_TWINS}.fastapi:build"),
    "litestar": Server("litestar", f"{_TWINS}.litestar:build"),
    "connexion": Server("connexion", f"{_TWINS}.stock:build"),
    "starlette": Server("starlette", f"{_TWINS}.bare:build"),
}
TARGETS = {"fastapi": 2.2, "litestar": 1.3, "connexion": 6.0, "starlette": 0.85}
UNCHECKED = {"starlette"}
UNCHECKED_FORMATS = {"starlette", "connexion"}
"""Connexion's own validators check no formats (ADR 1)."""


def check(servers: Mapping[str, Running]) -> None:
    """End the program unless all servers return the same, and reject the same, except what a twin does not check."""
    for operation, request in REQUESTS.items():
        wanted = _seen(servers["engine"], request)
        for name, server in servers.items():
            if name != "engine" and _seen(server, request) != wanted:
                sys.exit(f"{name} and the engine differ in {operation}: {_seen(server, request)} is not {wanted}")
    for request in (*BAD_REQUESTS, *BAD_FORMATS):
        for name in servers.keys() - (UNCHECKED_FORMATS if request in BAD_FORMATS else UNCHECKED):
            status, _, _ = response(servers[name], request)
            if not 400 <= status < 500:
                sys.exit(f"{name} returns {status} for the bad {request.method} {request.target} {request.body!r}")


def _seen(server: Running, request: Request) -> tuple[int, object, object]:
    """Status, body, and where a new item is; each server counts the items that it creates, so ids are left out."""
    status, headers, body = response(server, request)
    # Two ways to write UTC, RFC 3339, section 2.
    body = json.loads(json.dumps(body).replace('+00:00"', 'Z"'))
    if status != 201:
        return status, body, headers["Content-Type"]
    return status, body | {"id": None}, headers["Location"] == f"/items/{body['id']}"
