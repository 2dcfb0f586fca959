"""Old payloads and tombstones are deleted from the logs of workspaces, and what a workspace uses stays right."""

import asyncio
import datetime as dt
import random
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import func, select, update

from domain import labels, projects, task_deletions, tasks, users, workspaces
from domain.events import EventType
from domain.model.tasks import Task
from domain.policy import Policy
from domain.quotas import day_of
from domain.tasks import TaskDraft, TaskEdit
from persistence import log_purges
from persistence.database import Database
from persistence.events import events, tombstones
from persistence.log_purges import AT_ONCE
from persistence.memberships import workspaces as workspace_rows
from persistence.octets import octets
from tests.support.service_callers import Caller

DAY = dt.timedelta(days=1)
KEPT = Policy().log_retention
LATER = KEPT + DAY
"""After this time, what is recorded now is deleted, whatever the time of the day."""

pytestmark = pytest.mark.unmeasured


async def purge(caller: Caller) -> list[int]:
    """Run the purge until nothing is due. How many rows it changed in each transaction."""
    counts: list[int] = []
    while True:
        async with caller.database.transaction() as transaction:
            count = await log_purges.purge(transaction, now=caller.clock.now, kept=KEPT)
        if not count:
            return counts
        counts.append(count)


@dataclass(frozen=True)
class Log:
    """What is in a workspace's row about its log, and what there is."""

    log_bytes: int
    log_from: int
    log_day: int
    changes_from: int
    payloads: list[tuple[int, EventType]]
    tombstones: list[int]
    size_bytes: int
    oldest_day: int
    events: int


async def log_of(caller: Caller) -> Log:
    """The log, of which the row says what is true."""
    here = events.c.workspace_id == caller.workspace_id
    columns = [workspace_rows.c[name] for name in ("log_bytes", "log_from", "log_day", "changes_from")]
    row = await caller.database.row(select(*columns).where(workspace_rows.c.id == caller.workspace_id), {})
    assert row is not None
    kept = (
        select(events.c.revision, events.c.type, octets(events.c.body), events.c.recorded_at)
        .where(here, events.c.body.is_not(None))
        .order_by(events.c.revision, events.c.sequence)
    )
    payloads = await caller.database.rows(kept, {})
    mine = tombstones.c.workspace_id == caller.workspace_id
    ends = await caller.database.rows(
        select(tombstones.c.revision, tombstones.c.deleted_at).where(mine).order_by(tombstones.c.revision), {}
    )
    (count,) = (await caller.database.rows(select(func.count()).select_from(events).where(here), {}))[0]
    days = [day_of(each[-1]) for each in (*payloads, *ends)]
    return Log(
        log_bytes=row[0],
        log_from=row[1],
        log_day=row[2],
        changes_from=row[3],
        payloads=[(revision, kind) for revision, kind, *_ in payloads],
        tombstones=[revision for revision, _ in ends],
        size_bytes=sum(size for _, _, size, _ in payloads),
        oldest_day=min(days, default=0),
        events=count,
    )


def check(log: Log) -> None:
    """Raise AssertionError unless the row says what is true."""
    assert log.log_bytes == log.size_bytes
    assert all(revision >= log.log_from for revision, _ in log.payloads)
    assert all(revision >= log.changes_from for revision in log.tombstones)
    if log.oldest_day:
        assert 0 < log.log_day <= log.oldest_day


async def create_and_delete(caller: Caller, count: int) -> None:
    for number in range(count):
        task = await caller.write(tasks.create, TaskDraft(title=str(number)))
        await caller.write(task_deletions.delete, task.id)


async def test_what_is_old_is_deleted_and_the_events_stay(ada: Caller, bob: Caller) -> None:
    await create_and_delete(ada, 2)
    ada.clock.now += KEPT - DAY
    task = await ada.write(tasks.create, TaskDraft(title="Kept"))
    await ada.write(task_deletions.delete, task.id)
    before = await log_of(ada)
    assert await purge(ada) == []
    ada.clock.now += 2 * DAY

    assert await purge(ada) == [3 + 4 + 2 + 1, 3 + 1]

    log = await log_of(ada)
    check(log)
    assert log.payloads == [(6, "task.created"), (7, "task.deleted")]
    assert (log.tombstones, log.changes_from, log.events) == ([7], 5, before.events)
    assert log.log_day == log.oldest_day
    assert (await log_of(bob)).payloads == []
    assert await purge(ada) == []


async def test_cursors_that_a_restored_backup_has_let_expire_stay_expired(ada: Caller) -> None:
    """docs/databases.md lets the revisions jump: a purge of what was deleted long before does not undo that."""
    await create_and_delete(ada, 1)
    jump = update(workspace_rows).where(workspace_rows.c.id == ada.workspace_id)
    async with ada.database.transaction() as transaction:
        await transaction.run(jump.values(head=1_000_003, changes_from=1_000_003), {})
    ada.clock.now += LATER

    assert await purge(ada)

    log = await log_of(ada)
    assert (log.tombstones, log.changes_from) == ([], 1_000_003)


async def test_a_log_without_payloads_is_not_due_until_somebody_writes(ada: Caller) -> None:
    ada.clock.now += LATER
    await purge(ada)
    empty = await log_of(ada)
    assert (empty.payloads, empty.log_bytes, empty.log_day, empty.changes_from) == ([], 0, 0, 0)

    await ada.write(projects.create, name="Chores")

    check(await log_of(ada))
    assert (await log_of(ada)).log_day == day_of(ada.clock.now)
    ada.clock.now += LATER
    assert await purge(ada) == [2]


async def test_the_log_of_a_workspace_that_others_change_becomes_due_as_well(ada: Caller, bob: Caller) -> None:
    await ada.add_member(bob, role="viewer")
    ada.clock.now += LATER
    await purge(ada)
    await replace(bob.account, clock=ada.clock).write(users.update, name="Robert")

    check(await log_of(ada))
    assert (await log_of(ada)).log_day == day_of(ada.clock.now)


async def test_much_is_deleted_in_small_steps(ada: Caller) -> None:
    """Also of a single change, which is cleared from its beginning in each step."""
    async with ada.unit() as uow:
        for number in range(2 * AT_ONCE + 20):
            await labels.create(uow, name=str(number))
        await uow.commit()
    await create_and_delete(ada, AT_ONCE)
    ada.clock.now += LATER
    total = 3 + 2 * AT_ONCE + 20 + 3 * AT_ONCE

    counts = await purge(ada)

    assert max(counts) <= AT_ONCE + 1
    assert sum(counts) - len(counts) == total
    log = await log_of(ada)
    check(log)
    assert (log.payloads, log.tombstones, log.log_day) == ([], [], 0)


async def test_payloads_that_were_deleted_with_a_person_do_not_count_for_ever(ada: Caller, bob: Caller) -> None:
    await ada.add_member(bob, role="viewer")
    await bob.account.write(users.delete)
    assert (await log_of(ada)).log_bytes > (await log_of(ada)).size_bytes
    ada.clock.now += LATER

    await purge(ada)

    log = await log_of(ada)
    check(log)
    assert (log.log_bytes, log.log_day) == (0, 0)


async def test_an_event_of_a_slow_clock_is_deleted_after_those_before_it(ada: Caller) -> None:
    await ada.write(projects.create, name="Chores")
    ada.clock.now -= 3 * DAY
    await ada.write(projects.create, name="Garden")
    ada.clock.now += 2 * DAY + KEPT

    assert await purge(ada) == []
    ada.clock.now += 2 * DAY
    await purge(ada)
    assert (await log_of(ada)).payloads == []


async def test_a_workspace_that_is_deleted_is_not_due(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="Club")
    await ada.in_workspace(created.id).write(workspaces.delete)
    ada.clock.now += LATER

    assert await purge(ada) == [4]
    assert (await log_of(ada.in_workspace(created.id))).payloads


async def mark_as_due(database: Database) -> None:
    """As the migration does for the logs that existed before it."""
    async with database.transaction() as transaction:
        await transaction.run(update(workspace_rows).values(log_day=1), {})


async def test_logs_that_a_migration_found_get_their_day(ada: Caller, bob: Caller) -> None:
    await mark_as_due(ada.database)

    assert await purge(ada) == [1, 1]

    for caller in (ada, bob):
        log = await log_of(caller)
        check(log)
        assert log.log_day == log.oldest_day


@pytest.mark.parametrize("seed", range(3))
async def test_quota_and_retention_together_leave_what_is_counted_right(ada: Caller, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- no secret
    quota_bytes = 40_000
    bounded = replace(ada, policy=Policy(workspace_quota_bytes=quota_bytes))
    long = await bounded.write(tasks.create, TaskDraft(title="Plan"))
    live: list[Task] = []
    for _ in range(150):
        ada.clock.now += chance.choice([DAY / 3, DAY / 3, DAY, 20 * DAY])
        if live and chance.random() < 0.3:
            await bounded.write(task_deletions.delete, live.pop().id)
        elif chance.random() < 0.6:
            await bounded.write(tasks.update, long.id, edit=TaskEdit(description="x" * chance.randrange(4000)))
        else:
            live.append(await bounded.write(tasks.create, TaskDraft(title="Sow")))
        if chance.random() < 0.3:
            await purge(ada)
            oldest = day_of(ada.clock.now - KEPT)
            log = await log_of(ada)
            assert not log.oldest_day or log.oldest_day >= oldest
            assert log.log_day == log.oldest_day or log.log_day >= oldest
        log = await log_of(ada)
        check(log)
        assert log.log_bytes <= quota_bytes
    assert log.changes_from > 0


async def test_of_two_servers_that_purge_at_once_each_row_is_deleted_by_one(ada: Caller) -> None:
    await create_and_delete(ada, AT_ONCE)
    ada.clock.now += LATER

    both = await asyncio.gather(purge(ada), purge(ada))

    deleted = sum(count - 1 for counts in both for count in counts if count > 1)
    assert deleted == 3 + 3 * AT_ONCE
    log = await log_of(ada)
    check(log)
    assert (log.payloads, log.tombstones, log.log_day) == ([], [], 0)
