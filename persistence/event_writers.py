"""How the events of a transaction are written: their rows, and the tombstones of what was deleted."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert

from domain.events import Event
from persistence.compiled import BULK, padded
from persistence.events import events, tombstones
from persistence.runners import Parameters, Runner, Write
from persistence.unindexed import among

EncodeEvent = Callable[[Event], str]
"""Encodes an event's payload as JSON text, checked against the contract. What it raises rolls the transaction back."""

_AT_ONCE: Final = 200
"""How many events are encoded and written at once. Other requests run in between."""
_INSERT_EVENTS: Final = insert(events)
_INSERT_TOMBSTONES: Final = insert(tombstones)
_DELETE_TOMBSTONES: Final = (
    delete(tombstones).where(among(tombstones.c.workspace_id, tombstones.c.entity_id, "ids")).execution_options(**BULK)
)


class EventWriter:
    """Writes events of one user. *now* is called only where an event is written."""

    def __init__(
        self, runner: Runner, *, actor_id: UUID | None, now: Callable[[], dt.datetime], encode: EncodeEvent
    ) -> None:
        self._runner = runner
        self._actor_id = actor_id
        self._now = now
        self._encode = encode

    async def write(self, noted: Sequence[tuple[int, Event]]) -> tuple[list[Write], Counter[UUID]]:
        """Write events, each with its sequence, and the tombstones, but for those rows that are returned as writes.

        Also returned are the bytes that each workspace's log grows by. What is restored after it was deleted gets no
        tombstone.
        """
        writes, log = list[Write](), Counter[UUID]()
        restored = {event.entity_id: index for index, (_, event) in enumerate(noted) if event.is_restored}
        followed = _followed(noted) if len(noted) > 1 else ()
        for start in range(0, len(noted), _AT_ONCE):
            some = noted[start : start + _AT_ONCE]
            bodies = [self._encode(event) for _, event in some]
            for (_, event), body in zip(some, bodies, strict=True):
                log[event.workspace_id] += len(body.encode())
            rows = [self._event_values(*one, body) for one, body in zip(some, bodies, strict=True)]
            for index in range(len(some)):
                rows[index]["is_last"] = start + index not in followed
            ends = [
                self._tombstone_values(number, event)
                for index, (number, event) in enumerate(some, start)
                if event.is_the_end and restored.get(event.entity_id, -1) < index
            ]
            await self._delete_tombstones([event for _, event in some if event.is_restored])
            for statement, values in ((_INSERT_EVENTS, rows), (_INSERT_TOMBSTONES, ends)):
                if len(values) == 1:
                    writes.append((statement, values[0]))
                elif values:
                    await self._runner.run(statement, values)
        return writes, log

    async def _delete_tombstones(self, restored: Sequence[Event]) -> None:
        for workspace_id in {event.workspace_id for event in restored}:
            ids = [event.entity_id for event in restored if event.workspace_id == workspace_id]
            await self._runner.run(_DELETE_TOMBSTONES, {"workspace": workspace_id, "ids": padded(ids)})

    def _event_values(self, sequence: int, event: Event, body: str) -> dict[str, object]:
        return {
            "workspace_id": event.workspace_id,
            "revision": event.revision,
            "sequence": sequence,
            "type": event.type,
            "entity_id": event.entity_id,
            "actor_id": self._actor_id,
            "recorded_at": self._now(),
            "body": body,
        }

    def _tombstone_values(self, sequence: int, event: Event) -> Parameters:
        return {
            "workspace_id": event.workspace_id,
            "revision": event.revision,
            "sequence": sequence,
            "kind": event.kind,
            "entity_id": event.entity_id,
            "deleted_at": self._now(),
        }


def _followed(noted: Sequence[tuple[int, Event]]) -> Collection[int]:
    """Return the indexes of those events after which another one is about the same entity."""
    last = {(event.workspace_id, event.kind, event.entity_id): index for index, (_, event) in enumerate(noted)}
    return {*range(len(noted))} - {*last.values()}
