import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain import reminder_instants, reminders, task_status, tasks
from domain.model.reminders import Reminder, Settings
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockPatch
from domain.zones import DATA_VERSION
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import DAY, HOUR, ident

BERLIN = Settings(time_zone="Europe/Berlin", reminder_time=dt.time(9))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def due(text: str, *, time_zone: str | None = None) -> WallClock:
    date, _, time = text.partition(" ")
    return WallClock(
        date=dt.date.fromisoformat(date), time=dt.time.fromisoformat(time) if time else None, time_zone=time_zone
    )


def reminder(*, before_due: int | None = 30, **changes: object) -> Reminder:
    created = Reminder(
        id=ident(1),
        workspace_id=ident(2),
        task_id=ident(3),
        user_id=ident(4),
        at=None,
        before_due=before_due,
        fires_at=None,
        fired_for=None,
        fired_at=None,
        zone_data=None,
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)  # type: ignore[arg-type]  # names of fields


@pytest.mark.parametrize(
    ("value", "before_due", "instant"),
    [
        # On a day: at the owner's time, in the owner's zone.
        (due("2027-03-27"), 0, "2027-03-27T08:00Z"),
        (due("2027-03-28"), 0, "2027-03-28T07:00Z"),
        (due("2027-03-28"), 1440, "2027-03-27T07:00Z"),
        # At 09:00 in Berlin, before and after the change of the clocks.
        (due("2027-03-27 09:00", time_zone="Europe/Berlin"), 30, "2027-03-27T07:30Z"),
        (due("2027-03-28 09:00", time_zone="Europe/Berlin"), 30, "2027-03-28T06:30Z"),
        (due("2027-03-28 09:00"), 30, "2027-03-28T06:30Z"),
        (due("2027-03-28 09:00", time_zone="Asia/Tokyo"), 30, "2027-03-27T23:30Z"),
        # Minutes are counted in time that passes: an hour before 03:30 is 01:30, as 02:30 does not exist.
        (due("2027-03-28 03:30"), 60, "2027-03-28T00:30Z"),
        (due("2027-03-28 02:30"), 0, "2027-03-28T01:30Z"),
        (due("2027-10-31 02:30"), 0, "2027-10-31T00:30Z"),
        (due("2027-10-31 03:00"), 60, "2027-10-31T01:00Z"),
        # A zone that is not known any more is UTC.
        (due("2027-03-28 09:00", time_zone="Mars/Olympus"), 30, "2027-03-28T08:30Z"),
        (due("9999-12-31 23:59:59", time_zone="Pacific/Honolulu"), 0, "9999-12-31T23:59:59Z"),
        (due("9999-12-31 23:59", time_zone="UTC"), 525_600, "9998-12-31T23:59Z"),
        (due("0001-01-01 00:00", time_zone="UTC"), 1, "0001-01-01T00:00Z"),
        (due("0001-01-01", time_zone=None), 525_600, "0001-01-01T00:00Z"),
    ],
)
def test_before_due_is_counted_from_the_instant_at_which_the_task_is_due(
    value: WallClock, before_due: int, instant: str
) -> None:
    assert reminder_instants.instant(reminder(before_due=before_due), due=value, settings=BERLIN) == at(instant)


def test_a_day_and_a_floating_time_are_in_the_owner_s_zone_and_a_day_at_the_owner_s_time() -> None:
    honolulu = Settings(time_zone="Pacific/Honolulu", reminder_time=dt.time(18, 30))

    found = [
        reminder_instants.instant(reminder(), due=value, settings=honolulu)
        for value in (due("2027-03-28"), due("2027-03-28 09:00"), due("2027-03-28 09:00", time_zone="UTC"))
    ]

    assert found == [at("2027-03-29T04:00Z"), at("2027-03-28T18:30Z"), at("2027-03-28T08:30Z")]


def test_a_task_that_is_not_due_has_no_instant_and_an_absolute_reminder_does_not_ask() -> None:
    absolute = reminder(before_due=None, at=at("2027-03-28T06:00Z"))

    assert reminder_instants.instant(reminder(), due=None, settings=BERLIN) is None
    assert reminder_instants.instant(absolute, due=None, settings=BERLIN) == absolute.at
    assert reminder_instants.instant(absolute, due=due("2030-01-01"), settings=BERLIN) == absolute.at


def test_only_an_instant_in_the_future_that_is_not_done_fires() -> None:
    value, instant = due("2027-03-28 09:00"), at("2027-03-28T06:30Z")

    def fires_at(given: Reminder, *, now: dt.datetime) -> dt.datetime | None:
        return reminder_instants.scheduled(given, due=value, settings=BERLIN, now=now).fires_at

    assert fires_at(reminder(), now=instant - HOUR) == instant
    assert fires_at(reminder(), now=instant) is None
    assert fires_at(reminder(fires_at=instant - HOUR), now=instant) is None
    assert fires_at(reminder(fired_for=instant), now=instant - HOUR) is None
    assert fires_at(reminder(fired_for=instant - HOUR), now=instant - HOUR) == instant


def test_what_should_have_fired_while_no_server_ran_still_fires() -> None:
    value, instant = due("2027-03-28 09:00"), at("2027-03-28T06:30Z")
    late = reminder(fires_at=instant, zone_data=DATA_VERSION)
    assert reminder_instants.scheduled(late, due=value, settings=BERLIN, now=instant + DAY) == late


def test_a_reminder_has_a_new_revision_exactly_if_it_moves() -> None:
    instant = at("2027-03-28T06:30Z")
    value = due("2027-03-28 09:00")
    moved = reminder_instants.scheduled(reminder(), due=value, settings=BERLIN, now=NOON + HOUR)
    older = replace(moved, zone_data="2020a")
    renewed = reminder_instants.scheduled(older, due=value, settings=BERLIN, now=NOON + DAY)

    assert (moved.fires_at, moved.revision, moved.updated_at) == (instant, 2, NOON + HOUR)
    assert renewed == moved


def test_only_what_was_computed_with_zone_data_names_its_version() -> None:
    absolute = reminder(before_due=None, at=at("2027-03-28T06:00Z"))
    value = due("2027-03-28")

    found = [
        reminder_instants.scheduled(each, due=value, settings=BERLIN, now=now).zone_data
        for each, now in ((reminder(), NOON), (absolute, NOON), (reminder(), at("2028-01-01T00:00Z")))
    ]

    assert found == [DATA_VERSION, None, None]


async def new_task(uow: FakeUnitOfWork, value: WallClock | None) -> UUID:
    return (await tasks.create(uow.unit(), TaskDraft(title="Sow", due=value))).id


async def test_a_reminder_follows_its_task(uow: FakeUnitOfWork) -> None:
    task_id = await new_task(uow, due("2027-03-27 09:00", time_zone="Europe/Berlin"))
    other_id = await new_task(uow, due("2027-03-27 09:00", time_zone="Europe/Berlin"))
    relative = await reminders.create(uow.unit(), task_id, before_due=30)
    absolute = await reminders.create(uow.unit(), task_id, at=at("2027-03-27T06:00Z"))
    other = await reminders.create(uow.unit(), other_id, before_due=30)

    async def after(edit: TaskEdit) -> dt.datetime | None:
        await tasks.update(uow.unit(now=NOON + HOUR), task_id, edit=edit)
        assert await reminders.get(uow.unit(), task_id, absolute.id) == absolute
        assert await reminders.get(uow.unit(), other_id, other.id) == other
        return (await reminders.get(uow.unit(), task_id, relative.id)).fires_at

    found = [
        await after(TaskEdit(due=WallClockPatch(date=dt.date(2027, 3, 28)))),
        await after(TaskEdit(due=WallClockPatch(time_zone="Asia/Tokyo"))),
        await after(TaskEdit(due=None)),
        await after(TaskEdit(due=WallClockPatch(date=dt.date(2026, 3, 1)))),
        await after(TaskEdit(due=WallClockPatch(date=dt.date(2027, 3, 29)))),
    ]

    assert relative.fires_at == at("2027-03-27T07:30Z")
    assert found == [at("2027-03-28T06:30Z"), at("2027-03-27T23:30Z"), None, None, at("2027-03-29T06:30Z")]
    assert (await reminders.get(uow.unit(), task_id, relative.id)).revision == 5


async def test_a_change_of_something_else_leaves_reminders_as_they_are(uow: FakeUnitOfWork) -> None:
    task_id = await new_task(uow, due("2027-03-27"))
    before = await reminders.create(uow.unit(), task_id, before_due=30)
    late = uow.unit(now=at("2028-01-01T00:00Z"))

    await tasks.update(late, task_id, edit=TaskEdit(title="Reap", due=WallClockPatch(date=dt.date(2027, 3, 27))))
    await task_status.complete(late.unit(), task_id)
    await task_status.reopen(late.unit(), task_id)

    assert await reminders.get(late.unit(), task_id, before.id) == before
