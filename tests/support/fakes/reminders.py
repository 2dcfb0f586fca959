from collections.abc import Collection, Sequence
from uuid import UUID

from domain.model.reminders import Reminder, Schedulable, Stale
from domain.model.tasks import Task
from domain.reminder_instants import settings_of
from tests.support.fakes.store import Store, page_of


class FakeReminders:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._reminders = store.of(Reminder)
        self._stale = store.of(Stale)

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

    async def page_of_user(
        self, workspace_id: UUID, *, user_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Reminder]:
        live = [each for each in self._of(workspace_id, user_id) if (workspace_id, each.task_id) in self._store.tasks]
        return page_of(live, place=lambda each: each.id, after=after, limit=limit)

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

    async def delete_everywhere(self, user_id: UUID, *, limit: int) -> Sequence[UUID]:
        joined = self._store.workspaces_of(user_id)
        some = [each for workspace_id in joined for each in self._of(workspace_id, user_id)][:limit]
        for each in some:
            del self._reminders[each.workspace_id, each.id]
        return [each.workspace_id for each in some]

    async def of_tasks(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Sequence[Schedulable]:
        return [
            self._schedulable(each)
            for (at, _), each in self._reminders.items()
            if at == workspace_id and each.task_id in task_ids and each.before_due is not None
        ]

    async def of_user(
        self, workspace_id: UUID, user_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[Schedulable]:
        found = page_of(self._of(workspace_id, user_id), place=lambda each: each.id, after=after, limit=limit)
        return [self._schedulable(each) for each in found]

    async def named(self, workspace_id: UUID, reminder_ids: Collection[UUID]) -> Sequence[Schedulable]:
        keys = [(workspace_id, each) for each in reminder_ids]
        return [self._schedulable(self._reminders[key]) for key in keys if key in self._reminders]

    async def mark_stale(self, user_id: UUID) -> None:
        for workspace_id in self._store.workspaces_of(user_id):
            self._stale[workspace_id, user_id] = Stale(workspace_id=workspace_id, user_id=user_id)

    async def stale(self, *, after: Stale | None, limit: int) -> Sequence[Stale]:
        place = None if after is None else (after.workspace_id, after.user_id)
        notes = sorted(self._stale.values(), key=lambda each: (each.workspace_id, each.user_id))
        return page_of(notes, place=lambda each: (each.workspace_id, each.user_id), after=place, limit=limit)

    async def lock_stale(self, workspace_id: UUID, user_id: UUID) -> Stale | None:
        return self._stale.get((workspace_id, user_id))

    async def set_stale(self, stale: Stale) -> None:
        self._stale[stale.workspace_id, stale.user_id] = stale

    async def end_stale(self, workspace_id: UUID, user_id: UUID) -> None:
        self._stale.pop((workspace_id, user_id), None)

    async def outdated(self, *, zone_data: str, without: Collection[UUID], limit: int) -> Sequence[tuple[UUID, UUID]]:
        older = [
            key for key, each in self._reminders.items() if each.zone_data is not None and each.zone_data < zone_data
        ]
        return [key for key in older if key[0] in self._store.workspaces and key[0] not in without][:limit]

    def _schedulable(self, reminder: Reminder) -> Schedulable:
        key = (reminder.workspace_id, reminder.task_id)
        task = self._store.tasks[key] if key in self._store.tasks else self._store.trashed[Task, *key].entity
        user = self._store.users[reminder.user_id]
        return Schedulable(
            reminder=reminder, due=task.due, settings=settings_of(user), account_changed_at=user.updated_at
        )

    def _of(self, workspace_id: UUID, user_id: UUID) -> list[Reminder]:
        return [each for (at, _), each in self._reminders.items() if at == workspace_id and each.user_id == user_id]
