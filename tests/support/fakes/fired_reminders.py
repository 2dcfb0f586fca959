from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.model.fired_reminders import FiredReminder
from tests.support.fakes.store import Store


class FakeFiredReminders:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def lock_owners(self, user_ids: Collection[UUID]) -> Mapping[UUID, int]:
        fired = self._store.fired_reminders
        return {each: len(fired.get(each, ())) for each in user_ids if each in self._store.users}

    async def add(self, fired: Sequence[FiredReminder]) -> None:
        for each in fired:
            self._store.fired_reminders.setdefault(each.user_id, []).append(each)

    async def between(self, user_id: UUID, *, after: int, to: int, limit: int) -> Sequence[FiredReminder]:
        return [each for each in self._store.fired_reminders.get(user_id, ()) if after < each.number <= to][:limit]
