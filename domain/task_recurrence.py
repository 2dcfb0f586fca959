"""How a task recurs: what is stored of it, and what creating and changing a task does with it.

The rules of recurrence themselves are in `domain/recurrence`.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

from domain.checks import Checks
from domain.errors import Invalid
from domain.recurrence import rules, series
from domain.recurrence.rules import Rule
from domain.recurrence.series import Series
from domain.unset import UNSET, Unset, given
from domain.wall_clocks import WallClock

Anchor = Literal["due", "completion"]
"""What the next occurrence is counted from."""
Overdue = Literal["skip", "step"]
"""What follows an occurrence that is completed late: the next one from now on, or the next one of all."""


_ADVICE: Final = " Send another `recurrence.rule` with the new due value."


class DueRequired(Invalid):
    """A task that recurs would have no `due`."""

    code = "required"
    pointer = "#/due"

    def __init__(self) -> None:
        super().__init__("This is required for a task that recurs.")


class RecurrenceRequired(Invalid):
    """A preview would be of nothing."""

    code = "required"
    pointer = "#/recurrence"

    def __init__(self) -> None:
        super().__init__("This is required.")


class RuleRequired(Invalid):
    """A recurrence would have no rule."""

    code = "required"
    pointer = "#/recurrence/rule"

    def __init__(self) -> None:
        super().__init__("This is required for a task that does not recur yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceDraft:
    """The recurrence that a task is to have: *rule* as the client wrote it."""

    rule: str
    anchor: Anchor = "due"
    overdue: Overdue = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrencePatch:
    """A merge patch (RFC 7396) of the recurrence of a task: UNSET keeps a member."""

    rule: str | Unset = UNSET
    anchor: Anchor | Unset = UNSET
    overdue: Overdue | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """How a task recurs, and where it is in its series. The *rule* is normalised.

    `series_start` and `occurrence` have no zone: theirs is that of the task's `due`. They have a time if, and only if,
    `due` has one. The occurrence is as scheduled, whether `due` was moved since or not; it began at `occurrence_since`.
    `remaining` is how many come after it, None without a COUNT. `completion_id` is the latest completion of the series.
    """

    rule: str
    anchor: Anchor
    overdue: Overdue
    series_start: WallClock
    occurrence: WallClock
    remaining: int | None
    occurrence_since: dt.datetime
    completion_id: UUID | None = None


def start_series(draft: RecurrenceDraft, *, due: WallClock | Unset | None, now: dt.datetime) -> Recurrence | None:
    """Return the recurrence of a new task, of which *due* is the first occurrence; None if *due* is UNSET: see `edit`.

    Raises DueRequired, what is wrong with the rule (`recurrence.faults`), or InvalidTogether.
    """
    checks = Checks()
    with checks:
        rule = rules.read_rule(draft.rule, start=due if isinstance(due, WallClock) else None)
    with checks:
        _require_due(due)
    checks.finish()
    return _started(draft, rule, due, now) if isinstance(due, WallClock) else None


def edit(
    stored: Recurrence | None,
    patch: RecurrencePatch | Unset | None,
    *,
    before: WallClock | None,
    due: WallClock | Unset | None,
    now: dt.datetime,
) -> Recurrence | None:
    """Return *stored* after a change: *patch* merged into it (None ends it), for a task that was due at *before*.

    The same rule keeps its series, and gets the time of *due* unless it names times itself. Another rule begins a new
    one. If *due* is UNSET, because it is not valid, only the rest is checked. Raises DueRequired, RuleRequired, what is
    wrong with the rule (`recurrence.faults`), or InvalidTogether.
    """
    if patch is None:
        return None
    if patch is UNSET and (stored is None or _is_same_but_for_date(before, due)):
        return stored
    checks = Checks()
    with checks:
        draft = _merged(stored, patch)
        rule = rules.read_rule(draft.rule, start=due if isinstance(due, WallClock) else None)
    with checks:
        _require_due(due)
    checks.finish()
    if not isinstance(due, WallClock):
        return stored
    if stored is not None and rules.render(rule) == stored.rule:
        return _kept(replace(stored, anchor=draft.anchor, overdue=draft.overdue), rule, due)
    return _started(draft, rule, due, now)


def _is_same_but_for_date(before: WallClock | None, due: WallClock | Unset | None) -> bool:
    return before is not None and isinstance(due, WallClock) and replace(before, date=due.date) == due


def _require_due(due: WallClock | Unset | None) -> None:
    if due is None:
        raise DueRequired


def _merged(stored: Recurrence | None, patch: RecurrencePatch | Unset) -> RecurrenceDraft:
    changes = {} if patch is UNSET else given(rule=patch.rule, anchor=patch.anchor, overdue=patch.overdue)
    if stored is not None:
        return replace(RecurrenceDraft(rule=stored.rule, anchor=stored.anchor, overdue=stored.overdue), **changes)
    if "rule" not in changes:
        raise RuleRequired
    return RecurrenceDraft(**changes)


def _started(draft: RecurrenceDraft, rule: Rule, due: WallClock, now: dt.datetime) -> Recurrence:
    rules.check(rule, start=due)
    start = replace(due, time_zone=None)
    return Recurrence(
        rule=rules.render(rule),
        anchor=draft.anchor,
        overdue=draft.overdue,
        series_start=start,
        occurrence=start,
        remaining=series.first(Series(start=due, rule=rule)).remaining,
        occurrence_since=now,
    )


def _kept(recurrence: Recurrence, rule: Rule, due: WallClock) -> Recurrence:
    keeps_time = rule.names_times and due.time is not None
    start, occurrence = recurrence.series_start, recurrence.occurrence
    if not keeps_time:
        start, occurrence = replace(start, time=due.time), replace(occurrence, time=due.time)
    rules.check_form(rule, start=replace(start, time_zone=due.time_zone), advice=_ADVICE)
    return replace(recurrence, series_start=start, occurrence=occurrence)
