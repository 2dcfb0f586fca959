import datetime as dt
from itertools import product
from typing import Any, get_args

import pytest
from sqlalchemy import select

from domain import projects, restoring, single_links, task_deletions, task_links, task_lists, task_status, tasks
from domain.model.tasks import PRIORITIES, Status, Task, TaskNotFound
from domain.task_lists import TaskFilter, TaskSort
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockPatch
from persistence.repositories import metadata
from tests.support.defaults import NOON
from tests.support.fakes.tasks import sort_key
from tests.support.service_callers import Caller, every_item
from tests.support.statements import overheard

TABLES = metadata.tables
LATER = NOON.replace(hour=13, microsecond=1)
MONDAY = dt.date(2026, 3, 2)
DUES = (
    None,
    WallClock(date=MONDAY),
    WallClock(date=MONDAY, time=dt.time(9, 30, 15)),
    WallClock(date=MONDAY, time=dt.time(0), time_zone="Europe/Berlin"),
    WallClock(date=MONDAY, time=dt.time(0), time_zone="Asia/Kolkata"),
    WallClock(date=dt.date(1, 1, 1)),
    WallClock(date=dt.date(9999, 12, 31), time=dt.time(23, 59, 59)),
)

pytestmark = pytest.mark.unmeasured


@pytest.mark.parametrize("due", DUES)
async def test_a_new_task_is_read_back(ada: Caller, due: WallClock | None) -> None:
    draft = TaskDraft(title="Iron \N{T-SHIRT}", description="a\tb\nc", priority="high", due=due)

    created = await ada.write(tasks.create, draft)

    assert await ada.read(tasks.get, created.id) == created
    assert created.due == due


async def test_a_changed_task_is_read_back(ada: Caller) -> None:
    created = await ada.write(tasks.create, TaskDraft(title="Iron", due=WallClock(date=MONDAY)))
    ada.clock.now = LATER
    edit = TaskEdit(title="Wash", priority="urgent", due=WallClockPatch(time=dt.time(9)))

    changed = await ada.write(tasks.update, created.id, edit=edit)
    completed = await ada.write(task_status.complete, created.id)

    assert (changed.title, changed.due, changed.revision) == ("Wash", WallClock(date=MONDAY, time=dt.time(9)), 3)
    assert (completed.status, completed.completed_at, completed.revision) == ("completed", LATER, 4)
    assert await ada.read(tasks.get, created.id) == completed


async def test_a_deleted_task_is_not_found(ada: Caller) -> None:
    created = await ada.write(tasks.create, TaskDraft(title="Iron"))

    await ada.write(task_deletions.delete, created.id)

    with pytest.raises(TaskNotFound):
        await ada.read(tasks.get, created.id)
    with pytest.raises(TaskNotFound):
        await ada.write(task_deletions.delete, created.id)


async def test_a_task_of_another_workspace_is_not_found(ada: Caller, bob: Caller) -> None:
    bobs = await bob.write(tasks.create, TaskDraft(title="Bob's"))

    with pytest.raises(TaskNotFound):
        await ada.write(task_status.complete, bobs.id)
    with pytest.raises(TaskNotFound):
        await ada.write(task_deletions.delete, bobs.id)

    assert await bob.read(tasks.get, bobs.id) == bobs


async def test_positions_stay_in_order_past_the_upper_case_digits(ada: Caller) -> None:
    created = [await ada.write(tasks.create, TaskDraft(title=str(n))) for n in range(70)]

    page = await ada.read(task_lists.page, filters=TaskFilter(), sort="position", limit=200)

    assert page.items == tuple(created)


async def test_a_new_task_comes_after_completed_ones_too(ada: Caller) -> None:
    last = await ada.write(tasks.create, TaskDraft(title="Last"))
    await ada.write(task_status.complete, last.id)

    assert (await ada.write(tasks.create, TaskDraft(title="New"))).position > last.position


async def some_tasks(ada: Caller) -> list[Task]:
    """Eighteen tasks in two projects, with ties in every order; a third are completed."""
    project = await ada.write(projects.create, name="Chores")
    created = []
    for n in range(18):
        ada.clock.now = NOON.replace(minute=n // 3)
        project_id = project.id if n % 2 else None
        draft = TaskDraft(title=str(n), project_id=project_id, priority=PRIORITIES[n % 5], due=DUES[n % 6])
        task = await ada.write(tasks.create, draft)
        created.append(await ada.write(task_status.complete, task.id) if n % 3 == 0 else task)
    return created


def ordered(of: list[Task], *, sort: TaskSort) -> list[Task]:
    name = sort.removeprefix("-")
    return sorted(of, key=lambda task: place_of(task, name), reverse=name != sort)


def place_of(task: Task, order: str) -> tuple[Any, ...]:
    """Projects are in the order of their ids, as they were created one after the other."""
    return ((task.project_id,) if order == "position" else ()) + (sort_key(task, order), task.id)


async def listed(ada: Caller, *, filters: TaskFilter, sort: TaskSort, limit: int) -> list[Task]:
    return await every_item(
        lambda cursor: ada.read(task_lists.page, filters=filters, sort=sort, limit=limit, cursor=cursor)
    )


async def test_every_combination_of_filters_sort_and_page_size_lists_exactly_what_it_should(
    ada: Caller, bob: Caller
) -> None:
    created = await some_tasks(ada)
    await bob.write(tasks.create, TaskDraft(title="not Ada's"))
    statuses: tuple[Status | None, ...] = (None, "open", "completed")
    sorts: tuple[TaskSort, ...] = get_args(TaskSort)
    for project_id in (None, created[1].project_id):
        for status in statuses:
            matching = [t for t in created if project_id in {None, t.project_id} and status in {None, t.status}]
            assert matching
            for sort, limit in product(sorts, (1, 4, 50)):
                filters = TaskFilter(project_id=project_id, status=status)
                found = await listed(ada, filters=filters, sort=sort, limit=limit)
                assert found == ordered(matching, sort=sort), (project_id, status, sort, limit)


async def test_changes_between_pages_neither_skip_nor_repeat_a_task(ada: Caller) -> None:
    created = await some_tasks(ada)
    first = await ada.read(task_lists.page, filters=TaskFilter(), limit=6)
    await ada.write(task_deletions.delete, created[5].id)
    await ada.write(task_deletions.delete, created[8].id)
    await ada.write(task_status.reopen, created[9].id)

    second = await ada.read(task_lists.page, filters=TaskFilter(), limit=50, cursor=first.next_cursor)

    assert [t.id for t in first.items] == [t.id for t in created[:6]]
    assert [t.id for t in second.items] == [t.id for t in created[6:] if t.id != created[8].id]


async def test_a_page_in_the_order_of_positions_reads_no_more_buckets_than_it_shows(ada: Caller) -> None:
    for n in range(12):
        project = await ada.write(projects.create, name=f"{n}")
        await ada.write(tasks.create, TaskDraft(title=f"{n}", project_id=project.id))

    with overheard() as first:
        page = await ada.read(task_lists.page, filters=TaskFilter(), sort="position", limit=5)
    with overheard() as of_project:
        await ada.read(task_lists.page, filters=TaskFilter(project_id=project.id), sort="position")

    assert [task.title for task in page.items] == ["0", "1", "2", "3", "4"]
    assert len(first) == 2 + 6  # projects, their sections, and one more task than is shown
    assert len(of_project) == 2 + 1


async def test_a_task_that_got_other_dependencies_meanwhile_comes_back_with_as_many_as_it_can_have(ada: Caller) -> None:
    most = task_links.DEPENDENCIES.most
    before = [await ada.write(tasks.create, TaskDraft(title="Dig")) for _ in range(most)]
    after = [await ada.write(tasks.create, TaskDraft(title="Rake")) for _ in range(most)]
    waiting = await ada.write(tasks.create, TaskDraft(title="Sow", depends_on_ids=[each.id for each in before]))
    for each in before:
        await ada.write(task_deletions.delete, each.id)
    for each in after:
        await ada.write(single_links.add_dependency, waiting.id, depends_on_id=each.id)
    await ada.write(task_deletions.delete, waiting.id)
    for each in before:
        await ada.write(restoring.task, each.id)

    restored = await ada.write(restoring.task, waiting.id)

    assert len(restored.depends_on_ids) == most
    assert await ada.read(tasks.get, waiting.id) == restored
    links = TABLES["task_dependencies"].c
    rows = await ada.database.rows(select(links.depends_on_id).where(links.task_id == waiting.id), {})
    assert {row[0] for row in rows} == {*restored.depends_on_ids}
