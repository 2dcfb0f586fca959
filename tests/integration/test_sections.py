"""Sections of projects, and the tasks in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import Person, created, everything, no_content, ok, rejected

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


@pytest.fixture
def garden(ada: Person) -> str:
    """The id of a project of Ada's."""
    return str(ada.create("projects", name="Garden")["id"])


@pytest.fixture
def beds(ada: Person, garden: str) -> dict[str, Any]:
    """A section of it."""
    return ada.create("sections", name="Beds", project_id=garden)


def names(person: Person, **parameters: object) -> list[str]:
    return [section["name"] for section in everything(person.client, f"{person.home}/sections", **parameters)]


def test_a_new_section_is_the_last_one_of_its_project(ada: Person, garden: str) -> None:
    ada.create("sections", name="First", project_id=garden)
    response = ada.client.post(f"{ada.home}/sections", json={"name": "Beds", "project_id": garden})
    section = created(response)
    assert section == {
        "id": section["id"],
        "workspace_id": ada.workspace_id,
        "project_id": garden,
        "name": "Beds",
        "position": section["position"],
        "created_at": section["created_at"],
        "updated_at": section["created_at"],
        "revision": 4,
    }
    assert response.headers["Location"] == f"{ada.home}/sections/{section['id']}"
    assert ok(ada.client.get(response.headers["Location"])) == section
    other = ada.create("projects", name="House")["id"]
    ada.create("sections", name="Cellar", project_id=other)
    assert names(ada) == ["First", "Beds", "Cellar"]
    assert names(ada, project_id=other) == ["Cellar"]
    assert names(ada, project_id=UNKNOWN_ID) == []


def test_a_section_needs_a_name_and_a_project_that_takes_it(ada: Person, garden: str) -> None:
    path = f"{ada.home}/sections"
    assert rejected(ada.client.post(path, json={}), 422, "invalid-body") == {"#/name required", "#/project_id required"}
    unknown = ada.client.post(path, json={"name": "Beds", "project_id": UNKNOWN_ID})
    assert rejected(unknown, 422, "invalid-body") == {"#/project_id project"}
    ok(ada.client.post(f"{ada.home}/projects/{garden}/archive"))
    rejected(ada.client.post(path, json={"name": "Beds", "project_id": garden}), 409, "project-archived")


def test_a_section_is_renamed(ada: Person, beds: dict[str, Any]) -> None:
    path = f"{ada.home}/sections/{beds['id']}"
    changed = ok(ada.client.merge(path, {"name": "Vegetable beds"}))
    assert (changed["name"], changed["revision"]) == ("Vegetable beds", beds["revision"] + 1)
    assert ok(ada.client.merge(path, {"name": "Vegetable beds"})) == changed
    moved = ada.client.merge(path, {"project_id": UNKNOWN_ID})
    assert rejected(moved, 422, "invalid-body") == {"#/project_id read-only"}


def test_a_deleted_section_takes_its_tasks_along_and_no_others(ada: Person, garden: str, beds: dict[str, Any]) -> None:
    inside = ada.create("tasks", title="Plant", section_id=beds["id"])
    below = ada.create("tasks", title="Dig", parent_id=inside["id"])
    outside = ada.create("tasks", title="Mow", project_id=garden)
    no_content(ada.client.delete(f"{ada.home}/sections/{beds['id']}"))
    assert everything(ada.client, f"{ada.home}/tasks") == [outside]
    for task in (inside, below):
        rejected(ada.client.get(f"{ada.home}/tasks/{task['id']}"), 404, "not-found")
    rejected(ada.client.get(f"{ada.home}/sections/{beds['id']}"), 404, "not-found")


def test_a_deleted_project_takes_its_sections_along(ada: Person, garden: str, beds: dict[str, Any]) -> None:
    ada.create("tasks", title="Plant", section_id=beds["id"])
    no_content(ada.client.delete(f"{ada.home}/projects/{garden}"))
    assert names(ada) == []
    rejected(ada.client.get(f"{ada.home}/sections/{beds['id']}"), 404, "not-found")


def test_a_task_is_in_a_section_of_its_project(ada: Person, garden: str, beds: dict[str, Any]) -> None:
    task = ada.create("tasks", title="Plant", section_id=beds["id"])
    assert (task["project_id"], task["section_id"]) == (garden, beds["id"])
    path = f"{ada.home}/tasks"
    house = ada.create("projects", name="House")["id"]
    elsewhere = ada.client.post(path, json={"title": "Plant", "project_id": house, "section_id": beds["id"]})
    assert rejected(elsewhere, 422, "invalid-body") == {"#/section_id section"}
    unknown = ada.client.post(path, json={"title": "Plant", "section_id": UNKNOWN_ID})
    assert rejected(unknown, 422, "invalid-body") == {"#/section_id section"}


def test_subtasks_have_five_levels_and_are_closed_and_reopened_together(ada: Person) -> None:
    tasks = [ada.create("tasks", title="1")]
    for level in range(2, 6):
        tasks.append(ada.create("tasks", title=str(level), parent_id=tasks[-1]["id"]))
    below = ada.client.post(f"{ada.home}/tasks", json={"title": "6", "parent_id": tasks[-1]["id"]})
    assert rejected(below, 422, "invalid-body") == {"#/parent_id level"}
    assert everything(ada.client, f"{ada.home}/tasks", parent_id=tasks[1]["id"]) == [tasks[2]]

    def now() -> list[str]:
        return [ok(ada.client.get(f"{ada.home}/tasks/{task['id']}"))["status"] for task in tasks]

    path = f"{ada.home}/tasks/{tasks[1]['id']}"
    ok(ada.client.post(f"{ada.home}/tasks/{tasks[3]['id']}/cancel"))
    assert now() == ["open", "open", "open", "cancelled", "cancelled"]
    ok(ada.client.post(f"{path}/complete", json={"subtasks": "keep"}))
    assert now() == ["open", "completed", "open", "cancelled", "cancelled"]
    ok(ada.client.post(f"{path}/reopen"))
    ok(ada.client.post(f"{path}/complete", json={}))
    assert now() == ["open", "completed", "completed", "cancelled", "cancelled"]
    ok(ada.client.post(f"{path}/reopen"))
    assert now() == ["open", "open", "open", "cancelled", "cancelled"]
    wrong = ada.client.post(f"{path}/complete", json={"subtasks": "drop"})
    assert rejected(wrong, 422, "invalid-body") == {"#/subtasks enum"}
