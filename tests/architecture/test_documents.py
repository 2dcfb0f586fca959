"""What the documents say about files, commands, settings and decisions is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import main
from app.gate import OUR_NOTES
from tests.support import settings_page
from tickbox_contract.gate.messages import lines
from tickbox_contract.gate.rules import run

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "spec" / "decisions"
UNTRACKED = {"build", "dist", "var"}
"""Top-level folders that are not part of the repository; so are those whose name begins with a dot."""
TRACKED = [path for path in ROOT.iterdir() if path.name not in UNTRACKED and path.name[0] != "."]
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(found for path in TRACKED for found in path.rglob("*.md"))})
EXAMPLES = {"SUPPORT.md", "CONTRIBUTING.md"}
"""Documents with operations of other contracts, or ones that could be added."""
MAX_README_LINES = 120
FOLDERS = (ROOT, ROOT / "contract" / "tickbox_contract", ROOT / "tests", ROOT / "tests" / "integration")
"""The folders of files that documents name without the first folders of their paths."""

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_STATUS = re.compile(r"accepted|accepted, changed by ADR \d+(?:, \d+)*|superseded by ADR \d+")
_NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
_MAKE = re.compile(r"(?:`|^)make ((?:[a-z]+ ?)+)(?:`|$| +#)", re.MULTILINE)
_COMMAND = re.compile(r"(?:`|^|\$ )tickbox ([a-z]+)", re.MULTILINE)
_PATH = re.compile(r"`([\w.-]+/[\w./-]*(?:\.py|\.md|\.yaml|/)|test_\w+\.py)`")
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\(decisions/(.+)\) \| (.+) \|$", re.MULTILINE)

pytestmark = pytest.mark.unmeasured


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """The text of *path* without its code blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The fragments of the headings of *path*, as GitHub creates them."""
    titles = [heading.replace("`", "").lower() for heading in _HEADING.findall(prose(path))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def dead_links(path: Path) -> Iterator[str]:
    """The relative links of *path* to a file, folder or heading that does not exist."""
    for link in _LINK.findall(prose(path)):
        file, _, fragment = link.partition("#")
        target = path.parent / file if file else path
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (fragment and fragment not in anchors(target)):
            yield link


def unlinked(text: str) -> str:
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)


def decision(path: Path) -> tuple[str, str]:
    """The title and the status of one decision."""
    title, blank, status = path.read_text(encoding="utf-8").splitlines()[:3]
    assert (title[:2], blank, status[:8]) == ("# ", "", "Status: "), f"{path.name} begins otherwise"
    return title[2:], unlinked(status[8:])


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_a_heading_that_exist(path: Path) -> None:
    assert list(dead_links(path)) == []


def test_links_and_headings_are_found() -> None:
    assert _LINK.findall(prose(ROOT / "README.md"))
    assert "a-first-call" in anchors(ROOT / "README.md")


def test_the_readme_has_at_most_the_allowed_lines() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_the_page_of_settings_is_what_make_docs_writes() -> None:
    assert settings_page.PATH.read_text(encoding="utf-8") == settings_page.page()


def test_each_page_of_the_documentation_is_in_its_index() -> None:
    linked = set(_LINK.findall(prose(ROOT / "docs" / "README.md")))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - linked == {"README.md"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_each_target_and_each_command_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {target for words in _MAKE.findall(text) for target in words.split()} - {*targets} == set()
    assert set(_COMMAND.findall(text)) - {*main.commands} == set()


def test_each_operation_that_a_document_names_is_in_the_contract() -> None:
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in DOCUMENTS if path.name not in EXAMPLES}
    report = run((ROOT / "spec" / "openapi.yaml").read_bytes(), file="openapi.yaml", stages={"valid"})
    messages = list(lines(report, texts))
    assert [message["type"] for message in messages] == ["deliverable"], messages


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_each_file_and_folder_that_a_document_names_exists(path: Path) -> None:
    named = set(_PATH.findall(path.read_text(encoding="utf-8")))
    assert {name for name in named if not any((folder / name).exists() for folder in FOLDERS)} == set()


def test_each_test_that_a_document_names_exists() -> None:
    named = {found for path in DOCUMENTS for found in _TEST.findall(prose(path))}
    assert len(named) >= 20
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    missing = [
        f"{file}::{test}"
        for file, test in sorted(named)
        if not any(path.as_posix().endswith(f"/{file}") and f"def {test}(" in text for path, text in sources.items())
    ]
    assert missing == []


def test_the_decisions_are_numbered_without_a_gap_and_listed_in_the_index() -> None:
    files = sorted(path.name for path in DECISIONS.glob("[0-9]*"))
    numbers = [int(found[1]) for name in files if (found := _NUMBERED.fullmatch(name))]
    assert numbers == list(range(1, len(files) + 1))
    index = (ROOT / "spec" / "decisions.md").read_text(encoding="utf-8")
    listed = [(name, f"{number}. {title}", status) for number, title, name, status in _ROW.findall(index)]
    assert listed == [(name, *decision(DECISIONS / name)) for name in files]


@pytest.mark.parametrize("path", sorted(DECISIONS.iterdir()), ids=lambda path: path.stem)
def test_each_decision_has_a_status_that_names_decisions_that_exist(path: Path) -> None:
    _, status = decision(path)
    assert _STATUS.fullmatch(status), status
    assert all(list(DECISIONS.glob(f"{int(number):04}-*")) for number in re.findall(r"\d+", status))


def test_the_gate_compares_every_decision_with_the_contract() -> None:
    assert {*DECISIONS.iterdir()} < {*OUR_NOTES}
