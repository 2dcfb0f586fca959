import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from domain import projects, sections, task_deletions, task_lists, task_status, tasks
from domain.families import MOST_IN_ALL_LEVELS, MOST_SUBTASKS
from domain.limits import LimitReached
from domain.model.projects import ProjectArchived
from domain.model.sections import SectionUnknown
from domain.model.tasks import MOST_LEVELS, NotWithParent, ParentUnknown, Task, TaskNotFound, TooDeep
from domain.task_lists import TaskFilter
from domain.tasks import TaskDraft
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY

LATER = NOON + dt.timedelta(hours=1)


async def create(uow: FakeUnitOfWork, title: str, parent: Task | None = None, **place: Any) -> Task:
    draft = TaskDraft(title=title, parent_id=parent.id if parent else None, **place)
    return await tasks.create(uow.unit(), draft)


async def chain(uow: FakeUnitOfWork, levels: int) -> Sequence[Task]:
    """Tasks of which each is a subtask of the one before."""
    found: list[Task] = []
    for level in range(levels):
        found.append(await create(uow, f"Level {level}", found[-1] if found else None))
    return found


async def statuses(uow: FakeUnitOfWork, *of: Task) -> list[str]:
    """The statuses that the tasks have now."""
    return [(await tasks.get(uow.unit(), task.id)).status for task in of]


async def test_a_subtask_is_in_the_project_and_the_section_of_its_parent(uow: FakeUnitOfWork) -> None:
    project = await projects.create(uow.unit(), name="Garden")
    section = await sections.create(uow.unit(), name="Beds", project_id=project.id)
    parent = await create(uow, "Plant", section_id=section.id)
    child = await create(uow, "Dig", parent)
    named = await create(uow, "Water", parent, project_id=project.id, section_id=section.id)

    for task in (parent, child, named):
        assert (task.project_id, task.section_id) == (project.id, section.id)
    page = await task_lists.page(uow.unit(), filters=TaskFilter(parent_id=parent.id))
    assert page.items == (child, named)


async def test_a_parent_and_another_place_are_refused(uow: FakeUnitOfWork) -> None:
    project = await projects.create(uow.unit(), name="Garden")
    section = await sections.create(uow.unit(), name="Beds", project_id=project.id)
    parent = await create(uow, "Plant")

    for name, place in (("project_id", project.id), ("section_id", section.id)):
        with pytest.raises(NotWithParent) as raised:
            await create(uow, "Dig", parent, **{name: place})
        assert raised.value.pointer == f"#/{name}"


async def test_a_section_of_another_project_is_refused(uow: FakeUnitOfWork) -> None:
    garden, house = [await projects.create(uow.unit(), name=name) for name in ("Garden", "House")]
    section = await sections.create(uow.unit(), name="Beds", project_id=garden.id)

    for project_id, section_id in ((house.id, section.id), (None, NOBODY)):
        with pytest.raises(SectionUnknown):
            await create(uow, "Dig", project_id=project_id, section_id=section_id)
    await projects.archive(uow.unit(), garden.id)
    with pytest.raises(ProjectArchived):
        await create(uow, "Dig", section_id=section.id)


async def test_there_are_five_levels(uow: FakeUnitOfWork) -> None:
    *_, last = await chain(uow, MOST_LEVELS)

    with pytest.raises(TooDeep):
        await create(uow, "One more", last)
    with pytest.raises(ParentUnknown):
        await tasks.create(uow.unit(), TaskDraft(title="Lost", parent_id=NOBODY))


async def test_a_task_has_at_most_five_hundred_subtasks_and_a_thousand_in_all_levels(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    child = await create(uow, "Child", root)
    for number in range(MOST_SUBTASKS):
        await create(uow, f"Grandchild {number}", child)
    with pytest.raises(LimitReached) as refused:
        await create(uow, "One more grandchild", child)
    assert refused.value.pointer == "#/parent_id"
    for number in range(MOST_IN_ALL_LEVELS - MOST_SUBTASKS - 1):
        await create(uow, f"Child {number}", root)
    with pytest.raises(LimitReached):
        await create(uow, "One more child", root)


async def test_completing_a_task_completes_its_open_subtasks_of_all_levels(uow: FakeUnitOfWork) -> None:
    root, child, grandchild, *_ = await chain(uow, 3)
    other = await create(uow, "Other")
    before = uow.store.workspaces[uow.workspace_id].head

    completed = await task_status.complete(uow.unit(now=LATER), root.id)

    assert completed.completed_at == LATER
    for task in (child, grandchild):
        now = await tasks.get(uow.unit(), task.id)
        assert (now.status, now.completed_at, now.revision) == ("completed", LATER, before + 1)
    assert await tasks.get(uow.unit(), other.id) == other


async def test_reopening_a_task_restores_exactly_those_that_were_closed_with_it(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    before, with_it, after, cancelled = [await create(uow, name, root) for name in ("b", "w", "a", "c")]
    await task_status.complete(uow.unit(), before.id)
    await task_status.cancel(uow.unit(), cancelled.id)
    await task_status.complete(uow.unit(now=LATER), root.id)
    await task_status.reopen(uow.unit(), after.id)
    await task_status.complete(uow.unit(), after.id)

    await task_status.reopen(uow.unit(), root.id)

    now = await statuses(uow, root, before, with_it, after, cancelled)
    assert now == ["open", "completed", "open", "completed", "cancelled"]


async def test_a_subtask_that_is_cancelled_after_it_was_completed_with_its_parent_stays_so(uow: FakeUnitOfWork) -> None:
    root, child = await chain(uow, 2)
    await task_status.complete(uow.unit(), root.id)
    await task_status.cancel(uow.unit(), child.id)

    await task_status.reopen(uow.unit(), root.id)

    assert await statuses(uow, root, child) == ["open", "cancelled"]


async def test_keeping_leaves_subtasks_open(uow: FakeUnitOfWork) -> None:
    root, child, *_ = await chain(uow, 2)

    await task_status.complete(uow.unit(), root.id, subtasks="keep")

    assert (await tasks.get(uow.unit(), child.id)) == child


async def test_deleting_a_task_deletes_its_subtasks(uow: FakeUnitOfWork) -> None:
    root, child, grandchild = await chain(uow, 3)

    await task_deletions.delete(uow.unit(), child.id)

    assert await tasks.get(uow.unit(), root.id) == root
    for gone in (child, grandchild):
        with pytest.raises(TaskNotFound):
            await tasks.get(uow.unit(), gone.id)


async def test_a_subtask_that_is_reopened_reopens_its_own_subtasks_and_not_its_siblings(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    child, sibling = await create(uow, "Child", root), await create(uow, "Sibling", root)
    grandchild = await create(uow, "Grandchild", child)
    await task_status.complete(uow.unit(), root.id)

    await task_status.reopen(uow.unit(), child.id)

    assert await statuses(uow, root, child, sibling, grandchild) == ["completed", "open", "completed", "open"]
