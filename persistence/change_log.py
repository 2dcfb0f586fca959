"""The only way to change what is in a workspace: each change is recorded as an event, and each deletion as a tombstone.

A repository reads through a `Guarded` runner (persistence/guarded.py), which refuses to change a workspace's tables. It
changes them through the `ChangeLog`. The events of a transaction are numbered in their order. They are written together
before its commit, with the workspace's head and its use of the quota.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from sqlalchemy import UpdateBase, bindparam, delete, insert, select, update

from domain.events import Event, EventType, end_of
from domain.model.members import MEMBER_EVENTS
from domain.quotas import Usage
from persistence.compiled import BULK, padded
from persistence.constants import constant
from persistence.database import Parameters, Row, Write, Writer
from persistence.events import events, tombstones, trim
from persistence.memberships import USAGE, members, workspaces
from persistence.metadata import is_part, logged_kind
from persistence.unindexed import among

EncodeEvent = Callable[[Event], str]
"""Encodes an event's payload as JSON text, checked against the contract. What it raises rolls the transaction back."""

Mark = tuple[int, int | None, Counter[UUID]]

_AT_ONCE: Final = 200
"""How many events are encoded and written at once. Other requests run in between."""


_INSERT_EVENTS: Final = insert(events)
_INSERT_TOMBSTONES: Final = insert(tombstones)
_DELETE_TOMBSTONES: Final = (
    delete(tombstones).where(among(tombstones.c.workspace_id, tombstones.c.entity_id, "ids")).execution_options(**BULK)
)
_LEAVE: Final = delete(members).where(members.c.workspace_id == bindparam("workspace")).execution_options(**BULK)
_USAGE_OF: Final = attrgetter(*USAGE)
_SPARE: Final = 64
"""Payloads over their limit are cut to this part below it, so that not every write has to delete some."""
_UPDATE: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))
_ADD_USAGE: Final = _UPDATE.values(
    content_bytes=workspaces.c.content_bytes + bindparam("content"),
    log_bytes=workspaces.c.log_bytes + bindparam("log"),
)
_JOINED: Final = select(members.c.workspace_id).where(members.c.user_id == bindparam("user"))
_RAISE_HEADS: Final = (
    update(workspaces)
    .where(workspaces.c.id.in_(_JOINED))
    .values(head=workspaces.c.head + 1)
    .returning(workspaces.c.id, workspaces.c.head)
    .execution_options(**BULK)
)
_OF_MEMBERS: Final = events.c.type.in_([constant(each) for each in MEMBER_EVENTS])
_FORGET: Final = (
    update(events)
    .where(events.c.entity_id == bindparam("user"), _OF_MEMBERS)
    .values(body=None)
    .execution_options(**BULK)
)


class ChangeLog:
    """What one transaction changes in workspaces. *now* is called only where an event is written."""

    def __init__(
        self,
        runner: Writer,
        *,
        actor_id: UUID | None,
        now: Callable[[], dt.datetime],
        encode: EncodeEvent,
        quota_bytes: int,
    ) -> None:
        self._quota_bytes = quota_bytes
        self._locked: tuple[UUID, int, Usage] | None = None
        self._usage = Usage()
        self._head: int | None = None
        self._runner = runner
        self._actor_id = actor_id
        self._now = now
        self._encode = encode
        self._events: list[tuple[int, Event]] = []
        self._settled = 0
        self._sequences: Counter[UUID] = Counter()

    def mark(self) -> Mark:
        """Return what to `restore` if what is changed from now on is rolled back."""
        return len(self._events), self._head, self._sequences.copy()

    def restore(self, mark: Mark) -> None:
        """Forget what was changed since *mark* was returned. Nothing of it is settled."""
        count, self._head, self._sequences = mark
        del self._events[count:]

    async def settle(self) -> None:
        """Make the changes that were deferred, and count what they add.

        Raises what they raise, WorkspaceFull, LimitReached.
        """
        await self._runner.finish(())
        self._count_content()

    async def write(self, statement: UpdateBase, parameters: Parameters, event: Event) -> None:
        """Change one row, and record *event*. Raises RuntimeError if the row does not exist, or is of another kind.

        The change may be made only when something else is run, or when the log is flushed: then its error is raised.
        """
        _require_kind(statement, event)
        await self._runner.defer((statement, parameters))
        if statement.table is workspaces:  # whose row is changed with the log, too
            await self._runner.finish(())
        self._note(event)

    async def write_parts(self, statement: UpdateBase, many: Sequence[Parameters]) -> None:
        """Change rows that are parts of an entity, once for each of *many*. The entity's own event records it."""
        if not is_part(statement.table):
            message = f"{statement.table} has no parts of an entity"
            raise RuntimeError(message)
        if many:
            await self._runner.run(statement, many if len(many) > 1 else many[0])

    async def write_unseen(self, statement: UpdateBase, parameters: Parameters) -> Sequence[Row]:
        """Change rows that are in the trash, which nobody sees, and return what *statement* returns."""
        return await self._runner.rows(statement, parameters)

    def free(self, size_bytes: int) -> None:
        """Note that so many bytes of the locked workspace's content were deleted from the trash."""
        self._usage = self._usage.with_content(-size_bytes, quota_bytes=self._quota_bytes)

    async def write_all(self, statement: UpdateBase, parameters: Parameters, event_of: Callable[[Row], Event]) -> int:
        """Change any number of rows, and return how many.

        *statement* returns each row that it changes, from which *event_of* creates the event to record.
        """
        rows = await self._runner.rows(statement, parameters)
        for row in rows:
            event = event_of(row)
            _require_kind(statement, event)
            self._note(event)
        return len(rows)

    async def write_one(self, statement: UpdateBase, parameters: Parameters, event_of: Callable[[Row], Event]) -> None:
        """Change one row, from which *event_of* creates the event to record. Raises RuntimeError if there is none."""
        if await self.write_all(statement, parameters, event_of) != 1:
            message = f"{statement.table}: the row of the event does not exist"
            raise RuntimeError(message)

    async def write_many(self, statement: UpdateBase, many: Sequence[tuple[Parameters, Event]]) -> None:
        """Change one row for each of *many*, in their order, and record its event.

        The rows were read under the lock, so they exist. Neighbours that set the same columns are sent together.
        """
        for _, event in many:
            _require_kind(statement, event)
            self._note(event)
        for _, alike in groupby((parameters for parameters, _ in many), key=tuple):
            await self._runner.run(statement, list(alike))

    def lock(self, workspace_id: UUID, *, head: int, usage: Usage) -> None:
        """Note the head and the usage of a workspace, read under the caller's lock on it."""
        self._locked = workspace_id, head, usage
        self._usage = usage

    def next_head(self) -> int:
        """Return the number of this change in the locked workspace. Raises RuntimeError if none is locked."""
        if self._locked is None:
            message = "no workspace is locked"
            raise RuntimeError(message)
        self._head = self._locked[1] + 1
        return self._head

    def keep(self, size_bytes: int) -> None:
        """Count a response that is kept in the locked workspace, if there is one. Raises WorkspaceFull."""
        if self._locked is not None:
            self._usage = self._usage.with_kept(size_bytes, now=self._now(), quota_bytes=self._quota_bytes)

    def begin_next(self) -> None:
        """Begin another change, after the commit of the one before. Its workspace is to be locked again."""
        self._head = None
        self._locked = None
        self._sequences.clear()

    async def raise_heads(self, user_id: UUID) -> dict[UUID, int]:
        """Raise the head of each workspace of a user, which are locked, and return the new heads."""
        return {row[0]: row[1] for row in await self._runner.rows(_RAISE_HEADS, {"user": user_id})}

    async def erase(self, workspace_id: UUID) -> None:
        """Delete a workspace for all its members. What is in it, its log too, is deleted later, unseen (ADR 83)."""
        await self._runner.run(_LEAVE, {"workspace": workspace_id})
        await self._runner.run(_UPDATE, {"workspace": workspace_id, "deleted_at": self._now()})

    async def forget(self, user_id: UUID) -> None:
        """Delete the payloads of the events about a user from all logs, also of workspaces that they left.

        The events stay.
        """
        await self._runner.run(_FORGET, {"user": user_id})

    async def flush(self) -> None:
        """Write the recorded events, and the head and usage of the workspaces. Raises WorkspaceFull, LimitReached."""
        self._count_content()
        noted, self._events, self._settled = self._events, [], 0
        content = Counter[UUID]()
        for _, event in noted:
            if self._locked is None or event.workspace_id != self._locked[0]:
                content[event.workspace_id] += event.added_bytes
        writes, log = await self._write_events(noted)
        if self._locked is not None:
            writes += await self._changes_of_locked(log.pop(self._locked[0], 0))
        await self._runner.finish(writes)
        await self._update_others(content, log)

    async def _write_events(self, noted: Sequence[tuple[int, Event]]) -> tuple[list[Write], Counter[UUID]]:
        """Write the events and tombstones, but for those that are returned, and return the bytes of each log.

        What is restored after it was deleted has no tombstone.
        """
        writes, log = list[Write](), Counter[UUID]()
        restored = {event.entity_id: index for index, (_, event) in enumerate(noted) if event.is_restored}
        for start in range(0, len(noted), _AT_ONCE):
            some = noted[start : start + _AT_ONCE]
            bodies = [self._encode(event) for _, event in some]
            for (_, event), body in zip(some, bodies, strict=True):
                log[event.workspace_id] += len(body.encode())
            rows = [self._event_values(*one, body) for one, body in zip(some, bodies, strict=True)]
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

    def _count_content(self) -> None:
        """Count what was added to the locked workspace since the last count. Raises WorkspaceFull, LimitReached."""
        if self._locked is not None:
            new = [event for _, event in self._events[self._settled :] if event.workspace_id == self._locked[0]]
            added, opened = sum(event.added_bytes for event in new), sum(event.added_open for event in new)
            self._usage = self._usage.with_content(added, quota_bytes=self._quota_bytes).with_open_tasks(opened)
        self._settled = len(self._events)

    async def _changes_of_locked(self, log_bytes: int) -> list[Write]:
        assert self._locked is not None
        workspace_id, head, usage = self._locked
        self._usage = self._usage.with_log(log_bytes)
        excess = self._usage.log_bytes - self._quota_bytes
        if log_bytes and excess > 0:
            trimmed = await trim(
                self._runner,
                workspace_id,
                self._usage,
                before=self._head or head,
                excess=excess + self._quota_bytes // _SPARE,
                added=log_bytes,
            )
            self._usage = trimmed
        values = dict(zip(USAGE, _USAGE_OF(self._usage), strict=True)) if self._usage != usage else {}
        if self._head is not None:
            values["head"] = self._head
        return [(_UPDATE, {"workspace": workspace_id, **values})] if values else []

    async def _update_others(self, content: Counter[UUID], log: Counter[UUID]) -> None:
        changes = [{"workspace": each, "content": content[each], "log": log[each]} for each in sorted({*content, *log})]
        if changes:
            await self._runner.run(_ADD_USAGE, changes)

    def _note(self, event: Event) -> None:
        self._sequences[event.workspace_id] += 1
        self._events.append((self._sequences[event.workspace_id], event))

    def _event_values(self, sequence: int, event: Event, body: str) -> Parameters:
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


def ends_of(kind: EventType, workspace_id: UUID, revision: int) -> Callable[[Row], Event]:
    """Return what creates, of a row with an id, the event that this entity is deleted: is in the trash.

    The row of a task has its status as well.
    """

    def end(row: Row) -> Event:
        was_open = kind == "task.deleted" and row[1] == "open"
        return end_of(kind, row[0], workspace_id=workspace_id, revision=revision, was_open=was_open)

    return end


def _require_kind(statement: UpdateBase, event: Event) -> None:
    if logged_kind(statement.table) != event.kind:
        message = f"{event.type} is not an event of {statement.table}"
        raise RuntimeError(message)
