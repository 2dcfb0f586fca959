"""Workspaces: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Conflict, NotFound
from domain.roles import Role

WorkspaceEvent = Literal["workspace.created", "workspace.updated"]


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


class WorkspaceNotFound(NotFound):
    """The caller is a member of no workspace of this id."""

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__("Not found, or you do not have access to it.")
        self.workspace_id = workspace_id


class PersonalWorkspace(Conflict):
    """A personal workspace goes with its account, and can be neither deleted alone, nor shared, nor left."""

    summary = "This is a personal workspace"

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(
            "This is a personal workspace. It cannot be shared or left, and is deleted only with its account."
        )
        self.workspace_id = workspace_id


class TooManyWorkspaces(Conflict):
    """A person is to be in one workspace more than anybody may be."""

    summary = "You are in too many workspaces"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You are in {limit} workspaces, and cannot be in more. Leave or delete one first.")
        self.limit = limit


class WorkspaceFull(Conflict):
    """A workspace has as much in it as it may have; or, where *kept* says so, as many bytes of responses are kept."""

    summary = "The workspace is full"

    def __init__(self, quota_bytes: int, *, kept: bool = False) -> None:
        super().__init__(
            f"The responses that are kept for an `Idempotency-Key` in this workspace have reached their limit of "
            f"{quota_bytes} bytes. Send the request without a key, or wait until the end of the next day (UTC)."
            if kept
            else f"The workspace has reached its limit of {quota_bytes} bytes. Delete tasks or projects."
        )
        self.quota_bytes = quota_bytes


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
