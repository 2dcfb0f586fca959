import pytest

from domain.model.projects import Project
from domain.model.tasks import Task
from domain.model.users import User
from domain.model.workspaces import Workspace
from tests.support.things import ident, label, project, task
from tests.support.worlds import World


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    created = project(1, home, revision=2)
    async with world.unit() as uow:
        await uow.projects.add(created)
        await uow.labels.add(label(9, home, revision=2))
    return created


async def assigned_to(world: World, user: User, within: Project) -> list[Task]:
    async with world.unit() as uow:
        return list(await uow.tasks.linked(within.workspace_id, "assignee_ids", user.id, limit=9))


async def test_tasks_are_found_by_the_assignees_that_they_have_now(
    world: World, chores: Project, ada: User, bob: User
) -> None:
    """Whatever their labels are."""
    both, one, none = (
        task(1, chores, assignee_ids=(ada.id, bob.id), label_ids=(ident(9),), revision=3),
        task(2, chores, assignee_ids=(ada.id,), revision=3),
        task(3, chores, label_ids=(ident(9),), revision=3),
    )
    async with world.unit() as uow:
        for each in (both, one, none):
            await uow.tasks.add(each)
    assert await assigned_to(world, ada, chores) == [both, one]

    changed = task(1, chores, assignee_ids=(bob.id,), label_ids=(ident(9),), revision=4)
    async with world.unit() as uow:
        await uow.tasks.update(changed, before=both, event="task.updated")

    assert await assigned_to(world, ada, chores) == [one]
    assert await assigned_to(world, bob, chores) == [changed]
    async with world.unit() as uow:
        assert await uow.tasks.get(chores.workspace_id, changed.id) == changed
        assert await uow.tasks.linked(chores.workspace_id, "label_ids", ident(9), limit=9) == [changed, none]
        assert await uow.tasks.linked(chores.workspace_id, "assignee_ids", ident(9), limit=9) == []


async def test_a_deleted_task_has_no_assignees(world: World, chores: Project, ada: User) -> None:
    async with world.unit() as uow:
        await uow.tasks.add(task(1, chores, assignee_ids=(ada.id,), revision=3))

    async with world.unit() as uow:
        await uow.tasks.delete_all(chores.workspace_id, [ident(1)], trash_id=ident(90), revision=4)

    assert await assigned_to(world, ada, chores) == []
