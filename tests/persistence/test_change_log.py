from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select

from domain import projects, task_deletions, task_lists, task_status, tasks, users, workspaces
from domain.events import Event, end_of
from domain.policy import Policy
from domain.steps import SMALL
from domain.task_lists import TaskFilter
from domain.tasks import TaskDraft, TaskEdit
from persistence.change_log import ChangeLog
from persistence.database import Database
from persistence.events import events, tombstones
from persistence.repositories import metadata
from persistence.runners import Row
from tests.support.defaults import NOON
from tests.support.service_callers import Caller, encode_event

TABLES = metadata.tables


async def log_of(database: Database) -> list[tuple[int, int, str]]:
    """Revision, sequence and type of all events, in order."""
    statement = select(events.c.revision, events.c.sequence, events.c.type).order_by(
        events.c.revision, events.c.sequence
    )
    return [(revision, sequence, kind) for revision, sequence, kind in await database.rows(statement, {})]


FOUNDED = [(1, 1, "workspace.created"), (1, 2, "member.added"), (1, 3, "project.created")]


async def test_the_changes_of_one_request_are_numbered_within_it(ada: Caller) -> None:
    async with ada.unit() as uow:
        project = await projects.create(uow, name="Chores")
        task = await tasks.create(uow, TaskDraft(title="Iron", project_id=project.id))
        await task_status.complete(uow, task.id)
        await uow.commit()

    assert await log_of(ada.database) == [
        *FOUNDED,
        (2, 1, "project.created"),
        (2, 2, "task.created"),
        (2, 3, "task.completed"),
    ]


async def test_an_event_has_its_user_time_and_resource(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))

    columns = (events.c.workspace_id, events.c.entity_id, events.c.actor_id, events.c.recorded_at, events.c.body)
    row = await ada.database.row(select(*columns).where(events.c.revision == 2), {})
    assert row is not None
    *ids, body = row
    assert ids == [ada.workspace_id, task.id, ada.user_id, NOON]
    assert '"title":"Iron"' in body


async def test_uncommitted_changes_are_not_in_the_log(ada: Caller) -> None:
    async with ada.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Iron"))

    assert await log_of(ada.database) == FOUNDED


class ViolationError(Exception):
    """The contract does not allow the event."""


async def test_an_event_that_violates_the_contract_rolls_its_change_back(ada: Caller) -> None:
    def refuse(_event: Event) -> str:
        raise ViolationError

    with pytest.raises(ViolationError):
        await replace(ada, encode_event=refuse).write(tasks.create, TaskDraft(title="Iron"))

    assert await log_of(ada.database) == FOUNDED
    assert (await ada.read(task_lists.page, filters=TaskFilter())).items == ()
    assert (await ada.read(workspaces.get)).head == 1


async def test_a_row_that_does_not_exist_cannot_be_logged(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))
    await ada.write(task_deletions.delete, task.id)

    async with ada.unit() as uow:
        later = replace(task, revision=await uow.next_revision())
        await uow.tasks.update(later, before=task, event="task.updated")
        with pytest.raises(RuntimeError, match="0 rows instead of one: UPDATE tasks"):
            await uow.commit()


async def test_an_event_must_be_of_the_kind_of_the_changed_row(ada: Caller) -> None:
    project = await ada.write(projects.create, name="Chores")
    async with ada.unit() as uow:
        with pytest.raises(RuntimeError, match="is not an event of projects"):
            await uow.projects.update(project, before=project, event="task.updated")  # type: ignore[arg-type]  # on purpose


async def test_the_events_of_many_changes_at_once_must_be_of_their_kind(ada: Caller) -> None:
    def end(_row: Row) -> Event:
        return end_of("task.deleted", ada.workspace_id, workspace_id=ada.workspace_id, revision=2)

    transaction = await ada.database.begin()
    change_log = ChangeLog(transaction, actor_id=None, now=lambda: NOON, encode=encode_event, quota_bytes=1)
    with pytest.raises(RuntimeError, match="is not an event of projects"):
        await change_log.write_all(delete(TABLES["projects"]).returning(TABLES["projects"].c.id), {}, end)
    await transaction.close()


async def test_every_task_of_a_deleted_project_has_a_tombstone(ada: Caller) -> None:
    project = await ada.write(projects.create, name="Chores")
    for title in ("Iron", "Wash", "Fold"):
        await ada.write(tasks.create, TaskDraft(title=title, project_id=project.id))

    await ada.write(projects.delete, project.id)

    kinds = select(tombstones.c.kind, func.count()).group_by(tombstones.c.kind).order_by(tombstones.c.kind)
    assert [tuple(row) for row in await ada.database.rows(kinds, {})] == [("project", 1), ("task", 3)]


@pytest.mark.unmeasured
async def test_a_change_of_many_rows_is_one_change(ada: Caller) -> None:
    project = await ada.write(projects.create, name="Chores")
    async with ada.unit() as uow:
        for number in range(SMALL - 1):
            await tasks.create(uow, TaskDraft(title=str(number), project_id=project.id))
        await uow.commit()

    await ada.write(projects.delete, project.id)

    last = [(revision, sequence) for revision, sequence, _ in await log_of(ada.database) if revision == 4]
    assert last == [(4, sequence) for sequence in range(1, SMALL + 1)]
    assert (await ada.read(task_lists.page, filters=TaskFilter())).items == ()


async def test_an_update_that_changes_nothing_is_not_logged(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))
    before = await log_of(ada.database)

    await ada.write(tasks.update, task.id, edit=TaskEdit(title="Iron"))

    assert await log_of(ada.database) == before


async def test_erasing_a_person_from_a_log_leaves_its_room_as_before(ada: Caller, bob: Caller) -> None:
    """The bodies that erasure removes are counted until the log is full, and then no longer."""
    quota_bytes = 6000
    bounded = replace(ada, policy=Policy(workspace_quota_bytes=quota_bytes))
    task = await bounded.write(tasks.create, TaskDraft(title="Iron"))
    await ada.add_member(bob, role="viewer")
    for number in range(15):
        await bob.account.write(users.update, name=f"{number}{'b' * 150}")
    await bob.account.write(users.delete)

    kept = []
    for number in range(15):
        await bounded.write(tasks.update, task.id, edit=TaskEdit(description=f"{number}{'x' * 1000}"))
        bodies = await ada.database.rows(select(events.c.body).where(events.c.workspace_id == ada.workspace_id), {})
        kept.append(sum(len(body) for (body,) in bodies if body is not None))

    counted = select(TABLES["workspaces"].c.log_bytes).where(TABLES["workspaces"].c.id == ada.workspace_id)
    assert await ada.database.row(counted, {}) == (kept[-1],)
    assert max(kept) <= quota_bytes
    assert min(kept[-5:]) > quota_bytes / 2


@pytest.mark.unmeasured
async def test_a_log_far_over_its_quota_is_trimmed_by_several_changes(ada: Caller) -> None:
    """This happens after the operator has lowered the quota: no change deletes more than a thousand bodies."""
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))
    async with ada.unit() as uow:
        for number in range(1500):
            await tasks.update(uow, task.id, edit=TaskEdit(title=str(number)))
        await uow.commit()
    bounded = replace(ada, policy=Policy(workspace_quota_bytes=1000))
    left = []
    for number in range(3):
        await bounded.write(tasks.update, task.id, edit=TaskEdit(title=f"then {number}"))
        bodies = select(func.count()).where(events.c.workspace_id == ada.workspace_id, events.c.body.is_not(None))
        left += [row[0] for row in await ada.database.rows(bodies, {})]

    assert left[0] == len(FOUNDED) + 1 + 1500 + 1 - 1000
    assert max(left[1:]) < 4


async def test_a_full_log_frees_room_for_several_changes_and_stores_where_its_bodies_begin(ada: Caller) -> None:
    quota_bytes = 64_000
    bounded = replace(ada, policy=Policy(workspace_quota_bytes=quota_bytes))
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))
    async with ada.unit() as uow:
        for number in range(200):
            await tasks.update(uow, task.id, edit=TaskEdit(title=str(number)))
        await uow.commit()
    columns = (TABLES["workspaces"].c.log_bytes, TABLES["workspaces"].c.log_from)
    usage = select(*columns).where(TABLES["workspaces"].c.id == ada.workspace_id)
    with_body = events.c.body.is_not(None)
    first = select(func.min(events.c.revision)).where(events.c.workspace_id == ada.workspace_id, with_body)

    await bounded.write(tasks.update, task.id, edit=TaskEdit(title="then"))

    log_bytes, log_from = (await ada.database.rows(usage, {}))[0]
    assert log_bytes <= quota_bytes - quota_bytes // 64
    assert await ada.database.row(first, {}) == (log_from,)
    assert log_from > 1
