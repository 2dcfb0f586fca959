"""How tasks recur: what a client sets, what it is sent, and what a change leaves as it was."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from persistence.memberships import workspaces
from tests.support.clients import Person, created, everything, new_id, no_content, ok, rejected
from tests.support.logs import read_log
from tests.support.tables import Tables

Json = dict[str, Any]
DAY: Json = {"date": "2027-03-01", "time": None, "time_zone": None}
FLOATING: Json = {**DAY, "time": "09:30"}
IN_BERLIN: Json = {**FLOATING, "time_zone": "Europe/Berlin"}
WEEKLY: Json = {"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=5"}
PLACE = "#/recurrence/rule"

pytestmark = [pytest.mark.unmeasured, pytest.mark.mostly_on_one_database]


def path_of(task: Json) -> str:
    return f"/v1/workspaces/{task['workspace_id']}/tasks/{task['id']}"


def recurring(person: Person, *, due: Json = IN_BERLIN, recurrence: Json = WEEKLY, **more: Any) -> Json:
    return person.create("tasks", title="Water", due=due, recurrence=recurrence, **more)


def patched(person: Person, task: Json, **body: Any) -> Json:
    return ok(person.client.merge(path_of(task), body))


def series(task: Json) -> Json:
    """What does not change while a task goes on in its series, and does not follow from `due`."""
    return {"occurrence": task["occurrence"], "recurrence": task["recurrence"]}


# --- what is sent, and what is returned ---


@pytest.mark.parametrize("due", [DAY, FLOATING, IN_BERLIN])
def test_a_task_recurs_from_its_due_on(ada: Person, tables: Tables, due: Json) -> None:
    task = recurring(ada, due=due, recurrence={"rule": "count=05;byday=we,mo;freq=weekly;interval=1"})
    assert (task["due"], task["occurrence"]) == (due, due)
    assert task["recurrence"] == {
        "rule": "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=5",
        "anchor": "due",
        "overdue": "skip",
        "series_start": due,
        "remaining": 4,
    }
    assert ok(ada.client.get(path_of(task))) == task
    assert everything(ada.client, f"{ada.home}/tasks") == [task]
    assert read_log(tables, ada.workspace_id)[-1].payload == task
    (change,) = [each for each in ok(ada.client.get(f"{ada.home}/changes"))["items"] if each["type"] == "task"]
    assert change["task"] == task


def test_a_recurrence_has_what_was_sent(ada: Person) -> None:
    sent = {"rule": "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", "anchor": "completion", "overdue": "step"}
    task = recurring(ada, due={"date": "2027-01-31"}, recurrence=sent)
    assert {name: task["recurrence"][name] for name in ("anchor", "overdue", "remaining")} == {
        "anchor": "completion",
        "overdue": "step",
        "remaining": None,
    }
    assert patched(ada, task, recurrence={"rule": task["recurrence"]["rule"]}) == task


def test_null_is_no_recurrence(ada: Person) -> None:
    task = ada.create("tasks", title="Water", recurrence=None)
    assert (task["recurrence"], task["occurrence"]) == (None, None)
    assert patched(ada, task, recurrence=None) == task


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"recurrence": WEEKLY}, {"#/due required"}),
        ({"due": None, "recurrence": {"rule": "x"}}, {"#/due required", f"{PLACE} rule-malformed"}),
        ({"due": DAY, "recurrence": {}}, {f"{PLACE} required"}),
        ({"due": DAY, "recurrence": {"rule": None}}, {f"{PLACE} type"}),
        ({"due": DAY, "recurrence": {"rule": ""}}, {f"{PLACE} min-length"}),
        ({"due": DAY, "recurrence": {"rule": f"FREQ=DAILY;BYMONTHDAY={'1,' * 300}1"}}, {f"{PLACE} max-length"}),
        ({"due": DAY, "recurrence": {**WEEKLY, "anchor": "start"}}, {"#/recurrence/anchor enum"}),
        ({"due": DAY, "recurrence": {**WEEKLY, "overdue": None}}, {"#/recurrence/overdue type"}),
        ({"due": DAY, "recurrence": {**WEEKLY, "remaining": 3}}, {"#/recurrence/remaining read-only"}),
        ({"due": DAY, "recurrence": {**WEEKLY, "left": 3}}, {"#/recurrence/left unknown"}),
        ({"due": DAY, "occurrence": DAY}, {"#/occurrence read-only"}),
        ({"due": DAY, "recurrence": {"rule": "FREQ=DAILY\0"}}, {f"{PLACE} nul"}),
        ({"due": DAY, "recurrence": {"rule": "FREQ=DAILY;COUNT=\uff13"}}, {f"{PLACE} rule-malformed"}),
        ({"due": DAY, "recurrence": {"rule": "FREQ=HOURLY"}}, {f"{PLACE} rule-unlike-due"}),
        ({"due": DAY, "recurrence": {"rule": "FREQ=DAILY;UNTIL=20270401T070000Z"}}, {f"{PLACE} rule-unlike-due"}),
        ({"due": {"date": "9999-12-31"}, "recurrence": {"rule": "FREQ=DAILY"}}, {f"{PLACE} rule-never-occurs"}),
        (
            {
                "due": {"date": "9999-12-31", "time": "23:59:59", "time_zone": "Pacific/Honolulu"},
                "recurrence": {"rule": "FREQ=HOURLY;UNTIL=99991231T235959Z"},
            },
            {f"{PLACE} rule-never-occurs"},
        ),
        (
            {"due": {"date": "2027-03-01", "time_zone": "Mars/Olympus"}, "recurrence": {"rule": "FREQ=OFTEN"}},
            {"#/due/time required", "#/due/time_zone time-zone", f"{PLACE} rule-malformed"},
        ),
    ],
)
def test_what_cannot_recur_is_refused_with_each_fault(ada: Person, body: Json, faults: set[str]) -> None:
    before = ada.head()
    response = ada.client.post(f"{ada.home}/tasks", json={"title": "Water", **body})
    assert rejected(response, 422, "invalid-body") == faults
    assert ada.head() == before


def test_an_until_of_a_wrong_form_is_refused_with_the_form_that_the_task_needs(ada: Person) -> None:
    rule = {"rule": "FREQ=DAILY;UNTIL=2027-04-01"}
    task = recurring(ada, due=DAY)
    for response, form in (
        (ada.client.post(f"{ada.home}/tasks", json={"title": "Water", "due": IN_BERLIN, "recurrence": rule}), "Z,"),
        (ada.client.merge(f"{ada.home}/tasks/{task['id']}", {"recurrence": rule}), "20270131,"),
        (ada.client.merge(f"{ada.home}/tasks/{task['id']}", {"due": IN_BERLIN, "recurrence": rule}), "Z,"),
        (ada.client.post("/v1/recurrence-previews", json={"due": DAY, "recurrence": rule}), "20270131,"),
    ):
        assert rejected(response, 422, "invalid-body") == {f"{PLACE} rule-malformed"}
        (fault,) = response.json()["errors"]
        assert form in fault["detail"]
        assert fault["detail"].count("20270131") == 1


@pytest.mark.parametrize(
    ("due", "count"),
    [
        ({"date": "1000-01-01", "time": "00:00", "time_zone": "Pacific/Kiritimati"}, 1000),
        ({"date": "9999-12-30", "time": "23:59:59", "time_zone": "Pacific/Honolulu"}, 2),
        ({"date": "9999-12-30"}, 2),
    ],
)
def test_a_task_can_recur_at_the_ends_of_the_calendar(ada: Person, due: Json, count: int) -> None:
    task = recurring(ada, due=due, recurrence={"rule": f"FREQ=DAILY;COUNT={count}"})
    assert task["recurrence"]["remaining"] == count - 1
    body = {"title": "Water", "due": due, "recurrence": {"rule": f"FREQ=DAILY;COUNT={count + 1}"}}
    found = rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body")
    assert found == {"#/recurrence/rule rule-count"}


# --- changing it ---


def test_a6_another_date_moves_one_occurrence_and_leaves_the_series(ada: Person) -> None:
    """A task that was moved lost its recurrence, or its whole series moved."""
    task = recurring(ada)
    moved = patched(ada, task, due={"date": "2027-03-04"})
    assert moved["due"] == {**IN_BERLIN, "date": "2027-03-04"}
    assert series(moved) == series(task)
    assert series(patched(ada, moved, due={"date": "2027-03-01"})) == series(task)


@pytest.mark.parametrize(
    ("due", "changed"),
    [
        ({"time": "10:00"}, {"time": "10:00"}),
        ({"time_zone": "Asia/Tokyo"}, {"time_zone": "Asia/Tokyo"}),
        ({"time_zone": None}, {"time_zone": None}),
        ({"time": None, "time_zone": None}, {"time": None, "time_zone": None}),
        ({"date": "2027-03-04", "time": "10:00"}, {"time": "10:00"}),
    ],
)
def test_another_time_or_zone_is_that_of_the_series(ada: Person, due: Json, changed: Json) -> None:
    task = recurring(ada)
    after = patched(ada, task, due=due)
    start = {**IN_BERLIN, **changed}
    assert after["due"] == {**IN_BERLIN, **due}
    assert series(after) == {"occurrence": start, "recurrence": {**task["recurrence"], "series_start": start}}


@pytest.mark.parametrize("rule", ["FREQ=HOURLY;INTERVAL=6", "FREQ=DAILY;BYHOUR=9,18", "FREQ=DAILY;BYMINUTE=0,30"])
def test_a_rule_that_names_times_keeps_them(ada: Person, rule: str) -> None:
    task = recurring(ada, recurrence={"rule": rule})
    later = patched(ada, task, due={"time": "10:00"})
    assert (later["due"], series(later)) == ({**IN_BERLIN, "time": "10:00"}, series(task))
    assert patched(ada, later, due={"time_zone": "Asia/Tokyo"})["occurrence"] == {
        **IN_BERLIN,
        "time_zone": "Asia/Tokyo",
    }


@pytest.mark.parametrize(
    "recurrence",
    [
        {"rule": "COUNT=5;FREQ=WEEKLY;WKST=MO;BYDAY=MO,MO;INTERVAL=1"},
        {"rule": "freq=weekly;byday=mo;count=005"},
        {"anchor": "due"},
        {"overdue": "skip", "rule": WEEKLY["rule"]},
    ],
)
def test_the_same_rule_in_another_spelling_changes_nothing(ada: Person, recurrence: Json) -> None:
    moved = patched(ada, recurring(ada), due={"date": "2027-03-04"})
    response = ada.client.merge(path_of(moved), {"recurrence": recurrence})
    assert (ok(response), response.headers["ETag"]) == (moved, f'"{moved["revision"]}"')
    assert ada.head() == moved["revision"]


def test_what_only_the_server_sends_of_a_recurrence_is_read_only(ada: Person) -> None:
    task = recurring(ada)
    response = ada.client.merge(path_of(task), {"recurrence": task["recurrence"]})
    places = {f"#/recurrence/{name} read-only" for name in ("series_start", "remaining")}
    assert rejected(response, 422, "invalid-body") == places


def test_another_anchor_or_overdue_keeps_the_series(ada: Person) -> None:
    task = recurring(ada)
    changed = patched(ada, task, recurrence={"anchor": "completion", "overdue": "step"})
    assert changed["recurrence"] == {**task["recurrence"], "anchor": "completion", "overdue": "step"}
    again = patched(ada, changed, recurrence={"overdue": "skip"})
    assert again["recurrence"] == {**task["recurrence"], "anchor": "completion"}


def test_another_rule_begins_a_new_series_with_what_is_then_due(ada: Person) -> None:
    moved = patched(ada, recurring(ada), due={"date": "2027-03-04"})
    changed = patched(ada, moved, recurrence={"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=6"})
    assert changed["occurrence"] == changed["recurrence"]["series_start"] == changed["due"] == moved["due"]
    assert changed["recurrence"]["remaining"] == 5


def test_a_recurrence_ends_and_leaves_the_due(ada: Person) -> None:
    moved = patched(ada, recurring(ada), due={"date": "2027-03-04"})
    assert rejected(ada.client.merge(path_of(moved), {"due": None}), 422, "invalid-body") == {"#/due required"}
    ended = patched(ada, moved, recurrence=None)
    assert (ended["due"], series(ended)) == (moved["due"], {"occurrence": None, "recurrence": None})
    both = patched(ada, patched(ada, ended, recurrence=WEEKLY), due=None, recurrence=None)
    assert (both["due"], series(both)) == (None, {"occurrence": None, "recurrence": None})


@pytest.mark.parametrize(
    ("before", "body", "faults"),
    [
        ({}, {"recurrence": WEEKLY}, {"#/due required"}),
        ({}, {"recurrence": {"anchor": "due"}}, {"#/due required", f"{PLACE} required"}),
        ({"due": DAY}, {"recurrence": {"overdue": "step"}}, {f"{PLACE} required"}),
        ({"due": DAY}, {"recurrence": {}}, {"#/recurrence min-properties"}),
        ({"due": DAY, "recurrence": WEEKLY}, {"recurrence": {"rule": None}}, {f"{PLACE} type"}),
        ({"due": DAY, "recurrence": WEEKLY}, {"occurrence": DAY}, {"#/occurrence read-only"}),
        (
            {"due": IN_BERLIN, "recurrence": {"rule": "FREQ=DAILY;BYHOUR=9"}},
            {"due": {"time": None, "time_zone": None}},
            {f"{PLACE} rule-unlike-due"},
        ),
        (
            {"due": IN_BERLIN, "recurrence": {"rule": "FREQ=DAILY;UNTIL=20270401T070000Z"}},
            {"due": {"time_zone": None}},
            {f"{PLACE} rule-unlike-due"},
        ),
        (
            {"due": DAY, "recurrence": {"rule": "FREQ=DAILY;UNTIL=20270401"}},
            {"due": {"time": "09:30"}, "recurrence": {"overdue": "step"}},
            {f"{PLACE} rule-unlike-due"},
        ),
        (
            {"due": IN_BERLIN, "recurrence": WEEKLY},
            {"due": {"time": None}, "recurrence": {"rule": "FREQ=SECONDLY"}},
            {"#/due/time required", f"{PLACE} rule-unsupported"},
        ),
    ],
)
def test_a_merged_value_that_cannot_recur_changes_nothing(
    ada: Person, before: Json, body: Json, faults: set[str]
) -> None:
    task = ada.create("tasks", title="Water", **before)
    assert rejected(ada.client.merge(path_of(task), body), 422, "invalid-body") == faults
    assert ok(ada.client.get(path_of(task))) == task


def test_a_due_that_breaks_the_rule_says_what_to_send_with_it(ada: Person) -> None:
    task = recurring(ada, recurrence={"rule": "FREQ=DAILY;BYHOUR=9;UNTIL=20270401T070000Z"})
    response = ada.client.merge(path_of(task), {"due": {"time": None, "time_zone": None}})
    details = [fault["detail"] for fault in response.json()["errors"]]
    assert len(details) == 2
    assert all(detail.endswith(" Send another `recurrence.rule` with the new due value.") for detail in details)
    body = {"due": {"time": None, "time_zone": None}, "recurrence": {"rule": "FREQ=DAILY;UNTIL=20270401"}}
    assert patched(ada, task, **body)["occurrence"] == DAY


def test_a_time_cannot_be_cleared_without_its_zone_and_the_fault_says_so(ada: Person) -> None:
    task = recurring(ada)
    (fault,) = ada.client.merge(path_of(task), {"due": {"time": None}}).json()["errors"]
    assert fault["detail"] == "This is required with a time zone. Send a time, or null as `time_zone`."
    assert patched(ada, task, due={"time": None, "time_zone": None})["due"] == DAY


# --- what leaves it as it is ---


def test_a_task_keeps_its_recurrence_wherever_it_goes(ada: Person, tables: Tables) -> None:
    garden = ada.create("projects", name="Garden")
    task = patched(ada, recurring(ada), due={"date": "2027-03-04"})
    path, expected = path_of(task), {"due": task["due"], **series(task)}

    def now() -> Json:
        found = ok(ada.client.get(path))
        return {name: found[name] for name in expected}

    ok(ada.client.post(f"{path}/move", json={"project_id": garden["id"]}))
    assert now() == expected
    no_content(ada.client.delete(path))
    restored = ok(ada.client.post(f"{path}/restore"))
    assert now() == expected
    assert read_log(tables, ada.workspace_id)[-1].payload == restored
    no_content(ada.client.delete(f"{ada.home}/projects/{garden['id']}"))
    ok(ada.client.post(f"{ada.home}/projects/{garden['id']}/restore"))
    assert now() == expected


def test_a_batch_creates_and_changes_recurring_tasks_as_single_requests_do(ada: Person) -> None:
    task_id = new_id()
    operations = [
        {"create": {"id": task_id, "title": "Water", "due": IN_BERLIN, "recurrence": WEEKLY}},
        {"update": {"task_id": task_id, "body": {"due": {"date": "2027-03-04"}}}},
    ]
    results = ok(ada.client.post(f"{ada.home}/tasks/batch", json={"operations": operations}))["results"]
    moved = results[1]["task"]
    assert (moved["due"], moved["occurrence"]) == ({**IN_BERLIN, "date": "2027-03-04"}, IN_BERLIN)
    wrong = [
        {"create": {"title": "x", "due": DAY, "recurrence": {"rule": "FREQ=HOURLY"}}},
        {"update": {"task_id": task_id, "body": {"due": None}}},
    ]
    response = ok(ada.client.post(f"{ada.home}/tasks/batch", json={"mode": "each", "operations": wrong}))
    places = [each["problem"]["errors"][0]["pointer"] for each in response["results"]]
    assert places == ["#/operations/0/create/recurrence/rule", "#/operations/1/update/body/due"]
    assert ok(ada.client.get(path_of(moved))) == moved


def test_a_repeated_create_returns_the_task_and_another_rule_is_another_request(ada: Person) -> None:
    body = {"id": new_id(), "title": "Water", "due": DAY, "recurrence": WEEKLY}
    task = created(ada.client.post(f"{ada.home}/tasks", json=body))
    moved = patched(ada, task, due={"date": "2027-03-04"})
    assert ok(ada.client.post(f"{ada.home}/tasks", json=body)) == moved
    for recurrence in ({"rule": "FREQ=DAILY"}, {**WEEKLY, "overdue": "step"}, None):
        other = ada.client.post(f"{ada.home}/tasks", json={**body, "recurrence": recurrence})
        assert rejected(other, 409, "id-taken") == {"#/id id-taken"}


def test_tasks_are_sorted_by_when_they_are_due_and_not_by_their_occurrence(ada: Person) -> None:
    first, second, third = (recurring(ada, due={"date": f"2027-03-0{day}"}) for day in (1, 2, 3))
    patched(ada, first, due={"date": "2027-03-04"})
    patched(ada, third, due={"time": "09:30"})
    listed = everything(ada.client, f"{ada.home}/tasks", sort="due")
    assert [each["id"] for each in listed] == [second["id"], third["id"], first["id"]]


def test_the_stored_rule_counts_against_the_quota(ada: Person, tables: Tables) -> None:
    def in_use() -> int:
        here = workspaces.c.id == UUID(ada.workspace_id)
        ((content_bytes,),) = tables.rows(select(workspaces.c.content_bytes).where(here))
        return int(content_bytes)

    task = ada.create("tasks", title="Water", due=DAY)
    plain = in_use()
    for rule, stored in (("FREQ=DAILY;INTERVAL=1", "FREQ=DAILY"), ("FREQ=WEEKLY;BYDAY=MO,MO", "FREQ=WEEKLY;BYDAY=MO")):
        assert patched(ada, task, recurrence={"rule": rule})["recurrence"]["rule"] == stored
        assert in_use() == plain + len(stored)
    patched(ada, task, recurrence=None)
    assert in_use() == plain


def test_a9_a_recurring_day_is_the_same_day_in_every_zone(ada: Person, bob: Person, tables: Tables) -> None:
    """A due date was off by a day for whoever looked from another zone."""
    shared = created(ada.client.post("/v1/workspaces", json={"name": "Household"}))["id"]
    tables.add_member(shared, bob.id, role="editor")
    for person, zone in ((ada, "Pacific/Kiritimati"), (bob, "Pacific/Honolulu")):
        ok(person.client.merge("/v1/users/me", {"time_zone": zone}))
    for due in (DAY, {**DAY, "time": "00:30"}):
        body = {"title": "Water", "due": due, "recurrence": WEEKLY}
        task = created(ada.client.post(f"/v1/workspaces/{shared}/tasks", json=body))
        moved = patched(bob, task, due={"date": "2027-03-02"})
        for person in (ada, bob):
            shown = ok(person.client.get(path_of(task)))
            assert (shown["due"], shown["occurrence"]) == (moved["due"], due)
            assert shown["recurrence"]["series_start"] == due
