"""The number of Python functions that each kind of request calls, so that no detour grows unnoticed.

Unlike a time it is the same on every machine. It depends on the versions of Python and of the libraries.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.support.clients import Client, Person, ok, register
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tickbox_contract.engine.protocol import bounded_protocol

MOST = {
    "sqlite": {"get": 250, "list": 860, "create": 660, "patch": 660},
    "postgresql": {"get": 345, "list": 1000, "create": 865, "patch": 845},
}
"""The highest numbers that are accepted, a few percent above those measured. If one rises for a good reason, such as
a new check, raise it here, and say why in the commit; if it falls for good, lower it."""
ENOUGH = 20
"""Of so many equal requests, the one with the fewest calls counts: one whose body arrives later than its headers takes
some more."""


@dataclass
class Counting:
    """An application, and how many calls of Python functions its last request took, in the server's thread."""

    application: ASGIApp
    calls: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls = 0
        sys.setprofile(self._count if scope["type"] == "http" else None)
        try:
            await self.application(scope, receive, send)
        finally:
            sys.setprofile(None)

    def _count(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.calls += event == "call"


@pytest.fixture(scope="module")
def counting(module_database_url: str) -> Counting:
    settings = Settings(database_url=module_database_url, **UNHINDERED)
    return Counting(build(settings, contract=our_contract(), background=False, passwords=quick_passwords()))


@pytest.fixture(scope="module")
def ada(counting: Counting) -> Iterator[Person]:
    """A user with 60 tasks."""
    with (
        serving(counting, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        ada = register(client, name="Ada")
        for number in range(60):
            ada.create("tasks", title=f"Task {number}")
        yield ada


def calls_of(counting: Counting, request: Callable[[], Any]) -> int:
    request()  # compiles statements, and opens connections
    return min([(request(), counting.calls)[1] for _ in range(ENOUGH)])


@pytest.mark.parametrize("name", ["get", "list", "create", "patch"])
def test_a_request_calls_no_more_functions_than_it_did(
    counting: Counting, ada: Person, module_database_url: str, name: str
) -> None:
    path = f"{ada.home}/tasks"
    task = ada.create("tasks", title="Sow")
    titles = iter(range(100))
    calls = calls_of(
        counting,
        {
            "get": lambda: ok(ada.client.get(f"{path}/{task['id']}")),
            "list": lambda: ok(ada.client.get(f"{path}?limit=50")),
            "create": lambda: ada.create("tasks", title="Reap"),
            "patch": lambda: ok(ada.client.patch(f"{path}/{task['id']}", json={"title": f"Title {next(titles)}"})),
        }[name],
    )
    most = MOST[module_database_url.partition("+")[0]][name]
    assert calls <= most, f"{calls} calls, and at most {most} are expected: see MOST"
