"""What there is. Every value is frozen: a change makes a new one. Every datetime is aware, and in UTC.

`revision` is the number of the change that last touched the row: for what lies in a workspace, a number of
that workspace; for a user, a count of their own.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain.dues import Due
from domain.roles import Role

Status = Literal["open", "completed"]
Priority = Literal["none", "low", "medium", "high", "urgent"]

STATUSES: Final[tuple[Status, ...]] = ("open", "completed")
PRIORITIES: Final[tuple[Priority, ...]] = ("none", "low", "medium", "high", "urgent")
"""Least first: a priority's rank is its index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `email` is kept as it was written; `domain.users.email_key` is what it is found by.

    Only an account that an identity provider vouched for may have none.
    """

    id: UUID
    email: str | None
    name: str
    time_zone: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is checked against. The hash says how it was made; an account from outside has none."""

    user_id: UUID
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
    """One log-in, alive until `expires_at`, which each refresh pushes on."""

    id: UUID
    user_id: UUID
    created_at: dt.datetime
    last_refreshed_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """What the database keeps of a session's access or refresh token."""

    digest: bytes
    session_id: UUID
    expires_at: dt.datetime


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
class Standing:
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
