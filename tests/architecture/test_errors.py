"""Each error that the domain raises has its row in the table of problems, and each problem is in the responses that
need it.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any
from uuid import UUID

import pytest

import domain
from domain import errors
from domain.errors import DomainError
from domain.model.identities import IdentityTaken
from domain.model.workspaces import WorkspaceFull
from handlers import problems
from tests.support.checking import read_contract
from tests.support.programs import our_contract
from tickbox_contract.engine.refusals import PROBLEMS
from tickbox_contract.openapi import problems as engine_problems
from tickbox_contract.responses import ProblemType

ROOT = Path(__file__).parents[2]
SOURCES = ("app", "domain", "handlers", "persistence")
CONTRACT = read_contract()
PREFIX = "urn:tickbox:problem:"
OUTSIDE_OF_OPERATIONS = {"method-not-allowed", "request-timeout", "headers-too-large", "not-implemented"}
"""Problems that are sent before an operation is found. `docs/guide.md` lists them."""

pytestmark = pytest.mark.unmeasured


def tree(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


for module in pkgutil.walk_packages(domain.__path__, "domain."):
    import_module(module.name)
KINDS = {kind.__name__: kind for kind in tree(DomainError)}
LEAVES = [kind for kind in KINDS.values() if not kind.__subclasses__()]
BASES = [kind for kind in KINDS.values() if kind.__subclasses__()]
TABLE = problems.TABLE


def examples() -> Iterator[dict[str, Any]]:
    """Every problem that the contract shows, with the status that it is shown under."""
    for operation in _operations():
        yield from examples_of(operation)


def examples_of(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for status, response in operation["responses"].items():
        yield from ({**value, "under": int(status)} for value in _shown(_followed(response)))


def _shown(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = response.get("content", {}).get("application/problem+json", {})
    yield from (_followed(example)["value"] for example in content.get("examples", {}).values())


def _operations() -> Iterator[dict[str, Any]]:
    for item in CONTRACT["paths"].values():
        yield from (operation for method, operation in item.items() if method != "parameters")


def _followed(node: Any) -> Any:
    while "$ref" in node:
        target: Any = CONTRACT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


EXAMPLES = list(examples())
ENGINE_ROWS = [value for value in vars(engine_problems).values() if isinstance(value, ProblemType)]


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = re.findall(r"^([│├└─ ]*)(\w+)(?: .*)?$", _drawing(), re.MULTILINE)
    assert [(len(indent) // 4, name) for indent, name in drawn] == list(_levels(DomainError, 0))


def _drawing() -> str:
    text = inspect.getdoc(errors) or ""
    return text[text.index("DomainError\n") :]


def _levels(kind: type[DomainError], level: int) -> Iterator[tuple[int, str]]:
    yield level, kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _levels(child, level + 1)


def test_the_errors_of_resources_derive_from_the_tree() -> None:
    assert {kind.__module__ for kind in BASES} == {errors.__name__}
    assert all(len(kind.__bases__) == 1 for kind in LEAVES)


def test_every_error_has_a_name_of_its_own() -> None:
    assert len(KINDS) == len(list(tree(DomainError)))


def test_only_leaves_are_raised_and_all_of_them() -> None:
    raised = {name for path in _files() for name in _raised(path)} & KINDS.keys()
    assert raised == {kind.__name__ for kind in LEAVES}


def _files() -> Iterator[Path]:
    for folder in SOURCES:
        yield from (ROOT / folder).rglob("*.py")


def _raised(path: Path) -> Iterator[str]:
    """Names of errors in `raise X` and `raise X(...)`, and in `means(X)`: a constraint whose violation raises X."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and node.exc is not None:
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(called, ast.Name):
                yield called.id
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "means":
            yield from (value.id for value in node.args if isinstance(value, ast.Name))


def test_every_leaf_has_its_row() -> None:
    # An unknown outcome is reported like any error without a row: all that is known is that something failed.
    # An identity that is taken has an account, and the caller is admitted with it.
    assert set(TABLE) == set(LEAVES) - {errors.OutcomeUnknown, IdentityTaken}


def test_a_leaf_has_a_row_only_if_it_differs_from_its_base() -> None:
    rows = problems.ROWS
    assert rows.keys() <= {*LEAVES, *BASES}
    for kind in rows.keys() & set(LEAVES):
        assert rows[kind] != rows.get(kind.__bases__[0])
        assert rows[kind].slug.replace("-", "") != kind.__name__.lower()


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_every_row_is_declared_in_the_contract(kind: type[DomainError]) -> None:
    row = TABLE[kind]
    shown = [example for example in EXAMPLES if example["type"] == PREFIX + row.slug]
    assert shown
    for example in shown:
        assert (example["status"], example["under"], example["title"]) == (row.status, row.status, row.title)


MADE_WITH: dict[str, Any] = {
    "detail": None,
    "kept": False,
    "limit": 500,
    "most": 1000,
    "owner": "workspace",
    "things": "labels",
    "quota_bytes": 268_435_456,
    "streams": 20,
    "workspace_ids": [UUID("019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04")],
}
"""The arguments of the errors in the contract's examples; any other argument is not in the text."""


def said_of(kind: type[DomainError]) -> str:
    return str(kind(**{name: MADE_WITH.get(name, UUID(int=0)) for name in inspect.signature(kind).parameters}))


ROWS = [*TABLE.values(), problems.SESSION_ENDED, *ENGINE_ROWS]
ALONE = [kind for kind, row in TABLE.items() if [each.slug for each in ROWS].count(row.slug) == 1]


@pytest.mark.parametrize("kind", ALONE, ids=lambda kind: kind.__name__)
def test_an_example_of_the_contract_has_the_text_that_the_server_sends(kind: type[DomainError]) -> None:
    shown = {example["detail"] for example in EXAMPLES if example["type"] == PREFIX + TABLE[kind].slug}
    assert shown == {said_of(kind)}


@pytest.mark.parametrize("row", ENGINE_ROWS, ids=lambda row: row.slug)
def test_every_problem_of_the_engine_is_declared_in_the_contract(row: ProblemType) -> None:
    shown = [example for example in EXAMPLES if example["type"] == PREFIX + row.slug]
    assert bool(shown) != (row.slug in OUTSIDE_OF_OPERATIONS)
    for example in shown:
        assert (example["status"], example["under"], example["title"]) == (row.status, row.status, row.title)


@cache
def source_of(function: Callable[..., Any]) -> ast.Module:
    """Parsed once for all operations that call it."""
    return ast.parse(inspect.getsource(function))


@cache
def calls(function: Callable[..., Any]) -> Sequence[FunctionType]:
    """Functions of the domain that *function* calls by name, as `complete()` or as `closing.complete()`."""
    found: list[FunctionType] = []
    for node in ast.walk(source_of(function)):
        if isinstance(node, ast.Call):
            target: Any = sys.modules[function.__module__]
            for name in ast.unparse(node.func).split("."):
                target = getattr(target, name, None)
            if isinstance(target, FunctionType) and target.__module__.startswith("domain."):
                found.append(target)
    return found


@cache
def raised_in(function: FunctionType) -> frozenset[str]:
    """The errors that are raised in *function* itself."""
    return NAMES & {
        re.sub(r"\(.*", "", ast.unparse(node.exc), flags=re.DOTALL)
        for node in ast.walk(source_of(function))
        if isinstance(node, ast.Raise) and node.exc is not None
    }


def promised(function: FunctionType) -> set[str]:
    """The errors that its docstring names behind `Raises`."""
    return set(re.findall(r"\w+", (inspect.getdoc(function) or "").partition("Raises")[2])) & NAMES


def reached(function: FunctionType, seen: set[FunctionType]) -> set[str]:
    """The errors that are raised in *function*, and in the functions of the domain that it calls."""
    seen.add(function)
    return {*raised_in(function)}.union(*(reached(called, seen) for called in calls(function) if called not in seen))


def services() -> Iterator[tuple[str, FunctionType]]:
    """Each operation with each function of the domain that its handler calls."""
    for operation in _operations():
        module: ModuleType = import_module(f"handlers.{operation['tags'][0]}")
        for service in calls(getattr(module, operation["operationId"])):
            yield operation["operationId"], service


NAMES = frozenset(kind.__name__ for kind in LEAVES)
SERVICES = list(services())
each_service = pytest.mark.parametrize(
    ("operation_id", "service"), SERVICES, ids=[f"{name}-{service.__name__}" for name, service in SERVICES]
)


def test_every_operation_of_a_guarded_resource_calls_a_service() -> None:
    assert {name for name, _ in SERVICES} == {
        operation["operationId"]
        for operation in _operations()
        if operation["tags"] != ["system"] and "x-performs" not in operation
    }


each_operation = pytest.mark.parametrize("operation", list(_operations()), ids=lambda node: node["operationId"])


def raised(service: FunctionType) -> set[ProblemType]:
    return {TABLE[KINDS[name]] for name in promised(service) | reached(service, set())}


@each_service
def test_an_operation_lists_the_problems_that_its_service_may_raise(operation_id: str, service: FunctionType) -> None:
    missing = {row.slug for row in raised(service)} - (our_contract().operations[operation_id].problems or set())
    assert not missing, (
        f"{service.__module__}.{service.__name__} raises what makes these problems: name them in `x-problems` of"
        f" {operation_id} in spec/openapi.yaml, and explain them in its description"
    )


@each_operation
def test_an_operation_lists_no_problem_that_nothing_raises(operation: dict[str, Any]) -> None:
    performed = {operation["operationId"], *operation.get("x-performs", ())}
    served = [service for name, service in SERVICES if name in performed]
    rows: set[ProblemType] = set().union(*map(raised, served))
    at_the_end = {TABLE[WorkspaceFull].slug} if keeps_in_a_workspace(operation) else set()
    listed = set(operation.get(PROBLEMS, ()))
    assert listed <= {row.slug for row in rows} | at_the_end, (
        "no service of the operation raises the rest: remove it from `x-problems` in spec/openapi.yaml, or name the"
        " error behind `Raises` in the docstring of the service"
    )
    assert at_the_end <= listed, "its responses are kept for Idempotency-Key: add this to `x-problems`"


def keeps_in_a_workspace(operation: dict[str, Any]) -> bool:
    """Whether responses are kept in a workspace, so that the workspace may turn out to be full before the commit."""
    compiled = our_contract().operations[operation["operationId"]]
    return compiled.takes_key and "{workspace_id}" in compiled.path


@each_operation
def test_a_response_explains_and_shows_each_problem_that_an_operation_sends_with_it(operation: dict[str, Any]) -> None:
    rows = {row.slug: row for row in (*TABLE.values(), *ENGINE_ROWS)}
    shown = {(example["type"], example["under"]) for example in examples_of(operation)}
    for slug in our_contract().operations[operation["operationId"]].problems or ():
        response = _followed(operation["responses"][str(rows[slug].status)])
        status = rows[slug].status
        assert (PREFIX + slug, status) in shown, (
            f"the response {status} in spec/openapi.yaml needs an example of {slug}"
        )
        types = {example["type"] for example in _shown(response)}
        assert len(types) == 1 or f"`{slug}`" in response["description"], (
            f"the description of the response {status} in spec/openapi.yaml must say when `{slug}` is sent"
        )


@each_service
def test_the_docstring_of_a_service_names_what_it_raises(operation_id: str, service: FunctionType) -> None:
    assert reached(service, set()) <= promised(service), "name these errors behind `Raises` in its docstring"


def test_every_problem_of_the_contract_can_be_sent() -> None:
    rows = {*TABLE.values(), problems.SESSION_ENDED, *ENGINE_ROWS}
    slugs = {example["type"].removeprefix(PREFIX) for example in EXAMPLES}
    assert slugs
    assert slugs <= {row.slug for row in rows}


def test_one_type_has_one_title_and_status() -> None:
    rows = {*TABLE.values(), problems.SESSION_ENDED, *ENGINE_ROWS}
    assert len({row.slug for row in rows}) == len(rows)


@pytest.mark.parametrize(
    "kind", [kind for kind in LEAVES if issubclass(kind, errors.Invalid)], ids=lambda kind: kind.__name__
)
def test_every_invalid_value_has_a_code_in_kebab_case(kind: type[errors.Invalid]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


@pytest.mark.parametrize(
    "kind", [kind for kind in LEAVES if issubclass(kind, errors.Invalid)], ids=lambda kind: kind.__name__
)
def test_the_contract_names_each_code(kind: type[errors.Invalid]) -> None:
    described = CONTRACT["components"]["schemas"]["Fault"]["properties"]["code"]["description"]
    assert f"`{kind.code}`" in described
