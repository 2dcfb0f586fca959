from collections.abc import Collection, Sequence
from uuid import UUID

from domain.model.reminders import Reminder, Settings
from domain.reminder_instants import settings_of
from tests.support.fakes.store import Store, page_of


class FakeReminders:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._reminders = store.of(Reminder)

    async def add(self, reminder: Reminder) -> None:
        key = (reminder.workspace_id, reminder.id)
        self._store.require_new(Reminder, self._reminders, key)
        assert (reminder.workspace_id, reminder.task_id) in self._store.tasks
        self._reminders[key] = reminder

    async def get(self, workspace_id: UUID, reminder_id: UUID) -> Reminder | None:
        return self._reminders.get((workspace_id, reminder_id))

    async def count(self, workspace_id: UUID, *, user_id: UUID, task_id: UUID, limit: int) -> tuple[int, int]:
        mine = self._of(workspace_id, user_id)[:limit]
        return len([each for each in mine if each.task_id == task_id]), len(mine)

    async def page(
        self, workspace_id: UUID, *, user_id: UUID, task_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Reminder]:
        mine = [each for each in self._of(workspace_id, user_id) if each.task_id == task_id]
        return page_of(mine, place=lambda each: each.id, after=after, limit=limit)

    async def update_all(self, reminders: Sequence[Reminder]) -> None:
        for each in reminders:
            assert (each.workspace_id, each.id) in self._reminders
            self._reminders[each.workspace_id, each.id] = each

    async def delete(self, workspace_id: UUID, reminder_id: UUID) -> None:
        del self._reminders[workspace_id, reminder_id]

    async def delete_some(self, workspace_id: UUID, *, user_id: UUID, limit: int) -> int:
        some = self._of(workspace_id, user_id)[:limit]
        for each in some:
            del self._reminders[workspace_id, each.id]
        return len(some)

    async def before_due_of(
        self, workspace_id: UUID, task_ids: Collection[UUID]
    ) -> Sequence[tuple[Reminder, Settings]]:
        return [
            (each, settings_of(self._store.users[each.user_id]))
            for (at, _), each in self._reminders.items()
            if at == workspace_id and each.task_id in task_ids and each.before_due is not None
        ]

    def _of(self, workspace_id: UUID, user_id: UUID) -> list[Reminder]:
        return [each for (at, _), each in self._reminders.items() if at == workspace_id and each.user_id == user_id]
