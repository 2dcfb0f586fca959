"""How many open tasks and projects a workspace has at most, under races, too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from domain.projects import MOST_PROJECTS
from domain.quotas import MOST_OPEN_TASKS
from persistence.memberships import workspaces
from persistence.projects import projects
from persistence.task_rows import tasks
from tests.support.clients import Client, Person, created, new_id, no_content, ok, rejected
from tests.support.defaults import NOON
from tests.support.tables import Tables

MANY = 20
pytestmark = pytest.mark.unmeasured


def counted(tables: Tables, person: Person) -> int:
    """The open tasks of the personal workspace by its row, which are as many as there are."""
    here = UUID(person.workspace_id)
    ((stored,),) = tables.rows(select(workspaces.c.open_tasks).where(workspaces.c.id == here))
    is_open = (tasks.c.workspace_id == here, tasks.c.status == "open", tasks.c.trash_id.is_(None))
    assert tables.rows(select(func.count()).select_from(tasks).where(*is_open)) == [(stored,)]
    return int(stored)


def set_open(tables: Tables, person: Person, count: int) -> None:
    """Let the workspace's row say that it has so many."""
    tables.write(update(workspaces).where(workspaces.c.id == UUID(person.workspace_id)).values(open_tasks=count))


def at_once(person: Person, server: str, path: str, bodies: list[dict[str, Any]]) -> list[int]:
    """The statuses of POSTs that are sent at the same time."""

    def send(body: dict[str, Any]) -> int:
        with Client(server) as client:
            return client.with_token(person.tokens["access_token"]).post(f"{person.home}/{path}", json=body).status_code

    with ThreadPoolExecutor(len(bodies)) as pool:
        return sorted(pool.map(send, bodies))


def test_the_count_is_right_whatever_happens_to_tasks(ada: Person, tables: Tables) -> None:
    project = ada.create("projects", name="Garden")["id"]
    root = ada.create("tasks", title="Plant", project_id=project)["id"]
    children = [ada.create("tasks", title="Dig", parent_id=root)["id"] for _ in range(3)]
    other = ada.create("tasks", title="Buy")["id"]
    path = f"{ada.home}/tasks"
    assert counted(tables, ada) == 5
    ok(ada.client.post(f"{path}/{children[0]}/cancel"))
    ok(ada.client.post(f"{path}/{children[0]}/complete"))
    assert counted(tables, ada) == 4
    ok(ada.client.post(f"{path}/{root}/complete"))
    assert counted(tables, ada) == 1
    ok(ada.client.post(f"{path}/{root}/reopen"))
    assert counted(tables, ada) == 4
    no_content(ada.client.delete(f"{path}/{children[1]}"))
    assert counted(tables, ada) == 3
    no_content(ada.client.delete(f"{ada.home}/projects/{project}"))
    assert counted(tables, ada) == 1
    ok(ada.client.post(f"{ada.home}/projects/{project}/restore"))
    assert counted(tables, ada) == 3
    ok(ada.client.post(f"{path}/{children[1]}/restore"))
    operations = [{"create": {"title": "Sow"}}, {"complete": {"task_id": other}}, {"delete": {"task_id": root}}]
    ok(ada.client.post(f"{path}/batch", json={"operations": operations}))
    assert counted(tables, ada) == 1


def test_the_last_open_task_is_created_by_one_of_many_clients(ada: Person, tables: Tables, server: str) -> None:
    set_open(tables, ada, MOST_OPEN_TASKS - 1)
    bodies = [{"title": str(number)} for number in range(MANY)]
    assert at_once(ada, server, "tasks", bodies) == [201, *[409] * (MANY - 1)]
    refused = ada.client.post(f"{ada.home}/tasks", json={"title": "One more"})
    rejected(refused, 409, "limit-reached")
    assert "100000 open tasks" in refused.json()["detail"]
    set_open(tables, ada, 1)
    assert counted(tables, ada) == 1


def test_reopening_and_restoring_cannot_cross_the_limit_and_change_nothing(ada: Person, tables: Tables) -> None:
    path = f"{ada.home}/tasks"
    root = ada.create("tasks", title="Plant")["id"]
    for _ in range(2):
        ada.create("tasks", title="Dig", parent_id=root)
    deleted, done = (ada.create("tasks", title=title)["id"] for title in ("Deleted", "Done"))
    ok(ada.client.post(f"{path}/{root}/complete"))
    ok(ada.client.post(f"{path}/{done}/complete"))
    no_content(ada.client.delete(f"{path}/{deleted}"))
    set_open(tables, ada, MOST_OPEN_TASKS - 2)
    before = tables.digest()
    rejected(ada.client.post(f"{path}/{root}/reopen"), 409, "limit-reached")
    reopen = [{"reopen": {"task_id": each}} for each in (done, root)]
    rejected(ada.client.post(f"{path}/batch", json={"operations": reopen}), 409, "limit-reached")
    assert tables.digest() == before
    each = ok(ada.client.post(f"{path}/batch", json={"operations": reopen, "mode": "each"}))
    assert [result["status"] for result in each["results"]] == [200, 409]
    ok(ada.client.post(f"{path}/{deleted}/restore"))
    rejected(ada.client.post(path, json={"title": "One more"}), 409, "limit-reached")
    ok(ada.client.merge(f"{path}/{done}", {"title": "Changed"}))
    no_content(ada.client.delete(f"{path}/{done}"))
    created(ada.client.post(path, json={"title": "One more"}))


def fill_with_projects(tables: Tables, person: Person, count: int) -> None:
    values = {"workspace_id": UUID(person.workspace_id), "description": "", "is_inbox": False, "revision": 1}
    times = dict.fromkeys(("created_at", "updated_at"), NOON)
    rows = [{"id": UUID(new_id()), "name": str(n), "position": f"b{n:04}"} for n in range(count)]
    tables.write(insert(projects).values([{**values, **times, **row} for row in rows]))


def test_the_last_project_is_created_by_one_of_many_clients(ada: Person, tables: Tables, server: str) -> None:
    first = ada.create("projects", name="First")["id"]
    ok(ada.client.post(f"{ada.home}/projects/{first}/archive"))
    fill_with_projects(tables, ada, MOST_PROJECTS - 3)
    bodies = [{"name": str(number)} for number in range(MANY)]
    assert at_once(ada, server, "projects", bodies) == [201, *[409] * (MANY - 1)]
    no_content(ada.client.delete(f"{ada.home}/projects/{first}"))
    created(ada.client.post(f"{ada.home}/projects", json={"name": "Another"}))
    rejected(ada.client.post(f"{ada.home}/projects/{first}/restore"), 409, "limit-reached")
