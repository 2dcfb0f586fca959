"""Fifty requests at once: the database lets one succeed, and the others get the right response."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Table, delete, insert, select

from domain.comments import MOST_COMMENTS
from domain.dependencies import MOST_DEPENDENTS
from domain.families import MOST_SUBTASKS
from domain.labels import MOST_LABELS
from domain.sections import MOST_SECTIONS
from domain.task_links import ASSIGNEES, DEPENDENCIES
from persistence import task_links
from persistence.comments import comments
from persistence.labels import labels
from persistence.memberships import members
from persistence.sections import sections
from persistence.sent_statements import BEGIN
from persistence.sessions import sessions
from persistence.task_rows import tasks
from persistence.tokens import personal_tokens
from persistence.users import users
from tests.support.clients import (
    MERGE_PATCH,
    Client,
    Person,
    check,
    created,
    everything,
    new_id,
    ok,
    rejected,
)
from tests.support.logs import check_log, check_payloads
from tests.support.patience import PATIENCE_S
from tests.support.statements import awaited
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

MANY = 50


def at_once(person: Person, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    """The responses to *requests*, each sent on its own connection. All are checked against the contract."""

    async def send() -> list[httpx.Response]:
        async with httpx.AsyncClient(
            base_url=person.client.base_url,
            headers=person.client.headers,
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_connections=len(requests)),
            trust_env=False,
        ) as client:
            return await asyncio.gather(*(client.request(**request) for request in requests))

    responses = asyncio.run(send())
    for response in responses:
        check(response)
    return responses


def statuses(responses: list[httpx.Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def test_identical_creates_under_one_key_leave_one_task_and_equal_responses(ada: Person, tables: Tables) -> None:
    request = {
        "method": "POST",
        "url": f"{ada.home}/tasks",
        "json": {"title": "Sow"},
        "headers": {"Idempotency-Key": new_id()},
    }
    responses = at_once(ada, [request] * MANY)
    assert statuses(responses) == {201: MANY}
    assert (
        len({(response.content, response.headers["etag"], response.headers["location"]) for response in responses}) == 1
    )
    assert everything(ada.client, f"{ada.home}/tasks") == [responses[0].json()]
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_creates_with_one_client_id_leave_one_task(ada: Person, tables: Tables) -> None:
    request = {"method": "POST", "url": f"{ada.home}/tasks", "json": {"title": "Sow", "id": new_id()}}
    responses = at_once(ada, [request] * MANY)
    assert statuses(responses) == {201: 1, 200: MANY - 1}
    assert len({response.content for response in responses}) == 1
    assert everything(ada.client, f"{ada.home}/tasks") == [responses[0].json()]
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_batches_at_once_are_performed_one_after_the_other(ada: Person, tables: Tables) -> None:
    operations = [{"create": {"id": new_id(), "title": "Sow"}}, {"create": {"title": "Reap"}}]
    body = {"mode": "each", "operations": operations}
    responses = at_once(ada, [{"method": "POST", "url": f"{ada.home}/tasks/batch", "json": body}] * 8)
    results = [[each["status"] for each in ok(response)["results"]] for response in responses]
    assert sorted(results) == [[200, 201]] * 7 + [[201, 201]]
    listed = everything(ada.client, f"{ada.home}/tasks")
    assert (len(listed), len({task["position"] for task in listed})) == (9, 9)
    check_log(tables, ada.workspace_id)


def test_different_creates_with_one_id_leave_one_task(ada: Person) -> None:
    client_id = new_id()
    requests = [
        {"method": "POST", "url": f"{ada.home}/tasks", "json": {"title": f"Sow {n}", "id": client_id}}
        for n in range(MANY)
    ]
    responses = at_once(ada, requests)
    assert statuses(responses) == {201: 1, 409: MANY - 1}
    (winner,) = [response for response in responses if response.status_code == 201]
    assert everything(ada.client, f"{ada.home}/tasks") == [winner.json()]


def test_concurrent_creates_of_workspaces_with_one_id_leave_one(ada: Person) -> None:
    request = {"method": "POST", "url": "/v1/workspaces", "json": {"name": "Household", "id": new_id()}}
    assert statuses(at_once(ada, [request] * MANY)) == {201: 1, 200: MANY - 1}
    assert len(everything(ada.client, "/v1/workspaces")) == 2


@pytest.mark.parametrize("what", ["task", "workspace", "account"])
def test_of_concurrent_patches_of_one_version_one_succeeds(ada: Person, tables: Tables, what: str) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    path, name = {"task": (task, "title"), "workspace": (ada.home, "name"), "account": ("/v1/users/me", "name")}[what]
    headers = {"If-Match": ada.client.get(path).headers["etag"], "Content-Type": MERGE_PATCH}
    requests = [
        {"method": "PATCH", "url": path, "json": {name: f"Version {n}"}, "headers": headers} for n in range(MANY)
    ]
    responses = at_once(ada, requests)
    assert statuses(responses) == {200: 1, 412: MANY - 1}
    (winner,) = [response for response in responses if response.status_code == 200]
    assert ok(ada.client.get(path)) == winner.json()
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_concurrent_patches_without_a_condition_all_succeed_one_after_the_other(ada: Person, tables: Tables) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    requests = [
        {"method": "PATCH", "url": path, "json": {"title": f"{n}"}, "headers": {"Content-Type": MERGE_PATCH}}
        for n in range(MANY)
    ]
    responses = at_once(ada, requests)
    assert statuses(responses) == {200: MANY}
    assert sorted(response.json()["revision"] for response in responses) == list(range(3, MANY + 3))
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_tasks_are_completed_before_their_project_is_archived_or_not_at_all(ada: Person, tables: Tables) -> None:
    for _ in range(5):
        garden = ada.create("projects", name="Garden")["id"]
        tasks = [ada.create("tasks", title=f"Sow {n}", project_id=garden)["id"] for n in range(12)]
        requests = [{"method": "POST", "url": f"{ada.home}/tasks/{task}/complete"} for task in tasks]
        requests.insert(len(tasks) // 2, {"method": "POST", "url": f"{ada.home}/projects/{garden}/archive"})
        responses = at_once(ada, requests)
        archived = ok(responses.pop(len(tasks) // 2))
        for response in responses:
            if response.status_code == 200:
                assert response.json()["revision"] < archived["revision"]
            else:
                rejected(response, 409, "project-archived")
        completed = [response.json()["id"] for response in responses if response.status_code == 200]
        listed = everything(ada.client, f"{ada.home}/tasks", project_id=garden, status="completed")
        assert sorted(task["id"] for task in listed) == sorted(completed)
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_of_two_concurrent_moves_that_would_make_a_cycle_one_is_refused(ada: Person, tables: Tables) -> None:
    for _ in range(5):
        one, other = [ada.create("tasks", title=title)["id"] for title in ("One", "Other")]
        ada.create("tasks", title="Below", parent_id=one)
        moves = [(one, other), (other, one)] * 5
        requests = [
            {"method": "POST", "url": f"{ada.home}/tasks/{task}/move", "json": {"parent_id": parent}}
            for task, parent in moves
        ]
        responses = at_once(ada, requests)
        assert statuses(responses) == {200: 5, 422: 5}
        parents = {task: ok(ada.client.get(f"{ada.home}/tasks/{task}"))["parent_id"] for task in (one, other)}
        assert parents in ({one: other, other: None}, {other: one, one: None})
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_concurrent_moves_out_of_and_into_a_tree_keep_it_whole(ada: Person, tables: Tables) -> None:
    """Half of the moves take the tree to another project, the others put a task into it."""
    garden = ada.create("projects", name="Garden")["id"]
    inbox = ada.create("tasks", title="Root")["project_id"]
    root, child = [ada.create("tasks", title=title)["id"] for title in ("Top", "Leaf")]
    requests = [
        {"method": "POST", "url": f"{ada.home}/tasks/{task}/move", "json": to}
        for task, to in ((root, {"project_id": garden}), (child, {"parent_id": root}), (root, {"project_id": inbox}))
    ]
    assert statuses(at_once(ada, requests * 10)) == {200: 30}
    at = [ok(ada.client.get(f"{ada.home}/tasks/{task}")) for task in (root, child)]
    assert (at[1]["parent_id"], at[1]["project_id"]) == (root, at[0]["project_id"])
    check_payloads(ada, check_log(tables, ada.workspace_id))


def copy(tables: Tables, table: Table, thing: dict[str, Any], count: int) -> None:
    """Store *count* things like this one, at positions after it, and if it has a name, with others."""
    ((*values,),) = tables.rows(select(table).where(table.c.id == UUID(thing["id"])))
    row = dict(zip(table.c.keys(), values, strict=True))
    copies = [{**row, "id": UUID(new_id())} for _ in range(count)]
    for number, each in enumerate(copies):
        each |= {name: f"{row[name]}{number:03}V" for name in ("position", "name", "name_key") if name in row}
    tables.write(insert(table).values(copies))
    if thing.get("depends_on_ids"):
        links = task_links.LINKS["depends_on_ids"].table
        keys = {"workspace_id": row["workspace_id"], "depends_on_id": UUID(thing["depends_on_ids"][0])}
        tables.write(insert(links).values([{**keys, "task_id": each["id"]} for each in copies]))


def for_a_label(ada: Person, tables: Tables) -> list[dict[str, Any]]:
    copy(tables, labels, ada.create("labels", name="Urgent"), MOST_LABELS - 2)
    return [{"method": "POST", "url": f"{ada.home}/labels", "json": {"name": f"{n}"}} for n in range(20)]


def for_a_section(ada: Person, tables: Tables) -> list[dict[str, Any]]:
    project_id = ada.create("projects", name="Garden")["id"]
    copy(tables, sections, ada.create("sections", name="Beds", project_id=project_id), MOST_SECTIONS - 2)
    body = {"name": "Paths", "project_id": project_id}
    return [{"method": "POST", "url": f"{ada.home}/sections", "json": body} for _ in range(20)]


def for_a_subtask(ada: Person, tables: Tables) -> list[dict[str, Any]]:
    body = {"title": "Sow", "parent_id": ada.create("tasks", title="Garden")["id"]}
    copy(tables, tasks, ada.create("tasks", **body), MOST_SUBTASKS - 2)
    return [{"method": "POST", "url": f"{ada.home}/tasks", "json": body} for _ in range(20)]


def for_a_comment(ada: Person, tables: Tables) -> list[dict[str, Any]]:
    path = f"tasks/{ada.create('tasks', title='Sow')['id']}/comments"
    copy(tables, comments, ada.create(path, text="Why?"), MOST_COMMENTS - 2)
    return [{"method": "POST", "url": f"{ada.home}/{path}", "json": {"text": "Frost"}} for _ in range(20)]


def for_an_assignee(ada: Person, tables: Tables) -> list[dict[str, Any]]:
    guests = [new_id() for _ in range(ASSIGNEES.most - 1 + 20)]
    for each in guests:
        tables.add_member(ada.workspace_id, each, role="editor")
    task = ada.create("tasks", title="Sow", assignee_ids=guests[20:])
    return [{"method": "PUT", "url": f"{ada.home}/tasks/{task['id']}/assignees/{each}"} for each in guests[:20]]


def for_a_dependency(ada: Person, _tables: Tables) -> list[dict[str, Any]]:
    others = [ada.create("tasks", title=f"{number}")["id"] for number in range(DEPENDENCIES.most - 1 + 20)]
    task = ada.create("tasks", title="Sow", depends_on_ids=others[20:])
    return [{"method": "PUT", "url": f"{ada.home}/tasks/{task['id']}/dependencies/{each}"} for each in others[:20]]


def for_a_dependent(ada: Person, tables: Tables) -> list[dict[str, Any]]:
    dig = ada.create("tasks", title="Dig")["id"]
    copy(tables, tasks, ada.create("tasks", title="Sow", depends_on_ids=[dig]), MOST_DEPENDENTS - 2)
    others = [ada.create("tasks", title=f"{number}")["id"] for number in range(20)]
    return [{"method": "PUT", "url": f"{ada.home}/tasks/{each}/dependencies/{dig}"} for each in others]


@pytest.mark.parametrize(
    "prepare",
    [
        for_a_label,
        for_a_section,
        for_a_subtask,
        for_a_comment,
        for_an_assignee,
        for_a_dependency,
        for_a_dependent,
    ],
)
def test_of_20_concurrent_requests_for_the_last_place_one_succeeds(
    ada: Person, tables: Tables, prepare: Callable[[Person, Tables], list[dict[str, Any]]]
) -> None:
    responses = at_once(ada, prepare(ada, tables))
    assert sum(each.is_success for each in responses) == 1
    for each in responses:
        if not each.is_success:
            rejected(each, 409, "limit-reached")


def test_one_key_on_two_concurrent_requests_belongs_to_one_of_them(ada: Person) -> None:
    headers = {"Idempotency-Key": new_id()}
    requests = [
        {"method": "POST", "url": f"{ada.home}/tasks", "json": {"title": title}, "headers": headers}
        for title in ("Sow", "Reap") * (MANY // 2)
    ]
    responses = at_once(ada, requests)
    assert statuses(responses) == {201: MANY // 2, 422: MANY // 2}
    (task,) = everything(ada.client, f"{ada.home}/tasks")
    assert [response.json() for response in responses if response.status_code == 201] == [task] * (MANY // 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [("tasks", {"title": "Sow"}), ("tasks/batch", {"mode": "each", "operations": [{"create": {"title": "Sow"}}]})],
)
def test_a_member_who_is_removed_while_their_write_waits_for_the_lock_is_rejected(
    ada: Person, bob: Person, tables: Tables, path: str, body: dict[str, Any]
) -> None:
    shared = ada.create("/v1/workspaces", name="Shared")["id"]
    tables.add_member(shared, bob.id, role="editor")
    waits_at = BEGIN if tables.is_sqlite else "SELECT workspaces.head"
    with ThreadPoolExecutor(1) as thread, tables.locked(shared) as run:
        with awaited(waits_at) as waiting:
            write = thread.submit(bob.client.post, f"/v1/workspaces/{shared}/{path}", json=body)
            assert waiting.wait(PATIENCE_S), "the write was admitted, and waits for the lock"
        tables.until_a_lock_is_awaited()
        run(delete(members).where(members.c.workspace_id == UUID(shared), members.c.user_id == UUID(bob.id)))
        assert not write.done()
    rejected(write.result(PATIENCE_S), 404, "not-found")
    assert everything(ada.client, f"/v1/workspaces/{shared}/tasks") == []


@pytest.mark.parametrize("through", ["session", "token"])
def test_a_caller_whose_token_ends_while_their_write_waits_for_the_account_is_rejected(
    ada: Person, client: Client, tables: Tables, through: str
) -> None:
    minted = created(ada.client.post("/v1/tokens", json={"name": "old", "scopes": ["account", "read"]}))
    intruder = client.with_token({"session": ada.tokens["access_token"], "token": minted["token"]}[through])
    ends = {
        "session": delete(sessions).where(sessions.c.id == UUID(ada.tokens["session_id"])),
        "token": delete(personal_tokens).where(personal_tokens.c.id == UUID(minted["id"])),
    }
    waits_at = BEGIN if tables.is_sqlite else "SELECT users.id"
    with ThreadPoolExecutor(1) as thread, tables.locked(ada.id, of=users) as run:
        with awaited(waits_at) as waiting:
            write = thread.submit(intruder.post, "/v1/tokens", json={"name": "new", "scopes": ["read"]})
            assert waiting.wait(PATIENCE_S), "the write was admitted, and waits for the lock"
        tables.until_a_lock_is_awaited()
        run(ends[through])
        assert not write.done()
    rejected(write.result(PATIENCE_S), 401, "unauthenticated")
    assert [name for (name,) in tables.rows(select(personal_tokens.c.name)) if name == "new"] == []
