from dataclasses import replace
from uuid import UUID

import pytest

from domain import users, workspaces
from domain.errors import AccountGone, CursorInvalid, PersonalWorkspace, TooManyWorkspaces, WorkspaceNotFound
from domain.principals import Principal
from tests.unit.conftest import registered
from tests.unit.fakes import NOON, FakeWork

LATER = NOON.replace(hour=13)


async def test_a_new_workspace_is_its_creators_and_has_an_inbox(work: FakeWork) -> None:
    workspace = await workspaces.create(work.call(), name="Family")

    member = work.store.members[workspace.id, work.principal.user_id]
    inbox = await work.projects.inbox(workspace.id)
    assert (workspace.name, workspace.personal, workspace.role) == ("Family", False, "owner")
    assert (workspace.head, workspace.revision) == (1, 1)
    assert (member.role, member.name) == ("owner", "Ada")
    assert inbox is not None
    assert inbox.name == "Inbox"


async def test_a_deleted_account_makes_no_workspaces(work: FakeWork) -> None:
    with pytest.raises(AccountGone):
        await workspaces.create(
            work.call(principal=Principal(user_id=UUID(int=0), session_id=UUID(int=0))), name="Ghost"
        )


async def test_workspaces_are_listed_oldest_first_in_pages(work: FakeWork) -> None:
    made = [await workspaces.create(work.call(), name=name) for name in ("One", "Two")]

    first = await workspaces.page(work.call(), limit=2)
    second = await workspaces.page(work.call(), limit=2, cursor=first.next_cursor)

    assert [w.name for w in (*first.items, *second.items)] == ["Personal", "One", "Two"]
    assert [*first.items[1:], *second.items] == made
    assert second.next_cursor is None


async def test_the_personal_workspace_is_listed_first_and_once(work: FakeWork) -> None:
    for number in (2, 1):
        await workspaces.create(
            work.call(now=NOON.replace(hour=number)), name=str(number), workspace_id=UUID(int=number)
        )

    listed, cursor = [], None
    for _ in range(3):
        page = await workspaces.page(work.call(), limit=1, cursor=cursor)
        cursor = page.next_cursor
        listed += [workspace.name for workspace in page.items]

    assert (listed, cursor) == (["Personal", "1", "2"], None)


async def test_the_workspaces_of_others_are_not_listed(work: FakeWork) -> None:
    other = await registered(work, email="bob@example.com", name="Bob")

    assert [w.id for w in (await workspaces.page(other.call())).items] == [other.workspace_id]


async def test_the_cursor_of_somebody_elses_workspaces_is_refused(work: FakeWork) -> None:
    await workspaces.create(work.call(), name="Two")
    other = await registered(work, email="bob@example.com", name="Bob")
    page = await workspaces.page(work.call(), limit=1)

    with pytest.raises(CursorInvalid):
        await workspaces.page(other.call(), cursor=page.next_cursor)


async def test_a_member_sees_the_workspace_and_their_role_in_it(work: FakeWork) -> None:
    key = (work.workspace_id, work.principal.user_id)
    work.store.members[key] = replace(work.store.members[key], role="viewer")

    assert (await workspaces.get(work.call())).role == "viewer"


async def test_a_stranger_sees_no_workspace(work: FakeWork) -> None:
    other = await registered(work, email="bob@example.com", name="Bob")

    with pytest.raises(WorkspaceNotFound) as refused:
        await workspaces.get(other.call(workspace_id=work.workspace_id))

    assert refused.value.workspace_id == work.workspace_id


async def test_renaming_takes_the_next_number_for_head_and_revision(work: FakeWork) -> None:
    renamed = await workspaces.update(work.call(now=LATER), name="Mine")

    assert (renamed.name, renamed.head, renamed.revision, renamed.updated_at) == ("Mine", 2, 2, LATER)
    assert await workspaces.get(work.call()) == renamed


async def test_renaming_to_the_same_name_takes_no_number(work: FakeWork) -> None:
    before = await workspaces.get(work.call())

    assert await workspaces.update(work.call(now=LATER), name="Personal") == before
    assert await workspaces.update(work.call(now=LATER)) == before
    assert await workspaces.get(work.call()) == before


async def test_a_shared_workspace_can_be_deleted(work: FakeWork) -> None:
    workspace = await workspaces.create(work.call(), name="Family")

    await workspaces.delete(work.call(workspace_id=workspace.id))

    assert list(work.store.workspaces) == [work.workspace_id]


async def test_the_personal_workspace_cannot_be_deleted_alone(work: FakeWork) -> None:
    with pytest.raises(PersonalWorkspace) as refused:
        await workspaces.delete(work.call())

    assert refused.value.workspace_id == work.workspace_id
    assert work.workspace_id in work.store.workspaces


async def test_the_personal_workspace_goes_with_the_account(work: FakeWork) -> None:
    await users.delete(work.call())

    assert not work.store.workspaces


async def test_nobody_is_in_more_workspaces_than_anybody_may_be(work: FakeWork) -> None:
    for _ in range(workspaces.MOST - 1):  # with the personal one
        await workspaces.create(work.call(), name="Household")

    with pytest.raises(TooManyWorkspaces):
        await workspaces.create(work.call(), name="Household")
