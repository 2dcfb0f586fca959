"""The distribution `tickbox-contract`: what it needs, and that the gate works with nothing else installed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.support.pages import compare, steps
from tests.support.pages import run as printed
from tickbox_contract.openapi.document import Document

from .gate.cases import HERE

ROOT = Path(__file__).parents[2]
NAME = "tickbox-contract"
DIRECT = {"click", "jiter", "jsonschema-rs", "orjson", "pyyaml"}
SERVER = ("connexion", "starlette", "uvicorn", "pydantic", "jsonschema")
GOOD = HERE / "good.yaml"
GATE = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from tickbox_contract.gate.command import main; main()"
"""Runs the command with one folder beside the standard library, which is the first argument."""
IMPORTS = "from contract.words import OPEN\nimport domain\nassert domain.OPEN is OPEN\n"
"""The first lines of each foreign module of handlers."""
EVERY_MODULE = """
import importlib, pkgutil, sys
from tickbox_contract import gate, openapi
for package in (gate, openapi):
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
print(*sys.modules)
"""


def needed(name: str) -> Iterator[str]:
    """The distributions that *name* needs here, without extras."""
    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def closure(name: str) -> set[str]:
    found: set[str] = set()
    open_names = [name]
    while open_names:
        each = open_names.pop()
        if each not in found:
            found.add(each)
            open_names += needed(each)
    return found


def project_of(folder: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def test_the_server_needs_the_version_of_the_distribution_that_is_beside_it() -> None:
    needed_here = [text for text in project_of(ROOT)["dependencies"] if Requirement(text).name == NAME]
    assert needed_here == [f"{NAME}[engine]=={project_of(ROOT / 'contract')['version']}"]


@pytest.mark.parametrize("kind", ["", "-dev", "-bench"])
def test_the_locks_have_only_what_others_publish(kind: str) -> None:
    lines = (ROOT / f"requirements{kind}.txt").read_text(encoding="utf-8").splitlines()
    locked = {line.partition("==")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}
    assert locked
    assert not {NAME, "tickbox"} & locked


def test_what_both_projects_need_has_one_range_of_versions() -> None:
    """pip would find one that fits both; a range that only one of them has is a mistake."""
    contract = project_of(ROOT / "contract")
    texts = [*contract["dependencies"], *contract["optional-dependencies"]["engine"]]
    ranges = {Requirement(text).name: text for text in texts}
    for text in project_of(ROOT)["dependencies"]:
        assert ranges.get(Requirement(text).name, text) == text


def test_the_gate_needs_five_distributions_and_eight_at_most_with_what_they_need() -> None:
    declared = project_of(ROOT / "contract")
    assert {Requirement(text).name for text in declared["dependencies"]} == DIRECT == set(needed(NAME))
    assert len(closure(NAME)) <= 8


def test_both_distributions_have_one_licence() -> None:
    assert (ROOT / "contract" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_reader_and_gate_import_no_server() -> None:
    done = subprocess.run([sys.executable, "-c", EVERY_MODULE], capture_output=True, text=True, check=True)
    imported = done.stdout.split()
    assert "tickbox_contract.gate.command" in imported
    assert [name for name in imported if name.partition(".")[0] in SERVER] == []


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links to the distribution and to what it needs, as an environment of its own would have them."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "tickbox_contract").symlink_to(ROOT / "contract" / "tickbox_contract")
    for name in closure(NAME):
        distribution = metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in {"..", "__pycache__"}}
        for top in tops:
            if not (folder / top).exists() and not top.endswith(".pth"):
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A foreign project with the good contract and its handlers, whose packages have the names of ours."""
    (tmp_path / "openapi.yaml").write_bytes(GOOD.read_bytes())
    modules = {
        "app/__init__.py": "",
        "contract/__init__.py": "",
        "contract/words.py": "OPEN = True\n",
        "domain/__init__.py": "from contract.words import OPEN\n",
    }
    for operation in Document.read(GOOD).operations:
        (tag,) = operation.node.value["tags"]
        modules.setdefault(f"app/{tag}.py", IMPORTS)
        modules[f"app/{tag}.py"] += f"async def {operation.name}(): ...\n"
    for name, text in modules.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def gate(alone: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", GATE, str(alone), "gate", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_alone_it_checks_a_foreign_contract_whose_packages_have_the_names_of_ours(alone: Path, project: Path) -> None:
    done = gate(alone, project, "--contract", "openapi.yaml", "--handlers", "app", "--sarif", "found.sarif")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "operation-handler" not in done.stdout
    assert (project / "found.sarif").exists()


def test_alone_it_finds_the_handler_that_is_missing(alone: Path, project: Path) -> None:
    books = project / "app" / "books.py"
    books.write_text(books.read_text(encoding="utf-8").replace("async def list_books", "async def list_all"))
    done = gate(alone, project, "complete", "--contract", "openapi.yaml", "--handlers", "app")
    assert done.returncode == 1
    assert "list_books" in done.stdout


def test_alone_it_cannot_serve(alone: Path, project: Path) -> None:
    code = "import sys; sys.path[:0] = [sys.argv.pop(1)]; import tickbox_contract.engine.application"
    command = [sys.executable, "-I", "-S", "-c", code, str(alone)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert "No module named 'connexion'" in done.stderr


def test_the_server_s_gate_does_not_take_its_own_package_for_a_foreign_one(project: Path) -> None:
    command = [sys.executable, "-P", "-c", "from app.command import main; main()", "gate"]
    command += ["--contract", "openapi.yaml", "--handlers", "app"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "run `tickbox-contract gate` instead" in done.stderr


def test_a_team_guards_its_contract_with_the_commands_of_the_page(alone: Path, tmp_path: Path) -> None:
    """In an environment with the distribution and nothing else."""
    (tmp_path / "openapi.yaml").write_bytes((HERE / "pets.yaml").read_bytes())
    command = tmp_path / "bin" / NAME
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S -c '{GATE}' {alone} \"$@\"\n")
    command.chmod(0o755)
    page = (ROOT / "docs" / "guard-your-contract.md").read_text(encoding="utf-8")
    look, *walk = steps(page)
    path = f"{command.parent}:{os.environ['PATH']}"
    compare([look], printed([look.command], path=path, folder=tmp_path))
    (settings,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "gate.toml").write_text(settings, encoding="utf-8")
    assert len(walk) == 3
    compare(walk, printed([step.command for step in walk], path=path, folder=tmp_path))


def test_what_other_teams_include_installs_this_version_and_knows_the_options(alone: Path, project: Path) -> None:
    version = project_of(ROOT / "contract")["version"]
    job = yaml.safe_load((ROOT / "contract" / "ci" / "gitlab.yml").read_text())["tickbox-gate"]
    assert job["variables"]["TICKBOX_CONTRACT_VERSION"] == version
    page = (ROOT / "docs" / "guard-your-contract.md").read_text(encoding="utf-8")
    assert f"additional_dependencies: [{NAME}=={version}]" in page
    assert f"tickbox@v{version}" in page

    (project / "gate.toml").write_text('contract = "openapi.yaml"\n')
    action = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][-1]["run"]
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    lines = [
        job["script"][-1],
        hook["entry"],
        action.splitlines()[-1].replace('"${arguments[@]}"', "").replace('"$SARIF"', "gate.sarif"),
    ]
    for line in lines:
        done = gate(alone, project, *shlex.split(line.partition(" gate")[2]))
        assert (done.returncode, done.stderr) == (0, ""), line
    assert {"gate.xml", "gate.json", "gate.sarif"} <= {file.name for file in project.iterdir()}


def test_the_job_for_gitlab_fetches_the_branch_to_compare_with(alone: Path, project: Path, tmp_path: Path) -> None:
    job = yaml.safe_load((ROOT / "contract" / "ci" / "gitlab.yml").read_text())["tickbox-gate"]
    clone = tmp_path / "clone"
    for command in (
        "git init -q -b main . && git add openapi.yaml && git -c user.name=a -c user.email=a@example.com commit -qm a",
        f"git branch feature && git clone -q --depth 20 --single-branch -b feature file://{project} {clone}",
        f"cd {clone} && CI_DEFAULT_BRANCH=main && {job['script'][0]}",
    ):
        subprocess.run(["bash", "-e", "-c", command], cwd=project, check=True)  # noqa: S607  # whichever there is
    done = gate(alone, clone, "compatible", "--contract", "openapi.yaml", "--against", "origin/main")
    assert (done.returncode, done.stderr) == (0, ""), done


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ("--rule-set standard  --quiet", ["--rule-set", "standard", "--quiet"]),
        ("--rule-set standard\n--rule-set generators\n", ["--rule-set", "standard", "--rule-set", "generators"]),
        ("", []),
    ],
)
def test_the_action_passes_on_arguments_of_several_lines(given: str, arguments: list[str], tmp_path: Path) -> None:
    program = tmp_path / "tickbox-gate" / "bin" / "tickbox-contract"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][-1]["run"]
    names = {"CONTRACT": "", "ARGUMENTS": given, "SARIF": "it.sarif", "RUNNER_TEMP": str(tmp_path)}
    shell = ["bash", "-e", "-o", "pipefail", "-c", script]
    done = subprocess.run(shell, env=os.environ | names, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["gate", "--format", "github", "--sarif", "it.sarif", *arguments]
