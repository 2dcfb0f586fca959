"""What is deleted is in the trash, and can be restored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from domain.quotas import row_bytes
from persistence import trash_purges
from persistence.memberships import workspaces
from persistence.metadata import TRASH_ID
from persistence.repositories import metadata
from persistence.trash_rows import trash
from tests.support.clients import Person, created, everything, new_id, no_content, ok, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.purging import purged
from tests.support.tables import NOW, Tables

pytestmark = pytest.mark.mostly_on_one_database


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


# ---------------------------------------------------------------------------------------------------------------------
# the list, and what empties it
# ---------------------------------------------------------------------------------------------------------------------


def trash_of(person: Person, **parameters: object) -> list[dict[str, Any]]:
    return everything(person.client, f"{person.home}/trash", **parameters)


def content_bytes(tables: Tables, person: Person) -> int:
    statement = select(workspaces.c.content_bytes).where(workspaces.c.id == UUID(person.workspace_id))
    ((found,),) = tables.rows(statement)
    return int(found)


def rows_in_trash(tables: Tables, person: Person) -> int:
    here = UUID(person.workspace_id)
    return sum(
        len(tables.rows(select(table.c.trash_id).where(table.c.workspace_id == here, table.c.trash_id.is_not(None))))
        for table in metadata.tables.values()
        if TRASH_ID in table.c
    )


def test_the_trash_lists_each_deletion_until_it_is_restored(ada: Person, garden: dict[str, Any]) -> None:
    for task in garden["tasks"]:
        ada.create(f"tasks/{task['id']}/comments", text="Not yet")
    delete(ada, "tasks", garden["tasks"][0])
    delete(ada, "projects", garden["project"])
    listed = trash_of(ada, limit=1)
    assert [(entry["kind"], entry["id"], entry["title"], entry["taken_count"]) for entry in listed] == [
        ("project", garden["project"]["id"], "Garden", 3),
        ("task", garden["tasks"][0]["id"], "Sow", 3),
    ]
    assert {entry["deleted_by"] for entry in listed} == {ada.id}
    assert [entry["kind"] for entry in trash_of(ada, kind="task")] == ["task"]
    restore(ada, "projects", garden["project"])
    assert [entry["kind"] for entry in trash_of(ada)] == ["task"]


@pytest.mark.parametrize("value", [[], None, ["kept"]], ids=str)
def test_what_is_set_while_something_is_in_the_trash_stays(
    ada: Person, tables: Tables, value: list[str] | None
) -> None:
    kept, gone = [
        {"labels": ada.create("labels", name=name), "tasks": ada.create("tasks", title=name)}
        for name in ("Kept", "Gone")
    ]
    had = {"label_ids": [gone["labels"]["id"]], "depends_on_ids": [gone["tasks"]["id"]]}
    replaced, untouched = [ada.create("tasks", title=title, **had) for title in ("Sow", "Reap")]
    for collection in ("labels", "tasks"):
        delete(ada, collection, gone[collection])
    path = f"{ada.home}/tasks/{replaced['id']}"
    sent = {"label_ids": value and [kept["labels"]["id"]], "depends_on_ids": value and [kept["tasks"]["id"]]}
    changed = ok(ada.client.merge(path, sent))
    ok(ada.client.merge(f"{ada.home}/tasks/{untouched['id']}", {"title": "Reap all"}))
    for collection in ("labels", "tasks"):
        restore(ada, collection, gone[collection])
    assert ok(ada.client.get(path)) == changed
    assert {name: changed[name] for name in sent} == {name: ids or [] for name, ids in sent.items()}
    other = ok(ada.client.get(f"{ada.home}/tasks/{untouched['id']}"))
    assert {name: other[name] for name in had} == had
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_an_emptied_trash_frees_its_bytes_and_nothing_else(ada: Person, garden: dict[str, Any], tables: Tables) -> None:
    before = content_bytes(tables, ada)
    other = ada.create("tasks", title="Paint", section_id=garden["section"]["id"])
    delete(ada, "tasks", other)
    delete(ada, "labels", garden["label"])
    kept = {name: live(ada, name) for name in ("projects", "sections", "labels", "tasks")}
    full = content_bytes(tables, ada)
    no_content(ada.client.delete(f"{ada.home}/trash"))
    assert trash_of(ada) == []
    assert rows_in_trash(tables, ada) == 0
    assert content_bytes(tables, ada) == full - row_bytes("Paint", "", "") - row_bytes("Urgent")
    assert {name: live(ada, name) for name in kept} == kept
    delete(ada, "projects", garden["project"])
    no_content(ada.client.delete(f"{ada.home}/trash"))
    assert rows_in_trash(tables, ada) == 0
    assert content_bytes(tables, ada) == row_bytes("Inbox", "")
    assert before > full - before
    rejected(ada.client.post(f"{ada.home}/projects/{garden['project']['id']}/restore"), 404, "not-found")
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_a_comment_that_was_deleted_by_itself_is_restored_or_frees_its_bytes(
    ada: Person, garden: dict[str, Any], tables: Tables
) -> None:
    before = content_bytes(tables, ada)
    collection = f"tasks/{garden['tasks'][0]['id']}/comments"
    comment = ada.create(collection, text="Not yet")
    assert content_bytes(tables, ada) > before
    delete(ada, collection, comment)
    (entry,) = trash_of(ada, kind="comment")
    assert (entry["id"], entry["title"], entry["taken_count"]) == (comment["id"], "Not yet", 0)
    assert same(restore(ada, collection, comment)) == same(comment)
    check_payloads(ada, check_log(tables, ada.workspace_id))

    delete(ada, collection, comment)
    delete(ada, "tasks", garden["tasks"][0])
    rejected(ada.client.post(f"{ada.home}/{collection}/{comment['id']}/restore"), 404, "not-found")
    restore(ada, "tasks", garden["tasks"][0])
    no_content(ada.client.delete(f"{ada.home}/trash"))
    rejected(ada.client.post(f"{ada.home}/{collection}/{comment['id']}/restore"), 404, "not-found")
    assert content_bytes(tables, ada) == before


def test_only_an_admin_empties_the_trash(ada: Person, bob: Person, tables: Tables) -> None:
    shared = ada.create("/v1/workspaces", name="Shared")
    tables.add_member(shared["id"], bob.id, role="editor")
    rejected(bob.client.delete(f"/v1/workspaces/{shared['id']}/trash"), 403, "insufficient-role")
    no_content(ada.client.delete(f"/v1/workspaces/{shared['id']}/trash"))


def test_what_is_in_the_trash_for_30_days_is_deleted_for_good(
    ada: Person, garden: dict[str, Any], tables: Tables, module_database_url: str
) -> None:
    inbox = ada.create("tasks", title="Call")["project_id"]
    task, project = garden["tasks"][1], garden["project"]
    delete(ada, "tasks", task)
    delete(ada, "projects", project)
    other = ada.create("tasks", title="Later")
    delete(ada, "tasks", other)
    gone = trash.c.thing_id == UUID(project["id"])
    tables.write(update(trash).where(gone).values(expires_at=NOW.replace(year=2020)))
    rejected(ada.client.post(f"{ada.home}/projects/{project['id']}/restore"), 404, "not-found")
    assert [entry["title"] for entry in trash_of(ada)] == ["Later", "Reap"]
    before = content_bytes(tables, ada)

    purged(module_database_url, trash_purges.purge)

    texts = [("Garden", "Outside"), ("Beds",), ("Sow", "Deep", ""), ("Buy seeds", "", "")]
    assert content_bytes(tables, ada) == before - sum(row_bytes(*each) for each in texts)
    restored = restore(ada, "tasks", task)
    assert (restored["project_id"], restored["section_id"]) == (inbox, None)
    check_payloads(ada, check_log(tables, ada.workspace_id))
