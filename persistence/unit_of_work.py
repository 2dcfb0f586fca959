"""One call's unit of work, and the only place that commits.

A write's transaction is opened by the first call of a repository, and always in the same order, which keeps
it free of deadlocks: begin; lock the workspace that the call names; re-read the caller's role, in a statement
of its own that sees what was committed while waiting for the lock; let the caller in, or not; then whatever
the service does.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Self
from uuid import UUID

from sqlalchemy import Executable

from domain.errors import StorageUnavailable
from domain.ports import PasswordHasher, Policy
from domain.principals import Principal
from domain.roles import Role
from persistence import schema
from persistence.database import Database, Parameters, Row, Transaction
from persistence.members import Members, role_of
from persistence.projects import Projects
from persistence.sessions import Sessions
from persistence.tasks import Tasks
from persistence.users import CredentialReader, Users
from persistence.workspaces import Workspaces, lock_workspace, set_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What all units of work of a process share. Time, ids and randomness come from here."""

    database: Database
    clock: Callable[[], dt.datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    passwords: PasswordHasher
    policy: Policy


class UnitOfWork:
    """Implements domain.ports.Work, as an asynchronous context manager; leaving it rolls back.

    A *safe* one reads in autocommit, and cannot write. *admit* is given the caller's role in the workspace,
    as read under its lock, or None where there is no such workspace or membership; it lets the call go on,
    or raises.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        *,
        principal: Principal | None,
        workspace_id: UUID | None,
        safe: bool,
        admit: Callable[[Role | None], None],
    ) -> None:
        self._dependencies = dependencies
        self._principal = principal
        self._workspace_id = workspace_id
        self._transaction = _LazyTransaction(dependencies.database, self._open)
        self._safe = safe
        self._admit = admit
        self._head = 0
        self._revision: int | None = None
        runner = dependencies.database if safe else self._transaction
        self.credentials = CredentialReader(dependencies.database)
        self.users = Users(runner)
        self.sessions = Sessions(runner)
        self.workspaces = Workspaces(runner)
        self.members = Members(runner)
        self.projects = Projects(runner)
        self.tasks = Tasks(runner)

    @property
    def principal(self) -> Principal:
        """See Work. Raises RuntimeError in a call that needs no token."""
        if self._principal is None:
            message = "a public call has no principal"
            raise RuntimeError(message)
        return self._principal

    @property
    def workspace_id(self) -> UUID:
        """See Work. Raises RuntimeError in a call that names no workspace."""
        if self._workspace_id is None:
            message = "the call names no workspace"
            raise RuntimeError(message)
        return self._workspace_id

    @cached_property
    def now(self) -> dt.datetime:
        """See Work."""
        return self._dependencies.clock()

    @property
    def policy(self) -> Policy:
        """See Work."""
        return self._dependencies.policy

    @property
    def passwords(self) -> PasswordHasher:
        """See Work."""
        return self._dependencies.passwords

    def new_id(self) -> UUID:
        """See Work."""
        return self._dependencies.new_id()

    def random_bytes(self, count: int) -> bytes:
        """See Work."""
        return self._dependencies.random_bytes(count)

    async def check_storage(self) -> None:
        """See Work."""
        if not await schema.is_current(self._dependencies.database):
            raise StorageUnavailable

    async def next_revision(self) -> int:
        """See Work. Raises RuntimeError in a safe call."""
        if self._safe:
            message = "a safe call changes nothing"
            raise RuntimeError(message)
        if self._revision is None:
            transaction = await self._transaction.opened()
            self._revision = self._head + 1
            await set_head(transaction, self.workspace_id, head=self._revision)
        return self._revision

    async def __aenter__(self) -> Self:
        """Opens nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and release every lock, even when cancelled."""
        await self._transaction.close()

    async def commit(self) -> None:
        """Make everything last that was done. A call that opened no transaction has nothing to commit.

        Raises OutcomeUnknown.
        """
        await self._transaction.commit()

    async def _open(self, transaction: Transaction) -> None:
        if self._workspace_id is None:
            return
        head = await lock_workspace(transaction, self._workspace_id)
        if head is None:
            self._admit(None)
            return
        self._head = head
        role = await role_of(transaction, self._workspace_id, user_id=self.principal.user_id)
        self._admit(role)


class _LazyTransaction:
    """A Runner that begins its transaction, and prepares it, when it is first used.

    What could not be prepared is closed, and tried anew by the next use: nothing runs in it unprepared.
    """

    def __init__(self, database: Database, prepare: Callable[[Transaction], Awaitable[None]]) -> None:
        self._database = database
        self._prepare = prepare
        self._transaction: Transaction | None = None

    async def opened(self) -> Transaction:
        if self._transaction is None:
            transaction = await self._database.begin()
            try:
                await self._prepare(transaction)
            except BaseException:
                await transaction.close()
                raise
            self._transaction = transaction
        return self._transaction

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        return await (await self.opened()).row(statement, parameters)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        return await (await self.opened()).rows(statement, parameters)

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        return await (await self.opened()).run(statement, parameters)

    async def commit(self) -> None:
        if self._transaction is not None:
            await self._transaction.commit()

    async def close(self) -> None:
        if self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            await transaction.close()
