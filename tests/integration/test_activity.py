"""Who did what in a workspace, and when."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from domain.events import EVENT_TYPES
from domain.pages import encode
from persistence.events import events
from tests.support.checking import read_contract
from tests.support.clients import (
    PASSWORD,
    Client,
    Person,
    created,
    everything,
    log_in,
    new_email,
    no_content,
    ok,
    pages,
    rejected,
)
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database


@pytest.fixture
def home(ada: Person, bob: Person, tables: Tables) -> str:
    """A workspace of Ada's, in which Bob is an editor."""
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    invitation = ada.create(f"{home}/invitations", email=new_email(), role="editor")
    ok(bob.client.post("/v1/invitations/accept", json={"token": tables.send_invitation(invitation["id"])}))
    return home


def lines(person: Person, home: str, **filters: Any) -> list[tuple[str, str | None, list[str], str | None]]:
    """What happened, oldest first: the event, the title, what changed, and who did it."""
    found = everything(person.client, f"{home}/activity", **filters)
    return [(each["event"], each["title"], each["changed"], each["actor_id"]) for each in reversed(found)]


def test_members_see_who_did_what(ada: Person, bob: Person, home: str) -> None:
    task = ada.create(f"{home}/tasks", title="Sow", description="Deep")
    path = f"{home}/tasks/{task['id']}"
    ok(bob.client.merge(path, {"title": "Sow beans", "due": {"date": "2026-05-01"}}))
    ok(bob.client.merge(path, {"description": "Deeper"}))
    ok(ada.client.post(f"{path}/complete"))
    comment = bob.create(f"{path}/comments", text="Done?")
    ok(ada.client.merge(f"{home}/members/{bob.id}", {"role": "viewer"}))
    no_content(ada.client.delete(path))

    assert lines(bob, home) == [
        ("workspace.created", "Household", [], ada.id),
        ("member.added", "Ada", [], ada.id),
        ("project.created", "Inbox", [], ada.id),
        ("member.added", "Bob", [], bob.id),
        ("task.created", "Sow", [], ada.id),
        ("task.updated", "Sow beans", ["due", "title"], bob.id),
        ("task.updated", "Sow beans", ["description"], bob.id),
        ("task.completed", "Sow beans", ["completed_at", "status"], ada.id),
        ("comment.created", "Done?", [], bob.id),
        ("member.updated", "Bob", ["role"], ada.id),
        ("comment.deleted", "Done?", [], ada.id),
        ("task.deleted", "Sow beans", [], ada.id),
    ]
    found = everything(bob.client, f"{home}/activity", entity_id=comment["id"])
    assert [(each["event"], each["type"], each["id"], each["task_id"], each["erased"]) for each in found] == [
        ("comment.deleted", "comment", comment["id"], task["id"], False),
        ("comment.created", "comment", comment["id"], task["id"], False),
    ]
    assert found[0]["revision"] == ada.head(home)
    of_task = everything(bob.client, f"{home}/activity", entity_id=task["id"])
    assert {each["task_id"] for each in of_task} == {None}


def test_an_effect_has_the_revision_of_its_cause(ada: Person, home: str) -> None:
    first = ada.create(f"{home}/tasks", title="Sow")["id"]
    ada.create(f"{home}/tasks", title="Reap", depends_on_ids=[first])
    ok(ada.client.post(f"{home}/tasks/{first}/complete"))
    head = ada.head(home)

    newest = everything(ada.client, f"{home}/activity")[:2]

    assert {(each["event"], each["title"], tuple(each["changed"]), each["revision"]) for each in newest} == {
        ("task.completed", "Sow", ("completed_at", "status"), head),
        ("task.updated", "Reap", ("blocked",), head),
    }


def test_an_emptied_trash_takes_nothing_from_the_log_and_adds_nothing(ada: Person, bob: Person, home: str) -> None:
    task = ada.create(f"{home}/tasks", title="Sow")["id"]
    bob.create(f"{home}/tasks/{task}/comments", text="Deep?")
    no_content(ada.client.delete(f"{home}/tasks/{task}"))
    before = lines(bob, home)
    assert [line[:2] for line in before[-2:]] == [("comment.deleted", "Deep?"), ("task.deleted", "Sow")]

    no_content(ada.client.delete(f"{home}/trash"))

    assert everything(ada.client, f"{home}/trash") == []
    assert lines(bob, home) == before


def test_what_a_registration_did_has_no_actor_and_who_left_has_a_name(
    client: Client, ada: Person, home: str, tables: Tables
) -> None:
    email = new_email()
    invitation = ada.create(f"{home}/invitations", email=email, role="editor")
    wanted = {"email": email, "password": PASSWORD, "name": "Cleo"}
    token = tables.send_invitation(invitation["id"])
    cleo = created(client.post("/v1/users", json={**wanted, "invitation_token": token}))["id"]
    mine = client.with_token(log_in(client, email)["access_token"])
    personal = next(each for each in ok(mine.get("/v1/workspaces"))["items"] if each["personal"])
    assert {each["actor_id"] for each in everything(mine, f"/v1/workspaces/{personal['id']}/activity")} == {None}
    ok(mine.merge("/v1/users/me", {"name": "Cleo Q"}))
    no_content(mine.delete(f"{home}/members/me"))

    assert lines(ada, home, entity_id=cleo) == [
        ("member.added", "Cleo", [], None),
        ("member.updated", "Cleo Q", ["name"], cleo),
        ("member.removed", "Cleo Q", [], cleo),
    ]


def test_activity_is_filtered_by_thing_user_event_and_time(ada: Person, bob: Person, home: str) -> None:
    first, second = (ada.create(f"{home}/tasks", title=title)["id"] for title in ("Sow", "Reap"))
    ok(bob.client.post(f"{home}/tasks/{first}/complete"))
    ok(ada.client.post(f"{home}/tasks/{second}/complete"))
    log = everything(ada.client, f"{home}/activity")
    time = {(each["event"], each["id"]): each["recorded_at"] for each in log}

    of_first = lines(ada, home, entity_id=first)
    assert [line[0] for line in of_first] == ["task.created", "task.completed"]
    assert {line[3] for line in lines(ada, home, actor_id=bob.id)} == {bob.id}
    closed = {"event": ["task.completed", "task.cancelled"]}
    assert [line[1] for line in lines(ada, home, **closed)] == ["Sow", "Reap"]
    assert [line[1] for line in lines(ada, home, **closed, actor_id=bob.id)] == ["Sow"]
    assert lines(ada, home, **closed, actor_id=bob.id, entity_id=second) == []
    after = {"recorded_after": time["task.created", second]}
    assert [line[1] for line in lines(ada, home, **after)] == ["Sow", "Reap"]
    before = {"recorded_before": time["task.completed", second]}
    assert [line[0] for line in lines(ada, home, **after, **before)] == ["task.completed"]
    assert lines(ada, home, recorded_after="2999-01-01T00:00:00Z") == []
    assert lines(ada, home, recorded_before="0001-01-01T00:00:00Z") == []
    assert len(lines(ada, home, recorded_after="0001-01-01T00:00:00Z", recorded_before="9999-12-31T23:59:59Z")) == len(
        log
    )


def test_what_the_log_lost_is_marked_as_erased(ada: Person, home: str, tables: Tables) -> None:
    task = ada.create(f"{home}/tasks", title="Sow")["id"]
    ok(ada.client.merge(f"{home}/tasks/{task}", {"title": "Reap"}))
    tables.write(
        events.update()
        .where(events.c.type == "task.created", events.c.entity_id.in_(select(events.c.entity_id)))
        .values(body=None)
    )
    found = everything(ada.client, f"{home}/activity", entity_id=task)
    assert [(each["event"], each["title"], each["changed"], each["erased"]) for each in found] == [
        ("task.updated", "Reap", [], False),
        ("task.created", None, [], True),
    ]


def test_pages_go_on_while_others_write(ada: Person, bob: Person, home: str) -> None:
    for number in range(7):
        ada.create(f"{home}/tasks", title=str(number))
    first = ok(ada.client.get(f"{home}/activity", params={"limit": 3, "actor_id": ada.id}))
    bob.create(f"{home}/tasks", title="Meanwhile")
    ada.create(f"{home}/tasks", title="Later")
    rest = ok(
        ada.client.get(f"{home}/activity", params={"limit": 200, "actor_id": ada.id, "cursor": first["next_cursor"]})
    )
    titles = [each["title"] for each in [*first["items"], *rest["items"]]]
    assert titles == ["6", "5", "4", "3", "2", "1", "0", "Inbox", "Ada", "Household"]
    assert not rest["has_more"]
    assert [len(page) for page in pages(ada.client, f"{home}/activity", limit=4)] == [4, 4, 4, 1]


def test_what_is_not_a_filter_is_rejected(ada: Person, home: str) -> None:
    path = f"{home}/activity"
    cursor = ok(ada.client.get(path, params={"limit": 1}))["next_cursor"]
    wrong = {"cursor": cursor, "actor_id": ada.id}
    assert rejected(ada.client.get(path, params=wrong), 400, "invalid-cursor") == {"cursor cursor"}
    for name, value in (("event", "task.eaten"), ("entity_id", "1"), ("recorded_after", "2026-01-01T00:00:00")):
        places = rejected(ada.client.get(path, params={name: value}), 400, "invalid-parameters")
        assert {place.partition(" ")[0].partition("/")[0] for place in places} == {name}


def test_the_contract_names_each_event_that_can_be_asked_for() -> None:
    assert set(read_contract()["components"]["schemas"]["EventType"]["enum"]) == set(EVENT_TYPES)


def test_a_cursor_that_a_client_made_up_is_refused_before_the_database_compares_it(ada: Person, home: str) -> None:
    path, binding = f"{home}/activity", f"activity {home.rpartition('/')[2]} None None None [None, None]"
    for revision, sequence in ((3, 2**31 - 1), (10**18 - 1, 1)):
        ok(ada.client.get(path, params={"cursor": encode(binding, str(revision), str(sequence))}))
    for revision, sequence in ((3, 2**31), (10**18, 1)):
        wrong = ada.client.get(path, params={"cursor": encode(binding, str(revision), str(sequence))})
        assert rejected(wrong, 400, "invalid-cursor") == {"cursor cursor"}
