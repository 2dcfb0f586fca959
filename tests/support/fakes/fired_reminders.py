from collections.abc import Sequence
from uuid import UUID

from domain.model.fired_reminders import FiredReminder
from tests.support.fakes.store import Store


class FakeFiredReminders:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, fired: Sequence[FiredReminder]) -> None:
        for each in fired:
            self._store.fired_reminders.setdefault(each.user_id, []).append(each)

    async def between(self, user_id: UUID, *, after: int, to: int, limit: int) -> Sequence[FiredReminder]:
        return [each for each in self._store.fired_reminders.get(user_id, ()) if after < each.number <= to][:limit]

    async def delete_some(self, user_id: UUID, *, limit: int) -> int:
        fired = self._store.fired_reminders.get(user_id, [])
        some = fired[:limit]
        del fired[:limit]
        return len(some)
