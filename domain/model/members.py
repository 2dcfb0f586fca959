"""Members of workspaces: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args
from uuid import UUID

from domain.errors import Conflict, Forbidden, NotFound
from domain.roles import Role

_MAX_NAMED: Final = 10
"""How many of the things that stand in the way a text names."""

MemberEvent = Literal["member.added", "member.updated", "member.removed"]

MEMBER_EVENTS: Final[tuple[MemberEvent, ...]] = get_args(MemberEvent)
"""Those whose payload says something of a person."""


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


class MemberNotFound(NotFound):
    """The workspace has no member of this id."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("This workspace does not have a member with this id.")
        self.user_id = user_id


class SoleOwner(Conflict):
    """Workspaces would be left without an owner, and the user is the only one who is."""

    summary = "A workspace would be left without an owner"

    def __init__(self, workspace_ids: Sequence[UUID]) -> None:
        named = ", ".join(map(str, workspace_ids[:_MAX_NAMED]))
        super().__init__(
            f"You are the only owner of {named}. Make another member an owner first, or delete the workspace."
        )
        self.workspace_ids = tuple(workspace_ids)


class RoleTooHigh(Forbidden):
    """A member would give a role above their own, or decide over somebody who has one."""

    summary = "The role is too high"

    def __init__(self) -> None:
        super().__init__(
            "You cannot give a role above your own, or change or remove a member or an invitation with such a role."
        )


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
