from dataclasses import replace
from uuid import UUID

import pytest

from domain.errors import IdTaken
from domain.model.labels import Label
from domain.model.projects import Project
from domain.model.workspaces import Workspace
from tests.support.things import NOBODY, ident, in_pages, label, project, task
from tests.support.worlds import World


async def add(world: World, *labels: Label) -> None:
    """Add *labels* in one change."""
    async with world.unit() as uow:
        for each in labels:
            await uow.labels.add(each)


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    """A project of a workspace with two labels, 1 and 2."""
    await add(world, label(1, home, revision=2), label(2, home, revision=2))
    created = project(1, home, revision=3)
    async with world.unit() as uow:
        await uow.projects.add(created)
    return created


async def test_a_label_is_found_in_its_workspace_by_id_and_by_name(
    world: World, home: Workspace, other: Workspace
) -> None:
    created = label(1, home, name="Drauße \N{BROOM}", color="#00ff00", revision=2)
    await add(world, created)

    async with world.unit() as uow:
        assert await uow.labels.get(home.id, created.id) == created
        assert await uow.labels.get(other.id, created.id) is None
        assert await uow.labels.named(home.id, "drausse \N{BROOM}") == created.id
        assert await uow.labels.named(home.id, "drauße \N{BROOM}") is None
        assert await uow.labels.named(other.id, "drausse \N{BROOM}") is None
        assert (await uow.labels.count(home.id), await uow.labels.count(other.id)) == (1, 0)
    assert (await world.log_of(home.id))[-1] == (2, "label.created", created.id)


async def test_the_same_id_can_be_used_once_in_each_workspace(world: World, home: Workspace, other: Workspace) -> None:
    await add(world, label(1, home, revision=2))
    with pytest.raises(IdTaken):
        await add(world, label(1, home, name="Another", position="a9", revision=3))
    await add(world, label(1, other, revision=2))


async def test_labels_are_read_in_pages_by_position(world: World, home: Workspace, other: Workspace) -> None:
    assert await world_last_position(world, home) is None
    labels = [label(number, home, position=f"a{number}", revision=2) for number in (4, 1, 3, 2, 0)]
    await add(world, *labels, label(9, other, revision=2))

    found = await in_pages(
        lambda uow, after: uow.labels.page(home.id, after=after, limit=2),
        world=world,
        place_of=lambda each: each.position,
    )

    assert [each.id for each in found] == [ident(number) for number in range(5)]
    assert await world_last_position(world, home) == "a4"


async def world_last_position(world: World, place: Workspace) -> str | None:
    async with world.unit() as uow:
        return await uow.labels.last_position(place.id)


async def test_only_existing_labels_are_found(world: World, home: Workspace, other: Workspace) -> None:
    await add(world, *(label(number, home, revision=2) for number in range(5)), label(9, other, revision=2))

    async with world.unit() as uow:
        asked = [ident(number) for number in (0, 3, 4, 9)]
        assert set(await uow.labels.existing(home.id, [*asked, NOBODY])) == {ident(0), ident(3), ident(4)}
        assert set(await uow.labels.existing(home.id, [NOBODY])) == set()


async def test_a_changed_label_is_found_by_its_new_name_only(world: World, home: Workspace) -> None:
    before = label(1, home, revision=2)
    await add(world, before)
    after = label(1, home, name="Outdoors", color="#123456", revision=3)

    async with world.unit() as uow:
        await uow.labels.update(after, before=before, event="label.updated")

    async with world.unit() as uow:
        assert await uow.labels.get(home.id, after.id) == after
        assert await uow.labels.named(home.id, "outdoors") == after.id
        assert await uow.labels.named(home.id, before.name_key) is None
    assert (await world.log_of(home.id))[-1] == (3, "label.updated", after.id)


async def test_a_deleted_label_is_gone_and_its_name_is_free(world: World, home: Workspace) -> None:
    await add(world, label(1, home, revision=2))

    async with world.unit() as uow:
        await uow.labels.delete(home.id, ident(1), trash_id=NOBODY, revision=3)

    await add(world, label(2, home, name=label(1, home).name, revision=4))
    async with world.unit() as uow:
        assert await uow.labels.get(home.id, ident(1)) is None
    assert (3, "label.deleted", ident(1)) in await world.log_of(home.id)


async def test_links_with_a_label_are_put_into_the_trash_and_taken_out_again(world: World, chores: Project) -> None:
    both, one, none, deleted = (
        task(1, chores, label_ids=(ident(1), ident(2)), revision=4),
        task(2, chores, label_ids=(ident(1),), revision=4),
        task(3, chores, revision=4),
        task(4, chores, label_ids=(ident(1),), revision=4),
    )
    async with world.unit() as uow:
        for each in (both, one, none, deleted):
            await uow.tasks.add(each)
    async with world.unit() as uow:
        await uow.tasks.delete_all(chores.workspace_id, [deleted.id], trash_id=ident(90), revision=5)

    assert await hidden(world, chores, 1) == (3, [both.id, one.id])
    assert await hidden(world, chores, 1) == (0, [])
    async with world.unit() as uow:
        (trashed,) = await uow.tasks.in_trash(chores.workspace_id, ident(90), limit=9)
        assert trashed == replace(deleted, label_ids=())
    assert await shown(world, chores, 1) == (3, [both.id, one.id])
    assert await shown(world, chores, 1) == (0, [])
    async with world.unit() as uow:
        assert await uow.tasks.in_trash(chores.workspace_id, ident(90), limit=9) == [deleted]
        count, _ = await uow.tasks.hide_label(chores.workspace_id, ident(1), trash_id=ident(91), limit=2)
        assert count == 2


async def test_a_task_is_found_by_the_labels_that_it_has_now(world: World, chores: Project) -> None:
    both = task(1, chores, label_ids=(ident(1), ident(2)), revision=4)
    async with world.unit() as uow:
        await uow.tasks.add(both)
    changed = task(1, chores, label_ids=(ident(2),), revision=5)
    async with world.unit() as uow:
        await uow.tasks.update(changed, before=both, event="task.updated")

    assert await hidden(world, chores, 1) == (0, [])
    assert await hidden(world, chores, 2) == (1, [both.id])


async def test_a_task_that_gets_a_label_whose_deletion_was_interrupted_has_it(world: World, chores: Project) -> None:
    before = task(1, chores, label_ids=(ident(1),), revision=4)
    async with world.unit() as uow:
        await uow.tasks.add(before)
    assert await hidden(world, chores, 1) == (1, [before.id])
    without = replace(before, label_ids=(), revision=5)
    async with world.unit() as uow:
        await uow.tasks.update(without, before=before, event="task.updated")
        await uow.tasks.update(replace(before, revision=6), before=without, event="task.updated")

    assert await hidden(world, chores, 1) == (1, [before.id])


async def hidden(world: World, within: Project, number: int) -> tuple[int, list[UUID]]:
    async with world.unit() as uow:
        count, live = await uow.tasks.hide_label(within.workspace_id, ident(number), trash_id=ident(91), limit=9)
    return count, sorted(each.id for each in live)


async def shown(world: World, within: Project, number: int) -> tuple[int, list[UUID]]:
    async with world.unit() as uow:
        count, live = await uow.tasks.show_label(within.workspace_id, ident(number), trash_id=ident(91), limit=9)
    return count, sorted(each.id for each in live)
