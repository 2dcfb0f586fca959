"""Writes the stubs of an operation into the modules of its tag, or into new ones. It never overwrites anything."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.scaffolding.sources import classes, functions, insert, tidy
from app.scaffolding.stubs import Function, Stubs
from tickbox_contract.openapi.document import Document


class ScaffoldError(Exception):
    """Nothing was written. The text says why, and what to do."""


def scaffold(operation_id: str, *, contract: Path, root: Path) -> Iterator[str]:
    """Write stubs below *root*, a checkout, and yield a line about each. Raises ScaffoldError."""
    document = Document.read(contract)
    operation = next((each for each in document.operations if each.name == operation_id), None)
    if operation is None:
        raise ScaffoldError(f"{operation_id} is not in the contract: add it to spec/openapi.yaml first")
    tag = str((operation.node.get("tags") or [""])[0])
    handlers, services = root / "handlers" / f"{tag}.py", root / "domain" / f"{tag}.py"
    tests = root / "tests" / "unit" / f"test_{tag}.py"
    if not tests.parent.is_dir():
        raise ScaffoldError(f"{root} is not a checkout: scaffold writes sources and tests")
    if operation_id in functions(handlers):
        raise ScaffoldError(f"{handlers.relative_to(root)} has {operation_id} already")
    stubs = Stubs(
        document, operation, entities=classes(root / "domain" / "model" / f"{tag}.py"), views=functions(handlers)
    )
    siblings = [each.name for each in document.operations if (each.node.get("tags") or [""])[0] == tag]
    before = siblings[: siblings.index(operation_id)] or [""]
    for path, function, after in (
        (handlers, stubs.handler(), before),
        (services, stubs.service(), [stubs.service_of(name) for name in before]),
        (tests, stubs.test(), ()),
    ):
        yield f"{path.relative_to(root)}: {_write(path, function, after=after, title=tag)}"
    if not tidy([handlers, services, tests]):
        yield "run `ruff check --fix` and `ruff format` on these files: ruff is not installed here"


def _write(path: Path, function: Function, *, after: Sequence[str], title: str) -> str:
    if function.name in functions(path):
        return f"{function.name} exists, and stays as it is"
    docstring = "" if function.name.startswith("test_") else f"{title.capitalize()}."
    insert(path, function.text, imports=function.imports, after=after, docstring=docstring)
    return f"{function.name} was added"
