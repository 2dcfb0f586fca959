import pytest

from domain import projects, task_lists, tasks
from domain.model.projects import Project, ProjectNotFound
from domain.task_lists import TaskFilter
from domain.tasks import TaskDraft
from tests.support.defaults import NOON
from tests.support.service_callers import Caller, every_item

LATER = NOON.replace(hour=13, microsecond=999_999)


async def listed(caller: Caller, *, archived: bool, limit: int) -> list[Project]:
    return await every_item(lambda cursor: caller.read(projects.page, archived=archived, limit=limit, cursor=cursor))


async def test_a_new_project_is_read_back(ada: Caller) -> None:
    created = await ada.write(projects.create, name="Chores \N{BROOM}", description="Weekly\n- iron")

    assert await ada.read(projects.get, created.id) == created


async def test_a_changed_project_is_read_back(ada: Caller) -> None:
    created = await ada.write(projects.create, name="Chores", description="Weekly")
    ada.clock.now = LATER

    changed = await ada.write(projects.update, created.id, description="Daily")
    archived = await ada.write(projects.archive, created.id)

    assert (changed.name, changed.description, changed.revision, changed.updated_at) == ("Chores", "Daily", 3, LATER)
    assert (archived.archived_at, archived.revision) == (LATER, 4)
    assert await ada.read(projects.get, created.id) == archived


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_active_and_archived_projects_are_listed_in_order_and_in_pages(ada: Caller, limit: int) -> None:
    (inbox,) = await listed(ada, archived=False, limit=1)
    created = [await ada.write(projects.create, name=str(n)) for n in range(5)]
    archived = [await ada.write(projects.archive, project.id) for project in created[::2]]

    assert await listed(ada, archived=False, limit=limit) == [inbox, *created[1::2]]
    assert await listed(ada, archived=True, limit=limit) == archived


async def test_positions_stay_in_order_past_the_upper_case_digits(ada: Caller) -> None:
    created = [await ada.write(projects.create, name=str(n)) for n in range(70)]

    assert [project.name for project in (await ada.read(projects.page, limit=200)).items[1:]] == [
        p.name for p in created
    ]


async def test_a_new_project_comes_after_archived_ones_too(ada: Caller) -> None:
    last = await ada.write(projects.create, name="Last")
    await ada.write(projects.archive, last.id)

    assert (await ada.write(projects.create, name="New")).position > last.position


async def test_deleting_a_project_deletes_its_tasks_and_no_others(ada: Caller) -> None:
    created = await ada.write(projects.create, name="Chores")
    await ada.write(tasks.create, TaskDraft(title="in it", project_id=created.id))
    elsewhere = await ada.write(tasks.create, TaskDraft(title="elsewhere"))

    await ada.write(projects.delete, created.id)

    assert (await ada.read(task_lists.page, filters=TaskFilter())).items == (elsewhere,)
    with pytest.raises(ProjectNotFound):
        await ada.read(projects.get, created.id)


async def test_a_project_of_another_workspace_is_not_found(ada: Caller, bob: Caller) -> None:
    bobs = await bob.write(projects.create, name="Bob's")

    with pytest.raises(ProjectNotFound):
        await ada.write(projects.update, bobs.id, name="Mine now")
    with pytest.raises(ProjectNotFound):
        await ada.write(projects.delete, bobs.id)

    assert await bob.read(projects.get, bobs.id) == bobs
