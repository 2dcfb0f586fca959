"""Each write leaves events, in its own transaction, and the log as a whole matches the data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.main import contract_path, make_parts
from app.settings import Settings
from domain.events import end_of
from persistence import erasures
from persistence.events import events
from tests.support.checking import read_contract
from tests.support.clients import Person, created, no_content, ok, rejected
from tests.support.logs import check_log, check_payloads, read_log, read_logs
from tests.support.prepared import OPERATIONS, WRITES
from tests.support.purging import purged
from tests.support.tables import Tables
from tickbox_contract.engine.violations import NonConformingResponseError
from tickbox_contract.openapi.document import Document

pytestmark = pytest.mark.unmeasured

WRITING = {name: operation.events for name, operation in OPERATIONS.items() if operation.events}
"""The events that each operation writes according to the contract: its `x-events`."""
RARE = {
    "restore_project": {"project.moved", "task.moved"},
    "restore_section": {"section.moved", "task.moved"},
    "restore_label": {"label.moved"},
    "restore_task": {"task.moved"},
    "skip_task": {"task.completed"},
}
"""What an operation writes only if neighbours make room for what comes back: tests/unit/test_restored_places.py; and
only at the end of a series: tests/unit/test_occurrences.py."""
WITHOUT_EVENTS = {
    "create_invitation": "an e-mail address is in no log",
    "delete_invitation": "the same",
    "delete_workspace": "the log is deleted with the workspace",
    "empty_trash": "what is purged was deleted before, with its events",
    "create_reminder": "a reminder is its owner's, and nobody else's business",
    "update_reminder": "the same",
    "delete_reminder": "the same",
}
"""Writes in a workspace without an event, each with the reason."""


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", WRITING)
def test_a_write_leaves_the_events_that_the_contract_names(
    ada: Person, tables: Tables, module_database_url: str, operation_id: str
) -> None:
    write = WRITES[operation_id](ada, tables)
    before = read_logs(tables)
    assert write.send().is_success
    purged(module_database_url, erasures.purge)  # the log is deleted with the workspace
    new = {
        workspace_id: log[len(before.get(workspace_id, ())) :]
        for workspace_id, log in read_logs(tables).items()
        if log != before.get(workspace_id)
    }
    types = [event.type for log in new.values() for event in log]
    assert sorted(types) == sorted(set(WRITING[operation_id]) - RARE.get(operation_id, set())), (
        f"{operation_id} wrote {types}: `x-events` of the operation in spec/openapi.yaml must name these, each once. If"
        " the request should have had other effects, see tests/support/request_values.py and BEFORE in"
        " tests/support/prepared.py"
    )
    for workspace_id, log in new.items():
        assert {event.revision for event in log} == {log[-1].revision}
        assert {event.actor_id for event in log} == {None if operation_id == "register_user" else ada.id}
        whole = check_log(tables, workspace_id)
        assert whole[-len(log) :] == log
        if operation_id != "register_user":
            check_payloads(write.witness, whole, home=f"/v1/workspaces/{workspace_id}")


def test_every_write_in_a_workspace_names_its_events() -> None:
    silent = {name for name in WRITES if OPERATIONS[name].in_workspace and not OPERATIONS[name].events}
    assert silent == WITHOUT_EVENTS.keys(), (
        "each operation that writes in a workspace has `x-events` in spec/openapi.yaml, or a reason in WITHOUT_EVENTS"
        " of tests/integration/test_log.py"
    )


def test_every_event_is_written_by_an_operation() -> None:
    described = read_contract()["components"]["x-events"]
    assert {kind for kinds in WRITING.values() for kind in kinds} == described.keys()


def test_a_new_account_begins_with_three_events_without_a_user(ada: Person, tables: Tables) -> None:
    log = check_log(tables, ada.workspace_id)
    assert [event.type for event in log] == ["workspace.created", "member.added", "project.created"]
    assert {event.actor_id for event in log} == {None}
    check_payloads(ada, log)


def test_the_events_of_a_new_workspace_name_its_creator(ada: Person, tables: Tables) -> None:
    workspace = created(ada.client.post("/v1/workspaces", json={"name": "Household"}))
    assert {event.actor_id for event in check_log(tables, workspace["id"])} == {ada.id}


def test_a_project_is_deleted_after_each_of_its_tasks(ada: Person, tables: Tables) -> None:
    project = ada.create("projects", name="Garden")
    inside = {ada.create("tasks", title=title, project_id=project["id"])["id"] for title in "abc"}
    ada.create("tasks", title="outside")
    no_content(ada.client.delete(f"{ada.home}/projects/{project['id']}"))
    *deleted, last = [event for event in check_log(tables, ada.workspace_id) if event.revision == ada.head()]
    assert {(event.type, event.entity_id) for event in deleted} == {("task.deleted", task) for task in inside}
    assert (last.type, last.entity_id, last.payload) == ("project.deleted", project["id"], {"id": project["id"]})


def test_a_write_that_changes_nothing_leaves_no_event(ada: Person, tables: Tables) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    before = read_log(tables, ada.workspace_id)
    ok(ada.client.post(f"{task}/reopen"))
    ok(ada.client.merge(task, {"title": "Sow"}))
    rejected(ada.client.merge(task, {"title": ""}), 422, "invalid-body")
    assert read_log(tables, ada.workspace_id) == before


def test_a_new_name_is_logged_in_each_workspace_of_the_user(ada: Person, bob: Person, tables: Tables) -> None:
    shared = created(bob.client.post("/v1/workspaces", json={"name": "Shared"}))
    tables.add_member(shared["id"], ada.id, role="editor")
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    for workspace_id in (ada.workspace_id, shared["id"]):
        (event,) = [event for event in read_log(tables, workspace_id) if event.type == "member.updated"]
        assert (event.entity_id, event.actor_id) == (ada.id, ada.id)
        assert event.payload is not None
        assert (event.payload["name"], event.payload["revision"]) == ("Ada King", event.revision)


def test_a_deleted_user_is_erased_from_the_logs_of_others(ada: Person, bob: Person, tables: Tables) -> None:
    shared = created(bob.client.post("/v1/workspaces", json={"name": "Shared"}))
    tables.add_member(shared["id"], ada.id, role="editor")
    ok(ada.client.merge("/v1/users/me", {"name": "Augusta"}))
    no_content(ada.client.delete("/v1/users/me"))
    mine = [event for event in read_log(tables, shared["id"]) if event.entity_id == ada.id]
    assert [(event.type, event.payload) for event in mine] == [
        ("member.updated", None),
        ("member.removed", {"id": ada.id}),
    ]
    assert not tables.holds_text("Augusta")


def test_the_log_is_deleted_with_its_workspace(ada: Person, tables: Tables, module_database_url: str) -> None:
    workspace = created(ada.client.post("/v1/workspaces", json={"name": "Household"}))
    no_content(ada.client.delete(f"/v1/workspaces/{workspace['id']}"))
    rejected(ada.client.get(f"/v1/workspaces/{workspace['id']}/tasks"), 404, "not-found")
    purged(module_database_url, erasures.purge)
    assert read_log(tables, workspace["id"]) == []


def test_no_email_address_is_in_any_log(ada: Person, tables: Tables) -> None:
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    bodies: list[Any] = [body for (body,) in tables.rows(select(func.coalesce(events.c.body, "")))]
    assert bodies
    assert not [body for body in bodies if "@" in body]


def test_an_event_that_violates_the_contract_is_not_written_unless_violations_are_only_reported() -> None:
    document = Document.parse(Document.read(contract_path()).raw)
    document.root["components"]["schemas"]["Gone"]["required"] = ["id", "when"]
    end = end_of("task.deleted", UUID(int=1), workspace_id=UUID(int=2), revision=3)
    settings = Settings(database_url="sqlite:///var/never-opened.db")
    with pytest.raises(NonConformingResponseError):
        make_parts(settings, document).dependencies.encode_event(end)
    reporting = settings.model_copy(update={"response_check": "report"})
    assert str(UUID(int=1)) in make_parts(reporting, document).dependencies.encode_event(end)


def test_an_event_has_a_description_only_if_it_changed(ada: Person, tables: Tables) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow', description='long')['id']}"
    garden = f"{ada.home}/projects/{ada.create('projects', name='Garden', description='long')['id']}"
    ok(ada.client.merge(task, {"title": "Sow beans"}))
    ok(ada.client.post(f"{task}/complete"))
    ok(ada.client.merge(task, {"description": "longer"}))
    ok(ada.client.post(f"{garden}/archive"))
    log = check_log(tables, ada.workspace_id)
    check_payloads(ada, log)
    descriptions = [(event.type, (event.payload or {}).get("description")) for event in log[-6:]]
    assert descriptions == [
        ("task.created", "long"),
        ("project.created", "long"),
        ("task.updated", None),
        ("task.completed", None),
        ("task.updated", "longer"),
        ("project.archived", None),
    ]
