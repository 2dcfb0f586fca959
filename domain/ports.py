"""What the services need from the world, as protocols. `persistence` implements them, and tests have fakes.

Rows that lie in a workspace are only ever addressed with its id, which is the key by which data may be spread
over machines. A repository decides nothing: what it cannot find it answers with None or False.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.entities import (
    AccountEvent,
    AccountEventType,
    Credentials,
    EmailKind,
    Identity,
    Invitation,
    Member,
    MembershipSummary,
    OneTimeKind,
    OneTimeToken,
    PersonalToken,
    Project,
    QueuedEmail,
    Session,
    Status,
    StoredToken,
    Task,
    User,
    Workspace,
)
from domain.events import ProjectEvent, TaskEvent
from domain.origins import Origin
from domain.principals import Principal
from domain.roles import ROLES, Role


class PasswordHasher(Protocol):
    """Slow on purpose, so it is awaited, and never while a transaction is open. What is awaited raises Overloaded."""

    async def hash(self, password: str) -> str:
        """A salted hash that names its own parameters."""

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Whether *password* is the one that was hashed.

        Against None, it is False, and takes as long as against a hash: nobody can tell from the time that
        there was nothing to check against.
        """

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether a hash, against which a password was verified, was made in a way that is no longer used."""

    def is_guessable(self, password: str, *, known: Sequence[str]) -> bool:
        """Whether anybody would try this password first, or anybody who has the *known* words about its owner."""


class InvitationReader(Protocol):
    """Who can tell which invitation a token is of."""

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        """The one whose token has this digest, in whatever workspace, if it is not expired. It is not locked."""


class CredentialRepository(InvitationReader, Protocol):
    """Reads outside of any transaction: a password is checked before one is opened, and a token before work is done."""

    async def find(self, user_id: UUID) -> Credentials | None:
        """The credentials of a user, as last committed."""

    async def find_by_email(self, email_key: str) -> Credentials | None:
        """The credentials of the user with this `email_key`, as last committed."""

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        """The token of this digest, expired or not, as last committed."""


class UserRepository(Protocol):
    """Accounts. A write that touches an account locks its row first, before any workspace.

    The row of the caller of a write that names no workspace is locked from the beginning.
    """

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        """Raises EmailTaken when another account has this *email_key*."""

    async def get(self, user_id: UUID) -> User | None:
        """Without a lock."""

    async def lock(self, user_id: UUID) -> User | None:
        """The user, and their row is ours until the transaction ends."""

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        """Lock the user's row if *password_hash*, read earlier, is still the stored one."""

    async def update(self, user: User) -> None:
        """Store the address, the one that is to replace it, the name, the time zone, and what goes with them.

        Raises EmailTaken when another account has the address.
        """

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        """Store a hash, of a new password or a better one of the same. It is in no representation: no new revision."""

    async def call_off_email(self, user_id: UUID) -> None:
        """Forget the address that is to replace theirs. It is in no representation: no new revision."""

    async def delete(self, user_id: UUID) -> None:
        """The user's identity, sessions and tokens go too. The caller has taken them out of all workspaces."""


class IdentityRepository(Protocol):
    """Who, of those whom an identity provider vouches for, has which account."""

    async def add(self, identity: Identity, *, user_id: UUID, at: dt.datetime) -> None:
        """Raises IdentityTaken when the identity has an account."""


class SessionRepository(Protocol):
    """Sessions and their tokens. A session's row is locked before its tokens, a user's before several."""

    async def add(self, session: Session) -> None:
        """A session without tokens."""

    async def add_tokens(self, *, access: StoredToken, refresh: StoredToken) -> None:
        """Both of the same session."""

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[Session]:
        """At most *limit* live sessions, ordered by id, which is by age."""

    async def get(self, session_id: UUID, *, user_id: UUID, now: dt.datetime) -> Session | None:
        """A live session of this user."""

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        """The session that ever had this refresh token, spent or not; its row is ours, and its user's before it."""

    async def spend(self, session_id: UUID, *, at: dt.datetime) -> bytes | None:
        """Mark the live refresh token of a session, locked before, as spent: its digest. There is at most one."""

    async def replaced_at(self, digest: bytes) -> dt.datetime | None:
        """When a refresh token was spent; None for one that is live, or unknown."""

    async def extend(self, session: Session) -> None:
        """Store when the session was refreshed and will expire, and drop its tokens that expired by then."""

    async def delete(self, session_id: UUID, *, user_id: UUID) -> bool:
        """End a session of this user, and its tokens. False when there is none."""

    async def delete_all(self, user_id: UUID, *, keep: UUID | None = None) -> None:
        """End a user's sessions, but for the one to *keep*. The caller has locked the user."""


class TokenRepository(Protocol):
    """Personal tokens. They are changed under the lock on their user."""

    async def add(self, token: PersonalToken, *, digest: bytes) -> None:
        """The digest is all that is kept of the token itself."""

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[PersonalToken]:
        """At most *limit* live tokens, ordered by id, which is by age."""

    async def get(self, token_id: UUID, *, user_id: UUID, now: dt.datetime) -> PersonalToken | None:
        """A live token of this user."""

    async def delete(self, token_id: UUID, *, user_id: UUID) -> bool:
        """False when the user has no such token."""

    async def delete_all(self, user_id: UUID) -> bool:
        """Delete a user's tokens. False when there were none."""


class AccountLog(Protocol):
    """What happened to accounts, for their owners to read. It goes with the account."""

    async def add(
        self,
        kind: AccountEventType,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
    ) -> None:
        """Note what happens to the caller's account, or to that of *user_id*, which is locked; now, and from here.

        Where it is about no session, or no token, the one that the call comes with is noted.
        """

    async def page(self, user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[AccountEvent]:
        """At most *limit* events, the newest first."""


class OneTimeTokenRepository(Protocol):
    """Tokens that were sent by mail. A user's row is locked before their tokens."""

    async def replace(self, token: OneTimeToken, *, if_expiring_until: dt.datetime) -> bool:
        """Put it in the place of the user's token of this kind. False, and nothing is done, if that expires later."""

    async def spend(self, digest: bytes, *, now: dt.datetime) -> bool:
        """Delete a token that is good until after *now*. False if there is none: of two who try, one succeeds."""

    async def delete(self, user_id: UUID, *, kind: OneTimeKind) -> None:
        """Let what a user was sent open nothing any more."""


class EmailOutbox(Protocol):
    """Mails that are to be sent, written down together with what they tell of."""

    async def add(self, queued_email: QueuedEmail) -> None:
        """Of a kind, an address has one mail waiting at most; of invitations and changes of address, any number.

        Another one changes whose mail the waiting one is, and how the address is spelled. So there is one write either
        way, and its time does not say whether a mail waits.
        """

    async def are_due(self, *, now: dt.datetime) -> bool:
        """Whether there is a mail to be sent by now."""

    async def lock_due(self, *, now: dt.datetime, limit: int) -> Sequence[QueuedEmail]:
        """At most *limit* mails that are due, the longest first, but for those that somebody locked; they are ours."""

    async def put_off(self, queued_emails: Sequence[QueuedEmail]) -> None:
        """Store when they are due, and how often they were tried."""

    async def remove(self, email_id: UUID) -> None:
        """It may be gone already."""

    async def withdraw(self, kind: EmailKind, *, user_id: UUID) -> None:
        """Remove what waits of this kind that is about this user, whatever its address."""

    async def note_sending(self, queued_email: QueuedEmail, *, at: dt.datetime, unless_after: dt.datetime) -> bool:
        """Note that its address is sent a mail of its kind *at* this time. False if one was sent *unless_after*."""


class WorkspaceRepository(Protocol):
    """Workspaces, always as a member sees them."""

    async def add(self, workspace: Workspace) -> None:
        """A workspace without members; `role` is not stored. Raises IdTaken."""

    async def get(self, workspace_id: UUID, *, user_id: UUID) -> Workspace | None:
        """None also when the user is not a member."""

    async def page(
        self,
        user_id: UUID,
        *,
        only: Collection[UUID] | None = None,
        after: tuple[dt.datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Workspace]:
        """At most *limit* workspaces of a user, of *only* those where it is given: the personal one, then the oldest.

        Where *after* is given, the personal one is left out, and the others begin after that time of creation and id.
        """

    async def lock_joined(self, user_id: UUID) -> None:
        """Lock every workspace that the user, locked before, is a member of, in order of id."""

    async def update(self, workspace: Workspace) -> None:
        """Store the name and what goes with it."""

    async def delete(self, workspace_ids: Sequence[UUID]) -> None:
        """With everything in them, their logs too."""


class MemberRepository(Protocol):
    """Who is in a workspace."""

    async def add(self, member: Member) -> None:
        """The caller has locked the user and the workspace, or has just made it."""

    async def get(self, workspace_id: UUID, user_id: UUID) -> Member | None:
        """One member."""

    async def page(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        """At most *limit* members, ordered by the users' ids, which is by the age of their accounts."""

    async def has_address(self, workspace_id: UUID, *, email_key: str) -> bool:
        """Whether a member of the workspace has verified this address."""

    async def count_joined(self, user_id: UUID) -> int:
        """The workspaces that a user, whom the caller has locked, is a member of."""

    async def count_owners(self, workspace_id: UUID) -> int:
        """Of a workspace that the caller has locked."""

    async def update(self, member: Member) -> None:
        """Store the role, and what goes with it."""

    async def delete(self, workspace_id: UUID, user_id: UUID, *, revision: int) -> None:
        """Take somebody out of one workspace, with the responses that were kept for them there."""

    async def membership_summaries(self, user_id: UUID) -> Sequence[MembershipSummary]:
        """Where a user stands in each of their workspaces, which the caller has locked, in order of id."""

    async def rename(self, user_id: UUID, *, name: str, at: dt.datetime) -> None:
        """Carry a new name into each of a user's workspaces, which the caller has locked.

        Each takes its next number, which becomes the member's revision.
        """

    async def remove(self, user_id: UUID) -> None:
        """Take a user, whose account goes, out of all their workspaces, locked before. Each takes its next number.

        What the workspaces' logs told of them is forgotten.
        """


class InvitationRepository(InvitationReader, Protocol):
    """Invitations. They are changed under the lock on their workspace.

    The log does not tell of them, as no e-mail address is ever in it.
    """

    async def put(self, invitation: Invitation, *, email_key: str) -> Role | None:
        """In the place of the one that this address has, if any, whose role is returned. It has no token yet."""

    async def get(self, workspace_id: UUID, invitation_id: UUID, *, now: dt.datetime) -> Invitation | None:
        """One that is not expired."""

    async def page(
        self, workspace_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        """At most *limit* that are not expired, ordered by id, which is by age."""

    async def set_digest(
        self, workspace_id: UUID, invitation_id: UUID, *, digest: bytes, mailed_at: dt.datetime | None
    ) -> None:
        """That of a new token, in the place of an earlier one; *mailed_at* is when it is sent by mail, if it is."""

    async def delete(self, workspace_id: UUID, invitation_id: UUID) -> bool:
        """False when there is none."""

    async def withdraw(self, workspace_id: UUID, *, invited_by: UUID, roles: Collection[Role] = ROLES) -> None:
        """Delete what a member has invited to one of these roles."""

    async def withdraw_to(self, workspace_id: UUID, *, user_id: UUID) -> None:
        """Delete what was sent to a user's address."""

    async def withdraw_all(self, invited_by: UUID) -> None:
        """Delete what a user has invited to any of their workspaces, which the caller has locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectQuery:
    """A stretch of a workspace's active or archived projects, by position and id, strictly after a place."""

    workspace_id: UUID
    archived: bool
    after: tuple[str, UUID] | None
    limit: int


class ProjectRepository(Protocol):
    """Projects."""

    async def add(self, project: Project) -> None:
        """The project's workspace is locked, or new. Raises IdTaken."""

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """One project."""

    async def inbox(self, workspace_id: UUID) -> Project | None:
        """The project that takes tasks without one. None only when the workspace is gone."""

    async def last_position(self, workspace_id: UUID) -> str | None:
        """The greatest position of a project, archived or not."""

    async def page(self, query: ProjectQuery) -> Sequence[Project]:
        """At most `query.limit` projects."""

    async def update(self, project: Project, *, before: Project, event: ProjectEvent) -> None:
        """Store everything but the id, the workspace and the time of creation. *before* is what is stored."""

    async def delete(self, workspace_id: UUID, project_id: UUID, *, revision: int) -> None:
        """The caller has deleted its tasks."""


SortKey = str | int | dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """A stretch of a workspace's tasks in the order of a sort key, then id, strictly after a place.

    `descending` reverses both. `after` holds the sort key and the id of the place.
    """

    workspace_id: UUID
    project_id: UUID | None
    status: Status | None
    order: str
    descending: bool
    after: tuple[SortKey, UUID] | None
    limit: int


class TaskRepository(Protocol):
    """Tasks."""

    async def add(self, task: Task) -> None:
        """The task's workspace is locked, and its project is there. Raises IdTaken."""

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """One task."""

    async def last_position(self, workspace_id: UUID, *, project_id: UUID) -> str | None:
        """The greatest position of a task in a project."""

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        """At most `query.limit` tasks."""

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        """Store everything but the id, the workspace, the author and the time of creation. *before* is as stored."""

    async def delete(self, workspace_id: UUID, task_id: UUID, *, revision: int) -> None:
        """A task that is there."""

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, revision: int) -> None:
        """Those of a project."""


Registration = Literal["open", "invited", "closed"]
"""Who may make an account: anybody, who has an invitation, nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the server is run: who may make an account, and how long things last. The operator sets some of it.

    Where it does not send mail, invitations are handed to whoever creates them. `accept_invitation_url` is the page of
    a client app that accepts one, None without an app.
    """

    registration: Registration = "open"
    access_token_lifetime: dt.timedelta = dt.timedelta(hours=1)
    session_lifetime: dt.timedelta = dt.timedelta(days=30)
    invitation_lifetime: dt.timedelta = dt.timedelta(days=7)
    refresh_grace: dt.timedelta = dt.timedelta(seconds=10)
    verification_lifetime: dt.timedelta = dt.timedelta(days=3)
    reset_lifetime: dt.timedelta = dt.timedelta(hours=1)
    workspace_quota_bytes: int = 256 * 1024 * 1024
    sends_email: bool = True
    accept_invitation_url: str | None = None


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
