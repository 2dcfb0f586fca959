"""The stream of what changes in a user's workspaces."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.clients import Person, no_content, ok, rejected
from tests.support.streams import OpenStream, streaming
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

FEED = "/v1/users/me/changes"
STREAM = f"{FEED}/events"
GONE = (None, None)


def seen(stream: OpenStream) -> dict[str, tuple[Any, Any]]:
    """What the next event says, by the workspace."""
    return {each["workspace_id"]: (each["head"], each["role"]) for each in stream.event()["changes"]}


def test_it_says_what_changes_also_in_what_is_joined_meanwhile(ada: Person, bob: Person) -> None:
    with streaming(bob.client, STREAM) as stream:
        bob.create("tasks", title="Sow")
        assert seen(stream) == {bob.workspace_id: (2, "owner")}

        family = ada.create("/v1/workspaces", name="Family")["id"]
        path = f"/v1/workspaces/{family}"
        invited = ada.create(f"{path}/invitations", email=bob.user["email"], role="editor")
        ok(bob.client.post("/v1/invitations/accept", json={"token": invited["token"]}))
        assert seen(stream) == {family: (2, "editor")}

        ok(ada.client.merge(path, {"name": "The Lovelaces"}))
        assert seen(stream) == {family: (3, "editor")}
        ok(ada.client.merge(f"{path}/members/{bob.id}", {"role": "viewer"}))
        assert seen(stream) == {family: (4, "viewer")}
        no_content(ada.client.delete(f"{path}/members/{bob.id}"))
        assert seen(stream) == {family: GONE}

    assert ok(bob.client.get(FEED, params={"cursor": stream.place}))["items"] == []


def test_it_says_that_a_workspace_was_deleted(ada: Person, bob: Person, tables: Tables) -> None:
    club = ada.create("/v1/workspaces", name="Club")["id"]
    tables.add_member(club, bob.id, role="viewer")
    with streaming(bob.client, STREAM) as stream:
        no_content(ada.client.delete(f"/v1/workspaces/{club}"))
        assert seen(stream) == {club: GONE}


def test_it_continues_from_a_cursor_of_the_list_or_of_a_stream(ada: Person) -> None:
    page = ok(ada.client.get(FEED))
    ada.create("tasks", title="Sow")
    with streaming(ada.client, STREAM, cursor=page["next_cursor"]) as stream:
        assert seen(stream) == {ada.workspace_id: (2, "owner")}
    club = ada.create("/v1/workspaces", name="Club")["id"]
    headers = {"Last-Event-ID": str(stream.place)}
    with streaming(ada.client, STREAM, headers=headers, cursor=page["next_cursor"]) as stream:
        assert seen(stream) == {club: (1, "owner")}


def test_many_changes_in_a_short_time_are_few_messages(ada: Person) -> None:
    count = 0
    with streaming(ada.client, STREAM) as stream:
        for number in range(40):
            ada.create("tasks", title=str(number))
        head = 1
        while head < 41:
            before, (head, _) = head, seen(stream)[ada.workspace_id]
            assert head > before
            count += 1
    assert count < 40


def test_a_token_for_some_workspaces_hears_only_of_these(ada: Person) -> None:
    family = ada.create("/v1/workspaces", name="Family")["id"]
    issued = ada.create("/v1/tokens", name="Printer", scopes=["read"], workspace_ids=[family])
    with streaming(ada.client.with_token(issued["token"]), STREAM) as stream:
        ada.create("tasks", title="Sow")
        ok(ada.client.merge(f"/v1/workspaces/{family}", {"name": "The Lovelaces"}))
        assert seen(stream) == {family: (2, "owner")}


def test_it_ends_with_its_token(ada: Person) -> None:
    issued = ada.create("/v1/tokens", name="Printer", scopes=["read"])
    with streaming(ada.client.with_token(issued["token"]), STREAM) as stream:
        no_content(ada.client.delete(f"/v1/tokens/{issued['id']}"))
        assert stream.rest() == []


def test_it_ends_with_its_account_also_if_that_is_deleted_in_steps(ada: Person, bob: Person, tables: Tables) -> None:
    """Between two looks at its workspaces the account can go, and with it what it had left."""
    club = ada.create("/v1/workspaces", name="Club")["id"]
    tables.add_member(club, bob.id, role="editor")
    for start in range(0, 320, 80):
        numbers = range(start, start + 80)
        operations = [{"create": {"title": str(number), "assignee_ids": [bob.id]}} for number in numbers]
        ok(ada.client.post(f"/v1/workspaces/{club}/tasks/batch", json={"operations": operations}))
    with ExitStack() as stack:
        streams = [stack.enter_context(streaming(bob.client, STREAM)) for _ in range(15)]
        no_content(bob.client.delete("/v1/users/me"))
        for stream in streams:
            stream.rest()
        assert all(stream.ended for stream in streams)


@pytest.mark.parametrize("is_mine", [True, False], ids=["mistyped", "of another user"])
def test_a_cursor_that_is_not_mine_is_rejected(ada: Person, bob: Person, *, is_mine: bool) -> None:
    cursor = "AAAA" if is_mine else ok(bob.client.get(FEED))["next_cursor"]
    refused = ada.client.get(STREAM, params={"cursor": cursor})
    rejected(refused, 400, "invalid-cursor")
    assert refused.json()["detail"].endswith("Start again with the list, without a cursor.")
    refused = ada.client.get(STREAM, headers={"Last-Event-ID": cursor})
    assert rejected(refused, 400, "invalid-cursor") == {"Last-Event-ID cursor"}
