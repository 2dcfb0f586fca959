import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain import families, positions, projects, sections, task_moves, task_status, tasks
from domain.errors import InvalidTogether
from domain.limits import LimitReached
from domain.model.projects import Project, ProjectArchived, ProjectUnknown
from domain.model.sections import Section, SectionUnknown
from domain.model.tasks import (
    NotWithParent,
    ParentUnknown,
    Task,
    TaskNotFound,
    TooDeep,
)
from domain.moves import BeforeAndAfter, BesideItself, NotBesideSibling, SiblingUnknown
from domain.task_moves import TaskDestination
from domain.tasks import TaskDraft
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY

LATER = NOON + dt.timedelta(hours=1)


async def create(uow: FakeUnitOfWork, title: str, parent: Task | None = None, **place: Any) -> Task:
    return await tasks.create(uow.unit(), TaskDraft(title=title, parent_id=parent.id if parent else None, **place))


async def move(uow: FakeUnitOfWork, task: Task, **to: Any) -> Task:
    given = {name: value.id if hasattr(value, "id") else value for name, value in to.items()}
    return await task_moves.move(uow.unit(now=LATER), task.id, to=TaskDestination(**given))


@pytest.fixture
async def garden(uow: FakeUnitOfWork) -> Project:
    return await projects.create(uow.unit(), name="Garden")


@pytest.fixture
async def beds(uow: FakeUnitOfWork, garden: Project) -> Section:
    return await sections.create(uow.unit(), name="Beds", project_id=garden.id)


@pytest.fixture
async def abc(uow: FakeUnitOfWork) -> Sequence[Task]:
    """Three tasks of the inbox."""
    return [await create(uow, title) for title in "abc"]


def add_subtasks(uow: FakeUnitOfWork, parent: Task, count: int) -> Sequence[Task]:
    """Store many subtasks at once."""
    found = []
    for n in range(count):
        found.append(replace(parent, id=uow.new_id(), parent_id=parent.id, position=f"{parent.position}{n:03}V"))
        uow.store.tasks[parent.workspace_id, found[-1].id] = found[-1]
    return found


def titles(uow: FakeUnitOfWork, project_id: UUID) -> str:
    """The titles of a project's tasks, in their order."""
    found = [task for task in uow.store.tasks.values() if task.project_id == project_id]
    assert len({task.position for task in found}) == len(found)
    return "".join(task.title for task in sorted(found, key=lambda task: task.position))


def head_of(uow: FakeUnitOfWork) -> int:
    return uow.store.workspaces[uow.workspace_id].head


@pytest.mark.parametrize(
    ("moved", "to", "expected"),
    [
        (0, {"after": 1}, "bac"),
        (0, {"after": 2}, "bca"),
        (2, {"before": 0}, "cab"),
        (2, {"before": 1}, "acb"),
        (2, {"after": 0}, "acb"),
    ],
)
async def test_a_task_is_moved_directly_beside_another_one(
    uow: FakeUnitOfWork, abc: Sequence[Task], moved: int, to: dict[str, int], expected: str
) -> None:
    before = head_of(uow)

    task = await move(uow, abc[moved], **{name: abc[place] for name, place in to.items()})

    assert titles(uow, task.project_id) == expected
    assert (task.revision, task.updated_at) == (before + 1, LATER)
    assert uow.store.logged(uow.workspace_id, before + 1) == [("task.moved", task.id)]


async def test_a_task_that_is_there_already_does_not_change(
    uow: FakeUnitOfWork, abc: Sequence[Task], garden: Project
) -> None:
    a, b, c = abc
    before = head_of(uow)

    for task, to in ((a, {"before": b}), (b, {"after": a}), (b, {"before": c}), (c, {"parent_id": None})):
        assert await move(uow, task, **to) == task
    assert await move(uow, c, project_id=c.project_id) == c
    assert head_of(uow) == before
    moved = await move(uow, a, project_id=garden)
    assert await move(uow, moved, project_id=garden) == moved


async def test_a_task_is_moved_into_the_place_of_the_one_it_is_moved_to(
    uow: FakeUnitOfWork, abc: Sequence[Task], beds: Section
) -> None:
    parent = await create(uow, "p", section_id=beds.id)
    child, last = await create(uow, "d", parent), await create(uow, "e", parent)

    moved = await move(uow, abc[0], after=child)

    assert (moved.project_id, moved.section_id, moved.parent_id) == (beds.project_id, beds.id, parent.id)
    assert child.position < moved.position < last.position
    same = await move(uow, abc[1], before=child, project_id=beds.project_id, section_id=beds, parent_id=parent)
    assert same.parent_id == parent.id


async def test_a_place_alone_is_the_end_there(uow: FakeUnitOfWork, abc: Sequence[Task], beds: Section) -> None:
    a, b, c = abc
    first = await create(uow, "f", section_id=beds.id)
    places = []
    for task, to in ((a, {"section_id": beds}), (b, {"project_id": beds.project_id}), (c, {"parent_id": first})):
        moved = await move(uow, task, **to)
        places.append((moved.project_id, moved.section_id, moved.parent_id))

    assert places == [
        (beds.project_id, beds.id, None),
        (beds.project_id, None, None),
        (beds.project_id, beds.id, first.id),
    ]
    assert titles(uow, beds.project_id) == "fabc"


async def test_null_takes_a_task_out_of_its_parent_or_its_section(
    uow: FakeUnitOfWork, beds: Section, garden: Project
) -> None:
    parent = await create(uow, "p", section_id=beds.id)
    a, b, c = [await create(uow, title, parent) for title in "abc"]

    out = await move(uow, a, parent_id=None)
    unsectioned = await move(uow, b, section_id=None)
    elsewhere = await move(uow, c, parent_id=None, project_id=garden)

    assert (out.parent_id, out.section_id, out.project_id) == (None, beds.id, garden.id)
    assert (unsectioned.parent_id, unsectioned.section_id, unsectioned.project_id) == (None, None, garden.id)
    assert (elsewhere.parent_id, elsewhere.section_id, elsewhere.project_id) == (None, None, garden.id)


async def test_the_subtasks_of_all_levels_come_along_in_their_order(
    uow: FakeUnitOfWork, abc: Sequence[Task], garden: Project, beds: Section
) -> None:
    a, b, c = abc
    e = await create(uow, "e", a)
    f = await create(uow, "f", a)
    d = await move(uow, await create(uow, "d", a), before=e)
    g = await create(uow, "g", d)
    await create(uow, "x", project_id=garden.id)
    await task_status.complete(uow.unit(), f.id)
    before = head_of(uow)

    moved = await move(uow, a, section_id=beds)

    assert (titles(uow, b.project_id), titles(uow, garden.id)) == ("bc", "xadefg")
    for each, parent in ((d, a), (e, a), (f, a), (g, d)):
        now = await tasks.get(uow.unit(), each.id)
        assert (now.section_id, now.parent_id, now.revision) == (beds.id, parent.id, before + 1)
    assert (await tasks.get(uow.unit(), f.id)).status == "completed"
    assert moved.section_id == beds.id
    assert sorted(uow.store.logged(uow.workspace_id, before + 1)) == sorted(
        ("task.moved", each.id) for each in (a, d, e, f, g)
    )
    await move(uow, b, after=c)
    child_now = await tasks.get(uow.unit(), d.id)
    await move(uow, a, section_id=None)
    assert (await tasks.get(uow.unit(), d.id)).position == child_now.position


async def test_a_subtask_moved_to_another_project_is_a_root_there(
    uow: FakeUnitOfWork, abc: Sequence[Task], garden: Project
) -> None:
    child = await create(uow, "d", abc[0])
    grandchild = await create(uow, "e", child)

    moved = await move(uow, child, project_id=garden)

    assert (moved.parent_id, moved.project_id) == (None, garden.id)
    below = await tasks.get(uow.unit(), grandchild.id)
    assert (below.parent_id, below.project_id) == (child.id, garden.id)


async def test_a_closed_task_keeps_its_status_and_what_it_was_closed_with(
    uow: FakeUnitOfWork, abc: Sequence[Task], garden: Project
) -> None:
    child = await create(uow, "d", abc[0])
    await task_status.complete(uow.unit(), abc[0].id)
    closed = await tasks.get(uow.unit(), child.id)

    moved = await move(uow, child, project_id=garden)

    assert (moved.status, moved.completed_at, moved.closed_with) == ("completed", closed.completed_at, abc[0].id)
    await task_status.reopen(uow.unit(), abc[0].id)
    assert await tasks.get(uow.unit(), child.id) == moved


async def test_no_task_is_moved_beside_or_under_itself_or_its_subtasks(
    uow: FakeUnitOfWork, abc: Sequence[Task]
) -> None:
    child = await create(uow, "d", abc[0])
    for name in ("before", "after", "parent_id"):
        for target in (abc[0], child):
            with pytest.raises(BesideItself, match=r"next to or under itself or one of its subtasks\.") as raised:
                await move(uow, abc[0], **{name: target})
            assert raised.value.pointer == f"#/{name}"


async def test_what_does_not_agree_or_does_not_exist_is_refused_with_its_place(
    uow: FakeUnitOfWork, abc: Sequence[Task], garden: Project, beds: Section
) -> None:
    a, b, _ = abc
    inside = await create(uow, "d", section_id=beds.id)
    refused: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (BeforeAndAfter, "after", {"before": b, "after": b}),
        (SiblingUnknown, "before", {"before": NOBODY}),
        (SiblingUnknown, "after", {"after": NOBODY}),
        (ParentUnknown, "parent_id", {"parent_id": NOBODY}),
        (SectionUnknown, "section_id", {"section_id": NOBODY}),
        (SectionUnknown, "section_id", {"section_id": beds, "project_id": a.project_id}),
        (ProjectUnknown, "project_id", {"project_id": NOBODY}),
        (NotBesideSibling, "project_id", {"before": b, "project_id": garden}),
        (NotBesideSibling, "section_id", {"before": inside, "section_id": None}),
        (NotBesideSibling, "parent_id", {"after": b, "parent_id": inside}),
        (NotWithParent, "project_id", {"parent_id": b, "project_id": garden}),
        (NotWithParent, "section_id", {"parent_id": inside, "section_id": None}),
    ]
    before = head_of(uow)
    for error, place, to in refused:
        with pytest.raises(error) as raised:
            await move(uow, a, **to)
        assert getattr(raised.value, "pointer", None) == f"#/{place}"
    with pytest.raises(InvalidTogether):
        await move(uow, a, before=b, project_id=garden, section_id=beds)
    with pytest.raises(TaskNotFound):
        await task_moves.move(uow.unit(), NOBODY, to=TaskDestination(project_id=garden.id))
    assert head_of(uow) == before


@pytest.mark.parametrize("decides", ["before", "after", "parent_id", "section_id"])
async def test_all_that_does_not_exist_of_a_place_is_reported_together(
    uow: FakeUnitOfWork, abc: Sequence[Task], decides: str
) -> None:
    names = {"project_id", "section_id"} | ({"parent_id"} if decides != "section_id" else set()) | {decides}
    with pytest.raises(InvalidTogether) as raised:
        await move(uow, abc[0], **dict.fromkeys(sorted(names), NOBODY))
    assert {each.pointer for each in raised.value.errors} == {f"#/{name}" for name in names}


@pytest.mark.parametrize("decides", ["parent_id", "section_id"])
async def test_all_that_does_not_exist_of_the_place_of_a_new_task_is_reported_together(
    uow: FakeUnitOfWork, decides: str
) -> None:
    named: dict[str, Any] = dict.fromkeys(("project_id", "section_id", decides), NOBODY)
    draft = TaskDraft(title="x", **named)
    with pytest.raises(InvalidTogether) as raised:
        await tasks.create(uow.unit(), draft)
    assert {each.pointer for each in raised.value.errors} == {"#/project_id", "#/section_id", f"#/{decides}"}


async def test_archived_projects_are_not_moved_out_of_or_into(
    uow: FakeUnitOfWork, abc: Sequence[Task], garden: Project
) -> None:
    inside = await create(uow, "d", project_id=garden.id)
    await projects.archive(uow.unit(), garden.id)

    for task, to in ((abc[0], {"project_id": garden}), (abc[0], {"after": inside}), (inside, {"after": abc[0]})):
        with pytest.raises(ProjectArchived):
            await move(uow, task, **to)


async def test_there_are_five_levels_with_the_subtasks_that_come_along(
    uow: FakeUnitOfWork, abc: Sequence[Task]
) -> None:
    a, b, c = abc
    second = await create(uow, "2", a)
    third = await create(uow, "3", second)
    below = await create(uow, "x", b)

    moved = await move(uow, b, parent_id=third)
    assert moved.parent_id == third.id
    await create(uow, "z", c)
    for name, target in (("parent_id", b), ("before", below)):
        with pytest.raises(TooDeep) as raised:
            await move(uow, c, **{name: target})
        assert raised.value.pointer == f"#/{name}"


async def test_a_parent_has_at_most_five_hundred_subtasks_and_a_thousand_in_all_levels(
    uow: FakeUnitOfWork, abc: Sequence[Task]
) -> None:
    a, b, c = abc
    children = add_subtasks(uow, a, families.MOST_SUBTASKS)
    for where, name in ({"parent_id": a}, "parent_id"), ({"after": children[0]}, "after"):
        with pytest.raises(LimitReached) as refused:
            await move(uow, b, **where)
        assert refused.value.pointer == f"#/{name}"
    await move(uow, children[-1], before=children[0])
    add_subtasks(uow, children[0], families.MOST_IN_ALL_LEVELS - families.MOST_SUBTASKS - 1)
    await create(uow, "below", c)
    with pytest.raises(LimitReached):
        await move(uow, c, parent_id=children[1])

    assert (await move(uow, b, parent_id=children[1])).parent_id == children[1].id
    assert (await move(uow, children[2], parent_id=children[1])).parent_id == children[1].id


async def test_neighbours_make_room_once_a_position_would_be_too_long(uow: FakeUnitOfWork, abc: Sequence[Task]) -> None:
    a, b, c = abc
    made_room = 0
    for n in range(600):
        before = head_of(uow)
        moved = await move(uow, (b, c)[n % 2], after=a)
        assert titles(uow, a.project_id) == ("abc", "acb")[n % 2]
        if head_of(uow) > before:
            made_room += len(uow.store.logged(uow.workspace_id, before + 1)) > 1
        assert len(moved.position) <= positions.LONGEST
    assert made_room


async def test_the_last_task_of_a_parent_or_a_section_is_at_its_end_already(uow: FakeUnitOfWork, beds: Section) -> None:
    parent = await create(uow, "parent", section_id=beds.id)
    children = [await create(uow, title, parent) for title in "ab"]
    last = await create(uow, "last", section_id=beds.id)
    await create(uow, "elsewhere", project_id=beds.project_id)

    assert await move(uow, last, section_id=beds.id) == last
    assert await move(uow, last, parent_id=None) == last
    assert await move(uow, children[1], parent_id=parent) == children[1]
    assert (await move(uow, children[0], parent_id=parent)).position > children[1].position
    assert (await move(uow, parent, section_id=beds.id)).position > last.position


async def test_a_place_in_a_crowd_that_has_no_room_is_refused(uow: FakeUnitOfWork, abc: Sequence[Task]) -> None:
    a, b, _ = abc
    deep = a.position + "0" * 60
    crowd = [
        replace(a, id=uow.new_id(), position=position)
        for position in positions.spread(deep + "1", deep + "11", count=1_100)
    ]
    uow.store.tasks |= {(each.workspace_id, each.id): each for each in crowd}

    with pytest.raises(LimitReached, match="close together") as refused:
        await move(uow, b, before=crowd[550])
    assert refused.value.pointer == "#/before"

    assert (await move(uow, b, after=a)).position < deep


async def test_a_subtask_that_comes_along_and_makes_room_changes_once(uow: FakeUnitOfWork, beds: Section) -> None:
    a = await create(uow, "a", section_id=beds.id)
    b = await create(uow, "b", project_id=beds.project_id)
    child = await create(uow, "c", b)
    near = replace(child, position=a.position + "0" * 46 + "1")
    uow.store.tasks[near.workspace_id, near.id] = near

    moved = await move(uow, b, after=a)

    assert titles(uow, beds.project_id) == "abc"
    now = await tasks.get(uow.unit(), child.id)
    assert (now.section_id, now.revision) == (beds.id, moved.revision)
    assert len(now.position) < positions.LONGEST
    assert uow.store.logged(uow.workspace_id, moved.revision).count(("task.moved", child.id)) == 1
