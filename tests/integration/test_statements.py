"""The number of statements of each kind of request, so that none grows unnoticed.

Each list names the tables in the order in which statements use them. BEGIN and COMMIT are not counted: on PostgreSQL
they are the driver's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.clients import PASSWORD, Client, Person, created, new_email, new_id, no_content, ok, rejected
from tests.support.copies import Copy
from tests.support.statements import overheard
from tests.support.tables import Tables

AUTHENTICATE = "SELECT access_tokens"
LOCK = ["SELECT workspaces"]
"""Lock the workspace, and read the caller's role under the lock."""
FAMILY = "WITH tasks"
"""A task with its subtasks."""
DESTINATION = "SELECT projects"
"""The inbox, with the last position in it."""
LOG = ["INSERT events", "UPDATE workspaces"]
"""The event, and the next number and the bytes of the workspace."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of all databases in this process, each as its verb and its first table, once it has ended."""
    statements: list[str] = []
    with overheard() as heard:
        yield statements
    statements += [_shape(sent.text) for sent in heard]


def together(tables: Tables, *changes: str) -> list[str]:
    """The last changes of a transaction: on PostgreSQL they are one statement."""
    return list(changes) if tables.is_sqlite else [" + ".join(changes)]


def _shape(statement: str) -> str:
    """`SELECT tasks`: the verb and the table; for a statement with sub-queries, the outermost table."""
    if changes := re.findall(r"change_\d+ AS\s+\((.*?RETURNING)", statement, re.DOTALL):
        return " + ".join(map(_shape, changes))
    verb = statement.split(maxsplit=1)[0]
    tables = re.findall(r"(?:FROM|INTO|^UPDATE) (\w+)", statement)
    return f"{verb} {tables[-1] if verb == 'SELECT' else tables[0]}" if tables else statement


def statements_of(call: Callable[[], Any]) -> list[str]:
    """The statements of *call* the second time: the first time opens connections."""
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


def test_creating_a_task_takes_six_or_four(ada: Person, tables: Tables) -> None:
    statements = statements_of(lambda: ada.create("tasks", title="Sow"))
    assert statements == [AUTHENTICATE, *LOCK, DESTINATION, *together(tables, "INSERT tasks", *LOG)]


def test_an_id_from_the_client_takes_one_more(ada: Person, tables: Tables) -> None:
    ids = iter((new_id(), new_id()))
    statements = statements_of(lambda: ada.create("tasks", title="Sow", id=next(ids)))
    create = together(tables, "INSERT tasks", *LOG)
    assert statements == [AUTHENTICATE, *LOCK, "INSERT client_ids", DESTINATION, *create]


def test_an_idempotency_key_takes_two_more_or_one(ada: Person, tables: Tables) -> None:
    def create() -> None:
        created(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers={"Idempotency-Key": new_id()}))

    key = "idempotency_keys"
    changes = together(tables, "INSERT tasks", f"UPDATE {key}", *LOG)
    assert statements_of(create) == [AUTHENTICATE, f"INSERT {key}", *LOCK, DESTINATION, *changes]


def test_a_key_of_a_write_that_changes_nothing_takes_three_more_or_two(ada: Person, tables: Tables) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}/complete"
    key = "idempotency_keys"
    statements = statements_of(lambda: ok(ada.client.post(path, headers={"Idempotency-Key": new_id()})))
    changes = together(tables, f"UPDATE {key}", "UPDATE workspaces")
    assert statements == [AUTHENTICATE, f"INSERT {key}", *LOCK, FAMILY, *changes]


def test_a_repeated_request_takes_three_and_no_lock(ada: Person) -> None:
    headers = {"Idempotency-Key": new_id()}

    def create() -> None:
        created(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers=headers))

    assert statements_of(create) == [AUTHENTICATE, "INSERT idempotency_keys", "SELECT idempotency_keys"]


def test_a_condition_takes_one_more(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    statements = statements_of(lambda: ok(ada.client.post(f"{path}/complete", headers={"If-Match": "*"})))
    assert statements == [AUTHENTICATE, *LOCK, "SELECT tasks", FAMILY]


def test_deleting_a_task_takes_eight_or_six(ada: Person, tables: Tables) -> None:
    paths = [f"{ada.home}/tasks/{ada.create('tasks', title=title)['id']}" for title in "ab"]
    changes = together(tables, "INSERT events", "INSERT tombstones", "UPDATE workspaces")
    statements = statements_of(lambda: no_content(ada.client.delete(paths.pop())))
    of_comments = "SELECT trash"  # and of the entries that they are in
    into_trash = ["SELECT trash", "INSERT trash", of_comments, "UPDATE tasks"]
    assert statements == [AUTHENTICATE, *LOCK, FAMILY, *into_trash, *changes]


def test_completing_a_task_takes_six_or_four(ada: Person, tables: Tables) -> None:
    paths = [f"{ada.home}/tasks/{ada.create('tasks', title=title)['id']}/complete" for title in "ab"]
    changes = together(tables, "UPDATE tasks", *LOG)
    assert statements_of(lambda: ok(ada.client.post(paths.pop()))) == [AUTHENTICATE, *LOCK, FAMILY, *changes]


def _recurring(person: Person, **recurrence: str) -> str:
    """The path of a recurring task without a zone."""
    body = {"title": "Water", "due": {"date": "2027-03-01"}, "recurrence": {"rule": "FREQ=DAILY", **recurrence}}
    return f"{person.home}/tasks/{person.create('tasks', **body)['id']}"


@pytest.mark.parametrize("action", ["complete", "skip"])
@pytest.mark.parametrize(("overdue", "account"), [("step", []), ("skip", ["SELECT users"])])
def test_an_occurrence_takes_one_more_and_one_for_what_time_it_is(
    ada: Person, tables: Tables, action: str, overdue: str, account: list[str]
) -> None:
    path = f"{_recurring(ada, overdue=overdue)}/{action}"
    changes = together(tables, "UPDATE tasks", "INSERT completions")
    reminders = "SELECT reminders"  # of the task, which is due at another time
    log = together(tables, *LOG)
    statements = statements_of(lambda: ok(ada.client.post(path)))
    assert statements == [AUTHENTICATE, *LOCK, FAMILY, *account, *changes, reminders, *log]


def test_taking_an_occurrence_back_takes_two_more(ada: Person, tables: Tables) -> None:
    path = _recurring(ada)
    for _ in range(2):
        ok(ada.client.post(f"{path}/complete"))
    changes = together(tables, "UPDATE tasks", "DELETE completions")
    statements = statements_of(lambda: ok(ada.client.post(f"{path}/reopen")))
    assert statements == [
        *(AUTHENTICATE, *LOCK, FAMILY, "SELECT completions", *changes, "SELECT reminders"),
        *together(tables, *LOG),
    ]


def test_listing_reminders_takes_three_and_those_of_all_tasks_two(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}/reminders"
    ada.create(path, before_due=30)
    assert statements_of(lambda: ok(ada.client.get(path))) == [AUTHENTICATE, "SELECT tasks", "SELECT reminders"]
    of_all = "SELECT tasks"  # each reminder's, in the statement that reads the reminders
    assert statements_of(lambda: ok(ada.client.get(f"{ada.home}/reminders"))) == [AUTHENTICATE, of_all]


def test_listing_completions_takes_three(ada: Person) -> None:
    path = f"{_recurring(ada)}/completions"
    assert statements_of(lambda: ok(ada.client.get(path))) == [AUTHENTICATE, "SELECT tasks", "SELECT completions"]


def test_a_write_that_changes_nothing_takes_three(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}/complete"
    assert statements_of(lambda: ok(ada.client.post(path))) == [AUTHENTICATE, *LOCK, FAMILY]


def test_registering_takes_eight_or_seven(client: Client, tables: Tables) -> None:
    def register() -> None:
        created(client.post("/v1/users", json={"email": new_email(), "password": PASSWORD, "name": "Ada"}))

    assert statements_of(register) == [
        *("INSERT users", "INSERT account_events", "INSERT workspaces"),
        *together(tables, "INSERT members", "INSERT projects"),
        *("INSERT outbox", "INSERT events"),
        "UPDATE workspaces",  # the bytes of the new one
    ]


def test_logging_in_takes_six(ada: Person) -> None:
    assert statements_of(ada.log_in) == [
        "SELECT users",  # the password's hash, outside of the transaction
        "SELECT users",  # the same again, locked
        "INSERT sessions",
        "INSERT account_events",
        "INSERT access_tokens",
        "INSERT refresh_tokens",
    ]


@pytest.mark.parametrize("whose", ["mine", "nobody's"])
def test_a_rejected_log_in_takes_one_whether_the_address_is_known_or_not(ada: Person, whose: str) -> None:
    body = {"email": ada.user["email"] if whose == "mine" else new_email(), "password": "wrong"}

    def fail() -> None:
        rejected(ada.client.post("/v1/sessions", json=body), 401, "invalid-credentials")

    assert statements_of(fail) == ["SELECT users"]


def test_refreshing_takes_nine(ada: Person) -> None:
    tokens = dict(ada.tokens)

    def refresh() -> None:
        body = {"refresh_token": tokens["refresh_token"]}
        tokens.update(ok(ada.client.post("/v1/sessions/refresh", json=body)))

    assert statements_of(refresh) == [
        "SELECT refresh_tokens",  # the user of the session, whose turn it is
        "SELECT refresh_tokens",  # the user of the session, locked
        "SELECT refresh_tokens",  # the session, locked
        "UPDATE refresh_tokens",  # the live token becomes spent
        "UPDATE sessions",
        "DELETE access_tokens",  # expired tokens
        "DELETE refresh_tokens",
        "INSERT access_tokens",
        "INSERT refresh_tokens",
    ]


def test_a_request_without_access_takes_one(ada: Person, bob: Person) -> None:
    def rejected_request() -> None:
        rejected(ada.client.post(f"{bob.home}/tasks", json={"title": "Sow"}), 404, "not-found")

    assert statements_of(rejected_request) == [AUTHENTICATE]


def test_a_request_with_an_invalid_body_opens_no_transaction(ada: Person) -> None:
    def send() -> None:
        rejected(ada.client.post(f"{ada.home}/tasks", json={}), 422, "invalid-body")

    assert statements_of(send) == [AUTHENTICATE]


def test_a_health_check_takes_none(client: Client) -> None:
    assert statements_of(lambda: ok(client.get("/livez"))) == []


@pytest.mark.parametrize("mode", ["all_or_nothing", "each"])
def test_a_batch_has_the_statements_of_its_operations_and_begins_and_ends_once(ada: Person, mode: str) -> None:
    body = {"mode": mode, "operations": [{"create": {"title": "Sow"}}, {"create": {"title": "Reap"}}]}
    create = [DESTINATION, "INSERT tasks"]
    if mode == "each":
        create = ["SAVEPOINT part", *create, "RELEASE SAVEPOINT part"]
    assert statements_of(lambda: ada.client.post(f"{ada.home}/tasks/batch", json=body)) == [
        AUTHENTICATE,
        *LOCK,
        *create,
        *create,
        *LOG,
    ]


def test_listing_what_changed_in_my_workspaces_takes_two_and_three_if_one_was_left(ada: Person) -> None:
    path = "/v1/users/me/changes"
    club = ada.create("/v1/workspaces", name="Club")["id"]
    cursor = ok(ada.client.get(path))["next_cursor"]
    poll = {"cursor": cursor}
    heads = [AUTHENTICATE, "SELECT members"]
    assert statements_of(lambda: ok(ada.client.get(path, params=poll))) == heads
    no_content(ada.client.delete(f"/v1/workspaces/{club}"))
    assert statements_of(lambda: ok(ada.client.get(path, params=poll))) == [*heads, "SELECT departures"]


def test_listing_changes_takes_two_if_there_are_none_and_else_one_for_each_kind(ada: Person) -> None:
    cursor = Copy(ada.client, ada.home)
    cursor.sync()

    def changes() -> None:
        ok(ada.client.get(f"{ada.home}/changes", params={"cursor": cursor.cursor}))

    assert statements_of(changes) == [AUTHENTICATE, "SELECT workspaces"]
    label = ada.create("labels", name="wet")["id"]
    task = ada.create("tasks", title="Sow")["id"]
    assert statements_of(changes) == [
        *(AUTHENTICATE, "SELECT workspaces", "SELECT events"),
        *("SELECT labels", "SELECT tasks"),
    ]
    no_content(ada.client.delete(f"{ada.home}/labels/{label}"))
    no_content(ada.client.delete(f"{ada.home}/tasks/{task}"))
    assert statements_of(changes) == [
        *(AUTHENTICATE, "SELECT workspaces", "SELECT events"),
        *("SELECT labels", "SELECT tasks", "SELECT tombstones"),
    ]
