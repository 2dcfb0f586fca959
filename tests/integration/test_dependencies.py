"""Tasks that are to be closed before other tasks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from persistence import task_links
from tests.support.clients import Client, Person, created, no_content, ok, rejected
from tests.support.logs import check_log, check_payloads
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


def task(person: Person, title: str, *after: str, **more: Any) -> str:
    """The id of a new task that depends on those with the ids *after*."""
    return str(person.create("tasks", title=title, depends_on_ids=list(after), **more)["id"])


def now(person: Person, task_id: str) -> Any:
    return ok(person.client.get(f"{person.home}/tasks/{task_id}"))


def test_a_task_is_blocked_while_one_that_it_depends_on_is_open(ada: Person, tables: Tables) -> None:
    dig, buy = task(ada, "Dig"), task(ada, "Buy")
    plant = task(ada, "Plant", buy, dig)
    before = now(ada, plant)
    assert (before["depends_on_ids"], before["blocked"]) == (sorted([dig, buy]), True)

    ok(ada.client.post(f"{ada.home}/tasks/{dig}/complete"))
    assert now(ada, plant) == before
    ok(ada.client.post(f"{ada.home}/tasks/{buy}/cancel"))
    freed = now(ada, plant)
    assert (freed["blocked"], freed["revision"]) == (False, ada.head())
    ok(ada.client.post(f"{ada.home}/tasks/{dig}/reopen"))
    assert now(ada, plant)["blocked"]
    no_content(ada.client.delete(f"{ada.home}/tasks/{dig}"))
    left = now(ada, plant)
    assert (left["depends_on_ids"], left["blocked"]) == ([buy], False)
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_a_stale_dependent_is_refused(ada: Person) -> None:
    dig = task(ada, "Dig")
    path = f"{ada.home}/tasks/{task(ada, 'Plant', dig)}"
    tag = ada.client.get(path).headers["ETag"]
    ok(ada.client.post(f"{ada.home}/tasks/{dig}/complete"))
    rejected(ada.client.merge(path, {"title": "Plant"}, **{"If-Match": tag}), 412, "precondition-failed")


def test_dependencies_that_are_wrong_are_refused_each_with_its_pointer(ada: Person, bob: Person) -> None:
    theirs, dig = task(bob, "Bob's"), task(ada, "Dig")
    plant = task(ada, "Plant", dig)
    body = {"title": "x", "depends_on_ids": [theirs, dig, UNKNOWN_ID]}
    expected = {"#/depends_on_ids/0 task", "#/depends_on_ids/2 task"}
    assert rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body") == expected
    patch = ada.client.merge(f"{ada.home}/tasks/{dig}", {"depends_on_ids": [plant, dig]})
    assert rejected(patch, 422, "invalid-body") == {"#/depends_on_ids/0 cycle", "#/depends_on_ids/1 cycle"}
    many = [f"019cb308-6dc0-7c38-8e5d-{number:012x}" for number in range(21)]
    patch = ada.client.merge(f"{ada.home}/tasks/{dig}", {"depends_on_ids": many})
    assert rejected(patch, 422, "invalid-body") == {"#/depends_on_ids max-items"}


def test_one_dependency_is_added_and_removed_by_itself(ada: Person) -> None:
    dig, buy, plant = task(ada, "Dig"), task(ada, "Buy"), task(ada, "Plant")
    path = f"{ada.home}/tasks/{plant}/dependencies"
    for each in (dig, buy, buy):
        no_content(ada.client.put(f"{path}/{each}"))
    both = now(ada, plant)
    assert (both["depends_on_ids"], both["revision"]) == (sorted([dig, buy]), 6)
    rejected(ada.client.put(f"{ada.home}/tasks/{dig}/dependencies/{plant}"), 409, "dependency-cycle")
    rejected(ada.client.put(f"{path}/{plant}"), 409, "dependency-cycle")
    for each in (dig, dig):
        no_content(ada.client.delete(f"{path}/{each}"))
    assert now(ada, plant)["depends_on_ids"] == [buy]
    for method in ("PUT", "DELETE"):
        no_other = ada.client.request(method, f"{path}/{UNKNOWN_ID}")
        no_task = ada.client.request(method, f"{ada.home}/tasks/{UNKNOWN_ID}/dependencies/{UNKNOWN_ID}")
        rejected(no_other, 404, "not-found")
        rejected(no_task, 404, "not-found")
        assert "`depends_on_id`" in no_other.json()["detail"]
        assert "`depends_on_id`" not in no_task.json()["detail"]


@pytest.mark.on_each_database
def test_of_two_clients_that_close_a_cycle_at_once_one_is_refused(ada: Person, server: str) -> None:
    """Each end of a chain is to depend on the other: whichever comes second would close it."""

    def depend(ends: tuple[str, str]) -> int:
        with Client(server) as client:
            path = f"{ada.home}/tasks/{ends[0]}"
            response = client.with_token(ada.tokens["access_token"]).merge(path, {"depends_on_ids": [ends[1]]})
            return response.status_code

    for _ in range(5):
        first = task(ada, "First")
        middle = task(ada, "Middle", first)
        last = task(ada, "Last")
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(depend, ((first, last), (last, middle)))) == [200, 422]


def test_a_limit_has_a_pointer_to_the_task_that_has_reached_it(ada: Person) -> None:
    dig = task(ada, "Dig")
    for number in range(100):
        created(ada.client.post(f"{ada.home}/tasks", json={"title": f"{number}", "depends_on_ids": [dig]}))
    body = {"title": "One more", "depends_on_ids": [task(ada, "Buy"), dig]}
    refused = ada.client.post(f"{ada.home}/tasks", json=body)
    assert rejected(refused, 409, "limit-reached") == {"#/depends_on_ids/1 limit-reached"}
    rejected(ada.client.put(f"{ada.home}/tasks/{task(ada, 'More')}/dependencies/{dig}"), 409, "limit-reached")


def test_no_link_is_left_of_a_dependency_that_does_not_come_back(ada: Person, tables: Tables) -> None:
    """It would count among those that depend on the restored task."""
    dig = task(ada, "Dig")
    plant = task(ada, "Plant", dig)
    no_content(ada.client.delete(f"{ada.home}/tasks/{dig}"))
    others = [task(ada, f"{number}") for number in range(20)]
    ok(ada.client.merge(f"{ada.home}/tasks/{plant}", {"depends_on_ids": others}))

    ok(ada.client.post(f"{ada.home}/tasks/{dig}/restore"))

    links = task_links.LINKS["depends_on_ids"]
    assert now(ada, plant)["depends_on_ids"] == others
    assert tables.rows(select(links.table.c.task_id).where(links.other == UUID(dig))) == []


@pytest.mark.parametrize("within", ["project", "section"])
def test_a_deleted_place_is_gone_from_what_depended_on_its_tasks(ada: Person, tables: Tables, within: str) -> None:
    project = ada.create("projects", name="Garden")["id"]
    section = ada.create("sections", name="Beds", project_id=project)["id"]
    dig = task(ada, "Dig", section_id=section)
    sow = task(ada, "Sow", dig, section_id=section)
    plant = task(ada, "Plant", dig, sow)
    no_content(ada.client.delete(f"{ada.home}/{within}s/{ {'project': project, 'section': section}[within] }"))
    assert (now(ada, plant)["depends_on_ids"], now(ada, plant)["blocked"]) == ([], False)
    check_payloads(ada, check_log(tables, ada.workspace_id))
