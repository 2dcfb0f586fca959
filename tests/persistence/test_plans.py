"""Every statement that a handler can run is served by an index, on tables large enough for one.

"Served" means: no table is read whole, no row is filtered out after it was read, and no more rows are sorted than a
page of each status. On PostgreSQL this must hold for the plan for given parameters and for the generic plan that
PostgreSQL changes to later.
"""

import datetime as dt
import inspect
import pkgutil
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

import domain
from app.jobs.purge import purges
from app.main import URN_PREFIX, build
from app.settings import Settings
from domain import (
    account_changes,
    account_log,
    activity,
    change_cursors,
    changes,
    comments,
    completions,
    due_reminders,
    email_addresses,
    identities,
    invitations,
    labels,
    members,
    passwords,
    projects,
    queued_emails,
    registration,
    reminder_upkeep,
    reminders,
    restoring,
    sections,
    sessions,
    single_links,
    task_deletions,
    task_lists,
    task_moves,
    task_status,
    tasks,
    tokens,
    trash,
    users,
    workspaces,
)
from domain.change_cursors import Completed
from domain.identities import ExternalIdentity
from domain.model.activity import ActivityFilter
from domain.model.changes import CHANGE_TYPES, ChangeType, LogPlace
from domain.model.identities import Identity
from domain.model.streams import Topics
from domain.model.tasks import Bucket, SortKey, Status, TaskQuery
from domain.policy import Policy
from domain.principals import Principal
from domain.queued_emails import RenderedEmail
from domain.sessions import SessionEnded
from domain.task_lists import TaskFilter, TaskSort
from domain.task_moves import TaskDestination
from domain.task_recurrence import RecurrenceDraft
from domain.tasks import TaskDraft, TaskEdit
from domain.tokens import TokenDraft
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import WallClock
from domain.zones import DATA_VERSION
from persistence import log_purges, many_grants, uses
from persistence import sessions as session_rows
from persistence import tokens as token_rows
from persistence.database import Database
from persistence.identities import recognise
from persistence.repositories import metadata
from persistence.sent_statements import SentStatement
from persistence.wakeups import Wakeups
from tests.support.clients import Client, register
from tests.support.databases import AT_LENGTH, PostgresDatabases, run_elsewhere
from tests.support.defaults import NOON
from tests.support.matrix import Operation
from tests.support.prepared import OPERATIONS, prepared
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.service_callers import Caller
from tests.support.statements import Plan, overheard, plans_of, rows_read
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

ROOT = Path(__file__).parents[2]
TABLES = metadata.tables

OWNERS = 2000
TASKS = {0: 12_000} | dict.fromkeys(range(1, 41), 100)
"""The number of tasks of each of the first workspaces."""

pytestmark = pytest.mark.unmeasured


def numbered(kind: int, number: int) -> UUID:
    return UUID(int=(kind << 64) + number)


def user(number: int) -> UUID:
    return numbered(1, number % OWNERS)


def session(number: int) -> UUID:
    return numbered(2, number % OWNERS)


def workspace(number: int) -> UUID:
    return numbered(3, number % OWNERS)


def project(of: int, number: int) -> UUID:
    return numbered(4, of * 10 + number)


def section(of: int, number: int) -> UUID:
    return numbered(10, of * 10 + number)


def label(of: int, number: int) -> UUID:
    return numbered(9, of * 100 + number % 50)


def assignee(of: int, number: int) -> UUID:
    """One of the first of the members, who are known by their numbers below."""
    return user(of * 7 + number % 3)


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


IN_BULK = {
    "comments",
    "completions",
    "tasks",
    "projects",
    "sections",
    "labels",
    "task_labels",
    "task_assignees",
    "task_dependencies",
}
"""Large tables. The sessions and memberships of one user are few enough to be sorted and filtered."""
MIDDLE: Mapping[str, SortKey] = {
    "position": "c06000",
    "due": "2026-06-01~",
    "priority": 2,
    "created_at": NOON + dt.timedelta(seconds=500_000),
    "updated_at": NOON + dt.timedelta(seconds=500_000),
}
TIMES = {"created_at": NOON, "updated_at": NOON}
KEPT = Policy().log_retention + dt.timedelta(days=2)
TOMORROW = NOON + dt.timedelta(days=1)
ISSUER = "https://login.example"


def session_end(number: int) -> dt.datetime:
    """Sessions, half of which have expired."""
    return TOMORROW - dt.timedelta(minutes=2 * number)


def account_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    yield (
        insert(TABLES["users"]),
        [
            {
                "id": user(n),
                "email": str(n),
                "email_key": str(n),
                "password_hash": "hash of pw",
                "name": "x",
                "time_zone": "UTC",
            }
            | {"reminders_fired": 5, "revision": 1, **TIMES}
            for n in range(OWNERS)
        ],
    )
    yield (
        insert(TABLES["sessions"]),
        [
            {
                "id": session(n),
                "user_id": user(n),
                "created_at": NOON,
                "last_refreshed_at": NOON,
                "expires_at": session_end(n),
            }
            for n in range(OWNERS)
        ],
    )
    yield (
        insert(TABLES["personal_tokens"]),
        [
            {"id": numbered(6, n), "user_id": user(n), "name": "x", "digest": digest(n), "scopes": {"read"}}
            | {"created_at": NOON, "expires_at": TOMORROW - dt.timedelta(days=2) * (n % 100 == 99)}
            for n in range(OWNERS)
        ],
    )
    yield (
        insert(TABLES["account_events"]),
        [
            {"id": numbered(8, n), "user_id": user(n), "type": "session.started"}
            | {"recorded_at": NOON - dt.timedelta(days=n % 500)}
            for n in range(5 * OWNERS)
        ],
    )
    yield (
        insert(TABLES["identities"]),
        [{"issuer": ISSUER, "subject": str(n), "user_id": user(n), "created_at": NOON} for n in range(OWNERS)],
    )
    for table in (TABLES["access_tokens"], TABLES["refresh_tokens"]):
        yield (
            insert(table),
            [{"digest": digest(n), "session_id": session(n), "expires_at": session_end(n)} for n in range(OWNERS)],
        )


def mail_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    """Tokens, half of which have expired, and e-mails that wait."""
    yield (
        insert(TABLES["one_time_tokens"]),
        [
            {"digest": digest(OWNERS + n), "kind": "reset", "user_id": user(n), "email_key": str(n)}
            | {"expires_at": NOON + dt.timedelta(minutes=n - OWNERS // 2)}
            for n in range(OWNERS)
        ],
    )
    yield (
        insert(TABLES["outbox"]),
        [
            {"id": numbered(8, n), "kind": "verification", "email": f"w{n}", "email_key": f"w{n}", "user_id": user(n)}
            | {"created_at": NOON, "due_at": NOON + dt.timedelta(minutes=n), "attempts": 1}
            for n in range(OWNERS)
        ],
    )

    yield (
        insert(TABLES["mail_pauses"]),
        [
            {"kind": "invitation", "email_key": str(n), "sent_at": NOON - dt.timedelta(seconds=n - OWNERS // 2)}
            for n in range(OWNERS)
        ],
    )


def workspace_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    yield (
        insert(TABLES["workspaces"]),
        [
            {"id": workspace(n), "name": "x", "personal": n > 0, "head": 2 * 10**6, "revision": 1, **TIMES}
            | {"log_day": NOON.toordinal() - 200 * (n == 0)}
            for n in range(OWNERS)
        ],
    )
    yield (
        insert(TABLES["members"]),
        [
            {
                "workspace_id": workspace(n),
                "user_id": user(n * 7 + m),
                "role": "owner",
                "name": "x",
                "revision": 1,
                **TIMES,
            }
            for n in range(OWNERS)
            for m in range(3)
        ],
    )
    yield (
        insert(TABLES["departures"]),
        [
            {"user_id": user(n), "departed_at": NOON - dt.timedelta(days=30 * m), "workspace_id": numbered(14, n)}
            for n in range(OWNERS)
            for m in range(5)
        ],
    )
    yield (
        insert(TABLES["fired_reminders"]),
        [
            {
                "user_id": user(n),
                "number": m + 1,
                "reminder_id": numbered(15, n),
                "workspace_id": workspace(n),
                "task_id": numbered(16, n),
                "fires_at": NOON - dt.timedelta(days=30 * m),
                "fired_at": NOON - dt.timedelta(days=30 * m),
            }
            for n in range(OWNERS)
            for m in range(5)
        ],
    )
    yield (
        insert(TABLES["invitations"]),
        [
            {"workspace_id": workspace(n), "id": numbered(8, n), "email": str(n), "email_key": str(n), "role": "viewer"}
            | {"digest": digest(n), "invited_by": user(n), "created_at": NOON}
            | {"expires_at": TOMORROW - dt.timedelta(days=2) * (n % 100 == 99)}
            for n in range(OWNERS)
        ],
    )
    yield (
        insert(TABLES["projects"]),
        [
            {"workspace_id": workspace(n), "id": project(n, m), "name": "x", "description": "", "is_inbox": m == 0}
            | {"archived_at": NOON if m % 3 == 1 else None, "position": f"a{m}", "revision": 1, **TIMES}
            for n in range(OWNERS)
            for m in range(5)
        ],
    )
    yield (
        insert(TABLES["sections"]),
        [
            {"workspace_id": workspace(n), "id": section(n, m), "project_id": project(n, m), "name": "x"}
            | {"position": f"a{m}", "revision": 1, **TIMES}
            for n in range(OWNERS)
            for m in range(5)
        ]
        + [
            {"workspace_id": workspace(0), "id": numbered(10, 100_000 + m), "project_id": project(0, m % 5)}
            | {"name": "x", "position": f"b{m:03}", "revision": 1, **TIMES}
            for m in range(500)
        ],
    )
    yield (
        insert(TABLES["labels"]),
        [
            {"workspace_id": workspace(n), "id": label(n, m), "name": str(m), "name_key": str(m)}
            | {"position": f"a{m}", "revision": 1, **TIMES}
            for n in range(OWNERS)
            for m in range(50 if n in TASKS else 5)
        ],
    )
    yield insert(TABLES["tasks"]), [task_row(of, n) for of, count in TASKS.items() for n in range(count)]
    yield (
        insert(TABLES["task_labels"]),
        [
            {"workspace_id": workspace(of), "task_id": numbered(5, of * 100_000 + n), "label_id": label(of, n)}
            for of, count in TASKS.items()
            for n in range(count)
        ],
    )
    yield (
        insert(TABLES["task_assignees"]),
        [
            {"workspace_id": workspace(of), "task_id": numbered(5, of * 100_000 + n), "user_id": assignee(of, n)}
            for of, count in TASKS.items()
            for n in range(count)
        ],
    )
    yield (
        insert(TABLES["comments"]),
        [
            {"workspace_id": workspace(of), "id": numbered(11, of * 100_000 + n), "author_id": user(of), "text": "x"}
            | {"task_id": numbered(5, of * 100_000 + n - n % 10), "revision": 1}
            | {"created_at": NOON + dt.timedelta(seconds=n)}
            for of, count in TASKS.items()
            for n in range(count)
        ],
    )


def completion_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    """Every hundredth task has a hundred."""
    yield (
        insert(TABLES["completions"]),
        [
            {"workspace_id": workspace(of), "id": numbered(17, of * 100_000 + n), "kind": "completed"}
            | {"task_id": numbered(5, of * 100_000 + n - n % 100), "completed_by": user(of), "is_last": False}
            | {"occurrence_date": NOON.date(), "due_date": NOON.date(), "series_start_date": NOON.date()}
            | {"completed_at": NOON + dt.timedelta(seconds=n), "occurrence_since": NOON, "reopened": ""}
            for of, count in TASKS.items()
            for n in range(count)
        ],
    )


def reminder_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    """Each task has one. A fourth of them have yet to fire, some of which are late, or of older zone data."""
    yield (
        insert(TABLES["reminders"]),
        [
            {"workspace_id": workspace(of), "id": numbered(15, of * 100_000 + n), "user_id": user(of * 7 + n % 50)}
            | {"task_id": numbered(5, of * 100_000 + n), "before_due": 30, "revision": 1, **TIMES}
            | {"fires_at": NOON + dt.timedelta(minutes=n - 50) if n % 4 == 0 else None}
            | {"zone_data": ("2020a" if n % 100 == 0 else DATA_VERSION) if n % 4 == 0 else None}
            for of, count in TASKS.items()
            for n in range(count)
        ],
    )
    yield (
        insert(TABLES["stale_reminders"]),
        [
            {"workspace_id": workspace(n), "user_id": user(n * 7 + m), "after": None}
            for n in range(0, OWNERS, 3)
            for m in range(3)
        ],
    )


def trash_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    """Deletions, some of which have expired, and a task and a section that each of them took."""
    numbers = [(of, n) for of, count in TASKS.items() for n in range(count // 4)]
    yield (
        insert(TABLES["trash"]),
        [
            {"workspace_id": workspace(of), "id": numbered(11, of * 100_000 + n), "kind": "task", "title": "x"}
            | {"thing_id": numbered(12, of * 100_000 + n), "deleted_at": NOON, "deleted_by": user(of), "taken": 1}
            | {"expires_at": TOMORROW - dt.timedelta(days=2) * (n % 100 == 99), "is_restoring": False}
            for of, n in numbers
        ],
    )
    trashed = [(numbered(12, of * 100_000 + n), of, n) for of, n in numbers]
    yield (
        insert(TABLES["tasks"]),
        [{**task_row(of, n), "id": task_id, "trash_id": numbered(11, of * 100_000 + n)} for task_id, of, n in trashed],
    )
    yield (
        insert(TABLES["sections"]),
        [
            {"workspace_id": workspace(of), "id": numbered(13, of * 100_000 + n), "project_id": project(of, n % 5)}
            | {"name": "x", "position": "a0", "revision": 1, "trash_id": numbered(11, of * 100_000 + n), **TIMES}
            for of, n in numbers
        ],
    )


def dependency_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    """Each task depends on the one before, every tenth on ten, and a hundred on the first."""
    yield (
        insert(TABLES["task_dependencies"]),
        [
            {
                "workspace_id": workspace(of),
                "task_id": numbered(5, of * 100_000 + n),
                "depends_on_id": numbered(5, of * 100_000 + m),
            }
            for of, count in TASKS.items()
            for n in range(1, count)
            for m in {n - 1} | (set(range(max(0, n - 10), n)) if n % 10 == 0 else set()) | ({0} if n < 100 else set())
        ],
    )


def log_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    """Events with numbers below the head. The logs of the first workspaces also have deleted resources."""
    members = [(n, "member.added", user(n * 7 + m)) for n in range(OWNERS) for m in range(3)]
    created = [(of, "task.created", numbered(5, of * 100_000 + n)) for of, count in TASKS.items() for n in range(count)]
    deleted = [(of, "task.deleted", numbered(6, of * 100_000 + n)) for of, count in TASKS.items() for n in range(count)]
    for table, column, rows in (
        (TABLES["events"], "type", [*members, *created, *deleted]),
        (TABLES["tombstones"], "kind", deleted),
    ):
        yield (
            insert(table),
            [
                {"workspace_id": workspace(of), "revision": 10**6 + n, "sequence": 1, column: kind, "entity_id": entity}
                | (
                    {"recorded_at": NOON - KEPT * (of == 0 and n < 10), "body": "{}"}
                    if table is TABLES["events"]
                    else {"deleted_at": NOON - KEPT * (of == 0 and n < 10)}
                )
                for n, (of, kind, entity) in enumerate(rows)
            ],
        )


def idempotency_rows() -> Iterator[tuple[Insert, list[dict[str, object]]]]:
    spaces = [space for n in range(OWNERS) for space in (workspace(n), user(n))]
    yield (
        insert(TABLES["client_ids"]),
        [{"space_id": space, "id": numbered(5, n), "request": digest(n)} for n, space in enumerate(spaces * 3)],
    )
    yield (
        insert(TABLES["idempotency_keys"]),
        [
            {"space_id": space, "user_id": user(n), "key": str(n), "request": digest(n), "response": b"200"}
            | {"recorded_at": NOON - dt.timedelta(minutes=n % 2000)}
            for n, space in enumerate(spaces * 3)
        ],
    )


def task_row(of: int, number: int) -> dict[str, object]:
    chance = random.Random(f"{of} {number}")  # noqa: S311 -- no secret
    completed = chance.random() < 0.5
    place = chance.randrange(5)
    due = None if chance.random() < 0.3 else dt.date(2026, 1, 1) + dt.timedelta(days=chance.randrange(365))
    return {
        "workspace_id": workspace(of),
        "id": numbered(5, of * 100_000 + number),
        "project_id": project(of, place),
        "section_id": section(of, place) if number % 2 else None,
        "parent_id": numbered(5, of * 100_000 + number - number % 10) if number % 10 else None,
        "title": "A title of the usual length",
        "description": "A description of the usual length, which is short. " * 3,
        "status": "completed" if completed else "open",
        "priority": chance.randrange(5),
        "due_date": due,
        "due_key": f"{due}~" if due else "~",
        "label_ids": label(of, number).hex,
        "assignee_ids": assignee(of, number).hex,
        "metadata": "",
        "position": f"c{number:05}",
        "completed_at": NOON if completed else None,
        "created_by": user(of),
        "created_at": NOON + dt.timedelta(seconds=chance.randrange(10**6)),
        "updated_at": NOON + dt.timedelta(seconds=chance.randrange(10**6)),
        "revision": number,
    }


@pytest.fixture(scope="module")
def full_database_url(module_database_url: str) -> str:
    async def fill() -> None:
        await write(module_database_url, lambda _row: True)
        await say(module_database_url, "ANALYZE")

    run_elsewhere(fill)
    return module_database_url


async def write(url: str, is_wanted: Callable[[Mapping[str, object]], bool]) -> None:
    """Write all rows that are wanted, in one transaction."""
    database = Database(url)
    transaction = await database.begin()
    filled = (
        account_rows,
        mail_rows,
        workspace_rows,
        completion_rows,
        reminder_rows,
        trash_rows,
        dependency_rows,
        log_rows,
        idempotency_rows,
    )
    for statement, rows in (each for rows_of in filled for each in rows_of()):
        if wanted := [row for row in rows if is_wanted(row)]:
            await transaction.run(statement, wanted)
    await transaction.commit()
    await transaction.close()
    await database.close()


async def say(url: str, *statements: str) -> None:
    async with connected(url) as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


@pytest.fixture(params=["outdated", "none"] if AT_LENGTH else ["outdated"])
def outdated_database_url(request: pytest.FixtureRequest, postgres_databases: PostgresDatabases) -> Iterator[str]:
    """A database without statistics, or with those of small workspaces only, and of nothing in the trash."""
    url = postgres_databases.migrated()

    def is_known(row: Mapping[str, object]) -> bool:
        return row.get("workspace_id") != workspace(0) and row.get("trash_id") is None and "thing_id" not in row

    async def fill() -> None:
        await say(url, *(f"ALTER TABLE {name} SET (autovacuum_enabled = false)" for name in TABLES))
        await write(url, is_known)
        if request.param == "outdated":
            await say(url, "ANALYZE")
        await write(url, lambda row: not is_known(row))

    run_elsewhere(fill)
    yield url
    postgres_databases.remove(url)


@pytest.fixture
async def connection(full_database_url: str) -> AsyncIterator[AsyncConnection]:
    async with connected(full_database_url) as connection:
        yield connection


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


@pytest.fixture
async def full_database(full_database_url: str) -> AsyncIterator[Database]:
    database = Database(full_database_url)
    yield database
    await database.close()


@pytest.fixture
def ada(full_database: Database) -> Caller:
    """The first user, in the workspace with the most tasks."""
    return caller(full_database, 0)


def caller(database: Database, number: int) -> Caller:
    principal = Principal(user_id=user(number))
    return Caller(database=database, principal=principal, workspace=workspace(0))


async def call_user_services(ada: Caller) -> None:
    await ada.account.read(users.get_me)
    page = await ada.account.read(account_log.page, limit=1)
    await ada.account.read(account_log.page, cursor=page.next_cursor)
    await ada.account.write(users.update, name="y")
    await ada.account.write(passwords.change, current_password="pw", new_password="new")
    await ada.account.read(passwords.require_account, email="3")
    await ada.account.write(passwords.set_by_operator, email="3", new_password="new")
    await ada.account.write(registration.register, email="new", password="pw", name="x", time_zone="UTC")
    await caller(ada.database, 500).account.write(users.delete)


async def call_mail_services(ada: Caller) -> None:
    nobody = replace(ada.account, principal=None)
    await ada.account.write(email_addresses.send_verification)
    await nobody.write(passwords.request_reset, email="5")
    await caller(ada.database, 9).account.write(email_addresses.change, email="other", current_password="pw")
    ada.clock.now += dt.timedelta(days=1)  # after those that already wait
    assert await nobody.read(queued_emails.are_due)
    rendered_emails = {}
    for queued_email in await nobody.write(queued_emails.claim, limit=2 * OWNERS):
        if queued_email.email in {"0", "5", "other"} and isinstance(
            rendered_email := await nobody.write(queued_emails.write, queued_email), RenderedEmail
        ):
            rendered_emails[rendered_email.kind] = rendered_email
            await nobody.write(queued_emails.forget, queued_email)
    await nobody.write(email_addresses.verify, rendered_emails["verification"].token)
    await nobody.write(email_addresses.verify, rendered_emails["email_change"].token)
    await nobody.write(passwords.reset, rendered_emails["reset"].token, new_password="new")


async def call_identity_services(ada: Caller) -> None:
    mine = Identity(issuer=ISSUER, subject="0")
    assert await recognise(ada.database, mine, workspace_id=ada.workspace_id) is not None
    nobody = Caller(database=ada.database)
    await nobody.write(identities.provision, ExternalIdentity(identity=Identity(issuer=ISSUER, subject="new")))


async def call_session_services(ada: Caller) -> None:
    await session_rows.authenticate(ada.database, digest(0), workspace_id=ada.workspace_id, now=NOON)
    begun = await ada.account.write(sessions.log_in, email="1", password="pw")
    bob = caller(ada.database, 1).account
    page = await bob.read(sessions.page, limit=1)
    await bob.read(sessions.page, cursor=page.next_cursor or "none")
    for _ in range(2):
        await ada.account.write(sessions.refresh, begun.refresh_token)
    ada.clock.now += Policy().refresh_grace
    assert isinstance(await ada.account.write(sessions.refresh, begun.refresh_token), SessionEnded)
    mine = (await ada.account.write(sessions.log_in, email="1", password="pw")).session
    in_it = replace(ada.account, principal=Principal(user_id=mine.user_id, session_id=mine.id))
    await in_it.read(sessions.get, mine.id)
    await in_it.read(sessions.get_current)
    await in_it.write(sessions.end, mine.id)
    mine = (await ada.account.write(sessions.log_in, email="1", password="pw")).session
    await replace(in_it, principal=Principal(user_id=mine.user_id, session_id=mine.id)).write(sessions.end_current)
    await ada.account.write(sessions.end_all)


async def call_stream_lookups(ada: Caller) -> None:
    """What the open streams of a process ask for together, and what one reads."""
    kinds: tuple[set[ChangeType] | None, ...] = (None, {"task"}, {"task", "label"})
    for types in kinds:
        async with ada.unit() as uow:
            assert await uow.changes.logged(ada.workspace_id, after=LogPlace.end_of(1), limit=50, types=types)
    places = [workspace(number) for number in range(5)]  # of more, the planner rightly reads these small tables whole
    own = [(digest(number), place) for number, place in enumerate(places)]
    await many_grants.of_sessions(ada.database, own, now=NOON)
    await many_grants.of_tokens(ada.database, own, now=NOON)
    external = [(Identity(issuer=ISSUER, subject=str(number)), place) for number, place in enumerate(places)]
    await many_grants.of_identities(ada.database, external)
    wakeups = Wakeups()
    topics = Topics(workspace_ids=frozenset(places), user_ids=frozenset(map(user, range(5))))
    with wakeups.subscribe(topics):
        await wakeups.look_around(ada.database)


async def call_token_services(ada: Caller) -> None:
    await token_rows.authenticate(ada.database, digest(0), workspace_id=ada.workspace_id, now=NOON)
    draft = TokenDraft(name="x", scopes=frozenset({"read"}), workspace_ids=frozenset({ada.workspace_id}))
    issued = await ada.account.write(tokens.create, draft)
    page = await ada.account.read(tokens.page, limit=1)
    await ada.account.read(tokens.page, cursor=page.next_cursor or "none")
    await ada.account.read(tokens.get, issued.token.id)
    await ada.account.read(tokens.get_current)
    async with ada.database.transaction() as transaction:
        await uses.write(transaction, sessions={session(0): NOON}, tokens={issued.token.id: NOON})
    await ada.account.write(tokens.delete, issued.token.id)


async def call_workspace_services(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="z")
    page = await ada.account.read(workspaces.page, limit=1)
    await ada.account.read(workspaces.page, cursor=page.next_cursor)
    limited = Principal(user_id=ada.user_id, workspace_ids=frozenset({ada.workspace_id, created.id}))
    page = await replace(ada.account, principal=limited).read(workspaces.page, limit=1)
    await replace(ada.account, principal=limited).read(workspaces.page, cursor=page.next_cursor)
    await ada.read(workspaces.get)
    await ada.write(workspaces.update, name="z")
    await ada.in_workspace(created.id).write(workspaces.delete)


async def call_account_changes(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="z")
    limited = replace(ada.account, principal=Principal(user_id=ada.user_id, workspace_ids=frozenset({created.id})))
    cursors = [(of, (await of.read(account_changes.page)).next_cursor) for of in (ada.account, limited)]
    await ada.in_workspace(created.id).write(workspaces.delete)
    for of, cursor in cursors:
        (left,) = (await of.read(account_changes.page, cursor=cursor)).items
        assert left.workspace_id == created.id
    async with ada.account.unit() as uow:
        assert len(await uow.fired_reminders.between(ada.user_id, after=2, to=4, limit=50)) == 2


async def call_member_services(ada: Caller) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="z")).id)
    guest = await home.add_member(caller(ada.database, 7), role="editor")
    page = await home.read(members.page, limit=1)
    await home.read(members.page, cursor=page.next_cursor or "none")
    await home.read(members.get, guest.user_id)
    await home.write(members.change_role, guest.user_id, role="viewer")
    task = await home.write(tasks.create, TaskDraft(title="z", assignee_ids=[guest.user_id]))
    await home.write(single_links.remove_assignee, task.id, user_id=guest.user_id)
    await home.write(single_links.add_assignee, task.id, user_id=guest.user_id)
    await home.write(members.remove, guest.user_id)
    again = await home.add_member(caller(ada.database, 7), role="editor")
    await again.write(members.leave)


async def call_invitation_services(ada: Caller) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="z")).id)
    invitation = (await home.write(invitations.create, email="z", role="editor")).invitation
    await home.write(invitations.create, email="zz", role="editor")
    page = await home.read(invitations.page, limit=1)
    await home.read(invitations.page, cursor=page.next_cursor or "none")
    await home.read(invitations.get, invitation.id)
    token = await home.send_invitation(invitation)
    await caller(ada.database, 8).account.write(invitations.accept, token)
    token = await home.send_invitation((await home.write(invitations.create, email="y", role="editor")).invitation)
    nobody = Caller(database=ada.database)
    await nobody.write(
        registration.register, email="y", password="xy", name="y", time_zone="UTC", invitation_token=token
    )
    other = (await home.write(invitations.create, email="z", role="editor")).invitation
    await home.write(invitations.delete, other.id)


async def call_project_services(ada: Caller) -> None:
    chores = await ada.write(projects.create, name="z")
    for archived in (False, True):
        page = await ada.read(projects.page, archived=archived, limit=1)
        await ada.read(projects.page, archived=archived, limit=1, cursor=page.next_cursor)
    await ada.read(projects.get, chores.id)
    await ada.write(projects.update, chores.id, name="zz")
    await ada.write(projects.move, chores.id, before=project(0, 0))
    await ada.write(projects.archive, chores.id)
    await ada.write(projects.unarchive, chores.id)
    await ada.write(projects.delete, chores.id)


async def call_section_services(ada: Caller) -> None:
    section = await ada.write(sections.create, name="Beds", project_id=project(0, 0))
    await ada.write(sections.update, section.id, name="Bed")
    for of in (None, project(0, 0)):
        first = await ada.read(sections.page, project_id=of, limit=1)
        await ada.read(sections.page, project_id=of, limit=1, cursor=first.next_cursor)
    await ada.write(tasks.create, TaskDraft(title="z", section_id=section.id))
    await ada.write(sections.move, section.id, project_id=project(0, 2))
    await ada.write(sections.delete, section.id)


async def call_label_services(ada: Caller) -> None:
    label = await ada.write(labels.create, name="Wet")
    await ada.write(labels.update, label.id, name="Dry")
    await ada.write(labels.move, label.id, before=(await ada.read(labels.page, limit=1)).items[0].id)
    await ada.read(labels.page)
    await ada.read(labels.page, limit=1, cursor=(await ada.read(labels.page, limit=1)).next_cursor)
    task = await ada.write(tasks.create, TaskDraft(title="z", label_ids=[label.id]))
    await ada.write(single_links.remove_label, task.id, label_id=label.id)
    await ada.write(single_links.add_label, task.id, label_id=label.id)
    await ada.write(labels.delete, label.id)


async def call_task_services(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="z"))
    await ada.write(tasks.create, TaskDraft(title="z", project_id=project(0, 0)))
    await ada.read(tasks.get, task.id)
    await ada.write(tasks.create, TaskDraft(title="y", parent_id=task.id))
    for status in (None, "open"):
        filters = TaskFilter(parent_id=task.id, status=status)
        await ada.read(task_lists.page, filters=filters, sort="due", limit=1)
    other = await ada.write(tasks.create, TaskDraft(title="z", section_id=section(0, 0)))
    for to in (TaskDestination(after=other.id), TaskDestination(parent_id=other.id), TaskDestination(section_id=None)):
        await ada.write(task_moves.move, task.id, to=to)
    statuses: tuple[Status | None, ...] = (None, "open")
    sorts: tuple[TaskSort, ...] = ("position", "-position")
    for of, which, sort in product((None, project(0, 0)), statuses, sorts):
        filters = TaskFilter(project_id=of, status=which)
        first = await ada.read(task_lists.page, filters=filters, sort=sort, limit=1)
        await ada.read(task_lists.page, filters=filters, sort=sort, limit=50, cursor=first.next_cursor)
    await ada.write(tasks.update, task.id, edit=TaskEdit(title="zz"))
    await ada.write(task_status.complete, task.id)
    await ada.write(task_status.cancel, task.id)
    await ada.write(task_status.reopen, task.id)
    await ada.write(task_deletions.delete, task.id)


async def call_dependency_services(ada: Caller) -> None:
    first = await ada.write(tasks.create, TaskDraft(title="x"))
    second = await ada.write(tasks.create, TaskDraft(title="y", depends_on_ids=[first.id, numbered(5, 9)]))
    await ada.write(tasks.update, second.id, edit=TaskEdit(depends_on_ids=[first.id]))
    await ada.write(single_links.remove_dependency, second.id, depends_on_id=first.id)
    await ada.write(single_links.add_dependency, second.id, depends_on_id=first.id)
    await ada.write(task_status.complete, first.id)
    await ada.write(task_status.reopen, first.id)
    await ada.write(task_deletions.delete, first.id)


async def call_comment_services(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="z"))
    comment, _ = [await ada.write(comments.create, task.id, text="Not yet") for _ in range(2)]
    await ada.read(comments.get, task.id, comment.id)
    page = await ada.read(comments.page, task.id, limit=1)
    await ada.read(comments.page, task.id, limit=1, cursor=page.next_cursor)
    await ada.write(comments.update, task.id, comment.id, text="Now")
    await ada.write(comments.delete, task.id, comment.id)
    await ada.write(restoring.comment, task.id, comment.id)
    await ada.write(task_deletions.delete, task.id)
    await ada.write(restoring.task, task.id)


async def call_due_reminders(ada: Caller) -> None:
    """Those of one workspace, in which others have some too, and those of all."""
    nobody = Caller(database=ada.database)
    (found, *_) = await nobody.read(due_reminders.first, within=dt.timedelta(days=1), without={workspace(3)})
    nobody.clock.now += dt.timedelta(days=1)
    assert await nobody.write(due_reminders.fire, found.workspace_id, [found.reminder_id]) == 1


async def call_completion_services(ada: Caller) -> None:
    page = await ada.read(completions.page, numbered(5, 100), limit=1)
    assert page.next_cursor
    await ada.read(completions.page, numbered(5, 100), cursor=page.next_cursor)
    draft = TaskDraft(title="x", due=WallClock(date=NOON.date()), recurrence=RecurrenceDraft(rule="FREQ=DAILY"))
    task = await ada.write(tasks.create, draft)
    await ada.write(task_status.complete, task.id)
    await ada.write(task_status.skip, task.id)
    await ada.write(task_status.reopen, task.id)


async def call_reminder_services(ada: Caller) -> None:
    due = WallClock(date=dt.date(2030, 1, 1))
    task = await ada.write(tasks.create, TaskDraft(title="z", due=due))
    reminder, _ = [await ada.write(reminders.create, task.id, before_due=minutes) for minutes in (1, 2)]
    await ada.read(reminders.get, task.id, reminder.id)
    page = await ada.read(reminders.page, task.id, limit=1)
    await ada.read(reminders.page, task.id, limit=1, cursor=page.next_cursor)
    page = await ada.read(reminders.page_of_mine, limit=1)
    await ada.read(reminders.page_of_mine, limit=1, cursor=page.next_cursor)
    await ada.write(reminders.update, task.id, reminder.id, before_due=3)
    await ada.write(tasks.update, task.id, edit=TaskEdit(due=None))
    await ada.write(reminders.delete, task.id, reminder.id)
    await ada.account.write(users.update, reminder_time=dt.time(8))
    nobody = replace(ada.account, principal=None)
    assert await nobody.read(reminder_upkeep.stale)
    for user_id in (ada.user_id, user(1)):
        await nobody.write(reminder_upkeep.renew_stale, ada.workspace_id, user_id)
    outdated = await nobody.read(reminder_upkeep.outdated)
    here = [reminder_id for workspace_id, reminder_id in outdated if workspace_id == ada.workspace_id][:2]
    assert await nobody.write(reminder_upkeep.renew_outdated, ada.workspace_id, here)


async def call_trash_services(ada: Caller) -> None:
    chores = await ada.write(projects.create, name="Chores")
    beds = await ada.write(sections.create, name="Beds", project_id=chores.id)
    task = await ada.write(tasks.create, TaskDraft(title="z", section_id=beds.id))
    await ada.write(tasks.create, TaskDraft(title="y", parent_id=task.id))
    await ada.write(sections.delete, beds.id)
    for kind in (None, "section"):
        page = await ada.read(trash.page, kind=kind, limit=1)
        await ada.read(trash.page, kind=kind, limit=1, cursor=page.next_cursor)
    await ada.write(restoring.section, beds.id)
    await ada.write(projects.delete, chores.id)
    await ada.write(restoring.project, chores.id)


async def call_change_services(ada: Caller) -> None:
    windows: tuple[Completed, ...] = ("all", "30d", "none")
    for kind, completed in product(CHANGE_TYPES, windows):
        page = await ada.read(changes.page, types=[kind], completed=completed, limit=1)
        await ada.read(changes.page, types=[kind], completed=completed, limit=1, cursor=page.next_cursor)
    head = (await ada.read(workspaces.get)).head
    place = LogPlace.end_of(head)
    project = await ada.write(projects.create, name="z")
    section = await ada.write(sections.create, name="z", project_id=project.id)
    label = await ada.write(labels.create, name="Soon")
    task = await ada.write(tasks.create, TaskDraft(title="z", section_id=section.id, label_ids=[label.id]))
    await ada.write(comments.create, task.id, text="z")
    await ada.write(workspaces.update, name="yz")
    await ada.add_member(caller(ada.database, 7), role="editor")
    await ada.write(task_deletions.delete, (await ada.write(tasks.create, TaskDraft(title="z"))).id)
    cursor = change_cursors.encode(place, workspace_id=ada.workspace_id, types=None)
    found = await ada.read(changes.page, limit=50, cursor=cursor)
    assert {each.type for each in found.items} == set(CHANGE_TYPES)
    await ada.read(read_revisions)


async def read_revisions(uow: UnitOfWork) -> None:
    """As for events that come after many without an effect."""
    for kind in CHANGE_TYPES[1:]:
        await uow.changes.revisions(uow.workspace_id, kind, [numbered(5, number) for number in (1, 2)])


async def call_activity(ada: Caller) -> None:
    everything = ActivityFilter(
        actor_id=user(1), types=frozenset({"task.created"}), recorded_after=NOON, recorded_before=TOMORROW
    )
    of_task = replace(everything, entity_id=numbered(5, 1))
    for filters in (ActivityFilter(), ActivityFilter(entity_id=numbered(5, 1)), everything, of_task):
        await ada.read(activity.page, filters=filters)


async def call_idempotency(ada: Caller) -> None:
    for caller in (ada, ada.account):
        async with caller.unit() as uow:
            assert await uow.recall("new", digest(1)) is None
            assert await uow.claim(numbered(7, 1), digest(1)) == "new"
            assert await uow.claim(numbered(7, 1), digest(1)) == "repeated"
            await uow.record(b"200")
            await uow.commit()
        async with caller.unit() as uow:
            assert await uow.recall("new", digest(1)) == (digest(1), b"200")


async def call_purges(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="Sports Club")
    await ada.in_workspace(created.id).write(workspaces.delete)
    for purge in purges(ada.policy):
        transaction = await ada.database.begin()
        assert await purge(transaction, now=NOON)
        await transaction.close()


TOURS = [
    call_user_services,
    call_mail_services,
    call_identity_services,
    call_session_services,
    call_token_services,
    call_stream_lookups,
    call_workspace_services,
    call_account_changes,
    call_member_services,
    call_invitation_services,
    call_project_services,
    call_section_services,
    call_label_services,
    call_task_services,
    call_dependency_services,
    call_comment_services,
    call_due_reminders,
    call_completion_services,
    call_reminder_services,
    call_trash_services,
    call_change_services,
    call_activity,
    call_idempotency,
    call_purges,
]


TOURS_OF_TASKS = [
    call_member_services,
    call_project_services,
    call_section_services,
    call_label_services,
    call_task_services,
    call_dependency_services,
    call_comment_services,
    call_due_reminders,
    call_completion_services,
    call_reminder_services,
    call_trash_services,
]
FEW_COMMENTS = {"ix_comments_task_id"}
"""A task has at most 1,000 comments: all of them may be read and sorted."""


@pytest.mark.parametrize("tour", TOURS)
async def test_every_statement_of_every_service_is_served_by_an_index(
    ada: Caller, connection: AsyncConnection, tour: Callable[[Caller], Awaitable[None]]
) -> None:
    with overheard() as heard:
        await tour(ada)

    assert heard
    await require_indexes(connection, heard)


async def test_a_page_of_all_of_a_user_s_reminders_reads_each_with_its_task(
    ada: Caller, connection: AsyncConnection
) -> None:
    """Others have thousands in the workspace. SQLite counts its steps, of which a row takes fewer than 60."""
    with overheard() as heard:
        page = await ada.read(reminders.page_of_mine, limit=50)
        assert len((await ada.read(reminders.page_of_mine, limit=50, cursor=page.next_cursor)).items) == 50
    most = 2 * 51 * (60 if connection.dialect.name == "sqlite" else 1)
    counts = [await rows_read(connection, statement) for statement in heard]
    assert len(counts) == 2
    assert all(51 <= count <= most for count in counts), counts


async def test_no_row_is_looked_for_in_a_whole_workspace_that_the_statistics_do_not_know(
    outdated_database_url: str,
) -> None:
    """PostgreSQL thinks that the workspace has a row at most, and so that each of its indexes would do."""
    database = Database(outdated_database_url)
    wrong = []
    async with connected(outdated_database_url) as connection:
        for tour in TOURS_OF_TASKS:
            with overheard() as heard:
                await tour(caller(database, 0))
            for statement in {each.text: each for each in heard if finds_rows(each.text)}.values():
                _, plan = await plans_of(connection, statement)  # the one that every connection asks for
                if not plan.indexes & FEW_COMMENTS:
                    wrong += [f"{fault}\n  {statement.text}\n  {plan.text}" for fault in faults_of(plan)]
    await database.close()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def full_server(full_database_url: str) -> Iterator[str]:
    """The URL of a server on the full database."""
    settings = Settings(database_url=full_database_url, **UNHINDERED)
    application = build(settings, contract=our_contract(), background=False, passwords=quick_passwords())
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_statement_of_every_operation_is_served_by_an_index(
    full_database_url: str, full_server: str, operation: Operation
) -> None:
    """The request is the first example of the contract. A tour covers what other parameters run."""
    tables = Tables(full_database_url)
    home = None if operation.operation_id == "delete_workspace" else str(workspace(0))
    with Client(full_server) as client:
        person = register(client)
        if home is not None:
            tables.add_member(home, person.id, role="owner")
        request = prepared(operation, person, tables, home=home and f"/v1/workspaces/{home}")
        with overheard() as heard:
            assert request.send().is_success
    tables.close()

    async def look() -> None:
        async with connected(full_database_url) as connection:
            await require_indexes(connection, heard)

    run_elsewhere(look)


async def require_indexes(connection: AsyncConnection, heard: Sequence[SentStatement]) -> None:
    """Raise AssertionError with each statement that no index serves, what its plan does, and what to do."""
    statements = {each.text: each for each in heard if finds_rows(each.text) and ONE_ROW not in each.text}
    wrong = [
        f"{fault}\n  statement: {statement.text}\n  plan: {plan.text}"
        for statement in statements.values()
        for plan in await plans_of(connection, statement)
        for fault in faults_of(plan)
    ]
    assert not wrong, "\n".join((*wrong, ADVICE))


def finds_rows(statement: str) -> bool:
    """Whether it does more than insert. Several changes may be parts of one statement."""
    if statement.startswith("WITH change_0"):
        return "UPDATE " in statement or "DELETE " in statement
    return not statement.startswith("INSERT")


ONE_ROW = "FROM alembic_version"
"""A small table, which has no index and needs none."""
ADVICE = (
    "Add an index that begins with the columns that the statement compares, then has those that it sorts by: in the"
    " table, in persistence/<resource>.py, and in a migration. Or compare with the columns of an index that exists. A"
    " table that is new needs rows here, as in `workspace_rows`: PostgreSQL reads an empty table whole."
)


FEW = {"ix_tasks_parent_id", "pk_task_dependencies", "ix_task_dependencies_depends_on_id", "uq_sections_position"}
FEW |= {"pk_task_labels"}
"""Indexes of whose rows all may be read, with the tasks that they name and their project: a task has at most 500
subtasks, 20 dependencies, 100 dependents and 50 labels, a project 200 sections."""
OF_DELETED = {"ix_comments_created_at", "ix_comments_task_id", "pk_trash"}
"""Of tasks that are deleted, all comments in the trash are read: some may have to come along."""


def faults_of(plan: Plan) -> Iterator[str]:
    if not plan.indexes:
        yield "no index is used"
    are_few = (plan.indexes & FEW and plan.indexes <= FEW | {"pk_tasks", "pk_projects"}) or plan.indexes == OF_DELETED
    large = set() if are_few else IN_BULK
    for what, names in (
        ("the whole table is read:", plan.scanned),
        ("more rows are sorted than are returned, of", plan.sorted & large),
        ("rows are read that do not match, of", plan.filtered & large),
    ):
        if names:
            yield f"{what} {', '.join(sorted(names))}"


PLACES: Mapping[str, Mapping[str, Any]] = {
    "workspace": {},
    "project": {"project_id": project(0, 1)},
    "section": {"section_id": section(0, 1)},
    "unsectioned": {"bucket": Bucket(project_id=project(0, 1), section_id=None, place=("a1", ""))},
    "bucket": {"bucket": Bucket(project_id=project(0, 1), section_id=section(0, 1), place=("a1", "a1"))},
}
LISTS = {
    **{(order, "workspace"): f"ix_tasks_{order}" for order in MIDDLE if order != "position"},
    **{(order, "project"): f"ix_tasks_project_{order}" for order in MIDDLE if order != "position"},
    **{(order, "section"): f"ix_tasks_section_{order}" for order in MIDDLE},
    ("position", "unsectioned"): "ix_tasks_project_position",
    ("position", "bucket"): "ix_tasks_section_position",
}
"""The index from which each list is read. In the order of the positions, one bucket is read after the other."""


@pytest.mark.parametrize(("order", "where"), LISTS)
async def test_every_list_of_tasks_is_read_in_order_from_its_index(
    ada: Caller, connection: AsyncConnection, order: str, where: str
) -> None:
    index = LISTS[order, where]
    statuses: tuple[Status | None, ...] = (None, "open", "completed")
    places: tuple[tuple[SortKey, UUID] | None, ...] = (None, (MIDDLE[order], numbered(5, 6000)))
    with overheard() as heard:
        for status, descending, after in product(statuses, (False, True), places):
            query = TaskQuery(
                workspace_id=ada.workspace_id,
                **{"project_id": None, **PLACES[where]},
                status=status,
                order=order,
                descending=descending,
                after=after,
                limit=51,
            )
            async with ada.unit(safe=True) as uow:
                assert len(await uow.tasks.page(query)) == 51

    assert len(heard) == 12
    for statement in heard:
        for plan in await plans_of(connection, statement):
            assert plan.indexes == {index}, (statement.text, plan.text)
            assert not plan.scanned | plan.sorted | plan.filtered, (statement.text, plan.text)


@pytest.mark.parametrize("entity_id", [None, numbered(5, 1)])
async def test_activity_is_read_in_order_from_its_index(
    ada: Caller, connection: AsyncConnection, entity_id: UUID | None
) -> None:
    """With other filters the events of a bounded part of the log are read, which may also be sorted."""
    with overheard() as heard:
        await ada.read(activity.page, filters=ActivityFilter(entity_id=entity_id))

    (statement,) = heard
    of_log = {"pk_events", "sqlite_autoindex_events_1"} if entity_id is None else set()
    for plan in await plans_of(connection, statement):
        assert plan.indexes - of_log == {"ix_events_entity_id"}, (statement.text, plan.text)
        assert bool(plan.indexes & of_log) == (entity_id is None)
        assert not plan.scanned | plan.sorted | plan.filtered, (statement.text, plan.text)


async def test_what_is_old_in_a_log_is_found_without_sorting_the_log(ada: Caller, connection: AsyncConnection) -> None:
    transaction = await ada.database.begin()
    with overheard() as heard:
        assert await log_purges.purge(transaction, now=NOON, kept=Policy().log_retention) > 10
    await transaction.close()

    assert len(heard) == 8
    for statement in heard:
        for plan in await plans_of(connection, statement):
            assert not plan.scanned | plan.sorted, (statement.text, plan.text)


@pytest.mark.parametrize("entity_id", [None, numbered(5, 1)])
async def test_the_events_that_a_page_of_activity_looks_at_are_found_without_sorting_the_log(
    ada: Caller, connection: AsyncConnection, entity_id: UUID | None
) -> None:
    filters = ActivityFilter(entity_id=entity_id, actor_id=user(1))
    with overheard() as heard:
        await ada.read(activity.page, filters=filters)

    *_, generic = await plans_of(connection, heard[0])  # the other plan knows that a short log may be sorted
    assert re.findall("Sort|Limit|Scan", generic.text) in (["Limit", "Sort", "Limit", "Scan"], [])  # [] of SQLite
    assert not generic.scanned, generic.text


def test_every_service_is_called_by_an_operation_or_is_on_a_tour() -> None:
    modules = [import_module(info.name) for info in pkgutil.iter_modules(domain.__path__, "domain.")]
    services = {
        (module.__name__.split(".")[-1], name)
        for module in modules
        for name, service in vars(module).items()
        if inspect.iscoroutinefunction(service)
        and service.__module__ == module.__name__
        and name[0] != "_"
        and next(iter(inspect.signature(service).parameters)) == "uow"
    }
    assert {"tasks", "projects", "queued_emails"} < {module for module, _ in services}
    called = {
        (module.group(1), module.group(2))
        for tour in TOURS
        for module in re.finditer(r"(?:read|write)\((\w+)\.(\w+)", inspect.getsource(tour))
    }

    # The example of a list has no cursor, so that only a tour reads a second page.
    by_others = {
        (found.group(1), found.group(2))
        for folder in ("handlers", "domain")
        for path in (ROOT / folder).glob("*.py")
        for found in re.finditer(r"\b(\w+)\.(\w+)\(\s*uow\b", path.read_text(encoding="utf-8"))
        if found.group(2) != "page"
    }
    assert services - called - by_others == set(), (
        "in tests/persistence/test_plans.py, call these services in a function of TOURS; a `page` also with a cursor"
    )
