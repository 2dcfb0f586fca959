"""The server does what the model of a workspace does, on both databases."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.model.machine import WorkspaceMachine
from tests.integration.model.operations import OF_THE_MODEL
from tests.integration.model.requests import BATCH
from tests.support.clients import Person
from tests.support.databases import AT_LENGTH
from tests.support.prepared import OPERATIONS
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

NOT_IN_THE_MODEL: Mapping[str, str] = {
    "register_user": "it creates a workspace",
    "create_workspace": "it creates a workspace",
    "delete_me": "it deletes a workspace; in others it does what leave_workspace does",
}
"""Operations that change what is in a workspace, each with the reason."""

SHORT = {"sqlite": 8, "postgresql": 3}
"""How many examples `make test` has: always the same ones, of which the first are on both databases."""


def at(kind: str) -> settings:
    """How much is tried on a kind of database."""
    return settings(
        max_examples=200 if AT_LENGTH else SHORT[kind],
        stateful_step_count=150 if AT_LENGTH else 80,
        derandomize=not AT_LENGTH,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if AT_LENGTH else [Phase.generate],
        report_multiple_bugs=False,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_the_server_does_what_the_model_does(
    ada: Person, bob: Person, tables: Tables, request: pytest.FixtureRequest
) -> None:
    class Machine(WorkspaceMachine):
        def __init__(self) -> None:
            super().__init__((ada, bob), tables)

    run_state_machine_as_test(Machine, settings=at(request.node.callspec.params["databases"]))


def test_every_operation_of_the_domain_is_in_the_model() -> None:
    """Whatever changes projects, sections, labels, tasks, or what is on tasks; and the trash, which leaves no event."""
    kinds = ("project.", "section.", "label.", "task.", "comment.")
    of_domain = {
        name
        for name, each in OPERATIONS.items()
        if any(kind.startswith(kinds) for kind in each.events or ()) or (each.path.endswith("/trash") and not each.safe)
    }
    missing = of_domain - {*OF_THE_MODEL, BATCH} - NOT_IN_THE_MODEL.keys()
    assert not missing, f"{missing} must be in tests/integration/model: see CONTRIBUTING.md"
