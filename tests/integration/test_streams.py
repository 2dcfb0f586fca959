"""The live events of a workspace, over a real socket: what they have, where they begin, and what ends them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from persistence.events import events as logged
from tests.support.clients import Person, no_content, ok, rejected
from tests.support.streams import streaming
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database


def events_of(person: Person) -> str:
    return f"{person.home}/events"


def names(events: list[dict[str, Any]]) -> list[str]:
    return [change["event"] for event in events for change in event["changes"]]


def test_a_change_is_sent_with_what_the_log_has_of_it(ada: Person) -> None:
    with streaming(ada.client, events_of(ada)) as stream:
        task = ada.create("tasks", title="Sow", description="Before May")
        event = stream.event()
        (change,) = event["changes"]
        assert (event["revision"], event["actor_id"], event["complete"]) == (task["revision"], ada.id, True)
        assert change == {
            "type": "task",
            "event": "task.created",
            "id": task["id"],
            "revision": task["revision"],
            "deleted": False,
            "erased": False,
            "task": task,
        }
        renamed = ok(ada.client.merge(f"{ada.home}/tasks/{task['id']}", {"title": "Reap"}))
        (change,) = stream.event()["changes"]
        assert change["task"] == {name: value for name, value in renamed.items() if name != "description"}
        no_content(ada.client.delete(f"{ada.home}/tasks/{task['id']}"))
        (change,) = stream.event()["changes"]
        assert (change["event"], change["deleted"], change["erased"], "task" in change) == (
            "task.deleted",
            True,
            False,
            False,
        )


def test_a_stream_begins_with_what_changes_from_now_on(ada: Person) -> None:
    ada.create("tasks", title="before")
    with streaming(ada.client, events_of(ada)) as stream:
        ada.create("tasks", title="after")
        assert stream.event()["changes"][0]["task"]["title"] == "after"


@pytest.mark.parametrize("way", ["cursor", "Last-Event-ID", "both"])
def test_a_client_that_connects_again_gets_what_it_has_missed_once(ada: Person, way: str) -> None:
    with streaming(ada.client, events_of(ada)) as stream:
        first = stream.place
        ada.create("tasks", title="1")
        stream.event()
        place = stream.place
    for title in ("2", "3"):
        ada.create("tasks", title=title)
    assert place is not None
    query: dict[str, dict[str, Any]] = {
        "cursor": {"cursor": place},
        "Last-Event-ID": {},
        "both": {"cursor": first},
    }
    headers = {} if way == "cursor" else {"Last-Event-ID": place}
    with streaming(ada.client, events_of(ada), headers=headers, **query[way]) as stream:
        assert [stream.event()["changes"][0]["task"]["title"] for _ in range(2)] == ["2", "3"]
        ada.create("tasks", title="4")
        assert stream.event()["changes"][0]["task"]["title"] == "4"


def test_a_stream_until_the_head_ends_when_it_has_sent_what_had_happened(ada: Person) -> None:
    start = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200}))["next_cursor"]
    for number in range(3):
        ada.create("tasks", title=str(number))
    with streaming(ada.client, events_of(ada), cursor=start, until="head") as stream:
        assert names(stream.rest()) == ["task.created"] * 3
        assert stream.ended
    with streaming(ada.client, events_of(ada), until="head") as stream:
        assert stream.rest() == []


def test_a_client_can_change_between_the_stream_and_the_list_of_changes(ada: Person) -> None:
    start = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200}))["next_cursor"]
    first = ada.create("tasks", title="first")
    with streaming(ada.client, events_of(ada), cursor=start, until="head") as stream:
        stream.rest()
        place = stream.place
    second = ada.create("tasks", title="second")
    page = ok(ada.client.get(f"{ada.home}/changes", params={"cursor": place}))
    assert [each["task"] for each in page["items"]] == [second]
    with streaming(ada.client, events_of(ada), cursor=page["next_cursor"], until="head") as stream:
        assert stream.rest() == []
    assert first["revision"] < second["revision"]


def test_types_leave_out_other_things_and_a_heartbeat_moves_on_behind_them(ada: Person) -> None:
    start = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200, "types": "label"}))["next_cursor"]
    ada.create("tasks", title="Sow")
    ada.create("labels", name="soon")
    ada.create("tasks", title="Reap")
    with streaming(ada.client, events_of(ada), cursor=start, types="label", until="head") as stream:
        assert names(stream.rest()) == ["label.created"]
        place = stream.place
    with streaming(ada.client, events_of(ada), cursor=place, types="label", until="head") as stream:
        assert stream.rest() == []
    rejected(ada.client.get(events_of(ada), params={"cursor": place}), 400, "invalid-cursor")


@pytest.mark.on_each_database
def test_a_large_change_is_split_at_100(ada: Person) -> None:
    project = ada.create("projects", name="Garden")
    for start in range(0, 210, 70):
        creates = [{"create": {"title": str(n), "project_id": project["id"]}} for n in range(start, start + 70)]
        ok(ada.client.post(f"{ada.home}/tasks/batch", json={"operations": creates}))
    with streaming(ada.client, events_of(ada)) as stream:
        no_content(ada.client.delete(f"{ada.home}/projects/{project['id']}"))
        events = [stream.event()]
        while not events[-1]["complete"]:
            place = stream.place
            events.append(stream.event())
    assert [(len(event["changes"]), event["complete"]) for event in events] == [(100, False), (100, False), (11, True)]
    assert len({event["revision"] for event in events}) == 1
    assert len({change["id"] for event in events for change in event["changes"]}) == 211
    with streaming(ada.client, events_of(ada), cursor=place, until="head") as stream:
        assert stream.rest() == events[-1:]


def test_a_heartbeat_comes_at_once_and_has_no_body_to_head(ada: Person) -> None:
    response = ada.client.head(events_of(ada))
    assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream")
    with streaming(ada.client, events_of(ada)) as stream:
        assert (stream.heartbeats, bool(stream.place)) == (1, True)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "b2Zmc2V0OjYyOjM"])
def test_a_cursor_that_is_not_of_this_stream_is_rejected(ada: Person, bob: Person, cursor: str) -> None:
    refused = ada.client.get(events_of(ada), params={"cursor": cursor})
    assert rejected(refused, 400, "invalid-cursor") == {"cursor cursor"}
    refused = ada.client.get(events_of(ada), headers={"Last-Event-ID": cursor})
    assert rejected(refused, 400, "invalid-cursor") == {"Last-Event-ID cursor"}
    with streaming(bob.client, events_of(bob)) as stream:
        rejected(ada.client.get(events_of(ada), params={"cursor": stream.place}), 400, "invalid-cursor")


def test_the_cursor_of_a_first_sync_that_has_not_ended_is_rejected(ada: Person) -> None:
    page = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 1}))
    assert page["has_more"]
    refused = ada.client.get(events_of(ada), params={"cursor": page["next_cursor"]})
    rejected(refused, 400, "invalid-cursor")
    assert "a first sync that is not finished. Read all pages" in refused.json()["detail"]


def test_what_was_erased_from_the_log_is_marked(ada: Person, tables: Tables) -> None:
    start = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200}))["next_cursor"]
    task = ada.create("tasks", title="Sow")
    tables.write(update(logged).where(logged.c.entity_id == UUID(task["id"])).values(body=None))
    with streaming(ada.client, events_of(ada), cursor=start, until="head") as stream:
        (event,) = stream.rest()
    (change,) = event["changes"]
    assert (change["id"], change["erased"], change["deleted"], "task" in change) == (task["id"], True, False, False)


@pytest.mark.parametrize("body", ['{"id": "x"}', '{"title": "Sow", "color": "red"}', "7"])
def test_a_body_of_another_version_is_marked_as_erased(ada: Person, tables: Tables, body: str) -> None:
    """Nobody could read further if the stream was cut off there."""
    start = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200}))["next_cursor"]
    task = ada.create("tasks", title="Sow")
    tables.write(update(logged).where(logged.c.entity_id == UUID(task["id"])).values(body=body))
    ada.create("tasks", title="Reap")
    with streaming(ada.client, events_of(ada), cursor=start, until="head") as stream:
        changes = [change for event in stream.rest() for change in event["changes"]]
    assert [(change["erased"], "task" in change) for change in changes] == [(True, False), (False, True)]


def test_a_stream_ends_when_its_access_token_expires(ada: Person, tables: Tables) -> None:
    tokens = ada.log_in()
    with streaming(ada.client.with_token(tokens["access_token"]), events_of(ada)) as stream:
        tables.expire_access_tokens(tokens["session_id"])
        assert stream.rest() == []


def test_a_stream_lasts_when_its_session_is_refreshed(ada: Person) -> None:
    tokens = ada.log_in()
    with streaming(ada.client.with_token(tokens["access_token"]), events_of(ada)) as stream:
        ok(ada.client.post("/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]}))
        for title in ("Sow", "Reap"):
            ada.create("tasks", title=title)
            assert names([stream.event()]) == ["task.created"]


def test_a_token_for_another_workspace_opens_no_stream(ada: Person) -> None:
    home = ada.create("/v1/workspaces", name="Home")
    token = ada.create("/v1/tokens", name="script", scopes=["read"], workspace_ids=[home["id"]])
    limited = ada.client.with_token(token["token"])
    rejected(limited.get(events_of(ada)), 404, "not-found")
    with streaming(limited, f"/v1/workspaces/{home['id']}/events") as stream:
        ada.create(f"/v1/workspaces/{home['id']}/tasks", title="Sow")
        assert names([stream.event()]) == ["task.created"]


def test_a_stream_ends_with_its_session(ada: Person) -> None:
    tokens = ada.log_in()
    with streaming(ada.client.with_token(tokens["access_token"]), events_of(ada)) as stream:
        no_content(ada.client.delete(f"/v1/sessions/{tokens['session_id']}"))
        assert stream.rest() == []
    rejected(ada.client.with_token(tokens["access_token"]).get(events_of(ada)), 401, "unauthenticated")


def test_a_stream_ends_with_its_personal_token(ada: Person) -> None:
    token = ada.create("/v1/tokens", name="script", scopes=["read"])
    with streaming(ada.client.with_token(token["token"]), events_of(ada)) as stream:
        no_content(ada.client.delete(f"/v1/tokens/{token['id']}"))
        assert stream.rest() == []


def shared(ada: Person, bob: Person, tables: Tables) -> str:
    """The path of a workspace of Ada's, in which Bob is a viewer."""
    home = ada.create("/v1/workspaces", name="Home")
    tables.add_member(home["id"], bob.id, role="viewer")
    return f"/v1/workspaces/{home['id']}"


def test_a_stream_ends_with_the_membership(ada: Person, bob: Person, tables: Tables) -> None:
    home = shared(ada, bob, tables)
    with streaming(bob.client, f"{home}/events") as stream, streaming(ada.client, f"{home}/events") as other:
        no_content(ada.client.delete(f"{home}/members/{bob.id}"))
        assert names(stream.rest()) == []
        assert names([other.event()]) == ["member.removed"]
    rejected(bob.client.get(f"{home}/events"), 404, "not-found")


def test_a_stream_ends_with_its_workspace(ada: Person, bob: Person, tables: Tables) -> None:
    home = shared(ada, bob, tables)
    with streaming(bob.client, f"{home}/events") as stream:
        no_content(ada.client.delete(home))
        assert stream.rest() == []


def test_a_stream_ends_with_the_account(ada: Person, bob: Person, tables: Tables) -> None:
    home = shared(ada, bob, tables)
    with streaming(bob.client, f"{home}/events") as stream:
        no_content(bob.client.delete("/v1/users/me"))
        assert stream.rest() == []


def test_a_stream_goes_on_with_another_role(ada: Person, bob: Person, tables: Tables) -> None:
    home = shared(ada, bob, tables)
    with streaming(bob.client, f"{home}/events") as stream:
        ok(ada.client.merge(f"{home}/members/{bob.id}", {"role": "editor"}))
        assert names([stream.event()]) == ["member.updated"]


@pytest.mark.on_each_database
def test_many_streams_get_the_same(ada: Person) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(streaming(ada.client, events_of(ada))) for _ in range(15)]
        titles = [str(number) for number in range(20)]
        for title in titles:
            ada.create("tasks", title=title)
        for stream in streams:
            assert [stream.event()["changes"][0]["task"]["title"] for _ in titles] == titles
        assert len({stream.place for stream in streams}) == 1
