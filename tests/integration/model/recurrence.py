"""What a recurring task does: how it gets a series, and how it goes from one occurrence to the next and back.

The occurrences are found by looking at one day after the other, without the domain's engine.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from domain import zones
from tests.integration.model.things import Completion, Json, Task
from tests.integration.model.workspace import Body, Reason, Workspace, conflict, invalid

Moment = tuple[dt.date, str | None]
"""A day, and a time of it as clients write it."""

_DAYS: Final = 366 * 9
"""So many days are looked at: after 29 February, every rule has its next occurrence in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule, as a function of a day and the day on which its series began. `hours` are those that it names."""

    falls_on: Callable[[dt.date, dt.date], bool]
    count: int | None = None
    until: dt.date | None = None
    hours: tuple[int, ...] = ()

    def moments(self, start: Moment) -> Iterator[Moment]:
        """The start, and what follows it."""
        yield start
        first, time = start
        for days in range(_DAYS):
            day = first + dt.timedelta(days)
            if self.falls_on(day, first) and (self.until is None or day <= self.until):
                yield from ((day, each) for each in self._times(time) if (day, each or "") > (first, time or ""))

    def _times(self, time: str | None) -> tuple[str | None, ...]:
        return tuple(f"{hour:02}{(time or '')[2:]}" for hour in self.hours) or (time,)


def _every_day(_day: dt.date, _start: dt.date) -> bool:
    return True


RULES: Final[dict[str, Rule]] = {
    "FREQ=DAILY": Rule(falls_on=_every_day),
    "FREQ=DAILY;COUNT=3": Rule(falls_on=_every_day, count=3),
    "FREQ=DAILY;UNTIL=20270402": Rule(falls_on=_every_day, until=dt.date(2027, 4, 2)),
    "FREQ=DAILY;INTERVAL=3": Rule(falls_on=lambda day, start: (day - start).days % 3 == 0),
    "FREQ=DAILY;BYHOUR=2,21": Rule(falls_on=_every_day, hours=(2, 21)),
    "FREQ=WEEKLY;BYDAY=MO,TH": Rule(falls_on=lambda day, _start: day.weekday() in {0, 3}),
    "FREQ=WEEKLY;COUNT=2": Rule(falls_on=lambda day, start: (day - start).days % 7 == 0, count=2),
    "FREQ=MONTHLY": Rule(falls_on=lambda day, start: day.day == start.day),
    "FREQ=MONTHLY;BYMONTHDAY=-1": Rule(falls_on=lambda day, _start: day.day == monthrange(day.year, day.month)[1]),
    "FREQ=YEARLY": Rule(falls_on=lambda day, start: (day.month, day.day) == (start.month, start.day)),
}
"""By their normalised text."""
SPELLINGS: Final = {
    **{text: text for text in RULES},
    "FREQ=DAILY;INTERVAL=1": "FREQ=DAILY",
    "byday=TH,MO,TH;freq=weekly": "FREQ=WEEKLY;BYDAY=MO,TH",
}
"""Rules as clients write them, and how they are normalised."""


def wrong(task: Task | None, due: Json | None, body: Body) -> Iterator[Reason]:
    """What is wrong with the recurrence that a task is to have."""
    merged = _merged(task, body)
    if merged is None:
        return
    if "rule" not in merged:
        yield invalid("#/recurrence/rule")
    if due is None:
        yield invalid("#/due")
    if "rule" not in merged or due is None:
        return
    rule = RULES[merged["rule"]]
    is_new = task is None or task.recurrence is None or task.recurrence["rule"] != merged["rule"]
    is_over = is_new and rule.until is not None and (due["date"] or "") > rule.until.isoformat()
    if is_over or (rule.hours and due["time"] is None) or (rule.until and due["time"] is not None):
        yield invalid("#/recurrence/rule")


def become(now: Workspace, task: Task, body: Body) -> None:
    """Give a task the recurrence that a request asks for, after everything else of it."""
    before, merged = task.recurrence, _merged(task, body)
    if merged is None or task.due is None:
        task.recurrence = None
        return
    at = {"date": task.due["date"], "time": task.due["time"]}
    if before is None or before["rule"] != merged["rule"]:
        count = RULES[merged["rule"]].count
        remaining = None if count is None else count - 1
        task.recurrence = {**merged, "series_start": at, "remaining": remaining}
        task.at, task.at_since, task.latest = at, now.next, None
        return
    task.recurrence = {**before, **merged}
    if not RULES[merged["rule"]].hours:
        task.recurrence["series_start"] = {**before["series_start"], "time": at["time"]}
        task.at = {**_at(task), "time": at["time"]}


def _merged(task: Task | None, body: Body) -> Json | None:
    stored = task.recurrence if task else None
    if body.get("recurrence", stored) is None:
        return None
    patch = dict(body.get("recurrence") or {})
    if "rule" in patch:
        patch["rule"] = SPELLINGS[patch["rule"]]
    kept = {name: stored[name] for name in ("rule", "anchor", "overdue")} if stored else {}
    return {"anchor": "due", "overdue": "skip", **kept, **patch}


def stale(task: Task, body: Body | None) -> Iterator[Reason]:
    """The request means another occurrence than that of the task."""
    named = (body or {}).get("occurrence")
    if named is not None and task.shown()["occurrence"] != {"time": None, "time_zone": None, **named}:
        yield conflict("stale-occurrence")


def end(now: Workspace, task: Task, *, kind: str) -> bool:
    """End the occurrence that a task is at, and return whether there is a next one, at which it is then."""
    assert task.recurrence is not None
    shown, found = task.shown(), _following(now, task)
    done = [] if found is None else _done(now, task)
    completion = Completion(
        occurrence=shown["occurrence"],
        due=shown["due"],
        kind=kind,
        completed_by=now.actor,
        completed_at=now.next,
        before=replace(task, completions=[]),
        reopened=[(each.id, each.completed_at or 0, each.closed_with) for each in done],
        is_last=found is None,
    )
    task.completions.append(completion)
    task.latest = completion
    now.advanced.add(task.key)
    if found is None:
        task.recurrence = {**task.recurrence, "remaining": None if task.recurrence["remaining"] is None else 0}
        return False
    at, start, remaining = found
    if task.start:
        days = dt.date.fromisoformat(at["date"]) - dt.date.fromisoformat(_at(task)["date"])
        task.start = {**task.start, "date": (dt.date.fromisoformat(task.start["date"]) + days).isoformat()}
    task.due = {**shown["due"], **at}
    task.recurrence = {**task.recurrence, "series_start": start, "remaining": remaining}
    task.at, task.at_since = at, now.next
    for each in done:
        each.status, each.completed_at, each.closed_with = "open", None, None
    return True


def take_back(now: Workspace, task: Task, completion: Completion) -> None:
    """A task is again what it was before its latest completion, but for a time or a zone that its series got since."""
    assert task.recurrence is not None
    assert task.due is not None
    task.completions.remove(completion)
    before = completion.before
    task.latest = before.latest
    now.advanced.add(task.key)
    assert before.recurrence is not None
    assert before.due is not None
    time_then, time_now = before.recurrence["series_start"]["time"], task.recurrence["series_start"]["time"]

    def with_time_of_now(value: Json) -> Json:
        return {**value, "time": time_now if value["time"] == time_then else value["time"]}

    task.start = before.start
    task.due = {**with_time_of_now(before.due), "time_zone": task.due["time_zone"]}
    task.recurrence["series_start"] = with_time_of_now(before.recurrence["series_start"])
    task.recurrence["remaining"] = before.recurrence["remaining"]
    task.at, task.at_since = with_time_of_now(_at(before)), before.at_since
    ordinary = {each.id: each for each in now.ordinary(task)}
    for task_id, completed_at, closed_with in completion.reopened:
        if each := ordinary.get(task_id):
            each.status, each.completed_at, each.closed_with = "completed", completed_at, closed_with


def _done(now: Workspace, task: Task) -> list[Task]:
    """The subtasks that were completed since the occurrence began."""
    return [each for each in now.ordinary(task) if (each.completed_at or -1) >= task.at_since]


def _following(now: Workspace, task: Task) -> tuple[Json, Json, int | None] | None:
    """The next occurrence, the start of its series, and how many come after it."""
    assert task.recurrence is not None
    assert task.due is not None
    zone = zones.zone(task.due["time_zone"] or now.accounts[now.actor].time_zone)
    today = now.instant.astimezone(zone).date()
    start, done, after = (_moment(each) for each in (task.recurrence["series_start"], _at(task), task.due))
    after = max(after, done, key=_sortable)
    if task.recurrence["anchor"] == "completion":
        start = done = (today, start[1])
    remaining = task.recurrence["remaining"]
    for day, time in RULES[task.recurrence["rule"]].moments(start):
        if _sortable((day, time)) <= _sortable(done):
            continue
        if remaining is not None:
            remaining -= 1
            if remaining < 0:
                return None
        is_over = task.recurrence["overdue"] == "skip" and not _is_to_come(day, time, zone=zone, now=now, today=today)
        if _sortable((day, time)) > _sortable(after) and not is_over:
            return _json((day, time)), _json(start), remaining
    return None


def _is_to_come(day: dt.date, time: str | None, *, zone: dt.tzinfo, now: Workspace, today: dt.date) -> bool:
    if time is None:
        return day > today
    return dt.datetime.combine(day, dt.time.fromisoformat(time), zone).astimezone(dt.UTC) > now.instant


def _at(task: Task) -> Json:
    assert task.at is not None
    return task.at


def _moment(value: Json) -> Moment:
    return dt.date.fromisoformat(value["date"]), value["time"]


def _json(moment: Moment) -> dict[str, Any]:
    return {"date": moment[0].isoformat(), "time": moment[1]}


def _sortable(moment: Moment) -> tuple[dt.date, str]:
    return moment[0], moment[1] or ""
