"""The stream of what changes in a user's workspaces."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from domain import account_changes, account_streams, workspaces
from domain.account_changes import AccountChanges
from domain.account_streams import MOST, PAUSE_S
from domain.model.fired_reminders import FiredReminder
from domain.model.streams import Message, Topics
from domain.pages import CursorInvalid
from domain.streams import follow
from tests.support.fakes.streams import FakeStreams
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.test_account_changes import fire

Seen = dict[UUID, int | None]
NEWS = True
"""What a wait returns."""


@dataclass
class Client:
    """Steps through a stream, and has what each message said, and the cursor of the last one."""

    stream: AsyncGenerator[Sequence[Message[AccountChanges]], None]
    cursor: str = ""
    messages: list[Seen] = field(default_factory=list)
    fired: list[FiredReminder] = field(default_factory=list)

    async def take(self) -> Sequence[Seen]:
        for message in await anext(self.stream):
            self.cursor = message.cursor
            if message.item is not None:
                self.messages.append({each.workspace_id: each.head for each in message.item.items})
                self.fired += message.item.fired
        return self.messages


async def opened(uow: FakeUnitOfWork, *waits: bool, cursor: str | None = None) -> tuple[Client, FakeStreams]:
    unit = uow.account_unit()
    streams = unit.streams = FakeStreams(*waits)
    client = Client(follow(streams, await account_streams.feed_of(unit, cursor=cursor)))
    assert await client.take() == []
    return client, streams


async def test_without_a_cursor_it_begins_now(uow: FakeUnitOfWork) -> None:
    client, _ = await opened(uow, NEWS)
    await workspaces.update(uow.unit(), name="Mine")
    assert await client.take() == [{uow.workspace_id: 2}]
    assert (await account_changes.page(uow.account_unit(), cursor=client.cursor)).items == []


async def test_with_a_cursor_it_begins_with_what_changed_since(uow: FakeUnitOfWork) -> None:
    first = await account_changes.page(uow.account_unit())
    family = await workspaces.create(uow.unit(), name="Family")
    client, _ = await opened(uow, cursor=first.next_cursor)
    assert await client.take() == [{family.id: 1}]


async def test_a_workspace_that_is_joined_is_followed_and_one_that_is_left_is_not(uow: FakeUnitOfWork) -> None:
    client, streams = await opened(uow, NEWS, NEWS, NEWS)
    family = await workspaces.create(uow.unit(), name="Family")
    await client.take()
    await workspaces.update(uow.unit(workspace_id=family.id), name="Lovelace")
    await client.take()
    await workspaces.delete(uow.unit(workspace_id=family.id))
    assert await client.take() == [{family.id: 1}, {family.id: 2}, {family.id: None}]
    with pytest.raises(StopAsyncIteration):
        await client.take()
    me = frozenset({uow.principal.user_id})
    both, one = frozenset({uow.workspace_id, family.id}), frozenset({uow.workspace_id})
    assert streams.waited_for == [Topics(workspace_ids=each, user_ids=me) for each in (both, both, one, one)]


async def test_what_happens_soon_after_a_message_is_collected(uow: FakeUnitOfWork) -> None:
    client, streams = await opened(uow)

    async def wait(topics: Topics) -> bool:
        streams.waited_for.append(topics)
        await workspaces.update(uow.unit(), name=f"Mine {len(streams.waited_for)}")
        return True

    streams.wait = wait  # type: ignore[method-assign]  # it takes no time
    began_s = streams.elapsed_s()
    await client.take()
    await client.take()
    await client.take()
    assert client.messages == [{uow.workspace_id: head} for head in (2, 3, 4)]
    assert streams.elapsed_s() - began_s == 2 * PAUSE_S


async def test_a_reminder_that_fires_is_sent_once(uow: FakeUnitOfWork) -> None:
    client, _ = await opened(uow, NEWS, NEWS)
    fired = fire(uow)
    await client.take()
    await workspaces.update(uow.unit(), name="Mine")
    await client.take()
    assert (client.messages, client.fired) == ([{}, {uow.workspace_id: 2}], [fired])
    assert (await account_changes.page(uow.account_unit(), cursor=client.cursor)).fired == []


async def test_reminders_that_the_client_does_not_get_are_passed_over_in_silence(uow: FakeUnitOfWork) -> None:
    first = await account_changes.page(uow.account_unit())
    for _ in range(2 * MOST + 1):
        fire(uow, UUID(int=7))
    seen = fire(uow)
    unit = uow.account_unit()
    streams = unit.streams = FakeStreams()
    client = Client(follow(streams, await account_streams.feed_of(unit, cursor=first.next_cursor, until_head=True)))
    while not client.fired:
        await client.take()
    assert client.fired == [seen]
    assert (await account_changes.page(uow.account_unit(), cursor=client.cursor)).fired == []


async def test_a_cursor_that_is_not_the_callers_is_rejected_before_the_stream_begins(uow: FakeUnitOfWork) -> None:
    with pytest.raises(CursorInvalid):
        await account_streams.feed_of(uow.account_unit(), cursor="AAAA")


async def test_until_the_head_it_ends_when_all_that_has_changed_is_sent(uow: FakeUnitOfWork) -> None:
    first = await account_changes.page(uow.account_unit())
    for cursor in (None, first.next_cursor):
        family = await workspaces.create(uow.unit(), name="Family")
        unit = uow.account_unit()
        streams = unit.streams = FakeStreams()
        stream = follow(streams, await account_streams.feed_of(unit, cursor=cursor, until_head=True))
        sent = [each.item for messages in [step async for step in stream] for each in messages if each.item is not None]
        assert ([item.workspace_id for each in sent for item in each.items][-1:] == [family.id]) == (cursor is not None)
        assert streams.waited_for == []


async def test_more_workspaces_than_a_message_has_are_in_several(uow: FakeUnitOfWork) -> None:
    first = await account_changes.page(uow.account_unit())
    for number in range(MOST + 1):
        await workspaces.create(uow.unit(), name=str(number))
    unit = uow.account_unit()
    streams = unit.streams = FakeStreams()
    stream = follow(streams, await account_streams.feed_of(unit, cursor=first.next_cursor, until_head=True))
    sent = [each.item for messages in [step async for step in stream] for each in messages if each.item is not None]
    assert [len(each.items) for each in sent] == [MOST, 1]
