"""A contract is compared with what it was at a git revision, in real repositories: one file, or several."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tickbox_contract.gate.command import main
from tickbox_contract.gate.git_trees import GitTree
from tickbox_contract.gate.trees import MissingFileError

from .contracts import Checked, Json, checked, contract, operation

UNKNOWN = "is neither a file nor a git revision of the contract's repository"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this machine's user hold for git here."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)


def git(folder: Path, *arguments: str, **environment: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(
        ["git", *identity, *arguments],  # noqa: S607  # on the PATH
        cwd=folder, check=True, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    return done.stdout.strip()


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def pets(schema: str) -> Json:
    """A path item that returns what the schema at a reference says."""
    content = {"application/json": {"schema": {"$ref": schema}}}
    item: Json = operation(responses={"200": {"description": "It.", "content": content}})["/pets"]
    return item


def several(folder: Path, *, limit: int) -> Path:
    """A contract of three files in a repository, which returns names of at most *limit* characters; the first file."""
    write(folder / "api" / "openapi.json", contract(paths={"/pets": {"$ref": "../paths/pets.json"}}))
    write(folder / "paths" / "pets.json", pets("../schemas/texts.json#/Name"))
    write(folder / "schemas" / "texts.json", {"Name": {"type": "string", "maxLength": limit}})
    return folder / "api" / "openapi.json"


def committed(folder: Path) -> None:
    """Commit all that is in *folder*, with the tag `release`."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Release")
    git(folder, "tag", "release")


def against(file: Path, release: str = "release") -> Checked:
    return checked("gate", "compatible", "--contract", str(file), f"--against={release}")


def said(file: Path, release: str = "release") -> str:
    """The one line that the command says if it cannot compare."""
    done = against(file, release)
    (line,) = done.output.splitlines()
    assert done.code == 2
    return line.removeprefix("Error: ")


def test_a_change_in_another_file_is_found_and_placed_in_it(tmp_path: Path) -> None:
    several(tmp_path, limit=9)
    committed(tmp_path)
    done = against(several(tmp_path, limit=10))
    (found,) = [each for each in done.found if each.rule == "response-schema"]
    assert (found.text, found.line) == ("pets: a text of 10 characters may now be returned", 4)
    assert "schemas/texts.json:4" in done.output
    assert found.details["was"] == "release:schemas/texts.json:4"


def test_sarif_names_the_file_of_a_revision_without_the_revision_which_a_uri_would_have_as_its_scheme(
    tmp_path: Path,
) -> None:
    several(tmp_path, limit=9)
    committed(tmp_path)
    report = tmp_path / "report.sarif"
    file = several(tmp_path, limit=10)
    checked("gate", "compatible", "--contract", str(file), "--against=release", "--sarif", str(report))
    (run,) = json.loads(report.read_text())["runs"]
    (result,) = [each for each in run["results"] if each["ruleId"] == "response-schema"]
    (related,) = result["relatedLocations"]
    place = {"artifactLocation": {"uri": "schemas/texts.json"}, "region": {"startLine": 4}}
    assert related == {"physicalLocation": place, "message": {"text": "the place in the release release"}}


def test_nothing_is_found_if_no_file_has_changed(tmp_path: Path) -> None:
    file = several(tmp_path, limit=9)
    committed(tmp_path)
    done = against(file)
    assert (done.code, done.found) == (0, [])


def test_files_that_are_not_there_any_more_are_read_from_the_revision(tmp_path: Path) -> None:
    file = several(tmp_path, limit=9)
    committed(tmp_path)
    (tmp_path / "paths" / "pets.json").unlink()
    write(file, contract(paths={"/pets": pets("../schemas/texts.json#/Name")}))
    assert against(file).found == []


def test_a_file_that_the_revision_lacks_is_not_read_from_the_working_tree(tmp_path: Path) -> None:
    file = several(tmp_path, limit=9)
    (tmp_path / "paths" / "pets.json").rename(tmp_path / "pets.json")
    committed(tmp_path)
    (tmp_path / "pets.json").rename(tmp_path / "paths" / "pets.json")
    done = against(file)
    assert (done.code, done.errors) == (1, {"schema-undecided"})
    assert "../paths/pets.json" in done.output


def test_the_changelog_since_a_revision_has_the_changes_in_all_files(tmp_path: Path) -> None:
    several(tmp_path, limit=9)
    committed(tmp_path)
    file = several(tmp_path, limit=10)
    arguments = ["gate", "changelog", "--contract", str(file), "--against", "release", "--format", "json"]
    (change,) = json.loads(CliRunner().invoke(main, arguments).output)["changes"]
    where = ("../schemas/texts.json#/Name/maxLength", 4)
    assert (change["place"], change["line"]) == (change["old_place"], change["old_line"]) == where


def test_links_in_the_repository_are_followed_and_links_out_of_it_are_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = several(home, limit=9)
    write(tmp_path / "secret.json", {})
    for name, target in (
        ("texts", "../schemas/texts.json"),
        ("secret", "../../secret.json"),
        ("turning", "turning.json"),
    ):
        (home / "paths" / f"{name}.json").symlink_to(target)
    committed(home)
    tree = GitTree.at("release", file.parent)

    def read(name: str) -> bytes | str:
        try:
            return tree.read(name)
        except MissingFileError as error:
            return str(error)

    outside = "it is outside of the repository, or of the folder, of the contract"
    nowhere = "there is no such file"
    assert read("../paths/texts.json") == read("../schemas/texts.json") == (home / "schemas/texts.json").read_bytes()
    assert [read(name) for name in ("../paths/secret.json", "../../secret.json", "/etc/passwd")] == 3 * [outside]
    for name in ("../paths/turning.json", "../paths", "a\nrelease:api/openapi.json", "a\0", ".git/config"):
        assert read(name) == nowhere
    assert read(str(file)) == file.read_bytes()


def test_what_is_malformed_at_the_revision_is_placed_in_its_file(tmp_path: Path) -> None:
    file = several(tmp_path, limit=9)
    (tmp_path / "paths" / "pets.json").write_text('{\n"get": {}\n}')
    committed(tmp_path)
    assert (
        said(file)
        == "release:paths/pets.json:2: responses: This property is required.: name a release that is valid OpenAPI"
    )


@pytest.mark.parametrize("release", ["nothing", "--output=x", "HEAD:api", "release~1"])
def test_a_revision_that_does_not_exist_is_said_in_one_line(tmp_path: Path, release: str) -> None:
    file = several(tmp_path, limit=9)
    committed(tmp_path)
    assert said(file, release) == f"{release} {UNKNOWN}: fetch it, or name another one"


def test_a_revision_without_the_contract_is_said_in_one_line(tmp_path: Path) -> None:
    several(tmp_path, limit=9)
    committed(tmp_path)
    write(tmp_path / "new" / "openapi.json", contract())
    why = "there is no such file: name a revision that has the contract, or a file"
    assert said(tmp_path / "new" / "openapi.json") == f"release:new/openapi.json: {why}"


def test_a_shallow_clone_is_said_to_be_the_reason(tmp_path: Path) -> None:
    several(tmp_path / "origin", limit=9)
    committed(tmp_path / "origin")
    git(tmp_path / "origin", "commit", "-qm", "Next", "--allow-empty")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/origin", "clone")
    file = tmp_path / "clone" / "api" / "openapi.json"
    how = "the clone is shallow: fetch all of it (GitHub: `fetch-depth: 0`, GitLab: `GIT_DEPTH: 0`)"
    assert said(file, "origin/main~1") == f"origin/main~1 {UNKNOWN}: {how}"
    git(tmp_path / "clone", "fetch", "-q", "--unshallow")
    assert against(file, "origin/main~1").code == 0


def test_what_git_says_of_a_repository_that_it_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = several(tmp_path, limit=9)
    assert said(file).startswith("release is not a file, and git does not find the repository: not a git repository")
    committed(tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "detected dubious ownership in repository" in said(file)
    assert f"git config --global --add safe.directory {tmp_path}" in said(file)


def test_without_git_a_file_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert said(several(tmp_path, limit=9)) == "release is not a file, and git is not installed: name a file"


def test_a_hook_in_another_working_tree_compares_its_own_contract(tmp_path: Path) -> None:
    """There git sets GIT_DIR, with which it takes each folder for the root of a working tree."""
    several(tmp_path / "home", limit=9)
    committed(tmp_path / "home")
    git(tmp_path / "home", "worktree", "add", "-q", "-b", "next", str(tmp_path / "next"))
    hook = tmp_path / "home" / ".git" / "hooks" / "pre-commit"
    command = f"{sys.executable} -c 'from tickbox_contract.gate.command import main; main()' gate compatible"
    hook.write_text(f"#!/bin/sh\n{command} --contract api/openapi.json --against release >&2\n")
    hook.chmod(0o755)
    several(tmp_path / "next", limit=10)
    git(tmp_path / "next", "add", ".")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git(tmp_path / "next", "commit", "-qm", "Next")
    assert "release:schemas/texts.json:4" in refused.value.stderr
