import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from domain.errors import IdTaken
from domain.model.projects import Project
from domain.model.tasks import PRIORITIES, Bucket, SortKey, Task, TaskQuery
from domain.model.workspaces import Workspace
from domain.task_recurrence import Recurrence
from domain.wall_clocks import WallClock, due_key
from tests.support.defaults import NOON
from tests.support.things import DUE, HOUR, NOBODY, ident, in_pages, project, section, task
from tests.support.worlds import World

ORDERS = ("position", "due", "priority", "created_at", "updated_at")


async def add(world: World, *things: Project | Task) -> None:
    """Add *tasks* in one change."""
    async with world.unit() as uow:
        for each in things:
            await (uow.projects.add(each) if isinstance(each, Project) else uow.tasks.add(each))


@pytest.fixture
async def chores(world: World, home: Workspace) -> Project:
    created = project(1, home, revision=2)
    await add(world, created)
    return created


@pytest.fixture
async def elsewhere(world: World, other: Workspace) -> Project:
    """A project with the same id in another workspace."""
    created = project(1, other, revision=2)
    await add(world, created)
    return created


def listing(within: Project, **changes: Any) -> TaskQuery:
    """The query for all tasks of the workspace of a project."""
    query = TaskQuery(
        workspace_id=within.workspace_id,
        project_id=None,
        status=None,
        order="position",
        descending=False,
        after=None,
        limit=9,
    )
    return replace(query, **changes)


def place_of(each: Task, order: str) -> tuple[SortKey, Any]:
    keys: dict[str, SortKey] = {
        "position": each.position,
        "due": due_key(each.due),
        "priority": PRIORITIES.index(each.priority),
        "created_at": each.created_at,
        "updated_at": each.updated_at,
    }
    return keys[order], each.id


@pytest.mark.parametrize(
    "due",
    [
        None,
        WallClock(date=dt.date(2026, 3, 4)),
        WallClock(date=dt.date(2026, 3, 4), time=dt.time(9)),
        DUE,
        replace(DUE, time_zone="Mars/Olympus"),  # a zone that another host knew and stored, and this one does not know
    ],
)
async def test_a_task_is_found_in_its_workspace(
    world: World, chores: Project, other: Workspace, due: WallClock
) -> None:
    created = task(1, chores, description="hot", priority="urgent", due=due, revision=3)
    await add(world, created)

    async with world.unit() as uow:
        assert await uow.tasks.get(chores.workspace_id, created.id) == created
        assert await uow.tasks.get(other.id, created.id) is None
        assert await uow.tasks.get(chores.workspace_id, NOBODY) is None
    assert (await world.log_of(chores.workspace_id))[-1] == (3, "task.created", created.id)


@pytest.mark.parametrize("due", [WallClock(date=dt.date(2026, 3, 4)), DUE])
@pytest.mark.parametrize("remaining", [None, 0, 3])
async def test_a_task_that_recurs_is_stored_changed_and_read(
    world: World, chores: Project, due: WallClock, remaining: int | None
) -> None:
    at = replace(due, time_zone=None)
    weekly = Recurrence(
        rule="FREQ=WEEKLY",
        anchor="due",
        overdue="step",
        series_start=replace(at, date=dt.date(2026, 1, 28)),
        occurrence=replace(at, date=dt.date(2026, 2, 25)),
        remaining=remaining,
        occurrence_since=NOON,
    )
    created = task(1, chores, due=due, recurrence=weekly, revision=3)
    await add(world, created)
    daily = replace(weekly, rule="FREQ=DAILY", anchor="completion", overdue="skip", occurrence=weekly.series_start)
    changed = replace(created, recurrence=replace(daily, occurrence_since=NOON + HOUR), revision=4)
    ended = replace(changed, recurrence=None, revision=5)

    for before, after in ((created, changed), (changed, ended), (ended, replace(created, revision=6))):
        async with world.unit() as uow:
            assert await uow.tasks.get(chores.workspace_id, created.id) == before
            await uow.tasks.update(after, before=before, event="task.updated")
    async with world.unit() as uow:
        assert (await uow.tasks.page(listing(chores)))[0] == replace(created, revision=6)


async def test_a_task_is_found_with_whether_its_project_is_archived(
    world: World, chores: Project, elsewhere: Project
) -> None:
    attic = replace(chores, id=ident(2), position="a2", archived_at=NOON, revision=3)
    here, there = task(1, chores, revision=3), task(2, attic, revision=3)
    below = task(3, attic, parent_id=there.id, position="a3", revision=3)
    theirs = replace(elsewhere, archived_at=NOON, revision=3)
    async with world.unit() as uow:
        await uow.projects.update(theirs, before=elsewhere, event="project.archived")
    await add(world, attic, here, there, below)
    await add(world, task(1, elsewhere, revision=4))

    async with world.unit() as uow:
        for each, is_archived in ((here, False), (there, True), (below, True)):
            assert await uow.tasks.with_archived(chores.workspace_id, each.id) == (each, is_archived)
            family = await uow.tasks.family(chores.workspace_id, each.id)
            assert family is not None
            assert family.is_archived is is_archived
        assert await uow.tasks.with_archived(chores.workspace_id, NOBODY) is None


async def test_the_same_id_can_be_used_once_in_each_workspace(
    world: World, chores: Project, elsewhere: Project
) -> None:
    created, theirs = task(1, chores, revision=3), task(1, elsewhere, revision=3)
    await add(world, created)
    with pytest.raises(IdTaken):
        await add(world, task(1, chores, position="b00", revision=4))
    await add(world, theirs)

    async with world.unit() as uow:
        assert await uow.tasks.get(chores.workspace_id, created.id) == created
        assert await uow.tasks.get(elsewhere.workspace_id, created.id) == theirs


# ---------------------------------------------------------------------------------------------------------------------
# lists
# ---------------------------------------------------------------------------------------------------------------------


def some(within: Project) -> list[Task]:
    """Five tasks in a different order for each sort key; two of them are equal in each but the position."""
    at = [NOON + hours * HOUR for hours in range(5)]
    day = WallClock(date=dt.date(2026, 3, 4))
    rows: list[dict[str, Any]] = [
        {"position": "b00", "due": None, "priority": "none", "created_at": at[4], "updated_at": at[0]},
        {"position": "aZ", "due": day, "priority": "high", "created_at": at[3], "updated_at": at[4]},
        {"position": "aa", "due": DUE, "priority": "low", "created_at": at[3], "updated_at": at[2]},
        {"position": "a0", "due": day, "priority": "low", "created_at": at[0], "updated_at": at[2]},
        {"position": "ab", "due": replace(day, date=dt.date(2025, 12, 31)), "priority": "urgent", "created_at": at[1],
         "updated_at": at[1]},
    ]  # fmt: skip
    done = {"status": "completed", "completed_at": NOON}
    return [
        task(number, within, **row, **(done if number % 2 else {}), revision=3) for number, row in enumerate(rows, 1)
    ]


IN_ORDER = {
    "position": [4, 2, 3, 5, 1],
    "due": [5, 3, 2, 4, 1],
    "priority": [1, 3, 4, 2, 5],
    "created_at": [4, 5, 2, 3, 1],
    "updated_at": [1, 5, 3, 4, 2],
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ORDERS)
async def test_tasks_are_listed_by_each_key_then_id_in_pages_of_any_size(
    world: World,
    chores: Project,
    elsewhere: Project,
    order: str,
    descending: bool,  # noqa: FBT001  # a table
) -> None:
    created = some(chores)
    await add(world, *created)
    await add(world, task(9, elsewhere, revision=3))
    expected = [ident(number) for number in (reversed(IN_ORDER[order]) if descending else IN_ORDER[order])]

    async def listed(limit: int) -> list[Task]:
        query = listing(chores, order=order, descending=descending, limit=limit)
        return await in_pages(
            lambda uow, after: uow.tasks.page(replace(query, after=after)),
            world=world,
            place_of=lambda each: place_of(each, order),
        )

    for limit in (1, 2, 9):
        assert [each.id for each in await listed(limit)] == expected


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ORDERS)
async def test_a_list_continues_after_a_task_that_was_deleted(
    world: World,
    chores: Project,
    order: str,
    descending: bool,  # noqa: FBT001  # a table
) -> None:
    created = some(chores)
    await add(world, *created)
    numbers = list(reversed(IN_ORDER[order])) if descending else IN_ORDER[order]
    deleted = created[numbers[2] - 1]
    async with world.unit() as uow:
        await uow.tasks.delete_all(chores.workspace_id, [deleted.id], trash_id=NOBODY, revision=4)

    async with world.unit() as uow:
        rest = await uow.tasks.page(listing(chores, order=order, descending=descending, after=place_of(deleted, order)))
    assert [each.id for each in rest] == [ident(number) for number in numbers[3:]]


@pytest.mark.parametrize("status", ["open", "completed", None])
@pytest.mark.parametrize("filtered", [True, False])
async def test_a_list_has_the_tasks_that_match_its_filters(
    world: World,
    chores: Project,
    status: Any,
    filtered: bool,  # noqa: FBT001  # a table
) -> None:
    garden = replace(chores, id=ident(2), position="a2", revision=4)
    await add(world, *some(chores))
    await add(world, garden, task(6, garden, revision=4))

    async with world.unit() as uow:
        found = await uow.tasks.page(listing(chores, project_id=chores.id if filtered else None, status=status))

    numbers = [n for n in (4, 2, 6, 3, 5, 1) if status is None or (n % 2 == 1) is (status == "completed")]
    assert {each.id for each in found} == {ident(n) for n in numbers if not (filtered and n == 6)}


# ---------------------------------------------------------------------------------------------------------------------
# changes
# ---------------------------------------------------------------------------------------------------------------------


async def test_the_destination_is_a_project_with_the_last_position_of_any_of_its_tasks(
    world: World, chores: Project, elsewhere: Project
) -> None:
    place = chores.workspace_id

    async def destination() -> tuple[Project, str | None] | None:
        async with world.unit() as uow:
            return await uow.tasks.destination(place, project_id=chores.id)

    assert await destination() == (chores, None)
    await add(world, task(1, chores, position="aa", revision=3), task(2, chores, position="aZ", revision=3))
    await add(world, task(3, elsewhere, position="b00", revision=3))
    assert await destination() == (chores, "aa")
    await add(world, task(4, chores, position="ab", status="completed", completed_at=NOON, revision=4))
    assert await destination() == (chores, "ab")


async def test_the_destination_without_a_project_is_the_inbox(world: World, chores: Project) -> None:
    place = chores.workspace_id
    async with world.unit() as uow:
        assert await uow.tasks.destination(place, project_id=None) is None
        assert await uow.tasks.destination(place, project_id=NOBODY) is None
    inbox = replace(chores, id=ident(2), is_inbox=True, position="a2", revision=3)
    await add(world, inbox, task(1, chores, position="aa", revision=3), task(2, inbox, position="a1", revision=3))

    async with world.unit() as uow:
        assert await uow.tasks.destination(place, project_id=None) == (inbox, "a1")


async def test_a_changed_task_is_read_back(world: World, chores: Project, elsewhere: Project) -> None:
    created, theirs = task(1, chores, revision=3), task(1, elsewhere, revision=3)
    garden = replace(chores, id=ident(2), position="a2", revision=3)
    await add(world, garden, created)
    await add(world, theirs)
    changed = replace(
        created,
        project_id=garden.id,
        title="Water",
        description="daily",
        status="completed",
        priority="high",
        due=DUE,
        position="b00",
        completed_at=NOON + HOUR,
        updated_at=NOON + HOUR,
        revision=4,
    )
    async with world.unit() as uow:
        await uow.tasks.update(changed, before=created, event="task.completed")

    async with world.unit() as uow:
        assert await uow.tasks.get(created.workspace_id, created.id) == changed
        assert await uow.tasks.get(theirs.workspace_id, created.id) == theirs
    assert (await world.log_of(created.workspace_id))[-1] == (4, "task.completed", created.id)


async def test_changed_tasks_are_read_back(world: World, chores: Project) -> None:
    """Neighbours need not change in the same columns: only the second of these has another priority."""
    before = [task(number, chores, revision=3) for number in (1, 2, 3)]
    await add(world, *before)
    changed = [replace(each, title=f"Now {each.title}", revision=4, updated_at=NOON + HOUR) for each in before]
    changed[1] = replace(changed[1], priority="high")
    async with world.unit() as uow:
        await uow.tasks.update_all(list(zip(before, changed, strict=True)), event="task.updated")

    async with world.unit() as uow:
        found = await uow.tasks.named(chores.workspace_id, [each.id for each in before])
        assert sorted(found, key=lambda each: each.id) == changed
        assert list(await uow.tasks.named(chores.workspace_id, [])) == []
    assert (await world.log_of(chores.workspace_id))[-3:] == [(4, "task.updated", each.id) for each in changed]


async def test_a_task_is_deleted_only_in_its_workspace(world: World, chores: Project, elsewhere: Project) -> None:
    created, theirs = task(1, chores, revision=3), task(1, elsewhere, revision=3)
    await add(world, created)
    await add(world, theirs)
    async with world.unit() as uow:
        await uow.tasks.delete_all(created.workspace_id, [created.id], trash_id=NOBODY, revision=4)

    async with world.unit() as uow:
        assert await uow.tasks.get(created.workspace_id, created.id) is None
        assert await uow.tasks.get(theirs.workspace_id, created.id) == theirs
    assert (await world.log_of(created.workspace_id))[-1] == (4, "task.deleted", created.id)


async def test_some_tasks_of_a_project_are_found_and_no_others(
    world: World, chores: Project, elsewhere: Project
) -> None:
    garden = replace(chores, id=ident(2), position="a2", revision=3)
    mine = [task(number, chores, revision=3) for number in (1, 2, 4)]
    others = [task(3, garden, revision=3), task(1, elsewhere, revision=3)]
    await add(world, garden, *mine, others[0])
    await add(world, others[1])
    async with world.unit() as uow:
        here, ids = chores.workspace_id, {each.id for each in mine}
        some = await uow.tasks.some_of(here, project_id=chores.id, limit=2)
        assert len(set(some)) == 2
        assert ids.issuperset(some)
        assert set(await uow.tasks.some_of(here, project_id=chores.id, limit=4)) == ids
        assert list(await uow.tasks.some_of(here, project_id=NOBODY, limit=2)) == []
        await uow.tasks.delete_all(here, ids, trash_id=NOBODY, revision=4)

    async with world.unit() as uow:
        assert [await uow.tasks.get(each.workspace_id, each.id) for each in mine] == [None, None, None]
        assert [await uow.tasks.get(each.workspace_id, each.id) for each in others] == others
    ends = (await world.log_of(chores.workspace_id))[-3:]
    assert sorted(ends) == [(4, "task.deleted", each.id) for each in mine]


async def test_other_subtasks_are_those_on_the_next_level_that_are_live_and_not_among_the_given(
    world: World, chores: Project
) -> None:
    top, below, deleted, other = (task(1, chores, revision=3), *(task(n, chores, revision=3) for n in (2, 3, 4)))
    below, deleted, other = (replace(each, parent_id=top.id) for each in (below, deleted, other))
    lowest = task(5, chores, parent_id=below.id, revision=3)
    await add(world, top, below, deleted, other, lowest)
    async with world.unit() as uow:
        here = chores.workspace_id
        await uow.tasks.delete_all(here, [deleted.id], trash_id=NOBODY, revision=4)
        assert set(await uow.tasks.other_subtasks(here, [top.id], limit=9)) == {below.id, other.id}
        assert set(await uow.tasks.other_subtasks(here, [top.id, below.id], limit=9)) == {other.id, lowest.id}
        assert len(await uow.tasks.other_subtasks(here, [top.id], limit=1)) == 1
        assert list(await uow.tasks.other_subtasks(here, [other.id, lowest.id], limit=9)) == []


async def test_the_tasks_around_a_position_are_the_nearest_on_each_side(
    world: World, chores: Project, elsewhere: Project
) -> None:
    garden = replace(chores, id=ident(2), position="a2", revision=3)
    mine = [task(n, chores, position=f"a{n}", revision=3) for n in range(6)]
    await add(world, garden, task(8, garden, position="a3", revision=3), *mine)
    await add(world, task(9, elsewhere, position="a3", revision=3))

    async def around(cut: str, limit: int) -> list[str]:
        async with world.unit() as uow:
            found = await uow.tasks.around(chores.workspace_id, project_id=chores.id, cut=cut, limit=limit)
        return [each.position for each in found]

    assert await around("a3", 2) == ["a1", "a2", "a3", "a4"]
    assert await around("a30", 1) == ["a3", "a4"]
    assert await around("", 2) == ["a0", "a1"]
    assert await around("~", 3) == ["a3", "a4", "a5"]
    assert await around("a3", 9) == [f"a{n}" for n in range(6)]


async def test_buckets_are_those_that_have_tasks_in_the_order_of_projects_and_sections(
    world: World, home: Workspace, elsewhere: Project
) -> None:
    """Twelve projects, of which each has a task without a section. The tenth from each end has sections, too."""
    many = [project(n, home, position=f"b{n:02}", revision=3) for n in range(30, 42)]
    parts = [section(n, many[2], position=f"a{n}", revision=3) for n in (3, 1, 2)]
    parts += [section(4, many[9], position="a4", revision=3)]
    done = {"status": "completed", "completed_at": NOON}
    async with world.unit() as uow:
        for each in many:
            await uow.projects.add(each)
        for part in parts:
            await uow.sections.add(part)
        for n, each in enumerate(many):
            await uow.tasks.add(task(50 + n, each, revision=3))
        await uow.tasks.add(task(70, many[2], section_id=parts[0].id, position="a8", revision=3))
        await uow.tasks.add(task(71, many[2], section_id=parts[1].id, position="a9", revision=3, **done))
        await uow.tasks.add(task(72, many[9], section_id=parts[3].id, position="a8", revision=3))
    await add(world, task(1, elsewhere, revision=3))
    whole = [(each.position, "") for each in many]
    expected = [*whole[:3], ("b32", "a1"), ("b32", "a3"), *whole[3:10], ("b39", "a4"), *whole[10:]]

    async def listed(**given: Any) -> list[tuple[str, str]]:
        which = {"project_id": None, "status": None, "descending": False, "beyond": None} | given
        async with world.unit() as uow:
            return [bucket.place async for bucket in uow.tasks.buckets(home.id, **which)]

    assert await listed() == expected
    assert await listed(descending=True) == expected[::-1]
    assert await listed(status="completed") == [("b32", "a1")]
    assert await listed(status="open", descending=True) == [each for each in expected[::-1] if each[1] != "a1"]
    for n, place in enumerate(expected):
        assert await listed(beyond=place) == expected[n + 1 :]
        assert await listed(beyond=place, descending=True) == expected[:n][::-1]
    assert await listed(project_id=many[2].id) == [("", ""), ("", "a1"), ("", "a3")]
    assert await listed(project_id=many[2].id, beyond=("", "a1")) == [("", "a3")]
    assert await listed(project_id=many[2].id, beyond=("", "a3"), descending=True) == [("", "a1"), ("", "")]
    assert await listed(project_id=NOBODY) == []


async def test_a_bucket_is_listed_by_position(world: World, chores: Project) -> None:
    part = section(1, chores, revision=3)
    async with world.unit() as uow:
        await uow.sections.add(part)
        for n in range(1, 7):
            await uow.tasks.add(task(n, chores, section_id=part.id if n % 2 else None, revision=3))
    within = Bucket(project_id=chores.id, section_id=part.id, place=("", "a1"))
    without = Bucket(project_id=chores.id, section_id=None, place=("", ""))
    for bucket, numbers in ((within, [1, 3, 5]), (without, [2, 4, 6])):
        for descending in (False, True):
            expected = [ident(n) for n in (numbers[::-1] if descending else numbers)]
            query = listing(chores, bucket=bucket, descending=descending)
            async with world.unit() as uow:
                found = await uow.tasks.page(query)
                rest = await uow.tasks.page(replace(query, after=(found[0].position, found[0].id)))
            assert [each.id for each in found] == expected
            assert [each.id for each in rest] == expected[1:]
    async with world.unit() as uow:
        assert [each.id for each in await uow.tasks.page(listing(chores, section_id=part.id))] == [
            ident(n) for n in (1, 3, 5)
        ]
