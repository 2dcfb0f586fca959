"""The server does what the model of a workspace does, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.integration.model.clocks import JumpingClock
from tests.integration.model.jobs import ReminderJobs
from tests.integration.model.machine import WorkspaceMachine
from tests.integration.model.operations import OF_THE_MODEL
from tests.integration.model.requests import BATCH
from tests.support.clients import Person
from tests.support.databases import AT_LENGTH
from tests.support.prepared import OPERATIONS
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = pytest.mark.unmeasured

YEAR_S: Final = 365 * 24 * 3600

NOT_IN_THE_MODEL: Mapping[str, str] = {
    "register_user": "it creates a workspace",
    "create_workspace": "it creates a workspace",
    "delete_me": "it deletes a workspace; in others it does what leave_workspace does",
}
"""Operations that change what is in a workspace, each with the reason."""

UNLOGGED: Final = re.compile("/(trash$|reminders)")
"""Paths of what changes without an event."""

RUNS = 20 if AT_LENGTH else 1
"""How often Hypothesis starts: a tenth of the examples after it are the simplest ones, or none of less than ten."""
SHORT = {"sqlite": 8, "postgresql": 3}
"""How many examples `make test` has: always the same ones, of which the first are on both databases."""


def at(kind: str) -> settings:
    """How much is tried on a kind of database."""
    return settings(
        max_examples=9 if AT_LENGTH else SHORT[kind],
        stateful_step_count=150 if AT_LENGTH else 80,
        derandomize=not AT_LENGTH,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if AT_LENGTH else [Phase.generate],
        report_multiple_bugs=False,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture(scope="module")
def server(module_database_url: str, clock: JumpingClock) -> Iterator[str]:
    """A server that takes the time from the model's clock, whose sessions outlive its jumps."""
    application = build(
        Settings(database_url=module_database_url, access_token_lifetime_s=YEAR_S, **UNHINDERED),
        contract=our_contract(),
        background=False,
        passwords=quick_passwords(),
        clock=clock,
    )
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def people(ada: Person, bob: Person) -> tuple[Person, Person]:
    return ada, bob


@pytest.fixture
def jobs(module_database_url: str, clock: JumpingClock) -> Iterator[ReminderJobs]:
    """What the server would do by itself."""
    jobs = ReminderJobs(module_database_url, clock)
    yield jobs
    jobs.close()


def test_the_server_does_what_the_model_does(
    people: tuple[Person, Person],
    tables: Tables,
    clock: JumpingClock,
    jobs: ReminderJobs,
    request: pytest.FixtureRequest,
) -> None:
    class Machine(WorkspaceMachine):
        def __init__(self) -> None:
            super().__init__(people, tables, clock, jobs=jobs)

    for _ in range(RUNS):
        run_state_machine_as_test(Machine, settings=at(request.node.callspec.params["databases"]))


def test_every_operation_of_the_domain_is_in_the_model() -> None:
    """Whatever changes projects, sections, labels, tasks, or what is on tasks; and UNLOGGED, which leaves no event."""
    kinds = ("project.", "section.", "label.", "task.", "comment.")
    of_domain = {
        name
        for name, each in OPERATIONS.items()
        if any(kind.startswith(kinds) for kind in each.events or ()) or (UNLOGGED.search(each.path) and not each.safe)
    }
    missing = of_domain - {*OF_THE_MODEL, BATCH} - NOT_IN_THE_MODEL.keys()
    assert not missing, f"{missing} must be in tests/integration/model: see CONTRIBUTING.md"
