"""Everybody whom the gate's stage `guarded` needs, created over HTTP on a running server, as a `gate.toml`.

A workspace with a member of each role, each with a session and with tokens that lack one scope; a stranger with a
workspace of their own; an owner whose token is for another workspace; and a token that has expired.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from tests.support.clients import Client, Person, created, ok, register
from tests.support.matrix import ANY_SCOPE, ROLES, SCOPES
from tests.support.patience import PATIENCE_S

LIFETIME = dt.timedelta(seconds=2)
"""Of the token that expires before it is used."""


@dataclass
class Settings:
    """The lines of a `gate.toml`, and the tokens that it names."""

    lines: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def secret(self, token: str) -> str:
        """The name of a new variable with *token*, as TOML."""
        name = f"GATE_{len(self.environment)}"
        self.environment[name] = token
        return f'"${name}"'

    def add(self, name: str, token: str, *, scopes: Collection[str] = (), **more: object) -> None:
        """A caller; *more* are further settings, which are JSON."""
        given = {"name": name, "scope": [*scopes, ANY_SCOPE], **more}
        pairs = [f"{key.replace('_', '-')} = {_toml(value)}" for key, value in given.items()]
        self.lines += ["[[server.callers]]", f"token = {self.secret(token)}", *pairs]


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name} = {_toml(inner)}' for name, inner in value.items())}}}"
    return json.dumps(value)


def create(client: Client, *, allowed_writes: Collection[str] = ()) -> Settings:
    """Create everybody on the server of *client*, which has no mail server."""
    founder, stranger, guest = (_register(client, name) for name in ("Founder", "Stranger", "Guest"))
    home, elsewhere = (
        f"/v1/workspaces/{person.create('/v1/workspaces', name='Household')['id']}" for person in (founder, stranger)
    )
    members = {role: _register(client, role.capitalize()) for role in ROLES}
    for role, person in (*members.items(), ("viewer", guest)):
        _join(founder, home, person, role)
    soon = dt.datetime.now(dt.UTC) + LIFETIME
    old = _token(founder, *SCOPES, expires_at=soon.isoformat().replace("+00:00", "Z"))
    values = {**_things(founder, home), "user_id": guest.id}
    settings = Settings()
    settings.lines = [
        "[server]",
        f"token = {settings.secret(founder.tokens['access_token'])}",
        'probe = "create_task"',
        f"allowed-writes = {_toml([*allowed_writes])}",
        f"values = {_toml(values)}",
    ]
    for role, person in members.items():
        settings.add(f"the {role}", person.tokens["access_token"], scopes=SCOPES, role=[role])
        for scope in SCOPES:
            less = [each for each in SCOPES if each != scope]
            settings.add(f"the {role} without {scope}", _token(person, *less), scopes=less, role=[role])
    theirs = _things(stranger, elsewhere)
    settings.add("a stranger", stranger.tokens["access_token"], scopes=SCOPES, role=["owner"], values=theirs)
    owner = members["owner"]
    limited, own = _token(owner, "read", workspace_ids=[owner.workspace_id]), {"workspace_id": owner.workspace_id}
    settings.add("the owner elsewhere", limited, scopes=["read"], role=["owner"], values=own)
    settings.add("somebody too late", old, is_expired=True)
    _until_expired(client, old)
    return settings


def _register(client: Client, name: str) -> Person:
    return register(client, name=name, email=f"{name.lower()}.{uuid4()}@example.com")


def _join(founder: Person, home: str, person: Person, role: str) -> None:
    invitation = founder.create(f"{home}/invitations", email=person.user["email"], role=role)
    ok(person.client.post("/v1/invitations/accept", json={"token": invitation["token"]}))


def _token(person: Person, *scopes: str, **more: object) -> str:
    return str(created(person.client.post("/v1/tokens", json={"name": "Gate", "scopes": scopes, **more}))["token"])


def _things(person: Person, home: str) -> dict[str, str]:
    """Values of the parameters of paths, of what belongs to *person*."""
    invited = {"email": f"{uuid4()}@example.com", "role": "viewer"}
    project_id = person.create(f"{home}/projects", name="Garden")["id"]
    task_id = person.create(f"{home}/tasks", title="Sow")["id"]
    return {
        "workspace_id": home.rpartition("/")[2],
        "project_id": project_id,
        "section_id": person.create(f"{home}/sections", name="Beds", project_id=project_id)["id"],
        "label_id": person.create(f"{home}/labels", name="Outside")["id"],
        "task_id": task_id,
        "comment_id": person.create(f"{home}/tasks/{task_id}/comments", text="The red ones.")["id"],
        "reminder_id": person.create(f"{home}/tasks/{task_id}/reminders", before_due=30)["id"],
        "invitation_id": person.create(f"{home}/invitations", **invited)["id"],
        "session_id": person.log_in()["session_id"],
        "token_id": person.create("/v1/tokens", name="Script", scopes=["read"])["id"],
    }


def _until_expired(client: Client, token: str) -> None:
    mine = client.with_token(token)
    deadline = time.monotonic() + PATIENCE_S
    while mine.get("/v1/tokens/current").status_code != 401:  # Unauthorized
        if time.monotonic() > deadline:
            raise TimeoutError("the token does not expire")
        time.sleep(0.1)
