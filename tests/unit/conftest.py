"""A user with a personal workspace, and a call of theirs in it."""

import pytest

from domain import users
from domain.principals import Principal
from tests.unit.fakes import FakeWork


async def registered(work: FakeWork, *, email: str = "ada@example.com", name: str = "Ada") -> FakeWork:
    """A call by a new user in their personal workspace, through a session that nobody wrote down."""
    user = await users.register(
        work.call(), email=email, password="correct horse", name=name, time_zone="Europe/Berlin"
    )
    (workspace_id,) = work.store.workspaces_of(user.id)
    principal = Principal(user_id=user.id, session_id=work.new_id())
    return work.call(principal=principal, workspace_id=workspace_id)


@pytest.fixture
async def work() -> FakeWork:
    return await registered(FakeWork())
