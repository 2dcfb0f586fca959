"""What is deleted is in the trash, and can be restored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import Person, created, everything, new_id, no_content, ok, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.tables import Tables


@pytest.fixture
def garden(ada: Person) -> dict[str, Any]:
    """A project of Ada's, with a section, two labelled tasks in it, and a subtask of the first."""
    project = ada.create("projects", name="Garden", description="Outside")
    section = ada.create("sections", name="Beds", project_id=project["id"])
    label = ada.create("labels", name="Urgent")
    first, second = [
        ada.create("tasks", title=title, description="Deep", section_id=section["id"], label_ids=[label["id"]])
        for title in ("Sow", "Reap")
    ]
    child = ada.create("tasks", title="Buy seeds", parent_id=first["id"])
    return {"project": project, "section": section, "label": label, "tasks": [first, second, child]}


def delete(person: Person, collection: str, thing: dict[str, Any]) -> None:
    no_content(person.client.delete(f"{person.home}/{collection}/{thing['id']}"))


def restore(person: Person, collection: str, thing: dict[str, Any]) -> dict[str, Any]:
    return ok(person.client.post(f"{person.home}/{collection}/{thing['id']}/restore"))


def same(thing: dict[str, Any]) -> dict[str, Any]:
    """What a restoration does not change."""
    return {name: value for name, value in thing.items() if name not in {"revision", "updated_at"}}


def live(person: Person, collection: str, **parameters: object) -> list[dict[str, Any]]:
    found = everything(person.client, f"{person.home}/{collection}", **parameters)
    return sorted(map(same, found), key=lambda thing: str(thing["id"]))


@pytest.mark.parametrize("kind", ["project", "section", "label", "task"])
def test_what_a_deletion_took_is_restored_and_the_log_says_so(
    ada: Person, garden: dict[str, Any], tables: Tables, kind: str
) -> None:
    collections = ("projects", "sections", "labels", "tasks")
    before = {name: live(ada, name) for name in collections}
    thing = garden["tasks"][0] if kind == "task" else garden[kind]

    delete(ada, f"{kind}s", thing)
    deleted = {name: live(ada, name) for name in collections}
    check_payloads(ada, check_log(tables, ada.workspace_id))
    restored = restore(ada, f"{kind}s", thing)

    assert deleted != before
    assert {name: live(ada, name) for name in collections} == before
    assert same(restored) == same(thing)
    assert restored["revision"] > thing["revision"]
    check_payloads(ada, check_log(tables, ada.workspace_id))
    assert restore(ada, f"{kind}s", thing) == restored
    rejected(ada.client.post(f"{ada.home}/{kind}s/{new_id()}/restore"), 404, "not-found")


def test_a_restoration_can_be_repeated_with_a_key(ada: Person, garden: dict[str, Any]) -> None:
    delete(ada, "projects", garden["project"])
    path, headers = f"{ada.home}/projects/{garden['project']['id']}/restore", {"Idempotency-Key": "k"}
    first = ada.client.post(path, headers=headers)
    delete(ada, "projects", garden["project"])
    again = ada.client.post(path, headers=headers)
    assert ok(first) == ok(again)
    rejected(ada.client.get(f"{ada.home}/projects/{garden['project']['id']}"), 404, "not-found")


def test_a_condition_on_what_is_in_the_trash_is_not_found(ada: Person, garden: dict[str, Any]) -> None:
    task = garden["tasks"][1]
    path = f"{ada.home}/tasks/{task['id']}"
    tag = ada.client.get(path).headers["ETag"]
    assert ok(ada.client.post(f"{path}/restore", headers={"If-Match": tag})) == task
    rejected(ada.client.post(f"{path}/restore", headers={"If-Match": '"0"'}), 412, "precondition-failed")
    delete(ada, "tasks", task)
    rejected(ada.client.post(f"{path}/restore", headers={"If-Match": tag}), 404, "not-found")


@pytest.mark.parametrize("collection", ["projects", "labels", "tasks"])
def test_the_id_of_a_deleted_thing_stays_taken(ada: Person, collection: str) -> None:
    body = {"id": new_id(), "title" if collection == "tasks" else "name": "Sow"}
    thing = created(ada.client.post(f"{ada.home}/{collection}", json=body))
    delete(ada, collection, thing)
    rejected(ada.client.post(f"{ada.home}/{collection}", json=body), 409, "id-taken")


def test_what_hinders_a_restoration_is_named(ada: Person, garden: dict[str, Any]) -> None:
    label, section, task = garden["label"], garden["section"], garden["tasks"][1]
    for collection, thing in (("labels", label), ("tasks", task), ("sections", section)):
        delete(ada, collection, thing)
    other = ada.create("labels", name="urgent")
    response = ada.client.post(f"{ada.home}/labels/{label['id']}/restore")
    assert rejected(response, 409, "label-exists") == set()
    assert response.json()["existing_id"] == other["id"]
    ok(ada.client.post(f"{ada.home}/projects/{garden['project']['id']}/archive"))
    for path in (f"tasks/{task['id']}", f"sections/{section['id']}"):
        rejected(ada.client.post(f"{ada.home}/{path}/restore"), 409, "project-archived")
