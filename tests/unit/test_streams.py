"""How a stream lasts: what it sends, and what ends it; and how the streams of a process share and are counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from app.streams import OpenStreams, StreamLimits
from domain.errors import StorageUnavailable
from domain.model.changes import CursorExpired
from domain.model.streams import Batch, Message, ServerFull, StreamsExceeded, Topics
from domain.streams import follow
from persistence.wakeups import Wakeups
from tests.support.fakes.streams import FakeStreams

GARDEN = UUID(int=1)
ABOUT_GARDEN = Topics(workspace_ids=frozenset({GARDEN}))
ADA, BOB = (UUID(int=number) for number in (11, 12))
NEWS, TICK = True, False
"""What a wait returns."""
LIMITS = StreamLimits(of_user=2, in_process=3, heartbeat_s=15)


@dataclass
class Numbers:
    """A feed of what *found* has, a batch for each read; its cursor is the number of the last one."""

    found: list[Batch[int]] = field(default_factory=list)
    topics: Topics = ABOUT_GARDEN
    cursor: str = "0"
    reads: int = 0

    async def read(self) -> Batch[int]:
        self.reads += 1
        found: Batch[int] = self.found.pop(0) if self.found else Batch()
        if found.messages:
            self.cursor = found.messages[-1].cursor
        return found


def batch(*numbers: int, has_more: bool = False, is_last: bool = False) -> Batch[int]:
    messages = [Message(item=number, cursor=str(number)) for number in numbers]
    return Batch(messages=messages, has_more=has_more, is_last=is_last)


async def sent(stream: AsyncGenerator[Sequence[Message[int]], None]) -> list[list[int | str]]:
    """What each step of *stream* sends: the items, and for a heartbeat its cursor."""
    return [[each.cursor if each.item is None else each.item for each in messages] async for messages in stream]


async def test_a_stream_begins_with_a_heartbeat_and_reads_at_once_and_after_each_wake_up() -> None:
    streams, feed = FakeStreams(NEWS, TICK, NEWS), Numbers([batch(1, 2), batch(3), batch(4)])
    assert await sent(follow(streams, feed)) == [["0"], [1, 2], [3], [4]]
    assert feed.reads == 3
    assert streams.open_streams == 0


async def test_what_is_more_than_one_batch_is_read_without_waiting() -> None:
    streams, feed = FakeStreams(), Numbers([batch(1, has_more=True), batch(has_more=True), batch(2)])
    assert await sent(follow(streams, feed)) == [["0"], [1], [2]]
    assert len(streams.waited_for) == 1


async def test_a_stream_ends_with_its_feed() -> None:
    streams = FakeStreams(NEWS)
    assert await sent(follow(streams, Numbers([batch(1, is_last=True)]))) == [["0"], [1]]
    assert (streams.waited_for, streams.open_streams) == ([], 0)


async def test_a_feed_that_ends_with_nothing_to_send_ends_with_its_place() -> None:
    feed = Numbers([batch(1), batch(is_last=True)])
    assert await sent(follow(FakeStreams(NEWS), feed)) == [["0"], [1], ["1"]]


async def test_a_stream_ends_when_its_place_has_expired() -> None:
    class Expiring(Numbers):
        async def read(self) -> Batch[int]:
            if self.reads:
                raise CursorExpired
            return await super().read()

    streams = FakeStreams(NEWS, NEWS)
    assert await sent(follow(streams, Expiring([batch(1)]))) == [["0"], [1]]
    assert (len(streams.waited_for), streams.open_streams) == (1, 0)


async def test_a_silent_stream_sends_heartbeats_with_its_place() -> None:
    streams = FakeStreams(NEWS, TICK, TICK, TICK, TICK)  # ten seconds each
    assert await sent(follow(streams, Numbers([batch(7)]))) == [["0"], [7], ["7"], ["7"]]


async def test_nothing_is_read_for_a_caller_without_access() -> None:
    streams, feed = FakeStreams(), Numbers([batch(1)])
    steps = follow(streams, feed)
    await anext(steps)
    await streams.wait(feed.topics)  # which ends the access
    assert [step async for step in steps] == []
    assert feed.reads == 0


async def test_a_stream_goes_on_when_the_database_is_back() -> None:
    streams, feed = FakeStreams(TICK, TICK, TICK, TICK), Numbers([batch(1)])
    streams.is_reachable = False
    steps = follow(streams, feed)
    assert [each.cursor for each in await anext(steps)] == ["0"]
    assert [each.item for each in await anext(steps)] == [None]  # after two waits
    assert feed.reads == 0
    streams.is_reachable = True
    assert [each.item for each in await anext(steps)] == [1]


async def test_a_read_that_failed_is_repeated_without_news() -> None:
    class Failing(Numbers):
        async def read(self) -> Batch[int]:
            if not self.reads:
                self.reads += 1
                raise StorageUnavailable
            return await super().read()

    assert await sent(follow(FakeStreams(TICK), Failing([batch(1)]))) == [["0"], [1]]


async def test_a_stream_that_cannot_be_opened_ends_at_once() -> None:
    streams = FakeStreams()
    streams.is_full = True
    assert await sent(follow(streams, Numbers([batch(1)]))) == []


async def test_the_streams_of_a_user_and_of_a_process_are_limited() -> None:
    streams, topics = OpenStreams(Wakeups(), LIMITS, is_current=lambda _event, _body: True), Topics()
    with streams.open(ADA, topics), streams.open(ADA, topics):
        with pytest.raises(StreamsExceeded):
            streams.require_free(ADA)
        with streams.open(ADA, topics) as third:
            assert third is None
        with streams.open(BOB, topics) as other:
            assert other is not None
            with pytest.raises(ServerFull):
                streams.require_free(BOB)
        streams.require_free(BOB)
    streams.require_free(ADA)


async def test_streams_that_read_at_once_share_one_read() -> None:
    streams, reads = OpenStreams(Wakeups(), LIMITS, is_current=lambda _event, _body: True), []

    async def read() -> Batch[int]:
        reads.append(1)
        await asyncio.sleep(0)
        return batch(1)

    first, *others = await asyncio.gather(*(streams.share("place", read) for _ in range(100)))
    assert all(other is first for other in others)
    await asyncio.gather(*(streams.share(place, read) for place in ("one", "another")))
    assert len(reads) == 3


async def test_what_was_read_is_not_shared_with_a_stream_that_comes_later() -> None:
    """A slow stream may hold it for minutes, and what it has may be erased meanwhile, which wakes nobody."""
    streams = OpenStreams(Wakeups(), LIMITS, is_current=lambda _event, _body: True)
    results = iter([batch(1), batch(2)])

    async def read() -> Batch[int]:
        return next(results)

    held = await streams.share("place", read)
    assert await streams.share("place", read) is not held


async def test_a_stream_that_is_woken_does_not_share_a_read_that_began_before() -> None:
    wakeups = Wakeups()
    streams, results = (
        OpenStreams(wakeups, LIMITS, is_current=lambda _event, _body: True),
        iter([batch(1), batch(1, 2)]),
    )
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def read() -> Batch[int]:
        result = next(results)
        begun.set()
        await goes_on.wait()
        return result

    with wakeups.subscribe(ABOUT_GARDEN):
        early = asyncio.create_task(streams.share("place", read))
        await begun.wait()
        wakeups.signal([GARDEN])
        late = asyncio.create_task(streams.share("place", read))
        await asyncio.sleep(0)
        goes_on.set()
        assert (len((await early).messages), len((await late).messages)) == (1, 2)


async def test_a_stream_that_ends_does_not_cancel_what_others_read() -> None:
    streams, goes_on = OpenStreams(Wakeups(), LIMITS, is_current=lambda _event, _body: True), asyncio.Event()

    async def read() -> Batch[int]:
        await goes_on.wait()
        return batch(1)

    ending, other = (asyncio.create_task(streams.share("place", read)) for _ in range(2))
    await asyncio.sleep(0)
    ending.cancel()
    goes_on.set()
    assert len((await other).messages) == 1
    await streams.close()


async def test_a_read_that_fails_fails_for_all_that_share_it_and_is_repeated_by_the_next() -> None:
    streams, results = OpenStreams(Wakeups(), LIMITS, is_current=lambda _event, _body: True), iter([None, batch(1)])

    async def read() -> Batch[int]:
        await asyncio.sleep(0)
        result = next(results)
        if result is None:
            raise StorageUnavailable
        return result

    failed = await asyncio.gather(*(streams.share("place", read) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [StorageUnavailable] * 3
    assert len((await streams.share("place", read)).messages) == 1


async def test_a_read_without_a_response_is_given_up_and_the_next_one_is_another() -> None:
    """Otherwise a stream would send no heartbeats while the database hangs."""
    limits = replace(LIMITS, longest_read_s=0.01)
    streams, hangs = OpenStreams(Wakeups(), limits, is_current=lambda _event, _body: True), asyncio.Event()

    async def read() -> Batch[int]:
        if not hangs.is_set():
            hangs.set()
            await asyncio.Event().wait()
        return batch(1)

    with pytest.raises(StorageUnavailable):
        await streams.share("place", read)
    assert len((await streams.share("place", read)).messages) == 1
