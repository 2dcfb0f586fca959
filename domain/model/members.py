"""Members of workspaces: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args
from uuid import UUID

from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.roles import Role

_MAX_NAMED: Final = 10
"""How many workspaces the text of an error names at most."""

MemberEvent = Literal["member.added", "member.updated", "member.removed"]

MEMBER_EVENTS: Final[tuple[MemberEvent, ...]] = get_args(MemberEvent)
"""Events whose payload has a person's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user in a workspace, with a copy of their name, so that a workspace can be read without its users."""

    workspace_id: UUID
    user_id: UUID
    role: Role
    name: str
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipSummary:
    """A user's role in one of their workspaces, with the number of other members, and of other owners."""

    workspace_id: UUID
    role: Role
    other_members: int
    other_owners: int

    @property
    def is_alone(self) -> bool:
        """Whether the workspace has no other members."""
        return self.other_members == 0

    @property
    def leaves_no_owner(self) -> bool:
        """Whether the workspace would have members, and no owner, without this user."""
        return self.role == "owner" and self.other_members > 0 and self.other_owners == 0


class MemberNotFound(NotFound):
    """The workspace does not have a member with this id."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("This workspace does not have a member with this id.")
        self.user_id = user_id


class MemberUnknown(Invalid):
    """The body names a user who is not a member of the workspace, at *index* of `assignee_ids`."""

    code = "member"

    def __init__(self, user_id: UUID, *, index: int) -> None:
        super().__init__("This workspace does not have a member with this id.")
        self.user_id = user_id
        self.pointer = f"#/assignee_ids/{index}"


class SoleOwner(Conflict):
    """Workspaces would have no owner without this user."""

    summary = "A workspace would be left without an owner"

    def __init__(self, workspace_ids: Sequence[UUID]) -> None:
        named = ", ".join(map(str, workspace_ids[:_MAX_NAMED]))
        super().__init__(
            f"You are the only owner of {named}. Make another member an owner first, or delete the workspace."
        )
        self.workspace_ids = tuple(workspace_ids)


class RoleTooHigh(Forbidden):
    """A member would give a role above their own, or change somebody with such a role."""

    summary = "The role is too high"

    def __init__(self) -> None:
        super().__init__(
            "You cannot give a role above your own, or change or remove a member or an invitation with such a role."
        )


class MemberRepository(Protocol):
    """The members of workspaces."""

    async def add(self, member: Member) -> None:
        """Store a member. The user is locked, and the workspace is locked or new."""

    async def get(self, workspace_id: UUID, user_id: UUID) -> Member | None:
        """Return the member, without a lock."""

    async def existing(self, workspace_id: UUID, user_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those of *user_ids* who are members of the workspace."""

    async def page(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        """Return at most *limit* members, in order of the users' ids, which is by the age of their accounts."""

    async def has_address(self, workspace_id: UUID, *, email_key: str) -> bool:
        """Return whether a member of the workspace has verified this address."""

    async def count_joined(self, user_id: UUID) -> int:
        """Return in how many workspaces a user is. The user is locked."""

    async def count_owners(self, workspace_id: UUID) -> int:
        """Return how many owners a workspace has. The workspace is locked."""

    async def update(self, member: Member) -> None:
        """Store the role, the time of the change and the revision."""

    async def delete(self, workspace_id: UUID, user_id: UUID, *, revision: int) -> None:
        """Delete a member, whom no task has as an assignee.

        The responses that are kept for their repeated requests in the workspace are deleted, too.
        """

    async def membership_summaries(self, user_id: UUID) -> Sequence[MembershipSummary]:
        """Return a summary of each workspace of a user, in order of id. The workspaces are locked."""

    async def rename(self, user_id: UUID, *, name: str, at: dt.datetime) -> None:
        """Store a user's new name in each of their workspaces, which are locked.

        Each workspace takes its next number, which becomes the member's revision.
        """

    async def next_revisions(self, user_id: UUID) -> Mapping[UUID, int]:
        """Take the next number in each of a user's workspaces, which are locked, and return the numbers."""

    async def forget(self, user_id: UUID, *, limit: int) -> int:
        """Delete from the logs what events say about a user, of at most *limit* events. Return of how many."""

    async def remove(self, user_id: UUID, *, revisions: Mapping[UUID, int]) -> None:
        """Delete a user, whose account is being deleted, from all of their workspaces, which are locked.

        No task has them as an assignee, and the logs have forgotten them. *revisions* is from `next_revisions`.
        """
