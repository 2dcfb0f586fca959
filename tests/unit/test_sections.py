from dataclasses import replace
from uuid import UUID

import pytest

from domain import projects, sections, task_deletions, tasks
from domain.errors import InvalidTogether
from domain.limits import LimitReached
from domain.model.projects import Project, ProjectArchived, ProjectUnknown
from domain.model.sections import Section, SectionNotFound
from domain.moves import BeforeAndAfter, BesideItself, NotBesideSibling, SiblingUnknown
from domain.tasks import TaskDraft
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY


@pytest.fixture
async def garden(uow: FakeUnitOfWork) -> Project:
    return await projects.create(uow.unit(), name="Garden")


@pytest.fixture
async def house(uow: FakeUnitOfWork) -> Project:
    return await projects.create(uow.unit(), name="House")


async def create(uow: FakeUnitOfWork, project: Project, names: str) -> list[Section]:
    return [await sections.create(uow.unit(), name=name, project_id=project.id) for name in names]


def names(uow: FakeUnitOfWork, project: Project) -> str:
    found = [each for each in uow.store.of(Section).values() if each.project_id == project.id]
    return "".join(each.name for each in sorted(found, key=lambda each: each.position))


def head_of(uow: FakeUnitOfWork) -> int:
    return uow.store.workspaces[uow.workspace_id].head


async def test_a_section_is_moved_beside_another_one(uow: FakeUnitOfWork, garden: Project) -> None:
    a, b, c = await create(uow, garden, "abc")

    moved = await sections.move(uow.unit(), a.id, after=b.id)
    await sections.move(uow.unit(), c.id, before=b.id)

    assert names(uow, garden) == "cba"
    assert uow.store.logged(uow.workspace_id, moved.revision) == [("section.moved", a.id)]
    before = head_of(uow)
    assert (await sections.move(uow.unit(), c.id, before=b.id)).name == "c"
    assert (await sections.move(uow.unit(), a.id, project_id=garden.id)) == moved
    assert head_of(uow) == before


async def test_its_tasks_come_along_to_another_project_in_their_order(
    uow: FakeUnitOfWork, garden: Project, house: Project
) -> None:
    a, b = await create(uow, garden, "ab")
    (c,) = await create(uow, house, "c")
    await tasks.create(uow.unit(), TaskDraft(title="there", project_id=house.id))
    parent = await tasks.create(uow.unit(), TaskDraft(title="parent", section_id=a.id))
    other = await tasks.create(uow.unit(), TaskDraft(title="other", section_id=b.id))
    child = await tasks.create(uow.unit(), TaskDraft(title="child", parent_id=parent.id))

    moved = await sections.move(uow.unit(), a.id, before=c.id)

    assert (names(uow, garden), names(uow, house)) == ("b", "ac")
    there, first, second = sorted(
        (task for task in uow.store.tasks.values() if task.project_id == house.id), key=lambda task: task.position
    )
    assert [there.title, first.id, second.id] == ["there", parent.id, child.id]
    assert [first.section_id, second.section_id, second.parent_id] == [a.id, a.id, parent.id]
    assert await tasks.get(uow.unit(), other.id) == other
    assert uow.store.logged(uow.workspace_id, moved.revision) == [
        ("section.moved", a.id),
        ("task.moved", parent.id),
        ("task.moved", child.id),
    ]
    assert (await sections.move(uow.unit(), a.id, project_id=garden.id)).project_id == garden.id
    assert names(uow, garden) == "ba"


async def test_what_does_not_agree_or_does_not_exist_is_refused_with_its_place(
    uow: FakeUnitOfWork, garden: Project, house: Project
) -> None:
    a, b = await create(uow, garden, "ab")
    refused: list[tuple[type[Exception], str, dict[str, UUID]]] = [
        (BeforeAndAfter, "after", {"before": b.id, "after": b.id}),
        (BesideItself, "before", {"before": a.id}),
        (SiblingUnknown, "after", {"after": NOBODY}),
        (NotBesideSibling, "project_id", {"after": b.id, "project_id": house.id}),
        (ProjectUnknown, "project_id", {"project_id": NOBODY}),
    ]
    for error, place, to in refused:
        with pytest.raises(error) as raised:
            await sections.move(uow.unit(), a.id, **to)
        assert getattr(raised.value, "pointer", None) == f"#/{place}"
    (c,) = await create(uow, house, "c")
    with pytest.raises(NotBesideSibling):
        await sections.move(uow.unit(), a.id, after=c.id, project_id=garden.id)
    with pytest.raises(InvalidTogether) as both:
        await sections.move(uow.unit(), a.id, before=NOBODY, project_id=NOBODY)
    assert [each.pointer for each in both.value.errors] == ["#/before", "#/project_id"]
    with pytest.raises(SectionNotFound):
        await sections.move(uow.unit(), NOBODY, before=a.id)
    await projects.archive(uow.unit(), house.id)
    with pytest.raises(ProjectArchived):
        await sections.move(uow.unit(), a.id, project_id=house.id)
    await projects.unarchive(uow.unit(), house.id)
    await projects.archive(uow.unit(), garden.id)
    with pytest.raises(ProjectArchived):
        await sections.move(uow.unit(), a.id, project_id=house.id)


async def test_a_project_takes_at_most_two_hundred_sections_and_a_section_at_most_a_thousand_tasks_along(
    uow: FakeUnitOfWork, garden: Project, house: Project
) -> None:
    a, b = await create(uow, garden, "ab")
    task = await tasks.create(uow.unit(), TaskDraft(title="x", section_id=a.id))
    for n in range(sections.MOST_MOVED):
        one = replace(task, id=uow.new_id(), position=f"b{n:04}V")
        uow.store.tasks[one.workspace_id, one.id] = one
    with pytest.raises(LimitReached, match="1000 tasks"):
        await sections.move(uow.unit(), a.id, project_id=house.id)
    await sections.move(uow.unit(), a.id, after=b.id)
    await task_deletions.delete(uow.unit(), task.id)
    await sections.move(uow.unit(), a.id, project_id=house.id)
    await create(uow, house, "c" * (sections.MOST_SECTIONS - 1))
    with pytest.raises(LimitReached, match="200 sections") as refused:
        await sections.move(uow.unit(), b.id, project_id=house.id)
    assert refused.value.pointer == "#/project_id"


async def test_neighbours_make_room_once_a_position_would_be_too_long(uow: FakeUnitOfWork, garden: Project) -> None:
    a, b, c = await create(uow, garden, "abc")
    changes = 0
    for n in range(600):
        moved = await sections.move(uow.unit(), (b, c)[n % 2].id, after=a.id)
        changes = max(changes, len(uow.store.logged(uow.workspace_id, moved.revision)))
        assert names(uow, garden) == ("abc", "acb")[n % 2]
    assert changes > 1
