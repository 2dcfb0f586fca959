import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain import completions, projects, restoring, task_deletions, task_moves, task_status, tasks, trash
from domain.limits import MOST_CHANGES, LimitReached
from domain.model.completions import Completion, NothingToSkip, StaleOccurrence
from domain.model.projects import ProjectArchived
from domain.model.tasks import Task, TaskNotFound
from domain.pages import CursorInvalid
from domain.quotas import ROW_BYTES
from domain.task_moves import TaskDestination
from domain.task_recurrence import RecurrenceDraft, RecurrencePatch
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockPatch
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import DAY, HOUR

NINE = dt.time(9)
NOW = dt.datetime(2027, 3, 1, 8, tzinfo=dt.UTC)
"""A Monday: nine in the morning in Berlin, where the user is."""
BERLIN = "Europe/Berlin"


def on(day: str, time: dt.time | None = None, time_zone: str | None = None) -> WallClock:
    return WallClock(date=dt.date.fromisoformat(day), time=time, time_zone=time_zone)


FIRST = on("2027-03-01")


async def recurring(
    uow: FakeUnitOfWork, rule: str = "FREQ=DAILY", *, due: WallClock = FIRST, title: str = "P", **more: Any
) -> Task:
    """A recurring task. *more* is of the recurrence, or of the task."""
    of_rule = {name: more.pop(name) for name in ("anchor", "overdue") if name in more}
    draft = TaskDraft(title=title, due=due, recurrence=RecurrenceDraft(rule=rule, **of_rule), **more)
    return await tasks.create(uow.unit(now=NOW), draft)


async def child(uow: FakeUnitOfWork, parent: Task, title: str = "a", **more: Any) -> Task:
    return await tasks.create(uow.unit(now=NOW), TaskDraft(title=title, parent_id=parent.id, **more))


async def complete(uow: FakeUnitOfWork, task: Task, *, at: dt.datetime = NOW, **more: Any) -> Task:
    return await task_status.complete(uow.unit(now=at), task.id, **more)


async def skip(uow: FakeUnitOfWork, task: Task, *, at: dt.datetime = NOW, **more: Any) -> Task:
    return await task_status.skip(uow.unit(now=at), task.id, **more)


async def reopen(uow: FakeUnitOfWork, task: Task, *, at: dt.datetime = NOW + DAY) -> Task:
    return await task_status.reopen(uow.unit(now=at), task.id)


async def patched(uow: FakeUnitOfWork, task: Task, **edit: Any) -> Task:
    return await tasks.update(uow.unit(now=NOW + HOUR), task.id, edit=TaskEdit(**edit))


async def read(uow: FakeUnitOfWork, task: Task) -> Task:
    return await tasks.get(uow.unit(), task.id)


async def listed(uow: FakeUnitOfWork, task: Task) -> Sequence[Completion]:
    return (await completions.page(uow.unit(), task.id)).items


def unstamped(task: Task) -> Task:
    """The task without what every change sets."""
    return replace(task, revision=0, updated_at=NOW)


def logged(uow: FakeUnitOfWork, revision: int) -> list[tuple[str, UUID]]:
    return [(kind, each) for kind, each in uow.store.logged(uow.workspace_id, revision)]


# --- the next occurrence ---


@pytest.mark.parametrize(
    ("rule", "due", "more", "at", "expected"),
    [
        # after the occurrence that is completed, however early
        ("FREQ=DAILY", on("2027-03-05"), {}, "2027-03-01T08:00", "2027-03-06"),
        # after today, unless each occurrence is taken
        ("FREQ=DAILY", on("2027-02-10"), {}, "2027-03-01T08:00", "2027-03-02"),
        ("FREQ=DAILY", on("2027-02-10"), {"overdue": "step"}, "2027-03-01T08:00", "2027-02-11"),
        # today in the zone of the user: it is March in Berlin
        ("FREQ=DAILY", on("2027-02-27"), {}, "2027-02-28T23:30", "2027-03-02"),
        ("FREQ=DAILY", on("2027-02-27"), {}, "2027-02-28T22:30", "2027-03-01"),
        # a floating time: now in the zone of the user
        ("FREQ=DAILY", on("2027-02-27", NINE), {}, "2027-03-01T07:59:59", "2027-03-01"),
        ("FREQ=DAILY", on("2027-02-27", NINE), {}, "2027-03-01T08:00", "2027-03-02"),
        # a time in a zone: now in that zone
        ("FREQ=DAILY", on("2027-02-27", NINE, "Asia/Tokyo"), {}, "2027-02-28T23:59:59", "2027-03-01"),
        ("FREQ=DAILY", on("2027-02-27", NINE, "Asia/Tokyo"), {}, "2027-03-01T00:00", "2027-03-02"),
        ("FREQ=DAILY", on("2027-02-27", NINE, "Asia/Tokyo"), {"overdue": "step"}, "2027-03-01T00:00", "2027-02-28"),
        # the series begins again on the day of completion, in the zone of due or of the user
        ("FREQ=DAILY;INTERVAL=7", on("2027-02-10"), {"anchor": "completion"}, "2027-03-01T08:00", "2027-03-08"),
        ("FREQ=DAILY;INTERVAL=7", on("2027-02-10"), {"anchor": "completion"}, "2027-02-28T23:30", "2027-03-08"),
        (
            "FREQ=DAILY;INTERVAL=7",
            on("2027-02-10", NINE, "America/New_York"),
            {"anchor": "completion"},
            "2027-03-01T02:00",
            "2027-03-07",
        ),
        (
            "FREQ=DAILY;INTERVAL=7",
            on("2027-02-10"),
            {"anchor": "completion", "overdue": "step"},
            "2027-02-28T23:30",
            "2027-03-08",
        ),
        # and yet never before the one that is completed
        ("FREQ=DAILY;INTERVAL=3", on("2027-03-10"), {"anchor": "completion"}, "2027-03-05T08:00", "2027-03-11"),
        ("FREQ=WEEKLY;BYDAY=MO", on("2027-03-01"), {"anchor": "completion"}, "2027-03-03T08:00", "2027-03-08"),
    ],
)
async def test_the_next_occurrence_is_after_the_one_that_ends_and_after_now(  # noqa: PLR0913, PLR0917  # a case
    uow: FakeUnitOfWork, rule: str, due: WallClock, more: dict[str, Any], at: str, expected: str
) -> None:
    task = await recurring(uow, rule, due=due, **more)
    now = await complete(uow, task, at=dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    assert now.status == "open"
    assert now.completed_at is None
    assert (now.due, now.occurrence) == (on(expected, due.time, due.time_zone),) * 2


@pytest.mark.parametrize(
    ("time", "at", "expected"),
    [
        # 02:30 does not exist on 2027-03-28: it is 03:30 there, which is still to come at 03:10
        (dt.time(2, 30), "2027-03-28T01:10", "2027-03-28"),
        (dt.time(2, 30), "2027-03-28T01:30", "2027-03-29"),
        # 02:30 occurs twice on 2027-10-31, and is the first: at the second 02:10 it is past
        (dt.time(2, 30), "2027-10-31T00:10", "2027-10-31"),
        (dt.time(2, 30), "2027-10-31T01:10", "2027-11-01"),
    ],
)
async def test_what_is_past_is_decided_by_instants_where_clocks_change(
    uow: FakeUnitOfWork, time: dt.time, at: str, expected: str
) -> None:
    task = await recurring(uow, due=on("2027-03-27" if at < "2027-04" else "2027-10-30", time, BERLIN))
    now = await complete(uow, task, at=dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    assert now.due == on(expected, time, BERLIN)


@pytest.mark.parametrize(
    ("due", "at", "expected"),
    [
        # 02:00 and 02:30 do not exist: 02:30 and 03:30 are both at 01:30Z, which is past then
        ("2027-03-28T01:30", "2027-03-28T01:30", "2027-03-28T04:30"),
        ("2027-03-28T01:30", "2027-03-28T01:29", "2027-03-28T02:30"),
        # the clocks show 02:10 for the second time: 03:00 is the next one, and nothing is passed over the day after
        ("2027-10-31T00:00", "2027-10-31T01:10", "2027-10-31T03:00"),
        ("2027-10-31T00:00", "2027-10-31T11:10", "2027-10-31T13:00"),
    ],
)
async def test_no_hour_is_passed_over_or_late_where_clocks_change(
    uow: FakeUnitOfWork, due: str, at: str, expected: str
) -> None:
    def berlin(local: str) -> WallClock:
        day, time = local.split("T")
        return on(day, dt.time.fromisoformat(time), BERLIN)

    task = await recurring(uow, "FREQ=HOURLY", due=berlin(due))
    now = await complete(uow, task, at=dt.datetime.fromisoformat(f"{at}Z"))
    assert now.due == berlin(expected)


async def test_a6_rescheduling_moves_this_occurrence_and_not_the_series(uow: FakeUnitOfWork) -> None:
    """The recurrence was lost, or its phase was shifted."""
    task = await recurring(uow, "FREQ=WEEKLY;BYDAY=MO")
    moved = await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 4)))
    assert (moved.recurrence, moved.occurrence) == (task.recurrence, on("2027-03-01"))
    thursday = NOW + 3 * DAY
    assert (await complete(uow, task, at=thursday)).due == on("2027-03-08")


@pytest.mark.parametrize("overdue", ["skip", "step"])
async def test_a6_the_next_occurrence_is_after_a_due_that_was_moved(uow: FakeUnitOfWork, overdue: str) -> None:
    task = await recurring(uow, overdue=overdue)
    await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 3)))
    assert (await complete(uow, task, at=NOW + 2 * DAY)).due == on("2027-03-04")


async def test_the_next_occurrence_is_after_a_time_that_was_moved_behind_now(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, due=on("2027-03-01", NINE, BERLIN))
    await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 5)))
    assert (await complete(uow, task, at=NOW + DAY)).due == on("2027-03-06", NINE, BERLIN)


async def test_the_next_occurrence_is_after_the_one_that_ends_although_it_was_moved_forward(
    uow: FakeUnitOfWork,
) -> None:
    """Or two occurrences of a series that begins again would have one name."""
    task = await recurring(uow, "FREQ=DAILY;INTERVAL=3", due=on("2027-03-10"), anchor="completion")
    await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 4)))
    assert (await complete(uow, task, at=NOW + 4 * DAY)).due == on("2027-03-11")


async def test_what_is_passed_over_uses_up_the_count(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=10")
    assert task.recurrence
    late = await complete(uow, task, at=NOW + 3 * DAY)
    assert late.recurrence
    assert (task.recurrence.remaining, late.due, late.recurrence.remaining) == (9, on("2027-03-05"), 5)


async def test_the_count_goes_on_when_the_series_begins_again(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;INTERVAL=3;COUNT=3", anchor="completion")
    for day, left in ((5, 1), (6, 0)):
        task = await complete(uow, task, at=NOW + day * DAY)
        assert task.recurrence
        started = dt.date(2027, 3, 1) + day * DAY
        assert (task.recurrence.series_start.date, task.recurrence.remaining) == (started, left)
    assert (await complete(uow, task, at=NOW + 9 * DAY)).status == "completed"
    *_, undone = [await reopen(uow, task) for _ in range(3)]
    assert (undone.due, undone.status) == (on("2027-03-01"), "open")


@pytest.mark.parametrize("overdue", ["skip", "step"])
@pytest.mark.parametrize(
    ("rule", "due", "at", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "2027-03-01", "2027-03-02", "2027-03-08"),
        ("FREQ=MONTHLY;BYMONTH=2", "2027-02-28", "2027-03-30", "2028-02-28"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=3", "2027-03-01", "2027-03-02", "2027-03-08"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO;UNTIL=20270308", "2027-03-01", "2027-03-02", "2027-03-08"),
        # early, and moved: never before the one that is completed, nor before due
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "2027-03-08", "2027-03-02", "2027-03-15"),
    ],
)
async def test_a_series_that_would_name_nothing_from_the_day_of_completion_goes_on_as_it_was(  # noqa: PLR0913, PLR0917  # a case
    uow: FakeUnitOfWork, rule: str, due: str, at: str, expected: str, overdue: str
) -> None:
    task = await recurring(uow, rule, due=on(due), anchor="completion", overdue=overdue)
    assert task.recurrence
    now = await complete(uow, task, at=dt.datetime.fromisoformat(f"{at}T08:00Z"))
    assert now.recurrence
    assert (now.status, now.due, now.series_start) == ("open", on(expected), task.series_start)
    left = task.recurrence.remaining
    assert now.recurrence.remaining == (left and left - 1)
    assert unstamped(await reopen(uow, task)) == unstamped(task)


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=1", "2027-03-02"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO;UNTIL=20270307", "2027-03-02"),
        # from the 2nd on, the next one would be the 9th, after its end; on the 8th it was before it began again
        ("FREQ=DAILY;INTERVAL=7;UNTIL=20270308", "2027-03-02"),
        ("FREQ=DAILY;INTERVAL=7;COUNT=1", "2027-03-02"),
    ],
)
async def test_a_series_that_begins_again_on_the_day_of_completion_ends_with_its_rule(
    uow: FakeUnitOfWork, rule: str, at: str
) -> None:
    task = await recurring(uow, rule, anchor="completion")
    assert (await complete(uow, task, at=dt.datetime.fromisoformat(f"{at}T08:00Z"))).status == "completed"


async def test_start_keeps_its_distance_and_comes_back(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=WEEKLY", start=on("2027-02-27", NINE, BERLIN))
    now = await complete(uow, task)
    assert (now.start, now.due) == (on("2027-03-06", NINE, BERLIN), on("2027-03-08"))
    assert unstamped(await reopen(uow, task)) == unstamped(task)


async def test_start_keeps_its_distance_to_the_occurrence_and_not_to_a_due_that_was_moved(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=WEEKLY", start=on("2027-02-27"))
    await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 3)))
    now = await complete(uow, task)
    assert (now.start, now.due) == (on("2027-03-06"), on("2027-03-08"))


async def test_start_is_not_after_the_last_day(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=YEARLY", due=on("9997-03-01"), start=on("9998-12-31"))
    assert [(await complete(uow, task)).start for _ in range(2)] == [on("9999-12-31")] * 2
    assert (await complete(uow, task)).status == "completed"


async def test_a_step_in_a_zone_reads_no_account(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, due=on("2027-03-01"), overdue="step")
    uow.store.users.clear()
    assert (await complete(uow, task)).due == on("2027-03-02")


# --- the end of a series ---


async def test_the_last_occurrence_completes_the_task_with_its_open_subtasks(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=2")
    plain, kept = await child(uow, task), await recurring(uow, title="C", parent_id=task.id)
    below = await child(uow, kept, "below")
    await complete(uow, task)
    last = await complete(uow, task, at=NOW + DAY)

    assert (last.status, last.completed_at, last.due) == ("completed", NOW + DAY, on("2027-03-02"))
    assert [each.kind for each in await listed(uow, task)] == ["completed", "completed"]
    assert [(await read(uow, each)).status for each in (plain, kept, below)] == ["completed", "open", "open"]
    assert logged(uow, last.revision) == [("task.completed", task.id), ("task.completed", plain.id)]

    again = await reopen(uow, task)
    assert (again.status, again.completed_at, again.due) == ("open", None, on("2027-03-02"))
    assert (await read(uow, plain)).status == "open"
    assert len(await listed(uow, task)) == 1
    assert unstamped(await reopen(uow, task)) == unstamped(task)


async def test_the_subtasks_of_the_last_occurrence_can_stay_open(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=1")
    open_one = await child(uow, task)
    assert (await complete(uow, task, subtasks="keep")).status == "completed"
    assert await read(uow, open_one) == open_one


async def test_skipping_the_last_occurrence_completes_the_task(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=1")
    open_one = await child(uow, task)
    last = await skip(uow, task)
    assert (last.status, (await read(uow, open_one)).status) == ("completed", "completed")
    assert [each.kind for each in await listed(uow, task)] == ["skipped"]
    assert logged(uow, last.revision) == [("task.skipped", task.id), ("task.completed", open_one.id)]
    assert await skip(uow, task, occurrence=on("2027-03-01")) == last
    with pytest.raises(NothingToSkip):
        await skip(uow, task)
    assert unstamped(await reopen(uow, task)) == unstamped(task)


async def test_what_waits_is_released_by_the_last_occurrence_alone(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=2")
    waiting = await tasks.create(uow.unit(), TaskDraft(title="Wait", depends_on_ids=[task.id]))
    for still in (True, False):
        await complete(uow, task)
        assert (await read(uow, waiting)).blocked is still
    for _ in range(2):
        await reopen(uow, task)
        assert (await read(uow, waiting)).blocked


async def test_completing_a_completed_one_changes_nothing(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=1")
    last = await complete(uow, task)
    assert await complete(uow, task, at=NOW + DAY) == last
    assert await complete(uow, task, at=NOW + DAY, occurrence=on("2027-03-01")) == last
    with pytest.raises(StaleOccurrence):
        await complete(uow, task, occurrence=on("2027-03-02"))


# --- which occurrence is meant ---


async def test_an_occurrence_can_be_completed_once(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, due=on("2027-03-01", NINE, BERLIN))
    meant = task.occurrence
    assert meant is not None
    now = await complete(uow, task, occurrence=meant)
    for act in (complete, skip):
        for stale in (meant, replace(meant, time_zone=None), on("2027-03-02")):
            with pytest.raises(StaleOccurrence):
                await act(uow, task, occurrence=stale)
    assert await read(uow, task) == now
    assert (await skip(uow, task, occurrence=now.occurrence)).due == on("2027-03-03", NINE, BERLIN)


async def test_a_task_that_does_not_recur_has_no_occurrence(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Once", due=on("2027-03-01")))
    for act in (complete, skip):
        with pytest.raises(StaleOccurrence):
            await act(uow, task, occurrence=on("2027-03-01"))
    with pytest.raises(NothingToSkip):
        await skip(uow, task)
    await complete(uow, task)
    with pytest.raises(NothingToSkip):
        await skip(uow, task)
    assert await listed(uow, task) == ()


# --- subtasks ---


async def test_a3_completing_a_parent_leaves_a_recurring_subtask_alone(uow: FakeUnitOfWork) -> None:
    """A subtask that was done already was completed a second time with its parent. ADR 112."""
    parent = await recurring(uow, "FREQ=WEEKLY", title="P")
    c = await recurring(uow, "FREQ=WEEKLY", title="C", parent_id=parent.id)
    done = await complete(uow, c)
    assert done.due == on("2027-03-08")
    assert (await complete(uow, parent)).due == on("2027-03-08")
    assert await read(uow, c) == done
    assert len(await listed(uow, c)) == 1

    plain = await tasks.create(uow.unit(now=NOW), TaskDraft(title="Plain"))
    d = await recurring(uow, "FREQ=WEEKLY", title="D", parent_id=plain.id)
    below = await child(uow, d, "below")
    await complete(uow, plain)
    assert [await read(uow, each) for each in (d, below)] == [d, below]


async def test_a4_the_next_occurrence_begins_with_open_subtasks(uow: FakeUnitOfWork) -> None:
    """They stayed ticked, or those that were done long ago came back."""
    old = await recurring(uow)
    early = await child(uow, old, "long ago")
    await complete(uow, early, at=NOW - HOUR)  # before the occurrence began
    a, b, deep = await child(uow, old, "a"), await child(uow, old, "b"), None
    deep = await child(uow, b, "deep")
    gone = await child(uow, old, "gone")
    await task_status.cancel(uow.unit(now=NOW), gone.id)
    done = [await complete(uow, each, at=NOW + HOUR) for each in (a, deep)]

    now = await complete(uow, old, at=NOW + 2 * HOUR)

    assert now.due == on("2027-03-02")
    for each in (a, b, deep):
        found = await read(uow, each)
        assert (found.status, found.completed_at) == ("open", None)
    assert [(await read(uow, each)).status for each in (early, gone)] == ["completed", "cancelled"]
    assert logged(uow, now.revision) == [
        ("task.completed", old.id),
        ("task.reopened", a.id),
        ("task.reopened", deep.id),
    ]
    (completion,) = await listed(uow, old)
    assert (completion.occurrence, completion.completed_at) == (on("2027-03-01"), NOW + 2 * HOUR)

    back = await reopen(uow, old)
    assert unstamped(back) == unstamped(old)
    for before in done:
        assert unstamped(await read(uow, before)) == unstamped(before)
    assert (await read(uow, b)).status == "open"
    assert logged(uow, back.revision) == [
        ("task.reopened", old.id),
        ("task.completed", a.id),
        ("task.completed", deep.id),
    ]


async def test_what_was_done_in_an_occurrence_before_stays_done(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    other = await tasks.create(uow.unit(now=NOW), TaskDraft(title="Other"))
    done = await complete(uow, other, at=NOW + HOUR)
    await complete(uow, task, at=NOW + 2 * HOUR)
    await task_moves.move(uow.unit(), done.id, to=TaskDestination(parent_id=task.id))
    await complete(uow, task, at=NOW + 3 * HOUR)
    assert (await read(uow, done)).status == "completed"


async def test_skipping_begins_the_next_occurrence_with_open_subtasks_too(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    a = await complete(uow, await child(uow, task))
    now = await skip(uow, task)
    assert (now.due, (await read(uow, a)).status) == (on("2027-03-02"), "open")
    assert logged(uow, now.revision) == [("task.skipped", task.id), ("task.reopened", a.id)]
    assert unstamped(await reopen(uow, task)) == unstamped(task)
    assert (await read(uow, a)).status == "completed"


async def test_what_waits_for_a_subtask_waits_again_in_the_next_occurrence(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    a = await child(uow, task)
    waiting = await tasks.create(uow.unit(), TaskDraft(title="Wait", depends_on_ids=[a.id]))
    await patched(uow, task, depends_on_ids=[a.id])
    await complete(uow, a)
    now = await complete(uow, task)
    assert [now.blocked, (await read(uow, waiting)).blocked] == [True, True]
    back = await reopen(uow, task)
    assert [back.blocked, (await read(uow, waiting)).blocked] == [False, False]


async def test_subtasks_below_a_recurring_one_belong_to_that(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    inner = await recurring(uow, title="inner", parent_id=task.id)
    below = await complete(uow, await child(uow, inner))
    await complete(uow, task)
    assert await read(uow, below) == below
    await complete(uow, inner)
    assert (await read(uow, below)).status == "open"


async def test_taking_back_finds_only_what_is_still_below_and_does_not_recur(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    names = ("stays", "moved", "deleted", "recurs", "restored", "again", "cancelled")
    found = {name: await complete(uow, await child(uow, task, name, due=on("2027-03-01"))) for name in names}
    other = await tasks.create(uow.unit(), TaskDraft(title="Other"))
    await complete(uow, task)

    await task_moves.move(uow.unit(), found["moved"].id, to=TaskDestination(parent_id=other.id))
    for name in ("deleted", "restored"):
        await task_deletions.delete(uow.unit(), found[name].id)
    await restoring.task(uow.unit(), found["restored"].id)
    await patched(uow, found["recurs"], recurrence=RecurrencePatch(rule="FREQ=DAILY"))
    await complete(uow, found["again"], at=NOW + DAY)
    await task_status.cancel(uow.unit(), found["cancelled"].id)
    new = await child(uow, task, "new")
    await reopen(uow, task)

    for name in ("stays", "restored", "again", "cancelled"):
        now = await read(uow, found[name])
        assert (name, now.status, now.completed_at) == (name, "completed", NOW)
    for each in (found["moved"], found["recurs"], new):
        assert (await read(uow, each)).status == "open"
    await restoring.task(uow.unit(), found["deleted"].id)
    assert (await read(uow, found["deleted"])).status == "open"


async def test_subtasks_that_were_completed_together_are_so_again_when_it_is_taken_back(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    a = await child(uow, task)
    below = await child(uow, a, "below")
    await complete(uow, a)
    together = await read(uow, below)
    await complete(uow, task)
    await reopen(uow, task)
    assert unstamped(await read(uow, below)) == unstamped(together)
    await reopen(uow, a)
    assert (await read(uow, below)).status == "open"


async def test_one_request_changes_a_bounded_number_of_tasks(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    one = await complete(uow, await child(uow, task))
    for number in range(MOST_CHANGES):
        key = (uow.workspace_id, UUID(int=10**9 + number))
        uow.store.tasks[key] = replace(one, id=key[1], position=f"z{number}")
    with pytest.raises(LimitReached):
        await complete(uow, task)
    assert await listed(uow, task) == ()


# --- taking back ---


async def test_a5_reopening_takes_back_exactly_one_after_the_other(uow: FakeUnitOfWork) -> None:
    """The undo went forward, or made a second task."""
    created = await recurring(uow, "FREQ=WEEKLY;BYDAY=MO;COUNT=5", due=on("2027-01-04"))
    first = await patched(uow, created, due=WallClockPatch(date=dt.date(2027, 1, 6)))
    assert first.recurrence
    left = first.recurrence.remaining
    early = dt.datetime(2027, 1, 6, 8, tzinfo=dt.UTC)
    assert (await complete(uow, first, at=early)).due == on("2027-01-11")

    back = await reopen(uow, first)
    assert back.recurrence
    assert (back.due, back.occurrence, back.recurrence.remaining) == (on("2027-01-06"), on("2027-01-04"), left)
    assert unstamped(back) == unstamped(first)
    assert await listed(uow, first) == ()
    assert await reopen(uow, first) == back

    await complete(uow, first, at=early)
    await skip(uow, first, at=early)
    await reopen(uow, first)
    assert unstamped(await reopen(uow, first)) == unstamped(first)
    assert len([each for each in uow.store.tasks.values() if each.title == "P"]) == 1


async def test_a_time_and_a_zone_that_were_changed_since_stay(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, due=on("2027-03-01", NINE, BERLIN))
    await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 2)))
    await complete(uow, task)
    ten = WallClockPatch(time=dt.time(10), time_zone="Asia/Tokyo")
    await patched(uow, task, due=ten)
    back = await reopen(uow, task)
    assert (back.due, back.occurrence, back.series_start) == (
        on("2027-03-02", dt.time(10), "Asia/Tokyo"),
        on("2027-03-01", dt.time(10), "Asia/Tokyo"),
        on("2027-03-01", dt.time(10), "Asia/Tokyo"),
    )


async def test_a_series_that_has_no_time_any_more_is_taken_back_without_one(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, due=on("2027-03-01", NINE))
    await complete(uow, task)
    await patched(uow, task, due=WallClockPatch(time=None))
    back = await reopen(uow, task)
    assert (back.due, back.occurrence, back.series_start) == (on("2027-03-01"),) * 3


async def test_a_rule_that_names_times_is_taken_back_to_the_time_of_the_occurrence(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;BYHOUR=9,17", due=on("2027-03-01", NINE, BERLIN))
    second = await complete(uow, task)
    assert second.due == on("2027-03-01", dt.time(17), BERLIN)
    moved = await patched(uow, second, due=WallClockPatch(time=dt.time(18)))
    third = await complete(uow, moved)
    assert third.due == on("2027-03-02", NINE, BERLIN)
    assert unstamped(await reopen(uow, task)) == unstamped(moved)
    assert unstamped(await reopen(uow, task)) == unstamped(task)


async def test_a_moved_occurrence_and_a_new_start_are_taken_back_too(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, start=on("2027-02-28"))
    await complete(uow, task)
    await patched(uow, task, start=None, due=WallClockPatch(date=dt.date(2027, 4, 1)), title="Q")
    assert unstamped(await reopen(uow, task)) == replace(unstamped(task), title="Q")


@pytest.mark.parametrize(
    "edit", [{"recurrence": None}, {"recurrence": RecurrencePatch(rule="FREQ=WEEKLY")}], ids=["ended", "another"]
)
async def test_completions_of_a_series_before_are_kept_and_cannot_be_taken_back(
    uow: FakeUnitOfWork, edit: dict[str, Any]
) -> None:
    task = await recurring(uow)
    await complete(uow, task)
    changed = await tasks.update(uow.unit(now=NOW), task.id, edit=TaskEdit(**edit))  # at the very same time
    assert await reopen(uow, task) == changed
    assert len(await listed(uow, task)) == 1


async def test_another_way_to_count_is_the_same_series(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    await complete(uow, task)
    await patched(uow, task, recurrence=RecurrencePatch(rule="INTERVAL=1;freq=daily", overdue="step"))
    back = await reopen(uow, task)
    assert back.recurrence
    assert (back.due, back.recurrence.overdue) == (on("2027-03-01"), "step")


async def test_clocks_that_go_back_do_not_change_what_is_taken_back(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    states = [task, *[await complete(uow, task, at=NOW + hours * HOUR) for hours in (5, 3, 1)]]
    for before in reversed(states[:-1]):
        assert unstamped(await reopen(uow, task)) == unstamped(before)
    assert await listed(uow, task) == ()


# --- closed and gone ---


async def test_a_cancelled_task_opens_at_its_occurrence(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    now = await complete(uow, task)
    inner = await recurring(uow, title="inner", parent_id=task.id)
    await task_status.cancel(uow.unit(), task.id)
    assert (await read(uow, inner)).status == "cancelled"
    with pytest.raises(NothingToSkip):
        await skip(uow, task, occurrence=now.occurrence)
    assert unstamped(await reopen(uow, task)) == unstamped(now)
    assert unstamped(await read(uow, inner)) == unstamped(inner)
    assert len(await listed(uow, task)) == 1


async def test_a_cancelled_task_is_completed_as_a_whole(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    await task_status.cancel(uow.unit(), task.id)
    done = await complete(uow, task)
    assert (done.status, done.occurrence, await listed(uow, task)) == ("completed", task.occurrence, ())
    assert unstamped(await reopen(uow, task)) == unstamped(task)


async def test_a_cancelled_task_is_at_no_occurrence_that_can_be_completed(uow: FakeUnitOfWork) -> None:
    """A tap on an old notification made a task done that nobody was to do."""
    task = await recurring(uow)
    cancelled = await task_status.cancel(uow.unit(now=NOW), task.id)
    with pytest.raises(StaleOccurrence):
        await complete(uow, task, occurrence=task.occurrence)
    assert await read(uow, task) == cancelled


async def test_only_the_occurrence_that_ended_the_series_is_skipped_again_without_a_change(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=1")
    last = await skip(uow, task)
    assert await skip(uow, task, occurrence=task.occurrence) == last
    edit = TaskEdit(recurrence=RecurrencePatch(rule="FREQ=DAILY;COUNT=5"))
    changed = await tasks.update(uow.unit(now=NOW), task.id, edit=edit)
    with pytest.raises(NothingToSkip):
        await skip(uow, task, occurrence=changed.occurrence)


async def test_the_end_of_a_series_is_taken_back_with_due_and_start(uow: FakeUnitOfWork) -> None:
    """They stayed where they had been moved to since."""
    task = await recurring(uow, "FREQ=DAILY;COUNT=1", start=on("2027-02-28"))
    await complete(uow, task)
    moved = TaskEdit(due=WallClockPatch(date=dt.date(2027, 3, 8)), start=WallClockPatch(date=dt.date(2027, 3, 7)))
    await tasks.update(uow.unit(now=NOW), task.id, edit=moved)
    now = await reopen(uow, task)
    assert (now.status, now.due, now.start, now.recurrence) == ("open", task.due, task.start, task.recurrence)


async def test_a_series_that_ended_is_taken_back_from_a_cancelled_task(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=1")
    await complete(uow, task)
    await task_status.cancel(uow.unit(), task.id)
    assert unstamped(await reopen(uow, task)) == unstamped(task)
    assert await listed(uow, task) == ()


async def test_a_new_rule_for_a_completed_task_leaves_it_completed(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, "FREQ=DAILY;COUNT=1")
    await complete(uow, task)
    await patched(uow, task, recurrence=RecurrencePatch(rule="FREQ=WEEKLY"))
    back = await reopen(uow, task)
    assert (back.status, back.occurrence, len(await listed(uow, task))) == ("open", on("2027-03-01"), 1)


async def test_completions_come_back_from_the_trash_with_their_task(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    await complete(uow, task)
    await task_deletions.delete(uow.unit(), task.id)
    with pytest.raises(TaskNotFound):
        await listed(uow, task)
    await restoring.task(uow.unit(), task.id)
    assert len(await listed(uow, task)) == 1
    assert unstamped(await reopen(uow, task)) == unstamped(task)


async def test_completions_are_deleted_for_good_with_their_task(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    await complete(uow, task)
    await task_deletions.delete(uow.unit(), task.id)
    await trash.empty(uow.unit())
    assert uow.store.of(Completion) == {}


async def test_in_an_archived_project_nothing_is_completed_and_nothing_taken_back(uow: FakeUnitOfWork) -> None:
    project = await projects.create(uow.unit(), name="Garden")
    task = await recurring(uow, project_id=project.id)
    await complete(uow, task)
    await projects.archive(uow.unit(), project.id)
    for act in (complete, skip, reopen):
        with pytest.raises(ProjectArchived):
            await act(uow, task)
    assert len(await listed(uow, task)) == 1


async def test_a_task_takes_its_completions_to_another_project(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    await complete(uow, task)
    project = await projects.create(uow.unit(), name="Garden")
    moved = await task_moves.move(uow.unit(), task.id, to=TaskDestination(project_id=project.id))
    back = await reopen(uow, task)
    assert (back.due, back.project_id, back.position) == (task.due, project.id, moved.position)


# --- records ---


async def test_a_completion_says_which_occurrence_it_was_and_who_did_it(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow, due=on("2027-03-01", NINE, BERLIN))
    await patched(uow, task, due=WallClockPatch(date=dt.date(2027, 3, 3)))
    await complete(uow, task)
    (found,) = await listed(uow, task)
    assert found == Completion(
        id=found.id,
        workspace_id=uow.workspace_id,
        task_id=task.id,
        occurrence=on("2027-03-01", NINE, BERLIN),
        due=on("2027-03-03", NINE, BERLIN),
        kind="completed",
        completed_by=uow.principal.user_id,
        completed_at=NOW,
    )


async def test_completions_are_listed_in_pages_the_newest_first(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    for hours in range(5):
        await complete(uow, task, at=NOW + hours // 2 * HOUR)
    found: list[Completion] = []
    cursor = None
    for size in (2, 2, 1):
        page = await completions.page(uow.unit(), task.id, limit=2, cursor=cursor)
        assert len(page.items) == size
        found += page.items
        cursor = page.next_cursor
    assert cursor is None
    assert [each.occurrence.date.day for each in found] == [5, 4, 3, 2, 1]
    with pytest.raises(CursorInvalid):
        await completions.page(uow.unit(), task.id, cursor="AAAA")
    first = await completions.page(uow.unit(), task.id, limit=2)
    with pytest.raises(CursorInvalid):
        await completions.page(uow.unit(), (await recurring(uow)).id, cursor=first.next_cursor)


async def test_an_event_says_which_occurrence_it_was_and_what_it_stores(uow: FakeUnitOfWork) -> None:
    task = await recurring(uow)
    await complete(uow, await child(uow, task))
    uow.store.events.clear()
    await complete(uow, task)
    ended, opened = uow.store.events
    assert (ended.type, ended.closed_occurrence) == ("task.completed", on("2027-03-01"))
    assert opened.closed_occurrence is None
    assert ended.added_bytes > ROW_BYTES
    await reopen(uow, task)
    taken_back = uow.store.events[2]
    assert (taken_back.type, taken_back.closed_occurrence) == ("task.reopened", on("2027-03-01"))
    assert taken_back.added_bytes == -ended.added_bytes
