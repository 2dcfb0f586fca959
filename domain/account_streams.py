"""The stream of what changes in a user's workspaces, and of reminders: the pages of `account_changes`, as they come."""

from functools import partial
from typing import Final

from domain.account_changes import AccountChanges, AccountReader, Known, binding_of
from domain.model.streams import Batch, Message, Topics
from domain.model.workspaces import AccountHeads
from domain.unit_of_work import UnitOfWork

PAUSE_S: Final = 0.25
"""After something was sent, the next changes are collected for so long: a busy workspace has four messages a second."""
MOST: Final = 100
"""How many workspaces are in a message at most, and how many reminders."""


async def feed_of(uow: UnitOfWork, *, cursor: str | None = None, until_head: bool = False) -> "AccountFeed":
    """Return what changes in the caller's workspaces, and what fires, since *cursor*; without one, from now on.

    A workspace that they join is followed at once. With *until_head* it ends when all that has changed is sent.
    Raises CursorInvalid, CursorExpired, StreamsExceeded, ServerFull.
    """
    uow.streams.require_free()
    reader = AccountReader(uow)
    current = await reader.heads()
    known = Known.parse(cursor, binding_of(uow.principal))
    found = await reader.differences(known, current, limit=max(1, len(current.workspaces)))
    begins = found.known if cursor is None else known
    return AccountFeed(uow, known=begins, current=current, until_head=until_head)


class AccountFeed:
    """Implements domain.model.streams.Feed. It reads outside of the unit of work, which it outlives."""

    def __init__(self, uow: UnitOfWork, *, known: Known, current: AccountHeads, until_head: bool) -> None:
        self._until_head = until_head
        self.topics = Topics()
        self._streams = uow.streams
        self._reader = AccountReader(uow)
        self._user_id = uow.principal.user_id
        self._known = known
        self._next_s = self._streams.elapsed_s()
        self._watch(current)

    @property
    def cursor(self) -> str:
        """See the port."""
        return self._known.cursor

    async def read(self) -> Batch[AccountChanges]:
        """See the port."""
        await self._streams.sleep(self._next_s - self._streams.elapsed_s())
        key = (self._known.binding, self.cursor)
        current, found = await self._streams.share(key, partial(self._compare, self._known))
        self._watch(current)
        self._known = found.known
        is_last = self._until_head and not found.has_more
        if not found.items and not found.fired:  # or it fired for workspaces in which the token does not work
            return Batch(has_more=found.has_more, is_last=is_last)
        self._next_s = self._streams.elapsed_s() + PAUSE_S
        messages = (Message(item=found, cursor=found.next_cursor),)
        return Batch(messages=messages, has_more=found.has_more, is_last=is_last)

    async def _compare(self, known: Known) -> tuple[AccountHeads, AccountChanges]:
        """Return the heads of now, and the first differences to them."""
        current = await self._reader.heads()
        return current, await self._reader.differences(known, current, limit=MOST)

    def _watch(self, current: AccountHeads) -> None:
        workspace_ids = frozenset(each.workspace_id for each in current.workspaces)
        if self.topics.workspace_ids != workspace_ids or not self.topics.user_ids:
            self.topics = Topics(workspace_ids=workspace_ids, user_ids=frozenset({self._user_id}))
