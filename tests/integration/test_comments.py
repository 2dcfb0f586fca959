"""Comments on tasks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.clients import Client, Person, created, everything, new_email, new_id, no_content, ok, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


@pytest.fixture
def shared(ada: Person, bob: Person, tables: Tables) -> str:
    """The path of the comments of a task, in a workspace of Ada's in which Bob is an editor."""
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    invitation = ada.create(f"{home}/invitations", email=new_email(), role="editor")
    ok(bob.client.post("/v1/invitations/accept", json={"token": tables.send_invitation(invitation["id"])}))
    return f"{home}/tasks/{ada.create(f'{home}/tasks', title='Sow')['id']}/comments"


def test_comments_are_listed_oldest_first(ada: Person, bob: Person, shared: str) -> None:
    response = bob.client.post(shared, json={"text": "Not before the **frost** is over."})
    comment = created(response)
    assert comment == {
        "id": comment["id"],
        "workspace_id": shared.split("/")[3],
        "task_id": shared.split("/")[5],
        "author_id": bob.id,
        "text": "Not before the **frost** is over.",
        "created_at": comment["created_at"],
        "edited_at": None,
        "revision": comment["revision"],
    }
    assert response.headers["Location"] == f"{shared}/{comment['id']}"
    assert response.headers["ETag"] == f'"{comment["revision"]}"'
    assert ok(ada.client.get(response.headers["Location"])) == comment
    other = ada.create(shared, text="Why?", id=new_id())
    assert everything(ada.client, shared, limit=1) == [comment, other]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"#/text required"}),
        ({"text": " \n"}, {"#/text pattern"}),
        ({"text": ""}, {"#/text min-length"}),
        ({"text": "x" * 16_385}, {"#/text max-length"}),
        ({"text": "x", "author_id": UNKNOWN_ID}, {"#/author_id read-only"}),
    ],
)
def test_a_bad_comment_is_refused_with_every_fault(
    ada: Person, shared: str, body: dict[str, Any], faults: set[str]
) -> None:
    assert rejected(ada.client.post(shared, json=body), 422, "invalid-body") == faults
    assert everything(ada.client, shared) == []


def test_only_the_author_edits_and_an_owner_deletes(ada: Person, bob: Person, shared: str) -> None:
    mine, theirs = ada.create(shared, text="Why?"), bob.create(shared, text="Frost")
    rejected(ada.client.merge(f"{shared}/{theirs['id']}", {"text": "x"}), 403, "not-author")
    rejected(bob.client.merge(f"{shared}/{mine['id']}", {"text": "x"}), 403, "not-author")
    rejected(bob.client.delete(f"{shared}/{mine['id']}"), 403, "not-author")
    edited = ok(bob.client.merge(f"{shared}/{theirs['id']}", {"text": "No frost"}))
    assert (edited["text"], edited["edited_at"] is None) == ("No frost", False)
    assert ok(bob.client.merge(f"{shared}/{theirs['id']}", {"text": "No frost"})) == edited
    assert everything(ada.client, shared) == [mine, edited]
    no_content(ada.client.delete(f"{shared}/{theirs['id']}"))
    rejected(ada.client.get(f"{shared}/{theirs['id']}"), 404, "not-found")
    assert everything(ada.client, shared) == [mine]


def test_a_comment_is_found_under_its_task_only(ada: Person, shared: str) -> None:
    comment = ada.create(shared, text="Why?")
    home = shared.partition("/tasks")[0]
    other = ada.create(f"{home}/tasks", title="Reap")
    for path in (f"{home}/tasks/{other['id']}/comments", f"{home}/tasks/{UNKNOWN_ID}/comments"):
        rejected(ada.client.get(f"{path}/{comment['id']}"), 404, "not-found")
        rejected(ada.client.merge(f"{path}/{comment['id']}", {"text": "x"}), 404, "not-found")
        rejected(ada.client.delete(f"{path}/{comment['id']}"), 404, "not-found")
    rejected(ada.client.get(f"{home}/tasks/{UNKNOWN_ID}/comments"), 404, "not-found")
    rejected(ada.client.post(f"{home}/tasks/{UNKNOWN_ID}/comments", json={"text": "x"}), 404, "not-found")


def test_an_archived_project_takes_no_change_of_its_comments(ada: Person) -> None:
    garden = ada.create("projects", name="Garden")["id"]
    task = ada.create("tasks", title="Sow", project_id=garden)
    path = f"{ada.home}/tasks/{task['id']}/comments"
    comment = ada.create(path, text="Not yet")
    ok(ada.client.post(f"{ada.home}/projects/{garden}/archive"))
    rejected(ada.client.post(path, json={"text": "Now"}), 409, "project-archived")
    rejected(ada.client.merge(f"{path}/{comment['id']}", {"text": "Now"}), 409, "project-archived")
    rejected(ada.client.delete(f"{path}/{comment['id']}"), 409, "project-archived")
    assert everything(ada.client, path) == [comment]


def test_a_task_s_comments_are_deleted_and_restored_with_it(
    ada: Person, bob: Person, shared: str, tables: Tables
) -> None:
    first, last = bob.create(shared, text="Why?"), ada.create(shared, text="Frost")
    path = shared.rpartition("/")[0]
    no_content(ada.client.delete(path))
    rejected(ada.client.get(shared), 404, "not-found")
    rejected(ada.client.get(f"{shared}/{first['id']}"), 404, "not-found")
    log = check_log(tables, shared.split("/")[3])
    assert sorted((event.type, event.entity_id) for event in log[-3:-1]) == sorted(
        ("comment.deleted", each["id"]) for each in (first, last)
    )
    assert (log[-1].type, {event.revision for event in log[-3:]}) == ("task.deleted", {last["revision"] + 1})
    ok(ada.client.post(f"{path}/restore"))
    back = everything(ada.client, shared)
    assert [(each["id"], each["text"], each["edited_at"]) for each in back] == [
        (each["id"], each["text"], None) for each in (first, last)
    ]
    assert {each["revision"] for each in back} == {last["revision"] + 2}
    check_payloads(ada, check_log(tables, shared.split("/")[3]), home=shared.partition("/tasks")[0])


@pytest.mark.on_each_database
@pytest.mark.unmeasured
def test_comments_of_a_task_that_is_deleted_meanwhile_are_deleted_or_refused(
    ada: Person, bob: Person, shared: str, tables: Tables
) -> None:
    def write(number: int) -> int:
        with Client(str(ada.client.base_url)) as client:
            author = client.with_token((ada, bob)[number % 2].tokens["access_token"])
            return author.post(shared, json={"text": "Frost"}).status_code

    with ThreadPoolExecutor(11) as pool:
        answers = [pool.submit(write, number) for number in range(5)]
        deleting = pool.submit(lambda: no_content(ada.client.delete(shared.rpartition("/")[0])))
        answers += [pool.submit(write, number) for number in range(5)]
        deleting.result()
    assert {answer.result() for answer in answers} <= {201, 404}
    home = shared.partition("/tasks")[0]
    check_payloads(ada, check_log(tables, home.rpartition("/")[2]), home=home)
