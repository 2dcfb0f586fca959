"""Rules for the sources that no linter checks."""

from __future__ import annotations

import ast
import re
import tokenize
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from app.settings import Settings
from tests.support.databases import BACKENDS

ROOT = Path(__file__).parents[2]
LAYERS = ("app", "contract/tickbox_contract", "domain", "handlers", "persistence")
FOLDERS = (*LAYERS, "migrations", "spec", "tests")
GENERATED = {"spec/models.py", "spec/responses.py"}

_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore)", re.IGNORECASE)
_CODE = r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)*|# type: ignore\[[a-z-]+(, [a-z-]+)*\]"
_WITH_CODE = re.compile(_CODE)
_WITH_REASON = re.compile(rf"({_CODE})\s+(#|--) \S")

pytestmark = pytest.mark.unmeasured


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if str(path.relative_to(ROOT)) not in GENERATED]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    """Read once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path, method: str) -> list[str]:
    """The functions, by their qualified names, in which `<something>.method(...)` is called."""
    return [place for called, place in methods(path) if called == method]


@cache
def methods(path: Path) -> Sequence[tuple[str, str]]:
    """Each method that is called, and the function in which it is."""
    found: list[tuple[str, str]] = []
    waiting: list[tuple[ast.AST, str]] = [(tree(path), "")]
    while waiting:
        node, within = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            within = f"{within}.{node.name}" if within else node.name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.append((node.func.attr, within))
        waiting += [(child, within) for child in ast.iter_child_nodes(node)]
    return found


def test_there_is_one_commit_site() -> None:
    """The engine and `app.units` commit the unit of work, which commits the transaction and the connection.

    The unit of work itself commits a step of a deletion that has several.

    What is done outside of requests has a transaction that commits itself, and no unit of work.
    """
    found = {(name_of(path), place) for path in sources(*LAYERS, "migrations") for place in calls(path, "commit")}
    assert found == {
        ("persistence/transactions.py", "Transaction.commit"),
        ("persistence/lazy_transactions.py", "LazyTransaction.commit"),
        ("persistence/unit_of_work.py", "SqlUnitOfWork.commit"),
        ("persistence/lazy_transactions.py", "LazyTransaction.begin_next"),
        ("contract/tickbox_contract/engine/runner.py", "Runner._perform"),
        ("persistence/database.py", "Database.transaction"),
        ("app/units.py", "write"),
    }


def test_only_work_outside_of_requests_has_a_transaction_without_a_unit_of_work() -> None:
    found = {name_of(path) for path in sources(*LAYERS) for _ in calls(path, "transaction")}
    assert found == {"app/jobs/purge.py", "app/jobs/last_used.py"}


def test_no_other_transaction_is_begun() -> None:
    found = {(name_of(path), place) for path in sources(*LAYERS) for place in calls(path, "begin")}
    assert found == {
        ("persistence/database.py", "Database.begin"),
        ("persistence/database.py", "Database.transaction"),
        ("persistence/lazy_transactions.py", "LazyTransaction._begin"),
        ("contract/tickbox_contract/gate/live/wire.py", "read_reply"),  # http.client begins to read a response
    }


def test_no_sql_is_written_as_text() -> None:
    """SQLAlchemy builds every statement; pragmas and the beginning of a transaction can only be written as text."""
    found = {(name_of(path), what) for path in sources(*LAYERS) for what in sql_in(path)}
    assert found == set()


def sql_in(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            yield from {alias.name for alias in node.names} & {"text", "TextClause", "literal_column"}
    yield from set(calls(path, "exec_driver_sql")) - {"_begin_immediate"}
    yield from calls(path, "text")


def test_every_suppression_has_its_code_and_its_reason() -> None:
    """The reason is behind it, or in a comment on the line above."""
    assert [fault for path in sources(*FOLDERS) for fault in unexplained(path)] == []


def unexplained(path: Path) -> Iterator[str]:
    if not _SUPPRESSION.search(path.read_text(encoding="utf-8")):
        return
    with tokenize.open(path) as source:
        comments = {t.start[0]: t for t in tokenize.generate_tokens(source.readline) if t.type == tokenize.COMMENT}
    for row, comment in comments.items():
        if _SUPPRESSION.search(comment.string):
            above = comments.get(row - 1)
            explained = above is not None and above.line.strip().startswith("# ")
            if not (_WITH_CODE if explained else _WITH_REASON).search(comment.string):
                yield f"{name_of(path)}:{row}: {comment.string}"


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_mark_is_named_after_a_database() -> None:
    """`-k "not postgresql"`, as in `make try`, leaves out what has such a mark, on each database."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    names = [mark.partition(":")[0] for mark in options["markers"]]
    assert names
    assert [name for name in names for kind in BACKENDS if kind in name] == []


def test_no_folder_has_a_meaningless_name() -> None:
    forbidden = {"utils", "helpers", "manager", "common", "misc", "process"}
    assert {path.stem for path in sources(*FOLDERS)} & forbidden == set()
