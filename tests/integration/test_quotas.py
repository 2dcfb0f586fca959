"""How much one workspace may store: its content, its log, and the responses that are kept for it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from app.main import URN_PREFIX, build
from app.settings import Settings
from domain.quotas import ROW_BYTES
from persistence.events import events
from persistence.memberships import workspaces
from persistence.projects import projects
from persistence.task_rows import tasks
from tests.support.clients import Person, created, everything, new_id, no_content, ok, rejected
from tests.support.logs import read_log
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = pytest.mark.unmeasured

QUOTA_BYTES = 1024 * 1024
LONG = "\U0001f600" * 16_000
LONG_BYTES = 64_000


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[str]:
    """A server whose workspaces may store one mebibyte each."""
    settings = Settings(database_url=module_database_url, workspace_quota_bytes=QUOTA_BYTES, **UNHINDERED)
    application = build(settings, background=False, contract=our_contract(), passwords=quick_passwords())
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


def usage(tables: Tables, person: Person) -> tuple[int, int, int]:
    columns = (workspaces.c.content_bytes, workspaces.c.log_bytes, workspaces.c.kept_bytes)
    (row,) = tables.rows(select(*columns).where(workspaces.c.id == UUID(person.workspace_id)))
    return row[0], row[1], row[2]


def counted(tables: Tables, person: Person) -> tuple[int, int]:
    """The bytes of the rows of the personal workspace, counted row by row."""
    here = UUID(person.workspace_id)
    content = [
        *tables.rows(select(tasks.c.title, tasks.c.description).where(tasks.c.workspace_id == here)),
        *tables.rows(select(projects.c.name, projects.c.description).where(projects.c.workspace_id == here)),
    ]
    log = tables.rows(select(events.c.body).where(events.c.workspace_id == here))
    return (
        sum(ROW_BYTES + len("".join(texts).encode()) for texts in content),
        sum(len(body.encode()) for (body,) in log if body is not None),
    )


def fill(person: Person, *, project_id: str | None = None) -> list[str]:
    """Create tasks until there is no room for another. Their ids."""
    more = {} if project_id is None else {"project_id": project_id}
    return [person.create("tasks", title="long", description=LONG, **more)["id"] for _ in range(QUOTA_BYTES // 64_400)]


def test_a_full_workspace_rejects_new_content_until_something_is_purged(ada: Person, tables: Tables) -> None:
    ids = fill(ada)
    before = tables.digest()
    long = {"title": "one more", "description": LONG}
    response = ada.client.post(f"{ada.home}/tasks", json=long)
    rejected(response, 409, "workspace-full")
    assert "Delete tasks or projects" in response.json()["detail"]
    rejected(ada.client.post(f"{ada.home}/projects", json={"name": "x", "description": LONG}), 409, "workspace-full")
    assert tables.digest() == before
    no_content(ada.client.delete(f"{ada.home}/tasks/{ids[0]}"))
    rejected(ada.client.post(f"{ada.home}/tasks", json=long), 409, "workspace-full")
    no_content(ada.client.delete(f"{ada.home}/trash"))
    created(ada.client.post(f"{ada.home}/tasks", json=long))


def test_a_batch_is_full_at_the_operation_that_would_be_rejected_alone(ada: Person, tables: Tables) -> None:
    ids = fill(ada)
    path, head = f"{ada.home}/tasks/batch", ada.head()
    long = {"create": {"title": "one more", "description": LONG}}
    shorter = {"update": {"task_id": ids[0], "body": {"description": ""}}}
    operations = [{"reopen": {"task_id": ids[1]}}, long, shorter, long]
    full = ada.client.post(path, json={"operations": operations})
    assert rejected(full, 409, "workspace-full") == {"#/operations/1 workspace-full"}
    batch = ok(ada.client.post(path, json={"operations": operations, "mode": "each"}))
    assert [result["status"] for result in batch["results"]] == [200, 409, 200, 201]
    assert batch["revision"] == ada.head() == head + 1
    content, log, _ = usage(tables, ada)
    assert (content, log) == counted(tables, ada)


def test_content_of_a_full_workspace_may_shrink_and_be_completed_and_may_not_grow(ada: Person) -> None:
    ids = fill(ada)
    task = f"{ada.home}/tasks/{ids[0]}"
    short = f"{ada.home}/tasks/{ada.create('tasks', title='short')['id']}"
    rejected(ada.client.merge(short, {"description": LONG}), 409, "workspace-full")
    ok(ada.client.post(f"{task}/complete"))
    ok(ada.client.merge(task, {"description": ""}))
    ok(ada.client.merge(short, {"description": LONG}))


def test_purging_a_project_frees_the_room_of_its_tasks(ada: Person, tables: Tables) -> None:
    garden = ada.create("projects", name="Garden", description="x")["id"]
    empty = usage(tables, ada)[0]
    fill(ada, project_id=garden)
    no_content(ada.client.delete(f"{ada.home}/projects/{garden}"))
    no_content(ada.client.delete(f"{ada.home}/trash"))
    assert usage(tables, ada)[0] == empty - ROW_BYTES - len("Garden" + "x")


def test_the_count_matches_the_rows(ada: Person, tables: Tables) -> None:
    garden = f"{ada.home}/projects/{ada.create('projects', name='Gärten', description='x' * 100)['id']}"
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Säen', description='y' * 300)['id']}"
    ok(ada.client.merge(task, {"title": "Sow", "description": "z"}))
    ok(ada.client.post(f"{task}/complete"))
    ok(ada.client.merge(garden, {"name": "Gardens of the north"}))
    ok(ada.client.post(f"{garden}/archive"))
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    no_content(ada.client.delete(task))
    assert usage(tables, ada)[:2] == counted(tables, ada)


def test_a_long_log_loses_its_oldest_bodies_and_no_event(ada: Person, tables: Tables) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    for number in range(40):
        ok(ada.client.merge(task, {"title": str(number), "description": f"{LONG}{number}"}))
        assert usage(tables, ada)[1] <= QUOTA_BYTES
    log = read_log(tables, ada.workspace_id)
    assert sorted({event.revision for event in log}) == list(range(1, ada.head() + 1))
    without = [event.payload is None for event in log]
    assert without == sorted(without, reverse=True)
    assert 5 < without.count(False) < 20
    assert {event.actor_id for event in log if event.revision > 1} == {ada.id}
    assert usage(tables, ada)[:2] == counted(tables, ada)
    assert [task["title"] for task in everything(ada.client, f"{ada.home}/tasks")] == ["39"]


def test_kept_responses_are_bounded(ada: Person, tables: Tables) -> None:
    random = Random(1)  # noqa: S311  # what cannot be compressed, and not what cannot be guessed
    incompressible = "".join(chr(0x1F300 + random.randrange(0x300)) for _ in range(16_000))
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow', description=incompressible)['id']}"
    responses = [ada.client.merge(task, {"title": "Sow"}, Idempotency_Key=new_id()) for _ in range(60)]
    statuses = [response.status_code for response in responses]
    assert statuses == sorted(statuses)
    assert set(statuses) == {200, 409}
    rejected(responses[-1], 409, "workspace-full")
    assert "without a key" in responses[-1].json()["detail"]
    assert "Delete" not in responses[-1].json()["detail"]
    assert usage(tables, ada)[2] <= QUOTA_BYTES
    ok(ada.client.merge(task, {"title": "Sow"}))


def test_a_kept_response_of_long_texts_is_returned_unchanged(ada: Person) -> None:
    body = {"title": "Sow", "description": "long " * 3000}
    responses = [
        created(ada.client.post(f"{ada.home}/tasks", json=body, headers={"Idempotency-Key": "k"})) for _ in range(2)
    ]
    assert responses[0] == responses[1]
    assert responses[0]["description"] == body["description"]


def test_responses_that_are_kept_for_a_viewer_leave_the_room_of_others(
    ada: Person, bob: Person, tables: Tables
) -> None:
    shared = ada.create("/v1/workspaces", name="Household")["id"]
    tables.add_member(shared, bob.id, role="viewer")
    task = f"/v1/workspaces/{shared}/tasks/{ada.create(f'/v1/workspaces/{shared}/tasks', title='Sow')['id']}"
    kept = select(workspaces.c.kept_bytes).where(workspaces.c.id == UUID(shared))
    for person, counts in ((bob, False), (ada, True)):
        before = tables.rows(kept)
        body, key = {"before_due": 30}, {"Idempotency-Key": "k"}
        first = created(person.client.post(f"{task}/reminders", json=body, headers=key))
        assert created(person.client.post(f"{task}/reminders", json=body, headers=key)) == first
        assert (tables.rows(kept) > before) is counts
