"""What a team decided about breaks holds for the version, too; and a contract may be divided into files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .contracts import Json, checked, contract, operation

TEXT: Json = {"type": "string"}
RULE = "body-schema"
PET: Json = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}


def sending(schema: Json, *, version: str = "1.0.0") -> Json:
    content = {"application/json": {"schema": schema}}
    return contract(version=version, paths=operation(requestBody={"content": content}))


def versions(folder: Path, settings: str, *, version: str = "1.0.0") -> list[str]:
    """What is said of the version of a contract that rejects what its release accepts."""
    files = [folder / "new.json", folder / "old.json"]
    for file, root in zip(files, (sending({**TEXT, "maxLength": 1}, version=version), sending(TEXT)), strict=True):
        file.write_text(json.dumps(root), encoding="utf-8")
    (folder / "gate.toml").write_text(settings, encoding="utf-8")
    done = checked("gate", "compatible", "--contract", str(files[0]), "--against", str(files[1]))
    return [found.text.strip() for found in done.found if found.rule == "version-step"]


MAJOR, PATCH = (f"the version is 1.0.0, and must be at least {each} after 1.0.0" for each in ("2.0.0", "1.0.1"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("", [MAJOR], id="no exception"),
        pytest.param(f'[rules]\n{RULE} = {{severity = "off", reason = "Nobody does."}}\n', [PATCH], id="off"),
        pytest.param(
            f'[rules]\n{RULE} = {{severity = "off", reason = "Nobody does.", until = 2020-01-01}}\n', [MAJOR], id="over"
        ),
        pytest.param(f'[rules]\n{RULE} = {{severity = "warning", reason = "Few do."}}\n', [MAJOR], id="a warning"),
        pytest.param(
            f'[[ignore]]\nrule = "{RULE}"\npath = "/pets"\nreason = "Nobody does."\n', [PATCH], id="ignored here"
        ),
        pytest.param(
            f'[[ignore]]\nrule = "{RULE}"\npath = "/dogs"\nreason = "Nobody does."\n', [MAJOR], id="ignored elsewhere"
        ),
        pytest.param(
            '[[ignore]]\nrule = "default-changed"\npath = "/pets"\nreason = "Nobody does."\n', [MAJOR],
            id="another rule",
        ),
    ],
)  # fmt: skip
def test_a_break_that_is_ignored_demands_no_major_version(settings: str, expected: list[str], tmp_path: Path) -> None:
    assert versions(tmp_path, settings) == expected


def test_a_break_that_is_ignored_is_still_a_change(tmp_path: Path) -> None:
    settings = f'[rules]\n{RULE} = {{severity = "off", reason = "Nobody does."}}\n'
    assert versions(tmp_path, settings, version="1.0.1") == []


def divided(folder: Path, reference: str, files: dict[str, Json]) -> Path:
    """A contract whose response refers to another file."""
    folder.mkdir()
    for name, root in {**files, "openapi.json": whole({"$ref": reference})}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(root), encoding="utf-8")
    return folder / "openapi.json"


def whole(schema: Json, **components: Json) -> Json:
    responses = {"200": {"description": "It.", "content": {"application/json": {"schema": schema}}}}
    more: Json = {"components": {"schemas": components}} if components else {}
    return contract(paths=operation(responses=responses), **more)


@pytest.mark.parametrize(
    ("reference", "files", "rules"),
    [
        ("pets.json#/Pet", {"pets.json": {"Pet": PET}}, set()),
        ("pets.json#/components/schemas/Pet", {"pets.json": {"components": {"schemas": {"Pet": PET}}}}, set()),
        ("schemas/Pet.json", {"schemas/Pet.json": PET}, set()),
        ("schemas/Pet.v1.json", {"schemas/Pet.v1.json": PET}, set()),
        ("pets.json#/Animal", {"pets.json": {"Animal": PET}}, {"component-renamed"}),
        ("Animal.json", {"Animal.json": PET}, {"component-renamed"}),
        ("pets.json#/components/schemas/Pets/properties/Pet",
         {"pets.json": {"components": {"schemas": {"Pets": {"properties": {"Pet": PET}}}}}}, {"component-renamed"}),
    ],
)  # fmt: skip
def test_a_schema_in_another_file_has_the_name_that_generators_give_it(
    reference: str, files: dict[str, Json], rules: set[str], tmp_path: Path
) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps(whole({"$ref": "#/components/schemas/Pet"}, Pet=PET)), encoding="utf-8")
    new = divided(tmp_path / "new", reference, files)
    done = checked("gate", "compatible", "--contract", str(new), "--against", str(old))
    assert done.rules == rules, done.output
