"""Entities to store, each a little different from the next of its kind."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from domain.model.comments import Comment
from domain.model.completions import Completion, CompletionRecord, Undo
from domain.model.fired_reminders import FiredReminder
from domain.model.invitations import Invitation
from domain.model.labels import Label
from domain.model.members import Member
from domain.model.one_time_tokens import OneTimeToken
from domain.model.projects import Project
from domain.model.queued_emails import QueuedEmail
from domain.model.reminders import Reminder
from domain.model.sections import Section
from domain.model.sessions import Session, StoredToken
from domain.model.tasks import Task
from domain.model.tokens import PersonalToken
from domain.model.users import User
from domain.model.workspaces import Workspace
from domain.roles import Role
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import WallClock
from tests.support.defaults import NOON
from tests.support.worlds import World

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
Item = TypeVar("Item")


def ident(number: int) -> UUID:
    """A UUIDv7; they are in the order of their numbers."""
    return UUID(f"019cb300-0000-7000-8000-{number:012x}")


NOBODY = ident(0xFFFF)
"""An id that nothing has."""


def user(number: int, **changes: Any) -> User:
    created = User(
        id=ident(number),
        email=f"User{number}@example.com",
        email_verified_at=None,
        name=f"User {number}",
        time_zone="Europe/Berlin",
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)


def key_of(user: User) -> str:
    assert user.email is not None
    return user.email.lower()


def session(number: int, *, of: User, **changes: Any) -> Session:
    created = Session(
        id=ident(number),
        user_id=of.id,
        device="Tickbox for phones 1.0",
        created_at=NOON,
        last_refreshed_at=NOON,
        last_used_at=NOON,
        expires_at=NOON + DAY,
    )
    return replace(created, **changes)


def stored(digest: bytes, *, of: Session, expires_at: dt.datetime = NOON + DAY) -> StoredToken:
    return StoredToken(digest=digest, session_id=of.id, expires_at=expires_at)


def personal_token(number: int, *, of: User, **changes: Any) -> PersonalToken:
    created = PersonalToken(
        id=ident(number),
        user_id=of.id,
        name=f"Script {number}",
        scopes=frozenset({"read", "write"}),
        workspace_ids=None,
        created_at=NOON,
        expires_at=None,
        last_used_at=None,
    )
    return replace(created, **changes)


def one_time_token(digest: bytes, *, of: User, **changes: Any) -> OneTimeToken:
    created = OneTimeToken(
        digest=digest, kind="verification", user_id=of.id, email_key=key_of(of), expires_at=NOON + HOUR
    )
    return replace(created, **changes)


def queued_email(number: int, **changes: Any) -> QueuedEmail:
    created = QueuedEmail(
        id=ident(number),
        kind="reset",
        email=f"Mail{number}@example.com",
        email_key=f"mail{number}@example.com",
        created_at=NOON,
        due_at=NOON,
    )
    return replace(created, **changes)


def fired_reminder(number: int, *, user_id: UUID, workspace_id: UUID, **changes: Any) -> FiredReminder:
    """A reminder about a task that recurs, and does not exist any more. The occurrence was moved."""
    fired = FiredReminder(
        user_id=user_id,
        number=number,
        reminder_id=ident(600 + number),
        workspace_id=workspace_id,
        task_id=ident(700 + number),
        due=WallClock(date=NOON.date(), time=dt.time(9, 30), time_zone="Europe/London"),
        occurrence=WallClock(date=NOON.date() - DAY, time=dt.time(9), time_zone="Europe/London"),
        fires_at=NOON,
        fired_at=NOON + HOUR,
    )
    return replace(fired, **changes)


def workspace(number: int, **changes: Any) -> Workspace:
    created = Workspace(
        id=ident(number),
        name=f"Workspace {number}",
        personal=False,
        role="owner",
        head=1,
        revision=1,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(created, **changes)


def member(who: User, place: Workspace, **changes: Any) -> Member:
    created = Member(
        workspace_id=place.id,
        user_id=who.id,
        role="owner",
        name=who.name,
        revision=1,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(created, **changes)


def invitation(number: int, place: Workspace, *, by: User | None = None, **changes: Any) -> Invitation:
    created = Invitation(
        id=ident(number),
        workspace_id=place.id,
        email=f"Guest{number}@example.com",
        role="viewer",
        invited_by=by.id if by else NOBODY,
        created_at=NOON,
        expires_at=NOON + DAY,
    )
    return replace(created, **changes)


def project(number: int, place: Workspace, **changes: Any) -> Project:
    created = Project(
        id=ident(number),
        workspace_id=place.id,
        name=f"Project {number}",
        description="",
        is_inbox=False,
        archived_at=None,
        position=f"a{number}",
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)


def section(number: int, within: Project, **changes: Any) -> Section:
    created = Section(
        id=ident(number),
        workspace_id=within.workspace_id,
        project_id=within.id,
        name=f"Section {number}",
        position=f"a{number}",
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)


def label(number: int, place: Workspace, **changes: Any) -> Label:
    created = Label(
        id=ident(number),
        workspace_id=place.id,
        name=f"Label {number}",
        color=None,
        position=f"a{number}",
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)


def task(number: int, within: Project, **changes: Any) -> Task:
    created = Task(
        id=ident(number),
        workspace_id=within.workspace_id,
        project_id=within.id,
        section_id=None,
        parent_id=None,
        title=f"Task {number}",
        description="",
        status="open",
        priority="none",
        start=None,
        due=None,
        recurrence=None,
        label_ids=(),
        assignee_ids=(),
        depends_on_ids=(),
        blocked=False,
        metadata={},
        position=f"a{number}",
        completed_at=None,
        closed_with=None,
        created_by=NOBODY,
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)


def comment(number: int, about: Task, **changes: Any) -> Comment:
    created = Comment(
        id=ident(number),
        workspace_id=about.workspace_id,
        task_id=about.id,
        author_id=NOBODY,
        text=f"Comment {number}",
        created_at=NOON,
        edited_at=None,
        revision=1,
    )
    return replace(created, **changes)


def reminder(number: int, about: Task, *, of: User, **changes: Any) -> Reminder:
    created = Reminder(
        id=ident(number),
        workspace_id=about.workspace_id,
        task_id=about.id,
        user_id=of.id,
        at=None,
        before_due=30,
        fires_at=NOON + DAY,
        fired_for=None,
        fired_at=None,
        zone_data=None,
        created_at=NOON,
        updated_at=NOON,
        revision=1,
    )
    return replace(created, **changes)


def completion(number: int, of: Task, *, undo: dict[str, Any] | None = None, **changes: Any) -> CompletionRecord:
    """A completion with what undoes it, of which *undo* has what differs."""
    created = Completion(
        id=ident(number),
        workspace_id=of.workspace_id,
        task_id=of.id,
        occurrence=DUE,
        due=replace(DUE, date=DUE.date + DAY),
        kind="completed",
        completed_by=NOBODY,
        completed_at=NOON,
    )
    before = Undo(
        start=None,
        series_start=replace(DUE, time_zone=None),
        remaining=None,
        occurrence_since=NOON - DAY,
        previous_id=None,
        is_last=False,
        reopened=(),
    )
    return CompletionRecord(completion=replace(created, **changes), undo=replace(before, **(undo or {})))


DUE = WallClock(date=dt.date(2026, 3, 4), time=dt.time(9, 30), time_zone="Europe/Berlin")


async def add_workspace(world: World, place: Workspace, owner: User, *others: User, role: Role = "editor") -> None:
    """Create a workspace with an owner, and *others* in the same role."""
    async with world.unit() as uow:
        await uow.workspaces.add(place)
        await uow.members.add(member(owner, place))
        for each in others:
            await uow.members.add(member(each, place, role=role))


async def in_pages(
    read: Callable[[UnitOfWork, Any], Awaitable[Sequence[Item]]], *, world: World, place_of: Callable[[Item], Any]
) -> list[Item]:
    """All items, one page after the other, each of which begins after the last item of the one before."""
    found: list[Item] = []
    after = None
    for _ in range(100):
        async with world.unit() as uow:
            page = await read(uow, after)
        if not page:
            return found
        found += page
        after = place_of(page[-1])
    raise AssertionError(f"no end after {len(found)} items")
