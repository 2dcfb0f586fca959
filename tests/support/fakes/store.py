"""What the fakes keep: dictionaries in place of a database's tables."""

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.errors import IdTaken
from domain.events import Event, EventType
from domain.model.account_log import AccountEvent
from domain.model.activity import LoggedEvent
from domain.model.fired_reminders import FiredReminder
from domain.model.identities import Identity
from domain.model.invitations import Invitation
from domain.model.members import Member
from domain.model.one_time_tokens import OneTimeKind, OneTimeToken
from domain.model.projects import Project
from domain.model.queued_emails import QueuedEmail
from domain.model.sessions import Session, StoredToken
from domain.model.tasks import Task
from domain.model.tokens import PersonalToken
from domain.model.users import User
from domain.model.workspaces import Workspace

Key = TypeVar("Key")
Value = TypeVar("Value")


def page_of(
    items: Iterable[Value], *, place: Callable[[Value], Any], after: object, limit: int, descending: bool = False
) -> list[Value]:
    """At most *limit* items in the order of their places, after *after*, whether an item is at that place or not."""
    rest = [i for i in items if after is None or (place(i) < after if descending else place(i) > after)]
    return sorted(rest, key=place, reverse=descending)[:limit]


class Placed(Protocol):
    @property
    def position(self) -> str: ...


Item = TypeVar("Item", bound=Placed)


def nearest(items: Iterable[Item], *, cut: str, limit: int) -> list[Item]:
    """The items before a position and from it on, at most *limit* of each, in their order."""
    in_order = sorted(items, key=lambda item: item.position)
    at = sum(item.position < cut for item in in_order)
    return in_order[max(0, at - limit) : at + limit]


def without(kept: dict[Key, Value], is_gone: Callable[[Value], bool]) -> dict[Key, Value]:
    """The items of *kept* that stay."""
    return {key: value for key, value in kept.items() if not is_gone(value)}


@dataclass(frozen=True)
class Trashed:
    """An entity in the trash, with the id of the entry."""

    entity: Any
    trash_id: UUID

    @property
    def workspace_id(self) -> UUID:
        found: UUID = self.entity.workspace_id
        return found


@dataclass
class Store:
    """What a database would store."""

    users: dict[UUID, User] = field(default_factory=dict)
    email_keys: dict[str, UUID] = field(default_factory=dict)
    password_hashes: dict[UUID, str | None] = field(default_factory=dict)
    identities: dict[Identity, UUID] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    access_tokens: dict[bytes, StoredToken] = field(default_factory=dict)
    refresh_tokens: dict[bytes, StoredToken] = field(default_factory=dict)
    spent: dict[bytes, dt.datetime] = field(default_factory=dict)
    tokens: dict[UUID, PersonalToken] = field(default_factory=dict)
    token_digests: dict[UUID, bytes] = field(default_factory=dict)
    account_events: list[tuple[UUID, AccountEvent]] = field(default_factory=list)
    one_time_tokens: dict[tuple[UUID, OneTimeKind], OneTimeToken] = field(default_factory=dict)
    queued_emails: dict[UUID, QueuedEmail] = field(default_factory=dict)
    mail_pauses: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    workspaces: dict[UUID, Workspace] = field(default_factory=dict)
    departures: list[tuple[UUID, UUID]] = field(default_factory=list)
    """A user and the workspace that they are not in any more, the oldest first."""
    fired_reminders: dict[UUID, list[FiredReminder]] = field(default_factory=dict)
    """By user, in the order of their numbers, which begin with 1."""
    members: dict[tuple[UUID, UUID], Member] = field(default_factory=dict)
    invitations: dict[UUID, Invitation] = field(default_factory=dict)
    invitation_digests: dict[bytes, UUID] = field(default_factory=dict)
    projects: dict[tuple[UUID, UUID], Project] = field(default_factory=dict)
    tasks: dict[tuple[UUID, UUID], Task] = field(default_factory=dict)
    trashed: dict[tuple[type[Any], UUID, UUID], Trashed] = field(default_factory=dict)
    hidden_links: dict[tuple[str, UUID, UUID, UUID], UUID] = field(default_factory=dict)
    """The entries of links to what is in the trash, by the member of the task, the workspace, the task, the other."""
    events: list[Event] = field(default_factory=list)
    changes_from: dict[UUID, int] = field(default_factory=dict)
    read_events: dict[UUID, list[LoggedEvent]] = field(default_factory=dict)
    """Logs as they are read, by workspace. Only tests write them: `events` have no times and no users."""
    others: dict[type[Any], dict[Any, Any]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def of(self, entity: type[Value]) -> dict[tuple[UUID, UUID], Value]:
        """What is stored of a kind of entity that has no field above, by workspace and id."""
        return self.others.setdefault(entity, {})

    def to_trash(self, kept: dict[tuple[UUID, UUID], Value], key: tuple[UUID, UUID], *, trash_id: UUID) -> None:
        entity = kept.pop(key)
        self.trashed[type(entity), *key] = Trashed(entity, trash_id)

    def from_trash(self, kept: dict[tuple[UUID, UUID], Value], key: tuple[UUID, UUID], entity: Value) -> None:
        del self.trashed[type(entity), *key]
        kept[key] = entity

    def in_trash(self, entity: type[Value], workspace_id: UUID) -> list[tuple[Value, UUID]]:
        """The entities of a kind that are in the trash, in order of their ids, each with the id of the entry."""
        found = [(key, each) for key, each in self.trashed.items() if key[:2] == (entity, workspace_id)]
        return [(each.entity, each.trash_id) for _, each in sorted(found, key=lambda one: one[0][2])]

    def require_new(self, entity: type[Any], kept: dict[tuple[UUID, UUID], Any], key: tuple[UUID, UUID]) -> None:
        """Raise IdTaken if something has the id, also in the trash."""
        if key in kept or (entity, *key) in self.trashed:
            raise IdTaken

    def workspaces_of(self, user_id: UUID) -> list[UUID]:
        return sorted(workspace_id for workspace_id, member_id in self.members if member_id == user_id)

    def delete_in(self, workspace_ids: Collection[UUID]) -> None:
        """Delete what is in these workspaces. An e-mail about one waits until it is found to be void."""

        def is_in_one(value: object) -> bool:
            return getattr(value, "workspace_id", None) in workspace_ids

        for each in fields(self):
            kept = getattr(self, each.name)
            if isinstance(kept, dict) and kept is not self.queued_emails:
                setattr(self, each.name, without(kept, is_in_one))
        self.others = {entity: without(kept, is_in_one) for entity, kept in self.others.items()}

    def logged(self, workspace_id: UUID, revision: int) -> list[tuple[EventType, UUID]]:
        """What the log has for a change, in order: the type, and the id that it happened to."""
        return [
            (event.type, event.entity_id)
            for event in self.events
            if (event.workspace_id, event.revision) == (workspace_id, revision)
        ]

    def take_number(self, workspace_id: UUID) -> int:
        workspace = self.workspaces[workspace_id]
        self.workspaces[workspace_id] = replace(workspace, head=workspace.head + 1)
        return workspace.head + 1
