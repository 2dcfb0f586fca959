"""A contract of any size: the operations of bench/engine, last in the file, after as many others as are asked for."""

from __future__ import annotations

import copy
import sys
from types import ModuleType
from typing import Any

import orjson

from bench.engine.handlers import items
from bench.engine.twins import engine
from tickbox_contract.openapi.document import Document
from tickbox_contract.responses import Response, ok

_RESOURCES_PER_FOLDER = 10
_OWN = 3


def build(count: int) -> Any:
    """The engine with *count* operations."""
    root = Document.read(engine.CONTRACT).root
    package, things = _package(), ModuleType("synthetic.things")
    sys.modules |= {"synthetic.things": things, "synthetic.items": items}
    paths: dict[str, Any] = {}
    for number in range(count - _OWN):
        operation_id = f"get_thing_{number}"
        node = copy.deepcopy(root["paths"]["/items/{item_id}"]["get"])
        node |= {"operationId": operation_id, "tags": ["things"]}
        paths[f"/folder{number // _RESOURCES_PER_FOLDER}/things{number}/{{item_id}}"] = {"get": node}
        setattr(things, operation_id, _get_thing)
    return engine.build(Document.parse(orjson.dumps(root | {"paths": paths | root["paths"]})), package)


def _package() -> ModuleType:
    package = ModuleType("synthetic")
    package.__path__ = []
    sys.modules["synthetic"] = package
    return package


async def _get_thing(uow: Any, item_id: Any) -> Response:  # noqa: ARG001  # never called
    return ok(None)
