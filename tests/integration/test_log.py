"""Each write leaves events, in its own transaction, and the log as a whole tells what is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.main import contract_path, make_parts
from app.settings import Settings
from domain.events import end_of
from persistence.change_log import events
from tests.support.checking import read_contract
from tests.support.clients import Person, done, made, ok, refused
from tests.support.logs import check_log, check_payloads, read_log
from tests.support.tables import Tables
from tests.support.writes import WRITES
from tickbox_contract.engine.declared_responses import NonConformingResponseError
from tickbox_contract.openapi.document import Document


def told(tables: Tables, workspace_id: str) -> list[str]:
    """The types of the events of the last change in a workspace."""
    log = read_log(tables, workspace_id)
    return [event.type for event in log if event.revision == log[-1].revision]


TELLS = {
    "update_me": ["member.updated"],
    "update_workspace": ["workspace.updated"],
    "update_member": ["member.updated"],
    "remove_member": ["member.removed"],
    "create_project": ["project.created"],
    "update_project": ["project.updated"],
    "delete_project": ["project.deleted"],
    "archive_project": ["project.archived"],
    "unarchive_project": ["project.unarchived"],
    "create_task": ["task.created"],
    "update_task": ["task.updated"],
    "delete_task": ["task.deleted"],
    "complete_task": ["task.completed"],
    "reopen_task": ["task.reopened"],
}


@pytest.mark.parametrize("operation_id", TELLS)
def test_a_write_tells_what_it_did(ada: Person, tables: Tables, operation_id: str) -> None:
    write = WRITES[operation_id](ada, tables)
    before = len(read_log(tables, write.workspace_id))
    assert write.send().is_success
    assert told(tables, write.workspace_id) == TELLS[operation_id]
    log = check_log(tables, write.workspace_id)
    assert len(log) == before + len(TELLS[operation_id])
    assert log[-1].actor_id == ada.id
    check_payloads(ada, log, home=f"/v1/workspaces/{write.workspace_id}")


def test_every_write_in_a_workspace_is_tried() -> None:
    writes = {
        operation["operationId"]
        for path, item in read_contract()["paths"].items()
        for method, operation in item.items()
        if "{workspace_id}" in path and method in {"post", "put", "patch", "delete"}
    }
    of_invitations = {"create_invitation", "delete_invitation"}  # an e-mail address is in no log
    elsewhere = {"delete_workspace", "leave_workspace"}
    assert writes == TELLS.keys() - {"update_me"} | of_invitations | elsewhere


def test_a_new_account_begins_with_three_events_of_nobody_s(ada: Person, tables: Tables) -> None:
    log = check_log(tables, ada.workspace_id)
    assert [event.type for event in log] == ["workspace.created", "member.added", "project.created"]
    assert {event.actor_id for event in log} == {None}
    check_payloads(ada, log)


def test_a_new_workspace_is_its_founder_s_doing(ada: Person, tables: Tables) -> None:
    workspace = made(ada.client.post("/v1/workspaces", json={"name": "Household"}))
    assert {event.actor_id for event in check_log(tables, workspace["id"])} == {ada.id}


def test_a_project_goes_after_each_of_its_tasks(ada: Person, tables: Tables) -> None:
    project = ada.create("projects", name="Garden")
    inside = {ada.create("tasks", title=title, project_id=project["id"])["id"] for title in "abc"}
    ada.create("tasks", title="outside")
    done(ada.client.delete(f"{ada.home}/projects/{project['id']}"))
    *gone, last = [event for event in check_log(tables, ada.workspace_id) if event.revision == ada.head()]
    assert {(event.type, event.entity_id) for event in gone} == {("task.deleted", task) for task in inside}
    assert (last.type, last.entity_id, last.payload) == ("project.deleted", project["id"], {"id": project["id"]})


def test_a_write_that_changes_nothing_tells_nothing(ada: Person, tables: Tables) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    before = read_log(tables, ada.workspace_id)
    ok(ada.client.post(f"{task}/reopen"))
    ok(ada.client.merge(task, {"title": "Sow"}))
    refused(ada.client.merge(task, {"title": ""}), 422, "invalid-body")
    assert read_log(tables, ada.workspace_id) == before


def test_a_new_name_is_told_in_each_workspace_of_a_person_s(ada: Person, bob: Person, tables: Tables) -> None:
    shared = made(bob.client.post("/v1/workspaces", json={"name": "Shared"}))
    tables.add_member(shared["id"], ada.id, role="editor")
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    for workspace_id in (ada.workspace_id, shared["id"]):
        (event,) = [event for event in read_log(tables, workspace_id) if event.type == "member.updated"]
        assert (event.entity_id, event.actor_id) == (ada.id, ada.id)
        assert event.payload is not None
        assert (event.payload["name"], event.payload["revision"]) == ("Ada King", event.revision)


def test_a_person_who_goes_is_forgotten_by_the_logs_of_others(ada: Person, bob: Person, tables: Tables) -> None:
    shared = made(bob.client.post("/v1/workspaces", json={"name": "Shared"}))
    tables.add_member(shared["id"], ada.id, role="editor")
    ok(ada.client.merge("/v1/users/me", {"name": "Augusta"}))
    done(ada.client.delete("/v1/users/me"))
    mine = [event for event in read_log(tables, shared["id"]) if event.entity_id == ada.id]
    assert [(event.type, event.payload) for event in mine] == [
        ("member.updated", None),
        ("member.removed", {"id": ada.id}),
    ]
    assert not tables.holds_text("Augusta")


def test_a_workspace_takes_its_log_along(ada: Person, tables: Tables) -> None:
    workspace = made(ada.client.post("/v1/workspaces", json={"name": "Household"}))
    done(ada.client.delete(f"/v1/workspaces/{workspace['id']}"))
    assert read_log(tables, workspace["id"]) == []


def test_no_e_mail_address_is_in_any_log(ada: Person, tables: Tables) -> None:
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    bodies: list[Any] = [body for (body,) in tables.rows(select(func.coalesce(events.c.body, "")))]
    assert bodies
    assert not [body for body in bodies if "@" in body]


def test_an_event_that_breaks_the_contract_is_held_back_unless_it_is_only_to_be_reported() -> None:
    document = Document.parse(Document.read(contract_path()).raw)
    document.root["components"]["schemas"]["Gone"]["required"] = ["id", "when"]
    end = end_of("task.deleted", UUID(int=1), workspace_id=UUID(int=2), revision=3)
    settings = Settings(database_url="sqlite:///var/never-opened.db")
    with pytest.raises(NonConformingResponseError):
        make_parts(settings, document).dependencies.encode_event(end)
    reporting = settings.model_copy(update={"response_check": "report"})
    assert str(UUID(int=1)) in make_parts(reporting, document).dependencies.encode_event(end)


def test_an_event_says_a_description_only_where_it_changed(ada: Person, tables: Tables) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow', description='long')['id']}"
    garden = f"{ada.home}/projects/{ada.create('projects', name='Garden', description='long')['id']}"
    ok(ada.client.merge(task, {"title": "Sow beans"}))
    ok(ada.client.post(f"{task}/complete"))
    ok(ada.client.merge(task, {"description": "longer"}))
    ok(ada.client.post(f"{garden}/archive"))
    log = check_log(tables, ada.workspace_id)
    check_payloads(ada, log)
    said = [(event.type, (event.payload or {}).get("description")) for event in log[-6:]]
    assert said == [
        ("task.created", "long"),
        ("project.created", "long"),
        ("task.updated", None),
        ("task.completed", None),
        ("task.updated", "longer"),
        ("project.archived", None),
    ]
