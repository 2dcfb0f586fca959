"""The contract, the handlers and the layers have the same operations and resources, in the same order."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

import migrations
from persistence import schema
from tests.support.checking import read_contract

ROOT = Path(__file__).parents[2]
METHODS = ("get", "put", "post", "delete", "patch")
CONTRACT = read_contract()
TAGS = [tag["name"] for tag in CONTRACT["tags"]]
NOT_RESOURCES = {"handlers": {"events", "pages", "patches", "problems", "task_batches", "times"}}
"""Modules of handlers that are not a tag's."""
NOT_STORED = {"system", "previews"}
"""The tags whose operations have no resource."""

pytestmark = pytest.mark.unmeasured


def test_the_contract_is_valid_for_the_field_s_own_validator() -> None:
    assert list(OpenAPIV30SpecValidator(CONTRACT).iter_errors()) == []


def operations() -> Iterator[tuple[str, str]]:
    """The tag and the operationId of each operation, in order."""
    for item in CONTRACT["paths"].values():
        for method, operation in item.items():
            if method in METHODS:
                (tag,) = operation["tags"]
                yield tag, operation["operationId"]


def public_functions(path: Path) -> list[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [node.name for node in body if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_")]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_s_handlers_are_its_operations_in_the_same_order(tag: str) -> None:
    wanted = [operation_id for found, operation_id in operations() if found == tag]
    assert public_functions(ROOT / "handlers" / f"{tag}.py") == wanted, (
        f"handlers/{tag}.py has the public functions of the tag in the order of spec/openapi.yaml, and no others"
    )


def test_no_handler_is_without_an_operation() -> None:
    modules = {path.stem for path in (ROOT / "handlers").glob("*.py")} - {"__init__"}
    assert modules == {*TAGS, *NOT_RESOURCES["handlers"]}, (
        "a module of handlers/ is a tag of spec/openapi.yaml, or is in NOT_RESOURCES of"
        " tests/architecture/test_contract.py"
    )
    assert [public_functions(ROOT / "handlers" / f"{name}.py") for name in NOT_RESOURCES["handlers"]] == [[]] * 6


def test_operation_ids_are_unique() -> None:
    ids = [operation_id for _, operation_id in operations()]
    assert len(ids) == len(set(ids))


def test_paths_are_in_the_order_of_the_tags() -> None:
    assert list(dict.fromkeys(tag for tag, _ in operations())) == TAGS
    order = [TAGS.index(tag) for tag, _ in operations()]
    assert order == sorted(order), "in spec/openapi.yaml, paths come in the order of `tags`"


def test_schemas_come_under_the_first_tag_that_uses_them_in_the_order_of_the_tags() -> None:
    """Schemas of problems, which every tag uses, come before the others; those that only events use, after them."""
    text = (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    schemas = text[text.index("\n  schemas:\n") : text.index("\n  examples:\n")]
    headed: dict[str, list[str]] = {}
    for banner, name in re.findall(r"^    (?:# (\w+)|(\w+):)$", schemas, re.MULTILINE):
        if banner:
            headed[banner] = []
        else:
            headed[list(headed)[-1]].append(name)
    problems = headed.pop("problems")
    assert list(headed) == [*TAGS, "events"]
    reached = [
        (tag, {name for name, first in first_tags().items() if first == tag and name not in problems}) for tag in headed
    ]
    assert [(tag, set(names)) for tag, names in headed.items()] == reached, (
        "in spec/openapi.yaml, move each schema below the banner of the first tag whose operations use it"
    )


def first_tags() -> dict[str, str]:
    """The first tag whose operations use each schema."""
    found: dict[str, str] = {}
    for item in CONTRACT["paths"].values():
        for method in METHODS:
            if operation := item.get(method):
                for reference in references(operation, set()):
                    if reference.startswith("#/components/schemas/"):
                        found.setdefault(reference.rpartition("/")[2], operation["tags"][0])
    for reference in references(CONTRACT["components"]["x-events"], set()):
        found.setdefault(reference.rpartition("/")[2], "events")
    return found


def references(node: Any, seen: set[str]) -> set[str]:
    """All of *seen*, and what *node* refers to, directly or through others."""
    if isinstance(node, list):
        for item in node:
            references(item, seen)
    elif isinstance(node, dict):
        for item in node.values():
            references(item, seen)
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            target: Any = CONTRACT
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
            references(target, seen)
    return seen


@pytest.mark.parametrize("layer", ["domain", "domain/model", "persistence", "tests/support/fakes"])
@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag not in NOT_STORED])
def test_a_resource_has_its_module_in_each_layer(layer: str, tag: str) -> None:
    assert (ROOT / layer / f"{tag}.py").is_file()


@pytest.mark.parametrize("tag", TAGS)
def test_a_resource_has_its_integration_tests(tag: str) -> None:
    assert (ROOT / "tests" / "integration" / f"test_{tag}.py").is_file(), "write its tests"


def test_the_generated_models_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "spec.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_server_knows_the_migrations() -> None:
    files = (ROOT / "migrations" / "versions").glob("[0-9]*.py")
    assert sorted(path.name[:4] for path in files) == [*schema.REVISIONS]
    assert migrations.head() == schema.REVISION
