"""The activity of a workspace: who did what, and when, as the log has it.

Source: ADR 107.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from domain import change_cursors, pages
from domain.comments import MOST_IN_TITLE
from domain.model.activity import END, ActivityFilter, LoggedEvent, Place, Stretch
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork

_AT_ONCE: Final = DEFAULT_LIMIT + 1
"""How many events with their payloads are in memory at once: a payload may have 98 KB."""
_TITLES: Final = ("title", "name", "text")
"""What people call an entity by, by the names of the API."""
CLOSED_OCCURRENCE: Final = "closed_occurrence"
"""The member of a task's event that is not of the task: which occurrence was completed, skipped or taken back."""
_NOT_CHANGED: Final = frozenset({"updated_at", "revision", CLOSED_OCCURRENCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityEntry:
    """An event, and what people need to know of its payload: the title, and the names of what changed.

    `task_id` is the task of a comment, `closed_occurrence` the occurrence of a task, as the API returns it.
    """

    event: LoggedEvent
    title: str | None
    task_id: UUID | None
    changed: tuple[str, ...]
    closed_occurrence: Mapping[str, Any] | None


async def page(
    uow: UnitOfWork, *, filters: ActivityFilter, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[ActivityEntry]:
    """Return what happened in the workspace, newest first. Raises CursorInvalid.

    A page may be short, or empty, although another one follows.
    """
    binding = f"activity {uow.workspace_id} {_described(filters)}"
    before = END if cursor is None else _place(cursor, binding)
    stretch = await uow.activity.stretch(uow.workspace_id, filters, before=before)
    entries: list[ActivityEntry] = []
    rest = stretch
    while len(entries) <= limit:
        count = min(limit + 1 - len(entries), _AT_ONCE)
        found = await uow.activity.newest(uow.workspace_id, filters, within=rest, limit=count)
        entries += [_entry(event) for event in found]
        if len(found) < count:
            break
        rest = replace(rest, before=found[-1].place)
    end = _end(entries, stretch, limit=limit)
    return Page(items=tuple(entries[:limit]), next_cursor=end and pages.encode(binding, *map(str, end)))


def _end(entries: list[ActivityEntry], stretch: Stretch, *, limit: int) -> Place | None:
    """Return the place that the next page begins before, None after the last page."""
    if len(entries) > limit:
        return entries[limit - 1].event.place
    return None if stretch.is_last else stretch.oldest


def _place(cursor: str, binding: str) -> Place:
    place = change_cursors.place_from_keys(*pages.decode(cursor, binding, count=2))
    return place.revision, place.sequence


def _described(filters: ActivityFilter) -> str:
    types = None if filters.types is None else sorted(filters.types)
    times = [at and pages.instant_to_key(at) for at in (filters.recorded_after, filters.recorded_before)]
    return f"{filters.entity_id} {filters.actor_id} {types} {times}"


def _entry(event: LoggedEvent) -> ActivityEntry:
    after, before = (json.loads(text) if text else None for text in (event.payload, event.payload_before))
    if event.type_before is None or event.type_before.partition(".")[0] != event.type.partition(".")[0]:
        before = None  # another thing has the same id
    return ActivityEntry(
        event=event,
        title=_title(after, before),
        task_id=_task_id(after, before),
        changed=_changed(after, before),
        closed_occurrence=None if after is None else after.get(CLOSED_OCCURRENCE),
    )


def _title(after: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> str | None:
    """Return the title after the event; of a deletion, whose payload has only the id, that before it."""
    if after is None:
        return None
    for payload in (after, before or {}):
        for name in _TITLES:
            if name in payload:
                return str(payload[name])[: MOST_IN_TITLE if name == "text" else None]
    return None


def _task_id(after: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> UUID | None:
    """Return the task of a comment, which never changes. The payload of a deletion has only the comment's id."""
    found = {**(before or {}), **(after or {})}.get("task_id")
    return None if found is None else UUID(found)


def _changed(after: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of what changed, as far as both payloads have it.

    A description is in a payload only if it changed, so it may be in the one after alone. What is in a payload of a
    later version of the server only is not known to have changed.
    """
    if after is None or before is None:
        return ()
    changed = {name for name in after.keys() & before.keys() if after[name] != before[name]} - _NOT_CHANGED
    if "description" in after and len(before) > 1:  # else it was deleted before
        changed.add("description")
    return tuple(sorted(changed))
