"""One running server for each module and kind of database, and new users on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.support.clients import Client, Person, register
from tests.support.databases import SqliteDatabases
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[str]:
    """The URL of a server with its own database, in which nothing changes without a request."""
    application = build(
        Settings(database_url=module_database_url, **UNHINDERED),
        contract=our_contract(),
        background=False,
        passwords=quick_passwords(),
    )
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(scope="module")
def tables(module_database_url: str) -> Iterator[Tables]:
    """The database of `server`."""
    tables = Tables(module_database_url)
    yield tables
    tables.close()


@pytest.fixture(scope="module")
def sqlite_url(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    """A migrated database, for tests that do not depend on its kind."""
    url = sqlite_databases.migrated()
    yield url
    sqlite_databases.remove(url)


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    """A client without a token."""
    with Client(server) as client:
        yield client


@pytest.fixture
def ada(client: Client) -> Person:
    """A new user with a session and an empty personal workspace."""
    return register(client, name="Ada")


@pytest.fixture
def bob(client: Client) -> Person:
    """A second new user."""
    return register(client, name="Bob")
