"""What a service works with: everything that one request reads and changes."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from domain.model.account_log import AccountLog
from domain.model.identities import IdentityRepository
from domain.model.invitations import InvitationRepository
from domain.model.members import MemberRepository
from domain.model.one_time_tokens import OneTimeTokenRepository
from domain.model.passwords import PasswordHasher
from domain.model.projects import ProjectRepository
from domain.model.queued_emails import EmailOutbox
from domain.model.sessions import SessionRepository
from domain.model.tasks import TaskRepository
from domain.model.tokens import TokenRepository
from domain.model.users import CredentialRepository, UserRepository
from domain.model.workspaces import WorkspaceRepository
from domain.origins import Origin
from domain.policy import Policy
from domain.principals import Principal


class UnitOfWork(Protocol):
    """One call's unit of work: everything done through it happens together, or not at all.

    A write opens its transaction with the first call of a repository (but `credentials`), and then holds the
    lock on the workspace that the call names, or, where it names none, on the caller's account. A read sees what is
    committed. Services never commit.

    A repository that changes something in a workspace leaves an event of it in the log, which is written with the
    commit. Of a change of one thing, the service says what happened to it.
    """

    @property
    def principal(self) -> Principal:
        """Who is calling. Only a call that needs no token has none, and must not ask."""

    @property
    def workspace_id(self) -> UUID:
        """The workspace that the call names. A call that names none must not ask."""

    @property
    def origin(self) -> Origin:
        """Where the call comes from."""

    @property
    def now(self) -> dt.datetime:
        """The time of the call: the same throughout."""

    @property
    def policy(self) -> Policy:
        """How the server is run."""

    @property
    def passwords(self) -> PasswordHasher:
        """Must not be used once a repository was."""

    @property
    def credentials(self) -> CredentialRepository:
        """Reads outside of the transaction."""

    @property
    def users(self) -> UserRepository:
        """Accounts."""

    @property
    def identities(self) -> IdentityRepository:
        """Identities that a provider vouches for."""

    @property
    def sessions(self) -> SessionRepository:
        """Sessions and tokens."""

    @property
    def tokens(self) -> TokenRepository:
        """Personal tokens."""

    @property
    def account_log(self) -> AccountLog:
        """What happened to accounts."""

    @property
    def one_time_tokens(self) -> OneTimeTokenRepository:
        """Tokens that were sent by mail."""

    @property
    def outbox(self) -> EmailOutbox:
        """Mails that are to be sent."""

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
    def tasks(self) -> TaskRepository:
        """Tasks."""

    def new_id(self) -> UUID:
        """A UUIDv7: ids made later sort later."""

    def random_bytes(self, count: int) -> bytes:
        """Bytes that nobody can predict."""

    async def check_storage(self) -> None:
        """Raises StorageUnavailable if the database does not answer, SchemaMismatched if it is another version's."""

    async def enter(self, workspace_id: UUID) -> bool:
        """Lock a workspace, which is from now on the one of a call that names none. False when there is none.

        The caller has found it in this transaction, and locks none after it.
        """

    async def next_revision(self) -> int:
        """The number of this change in the call's workspace: taken on first use, the same on every other."""
