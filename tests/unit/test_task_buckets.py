"""The order of tasks over projects and sections."""

from collections.abc import Sequence

import pytest

from domain import projects, sections, task_lists, task_moves, tasks
from domain.model.tasks import Task
from domain.pages import CursorInvalid
from domain.task_lists import TaskFilter, TaskSort
from domain.task_moves import TaskDestination
from domain.tasks import TaskDraft
from tests.support.fakes.unit_of_work import FakeUnitOfWork

EVERYTHING = TaskFilter()


class Arrangement:
    """Tasks in two projects, named after their place: "g1" is in the first section of the garden."""

    def __init__(self, uow: FakeUnitOfWork) -> None:
        self.uow = uow
        self.projects: dict[str, object] = {}

    async def create(self) -> None:
        self.garden = await projects.create(self.uow.unit(), name="Garden")
        self.house = await projects.create(self.uow.unit(), name="House")
        self.empty = await sections.create(self.uow.unit(), name="Empty", project_id=self.garden.id)
        self.first = await sections.create(self.uow.unit(), name="First", project_id=self.garden.id)
        self.second = await sections.create(self.uow.unit(), name="Second", project_id=self.garden.id)
        self.cellar = await sections.create(self.uow.unit(), name="Cellar", project_id=self.house.id)
        for title, project_id, section_id in (
            ("c1", None, self.cellar.id),
            ("g2b", None, self.second.id),
            ("g1a", None, self.first.id),
            ("h", self.house.id, None),
            ("g2c", None, self.second.id),
            ("i", None, None),
            ("g", self.garden.id, None),
            ("g1b", None, self.first.id),
        ):
            await tasks.create(self.uow.unit(), TaskDraft(title=title, project_id=project_id, section_id=section_id))
        await self.move("g2c", before="g2b")

    async def move(self, title: str, *, before: str) -> None:
        to = TaskDestination(before=self.task(before).id)
        await task_moves.move(self.uow.unit(), self.task(title).id, to=to)

    def task(self, title: str) -> Task:
        return next(task for task in self.uow.store.tasks.values() if task.title == title)


IN_ORDER = ["i", "g", "g1a", "g1b", "g2c", "g2b", "h", "c1"]


@pytest.fixture
async def arranged(uow: FakeUnitOfWork) -> Arrangement:
    found = Arrangement(uow)
    await found.create()
    return found


async def page(
    uow: FakeUnitOfWork, *, sort: TaskSort = "position", limit: int = 50, cursor: str | None = None,
    filters: TaskFilter = EVERYTHING,
) -> tuple[list[str], str | None]:  # fmt: skip
    found = await task_lists.page(uow.unit(), filters=filters, sort=sort, limit=limit, cursor=cursor)
    return [task.title for task in found.items], found.next_cursor


async def in_pages(uow: FakeUnitOfWork, *, sort: TaskSort, limit: int, filters: TaskFilter) -> Sequence[str]:
    found: list[str] = []
    cursor = None
    while True:
        titles, cursor = await page(uow, sort=sort, limit=limit, cursor=cursor, filters=filters)
        found += titles
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_tasks_are_in_the_order_of_project_section_and_position_both_ways(
    arranged: Arrangement, limit: int
) -> None:
    uow = arranged.uow
    of_garden, of_second = TaskFilter(project_id=arranged.garden.id), TaskFilter(section_id=arranged.second.id)
    for filters, expected in (
        (EVERYTHING, IN_ORDER),
        (of_garden, IN_ORDER[1:6]),
        (of_second, ["g2c", "g2b"]),
        (TaskFilter(section_id=arranged.second.id, project_id=arranged.garden.id), ["g2c", "g2b"]),
        (TaskFilter(section_id=arranged.second.id, project_id=arranged.house.id), []),
        (TaskFilter(section_id=arranged.empty.id), []),
        (TaskFilter(status="open"), IN_ORDER),
        (TaskFilter(status="completed"), []),
    ):
        assert await in_pages(uow, sort="position", limit=limit, filters=filters) == expected
        assert await in_pages(uow, sort="-position", limit=limit, filters=filters) == expected[::-1]


async def test_the_order_follows_the_projects_and_the_sections(arranged: Arrangement) -> None:
    await projects.move(arranged.uow.unit(), arranged.house.id, before=arranged.garden.id)
    await sections.move(arranged.uow.unit(), arranged.second.id, before=arranged.first.id)

    titles, _ = await page(arranged.uow)

    assert titles == ["i", "h", "c1", "g", "g2c", "g2b", "g1a", "g1b"]


@pytest.mark.parametrize("there", ["before", "after"])
@pytest.mark.parametrize("read", [3, 4, 5])
async def test_a_list_leaves_nothing_out_if_the_project_or_section_is_moved_between_two_pages(
    arranged: Arrangement, there: str, read: int
) -> None:
    uow = arranged.uow
    inbox = arranged.task("i").project_id
    first, cursor = await page(uow, limit=read)
    of_garden, garden_cursor = await page(uow, limit=read - 1, filters=TaskFilter(project_id=arranged.garden.id))
    await sections.move(uow.unit(), arranged.first.id, **{there: arranged.second.id})
    await projects.move(uow.unit(), arranged.garden.id, **{there: inbox if there == "before" else arranged.house.id})

    rest, _ = await page(uow, cursor=cursor)
    rest_of_garden, _ = await page(uow, cursor=garden_cursor, filters=TaskFilter(project_id=arranged.garden.id))

    assert rest[0] == IN_ORDER[read]
    assert set(first + rest) == set(IN_ORDER)
    assert set(of_garden + rest_of_garden) == set(IN_ORDER[1:6])


async def test_a_list_continues_after_its_section_was_deleted(arranged: Arrangement) -> None:
    first, cursor = await page(arranged.uow, limit=3)
    await sections.delete(arranged.uow.unit(), arranged.first.id)

    rest, _ = await page(arranged.uow, cursor=cursor)

    assert first + rest == ["i", "g", "g1a", "g2c", "g2b", "h", "c1"]


async def test_a_cursor_belongs_to_its_section(arranged: Arrangement) -> None:
    filters = TaskFilter(section_id=arranged.second.id)
    _, cursor = await page(arranged.uow, limit=1, filters=filters)

    assert cursor is not None
    with pytest.raises(CursorInvalid):
        await page(arranged.uow, cursor=cursor)
    with pytest.raises(CursorInvalid):
        await page(arranged.uow, cursor=cursor, filters=TaskFilter(section_id=arranged.first.id))
