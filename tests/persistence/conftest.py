"""A database, and a user who calls services on it."""

from collections.abc import AsyncIterator

import pytest

from persistence.database import Database
from tests.support.service_callers import Caller


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


@pytest.fixture
async def ada(database: Database) -> Caller:
    """A registered user in their personal workspace."""
    return await Caller(database=database).register("ada")


@pytest.fixture
async def bob(database: Database) -> Caller:
    """A second registered user."""
    return await Caller(database=database).register("bob")
