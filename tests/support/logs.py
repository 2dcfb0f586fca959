"""A workspace's log, read from its database, and what must be true of every log."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select

from persistence.events import events, tombstones
from persistence.memberships import workspaces
from persistence.metadata import TRASH_ID, is_live, logged_kind
from persistence.repositories import metadata
from tests.support.clients import Person, everything, ok
from tests.support.tables import Tables


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event. `payload` is None if it was erased; the occurrence that it was about is apart from the entity."""

    revision: int
    sequence: int
    type: str
    entity_id: str
    actor_id: str | None
    payload: dict[str, Any] | None
    closed_occurrence: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        return self.type.partition(".")[0]

    @property
    def is_the_end(self) -> bool:
        return self.type.endswith((".deleted", ".removed"))


def read_log(tables: Tables, workspace_id: str) -> list[LoggedEvent]:
    """The workspace's events, in order."""
    statement = (
        select(
            events.c.revision,
            events.c.sequence,
            events.c.type,
            events.c.entity_id,
            events.c.actor_id,
            events.c.body,
        )
        .where(events.c.workspace_id == UUID(workspace_id))
        .order_by(events.c.revision, events.c.sequence)
    )
    return [_event(*row) for row in tables.rows(statement)]


def _event(  # noqa: PLR0913, PLR0917  # the columns
    revision: int, sequence: int, kind: str, entity_id: UUID, actor_id: UUID | None, body: str | None
) -> LoggedEvent:
    payload = json.loads(body) if body else None
    closed_occurrence = payload.pop("closed_occurrence", None) if payload else None
    actor = str(actor_id) if actor_id else None
    return LoggedEvent(revision, sequence, kind, str(entity_id), actor, payload, closed_occurrence)


def read_logs(tables: Tables) -> dict[str, list[LoggedEvent]]:
    """The logs of all workspaces that have one."""
    workspace_ids = tables.rows(select(events.c.workspace_id).distinct())
    return {str(workspace_id): read_log(tables, str(workspace_id)) for (workspace_id,) in workspace_ids}


def check_log(tables: Tables, workspace_id: str) -> list[LoggedEvent]:
    """Raise AssertionError unless the log has all changes of a workspace, and nothing else. Returns it.

    No number is missing, up to the head; the events of each are numbered from 1. What exists according to the log
    exists, with the revision that the log names. What was deleted according to the log, and not restored since, has a
    tombstone, and nothing else has one.
    """
    log = read_log(tables, workspace_id)
    (head,) = tables.rows(select(workspaces.c.head).where(workspaces.c.id == UUID(workspace_id)))
    numbers = [revision for revision, _ in itertools.groupby(event.revision for event in log)]
    assert numbers == list(range(1, head[0] + 1))
    for revision, of_change in itertools.groupby(log, key=lambda event: event.revision):
        sequences = [event.sequence for event in of_change]
        assert sequences == list(range(1, len(sequences) + 1)), revision
    latest = {(event.kind, event.entity_id): event for event in log}
    alive = {key: event.revision for key, event in latest.items() if not event.is_the_end}
    assert alive == _rows(tables, UUID(workspace_id))
    ended: dict[tuple[str, str], list[tuple[int, int, str, str]]] = {}
    for event in log:
        of_one = ended.setdefault((event.kind, event.entity_id), [])
        if event.is_the_end:
            of_one.append((event.revision, event.sequence, event.kind, event.entity_id))
        elif event.type.endswith(".restored"):
            of_one.clear()
    assert _tombstones(tables, UUID(workspace_id)) == {each for ends in ended.values() for each in ends}
    return log


def folded(
    log: list[LoggedEvent], *, before: Mapping[tuple[str, str], dict[str, Any]] = MappingProxyType({})
) -> dict[tuple[str, str], dict[str, Any] | None]:
    """The last state of each resource according to a log, and to what was there before it.

    A description that an event leaves out is unchanged.
    """
    found: dict[tuple[str, str], dict[str, Any] | None] = dict(before)
    for event in log:
        known = found.get((event.kind, event.entity_id)) or {}
        kept = {"description": known["description"]} if "description" in known and not event.is_the_end else {}
        found[event.kind, event.entity_id] = None if event.payload is None else {**kept, **event.payload}
    return found


def check_payloads(person: Person, log: list[LoggedEvent], *, home: str | None = None) -> None:
    """Raise AssertionError unless the last payload of each resource is what the API returns for it."""
    at = home or person.home
    logged = {key: payload for key, payload in folded(log).items() if payload is None or payload.keys() != {"id"}}
    returned: dict[tuple[str, str], dict[str, Any]] = {}
    for kind in {"project", "task", *(kind for kind, _ in logged)} - {"member", "workspace", "comment"}:
        for filters in ({"archived": "false"}, {"archived": "true"}) if kind == "project" else ({},):
            found = everything(person.client, f"{at}/{kind}s", limit=200, **filters)
            returned |= {(kind, thing["id"]): thing for thing in found}
    commented = {payload["task_id"] for (kind, _), payload in logged.items() if payload and kind == "comment"}
    for task_id in commented:
        found = everything(person.client, f"{at}/tasks/{task_id}/comments", limit=200)
        returned |= {("comment", thing["id"]): thing for thing in found}
    workspace = ok(person.client.get(at))
    returned["workspace", workspace["id"]] = {
        name: value for name, value in workspace.items() if name not in {"role", "head"}
    }
    assert {key: payload for key, payload in logged.items() if key[0] != "member"} == returned


def check_activity(person: Person, log: list[LoggedEvent], *, home: str) -> None:
    """Raise AssertionError unless the activity that the API returns is what the log says, which lost nothing."""
    states: dict[tuple[str, str], dict[str, Any]] = {}
    expected = []
    for event in log:
        assert event.payload is not None
        before = states.pop((event.kind, event.entity_id), {})
        after = {} if event.is_the_end else {**before, **event.payload}
        if after:
            states[event.kind, event.entity_id] = after
        changed = {name for name in after if before and before[name] != after[name]} - {"updated_at", "revision"}
        called = after or before
        title = called.get("title") or called.get("name") or called["text"][:100]
        of = (event.entity_id, called.get("task_id"))
        expected.append((event.revision, event.sequence, event.type, *of, title, sorted(changed)))
    found = everything(person.client, f"{home}/activity", limit=200)
    names = ("revision", "sequence", "event", "id", "task_id", "title", "changed")
    assert [tuple(each[name] for name in names) for each in reversed(found)] == expected


def _rows(tables: Tables, workspace_id: UUID) -> dict[tuple[str, str], int]:
    """The revision of each resource in a workspace, by its kind and id."""
    found: dict[tuple[str, str], int] = {}
    for table in metadata.tables.values():
        if kind := logged_kind(table):
            workspace, *_ = table.primary_key.columns
            *_, key = table.primary_key.columns
            here = select(key, table.c.revision).where(workspace == workspace_id)
            rows = tables.rows(here.where(is_live(table)) if TRASH_ID in table.c else here)
            found |= {(kind, str(thing)): number for thing, number in rows}
    return found


def _tombstones(tables: Tables, workspace_id: UUID) -> set[tuple[int, int, str, str]]:
    statement = select(tombstones.c.revision, tombstones.c.sequence, tombstones.c.kind, tombstones.c.entity_id).where(
        tombstones.c.workspace_id == workspace_id
    )
    return {(revision, sequence, kind, str(entity)) for revision, sequence, kind, entity in tables.rows(statement)}
