"""Deletes what is old from the logs of workspaces: the payloads of events, and tombstones. The events themselves stay.

Each workspace's row has the day of the oldest of them. So what is due is found in an index, whatever the number of
workspaces, and however long their logs are. Quota and erasure delete payloads, too, and leave the day as it is: then
the purge finds nothing to delete, and stores the right day.

Source: ADR 108.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from operator import attrgetter
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, select, tuple_, update

from domain.quotas import Usage, day_of
from persistence.compiled import BULK
from persistence.events import clear, oldest_payloads, tombstones
from persistence.memberships import USAGE, workspaces
from persistence.runners import Row, Runner
from persistence.workspaces import lock_workspace

AT_ONCE: Final = 100
"""How many payloads and tombstones are deleted in one transaction."""

_USAGE_OF: Final = attrgetter(*USAGE)
_FIND: Final = (
    select(workspaces.c.id)
    .where(workspaces.c.deleted_at.is_(None), workspaces.c.log_day > 0, workspaces.c.log_day < bindparam("day"))
    .order_by(workspaces.c.log_day)
    .limit(1)
)
_PLACE: Final = (tombstones.c.revision, tombstones.c.sequence)
_OLDEST_TOMBSTONES: Final = (
    select(*_PLACE, tombstones.c.deleted_at)
    .where(tombstones.c.workspace_id == bindparam("workspace"))
    .order_by(*_PLACE)
    .limit(bindparam("limit"))
)
_DELETE_TOMBSTONES: Final = (
    delete(tombstones)
    .where(
        tombstones.c.workspace_id == bindparam("workspace"),
        tuple_(*_PLACE) <= tuple_(bindparam("to_revision"), bindparam("to_sequence")),
    )
    .execution_options(**BULK)
)
_STORE: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))
_EXPIRE: Final = _STORE.where(workspaces.c.changes_from < bindparam("to_revision")).values(
    changes_from=bindparam("to_revision")
)
"""It is later where the operator has let the revisions jump, after the restore of a backup."""


async def purge(runner: Runner, *, now: dt.datetime, kept: dt.timedelta) -> int:
    """Delete some of what is older than *kept*, by whole days in UTC, from one log. Return 0 if no log has any."""
    first = (now - kept).astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = await runner.row(_FIND, {"day": day_of(first)})
    if found is None:
        return 0
    workspace_id: UUID = found[0]
    locked = await lock_workspace(runner, workspace_id)
    if locked is None or not 0 < locked[1].log_day < day_of(first):  # it was deleted, or purged, meanwhile
        return 1
    return 1 + await _purge_log(runner, workspace_id, *locked, before=first)


async def _purge_log(runner: Runner, workspace_id: UUID, head: int, usage: Usage, *, before: dt.datetime) -> int:
    """Delete some of what is older than *before*. Return how many. The workspace is locked."""
    payloads = await oldest_payloads(runner, workspace_id, log_from=usage.log_from, before=head + 1, limit=AT_ONCE)
    old = _older(payloads, before)
    usage = await clear(runner, workspace_id, usage, old)
    if len(old) == len(payloads) < AT_ONCE:  # no payload is left; some were deleted with a user
        usage = usage.trimmed(usage.log_bytes, log_from=usage.log_from)
    count, ends = len(old), list[Row]()
    if count < AT_ONCE:
        ends += await runner.rows(_OLDEST_TOMBSTONES, {"workspace": workspace_id, "limit": AT_ONCE - count})
    if old_ends := _older(ends, before):
        await _delete(runner, workspace_id, old_ends)
        count += len(old_ends)
    if count < AT_ONCE:
        oldest = [*payloads[len(old) :][:1], *ends[len(old_ends) :][:1]]
        usage = replace(usage, log_day=min((day_of(row[-1]) for row in oldest), default=0))
    await runner.run(_STORE, {"workspace": workspace_id, **dict(zip(USAGE, _USAGE_OF(usage), strict=True))})
    return count


def _older(rows: Sequence[Row], before: dt.datetime) -> Sequence[Row]:
    """Return the first rows, whose last column is a time, up to one that is not older."""
    return list(takewhile(lambda row: row[-1] < before, rows))


async def _delete(runner: Runner, workspace_id: UUID, ends: Sequence[Row]) -> None:
    """Delete tombstones, and let the cursors expire that do not know them."""
    revision, sequence, _ = ends[-1]
    place = {"workspace": workspace_id, "to_revision": revision, "to_sequence": sequence}
    await runner.run(_DELETE_TOMBSTONES, place)
    await runner.run(_EXPIRE, {"workspace": workspace_id, "to_revision": revision})
