"""A write of each kind, ready to be sent: one that changes something, the first time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from httpx import Response

from tests.support.checking import read_contract
from tests.support.clients import MERGE_PATCH, Person, new_email, new_id, ok, register
from tests.support.tables import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A request. `target` is the path of the resource that it changes; None where it makes one."""

    person: Person
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    target: str | None = None

    @property
    def workspace_id(self) -> str:
        """The workspace in which it changes something; the personal one where it names none."""
        found = re.match(r"/v1/workspaces/([^/]+)", self.path)
        return found[1] if found else self.person.workspace_id

    def send(self, **headers: str) -> Response:
        """*headers* are written with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.method == "PATCH":
            given["Content-Type"] = MERGE_PATCH
        return self.person.client.request(self.method, self.path, json=self.body, headers=given)

    def entity_tag(self) -> str:
        """That of the resource, as it is."""
        assert self.target is not None
        return str(self.person.client.get(self.target).headers["etag"])


def _of(method: str, part: str, body: Mapping[str, Any] | None = None) -> Callable[[Person, Tables], Write]:
    """A write of a new project or task: *part* is `projects`, or `tasks/complete` for an action."""
    collection, _, action = part.partition("/")

    def make(person: Person, _tables: Tables) -> Write:
        new = {"projects": {"name": "Garden"}, "tasks": {"title": "Sow"}}[collection]
        target = f"{person.home}/{collection}/{person.create(collection, **new)['id']}"
        opposite = {"unarchive": "archive", "reopen": "complete"}.get(action)
        if opposite:
            ok(person.client.post(f"{target}/{opposite}"))
        path = f"{target}/{action}" if action else target
        return Write(person=person, method=method, path=path, body=body, target=target)

    return make


def _me(method: str, part: str = "", body: Mapping[str, Any] | None = None) -> Callable[[Person, Tables], Write]:
    me = "/v1/users/me"
    return lambda person, _tables: Write(person=person, method=method, path=me + part, body=body, target=me)


def _create(collection: str, **body: Any) -> Callable[[Person, Tables], Write]:
    return lambda person, _tables: Write(
        person=person,
        method="POST",
        path=collection if collection[0] == "/" else f"{person.home}/{collection}",
        body=body,
    )


def _member(method: str, body: Mapping[str, Any] | None = None) -> Callable[[Person, Tables], Write]:
    """A write of somebody who is in a workspace of the person's."""

    def make(person: Person, tables: Tables) -> Write:
        guest = register(person.client.with_token(None))
        invitation = _create_invitation(person, tables)
        body_of_guest = {"token": tables.send_invitation(invitation.send().json()["id"])}
        ok(guest.client.post("/v1/invitations/accept", json=body_of_guest))
        target = f"/v1/workspaces/{invitation.workspace_id}/members/{guest.id}"
        return Write(person=person, method=method, path=target, body=body, target=target)

    return make


def _create_invitation(person: Person, _tables: Tables) -> Write:
    path = f"{_household(person)}/invitations"
    return Write(person=person, method="POST", path=path, body={"email": new_email(), "role": "editor"})


def _delete_invitation(person: Person, tables: Tables) -> Write:
    made = _create_invitation(person, tables)
    target = f"{made.path}/{made.send().json()['id']}"
    return Write(person=person, method="DELETE", path=target, target=target)


def _accept_invitation(person: Person, tables: Tables) -> Write:
    host = register(person.client.with_token(None))
    invitation = _create_invitation(host, tables).send().json()
    body = {"token": tables.send_invitation(invitation["id"])}
    return Write(person=person, method="POST", path="/v1/invitations/accept", body=body)


def _delete_session(person: Person, _tables: Tables) -> Write:
    target = f"/v1/sessions/{person.log_in()['session_id']}"
    return Write(person=person, method="DELETE", path=target, target=target)


def _delete_current_session(person: Person, _tables: Tables) -> Write:
    tokens = person.log_in()
    there = replace(person, client=person.client.with_token(tokens["access_token"]), tokens=tokens)
    return Write(person=there, method="DELETE", path="/v1/sessions/current", target="/v1/sessions/current")


def _delete_personal_token(person: Person, _tables: Tables) -> Write:
    target = f"/v1/tokens/{person.create('/v1/tokens', name='Script', scopes=['read'])['id']}"
    return Write(person=person, method="DELETE", path=target, target=target)


def _household(person: Person) -> str:
    return f"/v1/workspaces/{person.create('/v1/workspaces', name='Household')['id']}"


def _delete_workspace(person: Person, _tables: Tables) -> Write:
    target = _household(person)
    return Write(person=person, method="DELETE", path=target, target=target)


WRITES: Mapping[str, Callable[[Person, Tables], Write]] = {
    "update_me": _me("PATCH", body={"name": "Ada King"}),
    "delete_me": _me("DELETE"),
    "send_verification": _me("POST", "/send-verification"),
    "delete_session": _delete_session,
    "delete_current_session": _delete_current_session,
    "delete_personal_token": _delete_personal_token,
    "create_workspace": _create("/v1/workspaces", name="Household"),
    "update_workspace": lambda person, _tables: Write(
        person=person, method="PATCH", path=person.home, body={"name": "Home"}, target=person.home
    ),
    "delete_workspace": _delete_workspace,
    "update_member": _member("PATCH", {"role": "admin"}),
    "remove_member": _member("DELETE"),
    "delete_invitation": _delete_invitation,
    "accept_invitation": _accept_invitation,
    "create_project": _create("projects", name="Balcony"),
    "update_project": _of("PATCH", "projects", {"name": "Balcony"}),
    "delete_project": _of("DELETE", "projects"),
    "archive_project": _of("POST", "projects/archive"),
    "unarchive_project": _of("POST", "projects/unarchive"),
    "create_task": _create("tasks", title="Reap"),
    "update_task": _of("PATCH", "tasks", {"title": "Reap"}),
    "delete_task": _of("DELETE", "tasks"),
    "complete_task": _of("POST", "tasks/complete"),
    "reopen_task": _of("POST", "tasks/reopen"),
}
"""By operationId, those that take a condition or a key. Each gets a person of its own."""

WITHOUT_KEY: Mapping[str, Callable[[Person, Tables], Write]] = {"create_invitation": _create_invitation}
"""What takes neither, as its response may hold a secret."""


def taking(header: str) -> set[str]:
    """The operationIds that take the header parameter of the contract's components called *header*."""
    reference = {"$ref": f"#/components/parameters/{header}"}
    return {
        operation["operationId"]
        for item in read_contract()["paths"].values()
        for method, operation in item.items()
        if method != "parameters" and reference in operation.get("parameters", ())
    }


def with_client_id(write: Write) -> Write:
    """The same, of something that gets an id of the client's."""
    return Write(person=write.person, method=write.method, path=write.path, body={**(write.body or {}), "id": new_id()})
