from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from domain import invitations, members, workspaces
from domain.model.members import Member, MemberNotFound, RoleTooHigh, SoleOwner
from domain.model.workspaces import PersonalWorkspace
from domain.pages import CursorInvalid
from domain.roles import ROLES, Role, outranks
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

Team = Mapping[Role, FakeUnitOfWork]


async def new_member(boss: FakeUnitOfWork, name: str, *, role: Role) -> FakeUnitOfWork:
    """A unit of work of a new member in the workspace of *boss*."""
    guest = await registered(boss, email=f"{name}@example.com", name=name)
    member = Member(
        workspace_id=boss.workspace_id,
        user_id=guest.principal.user_id,
        role=role,
        name=name,
        revision=boss.store.take_number(boss.workspace_id),
        created_at=NOON,
        updated_at=NOON,
    )
    await boss.members.add(member)
    return guest.unit(workspace_id=boss.workspace_id)


@pytest.fixture
async def team(uow: FakeUnitOfWork) -> Team:
    """A shared workspace with a member of each role."""
    household = await workspaces.create(uow.unit(), name="Household")
    owner = uow.unit(workspace_id=household.id)
    others: dict[Role, FakeUnitOfWork] = {role: await new_member(owner, role, role=role) for role in ROLES[:-1]}
    return {**others, "owner": owner}


def user_of(uow: FakeUnitOfWork) -> UUID:
    return uow.principal.user_id


async def role_of(uow: FakeUnitOfWork) -> Role:
    return (await members.get(uow, user_of(uow))).role


def test_a_role_outranks_only_the_roles_before_it() -> None:
    assert [[outranks(role, other) for other in ROLES] for role in ROLES] == [
        [i > j for j in range(4)] for i in range(4)
    ]


async def test_members_are_listed_in_pages(team: Team) -> None:
    first = await members.page(team["viewer"].unit(), limit=3)
    rest = await members.page(team["viewer"].unit(), limit=3, cursor=first.next_cursor)

    assert [member.user_id for member in (*first.items, *rest.items)] == sorted(map(user_of, team.values()))
    assert rest.next_cursor is None


async def test_a_cursor_of_another_workspace_is_rejected(team: Team, uow: FakeUnitOfWork) -> None:
    cursor = (await members.page(team["viewer"].unit(), limit=1)).next_cursor
    with pytest.raises(CursorInvalid):
        await members.page(uow.unit(), cursor=cursor)


async def test_a_new_role_is_logged_and_the_same_role_is_not(team: Team) -> None:
    owner, viewer = team["owner"], user_of(team["viewer"])
    head = owner.store.workspaces[owner.workspace_id].head
    same = await members.change_role(owner.unit(), viewer, role="viewer")
    changed = await members.change_role(owner.unit(), viewer, role="editor")

    assert same.revision < head
    assert (changed.role, changed.revision) == ("editor", head + 1)
    assert owner.store.logged(owner.workspace_id, head + 1) == [("member.updated", viewer)]


@pytest.mark.parametrize("role", ROLES)
async def test_an_admin_cannot_give_a_role_above_their_own(team: Team, role: Role) -> None:
    if role == "owner":
        with pytest.raises(RoleTooHigh):
            await members.change_role(team["admin"].unit(), user_of(team["viewer"]), role=role)
    else:
        await members.change_role(team["admin"].unit(), user_of(team["viewer"]), role=role)
    assert await role_of(team["viewer"]) == ("viewer" if role == "owner" else role)


async def test_an_admin_cannot_change_or_remove_an_owner(team: Team) -> None:
    await new_member(team["owner"], "Second", role="owner")
    with pytest.raises(RoleTooHigh):
        await members.change_role(team["admin"].unit(), user_of(team["owner"]), role="viewer")
    with pytest.raises(RoleTooHigh):
        await members.remove(team["admin"].unit(), user_of(team["owner"]))
    assert await role_of(team["owner"]) == "owner"


async def test_an_admin_may_lower_their_own_role(team: Team) -> None:
    await members.change_role(team["admin"].unit(), user_of(team["admin"]), role="viewer")

    assert await role_of(team["admin"]) == "viewer"


async def test_the_last_owner_cannot_lower_their_role_or_leave(team: Team) -> None:
    owner = team["owner"]
    with pytest.raises(SoleOwner):
        await members.change_role(owner.unit(), user_of(owner), role="admin")
    with pytest.raises(SoleOwner):
        await members.remove(owner.unit(), user_of(owner))
    with pytest.raises(SoleOwner):
        await members.leave(owner.unit())

    await members.change_role(owner.unit(), user_of(team["admin"]), role="owner")
    await members.leave(owner.unit())

    with pytest.raises(MemberNotFound):
        await members.get(team["admin"].unit(), user_of(owner))


async def test_the_only_member_of_a_shared_workspace_cannot_leave_it(uow: FakeUnitOfWork) -> None:
    household = await workspaces.create(uow.unit(), name="Household")
    with pytest.raises(SoleOwner):
        await members.leave(uow.unit(workspace_id=household.id))


async def test_a_personal_workspace_cannot_be_left(uow: FakeUnitOfWork) -> None:
    with pytest.raises(PersonalWorkspace):
        await members.leave(uow.unit())


async def test_every_other_member_may_leave(team: Team) -> None:
    for role in ROLES[:-1]:
        await members.leave(team[role].unit())

    assert [member.role for member in (await members.page(team["owner"].unit())).items] == ["owner"]


async def test_removing_a_member_deletes_the_row_and_is_logged(team: Team) -> None:
    owner, editor = team["owner"], user_of(team["editor"])
    await members.remove(team["admin"].unit(), editor)

    with pytest.raises(MemberNotFound):
        await members.remove(team["admin"].unit(), editor)
    head = owner.store.workspaces[owner.workspace_id].head
    assert owner.store.logged(owner.workspace_id, head) == [("member.removed", editor)]


@pytest.mark.parametrize(("becomes", "kept"), [("owner", ["viewer", "admin"]), ("editor", [])])
async def test_invitations_to_roles_that_a_member_may_no_longer_give_are_withdrawn(
    team: Team, becomes: Role, kept: list[Role]
) -> None:
    for role in ("viewer", "admin"):
        await invitations.create(team["admin"].unit(), email=f"{role}@elsewhere.example", role=role)
    await members.change_role(team["owner"].unit(), user_of(team["admin"]), role=becomes)

    assert [each.role for each in (await invitations.page(team["owner"].unit())).items] == kept


async def test_an_owner_who_becomes_an_admin_keeps_invitations_to_all_other_roles(team: Team) -> None:
    await members.change_role(team["owner"].unit(), user_of(team["admin"]), role="owner")
    for role in ("admin", "owner"):
        await invitations.create(team["admin"].unit(), email=f"{role}@elsewhere.example", role=role)
    await members.change_role(team["owner"].unit(), user_of(team["admin"]), role="admin")

    assert [each.role for each in (await invitations.page(team["owner"].unit())).items] == ["admin"]


async def test_only_the_invitations_of_a_removed_member_are_withdrawn(team: Team) -> None:
    await invitations.create(team["admin"].unit(), email="a@elsewhere.example", role="viewer")
    await invitations.create(team["owner"].unit(), email="b@elsewhere.example", role="viewer")
    await members.remove(team["owner"].unit(), user_of(team["admin"]))

    (left,) = (await invitations.page(team["owner"].unit())).items
    assert replace(left).email == "b@elsewhere.example"
