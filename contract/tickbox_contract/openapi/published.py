"""The schemas of OpenAPI documents that the OpenAPI Initiative publishes (Apache-2.0)."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def published_schema(version: str = "3.0") -> dict[str, Any]:
    """The schema of OpenAPI documents of that version; a new one each time, which may be changed."""
    source = resources.files(__package__) / f"openapi-{version}.schema.json"
    schema: dict[str, Any] = json.loads(source.read_bytes())
    return schema
