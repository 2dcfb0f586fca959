"""What wakes a stream: a commit of this process, one of another process, and the look around if both are missed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

import asyncpg
import pytest

from app.jobs.loop import running
from app.jobs.waking import waking_jobs
from domain import due_reminders, members, projects, tasks, workspaces
from domain.errors import StorageUnavailable
from domain.model.streams import Topics
from domain.tasks import TaskDraft
from persistence.database import Database
from persistence.notifications import CHANNEL, Notifications
from persistence.runners import Parameters, Row
from persistence.wakeups import TOGETHER_S, TURN, Subscription, Wakeups
from tests.support.databases import PostgresDatabases
from tests.support.overdue import later, remind
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller

GARDEN, HOUSE = (UUID(int=number) for number in (1, 2))


def about(*workspace_ids: UUID | None) -> Topics:
    return Topics(workspace_ids=frozenset(each for each in workspace_ids if each is not None))


async def until_news(subscription: Subscription, topics: Topics) -> None:
    """Wait until something has changed."""
    async with asyncio.timeout(PATIENCE_S):
        while not await subscription.wait(topics):
            pass


async def is_woken(subscription: Subscription) -> bool:
    """Whether it has been woken already."""
    try:
        async with asyncio.timeout(0):
            return await subscription.wait(subscription.topics)
    except TimeoutError:
        return False


async def until_collected(*things: weakref.ref[UUID] | weakref.ref[Subscription]) -> None:
    """Wait until nothing refers to these."""
    async with asyncio.timeout(PATIENCE_S):
        while any(each() is not None for each in things):
            await asyncio.sleep(TOGETHER_S)
            gc.collect()


@pytest.fixture
def wakeups() -> Wakeups:
    return Wakeups()


@pytest.fixture
def listening(ada: Caller, wakeups: Wakeups) -> Caller:
    """Ada, whose commits wake who waits."""
    return replace(ada, changed=wakeups.signal)


@pytest.fixture
def watching(ada: Caller, wakeups: Wakeups) -> Iterator[Subscription]:
    with wakeups.subscribe(about(ada.workspace)) as subscription:
        yield subscription


async def test_a_commit_wakes_who_waits_for_its_workspace_and_no_others(
    listening: Caller, bob: Caller, wakeups: Wakeups, watching: Subscription
) -> None:
    with wakeups.subscribe(about(bob.workspace)) as other:
        await listening.write(tasks.create, TaskDraft(title="Sow"))
        assert await is_woken(watching)
        assert not await is_woken(other)


async def test_neither_a_read_nor_a_write_that_is_rolled_back_wakes_anybody(
    listening: Caller, watching: Subscription
) -> None:
    await listening.read(projects.page)
    async with listening.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Sow"))
    assert not await is_woken(watching)


async def test_a_step_wakes_who_waits_before_the_next_one_has_the_lock_again(
    ada: Caller, listening: Caller, watching: Subscription
) -> None:
    async def look_between() -> bool:
        async with ada.unit() as uow:
            await uow.next_revision()
            return await is_woken(watching)

    async with listening.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Sow"))
        between = asyncio.ensure_future(look_between())
        for _ in range(10):
            await asyncio.sleep(0)
        await uow.next_step()
    assert await between


async def test_a_change_of_a_membership_wakes_its_user(listening: Caller, bob: Caller, wakeups: Wakeups) -> None:
    home = await listening.account.write(workspaces.create, name="Home")
    await listening.in_workspace(home.id).add_member(bob, role="viewer")
    assert bob.principal is not None
    with wakeups.subscribe(Topics(user_ids=frozenset({bob.principal.user_id}))) as subscription:
        await listening.in_workspace(home.id).write(members.remove, bob.principal.user_id)
        assert await is_woken(subscription)


async def test_a_look_around_finds_that_a_reminder_has_fired(ada: Caller, wakeups: Wakeups) -> None:
    """Another process fired it, and its notification was lost, or it could send none."""
    reminder = await remind(ada)
    topics = Topics(user_ids=frozenset({ada.user_id}))
    with wakeups.subscribe(topics) as subscription:
        await wakeups.look_around(ada.database)
        await subscription.wait(topics)
        await wakeups.look_around(ada.database)
        assert not await is_woken(subscription)
        await later(ada).write(due_reminders.fire, ada.workspace_id, [reminder.id])
        await wakeups.look_around(ada.database)
        assert await is_woken(subscription)


async def test_the_deletion_of_a_workspace_wakes_who_waits_for_it(listening: Caller, wakeups: Wakeups) -> None:
    home = await listening.account.write(workspaces.create, name="Home")
    with wakeups.subscribe(about(home.id)) as subscription:
        await listening.in_workspace(home.id).write(workspaces.delete)
        assert await is_woken(subscription)


async def test_more_workspaces_can_be_watched_than_a_statement_can_have_values(ada: Caller, wakeups: Wakeups) -> None:
    many = Topics(workspace_ids=frozenset({ada.workspace_id, *(UUID(int=number) for number in range(40_000))}))
    with wakeups.subscribe(many) as subscription:
        await wakeups.look_around(ada.database)
        await subscription.wait(many)
        await ada.write(tasks.create, TaskDraft(title="Sow"))
        await wakeups.look_around(ada.database)
        assert await is_woken(subscription)


async def test_what_happens_between_two_waits_is_not_missed(wakeups: Wakeups) -> None:
    with wakeups.subscribe(about(GARDEN)) as subscription:
        wakeups.signal([GARDEN])
        subscription.wake(has_news=False)
        assert await is_woken(subscription)
        assert not await is_woken(subscription)


async def test_many_changes_wake_a_stream_once_at_once_and_once_after_them(wakeups: Wakeups) -> None:
    with wakeups.subscribe(about(GARDEN)) as subscription:
        for _ in range(100):
            wakeups.signal([GARDEN, HOUSE])
        assert await is_woken(subscription)
        assert not await is_woken(subscription)
        await until_news(subscription, subscription.topics)
        assert wakeups.count == 2


async def test_a_stream_can_wait_for_something_else(wakeups: Wakeups) -> None:
    with wakeups.subscribe(about(GARDEN)) as subscription:
        waiting = asyncio.create_task(subscription.wait(about(HOUSE)))
        await asyncio.sleep(0)
        wakeups.signal([GARDEN])
        assert not waiting.done()
        wakeups.signal([HOUSE])
        assert await waiting


async def test_a_look_around_finds_what_nobody_has_signalled(ada: Caller, bob: Caller, wakeups: Wakeups) -> None:
    """As between two processes on SQLite."""
    assert ada.principal is not None
    as_member = Topics(user_ids=frozenset({ada.principal.user_id}))
    with contextlib.ExitStack() as stack:
        watching, member, other = (
            stack.enter_context(wakeups.subscribe(topics))
            for topics in (about(ada.workspace), as_member, about(bob.workspace))
        )
        await wakeups.look_around(ada.database)
        assert [await is_woken(each) for each in (watching, member, other)] == [True] * 3  # it knew nothing before
        await wakeups.look_around(ada.database)
        assert [await is_woken(each) for each in (watching, member, other)] == [False] * 3
        await ada.write(tasks.create, TaskDraft(title="Sow"))
        await wakeups.look_around(ada.database)
        assert [await is_woken(each) for each in (watching, member, other)] == [True, True, False]


async def test_a_change_right_after_a_look_around_is_not_held_back(
    ada: Caller, wakeups: Wakeups, watching: Subscription
) -> None:
    """Each look finds again what a commit has signalled before."""
    looking = asyncio.create_task(wakeups.look_around(ada.database))
    await until_news(watching, watching.topics)
    wakeups.signal([ada.workspace_id])
    assert await is_woken(watching)
    await looking


async def test_what_nobody_waits_for_any_more_is_forgotten(wakeups: Wakeups) -> None:
    class Heads(Database):
        async def rows(self, _statement: object, parameters: Parameters) -> Sequence[Row]:
            return [(each, 1) for each in set(cast("list[UUID]", parameters["workspaces"]))]

    place = UUID(int=3)
    with wakeups.subscribe(about(place)) as subscription:
        await wakeups.look_around(Heads("sqlite:///nowhere.sqlite3"))
        assert await is_woken(subscription)
    forgotten = weakref.ref(place), weakref.ref(subscription)
    del place, subscription
    await until_collected(*forgotten)


async def test_without_a_connection_nothing_is_collected_for_other_processes() -> None:
    notifications = Notifications({}, receive=lambda _ids: None)
    place = UUID(int=3)
    notifications.publish([place])
    forgotten = weakref.ref(place)
    del place
    await until_collected(forgotten)


async def test_streams_are_reminded_to_ask_for_access(wakeups: Wakeups, watching: Subscription) -> None:
    for _ in range(2):
        again = asyncio.create_task(watching.wait(watching.topics))
        await wakeups.remind()
        assert await again is False


async def test_a_database_that_does_not_respond_does_not_keep_streams_from_their_heartbeats(wakeups: Wakeups) -> None:
    class Silent(Database):
        async def rows(self, *_: object) -> Sequence[Row]:
            await asyncio.Event().wait()
            return ()

    url = "sqlite:///nowhere.sqlite3"
    topics = about(GARDEN)
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(wakeups.subscribe(topics)) for _ in range(2 * TURN)]
        async with running(waking_jobs(url, Silent(url), wakeups)), asyncio.timeout(PATIENCE_S):
            for _ in range(3):
                assert [await each.wait(topics) for each in streams] == [False] * len(streams)


@pytest.fixture
async def two_processes(postgres_databases: PostgresDatabases) -> AsyncIterator[tuple[str, Caller, Wakeups, Wakeups]]:
    """Two processes on PostgreSQL, which notify each other. Ada is a user of the first one."""
    url = postgres_databases.migrated()
    database, here, there = Database(url), Wakeups(), Wakeups()
    ada = replace(await Caller(database=database).register("ada"), changed=here.signal)
    async with running([waking_jobs(url, database, each)[-1] for each in (here, there)]):
        yield url, ada, here, there
    await database.close()
    postgres_databases.remove(url)


async def woken_from_afar(ada: Caller, subscription: Subscription) -> None:
    """Write until *subscription* is woken: the connections are made meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while not await is_woken(subscription):
            with contextlib.suppress(StorageUnavailable):  # if the connections were closed
                await ada.write(tasks.create, TaskDraft(title="Sow"))
            await asyncio.sleep(0.05)
    await asyncio.sleep(2 * TOGETHER_S)
    await is_woken(subscription)


async def test_a_commit_of_one_process_wakes_the_streams_of_another(
    two_processes: tuple[str, Caller, Wakeups, Wakeups],
) -> None:
    _, ada, _, there = two_processes
    with there.subscribe(about(ada.workspace)) as subscription:
        await woken_from_afar(ada, subscription)


async def test_a_process_that_lost_its_connection_listens_again(
    two_processes: tuple[str, Caller, Wakeups, Wakeups],
    postgres_databases: PostgresDatabases,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url, ada, _, there = two_processes
    with there.subscribe(about(ada.workspace)) as subscription:
        await woken_from_afar(ada, subscription)
        postgres_databases.disconnect(url)
        await woken_from_afar(ada, subscription)
    logged = [each for each in caplog.records if getattr(each, "job", "") == "notifications"]
    assert {(each.levelname, "no notifications from" in vars(each)["reason"]) for each in logged} == {("WARNING", True)}


async def test_notifications_without_a_database_name_its_host_and_what_that_means() -> None:
    notifications = Notifications({"host": "127.0.0.1", "port": 1}, receive=set[UUID]().update)
    with pytest.raises(StorageUnavailable) as caught:
        await notifications.run()
    (note,) = caught.value.__notes__
    assert note.startswith("no notifications from 127.0.0.1: what other servers commit is up to a second late")


async def test_one_notification_has_what_many_transactions_changed(
    two_processes: tuple[str, Caller, Wakeups, Wakeups],
) -> None:
    _, ada, here, there = two_processes
    many = [UUID(int=number) for number in range(1000)]
    with there.subscribe(about(ada.workspace)) as first, there.subscribe(about(many[-1])) as last:
        await woken_from_afar(ada, first)
        here.signal(many)
        await until_news(last, last.topics)


async def test_a_notification_that_is_not_ours_does_no_harm(
    two_processes: tuple[str, Caller, Wakeups, Wakeups],
) -> None:
    url, ada, _, there = two_processes
    with there.subscribe(about(ada.workspace)) as subscription:
        await woken_from_afar(ada, subscription)
        assert ada.workspace is not None
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        for payload in ("", "x", "not an id, but as long as one is", GARDEN.hex, ada.workspace.hex):
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        await connection.close()
        await until_news(subscription, subscription.topics)
