"""A contract in several files is read as one, and what is found is in the file and the line that has it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tickbox_contract.gate.reading import UnreadableError, read
from tickbox_contract.gate.rules import run
from tickbox_contract.gate.several_files import Joiner
from tickbox_contract.gate.trees import WorkingTree
from tickbox_contract.openapi.files import load
from tickbox_contract.openapi.rules import Stage

ROOT = """\
openapi: 3.0.4
info: {title: t, version: '1'}
paths:
  /pets: {$ref: paths/pets.yaml}
components:
  schemas:
    Owner: {type: object, properties: {name: {type: string}}}
"""
OUTSIDE = "it is outside of the repository, or of the folder, of the contract"
REMOTE = "the gate reads no files over a network: copy it beside the contract"
PETS = """\
get:
  responses:
    '200':
      description: d
      content:
        application/json:
          schema: {$ref: '../schemas/pet%20s.yaml#/Pet'}
          example: {name: 1, owner: {name: 2}}
"""
PET = """\
Pet:
  type: object
  properties:
    name: {$ref: '#/Name'}
    owner: {$ref: '../openapi.yaml#/components/schemas/Owner'}
    friends: {type: array, items: {$ref: 'pet%20s.yaml#/Pet'}}
Name: {type: string}
"""


def written(folder: Path, **changes: str) -> Path:
    files = {"openapi.yaml": ROOT, "paths/pets.yaml": PETS, "schemas/pet s.yaml": PET} | {
        name.replace("__", "/"): text for name, text in changes.items()
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder / "openapi.yaml"


def found(path: Path, stage: Stage = "valid") -> set[tuple[str, str | None, int, str]]:
    report = run(path.read_bytes(), file="api/openapi.yaml", path=path, stages=[stage])
    return {(f.rule.rule_id, f.file, f.line, f.message) for f in report.findings}


def test_what_is_found_is_in_the_file_that_has_it(tmp_path: Path) -> None:
    assert found(written(tmp_path)) == {
        ("fitting-example", "api/paths/pets.yaml", 8, "/name: This must be a string."),
        ("fitting-example", "api/paths/pets.yaml", 8, "/owner/name: This must be a string."),
    }


def test_a_file_that_is_referred_to_has_the_form_of_what_it_is_used_as(tmp_path: Path) -> None:
    pets = PETS.replace("description: d", "descriptio: d").replace("name: 1, owner: {name: 2}", "")
    assert {
        (rule_id, file, line) for rule_id, file, line, _ in found(written(tmp_path, **{"paths/pets.yaml": pets}))
    } == {
        ("well-formed", "api/paths/pets.yaml", 4),
    }


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("nowhere.yaml", "nowhere.yaml: there is no such file"),
        ("no%00where.yaml", "no%00where.yaml: there is no such file"),
        (f"{300 * 'a'}.yaml", f"{300 * 'a'}.yaml: it cannot be read: File name too long"),
        ("turning.yaml", "turning.yaml: there is no such file"),
        ("huge.yaml", "huge.yaml: it has more than 32 MiB"),
        ("nowhere.yaml#/a", "nowhere.yaml#/a: there is no such file"),
        ("/etc", f"/etc: {OUTSIDE}"),
        ("..", f"..: {OUTSIDE}"),
        ("https://example.com/a.yaml#/b", f"https://example.com/a.yaml#/b: {REMOTE}"),
        ("paths/pets.yaml#/nowhere", "paths/pets.yaml#/nowhere leads nowhere"),
        ("broken.yaml", "broken.yaml: line 2 is not valid YAML: did not find expected node content"),
        ("loop.yaml", "loop.yaml# leads back to itself"),
        ("list.yaml", "list.yaml# does not lead to an object"),
    ],
)  # fmt: skip
def test_a_reference_that_cannot_be_followed_is_found(tmp_path: Path, reference: str, why: str) -> None:
    root = ROOT.replace("paths/pets.yaml", f"'{reference}'")
    others = {"broken.yaml": "a: [\n", "loop.yaml": "$ref: loop.yaml\n", "list.yaml": "[]\n"}
    (tmp_path / "turning.yaml").symlink_to("turning.yaml")
    with (tmp_path / "huge.yaml").open("wb") as huge:
        huge.truncate(2**26 + 1)
    hits = found(written(tmp_path, **others, **{"openapi.yaml": root}))
    assert ("resolving-ref", None, 4, why) in hits


def test_files_are_read_from_the_repository_of_the_contract_and_from_no_further(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "api").mkdir()
    moved = path.rename(tmp_path / "api" / "openapi.yaml")
    moved.write_text(ROOT.replace("paths/pets.yaml", "../paths/pets.yaml"))
    (tmp_path / "api" / "link.yaml").symlink_to(tmp_path / "paths" / "pets.yaml")

    assert (f"../paths/pets.yaml: {OUTSIDE}") in {message for *_, message in found(moved)}
    moved.write_text(ROOT.replace("paths/pets.yaml", "link.yaml"))
    assert (f"link.yaml: {OUTSIDE}") in {message for *_, message in found(moved)}

    (tmp_path / ".git").mkdir()
    moved.write_text(ROOT.replace("paths/pets.yaml", "../paths/pets.yaml"))
    assert not any(OUTSIDE in message for *_, message in found(moved))


def test_references_in_examples_are_data(tmp_path: Path) -> None:
    pets = PETS.replace("{name: 1, owner: {name: 2}}", "{$ref: nowhere.yaml}")
    assert found(written(tmp_path, **{"paths/pets.yaml": pets})) == set()


def test_without_a_path_no_other_file_is_read(tmp_path: Path) -> None:
    report = run(written(tmp_path).read_bytes(), file="openapi.yaml", stages=["valid"])
    assert [f.message for f in report.findings] == ["paths/pets.yaml: only one file is read here"]


def test_a_convention_of_ours_is_one_file(tmp_path: Path) -> None:
    assert {(rule_id, line) for rule_id, _, line, _ in found(written(tmp_path), "style") if rule_id == "one-file"} == {
        ("one-file", 4), ("one-file", 7), ("one-file", 5), ("one-file", 6),
    }  # fmt: skip


def test_json_is_json_if_its_name_says_so(tmp_path: Path) -> None:
    raw = b'{"openapi": "3.0.4",\n "info": {},\n}'
    assert read(raw).root["info"] == {}
    with pytest.raises(UnreadableError, match="line 2 is not valid JSON: trailing comma"):
        read(raw, path=tmp_path / "openapi.json")


def test_the_member_that_has_the_other_files_has_no_line_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path)
    contract = read(path.read_bytes(), path=path)
    assert (contract.line(("x-files",)), contract.line(("components",))) == (1, 5)


def test_a_contract_with_more_objects_than_one_can_have_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    root = load(path.read_bytes())

    def join(most: int) -> None:
        Joiner(
            deepcopy(root),
            name=path.name,
            load=lambda name: load(WorkingTree(tmp_path).read(name)),
            most_objects=most,
        ).join()

    join(18)
    with pytest.raises(UnreadableError, match="this has more operations and schemas than a contract can have"):
        join(4)


def test_a_reference_to_an_item_of_a_list_in_another_file_is_followed(tmp_path: Path) -> None:
    pets = "- {}\n- {get: {responses: {'200': {description: d}}}}\n- {get: {responses: {}}}\n"
    path = written(tmp_path, **{"paths/pets.yaml": pets})
    path.write_text(ROOT.replace("paths/pets.yaml", "paths/pets.yaml#/1"))
    assert found(path) == set()
    path.write_text(ROOT.replace("paths/pets.yaml", "paths/pets.yaml#/2"))
    assert {(rule_id, file, line) for rule_id, file, line, _ in found(path)} == {
        ("well-formed", "api/paths/pets.yaml", 3)
    }


def test_a_fault_of_form_is_reported_although_the_other_files_are_large(tmp_path: Path) -> None:
    pet = f"{PET}Large: {{enum: [{', '.join(map(str, range(30_000)))}]}}\n"
    root = written(tmp_path, **{"schemas/pet s.yaml": pet})
    root.write_text(f"{ROOT}titel: t\n")
    report = run(root.read_bytes(), file="openapi.yaml", path=root, stages=["valid"])
    assert [(each.rule.rule_id, each.message) for each in report.findings if each.rule.rule_id == "well-formed"] == [
        ("well-formed", "titel: There is no such property here.")
    ]


def test_a_typo_above_references_to_other_files_is_one_finding(tmp_path: Path) -> None:
    """They are followed as if the name were written right, in each file and below each other."""
    described = PETS.replace("/Pet'}\n          example: {name: 1, owner: {name: 2}}", "/Pet'}")
    wholes = {"openapi.yaml": ROOT, "paths/pets.yaml": described, "schemas/pet s.yaml": PET}
    listed = PET.replace("{$ref: '#/Name'}", "{allOf: [{$ref: '#/Name'}]}")
    typos = [
        ("3.0.4", "openapi.yaml", "paths:", "path:"),
        ("3.1.1", "openapi.yaml", "paths:", "path:"),
        ("3.0.4", "paths/pets.yaml", "responses:", "respones:"),
        ("3.1.1", "paths/pets.yaml", "schema:", "shcema:"),
        ("3.0.4", "schemas/pet s.yaml", "properties:", "propertys:"),
        ("3.1.1", "schemas/pet s.yaml", "properties:", "propertys:"),
        ("3.0.4", "schemas/pet s.yaml", "allOf:", "allof:"),
        ("3.1.1", "schemas/pet s.yaml", "allOf:", "allof:"),
        ("3.1.1", "schemas/pet s.yaml", "items:", "itmes:"),
    ]
    for number, (version, name, right, wrong) in enumerate(typos):
        files = wholes | {"schemas/pet s.yaml": listed}
        files[name] = files[name].replace(right, wrong, 1)
        files["openapi.yaml"] = files["openapi.yaml"].replace("3.0.4", version)
        folder = tmp_path / str(number)
        folder.mkdir()
        ((_, _, _, message),) = found(written(folder, **files))
        assert message.startswith((f"{wrong} ", f"there is no keyword {wrong} "))
        assert f"{right.removesuffix(':')} may be meant" in message


def test_a_typo_in_a_typo_that_leads_to_a_further_file_is_found(tmp_path: Path) -> None:
    root = ROOT.replace("{$ref: paths/pets.yaml}", "{get: {respones: {'200': {$ref: 'r.yaml#/R'}}}}")
    responses = "R: {description: d, contnet: {text/plain: {schema: {$ref: '#/S'}}}}\nS: {type: strin}\n"
    path = written(tmp_path, **{"openapi.yaml": root, "r.yaml": responses})
    assert {message.partition(":")[0] for *_, message in found(path)} == {"respones", "contnet", "type"}


def test_references_to_further_files_lead_to_the_same_place_after_a_typo_is_read_right(tmp_path: Path) -> None:
    """In OpenAPI 3.1 an object may have a reference and a misspelled keyword beside it."""
    root = ROOT.replace("3.0.4", "3.1.1")
    pet = PET.replace("{$ref: '#/Name'}", "{$ref: '#/Name', maxLenght: 5}")
    described = PETS.replace("/Pet'}\n          example: {name: 1, owner: {name: 2}}", "/Pet'}")
    path = written(tmp_path, **{"openapi.yaml": root, "paths/pets.yaml": described, "schemas/pet s.yaml": pet})
    ((rule_id, *_),) = found(path)
    assert rule_id == "known-keyword"
