"""The documents keep together: links lead somewhere, and each decision is in the index with its status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.gate import OUR_NOTES

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "spec" / "decisions"
SKIPPED = {".venv", ".git", "node_modules", "build", "dist", "var"}
"""Folders at the top with what is not ours."""

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_STATUS = re.compile(r"accepted|accepted, changed by ADR \d+(?:, \d+)*|superseded by ADR \d+")
_NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
_ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\(decisions/(.+)\) \| (.+) \|$", re.MULTILINE)


def documents() -> list[Path]:
    """Every Markdown file of the repository."""
    return sorted(path for path in ROOT.rglob("*.md") if path.relative_to(ROOT).parts[0] not in SKIPPED)


def prose(path: Path) -> str:
    """The text of *path* without its code blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The fragments of the headings of *path*, as GitHub makes them."""
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


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file_and_a_heading_that_exist(path: Path) -> None:
    assert list(dead_links(path)) == []


def test_links_and_headings_are_found() -> None:
    assert _LINK.findall(prose(ROOT / "README.md"))
    assert "the-gate" in anchors(ROOT / "README.md")


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
