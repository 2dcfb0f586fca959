import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from domain.model.due_reminders import DueReminder, LockedReminder
from domain.model.reminders import Reminder, Stale
from domain.model.tasks import Task
from tests.support.fakes.store import Store


class FakeDueReminders:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def first(
        self, *, until: dt.datetime, zone_data: str, without: Collection[UUID], limit: int
    ) -> Sequence[DueReminder]:
        return [
            DueReminder(workspace_id=each.workspace_id, reminder_id=each.id, fires_at=at)
            for at, each in self._due(until, zone_data)
            if each.workspace_id not in without
        ][:limit]

    async def lock(
        self, workspace_id: UUID, reminder_ids: Collection[UUID], *, now: dt.datetime, zone_data: str
    ) -> Sequence[LockedReminder]:
        return [
            self._locked(each)
            for _, each in self._due(now, zone_data)
            if each.workspace_id == workspace_id and each.id in reminder_ids
        ]

    def _due(self, until: dt.datetime, zone_data: str) -> list[tuple[dt.datetime, Reminder]]:
        stale = {(each.workspace_id, each.user_id) for each in self._store.of(Stale).values()}
        found = [
            (each.fires_at, each)
            for each in self._store.of(Reminder).values()
            if each.fires_at is not None
            if each.fires_at <= until and (each.zone_data is None or each.zone_data >= zone_data)
            if (each.workspace_id, each.user_id) not in stale
            if (each.workspace_id, each.user_id) in self._store.members
        ]
        return sorted(found, key=lambda one: one[0])

    def _locked(self, reminder: Reminder) -> LockedReminder:
        key = (reminder.workspace_id, reminder.task_id)
        live = self._store.tasks.get(key)
        task = live or self._store.trashed[Task, *key].entity
        return LockedReminder(
            reminder=reminder,
            is_active=live is not None and live.status == "open",
            due=task.due,
            occurrence=task.occurrence,
            reminders_fired=len(self._store.fired_reminders.get(reminder.user_id, ())),
        )
