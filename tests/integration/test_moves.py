"""Moving tasks, sections, projects and labels."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import Person, everything, ok, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


@pytest.fixture
def garden(ada: Person) -> str:
    """The id of a project of Ada's."""
    return str(ada.create("projects", name="Garden")["id"])


def move(person: Person, task: dict[str, Any], **to: Any) -> Any:
    """The task after it was moved."""
    return ok(person.client.post(f"{person.home}/tasks/{task['id']}/move", json=to))


def in_order(person: Person, project_id: str) -> list[str]:
    listed = everything(person.client, f"{person.home}/tasks", project_id=project_id)
    return [task["title"] for task in sorted(listed, key=lambda task: task["position"].encode())]


def test_a_task_is_moved_among_its_siblings(ada: Person, garden: str, tables: Tables) -> None:
    a, b, c = [ada.create("tasks", title=title, project_id=garden) for title in "abc"]

    moved = move(ada, a, after=b["id"])
    assert in_order(ada, garden) == ["b", "a", "c"]
    move(ada, c, before=b["id"])
    assert in_order(ada, garden) == ["c", "b", "a"]

    assert moved == {**a, **{name: moved[name] for name in ("position", "updated_at", "revision")}}
    again = ada.client.post(f"{ada.home}/tasks/{a['id']}/move", json={"after": b["id"]})
    assert (ok(again), again.headers["etag"]) == (moved, f'"{moved["revision"]}"')
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_a_task_is_moved_to_another_project_with_its_subtasks_comments_and_labels(
    ada: Person, garden: str, tables: Tables
) -> None:
    beds = ada.create("sections", name="Beds", project_id=garden)
    label = ada.create("labels", name="Wet")
    task = ada.create("tasks", title="Plant", label_ids=[label["id"]])
    child = ada.create("tasks", title="Dig", parent_id=task["id"])
    completed = ok(ada.client.post(f"{ada.home}/tasks/{task['id']}/complete"))

    moved = move(ada, task, section_id=beds["id"])

    kept = ("label_ids", "status", "completed_at", "title", "parent_id")
    assert [moved[name] for name in kept] == [completed[name] for name in kept]
    assert (moved["project_id"], moved["section_id"]) == (garden, beds["id"])
    below = ok(ada.client.get(f"{ada.home}/tasks/{child['id']}"))
    assert (below["project_id"], below["section_id"], below["parent_id"]) == (garden, beds["id"], task["id"])
    assert below["revision"] == moved["revision"]
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_a_subtask_becomes_a_root_and_a_root_a_subtask(ada: Person, garden: str) -> None:
    task = ada.create("tasks", title="Plant")
    child = ada.create("tasks", title="Dig", parent_id=task["id"])

    assert move(ada, child, project_id=garden)["parent_id"] is None
    assert move(ada, task, parent_id=child["id"])["project_id"] == garden
    assert move(ada, task, parent_id=None)["parent_id"] is None
    assert move(ada, child, before=task["id"], parent_id=None, section_id=None)["project_id"] == garden


def test_a_move_says_where_exactly_once(ada: Person, garden: str) -> None:
    task = ada.create("tasks", title="Plant", project_id=garden)
    child = ada.create("tasks", title="Dig", parent_id=task["id"])
    other = ada.create("tasks", title="Other")
    for body, places in (
        ({}, {"# min-properties"}),
        ({"project_id": None}, {"#/project_id type"}),
        ({"position": "a0"}, {"#/position read-only"}),
        ({"before": other["id"], "after": other["id"]}, {"#/after place"}),
        ({"before": task["id"]}, {"#/before place"}),
        ({"after": child["id"]}, {"#/after place"}),
        ({"parent_id": child["id"]}, {"#/parent_id place"}),
        ({"before": UNKNOWN_ID}, {"#/before sibling"}),
        ({"parent_id": UNKNOWN_ID}, {"#/parent_id task"}),
        ({"section_id": UNKNOWN_ID}, {"#/section_id section"}),
        ({"project_id": UNKNOWN_ID}, {"#/project_id project"}),
        (
            {"before": other["id"], "project_id": garden, "parent_id": child["id"]},
            {"#/project_id place", "#/parent_id place"},
        ),
    ):
        response = ada.client.post(f"{ada.home}/tasks/{task['id']}/move", json=body)
        assert rejected(response, 422, "invalid-body") == places, body
    assert ok(ada.client.get(f"{ada.home}/tasks/{task['id']}")) == task


def test_archived_projects_and_full_parents_refuse_a_move(ada: Person, garden: str) -> None:
    inside, other = ada.create("tasks", title="Plant", project_id=garden), ada.create("tasks", title="Other")
    ok(ada.client.post(f"{ada.home}/projects/{garden}/archive"))
    for task, to in ((inside, {"after": other["id"]}), (other, {"after": inside["id"]})):
        response = ada.client.post(f"{ada.home}/tasks/{task['id']}/move", json=to)
        rejected(response, 409, "project-archived")


@pytest.mark.parametrize("kind", ["project", "section", "label"])
def test_projects_sections_and_labels_are_moved(ada: Person, garden: str, tables: Tables, kind: str) -> None:
    at = {"project_id": garden} if kind == "section" else {}
    a, b, c = [ada.create(f"{kind}s", name=name, **at) for name in "abc"]
    path = f"{ada.home}/{kind}s"

    moved = ok(ada.client.post(f"{path}/{a['id']}/move", json={"after": b["id"]}))
    ok(ada.client.post(f"{path}/{c['id']}/move", json={"before": b["id"]}))

    assert [each["name"] for each in everything(ada.client, path, limit=1)][-3:] == ["c", "b", "a"]
    assert moved == {**a, **{name: moved[name] for name in ("position", "updated_at", "revision")}}
    again = ada.client.post(f"{path}/{a['id']}/move", json={"after": b["id"]})
    assert (ok(again), again.headers["etag"]) == (moved, f'"{moved["revision"]}"')
    for body, place in (
        ({}, "# min-properties"),
        ({"before": a["id"]}, "#/before place"),
        ({"before": b["id"], "after": b["id"]}, "#/after place" if kind == "section" else "# max-properties"),
        ({"after": UNKNOWN_ID}, "#/after sibling"),
    ):
        assert rejected(ada.client.post(f"{path}/{a['id']}/move", json=body), 422, "invalid-body") == {place}
    rejected(ada.client.post(f"{path}/{UNKNOWN_ID}/move", json={"after": a["id"]}), 404, "not-found")
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_a_section_is_moved_to_another_project_with_its_tasks(ada: Person, garden: str, tables: Tables) -> None:
    house = ada.create("projects", name="House")["id"]
    beds = ada.create("sections", name="Beds", project_id=garden)
    cellar = ada.create("sections", name="Cellar", project_id=house)
    task = ada.create("tasks", title="Plant", section_id=beds["id"])
    child = ada.create("tasks", title="Dig", parent_id=task["id"])
    path = f"{ada.home}/sections/{beds['id']}/move"

    assert rejected(
        ada.client.post(path, json={"before": cellar["id"], "project_id": garden}), 422, "invalid-body"
    ) == {"#/project_id place"}
    moved = ok(ada.client.post(path, json={"before": cellar["id"]}))

    assert moved["project_id"] == house
    assert in_order(ada, house) == ["Plant", "Dig"]
    now = ok(ada.client.get(f"{ada.home}/tasks/{child['id']}"))
    assert (now["section_id"], now["parent_id"], now["revision"]) == (beds["id"], task["id"], moved["revision"])
    check_payloads(ada, check_log(tables, ada.workspace_id))
    for project in (house, garden):
        ok(ada.client.post(f"{ada.home}/projects/{project}/archive"))
        rejected(ada.client.post(path, json={"project_id": garden}), 409, "project-archived")
        ok(ada.client.post(f"{ada.home}/projects/{project}/unarchive"))


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_tasks_are_listed_in_the_order_of_projects_sections_and_positions(ada: Person, garden: str, limit: int) -> None:
    house = ada.create("projects", name="House")["id"]
    beds, shed = [ada.create("sections", name=name, project_id=garden)["id"] for name in ("Beds", "Shed")]
    cellar = ada.create("sections", name="Cellar", project_id=house)["id"]
    places = [{"section_id": cellar}, {"project_id": house}, {"section_id": shed}, {"section_id": beds}]
    a, b, c, d, e = [
        ada.create("tasks", title=title, **place) for title, place in zip("abcde", [*places, places[2]], strict=True)
    ]
    ada.create("tasks", title="i")
    child = ada.create("tasks", title="f", parent_id=c["id"])
    move(ada, e, before=c["id"])

    def listed(**given: str) -> str:
        return "".join(t["title"] for t in everything(ada.client, f"{ada.home}/tasks", limit=limit, **given))

    assert (listed(sort="position"), listed(sort="-position")) == ("idecfba", "abfcedi")
    assert (listed(sort="position", project_id=garden), listed(sort="-position", project_id=garden)) == ("decf", "fced")
    assert (listed(sort="position", section_id=shed), listed(sort="-created_at", section_id=shed)) == ("ecf", "fec")
    assert (listed(section_id=shed, project_id=house), listed(section_id=shed, parent_id=c["id"])) == ("", "f")
    assert listed(sort="position", status="completed") == ""
    ok(ada.client.post(f"{ada.home}/projects/{house}/move", json={"before": garden}))
    ok(ada.client.post(f"{ada.home}/sections/{shed}/move", json={"before": beds}))
    assert listed(sort="position", status="open") == "ibaecfd"
    assert (child["section_id"], a["section_id"], b["section_id"], d["section_id"]) == (shed, cellar, None, beds)
