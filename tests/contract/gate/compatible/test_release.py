"""`make release` freezes the contract and writes its changelog, and refuses what the version does not announce."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from spec.release import Freezer, ReleaseRefusedError, main
from tests.support.checking import CONTRACT
from tickbox_contract.gate.compatible.releases import releases

from .contracts import Json, contract, operation

DAY = date(2026, 12, 1)
DOGS = operation("/dogs", operationId="dogs")
RELEASED = CONTRACT.parent / "released"


def write(folder: Path, root: Json) -> None:
    (folder / "openapi.yaml").write_text(json.dumps(root, indent=1), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a contract that was released once."""
    write(tmp_path, contract(paths=operation(), version="0.1.0"))
    Freezer(tmp_path, DAY).release("0.1.0", "")
    return tmp_path


def test_a_release_is_the_contract_byte_for_byte_with_a_section_of_the_changelog(folder: Path) -> None:
    write(folder, contract(paths={**operation(), **DOGS}, version="0.1.1"))
    path = Freezer(folder, DAY).release("0.1.1", "")
    assert path.read_bytes() == (folder / "openapi.yaml").read_bytes()
    text = (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.index("## 0.1.1\n\n2026-12-01. Since 0.1.0.") < text.index("## 0.1.0\n\n2026-12-01. The first release.")
    assert text.count("# Changelog of the contract\n") == 1
    assert "- `dogs`: POST /dogs was added.\n" in text


def test_a_release_that_breaks_clients_says_why(folder: Path) -> None:
    write(folder, contract(paths=DOGS, version="0.2.0"))
    with pytest.raises(ReleaseRefusedError, match=r"0\.2\.0 breaks clients of 0\.1\.0: say why"):
        Freezer(folder, DAY).release("0.2.0", "")
    Freezer(folder, DAY).release("0.2.0", "Nobody had pets.")
    assert "Why it breaks clients: Nobody had pets.\n" in (folder / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("version", "written", "paths", "message"),
    [
        ("0.1.0", "0.1.0", operation(), r"0\.1\.0\.yaml exists"),
        ("0.1.1", "0.1.0", operation(), "`info.version` of the contract is 0.1.0: make it 0.1.1"),
        ("0.1.1", "0.1.1-rc.1", operation(), r"`info.version` of the contract is 0\.1\.1-rc\.1: make it 0\.1\.1"),
        ("soon", "soon", operation(), "name a semantic version"),
        ("", "0.1.0", operation(), "name a semantic version"),
        ("0.0.9", "0.0.9", operation(), r"0\.0\.9 is not after 0\.1\.0"),
        ("0.1.1", "0.1.1", DOGS, r"must be at least 0\.2\.0 after 0\.1\.0"),
    ],
)
def test_what_the_version_does_not_announce_is_refused(
    version: str, written: str, paths: Json, message: str, folder: Path
) -> None:
    before = sorted(folder.rglob("*"))
    write(folder, contract(paths=paths, version=written))
    with pytest.raises(ReleaseRefusedError, match=message):
        Freezer(folder, DAY).release(version, "Because.")
    assert sorted(folder.rglob("*")) == before


def test_the_command_refuses_a_release_that_exists_in_one_line() -> None:
    done = CliRunner().invoke(main, ["0.1.0"])
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert done.output.startswith("Error: ")


def test_each_of_our_releases_has_the_version_of_its_name_and_a_section_of_the_changelog() -> None:
    sections = (CONTRACT.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    found = list(releases(str(RELEASED), contract=CONTRACT))
    assert found
    for release in found:
        version = release.contract.node.at("info").get("version")
        assert (Path(release.name).stem, f"\n## {version}\n" in sections) == (version, True)
