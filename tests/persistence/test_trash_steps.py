"""Deletions and restorations in several transactions: against each other, interrupted, repeated, at their limits."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from domain import comments, labels, projects, restoring, sections, task_deletions, task_status, tasks, trash
from domain.limits import LimitReached
from domain.model.projects import Project, ProjectNotFound
from domain.model.trash import KEPT, ChangedMeanwhile
from domain.quotas import MOST_OPEN_TASKS, row_bytes
from domain.steps import SMALL, STEP
from domain.task_recurrence import RecurrenceDraft
from domain.trash import Deletion
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import WallClock
from persistence import trash_purges
from persistence.events import events, tombstones
from persistence.memberships import workspaces
from persistence.repositories import metadata
from tests.persistence.test_steps import MANY, Steps, filled, left, stepping
from tests.support.defaults import NOON
from tests.support.service_callers import Caller
from tests.support.waiting import until_held_up

TABLES = metadata.tables
RESPONSE = b"200 OK"
REQUEST = b"r" * 32

Change = Callable[[UnitOfWork, UUID], Awaitable[object]]


async def taken(caller: Caller) -> list[int]:
    return [entry.taken for entry in (await caller.read(trash.page)).items]


async def last_events(caller: Caller) -> Counter[str]:
    """The last event of each task, by type; those that end with `.deleted` have a tombstone, and no others."""
    log = select(events.c.entity_id, events.c.type).where(
        events.c.workspace_id == caller.workspace_id, events.c.type.like("task.%")
    )
    rows = await caller.database.rows(log.order_by(events.c.revision, events.c.sequence), {})
    last = {row[0]: row[1] for row in rows}
    gone = select(tombstones.c.entity_id).where(
        tombstones.c.workspace_id == caller.workspace_id, tombstones.c.kind == "task"
    )
    deleted = {task_id for task_id, kind in last.items() if kind == "task.deleted"}
    assert {row[0] for row in await caller.database.rows(gone, {})} == deleted
    return Counter(last.values())


async def open_tasks(caller: Caller, *, more: int = 0) -> int:
    """How many open tasks the workspace counts, after *more* of them."""
    mine = workspaces.c.id == caller.workspace_id
    async with caller.database.transaction() as transaction:
        await transaction.run(update(workspaces).where(mine).values(open_tasks=workspaces.c.open_tasks + more), {})
    row = await caller.database.row(select(workspaces.c.open_tasks).where(mine), {})
    assert row is not None
    return int(row[0])


async def interrupted(caller: Caller, change: Change, thing_id: UUID) -> None:
    """Begin to change something, and end after the first step."""
    steps = Steps()
    steps.error = LookupError()
    with pytest.raises(LookupError):
        await stepping(caller, steps).write(change, thing_id)


# ---------------------------------------------------------------------------------------------------------------------
# against each other
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", ["restored", "deleted"])
async def test_of_a_deletion_and_a_restoration_at_once_the_one_that_began_last_ends(ada: Caller, last: str) -> None:
    project, steps = await filled(ada, count=SMALL + 20 * STEP), Steps()
    first, second = (projects.delete, restoring.project) if last == "restored" else (restoring.project, projects.delete)
    if last == "deleted":
        await ada.write(projects.delete, project.id)

    beginning = asyncio.create_task(stepping(ada, steps).write(first, project.id))
    await steps.first.wait()
    other = asyncio.create_task(ada.write(second, project.id))
    await until_held_up(other, database=ada.database)
    results = await asyncio.gather(beginning, other, return_exceptions=True)

    assert isinstance(results[0], ChangedMeanwhile)
    assert not isinstance(results[1], BaseException), results[1]
    if last == "restored":
        assert (await ada.read(projects.get, project.id)).name == "Garden"
        assert (await left(ada), await taken(ada)) == (SMALL + 20 * STEP, [])
        assert set(await last_events(ada)) == {"task.restored"}
    else:
        assert (await left(ada), await taken(ada)) == (0, [SMALL + 20 * STEP])
        assert await last_events(ada) == {"task.deleted": SMALL + 20 * STEP}
        with pytest.raises(ProjectNotFound):
            await ada.read(projects.get, project.id)


async def test_a_restoration_does_not_say_that_all_is_back_if_the_trash_was_emptied_meanwhile(ada: Caller) -> None:
    project, steps = await filled(ada, count=SMALL + 20 * STEP), Steps()
    await ada.write(projects.delete, project.id)

    beginning = asyncio.create_task(stepping(ada, steps).write(restoring.project, project.id))
    await steps.first.wait()
    other = asyncio.create_task(ada.write(trash.empty))
    await until_held_up(other, database=ada.database)
    results = await asyncio.gather(beginning, other, return_exceptions=True)

    assert isinstance(results[0], ChangedMeanwhile)
    assert results[1] is None
    assert 0 < await left(ada) < SMALL + 20 * STEP
    assert await ada.write(restoring.project, project.id) == await ada.read(projects.get, project.id)


async def test_what_is_deleted_again_while_a_purge_waits_stays(ada: Caller) -> None:
    project = await filled(ada, count=2)
    async with ada.unit() as uow:
        deletion = Deletion("project", project.id)
        await deletion.step(uow, title="Garden")
        await task_deletions.delete_some(uow, project_id=project.id, deletion=deletion, limit=1)
        await uow.commit()
    ada.clock.now = NOON + KEPT

    async def purge() -> int:
        async with ada.database.transaction() as transaction:
            return await trash_purges.purge(transaction, now=ada.clock.now)

    async with ada.unit() as uow:
        await projects.delete(uow, project.id)
        purging = asyncio.create_task(purge())
        await until_held_up(purging, database=ada.database)
        await uow.commit()

    assert await purging == 0
    assert (await ada.write(restoring.project, project.id)).id == project.id
    assert await left(ada) == 2


# ---------------------------------------------------------------------------------------------------------------------
# interrupted
# ---------------------------------------------------------------------------------------------------------------------


async def test_an_interrupted_deletion_is_undone_by_a_restoration(ada: Caller) -> None:
    project = await filled(ada)
    await interrupted(ada, projects.delete, project.id)
    assert (await left(ada), await taken(ada)) == (MANY - SMALL, [SMALL])

    assert await ada.write(restoring.project, project.id) == project

    assert (await left(ada), await taken(ada)) == (MANY, [])
    assert await last_events(ada) == {"task.restored": SMALL}


async def test_an_interrupted_restoration_goes_on_or_is_undone(ada: Caller) -> None:
    project = await filled(ada)
    await ada.write(projects.delete, project.id)
    await interrupted(ada, restoring.project, project.id)
    assert (await left(ada), await taken(ada)) == (SMALL, [MANY - SMALL])

    await ada.write(projects.delete, project.id)
    assert (await left(ada), await taken(ada)) == (0, [MANY])
    await interrupted(ada, restoring.project, project.id)
    ada.clock.now += KEPT - dt.timedelta(seconds=1)
    await ada.write(restoring.project, project.id)

    assert (await left(ada), await taken(ada)) == (MANY, [])
    assert await last_events(ada) == {"task.restored": MANY}


async def test_nothing_comes_back_of_a_trash_that_is_half_emptied_and_a_purge_ends_it(ada: Caller) -> None:
    project = await filled(ada)
    await ada.write(projects.delete, project.id)
    steps = Steps()
    steps.error = LookupError()
    with pytest.raises(LookupError):
        await stepping(ada, steps).write(trash.empty)
    assert await rows_of(ada, "tasks") == MANY - SMALL

    with pytest.raises(ProjectNotFound):
        await ada.write(restoring.project, project.id)

    assert await taken(ada) == []
    async with ada.database.transaction() as transaction:
        while await trash_purges.purge(transaction, now=NOON):
            pass
    assert (await rows_of(ada, "tasks"), await rows_of(ada, "trash")) == (0, 0)


async def test_a_key_is_claimed_again_after_a_crash_between_steps_and_the_response_is_replayed(ada: Caller) -> None:
    project = await filled(ada)
    await ada.write(projects.delete, project.id)

    async def restore(caller: Caller) -> tuple[bytes, bytes] | None:
        async with caller.unit() as uow:
            if found := await uow.recall("k", REQUEST):
                return found
            await restoring.project(uow, project.id)
            await uow.record(RESPONSE)
            await uow.commit()
            return None

    steps = Steps()
    steps.error = LookupError()
    with pytest.raises(LookupError):
        await restore(stepping(ada, steps))
    assert await left(ada) == SMALL

    assert await restore(ada) is None
    assert await left(ada) == MANY
    head = (await ada.read(projects.get, project.id)).revision
    assert await restore(ada) == (REQUEST, RESPONSE)
    assert (await ada.read(projects.get, project.id)).revision == head


# ---------------------------------------------------------------------------------------------------------------------
# limits
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_restoration_over_the_limit_of_open_tasks_stops_before_it_and_goes_on_later(ada: Caller) -> None:
    project = await filled(ada)
    await open_tasks(ada, more=MANY)
    await ada.write(projects.delete, project.id)
    assert await open_tasks(ada) == 0
    await open_tasks(ada, more=MOST_OPEN_TASKS - SMALL)

    with pytest.raises(LimitReached, match="open tasks"):
        await ada.write(restoring.project, project.id)

    assert (await left(ada), await open_tasks(ada)) == (SMALL, MOST_OPEN_TASKS)
    assert await taken(ada) == [MANY - SMALL]
    await open_tasks(ada, more=SMALL - MANY)
    await ada.write(restoring.project, project.id)
    assert (await left(ada), await open_tasks(ada)) == (MANY, MOST_OPEN_TASKS)


async def test_a_project_over_the_limit_is_not_restored(ada: Caller) -> None:
    project = await ada.write(projects.create, name="Garden")
    await ada.write(projects.delete, project.id)
    columns = TABLES["projects"].c
    row = {column.name: getattr(project, column.name, None) for column in columns}
    others = [row | {"id": UUID(int=n), "position": f"b{n:03}"} for n in range(projects.MOST_PROJECTS - 1)]
    async with ada.database.transaction() as transaction:
        await transaction.run(insert(TABLES["projects"]), others)

    with pytest.raises(LimitReached, match="500 projects"):
        await ada.write(restoring.project, project.id)

    await ada.write(projects.delete, UUID(int=0))
    assert (await ada.write(restoring.project, project.id)).name == "Garden"


# ---------------------------------------------------------------------------------------------------------------------
# purges
# ---------------------------------------------------------------------------------------------------------------------


async def content_bytes(caller: Caller) -> int:
    row = await caller.database.row(
        select(workspaces.c.content_bytes).where(workspaces.c.id == caller.workspace_id), {}
    )
    assert row is not None
    return int(row[0])


async def rows_of(caller: Caller, name: str) -> int:
    row = await caller.database.row(select(func.count()).select_from(TABLES[name]), {})
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("how", ["emptied", "expired"])
async def test_a_purge_gives_back_the_bytes_of_comments_whatever_took_them(ada: Caller, how: str) -> None:
    empty = await content_bytes(ada)
    project: Project = await ada.write(projects.create, name="Garden")
    beds = await ada.write(sections.create, name="Beds", project_id=project.id)
    early = await ada.write(tasks.create, tasks.TaskDraft(title="Sow", section_id=beds.id))
    late = await ada.write(tasks.create, tasks.TaskDraft(title="Reap", section_id=beds.id))
    texts = ("Frost", "Größer", "Later")
    for task, text in zip((early, late, late), texts, strict=True):
        comment = await ada.write(comments.create, task.id, text=text)
    await ada.write(comments.delete, late.id, comment.id)
    await ada.write(task_deletions.delete, early.id)
    await ada.write(projects.delete, project.id)
    full = empty + sum(map(row_bytes, ("Garden", "Beds", "Sow", "Reap", *texts)))
    assert await content_bytes(ada) == full

    if how == "emptied":
        await ada.write(trash.empty)
    else:
        entries = TABLES["trash"]
        async with ada.database.transaction() as transaction:
            of_project = update(entries).where(entries.c.thing_id == project.id)
            await transaction.run(of_project.values(expires_at=NOON), {})
            while await trash_purges.purge(transaction, now=NOON):
                pass
        kept = sum(map(row_bytes, ("Sow", "Frost")))
        assert (await content_bytes(ada), await rows_of(ada, "comments")) == (empty + kept, 1)
        restored = await ada.write(restoring.task, early.id)
        assert (restored.section_id, (await ada.read(comments.page, early.id)).items[0].text) == (None, "Frost")
        return
    assert (await content_bytes(ada), await rows_of(ada, "comments"), await rows_of(ada, "tasks")) == (empty, 0, 0)


async def test_a_purge_deletes_few_rows_at_once_with_the_links_of_tasks(ada: Caller) -> None:
    others = [await ada.write(tasks.create, tasks.TaskDraft(title="Dig")) for _ in range(3)]
    names = [(await ada.write(labels.create, name=name)).id for name in ("Wet", "Dry", "Cold")]
    draft = tasks.TaskDraft(title="Sow", label_ids=names, assignee_ids=[ada.user_id])
    task = await ada.write(tasks.create, replace(draft, depends_on_ids=[each.id for each in others]))
    for _ in range(3):
        await ada.write(tasks.create, tasks.TaskDraft(title="Reap", depends_on_ids=[task.id]))
    await ada.write(task_deletions.delete, task.id)
    tables = ("tasks", "task_labels", "task_assignees", "task_dependencies")

    counts = [sum([await rows_of(ada, name) for name in tables])]
    async with ada.unit() as uow:
        while (entry := await uow.trash.of(ada.workspace_id, "task", task.id)) is not None:
            await uow.trash.purge(entry, limit=2)
            counts.append(sum([len(await uow.runner.rows(select(TABLES[name]), {})) for name in tables]))
        await uow.commit()

    assert counts[0] - counts[-1] == 11
    assert max(before - after for before, after in pairwise(counts)) == 2


async def test_a_purge_of_completions_that_is_interrupted_goes_on_and_gives_back_their_bytes(ada: Caller) -> None:
    empty = await content_bytes(ada)
    draft = tasks.TaskDraft(title="Sow", due=WallClock(date=NOON.date()), recurrence=RecurrenceDraft(rule="FREQ=DAILY"))
    task = await ada.write(tasks.create, draft)
    child = await ada.write(tasks.create, tasks.TaskDraft(title="Rake", parent_id=task.id))
    for _ in range(3):
        await ada.write(task_status.complete, child.id)
        await ada.write(task_status.complete, task.id)
    await ada.write(task_deletions.delete, task.id)
    full = await content_bytes(ada)

    async def purge_two(uow: UnitOfWork, *, fails: bool) -> None:
        entry = await uow.trash.of(ada.workspace_id, "task", task.id)
        assert entry is not None
        assert await uow.trash.purge(entry, limit=2) == 2
        if fails:
            raise LookupError

    with pytest.raises(LookupError):
        await ada.write(purge_two, fails=True)
    assert (await rows_of(ada, "completions"), await content_bytes(ada)) == (3, full)
    await ada.write(purge_two, fails=False)
    assert await rows_of(ada, "completions") == 1
    each = (full - empty - row_bytes("Sow", "FREQ=DAILY") - row_bytes("Rake")) // 3
    assert await content_bytes(ada) == full - 2 * each
    async with ada.database.transaction() as transaction:
        while await trash_purges.purge(transaction, now=NOON + 2 * KEPT):
            pass
    assert (await rows_of(ada, "completions"), await rows_of(ada, "tasks")) == (0, 0)
    assert await content_bytes(ada) == empty
