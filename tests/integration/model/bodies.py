"""The bodies that are sent, most of them right. What a body names is drawn from what exists, and what does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from hypothesis import strategies as st

from tests.integration.model.recurrence import SPELLINGS
from tests.integration.model.things import Thing
from tests.integration.model.workspace import Workspace
from tests.support.clients import new_id

Strategy = st.SearchStrategy[Any]

UNKNOWN_ID: Final = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"

_TEXTS: Final = st.sampled_from(["Sow", "Säen", "种", "", "two\nlines"])
_NAMES: Final = st.sampled_from(["Sow", "Säen", "种"])
_LABELS: Final = st.sampled_from(["wet", "Wet", "wét", "WET ", "we\u200bt", "dry", "deep", "tall"])
_COLORS: Final = st.sampled_from(["#2E7D32", "#2e7d32", "#000000", None])
_DATES: Final = st.sampled_from(["2027-03-28", "2027-01-31", "2024-02-29", "2027-04-04", "2027-03-22"])
_TIMES: Final = st.sampled_from(["00:00", "09:30", "02:30:15"])
_ZONES: Final = st.sampled_from(
    ["Europe/Berlin", "Pacific/Kiritimati", "Mars/Olympus", "Pacific/Auckland", "Asia/Tokyo", "UTC"]
)
_HOMES: Final = st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Auckland", "UTC", "Mars/Olympus"])
_MINUTES: Final = (0, 30, 1440, 10_080)
_AHEAD_H: Final = (-24, 4, 5, 30, 100)
"""In how many hours a reminder is to fire."""
_RULES: Final = st.sampled_from(sorted(SPELLINGS))
_KEYS: Final = st.sampled_from(["crm_id", "k", "ключ"])


def ids(things: Collection[Thing], *, near: Collection[Thing] = ()) -> Strategy:
    """The id of one of *things*, often one of those *near*, or seldom one that does not exist."""
    existing = [thing.id for thing in things]
    nearer = [thing.id for thing in things if thing in near]
    nearer *= 2 * len(existing) // max(1, len(nearer))
    # What is at an end is drawn more often than the rest.
    return st.sampled_from([*nearer, *existing, UNKNOWN_ID, *existing])


def _some(**members: Strategy) -> Strategy:
    """An object with one of *members*, or two. With more, something is nearly always wrong."""
    names = st.sets(st.sampled_from(sorted(members)), min_size=1, max_size=2)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: members[name] for name in sorted(chosen)}))


def _with_id(required: Mapping[str, Strategy], **optional: Strategy) -> Strategy:
    return st.fixed_dictionaries(required, optional={"id": st.builds(new_id), **optional})


def _label_ids(now: Workspace) -> Strategy:
    return st.lists(ids(now.labels), unique=True, max_size=3)


def _assignee_ids(now: Workspace) -> Strategy:
    return st.lists(ids(now.members), unique=True, max_size=3)


def _depends_on_ids(now: Workspace) -> Strategy:
    return st.lists(ids(now.tasks), unique=True, max_size=3)


def _wall_clock_patch() -> Strategy:
    parts = {"date": _DATES, "time": st.none() | _TIMES, "time_zone": st.none() | _ZONES}
    return st.none() | _some(date=_DATES, time=_TIMES) | _some(**parts)


def _wall_clock() -> Strategy:
    day = st.fixed_dictionaries({"date": _DATES})
    parts = {"time": st.none() | _TIMES, "time_zone": st.none() | _ZONES}
    return st.none() | day | st.fixed_dictionaries({"date": _DATES}, optional=parts)


def _recurrence(**required: Strategy) -> Strategy:
    optional = {"anchor": st.sampled_from(["due", "completion"]), "overdue": st.sampled_from(["skip", "step"])}
    return st.fixed_dictionaries(required, optional=optional)


def _recurrence_patch() -> Strategy:
    return st.none() | _recurrence(rule=_RULES) | _recurrence(rule=_RULES) | _recurrence().filter(bool)


def _new_task(now: Workspace) -> Strategy:
    """Mostly with one member that says where it is: several must agree."""
    places = {
        "project_id": st.none() | ids(now.projects),
        "section_id": st.none() | ids(now.sections),
        "parent_id": ids(now.tasks),
    }
    members = {
        "depends_on_ids": _depends_on_ids(now),
        "description": _TEXTS,
        "priority": st.sampled_from(["none", "low", "urgent"]),
        "start": _wall_clock(),
        "due": _wall_clock(),
        "label_ids": _label_ids(now),
        "assignee_ids": _assignee_ids(now),
        "metadata": st.none() | st.dictionaries(_KEYS, _TEXTS),
    }
    nothing: Strategy = st.just({})
    recurring = st.fixed_dictionaries({"due": _wall_clock(), "recurrence": _recurrence(rule=_RULES)})
    content = nothing | _some(**members) | recurring
    parts = st.tuples(_with_id({"title": _NAMES}), nothing | _some(**places), content)
    return parts.map(lambda found: {**found[0], **found[1], **found[2]})


def _task(now: Workspace) -> Strategy:
    """Often one key of the metadata, which must leave the others as they are, or what moves a series."""
    one_key = st.fixed_dictionaries({"metadata": st.dictionaries(_KEYS, st.none() | _TEXTS, min_size=1, max_size=1)})
    parts = _some(
        title=_NAMES,
        depends_on_ids=_depends_on_ids(now),
        description=_TEXTS,
        priority=st.sampled_from(["none", "low", "urgent"]),
        start=_wall_clock_patch(),
        due=_wall_clock_patch(),
        recurrence=_recurrence_patch(),
        label_ids=_label_ids(now),
        assignee_ids=_assignee_ids(now),
        metadata=st.none() | st.dictionaries(_KEYS, st.none() | _TEXTS),
    )
    in_time = _some(start=_wall_clock_patch(), due=_wall_clock_patch(), recurrence=_recurrence_patch())
    return parts | parts | parts | one_key | in_time | in_time


def _task_move(now: Workspace) -> Strategy:
    """Mostly one member: several must agree."""
    members = {
        "project_id": ids(now.projects),
        "section_id": st.none() | ids(now.sections),
        "parent_id": st.none() | ids(now.tasks),
        "before": ids(now.tasks),
        "after": ids(now.tasks),
    }
    one = st.sampled_from(sorted(members)).flatmap(lambda name: st.fixed_dictionaries({name: members[name]}))
    return one | one | _some(**members)


def _beside(things: Collection[Thing]) -> Strategy:
    """One member, which is all that the schema accepts."""
    return st.fixed_dictionaries({"before": ids(things)}) | st.fixed_dictionaries({"after": ids(things)})


def _section_move(now: Workspace) -> Strategy:
    to_project = st.fixed_dictionaries({"project_id": ids(now.projects)})
    both = _some(project_id=ids(now.projects), before=ids(now.sections), after=ids(now.sections))
    return _beside(now.sections) | to_project | both


def _closing(_now: Workspace) -> Strategy:
    return st.none() | st.fixed_dictionaries({"subtasks": st.sampled_from(["keep", "close"])}) | st.just({})


def _skipping(now: Workspace) -> Strategy:
    """Often without an occurrence, because most of those that are named are of another task."""
    named = [each for task in now.tasks if (each := task.shown()["occurrence"])]
    occurrence = st.fixed_dictionaries({"occurrence": st.sampled_from([*named, {"date": "2027-03-28"}])})
    return st.none() | st.just({}) | occurrence


def _completing(now: Workspace) -> Strategy:
    both = st.builds(lambda *parts: {**parts[0], **parts[1]}, _closing(now).filter(bool), _skipping(now).filter(bool))
    return _closing(now) | _skipping(now) | both


def _reminder_parts(now: Workspace) -> dict[str, Strategy]:
    hour = now.instant.replace(minute=0, second=0, microsecond=0)
    return {
        "at": st.sampled_from(_AHEAD_H).map(lambda hours: (hour + dt.timedelta(hours=hours)).isoformat()),
        "before_due": st.sampled_from(_MINUTES),
    }


def _new_reminder(now: Workspace) -> Strategy:
    """Mostly before the task is due, and seldom with both or none."""
    at, before_due = ({name: strategy} for name, strategy in _reminder_parts(now).items())
    return st.sampled_from((before_due, before_due, before_due, at, {}, {**at, **before_due})).flatmap(_with_id)


def _reminder(now: Workspace) -> Strategy:
    """Often the other kind."""
    at, before_due = ({name: strategy} for name, strategy in _reminder_parts(now).items())
    neither = {"at": st.none(), "before_due": st.none()}
    kinds = (at, before_due, {**neither, **at}, {**neither, **before_due})
    return st.sampled_from((*kinds, *kinds[2:])).flatmap(st.fixed_dictionaries)


def _account(_now: Workspace) -> Strategy:
    return _some(time_zone=_HOMES, reminder_time=st.sampled_from(["09:00", "02:30", "20:15:10", "08:00:00"]))


BODIES: Final[Mapping[str, Callable[[Workspace], Strategy]]] = {
    "create_project": lambda _now: _with_id({"name": _NAMES}, description=_TEXTS),
    "update_project": lambda _now: _some(name=_NAMES, description=_TEXTS),
    "create_section": lambda now: _with_id({"name": _NAMES, "project_id": ids(now.projects)}),
    "update_section": lambda _now: _some(name=_NAMES),
    "create_label": lambda _now: _with_id({"name": _LABELS}, color=_COLORS),
    "update_label": lambda _now: _some(name=_LABELS, color=_COLORS),
    "create_comment": lambda _now: _with_id({"text": _NAMES}),
    "update_comment": lambda _now: _some(text=_NAMES),
    "create_task": _new_task,
    "update_task": _task,
    "move_project": lambda now: _beside(now.projects),
    "move_section": _section_move,
    "move_label": lambda now: _beside(now.labels),
    "move_task": _task_move,
    "complete_task": _completing,
    "skip_task": _skipping,
    "cancel_task": _closing,
    "create_reminder": _new_reminder,
    "update_reminder": _reminder,
    "update_me": _account,
}
"""By operationId. The other operations have no body."""

IN_PATHS: Final[Mapping[str, Callable[[Workspace], list[Any]]]] = {
    "project_id": lambda now: now.projects,
    "section_id": lambda now: now.sections,
    "label_id": lambda now: now.labels,
    "user_id": lambda now: now.members,
    "comment_id": lambda now: now.comments,
    "task_id": lambda now: now.tasks,
    "depends_on_id": lambda now: now.tasks,
    "reminder_id": lambda now: [*now.reminders, *(each for each in now.reminders if each.user_id == now.actor)],
}
"""By the name of a path's parameter, what it may name."""


def things_named(now: Workspace, name: str, *, operation_id: str) -> list[Thing]:
    """What a path may name, which is what is in the trash if it is to be restored."""
    if operation_id.startswith("restore_"):
        trashed = [(thing, deletion) for deletion in now.trash for thing in deletion.things()]
        of_kind = [(thing, deletion) for thing, deletion in trashed if f"{thing.kind}_id" == name]
        roots = [thing for thing, deletion in of_kind if thing.id == deletion.id]
        return [*(thing for thing, _ in of_kind), *roots, *roots]
    return IN_PATHS[name](now)
