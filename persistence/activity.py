"""Reads the logs of workspaces for their activity."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, bindparam, case, cast, func, literal, select, tuple_

from domain.model.activity import (
    BEGINNING,
    END,
    MOST_CANDIDATES,
    ActivityFilter,
    LoggedEvent,
    Place,
    Stretch,
)
from persistence.compiled import padded
from persistence.events import events
from persistence.memberships import workspaces
from persistence.runners import Runner

_PLACE: Final = (events.c.revision, events.c.sequence)
_NEWEST_FIRST: Final = tuple(column.desc() for column in _PLACE)
_IN_STRETCH: Final = and_(
    events.c.workspace_id == bindparam("workspace"),
    tuple_(*_PLACE) >= tuple_(bindparam("oldest_revision"), bindparam("oldest_sequence")),
    tuple_(*_PLACE) < tuple_(bindparam("before_revision"), bindparam("before_sequence")),
)
CONDITIONS: Final = {
    "entity": events.c.entity_id == bindparam("entity"),
    "actor": events.c.actor_id == bindparam("actor"),
    "types": events.c.type.in_(bindparam("types", expanding=True)),
    "after": events.c.recorded_at > bindparam("after"),
    "until": events.c.recorded_at < bindparam("until"),
}
"""By the name of their parameter."""

_EARLIER: Final = events.alias("earlier")
_BEFORE: Final = (
    select(_EARLIER.c.type + " " + _EARLIER.c.body)
    .where(
        _EARLIER.c.workspace_id == events.c.workspace_id,
        _EARLIER.c.entity_id == events.c.entity_id,
        tuple_(_EARLIER.c.revision, _EARLIER.c.sequence) < tuple_(*_PLACE),
    )
    .order_by(_EARLIER.c.revision.desc(), _EARLIER.c.sequence.desc())
    .limit(1)
    .scalar_subquery()
)
"""The type and the payload of the event before, in one text: it is looked for once."""
_COLUMNS: Final = (
    *_PLACE,
    events.c.type,
    events.c.entity_id,
    events.c.actor_id,
    events.c.recorded_at,
    events.c.body,
    _BEFORE,
)

_bisected: Final = (
    select(cast(literal(0), BigInteger).label("low"), (workspaces.c.head + 1).label("high"))
    .where(workspaces.c.id == bindparam("workspace"))
    .cte("bisected", recursive=True)
)
_IS_OPEN: Final = _bisected.c.high - _bisected.c.low > 1
_MIDDLE: Final = (_bisected.c.low + _bisected.c.high) // 2
_RECORDED: Final = (
    select(events.c.recorded_at)
    .where(events.c.workspace_id == bindparam("workspace"), events.c.revision >= _MIDDLE)
    .order_by(*_PLACE)
    .limit(1)
    .correlate(_bisected)
    .scalar_subquery()
)
_IS_BEFORE: Final = bindparam("instant", type_=events.c.recorded_at.type) > _RECORDED
_steps: Final = _bisected.union_all(
    select(
        case((_IS_BEFORE, _MIDDLE), else_=_bisected.c.low), case((_IS_BEFORE, _bisected.c.high), else_=_MIDDLE)
    ).where(_IS_OPEN)
)
_BISECT: Final = select(_steps.c.low, _steps.c.high).where(_steps.c.high - _steps.c.low <= 1)
"""Two neighbouring numbers of changes, of which the first is before `:instant` and the second is not. It reads some
thirty events in a log of a billion."""


@cache
def newest_statement(names: tuple[str, ...]) -> Select[Any]:
    """Return the statement with these conditions. It is built at its first use: most of them nobody uses."""
    conditions = [CONDITIONS[name] for name in names]
    return select(*_COLUMNS).where(_IN_STRETCH, *conditions).order_by(*_NEWEST_FIRST).limit(bindparam("limit"))


def _oldest(*conditions: Any) -> Select[Any]:
    """Return the statement that finds the oldest of the newest `:limit` events, and how many those are.

    An offset would be shorter. But PostgreSQL, when it does not know its value, would rather sort the whole log.
    """
    some = select(*_PLACE).where(_IN_STRETCH, *conditions).order_by(*_NEWEST_FIRST).limit(bindparam("limit")).subquery()
    return select(*some.c, func.count().over()).order_by(*some.c).limit(1)


_OLDEST: Final = _oldest()
_OLDEST_OF_ENTITY: Final = _oldest(CONDITIONS["entity"])


class Activity:
    """Implements domain.model.activity.ActivityRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def stretch(self, workspace_id: UUID, filters: ActivityFilter, *, before: Place) -> Stretch:
        if filters.is_indexed:
            return Stretch(oldest=BEGINNING, before=before, is_last=True)
        oldest = BEGINNING
        if filters.since is not None:
            oldest = (await self._bisect(workspace_id, filters.since))[0], 0
        if filters.until is not None:
            before = min(before, ((await self._bisect(workspace_id, filters.until))[1], 0))
        parameters = {**_of_stretch(workspace_id, oldest, before), "limit": MOST_CANDIDATES}
        if filters.entity_id is None:
            found = await self._runner.row(_OLDEST, parameters)
        else:
            found = await self._runner.row(_OLDEST_OF_ENTITY, {**parameters, "entity": filters.entity_id})
        if found is None or found[2] < MOST_CANDIDATES:
            return Stretch(oldest=oldest, before=before, is_last=True)
        return Stretch(oldest=(found[0], found[1]), before=before, is_last=False)

    async def _bisect(self, workspace_id: UUID, instant: dt.datetime) -> tuple[int, int]:
        found = await self._runner.row(_BISECT, {"workspace": workspace_id, "instant": instant})
        return (found[0], found[1]) if found else (0, END[0])

    async def newest(
        self, workspace_id: UUID, filters: ActivityFilter, *, within: Stretch, limit: int
    ) -> Sequence[LoggedEvent]:
        given = {
            "entity": filters.entity_id,
            "actor": filters.actor_id,
            "types": None if filters.types is None else padded(sorted(filters.types)),
            "after": filters.recorded_after,
            "until": filters.recorded_before,
        }
        conditions = {name: value for name, value in given.items() if value is not None}
        parameters = {**_of_stretch(workspace_id, within.oldest, within.before), **conditions, "limit": limit}
        return [_event(*row) for row in await self._runner.rows(newest_statement(tuple(conditions)), parameters)]


def _of_stretch(workspace_id: UUID, oldest: Place, before: Place) -> dict[str, object]:
    return {
        "workspace": workspace_id,
        "oldest_revision": oldest[0],
        "oldest_sequence": oldest[1],
        "before_revision": before[0],
        "before_sequence": before[1],
    }


def _event(  # noqa: PLR0913, PLR0917  # the columns
    revision: int,
    sequence: int,
    kind: str,
    entity_id: UUID,
    actor_id: UUID | None,
    recorded_at: dt.datetime,
    payload: str | None,
    before: str | None,
) -> LoggedEvent:
    type_before, _, payload_before = before.partition(" ") if before else (None, None, None)
    return LoggedEvent(
        revision=revision,
        sequence=sequence,
        type=kind,
        entity_id=entity_id,
        actor_id=actor_id,
        recorded_at=recorded_at,
        payload=payload,
        type_before=type_before,
        payload_before=payload_before,
    )
