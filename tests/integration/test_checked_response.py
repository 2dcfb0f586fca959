"""No effect without a conforming response: what violates the contract is rolled back, and the client gets a 500."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest

from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.integration import breaking
from tests.integration.breaking.tasks import VIOLATIONS
from tests.support.clients import Client, Person, everything, ok, rejected
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = [pytest.mark.unmeasured, pytest.mark.mostly_on_one_database]

IMPOSSIBLE = {"breaks a header", "returns something that is not JSON", "returns another media type", "fails afterwards"}
"""Responses that cannot be sent, and a failure that leaves none."""


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[str]:
    """A server whose handlers violate the contract."""
    application = build(
        Settings(database_url=module_database_url, **UNHINDERED),
        contract=our_contract(breaking),
        background=False,
        passwords=quick_passwords(),
    )
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(scope="module")
def reporting_server(module_database_url: str) -> Iterator[str]:
    """The same server with TICKBOX_RESPONSE_CHECK=report."""
    settings = Settings(database_url=module_database_url, response_check="report", **UNHINDERED)
    application = build(settings, contract=our_contract(breaking), background=False, passwords=quick_passwords())
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


def test_the_handlers_work_unless_a_title_asks_for_a_violation(ada: Person) -> None:
    ada.create("tasks", title="Buy milk")


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_violation_is_a_500_and_leaves_no_rows(
    ada: Person, tables: Tables, violation: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = tables.digest()
    response = ada.client.post(f"{ada.home}/tasks", json={"title": violation})
    assert rejected(response, 500, "internal-error") == set()
    assert tables.digest() == before
    assert ada.head() == 1
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == (
        "unhandled error" if violation == "fails afterwards" else "response violates the contract"
    )


def test_a_violation_after_a_deletion_rolls_the_deletion_back(ada: Person, tables: Tables) -> None:
    task = ada.create("tasks", title="Buy milk")
    before = tables.digest()
    rejected(ada.client.delete(f"{ada.home}/tasks/{task['id']}"), 500, "internal-error")
    assert tables.digest() == before


def test_the_workspace_is_not_left_locked(ada: Person) -> None:
    rejected(ada.client.post(f"{ada.home}/tasks", json={"title": "leaks a property"}), 500, "internal-error")
    assert ada.create("tasks", title="Buy milk")["revision"] == 2


@pytest.mark.parametrize("violation", [violation for violation in VIOLATIONS if violation not in IMPOSSIBLE])
def test_a_violation_is_sent_and_logged_when_it_is_only_reported(
    reporting_server: str, ada: Person, violation: str, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(base_url=reporting_server, headers=ada.client.headers, trust_env=False) as unchecked:
        response = unchecked.post(f"{ada.home}/tasks", json={"title": violation})
    assert response.status_code in {201, 202}
    assert [task["title"] for task in everything(ada.client, f"{ada.home}/tasks")] == [violation]
    (record, *_) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "response violates the contract"
    assert record.__dict__["operation_id"] == "create_task"
    assert "argon2id" not in record.__dict__["violation"]


@pytest.mark.parametrize("violation", sorted(IMPOSSIBLE))
def test_a_response_that_cannot_be_sent_is_a_500_even_when_violations_are_only_reported(
    reporting_server: str, ada: Person, tables: Tables, violation: str
) -> None:
    before = tables.digest()
    with Client(reporting_server, token=ada.tokens["access_token"]) as client:
        rejected(client.post(f"{ada.home}/tasks", json={"title": violation}), 500, "internal-error")
        ok(client.get(ada.home))
    assert tables.digest() == before
