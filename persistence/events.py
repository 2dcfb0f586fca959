"""The log of each workspace: the tables of its events and tombstones, and what is deleted when it grows too long.

Only the change log writes to them (persistence/change_log.py).
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    select,
    true,
    tuple_,
    update,
)

from domain.model.members import MEMBER_EVENTS
from domain.quotas import Usage
from persistence.compiled import BULK
from persistence.metadata import INSTANT, metadata
from persistence.octets import octets
from persistence.runners import Row, Runner

events: Final = Table(
    "events",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("actor_id", Uuid),
    Column("recorded_at", INSTANT, nullable=False),
    Column("body", Text),
    Column("is_last", Boolean, nullable=False, server_default=true()),
    PrimaryKeyConstraint("workspace_id", "revision", "sequence"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    Index("ix_events_entity_id", "workspace_id", "entity_id", "revision", "sequence"),
)
"""A workspace's log. `actor_id` is null for what a registration did; `body`, the payload as JSON, where it was deleted.
`is_last` says that no later event of the same revision is about the same entity."""
_IS_OF_MEMBER: Final = events.c.type.in_(MEMBER_EVENTS)
Index(
    "ix_events_members",
    events.c.entity_id,
    postgresql_where=_IS_OF_MEMBER,
    sqlite_where=_IS_OF_MEMBER,
)

tombstones: Final = Table(
    "tombstones",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("deleted_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("workspace_id", "revision", "sequence"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    Index("ix_tombstones_entity_id", "workspace_id", "entity_id"),
)
"""What is known of deleted entities. A member who left twice has two."""

_TRIMMED_AT_ONCE: Final = 1000
"""How many payloads one change deletes at most."""
_OLDEST: Final = (
    select(events.c.revision, events.c.sequence, octets(events.c.body), events.c.recorded_at)
    .where(
        events.c.workspace_id == bindparam("workspace"),
        events.c.revision >= bindparam("log_from"),
        events.c.revision < bindparam("before"),
        events.c.body.is_not(None),
    )
    .order_by(events.c.revision, events.c.sequence)
    .limit(bindparam("limit"))
)
_CLEAR: Final = (
    update(events)
    .where(
        events.c.workspace_id == bindparam("workspace"),
        events.c.revision >= bindparam("log_from"),
        tuple_(events.c.revision, events.c.sequence) <= tuple_(bindparam("to_revision"), bindparam("to_sequence")),
        events.c.body.is_not(None),
    )
    .values(body=None)
    .execution_options(**BULK)
)


async def oldest_payloads(
    runner: Runner, workspace_id: UUID, *, log_from: int, before: int, limit: int
) -> Sequence[Row]:
    """Return the places of the oldest events with a payload, each with its bytes and its time.

    They are from the revision *log_from* on, and before the revision *before*.
    """
    place = {"workspace": workspace_id, "log_from": log_from, "before": before, "limit": limit}
    return await runner.rows(_OLDEST, place)


async def clear(runner: Runner, workspace_id: UUID, usage: Usage, rows: Sequence[Row]) -> Usage:
    """Delete the payloads of some of the *rows* that `oldest_payloads` returned, from the first on.

    Return the usage after it. The events stay, so that nobody can hide who did what by writing a lot.
    """
    if not rows:
        return usage
    revision, sequence, *_ = rows[-1]
    place = {"workspace": workspace_id, "log_from": usage.log_from}
    await runner.run(_CLEAR, {**place, "to_revision": revision, "to_sequence": sequence})
    return usage.trimmed(sum(row[2] for row in rows), log_from=revision)


async def trim(  # noqa: PLR0913  # how much, of what, and what stays
    runner: Runner, workspace_id: UUID, usage: Usage, *, before: int, excess: int, added: int
) -> Usage:
    """Delete the payloads of the oldest events, of *excess* bytes, and return the usage after it.

    Only events before the revision *before* are trimmed: the payloads of this change, *added* bytes, stay. If there are
    too many for one change, such as after the operator has lowered the quota, later changes continue.
    """
    rows = await oldest_payloads(runner, workspace_id, log_from=usage.log_from, before=before, limit=_TRIMMED_AT_ONCE)
    freed, count = 0, 0
    while count < len(rows) and freed < excess:
        freed += rows[count][2]
        count += 1
    usage = await clear(runner, workspace_id, usage, rows[:count])
    if freed < excess and len(rows) < _TRIMMED_AT_ONCE:  # no older payload is left; some were deleted with a user
        usage = usage.trimmed(usage.log_bytes - added, log_from=usage.log_from)
    return usage
