import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from domain.model.completions import Completion, CompletionRecord, Undo
from domain.model.tasks import TaskEvent
from tests.support.fakes.store import Store, page_of


class FakeCompletions:
    def __init__(self, store: Store) -> None:
        self._completions = store.of(Completion)
        self._undos = store.of(Undo)

    async def record(self, workspace_id: UUID, completion_id: UUID) -> CompletionRecord | None:
        key = (workspace_id, completion_id)
        if key not in self._completions:
            return None
        return CompletionRecord(completion=self._completions[key], undo=self._undos[key])

    async def page(
        self, workspace_id: UUID, *, task_id: UUID, after: tuple[dt.datetime, UUID] | None, limit: int
    ) -> Sequence[Completion]:
        mine = [
            each for each in self._completions.values() if (each.workspace_id, each.task_id) == (workspace_id, task_id)
        ]
        return page_of(mine, place=lambda each: (each.completed_at, each.id), after=after, limit=limit, descending=True)

    def store(self, record: CompletionRecord, *, event: TaskEvent) -> None:
        """What FakeTasks calls."""
        key = (record.completion.workspace_id, record.completion.id)
        if event == "task.reopened":
            del self._completions[key], self._undos[key]
        else:
            assert key not in self._completions
            self._completions[key], self._undos[key] = record.completion, record.undo

    def forget(self, workspace_id: UUID, task_id: UUID) -> None:
        """What FakeTrash calls."""
        for key, each in [*self._completions.items()]:
            if _of(each) == (workspace_id, task_id):
                del self._completions[key], self._undos[key]


def _of(completion: Completion) -> tuple[UUID, UUID]:
    return completion.workspace_id, completion.task_id
