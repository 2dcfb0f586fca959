"""A valid request for each operation, derived from the contract. A write changes something, the first time.

The body is the contract's first example; what must exist for it comes from `tests/support/request_values.py`. Only what
an operation needs besides has a row here, in `BEFORE`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from httpx import Response

from tests.support.checking import read_contract
from tests.support.clients import Client, Person, new_email, new_id, ok, register
from tests.support.matrix import SCOPES, Caller, Operation, operations, request_of
from tests.support.request_values import VALUES
from tests.support.tables import Tables

OPERATIONS = {operation.operation_id: operation for operation in operations(read_contract())}
_PATHS = {operation.path for operation in OPERATIONS.values() if operation.safe}


@dataclass(kw_only=True)
class Surroundings:
    """A person in a new workspace of theirs. Other people are created when a request needs them. A `Setting`."""

    founder: Person
    tables: Tables
    kept: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        return self.founder.client

    @cached_property
    def home(self) -> str:
        return f"/v1/workspaces/{self.founder.create('/v1/workspaces', name='Household')['id']}"

    @cached_property
    def guest(self) -> Person:
        guest = register(self.client.with_token(None), name="Guest")
        self.add_member(guest, by=self.founder, home=self.home, role="viewer")
        return guest

    @cached_property
    def host(self) -> Person:
        return register(self.client.with_token(None), name="Host")

    def once(self, name: str, make: Callable[[], Any], *, of: Person | None = None) -> Any:
        key = (name, of.id if of else "")
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def add_member(self, person: Person, *, by: Person, home: str, role: str) -> None:
        invitation = by.create(f"{home}/invitations", email=new_email(), role=role)
        body = {"token": self.tables.send_invitation(invitation["id"])}
        assert ok(person.client.post("/v1/invitations/accept", json=body))["role"] == role


def _join_another(surroundings: Surroundings) -> None:
    """Become a member of one of the host's workspaces, with a task."""
    home = f"/v1/workspaces/{surroundings.host.create('/v1/workspaces', name='Club')['id']}"
    surroundings.add_member(surroundings.founder, by=surroundings.host, home=home, role="editor")
    surroundings.home = home
    surroundings.host.create(f"{home}/tasks", title="Dust", assignee_ids=[surroundings.founder.id])


BEFORE: Mapping[str, Callable[[Surroundings], None]] = {
    "delete_me": _join_another,
    "leave_workspace": _join_another,
}
"""By operationId, what must be true before the request can have all its effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """A request. `target` is the path of the resource whose entity tag it is about; None if it creates one.

    `witness` can read what the request was about, also after it.
    """

    person: Person
    method: str
    path: str
    media_type: str | None
    body: Mapping[str, Any] | None
    target: str | None
    witness: Person

    @property
    def workspace_id(self) -> str:
        """The workspace that the path names, or else the personal one."""
        found = re.match(r"/v1/workspaces/([^/]+)", self.path)
        return found[1] if found else self.person.workspace_id

    def send(self, **headers: str) -> Response:
        """Send it. *headers* are written with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.media_type is not None:
            given["Content-Type"] = self.media_type
        return self.person.client.request(self.method, self.path, json=self.body, headers=given)

    def entity_tag(self) -> str:
        """The entity tag that the resource has now."""
        assert self.target is not None
        return str(self.person.client.get(self.target).headers["etag"])


def prepared(operation: Operation, person: Person, tables: Tables, *, home: str | None = None) -> PreparedRequest:
    """A request of *operation* by *person*, in a new workspace of theirs, or in *home*, the path of another one.

    Raises NotCoveredError, which says what to add where.
    """
    surroundings = Surroundings(founder=person, tables=tables)
    if home is not None:
        surroundings.home = home
    if prepare := BEFORE.get(operation.operation_id):
        prepare(surroundings)
    caller = Caller(name="ada", person=person, headers=(), scopes=frozenset(SCOPES), through_session=True)
    request = request_of(operation, lambda name: VALUES[name](surroundings, caller))
    return PreparedRequest(
        person=person,
        method=request.method,
        path=request.path,
        media_type=dict(request.headers).get("Content-Type"),
        body=None if request.content is None else json.loads(request.content),
        target=_target(operation, request.path),
        witness=surroundings.__dict__.get("host", person),
    )


def _target(operation: Operation, path: str) -> str | None:
    """The path itself, if it can be read; for a POST, which is an action there, the path above."""
    if operation.method != "POST":
        return path if operation.path in _PATHS else None
    above = operation.path.rpartition("/")[0]
    return path.rpartition("/")[0] if operation.path not in _PATHS and above in _PATHS else None


WRITES: Mapping[str, Callable[[Person, Tables], PreparedRequest]] = {
    name: partial(prepared, operation) for name, operation in OPERATIONS.items() if not operation.safe
}
"""By operationId. Each request has a person of its own."""


FROM_TRASH = {name for name in WRITES if name.startswith("restore_")}
"""The writes about what cannot be read before them, and so has no entity tag to compare."""


def taking(header: str) -> set[str]:
    """The operationIds of the writes that declare the header parameter *header*."""
    return {name for name in WRITES if header in OPERATIONS[name].optional}


def with_client_id(write: PreparedRequest) -> PreparedRequest:
    """The same request, with an id from the client."""
    return replace(write, body={**(write.body or {}), "id": new_id()})
