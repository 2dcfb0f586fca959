"""Rules with the occurrences that they must have, from `cases.json`: 143 that are accepted, and 11 that are rejected.

The rules are the examples of RFC 5545 and RFC 7529, and others about leap years, weeks of a year, positions, changes of
clocks, and calendars that people use. Their occurrences were computed with a day walker, python-dateutil 4.0.0,
rrule.js 2.8.1, rrule-temporal 2.2.8, lib-recur 0.17.1, ical4j 4.1.1, rrule-go 1.8.2, rrule 0.14.0 (Rust) and libical
3.0.16. Where one of these is in `disagree`, the occurrences are by the text of the RFCs, and of erratum 4271.
`instants` are by the release 2026f of the time zone database.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from domain.errors import Invalid, InvalidTogether
from domain.instants import instant_of
from domain.recurrence.rules import parse, render
from domain.recurrence.series import Series
from domain.wall_clocks import WallClock
from tests.unit.recurrence.series import faults_of, occurrences

CASES: Final[Sequence[dict[str, Any]]] = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
ACCEPTED: Final = [case for case in CASES if "occurrences" in case]
REJECTED: Final = [case for case in CASES if "rejected" in case]


def value(text: str, zone: str | None) -> WallClock:
    date, _, time = text.partition("T")
    return WallClock(
        date=dt.date.fromisoformat(date), time=dt.time.fromisoformat(time) if time else None, time_zone=zone
    )


def name(case: dict[str, Any]) -> str:
    return f"{case['id']}-{case['rule']}"


def test_there_are_cases_of_each_source_and_zone() -> None:
    assert (len(ACCEPTED), len(REJECTED), len({case["id"] for case in CASES})) == (143, 11, 154)
    assert Counter(case["source"] for case in CASES)["daylight saving"] == 22
    assert len({case["zone"] for case in ACCEPTED if "instants" in case}) == 11


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_a_rule_has_the_occurrences_that_the_rfc_says(case: dict[str, Any]) -> None:
    start = value(case["start"], case["zone"])
    series = Series(start=start, rule=parse(case["rule"], start=start))

    found = list(islice(occurrences(series), 10))

    assert found == [value(text, case["zone"]) for text in case["occurrences"]]
    instants = [instant_of(each, time_zone="UTC") for each in found] if "instants" in case else []
    assert [f"{at:%Y-%m-%dT%H:%MZ}" for at in instants] == case.get("instants", [])


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_a_normalised_rule_is_the_same_rule_and_stays_as_it_is(case: dict[str, Any]) -> None:
    start = value(case["start"], case["zone"])
    rule = parse(case["rule"], start=start)

    assert parse(render(rule), start=start) == rule


@pytest.mark.parametrize("case", REJECTED, ids=name)
def test_a_rule_that_cannot_be_used_is_rejected(case: dict[str, Any]) -> None:
    with pytest.raises((Invalid, InvalidTogether)) as raised:
        parse(case["rule"], start=value(case["start"], case["zone"]))

    assert (case["rejected"], "#/recurrence/rule") in {(fault.code, fault.pointer) for fault in faults_of(raised.value)}
