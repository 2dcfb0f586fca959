"""What a guarded request costs in statements: a guard against one more that nobody meant.

Each list names the tables in the order in which statements touch them. BEGIN and COMMIT are not counted: on PostgreSQL
they are the driver's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.integration.clients import PASSWORD, Client, Person, made, new_email, ok, refused

AUTHENTICATE = "SELECT access_tokens"
LOCK = ["SELECT workspaces", "SELECT members"]
"""Lock the workspace, and read the caller's role again under the lock."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of all engines of this process, each as its verb and its first table."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN IMMEDIATE":
            statements.append(_shape(statement))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _shape(statement: str) -> str:
    """`SELECT tasks`: the verb and the table; of a statement with sub-queries, the outermost table."""
    verb = statement.split(maxsplit=1)[0]
    tables = re.findall(r"(?:FROM|INTO|^UPDATE) (\w+)", statement)
    return f"{verb} {tables[-1] if verb == 'SELECT' else tables[0]}"


def statements_of(call: Callable[[], Any]) -> list[str]:
    """What *call* costs the second time: the first opens connections."""
    call()
    with counted() as statements:
        call()
    return statements


def test_getting_a_task_takes_two(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    assert statements_of(lambda: ok(ada.client.get(path))) == [AUTHENTICATE, "SELECT tasks"]


@pytest.mark.parametrize("query", ["", "?status=open", "?sort=-due&limit=1"])
def test_listing_tasks_takes_two(ada: Person, query: str) -> None:
    for title in "ab":
        ada.create("tasks", title=title)
    statements = statements_of(lambda: ok(ada.client.get(f"{ada.home}/tasks{query}")))
    assert statements == [AUTHENTICATE, "SELECT tasks"]


def test_making_a_task_takes_seven(ada: Person) -> None:
    assert statements_of(lambda: ada.create("tasks", title="Sow")) == [
        AUTHENTICATE,
        *LOCK,
        "SELECT projects",  # the inbox
        "SELECT tasks",  # the last position
        "UPDATE workspaces",  # the next number
        "INSERT tasks",
    ]


def test_completing_a_task_takes_six(ada: Person) -> None:
    paths = [f"{ada.home}/tasks/{ada.create('tasks', title=title)['id']}/complete" for title in "ab"]
    assert statements_of(lambda: ok(ada.client.post(paths.pop()))) == [
        AUTHENTICATE,
        *LOCK,
        "SELECT tasks",
        "UPDATE workspaces",
        "UPDATE tasks",
    ]


def test_a_write_that_changes_nothing_takes_four(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}/complete"
    assert statements_of(lambda: ok(ada.client.post(path))) == [AUTHENTICATE, *LOCK, "SELECT tasks"]


def test_registering_takes_four(client: Client) -> None:
    def register() -> None:
        made(client.post("/v1/users", json={"email": new_email(), "password": PASSWORD, "name": "Ada"}))

    inserted = ["users", "workspaces", "members", "projects"]
    assert statements_of(register) == [f"INSERT {table}" for table in inserted]


def test_logging_in_takes_six(ada: Person) -> None:
    assert statements_of(ada.log_in) == [
        "SELECT users",  # the password's hash, outside of the transaction
        "SELECT users",  # the same again, locked
        "DELETE sessions",  # those that expired
        "INSERT sessions",
        "INSERT access_tokens",
        "INSERT refresh_tokens",
    ]


def test_a_call_that_is_refused_at_the_door_takes_one(ada: Person, bob: Person) -> None:
    def knock() -> None:
        refused(ada.client.post(f"{bob.home}/tasks", json={"title": "Sow"}), 404, "not-found")

    assert statements_of(knock) == [AUTHENTICATE]


def test_a_body_that_is_refused_opens_no_transaction(ada: Person) -> None:
    def send() -> None:
        refused(ada.client.post(f"{ada.home}/tasks", json={}), 422, "invalid-body")

    assert statements_of(send) == [AUTHENTICATE]


def test_a_sign_of_life_takes_none(client: Client) -> None:
    assert statements_of(lambda: ok(client.get("/livez"))) == []
