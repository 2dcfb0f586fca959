import datetime as dt
from typing import Any, get_args
from uuid import UUID

import pytest

from domain import projects, task_deletions, task_lists, task_status, tasks
from domain.model.projects import ProjectArchived, ProjectUnknown
from domain.model.tasks import Status, Task, TaskNotFound
from domain.model.workspaces import WorkspaceNotFound
from domain.pages import CursorInvalid
from domain.task_lists import TaskFilter, TaskSort
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockIncomplete, WallClockPatch
from tests.support.defaults import NOON
from tests.support.fakes.tasks import sort_key
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

LATER = NOON.replace(hour=13)
UNKNOWN = UUID(int=0)
MONDAY = dt.date(2026, 3, 2)
EVERYTHING = TaskFilter()


def head_of(uow: FakeUnitOfWork) -> int:
    return uow.store.workspaces[uow.workspace_id].head


async def some_tasks(uow: FakeUnitOfWork) -> list[Task]:
    """Six tasks in two projects, with ties in every order; two are completed."""
    project = await projects.create(uow.unit(), name="Chores")
    drafts = [
        TaskDraft(title="a", priority="urgent", due=WallClock(date=MONDAY)),
        TaskDraft(title="b", priority="low", project_id=project.id),
        TaskDraft(title="c", priority="urgent", due=WallClock(date=MONDAY, time=dt.time(9))),
        TaskDraft(title="d", project_id=project.id, due=WallClock(date=MONDAY)),
        TaskDraft(title="e", priority="high"),
        TaskDraft(title="f", priority="low", project_id=project.id),
    ]
    created = [await tasks.create(uow.unit(now=NOON.replace(minute=i // 2)), draft) for i, draft in enumerate(drafts)]
    for task in created[1:3]:
        await task_status.complete(uow.unit(now=LATER), task.id)
    return [await tasks.get(uow, task.id) for task in created]


async def listed(uow: FakeUnitOfWork, *, filters: TaskFilter = EVERYTHING, sort: TaskSort, limit: int) -> list[Task]:
    """The tasks of all pages, one after the other."""
    found: list[Task] = []
    cursor = None
    for _ in range(10):
        page = await task_lists.page(uow.unit(), filters=filters, sort=sort, limit=limit, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError(f"no end after {len(found)} tasks")


def place_of(task: Task, order: str) -> tuple[Any, ...]:
    """Projects are in the order of their ids, as they were created one after the other."""
    return ((task.project_id,) if order == "position" else ()) + (sort_key(task, order), task.id)


async def test_a_task_needs_only_a_title_and_goes_to_the_end_of_the_inbox(uow: FakeUnitOfWork) -> None:
    one = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))
    two = await tasks.create(uow.unit(now=LATER), TaskDraft(title="Buy bread"))

    found = await uow.tasks.destination(uow.workspace_id, project_id=None)
    assert found is not None
    inbox, last = found
    assert last == two.position
    assert (one.project_id, one.workspace_id, one.created_by) == (inbox.id, uow.workspace_id, uow.principal.user_id)
    assert (one.title, one.description, one.status, one.priority, one.due) == ("Buy milk", "", "open", "none", None)
    assert (one.created_at, one.updated_at, one.completed_at, one.revision) == (NOON, NOON, None, 2)
    assert (two.revision, two.created_at) == (3, LATER)
    assert one.position < two.position


async def test_a_task_is_created_with_all_given_fields(uow: FakeUnitOfWork) -> None:
    project = await projects.create(uow.unit(), name="Chores")
    due = WallClock(date=MONDAY, time=dt.time(9), time_zone="Europe/Berlin")
    draft = TaskDraft(title="Iron", project_id=project.id, description="Shirts", priority="high", due=due)

    task = await tasks.create(uow.unit(), draft)

    assert (task.project_id, task.title, task.description) == (project.id, "Iron", "Shirts")
    assert (task.priority, task.due) == ("high", due)
    assert await tasks.get(uow.unit(), task.id) == task


async def test_a_task_cannot_be_created_in_a_project_of_another_workspace(uow: FakeUnitOfWork) -> None:
    other = await registered(uow, email="bob@example.com", name="Bob")
    foreign = await projects.create(other.unit(), name="Bob's")

    for project_id in (UNKNOWN, foreign.id):
        with pytest.raises(ProjectUnknown) as raised:
            await tasks.create(uow.unit(), TaskDraft(title="x", project_id=project_id))
        assert (raised.value.pointer, raised.value.project_id) == ("#/project_id", project_id)


async def test_an_archived_project_takes_no_new_tasks(uow: FakeUnitOfWork) -> None:
    project = await projects.create(uow.unit(), name="Done")
    await projects.archive(uow.unit(), project.id)

    with pytest.raises(ProjectArchived) as raised:
        await tasks.create(uow.unit(), TaskDraft(title="x", project_id=project.id))

    assert raised.value.project_id == project.id
    assert not uow.store.tasks


async def test_a_task_cannot_be_created_in_a_deleted_workspace(uow: FakeUnitOfWork) -> None:
    with pytest.raises(WorkspaceNotFound):
        await tasks.create(uow.unit(workspace_id=UNKNOWN), TaskDraft(title="x"))


async def test_a_task_is_found_only_in_its_own_workspace(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))
    other = await registered(uow, email="bob@example.com", name="Bob")

    with pytest.raises(TaskNotFound) as raised:
        await tasks.get(other.unit(), task.id)

    assert raised.value.task_id == task.id


async def test_an_update_changes_only_what_was_sent(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk", description="Oat", priority="low"))

    changed = await tasks.update(uow.unit(now=LATER), task.id, edit=TaskEdit(priority="urgent"))

    assert (changed.title, changed.description, changed.priority) == ("Buy milk", "Oat", "urgent")
    assert (changed.revision, changed.updated_at, changed.created_at) == (3, LATER, NOON)
    assert await tasks.get(uow.unit(), task.id) == changed


async def test_an_update_can_set_merge_and_clear_the_due_value(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))

    dues = [
        (await tasks.update(uow.unit(), task.id, edit=TaskEdit(due=patch))).due
        for patch in (WallClockPatch(date=MONDAY), WallClockPatch(time=dt.time(9)), None)
    ]

    assert dues == [WallClock(date=MONDAY), WallClock(date=MONDAY, time=dt.time(9)), None]


async def test_an_incomplete_due_value_changes_nothing(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))

    with pytest.raises(WallClockIncomplete):
        await tasks.update(uow.unit(), task.id, edit=TaskEdit(title="x", due=WallClockPatch(time=dt.time(9))))

    assert await tasks.get(uow.unit(), task.id) == task


@pytest.mark.parametrize(
    "edit", [TaskEdit(), TaskEdit(title="Buy milk", priority="low"), TaskEdit(due=WallClockPatch(date=MONDAY))]
)
async def test_an_update_that_changes_nothing_takes_no_number(uow: FakeUnitOfWork, edit: TaskEdit) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk", priority="low", due=WallClock(date=MONDAY)))

    assert await tasks.update(uow.unit(now=LATER), task.id, edit=edit) == task
    assert head_of(uow) == task.revision


async def test_completing_twice_keeps_the_first_time_and_takes_one_number(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))

    completed = await task_status.complete(uow.unit(now=LATER), task.id)
    again = await task_status.complete(uow.unit(now=LATER.replace(hour=14)), task.id)

    assert (completed.status, completed.completed_at, completed.updated_at) == ("completed", LATER, LATER)
    assert again == completed
    assert head_of(uow) == completed.revision == 3


async def test_reopening_clears_the_time_of_completion(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))
    await task_status.complete(uow.unit(), task.id)

    reopened = await task_status.reopen(uow.unit(now=LATER), task.id)
    again = await task_status.reopen(uow.unit(now=LATER.replace(hour=14)), task.id)

    assert (reopened.status, reopened.completed_at, reopened.revision) == ("open", None, 4)
    assert again == reopened


async def test_a_deleted_task_is_not_found_and_the_deletion_takes_a_number(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Buy milk"))

    await task_deletions.delete(uow.unit(), task.id)

    assert head_of(uow) == 3
    with pytest.raises(TaskNotFound):
        await task_deletions.delete(uow.unit(), task.id)
    assert head_of(uow) == 3


async def test_a_task_that_does_not_exist_cannot_be_changed(uow: FakeUnitOfWork) -> None:
    with pytest.raises(TaskNotFound):
        await tasks.update(uow.unit(), UNKNOWN, edit=TaskEdit(title="x"))
    with pytest.raises(TaskNotFound):
        await task_status.complete(uow.unit(), UNKNOWN)
    with pytest.raises(TaskNotFound):
        await task_status.reopen(uow.unit(), UNKNOWN)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("sort", get_args(TaskSort))
async def test_every_sort_lists_every_task_once_in_order_whatever_the_page_size(
    uow: FakeUnitOfWork, sort: TaskSort, limit: int
) -> None:
    created = await some_tasks(uow)
    name = sort.removeprefix("-")
    in_order = sorted(created, key=lambda task: place_of(task, name), reverse=sort.startswith("-"))

    assert await listed(uow, sort=sort, limit=limit) == in_order


@pytest.mark.parametrize("status", [None, "open", "completed"])
@pytest.mark.parametrize("in_project", [False, True])
async def test_filters_can_be_combined(uow: FakeUnitOfWork, status: Status | None, in_project: bool) -> None:  # noqa: FBT001 -- a parameter of a test
    created = await some_tasks(uow)
    project_id = created[1].project_id if in_project else None

    found = await listed(uow, filters=TaskFilter(project_id=project_id, status=status), sort="created_at", limit=2)

    assert found == [t for t in created if status in {None, t.status} and project_id in {None, t.project_id}]


async def test_a_project_that_does_not_exist_has_no_tasks(uow: FakeUnitOfWork) -> None:
    await some_tasks(uow)

    assert await listed(uow, filters=TaskFilter(project_id=UNKNOWN), sort="created_at", limit=50) == []


async def test_a_cursor_works_only_with_its_own_sort_and_filters(uow: FakeUnitOfWork) -> None:
    created = await some_tasks(uow)
    cursor = (await task_lists.page(uow.unit(), filters=EVERYTHING, limit=1)).next_cursor
    other = await registered(uow, email="bob@example.com", name="Bob")

    assert (await task_lists.page(uow.unit(), filters=EVERYTHING, limit=1, cursor=cursor)).items == (created[1],)
    with pytest.raises(CursorInvalid):
        await task_lists.page(uow.unit(), filters=EVERYTHING, sort="-created_at", cursor=cursor)
    with pytest.raises(CursorInvalid):
        await task_lists.page(uow.unit(), filters=TaskFilter(status="open"), cursor=cursor)
    with pytest.raises(CursorInvalid):
        await task_lists.page(uow.unit(), filters=TaskFilter(project_id=created[1].project_id), cursor=cursor)
    with pytest.raises(CursorInvalid):
        await task_lists.page(other.unit(), filters=EVERYTHING, cursor=cursor)
