"""Whether each operation has one handler, and each handler one operation, found at start-up."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType

from tickbox_contract.handlers import Handler, find_handler, handler_name
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.operations import Operation

from .mismatches import Mismatches


def handler_of(
    operation: Operation, package: ModuleType, mismatches: Mismatches, *, scaffold: str = ""
) -> Handler | None:
    """The handler of *operation* in *package*; None, with a mismatch, if there is none that can be called.

    *scaffold* is as in `access.Vocabulary`.
    """
    tags, operation_id = operation.node.get("tags") or (), operation.node.get("operationId")
    if not operation_id:
        mismatches.report(operation, "it needs an operationId")
    if not tags:
        mismatches.report(operation, "it needs a tag")
    if not tags or not operation_id:
        return None
    handler = find_handler(package, tags[0], operation_id)
    if handler is None:
        advice = f": `{scaffold} {operation_id}` writes stubs" if scaffold else ""
        name = f"{package.__name__}.{handler_name(tags[0], operation_id)}"
        mismatches.report(operation, f"the handler {name} is missing{advice}")
    elif not inspect.iscoroutinefunction(handler):
        mismatches.report(operation, "its handler is not a coroutine function")
        return None
    return handler


def check_handlers(document: Document, package: ModuleType, mismatches: Mismatches) -> None:
    """Report each handler of several operations, and each public coroutine of *package* that no operation has."""
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for operation in document.operations:
        tags, operation_id = operation.node.get("tags"), operation.node.get("operationId")
        if tags and operation_id and operation_id not in wanted[handler_name(tags[0], operation_id)]:
            wanted[handler_name(tags[0], operation_id)].append(operation_id)
    for name, operation_ids in wanted.items():
        if len(operation_ids) > 1:
            mismatches.add(f"{package.__name__}.{name}: this is the handler of {', '.join(operation_ids)}")
    for name in _public_coroutines(package):
        if name not in wanted:
            mismatches.add(f"{package.__name__}.{name}: this handler has no operation")


def _public_coroutines(package: ModuleType) -> Iterator[str]:
    """The names of the functions, each after that of its module in *package*."""
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if not name.startswith("_") and inspect.iscoroutinefunction(value) and value.__module__ == info.name:
                yield f"{info.name.removeprefix(f'{package.__name__}.')}.{name}"
