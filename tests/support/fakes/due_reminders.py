import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from domain.model.due_reminders import DueReminder, LockedReminder
from domain.model.reminders import Reminder, Stale
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
            LockedReminder(
                reminder=each,
                is_active=self._is_active(each),
                reminders_fired=len(self._store.fired_reminders.get(each.user_id, ())),
            )
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

    def _is_active(self, reminder: Reminder) -> bool:
        task = self._store.tasks.get((reminder.workspace_id, reminder.task_id))
        return task is not None and task.status == "open"
