"""The bodies of responses as TypedDicts, generated from the contract by `make models`. Do not edit."""

from __future__ import annotations

from datetime import date as date_aliased
from datetime import datetime
from typing import Any, NotRequired, TypeAlias, TypedDict
from uuid import UUID


class Fault(TypedDict):
    """
    One fault in a request. It has one of `pointer`, `parameter` and `header`, which says where.
    """

    detail: str
    code: str
    pointer: NotRequired[str]
    parameter: NotRequired[str]
    header: NotRequired[str]


class Health(TypedDict):
    """
    The state of the server.
    """

    status: str


class Contract(TypedDict):
    """
    An OpenAPI 3.0 document.
    """

    openapi: str
    info: dict[str, object]
    paths: dict[str, object]


class User(TypedDict):
    """
    An account, as its owner sees it.
    """

    id: UUID
    email: str | None
    email_verified_at: datetime | None
    name: str
    time_zone: str
    reminder_time: str
    created_at: datetime
    updated_at: datetime
    revision: int


class AccountEvent(TypedDict):
    """
    Something that happened to an account.
    """

    id: UUID
    type: str
    recorded_at: datetime
    address: str | None
    device: str | None
    session_id: UUID | None
    token_id: UUID | None


class AccountEventPage(TypedDict):
    """
    A page of what happened to an account.
    """

    items: list[AccountEvent]
    next_cursor: str | None
    has_more: bool


class Session(TypedDict):
    """
    One log-in on one device.
    """

    id: UUID
    device: str | None
    created_at: datetime
    last_refreshed_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SessionPage(TypedDict):
    """
    A page of sessions.
    """

    items: list[Session]
    next_cursor: str | None
    has_more: bool


class SessionTokens(TypedDict):
    """
    The tokens of a session. They are returned once: the server keeps only hashes of them.
    """

    session_id: UUID
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class PersonalToken(TypedDict):
    """
    A personal token, without the token itself.
    """

    id: UUID
    name: str
    scopes: list[str]
    workspace_ids: list[UUID] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class CurrentToken(TypedDict):
    """
    The token that the request was sent with, without the token itself.
    """

    type: str
    user_id: UUID
    user_name: str
    session_id: UUID | None
    token_id: UUID | None
    scopes: list[str]
    workspace_ids: list[UUID] | None
    expires_at: datetime | None


class PersonalTokenPage(TypedDict):
    """
    A page of personal tokens.
    """

    items: list[PersonalToken]
    next_cursor: str | None
    has_more: bool


class CreatedPersonalToken(TypedDict):
    """
    A new personal token, with the token itself.
    """

    token: str
    id: UUID
    name: str
    scopes: list[str]
    workspace_ids: list[UUID] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class Workspace(TypedDict):
    """
    A workspace, as one of its members sees it.
    """

    id: UUID
    name: str
    personal: bool
    role: str
    head: int
    revision: int
    created_at: datetime
    updated_at: datetime


class WorkspacePage(TypedDict):
    """
    A page of workspaces.
    """

    items: list[Workspace]
    next_cursor: str | None
    has_more: bool


class Member(TypedDict):
    """
    A user in a workspace.
    """

    workspace_id: UUID
    user_id: UUID
    role: str
    name: str
    created_at: datetime
    updated_at: datetime
    revision: int


class MemberPage(TypedDict):
    """
    A page of members.
    """

    items: list[Member]
    next_cursor: str | None
    has_more: bool


class CreatedInvitation(TypedDict):
    """
    A new invitation.
    """

    token: str | None
    link: str | None
    id: UUID
    workspace_id: UUID
    email: str
    role: str
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


class Invitation(TypedDict):
    """
    An invitation that is not accepted yet, without its token.
    """

    id: UUID
    workspace_id: UUID
    email: str
    role: str
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


class InvitationPage(TypedDict):
    """
    A page of invitations.
    """

    items: list[Invitation]
    next_cursor: str | None
    has_more: bool


class Project(TypedDict):
    """
    A list of tasks.
    """

    id: UUID
    workspace_id: UUID
    name: str
    description: str
    is_inbox: bool
    archived_at: datetime | None
    position: str
    created_at: datetime
    updated_at: datetime
    revision: int


class ProjectPage(TypedDict):
    """
    A page of projects.
    """

    items: list[Project]
    next_cursor: str | None
    has_more: bool


class Section(TypedDict):
    """
    A named part of a project.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    name: str
    position: str
    created_at: datetime
    updated_at: datetime
    revision: int


class SectionPage(TypedDict):
    """
    A page of sections.
    """

    items: list[Section]
    next_cursor: str | None
    has_more: bool


class Label(TypedDict):
    """
    A word that tasks are marked with.
    """

    id: UUID
    workspace_id: UUID
    name: str
    color: str | None
    position: str
    created_at: datetime
    updated_at: datetime
    revision: int


class LabelPage(TypedDict):
    """
    A page of labels.
    """

    items: list[Label]
    next_cursor: str | None
    has_more: bool


TaskMetadata: TypeAlias = dict[str, str]
"""
Texts that clients keep in the task, by key. The server only stores them.
"""


class WallClock(TypedDict):
    """
    When something is, by wall clock: on a day, at a time of whoever looks (no `time_zone`), or at a time in one place. A task has a `start`, a `due`, and if it recurs an `occurrence`: when its rule schedules it, which is `due` unless this occurrence was moved. `null` if there is none.
    """

    date: date_aliased
    time: str | None
    time_zone: str | None


class Recurrence(TypedDict):
    """
    How a task recurs; `null` if it does not. `series_start` is where the series begins: what `due` was when the rule was set or, with `anchor: completion`, the day of the latest completion; with the time and the zone that `due` has got since.
    """

    rule: str
    anchor: str
    overdue: str
    series_start: WallClock | None
    remaining: int | None


class Completion(TypedDict):
    """
    An occurrence of a recurring task that was completed or skipped.
    """

    id: UUID
    task_id: UUID
    occurrence: WallClock | None
    due: WallClock | None
    kind: str
    completed_by: UUID
    completed_at: datetime


class CompletionPage(TypedDict):
    """
    A page of completions.
    """

    items: list[Completion]
    next_cursor: str | None
    has_more: bool


class PreviewedOccurrence(TypedDict):
    """
    One occurrence of a series.
    """

    occurrence: WallClock | None
    at: datetime | None


class PreviewedOccurrences(TypedDict):
    """
    Occurrences of a series.
    """

    items: list[PreviewedOccurrence]
    has_more: bool


class Comment(TypedDict):
    """
    What a member wrote about a task.
    """

    id: UUID
    workspace_id: UUID
    task_id: UUID
    author_id: UUID
    text: str
    created_at: datetime
    edited_at: datetime | None
    revision: int


class CommentPage(TypedDict):
    """
    A page of comments.
    """

    items: list[Comment]
    next_cursor: str | None
    has_more: bool


class Reminder(TypedDict):
    """
    When you are reminded of a task. Only the user who created it can see it. It is not part of the workspace's changes.
    """

    id: UUID
    workspace_id: UUID
    task_id: UUID
    at: datetime | None
    before_due: int | None
    fires_at: datetime | None
    fired_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class ReminderPage(TypedDict):
    """
    A page of your reminders.
    """

    items: list[Reminder]
    next_cursor: str | None
    has_more: bool


class TrashEntry(TypedDict):
    """
    One deletion. What it took along is restored with it, and has no entry of its own.
    """

    kind: str
    id: UUID
    title: str
    deleted_at: datetime
    deleted_by: UUID
    expires_at: datetime
    taken_count: int


class TrashPage(TypedDict):
    """
    A page of the trash.
    """

    items: list[TrashEntry]
    next_cursor: str | None
    has_more: bool


class WorkspaceFacts(TypedDict):
    """
    A workspace, as all its members see it.
    """

    id: UUID
    name: str
    personal: bool
    revision: int
    created_at: datetime
    updated_at: datetime


class ProjectEvent(TypedDict):
    """
    A project after a change. Without `description`, that is as it was.
    """

    id: UUID
    workspace_id: UUID
    name: str
    description: NotRequired[str]
    is_inbox: bool
    archived_at: datetime | None
    position: str
    created_at: datetime
    updated_at: datetime
    revision: int


class TaskEvent(TypedDict):
    """
    A task after a change. Without `description`, that is as it was.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    section_id: UUID | None
    parent_id: UUID | None
    title: str
    description: NotRequired[str]
    status: str
    priority: str
    start: WallClock | None
    due: WallClock | None
    recurrence: Recurrence | None
    occurrence: WallClock | None
    label_ids: list[UUID]
    assignee_ids: list[UUID]
    depends_on_ids: list[UUID]
    blocked: bool
    metadata: TaskMetadata
    position: str
    completed_at: datetime | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    revision: int


class LoggedChange(TypedDict):
    """
    One change of one thing, as the log of the workspace has it: the thing after the change, in the member that has
    the name of its `type`. Without a `description`, a task or project has the same one as before: replace the
    members that you get, and keep the others. If an occurrence of a recurring task was completed or skipped
    (`task.completed`, `task.skipped`), `closed_occurrence` says which one; the task may be at the next one already.
    A `task.reopened` has it if a completion was taken back.

    """

    type: str
    event: str
    id: UUID
    revision: int
    deleted: bool
    erased: bool
    workspace: NotRequired[WorkspaceFacts]
    member: NotRequired[Member]
    label: NotRequired[Label]
    project: NotRequired[ProjectEvent]
    section: NotRequired[Section]
    task: NotRequired[TaskEvent]
    comment: NotRequired[Comment]
    closed_occurrence: NotRequired[WallClock | None]


class ChangeEvent(TypedDict):
    """
    What one transaction has changed in a workspace, or a part of it.
    """

    revision: int
    recorded_at: datetime
    actor_id: UUID | None
    complete: bool
    changes: list[LoggedChange]


class WorkspaceChange(TypedDict):
    """
    A workspace of yours that changed, or that you are not in any more.
    """

    workspace_id: UUID
    head: int | None
    role: str | None


class FiredReminder(TypedDict):
    """
    One firing of one of your reminders. `due` and `occurrence` are what the task had when it fired: `due` is `null` if the task was not due, and `occurrence` if it did not recur. The reminder or its task may be changed or deleted since.
    """

    reminder_id: UUID
    workspace_id: UUID
    task_id: UUID
    due: WallClock | None
    occurrence: WallClock | None
    fires_at: datetime
    fired_at: datetime


class AccountChangePage(TypedDict):
    """
    A page of workspaces that changed, and of reminders that fired.
    """

    items: list[WorkspaceChange]
    fired_reminders: list[FiredReminder]
    next_cursor: str
    has_more: bool


class ActivityEntry(TypedDict):
    """
    One change of one thing.
    """

    revision: int
    sequence: int
    event: str
    type: str
    id: UUID
    task_id: UUID | None
    title: str | None
    changed: list[str]
    closed_occurrence: WallClock | None
    actor_id: UUID | None
    recorded_at: datetime
    erased: bool


class ActivityPage(TypedDict):
    """
    A page of the changes of a workspace.
    """

    items: list[ActivityEntry]
    next_cursor: str | None
    has_more: bool


class AccountChangeEvent(TypedDict):
    """
    Workspaces of yours that changed, and reminders that fired. One of both can be empty.
    """

    changes: list[WorkspaceChange]
    fired_reminders: list[FiredReminder]


TaskOccurrenceEvent: TypeAlias = Any


class Gone(TypedDict):
    """
    What is left of a thing that is no longer there.
    """

    id: UUID


class Problem(TypedDict):
    """
    What went wrong (RFC 9457).
    """

    type: str
    title: str
    status: int
    detail: str
    instance: NotRequired[str]
    retry_after: NotRequired[int]
    existing_id: NotRequired[UUID]
    errors: NotRequired[list[Fault]]


class Task(TypedDict):
    """
    A thing to do.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    section_id: UUID | None
    parent_id: UUID | None
    title: str
    description: str
    status: str
    priority: str
    start: WallClock | None
    due: WallClock | None
    recurrence: Recurrence | None
    occurrence: WallClock | None
    label_ids: list[UUID]
    assignee_ids: list[UUID]
    depends_on_ids: list[UUID]
    blocked: bool
    metadata: TaskMetadata
    position: str
    completed_at: datetime | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    revision: int


class TaskPage(TypedDict):
    """
    A page of tasks.
    """

    items: list[Task]
    next_cursor: str | None
    has_more: bool


class TaskBatchResult(TypedDict):
    """
    The response of one operation.
    """

    status: int
    task: NotRequired[Task]
    problem: NotRequired[Problem]


class Change(TypedDict):
    """
    A thing that changed, as it is now, in the member that has the name of its `type`. If it is deleted, there is no
    such member.

    """

    type: str
    id: UUID
    revision: int
    deleted: bool
    workspace: NotRequired[WorkspaceFacts]
    member: NotRequired[Member]
    label: NotRequired[Label]
    project: NotRequired[Project]
    section: NotRequired[Section]
    task: NotRequired[Task]
    comment: NotRequired[Comment]


class ChangePage(TypedDict):
    """
    A page of changes.
    """

    items: list[Change]
    next_cursor: str
    has_more: bool


class TaskBatchResults(TypedDict):
    """
    What became of a batch.
    """

    revision: int | None
    results: list[TaskBatchResult]
