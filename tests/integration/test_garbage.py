"""What requests leave for the garbage collector, which stops all others while it runs (ADR 14)."""

import contextlib
import gc
import http.client
import json
from collections.abc import Callable, Iterator

import pytest

from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.support.clients import Client, Person, register
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tickbox_contract.engine.protocol import bounded_protocol

REQUESTS = 50
Send = Callable[..., int]


@pytest.fixture(scope="module")
def ada(module_database_url: str) -> Iterator[Person]:
    """A user of a server in this process."""
    settings = Settings(database_url=module_database_url, **UNHINDERED)
    application = build(settings, contract=our_contract(), background=False, passwords=quick_passwords())
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        yield register(client, name="Ada")


@pytest.fixture
def send(ada: Person) -> Iterator[Send]:
    """Send one request, and return its status, with a client that itself leaves no garbage, as httpx does."""
    url = ada.client.base_url
    with contextlib.closing(http.client.HTTPConnection(url.host, url.port)) as connection:

        def send(method: str, path: str, content: object = None, **headers: str) -> int:
            typed = {"Authorization": ada.client.headers["Authorization"], "Content-Type": "application/json"}
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, typed | named)
            response = connection.getresponse()
            response.read()
            return response.status

        yield send


def garbage_of(request: Callable[[], object]) -> int:
    """How many objects only the garbage collector finds, of those that some requests created."""
    request()  # compiles statements, and opens connections
    gc.collect()
    gc.disable()
    try:
        for _ in range(REQUESTS):
            request()
        return gc.collect()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("get", 200),
        ("list", 200),
        ("create", 201),
        ("patch", 200),
        ("repeat", 201),
        ("without", 404),
        ("invalid", 422),
        ("condition", 412),
        ("anonymous", 401),
        ("health", 200),
    ],
)
def test_a_request_leaves_nothing_for_the_garbage_collector(ada: Person, send: Send, name: str, status: int) -> None:
    tasks = f"{ada.home}/tasks"
    task = f"{tasks}/{ada.create('tasks', title='Sow')['id']}"
    titles = iter(range(2 * REQUESTS))
    request: Callable[[], int] = {
        "get": lambda: send("GET", task),
        "list": lambda: send("GET", tasks),
        "create": lambda: send("POST", tasks, {"title": "Reap"}),
        "patch": lambda: send("PATCH", task, {"title": f"Title {next(titles)}"}),
        "repeat": lambda: send("POST", tasks, {"title": "Dig"}, Idempotency_Key="once"),
        "without": lambda: send("GET", f"{tasks}/{ada.home.rpartition('/')[2]}"),
        "invalid": lambda: send("POST", tasks, {"title": ""}),
        "condition": lambda: send("PATCH", task, {"title": "Dig"}, If_Match='"0"'),
        "anonymous": lambda: send("GET", task, Authorization="Bearer unknown"),
        "health": lambda: send("GET", "/readyz"),
    }[name]
    assert request() == status

    garbage = garbage_of(request)

    assert garbage < REQUESTS, f"{garbage} objects of {REQUESTS} requests"
