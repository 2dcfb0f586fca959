"""Every example of docs/recurrence.md is true."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from domain import next_occurrences, task_recurrence
from domain.errors import Invalid, InvalidTogether
from domain.instants import instant_of
from domain.recurrence.rules import parse
from domain.recurrence.series import Series
from domain.task_recurrence import RecurrenceDraft
from domain.wall_clocks import WallClock
from tests.support import things
from tests.unit.recurrence.series import faults_of, local, occurrences
from tests.unit.recurrence.test_cases import value

PAGE: Final = Path(__file__).parents[3] / "docs" / "recurrence.md"
PROJECT: Final = things.project(1, things.workspace(1))
_RULE: Final = re.compile(r"`([A-Z]+=[^`]+)`.*")


def rows(*titles: str) -> Iterator[Sequence[str]]:
    """The rows of all tables of the page with these titles."""
    title = f"| {' | '.join(titles)} |"
    is_inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        is_inside = line == title or (is_inside and line.startswith("|"))
        if is_inside and line != title and "---" not in line:
            yield [cell.strip() for cell in line.strip("|").split("|")]


EXAMPLES: Final = list(rows("rule", "due", "next occurrences"))
CLOCKS: Final = list(rows("rule", "due", "zone", "occurrences", "instants"))
REJECTED: Final = list(rows("code", "rule", "due", "why"))
COMPLETED: Final = list(rows("rule", "due", "moved to", "with", "completed", "next", "remaining"))


def rule_in(cell: str) -> str:
    found = _RULE.fullmatch(cell)
    assert found, cell
    return found[1]


def text_of(at: WallClock) -> str:
    return f"{local(at):%Y-%m-%d}" if at.time is None else f"{local(at):%Y-%m-%dT%H:%M}"


def series(rule: str, due: str, zone: str | None = None) -> Series:
    start = value(due, zone)
    return Series(start=start, rule=parse(rule_in(rule), start=start))


def test_the_page_has_examples_of_each_kind() -> None:
    assert (len(EXAMPLES) >= 20, len(CLOCKS) >= 4, len(COMPLETED) >= 10) == (True, True, True)
    assert len({code for code, *_ in REJECTED}) == 6


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: str(row[0]))
def test_an_example_has_these_occurrences(row: Sequence[str]) -> None:
    rule, due, expected = row
    found = list(islice(occurrences(series(rule, due)), 1, 4))

    assert ", ".join([*map(text_of, found), *(["end"] if len(found) < 3 else [])]) == expected


@pytest.mark.parametrize("row", CLOCKS, ids=lambda row: str(row[1]))
def test_an_example_has_these_instants(row: Sequence[str]) -> None:
    rule, due, zone, expected, instants = row
    found = list(islice(occurrences(series(rule, due, zone)), 2))

    assert ", ".join(map(text_of, found)) == expected
    assert ", ".join(f"{instant_of(each, time_zone='UTC'):%Y-%m-%dT%H:%MZ}" for each in found) == instants


@pytest.mark.parametrize("row", COMPLETED, ids=lambda row: f"{row[0]} {row[3]}")
def test_an_example_that_is_completed_has_this_next_occurrence(row: Sequence[str]) -> None:
    rule, due, moved, settings, completed, *expected = row
    at = local(value(completed, None)).replace(tzinfo=dt.UTC)
    name, setting = settings.strip("`").split(": ")
    start = value(due, None)
    draft: dict[str, Any] = {"rule": rule_in(rule), name: setting}
    recurrence = task_recurrence.start_series(RecurrenceDraft(**draft), due=start, now=at)
    task = things.task(1, PROJECT, due=value(moved, None) if moved else start, recurrence=recurrence)
    found = next_occurrences.following(task, now=at, time_zone="UTC")

    if found is None:
        assert expected == ["end", ""]
    else:
        assert found.due is not None
        assert found.recurrence is not None
        left = found.recurrence.remaining
        assert [text_of(found.due), "" if left is None else str(left)] == expected


@pytest.mark.parametrize("row", REJECTED, ids=lambda row: str(row[1]))
def test_an_example_is_rejected_with_this_code(row: Sequence[str]) -> None:
    code, rule, due, _ = row
    with pytest.raises((Invalid, InvalidTogether)) as raised:
        series(rule, due)

    assert [f"`{fault.code}`" for fault in faults_of(raised.value)] == [code]
