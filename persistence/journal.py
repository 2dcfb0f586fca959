"""The only way to change what lies in a workspace: each change leaves an event, and what ends leaves a tombstone.

A repository reads through a `Guarded` runner, which refuses to change a workspace's tables, and changes them through
the `Journal`. The events of a transaction are numbered as they come, and written in one go before its commit.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Executable,
    Table,
    UpdateBase,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import iterate

from domain.events import MEMBER_EVENTS, Event
from persistence.database import Parameters, Row, Runner
from persistence.tables import UNLOGGED_TABLES, events, members, projects, tasks, tombstones, workspaces

EncodeEvent = Callable[[Event], str]
"""An event's payload as JSON text, checked against the contract; what it raises rolls the transaction back."""

_AT_ONCE: Final = 1000
"""How many events are encoded and written before others get their turn."""
_TABLES: Final[Mapping[str, Table]] = {"workspace": workspaces, "member": members, "project": projects, "task": tasks}

_OPAQUE: Final = frozenset({"textclause", "values"})

_INSERT_EVENTS: Final = insert(events)
_INSERT_TOMBSTONES: Final = insert(tombstones)
_ERASE: Final = delete(workspaces).where(workspaces.c.id == bindparam("workspace"))
_SET_HEAD: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))
_JOINED: Final = select(members.c.workspace_id).where(members.c.user_id == bindparam("user"))
_RAISE_HEADS: Final = (
    update(workspaces)
    .where(workspaces.c.id.in_(_JOINED))
    .values(head=workspaces.c.head + 1)
    .returning(workspaces.c.id, workspaces.c.head)
)
# In the statement itself: SQLite takes an index for some rows only where it sees that the statement is about those.
_OF_MEMBERS: Final[BindParameter[Any]] = bindparam("types", MEMBER_EVENTS, expanding=True, literal_execute=True)
_FORGET: Final = (
    update(events).where(events.c.entity_id == bindparam("user"), events.c.type.in_(_OF_MEMBERS)).values(body=None)
)


class Guarded:
    """A Runner that changes nothing that lies in a workspace. Raises RuntimeError at the attempt."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        """See Runner."""
        _refuse_unlogged(statement)
        return await self._runner.row(statement, parameters)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """See Runner."""
        _refuse_unlogged(statement)
        return await self._runner.rows(statement, parameters)

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        """See Runner."""
        _refuse_unlogged(statement)
        return await self._runner.run(statement, parameters)


class Journal:
    """What one transaction changes in workspaces. *now* is asked only where there is something to write down."""

    def __init__(
        self, runner: Runner, *, actor_id: UUID | None, now: Callable[[], dt.datetime], encode: EncodeEvent
    ) -> None:
        self._runner = runner
        self._actor_id = actor_id
        self._now = now
        self._encode = encode
        self._events: list[tuple[int, Event]] = []
        self._sequences: Counter[UUID] = Counter()

    async def write(self, statement: UpdateBase, parameters: Parameters, event: Event) -> None:
        """Change one row, and note *event*. Raises RuntimeError where there is none, or where it is of another kind."""
        _require_kind(statement, event)
        if await self._runner.run(statement, parameters) != 1:
            message = f"there is nothing of which {event.type} could be told"
            raise RuntimeError(message)
        self._note(event)

    async def write_all(self, statement: UpdateBase, parameters: Parameters, event_of: Callable[[Row], Event]) -> int:
        """Change any number of rows, and note an event for each of those that *statement* returns: all of them.

        How many there were.
        """
        rows = await self._runner.rows(statement, parameters)
        for row in rows:
            event = event_of(row)
            _require_kind(statement, event)
            self._note(event)
        return len(rows)

    async def set_head(self, workspace_id: UUID, *, head: int) -> None:
        """The caller holds the lock, and read the head below this one under it."""
        await self._runner.run(_SET_HEAD, {"workspace": workspace_id, "head": head})

    async def raise_heads(self, user_id: UUID) -> dict[UUID, int]:
        """The next number of each of a user's workspaces, which the caller has locked."""
        return {row[0]: row[1] for row in await self._runner.rows(_RAISE_HEADS, {"user": user_id})}

    async def erase(self, workspace_id: UUID) -> None:
        """Delete a workspace with all that is in it, its log too."""
        await self._runner.run(_ERASE, {"workspace": workspace_id})

    async def forget(self, user_id: UUID) -> None:
        """Take what any log tells of a user out of it, of workspaces that they have left, too.

        That there was something stays.
        """
        await self._runner.run(_FORGET, {"user": user_id})

    async def flush(self) -> None:
        """Write down what was noted: two statements at most for each thousand events."""
        noted, self._events = self._events, []
        for start in range(0, len(noted), _AT_ONCE):
            some = noted[start : start + _AT_ONCE]
            await self._runner.run(_INSERT_EVENTS, [self._event_values(number, event) for number, event in some])
            ends = [(number, event) for number, event in some if event.is_the_end]
            if ends:
                await self._runner.run(_INSERT_TOMBSTONES, [self._tombstone_values(*end) for end in ends])

    def _note(self, event: Event) -> None:
        self._sequences[event.workspace_id] += 1
        self._events.append((self._sequences[event.workspace_id], event))

    def _event_values(self, sequence: int, event: Event) -> Parameters:
        return {
            "workspace_id": event.workspace_id,
            "revision": event.revision,
            "sequence": sequence,
            "type": event.type,
            "entity_id": event.entity_id,
            "actor_id": self._actor_id,
            "recorded_at": self._now(),
            "body": self._encode(event),
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


def _require_kind(statement: UpdateBase, event: Event) -> None:
    if statement.table is not _TABLES[event.kind]:
        message = f"{event.type} tells nothing of {statement.table}"
        raise RuntimeError(message)


def _refuse_unlogged(statement: Executable) -> None:
    if not _is_harmless(statement):
        message = f"a change around the journal: {statement}"
        raise RuntimeError(message)


@lru_cache(maxsize=1000)  # statements are made at import: each is looked through once
def _is_harmless(statement: Executable) -> bool:
    """Whether a statement is known not to change what is logged: it reads, or changes what is not, in all its parts.

    Text could do anything, as could an alias, a table that is not ours, or the schema's own statements. Into lists of
    values nobody can look. A function with a side effect is not seen: none is called here.
    """
    if not isinstance(statement, SelectBase | UpdateBase):
        return False
    return not any(
        part.__visit_name__ in _OPAQUE
        or getattr(part, "_multi_values", ())
        or (isinstance(part, UpdateBase) and part.table not in UNLOGGED_TABLES)
        for part in iterate(statement)
    )
