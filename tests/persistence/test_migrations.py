import asyncio
import datetime as dt
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from alembic.util import CommandError
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import migrations
from domain import (
    account_log,
    comments,
    completions,
    due_reminders,
    labels,
    projects,
    reminders,
    restoring,
    sections,
    sessions,
    task_deletions,
    task_status,
    tasks,
    trash,
)
from domain.errors import NotFound
from domain.model.fired_reminders import FiredReminder
from domain.policy import Policy
from domain.quotas import row_bytes
from domain.sessions import SessionEnded, SessionTokens
from domain.task_recurrence import RecurrenceDraft, RecurrencePatch
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock
from persistence import readiness, schema
from persistence.database import Database
from persistence.repositories import metadata
from tests.support.databases import PostgresDatabases, run_elsewhere
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller

TABLES = metadata.tables


def described(url: str) -> Sequence[str]:
    """Every column, constraint and index of a database, as the database describes them."""
    if url.startswith("sqlite"):
        written = "replace(sql, char(34), '')"  # SQLite quotes the name of a table that was copied and renamed
        queries = [f"SELECT {written} FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"]  # noqa: S608 -- constants
    else:
        here = "connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'"
        columns = "column_name, data_type, is_nullable, column_default, collation_name"
        there = "table_schema = 'public' AND table_name <> 'alembic_version'"
        queries = [
            f"SELECT concat_ws(' ', table_name, {columns}) FROM information_schema.columns WHERE {there}",  # noqa: S608 -- constants
            f"SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE {here}",  # noqa: S608 -- constants
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
        ]

    async def ask() -> Sequence[str]:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = [row[0] for query in queries for row in await connection.execute(text(query))]
        await engine.dispose()
        return sorted(re.sub(r"\s+", " ", line) for line in found)

    return run_elsewhere(ask)


def migrate_in_a_process(url: str) -> int:
    """Migrate in another process, as a replica does when it starts. Returns its exit code."""
    command = [sys.executable, "-c", f"import migrations; migrations.upgrade({url!r})"]
    return subprocess.run(command, check=False, timeout=PATIENCE_S).returncode


def create_all(url: str) -> None:
    async def create() -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        await engine.dispose()

    run_elsewhere(create)


def test_a_new_database_is_brought_to_the_newest_revision(empty_database_url: str) -> None:
    assert migrations.current(empty_database_url) is None
    assert not migrations.is_current(empty_database_url)

    migrations.upgrade(empty_database_url)

    assert migrations.current(empty_database_url) == migrations.head()
    assert migrations.is_current(empty_database_url)


def test_the_revision_that_the_program_expects_is_the_newest() -> None:
    assert migrations.head() == schema.REVISION


def test_alembic_finds_no_difference_between_migrations_and_tables(database_url: str) -> None:
    migrations.check(database_url)


def test_a_migrated_database_equals_what_the_tables_would_create_with_checks_and_collations(
    database_url: str, empty_database_url: str
) -> None:
    create_all(empty_database_url)

    assert described(database_url) == described(empty_database_url)
    assert len(described(database_url)) > 20


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    before = described(database_url)

    migrations.upgrade(database_url)

    assert described(database_url) == before


def test_replicas_that_migrate_at_once_all_succeed(empty_database_url: str) -> None:
    with ThreadPoolExecutor(3) as replicas:
        assert list(replicas.map(migrate_in_a_process, [empty_database_url] * 3)) == [0, 0, 0]

    assert migrations.is_current(empty_database_url)


async def until_so_many_wait(engine: AsyncEngine, count: int) -> None:
    """Wait until *count* connections to the database wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while True:
        async with engine.connect() as connection:  # a transaction sees the activity as of its first look
            if (await connection.execute(waiting)).scalar_one() == count:
                return
        await asyncio.sleep(0.05)


async def test_a_replica_that_starts_while_another_migrates_waits_and_has_nothing_to_do(
    postgres_databases: PostgresDatabases,
) -> None:
    url = postgres_databases.empty()
    engine = create_async_engine(url)
    async with engine.connect() as in_the_way:
        await in_the_way.execute(text("CREATE TABLE users ()"))  # keeps the first one waiting in the middle
        replicas = [asyncio.create_task(asyncio.to_thread(migrate_in_a_process, url)) for _ in range(2)]
        await asyncio.wait_for(until_so_many_wait(engine, len(replicas)), timeout=PATIENCE_S)
        await in_the_way.rollback()

    assert await asyncio.wait_for(asyncio.gather(*replicas), timeout=PATIENCE_S) == [0, 0]
    await engine.dispose()
    postgres_databases.remove(url)


def test_an_unknown_revision_is_rejected_and_changes_nothing(empty_database_url: str) -> None:
    with pytest.raises(CommandError):
        migrations.upgrade(empty_database_url, "9999")

    assert migrations.current(empty_database_url) is None
    assert described(empty_database_url) == []


async def test_a_database_with_data_can_be_downgraded_and_upgraded_again(database_url: str, database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    project = await ada.write(projects.create, name="Chores")
    await ada.write(tasks.create, TaskDraft(title="Iron", project_id=project.id))
    await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")
    await database.close()
    before = described(database_url)

    migrations.downgrade(database_url, "base")

    assert described(database_url) == []
    assert migrations.current(database_url) is None
    migrations.upgrade(database_url)
    assert described(database_url) == before
    assert await Caller(database=database).register("ada")


async def test_a_session_survives_a_downgrade_and_loses_its_device(database_url: str, database: Database) -> None:
    ada = (await Caller(database=database).register("ada")).account
    begun = await ada.write(sessions.log_in, email="ada@example.com", password="ada")
    renewed = await ada.write(sessions.refresh, begun.refresh_token)
    assert isinstance(renewed, SessionTokens)
    await database.close()

    migrations.downgrade(database_url, "0002")
    migrations.upgrade(database_url)

    assert (await ada.read(account_log.page)).items == ()
    (session,) = (await ada.read(sessions.page)).items
    assert session == replace(renewed.session, device=None)
    assert isinstance(await ada.write(sessions.refresh, renewed.refresh_token), SessionTokens)
    ada.clock.now += Policy().refresh_grace
    assert isinstance(await ada.write(sessions.refresh, begun.refresh_token), SessionEnded)


@pytest.mark.parametrize("revision", ["0006", "0007"])
async def test_an_upgrade_counts_what_workspaces_store_and_loses_nothing(
    database_url: str, database: Database, revision: str
) -> None:
    ada = await Caller(database=database).register("ada")
    project = await ada.write(projects.create, name="Gärten", description="😀" * 300)
    task = await ada.write(tasks.create, TaskDraft(title="Säen", description="x" * 999, project_id=project.id))
    await ada.write(task_status.complete, task.id)
    await Caller(database=database).register("bob")
    taken = select(
        TABLES["workspaces"].c.id,
        TABLES["workspaces"].c.content_bytes,
        TABLES["workspaces"].c.log_bytes,
    ).order_by(TABLES["workspaces"].c.id)
    before = await database.rows(taken, {})
    found = await ada.read(tasks.get, task.id)
    await database.close()

    migrations.downgrade(database_url, revision)
    migrations.upgrade(database_url)

    assert await database.rows(taken, {}) == before
    assert min(row[1] for row in before) > 0
    assert await ada.read(tasks.get, task.id) == found
    assert await ada.write(task_status.reopen, task.id)


async def test_an_upgrade_finds_the_last_event_of_each_thing_in_a_change(database_url: str, database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    first, second = [await ada.write(tasks.create, TaskDraft(title=title)) for title in ("Sow", "Reap")]
    async with ada.unit() as uow:  # as in a batch
        for task_id, title in ((first.id, "a"), (second.id, "b"), (first.id, "c")):
            await tasks.update(uow, task_id, edit=TaskEdit(title=title))
        await uow.commit()
    names = ("revision", "sequence", "is_last")
    marked = select(*(TABLES["events"].c[name] for name in names)).order_by(
        *(TABLES["events"].c[name] for name in names)
    )
    before = await database.rows(marked, {})
    await database.close()

    migrations.downgrade(database_url, "0018")
    migrations.upgrade(database_url)

    assert await database.rows(marked, {}) == before
    assert [row[2] for row in before[-3:]] == [False, True, True]


async def content_of(caller: Caller) -> int:
    place = TABLES["workspaces"]
    row = await caller.database.row(select(place.c.content_bytes).where(place.c.id == caller.workspace_id), {})
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("revision", ["0015", "0014", "0010"])
async def test_a_downgrade_loses_what_the_older_version_does_not_know_and_no_longer_counts_it(
    database_url: str, database: Database, revision: str
) -> None:
    """0015 has no comments, 0014 has no trash, 0010 has no sections and labels either."""
    ada = await Caller(database=database).register("ada")
    kept = await ada.write(tasks.create, TaskDraft(title="Säen", description="tief"))
    plain = await content_of(ada)
    beds = await ada.write(sections.create, name="Bäume", project_id=kept.project_id)
    late = await ada.write(labels.create, name="Später")
    draft = TaskDraft(title="Ernten", section_id=beds.id, label_ids=[late.id], metadata={"ö": "ä"})
    other = await ada.write(tasks.create, draft)
    without_trash = await content_of(ada)
    project = await ada.write(projects.create, name="Gärten", description="😀" * 9)
    shed = await ada.write(sections.create, name="Häuschen", project_id=project.id)
    gone = await ada.write(labels.create, name="Dürr")
    draft = TaskDraft(title="Gießen", section_id=shed.id, label_ids=[gone.id], metadata={"ü": "ß"}, description="früh")
    parent = await ada.write(tasks.create, draft)
    child = await ada.write(tasks.create, TaskDraft(title="Häckseln", parent_id=parent.id))
    waiting = await ada.write(tasks.create, TaskDraft(title="Düngen", depends_on_ids=[child.id]))
    with_trash = await content_of(ada)
    await ada.write(comments.create, kept.id, text="Naß")
    await ada.write(comments.create, child.id, text="Größer")
    for delete, thing_id in (
        (task_deletions.delete, child.id),
        (labels.delete, gone.id),
        (projects.delete, project.id),
    ):
        await ada.write(delete, thing_id)
    await ada.write(task_deletions.delete, waiting.id)
    await database.close()

    migrations.downgrade(database_url, revision)
    migrations.upgrade(database_url)

    expected = {"0015": with_trash, "0014": without_trash, "0010": plain + row_bytes("Ernten")}
    assert await content_of(ada) == expected[revision]
    assert (await ada.read(tasks.get, kept.id)).title == kept.title
    if revision == "0015":
        assert (await ada.write(restoring.project, project.id)).name == "Gärten"
        assert (await ada.write(restoring.task, child.id)).parent_id == parent.id
        return
    assert (await ada.read(trash.page)).items == ()
    for restore, thing_id in ((restoring.project, project.id), (restoring.task, child.id)):
        with pytest.raises(NotFound):
            await ada.write(restore, thing_id)
    found = await ada.read(tasks.get, other.id)
    assert (found.section_id, found.label_ids) == ((beds.id, (late.id,)) if revision == "0014" else (None, ()))
    await ada.write(task_deletions.delete, other.id)
    assert (await ada.write(restoring.task, other.id)).title == other.title


async def test_a_downgrade_leaves_tasks_due_that_recurred_and_no_longer_counts_their_rules(
    database_url: str, database: Database
) -> None:
    ada = await Caller(database=database).register("ada")
    due = WallClock(date=dt.date(2027, 3, 1), time=dt.time(9), time_zone="Europe/Berlin")
    kept, gone = [await ada.write(tasks.create, TaskDraft(title=title, due=due)) for title in ("Gießen", "Säen")]
    plain = await content_of(ada)
    for task in (kept, gone):
        await ada.write(tasks.update, task.id, edit=TaskEdit(recurrence=RecurrencePatch(rule="FREQ=DAILY")))
    await ada.write(task_deletions.delete, gone.id)
    assert await content_of(ada) == plain + 2 * len("FREQ=DAILY")
    await database.close()

    migrations.downgrade(database_url, "0025")
    migrations.upgrade(database_url)

    assert await content_of(ada) == plain
    found = await ada.read(tasks.get, kept.id)
    assert (found.due, found.recurrence) == (due, None)
    assert (await ada.write(restoring.task, gone.id)).recurrence is None


async def test_a_running_server_sees_the_revision_of_the_schema(database: Database, empty_database_url: str) -> None:
    assert await readiness.current(database) == migrations.head()
    empty = Database(empty_database_url)
    assert await readiness.current(empty) is None
    await empty.close()


async def test_a_downgrade_loses_completions_and_no_longer_counts_them(database_url: str, database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    draft = TaskDraft(
        title="Water", due=WallClock(date=ada.clock.now.date()), recurrence=RecurrenceDraft(rule="FREQ=DAILY")
    )
    task = await ada.write(tasks.create, draft)
    subtask = await ada.write(tasks.create, TaskDraft(title="Fill the can", parent_id=task.id))
    await ada.write(task_status.complete, subtask.id)
    plain = await content_of(ada)
    now = await ada.write(task_status.complete, task.id)
    assert await content_of(ada) > plain
    await database.close()

    migrations.downgrade(database_url, "0026")
    migrations.upgrade(database_url)

    assert await content_of(ada) == plain
    assert (await ada.read(completions.page, task.id)).items == ()
    assert now.recurrence
    kept = replace(now, recurrence=replace(now.recurrence, completion_id=None))
    assert await ada.write(task_status.reopen, task.id) == kept


async def test_a_downgrade_loses_what_reminders_that_fired_were_for_and_keeps_that_they_did(
    database_url: str, database: Database
) -> None:
    ada = await Caller(database=database).register("ada")
    due = WallClock(date=dt.date(2027, 3, 1), time=dt.time(9), time_zone="Europe/Berlin")
    draft = TaskDraft(title="Water", due=due, recurrence=RecurrenceDraft(rule="FREQ=DAILY"))
    task = await ada.write(tasks.create, draft)
    reminder = await ada.write(reminders.create, task.id, at=ada.clock.now + dt.timedelta(hours=1))

    async def fire_and_list(number: int) -> Sequence[FiredReminder]:
        ada.clock.now += dt.timedelta(days=1)
        assert await replace(ada.account, principal=None).write(due_reminders.fire, ada.workspace_id, [reminder.id])
        async with ada.account.unit() as uow:
            return await uow.fired_reminders.between(ada.user_id, after=0, to=number, limit=9)

    (before,) = await fire_and_list(1)
    assert (before.due, before.occurrence) == (due, due)
    await database.close()

    migrations.downgrade(database_url, "0027")
    migrations.upgrade(database_url)

    await ada.write(reminders.update, task.id, reminder.id, at=ada.clock.now + dt.timedelta(hours=1))
    first, second = await fire_and_list(2)
    assert first == replace(before, due=None, occurrence=None)
    assert (second.number, second.due, second.occurrence) == (2, due, due)
