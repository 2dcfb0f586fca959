import datetime as dt

import pytest

from domain import users
from domain.errors import Invalid, InvalidTogether
from domain.previews import Preview, preview
from domain.recurrence import rules, series
from domain.recurrence.series import Position, Series
from domain.task_recurrence import RecurrenceDraft
from domain.wall_clocks import WallClock
from tests.support.fakes.unit_of_work import FakeUnitOfWork

BERLIN = "Europe/Berlin"


def wall(text: str, time_zone: str | None = None) -> WallClock:
    date, _, time = text.partition(" ")
    return WallClock(
        date=dt.date.fromisoformat(date), time=dt.time.fromisoformat(time) if time else None, time_zone=time_zone
    )


async def previewed(
    uow: FakeUnitOfWork, rule: str, due: WallClock | None, *, since: WallClock | None = None, count: int = 3
) -> Preview:
    return await preview(uow.unit(), due=due, recurrence=RecurrenceDraft(rule=rule), since=since, count=count)


def shown(found: Preview) -> list[str]:
    """The wall clocks, in short."""
    return [
        str(each.date) if each.time is None else f"{each.date} {each.time:%H:%M}"
        for each in (previewed.occurrence for previewed in found.occurrences)
    ]


async def test_occurrences_have_their_instants_across_a_change_of_the_clocks(uow: FakeUnitOfWork) -> None:
    found = await previewed(uow, "FREQ=DAILY", wall("2027-03-27 09:00", BERLIN))

    assert shown(found) == ["2027-03-27 09:00", "2027-03-28 09:00", "2027-03-29 09:00"]
    assert [f"{each.at:%dT%H:%MZ}" for each in found.occurrences if each.at] == ["27T08:00Z", "28T07:00Z", "29T07:00Z"]
    assert found.has_more


async def test_a_floating_time_is_in_the_zone_of_the_caller(uow: FakeUnitOfWork) -> None:
    await users.update(uow.unit(), time_zone="Pacific/Kiritimati")

    found = await previewed(uow, "FREQ=DAILY", wall("2027-03-27 09:00"), count=1)

    assert found.occurrences[0].occurrence == wall("2027-03-27 09:00")
    assert found.occurrences[0].at == dt.datetime(2027, 3, 26, 19, tzinfo=dt.UTC)


async def test_a_day_has_no_instant(uow: FakeUnitOfWork) -> None:
    found = await previewed(uow, "FREQ=MONTHLY", wall("2027-01-31"))

    assert shown(found) == ["2027-01-31", "2027-03-31", "2027-05-31"]
    assert [each.at for each in found.occurrences] == [None] * 3


@pytest.mark.parametrize(
    ("rule", "count", "has_more"),
    [
        ("FREQ=DAILY;COUNT=3", 2, True),
        ("FREQ=DAILY;COUNT=3", 3, False),
        ("FREQ=DAILY;COUNT=3", 4, False),
        ("FREQ=DAILY;COUNT=1", 1, False),
        ("FREQ=DAILY;UNTIL=20270129", 3, False),
        ("FREQ=DAILY;UNTIL=20270130", 3, True),
    ],
)
async def test_a_preview_says_whether_more_follow(
    uow: FakeUnitOfWork, rule: str, count: int, *, has_more: bool
) -> None:
    found = await previewed(uow, rule, wall("2027-01-27"), count=count)

    assert found.has_more is has_more
    assert len(found.occurrences) == min(count, {"1": 1, "3": 3}.get(rule[-1], 3))


@pytest.mark.parametrize(
    ("since", "first"),
    [
        (wall("2026-01-01"), "2027-01-27 09:00"),
        (wall("2027-01-27 09:00"), "2027-01-27 09:00"),
        (wall("2027-01-27 09:00:01"), "2027-01-28 09:00"),
        (wall("2027-01-28"), "2027-01-28 09:00"),
        (wall("2027-01-28 09:00"), "2027-01-28 09:00"),
        (wall("2027-01-28 09:00:01"), "2027-01-29 09:00"),
        (wall("2027-01-28 09:00", BERLIN), "2027-01-28 09:00"),
        (wall("2027-01-28 17:00", "Asia/Tokyo"), "2027-01-28 09:00"),
        (wall("2027-01-28 17:01", "Asia/Tokyo"), "2027-01-29 09:00"),
        (wall("1000-01-01 00:00", "Asia/Tokyo"), "2027-01-27 09:00"),
    ],
)
async def test_a_preview_can_begin_later(uow: FakeUnitOfWork, since: WallClock, first: str) -> None:
    found = await previewed(uow, "FREQ=DAILY", wall("2027-01-27 09:00", BERLIN), since=since, count=1)

    assert shown(found) == [first]


@pytest.mark.parametrize(
    ("since", "first"),
    [
        (wall("2027-01-28"), "2027-01-28"),
        (wall("2027-01-28 23:59"), "2027-01-28"),
        (wall("2027-01-28 14:59", "UTC"), "2027-01-28"),
        (wall("2027-01-28 15:00", "UTC"), "2027-01-29"),
    ],
)
async def test_a_series_of_days_begins_with_a_whole_day_of_the_caller(
    uow: FakeUnitOfWork, since: WallClock, first: str
) -> None:
    await users.update(uow.unit(), time_zone="Asia/Tokyo")

    assert shown(await previewed(uow, "FREQ=DAILY", wall("2027-01-01"), since=since, count=1)) == [first]


async def test_count_is_counted_from_the_start(uow: FakeUnitOfWork) -> None:
    found = await previewed(uow, "FREQ=DAILY;COUNT=10", wall("2027-01-01"), since=wall("2027-01-09"), count=5)

    assert (shown(found), found.has_more) == (["2027-01-09", "2027-01-10"], False)


async def test_a_series_that_has_ended_before_has_no_items(uow: FakeUnitOfWork) -> None:
    found = await previewed(uow, "FREQ=DAILY;COUNT=10", wall("2027-01-01"), since=wall("2027-01-11"))

    assert (shown(found), found.has_more) == ([], False)


async def test_a_due_off_the_rule_is_the_first_occurrence(uow: FakeUnitOfWork) -> None:
    found = await previewed(uow, "FREQ=WEEKLY;BYDAY=MO;COUNT=2", wall("2027-01-27"))

    assert (shown(found), found.has_more) == (["2027-01-27", "2027-02-01"], False)


async def test_pages_of_two_are_the_whole(uow: FakeUnitOfWork) -> None:
    rule, due = "FREQ=HOURLY;INTERVAL=7;COUNT=40", wall("2027-03-26 23:30", BERLIN)
    whole = await previewed(uow, rule, due, count=100)

    found = await previewed(uow, rule, due, count=2)
    pages = list(found.occurrences)
    while found.has_more:
        found = await previewed(uow, rule, due, since=pages[-1].occurrence, count=2)
        pages += found.occurrences[1:]

    assert (pages, len(pages), whole.has_more) == (whole.occurrences, 40, False)


async def test_a_rule_that_is_hard_to_follow_has_shorter_pages_from_which_one_can_go_on(uow: FakeUnitOfWork) -> None:
    rule, due = "FREQ=DAILY;INTERVAL=11;BYMONTH=2;BYMONTHDAY=29", wall("1000-01-01 09:00", BERLIN)
    followed = Series(start=due, rule=rules.parse(rule, start=due))
    position: Position | None = series.first(followed)
    whole: list[WallClock] = []
    while position is not None:
        whole.append(position.at)
        position = series.following(followed, position)

    found = await previewed(uow, rule, due, count=100)
    pages = [found.occurrences]
    while found.has_more:
        found = await previewed(uow, rule, due, since=pages[-1][-1].occurrence, count=100)
        pages.append(found.occurrences[1:])

    assert len(pages[0]) < min(100, len(whole))
    assert [each.occurrence for page in pages for each in page] == whole


async def test_the_last_day_of_all_is_the_last_occurrence(uow: FakeUnitOfWork) -> None:
    found = await previewed(uow, "FREQ=DAILY", wall("9999-12-30 23:59", "Pacific/Honolulu"))

    assert (shown(found), found.has_more) == (["9999-12-30 23:59", "9999-12-31 23:59"], False)
    assert found.occurrences[-1].at == dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)


async def test_all_that_is_wrong_is_reported_at_once(uow: FakeUnitOfWork) -> None:
    with pytest.raises(InvalidTogether) as raised:
        await previewed(
            uow, "FREQ=NEVER", wall("2027-01-01", "Mars/Olympus"), since=wall("2027-01-01 09:00", "Mars/Olympus")
        )

    assert [each.pointer for each in raised.value.errors] == [
        "#/due/time",
        "#/due/time_zone",
        "#/recurrence/rule",
        "#/from/time_zone",
    ]


@pytest.mark.parametrize(
    ("due", "recurrence", "pointer"),
    [
        (None, RecurrenceDraft(rule="FREQ=DAILY"), "#/due"),
        (wall("2027-01-01"), None, "#/recurrence"),
        (None, None, "#/recurrence"),
    ],
)
async def test_due_and_recurrence_are_required(
    uow: FakeUnitOfWork, due: WallClock | None, recurrence: RecurrenceDraft | None, pointer: str
) -> None:
    with pytest.raises(Invalid) as raised:
        await preview(uow.unit(), due=due, recurrence=recurrence, count=1)

    assert (raised.value.pointer, raised.value.code) == (pointer, "required")
