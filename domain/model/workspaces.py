"""Workspaces: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.errors import Conflict, NotFound
from domain.roles import Role

WorkspaceEvent = Literal["workspace.created", "workspace.updated"]

DEPARTURES_KEPT: Final = dt.timedelta(days=90)
"""How long it is known which workspaces a user is not in any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace as one of its members sees it: `role` is that member's.

    `head` is the number of the last change in the workspace, `revision` that of the last change of its own row.
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
class WorkspaceChange:
    """The head of a workspace and the role of a user in it. Both are None if the user is not in it any more."""

    workspace_id: UUID
    head: int | None
    role: Role | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHeads:
    """The heads of a user's workspaces, in order of id, and how many of the user's reminders have fired.

    The latter is the number of the last one, wherever its workspace is.
    """

    workspaces: Sequence[WorkspaceChange]
    reminders_fired: int


class WorkspaceNotFound(NotFound):
    """The caller is not a member of a workspace with this id."""

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__("Not found, or you do not have access to it.")
        self.workspace_id = workspace_id


class PersonalWorkspace(Conflict):
    """A personal workspace is deleted with its account only. It cannot be shared or left."""

    summary = "This is a personal workspace"

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(
            "This is a personal workspace. It cannot be shared or left, and is deleted only with its account."
        )
        self.workspace_id = workspace_id


class TooManyWorkspaces(Conflict):
    """The user is a member of as many workspaces as anybody may be."""

    summary = "You are in too many workspaces"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You are in {limit} workspaces, and cannot be in more. Leave or delete one first.")
        self.limit = limit


class WorkspaceFull(Conflict):
    """The workspace has reached its quota; or, if *kept*, the responses that are kept for repeated requests have."""

    summary = "The workspace is full"

    def __init__(self, quota_bytes: int, *, kept: bool = False) -> None:
        super().__init__(
            f"The responses that are kept for an `Idempotency-Key` in this workspace have reached their limit of "
            f"{quota_bytes} bytes. Send the request without a key, or wait until the end of the next day (UTC)."
            if kept
            else f"The workspace has reached its limit of {quota_bytes} bytes. Delete tasks or projects, and empty the "
            "trash."
        )
        self.quota_bytes = quota_bytes


class WorkspaceRepository(Protocol):
    """Workspaces, always as one of their members sees them. Each change is in the workspace's log."""

    async def add(self, workspace: Workspace) -> None:
        """Store a workspace without members. `role` is not stored. Raises IdTaken."""

    async def get(self, workspace_id: UUID, *, user_id: UUID) -> Workspace | None:
        """Return the workspace. None also if the user is not a member."""

    async def page(
        self,
        user_id: UUID,
        *,
        only: Collection[UUID] | None = None,
        after: tuple[dt.datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Workspace]:
        """Return at most *limit* workspaces of a user: the personal one, then the others by age. *only* limits which.

        *after* is a time of creation and an id: the personal one is left out, and the others begin after that.
        """

    async def heads(self, user_id: UUID, *, only: Collection[UUID] | None) -> AccountHeads:
        """Return the heads of the workspaces of a user, all as of one moment. *only* limits which."""

    async def departures(self, user_id: UUID, *, limit: int) -> Sequence[UUID]:
        """Return the last *limit* workspaces that a user left, was removed from, or that were deleted, newest first.

        Those of the last DEPARTURES_KEPT are known. A user may be in one again, or have left it twice.
        """

    async def lock_joined(self, user_id: UUID) -> None:
        """Lock every workspace of a user, who is locked, in order of id."""

    async def update(self, workspace: Workspace) -> None:
        """Store the name, the time of the change and the revision."""

    async def delete(self, workspace_ids: Sequence[UUID]) -> None:
        """Delete workspaces with everything in them, their logs too. Nobody sees anything of them any more."""
