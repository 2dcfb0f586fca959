from collections.abc import Awaitable, Callable

import pytest

from domain import changeable, comments, projects, restoring, sections, single_links, task_moves, task_status, tasks
from domain.model.projects import Project, ProjectArchived, ProjectNotFound, ProjectUnknown
from domain.model.sections import Section, SectionNotFound
from domain.model.tasks import Task, TaskNotFound
from domain.task_moves import TaskDestination
from domain.tasks import TaskDraft, TaskEdit
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY


@pytest.fixture
async def garden(uow: FakeUnitOfWork) -> Project:
    return await projects.create(uow.unit(), name="Garden")


@pytest.fixture
async def beds(uow: FakeUnitOfWork, garden: Project) -> Section:
    return await sections.create(uow.unit(), name="Beds", project_id=garden.id)


@pytest.fixture
async def plant(uow: FakeUnitOfWork, beds: Section) -> Task:
    return await tasks.create(uow.unit(), TaskDraft(title="Plant", section_id=beds.id))


async def test_what_is_in_an_active_project_can_be_changed(
    uow: FakeUnitOfWork, garden: Project, beds: Section, plant: Task
) -> None:
    assert await changeable.project(uow.unit(), garden.id) == garden
    assert await changeable.section(uow.unit(), beds.id) == beds
    assert await changeable.task(uow.unit(), plant.id) == plant
    assert (await changeable.family(uow.unit(), plant.id)).all == (plant,)
    await changeable.require_project(uow.unit(), garden.id)


async def test_what_is_in_an_archived_project_cannot(
    uow: FakeUnitOfWork, garden: Project, beds: Section, plant: Task
) -> None:
    await projects.archive(uow.unit(), garden.id)

    refused: list[Callable[[], Awaitable[object]]] = [
        lambda: changeable.project(uow.unit(), garden.id),
        lambda: changeable.section(uow.unit(), beds.id),
        lambda: changeable.task(uow.unit(), plant.id),
        lambda: changeable.family(uow.unit(), plant.id),
        lambda: changeable.require_project(uow.unit(), garden.id),
    ]
    for each in refused:
        with pytest.raises(ProjectArchived) as raised:
            await each()
        assert raised.value.project_id == garden.id


async def test_what_does_not_exist_is_not_found(uow: FakeUnitOfWork) -> None:
    with pytest.raises(ProjectNotFound):
        await changeable.project(uow.unit(), NOBODY)
    with pytest.raises(ProjectUnknown):
        await changeable.require_project(uow.unit(), NOBODY)
    with pytest.raises(SectionNotFound):
        await changeable.section(uow.unit(), NOBODY)
    with pytest.raises(TaskNotFound):
        await changeable.task(uow.unit(), NOBODY)
    with pytest.raises(TaskNotFound):
        await changeable.family(uow.unit(), NOBODY)


async def test_a_change_of_nothing_is_refused_too(
    uow: FakeUnitOfWork, garden: Project, beds: Section, plant: Task
) -> None:
    comment = await comments.create(uow.unit(), plant.id, text="Not yet")
    await projects.archive(uow.unit(), garden.id)
    head = uow.store.workspaces[uow.workspace_id].head

    refused: list[Callable[[], Awaitable[object]]] = [
        lambda: projects.update(uow.unit(), garden.id, name=garden.name),
        lambda: sections.update(uow.unit(), beds.id, name=beds.name),
        lambda: sections.move(uow.unit(), beds.id),
        lambda: tasks.update(uow.unit(), plant.id, edit=TaskEdit(title=plant.title)),
        lambda: task_status.reopen(uow.unit(), plant.id),
        lambda: task_moves.move(uow.unit(), plant.id, to=TaskDestination(section_id=beds.id)),
        lambda: restoring.task(uow.unit(), plant.id),
        lambda: restoring.section(uow.unit(), beds.id),
        lambda: restoring.comment(uow.unit(), plant.id, comment.id),
    ]
    for each in refused:
        with pytest.raises(ProjectArchived):
            await each()
    assert uow.store.workspaces[uow.workspace_id].head == head
    assert (await projects.archive(uow.unit(), garden.id)).revision == head


async def test_a_task_may_depend_on_one_of_an_archived_project(
    uow: FakeUnitOfWork, garden: Project, plant: Task
) -> None:
    other = await tasks.create(uow.unit(), TaskDraft(title="Harvest"))
    await projects.archive(uow.unit(), garden.id)

    changed = await single_links.add_dependency(uow.unit(), other.id, depends_on_id=plant.id)
    assert changed.blocked
    changed = await single_links.remove_dependency(uow.unit(), other.id, depends_on_id=plant.id)
    assert not changed.blocked
    with pytest.raises(ProjectArchived):
        await single_links.add_dependency(uow.unit(), plant.id, depends_on_id=other.id)
