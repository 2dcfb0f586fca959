"""What a request needs and the contract's examples cannot have: ids and tokens that exist.

The access matrix, the guarantees, the log and the plans of an operation are tested with the contract's first example of
its request, in which `VALUES` replaces what must exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from domain.model.one_time_tokens import OneTimeKind
from tests.support.clients import PASSWORD, Person, new_email, new_id, no_content, ok
from tests.support.matrix import Caller
from tests.support.tables import Tables


class Setting(Protocol):
    """The place that requests are sent to: a workspace, and the people in it and around it."""

    tables: Tables
    founder: Person
    """An owner of the workspace."""

    @property
    def home(self) -> str:
        """The path of the workspace."""

    @property
    def guest(self) -> Person:
        """A member with the role `viewer`, who sends no requests."""

    @property
    def host(self) -> Person:
        """The user who invites to other workspaces."""

    def once(self, name: str, make: Callable[[], Any], *, of: Person | None = None) -> Any:
        """What *make* creates the first time, for each name and person."""


Value = Callable[[Setting, Caller], Any]


def _create(collection: str, *, then: str | None = None, task: bool = False, **body: Any) -> Value:
    """The id of a new resource in the workspace, after the action *then*, or with a *task* in it."""

    def make(setting: Setting) -> str:
        path = f"{setting.home}/{collection}"
        made_id = str(setting.founder.create(path, **body)["id"])
        if then is not None:
            ok(setting.founder.client.post(f"{path}/{made_id}/{then}"))
        if task:
            setting.founder.create(f"{setting.home}/tasks", title="Sow", project_id=made_id)
        return made_id

    return lambda setting, _caller: setting.once(f"{collection} {then} {task} {body}", lambda: make(setting))


def _token(kind: OneTimeKind) -> Value:
    """A token that was sent to the guest."""
    return lambda setting, _caller: setting.once(kind, lambda: setting.tables.send_token(setting.guest.user, kind=kind))


def _token_id(setting: Setting, caller: Caller) -> str:
    def create() -> str:
        return str(caller.person.create("/v1/tokens", name="Script", scopes=["read"])["id"])

    return str(setting.once("token_id", create, of=caller.person))


def _invitation_id(setting: Setting, _caller: Caller) -> str:
    body = {"email": new_email(), "role": "viewer"}
    return str(setting.once("invitation", lambda: setting.founder.create(f"{setting.home}/invitations", **body)["id"]))


def _invitation_token(setting: Setting, caller: Caller) -> str:
    """The token of an invitation to a workspace that only the host is in."""
    club = setting.once("club", lambda: setting.host.create("/v1/workspaces", name="Club")["id"])

    def invite() -> str:
        body = {"email": new_email(), "role": "viewer"}
        invitation = setting.host.create(f"/v1/workspaces/{club}/invitations", **body)
        return setting.tables.send_invitation(invitation["id"])

    return str(setting.once("invitation token", invite, of=caller.person))


def _section_id(setting: Setting) -> str:
    """The id of a new section, of a new project."""
    project = setting.founder.create(f"{setting.home}/projects", name="House")
    return str(setting.founder.create(f"{setting.home}/sections", name="Cellar", project_id=project["id"])["id"])


def _waiting(setting: Setting, *, of: str) -> Any:
    """A task that depends on the one with the id *of*."""
    return setting.founder.create(f"{setting.home}/tasks", title="Wait", depends_on_ids=[of])


def _in_section(setting: Setting, of: str) -> Any:
    """A task in a section, that another one depends on, with a comment; for one operation."""

    def make() -> Any:
        task = setting.founder.create(f"{setting.home}/tasks", title="Sweep", section_id=_section_id(setting))
        _waiting(setting, of=task["id"])
        setting.founder.create(f"{setting.home}/tasks/{task['id']}/comments", text="Not yet")
        return task

    return setting.once(f"in section {of}", make)


def _awaited(then: str | None = None) -> Value:
    """The id of a task with a comment, that another one depends on, after the action *then*."""

    def make(setting: Setting) -> str:
        path = f"{setting.home}/tasks"
        task_id = str(setting.founder.create(path, title="Dig")["id"])
        _waiting(setting, of=task_id)
        setting.founder.create(f"{path}/{task_id}/comments", text="Not yet")
        if then is not None:
            ok(setting.founder.client.post(f"{path}/{task_id}/{then}"))
        return task_id

    return lambda setting, _caller: setting.once(f"awaited {then}", lambda: make(setting))


def _recurring(then: str | None = None) -> Value:
    """The id of a recurring task with a completed subtask, that another one depends on, after the action *then*."""

    def make(setting: Setting) -> str:
        path, due = f"{setting.home}/tasks", {"date": "2026-05-01"}
        task = setting.founder.create(path, title="Water", due=due, recurrence={"rule": "FREQ=DAILY"})
        subtask_id = str(setting.founder.create(path, title="Fill the can", parent_id=task["id"])["id"])
        _waiting(setting, of=subtask_id)
        ok(setting.founder.client.post(f"{path}/{subtask_id}/complete"))
        if then is not None:
            ok(setting.founder.client.post(f"{path}/{task['id']}/{then}"))
        return str(task["id"])

    return lambda setting, _caller: setting.once(f"recurring {then}", lambda: make(setting))


def _dependent(setting: Setting) -> Any:
    """A task that depends on another one."""

    def make() -> Any:
        return _waiting(setting, of=str(setting.founder.create(f"{setting.home}/tasks", title="Dig")["id"]))

    return setting.once("dependent", make)


def _label_id(setting: Setting) -> str:
    """The id of a new label. Its name is unique."""
    return str(setting.founder.create(f"{setting.home}/labels", name=new_id())["id"])


def _deleted(collection: str, thing: Callable[[Setting], str]) -> Value:
    """The id of *thing*, in the trash."""

    def make(setting: Setting) -> str:
        thing_id = thing(setting)
        no_content(setting.founder.client.delete(f"{setting.home}/{collection}/{thing_id}"))
        return thing_id

    return lambda setting, _caller: setting.once(f"deleted {collection}", lambda: make(setting))


def _swept(setting: Setting) -> Any:
    """A new task in a section, with a label and a comment, and another task that depends on it. All are new."""
    tasks, section_id, label_id = f"{setting.home}/tasks", _section_id(setting), _label_id(setting)
    swept = setting.founder.create(tasks, title="Sweep", section_id=section_id, label_ids=[label_id])
    setting.founder.create(tasks, title="Mop", depends_on_ids=[swept["id"]])
    setting.founder.create(f"{tasks}/{swept['id']}/comments", text="Not yet")
    return swept


def _labelled(setting: Setting) -> Any:
    """A task with a label."""

    def make() -> Any:
        return setting.founder.create(f"{setting.home}/tasks", title="Mop", label_ids=[_label_id(setting)])

    return setting.once("labelled", make)


def _assigned(setting: Setting) -> Any:
    """A task of the guest."""

    def make() -> Any:
        return setting.founder.create(f"{setting.home}/tasks", title="Dust", assignee_ids=[setting.guest.id])

    return setting.once("assigned", make)


def _commented(setting: Setting) -> str:
    """The id of a task with a comment."""

    def make() -> str:
        path = f"{setting.home}/tasks"
        task_id = str(setting.founder.create(path, title="Sow")["id"])
        setting.founder.create(f"{path}/{task_id}/comments", text="Not yet")
        return task_id

    return str(setting.once("commented", make))


def _comment_id(setting: Setting, caller: Caller) -> str:
    """The id of a comment by the caller, or by the founder if the caller cannot write."""
    author = setting.founder if caller.role in {None, "viewer"} else caller.person
    path = f"{setting.home}/tasks/{VALUES['task_id'](setting, caller)}/comments"
    return str(setting.once("comment", lambda: author.create(path, text="Not yet")["id"], of=author))


def _deleted_comment_id(setting: Setting, caller: Caller) -> str:
    """The id of such a comment, in the trash."""
    author = setting.founder if caller.role in {None, "viewer"} else caller.person
    path = f"{setting.home}/tasks/{VALUES['task_id'](setting, caller)}/comments"

    def make() -> str:
        comment_id = str(author.create(path, text="Not yet")["id"])
        no_content(author.client.delete(f"{path}/{comment_id}"))
        return comment_id

    return str(setting.once("deleted comment", make, of=author))


def _reminder_id(setting: Setting, caller: Caller) -> str:
    """The id of a reminder of the caller, or of the founder if the caller is not a member."""
    owner = setting.founder if caller.role is None else caller.person
    path = f"{setting.home}/tasks/{VALUES['task_id'](setting, caller)}/reminders"
    return str(setting.once("reminder", lambda: owner.create(path, before_due=5)["id"], of=owner))


def _with_trash(setting: Setting, caller: Caller) -> str:
    """The id of the workspace, in which something was deleted."""
    _deleted("tasks", lambda setting: str(_swept(setting)["id"]))(setting, caller)
    return setting.home.rpartition("/")[2]


VALUES: Mapping[str, Value] = {
    # in the workspace
    "empty_trash.workspace_id": _with_trash,
    "workspace_id": lambda setting, _caller: setting.home.rpartition("/")[2],
    "user_id": lambda setting, _caller: setting.guest.id,
    "invitation_id": _invitation_id,
    "project_id": _create("projects", name="Garden"),
    "move_project.after": _create("projects", name="Porch"),
    "unarchive_project.project_id": _create("projects", name="Balcony", then="archive"),
    "delete_project.project_id": lambda setting, _caller: _in_section(setting, "delete_project")["project_id"],
    "restore_project.project_id": _deleted("projects", lambda setting: str(_swept(setting)["project_id"])),
    "section_id": lambda setting, _caller: setting.once("section", lambda: _section_id(setting)),
    "delete_section.section_id": lambda setting, _caller: _in_section(setting, "delete_section")["section_id"],
    "move_section.section_id": lambda setting, _caller: _in_section(setting, "move_section")["section_id"],
    "restore_section.section_id": _deleted("sections", lambda setting: str(_swept(setting)["section_id"])),
    "label_id": lambda setting, _caller: setting.once("label", lambda: _label_id(setting)),
    "move_label.after": lambda setting, _caller: setting.once("another label", lambda: _label_id(setting)),
    "delete_label.label_id": lambda setting, _caller: _labelled(setting)["label_ids"][0],
    "restore_label.label_id": _deleted("labels", lambda setting: str(_swept(setting)["label_ids"][0])),
    "remove_task_label.label_id": lambda setting, _caller: _labelled(setting)["label_ids"][0],
    "remove_task_label.task_id": lambda setting, _caller: _labelled(setting)["id"],
    "remove_task_assignee.task_id": lambda setting, _caller: _assigned(setting)["id"],
    "remove_member.user_id": lambda setting, _caller: _assigned(setting)["assignee_ids"][0],
    "task_id": _create("tasks", title="Sow"),
    "complete_task.task_id": _recurring(),
    "skip_task.task_id": _recurring(),
    "cancel_task.task_id": _awaited(),
    "delete_task.task_id": _awaited(),
    "batch_tasks.task_id": lambda setting, _caller: _commented(setting),
    "comment_id": _comment_id,
    "restore_comment.comment_id": _deleted_comment_id,
    "reminder_id": _reminder_id,
    "reopen_task.task_id": _recurring(then="complete"),
    "restore_task.task_id": _deleted("tasks", lambda setting: str(_swept(setting)["id"])),
    "depends_on_id": _create("tasks", title="Dig"),
    "remove_task_dependency.task_id": lambda setting, _caller: _dependent(setting)["id"],
    "remove_task_dependency.depends_on_id": lambda setting, _caller: _dependent(setting)["depends_on_ids"][0],
    # of the caller
    "session_id": lambda _setting, caller: caller.person.tokens["session_id"],
    "token_id": _token_id,
    "refresh_token": lambda _setting, caller: caller.person.tokens["refresh_token"],
    "invitation_token": _invitation_token,
    "verification_token": _token("verification"),
    "reset_token": _token("reset"),
    "email_change_token": _token("email_change"),
    "current_password": lambda _setting, _caller: PASSWORD,
    "create_session.email": lambda _setting, caller: caller.person.user["email"],
    "create_session.password": lambda _setting, _caller: PASSWORD,
    "create_personal_token.scopes": lambda _setting, caller: sorted(caller.scopes) or ["read"],
    # without a user
    "email": lambda setting, _caller: setting.once("email", new_email),
}
"""By the name of the parameter or property; for one operation only, `operation_id.name`. For a token in a body, by its
prefix. What a request must create for it is created with `once`, so that it stays.
"""
