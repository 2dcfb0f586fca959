"""What users of other systems have lost or missed, as they would notice it. spec/complaints.md has all such cases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checking import read_contract
from tests.support.clients import Person, created, everything, ok
from tests.support.tables import Tables

Json = dict[str, Any]
SCHEMAS: Json = read_contract()["components"]["schemas"]
RESOURCES = [
    name
    for name, schema in SCHEMAS.items()
    if {"id", "created_at"} <= schema.get("properties", {}).keys() and not name.endswith("Event")
] + ["CurrentToken"]
STAMPS = {"updated_at", "revision"}


def read(person: Person, task: Json) -> Json:
    return ok(person.client.get(f"/v1/workspaces/{task['workspace_id']}/tasks/{task['id']}"))


def differing(one: Json, other: Json) -> set[str]:
    """The members that are not the same, but for those that every change sets."""
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]} - STAMPS


@pytest.fixture
def full(ada: Person) -> Json:
    """A task with a value in every member that a client can set."""
    garden = ada.create("projects", name="Garden")["id"]
    section = ada.create("sections", name="Beds", project_id=garden)["id"]
    parent = ada.create("tasks", title="Plant", section_id=section)["id"]
    first = ada.create("tasks", title="Buy", project_id=garden)["id"]
    due = {"date": "2027-03-28", "time": "09:30", "time_zone": "Europe/Berlin"}
    task = ada.create(
        "tasks",
        title="a",
        description="The **red** ones",
        parent_id=parent,
        priority="high",
        start={"date": "2027-03-01"},
        due=due,
        recurrence={"rule": "FREQ=DAILY;COUNT=1"},
        label_ids=[ada.create("labels", name="wet")["id"]],
        assignee_ids=[ada.id],
        depends_on_ids=[first],
        metadata={"crm_id": "4711"},
    )
    settable = SCHEMAS["TaskCreate"]["properties"].keys() - {"id"}
    assert [name for name in settable if task[name] in (None, "", [], {}, "none")] == []
    return task


def test_a1_a_change_keeps_what_was_not_sent(ada: Person, full: Json) -> None:
    """An update of the title wiped the description, the priority and the due date of many a task."""
    path = f"{ada.home}/tasks/{full['id']}"
    changed = ok(ada.client.merge(path, {"title": "b"}))
    assert (changed["title"], differing(full, changed)) == ("b", {"title"})
    completed = ok(ada.client.post(f"{path}/complete"))
    assert differing(changed, completed) == {"status", "completed_at"}
    assert differing(changed, ok(ada.client.post(f"{path}/reopen"))) == set()
    cancelled = ok(ada.client.post(f"{path}/cancel"))
    assert differing(changed, cancelled) == {"status"}
    assert differing(changed, ok(ada.client.post(f"{path}/reopen"))) == set()
    assert read(ada, full) == {**changed, **{name: read(ada, full)[name] for name in STAMPS}}


def test_a1_a_client_that_sends_one_member_of_due_keeps_the_others(ada: Person, full: Json) -> None:
    moved = ok(ada.client.merge(f"{ada.home}/tasks/{full['id']}", {"due": {"date": "2027-03-29"}}))
    assert moved["due"] == {**full["due"], "date": "2027-03-29"}
    assert differing(full, moved) == {"due"}


def test_a4_reopening_leaves_closed_what_was_done_before(ada: Person) -> None:
    """All subtasks came back, although some were done long ago."""
    parent = ada.create("tasks", title="Clean")
    done, todo = (ada.create("tasks", title=title, parent_id=parent["id"]) for title in ("Sweep", "Mop"))
    below = ada.create("tasks", title="Rinse", parent_id=todo["id"])
    done = ok(ada.client.post(f"{ada.home}/tasks/{done['id']}/complete"))
    path = f"{ada.home}/tasks/{parent['id']}"
    ok(ada.client.post(f"{path}/complete"))
    assert {task["status"] for task in everything(ada.client, f"{ada.home}/tasks")} == {"completed"}
    ok(ada.client.post(f"{path}/reopen"))
    assert read(ada, done) == done
    for task in (parent, todo, below):
        assert differing(task, read(ada, task)) == set()
        assert read(ada, task)["completed_at"] is None


def test_a9_a_day_is_the_same_day_in_every_zone(ada: Person, bob: Person, tables: Tables) -> None:
    """A due date was off by a day for whoever looked from another zone."""
    shared = created(ada.client.post("/v1/workspaces", json={"name": "Household"}))["id"]
    tables.add_member(shared, bob.id, role="editor")
    for person, zone in ((ada, "Pacific/Kiritimati"), (bob, "Pacific/Honolulu")):
        ok(person.client.merge("/v1/users/me", {"time_zone": zone}))
    day = {"date": "2027-03-28", "time": None, "time_zone": None}
    wall = {"date": "2027-03-28", "time": "00:30", "time_zone": None}
    for due in (day, wall):
        body = {"title": "Sow", "due": due, "start": due}
        task = created(ada.client.post(f"/v1/workspaces/{shared}/tasks", json=body))
        for person in (ada, bob):
            shown = read(person, task)
            assert (shown["due"], shown["start"]) == (due, due)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_response_has_every_member_whether_it_has_a_value_or_not(name: str) -> None:
    """An SDK crashed on a member that was left out, and kept a value that was cleared."""
    assert SCHEMAS[name]["properties"].keys() == {*SCHEMAS[name]["required"]}


def test_what_is_cleared_is_null_in_the_response(ada: Person, full: Json) -> None:
    path = f"{ada.home}/tasks/{full['id']}"
    body: Json = {"due": None, "recurrence": None, "start": None, "metadata": None, "label_ids": []}
    cleared = ok(ada.client.merge(path, body))
    assert differing(full, cleared) == {*body, "occurrence"}
    assert [cleared[name] for name in ("due", "start", "metadata", "label_ids")] == [None, None, {}, []]


def test_a_start_is_apart_from_due(ada: Person) -> None:
    """There was one date, for when to begin or for when to be done."""
    task = ada.create("tasks", title="Sow", start={"date": "2027-03-01"}, due={"date": "2027-03-28"})
    path = f"{ada.home}/tasks/{task['id']}"
    assert differing(task, ok(ada.client.merge(path, {"due": None}))) == {"due"}
    assert differing(task, ok(ada.client.merge(path, {"start": None, "due": {"date": "2027-03-28"}}))) == {"start"}


def test_a_cancelled_task_is_neither_deleted_nor_done(ada: Person) -> None:
    """What was not to be done any more had to be ticked off, or deleted without a trace."""
    task = ada.create("tasks", title="Sow")
    ok(ada.client.post(f"{ada.home}/tasks/{task['id']}/cancel"))
    listed = {
        status: [each["id"] for each in everything(ada.client, f"{ada.home}/tasks", status=status)]
        for status in ("open", "completed", "cancelled")
    }
    assert listed == {"open": [], "completed": [], "cancelled": [task["id"]]}
    assert read(ada, task)["completed_at"] is None
