import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain import task_status, tasks
from domain.errors import Invalid, InvalidTogether
from domain.model.tasks import Task
from domain.quotas import size_of
from domain.task_recurrence import DueRequired, Recurrence, RecurrenceDraft, RecurrencePatch, RuleRequired
from domain.tasks import TaskDraft, TaskEdit
from domain.unset import UNSET
from domain.wall_clocks import WallClock, WallClockIncomplete, WallClockPatch
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork

LATER = NOON.replace(hour=13)
MONDAY = dt.date(2027, 3, 1)
THURSDAY = dt.date(2027, 3, 4)
NINE, TEN = dt.time(9), dt.time(10)
IN_BERLIN = WallClock(date=MONDAY, time=NINE, time_zone="Europe/Berlin")
FLOATING = replace(IN_BERLIN, time_zone=None)
DAY = WallClock(date=MONDAY)
WEEKLY = "FREQ=WEEKLY;COUNT=5"


async def recurring(uow: FakeUnitOfWork, *, rule: str = WEEKLY, due: WallClock = IN_BERLIN, **more: Any) -> Task:
    draft = TaskDraft(title="Water", due=due, recurrence=RecurrenceDraft(rule=rule, **more))
    return await tasks.create(uow.unit(), draft)


async def patched(uow: FakeUnitOfWork, task: Task, **edit: Any) -> Task:
    """The task after a change, at another time than it was created."""
    return await tasks.update(uow.unit(now=LATER), task.id, edit=TaskEdit(**edit))


def recurrence_of(task: Task) -> Recurrence:
    assert task.recurrence is not None
    return task.recurrence


async def faults(uow: FakeUnitOfWork, task: Task, **edit: Any) -> set[tuple[str | None, str]]:
    """The pointers and codes of all that is wrong with a change, which changes nothing."""
    with pytest.raises((Invalid, InvalidTogether)) as raised:
        await patched(uow, task, **edit)
    assert await tasks.get(uow.unit(), task.id) == task
    error = raised.value
    assert isinstance(error, Invalid | InvalidTogether)
    errors: Sequence[Invalid] = error.errors if isinstance(error, InvalidTogether) else [error]
    return {(error.pointer, error.code) for error in errors}


# --- a new series ---


@pytest.mark.parametrize("due", [DAY, FLOATING, IN_BERLIN])
async def test_the_due_of_a_new_task_is_the_first_occurrence_even_off_the_rule(
    uow: FakeUnitOfWork, due: WallClock
) -> None:
    task = await recurring(uow, rule="count=3;freq=weekly;byday=we", due=due)

    at = replace(due, time_zone=None)
    assert recurrence_of(task) == Recurrence(
        rule="FREQ=WEEKLY;BYDAY=WE;COUNT=3",
        anchor="due",
        overdue="skip",
        series_start=at,
        occurrence=at,
        remaining=2,
        occurrence_since=NOON,
    )
    assert (task.due, task.occurrence, task.series_start) == (due, due, due)
    assert await tasks.get(uow.unit(), task.id) == task


async def test_a_rule_without_count_has_no_remaining_number(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=DAILY", anchor="completion", overdue="step")

    found = recurrence_of(task)
    assert (found.remaining, found.anchor, found.overdue) == (None, "completion", "step")


async def test_a_task_that_does_not_recur_has_no_occurrence(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Water", due=DAY))

    assert (task.recurrence, task.occurrence, task.series_start) == (None, None, None)


async def test_a_task_without_due_cannot_recur(uow: FakeUnitOfWork) -> None:
    with pytest.raises(DueRequired):
        await tasks.create(uow.unit(), TaskDraft(title="Water", recurrence=RecurrenceDraft(rule="FREQ=DAILY")))

    assert not uow.store.tasks


async def test_all_that_is_wrong_with_a_new_task_is_reported_together(uow: FakeUnitOfWork) -> None:
    due = WallClock(date=MONDAY, time=NINE, time_zone="Mars/Olympus")
    draft = TaskDraft(title=" ", due=due, recurrence=RecurrenceDraft(rule="FREQ=OFTEN"))

    with pytest.raises(InvalidTogether) as raised:
        await tasks.create(uow.unit(), draft)

    pointers = [error.pointer for error in raised.value.errors]
    assert pointers == ["#/title", "#/due/time_zone", "#/recurrence/rule"]


async def test_the_rule_counts_against_the_quota(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=DAILY")

    assert size_of(task) - size_of(replace(task, recurrence=None)) == len("FREQ=DAILY")


@pytest.mark.parametrize("status", ["open", "completed"])
async def test_a_task_can_recur_from_a_change_on(uow: FakeUnitOfWork, status: str) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Water", due=DAY))
    if status == "completed":
        await task_status.complete(uow.unit(), task.id)

    due = WallClockPatch(date=THURSDAY, time=TEN)
    changed = await patched(uow, task, recurrence=RecurrencePatch(rule=WEEKLY), due=due)

    start = WallClock(date=THURSDAY, time=TEN)
    assert (changed.status, changed.due, changed.occurrence, changed.series_start) == (status, start, start, start)
    assert (recurrence_of(changed).remaining, recurrence_of(changed).occurrence_since) == (4, LATER)
    assert (recurrence_of(changed).anchor, recurrence_of(changed).overdue) == ("due", "skip")


async def test_a_change_needs_a_rule_and_a_due(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Water"))
    due, rule = ("#/due", DueRequired.code), ("#/recurrence/rule", RuleRequired.code)

    assert await faults(uow, task, recurrence=RecurrencePatch(rule=WEEKLY)) == {due}
    assert await faults(uow, task, recurrence=RecurrencePatch(anchor="completion")) == {due, rule}
    assert await faults(uow, task, recurrence=RecurrencePatch(overdue="step"), due=WallClockPatch(date=MONDAY)) == {
        rule
    }


# --- what changes a series, and what does not ---


async def test_another_date_moves_this_occurrence_only(uow: FakeUnitOfWork) -> None:
    """A6: a task that was moved lost its recurrence, or the whole series moved."""
    task = await recurring(uow)

    moved = await patched(uow, task, due=WallClockPatch(date=THURSDAY))

    assert moved.due == replace(IN_BERLIN, date=THURSDAY)
    assert (moved.recurrence, moved.occurrence, moved.series_start) == (task.recurrence, IN_BERLIN, IN_BERLIN)


async def test_another_time_is_that_of_the_series(uow: FakeUnitOfWork) -> None:
    moved = await patched(uow, await recurring(uow), due=WallClockPatch(date=THURSDAY))

    later = await patched(uow, moved, due=WallClockPatch(time=TEN))

    at_ten = replace(IN_BERLIN, time=TEN)
    assert later.due == replace(at_ten, date=THURSDAY)
    assert (later.occurrence, later.series_start) == (at_ten, at_ten)
    assert (recurrence_of(later).remaining, recurrence_of(later).occurrence_since) == (4, NOON)


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9,18", "FREQ=DAILY;BYMINUTE=0,30"])
async def test_a_rule_that_names_times_keeps_them(uow: FakeUnitOfWork, rule: str) -> None:
    task = await recurring(uow, rule=rule)

    later = await patched(uow, task, due=WallClockPatch(time=TEN))

    assert later.due == replace(IN_BERLIN, time=TEN)
    assert (later.occurrence, later.series_start) == (IN_BERLIN, IN_BERLIN)


async def test_an_occurrence_can_be_moved_behind_the_end_of_its_series(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=DAILY;BYHOUR=9,18;UNTIL=20270301T170000Z")

    late = await patched(uow, task, due=WallClockPatch(time=dt.time(23)))

    assert (late.due, late.recurrence) == (replace(IN_BERLIN, time=dt.time(23)), task.recurrence)
    assert (await patched(uow, late, due=WallClockPatch(date=THURSDAY))).recurrence == task.recurrence


async def test_a_series_that_has_begun_can_have_a_time_and_a_zone_that_are_behind_its_end(uow: FakeUnitOfWork) -> None:
    """Its start is the day of the completion, and no longer far before UNTIL."""
    rule = "FREQ=DAILY;BYHOUR=9,17;UNTIL=20270302T160000Z"
    task = await recurring(uow, rule=rule, due=IN_BERLIN, anchor="completion", overdue="step")
    tuesday = dt.datetime(2027, 3, 2, 8, tzinfo=dt.UTC)
    begun = await task_status.complete(uow.unit(now=tuesday), task.id)
    assert begun.due == WallClock(date=dt.date(2027, 3, 2), time=dt.time(17), time_zone="Europe/Berlin")

    far = await patched(uow, begun, due=WallClockPatch(time_zone="Pacific/Honolulu"))

    assert far.due == replace(begun.due, time_zone="Pacific/Honolulu")
    assert (await task_status.complete(uow.unit(now=tuesday), task.id)).status == "completed"


async def test_the_only_occurrence_of_a_series_can_have_a_time_that_is_behind_its_end(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=DAILY;UNTIL=20270301T120000", due=FLOATING)

    late = await patched(uow, task, due=WallClockPatch(time=dt.time(14)))

    assert (late.due, late.series_start) == (replace(FLOATING, time=dt.time(14)),) * 2
    assert (await task_status.complete(uow.unit(now=LATER), task.id)).status == "completed"


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=DAILY"])
async def test_another_zone_is_that_of_the_series(uow: FakeUnitOfWork, rule: str) -> None:
    task = await recurring(uow, rule=rule)

    elsewhere = await patched(uow, task, due=WallClockPatch(time_zone="Asia/Tokyo"))
    floating = await patched(uow, task, due=WallClockPatch(time_zone=None))

    in_tokyo = replace(IN_BERLIN, time_zone="Asia/Tokyo")
    assert (elsewhere.occurrence, elsewhere.series_start) == (in_tokyo, in_tokyo)
    assert (floating.occurrence, floating.series_start) == (FLOATING, FLOATING)


async def test_a_series_can_become_one_of_days_and_one_of_times_again(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)

    days = await patched(uow, task, due=WallClockPatch(time=None, time_zone=None))
    again = await patched(uow, task, due=WallClockPatch(time=NINE, time_zone="Europe/Berlin"))

    assert (days.due, days.occurrence, days.series_start) == (DAY, DAY, DAY)
    assert replace(again, revision=0, updated_at=NOON) == replace(task, revision=0)


async def test_the_same_rule_in_another_spelling_changes_nothing(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=WEEKLY;COUNT=5;BYDAY=MO,WE")

    for rule in ("freq=weekly;byday=we,mo;count=5", "COUNT=05;FREQ=WEEKLY;INTERVAL=1;WKST=MO;BYDAY=WE,MO,WE"):
        assert await patched(uow, task, recurrence=RecurrencePatch(rule=rule)) == task


async def test_the_same_rule_and_another_date_move_this_occurrence_only(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=WEEKLY;UNTIL=20270302T120000Z")

    edit: dict[str, Any] = {"recurrence": RecurrencePatch(rule="UNTIL=20270302T120000Z;FREQ=WEEKLY")}
    moved = await patched(uow, task, **edit, due=WallClockPatch(date=THURSDAY))

    assert (moved.occurrence, moved.recurrence) == (IN_BERLIN, task.recurrence)


@pytest.mark.parametrize("change", [{"anchor": "completion"}, {"overdue": "step"}])
async def test_another_anchor_or_overdue_keeps_the_series(uow: FakeUnitOfWork, change: dict[str, Any]) -> None:
    task = await recurring(uow)

    changed = await patched(uow, task, recurrence=RecurrencePatch(**change))

    assert changed.recurrence == replace(recurrence_of(task), **change)


async def test_another_rule_begins_a_new_series_with_what_is_then_due(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, anchor="completion", overdue="step")
    moved = await patched(uow, task, due=WallClockPatch(date=THURSDAY))

    changed = await patched(uow, moved, recurrence=RecurrencePatch(rule="FREQ=MONTHLY;COUNT=9"))

    start = replace(FLOATING, date=THURSDAY)
    assert recurrence_of(changed) == Recurrence(
        rule="FREQ=MONTHLY;COUNT=9",
        anchor="completion",
        overdue="step",
        series_start=start,
        occurrence=start,
        remaining=8,
        occurrence_since=LATER,
    )


async def test_a_recurrence_that_ends_leaves_the_due_as_it_is(uow: FakeUnitOfWork) -> None:
    moved = await patched(uow, await recurring(uow), due=WallClockPatch(date=THURSDAY))

    ended = await patched(uow, moved, recurrence=None)

    assert (ended.due, ended.recurrence, ended.occurrence) == (moved.due, None, None)
    assert await patched(uow, ended, recurrence=None) == ended
    assert (await patched(uow, ended, due=None)).due is None


async def test_a_task_that_recurs_stays_due(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)

    assert await faults(uow, task, due=None) == {("#/due", "required")}
    neither = await patched(uow, task, due=None, recurrence=None)
    assert (neither.due, neither.recurrence) == (None, None)


# --- values that do not go together ---


@pytest.mark.parametrize(
    ("rule", "due", "patch"),
    [
        ("FREQ=DAILY;BYHOUR=9,18", IN_BERLIN, WallClockPatch(time=None, time_zone=None)),
        ("FREQ=HOURLY", FLOATING, WallClockPatch(time=None)),
        ("FREQ=DAILY;UNTIL=20270401T070000Z", IN_BERLIN, WallClockPatch(time_zone=None)),
        ("FREQ=DAILY;UNTIL=20270401T070000", FLOATING, WallClockPatch(time_zone="Europe/Berlin")),
        ("FREQ=DAILY;UNTIL=20270401", DAY, WallClockPatch(time=NINE)),
    ],
)
async def test_a_due_that_the_rule_cannot_have_is_refused_with_the_place_of_the_rule(
    uow: FakeUnitOfWork, rule: str, due: WallClock, patch: WallClockPatch
) -> None:
    task = await recurring(uow, rule=rule, due=due)

    for edit in ({}, {"recurrence": RecurrencePatch(overdue="step")}, {"recurrence": RecurrencePatch(rule=rule)}):
        assert {pointer for pointer, _ in await faults(uow, task, due=patch, **edit)} == {"#/recurrence/rule"}


async def test_a_new_rule_can_come_with_the_due_that_it_needs(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, rule="FREQ=DAILY;UNTIL=20270401", due=DAY)

    rule = RecurrencePatch(rule="FREQ=DAILY;UNTIL=20270401T070000")
    changed = await patched(uow, task, due=WallClockPatch(time=NINE), recurrence=rule)

    assert changed.series_start == FLOATING


async def test_faults_of_due_and_rule_are_reported_together(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)

    found = await faults(
        uow, task, due=WallClockPatch(time_zone="Mars/Olympus"), recurrence=RecurrencePatch(rule="FREQ=OFTEN")
    )

    assert {pointer for pointer, _ in found} == {"#/due/time_zone", "#/recurrence/rule"}


@pytest.mark.parametrize("rule", ["FREQ=DAILY;UNTIL=20270401T070000", "FREQ=HOURLY", WEEKLY])
async def test_a_rule_is_not_compared_with_a_due_that_is_not_valid(uow: FakeUnitOfWork, rule: str) -> None:
    """It cannot be known which form `due` is to have."""
    task = await recurring(uow, due=DAY)
    due = WallClock(date=MONDAY, time_zone="Europe/Berlin")

    found = await faults(
        uow, task, due=WallClockPatch(time_zone="Europe/Berlin"), recurrence=RecurrencePatch(rule=rule)
    )
    with pytest.raises(WallClockIncomplete) as raised:
        await tasks.create(uow.unit(), TaskDraft(title="x", due=due, recurrence=RecurrenceDraft(rule=rule)))

    assert found == {("#/due/time", "required")}
    assert raised.value.pointer == "#/due/time"


@pytest.mark.parametrize("edit", [{"title": "Water them"}, {"due": WallClockPatch(date=THURSDAY, time=NINE)}])
async def test_a_change_of_something_else_does_not_look_at_the_rule(uow: FakeUnitOfWork, edit: dict[str, Any]) -> None:
    """A task stays changeable, and can be postponed, if a later version refuses a rule that this one has stored."""
    task = await recurring(uow)
    old = replace(task, recurrence=replace(recurrence_of(task), rule="FREQ=OFTEN"))
    uow.store.tasks[task.workspace_id, task.id] = old

    changed = await patched(uow, old, **edit)

    assert changed.recurrence == old.recurrence
    assert changed.revision == old.revision + 1
    assert (await patched(uow, changed, recurrence=None)).recurrence is None


def test_a_patch_without_members_keeps_all() -> None:
    assert RecurrencePatch() == RecurrencePatch(rule=UNSET, anchor=UNSET, overdue=UNSET)
