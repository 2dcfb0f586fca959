"""Each test in this folder runs on the fakes, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import delete

from domain.model.users import User
from domain.model.workspaces import Workspace
from persistence.database import Database
from persistence.repositories import metadata
from tests.support import things
from tests.support.databases import Databases
from tests.support.worlds import DatabaseWorld, FakeWorld, World


@pytest.fixture(scope="session", params=["fake", "sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """A migrated database that tests share one after the other; None for the fakes."""
    if request.param == "fake":
        yield None
        return
    kinds = {"sqlite": "sqlite_databases", "postgresql": "postgres_databases"}
    databases: Databases = request.getfixturevalue(kinds[request.param])
    url = databases.migrated()
    yield url
    databases.remove(url)


@pytest.fixture
async def world(shared_url: str | None) -> AsyncIterator[World]:
    """An empty world."""
    if shared_url is None:
        yield FakeWorld()
        return
    database = Database(shared_url, pool_size=5)
    async with database.transaction() as transaction:
        for table in reversed(metadata.sorted_tables):
            await transaction.run(delete(table), {})
    yield DatabaseWorld(database)
    await database.close()


async def _added(world: World, user: User) -> User:
    async with world.unit() as uow:
        await uow.users.add(user, email_key=things.key_of(user), password_hash=f"hash of {user.name}")
    return user


@pytest.fixture
async def ada(world: World) -> User:
    return await _added(world, things.user(1, name="Ada"))


@pytest.fixture
async def bob(world: World) -> User:
    return await _added(world, things.user(2, name="Bob"))


@pytest.fixture
async def home(world: World, ada: User, bob: User) -> Workspace:
    """A workspace that ada owns, and in which bob is an editor."""
    place = things.workspace(10)
    await things.add_workspace(world, place, ada, bob)
    return place


@pytest.fixture
async def other(world: World, bob: User) -> Workspace:
    """A workspace that bob owns and ada is not a member of."""
    place = things.workspace(11)
    await things.add_workspace(world, place, bob)
    return place
