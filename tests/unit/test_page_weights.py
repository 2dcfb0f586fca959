"""A page of tasks has at most 1 MiB of JSON, whatever is in them: all that can be long is counted."""

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain import task_lists
from domain.model.tasks import Task
from domain.pages import MAX_BYTES
from domain.task_lists import TaskFilter
from domain.task_recurrence import Recurrence
from domain.wall_clocks import WallClock
from handlers.tasks import task_view
from tests.support import things
from tests.support.fakes.unit_of_work import FakeUnitOfWork

IDS = {"label_ids": 50, "assignee_ids": 20, "depends_on_ids": 20}
"""How many each list has at most."""
LATEST = dt.datetime(2026, 12, 31, 23, 59, 59, 123456, tzinfo=dt.UTC)
WHEN = WallClock(date=dt.date(2026, 12, 31), time=dt.time(23, 59, 59), time_zone="America/Argentina/ComodRivadavia")
TASKS = 200


def longest(character: str, number: int) -> Task:
    """A task in which everything is as long as the contract allows, with texts of one character."""
    created = things.task(number, things.project(1, things.workspace(10)))
    changes: dict[str, Any] = {name: tuple(UUID(int=(1 << 127) + n) for n in range(most)) for name, most in IDS.items()}
    changes |= {"title": character * 500, "description": character * 16_384}
    changes["metadata"] = {character * 38 + f"{key:02}": character * 500 for key in range(20)}
    changes |= dict.fromkeys(("completed_at", "created_at", "updated_at"), LATEST)
    changes |= {"section_id": UUID(int=1), "parent_id": UUID(int=2), "start": WHEN, "due": WHEN}
    changes["recurrence"] = Recurrence(
        rule=character * 500,
        anchor="completion",
        overdue="step",
        series_start=WHEN,
        occurrence=WHEN,
        remaining=2**53 - 1,
        occurrence_since=LATEST,
    )
    changes |= {"status": "completed", "priority": "medium", "revision": 2**53 - 1, "position": f"{number:048}"}
    return replace(created, **changes)


def small(number: int, **changes: Any) -> Task:
    longest_of_all = longest("x", number)
    assert longest_of_all.recurrence is not None
    recurrence = replace(longest_of_all.recurrence, rule="FREQ=DAILY")
    texts: dict[str, Any] = {"title": "Sow", "description": "", "metadata": {}, "recurrence": recurrence}
    return replace(longest_of_all, **texts | changes)


async def pages_of(uow: FakeUnitOfWork, tasks: list[Task]) -> list[int]:
    """The bytes of each page of a list of *tasks*, read with the highest limit. None is left out."""
    here = [replace(task, workspace_id=uow.workspace_id) for task in tasks]
    uow.store.tasks = {(task.workspace_id, task.id): task for task in here}
    sizes, listed, cursor = [], 0, None
    while True:
        page = await task_lists.page(uow.unit(), filters=TaskFilter(), limit=TASKS, cursor=cursor)
        sizes.append(len(orjson.dumps({"items": [task_view(task) for task in page.items]})))
        listed, cursor = listed + len(page.items), page.next_cursor
        if cursor is None:
            assert listed == len(tasks)
            return sizes


@pytest.mark.parametrize("character", ["x", "\u001f", '"', "\\", "\N{GRINNING FACE}"])
async def test_a_page_of_the_longest_tasks_is_bounded(uow: FakeUnitOfWork, character: str) -> None:
    sizes = await pages_of(uow, [longest(character, number) for number in range(1, TASKS + 1)])

    assert max(sizes) <= MAX_BYTES
    assert len(sizes) > 1


@pytest.mark.parametrize("name", IDS)
async def test_a_page_of_short_tasks_with_many_ids_is_bounded(uow: FakeUnitOfWork, name: str) -> None:
    """Nothing but ids of one kind, three times as many as the contract allows: they are counted by themselves."""
    ids = tuple(UUID(int=(1 << 127) + each) for each in range(150))
    none: dict[str, Any] = dict.fromkeys(IDS, ())
    sizes = await pages_of(uow, [small(number, **none | {name: ids}) for number in range(1, TASKS + 1)])

    assert max(sizes) <= MAX_BYTES


async def test_a_page_of_tasks_with_metadata_alone_is_bounded(uow: FakeUnitOfWork) -> None:
    none: dict[str, Any] = dict.fromkeys(IDS, ())
    metadata = {"\u001f" * 38 + f"{key:02}": "\u001f" * 500 for key in range(20)}
    sizes = await pages_of(uow, [small(number, **none, metadata=metadata) for number in range(1, TASKS + 1)])

    assert max(sizes) <= MAX_BYTES
    assert len(sizes) > 1
