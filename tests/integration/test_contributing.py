"""CONTRIBUTING's example of a new operation works as written, in a copy of the repository."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.programs import environment

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]
COPIED = ("app", "contract", "domain", "handlers", "migrations", "persistence", "pyproject.toml", "spec", "tests")
TICKBOX = ("-c", "from app.command import main; main()")
COMMANDS: dict[str, Sequence[str]] = {
    ".venv/bin/tickbox gate --fix": (*TICKBOX, "gate", "--fix", "valid", "style"),
    "make models": ("-m", "spec.generate"),
    ".venv/bin/tickbox scaffold duplicate_project": (*TICKBOX, "scaffold", "duplicate_project"),
    "make try OP=duplicate_project": (
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "(duplicate or of_the_domain) and not postgresql"),
        *("tests/unit/test_projects.py", "tests/integration/test_projects.py"),
        *("tests/integration/test_log.py", "tests/integration/test_guarantees.py"),
        *("tests/integration/model", "tests/integration/followers"),
    ),
}
"""What the example's commands run here: without the rest of the suites, and without generating models twice."""

_STEP = re.compile(r"^```(yaml|python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r"# (\S+): (after the operation|after the schema|in the place of|at the end|in)(?: (\w+))?\n")


def insert(path: Path, text: str, where: str, name: str) -> None:
    """Change the file at *path* as a person would who follows the first line of a block."""
    before = path.read_text(encoding="utf-8")
    match where:
        case "after the operation":
            (found,) = re.finditer(rf"^      operationId: {name}$", before, re.MULTILINE)
            end = re.compile(r"^(?=  \S)", re.MULTILINE).search(before, found.end())
            assert end is not None
            after = before[: end.start()] + text + "\n" + before[end.start() :]
        case "after the schema":
            (found,) = re.finditer(rf"^    {name}:\n(?: {{5,}}.*\n)+", before, re.MULTILINE)
            after = before[: found.end()] + text + before[found.end() :]
        case "in the place of":
            after = replaced(before, text, name)
        case "at the end":
            after = f"{before}\n\n{text}"
        case _:
            (found,) = re.finditer(rf"^{name}: .* = {{\n", before, re.MULTILINE)
            after = before[: found.end()] + text + before[found.end() :]
    path.write_text(after, encoding="utf-8")


def replaced(before: str, text: str, name: str) -> str:
    """*before* with the function *name* replaced by *text*, whose imports come after the others."""
    imports = "".join(line for line in text.splitlines(keepends=True) if line.startswith(("from ", "import ")))
    lines = before.splitlines(keepends=True)
    (stub,) = [node for node in ast.parse(before).body if getattr(node, "name", "") == name]
    assert stub.end_lineno is not None
    lines[stub.lineno - 1 : stub.end_lineno] = [text.removeprefix(imports).lstrip()]
    last = max(node.end_lineno or 0 for node in ast.parse(before).body if isinstance(node, ast.Import | ast.ImportFrom))
    return "".join((*lines[:last], imports, *lines[last:]))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "tickbox"
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def test_the_example_of_a_new_operation_works_as_written(copy: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = text[text.index("## Add an operation\n") : text.index("### If it needs more")]
    own_environment = environment() | {"PYTHONPATH": os.pathsep.join((str(copy), str(copy / "contract")))}
    files = {"CHANGELOG.md"}
    for language, block in _STEP.findall(example):
        if language == "sh":
            for line in block.splitlines():
                command = [sys.executable, *COMMANDS[line]]
                result = subprocess.run(
                    command, cwd=copy, env=own_environment, capture_output=True, text=True, check=False
                )
                assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
                files |= set(re.findall(r"^(\S+\.py): .* was added$", result.stdout, re.MULTILINE))
                files |= {"spec/models.py"} if line == "make models" else set()
        else:
            place = _PLACE.match(block)
            assert place is not None, f"a block begins with its place:\n{block}"
            insert(copy / place[1], block[place.end() :], place[2], place[3])
            files.add(place[1])
    assert sorted(files) == [
        "CHANGELOG.md",
        "domain/projects.py",
        "handlers/projects.py",
        "spec/models.py",
        "spec/openapi.yaml",
        "tests/integration/followers/writers.py",
        "tests/integration/model/test_model.py",
        "tests/integration/test_projects.py",
        "tests/support/request_values.py",
        "tests/unit/test_projects.py",
    ]
