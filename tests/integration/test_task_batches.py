"""Several operations on tasks in one request: each behaves as in a request of its own."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response

from tests.support.clients import Person, everything, new_id, no_content, ok, problem_of, rejected
from tests.support.logs import check_log, check_payloads, read_log
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"
Json = dict[str, Any]


def send(person: Person, *operations: Json, mode: str | None = None, **headers: str) -> Response:
    body = {"operations": list(operations)} | ({} if mode is None else {"mode": mode})
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.client.post(f"{person.home}/tasks/batch", json=body, headers=given)


def statuses(response: Response) -> list[int]:
    return [result["status"] for result in ok(response)["results"]]


def titles(person: Person) -> list[str]:
    return [task["title"] for task in everything(person.client, f"{person.home}/tasks", sort="position")]


@pytest.fixture
def task(ada: Person) -> Json:
    """A task of Ada's."""
    return ada.create("tasks", title="Sow")


def test_operations_are_performed_in_their_order_under_one_number(ada: Person, task: Json, tables: Tables) -> None:
    label = ada.create("labels", name="Garden")
    place, head = {"task_id": task["id"]}, ada.head()
    response = send(
        ada,
        {"create": {"title": "Reap"}},
        {"update": {**place, "body": {"title": "Sow beans"}}},
        {"add_label": {**place, "label_id": label["id"]}},
        {"complete": place},
        {"reopen": place},
        {"cancel": {**place, "body": {"subtasks": "keep"}}},
        {"remove_label": {**place, "label_id": label["id"]}},
    )
    batch = ok(response)
    assert [result["status"] for result in batch["results"]] == [201, 200, 204, 200, 200, 200, 204]
    shown = [result["task"] for result in batch["results"] if "task" in result]
    assert [each["status"] for each in shown] == ["open", "open", "completed", "open", "cancelled"]
    assert shown[-1]["label_ids"] == [label["id"]]
    assert {each["revision"] for each in shown} == {batch["revision"]} == {head + 1} == {ada.head()}
    now = ok(ada.client.get(f"{ada.home}/tasks/{task['id']}"))
    assert now == {**shown[-1], "label_ids": []}
    log = check_log(tables, ada.workspace_id)
    check_payloads(ada, log)
    assert [event.type.removeprefix("task.") for event in log if event.revision == head + 1] == [
        "created", "updated", "updated", "completed", "reopened", "cancelled", "updated",
    ]  # fmt: skip


def test_a_batch_that_changes_nothing_takes_no_number(ada: Person, task: Json, tables: Tables) -> None:
    before = tables.digest()
    place = {"task_id": task["id"]}
    batch = ok(send(ada, {"reopen": place}, {"update": {**place, "body": {"title": "Sow"}}}))
    assert (batch["revision"], [result["task"] for result in batch["results"]]) == (None, [task, task])
    each = ok(send(ada, {"reopen": place}, {"delete": {"task_id": UNKNOWN_ID}}, mode="each"))
    assert (each["revision"], [result["status"] for result in each["results"]]) == (None, [200, 404])
    assert tables.digest() == before


def test_an_operation_sees_what_the_ones_before_it_did(ada: Person) -> None:
    parent, child = new_id(), new_id()
    response = send(
        ada,
        {"create": {"id": parent, "title": "Plant"}},
        {"create": {"id": child, "title": "Dig", "parent_id": parent}},
        {"complete": {"task_id": parent}},
        {"update": {"task_id": child, "body": {"title": "Dig deep"}}},
    )
    *_, (last) = ok(response)["results"]
    assert (last["task"]["title"], last["task"]["status"]) == ("Dig deep", "completed")
    positions = [task["position"] for task in everything(ada.client, f"{ada.home}/tasks", sort="position")]
    assert len(set(positions)) == len(positions)


def test_a1_a_batch_changes_nothing_that_was_not_sent(ada: Person) -> None:
    due = {"date": "2027-03-01", "time": "09:30", "time_zone": "Europe/London"}
    project = ada.create("projects", name="Garden")["id"]
    task = ada.create("tasks", title="a", description="long", priority="high", due=due, project_id=project)
    changing = ("title", "status", "completed_at", "updated_at", "revision")
    kept = {name: value for name, value in task.items() if name not in changing}
    for operation in (
        {"update": {"task_id": task["id"], "body": {"title": "b"}}},
        {"complete": {"task_id": task["id"]}},
        {"reopen": {"task_id": task["id"]}},
        {"cancel": {"task_id": task["id"]}},
    ):
        (result,) = ok(send(ada, operation))["results"]
        now = ok(ada.client.get(f"{ada.home}/tasks/{task['id']}"))
        assert result["task"] == now
        assert {name: value for name, value in now.items() if name not in changing} == kept
        assert now["title"] == "b"


def test_a2_a_misnamed_member_is_rejected_and_not_ignored(ada: Person, task: Json, tables: Tables) -> None:
    before = tables.digest()
    for mode in ("all_or_nothing", "each"):
        misnamed = {"update": {"task_id": task["id"], "body": {"label_idz": []}}}
        response = send(ada, {"complete": {"task_id": task["id"]}}, misnamed, mode=mode)
        assert rejected(response, 422, "invalid-body") == {"#/operations/1/update/body/label_idz unknown"}
    assert tables.digest() == before


def test_a14_a_child_before_its_parent_is_rejected_with_its_place_and_never_half(ada: Person, tables: Tables) -> None:
    parent, child = new_id(), new_id()
    operations: list[Json] = [
        {"create": {"id": child, "title": "Dig", "parent_id": parent}},
        {"create": {"id": parent, "title": "Plant"}},
    ]
    before = tables.digest()
    response = send(ada, *operations)
    assert rejected(response, 422, "invalid-body") == {"#/operations/0/create/parent_id task"}
    assert tables.digest() == before
    assert statuses(send(ada, *operations, mode="each")) == [422, 201]
    assert statuses(send(ada, *operations)) == [201, 200]  # neither id was used up
    assert titles(ada) == ["Plant", "Dig"]


@pytest.mark.parametrize(
    ("operation", "status", "slug", "places"),
    [
        ({"complete": {"task_id": UNKNOWN_ID}}, 404, "not-found", {"#/operations/1 not-found"}),
        ({"delete": {"task_id": UNKNOWN_ID}}, 404, "not-found", {"#/operations/1 not-found"}),
        (
            {"create": {"title": "x", "project_id": UNKNOWN_ID, "label_ids": [UNKNOWN_ID]}},
            422,
            "invalid-body",
            {"#/operations/1/create/project_id project", "#/operations/1/create/label_ids/0 label"},
        ),
    ],
)
def test_the_first_rejected_operation_undoes_all_or_only_itself(  # noqa: PLR0913, PLR0917  # what is sent, and returned
    ada: Person, task: Json, tables: Tables, operation: Json, status: int, slug: str, places: set[str]
) -> None:
    before = tables.digest()
    operations: list[Json] = [{"create": {"title": "Reap"}}, operation, {"complete": {"task_id": task["id"]}}]
    alone = send(ada, *operations)
    assert rejected(alone, status, slug) == places
    assert tables.digest() == before
    batch = ok(send(ada, *operations, mode="each"))
    assert [result["status"] for result in batch["results"]] == [201, status, 200]
    assert batch["results"][1]["problem"] == problem_of(alone)
    assert [task["title"] for task in everything(ada.client, f"{ada.home}/tasks")] == ["Sow", "Reap"]
    check_log(tables, ada.workspace_id)


def test_what_is_rejected_alone_leaves_nothing_behind(ada: Person, tables: Tables) -> None:
    """Neither its id, nor its number, nor its events, whether it failed before, within, or after its statements."""
    known, mine = ada.create("tasks", title="Known")["id"], new_id()
    project = ada.create("projects", name="Garden")["id"]
    head = ada.head()
    rejections: list[Json] = [
        {"create": {"id": mine, "title": "Its id is claimed before it fails", "parent_id": UNKNOWN_ID}},
        {"create": {"id": known, "title": "Violates a constraint"}},
        {"update": {"task_id": known, "revision": 1, "body": {"title": "Not this version"}}},
    ]
    assert statuses(send(ada, *rejections, mode="each")) == [422, 409, 412]
    assert ada.head() == head
    again = send(
        ada,
        *rejections,
        {"create": {"id": mine, "title": "Free", "project_id": project}},
        rejections[1],
        {"create": {"title": "Last", "project_id": project}},
        mode="each",
    )
    assert statuses(again) == [422, 409, 412, 201, 409, 201]
    assert {result["task"]["revision"] for result in ok(again)["results"] if "task" in result} == {head + 1}
    assert [(event.type, event.sequence) for event in read_log(tables, ada.workspace_id)[-2:]] == [
        ("task.created", 1), ("task.created", 2),
    ]  # fmt: skip
    check_log(tables, ada.workspace_id)


def test_a_batch_of_rejections_changes_nothing(ada: Person, task: Json, tables: Tables) -> None:
    before = tables.digest()
    operations = [{"create": {"id": task["id"], "title": "x"}}, {"delete": {"task_id": UNKNOWN_ID}}] * 3
    batch = ok(send(ada, *operations, mode="each"))
    assert (batch["revision"], [result["status"] for result in batch["results"]]) == (None, [409, 404] * 3)
    assert tables.digest() == before


def test_a_revision_is_compared_with_that_of_the_task_at_its_turn(ada: Person, task: Json) -> None:
    def stale(**more: Any) -> Json:
        return {"task_id": task["id"], "revision": task["revision"], **more}

    changed = {"update": stale(body={"title": "Sow beans"})}
    assert rejected(send(ada, changed, {"complete": stale()}), 412, "precondition-failed") == {
        "#/operations/1 precondition-failed"
    }
    assert statuses(send(ada, changed, {"delete": stale()}, {"complete": stale()}, mode="each")) == [200, 412, 412]
    now = ok(ada.client.get(f"{ada.home}/tasks/{task['id']}"))
    assert statuses(send(ada, {"delete": {"task_id": task["id"], "revision": now["revision"]}})) == [204]


def test_a_create_is_the_same_request_in_a_batch_and_by_itself(ada: Person) -> None:
    body = {"id": new_id(), "title": "Sow"}
    alone = ada.create("tasks", **body)
    batch = ok(send(ada, {"create": {**body, "id": body["id"].upper()}}))
    assert batch == {"revision": None, "results": [{"status": 200, "task": alone}]}
    other = {"id": new_id(), "title": "Reap"}
    assert statuses(send(ada, {"create": other}, {"create": other})) == [201, 200]
    assert ok(ada.client.post(f"{ada.home}/tasks", json=other))["title"] == "Reap"
    assert rejected(send(ada, {"create": {**other, "title": "Mow"}}), 409, "id-taken") == {
        "#/operations/0/create/id id-taken"
    }
    no_content(ada.client.delete(f"{ada.home}/tasks/{other['id']}"))
    assert statuses(send(ada, {"create": other}, {"create": body}, mode="each")) == [409, 200]


def test_a_task_is_created_and_deleted_in_one_batch(ada: Person, tables: Tables) -> None:
    task_id = new_id()
    create = {"create": {"id": task_id, "title": "Sow"}}
    delete = {"delete": {"task_id": task_id}}
    assert statuses(send(ada, create, delete, create, delete, mode="each")) == [201, 204, 409, 404]
    assert titles(ada) == []
    check_log(tables, ada.workspace_id)


def test_a_task_is_deleted_and_restored_in_one_batch(ada: Person, task: Json, tables: Tables) -> None:
    place = {"task_id": task["id"]}
    delete, restore = {"delete": place}, {"restore": place}
    batch = ok(send(ada, delete, restore, restore, delete, restore))
    assert [result["status"] for result in batch["results"]] == [204, 200, 200, 204, 200]
    assert titles(ada) == ["Sow"]
    check_log(tables, ada.workspace_id)
    assert statuses(send(ada, delete, restore, delete)) == [204, 200, 204]
    assert titles(ada) == []
    check_log(tables, ada.workspace_id)


def test_a_repeated_batch_with_a_key_is_performed_once(ada: Person) -> None:
    first = send(ada, {"create": {"title": "Sow"}}, Idempotency_Key="k")
    again = send(ada, {"create": {"title": "Sow"}}, Idempotency_Key="k")
    assert (ok(again), again.headers["Idempotency-Replayed"]) == (ok(first), "true")
    assert titles(ada) == ["Sow"]
    rejected(send(ada, {"create": {"title": "Reap"}}, Idempotency_Key="k"), 422, "idempotency-key-reused")


@pytest.mark.parametrize("mode", ["all_or_nothing", "each"])
def test_a_body_that_does_not_match_its_schema_is_not_performed_at_all(
    ada: Person, tables: Tables, mode: str, task: Json
) -> None:
    before = tables.digest()
    place = {"task_id": task["id"]}
    complete = {"complete": place}
    for operations, places in (
        ([], {"#/operations min-items"}),
        ([complete] * 101, {"#/operations max-items"}),
        ([complete, {}], {"#/operations/1 min-properties"}),
        ([{"complete": place, "reopen": place}], {"#/operations/0 max-properties"}),
        ([{"complete": {}}], {"#/operations/0/complete/task_id required"}),
        ([{"complete": None}], {"#/operations/0/complete type"}),
        ([{"finish": place}], {"#/operations/0/finish unknown"}),
        ([complete, {"create": {"title": ""}}], {"#/operations/1/create/title min-length"}),
        ([{"update": {**place, "body": {}}}], {"#/operations/0/update/body min-properties"}),
        ([{"reopen": {**place, "body": {}}}], {"#/operations/0/reopen/body unknown"}),
        ([{"delete": {**place, "revision": 0}}], {"#/operations/0/delete/revision minimum"}),
    ):
        assert rejected(send(ada, *operations, mode=mode), 422, "invalid-body") == places
    too_large = [{"create": {"title": "long", "description": "x" * 16_384}}] * 17
    rejected(send(ada, *too_large, mode=mode), 413, "content-too-large")
    assert tables.digest() == before


def test_a_hundred_operations_are_performed_and_no_more(ada: Person) -> None:
    batch = ok(send(ada, *({"create": {"title": f"{number}"}} for number in range(100))))
    assert [result["task"]["title"] for result in batch["results"]] == [str(number) for number in range(100)]
    assert titles(ada) == [str(number) for number in range(100)]


def test_after_a_thousand_changes_no_operation_makes_more(ada: Person, task: Json, tables: Tables) -> None:
    roots = [ada.create("tasks", title="Plant")["id"] for _ in range(2)]
    for root in roots:
        for _ in range(5):
            ok(send(ada, *[{"create": {"title": "Dig", "parent_id": root}}] * 100))
    first, second, third = ({"complete": {"task_id": each}} for each in (*roots, task["id"]))
    before = tables.digest()
    response = send(ada, first, second, first, third)
    assert rejected(response, 409, "limit-reached") == {"#/operations/3 limit-reached"}
    assert "in another request" in response.json()["detail"]
    assert tables.digest() == before
    assert statuses(send(ada, first, second, first, third, {"delete": {"task_id": roots[0]}}, mode="each")) == [
        200, 200, 200, 409, 409,
    ]  # fmt: skip
    assert statuses(send(ada, third)) == [200]


@pytest.mark.parametrize("action", ["complete", "cancel"])
def test_null_is_no_body_for_generated_clients_that_send_it(ada: Person, task: Json, action: str) -> None:
    path = f"{ada.home}/tasks/{task['id']}/{action}"
    closed = ok(ada.client.post(path, content=b"null", headers={"Content-Type": "application/json"}))
    assert closed["status"] == {"complete": "completed", "cancel": "cancelled"}[action]
    for nulls in ({}, {"body": None}, {"revision": None}):
        (result,) = ok(send(ada, {action: {"task_id": task["id"], **nulls}}))["results"]
        assert result == {"status": 200, "task": closed}


def test_what_can_not_be_found_is_reported_with_its_operation(ada: Person, task: Json) -> None:
    place = {"task_id": UNKNOWN_ID}
    label = {**place, "label_id": ada.create("labels", name="wet")["id"]}
    missing: list[Json] = [{"delete": place}, {"update": {**place, "body": {"title": "x"}}}, {"add_label": label}]
    for operation in missing:
        refused = send(ada, {"complete": {"task_id": task["id"]}}, operation)
        assert rejected(refused, 404, "not-found") == {"#/operations/1 not-found"}
    results = ok(send(ada, *missing, mode="each"))["results"]
    assert [result["problem"]["errors"][0]["pointer"] for result in results] == [
        f"#/operations/{index}" for index in range(len(missing))
    ]


def test_what_another_operation_changes_is_read_only_in_a_batch_as_alone(ada: Person, task: Json) -> None:
    def texts(response: Response) -> dict[str, tuple[str, str]]:
        return {error["pointer"]: (error["code"], error["detail"]) for error in response.json()["errors"]}

    wrong = {"status": "completed", "revision": 2, "position": "a0", "colour": "red"}
    for body, alone, operation in (
        ({}, ada.client.merge(f"{ada.home}/tasks/{task['id']}", wrong), "update"),
        ({"title": "Reap"}, ada.client.post(f"{ada.home}/tasks", json={"title": "Reap", **wrong}), "create"),
    ):
        sent = {**body, **wrong}
        part = sent if operation == "create" else {"task_id": task["id"], "body": sent}
        within = f"#/operations/1/{operation}" + ("" if operation == "create" else "/body")
        batch = send(ada, {"complete": {"task_id": task["id"]}}, {operation: part})
        assert texts(batch) == {f"{within}{place.removeprefix('#')}": said for place, said in texts(alone).items()}
        assert texts(alone)["#/status"][0] == "read-only"
