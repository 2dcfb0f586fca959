from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.model.activity import (
    BEGINNING,
    MOST_CANDIDATES,
    ActivityFilter,
    LoggedEvent,
    Place,
    Stretch,
)
from tests.support.fakes.store import Store


class FakeActivity:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def stretch(self, workspace_id: UUID, filters: ActivityFilter, *, before: Place) -> Stretch:
        if filters.is_indexed:
            return Stretch(oldest=BEGINNING, before=before, is_last=True)
        candidates = [
            event.place
            for event in reversed(self._store.read_events.get(workspace_id, []))
            if event.place < before
            and filters.entity_id in {None, event.entity_id}
            and (filters.since is None or event.recorded_at >= filters.since)
            and (filters.until is None or event.recorded_at < filters.until)
        ]
        is_last = len(candidates) < MOST_CANDIDATES
        return Stretch(oldest=BEGINNING if is_last else candidates[MOST_CANDIDATES - 1], before=before, is_last=is_last)

    async def newest(
        self, workspace_id: UUID, filters: ActivityFilter, *, within: Stretch, limit: int
    ) -> Sequence[LoggedEvent]:
        log = self._store.read_events.get(workspace_id, [])
        listed = [each for each in log if within.oldest <= each.place < within.before and _is_listed(each, filters)]
        return [_with_earlier(each, log) for each in reversed(listed[-limit:])]


def _is_listed(event: LoggedEvent, filters: ActivityFilter) -> bool:
    return (
        filters.entity_id in {None, event.entity_id}
        and filters.actor_id in {None, event.actor_id}
        and (filters.types is None or event.type in filters.types)
        and (filters.recorded_after is None or event.recorded_at > filters.recorded_after)
        and (filters.recorded_before is None or event.recorded_at < filters.recorded_before)
    )


def _with_earlier(event: LoggedEvent, log: Sequence[LoggedEvent]) -> LoggedEvent:
    earlier = [each for each in log if each.entity_id == event.entity_id and each.place < event.place]
    if not earlier or earlier[-1].payload is None:
        return event
    return replace(event, type_before=earlier[-1].type, payload_before=earlier[-1].payload)
