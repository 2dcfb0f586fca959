"""The ports of the domain, kept in dictionaries. `tests/ports` holds them to what the repositories do."""

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from domain.dues import due_key
from domain.errors import IdTaken
from domain.events import Event, EventType, end_of, event_of
from domain.model.account_log import AccountEvent, AccountEventType
from domain.model.identities import Identity, IdentityTaken
from domain.model.invitations import Invitation
from domain.model.members import Member, MembershipSummary
from domain.model.one_time_tokens import OneTimeKind, OneTimeToken
from domain.model.projects import Project, ProjectEvent, ProjectQuery
from domain.model.queued_emails import EmailKind, QueuedEmail
from domain.model.sessions import Session, StoredToken
from domain.model.tasks import PRIORITIES, SortKey, Task, TaskEvent, TaskQuery
from domain.model.tokens import PersonalToken
from domain.model.users import Credentials, EmailTaken, User
from domain.model.workspaces import Workspace
from domain.origins import Origin
from domain.policy import Policy
from domain.principals import Principal
from domain.roles import ROLES, Role

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOME = Origin(address="192.0.2.7", device="Tickbox for phones 1.0")

Key = TypeVar("Key")
Value = TypeVar("Value")


def page_of(
    items: Iterable[Value], *, place: Callable[[Value], Any], after: object, limit: int, descending: bool = False
) -> list[Value]:
    """At most *limit* in the order of their places, behind *after*, whether there is anything or not."""
    rest = [i for i in items if after is None or (place(i) < after if descending else place(i) > after)]
    return sorted(rest, key=place, reverse=descending)[:limit]


def without(kept: dict[Key, Value], is_gone: Callable[[Value], bool]) -> dict[Key, Value]:
    """What is left of *kept*."""
    return {key: value for key, value in kept.items() if not is_gone(value)}


@dataclass
class Store:
    """What a database would keep."""

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
    members: dict[tuple[UUID, UUID], Member] = field(default_factory=dict)
    invitations: dict[UUID, Invitation] = field(default_factory=dict)
    invitation_digests: dict[bytes, UUID] = field(default_factory=dict)
    projects: dict[tuple[UUID, UUID], Project] = field(default_factory=dict)
    tasks: dict[tuple[UUID, UUID], Task] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def workspaces_of(self, user_id: UUID) -> list[UUID]:
        return sorted(workspace_id for workspace_id, member_id in self.members if member_id == user_id)

    def told(self, workspace_id: UUID, revision: int) -> list[tuple[EventType, UUID]]:
        """What the log says happened in a change, in order: the type, and what it happened to."""
        return [
            (event.type, event.entity_id)
            for event in self.events
            if (event.workspace_id, event.revision) == (workspace_id, revision)
        ]

    def take_number(self, workspace_id: UUID) -> int:
        workspace = self.workspaces[workspace_id]
        self.workspaces[workspace_id] = replace(workspace, head=workspace.head + 1)
        return workspace.head + 1


class FakePasswords:
    """Hashes that anybody can read, and a count of the checks that took their time. It is for short passwords, too."""

    def __init__(self) -> None:
        self.verifications = 0

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        self.verifications += 1
        return password_hash in {f"hash of {password}", f"old hash of {password}"}

    def needs_rehash(self, password_hash: str) -> bool:
        return password_hash.startswith("old")

    def is_guessable(self, password: str, *, known: Sequence[str]) -> bool:
        return password in {"password", *(word for word in known if len(word) >= 8)}


class FakeInvitationReader:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        found = self._store.invitations.get(self._store.invitation_digests.get(digest, UUID(int=0)))
        return found if found and found.expires_at > now else None


class FakeCredentials(FakeInvitationReader):
    async def find(self, user_id: UUID) -> Credentials | None:
        if user_id not in self._store.users:
            return None
        user, password_hash = self._store.users[user_id], self._store.password_hashes[user_id]
        return Credentials(user_id=user_id, email=user.email, name=user.name, password_hash=password_hash)

    async def find_by_email(self, email_key: str) -> Credentials | None:
        user_id = self._store.email_keys.get(email_key)
        return None if user_id is None else await self.find(user_id)

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        return next((token for token in self._store.one_time_tokens.values() if token.digest == digest), None)


class FakeUsers:
    def __init__(self, store: Store, *, locked: set[UUID]) -> None:
        self._store = store
        self.locked = locked

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        if email_key in self._store.email_keys:
            raise EmailTaken
        self.locked.add(user.id)
        self._store.users[user.id] = user
        if email_key is not None:
            self._store.email_keys[email_key] = user.id
        self._store.password_hashes[user.id] = password_hash

    async def get(self, user_id: UUID) -> User | None:
        return self._store.users.get(user_id)

    async def lock(self, user_id: UUID) -> User | None:
        self.locked.add(user_id)
        return self._store.users.get(user_id)

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        self.locked.add(user_id)
        return self._store.password_hashes.get(user_id) == password_hash

    async def update(self, user: User) -> None:
        assert user.id in self.locked
        others = without(self._store.email_keys, lambda of: of == user.id)
        if user.email is not None:
            if user.email.lower() in others:
                raise EmailTaken
            others[user.email.lower()] = user.id
        self._store.email_keys = others
        self._store.users[user.id] = user

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        assert user_id in self.locked
        self._store.password_hashes[user_id] = password_hash

    async def call_off_email(self, user_id: UUID) -> None:
        assert user_id in self.locked
        self._store.users[user_id] = replace(self._store.users[user_id], new_email=None)

    async def delete(self, user_id: UUID) -> None:
        assert user_id in self.locked
        store = self._store
        del store.users[user_id]
        del store.password_hashes[user_id]
        store.email_keys = without(store.email_keys, lambda of: of == user_id)
        store.identities = without(store.identities, lambda of: of == user_id)
        store.sessions = without(store.sessions, lambda session: session.user_id == user_id)
        store.tokens = without(store.tokens, lambda token: token.user_id == user_id)
        store.one_time_tokens = without(store.one_time_tokens, lambda token: token.user_id == user_id)
        store.queued_emails = without(store.queued_emails, lambda queued_email: queued_email.user_id == user_id)
        store.account_events = [(of, event) for of, event in store.account_events if of != user_id]


class FakeIdentities:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, identity: Identity, *, user_id: UUID, at: dt.datetime) -> None:
        assert at == self._store.users[user_id].created_at
        if identity in self._store.identities:
            raise IdentityTaken
        self._store.identities[identity] = user_id


class FakeSessions:
    def __init__(self, store: Store, users: FakeUsers) -> None:
        self._store = store
        self._users = users

    async def add(self, session: Session) -> None:
        self._store.sessions[session.id] = session

    async def add_tokens(self, *, access: StoredToken, refresh: StoredToken) -> None:
        assert not self.live(refresh.session_id)
        self._store.access_tokens[access.digest] = access
        self._store.refresh_tokens[refresh.digest] = refresh

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[Session]:
        mine = (s for s in self._store.sessions.values() if s.user_id == user_id and s.expires_at > now)
        return page_of(mine, place=lambda s: s.id, after=after, limit=limit)

    async def get(self, session_id: UUID, *, user_id: UUID, now: dt.datetime) -> Session | None:
        session = self._store.sessions.get(session_id)
        return session if session and session.user_id == user_id and session.expires_at > now else None

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        token = self._store.refresh_tokens.get(digest)
        session = None if token is None else self._store.sessions.get(token.session_id)
        if session is not None:
            self._users.locked.add(session.user_id)
        return session

    async def spend(self, session_id: UUID, *, at: dt.datetime) -> bytes | None:
        for digest in self.live(session_id):
            self._store.spent[digest] = at
            return digest
        return None

    def live(self, session_id: UUID) -> set[bytes]:
        of_session = {digest for digest, t in self._store.refresh_tokens.items() if t.session_id == session_id}
        return of_session - self._store.spent.keys()

    async def replaced_at(self, digest: bytes) -> dt.datetime | None:
        return self._store.spent.get(digest)

    async def extend(self, session: Session) -> None:
        def is_over(token: StoredToken) -> bool:
            return token.session_id == session.id and token.expires_at <= session.last_refreshed_at

        self._store.sessions[session.id] = session
        self._store.access_tokens = without(self._store.access_tokens, is_over)
        self._store.refresh_tokens = without(self._store.refresh_tokens, is_over)

    async def delete(self, session_id: UUID, *, user_id: UUID) -> bool:
        session = self._store.sessions.get(session_id)
        if session is None or session.user_id != user_id:
            return False
        del self._store.sessions[session_id]
        return True

    async def delete_all(self, user_id: UUID, *, keep: UUID | None = None) -> None:
        assert user_id in self._users.locked
        self._store.sessions = without(self._store.sessions, lambda s: s.user_id == user_id and s.id != keep)


class FakeTokens:
    def __init__(self, store: Store, users: FakeUsers) -> None:
        self._store = store
        self._users = users

    async def add(self, token: PersonalToken, *, digest: bytes) -> None:
        assert token.user_id in self._users.locked
        self._store.tokens[token.id] = token
        self._store.token_digests[token.id] = digest

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[PersonalToken]:
        mine = [t for t in self._store.tokens.values() if t.user_id == user_id]
        live = [t for t in mine if t.expires_at is None or t.expires_at > now]
        return page_of(live, place=lambda t: t.id, after=after, limit=limit)

    async def get(self, token_id: UUID, *, user_id: UUID, now: dt.datetime) -> PersonalToken | None:
        live = await self.page(user_id, now=now, after=None, limit=len(self._store.tokens))
        return next((token for token in live if token.id == token_id), None)

    async def delete(self, token_id: UUID, *, user_id: UUID) -> bool:
        if token_id not in self._store.tokens or self._store.tokens[token_id].user_id != user_id:
            return False
        del self._store.tokens[token_id]
        return True

    async def delete_all(self, user_id: UUID) -> bool:
        assert user_id in self._users.locked
        before = self._store.tokens
        self._store.tokens = without(before, lambda token: token.user_id == user_id)
        return len(self._store.tokens) < len(before)


class FakeAccountLog:
    def __init__(self, uow: "FakeUnitOfWork") -> None:
        self._uow = uow

    async def add(
        self,
        kind: AccountEventType,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
    ) -> None:
        caller = self._uow.caller
        if user_id is None:
            user_id = self._uow.principal.user_id
        assert user_id in self._uow.users.locked
        event = AccountEvent(
            id=self._uow.new_id(),
            type=kind,
            recorded_at=self._uow.now,
            address=self._uow.origin.address,
            device=self._uow.origin.device,
            session_id=session_id or (caller.session_id if caller else None),
            token_id=token_id or (caller.token_id if caller else None),
        )
        self._uow.store.account_events.append((user_id, event))

    async def page(self, user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[AccountEvent]:
        mine = [event for of, event in self._uow.store.account_events if of == user_id]
        return page_of(mine, place=lambda event: event.id, after=before, limit=limit, descending=True)


class FakeOneTimeTokens:
    def __init__(self, store: Store, users: FakeUsers) -> None:
        self._store = store
        self._users = users

    async def replace(self, token: OneTimeToken, *, if_expiring_until: dt.datetime) -> bool:
        assert token.user_id in self._users.locked
        there = self._store.one_time_tokens.get((token.user_id, token.kind))
        if there is not None and there.expires_at > if_expiring_until:
            return False
        self._store.one_time_tokens[token.user_id, token.kind] = token
        return True

    async def spend(self, digest: bytes, *, now: dt.datetime) -> bool:
        for key, token in self._store.one_time_tokens.items():
            if token.digest == digest and token.expires_at > now:
                assert token.user_id in self._users.locked
                del self._store.one_time_tokens[key]
                return True
        return False

    async def delete(self, user_id: UUID, *, kind: OneTimeKind) -> None:
        assert user_id in self._users.locked
        self._store.one_time_tokens.pop((user_id, kind), None)


class FakeOutbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, queued_email: QueuedEmail) -> None:
        for other in self._store.queued_emails.values():
            is_like_others = not queued_email.invitation_id and queued_email.kind != "email_change"
            if is_like_others and (other.kind, other.email_key) == (queued_email.kind, queued_email.email_key):
                self._store.queued_emails[other.id] = replace(
                    other, email=queued_email.email, user_id=queued_email.user_id
                )
                return
        self._store.queued_emails[queued_email.id] = queued_email

    async def are_due(self, *, now: dt.datetime) -> bool:
        return any(queued_email.due_at <= now for queued_email in self._store.queued_emails.values())

    async def lock_due(self, *, now: dt.datetime, limit: int) -> Sequence[QueuedEmail]:
        due = [queued_email for queued_email in self._store.queued_emails.values() if queued_email.due_at <= now]
        return sorted(due, key=lambda queued_email: queued_email.due_at)[:limit]

    async def put_off(self, queued_emails: Sequence[QueuedEmail]) -> None:
        self._store.queued_emails.update(
            {
                queued_email.id: queued_email
                for queued_email in queued_emails
                if queued_email.id in self._store.queued_emails
            }
        )

    async def remove(self, email_id: UUID) -> None:
        self._store.queued_emails.pop(email_id, None)

    async def withdraw(self, kind: EmailKind, *, user_id: UUID) -> None:
        self._store.queued_emails = without(
            self._store.queued_emails, lambda queued_email: (queued_email.kind, queued_email.user_id) == (kind, user_id)
        )

    async def note_sending(self, queued_email: QueuedEmail, *, at: dt.datetime, unless_after: dt.datetime) -> bool:
        last = self._store.mail_pauses.get((queued_email.kind, queued_email.email_key))
        if last is not None and last > unless_after:
            return False
        self._store.mail_pauses[queued_email.kind, queued_email.email_key] = at
        return True


class FakeWorkspaces:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, workspace: Workspace) -> None:
        if workspace.id in self._store.workspaces:
            raise IdTaken
        self._store.workspaces[workspace.id] = workspace
        self._store.events.append(event_of("workspace.created", workspace))

    async def get(self, workspace_id: UUID, *, user_id: UUID) -> Workspace | None:
        member = self._store.members.get((workspace_id, user_id))
        return None if member is None else replace(self._store.workspaces[workspace_id], role=member.role)

    async def page(
        self,
        user_id: UUID,
        *,
        only: Collection[UUID] | None = None,
        after: tuple[dt.datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Workspace]:
        found = [await self.get(workspace_id, user_id=user_id) for workspace_id in self._store.workspaces_of(user_id)]
        mine = [w for w in found if w is not None and (only is None or w.id in only)]
        first = [w for w in mine if w.personal and after is None]
        others = [w for w in mine if not w.personal]
        return [*first, *page_of(others, place=lambda w: (w.created_at, w.id), after=after, limit=limit)][:limit]

    async def lock_joined(self, user_id: UUID) -> None:
        pass

    async def update(self, workspace: Workspace) -> None:
        stored = self._store.workspaces[workspace.id]
        self._store.workspaces[workspace.id] = replace(workspace, head=stored.head)
        self._store.events.append(event_of("workspace.updated", workspace))

    async def delete(self, workspace_ids: Sequence[UUID]) -> None:
        def is_in_one(thing: Member | Invitation | Project | Task) -> bool:
            return thing.workspace_id in workspace_ids

        store = self._store
        store.workspaces = without(store.workspaces, lambda workspace: workspace.id in workspace_ids)
        store.events = [event for event in store.events if event.workspace_id not in workspace_ids]
        store.members = without(store.members, is_in_one)
        store.invitations = without(store.invitations, is_in_one)
        store.projects = without(store.projects, is_in_one)
        store.tasks = without(store.tasks, is_in_one)


class FakeMembers:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, member: Member) -> None:
        self._store.members[member.workspace_id, member.user_id] = member
        self._store.events.append(event_of("member.added", member))

    async def get(self, workspace_id: UUID, user_id: UUID) -> Member | None:
        return self._store.members.get((workspace_id, user_id))

    async def page(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        here = [member for (at, _), member in self._store.members.items() if at == workspace_id]
        return page_of(here, place=lambda m: m.user_id, after=after, limit=limit)

    async def has_address(self, workspace_id: UUID, *, email_key: str) -> bool:
        here = [self._store.users[who] for at, who in self._store.members if at == workspace_id]
        return any(user.email_verified_at and (user.email or "").lower() == email_key for user in here)

    async def count_joined(self, user_id: UUID) -> int:
        return sum(who == user_id for _, who in self._store.members)

    async def count_owners(self, workspace_id: UUID) -> int:
        return sum(m.role == "owner" for (at, _), m in self._store.members.items() if at == workspace_id)

    async def update(self, member: Member) -> None:
        self._store.members[member.workspace_id, member.user_id] = member
        self._store.events.append(event_of("member.updated", member))

    async def delete(self, workspace_id: UUID, user_id: UUID, *, revision: int) -> None:
        del self._store.members[workspace_id, user_id]
        end = end_of("member.removed", user_id, workspace_id=workspace_id, revision=revision)
        self._store.events.append(end)

    async def membership_summaries(self, user_id: UUID) -> Sequence[MembershipSummary]:
        found = []
        for workspace_id in self._store.workspaces_of(user_id):
            others = [m for (at, of), m in self._store.members.items() if at == workspace_id and of != user_id]
            summary = MembershipSummary(
                workspace_id=workspace_id,
                role=self._store.members[workspace_id, user_id].role,
                other_members=len(others),
                other_owners=sum(other.role == "owner" for other in others),
            )
            found.append(summary)
        return found

    async def rename(self, user_id: UUID, *, name: str, at: dt.datetime) -> None:
        for workspace_id in self._store.workspaces_of(user_id):
            key = (workspace_id, user_id)
            revision = self._store.take_number(workspace_id)
            renamed = replace(self._store.members[key], name=name, updated_at=at, revision=revision)
            self._store.members[key] = renamed
            self._store.events.append(event_of("member.updated", renamed))

    async def remove(self, user_id: UUID) -> None:
        for workspace_id in self._store.workspaces_of(user_id):
            revision = self._store.take_number(workspace_id)
            del self._store.members[workspace_id, user_id]
            end = end_of("member.removed", user_id, workspace_id=workspace_id, revision=revision)
            self._store.events.append(end)


class FakeInvitations(FakeInvitationReader):
    async def put(self, invitation: Invitation, *, email_key: str) -> Role | None:
        place = (invitation.workspace_id, email_key)
        old = next((i for i in self._store.invitations.values() if (i.workspace_id, i.email.lower()) == place), None)
        self._drop(lambda i: i is old)
        self._store.invitations[invitation.id] = invitation
        return old.role if old and old.expires_at > invitation.created_at else None

    async def get(self, workspace_id: UUID, invitation_id: UUID, *, now: dt.datetime) -> Invitation | None:
        found = self._store.invitations.get(invitation_id)
        return found if found and found.workspace_id == workspace_id and found.expires_at > now else None

    async def page(
        self, workspace_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        here = [i for i in self._store.invitations.values() if i.workspace_id == workspace_id and i.expires_at > now]
        return page_of(here, place=lambda i: i.id, after=after, limit=limit)

    async def set_digest(
        self, workspace_id: UUID, invitation_id: UUID, *, digest: bytes, mailed_at: dt.datetime | None
    ) -> None:
        found = self._store.invitations[invitation_id]
        assert found.workspace_id == workspace_id
        self._store.invitations[invitation_id] = replace(found, mailed_at=mailed_at)
        digests = self._store.invitation_digests.items()
        self._store.invitation_digests = {old: of for old, of in digests if of != invitation_id}
        self._store.invitation_digests[digest] = invitation_id

    async def delete(self, workspace_id: UUID, invitation_id: UUID) -> bool:
        found = self._store.invitations.get(invitation_id)
        self._drop(lambda i: i is found and i.workspace_id == workspace_id)
        return found is not None and invitation_id not in self._store.invitations

    async def withdraw(self, workspace_id: UUID, *, invited_by: UUID, roles: Collection[Role] = ROLES) -> None:
        self._drop(lambda i: i.workspace_id == workspace_id and i.invited_by == invited_by and i.role in roles)

    async def withdraw_to(self, workspace_id: UUID, *, user_id: UUID) -> None:
        keys = {key for key, of in self._store.email_keys.items() if of == user_id}
        self._drop(lambda i: i.workspace_id == workspace_id and i.email.lower() in keys)

    async def withdraw_all(self, invited_by: UUID) -> None:
        joined = self._store.workspaces_of(invited_by)
        self._drop(lambda i: i.workspace_id in joined and i.invited_by == invited_by)

    def _drop(self, is_gone: Callable[[Invitation], bool]) -> None:
        self._store.invitations = without(self._store.invitations, is_gone)


class FakeProjects:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, project: Project) -> None:
        key = (project.workspace_id, project.id)
        if key in self._store.projects:
            raise IdTaken
        self._store.projects[key] = project
        self._store.events.append(event_of("project.created", project))

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        return self._store.projects.get((workspace_id, project_id))

    async def inbox(self, workspace_id: UUID) -> Project | None:
        return next((p for p in self._all(workspace_id) if p.is_inbox), None)

    async def last_position(self, workspace_id: UUID) -> str | None:
        return max((p.position for p in self._all(workspace_id)), default=None)

    async def page(self, query: ProjectQuery) -> Sequence[Project]:
        listed = [p for p in self._all(query.workspace_id) if (p.archived_at is not None) == query.archived]
        return page_of(listed, place=lambda p: (p.position, p.id), after=query.after, limit=query.limit)

    async def update(self, project: Project, *, before: Project, event: ProjectEvent) -> None:
        assert self._store.projects[project.workspace_id, project.id] == before
        self._store.projects[project.workspace_id, project.id] = project
        self._store.events.append(event_of(event, project, before=before))

    async def delete(self, workspace_id: UUID, project_id: UUID, *, revision: int) -> None:
        del self._store.projects[workspace_id, project_id]
        assert not [t for (at, _), t in self._store.tasks.items() if (at, t.project_id) == (workspace_id, project_id)]
        end = end_of("project.deleted", project_id, workspace_id=workspace_id, revision=revision)
        self._store.events.append(end)

    def _all(self, workspace_id: UUID) -> list[Project]:
        return [p for p in self._store.projects.values() if p.workspace_id == workspace_id]


def sort_key(task: Task, order: str) -> SortKey:
    keys: dict[str, SortKey] = {
        "position": task.position,
        "due": due_key(task.due),
        "priority": PRIORITIES.index(task.priority),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }
    return keys[order]


class FakeTasks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, task: Task) -> None:
        key = (task.workspace_id, task.id)
        if key in self._store.tasks:
            raise IdTaken
        self._store.tasks[key] = task
        self._store.events.append(event_of("task.created", task))

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        return self._store.tasks.get((workspace_id, task_id))

    async def last_position(self, workspace_id: UUID, *, project_id: UUID) -> str | None:
        tasks = [t for t in self._store.tasks.values() if (t.workspace_id, t.project_id) == (workspace_id, project_id)]
        return max((task.position for task in tasks), default=None)

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        listed = [
            task
            for task in self._store.tasks.values()
            if task.workspace_id == query.workspace_id
            and query.project_id in {None, task.project_id}
            and query.status in {None, task.status}
        ]
        return page_of(
            listed,
            place=lambda task: (sort_key(task, query.order), task.id),
            after=query.after,
            limit=query.limit,
            descending=query.descending,
        )

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        assert self._store.tasks[task.workspace_id, task.id] == before
        self._store.tasks[task.workspace_id, task.id] = task
        self._store.events.append(event_of(event, task, before=before))

    async def delete(self, workspace_id: UUID, task_id: UUID, *, revision: int) -> None:
        del self._store.tasks[workspace_id, task_id]
        end = end_of("task.deleted", task_id, workspace_id=workspace_id, revision=revision)
        self._store.events.append(end)

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, revision: int) -> None:
        mine = [t for t in self._store.tasks.values() if (t.workspace_id, t.project_id) == (workspace_id, project_id)]
        for task in mine:
            await self.delete(workspace_id, task.id, revision=revision)


class FakeUnitOfWork:
    """Implements domain.unit_of_work.UnitOfWork for one call. `call` makes another on the same store."""

    def __init__(  # noqa: PLR0913  # what is to be known of a call
        self,
        *,
        store: Store | None = None,
        principal: Principal | None = None,
        workspace_id: UUID | None = None,
        now: dt.datetime = NOON,
        policy: Policy | None = None,
        origin: Origin = HOME,
    ) -> None:
        self.store = store or Store()
        self.caller = principal
        self._workspace_id = workspace_id
        self._revision: int | None = None
        self.now = now
        self.origin = origin
        self.policy = policy or Policy()
        self.passwords = FakePasswords()
        self.credentials = FakeCredentials(self.store)
        # What a call that names no workspace holds from the beginning.
        self.users = FakeUsers(self.store, locked={principal.user_id} if principal else set())
        self.identities = FakeIdentities(self.store)
        self.sessions = FakeSessions(self.store, self.users)
        self.tokens = FakeTokens(self.store, self.users)
        self.account_log = FakeAccountLog(self)
        self.one_time_tokens = FakeOneTimeTokens(self.store, self.users)
        self.outbox = FakeOutbox(self.store)
        self.workspaces = FakeWorkspaces(self.store)
        self.members = FakeMembers(self.store)
        self.invitations = FakeInvitations(self.store)
        self.projects = FakeProjects(self.store)
        self.tasks = FakeTasks(self.store)

    def call(
        self,
        *,
        principal: Principal | None = None,
        workspace_id: UUID | None = None,
        now: dt.datetime | None = None,
        policy: Policy | None = None,
    ) -> "FakeUnitOfWork":
        return FakeUnitOfWork(
            store=self.store,
            principal=principal or self.caller,
            workspace_id=workspace_id or self._workspace_id,
            now=now or self.now,
            policy=policy or self.policy,
        )

    def account_call(self) -> "FakeUnitOfWork":
        """Another call, which names no workspace."""
        return FakeUnitOfWork(store=self.store, principal=self.caller, now=self.now, policy=self.policy)

    @property
    def principal(self) -> Principal:
        assert self.caller is not None
        return self.caller

    @property
    def workspace_id(self) -> UUID:
        assert self._workspace_id is not None
        return self._workspace_id

    def new_id(self) -> UUID:
        return UUID(int=next(self.store.numbers))

    def random_bytes(self, count: int) -> bytes:
        return next(self.store.numbers).to_bytes(count, "big")

    async def check_storage(self) -> None:
        """A dictionary always answers."""

    async def enter(self, workspace_id: UUID) -> bool:
        assert self._workspace_id is None
        if workspace_id not in self.store.workspaces:
            return False
        self._workspace_id = workspace_id
        return True

    async def next_revision(self) -> int:
        if self._revision is None:
            self._revision = self.store.take_number(self.workspace_id)
        return self._revision
