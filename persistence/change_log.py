"""The only way to change what is in a workspace: each change is recorded as an event, and each deletion as a tombstone.

A repository reads through a `Guarded` runner (persistence/guarded.py), which refuses to change a workspace's tables. It
changes them through the `ChangeLog`. The events of a transaction are numbered in their order. They are written together
before its commit (persistence/event_writers.py), with the workspace's head and its use of the quota
(persistence/locked_workspaces.py).
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import UpdateBase, bindparam, case, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert  # SQLite took its ON CONFLICT over, word for word

from domain.events import Event, EventType, end_of
from domain.model.members import MEMBER_EVENTS
from domain.quotas import Usage, day_of
from persistence.compiled import BULK
from persistence.constants import constant
from persistence.event_writers import EncodeEvent, EventWriter
from persistence.events import events
from persistence.locked_workspaces import LockedWorkspace
from persistence.memberships import departures, members, workspaces
from persistence.metadata import is_part, logged_kind
from persistence.runners import Parameters, Row, Writer

Mark = tuple[int, int | None, Counter[UUID]]

_LEAVE: Final = delete(members).where(members.c.workspace_id == bindparam("workspace")).execution_options(**BULK)
_HERE: Final = members.c.workspace_id == bindparam("workspace")
_AT: Final = bindparam("at", type_=departures.c.departed_at.type)
_DEPARTING: Final = select(members.c.user_id, _AT, members.c.workspace_id)
_DEPART, _DEPART_ALL = (
    insert(departures)
    .from_select(list(departures.c.keys()), _DEPARTING.where(*which))
    .on_conflict_do_nothing()  # somebody who comes back and leaves again while the clock stands still
    .execution_options(**BULK)
    for which in ((_HERE, members.c.user_id == bindparam("user")), (_HERE,))
)
_UPDATE: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))
_ADD_USAGE: Final = _UPDATE.values(
    content_bytes=workspaces.c.content_bytes + bindparam("content"),
    log_bytes=workspaces.c.log_bytes + bindparam("log"),
    log_day=case((workspaces.c.log_day == 0, bindparam("day")), else_=workspaces.c.log_day),
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
_ABOUT_USER: Final = (events.c.entity_id == bindparam("user"), _OF_MEMBERS)
_SOME_ABOUT_USER: Final = (
    select(*events.primary_key).where(*_ABOUT_USER, events.c.body.is_not(None)).limit(bindparam("limit"))
)
_FORGET: Final = (
    update(events).where(tuple_(*events.primary_key).in_(_SOME_ABOUT_USER)).values(body=None).execution_options(**BULK)
)


class ChangeLog:
    """What one transaction changes in workspaces. *now* is called only where an event is written.

    `head` is the number of the change in the locked workspace, None before `next_head` is called.
    """

    def __init__(
        self,
        runner: Writer,
        *,
        actor_id: UUID | None,
        now: Callable[[], dt.datetime],
        encode: EncodeEvent,
        quota_bytes: int,
    ) -> None:
        self._runner = runner
        self._actor_id = actor_id
        self._now = now
        self._encode = encode
        self._quota_bytes = quota_bytes
        self._locked: LockedWorkspace | None = None
        self.head: int | None = None
        self._events: list[tuple[int, Event]] = []
        self._settled = 0
        self._sequences: Counter[UUID] = Counter()
        self._woken: set[UUID] = set()
        self.changed: Collection[UUID] = ()
        """The workspaces that the last `flush` was about, and the users who joined or left one, or got another role.

        And who was to `wake`.
        """

    def mark(self) -> Mark:
        """Return what to `restore` if what is changed from now on is rolled back."""
        return len(self._events), self.head, self._sequences.copy()

    def restore(self, mark: Mark) -> None:
        """Forget what was changed since *mark* was returned. Nothing of it is settled."""
        count, self.head, self._sequences = mark
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
        _require_part(statement)
        if many:
            await self._runner.run(statement, many if len(many) > 1 else many[0])

    async def write_part(self, statement: UpdateBase, parameters: Parameters) -> None:
        """Change one row as `write_parts` does; the change may be made later, as by `write`."""
        _require_part(statement)
        await self._runner.defer((statement, parameters))

    async def write_unseen(self, statement: UpdateBase, parameters: Parameters) -> Sequence[Row]:
        """Change rows that are in the trash, which nobody sees, and return what *statement* returns."""
        return await self._runner.rows(statement, parameters)

    def free(self, size_bytes: int) -> None:
        """Note that so many bytes of the locked workspace, if there is one, were deleted from the trash."""
        if self._locked is not None:
            self._locked.add(-size_bytes)

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
        self._locked = LockedWorkspace(workspace_id, head=head, usage=usage, quota_bytes=self._quota_bytes)

    def next_head(self) -> int:
        """Return the number of this change in the locked workspace. Raises RuntimeError if none is locked."""
        if self._locked is None:
            message = "no workspace is locked"
            raise RuntimeError(message)
        self.head = self._locked.head + 1
        return self.head

    def keep(self, size_bytes: int) -> None:
        """Count a response that is kept in the locked workspace, if there is one. Raises WorkspaceFull."""
        if self._locked is not None:
            self._locked.keep(size_bytes, now=self._now())

    def begin_next(self) -> None:
        """Begin another change, after the commit of the one before. Its workspace is to be locked again."""
        self.head = None
        self._locked = None
        self._sequences.clear()

    async def raise_heads(self, user_id: UUID) -> dict[UUID, int]:
        """Raise the head of each workspace of a user, which are locked, and return the new heads."""
        return {row[0]: row[1] for row in await self._runner.rows(_RAISE_HEADS, {"user": user_id})}

    async def erase(self, workspace_id: UUID) -> None:
        """Delete a workspace for all its members. What is in it, its log too, is deleted later, unseen (ADR 83)."""
        await self._runner.run(_DEPART_ALL, {"workspace": workspace_id, "at": self._now()})
        await self._runner.run(_LEAVE, {"workspace": workspace_id})
        await self._runner.run(_UPDATE, {"workspace": workspace_id, "deleted_at": self._now()})
        self.wake(workspace_id)

    def wake(self, each: UUID) -> None:
        """Wake who waits for this workspace or user, after the commit: something has changed that has no event."""
        self._woken.add(each)

    async def depart(self, workspace_id: UUID, user_id: UUID) -> None:
        """Note that a member is about to leave a workspace."""
        await self._runner.run(_DEPART, {"workspace": workspace_id, "user": user_id, "at": self._now()})

    async def forget(self, user_id: UUID, *, limit: int) -> int:
        """Delete payloads of the events about a user from all logs, also of workspaces that they left.

        At most *limit*. Return how many. The events stay.
        """
        return await self._runner.run(_FORGET, {"user": user_id, "limit": limit})

    async def flush(self) -> None:
        """Write the recorded events, and the head and usage of the workspaces. Raises WorkspaceFull, LimitReached."""
        self._count_content()
        noted, self._events, self._settled = self._events, [], 0
        changed, self._woken = self._woken, set()
        for _, event in noted:
            changed.add(event.workspace_id)
            if event.type in MEMBER_EVENTS:
                changed.add(event.entity_id)
        self.changed = changed
        writer = EventWriter(self._runner, actor_id=self._actor_id, now=self._now, encode=self._encode)
        writes, log = await writer.write(noted)
        content = Counter[UUID]()
        for _, event in noted:
            if self._locked is None or event.workspace_id != self._locked.id:
                content[event.workspace_id] += event.added_bytes
        if self._locked is not None:
            log_bytes = log.pop(self._locked.id, 0)
            writes += await self._locked.changes(self._runner, head=self.head, log_bytes=log_bytes, now=self._now)
        await self._runner.finish(writes)
        await self._update_others(content, log)

    def _count_content(self) -> None:
        """Count what was added to the locked workspace since the last count. Raises WorkspaceFull, LimitReached."""
        if self._locked is not None:
            new = [event for _, event in self._events[self._settled :] if event.workspace_id == self._locked.id]
            self._locked.add(sum(event.added_bytes for event in new), opened=sum(event.added_open for event in new))
        self._settled = len(self._events)

    async def _update_others(self, content: Counter[UUID], log: Counter[UUID]) -> None:
        others = sorted({*content, *log})
        if others:
            day = day_of(self._now())
            changes = [{"workspace": each, "content": content[each], "log": log[each], "day": day} for each in others]
            await self._runner.run(_ADD_USAGE, changes)

    def _note(self, event: Event) -> None:
        self._sequences[event.workspace_id] += 1
        self._events.append((self._sequences[event.workspace_id], event))


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


def _require_part(statement: UpdateBase) -> None:
    if not is_part(statement.table):
        message = f"{statement.table} has no parts of an entity"
        raise RuntimeError(message)
