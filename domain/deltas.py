"""What has changed since a place in a workspace's log: each entity once, in its latest state.

The log is read in order. An event counts if it is the last one of its entity: what is live then has the event's
revision, or was last deleted with it. Any other event is skipped, because a later one of the entity follows. So no
snapshot is needed, and what it costs depends on the number of events only.
"""

from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from domain import pages, workspaces
from domain.model.changes import Change, ChangeType, Entity, Found, LogEntry, LogPlace, change_of, id_of
from domain.unit_of_work import UnitOfWork

MOST_ENTRIES: Final = 2000
"""About how many events of the log are read for a page."""
_AT_ONCE: Final = 200
_IDS_AT_ONCE: Final = 100
"""For more, PostgreSQL might rather read a whole table that is small."""


async def read(
    uow: UnitOfWork, place: LogPlace, *, types: Collection[ChangeType] | None, head: int, limit: int
) -> AsyncGenerator[Found, None]:
    """Yield what has changed since *place*, up to *head*, which was read before, or later. It ends after MOST_ENTRIES.

    About *limit* entities are read at once. Raises WorkspaceNotFound.
    """
    is_end = place == LogPlace.end_of(head)
    if is_end:
        yield Found(place=place, is_end=True)
    looked, count = 0, limit + 1
    while not is_end and looked < MOST_ENTRIES:
        entries = await uow.changes.entries(uow.workspace_id, after=place, limit=count)
        wanted = _last_of_each(entries, types=types)
        if looked:  # the first ones had little effect, so it may be the same with these
            wanted = await _effective(uow, wanted)
        for some in _groups(wanted, size=min(count, pages.AT_ONCE)):
            for entry, change in await _latest(uow, some):
                yield Found(place=entry.place, change=change)
        is_end = len(entries) < count
        through = max([head, *(each.place.revision for each in entries)])
        place = LogPlace.end_of(through) if is_end else entries[-1].place
        yield Found(place=place, is_end=is_end)
        looked, count = looked + count, _AT_ONCE


def _last_of_each(entries: Sequence[LogEntry], *, types: Collection[ChangeType] | None) -> Sequence[LogEntry]:
    """Return the last event of each entity of these types, in their order."""
    last = {(each.type, each.entity_id): each for each in entries if each.is_last}
    wanted = sorted(last.values(), key=attrgetter("place"))
    return [each for each in wanted if types is None or each.type in types]


def _groups(entries: Sequence[LogEntry], *, size: int) -> Sequence[Sequence[LogEntry]]:
    return [entries[start : start + size] for start in range(0, len(entries), size)]


async def _effective(uow: UnitOfWork, entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
    """Leave out events after which their entities changed again. Only revisions are read: texts may be long."""
    known: dict[tuple[str, UUID], int] = {}
    for kind, ids in _by_kind(entries):
        if kind == "workspace":
            known |= {(kind, each.id): each.revision for each in [await workspaces.get(uow)]}
        else:
            revisions = await uow.changes.revisions(uow.workspace_id, kind, ids)
            known |= {(kind, entity_id): revision for entity_id, revision in revisions.items()}
    ended = [each.entity_id for each in entries if each.is_end and (each.type, each.entity_id) not in known]
    deletions = await uow.changes.deletions(uow.workspace_id, ended) if ended else {}
    known = {**deletions, **known}
    return [each for each in entries if _is_latest(each, known.get((each.type, each.entity_id)))]


def _is_latest(entry: LogEntry, revision: int | None) -> bool:
    """Whether an entity that is live, or has a tombstone, with this revision is as the event has left it."""
    return entry.is_end if revision is None else revision == entry.place.revision


async def _latest(uow: UnitOfWork, entries: Sequence[LogEntry]) -> Sequence[tuple[LogEntry, Change]]:
    """Return those events that are the last ones of their entities, each with what it led to."""
    live = await _live(uow, entries)
    ended = [each for each in entries if each.is_end and (each.type, each.entity_id) not in live]
    ids = [each.entity_id for each in ended]
    deletions = await uow.changes.deletions(uow.workspace_id, ids) if ids else {}
    found = []
    for each in entries:
        key, revision = (each.type, each.entity_id), each.place.revision
        entity = live.get(key)
        if entity is not None and entity.revision == revision:
            found.append((each, change_of(each.type, entity)))
        # A tombstone that is missing was purged a moment ago, or the entity was restored: a later event says so.
        elif entity is None and each.is_end and deletions.get(key, revision) == revision:
            found.append((each, Change(type=each.type, id=each.entity_id, revision=revision, entity=None)))
    return found


async def _live(uow: UnitOfWork, entries: Sequence[LogEntry]) -> Mapping[tuple[ChangeType, UUID], Entity]:
    found: dict[tuple[ChangeType, UUID], Entity] = {}
    for kind, ids in _by_kind(entries):
        if kind == "workspace":
            entities: Sequence[Entity] = [await workspaces.get(uow)]
        else:
            entities = await uow.changes.live(uow.workspace_id, kind, ids)
        found |= {(kind, id_of(each)): each for each in entities}
    return found


def _by_kind(entries: Sequence[LogEntry]) -> Iterator[tuple[ChangeType, Sequence[UUID]]]:
    for kind, some in groupby(sorted(entries, key=attrgetter("type")), key=attrgetter("type")):
        ids = [each.entity_id for each in some]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            yield kind, ids[start : start + _IDS_AT_ONCE]
