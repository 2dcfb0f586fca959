"""A client's copy of a workspace, which it keeps by `list_changes` as the guide says, and what the workspace has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.clients import Client, everything, ok

Key = tuple[str, str]
"""The type and the id of a thing."""
MOST_PAGES = 2000


class AccessLost(Exception):
    """The client is not a member of the workspace any more, or it was deleted."""


@dataclass
class Copy:
    """What a client has of the workspace at the path *home*. It requests its pages with *parameters*."""

    client: Client
    home: str
    parameters: dict[str, Any] = field(default_factory=dict)
    things: dict[Key, dict[str, Any]] = field(default_factory=dict)
    cursor: str | None = None

    def sync(self, *, limit: int = 50) -> list[dict[str, Any]]:
        """Request pages until there are no more, and return the changes, in order."""
        found: list[dict[str, Any]] = []
        for _ in range(MOST_PAGES):
            page = self.page(limit=limit)
            found += page["items"]
            if not page["has_more"]:
                return found
        raise AssertionError(f"the changes have no end: {found[-3:]}")

    def begin_again(self) -> None:
        """What a client does whose cursor has expired: a first sync, and it forgets what this does not name."""
        self.cursor, before = None, self.things
        self.things = {}
        named = {(change["type"], change["id"]) for change in self.sync()}
        assert self.things.keys() == named
        assert before is not self.things

    def page(self, *, limit: int = 50) -> dict[str, Any]:
        """Request one page, and change the copy as it says. Raises AccessLost."""
        cursor = {} if self.cursor is None else {"cursor": self.cursor}
        response = self.client.get(f"{self.home}/changes", params={**self.parameters, **cursor, "limit": limit})
        if response.status_code == httpx.codes.NOT_FOUND:
            raise AccessLost
        page = ok(response)
        assert len(page["items"]) <= limit
        assert page["next_cursor"] != self.cursor or not page["has_more"]
        for change in page["items"]:
            self.apply(change)
        self.cursor = page["next_cursor"]
        return page

    def apply(self, change: dict[str, Any]) -> None:
        """Store what a change says, or forget the thing."""
        key = (change["type"], change["id"])
        if change["deleted"]:
            assert change.keys() == {"type", "id", "revision", "deleted"}
            self.things.pop(key, None)
            return
        assert change.keys() == {"type", "id", "revision", "deleted", change["type"]}
        thing = change[change["type"]]
        assert (thing.get("id", thing.get("user_id")), thing["revision"]) == (change["id"], change["revision"])
        assert key not in self.things or self.things[key]["revision"] <= change["revision"]
        self.things[key] = thing


def all_things(client: Client, home: str) -> dict[Key, dict[str, Any]]:
    """All that the workspace at the path *home* has, according to its lists."""
    workspace = ok(client.get(home))
    found = {("workspace", workspace["id"]): {k: v for k, v in workspace.items() if k not in {"role", "head"}}}
    lists: list[tuple[str, str, dict[str, str]]] = [
        ("member", "members", {}),
        ("label", "labels", {}),
        ("project", "projects", {"archived": "false"}),
        ("project", "projects", {"archived": "true"}),
        ("section", "sections", {}),
        ("task", "tasks", {}),
    ]
    for kind, path, parameters in lists:
        for each in everything(client, f"{home}/{path}", limit=200, **parameters):
            found[kind, each.get("id", each.get("user_id"))] = each
    for kind, task_id in list(found):
        if kind == "task":
            for each in everything(client, f"{home}/tasks/{task_id}/comments", limit=200):
                found["comment", each["id"]] = each
    return found
