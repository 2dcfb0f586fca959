from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from domain.model.projects import Project
from domain.model.tasks import Dependency, Task, WhichDependents
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import NOBODY, ident, project, task
from tests.support.worlds import World


async def add(world: World, *things: Project | Task) -> None:
    async with world.unit() as uow:
        for each in things:
            await (uow.projects.add(each) if isinstance(each, Project) else uow.tasks.add(each))


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    created = project(1, home, revision=2)
    await add(world, created)
    return created


@pytest.fixture
async def elsewhere(world: World, other: Workspace) -> Project:
    """A project in another workspace, with tasks of the same ids, each of which depends on the next."""
    created = project(1, other, revision=2)
    await add(world, created, *(task(number, created, revision=3) for number in (3, 2, 1)))
    return created


def closed(number: int, within: Project, *, after: Sequence[int] = ()) -> Task:
    return waiting(number, within, after=after, status="completed", completed_at=NOON)


def waiting(number: int, within: Project, *, after: Sequence[int], **changes: object) -> Task:
    """A task that depends on those with the numbers *after*."""
    return task(number, within, depends_on_ids=tuple(map(ident, after)), revision=3, **changes)


async def test_what_is_known_of_tasks_that_others_depend_on(world: World, chores: Project, elsewhere: Project) -> None:
    await add(
        world,
        waiting(1, chores, after=()),
        closed(2, chores),
        waiting(3, chores, after=[1, 2], blocked=True),
        waiting(4, chores, after=[1], blocked=True),
    )

    async with world.unit() as uow:
        found = await uow.tasks.dependencies(chores.workspace_id, [ident(1), ident(2), ident(3), NOBODY])
        theirs = await uow.tasks.dependencies(elsewhere.workspace_id, [ident(1), ident(4)])
    assert found == {
        ident(1): Dependency(is_open=True, dependents=2),
        ident(2): Dependency(is_open=False, dependents=1),
        ident(3): Dependency(is_open=True, dependents=0),
    }
    assert theirs == {ident(1): Dependency(is_open=True, dependents=0)}


@pytest.mark.usefixtures("elsewhere")
async def test_tasks_are_found_with_all_that_they_depend_on(world: World, chores: Project) -> None:
    await add(
        world,
        closed(1, chores),
        closed(2, chores, after=[1]),
        waiting(3, chores, after=[1]),
        waiting(4, chores, after=[2, 3], blocked=True),
        waiting(5, chores, after=[4], blocked=True),
    )

    async with world.unit() as uow:
        for of, limit, expected in (([4], 9, {1, 2, 3, 4}), ([2, 3], 9, {1, 2, 3}), ([1], 9, {1}), ([5], 5, set())):
            found = await uow.tasks.with_dependencies(chores.workspace_id, list(map(ident, of)), limit=limit)
            assert set(found) == set(map(ident, expected or range(1, 6)))
        assert len(await uow.tasks.with_dependencies(chores.workspace_id, [ident(5)], limit=3)) == 3


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("of", "which", "expected"),
    [
        ([1], "all", {4: False, 5: True, 6: False}),
        ([2], "all", {5: True}),
        ([1, 2], "all", {4: False, 5: False, 6: False}),
        ([1], "freed", {4: False, 6: False}),
        ([1, 2], "freed", {4: False, 5: False, 6: False}),
        ([3], "freed", {}),
        ([3], "free", {7: False}),
        ([1], "free", {}),
    ],
)
async def test_the_dependents_of_tasks_are_found(
    world: World, chores: Project, of: list[int], which: WhichDependents, expected: dict[int, bool]
) -> None:
    await add(
        world,
        waiting(1, chores, after=()),
        waiting(2, chores, after=()),
        closed(3, chores),
        waiting(4, chores, after=[1, 3], blocked=True),
        waiting(5, chores, after=[1, 2], blocked=True),
        waiting(6, chores, after=[1], blocked=True, status="cancelled"),
        waiting(7, chores, after=[3]),
    )

    async with world.unit() as uow:
        found = await uow.tasks.dependents(chores.workspace_id, list(map(ident, of)), which=which, limit=9)
        few = await uow.tasks.dependents(chores.workspace_id, [ident(1)], which="all", limit=2)
    assert {each.id: waits for each, waits in found} == {ident(number): waits for number, waits in expected.items()}
    assert len(few) == 2


async def test_a_family_says_whether_another_task_depends_on_it(world: World, chores: Project) -> None:
    root, child = task(1, chores, revision=3), task(2, chores, parent_id=ident(1), revision=3)
    await add(world, root, child, waiting(3, chores, after=[2], blocked=True))

    async with world.unit() as uow:
        families = [await uow.tasks.family(chores.workspace_id, ident(number)) for number in (1, 2, 3)]
    assert [family and family.has_dependents for family in families] == [True, True, False]


async def test_dependencies_are_replaced_and_go_with_the_task(world: World, chores: Project) -> None:
    first, second = waiting(1, chores, after=()), closed(2, chores)
    third = waiting(3, chores, after=[1], blocked=True)
    await add(world, first, second, third)
    changed = replace(third, depends_on_ids=(second.id,), blocked=False, revision=4)
    async with world.unit() as uow:
        await uow.tasks.update(changed, before=third, event="task.updated")

    async def dependents(of: Task) -> int:
        async with world.unit() as uow:
            return (await uow.tasks.dependencies(chores.workspace_id, [of.id]))[of.id].dependents

    async with world.unit() as uow:
        assert await uow.tasks.get(chores.workspace_id, third.id) == changed
    assert [await dependents(first), await dependents(second)] == [0, 1]
    async with world.unit() as uow:
        await uow.tasks.delete_all(chores.workspace_id, [third.id], trash_id=ident(90), revision=5)
    assert await dependents(second) == 1, "it can be restored"


async def test_other_tasks_that_depend_on_some_are_counted_with_those_in_the_trash(
    world: World, chores: Project, elsewhere: Project
) -> None:
    place = chores.workspace_id
    both = [waiting(number, chores, after=[1, 2]) for number in (3, 4, 5)]
    await add(world, waiting(1, chores, after=()), waiting(2, chores, after=[1]), *both, waiting(6, chores, after=[3]))
    async with world.unit() as uow:
        await uow.tasks.delete_all(place, [ident(5)], trash_id=ident(90), revision=4)

    async with world.unit() as uow:
        count = partial(uow.tasks.count_dependents, place, [ident(1), ident(2), NOBODY])
        assert [await count(limit=limit) for limit in (9, 2)] == [3, 2]
        assert await uow.tasks.count_dependents(elsewhere.workspace_id, [ident(1)], limit=9) == 0


async def test_what_depends_on_a_task_in_the_trash_depends_on_it_again_when_it_is_back(
    world: World, chores: Project
) -> None:
    place = chores.workspace_id
    dig, plant = waiting(1, chores, after=()), waiting(2, chores, after=[1], blocked=True)
    await add(world, dig, plant, waiting(3, chores, after=[1], blocked=True))
    async with world.unit() as uow:
        await uow.tasks.delete_all(place, [ident(3)], trash_id=ident(90), revision=4)
        await uow.tasks.hide_dependencies(place, [dig.id], trash_id=ident(91))
        freed = replace(plant, depends_on_ids=(), blocked=False, revision=4)
        await uow.tasks.update(freed, before=plant, event="task.updated")
        await uow.tasks.delete_all(place, [dig.id], trash_id=ident(91), revision=4)

    async with world.unit() as uow:
        (deleted,) = await uow.tasks.in_trash(place, ident(90), limit=9)
        assert deleted.depends_on_ids == ()
        assert await uow.tasks.with_dependencies(place, [plant.id], limit=9) == {plant.id, dig.id}
        hidden = [(ident(2), dig.id), (ident(3), dig.id)]
        assert sorted(await uow.tasks.hidden_dependencies(place, [dig.id], limit=9)) == hidden
        assert len(await uow.tasks.hidden_dependencies(place, [dig.id], limit=1)) == 1
        await uow.tasks.show_dependencies(place, [dig.id])
    async with world.unit() as uow:
        assert list(await uow.tasks.hidden_dependencies(place, [dig.id], limit=9)) == []
        (deleted,) = await uow.tasks.in_trash(place, ident(90), limit=9)
        assert deleted.depends_on_ids == (dig.id,)


async def test_nothing_waits_for_a_task_in_the_trash(world: World, chores: Project) -> None:
    place = chores.workspace_id
    dig, buy = waiting(1, chores, after=()), waiting(2, chores, after=())
    plant = waiting(3, chores, after=[1, 2], blocked=True)
    await add(world, dig, buy, plant)
    async with world.unit() as uow:
        await uow.tasks.hide_dependencies(place, [dig.id], trash_id=ident(90))
        left = replace(plant, depends_on_ids=(buy.id,), revision=4)
        await uow.tasks.update(left, before=plant, event="task.updated")
        await uow.tasks.delete_all(place, [dig.id], trash_id=ident(90), revision=4)

    async with world.unit() as uow:
        assert list(await uow.tasks.dependents(place, [buy.id], which="freed", limit=9)) == [(left, False)]
