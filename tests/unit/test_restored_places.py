"""What is restored goes right after what has its position by now; neighbours make room before positions grow long."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from domain import labels, positions, projects, restoring, sections, task_deletions, task_moves, tasks
from domain.model.labels import Label
from domain.model.projects import Project
from domain.model.sections import Section
from domain.restored_places import Places
from domain.task_moves import TaskDestination
from domain.tasks import TaskDraft
from domain.trash import Deletion
from tests.support.fakes.unit_of_work import FakeUnitOfWork

MANY = 400


@dataclass(frozen=True, kw_only=True)
class Kind:
    create: Callable[[FakeUnitOfWork, UUID], Awaitable[Any]]
    move: Callable[[FakeUnitOfWork, UUID, UUID], Awaitable[Any]]
    delete: Callable[[FakeUnitOfWork, UUID], Awaitable[None]]
    restore: Callable[[FakeUnitOfWork, UUID], Awaitable[Any]]


KINDS = {
    "task": Kind(
        create=lambda uow, project_id: tasks.create(uow, TaskDraft(title="Sow", project_id=project_id)),
        move=lambda uow, task_id, before: task_moves.move(uow, task_id, to=TaskDestination(before=before)),
        delete=task_deletions.delete,
        restore=restoring.task,
    ),
    "section": Kind(
        create=lambda uow, project_id: sections.create(uow, name="Beds", project_id=project_id),
        move=lambda uow, section_id, before: sections.move(uow, section_id, before=before),
        delete=sections.delete,
        restore=restoring.section,
    ),
    "project": Kind(
        create=lambda uow, _: projects.create(uow, name="Garden"),
        move=lambda uow, project_id, before: projects.move(uow, project_id, before=before),
        delete=projects.delete,
        restore=restoring.project,
    ),
    "label": Kind(
        create=lambda uow, _: labels.create(uow, name=f"Urgent {uow.new_id()}"),
        move=lambda uow, label_id, before: labels.move(uow, label_id, before=before),
        delete=labels.delete,
        restore=restoring.label,
    ),
}


@pytest.fixture
async def garden(uow: FakeUnitOfWork) -> Project:
    return await projects.create(uow.unit(), name="Garden")


def order(uow: FakeUnitOfWork, kind: str) -> list[tuple[str, UUID]]:
    """The positions of all things of a kind, in their order."""
    store = uow.store
    kept: dict[str, dict[Any, Any]] = {
        "task": store.tasks,
        "section": store.of(Section),
        "project": store.projects,
        "label": store.of(Label),
    }
    found: list[Any] = [*kept[kind].values()]
    return sorted((each.position, each.id) for each in found)


@pytest.mark.parametrize("kind", KINDS)
async def test_many_that_come_back_to_one_position_make_room(uow: FakeUnitOfWork, garden: Project, kind: str) -> None:
    do = KINDS[kind]
    first, last = [await do.create(uow.unit(), garden.id) for _ in range(2)]
    count = 150 if kind == "section" else MANY
    gone = []
    for _ in range(count):
        each = await do.create(uow.unit(), garden.id)
        gone.append(await do.move(uow.unit(), each.id, last.id))
        await do.delete(uow.unit(), each.id)
    assert len({each.position for each in gone}) == 1, "they were all at the same place"

    for each in gone:
        await do.restore(uow.unit(), each.id)

    placed = order(uow, kind)
    assert max(len(position) for position, _ in placed) <= positions.LONGEST
    assert len({position for position, _ in placed}) == len(placed)
    found = [thing_id for _, thing_id in placed if thing_id in {first.id, last.id, *(each.id for each in gone)}]
    assert (found[:2], found[-1]) == ([first.id, gone[0].id], last.id)
    if kind != "section":  # a project cannot have so many
        moved = [event for event in uow.store.events if event.type == f"{kind}.moved"]
        assert len(moved) > count, "neighbours have moved, and the log says so"


async def test_a_section_comes_back_beside_what_was_created_meanwhile(uow: FakeUnitOfWork, garden: Project) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    gone = [await tasks.create(uow.unit(), TaskDraft(title="Sow", section_id=beds.id)) for _ in range(5)]
    await sections.delete(uow.unit(), beds.id)
    new = [await tasks.create(uow.unit(), TaskDraft(title="Reap", project_id=garden.id)) for _ in range(5)]
    assert [each.position for each in new] == [each.position for each in gone]

    await restoring.section(uow.unit(), beds.id)

    pairs = zip(new, gone, strict=True)
    assert [task_id for _, task_id in order(uow, "task")] == [each.id for pair in pairs for each in pair]


async def test_a_section_that_was_moved_between_two_deletions_comes_back_where_it_was_last(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    """The first deletion was interrupted. What it took is at the end of the project that the section is in now."""
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    early, late = [await tasks.create(uow.unit(), TaskDraft(title="Sow", section_id=beds.id)) for _ in range(2)]
    unit, deletion = uow.unit(), Deletion("section", beds.id)
    await deletion.step(unit, title="Beds")
    await task_deletions.delete_some(unit, section_id=beds.id, deletion=deletion, limit=1)
    (taken,) = {early.id, late.id} - {task_id for _, task_id in order(uow, "task")}
    meadow = await projects.create(uow.unit(), name="Meadow")
    await sections.move(uow.unit(), beds.id, project_id=meadow.id)
    await sections.delete(uow.unit(), beds.id)

    restored = await restoring.section(uow.unit(), beds.id)

    assert restored.project_id == meadow.id
    found = order(uow, "task")
    assert len({position for position, _ in found}) == 2
    assert found[-1][1] == taken


async def test_a_place_that_a_neighbour_was_moved_to_is_taken(uow: FakeUnitOfWork) -> None:
    label = await labels.create(uow.unit(), name="Urgent")
    crowded = "a1" + "V" * positions.LONGEST
    stored = [replace(label, id=UUID(int=n), position=each) for n, each in enumerate(("a1", crowded, crowded + "1"))]
    live = {each.id: each for each in stored}

    async def near(cut: str, count: int) -> Sequence[Label]:
        found = sorted(live.values(), key=lambda each: each.position)
        below = [each for each in found if each.position < cut]
        return [*below[-count:], *found[len(below) :][:count]]

    moved = []

    async def move(each: Label, position: str) -> None:
        live[each.id] = replace(each, position=position)
        moved.append(position)

    places = Places(near, move, taken=[crowded])
    await places.put(replace(label, id=UUID(int=10), position=crowded))
    await places.put(replace(label, id=UUID(int=11), position=moved[-1]))
    for number in range(12, 320):
        await places.put(replace(label, id=UUID(int=number), position=crowded))

    found = [each.position for each in (*live.values(), *places.placed)]
    assert (len(live), len(set(found))) == (3, 3 + 310)
    assert max(map(len, found)) <= positions.LONGEST
