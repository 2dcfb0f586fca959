"""The stage as other teams run it: against files and folders; severities, versions and reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from app.gate import gate as our_gate
from tickbox_contract.gate.command import main
from tickbox_contract.gate.compatible.table import TABLE
from tickbox_contract.gate.compatible.versions import Version, step_of

from .contracts import Json, checked, contract, gate, operation

TEXT = {"type": "string"}


def returning(schema: Json, *, version: str = "1.0.0") -> Json:
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": "It.", "content": content}}
    return contract(paths=operation(responses=responses), version=version)


def paid(*methods: str) -> Json:
    method = {**TEXT, "enum": list(methods)}
    return returning({"type": "object", "required": ["method"], "properties": {"method": method}})


OLD, NEW = paid("card"), paid("card", "cash")


def write(path: Path, root: Json) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(root, indent=1), encoding="utf-8")
    return str(path)


def against(folder: Path, release: str, root: Json = NEW) -> Any:
    path = write(folder / "openapi.json", root)
    return checked("gate", "compatible", "--contract", path, "--against", release)


def test_a_finding_says_who_breaks_where_with_which_value_and_what_to_do(tmp_path: Path) -> None:
    done = gate(tmp_path, OLD, NEW)
    (found,) = [each for each in done.found if each.rule == "response-schema"]
    assert done.code == 1
    assert found.text == "pets: `{method: cash}` may now be returned"
    assert (tmp_path / "new.json").read_text().splitlines()[found.line - 1].strip() == '"enum": ['
    file, _, line = found.details["was"].rpartition(":")
    assert Path(file).read_text().splitlines()[int(line) - 1].strip() == '"enum": ['
    assert found.details["breaks"] == "response readers"
    assert json.loads(found.details["for example"]) == {"method": "cash"}
    assert found.details["mend"].startswith("return what the release describes")


def test_operations_that_share_what_breaks_share_one_finding(tmp_path: Path) -> None:
    paths: Json = {}
    for number in range(5):
        paths |= operation(
            f"/pets{number}", operationId=f"pets{number}", requestBody={"$ref": "#/components/requestBodies/It"}
        )
    shared = {"content": {"application/json": {"schema": TEXT}}}
    narrow = {"content": {"application/json": {"schema": {**TEXT, "maxLength": 3}}}}
    old, new = (contract(paths=paths, components={"requestBodies": {"It": each}}) for each in (shared, narrow))
    (found,) = [each for each in gate(tmp_path, old, new).found if each.rule == "body-schema"]
    assert found.text.startswith("pets0, pets1, pets2 and 2 more: ")


def test_a_release_that_is_not_a_contract_is_said_in_one_line(tmp_path: Path) -> None:
    for text, message in (
        ("- 1", "this is not an OpenAPI contract"),
        ("openapi: 3.0.4\ninfo: {}\n", "name a release that is valid OpenAPI"),
    ):
        release = tmp_path / "old.yaml"
        release.write_text(text, encoding="utf-8")
        done = against(tmp_path, str(release))
        (line,) = done.output.splitlines()
        assert done.code == 2
        assert message in line


def test_a_release_that_is_malformed_in_places_is_compared_at_all_others(tmp_path: Path) -> None:
    def root(limit: int, **more: Any) -> Json:
        content = {"application/json": {"schema": {**TEXT, "maxLength": limit}}}
        return contract(paths=operation(requestBody={"content": content}, **more))

    done = gate(tmp_path, root(3, secret=1), root(2))
    found = {each.rule: each for each in done.found}
    assert done.rules == {"body-schema", "release-form"}, done.output
    assert (found["release-form"].severity, done.code) == ("warning", 1)
    assert "the release is not valid OpenAPI here, so this place is not compared: " in found["release-form"].text
    line = int(found["release-form"].details["was"].rpartition(":")[2])
    assert '"secret"' in (tmp_path / "old.json").read_text().splitlines()[line - 1]
    assert gate(tmp_path, root(3, secret=1), root(3)).code == 0
    changelog = CliRunner().invoke(
        main, ["gate", "changelog", "--contract", str(tmp_path / "new.json"), "--against", str(tmp_path / "old.json")]
    )
    assert "is not valid OpenAPI here" in changelog.stderr


def test_contracts_in_several_files_are_compared_as_a_whole(tmp_path: Path) -> None:
    for name, limit in (("old", 9), ("same", 9), ("new", 8)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "texts.json", {"Name": {**TEXT, "maxLength": limit}})
        content = {"application/json": {"schema": {"$ref": "texts.json#/Name"}}}
        write(tmp_path / name / "openapi.json", contract(paths=operation(requestBody={"content": content})))
    compared = {
        name: checked(
            *("gate", "compatible", "--contract", str(tmp_path / name / "openapi.json")),
            *("--against", str(tmp_path / "old" / "openapi.json")),
        )
        for name in ("same", "new")
    }
    assert (compared["same"].code, compared["new"].errors) == (0, {"body-schema"}), compared


def test_an_empty_folder_has_no_release(tmp_path: Path) -> None:
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "README.md").write_text("Nothing yet.")
    done = against(tmp_path, str(tmp_path / "released"))
    assert (done.code, "has no contract" in done.output) == (2, True)


def test_all_releases_of_a_folder_are_compared(tmp_path: Path) -> None:
    write(tmp_path / "released" / "1.0.0.json", OLD)
    write(tmp_path / "released" / "1.1.0.json", {**NEW, "info": {"title": "Pets", "version": "1.1.0"}})
    done = against(tmp_path, str(tmp_path / "released"), {**NEW, "info": {"title": "Pets", "version": "1.2.0"}})
    assert done.errors == {"response-schema"}
    assert {each.details["was"].rpartition("/")[2].rpartition(":")[0] for each in done.found} == {"1.0.0.json"}


def test_without_a_release_the_stage_alone_cannot_run(tmp_path: Path) -> None:
    done = checked("gate", "compatible", "--contract", write(tmp_path / "openapi.json", NEW))
    assert (done.code, "name one with --against" in done.output) == (2, True)


def test_our_contract_is_compared_with_all_of_its_releases() -> None:
    done = CliRunner().invoke(our_gate, ["compatible"])
    assert (done.exit_code, "findings: compatible 0" in done.output) == (0, True), done.output


@pytest.mark.parametrize(
    ("old", "new", "severities"),
    [
        ("1.0.0", "2.0.0", {"warning"}),
        ("1.4.2", "2.0.0", {"warning"}),
        ("1.0.0", "1.1.0", {"error"}),
        ("0.1.0", "0.2.0", {"warning"}),
        ("0.1.0", "0.1.1", {"error"}),
        ("0.1.0", "1.0.0", {"warning"}),
        ("today", "2.0.0", {"error", "notice"}),
        ("1.0.0", "next", {"error"}),
    ],
)
def test_a_break_that_the_version_announces_is_a_warning(
    old: str, new: str, severities: set[str], tmp_path: Path
) -> None:
    before, after = ({**root, "info": {"title": "Pets", "version": v}} for root, v in ((OLD, old), (NEW, new)))
    done = gate(tmp_path, before, after)
    assert {each.severity for each in done.found} == severities
    assert done.code == ("error" in severities)


@pytest.mark.parametrize(
    ("old", "added", "is_enough"),
    [
        ("1.0.0", "1.0.0", False),
        ("1.0.0", "1.0.1", False),
        ("1.0.0", "1.1.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.1.1", True),
        ("1.0.0", "0.9.0", False),
    ],
)
def test_an_addition_raises_the_version(old: str, added: str, is_enough: bool, tmp_path: Path) -> None:  # noqa: FBT001  # data
    before = contract(paths=operation(), version=old)
    after = contract(paths={**operation(), **operation("/dogs", operationId="dogs")}, version=added)
    done = gate(tmp_path, before, after)
    assert [each.rule for each in done.found] == ([] if is_enough else ["version-step"])
    assert done.code == (not is_enough)


def test_other_texts_need_no_other_version(tmp_path: Path) -> None:
    old, new = (contract(paths=operation(summary=text)) for text in ("One.", "Another."))
    assert (gate(tmp_path, old, new).code, gate(tmp_path, new, old).found) == (0, [])


def test_the_lowest_version_follows_from_what_the_changes_mean() -> None:
    assert step_of((), since=Version(1, 0, 0)) == "none"
    assert [str(Version(1, 2, 3).after(step)) for step in ("major", "minor", "patch", "none")] == [
        "2.0.0", "1.3.0", "1.2.4", "1.2.3",
    ]  # fmt: skip


def test_each_kind_of_change_that_breaks_says_who_breaks_and_what_to_do() -> None:
    for row in TABLE.values():
        says = row.severity, bool(row.breaks), bool(row.reason), bool(row.mend)
        assert says == {
            "breaks": ("error", True, True, True),
            "adds": (row.severity, False, bool(row.severity), False),
            "keeps": (row.severity, False, bool(row.severity), False),
        }[row.effect], row.rule_id  # fmt: skip
        assert row.severity in {None, "error", "notice"}


def test_every_report_has_what_is_known_of_a_break(tmp_path: Path) -> None:
    files = [write(tmp_path / name, root) for name, root in (("old.json", OLD), ("new.json", NEW))]
    arguments = ["gate", "compatible", "--contract", files[1], "--against", files[0]]
    reports = {form: tmp_path / f"report.{form}" for form in ("junit", "sarif")}
    options = [part for form, path in reports.items() for part in (f"--{form}", str(path))]
    shown = CliRunner().invoke(main, [*arguments, *options, "--format", "github"]).output
    asked = CliRunner().invoke(main, [*arguments, "--format", "messages"]).output
    written = "".join(ET.fromstring(reports["junit"].read_text()).itertext())  # noqa: S314  # written just now
    for text in (shown, written, *(json.loads(line)["content"].get("context", "") for line in asked.splitlines()[-1:])):
        assert "{method: cash}` may now be returned" in text
        assert "response readers" in text
        assert "old.json:" in text
    (run,) = json.loads(reports["sarif"].read_text())["runs"]
    (result,) = [each for each in run["results"] if each["ruleId"] == "response-schema"]
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == files[0]
    assert result["properties"]["for example"] == '{"method": "cash"}'
