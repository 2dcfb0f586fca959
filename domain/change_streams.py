"""The live events of a workspace: its log from a place on, a transaction at a time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from uuid import UUID

from domain import change_cursors
from domain.model.changes import ChangeEvent, ChangeRepository, ChangeType, CursorExpired, LogPlace, LogRecord
from domain.model.streams import Batch, Message, Streams, Topics
from domain.pages import MAX_BYTES
from domain.unit_of_work import UnitOfWork

MOST_CHANGES: Final = 100
"""The most changes in one event, and about as many as are read before something is sent."""
_AT_ONCE: Final = 50
"""How many rows one statement reads."""
_MOST_ROWS: Final = 2000
"""How many rows are read for an event of the wanted types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBatch(Batch[ChangeEvent]):
    """What was read from the log, and the place after it."""

    place: LogPlace


class LogFeed:
    """Implements domain.model.streams.Feed for the log of a workspace, from a place on.

    Streams of one workspace with the same *types* read together. With *until*, it ends after this revision.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        place: LogPlace,
        *,
        types: Collection[ChangeType] | None,
        until: int | None,
    ) -> None:
        self.topics = Topics(workspace_ids=frozenset({uow.workspace_id}))
        self._streams: Streams = uow.streams
        wanted = None if types is None else frozenset(types)
        self._log = _Log(uow.changes, uow.workspace_id, wanted, self._streams.is_current)
        self._place = place
        self._until = until

    @property
    def cursor(self) -> str:
        """See the port."""
        return self._log.cursor_of(self._place)

    async def read(self) -> Batch[ChangeEvent]:
        """See the port."""
        key = (self._log.workspace_id, self._log.types, self._place)
        batch = await self._streams.share(key, partial(self._log.read, self._place))
        if self._until is None:
            self._place = batch.place
            return batch
        self._place = min(batch.place, LogPlace.end_of(self._until))
        wanted = [each for each in batch.messages if each.item is not None and each.item.revision <= self._until]
        is_last = not batch.has_more or batch.place > self._place
        return Batch(messages=wanted, has_more=batch.has_more, is_last=is_last)


async def feed_of(
    uow: UnitOfWork, *, types: Collection[ChangeType] | None, cursor: str | None, until_head: bool
) -> LogFeed:
    """Return what a stream sends: what follows *cursor* or, without one, what changes from now on.

    Raises CursorInvalid, CursorExpired, StreamsExceeded, ServerFull.
    """
    uow.streams.require_free()
    head, known_from = await uow.changes.bounds(uow.workspace_id)
    place = LogPlace.end_of(head)
    if cursor is not None:
        place = change_cursors.decode(cursor, workspace_id=uow.workspace_id, types=types)
    if not known_from <= place.revision <= head:
        raise CursorExpired
    return LogFeed(uow, place, types=types, until=head if until_head else None)


@dataclass(frozen=True, slots=True)
class _Log:
    """The log of a workspace for a reader of *types*; None means all."""

    changes: ChangeRepository
    workspace_id: UUID
    types: frozenset[ChangeType] | None
    is_current: Callable[[str, str], bool]

    def cursor_of(self, place: LogPlace) -> str:
        return change_cursors.encode(place, workspace_id=self.workspace_id, types=self.types)

    async def read(self, after: LogPlace) -> LogBatch:
        """Return some events after a place: about MOST_CHANGES, or what was found in _MOST_ROWS."""
        found, count = _Found(self, after), 0
        while True:
            rows = await self.changes.logged(self.workspace_id, after=found.place, limit=_AT_ONCE, types=self.types)
            for row in rows:
                if not found.takes(row):
                    return found.batch(has_more=True)
            count += len(rows)
            if len(rows) < _AT_ONCE:
                found.finish(is_complete=True)
                return found.batch(has_more=False)
            if count >= _MOST_ROWS and not found.has_part:
                return found.batch(has_more=True)


class _Found:
    """The events that are made of rows of the log, which are taken in their order."""

    def __init__(self, log: _Log, place: LogPlace) -> None:
        self.place = place
        self._log = log
        self._messages: list[Message[ChangeEvent]] = []
        self._part: list[LogRecord] = []
        self._part_bytes = 0
        self._changes = 0
        self._size_bytes = 0

    @property
    def has_part(self) -> bool:
        """Whether something was taken that is in no event yet."""
        return bool(self._part)

    def takes(self, row: LogRecord) -> bool:
        """Take a row, which is the next one, or return False: it is enough.

        An event ends with its revision, which the row is needed for, or when nothing more fits into it.
        """
        is_wanted = self._log.types is None or row.type in self._log.types
        if self._part:
            is_complete = row.place.revision != self._part[0].place.revision
            if is_complete or (is_wanted and self._is_full_with(row)):
                self.finish(is_complete=is_complete)
        if not self._part and (self._changes >= MOST_CHANGES or self._size_bytes >= MAX_BYTES):
            return False
        if is_wanted:
            if row.body is not None and not self._log.is_current(row.event, row.body):
                row = replace(row, body=None)
            self._part.append(row)
            self._part_bytes += row.size_bytes
        self.place = row.place
        return True

    def finish(self, *, is_complete: bool) -> None:
        """End an event with what was taken for it, if anything."""
        if self._part:
            first = self._part[0]
            event = ChangeEvent(
                revision=first.place.revision,
                recorded_at=first.recorded_at,
                actor_id=first.actor_id,
                is_complete=is_complete,
                changes=self._part,
            )
            self._messages.append(Message(item=event, cursor=self._log.cursor_of(self.place)))
            self._changes += len(self._part)
            self._size_bytes += self._part_bytes
            self._part, self._part_bytes = [], 0

    def batch(self, *, has_more: bool) -> LogBatch:
        """Return the events."""
        return LogBatch(messages=self._messages, has_more=has_more, place=self.place)

    def _is_full_with(self, row: LogRecord) -> bool:
        return len(self._part) == MOST_CHANGES or self._part_bytes + row.size_bytes > MAX_BYTES
