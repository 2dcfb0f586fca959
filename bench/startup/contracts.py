"""Contracts of any size in which nearly everything leads to everything, as in those of grown products.

A component has properties of four other components, and a list of a fifth; every fifth component is an `allOf` of
another and of something of its own. Each operation takes or returns components, and declares its problems by reference.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import orjson

from tickbox_contract.responses import Response, ok

PACKAGE = "synthetic_startup"
_PROBLEMS = ("400", "404", "406", "413", "415", "422", "500")
_ID = {"type": "string", "format": "uuid"}
_SPREAD = 31
"""How far apart the components are that one component refers to."""


def contract(components: int, operations: int) -> bytes:
    """The text, JSON, of a contract with that many components and operations."""
    problem = {"type": "object", "properties": {"title": {"type": "string"}}, "additionalProperties": True}
    content = {"application/problem+json": {"schema": _reference("Problem")}}
    return orjson.dumps({
        "openapi": "3.0.4",
        "info": {"title": "Synthetic", "version": "1"},
        "security": [],
        "paths": dict(_path(number, components) for number in range(operations // 2)),
        "components": {
            "schemas": {"Problem": problem, **{f"C{n}": _component(n, components) for n in range(components)}},
            "responses": {"Problem": {"description": "A problem.", "content": content}},
            "parameters": {
                "Id": {"name": "item_id", "in": "path", "required": True, "schema": _ID},
                "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
            },
        },
    })  # fmt: skip


def handlers(operations: int) -> ModuleType:
    """A package with the functions that such a contract needs."""
    package, things = ModuleType(PACKAGE), ModuleType(f"{PACKAGE}.things")
    package.__path__ = []
    sys.modules |= {PACKAGE: package, things.__name__: things}
    for number in range(operations // 2):
        vars(things).update({f"get_{number}": _get, f"put_{number}": _put})
    return package


async def _get(_uow: Any, item_id: str, limit: int = 50) -> Response:
    return ok({"id": item_id, "count": limit})


async def _put(_uow: Any, item_id: str, body: dict[str, Any]) -> Response:
    return ok(body | {"id": item_id})


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _component(number: int, components: int) -> dict[str, Any]:
    others = [_reference(f"C{(number * 7 + step * _SPREAD + 1) % components}") for step in range(5)]
    own = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": _ID,
            "name": {"type": "string", "maxLength": 200, "pattern": "^[^\\n]*$"},
            "count": {"type": "integer", "minimum": 0, "maximum": 1000},
            "created_at": {"type": "string", "format": "date-time", "readOnly": True},
            "items": {"type": "array", "maxItems": 100, "items": others[4]},
            **{f"other_{step}": others[step] for step in range(4)},
        },
    }
    if number % 5 or number == 0:
        return own
    return {"allOf": [_reference(f"C{number - 1}"), {"type": "object", "properties": {"more": {"type": "string"}}}]}


def _path(number: int, components: int) -> tuple[str, dict[str, Any]]:
    schema = _reference(f"C{number % components}")
    content = {"application/json": {"schema": schema}}
    responses = {
        "200": {"description": "It is.", "content": content},
        **{status: {"$ref": "#/components/responses/Problem"} for status in _PROBLEMS},
    }
    shared = {"tags": ["things"], "responses": responses}
    return f"/things-{number}/{{item_id}}", {
        "parameters": [{"$ref": "#/components/parameters/Id"}],
        "get": shared | {"operationId": f"get_{number}", "parameters": [{"$ref": "#/components/parameters/Limit"}]},
        "put": shared | {"operationId": f"put_{number}", "requestBody": {"required": True, "content": content}},
    }
