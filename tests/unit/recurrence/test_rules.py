"""What a rule may say, and how it is written when it is normalised."""

import datetime as dt
from dataclasses import replace
from typing import Final

import pytest

from domain.errors import Invalid, InvalidTogether
from domain.recurrence.rules import check, parse, read_rule, render
from domain.wall_clocks import WallClock
from tests.unit.recurrence.series import faults_of

DATE: Final = dt.date(2027, 1, 4)
DAY: Final = WallClock(date=DATE)
FLOATING: Final = WallClock(date=DATE, time=dt.time(9))
ZONED: Final = WallClock(date=DATE, time=dt.time(9), time_zone="Europe/Berlin")


def codes(text: str, start: WallClock) -> list[str]:
    with pytest.raises((Invalid, InvalidTogether)) as raised:
        parse(text, start=start)
    faults = faults_of(raised.value)
    assert {fault.pointer for fault in faults} == {"#/recurrence/rule"}
    return [fault.code for fault in faults]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "FREQ",
        "FREQ=",
        "=DAILY",
        "INTERVAL=2",
        "FREQ=DAILY;",
        ";FREQ=DAILY",
        "FREQ=DAILY;;COUNT=2",
        "FREQ=DAILY COUNT=2",
        " FREQ=DAILY",
        "FREQ=DAILY\n",
        "FREQ=FORTNIGHTLY",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;BYEASTER=0",
        "FREQ=DAILY;X-ODD=1",
        "RRULE:FREQ=DAILY",
        "rrule:FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=+1",
        "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;INTERVAL=1_0",
        "FREQ=DAILY;INTERVAL=٢",
        "FREQ=DAİLY",
        "FREQ=DAILY;INTERVAL=9999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=-1",
        "FREQ=DAILY;BYMONTH=1,",
        "FREQ=DAILY;BYMONTH=5L",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=-32",
        "FREQ=YEARLY;BYYEARDAY=0",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=MO,",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=60",
        "FREQ=DAILY;WKST=1MO",
        "FREQ=DAILY;UNTIL=2027-02-01",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=00000101",
        "FREQ=DAILY;UNTIL=20270201T240000",
        "FREQ=DAILY;UNTIL=20270201T090000+01",
        "FREQ=DAILY;RSCALE=GREGORIAN;SKIP=SIDEWAYS",
        f"FREQ=DAILY;BYMONTHDAY={','.join(['1'] * 250)}",
    ],
)
def test_a_text_without_the_form_of_the_rfc_is_rejected(text: str) -> None:
    assert {*codes(text, FLOATING)} == {"rule-malformed"}


@pytest.mark.parametrize("text", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=15", "RSCALE=CHINESE;FREQ=YEARLY"])
def test_what_only_the_rfc_has_is_rejected(text: str) -> None:
    assert codes(text, FLOATING) == ["rule-unsupported"]


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;COUNT=2;UNTIL=20270201T090000",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=WEEKLY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTHDAY=1;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=DAILY;BYDAY=-1MO",
        "FREQ=HOURLY;BYDAY=1MO",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO",
        "FREQ=MONTHLY;BYSETPOS=1",
        f"FREQ=DAILY;BYHOUR={','.join(map(str, range(17)))};BYMINUTE=0,10,20,30,40,50",
        "FREQ=HOURLY;BYMINUTE=0,10,20,30,40",
        "FREQ=HOURLY;INTERVAL=5;BYMINUTE=0,10,20,30,40;BYSECOND=0,15,30,45",
        "FREQ=MONTHLY;SKIP=BACKWARD",
        "FREQ=MONTHLY;SKIP=OMIT",
        "RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=-29;SKIP=FORWARD",
    ],
)
def test_parts_that_may_not_be_together_are_rejected(text: str) -> None:
    assert codes(text, FLOATING) == ["rule-parts-conflict"]


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (DAY, "BYHOUR=9"),
        (DAY, "BYMINUTE=30"),
        (DAY, "BYSECOND=0"),
        (DAY, "UNTIL=20270201T090000"),
        (DAY, "UNTIL=20270201T090000Z"),
        (FLOATING, "UNTIL=20270201"),
        (FLOATING, "UNTIL=20270201T090000Z"),
        (ZONED, "UNTIL=20270201"),
        (ZONED, "UNTIL=20270201T090000"),
    ],
)
def test_a_rule_that_needs_another_due_value_is_rejected(start: WallClock, part: str) -> None:
    assert codes(f"FREQ=DAILY;{part}", start) == ["rule-unlike-due"]


def test_an_hourly_rule_needs_a_time() -> None:
    assert codes("FREQ=HOURLY", DAY) == ["rule-unlike-due"]


def test_a_rule_that_was_right_is_checked_again_with_another_due_value() -> None:
    rule = parse("FREQ=DAILY;BYHOUR=9,17;UNTIL=20270201T090000Z", start=ZONED)

    check(rule, start=ZONED)
    with pytest.raises(InvalidTogether) as raised:
        check(rule, start=DAY)
    assert [fault.code for fault in faults_of(raised.value)] == ["rule-unlike-due", "rule-unlike-due"]


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31",
        "FREQ=YEARLY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
        "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=DAILY;BYHOUR=9;BYSETPOS=2",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=10",
        "FREQ=HOURLY;INTERVAL=168;BYDAY=TU",
        "FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2",
        "FREQ=HOURLY;BYYEARDAY=1;BYMONTH=2",
        "FREQ=YEARLY;INTERVAL=9000",
        "FREQ=DAILY;UNTIL=20270103T090000",
    ],
)
def test_a_rule_that_never_occurs_again_is_rejected(text: str) -> None:
    assert codes(text, FLOATING) == ["rule-never-occurs"]


def test_a_day_that_the_rule_takes_from_its_start_may_never_occur_again() -> None:
    assert codes("FREQ=YEARLY;BYMONTH=2", WallClock(date=dt.date(2027, 1, 30))) == ["rule-never-occurs"]
    assert codes("FREQ=DAILY", WallClock(date=dt.date.max)) == ["rule-never-occurs"]


def test_an_end_at_the_start_is_not_a_fault() -> None:
    for text in ("FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20270104T080000Z"):
        assert render(parse(text, start=ZONED)) == text


def test_until_in_utc_is_compared_with_the_instant_of_the_start() -> None:
    assert codes("FREQ=DAILY;UNTIL=20270104T075959Z", ZONED) == ["rule-never-occurs"]


@pytest.mark.parametrize("text", ["FREQ=DAILY;COUNT=1001", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU;COUNT=1000"])
def test_a_count_that_is_too_large_is_rejected(text: str) -> None:
    assert codes(text, FLOATING) == ["rule-count"]


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("FREQ=YEARLY;INTERVAL=4000", 2),
        ("FREQ=HOURLY;INTERVAL=7919;BYDAY=MO;BYMONTHDAY=13;BYHOUR=5", 3),
        ("FREQ=YEARLY;INTERVAL=1000;BYMONTH=1;BYMONTHDAY=1", 8),
    ],
)
def test_a_count_is_at_most_what_there_is_until_the_last_day(text: str, most: int) -> None:
    """A task said that 999 occurrences were to come, and had one."""
    start = replace(FLOATING, time=dt.time(5))
    assert parse(f"{text};COUNT={most}", start=start).count == most
    with pytest.raises(Invalid, match=f"`COUNT` must be at most {most} for a rule that occurs so rarely."):
        parse(f"{text};COUNT={most + 1}", start=start)


def messages(text: str, *, start: WallClock | None = FLOATING) -> list[str]:
    with pytest.raises((Invalid, InvalidTogether)) as raised:
        read_rule(text, start=start)
    return [str(fault) for fault in faults_of(raised.value)]


@pytest.mark.parametrize(
    "text", [" FREQ=DAILY", "FREQ = DAILY", "FREQ=DAILY; COUNT=2", "FREQ=DAILY\r\n", "FREQ=DAILY\t"]
)
def test_white_space_is_named_as_the_fault(text: str) -> None:
    assert messages(text) == ["A recurrence rule must be written without spaces and line breaks."]


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("RRULE:FREQ=DAILY", ["RRULE:"], ["rule-malformed"]),
        ("DTSTART=20270104;FREQ=DAILY", ["DTSTART"], ["rule-malformed"]),
        ("DTSTART:20270104T090000\nRRULE:FREQ=DAILY", ["RRULE:", "DTSTART"], ["rule-malformed", "rule-malformed"]),
        ("FREQ=DAILY;EXDATE=20270105", ["EXDATE"], ["rule-unsupported"]),
        ("FREQ=DAILY\nRDATE:20270105", ["RDATE"], ["rule-unsupported"]),
    ],
)
def test_what_calendar_files_have_beside_a_rule_is_named(text: str, names: list[str], found: list[str]) -> None:
    assert codes(text, FLOATING) == found
    assert all(f"`{name}`" in message for name, message in zip(names, messages(text), strict=True))


def test_an_until_of_a_wrong_form_and_one_that_does_not_exist_are_different_faults() -> None:
    for until in ("20270230", "20271301", "20270230T090000", "20270131T250000", "20270131T090060Z"):
        assert messages(f"FREQ=DAILY;UNTIL={until}") == ["`UNTIL` must have a date and a time that exist."]
    (message,) = messages("FREQ=DAILY;UNTIL=2027-02-01", start=None)
    assert "the form of the due value" in message


@pytest.mark.parametrize(
    ("start", "form", "wrong"),
    [
        (DAY, "a date, such as 20270131,", "20270201T090000"),
        (FLOATING, "a time without a zone, such as 20270131T170000,", "20270201"),
        (ZONED, "a time in UTC, such as 20270131T170000Z,", "20270201"),
    ],
)
def test_the_form_of_an_until_is_said_for_the_due_value_alone(start: WallClock, form: str, wrong: str) -> None:
    (malformed,) = messages("FREQ=DAILY;UNTIL=2027-02-01", start=start)
    assert malformed.startswith(f"`UNTIL` must be {form}")
    with pytest.raises(Invalid) as unlike:
        parse(f"FREQ=DAILY;UNTIL={wrong}", start=start)
    assert str(unlike.value) == malformed


def test_a_part_with_one_number_is_not_said_to_have_several() -> None:
    assert messages("FREQ=DAILY;COUNT=0") == ["`COUNT` must be a whole number from 1 to 1000."]
    assert messages("FREQ=DAILY;BYMONTH=0") == ["Each number of `BYMONTH` must be a whole number from 1 to 12."]


@pytest.mark.parametrize("text", ["FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=1001"])
def test_a_count_out_of_its_range_is_rejected_with_the_limit(text: str) -> None:
    with pytest.raises(Invalid, match=r"\b1000\b"):
        parse(text, start=FLOATING)


def test_as_many_times_as_a_day_has_quarters_of_an_hour_can_be_named() -> None:
    for text in ("FREQ=HOURLY;BYMINUTE=0,15,30,45", "FREQ=HOURLY;INTERVAL=24;BYMINUTE=0,10,20,30,40,50"):
        assert render(parse(text, start=FLOATING)) == text


def test_a_thousand_occurrences_can_be_counted() -> None:
    assert parse("FREQ=WEEKLY;BYDAY=MO;COUNT=1000", start=FLOATING).count == 1000


def test_all_faults_are_reported_at_once_and_repeat_nothing_of_the_text() -> None:
    with pytest.raises(InvalidTogether) as raised:
        parse("FREQ=WEAKLY;INTERVAL=secret;BYMONTH=77;ODD=secret", start=FLOATING)

    faults = faults_of(raised.value)
    assert len(faults) == 4
    assert not any("ecret" in str(fault) or "77" in str(fault) or "WEAKLY" in str(fault) for fault in faults)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("freq=daily;interval=1;wkst=mo", "FREQ=DAILY"),
        ("COUNT=010;FREQ=DAILY;INTERVAL=02", "FREQ=DAILY;INTERVAL=2;COUNT=10"),
        ("BYDAY=FR,mo,WE,MO;FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY;BYDAY=MO,WE,FR;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=+1MO,-1FR,MO", "FREQ=MONTHLY;BYDAY=-1FR,MO,1MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=31,+1,-1,31,01", "FREQ=MONTHLY;BYMONTHDAY=-1,1,31"),
        ("RSCALE=GREGORIAN;SKIP=OMIT;FREQ=MONTHLY", "FREQ=MONTHLY"),
        ("RSCALE=gregorian;FREQ=MONTHLY", "FREQ=MONTHLY"),
        ("FREQ=MONTHLY;SKIP=BACKWARD;RSCALE=GREGORIAN", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"),
        ("UNTIL=20270201t090000;FREQ=DAILY", "FREQ=DAILY;UNTIL=20270201T090000"),
        (
            "BYSETPOS=1;BYSECOND=0;BYMINUTE=30,0;BYHOUR=17,9;BYYEARDAY=1,-1;BYMONTH=12,1;FREQ=YEARLY",
            "FREQ=YEARLY;BYMONTH=1,12;BYYEARDAY=-1,1;BYHOUR=9,17;BYMINUTE=0,30;BYSECOND=0;BYSETPOS=1",
        ),
    ],
)
def test_a_rule_is_normalised(text: str, expected: str) -> None:
    assert render(parse(text, start=FLOATING)) == expected


def test_until_keeps_the_form_of_the_due_value() -> None:
    for start, until in ((DAY, "20270201"), (FLOATING, "20270201T090000"), (ZONED, "20270201T080000Z")):
        assert render(parse(f"FREQ=DAILY;UNTIL={until}", start=start)) == f"FREQ=DAILY;UNTIL={until}"
