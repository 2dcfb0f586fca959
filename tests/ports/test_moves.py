"""What is around a gap in an order, and what is stored when neighbours make room."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.model.projects import Project
from domain.model.workspaces import Workspace
from domain.unit_of_work import UnitOfWork
from tests.support.things import label, project, section, task
from tests.support.worlds import World


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    created = project(20, home, position="Z0", revision=2)
    async with world.unit() as uow:
        await uow.projects.add(created)
    return created


def repository(uow: UnitOfWork, kind: str) -> Any:
    return getattr(uow, f"{kind}s")


ITEMS: dict[str, Callable[..., Any]] = {"task": task, "section": section, "label": label, "project": project}


async def around(uow: UnitOfWork, kind: str, within: Any, cut: str, limit: int) -> list[str]:
    found: Sequence[Any]
    match kind:
        case "task":
            found = await uow.tasks.around(within.workspace_id, project_id=within.id, cut=cut, limit=limit)
        case "section":
            found = await uow.sections.around(within.workspace_id, project_id=within.id, cut=cut, limit=limit)
        case "label":
            found = await uow.labels.around(within.id, cut=cut, limit=limit)
        case _:
            found = await uow.projects.around(within.id, cut=cut, limit=limit)
    return [each.position for each in found]


@pytest.mark.parametrize("kind", ITEMS)
async def test_the_nearest_on_each_side_of_a_position_are_found_and_none_of_another_order(
    world: World, home: Workspace, other: Workspace, chores: Project, kind: str
) -> None:
    in_project = kind in {"task", "section"}
    within: Any = chores if in_project else home
    async with world.unit() as uow:
        garden = project(21, home, position="Z1", revision=3)
        theirs = project(20, other, position="Z1", revision=3)
        await uow.projects.add(garden)
        await uow.projects.add(theirs)
        for n in range(1, 7):
            await repository(uow, kind).add(ITEMS[kind](n, within, revision=3))
        for n, elsewhere in ((8, garden), (9, theirs)) if in_project else ((9, other),):
            await repository(uow, kind).add(ITEMS[kind](n, elsewhere, position="a3V", revision=3))

    async with world.unit() as uow:
        assert await around(uow, kind, within, "a4", 2) == ["a2", "a3", "a4", "a5"]
        assert await around(uow, kind, within, "a40", 1) == ["a4", "a5"]
        assert (await around(uow, kind, within, "", 1))[-1] == ("Z0" if kind == "project" else "a1")
        assert await around(uow, kind, within, "~", 3) == ["a4", "a5", "a6"]
        assert (await around(uow, kind, within, "a4", 9))[-6:] == [f"a{n}" for n in range(1, 7)]


@pytest.mark.parametrize("kind", ITEMS)
async def test_neighbours_take_over_each_others_positions_one_after_the_other(
    world: World, home: Workspace, chores: Project, kind: str
) -> None:
    within: Any = chores if kind in {"task", "section"} else home
    three = [ITEMS[kind](n, within, revision=3) for n in (1, 2, 3)]
    moved = [
        replace(each, position=position, revision=4) for each, position in zip(three, ("a0", "a1", "a2"), strict=True)
    ]
    async with world.unit() as uow:
        for each in three:
            await repository(uow, kind).add(each)

    async with world.unit() as uow:
        for before, after in zip(three, moved, strict=True):
            await repository(uow, kind).update(after, before=before, event=f"{kind}.moved")

    async with world.unit() as uow:
        assert [await repository(uow, kind).get(home.id, each.id) for each in three] == moved
    assert (await world.log_of(home.id))[-3:] == [(4, f"{kind}.moved", each.id) for each in three]


async def test_the_tasks_of_a_section_are_found_in_their_order_up_to_a_limit(
    world: World, home: Workspace, chores: Project
) -> None:
    one, other = section(1, chores, revision=3), section(2, chores, revision=3)
    mine = [task(n, chores, section_id=one.id, revision=3) for n in (3, 1, 2)]
    async with world.unit() as uow:
        await uow.sections.add(one)
        await uow.sections.add(other)
        for each in (*mine, task(4, chores, section_id=other.id, revision=3), task(5, chores, revision=3)):
            await uow.tasks.add(each)

    async with world.unit() as uow:
        found = await uow.tasks.in_section(home.id, one.id, limit=9)
        assert [each.position for each in found] == ["a1", "a2", "a3"]
        assert len(await uow.tasks.in_section(home.id, one.id, limit=2)) == 2
