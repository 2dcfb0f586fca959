from dataclasses import replace

import pytest

from domain.model.completions import CompletionRecord, DoneSubtask
from domain.model.tasks import Task, TaskEvent
from domain.model.workspaces import Workspace
from domain.wall_clocks import WallClock
from tests.support.defaults import NOON
from tests.support.things import DUE, HOUR, NOBODY, completion, ident, in_pages, project, task
from tests.support.worlds import World


async def sow(world: World, place: Workspace, *, number: int = 1) -> Task:
    """A task in a project of its own."""
    garden = project(number, place, revision=number + 1)
    created = task(number, garden, revision=number + 1)
    async with world.unit() as uow:
        await uow.projects.add(garden)
        await uow.tasks.add(created)
    return created


async def store(world: World, before: Task, record: CompletionRecord, *, event: TaskEvent = "task.completed") -> Task:
    """Store a completion with another state of its task. Return that."""
    after = replace(before, title=f"{before.title}.", revision=before.revision + 1)
    async with world.unit() as uow:
        await uow.tasks.update(after, before=before, event=event, record=record)
    return after


@pytest.fixture
async def chore(world: World, home: Workspace) -> Task:
    return await sow(world, home)


async def test_a_completion_is_read_back_with_what_undoes_it(
    world: World, home: Workspace, other: Workspace, chore: Task
) -> None:
    undo = {
        "start": DUE,
        "series_start": WallClock(date=DUE.date),
        "remaining": 4,
        "previous_id": ident(70),
        "is_last": True,
        "reopened": (
            DoneSubtask(id=ident(80), completed_at=NOON.replace(microsecond=300), closed_with=None),
            DoneSubtask(id=ident(81), completed_at=NOON, closed_with=ident(80)),
        ),
    }
    records = [
        completion(1, chore, undo=undo, kind="skipped"),
        completion(2, chore, occurrence=WallClock(date=DUE.date), due=WallClock(date=DUE.date)),
    ]
    now = chore
    for record in records:
        now = await store(world, now, record, event=f"task.{record.completion.kind}")  # type: ignore[arg-type]  # both are

    async with world.unit() as uow:
        found = [await uow.completions.record(home.id, each.completion.id) for each in records]
        assert found == records
        assert await uow.completions.record(other.id, ident(1)) is None
        assert await uow.completions.record(home.id, NOBODY) is None
        assert await uow.tasks.get(home.id, chore.id) == now
    assert [kind for _, kind, _ in (await world.log_of(home.id))[-2:]] == ["task.skipped", "task.completed"]


async def test_a_completion_that_is_taken_back_is_gone_and_no_other(world: World, home: Workspace, chore: Task) -> None:
    first, second = completion(1, chore), completion(2, chore)
    now = await store(world, await store(world, chore, first), second)
    await store(world, now, second, event="task.reopened")

    async with world.unit() as uow:
        assert await uow.completions.record(home.id, ident(2)) is None
        assert await uow.completions.record(home.id, ident(1)) == first
    assert (await world.log_of(home.id))[-1] == (now.revision + 1, "task.reopened", chore.id)


async def test_completions_of_a_task_are_read_in_pages_the_newest_first(
    world: World, home: Workspace, other: Workspace, chore: Task
) -> None:
    now = chore
    for number in (4, 1, 3, 2, 0):
        now = await store(world, now, completion(number, chore, completed_at=NOON + number // 2 * HOUR))
    second = await sow(world, home, number=20)
    await store(world, second, completion(9, second))

    found = await in_pages(
        lambda uow, after: uow.completions.page(home.id, task_id=chore.id, after=after, limit=2),
        world=world,
        place_of=lambda each: (each.completed_at, each.id),
    )

    assert [each.id for each in found] == [ident(number) for number in (4, 3, 2, 1, 0)]
    async with world.unit() as uow:
        assert await uow.completions.page(other.id, task_id=chore.id, after=None, limit=2) == []
