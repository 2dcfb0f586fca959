"""Which occurrence a recurring task is at after one of them, and what it was before: pure, without a unit of work.

The next occurrence is the first one after the latest of the one that ended, `due` where that was moved, and now unless
the task takes each occurrence, however late (`overdue: step`). What is passed over uses up COUNT. With `anchor:
completion` the series begins again on the day of completion, unless its rule would name nothing from there.
"""

import datetime as dt
from dataclasses import replace
from typing import Final

from domain.instants import instant_of, local_day, local_time
from domain.model.completions import CompletionRecord
from domain.model.tasks import Task
from domain.recurrence import rules, series
from domain.recurrence.series import Position, Series
from domain.wall_clocks import WallClock

_DAY: Final = dt.timedelta(days=1)
"""Clocks have never been changed by more than a day at once."""


def needs_now(task: Task) -> bool:
    """Whether the next occurrence of a task that recurs depends on what time it is."""
    recurrence = task.recurrence
    assert recurrence is not None
    return recurrence.anchor == "completion" or recurrence.overdue == "skip"


def following(task: Task, *, now: dt.datetime, time_zone: str) -> Task | None:
    """Return a task that recurs as it is at its next occurrence, which begins *now*; None at the end of its series.

    *time_zone* is that in which it is decided what day and time it is. It does not matter unless `needs_now`.
    """
    recurrence, due, occurrence = task.recurrence, task.due, task.occurrence
    assert recurrence is not None
    assert due is not None
    assert occurrence is not None
    course, done = _course(task, occurrence, today=local_day(now, time_zone=time_zone))
    after = max(occurrence, due, key=_local)
    position = Position(at=done, remaining=recurrence.remaining)
    if recurrence.overdue == "skip":
        found = _first_to_come(course, position, after=after, now=now, time_zone=time_zone)
    else:
        found = series.following(course, position, after=after)
    return None if found is None else _moved(task, found, start=course.start, now=now)


def ended(task: Task) -> Task:
    """Return a task as it is at the end of its series: nothing comes after, whatever was passed over."""
    recurrence = task.recurrence
    assert recurrence is not None
    return replace(task, recurrence=replace(recurrence, remaining=None if recurrence.remaining is None else 0))


def taken_back(task: Task, record: CompletionRecord) -> Task:
    """Return a task as it was before its latest completion. A time or a zone that its series got since then stays."""
    recurrence, due = task.recurrence, task.due
    assert recurrence is not None
    assert due is not None
    completion, undo = record.completion, record.undo

    def with_time_of_now(value: WallClock) -> WallClock:
        is_of_series = value.time == undo.series_start.time
        return replace(value, time=recurrence.series_start.time if is_of_series else value.time, time_zone=None)

    return replace(
        task,
        start=undo.start,
        due=replace(with_time_of_now(completion.due), time_zone=due.time_zone),
        recurrence=replace(
            recurrence,
            series_start=with_time_of_now(undo.series_start),
            occurrence=with_time_of_now(completion.occurrence),
            remaining=undo.remaining,
            occurrence_since=undo.occurrence_since,
        ),
    )


def _course(task: Task, occurrence: WallClock, *, today: dt.date) -> tuple[Series, WallClock]:
    """Return the series that goes on after an *occurrence*, and from which of its occurrences.

    One that begins again today may name nothing: each seventh day that is a Monday, from a Tuesday on. It goes on as it
    was then. That it is at its UNTIL, or that all of COUNT is used up, is an end.
    """
    recurrence, start = task.recurrence, task.series_start
    assert recurrence is not None
    assert start is not None
    course = Series(start=start, rule=rules.read_rule(recurrence.rule))
    if recurrence.anchor == "completion":
        anew = replace(course, start=replace(start, date=today))
        if series.recurs(anew):
            return anew, anew.start
    return course, occurrence


def _first_to_come(
    course: Series, position: Position, *, after: WallClock, now: dt.datetime, time_zone: str
) -> Position | None:
    """Return the first occurrence after *after* that is later than *now*; one without a time, later than today."""
    if course.start.time is None:
        today = WallClock(date=local_day(now, time_zone=time_zone))
        return series.following(course, position, after=max(after, today, key=_local))
    found = series.following(course, position, after=max(after, _past(now, time_zone=time_zone), key=_local))
    while found is not None and instant_of(found.at, time_zone=time_zone) <= now:
        found = series.following(course, found)
    return found


def _past(now: dt.datetime, *, time_zone: str) -> WallClock:
    """Return the wall-clock time up to which everything is past.

    That is what clocks show *now*, unless they skipped a time in the last day: what is at a skipped time comes later.
    """
    local = local_time(now, time_zone=time_zone)
    skipped = local - local_time(now - _DAY, time_zone=time_zone) - _DAY
    past = local - max(skipped, dt.timedelta())
    return WallClock(date=past.date(), time=past.time())


def _moved(task: Task, position: Position, *, start: WallClock, now: dt.datetime) -> Task:
    """Return a task at another *position* of the series that began at *start*."""
    recurrence, occurrence = task.recurrence, task.occurrence
    assert recurrence is not None
    assert occurrence is not None
    return replace(
        task,
        start=_later(task.start, by=position.at.date - occurrence.date),
        due=position.at,
        recurrence=replace(
            recurrence,
            series_start=replace(start, time_zone=None),
            occurrence=replace(position.at, time_zone=None),
            remaining=position.remaining,
            occurrence_since=now,
        ),
    )


def _later(value: WallClock | None, *, by: dt.timedelta) -> WallClock | None:
    """Return a value that is so many days later, at most on the last day that there is."""
    if value is None:
        return None
    return replace(value, date=dt.date.fromordinal(min(value.date.toordinal() + by.days, dt.date.max.toordinal())))


def _local(value: WallClock) -> dt.datetime:
    return dt.datetime.combine(value.date, value.time or dt.time())
