"""What a service works with: everything that one request reads and changes."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from domain.model.account_log import AccountLog
from domain.model.activity import ActivityRepository
from domain.model.changes import ChangeRepository
from domain.model.comments import CommentRepository
from domain.model.completions import CompletionRepository
from domain.model.due_reminders import DueReminderRepository
from domain.model.fired_reminders import FiredReminderRepository
from domain.model.identities import IdentityRepository
from domain.model.invitations import InvitationRepository
from domain.model.labels import LabelRepository
from domain.model.members import MemberRepository
from domain.model.one_time_tokens import OneTimeTokenRepository
from domain.model.passwords import PasswordHasher
from domain.model.projects import ProjectRepository
from domain.model.queued_emails import EmailOutbox
from domain.model.reminders import ReminderRepository
from domain.model.sections import SectionRepository
from domain.model.sessions import SessionRepository
from domain.model.streams import Streams
from domain.model.tasks import TaskRepository
from domain.model.tokens import TokenRepository
from domain.model.trash import TrashRepository
from domain.model.users import CredentialRepository, UserRepository
from domain.model.workspaces import WorkspaceRepository
from domain.origins import Origin
from domain.policy import Policy
from domain.principals import Principal


class UnitOfWork(Protocol):
    """The unit of work of one request: everything done through it happens together, or not at all; but see `next_step`.

    A write opens its transaction with the first use of a repository (except `credentials`). From then on it holds the
    lock on the workspace that the request names or, if it names none, on the caller's account. A read sees what is
    committed. Services never commit.

    A repository that changes something in a workspace records an event of it in the log, which is written with the
    commit.
    """

    @property
    def principal(self) -> Principal:
        """The caller. A request that needs no token does not have one, and must not use this."""

    @property
    def workspace_id(self) -> UUID:
        """The workspace that the request names. A request that names none must not use this."""

    @property
    def origin(self) -> Origin:
        """Where the request comes from."""

    @property
    def now(self) -> dt.datetime:
        """The time of the request, the same throughout."""

    @property
    def policy(self) -> Policy:
        """How the operator runs the server."""

    @property
    def passwords(self) -> PasswordHasher:
        """Hashes passwords. It must not be used after the first use of a repository."""

    @property
    def credentials(self) -> CredentialRepository:
        """What passwords and tokens are checked against, read outside of the transaction."""

    @property
    def users(self) -> UserRepository:
        """Accounts."""

    @property
    def identities(self) -> IdentityRepository:
        """Identities from an identity provider."""

    @property
    def sessions(self) -> SessionRepository:
        """Sessions and their tokens."""

    @property
    def tokens(self) -> TokenRepository:
        """Personal tokens."""

    @property
    def account_log(self) -> AccountLog:
        """What happened to accounts."""

    @property
    def one_time_tokens(self) -> OneTimeTokenRepository:
        """Tokens that were sent by e-mail."""

    @property
    def outbox(self) -> EmailOutbox:
        """E-mails to send."""

    @property
    def workspaces(self) -> WorkspaceRepository:
        """Workspaces."""

    @property
    def members(self) -> MemberRepository:
        """Members."""

    @property
    def invitations(self) -> InvitationRepository:
        """Invitations."""

    @property
    def projects(self) -> ProjectRepository:
        """Projects."""

    @property
    def sections(self) -> SectionRepository:
        """Sections of projects."""

    @property
    def labels(self) -> LabelRepository:
        """Labels."""

    @property
    def tasks(self) -> TaskRepository:
        """Tasks."""

    @property
    def trash(self) -> TrashRepository:
        """What was deleted in the last days."""

    @property
    def comments(self) -> CommentRepository:
        """Comments on tasks."""

    @property
    def reminders(self) -> ReminderRepository:
        """Reminders of tasks."""

    @property
    def completions(self) -> CompletionRepository:
        """Completions of recurring tasks."""

    @property
    def changes(self) -> ChangeRepository:
        """What has changed in workspaces."""

    @property
    def due_reminders(self) -> DueReminderRepository:
        """Which reminders fire next."""

    @property
    def fired_reminders(self) -> FiredReminderRepository:
        """Which reminders have fired."""

    @property
    def streams(self) -> Streams:
        """What a stream works with. It can be used after this unit of work has ended."""

    @property
    def activity(self) -> ActivityRepository:
        """What the logs of workspaces show people."""

    def new_id(self) -> UUID:
        """Create a UUIDv7: later ids sort later."""

    def random_bytes(self, count: int) -> bytes:
        """Return bytes that nobody can predict."""

    async def check_storage(self) -> None:
        """Raise StorageUnavailable unless the database can be written, SchemaMismatched if it is of another version."""

    async def enter(self, workspace_id: UUID) -> bool:
        """Lock a workspace, and let a request that names none work in it. Return False if it does not exist.

        Its id was found in this transaction. No other workspace is locked after it.
        """

    @property
    def may_step(self) -> bool:
        """Whether `next_step` can be called."""

    async def next_step(self, *, within: UUID | None = None) -> None:
        """Commit what was done so far, as a change with a number of its own, and let others write before the rest.

        If the next step will `enter` a workspace, this is *within*: those who wait for it already come first.

        Then everything that a write begins with is done again: the locks, the caller's role, the conditions of the
        request. It raises what that raises. Whatever was read before may have changed, and a workspace that the request
        has entered is left. Only for a request with a caller, without an id for what it creates, which does no harm if
        it is repeated after some of its steps: only the last one records the response of an idempotency key. Not for a
        part of a request.
        """

    @property
    def revision(self) -> int | None:
        """The number of this change, if `next_revision` was called."""

    async def next_revision(self) -> int:
        """Return the number of this change in the workspace: taken on first use, then the same."""
