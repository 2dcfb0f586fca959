import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain.errors import IdTaken
from domain.model.projects import Project
from domain.model.trash import KEPT, TrashEntry, TrashKind, TrashQuery
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import DAY, HOUR, NOBODY, ident, label, project, section, task
from tests.support.worlds import World

ENTRY = ident(90)


def entry(number: int, place: Workspace, *, kind: TrashKind = "task", deleted_at: dt.datetime = NOON) -> TrashEntry:
    return TrashEntry(
        id=ident(number),
        workspace_id=place.id,
        kind=kind,
        thing_id=ident(number + 100),
        title=f"Thing {number}",
        deleted_at=deleted_at,
        deleted_by=NOBODY,
        expires_at=deleted_at + KEPT,
        taken=0,
        is_restoring=False,
    )


async def add(world: World, *entries: TrashEntry) -> None:
    async with world.unit() as uow:
        for each in entries:
            await uow.trash.add(each)


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    """A project with two sections and three tasks: 2 is below 1, in section 1."""
    created = project(1, home, revision=2)
    async with world.unit() as uow:
        await uow.projects.add(created)
        for number in (1, 2):
            await uow.sections.add(section(number, created, revision=2))
        await uow.tasks.add(task(1, created, section_id=ident(1), position="a1", revision=2))
        await uow.tasks.add(task(2, created, section_id=ident(1), parent_id=ident(1), position="a2", revision=2))
        await uow.tasks.add(task(3, created, position="a3", status="completed", completed_at=NOON, revision=2))
    return created


# ---------------------------------------------------------------------------------------------------------------------
# entries
# ---------------------------------------------------------------------------------------------------------------------


async def test_an_entry_is_found_by_its_thing_until_it_is_removed(
    world: World, home: Workspace, other: Workspace
) -> None:
    mine, theirs = entry(1, home), entry(1, other)
    await add(world, mine)
    await add(world, theirs)
    changed = replace(mine, taken=3, is_restoring=True)
    async with world.unit() as uow:
        assert await uow.trash.of(home.id, "task", mine.thing_id) == mine
        assert await uow.trash.of(home.id, "label", mine.thing_id) is None
        await uow.trash.update(changed)
    async with world.unit() as uow:
        assert await uow.trash.of(home.id, "task", mine.thing_id) == changed
        await uow.trash.remove(home.id, mine.id)
    async with world.unit() as uow:
        assert await uow.trash.of(home.id, "task", mine.thing_id) is None
        assert await uow.trash.of(other.id, "task", mine.thing_id) == theirs


@pytest.mark.parametrize(("kind", "expected"), [(None, [4, 3, 2]), ("task", [4, 2]), ("project", [])])
async def test_the_trash_is_listed_newest_first_without_what_has_expired(
    world: World, home: Workspace, other: Workspace, kind: TrashKind | None, expected: list[int]
) -> None:
    entries = [
        entry(1, home, deleted_at=NOON - KEPT),
        entry(2, home, deleted_at=NOON - DAY),
        entry(3, home, kind="label"),
        entry(4, home, deleted_at=NOON + HOUR),
    ]
    await add(world, *entries)
    await add(world, entry(5, other))
    query = TrashQuery(workspace_id=home.id, kind=kind, now=NOON, after=None, limit=1)

    found: list[UUID] = []
    async with world.unit() as uow:
        while page := await uow.trash.page(replace(query, after=found[-1] if found else None)):
            found += [each.id for each in page]

    assert found == [ident(number) for number in expected]


# ---------------------------------------------------------------------------------------------------------------------
# what is in them
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_project_comes_back_from_the_trash(world: World, home: Workspace) -> None:
    created = project(1, home, position="a1", revision=2)
    async with world.unit() as uow:
        await uow.projects.add(created)
        await uow.projects.add(project(2, home, position="a2", archived_at=NOON, revision=2))
    async with world.unit() as uow:
        await uow.projects.delete(home.id, created.id, trash_id=ENTRY, revision=3)
    async with world.unit() as uow:
        assert await uow.projects.get(home.id, created.id) is None
        assert await uow.projects.in_trash(home.id, created.id) == created
        assert await uow.projects.in_trash(home.id, ident(2)) is None
    with pytest.raises(IdTaken):
        async with world.unit() as uow:
            await uow.projects.add(created)
    back = replace(created, position="a0", revision=4)
    async with world.unit() as uow:
        await uow.projects.restore(back)

    async with world.unit() as uow:
        assert await uow.projects.get(home.id, created.id) == back
        assert await uow.projects.in_trash(home.id, created.id) is None
    assert (await world.log_of(home.id))[-1] == (4, "project.restored", created.id)


async def test_sections_come_back_from_the_trash(world: World, chores: Project) -> None:
    place = chores.workspace_id
    async with world.unit() as uow:
        both = [await uow.sections.get(place, ident(number)) for number in (1, 2)]
        await uow.tasks.delete_all(place, [ident(1), ident(2)], trash_id=ident(91), revision=3)
        assert await uow.sections.delete_all(place, project_id=chores.id, trash_id=ENTRY, revision=3) == 2
    async with world.unit() as uow:
        trashed = await uow.sections.in_trash(place, ENTRY)
        assert sorted(trashed, key=lambda each: each.id) == both
        assert await uow.sections.in_trash(place, NOBODY) == []
        assert await uow.sections.end(place, project_id=chores.id) == (0, None)
    back = [replace(each, revision=4) for each in trashed]
    async with world.unit() as uow:
        await uow.sections.restore_all(back)

    async with world.unit() as uow:
        assert [await uow.sections.get(place, each.id) for each in back] == back
        assert await uow.sections.in_trash(place, ENTRY) == []
    assert (await world.log_of(place))[-2:] == [(4, "section.restored", each.id) for each in back]


async def test_a_label_comes_back_from_the_trash(world: World, home: Workspace) -> None:
    first, second = label(1, home, position="a1", revision=2), label(2, home, position="a2", revision=2)
    async with world.unit() as uow:
        await uow.labels.add(first)
        await uow.labels.add(second)
    async with world.unit() as uow:
        await uow.labels.delete(home.id, first.id, trash_id=ENTRY, revision=3)
    async with world.unit() as uow:
        assert await uow.labels.in_trash(home.id, first.id) == first
        assert await uow.labels.in_trash(home.id, second.id) is None
        assert await uow.labels.named(home.id, first.name_key) is None
        assert await uow.labels.count(home.id) == 1
    async with world.unit() as uow:
        await uow.labels.restore(replace(first, revision=4))

    async with world.unit() as uow:
        assert await uow.labels.get(home.id, first.id) == replace(first, revision=4)
    assert (await world.log_of(home.id))[-1] == (4, "label.restored", first.id)


async def test_tasks_come_back_from_the_trash_parents_first(world: World, chores: Project) -> None:
    place = chores.workspace_id
    async with world.unit() as uow:
        await uow.tasks.delete_all(place, [ident(1), ident(2)], trash_id=ENTRY, revision=3)
        await uow.tasks.delete_all(place, [ident(3)], trash_id=ident(91), revision=3)
    async with world.unit() as uow:
        both = sorted(await uow.tasks.in_trash(place, ENTRY, limit=9), key=lambda each: each.id)
        assert [each.id for each in both] == [ident(1), ident(2)]
        assert len(await uow.tasks.in_trash(place, ENTRY, limit=1)) == 1
        assert await uow.tasks.topmost_in_trash(place, ENTRY, limit=9) == both[:1]
        assert await uow.tasks.family(place, ident(1)) is None
    back = [replace(each, revision=number) for number, each in enumerate(both, 4)]
    async with world.unit() as uow:
        await uow.tasks.restore_all([(both[0], back[0])])
    async with world.unit() as uow:
        assert await uow.tasks.topmost_in_trash(place, ENTRY, limit=9) == both[1:]
    async with world.unit() as uow:
        await uow.tasks.restore_all([(both[1], back[1])])

    async with world.unit() as uow:
        assert [await uow.tasks.get(place, each.id) for each in back] == back
        assert await uow.tasks.in_trash(place, ENTRY, limit=9) == []
    assert (await world.log_of(place))[-2:] == [(each.revision, "task.restored", each.id) for each in back]


async def test_the_positions_of_a_project_are_those_of_its_live_tasks(world: World, chores: Project) -> None:
    place = (chores.workspace_id, chores.id)
    async with world.unit() as uow:
        assert sorted(await uow.tasks.taken_positions(*place, ["a0", "a1", "a3"])) == ["a1", "a3"]
        await uow.tasks.delete_all(chores.workspace_id, [ident(3)], trash_id=ENTRY, revision=3)
    async with world.unit() as uow:
        assert list(await uow.tasks.taken_positions(*place, ["a0", "a1", "a3"])) == ["a1"]
        near = await uow.tasks.around(chores.workspace_id, project_id=chores.id, cut="a2", limit=2)
        assert [each.position for each in near] == ["a1", "a2"]


async def test_a_parent_has_its_level_and_its_subtasks_and_those_of_the_task_above_all(
    world: World, chores: Project
) -> None:
    place = chores.workspace_id
    async with world.unit() as uow:
        for number, parent in ((4, 2), (5, 2), (6, 1), (7, 1), (8, 3)):
            await uow.tasks.add(task(number, chores, parent_id=ident(parent), position=f"a{number}", revision=3))
    async with world.unit() as uow:
        await uow.tasks.delete_all(place, [ident(7)], trash_id=ENTRY, revision=4)
    async with world.unit() as uow:
        found = await uow.tasks.parents(place, {ident(1), ident(2), ident(4), ident(7), ident(8), NOBODY})
        assert {
            task_id: (each.task.id, each.level, each.root_id, each.subtasks, each.in_all_levels)
            for task_id, each in found.items()
        } == {
            ident(1): (ident(1), 1, ident(1), 2, 4),
            ident(2): (ident(2), 2, ident(1), 2, 4),
            ident(4): (ident(4), 3, ident(1), 0, 4),
            ident(8): (ident(8), 2, ident(3), 0, 1),
        }
        assert await uow.tasks.parents(place, set()) == {}
        assert await uow.tasks.parents(place, {NOBODY}) == {}


async def test_a_link_that_its_task_does_not_have_is_deleted(world: World, home: Workspace, chores: Project) -> None:
    async with world.unit() as uow:
        await uow.labels.add(label(1, home, revision=3))
        before = task(4, chores, label_ids=(ident(1),), position="a4", revision=3)
        await uow.tasks.add(before)
    async with world.unit() as uow:
        await uow.tasks.hide_label(home.id, ident(1), trash_id=ENTRY, limit=9)
        await uow.tasks.update(replace(before, label_ids=(), revision=4), before=before, event="task.updated")
    async with world.unit() as uow:
        assert (await uow.tasks.show_label(home.id, ident(1), trash_id=ENTRY, limit=9))[0] == 1
        await uow.tasks.unlink(home.id, "label_ids", ident(1), task_id=before.id)

    async with world.unit() as uow:
        assert (await uow.tasks.hide_label(home.id, ident(1), trash_id=ENTRY, limit=9))[0] == 0


async def test_links_of_one_task_in_the_trash_are_forgotten(world: World, home: Workspace, chores: Project) -> None:
    before = [task(n, chores, label_ids=(ident(1), ident(2)), position=f"b{n}", revision=3) for n in (4, 5)]
    async with world.unit() as uow:
        for number in (1, 2):
            await uow.labels.add(label(number, home, revision=3))
        for each in before:
            await uow.tasks.add(each)
    async with world.unit() as uow:
        await uow.tasks.hide_label(home.id, ident(1), trash_id=ENTRY, limit=9)
        for each in before:
            changed = replace(each, label_ids=(ident(2),), revision=4)
            await uow.tasks.update(changed, before=each, event="task.updated")
        await uow.tasks.forget_hidden(home.id, "label_ids", task_id=ident(4))
    async with world.unit() as uow:
        count, live = await uow.tasks.show_label(home.id, ident(1), trash_id=ENTRY, limit=9)
        assert (count, [each.id for each in live]) == (1, [ident(5)])
        assert len(await uow.tasks.linked(home.id, "label_ids", ident(2), limit=9)) == 2


# ---------------------------------------------------------------------------------------------------------------------
# purging
# ---------------------------------------------------------------------------------------------------------------------


async def purged(world: World, home: Workspace, *, limit: int) -> list[int]:
    """Purge the oldest entry, until there is none. Return how many things each step deleted."""
    counts: list[int] = []
    while True:
        async with world.unit() as uow:
            oldest = await uow.trash.oldest(home.id)
            if oldest is None:
                return counts
            counts.append(await uow.trash.purge(oldest, limit=limit))


async def test_a_purge_deletes_what_is_in_the_entry_in_steps_and_nothing_else(
    world: World, home: Workspace, chores: Project
) -> None:
    place = chores.workspace_id
    mine, other = entry(90, home, kind="project"), entry(91, home)
    await add(world, mine, other)
    async with world.unit() as uow:
        await uow.tasks.delete_all(place, [ident(3)], trash_id=other.id, revision=3)
        await uow.tasks.delete_all(place, [ident(1), ident(2)], trash_id=mine.id, revision=4)
        await uow.sections.delete_all(place, project_id=chores.id, trash_id=mine.id, revision=4)

    async with world.unit() as uow:
        assert await uow.trash.oldest(place) == mine
        assert await uow.trash.purge(mine, limit=3) == 3
        assert await uow.trash.purge(mine, limit=9) == 2
        assert await uow.trash.oldest(place) == other
    async with world.unit() as uow:
        assert await uow.tasks.in_trash(place, mine.id, limit=9) == []
        assert await uow.sections.in_trash(place, mine.id) == []
        assert [each.id for each in await uow.tasks.in_trash(place, other.id, limit=9)] == [ident(3)]
        assert await uow.projects.get(place, chores.id) == chores


async def test_a_purged_label_is_gone_from_its_links(world: World, home: Workspace, chores: Project) -> None:
    mine = replace(entry(90, home, kind="label"), thing_id=ident(1))
    await add(world, mine)
    async with world.unit() as uow:
        await uow.labels.add(label(1, home, revision=3))
        before = [task(n, chores, label_ids=(ident(1),), position=f"b{n}0", revision=3) for n in (4, 5)]
        for each in before:
            await uow.tasks.add(each)
    async with world.unit() as uow:
        await uow.tasks.hide_label(home.id, ident(1), trash_id=mine.id, limit=9)
        for each in before:
            await uow.tasks.update(replace(each, label_ids=(), revision=4), before=each, event="task.updated")
        await uow.labels.delete(home.id, ident(1), trash_id=mine.id, revision=4)

    assert sum(await purged(world, home, limit=1)) >= 2

    async with world.unit() as uow:
        assert await uow.labels.in_trash(home.id, ident(1)) is None
        assert (await uow.tasks.show_label(home.id, ident(1), trash_id=mine.id, limit=9))[0] == 0
