import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Executable, insert, update

from domain import tasks
from domain.errors import IdTaken
from domain.model.identities import IdentityTaken
from domain.model.users import EmailTaken
from domain.task_recurrence import RecurrenceDraft
from domain.tasks import TaskDraft
from domain.wall_clocks import WallClock
from persistence.repositories import metadata
from persistence.violations import StatementFailed, meanings
from tests.support.defaults import NOON
from tests.support.service_callers import Caller

TABLES = metadata.tables

TIMES = {"created_at": NOON, "updated_at": NOON, "revision": 1}


async def violate(ada: Caller, statement: Executable, values: dict[str, Any]) -> StatementFailed:
    transaction = await ada.database.begin()
    try:
        with pytest.raises(StatementFailed) as raised:
            await transaction.run(statement, values)
    finally:
        await transaction.close()
    return raised.value


async def test_a_repeated_primary_key_is_reported_by_name(ada: Caller) -> None:
    values = {"workspace_id": ada.workspace_id, "user_id": ada.user_id, "role": "viewer", "name": "x", **TIMES}

    assert (await violate(ada, insert(TABLES["members"]), values)).constraint == "pk_members"


async def test_a_second_inbox_is_reported_by_the_name_of_its_index(ada: Caller) -> None:
    values = {"workspace_id": ada.workspace_id, "id": UUID(int=1), "name": "x", "description": "", "is_inbox": True}

    error = await violate(ada, insert(TABLES["projects"]), {**values, "position": "a1", **TIMES})

    assert error.constraint == "uq_projects_inbox"


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [
        ("status", "lost", "ck_tasks_status"),
        ("status", "completed", "ck_tasks_completed_at"),
        ("completed_at", NOON, "ck_tasks_completed_at"),
        ("priority", 5, "ck_tasks_priority"),
        ("due_time_zone", "UTC", "ck_tasks_due_time_zone"),
        ("due_date", None, "ck_tasks_recurrence"),
        ("occurrence_since", None, "ck_tasks_recurrence"),
        ("recurrence_anchor", "start", "ck_tasks_recurrence_anchor"),
        ("recurrence_overdue", "late", "ck_tasks_recurrence_overdue"),
        ("occurrence_time", dt.time(9), "ck_tasks_recurrence_time"),
    ],
)
async def test_an_impossible_value_is_reported_by_the_name_of_its_check(
    ada: Caller, column: str, value: object, name: str
) -> None:
    due = WallClock(date=dt.date(2027, 3, 1))
    await ada.write(tasks.create, TaskDraft(title="x", due=due, recurrence=RecurrenceDraft(rule="FREQ=DAILY")))

    assert (await violate(ada, update(TABLES["tasks"]), {column: value})).constraint == name


async def test_a_missing_value_has_no_named_constraint(ada: Caller) -> None:
    await ada.write(tasks.create, TaskDraft(title="x"))

    assert (await violate(ada, update(TABLES["tasks"]), {"title": None})).constraint is None


async def test_a_violation_without_a_meaning_is_raised_unchanged(ada: Caller) -> None:
    assert isinstance(await violate(ada, update(TABLES["members"]), {"role": "king"}), StatementFailed)


def test_every_violation_that_a_caller_can_cause_has_a_meaning() -> None:
    ids_taken = dict.fromkeys(("pk_workspaces", "pk_projects", "pk_tasks"), IdTaken)
    known = {"uq_users_email_key": EmailTaken, "pk_identities": IdentityTaken, **ids_taken}

    assert known.items() <= meanings().items()
