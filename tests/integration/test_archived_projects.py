"""Archived projects are read-only, with their sections, tasks and comments."""

from __future__ import annotations

import json
from string import Template
from typing import Any, Final

import pytest
from httpx import Response

from handlers.task_batches import OPERATIONS as PERFORMED
from tests.support.checking import read_contract
from tests.support.clients import MERGE_PATCH, Person, created, no_content, ok, problem_of, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.prepared import OPERATIONS
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

Ids = dict[str, str]

REQUESTS: Final[tuple[tuple[str, Ids, dict[str, Any] | None], ...]] = (
    ("update_project", {}, {"name": "Balcony"}),
    ("update_project", {}, {"name": "Balcony"}),  # this changes nothing
    ("move_project", {}, {"before": "$house"}),
    ("create_section", {}, {"name": "Sheds", "project_id": "$project_id"}),
    ("update_section", {}, {"name": "Fields"}),
    ("move_section", {}, {"after": "$pots"}),
    ("move_section", {"section_id": "$cellar"}, {"project_id": "$project_id"}),
    ("move_section", {"section_id": "$cellar"}, {"before": "$pots"}),
    ("create_task", {}, {"title": "Sow", "project_id": "$project_id"}),
    ("create_task", {}, {"title": "Sow", "section_id": "$section_id"}),
    ("create_task", {}, {"title": "Sow", "parent_id": "$task_id"}),
    ("update_task", {}, {"title": "Plant all"}),
    ("update_task", {}, {"title": "Plant all"}),  # this changes nothing
    ("update_task", {"task_id": "$child"}, {"depends_on_ids": ["$depends_on_id"]}),
    ("complete_task", {}, {"subtasks": "keep"}),
    ("cancel_task", {}, None),
    ("reopen_task", {}, None),
    ("reopen_task", {}, None),  # this changes nothing
    ("skip_task", {"task_id": "$daily"}, None),
    ("complete_task", {"task_id": "$daily"}, None),
    ("reopen_task", {"task_id": "$daily"}, None),
    ("add_task_label", {}, None),
    ("remove_task_label", {}, None),
    ("add_task_assignee", {}, None),
    ("remove_task_assignee", {}, None),
    ("add_task_dependency", {}, None),
    ("remove_task_dependency", {}, None),
    ("create_comment", {}, {"text": "Frost"}),
    ("update_comment", {}, {"text": "No frost"}),
    ("restore_comment", {}, None),  # this changes nothing
    ("restore_comment", {"comment_id": "$trashed_comment"}, None),
    ("delete_comment", {}, None),
    ("move_task", {"task_id": "$elsewhere"}, {"project_id": "$project_id"}),
    ("move_task", {"task_id": "$elsewhere"}, {"before": "$child"}),
    ("move_task", {}, {"section_id": "$pots"}),
    ("move_task", {"task_id": "$child"}, {"parent_id": None}),
    ("move_task", {"task_id": "$child"}, {"project_id": "$house"}),
    ("restore_task", {}, None),  # this changes nothing
    ("restore_task", {"task_id": "$trashed_task"}, None),
    ("delete_task", {}, None),
    ("restore_section", {}, None),  # this changes nothing
    ("restore_section", {"section_id": "$trashed_section"}, None),
    ("delete_section", {}, None),
    ("move_section", {"section_id": "$pots"}, {"project_id": "$house"}),
)
"""The operation, the ids in its path that differ from those of `ids`, and its body.

All are refused. Once the project is unarchived, all succeed, in this order.
"""


@pytest.fixture
def ids(ada: Person) -> Ids:
    """What the requests name: a project with all kinds of things, in the trash, too, and things that are not in it."""
    garden, house = [ada.create("projects", name=name)["id"] for name in ("Garden", "House")]
    beds, pots, old = [ada.create("sections", name=name, project_id=garden)["id"] for name in ("Beds", "Pots", "Old")]
    plant = ada.create("tasks", title="Plant", section_id=beds)["id"]
    daily = {"title": "Water", "section_id": beds, "due": {"date": "2027-03-01"}, "recurrence": {"rule": "FREQ=DAILY"}}
    gone = ada.create("tasks", title="Gone", project_id=garden)["id"]
    comment, wrong = [ada.create(f"tasks/{plant}/comments", text=text)["id"] for text in ("Not yet", "Wrong")]
    for path in (f"tasks/{gone}", f"sections/{old}", f"tasks/{plant}/comments/{wrong}"):
        no_content(ada.client.delete(f"{ada.home}/{path}"))
    return {
        "project_id": garden,
        "section_id": beds,
        "task_id": plant,
        "label_id": ada.create("labels", name="wet")["id"],
        "user_id": ada.id,
        "depends_on_id": ada.create("tasks", title="Buy seeds")["id"],
        "comment_id": comment,
        "house": house,
        "pots": pots,
        "cellar": ada.create("sections", name="Cellar", project_id=house)["id"],
        "daily": ada.create("tasks", **daily)["id"],
        "child": ada.create("tasks", title="Dig", parent_id=plant)["id"],
        "elsewhere": ada.create("tasks", title="Dust")["id"],
        "trashed_task": gone,
        "trashed_section": old,
        "trashed_comment": wrong,
    }


def filled_in(value: Any, ids: Ids) -> Any:
    """*value* with ids in the places of their names."""
    return json.loads(Template(json.dumps(value)).substitute(ids))


def send(person: Person, ids: Ids, operation_id: str, names: Ids, body: Any) -> Response:
    operation = OPERATIONS[operation_id]
    path = operation.path.format(workspace_id=person.workspace_id, **{**ids, **filled_in(names, ids)})
    content = {} if body is None else {"json": filled_in(body, ids)}
    headers = {"Content-Type": MERGE_PATCH} if operation.method == "PATCH" else {}
    return person.client.request(operation.method, path, headers=headers, **content)


def action(person: Person, ids: Ids, name: str) -> dict[str, Any]:
    return ok(person.client.post(f"{person.home}/projects/{ids['project_id']}/{name}"))


def test_what_is_refused_here_is_what_the_contract_says() -> None:
    paths = read_contract()["paths"].values()
    named = {
        operation["operationId"]
        for path in paths
        for operation in path.values()
        if "project-archived" in (operation.get("x-problems", ()) if isinstance(operation, dict) else ())
    }
    assert named == {operation_id for operation_id, _, _ in REQUESTS}
    assert named.issuperset(PERFORMED.values())


def test_nothing_in_an_archived_project_can_be_changed_until_it_is_unarchived(
    ada: Person, ids: Ids, tables: Tables
) -> None:
    action(ada, ids, "archive")
    before = tables.digest()
    for request in REQUESTS:
        rejected(send(ada, ids, *request), 409, "project-archived")
        assert tables.digest() == before, request
    action(ada, ids, "unarchive")
    for request in REQUESTS:
        assert send(ada, ids, *request).is_success, request
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_a_part_of_a_batch_on_an_archived_project_has_the_problem_of_its_own_request(
    ada: Person, ids: Ids, tables: Tables
) -> None:
    action(ada, ids, "archive")
    before = tables.digest()
    parts = {operation_id: name for name, operation_id in PERFORMED.items()}
    for operation_id, names, body in REQUESTS:
        if operation_id not in parts:
            continue
        problem = problem_of(send(ada, ids, operation_id, names, body))
        path = {name: f"${name}" for name in OPERATIONS[operation_id].path_names[1:]}
        part = body if operation_id == "create_task" else {**path, **names, **({} if body is None else {"body": body})}
        batch = {"operations": [filled_in({parts[operation_id]: part}, ids)]}
        response = ada.client.post(f"{ada.home}/tasks/batch", json=batch)
        rejected(response, 409, "project-archived")
        assert problem_of(response).items() >= {name: problem[name] for name in ("title", "detail")}.items()
        (result,) = ok(ada.client.post(f"{ada.home}/tasks/batch", json={**batch, "mode": "each"}))["results"]
        assert (result["status"], result["problem"]["detail"]) == (409, problem["detail"])
        assert tables.digest() == before, operation_id


def test_tasks_of_an_archived_project_follow_what_changes_elsewhere(ada: Person, ids: Ids, tables: Tables) -> None:
    plant, seeds, wet = (
        f"{ada.home}/{path}" for path in ("tasks/$task_id", "tasks/$depends_on_id", "labels/$label_id")
    )
    plant, seeds, wet = (filled_in(path, ids) for path in (plant, seeds, wet))
    ok(ada.client.merge(plant, {"depends_on_ids": [ids["depends_on_id"]], "label_ids": [ids["label_id"]]}))
    action(ada, ids, "archive")

    def now(name: str) -> Any:
        return ok(ada.client.get(plant))[name]

    ok(ada.client.post(f"{seeds}/complete"))
    assert now("blocked") is False
    ok(ada.client.post(f"{seeds}/reopen"))
    assert now("blocked") is True
    no_content(ada.client.delete(seeds))
    assert now("depends_on_ids") == []
    ok(ada.client.post(f"{seeds}/restore"))
    assert now("depends_on_ids") == [ids["depends_on_id"]]
    no_content(ada.client.delete(wet))
    assert now("label_ids") == []
    ok(ada.client.post(f"{wet}/restore"))
    assert now("label_ids") == [ids["label_id"]]
    no_content(ada.client.put(f"{ada.home}/tasks/{ids['elsewhere']}/dependencies/{ids['task_id']}"))
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_who_leaves_is_unassigned_in_an_archived_project(ada: Person, bob: Person, tables: Tables) -> None:
    shared = ada.create("/v1/workspaces", name="Household")["id"]
    tables.add_member(shared, bob.id, role="viewer")
    home = f"/v1/workspaces/{shared}"
    garden = created(ada.client.post(f"{home}/projects", json={"name": "Garden"}))["id"]
    body = {"title": "Sow", "project_id": garden, "assignee_ids": [ada.id, bob.id]}
    path = f"{home}/tasks/{created(ada.client.post(f'{home}/tasks', json=body))['id']}"
    ok(ada.client.post(f"{home}/projects/{garden}/archive"))
    no_content(ada.client.delete(f"{home}/members/{bob.id}"))
    assert ok(ada.client.get(path))["assignee_ids"] == [ada.id]


def test_an_archived_project_can_be_deleted_and_comes_back_archived(ada: Person, ids: Ids) -> None:
    archived = action(ada, ids, "archive")
    no_content(ada.client.delete(f"{ada.home}/projects/{ids['project_id']}"))
    back = action(ada, ids, "restore")
    assert (back["archived_at"], back["position"]) == (archived["archived_at"], archived["position"])
    assert action(ada, ids, "restore") == back
    rejected(send(ada, ids, "complete_task", {}, None), 409, "project-archived")
    no_content(ada.client.delete(f"{ada.home}/trash"))
    action(ada, ids, "unarchive")
    ok(send(ada, ids, "complete_task", {}, None))
    rejected(send(ada, ids, "restore_task", {"task_id": "$trashed_task"}, None), 404, "not-found")
