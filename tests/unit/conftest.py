"""A user with a personal workspace, and a unit of work of theirs in it."""

import pytest

from domain import registration
from domain.principals import Principal
from tests.support.fakes.unit_of_work import FakeUnitOfWork


async def registered(uow: FakeUnitOfWork, *, email: str = "ada@example.com", name: str = "Ada") -> FakeUnitOfWork:
    """A unit of work of a new user in their personal workspace, with a session that was not stored."""
    user = await registration.register(
        uow.unit(), email=email, password="correct horse", name=name, time_zone="Europe/Berlin"
    )
    (workspace_id,) = uow.store.workspaces_of(user.id)
    principal = Principal(user_id=user.id, session_id=uow.new_id())
    return uow.unit(principal=principal, workspace_id=workspace_id)


@pytest.fixture
async def uow() -> FakeUnitOfWork:
    return await registered(FakeUnitOfWork())
