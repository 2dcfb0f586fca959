"""The assignees of tasks, who are members of the workspace, always."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from persistence.memberships import members
from persistence.repositories import metadata
from tests.support.clients import Client, Person, created, everything, no_content, ok, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"
ROUNDS = 10


@pytest.fixture
def home(ada: Person, bob: Person, tables: Tables) -> str:
    """The path of a workspace of Ada's in which Bob is a viewer."""
    shared = ada.create("/v1/workspaces", name="Household")["id"]
    tables.add_member(shared, bob.id, role="viewer")
    return f"/v1/workspaces/{shared}"


def test_a_task_is_assigned_to_members_in_any_role(ada: Person, bob: Person, home: str) -> None:
    body = {"title": "Dust", "assignee_ids": [bob.id.upper(), ada.id]}
    task = created(ada.client.post(f"{home}/tasks", json=body))
    path = f"{home}/tasks/{task['id']}"
    assert task["assignee_ids"] == sorted([ada.id, bob.id])
    assert ok(ada.client.merge(path, {"title": "Dust all"}))["assignee_ids"] == task["assignee_ids"]
    replaced = ok(ada.client.merge(path, {"assignee_ids": [bob.id]}))
    assert replaced["assignee_ids"] == [bob.id]
    no_content(ada.client.put(f"{path}/assignees/{bob.id}"))
    assert ok(bob.client.get(path)) == replaced
    no_content(ada.client.delete(f"{path}/assignees/{bob.id}"))
    no_content(ada.client.delete(f"{path}/assignees/{bob.id}"))
    now = ok(ada.client.get(path))
    assert (now["assignee_ids"], now["revision"]) == ([], replaced["revision"] + 1)


def test_an_assignee_who_is_not_a_member_is_refused_where_the_body_names_them(
    ada: Person, bob: Person, home: str
) -> None:
    wrong = {"#/assignee_ids/1 member", "#/assignee_ids/2 member"}
    body = {"title": "Dust", "assignee_ids": [bob.id, UNKNOWN_ID, UNKNOWN_ID.replace("019", "018")]}
    assert rejected(ada.client.post(f"{home}/tasks", json=body), 422, "invalid-body") == wrong
    task = ada.create(f"{home}/tasks", title="Dust")
    path = f"{home}/tasks/{task['id']}"
    assert rejected(ada.client.merge(path, {"assignee_ids": body["assignee_ids"]}), 422, "invalid-body") == wrong
    rejected(ada.client.put(f"{path}/assignees/{UNKNOWN_ID}"), 404, "not-found")
    rejected(ada.client.put(f"{home}/tasks/{UNKNOWN_ID}/assignees/{bob.id}"), 404, "not-found")
    assert ok(ada.client.get(path)) == task
    too_many = [f"019cb308-6dc0-7c38-8e5d-{number:012x}" for number in range(21)]
    refused = ada.client.merge(path, {"assignee_ids": too_many})
    assert rejected(refused, 422, "invalid-body") == {"#/assignee_ids max-items"}


def test_in_a_personal_workspace_only_its_owner_is_an_assignee(ada: Person, bob: Person) -> None:
    task = ada.create("tasks", title="Dust", assignee_ids=[ada.id])
    path = f"{ada.home}/tasks/{task['id']}/assignees"
    rejected(ada.client.put(f"{path}/{bob.id}"), 404, "not-found")
    no_content(ada.client.put(f"{path}/{ada.id}"))


@pytest.mark.on_each_database
def test_a2_assignees_are_added_without_replacing_the_list(ada: Person, bob: Person, home: str, server: str) -> None:
    """Two clients add assignees at once, and the task has both."""
    task = ada.create(f"{home}/tasks", title="Dust")
    path = f"{home}/tasks/{task['id']}"

    def add(user_id: str) -> int:
        with Client(server) as client:
            return client.with_token(ada.tokens["access_token"]).put(f"{path}/assignees/{user_id}").status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(add, (ada.id, bob.id))) == [204, 204]
    now = ok(ada.client.get(path))
    assert (now["assignee_ids"], now["revision"]) == (sorted([ada.id, bob.id]), task["revision"] + 2)


GO: dict[str, Callable[[Person, Person, str], Any]] = {
    "removed": lambda ada, bob, home: no_content(ada.client.delete(f"{home}/members/{bob.id}")),
    "left": lambda _ada, bob, home: no_content(bob.client.delete(f"{home}/members/me")),
    "deleted": lambda _ada, bob, _home: no_content(bob.client.delete("/v1/users/me")),
}


@pytest.mark.parametrize("how", GO)
def test_whoever_leaves_is_unassigned_in_the_same_change(
    ada: Person, bob: Person, home: str, tables: Tables, how: str
) -> None:
    task = ada.create(f"{home}/tasks", title="Dust", assignee_ids=[ada.id, bob.id])
    other = ada.create(f"{home}/tasks", title="Mop", assignee_ids=[ada.id])

    GO[how](ada, bob, home)

    now = ok(ada.client.get(f"{home}/tasks/{task['id']}"))
    assert (now["assignee_ids"], now["revision"]) == ([ada.id], other["revision"] + 1)
    assert ok(ada.client.get(f"{home}/tasks/{other['id']}")) == other
    log = check_log(tables, home.rpartition("/")[2])
    assert [(event.type, event.revision) for event in log[-2:]] == [
        ("task.updated", now["revision"]),
        ("member.removed", now["revision"]),
    ]


@pytest.mark.on_each_database
@pytest.mark.unmeasured
@pytest.mark.parametrize("how", GO)
def test_whoever_is_assigned_while_they_leave_is_a_member_or_is_not_assigned(
    ada: Person, bob: Person, home: str, tables: Tables, how: str
) -> None:
    """Each write is sent while the member leaves, and comes before or after that."""
    tasks = [ada.create(f"{home}/tasks", title="Dust")["id"] for _ in range(ROUNDS)]

    def assign(number: int) -> int:
        path = f"{home}/tasks/{tasks[number]}"
        with Client(str(ada.client.base_url)) as client:
            mine = client.with_token(ada.tokens["access_token"])
            if number % 2:
                return mine.put(f"{path}/assignees/{bob.id}").status_code
            return mine.merge(path, {"assignee_ids": [bob.id]}).status_code

    with ThreadPoolExecutor(ROUNDS + 1) as pool:
        answers = [pool.submit(assign, number) for number in range(ROUNDS // 2)]
        leaving = pool.submit(GO[how], ada, bob, home)
        answers += [pool.submit(assign, number) for number in range(ROUNDS // 2, ROUNDS)]
        leaving.result()
    assert {answer.result() for answer in answers} <= {200, 204, 404, 422}
    assert {tuple(task["assignee_ids"]) for task in everything(ada.client, f"{home}/tasks")} == {()}
    check_payloads(ada, check_log(tables, home.rpartition("/")[2]), home=home)


def test_nothing_of_a_deleted_account_is_left_in_any_table_but_the_log(
    ada: Person, bob: Person, home: str, tables: Tables
) -> None:
    ada.create(f"{home}/tasks", title="Dust", assignee_ids=[bob.id])
    bob.create("tasks", title="Mop", assignee_ids=[bob.id])
    no_content(bob.client.delete("/v1/users/me"))
    assert tables.rows(select(members.c.role).where(members.c.user_id == UUID(bob.id))) == []
    assigned = metadata.tables["task_assignees"]
    here = UUID(home.rpartition("/")[2])
    assert tables.rows(select(assigned).where(assigned.c.workspace_id == here)) == []
