"""Labels, and the tasks that have them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.clients import Client, Person, created, everything, no_content, ok, rejected

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


@pytest.fixture
def wet(ada: Person) -> str:
    """The id of a label of Ada's."""
    return str(ada.create("labels", name="Wet", color="#2E7D32")["id"])


def all_labels(person: Person) -> list[dict[str, Any]]:
    return everything(person.client, f"{person.home}/labels")


def test_a_new_label_is_the_last_one(ada: Person) -> None:
    ada.create("labels", name="First")
    response = ada.client.post(f"{ada.home}/labels", json={"name": "Wet", "color": "#2E7D32"})
    label = created(response)
    assert label == {
        "id": label["id"],
        "workspace_id": ada.workspace_id,
        "name": "Wet",
        "color": "#2e7d32",
        "position": label["position"],
        "created_at": label["created_at"],
        "updated_at": label["created_at"],
        "revision": 3,
    }
    assert (response.headers["Location"], response.headers["ETag"]) == (f"{ada.home}/labels/{label['id']}", '"3"')
    assert ok(ada.client.get(response.headers["Location"])) == label
    assert [each["name"] for each in all_labels(ada)] == ["First", "Wet"]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"#/name required"}),
        ({"name": " "}, {"#/name pattern"}),
        ({"name": "x" * 61}, {"#/name max-length"}),
        ({"name": "Wet", "color": "green"}, {"#/color pattern"}),
        ({"name": "Wet", "color": "#12345"}, {"#/color pattern"}),
        ({"name": "Wet", "colour": "#123456"}, {"#/colour unknown"}),
    ],
)
def test_a_bad_label_is_refused_with_every_fault(ada: Person, body: dict[str, Any], faults: set[str]) -> None:
    assert rejected(ada.client.post(f"{ada.home}/labels", json=body), 422, "invalid-body") == faults
    assert all_labels(ada) == []


@pytest.mark.parametrize("name", ["wet", "WET", " Wet ", "W\u0308ét", "\uff37\uff45\uff54"])
def test_a_name_that_exists_is_a_409_that_carries_the_existing_id(ada: Person, wet: str, name: str) -> None:
    response = ada.client.post(f"{ada.home}/labels", json={"name": name})
    assert rejected(response, 409, "label-exists") == {"#/name label-exists"}
    assert response.json()["existing_id"] == wet
    other = ada.create("labels", name="Dry")
    response = ada.client.merge(f"{ada.home}/labels/{other['id']}", {"name": name})
    assert rejected(response, 409, "label-exists") == {"#/name label-exists"}
    assert response.json()["existing_id"] == wet


@pytest.mark.on_each_database
def test_two_clients_create_one_label_at_once(ada: Person, server: str) -> None:
    """One gets it, and the others get its id."""

    def create(number: int) -> Any:
        with Client(server) as client:
            body = {"name": "wet" if number % 2 else "Wet"}
            return client.with_token(ada.tokens["access_token"]).post(f"{ada.home}/labels", json=body)

    with ThreadPoolExecutor(8) as pool:
        answers = [response.json() for response in pool.map(create, range(8))]
    (label,) = all_labels(ada)
    assert sorted(answer.get("existing_id", answer.get("id")) for answer in answers) == [label["id"]] * 8
    assert sum("existing_id" in answer for answer in answers) == 7


def test_a_label_is_renamed_and_its_tasks_stay(ada: Person, wet: str) -> None:
    task = ada.create("tasks", title="Mop", label_ids=[wet])
    changed = ok(ada.client.merge(f"{ada.home}/labels/{wet}", {"name": "Damp", "color": None}))
    assert (changed["name"], changed["color"]) == ("Damp", None)
    assert ok(ada.client.merge(f"{ada.home}/labels/{wet}", {"name": "Damp"})) == changed
    assert ok(ada.client.get(f"{ada.home}/tasks/{task['id']}")) == task


def test_a_deleted_label_is_gone_from_its_tasks(ada: Person, wet: str) -> None:
    dry = ada.create("labels", name="Dry")["id"]
    marked, other = ada.create("tasks", title="Mop", label_ids=[dry, wet]), ada.create("tasks", title="Sow")
    no_content(ada.client.delete(f"{ada.home}/labels/{wet}"))
    now = ok(ada.client.get(f"{ada.home}/tasks/{marked['id']}"))
    assert now["label_ids"] == [dry]
    assert now["revision"] == other["revision"] + 1
    assert ok(ada.client.get(f"{ada.home}/tasks/{other['id']}")) == other
    rejected(ada.client.get(f"{ada.home}/labels/{wet}"), 404, "not-found")
    assert ada.create("labels", name="Wet")["id"] != wet


def test_a_label_of_another_workspace_does_not_exist(ada: Person, bob: Person) -> None:
    theirs = bob.create("labels", name="Wet")["id"]
    rejected(ada.client.get(f"{ada.home}/labels/{theirs}"), 404, "not-found")
    response = ada.client.post(f"{ada.home}/tasks", json={"title": "Mop", "label_ids": [theirs]})
    assert rejected(response, 422, "invalid-body") == {"#/label_ids/0 label"}


@pytest.mark.on_each_database
def test_a2_a_label_is_added_without_replacing_the_list(ada: Person, server: str) -> None:
    """Two clients add labels at once, and the task has all of them."""
    first, second, third = (ada.create("labels", name=name)["id"] for name in ("one", "two", "three"))
    task = ada.create("tasks", title="Mop", label_ids=[first])
    path = f"{ada.home}/tasks/{task['id']}"

    def add(label_id: str) -> int:
        with Client(server) as client:
            return client.with_token(ada.tokens["access_token"]).put(f"{path}/labels/{label_id}").status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(add, (second, third))) == [204, 204]
    now = ok(ada.client.get(path))
    assert now["label_ids"] == sorted([first, second, third])
    no_content(ada.client.put(f"{path}/labels/{second}"))
    assert ok(ada.client.get(path)) == now
    refused = ada.client.merge(path, {"label_idz": []})
    assert rejected(refused, 422, "invalid-body") == {"#/label_idz unknown"}
    assert ok(ada.client.get(path)) == now


def test_labels_of_a_task_are_replaced_and_removed(ada: Person, wet: str) -> None:
    dry = ada.create("labels", name="Dry")["id"]
    task = ada.create("tasks", title="Mop", label_ids=[wet])
    path = f"{ada.home}/tasks/{task['id']}"
    assert ok(ada.client.merge(path, {"title": "Mop up"}))["label_ids"] == [wet]
    replaced = ok(ada.client.merge(path, {"label_ids": [dry, wet]}))
    assert replaced["label_ids"] == sorted([dry, wet])
    assert ok(ada.client.merge(path, {"label_ids": [wet, dry]})) == replaced
    no_content(ada.client.delete(f"{path}/labels/{wet}"))
    no_content(ada.client.delete(f"{path}/labels/{wet}"))
    assert ok(ada.client.get(path))["label_ids"] == [dry]
    rejected(ada.client.put(f"{path}/labels/{UNKNOWN_ID}"), 404, "not-found")
    rejected(ada.client.put(f"{ada.home}/tasks/{UNKNOWN_ID}/labels/{dry}"), 404, "not-found")
    assert ok(ada.client.merge(path, {"label_ids": []}))["label_ids"] == []
    ok(ada.client.merge(path, {"label_ids": [dry]}))
    assert ok(ada.client.merge(path, {"label_ids": None}))["label_ids"] == []


def test_label_ids_are_a_set_of_at_most_fifty(ada: Person, wet: str) -> None:
    body: dict[str, Any] = {"title": "Mop", "label_ids": [wet, wet]}
    assert rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body") == {
        "#/label_ids unique-items"
    }
    body["label_ids"] = [f"019cb308-6dc0-7c38-8e5d-{number:012x}" for number in range(51)]
    assert rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body") == {"#/label_ids max-items"}
    upper = ada.client.post(f"{ada.home}/tasks", json={"title": "Mop", "label_ids": [wet.upper()]})
    assert created(upper)["label_ids"] == [wet]
