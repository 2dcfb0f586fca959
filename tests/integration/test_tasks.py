"""Tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.model.tasks import PRIORITIES
from domain.pages import MAX_BYTES
from tests.support.clients import Client, Person, created, everything, no_content, ok, pages, register, rejected
from tests.support.tables import Tables

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"
AT_NINE = {"date": "2026-04-18", "time": "09:00", "time_zone": "Europe/London"}
SORTS = ("position", "due", "priority", "created_at", "updated_at")
DUES: tuple[dict[str, str] | None, ...] = (
    None,
    {"date": "2026-04-18"},
    {"date": "2026-04-18", "time": "09:00"},
    {"date": "2026-04-18", "time": "09:00:30"},
    {"date": "2026-04-18", "time": "23:59", "time_zone": "Asia/Tokyo"},
    {"date": "2026-04-17", "time": "23:59", "time_zone": "America/New_York"},
    {"date": "1999-12-31"},
)
"""Due values, not in order."""

pytestmark = [pytest.mark.unmeasured, pytest.mark.mostly_on_one_database]


def path_of(task: dict[str, Any]) -> str:
    return f"/v1/workspaces/{task['workspace_id']}/tasks/{task['id']}"


def due_rank(task: dict[str, Any]) -> tuple[object, ...]:
    """The order of `sort=due`, as the contract defines it."""
    if (due := task["due"]) is None:
        return (1,)
    return (0, due["date"], due["time"] is None, due["time"] or "")


KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "position": lambda task: (task["project_id"], task["position"]),  # projects in the order of their creation
    "due": due_rank,
    "priority": lambda task: PRIORITIES.index(task["priority"]),
    "created_at": lambda task: task["created_at"],
    "updated_at": lambda task: task["updated_at"],
}


# --- creating ---


def test_a_task_needs_only_a_title_and_goes_to_the_inbox(ada: Person) -> None:
    response = ada.client.post(f"{ada.home}/tasks", json={"title": "Buy milk"})
    task = created(response)
    (inbox,) = everything(ada.client, f"{ada.home}/projects")
    assert task == {
        "id": task["id"],
        "workspace_id": ada.workspace_id,
        "project_id": inbox["id"],
        "section_id": None,
        "parent_id": None,
        "title": "Buy milk",
        "description": "",
        "status": "open",
        "priority": "none",
        "start": None,
        "due": None,
        "recurrence": None,
        "occurrence": None,
        "label_ids": [],
        "assignee_ids": [],
        "depends_on_ids": [],
        "blocked": False,
        "metadata": {},
        "position": task["position"],
        "completed_at": None,
        "created_by": ada.id,
        "created_at": task["created_at"],
        "updated_at": task["created_at"],
        "revision": 2,
    }
    assert (response.headers["Location"], response.headers["ETag"]) == (path_of(task), '"2"')
    assert ok(ada.client.get(response.headers["Location"])) == task


def test_a_new_task_has_all_given_fields(ada: Person) -> None:
    project = ada.create("projects", name="Garden")
    given = {
        "title": "Plant the tomatoes 🍅",
        "project_id": project["id"],
        "description": "The **red** ones,\ntwo feet apart.",
        "priority": "high",
        "start": {"date": "2026-04-01", "time": None, "time_zone": None},
        "due": AT_NINE,
        "metadata": {"crm_id": "4711", "ü 😀": ""},
    }
    task = ada.create("tasks", **given)
    assert {name: task[name] for name in given} == given
    assert ok(ada.client.get(path_of(task))) == task


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ({"date": "2026-04-18"}, {"date": "2026-04-18", "time": None, "time_zone": None}),
        (
            {"date": "2026-04-18", "time": None, "time_zone": None},
            {"date": "2026-04-18", "time": None, "time_zone": None},
        ),
        ({"date": "2026-04-18", "time": "09:00:00"}, {"date": "2026-04-18", "time": "09:00", "time_zone": None}),
        ({"date": "1000-01-01", "time": "23:59:59"}, {"date": "1000-01-01", "time": "23:59:59", "time_zone": None}),
        ({"date": "9999-12-31"}, {"date": "9999-12-31", "time": None, "time_zone": None}),
    ],
)
def test_a_due_is_a_day_or_a_time_on_a_day(ada: Person, given: dict[str, Any], answered: dict[str, Any]) -> None:
    assert ada.create("tasks", title="Sow", due=given)["due"] == answered


def test_an_upper_case_id_names_the_same_project(ada: Person) -> None:
    project = ada.create("projects", name="Garden")
    assert ada.create("tasks", title="Sow", project_id=project["id"].upper())["project_id"] == project["id"]


def test_tasks_are_added_at_the_end_of_their_project(ada: Person) -> None:
    project = ada.create("projects", name="Garden")
    for number in range(70):
        ada.create("tasks", title=str(number), **({"project_id": project["id"]} if number % 2 else {}))
    listed = everything(ada.client, f"{ada.home}/tasks", project_id=project["id"], sort="position")
    assert [int(task["title"]) for task in listed] == list(range(1, 70, 2))


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"title": None}, {"#/title type"}),
        ({"title": "\n"}, {"#/title pattern"}),
        ({"title": "x" * 501}, {"#/title max-length"}),
        ({"priority": "hot"}, {"#/priority enum"}),
        ({"priority": None}, {"#/priority type"}),
        ({"status": "completed"}, {"#/status read-only"}),
        ({"project_id": "inbox"}, {"#/project_id format"}),
        ({"project_id": UNKNOWN_ID}, {"#/project_id project"}),
        ({"due": 1}, {"#/due type"}),
        ({"due": {}}, {"#/due/date required"}),
        ({"due": {"date": "2026-02-30"}}, {"#/due/date format"}),
        ({"due": {"date": "2026-04-18T09:00"}}, {"#/due/date format"}),
        ({"start": {"date": "2026-04-18T09:00:00Z"}}, {"#/start/date format"}),
        ({"due": {"date": "0999-01-01"}}, {"#/due/date pattern"}),
        ({"due": {"date": "2026-04-18", "time": "24:00"}}, {"#/due/time pattern"}),
        ({"due": {"date": "2026-04-18", "time": "23:59:60"}}, {"#/due/time pattern"}),
        ({"due": {"date": "2026-04-18", "time": "9:00"}}, {"#/due/time pattern"}),
        ({"due": {"date": "2026-04-18", "time": "09:00:00.000Z"}}, {"#/due/time pattern"}),
        ({"due": {"date": "2026-04-18", "time_zone": "Europe/London"}}, {"#/due/time required"}),
        ({"due": {**AT_NINE, "time_zone": "Europe/Atlantis"}}, {"#/due/time_zone time-zone"}),
        ({"due": {**AT_NINE, "time_zone": "europe/london"}}, {"#/due/time_zone time-zone"}),
        ({"due": {**AT_NINE, "offset": 1}}, {"#/due/offset unknown"}),
    ],
)
def test_an_invalid_task_is_rejected(ada: Person, change: dict[str, Any], faults: set[str]) -> None:
    response = ada.client.post(f"{ada.home}/tasks", json={"title": "Sow", **change})
    assert rejected(response, 422, "invalid-body") == faults
    assert ada.head() == 1


def test_all_errors_of_a_task_are_reported_at_once(ada: Person) -> None:
    body = {"titel": "Sow", "priority": "hot", "due": {"date": "2026-02-30", "at": 9}}
    assert rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body") == {
        "#/title required",
        "#/titel unknown",
        "#/priority enum",
        "#/due/date format",
        "#/due/at unknown",
    }


def test_a_project_of_another_workspace_is_unknown(ada: Person, bob: Person) -> None:
    elsewhere = ada.create("/v1/workspaces", name="Household")["id"]
    for project in (
        ada.create(f"/v1/workspaces/{elsewhere}/projects", name="Kitchen"),
        bob.create("projects", name="Shed"),
    ):
        response = ada.client.post(f"{ada.home}/tasks", json={"title": "Sow", "project_id": project["id"]})
        assert rejected(response, 422, "invalid-body") == {"#/project_id project"}


# --- one task ---


def test_an_unchanged_task_is_not_sent_again(ada: Person) -> None:
    task = ada.create("tasks", title="Buy milk")
    etag = ada.client.get(path_of(task)).headers["ETag"]
    ada.create("tasks", title="Buy bread")
    unchanged = ada.client.get(path_of(task), headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", etag)
    changed = ada.client.merge(path_of(task), {"priority": "high"})
    assert changed.headers["ETag"] == '"4"' != etag
    assert ada.client.get(path_of(task), headers={"If-None-Match": etag}).status_code == 200


def test_a_patch_changes_only_what_it_names(ada: Person) -> None:
    """Vikunja lost 252 descriptions to updates that cleared what was not sent."""
    task = ada.create("tasks", title="Sow", description="Peas", priority="high", due=AT_NINE)
    changes: tuple[dict[str, Any], ...] = ({"title": "Sow early"}, {"description": ""}, {"priority": "none"})
    for change in changes:
        changed = ok(ada.client.merge(path_of(task), change))
        assert changed == {
            **task,
            **change,
            "revision": task["revision"] + 1,
            "updated_at": changed["updated_at"],
        }
        assert changed["updated_at"] > task["updated_at"]
        task = changed
    assert ok(ada.client.get(path_of(task))) == task


def test_a_patch_that_changes_nothing_takes_no_number(ada: Person, tables: Tables) -> None:
    task = ada.create("tasks", title="Sow", description="Peas", priority="high", due=AT_NINE)
    before = tables.digest()
    for same in ({"title": "Sow"}, {"due": {"time": "09:00:00"}}, {"due": AT_NINE, "priority": "high"}):
        response = ada.client.merge(path_of(task), same)
        assert (ok(response), response.headers["ETag"]) == (task, f'"{task["revision"]}"')
    assert tables.digest() == before


@pytest.mark.parametrize(
    ("patch", "merged"),
    [
        ({"date": "2026-04-19"}, {**AT_NINE, "date": "2026-04-19"}),
        ({"time": "10:30:15"}, {**AT_NINE, "time": "10:30:15"}),
        ({"time_zone": None}, {**AT_NINE, "time_zone": None}),
        ({"time_zone": "Asia/Tokyo"}, {**AT_NINE, "time_zone": "Asia/Tokyo"}),
        ({"time": None, "time_zone": None}, {"date": "2026-04-18", "time": None, "time_zone": None}),
    ],
)
def test_a_patch_of_due_is_merged(ada: Person, patch: dict[str, Any], merged: dict[str, Any]) -> None:
    task = ada.create("tasks", title="Sow", due=AT_NINE)
    assert ok(ada.client.merge(path_of(task), {"due": patch}))["due"] == merged


def test_null_clears_due(ada: Person) -> None:
    task = ada.create("tasks", title="Sow", due=AT_NINE)
    cleared = ok(ada.client.merge(path_of(task), {"due": None}))
    assert cleared["due"] is None
    assert ok(ada.client.merge(path_of(task), {"due": None})) == cleared


def test_start_is_merged_and_cleared_as_due_is(ada: Person) -> None:
    task = ada.create("tasks", title="Sow", start=AT_NINE)
    later = ok(ada.client.merge(path_of(task), {"start": {"date": "2026-04-19"}}))
    assert (later["start"], later["due"]) == ({**AT_NINE, "date": "2026-04-19"}, None)
    response = ada.client.merge(path_of(task), {"start": {"time": None}, "due": {"time": "09:00"}})
    assert rejected(response, 422, "invalid-body") == {"#/start/time required", "#/due/date required"}
    assert ok(ada.client.merge(path_of(task), {"start": None}))["start"] is None


def test_metadata_is_merged_key_by_key(ada: Person) -> None:
    task = ada.create("tasks", title="Sow", metadata={"a": "1", "b": "2"})
    changed = ok(ada.client.merge(path_of(task), {"metadata": {"b": None, "c": "3"}}))
    assert changed["metadata"] == {"a": "1", "c": "3"}
    assert ok(ada.client.merge(path_of(task), {"metadata": {"b": None, "a": "1"}})) == changed
    assert ok(ada.client.merge(path_of(task), {"metadata": None}))["metadata"] == {}


@pytest.mark.parametrize(
    ("metadata", "faults"),
    [
        ({str(number): "" for number in range(21)}, {"#/metadata max-properties"}),
        ({"x" * 41: ""}, {f"#/metadata/{'x' * 41} max-length"}),
        ({" ": "", "\u200b": ""}, {"#/metadata/  blank", "#/metadata/\u200b blank"}),
        ({"a": "x" * 501}, {"#/metadata/a max-length"}),
        ({"a": 1, "b": None}, {"#/metadata/a type"}),
        ([], {"#/metadata type"}),
    ],
)
def test_metadata_is_short_texts_under_short_keys(ada: Person, metadata: object, faults: set[str]) -> None:
    response = ada.client.post(f"{ada.home}/tasks", json={"title": "Sow", "metadata": metadata})
    assert rejected(response, 422, "invalid-body") == faults


def test_merged_metadata_has_no_more_keys_than_new_metadata(ada: Person) -> None:
    task = ada.create("tasks", title="Sow", metadata={str(number): "" for number in range(20)})
    too_many = ada.client.merge(path_of(task), {"metadata": {"another": ""}})
    assert rejected(too_many, 422, "invalid-body") == {"#/metadata max-properties"}
    assert len(ok(ada.client.merge(path_of(task), {"metadata": {"0": None, "another": ""}}))["metadata"]) == 20


def test_a_cancelled_task_is_closed_and_not_completed(ada: Person) -> None:
    task = ada.create("tasks", title="Sow")
    completed = ok(ada.client.post(f"{path_of(task)}/complete"))
    cancelled = ok(ada.client.post(f"{path_of(task)}/cancel"))
    assert (cancelled["status"], cancelled["completed_at"]) == ("cancelled", None)
    assert cancelled["revision"] == completed["revision"] + 1
    assert ok(ada.client.post(f"{path_of(task)}/cancel")) == cancelled
    assert everything(ada.client, f"{ada.home}/tasks", status="cancelled") == [cancelled]
    assert everything(ada.client, f"{ada.home}/tasks", status="open") == []
    assert everything(ada.client, f"{ada.home}/tasks") == [cancelled]
    assert ok(ada.client.post(f"{path_of(task)}/reopen"))["status"] == "open"


def test_a_patch_of_due_creates_one_where_there_was_none(ada: Person) -> None:
    task = ada.create("tasks", title="Sow")
    due = ok(ada.client.merge(path_of(task), {"due": {"date": "2026-04-18"}}))["due"]
    assert due == {"date": "2026-04-18", "time": None, "time_zone": None}


@pytest.mark.parametrize(
    ("due", "patch", "fault"),
    [
        (None, {"time": "09:00"}, "#/due/date required"),
        (AT_NINE, {"time": None}, "#/due/time required"),
        ({"date": "2026-04-18"}, {"time_zone": "Europe/London"}, "#/due/time required"),
        (AT_NINE, {"time_zone": "Nowhere"}, "#/due/time_zone time-zone"),
        (AT_NINE, {"date": None}, "#/due/date type"),
        (AT_NINE, {}, "#/due min-properties"),
    ],
)
def test_the_merged_due_must_be_consistent(ada: Person, due: Any, patch: dict[str, Any], fault: str) -> None:
    task = ada.create("tasks", title="Sow", **({"due": due} if due else {}))
    response = ada.client.merge(path_of(task), {"title": "Reap", "due": patch})
    assert rejected(response, 422, "invalid-body") == {fault}
    assert ok(ada.client.get(path_of(task))) == task


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "# min-properties"),
        ({"title": None}, "#/title type"),
        ({"description": None}, "#/description type"),
        ({"status": "completed"}, "#/status read-only"),
        ({"position": "a0"}, "#/position read-only"),
    ],
)
def test_an_invalid_patch_is_rejected(ada: Person, body: object, fault: str) -> None:
    task = ada.create("tasks", title="Sow")
    assert rejected(ada.client.merge(path_of(task), body), 422, "invalid-body") == {fault}


def test_completing_sets_status_and_time(ada: Person) -> None:
    task = ada.create("tasks", title="Sow", due=AT_NINE)
    completed = ok(ada.client.post(f"{path_of(task)}/complete"))
    assert completed == {
        **task,
        "status": "completed",
        "completed_at": completed["updated_at"],
        "updated_at": completed["updated_at"],
        "revision": 3,
    }


def test_completing_twice_keeps_the_first_time(ada: Person, tables: Tables) -> None:
    task = ada.create("tasks", title="Sow")
    completed = ok(ada.client.post(f"{path_of(task)}/complete"))
    before = tables.digest()
    assert ok(ada.client.post(f"{path_of(task)}/complete")) == completed
    assert tables.digest() == before


def test_a_completed_task_can_be_changed_and_stays_completed(ada: Person) -> None:
    task = ada.create("tasks", title="Sow")
    completed = ok(ada.client.post(f"{path_of(task)}/complete"))
    changed = ok(ada.client.merge(path_of(task), {"title": "Sow peas"}))
    assert (changed["status"], changed["completed_at"]) == ("completed", completed["completed_at"])


def test_reopening_clears_the_time(ada: Person, tables: Tables) -> None:
    task = ada.create("tasks", title="Sow")
    ok(ada.client.post(f"{path_of(task)}/complete"))
    reopened = ok(ada.client.post(f"{path_of(task)}/reopen"))
    assert (reopened["status"], reopened["completed_at"], reopened["revision"]) == ("open", None, 4)
    before = tables.digest()
    assert ok(ada.client.post(f"{path_of(task)}/reopen")) == reopened
    assert tables.digest() == before


def test_a_deleted_task_is_not_found(ada: Person, tables: Tables) -> None:
    task = ada.create("tasks", title="Sow")
    no_content(ada.client.delete(path_of(task)))
    assert ada.head() == 3
    before = tables.digest()
    rejected(ada.client.delete(path_of(task)), 404, "not-found")
    rejected(ada.client.get(path_of(task)), 404, "not-found")
    assert tables.digest() == before
    assert everything(ada.client, f"{ada.home}/tasks") == []


@pytest.mark.parametrize("action", ["GET", "PATCH", "DELETE", "POST /complete", "POST /reopen"])
def test_a_task_that_does_not_exist_or_is_in_another_workspace_is_not_found(
    ada: Person, bob: Person, action: str
) -> None:
    method, _, suffix = action.partition(" ")
    elsewhere = bob.create("tasks", title="Sow")
    for task_id in (UNKNOWN_ID, elsewhere["id"]):
        path = f"{ada.home}/tasks/{task_id}"
        if action == "PATCH":
            response = ada.client.merge(path, {"title": "Mine"})
        else:
            response = ada.client.request(method, path + suffix)
        rejected(response, 404, "not-found")
    assert ok(bob.client.get(path_of(elsewhere))) == elsewhere


def test_an_action_takes_no_body_or_an_empty_object(ada: Person) -> None:
    task = ada.create("tasks", title="Sow")
    ok(ada.client.post(f"{path_of(task)}/complete"))
    rejected(ada.client.post(f"{path_of(task)}/reopen", json={"a": 1}), 400, "malformed-request")
    assert ok(ada.client.post(f"{path_of(task)}/reopen", json={}))["status"] == "open"


def test_an_empty_object_and_no_body_are_the_same_request_for_a_key(ada: Person) -> None:
    task = ada.create("tasks", title="Sow")
    key = {"Idempotency-Key": "once"}
    first = ok(ada.client.post(f"{path_of(task)}/complete", json={}, headers=key))
    ok(ada.client.post(f"{path_of(task)}/reopen"))
    assert ok(ada.client.post(f"{path_of(task)}/complete", headers=key)) == first


def test_a_task_names_the_editor_who_created_it(ada: Person, bob: Person, tables: Tables) -> None:
    tables.add_member(ada.workspace_id, bob.id, role="editor")
    task = bob.create(f"{ada.home}/tasks", title="Sow")
    assert (task["created_by"], task["revision"]) == (bob.id, 2)
    assert ok(ada.client.merge(path_of(task), {"title": "Sow peas"}))["created_by"] == bob.id


# --- lists ---


def test_an_empty_workspace_has_an_empty_list(ada: Person) -> None:
    assert ok(ada.client.get(f"{ada.home}/tasks")) == {"items": [], "next_cursor": None, "has_more": False}


def test_tasks_are_listed_oldest_first_in_pages_of_fifty(ada: Person) -> None:
    for number in range(51):
        ada.create("tasks", title=str(number))
    found = pages(ada.client, f"{ada.home}/tasks")
    assert [len(page) for page in found] == [50, 1]
    assert [task["title"] for page in found for task in page] == [str(number) for number in range(51)]
    assert [len(page) for page in pages(ada.client, f"{ada.home}/tasks", limit=200)] == [51]


def test_a_page_that_is_just_full_is_the_last(ada: Person) -> None:
    for number in range(4):
        ada.create("tasks", title=str(number))
    assert [len(page) for page in pages(ada.client, f"{ada.home}/tasks", limit=2)] == [2, 2]


def test_filters_narrow_and_combine(ada: Person) -> None:
    garden = ada.create("projects", name="Garden")["id"]
    tasks = {}
    for title, project in (("a", None), ("b", garden), ("c", None), ("d", garden)):
        tasks[title] = ada.create("tasks", title=title, **({"project_id": project} if project else {}))
    for title in "cd":
        ok(ada.client.post(f"{path_of(tasks[title])}/complete"))

    def listed(**parameters: str) -> str:
        return "".join(task["title"] for task in everything(ada.client, f"{ada.home}/tasks", limit=1, **parameters))

    inbox = tasks["a"]["project_id"]
    assert listed() == "abcd"
    assert (listed(status="open"), listed(status="completed")) == ("ab", "cd")
    assert (listed(project_id=garden), listed(project_id=inbox)) == ("bd", "ac")
    assert (listed(project_id=garden, status="open"), listed(project_id=inbox, status="completed")) == ("b", "c")
    assert listed(project_id=UNKNOWN_ID) == ""


@pytest.fixture(scope="module")
def busy(server: str) -> Iterator[Person]:
    """A user with 25 tasks, many of which are equal in what they are sorted by."""
    with Client(server) as client:
        person = register(client)
        garden = person.create("projects", name="Garden")["id"]
        for number in range(25):
            due = DUES[number * 5 % len(DUES)]
            task = person.create(
                "tasks",
                title=str(number),
                priority=PRIORITIES[number * 3 % len(PRIORITIES)],
                **({"due": due} if due else {}),
                **({"project_id": garden} if number % 7 in {0, 2, 3, 6} else {}),
            )
            if number % 4 == 1:
                ok(person.client.post(f"{path_of(task)}/complete"))
        for task in everything(person.client, f"{person.home}/tasks", sort="-due")[::3]:
            ok(person.client.merge(path_of(task), {"title": f"{task['title']}, changed"}))
        yield person


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("filters", [{}, {"status": "open"}, {"project_id": "garden"}], ids=["all", "open", "garden"])
def test_every_sort_is_right_both_ways_over_several_pages(
    busy: Person,
    sort: str,
    descending: bool,  # noqa: FBT001  # a parameter of the test
    filters: dict[str, str],
) -> None:
    if "project_id" in filters:
        filters = {"project_id": everything(busy.client, f"{busy.home}/projects")[1]["id"]}
    sent = {**filters, "sort": f"-{sort}" if descending else sort}
    found = pages(busy.client, f"{busy.home}/tasks", limit=4, **sent)
    assert len(found) > 2
    assert all(len(page) == 4 for page in found[:-1])
    listed = [task for page in found for task in page]
    wanted = [
        task
        for task in everything(busy.client, f"{busy.home}/tasks", limit=200)
        if all(task[name] == value for name, value in filters.items())
    ]
    key = KEYS[sort]
    assert listed == sorted(wanted, key=lambda task: (key(task), task["id"]), reverse=descending)


def test_the_busy_tasks_tie_in_their_keys(busy: Person) -> None:
    """The tests above rely on these ties."""
    tasks = everything(busy.client, f"{busy.home}/tasks")
    for sort, different in (("priority", len(PRIORITIES)), ("due", len(DUES)), ("position", 25)):
        assert len({KEYS[sort](task) for task in tasks}) == different


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_pages_neither_skip_nor_repeat_while_tasks_are_created_and_deleted(ada: Person, sort: str) -> None:
    """A task that exists throughout is neither left out nor sent twice."""
    given = [ada.create("tasks", title=str(number), due={"date": "2026-04-18"}, priority="low") for number in range(9)]
    staying = {task["id"] for task in given[::2]}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"sort": sort, "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = ok(ada.client.get(f"{ada.home}/tasks", params=parameters))
        seen += [task["id"] for task in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None or len(seen) > 40:
            break
        last = page["items"][-1]
        if last["id"] not in staying:
            no_content(ada.client.delete(path_of(last)))  # the task that the cursor points at
        if len(seen) < 8:
            ada.create("tasks", title="new", due={"date": "2026-04-18"}, priority="low")
    assert len(seen) == len(set(seen)) <= 40
    assert staying <= set(seen)


@pytest.mark.parametrize("sort", ["created_at", "-due", "position", "-priority"])
@pytest.mark.parametrize("character", ["\x01", "\U0001f600"], ids=["escaped", "of four bytes"])
def test_a_page_of_long_texts_is_bounded_in_bytes(ada: Person, sort: str, character: str) -> None:
    ids = {ada.create("tasks", title=str(n), description=character * 16_384)["id"] for n in range(20)}
    seen: list[str] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        parameters = {"sort": sort, "limit": "200", **({"cursor": cursor} if cursor else {})}
        response = ada.client.get(f"{ada.home}/tasks", params=parameters)
        assert len(response.content) <= MAX_BYTES
        page = ok(response)
        assert page["items"]
        seen += [task["id"] for task in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(ids)
    assert set(seen) == ids


def test_a_cursor_belongs_to_its_sort_filters_and_workspace(ada: Person) -> None:
    elsewhere = ada.create("/v1/workspaces", name="Household")["id"]
    for number in range(3):
        ada.create("tasks", title=str(number))
    sent = {"sort": "priority", "status": "open", "limit": "1"}
    cursor = ok(ada.client.get(f"{ada.home}/tasks", params=sent))["next_cursor"]
    others: tuple[tuple[str, dict[str, str]], ...] = (
        (ada.home, {**sent, "sort": "-priority"}),
        (ada.home, {**sent, "sort": "created_at"}),
        (ada.home, {**sent, "status": "completed"}),
        (ada.home, {"sort": "priority"}),
        (ada.home, {**sent, "project_id": UNKNOWN_ID}),
        (f"/v1/workspaces/{elsewhere}", sent),
    )
    for workspace, other in others:
        response = ada.client.get(f"{workspace}/tasks", params={**other, "cursor": cursor})
        assert rejected(response, 400, "invalid-cursor") == {"cursor cursor"}
    ok(ada.client.get(f"{ada.home}/tasks", params={**sent, "limit": "2", "cursor": cursor}))


@pytest.mark.parametrize("cursor", ["x", "AAAA", "=", "a" * 512, "é", "-_-_"])
def test_an_invented_cursor_is_rejected(ada: Person, cursor: str) -> None:
    response = ada.client.get(f"{ada.home}/tasks", params={"cursor": cursor})
    assert rejected(response, 400, "invalid-cursor") == {"cursor cursor"}


def test_a_mistyped_cursor_is_rejected(ada: Person) -> None:
    for number in range(2):
        ada.create("tasks", title=str(number))
    cursor = ok(ada.client.get(f"{ada.home}/tasks", params={"limit": 1}))["next_cursor"]
    for index in range(0, len(cursor), 5):
        mistyped = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]
        rejected(ada.client.get(f"{ada.home}/tasks", params={"cursor": mistyped}), 400, "invalid-cursor")


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("sort=title", {"sort enum"}),
        ("sort=", {"sort enum"}),
        ("status=done", {"status enum"}),
        ("project_id=inbox", {"project_id format"}),
        ("limit=0&status=done", {"limit minimum", "status enum"}),
        ("limit=1&limit=2", {"limit repeated"}),
        ("cursor=", {"cursor min-length"}),
        ("assignee=me", {"assignee unknown"}),
    ],
)
def test_invalid_parameters_are_rejected(ada: Person, query: str, faults: set[str]) -> None:
    assert rejected(ada.client.get(f"{ada.home}/tasks?{query}"), 400, "invalid-parameters") == faults


def test_an_unchanged_list_is_not_sent_again(ada: Person) -> None:
    task = ada.create("tasks", title="Sow")
    etag = ada.client.get(f"{ada.home}/tasks").headers["ETag"]
    assert ada.client.get(f"{ada.home}/tasks", headers={"If-None-Match": etag}).status_code == 304
    ok(ada.client.post(f"{path_of(task)}/complete"))
    assert ada.client.get(f"{ada.home}/tasks", headers={"If-None-Match": etag}).status_code == 200


def test_a_list_belongs_to_one_workspace(ada: Person, bob: Person) -> None:
    bob.create("tasks", title="Bob's")
    mine = ada.create("tasks", title="Mine")
    assert everything(ada.client, f"{ada.home}/tasks") == [mine]
