from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from domain.errors import IdTaken
from domain.model.comments import Comment
from domain.model.tasks import Task
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import HOUR, NOBODY, comment, ident, in_pages, project, task
from tests.support.worlds import World


async def add(world: World, *comments: Comment) -> None:
    """Add *comments* in one change."""
    async with world.unit() as uow:
        for each in comments:
            await uow.comments.add(each)


async def sow(world: World, place: Workspace, *, number: int = 1, **changes: Any) -> Task:
    """A task in a project of its own."""
    garden = project(number, place, revision=number + 1)
    created = task(number, garden, revision=number + 1, **changes)
    async with world.unit() as uow:
        await uow.projects.add(garden)
        await uow.tasks.add(created)
    return created


@pytest.fixture
async def chore(world: World, home: Workspace) -> Task:
    return await sow(world, home)


async def test_a_comment_is_found_in_its_workspace_by_id(
    world: World, home: Workspace, other: Workspace, chore: Task
) -> None:
    created = comment(1, chore, text="**Drauße** \N{BROOM}", revision=10)
    await add(world, created)

    async with world.unit() as uow:
        assert await uow.comments.get(home.id, created.id) == created
        assert await uow.comments.get(other.id, created.id) is None
        assert await uow.comments.get(home.id, NOBODY) is None
        assert await uow.comments.count(home.id, task_id=chore.id) == 1
        assert await uow.comments.count(other.id, task_id=chore.id) == 0
    assert (await world.log_of(home.id))[-1] == (10, "comment.created", created.id)


async def test_the_same_id_can_be_used_once_in_each_workspace(world: World, chore: Task, other: Workspace) -> None:
    await add(world, comment(1, chore, revision=10))
    with pytest.raises(IdTaken):
        await add(world, comment(1, chore, text="Another", revision=11))
    await add(world, comment(1, await sow(world, other), revision=10))


async def test_comments_of_a_task_are_read_in_pages_by_time_then_id(world: World, home: Workspace, chore: Task) -> None:
    await add(
        world,
        *(comment(number, chore, created_at=NOON + number // 2 * HOUR, revision=10) for number in (4, 1, 3, 2, 0)),
        comment(9, await sow(world, home, number=2), revision=10),
    )

    found = await in_pages(
        lambda uow, after: uow.comments.page(home.id, task_id=chore.id, after=after, limit=2),
        world=world,
        place_of=lambda each: (each.created_at, each.id),
    )

    assert [each.id for each in found] == [ident(number) for number in range(5)]


async def test_a_changed_comment_is_read_back(world: World, home: Workspace, chore: Task) -> None:
    before = comment(1, chore, revision=10)
    await add(world, before)
    after = replace(before, text="Now", edited_at=NOON + HOUR, revision=11)

    async with world.unit() as uow:
        await uow.comments.update(after, before=before)

    async with world.unit() as uow:
        assert await uow.comments.get(home.id, after.id) == after
    assert (await world.log_of(home.id))[-1] == (11, "comment.updated", after.id)


async def test_a_deleted_comment_is_gone(world: World, home: Workspace, chore: Task) -> None:
    await add(world, comment(1, chore, revision=10), comment(2, chore, revision=10))

    async with world.unit() as uow:
        await uow.comments.delete(home.id, ident(1), trash_id=ident(90), revision=11)

    async with world.unit() as uow:
        assert await uow.comments.get(home.id, ident(1)) is None
        assert await uow.comments.get(home.id, ident(2)) is not None
        assert [each.id for each in await uow.comments.in_trash(home.id, ident(90), limit=9)] == [ident(1)]
    assert (await world.log_of(home.id))[-1] == (11, "comment.deleted", ident(1))


async def test_some_comments_of_some_tasks_are_deleted_and_no_others(
    world: World, home: Workspace, other: Workspace, chore: Task
) -> None:
    second, third = await sow(world, home, number=2), await sow(world, home, number=3)
    theirs = await sow(world, other)
    mine = [comment(1, chore, revision=10), comment(2, chore, revision=10), comment(3, second, revision=10)]
    others = [comment(4, third, revision=10), comment(1, theirs, revision=10)]
    await add(world, *mine, others[0])
    await add(world, others[1])

    async with world.unit() as uow:
        of = [chore.id, second.id, NOBODY]
        delete_some = partial(uow.comments.delete_some, home.id, trash_id=ident(50), revision=11, limit=2)
        assert [await delete_some(task_ids=of) for _ in range(3)] == [2, 1, 0]
        assert await delete_some(task_ids=[]) == 0

    async with world.unit() as uow:
        assert [await uow.comments.get(each.workspace_id, each.id) for each in mine] == [None, None, None]
        assert [await uow.comments.get(each.workspace_id, each.id) for each in others] == others
    ends = (await world.log_of(home.id))[-3:]
    assert sorted(ends) == [(11, "comment.deleted", each.id) for each in mine]


async def test_what_one_deletion_took_is_in_the_trash_and_comes_back(
    world: World, home: Workspace, other: Workspace, chore: Task
) -> None:
    second = await sow(world, home, number=2)
    mine = [comment(number, chore, revision=10) for number in (2, 1)]
    theirs = comment(3, second, revision=10)
    await add(world, *mine, theirs)
    async with world.unit() as uow:
        for task_id, entry_id in ((chore.id, ident(50)), (second.id, ident(51))):
            await uow.comments.delete_some(home.id, task_ids=[task_id], trash_id=entry_id, revision=11, limit=9)
    with pytest.raises(IdTaken):
        await add(world, comment(1, chore, revision=12))

    async with world.unit() as uow:
        assert await uow.comments.in_trash(home.id, ident(50), limit=9) == [mine[1], mine[0]]
        assert await uow.comments.in_trash(home.id, ident(50), limit=1) == [mine[1]]
        assert await uow.comments.in_trash(other.id, ident(50), limit=9) == []
        back = [replace(each, revision=12) for each in mine]
        await uow.comments.restore_all(back)

    async with world.unit() as uow:
        assert [await uow.comments.get(home.id, each.id) for each in mine] == back
        assert await uow.comments.get(home.id, theirs.id) is None
        assert await uow.comments.in_trash(home.id, ident(50), limit=9) == []
        assert await uow.comments.in_trash(home.id, ident(51), limit=9) == [theirs]
    assert sorted((await world.log_of(home.id))[-2:]) == [(12, "comment.restored", each.id) for each in reversed(mine)]
