from collections.abc import Awaitable, Sequence
from functools import partial
from uuid import UUID

import pytest

from domain.errors import IdTaken
from domain.model.projects import Project
from domain.model.sections import Section, SectionQuery
from domain.model.tasks import Family
from domain.model.workspaces import Workspace
from domain.unit_of_work import UnitOfWork
from tests.support.things import NOBODY, ident, in_pages, project, section, task
from tests.support.worlds import World


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    """A project of a workspace."""
    return await add_project(world, project(1, home, revision=2))


@pytest.fixture
async def garden(world: World, home: Workspace, chores: Project) -> Project:
    """Another project of it."""
    assert chores.workspace_id == home.id
    return await add_project(world, project(2, home, revision=3))


async def add_project(world: World, created: Project) -> Project:
    async with world.unit() as uow:
        await uow.projects.add(created)
    return created


async def add(world: World, *sections: Section) -> None:
    """Add *sections* in one change."""
    async with world.unit() as uow:
        for each in sections:
            await uow.sections.add(each)


async def test_a_section_is_found_in_its_workspace(world: World, chores: Project, other: Workspace) -> None:
    created = section(1, chores, name="Cellar \N{BROOM}", revision=4)
    await add(world, created)

    async with world.unit() as uow:
        assert await uow.sections.get(chores.workspace_id, created.id) == created
        assert await uow.sections.get(other.id, created.id) is None
        assert await uow.sections.get(chores.workspace_id, NOBODY) is None
    assert (await world.log_of(chores.workspace_id))[-1] == (4, "section.created", created.id)
    with pytest.raises(IdTaken):
        await add(world, section(1, chores, position="a9", revision=5))


async def test_sections_are_read_in_pages_by_project_then_position(
    world: World, chores: Project, garden: Project
) -> None:
    here = [section(number, chores, position=f"a{number}", revision=4) for number in (4, 1, 3, 2, 0)]
    there = [section(number, garden, revision=4) for number in (5, 6)]
    await add(world, *there, *here)
    for project_id, numbers in ((None, range(7)), (chores.id, range(5)), (garden.id, (5, 6)), (NOBODY, ())):
        assert await listed(world, chores, project_id) == [ident(number) for number in numbers]


async def listed(world: World, within: Project, project_id: UUID | None) -> list[UUID]:
    """The ids of sections, read in pages of two."""

    def read(uow: UnitOfWork, after: tuple[UUID, str] | None) -> Awaitable[Sequence[Section]]:
        query = SectionQuery(workspace_id=within.workspace_id, project_id=project_id, after=after, limit=2)
        return uow.sections.page(query)

    found = await in_pages(read, world=world, place_of=lambda each: (each.project_id, each.position))
    return [each.id for each in found]


async def test_the_end_of_a_project_is_its_count_and_its_greatest_position(
    world: World, chores: Project, garden: Project
) -> None:
    await add(world, *(section(number, chores, revision=4) for number in range(3)), section(9, garden, revision=4))

    async with world.unit() as uow:
        assert await uow.sections.end(chores.workspace_id, project_id=chores.id) == (3, "a2")
        assert await uow.sections.end(chores.workspace_id, project_id=NOBODY) == (0, None)


async def test_a_changed_section_is_stored(world: World, chores: Project) -> None:
    before = section(1, chores, revision=4)
    await add(world, before)
    after = section(1, chores, name="Attic", revision=5)

    async with world.unit() as uow:
        await uow.sections.update(after, before=before, event="section.updated")

    async with world.unit() as uow:
        assert await uow.sections.get(chores.workspace_id, after.id) == after
    assert (await world.log_of(chores.workspace_id))[-1] == (5, "section.updated", after.id)


async def test_a_section_or_all_of_a_project_are_deleted(world: World, chores: Project, garden: Project) -> None:
    kept = section(9, garden, revision=4)
    await add(world, *(section(number, chores, revision=4) for number in range(3)), kept)

    async with world.unit() as uow:
        await uow.sections.delete(chores.workspace_id, ident(1), trash_id=NOBODY, revision=5)
    async with world.unit() as uow:
        await uow.sections.delete_all(chores.workspace_id, project_id=chores.id, trash_id=NOBODY, revision=6)

    async with world.unit() as uow:
        left = [await uow.sections.get(chores.workspace_id, ident(number)) for number in (0, 1, 2, 9)]
    assert left == [None, None, None, kept]
    log = await world.log_of(chores.workspace_id)
    assert sorted(log[-3:]) == [(5, "section.deleted", ident(1)), *((6, "section.deleted", ident(n)) for n in (0, 2))]


async def test_some_tasks_of_a_section_are_found_and_no_others(world: World, chores: Project) -> None:
    await add(world, section(1, chores, revision=4), section(2, chores, revision=4))
    mine = [task(number, chores, section_id=ident(1), revision=5) for number in (1, 2, 3)]
    others = [task(4, chores, section_id=ident(2), revision=5), task(5, chores, revision=5)]
    async with world.unit() as uow:
        for each in (*mine, *others):
            await uow.tasks.add(each)

    async with world.unit() as uow:
        some_of = partial(uow.tasks.some_of, chores.workspace_id, section_id=ident(1))
        assert len(await some_of(limit=2)) == 2
        assert sorted(await some_of(limit=9)) == [each.id for each in mine]


async def test_a_task_is_found_with_those_below_it_and_with_those_above_it(world: World, chores: Project) -> None:
    root, child, sibling, grandchild = (
        task(4, chores, revision=4),
        task(1, chores, parent_id=ident(4), revision=4),
        task(2, chores, parent_id=ident(4), revision=4),
        task(3, chores, parent_id=ident(1), revision=4),
    )
    async with world.unit() as uow:
        for each in (root, child, sibling, grandchild, task(5, chores, revision=4)):
            await uow.tasks.add(each)

    async with world.unit() as uow:
        family = await uow.tasks.family(chores.workspace_id, root.id)
        assert family is not None
        assert family.task == root
        assert sorted(family.subtasks, key=lambda each: each.id) == [child, sibling, grandchild]
        assert await uow.tasks.family(chores.workspace_id, child.id) == Family(
            task=child, subtasks=[grandchild], is_archived=False, has_dependents=False
        )
        assert await uow.tasks.family(chores.workspace_id, NOBODY) is None
        tree = {root.id: None, child.id: root.id, grandchild.id: child.id}
        assert await uow.tasks.tree(chores.workspace_id, root.id) == {**tree, sibling.id: root.id}
        assert await uow.tasks.tree(chores.workspace_id, child.id) == {child.id: root.id, grandchild.id: child.id}
        assert await uow.tasks.tree(chores.workspace_id, NOBODY) == {}
        assert list(await uow.tasks.lineage(chores.workspace_id, grandchild.id)) == [grandchild, child, root]
        assert list(await uow.tasks.lineage(chores.workspace_id, root.id)) == [root]
        assert list(await uow.tasks.lineage(chores.workspace_id, NOBODY)) == []
