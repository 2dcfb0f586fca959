from dataclasses import replace
from uuid import UUID

import pytest

from domain import users, workspaces
from domain.model.users import AccountGone
from domain.model.workspaces import PersonalWorkspace, TooManyWorkspaces, WorkspaceNotFound
from domain.pages import CursorInvalid
from domain.principals import Principal
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

LATER = NOON.replace(hour=13)


async def test_a_new_workspace_belongs_to_its_creator_and_has_an_inbox(uow: FakeUnitOfWork) -> None:
    workspace = await workspaces.create(uow.unit(), name="Family")

    member = uow.store.members[workspace.id, uow.principal.user_id]
    found = await uow.tasks.destination(workspace.id, project_id=None)
    assert (workspace.name, workspace.personal, workspace.role) == ("Family", False, "owner")
    assert (workspace.head, workspace.revision) == (1, 1)
    assert (member.role, member.name) == ("owner", "Ada")
    assert found is not None
    assert found[0].name == "Inbox"


async def test_a_deleted_account_cannot_create_workspaces(uow: FakeUnitOfWork) -> None:
    with pytest.raises(AccountGone):
        await workspaces.create(
            uow.unit(principal=Principal(user_id=UUID(int=0), session_id=UUID(int=0))), name="Ghost"
        )


async def test_workspaces_are_listed_oldest_first_in_pages(uow: FakeUnitOfWork) -> None:
    created = [await workspaces.create(uow.unit(), name=name) for name in ("One", "Two")]

    first = await workspaces.page(uow.unit(), limit=2)
    second = await workspaces.page(uow.unit(), limit=2, cursor=first.next_cursor)

    assert [w.name for w in (*first.items, *second.items)] == ["Personal", "One", "Two"]
    assert [*first.items[1:], *second.items] == created
    assert second.next_cursor is None


async def test_the_personal_workspace_is_listed_first_and_once(uow: FakeUnitOfWork) -> None:
    for number in (2, 1):
        await workspaces.create(
            uow.unit(now=NOON.replace(hour=number)), name=str(number), workspace_id=UUID(int=number)
        )

    listed, cursor = [], None
    for _ in range(3):
        page = await workspaces.page(uow.unit(), limit=1, cursor=cursor)
        cursor = page.next_cursor
        listed += [workspace.name for workspace in page.items]

    assert (listed, cursor) == (["Personal", "1", "2"], None)


async def test_the_workspaces_of_others_are_not_listed(uow: FakeUnitOfWork) -> None:
    other = await registered(uow, email="bob@example.com", name="Bob")

    assert [w.id for w in (await workspaces.page(other.unit())).items] == [other.workspace_id]


async def test_a_cursor_of_another_user_is_rejected(uow: FakeUnitOfWork) -> None:
    await workspaces.create(uow.unit(), name="Two")
    other = await registered(uow, email="bob@example.com", name="Bob")
    page = await workspaces.page(uow.unit(), limit=1)

    with pytest.raises(CursorInvalid):
        await workspaces.page(other.unit(), cursor=page.next_cursor)


async def test_a_member_finds_the_workspace_with_their_role(uow: FakeUnitOfWork) -> None:
    key = (uow.workspace_id, uow.principal.user_id)
    uow.store.members[key] = replace(uow.store.members[key], role="viewer")

    assert (await workspaces.get(uow.unit())).role == "viewer"


async def test_a_stranger_does_not_find_the_workspace(uow: FakeUnitOfWork) -> None:
    other = await registered(uow, email="bob@example.com", name="Bob")

    with pytest.raises(WorkspaceNotFound) as raised:
        await workspaces.get(other.unit(workspace_id=uow.workspace_id))

    assert raised.value.workspace_id == uow.workspace_id


async def test_renaming_takes_the_next_number_for_head_and_revision(uow: FakeUnitOfWork) -> None:
    renamed = await workspaces.update(uow.unit(now=LATER), name="Mine")

    assert (renamed.name, renamed.head, renamed.revision, renamed.updated_at) == ("Mine", 2, 2, LATER)
    assert await workspaces.get(uow.unit()) == renamed


async def test_renaming_to_the_same_name_takes_no_number(uow: FakeUnitOfWork) -> None:
    before = await workspaces.get(uow.unit())

    assert await workspaces.update(uow.unit(now=LATER), name="Personal") == before
    assert await workspaces.update(uow.unit(now=LATER)) == before
    assert await workspaces.get(uow.unit()) == before


async def test_a_shared_workspace_can_be_deleted(uow: FakeUnitOfWork) -> None:
    workspace = await workspaces.create(uow.unit(), name="Family")

    await workspaces.delete(uow.unit(workspace_id=workspace.id))

    assert list(uow.store.workspaces) == [uow.workspace_id]


async def test_the_personal_workspace_can_only_be_deleted_with_the_account(uow: FakeUnitOfWork) -> None:
    with pytest.raises(PersonalWorkspace) as raised:
        await workspaces.delete(uow.unit())

    assert raised.value.workspace_id == uow.workspace_id
    assert uow.workspace_id in uow.store.workspaces


async def test_deleting_the_account_deletes_the_personal_workspace(uow: FakeUnitOfWork) -> None:
    await users.delete(uow.unit())

    assert not uow.store.workspaces


async def test_the_number_of_workspaces_of_a_user_is_bounded(uow: FakeUnitOfWork) -> None:
    for _ in range(workspaces.MOST - 1):  # including the personal one
        await workspaces.create(uow.unit(), name="Household")

    with pytest.raises(TooManyWorkspaces):
        await workspaces.create(uow.unit(), name="Household")
