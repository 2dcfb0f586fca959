"""What there is. Every value is frozen: a change makes a new one. Every datetime is aware, and in UTC.

`revision` is the number of the change that last touched the row: for what lies in a workspace, a number of
that workspace; for a user, a count of their own.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain.dues import Due
from domain.principals import Scope
from domain.roles import Role

Status = Literal["open", "completed"]
Priority = Literal["none", "low", "medium", "high", "urgent"]
EmailKind = Literal["verification", "reset", "invitation", "email_change", "email_changing", "email_changed"]
OneTimeKind = Literal["verification", "reset", "email_change"]

AccountEventType = Literal[
    "account.registered",
    "email.verified",
    "email.change_requested",
    "email.changed",
    "password.changed",
    "password.reset",
    "session.started",
    "session.ended",
    "session.reused",
    "sessions.ended",
    "token.created",
    "token.deleted",
    "tokens.deleted",
]

STATUSES: Final[tuple[Status, ...]] = ("open", "completed")
PRIORITIES: Final[tuple[Priority, ...]] = ("none", "low", "medium", "high", "urgent")
"""Least first: a priority's rank is its index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `email` is kept as it was written; `domain.emails.email_key` is what it is found by.

    Only an account that an identity provider vouched for may have none. `email_verified_at` is when it was shown that
    what is sent there is read by the user; None until then. `new_email` takes its place once that was shown of it.
    """

    id: UUID
    email: str | None
    email_verified_at: dt.datetime | None
    name: str
    time_zone: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int
    new_email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is checked against. The hash says how it was made; an account from outside has none.

    A new password must not be `email` or `name`.
    """

    user_id: UUID
    email: str | None
    name: str
    password_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody, as an identity provider knows them.

    The issuer never gives a subject to anybody else (OpenID Connect Core, section 2), which is not so with an address.
    """

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in, alive until `expires_at`, which each refresh pushes on; `device` is where, if that is known.

    `last_used_at` lags behind by up to a minute.
    """

    id: UUID
    user_id: UUID
    device: str | None
    created_at: dt.datetime
    last_refreshed_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """What the database keeps of a session's access or refresh token."""

    digest: bytes
    session_id: UUID
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """A token for a script. It works in *workspace_ids*, None for all of the user's, until *expires_at*, None for ever.

    `last_used_at` lags behind by up to a minute; None while the token was never used.
    """

    id: UUID
    user_id: UUID
    name: str
    scopes: frozenset[Scope]
    workspace_ids: frozenset[UUID] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """Something that happened to an account. `address` and `device` are those of the call that did it, if known.

    `session_id` is the session that it happened to, or else the one that the call came through; so is `token_id`.
    """

    id: UUID
    type: AccountEventType
    recorded_at: dt.datetime
    address: str | None
    device: str | None
    session_id: UUID | None
    token_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeToken:
    """What the database keeps of a token that was sent to an address: its bearer reads what is sent there.

    A user has one of a kind at most: the last one that was made.
    """

    digest: bytes
    kind: OneTimeKind
    user_id: UUID
    email_key: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEmail:
    """A mail that is to be sent at `due_at`, after `attempts` that came to nothing. What it says is found out then.

    A reset has no `user_id`: whoever asks for one may give an address that nobody has.
    """

    id: UUID
    kind: EmailKind
    email: str
    email_key: str
    created_at: dt.datetime
    due_at: dt.datetime
    attempts: int = 0
    user_id: UUID | None = None
    workspace_id: UUID | None = None
    invitation_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace as one of its members sees it: `role` is theirs.

    `head` is the number of the last change in the workspace, `revision` that of the last to its own row.
    """

    id: UUID
    name: str
    personal: bool
    role: Role
    head: int
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user in a workspace, with a copy of their name: a workspace can be read without its users."""

    workspace_id: UUID
    user_id: UUID
    role: Role
    name: str
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An offer to become a member, to whoever has its token.

    `mailed_at` is when the token was sent to *email*; None before that, and where whoever invited got it to pass it on.
    """

    id: UUID
    workspace_id: UUID
    email: str
    role: Role
    invited_by: UUID
    created_at: dt.datetime
    expires_at: dt.datetime
    mailed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipSummary:
    """Where a user stands in one of their workspaces, and how many others are there, and are owners."""

    workspace_id: UUID
    role: Role
    other_members: int
    other_owners: int

    @property
    def is_alone(self) -> bool:
        """Nobody else would miss the workspace."""
        return self.other_members == 0

    @property
    def leaves_no_owner(self) -> bool:
        """Others are there, and none of them is an owner."""
        return self.role == "owner" and self.other_members > 0 and self.other_owners == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A list of tasks. Each workspace has one inbox, which takes the tasks that name no project."""

    id: UUID
    workspace_id: UUID
    name: str
    description: str
    is_inbox: bool
    archived_at: dt.datetime | None
    position: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to do. `completed_at` is set exactly while `status` is "completed"."""

    id: UUID
    workspace_id: UUID
    project_id: UUID
    title: str
    description: str
    status: Status
    priority: Priority
    due: Due | None
    position: str
    completed_at: dt.datetime | None
    created_by: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int
