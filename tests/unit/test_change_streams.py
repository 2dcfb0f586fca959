"""What a stream of a workspace's changes reads: a transaction at a time, in bounded steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain import change_streams, labels, tasks
from domain.change_cursors import encode
from domain.change_streams import LogFeed
from domain.events import EventType, end_of
from domain.model.changes import ChangeEvent, CursorExpired, LogPlace
from domain.model.streams import Batch, Topics
from domain.pages import CursorInvalid
from domain.tasks import TaskDraft
from tests.support.fakes.unit_of_work import FakeUnitOfWork

Sent = list[tuple[int, list[str], bool]]
"""The revision of each event, the types of its changes, and whether it is complete."""


async def feed(uow: FakeUnitOfWork, place: LogPlace | None = None, **given: Any) -> LogFeed:
    """What a stream of *uow* sends after *place*."""
    types = given.get("types")
    cursor = None if place is None else encode(place, workspace_id=uow.workspace_id, types=types)
    given = {"types": None, "until_head": False, **given}
    return await change_streams.feed_of(uow.unit(), cursor=cursor, **given)


def sent(*batches: Batch[ChangeEvent]) -> Sent:
    events = [each.item for batch in batches for each in batch.messages if each.item is not None]
    return [(each.revision, [change.event for change in each.changes], each.is_complete) for each in events]


async def everything(found: LogFeed) -> list[Batch[ChangeEvent]]:
    batches = [await found.read()]
    while batches[-1].has_more:
        batches.append(await found.read())
    return batches


def log(uow: FakeUnitOfWork, revision: int, kinds: Sequence[EventType]) -> None:
    """Record a transaction with these events."""
    workspace = uow.store.workspaces[uow.workspace_id]
    uow.store.workspaces[uow.workspace_id] = replace(workspace, head=revision)
    uow.store.events += [
        end_of(kind, UUID(int=1000 * revision + number), workspace_id=uow.workspace_id, revision=revision)
        for number, kind in enumerate(kinds)
    ]


async def test_without_a_cursor_a_stream_begins_now(uow: FakeUnitOfWork) -> None:
    found = await feed(uow)
    assert found.topics == Topics(workspace_ids=frozenset({uow.workspace_id}))
    assert await found.read() == await found.read()
    assert sent(await found.read()) == []
    task = await tasks.create(uow.unit(), TaskDraft(title="Sow"))
    batch = await found.read()
    assert sent(batch) == [(task.revision, ["task.created"], True)]
    assert found.cursor == batch.messages[-1].cursor


async def test_a_transaction_is_an_event(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["task.deleted", "comment.deleted"])
    log(uow, 3, ["label.deleted"])
    assert sent(await (await feed(uow, LogPlace.end_of(1))).read()) == [
        (2, ["task.deleted", "comment.deleted"], True),
        (3, ["label.deleted"], True),
    ]


async def test_a_place_in_the_middle_of_a_transaction_is_followed_by_the_rest_of_it(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["task.deleted", "comment.deleted"])
    assert sent(await (await feed(uow, LogPlace(2, 1))).read()) == [(2, ["comment.deleted"], True)]


@pytest.mark.parametrize(("count", "parts"), [(100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
async def test_a_large_transaction_is_split(uow: FakeUnitOfWork, count: int, parts: list[int]) -> None:
    log(uow, 2, ["task.deleted"] * count)
    batches = await everything(await feed(uow, LogPlace.end_of(1)))
    events = sent(*batches)
    assert [len(changes) for _, changes, _ in events] == parts
    assert [is_complete for *_, is_complete in events] == [False] * (len(parts) - 1) + [True]


async def test_other_types_do_not_split_a_transaction_nor_leave_it_incomplete(uow: FakeUnitOfWork) -> None:
    wanted: list[EventType] = ["task.deleted"] * 100
    others: list[EventType] = ["label.deleted"] * 60
    log(uow, 2, wanted + others)
    log(uow, 3, ["label.deleted"])
    batches = await everything(await feed(uow, LogPlace.end_of(1), types=["task"]))
    assert [(revision, len(changes), done) for revision, changes, done in sent(*batches)] == [(2, 100, True)]


async def test_events_of_a_megabyte_are_split(uow: FakeUnitOfWork) -> None:
    start = uow.store.workspaces[uow.workspace_id].head
    for _ in range(100):
        await tasks.create(uow.unit(), TaskDraft(title="Sow", description="é" * 15_700))
    batches = await everything(await feed(uow, LogPlace.end_of(start)))
    assert len(sent(*batches)) == 100
    assert [len(batch.messages) for batch in batches] == [33, 33, 33, 1]


async def test_a_transaction_of_megabytes_is_split(uow: FakeUnitOfWork) -> None:
    start = uow.store.workspaces[uow.workspace_id].head
    for _ in range(70):
        await tasks.create(uow.unit(), TaskDraft(title="Sow", description="é" * 15_700))
    uow.store.events = [replace(each, revision=start + 1) for each in uow.store.events if each.revision > start]
    events = sent(*await everything(await feed(uow, LogPlace.end_of(start))))
    assert [(len(changes), done) for _, changes, done in events] == [(32, False), (32, False), (6, True)]


async def test_what_nobody_wants_is_read_in_steps(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["label.deleted"] * 2050)
    log(uow, 3, ["task.deleted"])
    batches = await everything(await feed(uow, LogPlace.end_of(1), types=["task"]))
    assert [(len(batch.messages), batch.has_more) for batch in batches] == [(0, True), (1, False)]


async def test_until_the_head_it_ends_before_what_came_later(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["label.deleted"])
    found = await feed(uow, LogPlace.end_of(1), until_head=True)
    log(uow, 3, ["task.deleted"])
    batch = await found.read()
    assert (sent(batch), batch.is_last) == ([(2, ["label.deleted"], True)], True)


async def test_until_the_head_it_ends_although_much_that_nobody_wants_follows(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["label.deleted"])
    found = await feed(uow, LogPlace.end_of(1), types=["task"], until_head=True)
    log(uow, 3, ["label.deleted"] * 2100)
    batch = await found.read()
    assert (sent(batch), batch.is_last) == ([], True)


async def test_until_the_head_its_last_place_is_before_what_came_later(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["label.deleted"])
    found = await feed(uow, LogPlace.end_of(1), types=["task"], until_head=True)
    log(uow, 3, ["task.deleted"])
    assert (await found.read()).is_last
    again = await change_streams.feed_of(uow.unit(), types=["task"], cursor=found.cursor, until_head=True)
    assert sent(await again.read()) == [(3, ["task.deleted"], True)]


async def test_until_the_head_it_does_not_end_before(uow: FakeUnitOfWork) -> None:
    log(uow, 2, ["label.deleted"] * 150)
    found = await feed(uow, LogPlace.end_of(1), until_head=True)
    batches = [await found.read()]
    while not batches[-1].is_last:
        batches.append(await found.read())
    assert [len(changes) for _, changes, _ in sent(*batches)] == [100, 50]


async def test_a_cursor_that_is_too_old_or_too_new_has_expired(uow: FakeUnitOfWork) -> None:
    await labels.create(uow.unit(), name="soon", color=None)
    uow.store.changes_from[uow.workspace_id] = 1
    for place in (LogPlace.end_of(0), LogPlace(3, 1)):
        with pytest.raises(CursorExpired):
            await feed(uow, place)
    assert sent(await (await feed(uow, LogPlace.end_of(1))).read()) == [(2, ["label.created"], True)]


async def test_a_cursor_of_other_types_is_rejected(uow: FakeUnitOfWork) -> None:
    cursor = (await feed(uow, types=["task"])).cursor
    with pytest.raises(CursorInvalid):
        await change_streams.feed_of(uow.unit(), types=None, cursor=cursor, until_head=False)


async def test_a_body_that_is_not_as_the_contract_of_now_describes_it_is_left_out(uow: FakeUnitOfWork) -> None:
    """An older version wrote it. Without that, no stream could ever pass this place."""
    found = await feed(uow)
    for title in ("current", "outdated"):
        await tasks.create(uow.unit(), TaskDraft(title=title))
    events = [each.item for each in (await found.read()).messages if each.item is not None]
    assert [change.body is None for event in events for change in event.changes] == [False, True]
