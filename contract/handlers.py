"""Where the function of an operation is found: `<package>.<tag>.<operationId>`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

Handler = Callable[..., Any]


def find_handler(package: ModuleType, tag: str, operation_id: str) -> Handler | None:
    """The function `<package>.<tag>.<operation_id>`, or None."""
    name = f"{package.__name__}.{tag}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    handler: Handler | None = getattr(module, operation_id, None)
    return handler
