"""The changelog names what has changed, for people and machines; what breaks clients comes first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.gate import gate as our_gate
from tickbox_contract.gate.command import main

from .contracts import Json, contract, operation

TEXT = {"type": "string"}
FOUND, LOST = {"204": {"description": "Done."}}, {"404": {"description": "No."}}
OLD = contract(
    paths={
        **operation(parameters=[{"name": "limit", "in": "query", "schema": {**TEXT, "maxLength": 9}}]),
        **operation("/dogs", operationId="dogs"),
        **operation(
            "/foxes", operationId="foxes", responses={"204": {"description": "Done."}, "404": {"description": "No."}}
        ),
    }
)
NEW = contract(
    paths={
        **operation(parameters=[{"name": "limit", "in": "query", "schema": {**TEXT, "maxLength": 8}}]),
        **operation("/cats", operationId="cats"),
        **operation("/foxes", operationId="foxes", deprecated=True, **{"x-sunset": "2030-01-01"}),
    },
    version="2.0.0",
)


def written(folder: Path, *options: str, old: Json = OLD) -> str:
    files = []
    for name, root in (("old.json", old), ("new.json", NEW)):
        files.append(str(folder / name))
        (folder / name).write_text(json.dumps(root, indent=1), encoding="utf-8")
    done = CliRunner().invoke(main, ["gate", "changelog", "--contract", files[1], "--against", files[0], *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_people_get_markdown(tmp_path: Path) -> None:
    assert written(tmp_path).splitlines() == [
        "## 2.0.0",
        "",
        "Since 1.0.0.",
        "",
        "### Breaking",
        "",
        "- `dogs`: POST /dogs was removed. Breaks request senders.",
        '- `pets`: a text of 9 characters is now rejected. Breaks request senders. For example: `"aaaaaaaaa"`.',
        "",
        "### Added",
        "",
        "- `cats`: POST /cats was added.",
        "",
        "### Deprecated",
        "",
        "- `foxes`: it is deprecated, and may be removed on 2030-01-01.",
        "",
        "### Removed",
        "",
        "- `foxes`: the status 404 was removed.",
    ]


def test_people_read_that_nothing_has_changed(tmp_path: Path) -> None:
    assert written(tmp_path, old=NEW).splitlines()[-1] == "Nothing has changed that has a meaning for clients."


def test_machines_get_json(tmp_path: Path) -> None:
    found = json.loads(written(tmp_path, "--format", "json"))
    assert (found["from"], found["to"], found["least_version"]) == ("1.0.0", "2.0.0", "2.0.0")
    assert [(each["rule"], each["kind"], each["breaking"]) for each in found["changes"]] == [
        ("operation-removed", "removed", True),
        ("parameter-schema", "changed", True),
        ("operation-added", "added", False),
        ("operation-deprecated", "deprecated", False),
        ("error-status-removed", "removed", False),
    ]
    narrowed = found["changes"][1]
    assert (narrowed["operations"], narrowed["breaks"]) == (["pets"], "request senders")
    lines = (tmp_path / "new.json").read_text(encoding="utf-8").splitlines()
    assert "maxLength" in lines[narrowed["line"] - 1]
    assert narrowed["place"] == "#/paths/~1pets/post/parameters/0/schema/maxLength"


def test_our_contract_has_changed_in_nothing_that_its_version_does_not_say() -> None:
    done = CliRunner().invoke(our_gate, ["changelog", "--format", "json"])
    found = json.loads(done.output)
    assert tuple(map(int, found["least_version"].split("."))) <= tuple(map(int, found["to"].split(".")))


def test_without_a_release_or_a_contract_it_says_what_to_name(tmp_path: Path) -> None:
    for arguments, what in (
        ([], "contract: --contract FILE."),
        (["--contract", "a.yaml"], "release: --against RELEASE."),
    ):
        done = CliRunner().invoke(main, ["gate", "changelog", *arguments])
        assert (done.exit_code, done.output.splitlines()[-1]) == (2, f"Error: Name the {what}")
    (tmp_path / "openapi.json").write_text(json.dumps(NEW), encoding="utf-8")
    for path, release, message in (
        ("openapi.json", "nothing", "nothing is not a file, and git does not find the repository"),
        ("openapi.json", "", "there is no release to compare with"),
        ("other.json", "openapi.json", "No such file"),
    ):
        named = ["--contract", str(tmp_path / path), "--against", str(tmp_path / release)]
        (tmp_path / "empty").mkdir(exist_ok=True)
        if not release:
            named[-1] = str(tmp_path / "empty")
        done = CliRunner().invoke(main, ["gate", "changelog", *named])
        assert (done.exit_code, message in done.output) == (2, True), done.output
    (tmp_path / "text.yaml").write_text("- 1", encoding="utf-8")
    done = CliRunner().invoke(main, ["gate", "changelog", "--contract", str(tmp_path / "text.yaml"), "--against", "x"])
    assert (done.exit_code, "this is not an OpenAPI contract" in done.output) == (2, True)


def test_the_settings_name_contract_and_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(tmp_path)
    (tmp_path / "gate.toml").write_text("contract = 'new.json'\nagainst = ['old.json']\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for arguments in (["--config", "../gate.toml"], ["--contract", "../new.json"]):
        assert CliRunner().invoke(main, ["gate", "changelog", *arguments]).output == whole
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["gate", "changelog"]).output == whole
    (tmp_path / "gate.toml").write_text("contract = 'new.json'\n")
    unnamed = CliRunner().invoke(main, ["gate", "changelog"])
    assert (unnamed.exit_code, unnamed.output.splitlines()[-1]) == (2, "Error: Name the release: --against RELEASE.")
