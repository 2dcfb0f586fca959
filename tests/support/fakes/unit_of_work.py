"""A unit of work on the fakes."""

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from domain.origins import Origin
from domain.policy import Policy
from domain.principals import Principal
from tests.support.defaults import HOME, NOON
from tests.support.fakes.account_log import FakeAccountLog
from tests.support.fakes.activity import FakeActivity
from tests.support.fakes.changes import FakeChanges
from tests.support.fakes.comments import FakeComments
from tests.support.fakes.completions import FakeCompletions
from tests.support.fakes.credentials import FakeCredentials
from tests.support.fakes.due_reminders import FakeDueReminders
from tests.support.fakes.fired_reminders import FakeFiredReminders
from tests.support.fakes.identities import FakeIdentities
from tests.support.fakes.invitations import FakeInvitations
from tests.support.fakes.labels import FakeLabels
from tests.support.fakes.members import FakeMembers
from tests.support.fakes.one_time_tokens import FakeOneTimeTokens
from tests.support.fakes.passwords import FakePasswords
from tests.support.fakes.projects import FakeProjects
from tests.support.fakes.queued_emails import FakeOutbox
from tests.support.fakes.reminders import FakeReminders
from tests.support.fakes.sections import FakeSections
from tests.support.fakes.sessions import FakeSessions
from tests.support.fakes.store import Store
from tests.support.fakes.streams import FakeStreams
from tests.support.fakes.tasks import FakeTasks
from tests.support.fakes.tokens import FakeTokens
from tests.support.fakes.trash import FakeTrash
from tests.support.fakes.users import FakeUsers
from tests.support.fakes.workspaces import FakeWorkspaces

Repository = TypeVar("Repository")


def _created(make: Callable[["FakeUnitOfWork"], Repository]) -> "cached_property[Repository]":
    return cached_property(make)


class FakeUnitOfWork:
    """Implements domain.unit_of_work.UnitOfWork for one request. `unit` creates another one on the same store."""

    store: Store
    locked: set[UUID]
    caller: Principal | None

    account_log = _created(FakeAccountLog)
    changes = _created(lambda uow: FakeChanges(uow.store))
    activity = _created(lambda uow: FakeActivity(uow.store))
    comments = _created(lambda uow: FakeComments(uow.store))
    completions = _created(lambda uow: FakeCompletions(uow.store))
    credentials = _created(lambda uow: FakeCredentials(uow.store))
    due_reminders = _created(lambda uow: FakeDueReminders(uow.store))
    fired_reminders = _created(lambda uow: FakeFiredReminders(uow.store))
    identities = _created(lambda uow: FakeIdentities(uow.store))
    invitations = _created(lambda uow: FakeInvitations(uow.store))
    labels = _created(lambda uow: FakeLabels(uow.store))
    members = _created(lambda uow: FakeMembers(uow.store))
    one_time_tokens = _created(lambda uow: FakeOneTimeTokens(uow.store, locked=uow.locked))
    outbox = _created(lambda uow: FakeOutbox(uow.store))
    projects = _created(lambda uow: FakeProjects(uow.store))
    reminders = _created(lambda uow: FakeReminders(uow.store))
    sections = _created(lambda uow: FakeSections(uow.store))
    sessions = _created(lambda uow: FakeSessions(uow.store, locked=uow.locked))
    tasks = _created(lambda uow: FakeTasks(uow.store))
    tokens = _created(lambda uow: FakeTokens(uow.store, locked=uow.locked))
    trash = _created(lambda uow: FakeTrash(uow.store))
    users = _created(lambda uow: FakeUsers(uow.store, locked=uow.locked))
    workspaces = _created(lambda uow: FakeWorkspaces(uow.store))

    def __init__(  # noqa: PLR0913  # what is known of a request
        self,
        *,
        store: Store | None = None,
        principal: Principal | None = None,
        workspace_id: UUID | None = None,
        now: dt.datetime = NOON,
        policy: Policy | None = None,
        origin: Origin = HOME,
    ) -> None:
        self.store = store or Store()
        self.caller = principal
        self._workspace_id = workspace_id
        self._named_workspace_id = workspace_id
        self._revision: int | None = None
        self.may_step = principal is not None
        self.now = now
        self.origin = origin
        self.policy = policy or Policy()
        self.passwords = FakePasswords()
        self.streams = FakeStreams()
        # A write that names no workspace locks the caller's account from the beginning.
        self.locked = {principal.user_id} if principal else set()

    def unit(
        self,
        *,
        principal: Principal | None = None,
        workspace_id: UUID | None = None,
        now: dt.datetime | None = None,
        policy: Policy | None = None,
    ) -> "FakeUnitOfWork":
        return FakeUnitOfWork(
            store=self.store,
            principal=principal or self.caller,
            workspace_id=workspace_id or self._workspace_id,
            now=now or self.now,
            policy=policy or self.policy,
        )

    def account_unit(self) -> "FakeUnitOfWork":
        """Another unit of work of the same user, which names no workspace."""
        return FakeUnitOfWork(store=self.store, principal=self.caller, now=self.now, policy=self.policy)

    @property
    def principal(self) -> Principal:
        assert self.caller is not None
        return self.caller

    @property
    def workspace_id(self) -> UUID:
        assert self._workspace_id is not None
        return self._workspace_id

    def new_id(self) -> UUID:
        return UUID(int=next(self.store.numbers))

    def random_bytes(self, count: int) -> bytes:
        return next(self.store.numbers).to_bytes(count, "big")

    async def check_storage(self) -> None:
        """Do nothing: a dictionary is always available."""

    async def enter(self, workspace_id: UUID) -> bool:
        assert self._workspace_id is None
        if workspace_id not in self.store.workspaces:
            return False
        self._workspace_id = workspace_id
        return True

    async def next_step(self, *, within: UUID | None = None) -> None:  # noqa: ARG002 -- nobody waits
        assert self.may_step
        self._revision = None
        self._workspace_id = self._named_workspace_id

    @property
    def revision(self) -> int | None:
        return self._revision

    async def next_revision(self) -> int:
        if self._revision is None:
            self._revision = self.store.take_number(self.workspace_id)
        return self._revision
