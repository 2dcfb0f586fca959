"""The request bodies as pydantic models, generated from the contract by `make models`. Do not edit."""

from __future__ import annotations

from datetime import date as date_aliased
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    MISSING,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
)
from typing_extensions import TypeAliasType


class UserCreate(BaseModel):
    """
    A new account.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    email: str
    password: SecretStr
    name: str
    time_zone: str | None | MISSING = MISSING
    invitation_token: SecretStr | None | MISSING = MISSING


class UserPatch(BaseModel):
    """
    A merge patch of an account.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    name: str | MISSING = MISSING
    time_zone: str | MISSING = MISSING
    reminder_time: str | MISSING = MISSING


class PasswordChange(BaseModel):
    """
    The old password and the new one.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    current_password: SecretStr
    new_password: SecretStr


class EmailChange(BaseModel):
    """
    A new e-mail address.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    email: str
    current_password: SecretStr | None | MISSING = MISSING


class EmailVerification(BaseModel):
    """
    The proof that you read e-mails to an address.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    token: SecretStr


class PasswordResetRequest(BaseModel):
    """
    The account whose password is forgotten.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    email: str


class PasswordReset(BaseModel):
    """
    A new password, and the proof that the account is yours.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    token: SecretStr
    new_password: SecretStr


class SessionCreate(BaseModel):
    """
    What you log in with.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    email: str
    password: SecretStr
    device: str | None | MISSING = MISSING


class SessionRefresh(BaseModel):
    """
    A refresh token to exchange for new tokens.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    refresh_token: SecretStr


class PersonalTokenCreate(BaseModel):
    """
    A new personal token.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    name: str
    scopes: list[Literal["read", "write", "manage", "account"]]
    workspace_ids: list[UUID] | None | MISSING = MISSING
    expires_at: AwareDatetime | None | MISSING = MISSING


class WorkspaceCreate(BaseModel):
    """
    A new workspace.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    name: str


class WorkspacePatch(BaseModel):
    """
    A merge patch of a workspace.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    name: str | MISSING = MISSING


class MemberPatch(BaseModel):
    """
    A merge patch of a member.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    role: Literal["viewer", "editor", "admin", "owner"] | MISSING = MISSING


class InvitationCreate(BaseModel):
    """
    A new invitation.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    email: str
    role: Literal["viewer", "editor", "admin", "owner"]


class InvitationAccept(BaseModel):
    """
    What shows that you are invited.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    token: SecretStr


class ProjectCreate(BaseModel):
    """
    A new project.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    name: str
    description: str | None | MISSING = MISSING


class ProjectMove(BaseModel):
    """
    Where a project is moved to.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    before: UUID | MISSING = MISSING
    after: UUID | MISSING = MISSING


class ProjectPatch(BaseModel):
    """
    A merge patch of a project.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    name: str | MISSING = MISSING
    description: str | MISSING = MISSING


class SectionCreate(BaseModel):
    """
    A new section.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    name: str
    project_id: UUID


class SectionMove(BaseModel):
    """
    Where a section is moved to.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    project_id: UUID | MISSING = MISSING
    before: UUID | MISSING = MISSING
    after: UUID | MISSING = MISSING


class SectionPatch(BaseModel):
    """
    A merge patch of a section.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    name: str | MISSING = MISSING


class LabelCreate(BaseModel):
    """
    A new label.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    name: str
    color: str | None | MISSING = MISSING


class LabelMove(BaseModel):
    """
    Where a label is moved to.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    before: UUID | MISSING = MISSING
    after: UUID | MISSING = MISSING


class LabelPatch(BaseModel):
    """
    A merge patch of a label.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    name: str | MISSING = MISSING
    color: str | None | MISSING = MISSING


class NamedOccurrence(BaseModel):
    """
    The occurrence that is meant, as `occurrence` of the task says it. `null` is the same as leaving it out: the one that the task is at.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    date: date_aliased
    time: str | None | MISSING = MISSING
    time_zone: str | None | MISSING = MISSING


class TaskClose(BaseModel):
    """
    How a task is cancelled.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    subtasks: Literal["close", "keep"] | MISSING = MISSING


class TaskMove(BaseModel):
    """
    Where a task is moved to. `move_task` says what its members mean.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    project_id: UUID | MISSING = MISSING
    section_id: UUID | None | MISSING = MISSING
    parent_id: UUID | None | MISSING = MISSING
    before: UUID | MISSING = MISSING
    after: UUID | MISSING = MISSING


class TaskBatchMove(BaseModel):
    """
    The move of a task.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    revision: int | None | MISSING = MISSING
    body: TaskMove


class TaskBatchCompleteBody(BaseModel):
    """
    How a task is completed, as `TaskComplete`. `null` is the same as leaving it out.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    occurrence: NamedOccurrence | None | MISSING = MISSING
    subtasks: Literal["close", "keep"] | MISSING = MISSING


class TaskBatchSkipBody(BaseModel):
    """
    Which occurrence is skipped, as `TaskSkip`. `null` is the same as leaving it out.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    occurrence: NamedOccurrence | None | MISSING = MISSING


class TaskBatchCloseBody(BaseModel):
    """
    How a task is cancelled, as `TaskClose`. `null` is the same as leaving it out.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    subtasks: Literal["close", "keep"] | MISSING = MISSING


class TaskBatchTarget(BaseModel):
    """
    The task that an operation is about.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    revision: int | None | MISSING = MISSING


class TaskBatchLabel(BaseModel):
    """
    A task, and the label that it gets or loses.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    label_id: UUID


class TaskBatchAssignee(BaseModel):
    """
    A task, and the member who is assigned to it, or no longer.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    user_id: UUID


class TaskBatchDependency(BaseModel):
    """
    A task, and the task that it depends on, or no longer.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    depends_on_id: UUID


TaskMetadataCreateAdditionalProperty = TypeAliasType(
    "TaskMetadataCreateAdditionalProperty",
    Annotated[
        str | None,
        Field(description="A text; `null` leaves the key out.", max_length=500),
    ],
)


class TaskMetadataCreate(RootModel[dict[str, TaskMetadataCreateAdditionalProperty]]):
    """
    Texts for your own use, by key, such as the id of the task in another system. A key has 1 to 40 characters, one of which can be seen. `null` is the same as leaving it out, also as the value of a key.
    """

    model_config = ConfigDict(
        frozen=True,
    )
    root: dict[str, TaskMetadataCreateAdditionalProperty]


TaskMetadataPatchAdditionalProperty = TypeAliasType(
    "TaskMetadataPatchAdditionalProperty",
    Annotated[
        str | None, Field(description="A text; `null` removes it.", max_length=500)
    ],
)


class TaskMetadataPatch(RootModel[dict[str, TaskMetadataPatchAdditionalProperty]]):
    """
    A merge patch of `metadata`: `null` removes a key, and the keys that you do not send stay. `null` instead of an object removes all. The merged value has at most 20 keys, each of 1 to 40 characters.
    """

    model_config = ConfigDict(
        frozen=True,
    )
    root: dict[str, TaskMetadataPatchAdditionalProperty]


class WallClockCreate(BaseModel):
    """
    When a task is due, or when it starts; `null` is the same as leaving it out. A `time_zone` needs a `time`; without it the fault has the pointer `#/due/time` or `#/start/time`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    date: date_aliased
    time: str | None | MISSING = MISSING
    time_zone: str | None | MISSING = MISSING


class WallClockPatch(BaseModel):
    """
    A merge patch of when a task is due, or when it starts; `null` clears it all. The merged value must have a `date`, and a `time` where it has a `time_zone`; faults have the pointers `#/due/date` and `#/due/time`, or those in `#/start`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    date: date_aliased | MISSING = MISSING
    time: str | None | MISSING = MISSING
    time_zone: str | None | MISSING = MISSING


class RecurrenceCreate(BaseModel):
    """
    How a task recurs; `null` is the same as leaving it out. It needs a `due`, which is the first occurrence, also if the rule does not name it; without one the fault has the pointer `#/due`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    rule: str
    anchor: Literal["due", "completion"] | MISSING = MISSING
    overdue: Literal["skip", "step"] | MISSING = MISSING


class RecurrencePatch(BaseModel):
    """
    A merge patch of how a task recurs; `null` ends the recurrence and leaves `due` as it is. The merged value must have a `rule`, and the task a `due`; faults have the pointers `#/recurrence/rule` and `#/due`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    rule: str | MISSING = MISSING
    anchor: Literal["due", "completion"] | MISSING = MISSING
    overdue: Literal["skip", "step"] | MISSING = MISSING


class RecurrencePreview(BaseModel):
    """
    A series, and which of its occurrences to list.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    due: WallClockCreate | None
    recurrence: RecurrenceCreate | None
    from_: Annotated[WallClockCreate | None | MISSING, Field(alias="from")] = MISSING
    count: int | None | MISSING = MISSING


class CommentCreate(BaseModel):
    """
    A new comment.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    text: str


class CommentPatch(BaseModel):
    """
    A merge patch of a comment.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    text: str | MISSING = MISSING


class ReminderCreate(BaseModel):
    """
    A new reminder. It needs exactly one of `at` and `before_due`; otherwise the fault has the pointer `#/at`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    at: AwareDatetime | None | MISSING = MISSING
    before_due: int | None | MISSING = MISSING


class ReminderPatch(BaseModel):
    """
    A merge patch of a reminder. The merged value needs exactly one of `at` and `before_due`; otherwise the fault has the pointer `#/at`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    at: AwareDatetime | None | MISSING = MISSING
    before_due: int | None | MISSING = MISSING


class TaskCreate(BaseModel):
    """
    A new task.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    id: UUID | None | MISSING = MISSING
    title: str
    project_id: UUID | None | MISSING = MISSING
    section_id: UUID | None | MISSING = MISSING
    parent_id: UUID | None | MISSING = MISSING
    description: str | None | MISSING = MISSING
    priority: Literal["none", "low", "medium", "high", "urgent"] | MISSING = MISSING
    start: WallClockCreate | None | MISSING = MISSING
    due: WallClockCreate | None | MISSING = MISSING
    recurrence: RecurrenceCreate | None | MISSING = MISSING
    label_ids: list[UUID] | None | MISSING = MISSING
    assignee_ids: list[UUID] | None | MISSING = MISSING
    depends_on_ids: list[UUID] | None | MISSING = MISSING
    metadata: TaskMetadataCreate | None | MISSING = MISSING


class TaskComplete(BaseModel):
    """
    How a task is completed.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    occurrence: NamedOccurrence | None | MISSING = MISSING
    subtasks: Literal["close", "keep"] | MISSING = MISSING


class TaskSkip(BaseModel):
    """
    Which occurrence of a task is skipped.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    occurrence: NamedOccurrence | None | MISSING = MISSING


class TaskPatch(BaseModel):
    """
    A merge patch of a task.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    title: str | MISSING = MISSING
    description: str | MISSING = MISSING
    priority: Literal["none", "low", "medium", "high", "urgent"] | MISSING = MISSING
    start: WallClockPatch | None | MISSING = MISSING
    due: WallClockPatch | None | MISSING = MISSING
    recurrence: RecurrencePatch | None | MISSING = MISSING
    label_ids: list[UUID] | None | MISSING = MISSING
    assignee_ids: list[UUID] | None | MISSING = MISSING
    depends_on_ids: list[UUID] | None | MISSING = MISSING
    metadata: TaskMetadataPatch | None | MISSING = MISSING


class TaskBatchUpdate(BaseModel):
    """
    The update of a task.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    revision: int | None | MISSING = MISSING
    body: TaskPatch


class TaskBatchComplete(BaseModel):
    """
    How a task is completed.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    revision: int | None | MISSING = MISSING
    body: TaskBatchCompleteBody | None | MISSING = MISSING


class TaskBatchSkip(BaseModel):
    """
    Which occurrence of a task is skipped.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    revision: int | None | MISSING = MISSING
    body: TaskBatchSkipBody | None | MISSING = MISSING


class TaskBatchClose(BaseModel):
    """
    How a task is cancelled.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    task_id: UUID
    revision: int | None | MISSING = MISSING
    body: TaskBatchCloseBody | None | MISSING = MISSING


class TaskOperation(BaseModel):
    """
    One operation: an object with one member, which is named after the operation. `create` has the body of `create_task`. The others have a `task_id`, and as `body` that of `update_task`, `complete_task` and so on.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    create: TaskCreate | MISSING = MISSING
    update: TaskBatchUpdate | MISSING = MISSING
    complete: TaskBatchComplete | MISSING = MISSING
    skip: TaskBatchSkip | MISSING = MISSING
    cancel: TaskBatchClose | MISSING = MISSING
    reopen: TaskBatchTarget | MISSING = MISSING
    move: TaskBatchMove | MISSING = MISSING
    delete: TaskBatchTarget | MISSING = MISSING
    restore: TaskBatchTarget | MISSING = MISSING
    add_label: TaskBatchLabel | MISSING = MISSING
    remove_label: TaskBatchLabel | MISSING = MISSING
    add_assignee: TaskBatchAssignee | MISSING = MISSING
    remove_assignee: TaskBatchAssignee | MISSING = MISSING
    add_dependency: TaskBatchDependency | MISSING = MISSING
    remove_dependency: TaskBatchDependency | MISSING = MISSING


class TaskBatch(BaseModel):
    """
    Operations on tasks, which are performed in their order.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
    )
    mode: Literal["all_or_nothing", "each"] | MISSING = MISSING
    operations: list[TaskOperation]
