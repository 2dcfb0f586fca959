from dataclasses import replace
from uuid import UUID

import pytest

from domain.errors import IdTaken
from domain.model.projects import Project, ProjectQuery
from domain.model.users import User
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import HOUR, NOBODY, ident, in_pages, project
from tests.support.worlds import World


async def add(world: World, *projects: Project) -> None:
    """Add *projects* in one change."""
    async with world.unit() as uow:
        for each in projects:
            await uow.projects.add(each)


def listing(
    place: Workspace, *, archived: bool = False, after: tuple[str, UUID] | None = None, limit: int = 9
) -> ProjectQuery:
    return ProjectQuery(workspace_id=place.id, archived=archived, after=after, limit=limit)


async def test_a_project_is_found_in_its_workspace(world: World, home: Workspace, other: Workspace) -> None:
    created = project(1, home, description="Weekly\n- iron", name="Chores \N{BROOM}", revision=2)
    await add(world, created)

    async with world.unit() as uow:
        assert await uow.projects.get(home.id, created.id) == created
        assert await uow.projects.get(other.id, created.id) is None
        assert await uow.projects.get(home.id, NOBODY) is None
    assert (await world.log_of(home.id))[-1] == (2, "project.created", created.id)


async def test_the_same_id_can_be_used_once_in_each_workspace(world: World, home: Workspace, other: Workspace) -> None:
    created = project(1, home, revision=2)
    await add(world, created)
    with pytest.raises(IdTaken):
        await add(world, project(1, home, name="Another", position="a9", revision=3))
    elsewhere = project(1, other, revision=2)
    await add(world, elsewhere)

    async with world.unit() as uow:
        assert await uow.projects.get(home.id, created.id) == created
        assert await uow.projects.get(other.id, created.id) == elsewhere


async def test_each_workspace_has_its_own_inbox(world: World, home: Workspace, other: Workspace) -> None:
    inbox = project(2, home, is_inbox=True, revision=2)
    await add(world, project(1, home, revision=2), inbox)
    await add(world, project(3, other, revision=2))

    async with world.unit() as uow:
        assert await uow.tasks.destination(home.id, project_id=None) == (inbox, None)
        assert await uow.tasks.destination(other.id, project_id=None) is None


@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_active_and_archived_projects_are_listed_by_position_then_id(
    world: World, home: Workspace, other: Workspace, limit: int
) -> None:
    positions = {1: "b00", 2: "aa", 3: "aZ", 4: "aZV", 5: "a0", 6: "a1", 7: "ab"}
    created = {number: project(number, home, position=position, revision=2) for number, position in positions.items()}
    put_away = {number: replace(created.pop(number), archived_at=NOON) for number in (7, 6)}
    await add(world, *created.values(), *put_away.values())
    await add(world, project(8, other, revision=2))

    async def listed(*, archived: bool) -> list[Project]:
        return await in_pages(
            lambda uow, after: uow.projects.page(listing(home, archived=archived, after=after, limit=limit)),
            world=world,
            place_of=lambda each: (each.position, each.id),
        )

    assert await listed(archived=False) == [created[number] for number in (5, 3, 4, 2, 1)]
    assert await listed(archived=True) == [put_away[6], put_away[7]]


async def test_a_list_continues_after_a_position_without_a_project(world: World, home: Workspace) -> None:
    created = [project(number, home, position=f"a{number}", revision=2) for number in (1, 2, 3)]
    await add(world, *created)
    async with world.unit() as uow:
        await uow.projects.delete(home.id, created[1].id, trash_id=NOBODY, revision=3)
        assert await uow.projects.page(listing(home, after=("a2", created[1].id))) == [created[2]]
        assert await uow.projects.page(listing(home, after=("a1", ident(0)))) == [created[0], created[2]]


async def test_the_end_is_that_of_all_projects_archived_or_not(world: World, home: Workspace, other: Workspace) -> None:
    async with world.unit() as uow:
        assert await uow.projects.end(home.id) == (0, None)
    await add(world, project(1, home, position="aa", revision=2), project(2, home, position="aZ", revision=2))
    await add(world, project(1, other, position="b00", revision=2))
    async with world.unit() as uow:
        assert await uow.projects.end(home.id) == (2, "aa")
    await add(world, project(3, home, position="ab", archived_at=NOON, revision=3))
    async with world.unit() as uow:
        assert await uow.projects.end(home.id) == (3, "ab")


async def test_a_changed_project_is_read_back(world: World, home: Workspace, other: Workspace) -> None:
    created, elsewhere = project(1, home, revision=2), project(1, other, revision=2)
    await add(world, created)
    await add(world, elsewhere)
    changed = replace(
        created,
        name="Yearly",
        description="x",
        archived_at=NOON + HOUR,
        position="b00",
        updated_at=NOON + HOUR,
        revision=3,
    )
    async with world.unit() as uow:
        await uow.projects.update(changed, before=created, event="project.archived")

    async with world.unit() as uow:
        assert await uow.projects.get(home.id, created.id) == changed
        assert await uow.projects.get(other.id, created.id) == elsewhere
    assert (await world.log_of(home.id))[-1] == (3, "project.archived", created.id)


async def test_a_project_is_deleted_only_in_its_workspace(
    world: World, ada: User, home: Workspace, other: Workspace
) -> None:
    created, elsewhere = project(1, home, revision=2), project(1, other, revision=2)
    await add(world, created)
    await add(world, elsewhere)
    async with world.unit(ada, workspace_id=home.id) as uow:
        await uow.projects.delete(home.id, created.id, trash_id=NOBODY, revision=3)

    async with world.unit() as uow:
        assert await uow.projects.get(home.id, created.id) is None
        assert await uow.projects.get(other.id, created.id) == elsewhere
    assert (await world.log_of(home.id))[-1] == (3, "project.deleted", created.id)
