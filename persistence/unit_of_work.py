"""The unit of work of one request, and the only place that commits.

The first use of a repository opens a write's transaction, always in the same order, so that there are no deadlocks
("A request's way" in spec/architecture.md has the same steps):

1. begin;
2. claim the request's idempotency key, if it has one;
3. lock the workspace that the request names, with the caller's membership, or, if it names none, the account of its
   caller;
4. ask the engine whether the role, as it is under the lock, is still enough; without a workspace, check that the
   session or token still exists;
5. claim the id that the client created;
6. evaluate `If-Match` and `If-None-Match`;
7. everything else. The events of what was changed are written last, before the commit.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import cached_property
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from domain.errors import StorageUnavailable
from domain.limits import MOST_BEFORE_PART, LimitReached
from domain.model.passwords import PasswordHasher
from domain.model.streams import Streams
from domain.origins import Origin
from domain.policy import Policy
from domain.principals import Principal
from domain.roles import Role
from persistence import readiness
from persistence.callers import lock_caller
from persistence.change_log import ChangeLog
from persistence.claims import AlreadyRecorded, Claims
from persistence.guarded import Guarded
from persistence.idempotency import Claim, KeyOwner, account_space
from persistence.lazy_transactions import LazyTransaction
from persistence.parts import Part
from persistence.repositories import Repositories
from persistence.runners import Runner
from persistence.transactions import Transaction
from persistence.unit_dependencies import Dependencies, IsAdmitted, always
from persistence.workspaces import lock_as_member, lock_workspace

_MANY_CHANGES: Final = (
    f"The operations before this one have made {MOST_BEFORE_PART} changes or more, and this one would make another. "
    "Send it, and those after it, in another request."
)


class SqlUnitOfWork(Repositories):
    """Implements domain.unit_of_work.UnitOfWork, as an asynchronous context manager. Leaving it rolls back.

    A *safe* one reads in autocommit, and cannot write. *admit* gets the caller's role in the workspace, as read under
    its lock, or None without such a workspace or membership. It returns to let the request go on, or raises. *origin*
    is called only where the origin is written down. *is_admitted* is what a stream asks, after this unit has ended.
    """

    def __init__(  # noqa: PLR0913  # what there is to know of a request
        self,
        dependencies: Dependencies,
        *,
        principal: Principal | None,
        workspace_id: UUID | None,
        safe: bool,
        admit: Callable[[Role | None], None],
        origin: Callable[[], Origin] = Origin,
        is_admitted: IsAdmitted = always,
    ) -> None:
        self.caller = principal
        self._dependencies = dependencies
        self._workspace_id = workspace_id
        self._named_workspace_id = workspace_id
        turn = workspace_id or (account_space(principal.user_id) if principal else None)
        self._transaction = LazyTransaction(dependencies.database, self._open, turn=turn)
        self._safe = safe
        self._admit = admit
        self._origin = origin
        self._is_admitted = is_admitted
        self._claims = Claims()
        self._check: Callable[[], Awaitable[None]] | None = None
        self._part: Part | None = None
        self._role: Role | None = None

    @cached_property
    def runner(self) -> Guarded:
        """What repositories read with, and change what is not logged."""
        return Guarded(self._dependencies.database if self._safe else self._transaction)

    @cached_property
    def aside(self) -> Runner:
        """What reads outside of the transaction."""
        return Guarded(self._dependencies.database)

    def expect_lock(self, user_id: UUID) -> None:
        """See persistence.repositories.Needs."""
        self._transaction.expect_turn(account_space(user_id))

    @cached_property
    def change_log(self) -> ChangeLog:
        """What changes workspaces."""
        return ChangeLog(
            self.runner if self._safe else self._transaction,
            actor_id=self.caller.user_id if self.caller else None,
            now=lambda: self.now,
            encode=self._dependencies.encode_event,
            quota_bytes=self._dependencies.policy.workspace_quota_bytes,
        )

    @property
    def principal(self) -> Principal:
        """See UnitOfWork. Raises RuntimeError in a request that needs no token."""
        if self.caller is None:
            message = "a public call has no principal"
            raise RuntimeError(message)
        return self.caller

    @property
    def workspace_id(self) -> UUID:
        """See UnitOfWork. Raises RuntimeError in a request that names no workspace."""
        if self._workspace_id is None:
            message = "the request names no workspace"
            raise RuntimeError(message)
        return self._workspace_id

    @cached_property
    def origin(self) -> Origin:
        return self._origin()

    @cached_property
    def now(self) -> dt.datetime:
        return self._dependencies.clock()

    @property
    def policy(self) -> Policy:
        return self._dependencies.policy

    @property
    def passwords(self) -> PasswordHasher:
        return self._dependencies.passwords

    @property
    def streams(self) -> Streams:
        """See UnitOfWork. Raises RuntimeError in a process that has no streams, or a request that needs no token."""
        if self._dependencies.streams is None:
            message = "this process has no streams"
            raise RuntimeError(message)
        return self._dependencies.streams(self.principal.user_id, self._is_admitted)

    def new_id(self) -> UUID:
        return self._dependencies.new_id()

    def random_bytes(self, count: int) -> bytes:
        return self._dependencies.random_bytes(count)

    async def check_storage(self) -> None:
        await readiness.check(self._dependencies.database)

    async def enter(self, workspace_id: UUID) -> bool:
        """See UnitOfWork. Raises RuntimeError in a request that names a workspace."""
        if self._workspace_id is not None:
            message = "the request is in a workspace already"
            raise RuntimeError(message)
        found = await lock_workspace(await self._transaction.opened(), workspace_id)
        if found is None:
            return False
        self._workspace_id = workspace_id
        self.change_log.lock(workspace_id, head=found[0], usage=found[1])
        return True

    @property
    def may_step(self) -> bool:
        """See UnitOfWork."""
        return self.caller is not None and not self._claims.has_id and self._part is None

    async def next_step(self, *, within: UUID | None = None) -> None:
        """See UnitOfWork. Raises RuntimeError in any other request.

        An idempotency key is claimed again in each step, and its response is recorded in the last one.
        """
        if not self.may_step:
            message = "the request must be one transaction"
            raise RuntimeError(message)
        await self._claims.release_key(self.runner)
        await self.change_log.flush()
        self.change_log.begin_next()
        self._workspace_id = self._named_workspace_id
        vars(self).pop("now", None)  # the next one is the time at which the lock is held again
        try:
            await self._transaction.begin_next(self._changed, turn=within)
        except AlreadyRecorded as error:  # a request with the same key has ended between two steps
            message = "a request with the same key has a response"
            raise StorageUnavailable(message) from error
        if self._check is not None:
            await self._check()

    async def next_revision(self) -> int:
        """See UnitOfWork. Raises RuntimeError in a safe request, and LimitReached in a part after many changes."""
        if self._safe:
            message = "a safe call changes nothing"
            raise RuntimeError(message)
        if self._part is not None and self._part.changes_before >= MOST_BEFORE_PART:
            raise LimitReached("request", things="changes", most=MOST_BEFORE_PART, detail=_MANY_CHANGES)
        await self._transaction.opened()
        return self.change_log.next_head()

    @property
    def revision(self) -> int | None:
        """See UnitOfWork."""
        return self.change_log.head

    async def require(self, check: Callable[[], Awaitable[None]]) -> None:
        """See `tickbox_contract.engine.units.Unit`."""
        self._check = check
        await check()

    async def recall(self, key: str, request: bytes) -> tuple[bytes, bytes] | None:
        """See `tickbox_contract.engine.units.Unit`. It must come first. Nothing but the key is locked."""
        owner = KeyOwner(space_id=self._space_id, user_id=self.principal.user_id, key=key)
        self._claims.expect_key(owner, request)
        try:
            await self._transaction.opened()
        except AlreadyRecorded as found:
            return found.request, found.response
        return None

    async def record(self, response: bytes) -> None:
        """See `tickbox_contract.engine.units.Unit`. Raises RuntimeError without a `recall`."""
        recording = self._claims.recording(response)
        if self._named_workspace_id is not None and self._role != "viewer":  # viewers must not fill up what others need
            self.change_log.keep(len(response))
        await self._transaction.defer(recording)

    async def claim(self, client_id: UUID, request: bytes) -> Claim:
        """See `tickbox_contract.engine.units.Unit`."""
        return await self._claims.claim_id(self.runner, self._space_id, client_id, request=request)

    async def begin_part(self, *, alone: bool) -> None:
        """See `tickbox_contract.engine.units.Unit`."""
        self._part = Part(await self._transaction.opened(), self.change_log, alone=alone)
        await self._part.start()

    async def end_part(self) -> None:
        """See `tickbox_contract.engine.units.Unit`."""
        assert self._part is not None, "no part has begun"
        await self._part.end()

    async def undo_part(self) -> None:
        """See `tickbox_contract.engine.units.Unit`."""
        assert self._part is not None, "no part has begun"
        await self._part.undo()

    async def release(self) -> None:
        """See `tickbox_contract.engine.units.Unit`."""
        await self._claims.release(self.runner)

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what is not committed, and release every lock, even if the request is cancelled.

        It cannot be used after that: its parts refer to it, so it is emptied rather than left to the garbage collector.
        """
        try:
            await self._transaction.close()
        finally:
            vars(self).clear()

    async def commit(self) -> None:
        """Commit what was changed, with its events. A request that opened no transaction has nothing to commit.

        Raises OutcomeUnknown, and what an event raises that does not match the contract.
        """
        if not self._safe:
            await self.change_log.flush()
            await self._transaction.commit()
            self._changed()

    def _changed(self) -> None:
        self._dependencies.changed(self.change_log.changed)

    @property
    def _space_id(self) -> UUID:
        return self._named_workspace_id or account_space(self.principal.user_id)

    async def _open(self, transaction: Transaction) -> None:
        # Not `self.now`: that is the time at which the request holds its lock, which is later.
        await self._claims.claim_key(transaction, clock=self._dependencies.clock)
        if self._named_workspace_id is None:
            if self.caller is not None:
                await lock_caller(transaction, self.caller)
            return
        locked = await lock_as_member(transaction, self._named_workspace_id, user_id=self.principal.user_id)
        if locked is None:
            self._admit(None)
            return
        head, usage, role = locked
        self.change_log.lock(self._named_workspace_id, head=head, usage=usage)
        self._role = role
        self._admit(role)
