"""Which of a user's workspaces changed: one cursor for all of them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from domain.model.workspaces import DEPARTURES_KEPT
from persistence import workspaces
from persistence.memberships import departures, members
from persistence.memberships import workspaces as table
from tests.support.clients import Client, Person, no_content, ok, rejected
from tests.support.purging import purged
from tests.support.streams import streaming
from tests.support.tables import Tables

FEED = "/v1/users/me/changes"
GONE = (None, None)


class Follower:
    """A client that knows the head of each of its workspaces and its role there, by id."""

    def __init__(self, client: Client, *, limit: int = 50) -> None:
        self.known: dict[str, tuple[int, str]] = {}
        self.cursor: str | None = None
        self._client = client
        self._limit = limit

    def catch_up(self) -> dict[str, tuple[Any, Any]]:
        """Apply all that changed, and return it."""
        seen: dict[str, tuple[Any, Any]] = {}
        has_more = True
        while has_more:
            parameters = {"limit": self._limit} | ({"cursor": self.cursor} if self.cursor else {})
            page = ok(self._client.get(FEED, params=parameters))
            for item in page["items"]:
                assert item["workspace_id"] not in seen
                seen[item["workspace_id"]] = item["head"], item["role"]
            self.cursor, has_more = page["next_cursor"], page["has_more"]
        self.known |= {key: value for key, value in seen.items() if value != GONE}
        for key in {key for key, value in seen.items() if value == GONE}:
            del self.known[key]
        self.require_all()
        return seen

    def require_all(self) -> None:
        listed = ok(self._client.get("/v1/workspaces", params={"limit": 200}))["items"]
        assert self.known == {each["id"]: (each["head"], each["role"]) for each in listed}


def path_of(workspace_id: str) -> str:
    return f"/v1/workspaces/{workspace_id}"


def test_each_way_in_which_a_workspace_changes_is_listed_once(ada: Person, bob: Person, tables: Tables) -> None:
    follower = Follower(bob.client, limit=1)
    assert follower.catch_up() == {bob.workspace_id: (1, "owner")}
    assert follower.catch_up() == {}

    family, club = (ada.create("/v1/workspaces", name=name)["id"] for name in ("Family", "Club"))
    invited = ada.create(f"{path_of(family)}/invitations", email=bob.user["email"], role="editor")
    ok(bob.client.post("/v1/invitations/accept", json={"token": invited["token"]}))
    tables.add_member(club, bob.id, role="viewer")
    assert follower.catch_up() == {family: (2, "editor"), club: (1, "viewer")}

    bob.create("tasks", title="Sow")
    ok(ada.client.merge(path_of(family), {"name": "The Lovelaces"}))
    ok(ada.client.merge(f"{path_of(club)}/members/{bob.id}", {"role": "admin"}))
    assert follower.catch_up() == {bob.workspace_id: (2, "owner"), family: (3, "editor"), club: (2, "admin")}

    no_content(bob.client.delete(f"{path_of(family)}/members/me"))
    no_content(ada.client.delete(path_of(club)))
    assert follower.catch_up() == {family: GONE, club: GONE}
    assert follower.catch_up() == {}


def test_a_member_who_is_removed_and_comes_back_never_misses_it(ada: Person, bob: Person, tables: Tables) -> None:
    family = ada.create("/v1/workspaces", name="Family")["id"]
    follower = Follower(bob.client)
    follower.catch_up()
    for expected in ({}, {family: GONE}):
        tables.add_member(family, bob.id, role="viewer")
        if expected:
            assert follower.catch_up().keys() == {family}
        no_content(ada.client.delete(f"{path_of(family)}/members/{bob.id}"))
        assert follower.catch_up() == expected


def test_a_token_for_some_workspaces_gets_only_these(ada: Person) -> None:
    family = ada.create("/v1/workspaces", name="Family")["id"]
    issued = ada.create("/v1/tokens", name="Printer", scopes=["read"], workspace_ids=[family])
    printer = ada.client.with_token(issued["token"])
    page = ok(printer.get(FEED))
    assert page["items"] == [{"workspace_id": family, "head": 1, "role": "owner"}]
    ada.create("tasks", title="Sow")
    assert ok(printer.get(FEED, params={"cursor": page["next_cursor"]}))["items"] == []
    rejected(ada.client.get(FEED, params={"cursor": page["next_cursor"]}), 400, "invalid-cursor")


def test_a_cursor_of_another_user_or_a_mistyped_one_is_rejected(ada: Person, bob: Person) -> None:
    cursor = ok(ada.client.get(FEED))["next_cursor"]
    for wrong in (ok(bob.client.get(FEED))["next_cursor"], cursor[:-1], cursor + "A", cursor.swapcase(), "AAAA"):
        assert rejected(ada.client.get(FEED, params={"cursor": wrong}), 400, "invalid-cursor") == {"cursor cursor"}


def test_nothing_new_is_a_304_for_a_client_that_polls(ada: Person) -> None:
    cursor = ok(ada.client.get(FEED))["next_cursor"]
    response = ada.client.get(FEED, params={"cursor": cursor})
    again = ada.client.get(FEED, params={"cursor": cursor}, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_500_workspaces_are_read_with_one_cursor(server: str, ada: Person, tables: Tables) -> None:
    now = dt.datetime.now(dt.UTC)
    times = {"created_at": now, "updated_at": now, "revision": 1}
    ids = [f"019cb300-0000-7000-8000-{n:012x}" for n in range(1, 500)]
    for each in ids:
        tables.write(insert(table).values(id=UUID(each), name="x", personal=False, head=2**40, **times))
        values = {"workspace_id": UUID(each), "user_id": UUID(ada.id), "role": "viewer", "name": "Ada"}
        tables.write(insert(members).values(**values, **times))
    limit = 200
    cursor = None
    seen: list[str] = []
    for more in (True, True, False):
        page = ok(ada.client.get(FEED, params={"limit": limit} | ({"cursor": cursor} if cursor else {})))
        cursor, seen = page["next_cursor"], seen + [each["workspace_id"] for each in page["items"]]
        assert page["has_more"] is more
    assert sorted(seen) == sorted([ada.workspace_id, *ids])
    assert cursor is not None
    request = ada.client.build_request("GET", FEED, params={"cursor": cursor})
    assert len(cursor) == 6022
    assert len(request.url.raw_path) < 8000
    ada.create("tasks", title="Sow")
    page = ok(ada.client.get(FEED, params={"cursor": cursor}))
    assert page["items"] == [{"workspace_id": ada.workspace_id, "head": 2, "role": "owner"}]
    with streaming(ada.client, f"{FEED}/events", headers={"Last-Event-ID": cursor}) as stream:
        assert stream.event()["changes"] == page["items"]
    assert stream.place == page["next_cursor"]


def test_what_was_left_long_ago_has_expired(module_database_url: str, ada: Person, tables: Tables) -> None:
    club = ada.create("/v1/workspaces", name="Club")["id"]
    follower = Follower(ada.client)
    follower.catch_up()
    no_content(ada.client.delete(path_of(club)))
    mine = departures.c.user_id == UUID(ada.id)
    kept = {"departed_at": dt.datetime.now(dt.UTC) - DEPARTURES_KEPT + dt.timedelta(hours=1)}
    tables.write(update(departures).where(mine).values(**kept))
    purged(module_database_url, workspaces.purge)
    assert ok(ada.client.get(FEED, params={"cursor": follower.cursor}))["items"][0]["workspace_id"] == club

    kept = {"departed_at": dt.datetime.now(dt.UTC) - DEPARTURES_KEPT}
    tables.write(update(departures).where(mine).values(**kept))
    assert purged(module_database_url, workspaces.purge) == 1
    rejected(ada.client.get(FEED, params={"cursor": follower.cursor}), 410, "cursor-expired")
    follower.cursor, follower.known = None, {}
    assert follower.catch_up() == {ada.workspace_id: (1, "owner")}
