"""Completing, skipping and reopening tasks that recur, on a server whose clock a test moves."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.main import URN_PREFIX, build
from app.settings import Settings
from persistence.completions import completions
from persistence.memberships import workspaces
from tests.support.clients import Client, Person, everything, new_id, no_content, ok, pages, rejected
from tests.support.logs import check_activity, check_log, check_payloads
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.service_callers import Clock
from tests.support.streams import streaming
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = pytest.mark.mostly_on_one_database

Json = dict[str, Any]
MORNING = dt.datetime(2027, 3, 1, 8, tzinfo=dt.UTC)
"""A Monday."""
YEARS_S = 10 * 365 * 24 * 3600
STAMPS = {"revision", "updated_at"}
MANY = 8


@pytest.fixture(scope="module")
def module_clock() -> Clock:
    return Clock(MORNING)


@pytest.fixture(scope="module")
def server(module_database_url: str, module_clock: Clock) -> Iterator[str]:
    """The URL of a server whose sessions last for years."""
    settings = Settings(
        database_url=module_database_url,
        access_token_lifetime_s=YEARS_S,
        session_lifetime_s=YEARS_S,
        **UNHINDERED,
    )
    application = build(
        settings, contract=our_contract(), background=False, passwords=quick_passwords(), clock=module_clock
    )
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(autouse=True)
def clock(module_clock: Clock) -> Clock:
    """What time it is on the server: the morning of 2027-03-01, until a test says something else."""
    module_clock.now = MORNING
    return module_clock


def on(day: str, time: str | None = None, time_zone: str | None = None) -> Json:
    return {"date": day, "time": time, "time_zone": time_zone}


def at(day: str, hour: int = 8) -> dt.datetime:
    return dt.datetime.fromisoformat(day).replace(hour=hour, tzinfo=dt.UTC)


def recurring(person: Person, rule: str = "FREQ=DAILY", *, due: str | Json = "2027-03-01", **more: Any) -> Json:
    """A task that recurs, due on a day or at a wall-clock time. *more* is of the recurrence, or of the task."""
    of_rule = {name: more.pop(name) for name in ("anchor", "overdue") if name in more}
    body: Json = {
        "title": "P",
        "due": due if isinstance(due, dict) else {"date": due},
        "recurrence": {"rule": rule, **of_rule},
    }
    return person.create("tasks", **{**body, **more})


def path_of(person: Person, task: Json) -> str:
    return f"{person.home}/tasks/{task['id']}"


def act(person: Person, task: Json, name: str, **body: Any) -> Json:
    return ok(person.client.post(f"{path_of(person, task)}/{name}", json=body or None))


def read(person: Person, task: Json) -> Json:
    return ok(person.client.get(path_of(person, task)))


def listed(person: Person, task: Json) -> list[Json]:
    return everything(person.client, f"{path_of(person, task)}/completions")


def unstamped(task: Json) -> Json:
    return {name: value for name, value in task.items() if name not in STAMPS}


# --- what users of other systems met (spec/complaints.md) ---


def test_a3_completing_a_parent_does_not_complete_a_recurring_subtask(ada: Person) -> None:
    """A subtask that was done already was completed a second time with its parent."""
    parent = recurring(ada, "FREQ=WEEKLY", title="P")
    child = recurring(ada, "FREQ=WEEKLY", title="C", parent_id=parent["id"])
    done = act(ada, child, "complete")
    assert done["due"] == on("2027-03-08")
    assert act(ada, parent, "complete")["due"] == on("2027-03-08")
    assert read(ada, child) == done
    assert len(listed(ada, child)) == 1

    parent = recurring(ada, "FREQ=WEEKLY", title="P")
    child = recurring(ada, "FREQ=WEEKLY", title="C", parent_id=parent["id"])
    act(ada, parent, "complete")
    assert read(ada, child) == child
    assert listed(ada, child) == []


def test_a4_subtasks_are_open_in_the_next_occurrence_and_come_back_as_they_were(ada: Person, clock: Clock) -> None:
    """They stayed ticked in the next occurrence, or all came back although they were done long ago."""
    parent = recurring(ada)
    a, b = (ada.create("tasks", title=title, parent_id=parent["id"]) for title in "ab")
    done = act(ada, a, "complete")
    clock.now = at("2027-03-01", 9)

    assert act(ada, parent, "complete")["due"] == on("2027-03-02")

    assert [(read(ada, each)["status"], read(ada, each)["completed_at"]) for each in (a, b)] == [("open", None)] * 2
    assert len(listed(ada, parent)) == 1
    assert unstamped(act(ada, parent, "reopen")) == unstamped(parent)
    assert unstamped(read(ada, a)) == unstamped(done)
    assert read(ada, b) == b
    assert listed(ada, parent) == []


def test_a5_reopening_takes_back_exactly_and_is_a_stack(ada: Person, clock: Clock) -> None:
    """The undo of a completion went forward, or made two tasks."""
    created = recurring(ada, "FREQ=WEEKLY;BYDAY=MO;COUNT=5", due="2027-01-04")
    first = ok(ada.client.merge(path_of(ada, created), {"due": {"date": "2027-01-06"}}))
    clock.now = at("2027-01-06")
    assert act(ada, first, "complete")["due"] == on("2027-01-11")

    back = act(ada, first, "reopen")
    assert (back["due"], back["occurrence"]) == (on("2027-01-06"), on("2027-01-04"))
    assert back["recurrence"]["remaining"] == created["recurrence"]["remaining"] == 4
    assert listed(ada, first) == []
    assert act(ada, first, "reopen") == back
    assert unstamped(back) == unstamped(first)

    act(ada, first, "complete")
    clock.now = at("2027-01-13")
    act(ada, first, "complete")
    for _ in range(2):
        act(ada, first, "reopen")
    assert unstamped(read(ada, first)) == unstamped(first)
    assert [task["id"] for task in everything(ada.client, f"{ada.home}/tasks")] == [first["id"]]


def test_a5_the_end_of_a_series_is_taken_back_like_any_other_completion(ada: Person) -> None:
    task = recurring(ada, "FREQ=WEEKLY;COUNT=2")
    act(ada, task, "complete")
    assert act(ada, task, "complete")["status"] == "completed"
    second = act(ada, task, "reopen")
    assert (second["status"], second["due"], len(listed(ada, task))) == ("open", on("2027-03-08"), 1)
    assert unstamped(act(ada, task, "reopen")) == unstamped(task)


@pytest.mark.parametrize("overdue", ["skip", "step"])
def test_a6_rescheduling_one_occurrence_keeps_the_series(ada: Person, clock: Clock, overdue: str) -> None:
    """The recurrence was lost, or the whole series was shifted."""
    weekly = recurring(ada, "FREQ=WEEKLY;BYDAY=MO")
    moved = ok(ada.client.merge(path_of(ada, weekly), {"due": {"date": "2027-03-04"}}))
    assert (moved["recurrence"], moved["occurrence"]) == (weekly["recurrence"], on("2027-03-01"))
    daily = recurring(ada, overdue=overdue)
    ok(ada.client.merge(path_of(ada, daily), {"due": {"date": "2027-03-03"}}))
    clock.now = at("2027-03-03")
    assert act(ada, daily, "complete")["due"] == on("2027-03-04")
    clock.now = at("2027-03-04")
    assert act(ada, weekly, "complete")["due"] == on("2027-03-08")


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=MONTHLY", ["2027-03-31", "2027-05-31", "2027-07-31"]),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", ["2027-02-28", "2027-03-31", "2027-04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", ["2027-02-28", "2027-03-31", "2027-04-30"]),
    ],
)
def test_a7_the_end_of_a_month_neither_drifts_nor_moves_to_the_next_one(
    ada: Person, clock: Clock, rule: str, days: list[str]
) -> None:
    """31 January was followed by 3 March, or all months by the 28th."""
    clock.now = at("2027-01-31")
    task = recurring(ada, rule, due="2027-01-31")
    assert [act(ada, task, "complete")["due"] for _ in days] == [on(day) for day in days]


@pytest.mark.parametrize(
    ("due", "fires_at"),
    [
        (("2027-03-27", "09:00", "Europe/Berlin"), ["27T07:30:00Z", "28T06:30:00Z", "29T06:30:00Z"]),
        (("2027-10-30", "09:00", "Europe/Berlin"), ["30T06:30:00Z", "31T07:30:00Z", "01T07:30:00Z"]),
        (("2027-04-03", "23:30", "Pacific/Auckland"), ["03T10:00:00Z", "04T11:00:00Z", "05T11:00:00Z"]),
    ],
)
def test_a8_the_hour_stays_when_the_clocks_change_and_reminders_follow_it(
    ada: Person, clock: Clock, due: tuple[str, str, str], fires_at: list[str]
) -> None:
    """A task at nine came at eight or at ten, or on the same day again, after the clocks were changed."""
    day, time, zone = due
    clock.now = at(day, hour=0)
    task = recurring(ada, due=on(day, time, zone))
    reminder = ada.create(f"{path_of(ada, task)}/reminders", before_due=30)
    for index, expected in enumerate(fires_at):
        date = dt.date.fromisoformat(day) + dt.timedelta(index)
        assert read(ada, task)["due"] == on(date.isoformat(), time, zone)
        found = ok(ada.client.get(f"{path_of(ada, task)}/reminders/{reminder['id']}"))["fires_at"]
        assert found.partition("-")[2].partition("-")[2] == expected
        clock.now += dt.timedelta(days=1)
        act(ada, task, "complete")


def test_a13_each_completion_is_an_event_and_a_resource(ada: Person, clock: Clock, tables: Tables) -> None:
    """What was done of a recurring task could not be seen anywhere."""
    task = recurring(ada)
    days = ["2027-03-01", "2027-03-02", "2027-03-03"]
    with streaming(ada.client, f"{ada.home}/events") as stream:
        for day in days:
            clock.now = at(day)
            act(ada, task, "complete")
        streamed = [stream.event()["changes"][0] for _ in days]
    for change in streamed:
        assert (change["event"], change["task"].keys()) == ("task.completed", task.keys() - {"description"})
    assert [change["closed_occurrence"] for change in streamed] == [on(day) for day in days]
    shown = everything(ada.client, f"{ada.home}/activity", event="task.completed")
    assert [(entry["closed_occurrence"], entry["id"]) for entry in reversed(shown)] == [
        (on(day), task["id"]) for day in days
    ]
    assert [
        (each["occurrence"], each["due"], each["kind"], each["completed_by"], each["completed_at"])
        for each in reversed(listed(ada, task))
    ] == [(on(day), on(day), "completed", ada.id, f"{day}T08:00:00Z") for day in days]
    assert read(ada, task)["status"] == "open"
    log = check_log(tables, ada.workspace_id)
    check_payloads(ada, log)
    check_activity(ada, log, home=ada.home)


# --- two at once ---


def both(person: Person, task: Json, name: str, **body: Any) -> Counter[int]:
    """The statuses of as many requests at once, each on a connection of its own."""
    token = person.tokens["access_token"]

    def send(_: int) -> int:
        with Client(str(person.client.base_url), token=token) as client:
            return client.post(f"{path_of(person, task)}/{name}", json=body).status_code

    with ThreadPoolExecutor(MANY) as threads:
        return Counter(threads.map(send, range(MANY)))


@pytest.mark.on_each_database
@pytest.mark.parametrize("name", ["complete", "skip"])
def test_of_those_who_mean_the_same_occurrence_one_ends_it(ada: Person, name: str) -> None:
    task = recurring(ada, due="2027-03-01")
    assert both(ada, task, name, occurrence=task["occurrence"]) == {200: 1, 409: MANY - 1}
    assert read(ada, task)["due"] == on("2027-03-02")
    assert len(listed(ada, task)) == 1


@pytest.mark.on_each_database
def test_those_who_name_no_occurrence_end_one_each(ada: Person, tables: Tables) -> None:
    task = recurring(ada)
    assert both(ada, task, "complete") == {200: MANY}
    assert read(ada, task)["due"] == on("2027-03-09")
    assert both(ada, task, "reopen") == {200: MANY}
    assert unstamped(read(ada, task)) == unstamped(task)
    check_log(tables, ada.workspace_id)


# --- which occurrence is meant ---


def test_an_occurrence_that_is_over_is_refused_and_nothing_changes(ada: Person) -> None:
    task = recurring(ada, due="2027-03-01")
    now = act(ada, task, "complete", occurrence=task["occurrence"])
    for name in ("complete", "skip"):
        for stale in (task["occurrence"], {"date": "2027-03-02", "time": "09:00"}):
            response = ada.client.post(f"{path_of(ada, task)}/{name}", json={"occurrence": stale})
            assert rejected(response, 409, "stale-occurrence") == set()
    assert read(ada, task) == now
    assert act(ada, task, "complete", occurrence={"date": "2027-03-02"})["due"] == on("2027-03-03")
    assert act(ada, task, "complete", occurrence=None)["due"] == on("2027-03-04")


@pytest.mark.parametrize(
    ("occurrence", "faults"),
    [
        ({"date": "2027-03-01", "time": "09:00", "time_zone": "Nowhere/X"}, {"time_zone time-zone"}),
        ({"date": "2027-03-01", "time_zone": "UTC"}, {"time required"}),
        ({"date": "2027-03-01", "time_zone": "Nowhere/X"}, {"time required", "time_zone time-zone"}),
    ],
)
def test_an_occurrence_that_no_task_can_be_at_is_invalid(ada: Person, occurrence: Json, faults: set[str]) -> None:
    task = recurring(ada)
    for name in ("complete", "skip"):
        body = {"occurrence": occurrence}
        response = ada.client.post(f"{path_of(ada, task)}/{name}", json=body)
        assert rejected(response, 422, "invalid-body") == {f"#/occurrence/{fault}" for fault in faults}
        part = {"mode": "each", "operations": [{name: {"task_id": task["id"], "body": body}}]}
        (result,) = ok(ada.client.post(f"{ada.home}/tasks/batch", json=part))["results"]
        places = {f"{fault['pointer']} {fault['code']}" for fault in result["problem"]["errors"]}
        assert places == {f"#/operations/0/{name}/body/occurrence/{fault}" for fault in faults}
    assert read(ada, task) == task


def test_nothing_remains_of_a_series_that_ended_by_passing_over_occurrences(ada: Person, clock: Clock) -> None:
    task = recurring(ada, "FREQ=DAILY;COUNT=4")
    clock.now = at("2027-04-01")
    for name in ("complete", "skip"):
        last = act(ada, task, name)
        assert (last["status"], last["recurrence"]["remaining"]) == ("completed", 0)
        assert unstamped(act(ada, task, "reopen")) == unstamped(task)
    until = recurring(ada, "FREQ=DAILY;UNTIL=20270304", due="2027-03-01")
    assert act(ada, until, "complete")["recurrence"]["remaining"] is None


def test_the_log_says_which_completion_was_taken_back(ada: Person) -> None:
    task = recurring(ada, "FREQ=DAILY;COUNT=2")
    act(ada, task, "skip")
    act(ada, task, "complete")
    with streaming(ada.client, f"{ada.home}/events") as stream:
        for _ in range(2):
            act(ada, task, "reopen")
        streamed = [stream.event()["changes"][0] for _ in range(2)]
    found = [("task.reopened", on("2027-03-02")), ("task.reopened", on("2027-03-01"))]
    assert [(change["event"], change["closed_occurrence"]) for change in streamed] == found
    shown = everything(ada.client, f"{ada.home}/activity", event="task.reopened")
    assert [(entry["event"], entry["closed_occurrence"]) for entry in reversed(shown)] == found
    plain = ada.create("tasks", title="Once")
    act(ada, plain, "complete")
    act(ada, plain, "reopen")
    (entry,) = everything(ada.client, f"{ada.home}/activity", event="task.reopened", entity_id=plain["id"])
    assert entry["closed_occurrence"] is None


def test_what_does_not_recur_cannot_be_skipped(ada: Person) -> None:
    task = ada.create("tasks", title="Once", due={"date": "2027-03-01"})
    path = path_of(ada, task)
    rejected(ada.client.post(f"{path}/skip"), 409, "nothing-to-skip")
    for name in ("complete", "skip"):
        named = ada.client.post(f"{path}/{name}", json={"occurrence": {"date": "2027-03-01"}})
        rejected(named, 409, "stale-occurrence")
    assert read(ada, task) == task
    assert listed(ada, task) == []


def test_the_last_occurrence_can_be_completed_twice_with_one_effect(ada: Person) -> None:
    task = recurring(ada, "FREQ=DAILY;COUNT=1")
    last = act(ada, task, "complete", occurrence=task["occurrence"])
    assert last["status"] == "completed"
    for name in ("complete", "skip"):
        assert act(ada, task, name, occurrence=task["occurrence"]) == last
    rejected(ada.client.post(f"{path_of(ada, task)}/skip"), 409, "nothing-to-skip")
    assert len(listed(ada, task)) == 1


def test_a_repeated_request_with_a_key_completes_one_occurrence(ada: Person) -> None:
    task = recurring(ada)
    headers = {"Idempotency-Key": new_id()}
    first, second = (ada.client.post(f"{path_of(ada, task)}/complete", headers=headers) for _ in range(2))
    assert ok(first) == ok(second)
    assert len(listed(ada, task)) == 1


def test_a_condition_holds_for_a_skip(ada: Person) -> None:
    task = recurring(ada)
    path = f"{path_of(ada, task)}/skip"
    rejected(ada.client.post(path, headers={"If-Match": '"1"'}), 412, "precondition-failed")
    assert ok(ada.client.post(path, headers={"If-Match": f'"{task["revision"]}"'}))["due"] == on("2027-03-02")


# --- where it is now ---


def test_now_is_in_the_zone_of_due_or_of_whoever_completes(ada: Person, clock: Clock) -> None:
    clock.now = dt.datetime(2027, 3, 1, 20, tzinfo=dt.UTC)  # 2027-03-02 in Tokyo
    zoned = recurring(ada, due="2027-02-01")
    zoned = ok(ada.client.merge(path_of(ada, zoned), {"due": {"time": "04:00", "time_zone": "Asia/Tokyo"}}))
    day, floating = recurring(ada, due="2027-02-01"), recurring(ada, due="2027-02-01")
    ok(ada.client.merge(path_of(ada, floating), {"due": {"time": "04:00"}}))
    ok(ada.client.merge("/v1/users/me", {"time_zone": "America/Los_Angeles"}))  # noon of 2027-03-01
    assert act(ada, zoned, "complete")["due"] == on("2027-03-03", "04:00", "Asia/Tokyo")
    assert act(ada, day, "complete")["due"] == on("2027-03-02")
    assert act(ada, floating, "complete")["due"] == on("2027-03-02", "04:00")
    ok(ada.client.merge("/v1/users/me", {"time_zone": "Asia/Tokyo"}))
    assert act(ada, day, "reopen")["due"] == on("2027-02-01")
    assert act(ada, day, "complete")["due"] == on("2027-03-03")


# --- in a batch ---


def test_a_batch_completes_skips_and_reopens_occurrences(ada: Person) -> None:
    task = recurring(ada)
    key = {"task_id": task["id"]}
    operations = [
        {"complete": {**key, "body": {"occurrence": task["occurrence"]}}},
        {"skip": {**key, "body": {"occurrence": on("2027-03-02")}}},
        {"skip": key},
        {"complete": {**key, "body": {"occurrence": task["occurrence"]}}},
        {"reopen": key},
    ]
    response = ok(ada.client.post(f"{ada.home}/tasks/batch", json={"mode": "each", "operations": operations}))
    assert [result["status"] for result in response["results"]] == [200, 200, 200, 409, 200]
    assert read(ada, task)["due"] == on("2027-03-03")
    assert sorted(each["kind"] for each in listed(ada, task)) == ["completed", "skipped"]
    whole = ada.client.post(f"{ada.home}/tasks/batch", json={"operations": operations})
    rejected(whole, 409, "stale-occurrence")
    assert len(listed(ada, task)) == 2


# --- the list ---


def test_completions_are_paged_the_newest_first(ada: Person, clock: Clock) -> None:
    task = recurring(ada)
    for hour in range(5):
        clock.now = at("2027-03-01", hour)
        act(ada, task, "skip" if hour % 2 else "complete")
    found = pages(ada.client, f"{path_of(ada, task)}/completions", limit=2)
    assert [len(page) for page in found] == [2, 2, 1]
    items = [each for page in found for each in page]
    assert [each["occurrence"]["date"][-1] for each in items] == ["5", "4", "3", "2", "1"]
    assert [each["kind"] for each in items] == ["completed", "skipped", "completed", "skipped", "completed"]
    other = recurring(ada)
    cursor = ok(ada.client.get(f"{path_of(ada, task)}/completions", params={"limit": 1}))["next_cursor"]
    wrong = ada.client.get(f"{path_of(ada, other)}/completions", params={"cursor": cursor})
    rejected(wrong, 400, "invalid-cursor")


# --- what they store ---


def stored(tables: Tables, person: Person) -> tuple[int, int]:
    """The bytes that count in the workspace, and the number of completions in it."""
    workspace_id = UUID(person.workspace_id)
    ((size,),) = tables.rows(select(workspaces.c.content_bytes).where(workspaces.c.id == workspace_id))
    here = select(func.count()).where(completions.c.workspace_id == workspace_id)
    ((count,),) = tables.rows(here)
    return size, count


def test_completions_count_in_the_quota_until_they_are_taken_back_or_purged(ada: Person, tables: Tables) -> None:
    empty, none = stored(tables, ada)
    task = recurring(ada)
    act(ada, ada.create("tasks", title="a", parent_id=task["id"]), "complete")
    before, _ = stored(tables, ada)
    act(ada, task, "complete")
    larger, count = stored(tables, ada)
    assert (larger - before > 350, count) == (True, 1)
    act(ada, task, "reopen")
    assert stored(tables, ada) == (before, none)

    operations = [{"complete": {"task_id": task["id"]}}] * 75
    for _ in range(2):  # more than one step of a purge
        ok(ada.client.post(f"{ada.home}/tasks/batch", json={"operations": operations}))
    full = stored(tables, ada)
    assert full[1] == 150
    no_content(ada.client.delete(path_of(ada, task)))
    assert stored(tables, ada) == full
    rejected(ada.client.get(f"{path_of(ada, task)}/completions"), 404, "not-found")
    act(ada, task, "restore")
    assert len(listed(ada, task)) == 150
    no_content(ada.client.delete(path_of(ada, task)))
    no_content(ada.client.delete(f"{ada.home}/trash"))
    assert stored(tables, ada) == (empty, none)


def test_completions_of_somebody_whose_account_is_deleted_stay(ada: Person, bob: Person, tables: Tables) -> None:
    shared = ada.create("/v1/workspaces", name="Club")["id"]
    tables.add_member(shared, bob.id, role="editor")
    path = f"/v1/workspaces/{shared}/tasks"
    task = ada.create(path, title="P", due={"date": "2027-03-01"}, recurrence={"rule": "FREQ=DAILY"})
    ok(bob.client.post(f"{path}/{task['id']}/complete"))
    no_content(bob.client.delete("/v1/users/me"))
    (completion,) = ok(ada.client.get(f"{path}/{task['id']}/completions"))["items"]
    assert completion["completed_by"] == bob.id
    assert ok(ada.client.post(f"{path}/{task['id']}/reopen"))["due"] == on("2027-03-01")
