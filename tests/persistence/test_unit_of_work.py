import asyncio
import gc
import weakref
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain import projects, task_lists, task_status, tasks, users, workspaces
from domain.errors import SchemaMismatched
from domain.model.tasks import TaskNotFound
from domain.roles import Role
from domain.task_lists import TaskFilter
from domain.tasks import TaskDraft, TaskEdit
from domain.unit_of_work import UnitOfWork
from persistence.database import Database
from persistence.sqlite import SqliteConnections
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.waiting import until_held_up

UNKNOWN = UUID(int=0)


class RefusedError(Exception):
    """An error that an engine would return as 403 or 404."""


async def connection_id(database: Database) -> object:
    """What PostgreSQL calls the connection that was used last. SQLite has one that reads, and one that writes."""
    if isinstance(database._connections, SqliteConnections):  # noqa: SLF001 -- nobody else has a use for it
        return None
    return await database.row(select(func.pg_backend_pid()), {})


async def heads(caller: Caller) -> tuple[int, int]:
    """The workspace's head, and the number of its tasks."""
    workspace = await caller.read(workspaces.get)
    return workspace.head, len((await caller.read(task_lists.page, filters=TaskFilter(), limit=200)).items)


async def test_committed_changes_are_kept(ada: Caller) -> None:
    await ada.write(tasks.create, TaskDraft(title="Iron"))

    assert await heads(ada) == (2, 1)


async def test_nothing_of_a_unit_of_work_is_left_to_the_garbage_collector(ada: Caller) -> None:
    gc.disable()
    try:
        async with ada.unit() as uow:
            await tasks.create(uow, TaskDraft(title="Iron"))
            await uow.commit()
        part = weakref.ref(uow)
        del uow
        assert part() is None
    finally:
        gc.enable()


async def test_uncommitted_changes_leave_no_rows(ada: Caller) -> None:
    async with ada.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Iron"))

    assert await heads(ada) == (1, 0)


async def test_a_part_is_undone_with_what_was_deferred_and_without_what_was_before_it(ada: Caller) -> None:
    async with ada.unit() as uow:
        for title in ("Iron", "Mend"):
            await uow.begin_part(alone=True)
            await tasks.create(uow, TaskDraft(title=title))
            await uow.end_part()
            await uow.begin_part(alone=True)
            await tasks.create(uow, TaskDraft(title="Undone"))
            await uow.undo_part()
        await uow.commit()

    assert await heads(ada) == (2, 2)


async def test_a_part_that_is_undone_takes_no_number(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.begin_part(alone=True)
        await tasks.create(uow, TaskDraft(title="Undone"))
        assert uow.revision == 2
        await uow.undo_part()
        assert uow.revision is None
        await uow.commit()

    assert await heads(ada) == (1, 0)


@pytest.mark.parametrize("alone", [True, False])
async def test_a_part_is_not_made_of_several_changes(ada: Caller, *, alone: bool) -> None:
    async with ada.unit() as uow:
        await uow.begin_part(alone=alone)
        with pytest.raises(RuntimeError, match="must be one transaction"):
            await uow.next_step()


async def test_an_error_rolls_everything_back(ada: Caller) -> None:
    async def create_and_fail(uow: UnitOfWork) -> None:
        await tasks.create(uow, TaskDraft(title="Iron"))
        await task_status.complete(uow, UNKNOWN)

    with pytest.raises(TaskNotFound):
        await ada.write(create_and_fail)

    assert await heads(ada) == (1, 0)


async def test_other_transactions_see_nothing_before_the_commit(ada: Caller) -> None:
    async with ada.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Iron"))
        assert await heads(ada) == (1, 0)
        await uow.commit()
        assert await heads(ada) == (2, 1)


async def test_all_changes_of_one_unit_of_work_have_the_same_number(ada: Caller) -> None:
    async with ada.unit() as uow:
        project = await projects.create(uow, name="Chores")
        task = await tasks.create(uow, TaskDraft(title="Iron", project_id=project.id))
        renamed = await workspaces.update(uow, name="Home")
        await uow.commit()

    assert (project.revision, task.revision, renamed.revision, renamed.head) == (2, 2, 2, 2)
    assert await ada.read(workspaces.get) == renamed


async def test_concurrent_units_of_work_get_consecutive_numbers(ada: Caller) -> None:
    written = await asyncio.gather(*(ada.write(tasks.create, TaskDraft(title=str(n))) for n in range(20)))

    assert sorted(task.revision for task in written) == list(range(2, 22))
    assert len({task.position for task in written}) == 20
    assert await heads(ada) == (21, 20)


async def test_a_unit_of_work_that_changes_nothing_takes_no_number(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))

    await ada.write(tasks.update, task.id, edit=TaskEdit(title="Iron"))
    await ada.write(task_status.reopen, task.id)

    assert (await heads(ada))[0] == task.revision


async def test_the_role_is_read_under_the_workspace_s_lock(ada: Caller, bob: Caller) -> None:
    guest = await bob.add_member(ada, role="editor")
    seen: list[Role | None] = []

    for caller in (replace(guest, admit=seen.append), replace(ada, admit=seen.append)):
        await caller.write(tasks.create, TaskDraft(title="Iron"))

    assert seen == ["editor", "owner"]


async def test_a_member_who_is_removed_while_waiting_for_the_lock_is_rejected(ada: Caller, bob: Caller) -> None:
    guest = await bob.add_member(ada, role="editor")
    seen: list[Role | None] = []

    def refuse_strangers(role: Role | None) -> None:
        seen.append(role)
        if role is None:
            raise RefusedError

    async with bob.unit() as uow:
        await tasks.create(uow, TaskDraft(title="holds the lock"))
        waiting = asyncio.create_task(
            replace(guest, admit=refuse_strangers).write(tasks.create, TaskDraft(title="too late"))
        )
        await until_held_up(waiting, database=bob.database)
        assert not seen
        await uow.members.remove(ada.user_id, revisions=await uow.members.next_revisions(ada.user_id))
        await uow.commit()

    with pytest.raises(RefusedError):
        await waiting
    assert seen == [None]
    assert (await heads(bob))[1] == 1


async def test_nobody_is_admitted_to_a_workspace_that_does_not_exist(ada: Caller) -> None:
    seen: list[Role | None] = []

    def refuse(role: Role | None) -> None:
        seen.append(role)
        raise RefusedError

    with pytest.raises(RefusedError):
        await replace(ada.in_workspace(UNKNOWN), admit=refuse).write(tasks.create, TaskDraft(title="x"))

    assert seen == [None]


async def test_a_rejected_caller_changes_nothing_and_holds_no_lock(ada: Caller) -> None:
    def refuse(_role: Role | None) -> None:
        raise RefusedError

    with pytest.raises(RefusedError):
        await replace(ada, admit=refuse).write(tasks.create, TaskDraft(title="x"))

    await ada.write(tasks.create, TaskDraft(title="y"))
    assert await heads(ada) == (2, 1)


async def test_a_rejected_caller_stays_rejected_in_the_same_unit_of_work(ada: Caller) -> None:
    def refuse(_role: Role | None) -> None:
        raise RefusedError

    async with replace(ada, admit=refuse).unit() as uow:
        for _ in range(2):
            with pytest.raises(RefusedError):
                await uow.tasks.delete_all(ada.workspace_id, [UNKNOWN], trash_id=UNKNOWN, revision=2)
            with pytest.raises(RefusedError):
                await uow.next_revision()
        await ada.write(tasks.create, TaskDraft(title="nothing is locked"))
        await uow.commit()

    assert await heads(ada) == (2, 1)


async def test_a_unit_of_work_that_was_cancelled_before_it_was_admitted_stays_closed(ada: Caller) -> None:
    def cancel(_role: Role | None) -> None:
        raise asyncio.CancelledError

    async with replace(ada, admit=cancel).unit() as uow:
        for _ in range(2):
            with pytest.raises(asyncio.CancelledError):
                await uow.tasks.delete_all(ada.workspace_id, [UNKNOWN], trash_id=UNKNOWN, revision=2)
        await ada.write(tasks.create, TaskDraft(title="nothing is locked"))


async def test_no_transaction_is_open_while_a_password_is_checked(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.credentials.find(ada.user_id)
        await asyncio.wait_for(ada.account.write(users.update, name="Not blocked"), timeout=PATIENCE_S)
        await uow.commit()

    assert (await ada.account.read(users.get_me)).name == "Not blocked"


async def test_a_read_only_unit_of_work_cannot_write(ada: Caller) -> None:
    async with ada.unit(safe=True) as uow:
        with pytest.raises(RuntimeError, match="safe"):
            await uow.next_revision()
        with pytest.raises(RuntimeError, match="around the change log"):
            await uow.tasks.delete_all(ada.workspace_id, [UNKNOWN], trash_id=UNKNOWN, revision=2)


async def test_a_public_unit_of_work_has_neither_principal_nor_workspace(database: Database) -> None:
    async with Caller(database=database).unit(safe=True) as uow:
        with pytest.raises(RuntimeError, match="principal"):
            _ = uow.principal
        with pytest.raises(RuntimeError, match="workspace"):
            _ = uow.workspace_id


async def test_the_time_of_a_unit_of_work_does_not_change(ada: Caller) -> None:
    async with ada.unit() as uow:
        before = uow.now
        ada.clock.now = NOON.replace(year=2030)
        assert uow.now == before == NOON


async def test_a_migrated_database_is_ready(ada: Caller) -> None:
    async with ada.unit(safe=True) as uow:
        await uow.check_storage()


async def test_a_database_that_was_never_migrated_is_not_ready(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    async with Caller(database=database).unit(safe=True) as uow:
        with pytest.raises(SchemaMismatched) as raised:
            await uow.check_storage()
    await database.close()
    assert raised.value.found is None


async def test_a_cancelled_unit_of_work_changes_nothing_and_holds_nothing(ada: Caller) -> None:
    """It is cancelled at forty moments, early and late. The error is referenced, as a traceback in a log would be."""

    async def create_two(uow: UnitOfWork) -> None:
        await tasks.create(uow, TaskDraft(title="half"))
        await tasks.create(uow, TaskDraft(title="done"))
        await asyncio.Event().wait()

    raised = []
    for moment in range(40):
        writing = asyncio.create_task(ada.write(create_two))
        await asyncio.sleep(moment * 0.0003)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await writing
        raised.append(cancelled)

        written = await asyncio.wait_for(ada.write(tasks.create, TaskDraft(title="whole")), timeout=PATIENCE_S)
        assert written.revision == moment + 2

    assert await heads(ada) == (41, 40)


async def test_a_unit_of_work_that_is_cancelled_again_during_its_rollback_releases_everything(ada: Caller) -> None:
    created = asyncio.Event()

    async def create_and_wait(uow: UnitOfWork) -> None:
        await tasks.create(uow, TaskDraft(title="half"))
        created.set()
        await asyncio.Event().wait()

    used = set()
    for moment in range(20):
        writing = asyncio.create_task(ada.write(create_and_wait))
        await created.wait()
        created.clear()
        writing.cancel()
        for _ in range(moment):
            await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

        written = await asyncio.wait_for(ada.write(tasks.create, TaskDraft(title="whole")), timeout=PATIENCE_S)
        assert written.revision == moment + 2
        used.add(await connection_id(ada.database))

    assert len(used) <= 2, "connections were thrown away, and not given back"


async def test_many_units_of_work_that_are_cancelled_at_once_leave_the_pool_as_it_was(ada: Caller) -> None:
    for round_ in range(4):
        calls = [asyncio.create_task(ada.write(tasks.create, TaskDraft(title=str(n)))) for n in range(10)]
        await asyncio.sleep(0.004 * round_)
        for writing in calls:
            writing.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    # A commit that was sent before the cancellation is still carried out: this waits for the last of them.
    await ada.write(tasks.create, TaskDraft(title="last"))
    head, count = await heads(ada)
    written = await asyncio.gather(*(ada.write(tasks.create, TaskDraft(title=str(n))) for n in range(10)))
    assert sorted(task.revision for task in written) == list(range(head + 1, head + 11))
    assert await heads(ada) == (head + 10, count + 10)
