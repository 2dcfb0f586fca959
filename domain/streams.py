"""How a stream lasts: it asks for access, reads, sends, and waits, without a unit of work.

- Access is asked again before anything is sent, and at least once a second (`Subscription.wait`). The stream ends when
  the caller no longer has it.
- It also ends if what follows its place cannot be said any more. Its client connects again, and gets that as a problem.
- While the database cannot be reached, a stream sends heartbeats only, and goes on when it can.
- A stream has no queue: it reads from its place when its client has taken what was sent before.

Source: ADR 105.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from domain.errors import Expired, Unavailable
from domain.model.streams import Batch, Feed, Item, Message, Streams

_NOTHING_NEW: Final[Batch[Any]] = Batch()
_NOTHING_KNOWN: Final[Batch[Any]] = Batch()
"""The database could not be reached."""


async def follow(streams: Streams, feed: Feed[Item]) -> AsyncGenerator[Sequence[Message[Item]], None]:
    """Yield what *feed* reads, each time as much as there is, and heartbeats: the first one at once.

    It ends when the caller has no access any more, when the place of the feed has expired, and when the feed ends: if
    that has nothing to send then, with a heartbeat, because its place may have moved on.
    """
    with streams.open(feed.topics) as subscription:
        if subscription is None:
            return
        yield (_heartbeat(feed),)
        spoke_s, has_news = streams.elapsed_s(), True
        while (batch := await _look(streams, feed, has_news=has_news)) is not None:
            if batch.messages:
                yield batch.messages
                spoke_s = streams.elapsed_s()
            elif batch.is_last or streams.elapsed_s() - spoke_s >= streams.heartbeat_s:
                yield (_heartbeat(feed),)
                spoke_s = streams.elapsed_s()
            if batch.is_last:
                return
            is_behind, has_failed = batch.has_more, batch is _NOTHING_KNOWN
            del batch  # it is not kept while nobody sends it
            has_news = is_behind or await subscription.wait(feed.topics) or has_failed


async def _look(streams: Streams, feed: Feed[Item], *, has_news: bool) -> Batch[Item] | None:
    """Ask for access, and read if there is news. None if the stream ends."""
    try:
        if not await streams.is_admitted():
            return None
        return await feed.read() if has_news else _NOTHING_NEW
    except Unavailable:
        return _NOTHING_KNOWN
    except Expired:
        return None


def _heartbeat(feed: Feed[Item]) -> Message[Item]:
    return Message(item=None, cursor=feed.cursor)
