"""The stream of what changes in a user's workspaces: the pages of `account_changes`, as they come."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from domain.account_changes import AccountChanges, Known, binding_of, differences, heads
from domain.model.streams import Batch, Message, Topics
from domain.model.workspaces import WorkspaceChange
from domain.unit_of_work import UnitOfWork

PAUSE_S: Final = 0.25
"""After something was sent, the next changes are collected for so long: a busy workspace has four messages a second."""
MOST: Final = 100
"""How many workspaces are in a message at most."""


async def feed_of(uow: UnitOfWork, *, cursor: str | None = None, until_head: bool = False) -> "AccountFeed":
    """Return what changes in the caller's workspaces since *cursor*; without one, from now on.

    A workspace that they join is followed at once. With *until_head* it ends when all that has changed is sent.
    Raises CursorInvalid, CursorExpired, StreamsExceeded, ServerFull.
    """
    uow.streams.require_free()
    current = await heads(uow.workspaces, uow.principal)
    known = Known.parse(cursor, binding_of(uow.principal))
    found = await differences(uow.workspaces, uow.principal, known=known, current=current, limit=len(current))
    begins = found.known if cursor is None else known
    return AccountFeed(uow, known=begins, current=current, until_head=until_head)


class AccountFeed:
    """Implements domain.model.streams.Feed. It reads outside of the unit of work, which it outlives."""

    def __init__(self, uow: UnitOfWork, *, known: Known, current: Sequence[WorkspaceChange], until_head: bool) -> None:
        self._until_head = until_head
        self.topics = Topics()
        self._streams = uow.streams
        self._workspaces = uow.workspaces
        self._principal = uow.principal
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
        if not found.items:
            return Batch(is_last=self._until_head)
        self._known = found.known
        self._next_s = self._streams.elapsed_s() + PAUSE_S
        messages = (Message(item=found, cursor=found.next_cursor),)
        return Batch(messages=messages, has_more=found.has_more, is_last=self._until_head and not found.has_more)

    async def _compare(self, known: Known) -> tuple[Sequence[WorkspaceChange], AccountChanges]:
        """Return the heads of now, and the first differences to them."""
        current = await heads(self._workspaces, self._principal)
        found = await differences(self._workspaces, self._principal, known=known, current=current, limit=MOST)
        return current, found

    def _watch(self, current: Sequence[WorkspaceChange]) -> None:
        workspace_ids = frozenset(each.workspace_id for each in current)
        if self.topics.workspace_ids != workspace_ids or not self.topics.user_ids:
            self.topics = Topics(workspace_ids=workspace_ids, user_ids=frozenset({self._principal.user_id}))
