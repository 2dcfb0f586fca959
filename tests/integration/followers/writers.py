"""Random requests of several people at once, about what one of them knows, which others may have changed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Final

from hypothesis import strategies as st

from tests.integration.model.batches import planned
from tests.integration.model.bodies import Strategy
from tests.integration.model.operations import OF_THE_MODEL
from tests.integration.model.requests import BATCH, CHOICES, JOIN, RESTORE, Draw, Request, choose, restoration_of
from tests.integration.model.things import (
    Account,
    Comment,
    Json,
    Label,
    Member,
    Project,
    Reminder,
    Section,
    Task,
    Thing,
)
from tests.integration.model.workspace import Deletion, Workspace
from tests.support.clients import PASSWORD, Client, Person, log_in, new_email, new_id, ok
from tests.support.copies import Copy, Key
from tests.support.shared_clocks import SharedClock

Send = Callable[[Request, str], Json]
"""Sends a request about the workspace at a path, and returns the body of the response.

Any response will do, as others write, too.
"""
Step = Callable[[Send, str], object]
"""Sends requests about the workspace at a path."""

Plan = Callable[[Draw, Workspace, Person, Person], Step]
"""What the owner or the guest sends next, as far as a workspace is known."""

_NAMES: Final = st.sampled_from(("Garden", "Haus", "種"))
_MOST_DELETED: Final = 40
_MANY: Final = 120
"""More tasks than a step of a large deletion takes."""
_AT_ONCE: Final = 60
_MOST_REMINDERS: Final = 20
_LATEST_S: Final = 4 * 3600
_SECOND: Final = dt.timedelta(seconds=1)
_ROLES: Final = ("viewer", "editor", "editor", "admin")


class KnownWorkspace(Copy):
    """A copy that also remembers what was deleted, and can be seen as the model of a workspace by *clock*."""

    def __init__(self, client: Client, home: str, clock: SharedClock) -> None:
        super().__init__(client, home)
        self._clock = clock
        self._deleted: dict[Key, Json] = {}

    def apply(self, change: Json) -> None:
        key = (change["type"], change["id"])
        known = self.things.get(key)
        super().apply(change)
        if known and change["deleted"]:
            self._deleted[key] = known
        else:
            self._deleted.pop(key, None)
        if len(self._deleted) > _MOST_DELETED:
            del self._deleted[next(iter(self._deleted))]

    def view(self) -> Workspace:
        """What is known now. Of the numbers, only the revisions are right."""
        instant = self._clock()
        return Workspace(
            head=0,
            actor="",
            instant=instant,
            accounts={"": Account(time_zone="UTC", reminder_time="09:00", changed_at=instant)},
            members=self._of(Member),
            projects=self._of(Project),
            sections=self._of(Section),
            labels=self._of(Label),
            tasks=self._of(Task),
            comments=self._of(Comment),
            trash=[*self._trash()],
        )

    def _of(self, kind: type[Thing]) -> list[Any]:
        shown = [each for (name, _), each in self.things.items() if name == kind.kind]
        return [_thing(kind, each) for each in sorted(shown, key=lambda each: each.get("position", ""))]

    def _trash(self) -> Iterable[Deletion]:
        """Each for itself: what was deleted together is restored with one of them."""
        for kind in (Project, Section, Label, Task, Comment):
            for (name, thing_id), shown in self._deleted.items():
                if name == kind.kind:
                    deletion = Deletion(kind=name, id=thing_id, deleted_at=0, deleted_by="")
                    getattr(deletion, f"{name}s").append(_thing(kind, shown))
                    yield deletion


def _thing(kind: type[Thing], shown: Json) -> Thing:
    names = {each.name for each in fields(kind)} - {"created_at"}
    sets = {"label_ids", "assignee_ids", "depends_on_ids"}
    values: Json = {name: set(value) if name in sets else value for name, value in shown.items() if name in names}
    if shown.get("occurrence"):
        values["at"] = {name: shown["occurrence"][name] for name in ("date", "time")}
    return kind(**{"id": shown.get("user_id"), **values})


@dataclass
class Writer:
    """Somebody who sends as several people. `done` counts the requests that succeeded, by operationId.

    `reminders` are those that were created here: no copy has any.
    """

    people: Sequence[Person]
    done: Counter[str] = field(default_factory=Counter)
    kept: list[Step] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)

    def plan(self, draw: Draw, now: Workspace, *, count: int) -> list[Step]:
        """What to do next, as far as *now* is known."""
        steps = [self._step(draw, now, draw(st.sampled_from((*CHOICES, *OTHERS, *OTHERS)))) for _ in range(count)]
        self.kept = [*self.kept, *steps][-50:]
        return steps

    def perform(self, home: str, steps: Sequence[Step]) -> None:
        for step in steps:
            step(self._send, home)

    def _step(self, draw: Draw, now: Workspace, name: str) -> Step:
        owner, guest = self.people
        is_in = guest.id in {member.id for member in now.members}
        sender = guest if is_in and draw(st.sampled_from((False, False, True))) else owner
        if name in OTHERS:
            return OTHERS[name](draw, now, owner, guest)
        if name == JOIN or (not is_in and draw(st.sampled_from((False, False, False, True)))):
            return partial(_join, owner=owner, guest=guest, role=draw(st.sampled_from(_ROLES)))
        if name == BATCH:
            body = {
                "mode": draw(st.sampled_from(("each", "each", "all_or_nothing"))),
                "operations": [{each.name: each.part} for each in draw(planned(now))],
            }
            return _request(Request(BATCH, sender, {}, body, {"Idempotency-Key": new_id()}))
        if name == RESTORE and now.trash:
            operation_id, path = restoration_of(draw(st.sampled_from(now.trash)))
            return _request(Request(operation_id, sender, path, None, {}))
        if name in OF_THE_MODEL:
            by = guest if name == "leave_workspace" else sender
            mine = [each for each in self.reminders if each.user_id == by.id and now.find(each.task_id)]
            parts = choose(draw, replace(now, reminders=mine), name, near={})
            return _request(Request(name, by, parts.path, parts.body, parts.headers))
        return draw(st.sampled_from(self.kept)) if self.kept else _nothing

    def _send(self, request: Request, home: str) -> Json:
        response = request.send(home)
        if response.is_success:
            self.done[request.operation_id] += 1
        body: Json = response.json() if response.content else {}
        if response.is_success and request.operation_id == "create_reminder":
            self.reminders = [*self.reminders, _reminder(body, of=request.sender)][-_MOST_REMINDERS:]
        return body


def _reminder(shown: Json, *, of: Person) -> Reminder:
    created, at = (shown[name] and dt.datetime.fromisoformat(shown[name]) for name in ("created_at", "at"))
    return Reminder(
        id=shown["id"],
        revision=shown["revision"],
        task_id=shown["task_id"],
        user_id=of.id,
        at=at,
        before_due=shown["before_due"],
        created=created,
        changed=created,
        decided=created,
    )


def _nothing(_send: Send, _home: str) -> None:
    """There is nothing to repeat yet."""


def _request(request: Request) -> Step:
    return lambda send, home: send(request, home)


def _join(send: Send, home: str, *, owner: Person, guest: Person, role: str) -> None:
    invitation = {"email": guest.user["email"], "role": role}
    if token := send(Request("create_invitation", owner, {}, invitation, {}), home).get("token"):
        send(Request("accept_invitation", guest, {}, {"token": token}, {}), home)


def _about(operation_id: str, **body: Strategy) -> Plan:
    """A request by the owner on what the path names, with a body of these members."""

    def plan(draw: Draw, now: Workspace, owner: Person, _guest: Person) -> Step:
        parts = choose(draw, now, operation_id, near={})
        given = draw(st.fixed_dictionaries(body)) if body else None
        return _request(Request(operation_id, owner, parts.path, given, parts.headers))

    return plan


def _change_role(draw: Draw, _now: Workspace, owner: Person, guest: Person) -> Step:
    body = {"role": draw(st.sampled_from(_ROLES))}
    return _request(Request("update_member", owner, {"user_id": guest.id}, body, {}))


def _remind(draw: Draw, now: Workspace, owner: Person, guest: Person) -> Step:
    """A reminder of a task that others change, at an instant or before it is due."""
    parts = choose(draw, now, "create_reminder", near={})
    at = now.instant + draw(st.integers(0, _LATEST_S)) * _SECOND
    body = draw(st.sampled_from(({"at": at.isoformat()}, {"before_due": 0}, {"before_due": 24 * 60})))
    return _request(Request("create_reminder", draw(st.sampled_from((owner, guest))), parts.path, body, parts.headers))


def _rename_account(draw: Draw, _now: Workspace, _owner: Person, guest: Person) -> Step:
    return _request(Request("update_me", guest, {}, {"name": draw(_NAMES)}, {}))


def _visit(draw: Draw, _now: Workspace, owner: Person, _guest: Person) -> Step:
    """Somebody who joins, does something, and deletes their account: what is theirs is erased from the log."""
    name, is_assigned = draw(_NAMES), draw(st.booleans())

    def step(send: Send, home: str) -> None:
        visitor = _register(owner.client.with_token(None), name=name)
        _join(send, home, owner=owner, guest=visitor, role="editor")
        send(Request("update_me", visitor, {}, {"name": f"{name} {name}"}, {}), home)
        body = {"title": name, **({"assignee_ids": [visitor.id]} if is_assigned else {})}
        if "id" in (task := send(Request("create_task", visitor, {}, body, {}), home)):
            send(Request("create_comment", visitor, {"task_id": task["id"]}, {"text": name}, {}), home)
        send(Request("delete_me", visitor, {}, None, {}), home)

    return step


def _register(client: Client, *, name: str) -> Person:
    """A new user. The registration may have been repeated, so its response does not matter."""
    email = new_email()
    client.post("/v1/users", json={"email": email, "password": PASSWORD, "name": name})
    tokens = log_in(client, email)
    mine = client.with_token(tokens["access_token"])
    return Person(mine, ok(mine.get("/v1/users/me")), tokens, home="")


def _open_workspace(draw: Draw, _now: Workspace, owner: Person, guest: Person) -> Step:
    """A workspace that is often deleted soon."""
    name, is_shared, is_deleted = draw(_NAMES), draw(st.booleans()), draw(st.sampled_from((True, True, False)))

    def step(send: Send, home: str) -> None:
        workspace = send(Request("create_workspace", owner, {}, {"name": name}, {}), home)
        other = f"/v1/workspaces/{workspace['id']}"
        send(Request("create_task", owner, {}, {"title": name}, {}), other)
        if is_shared:
            _join(send, other, owner=owner, guest=guest, role="viewer")
        if is_deleted:
            send(Request("delete_workspace", owner, {}, None, {}), other)

    return step


def change_much(send: Send, home: str, *, owner: Person) -> None:
    """Create so much that its deletion takes several transactions, delete it, and bring some of it back."""
    project = send(Request("create_project", owner, {}, {"name": "Large"}, {}), home)["id"]
    label = send(Request("create_label", owner, {}, {"name": new_id()}, {}), home)["id"]
    create = {"create": {"title": "Sow", "description": "Before May", "project_id": project, "label_ids": [label]}}
    for _ in range(_MANY // _AT_ONCE):
        send(Request(BATCH, owner, {}, {"mode": "each", "operations": [create] * _AT_ONCE}, {}), home)
    for kind, thing_id in (("label", label), ("project", project)):
        send(Request(f"delete_{kind}", owner, {f"{kind}_id": thing_id}, None, {}), home)
        send(Request(f"restore_{kind}", owner, {f"{kind}_id": thing_id}, None, {}), home)
    send(Request("delete_project", owner, {"project_id": project}, None, {}), home)
    send(Request("empty_trash", owner, {}, None, {}), home)


OTHERS: Final[Mapping[str, Plan]] = {
    "update_workspace": _about("update_workspace", name=_NAMES),
    "update_member": _change_role,
    "update_me": _rename_account,
    "delete_me": _visit,
    "create_workspace": _open_workspace,
    "create_reminder": _remind,
}
"""What is not in the model of one workspace, or is sent in another way, by the operationId that it is for."""

SENT: Final = {*OF_THE_MODEL, *OTHERS, BATCH, "create_invitation", "accept_invitation", "delete_workspace"}
"""The operations that writers send."""
