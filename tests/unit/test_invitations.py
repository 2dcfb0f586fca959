import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain import invitations, members, registration, secret_tokens, users, workspaces
from domain.model.invitations import AddressOfMember, AlreadyMember, Invitation, InvitationInvalid, InvitationNotFound
from domain.model.members import RoleTooHigh
from domain.model.users import AccountGone, InvitationRequired, RegistrationClosed
from domain.model.workspaces import PersonalWorkspace
from domain.pages import CursorInvalid
from domain.policy import Policy, Registration
from domain.principals import Principal
from domain.roles import ROLES, Role
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered
from tests.unit.test_members import new_member

WEEK = dt.timedelta(days=7)


@pytest.fixture
async def household(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """A unit of work of Ada's in a workspace that can be shared."""
    made = await workspaces.create(uow.unit(), name="Household")
    return uow.unit(workspace_id=made.id)


async def invited(household: FakeUnitOfWork, *, role: Role = "editor") -> tuple[Invitation, str]:
    """An invitation, and its token as if it was sent."""
    invitation = (await invitations.create(household.unit(), email="Grace@example.com", role=role)).invitation
    token = secret_tokens.mint("invitation", random_bytes=household.random_bytes)
    await household.invitations.set_digest(household.workspace_id, invitation.id, digest=token.digest, mailed_at=NOON)
    return replace(invitation, mailed_at=NOON), token.text


async def grace_of(household: FakeUnitOfWork, *, now: dt.datetime = NOON) -> FakeUnitOfWork:
    """A unit of work of Grace's that names no workspace."""
    guest = await registered(household, email="grace@example.com", name="Grace")
    return guest.unit(now=now).account_unit()


async def test_accepting_an_invitation_creates_a_member_with_its_role(household: FakeUnitOfWork) -> None:
    invitation, token = await invited(household)
    grace = await grace_of(household)
    workspace = await invitations.accept(grace, token)

    assert (workspace.id, workspace.role) == (household.workspace_id, "editor")
    member = await members.get(household.unit(), grace.principal.user_id)
    assert (member.name, member.role, member.revision) == ("Grace", "editor", workspace.head)
    assert household.store.logged(workspace.id, workspace.head) == [("member.added", member.user_id)]
    with pytest.raises(InvitationNotFound):
        await invitations.get(household.unit(), invitation.id)


async def test_a_token_works_once(household: FakeUnitOfWork) -> None:
    _, token = await invited(household)
    grace = await grace_of(household)
    await invitations.accept(grace, token)
    bob = await registered(household, email="bob@example.com", name="Bob")
    with pytest.raises(InvitationInvalid):
        await invitations.accept(bob.account_unit(), token)


async def test_a_token_expires(household: FakeUnitOfWork) -> None:
    invitation, token = await invited(household)
    assert invitation.expires_at == NOON + WEEK
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(household, now=NOON + WEEK), token)
    assert (await invitations.page(household.unit(now=NOON + WEEK))).items == ()


async def test_an_unknown_token_is_rejected(household: FakeUnitOfWork) -> None:
    unknown = secret_tokens.mint("invitation", random_bytes=lambda count: b"\x01" * count).text
    grace = await grace_of(household)
    for token in (unknown, unknown[:-1], "", "tbi_", unknown.replace("tbi_", "tbs_")):
        with pytest.raises(InvitationInvalid):
            await invitations.accept(grace, token)


async def test_a_withdrawn_invitation_cannot_be_accepted(household: FakeUnitOfWork) -> None:
    invitation, token = await invited(household)
    await invitations.delete(household.unit(), invitation.id)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(household), token)
    with pytest.raises(InvitationNotFound):
        await invitations.delete(household.unit(), invitation.id)


async def test_an_invitation_is_deleted_with_its_workspace(household: FakeUnitOfWork) -> None:
    _, token = await invited(household)
    await workspaces.delete(household.unit())
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(household), token)


async def test_an_invitation_is_deleted_with_the_account_that_sent_it(household: FakeUnitOfWork) -> None:
    await new_member(household, "Bob", role="owner")
    _, token = await invited(household)
    await users.delete(household.account_unit())
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(household), token)


async def test_a_member_cannot_accept_an_invitation(household: FakeUnitOfWork) -> None:
    _, token = await invited(household)
    with pytest.raises(AlreadyMember):
        await invitations.accept(household.account_unit(), token)


async def test_users_cannot_invite_their_own_address_verified_or_not(household: FakeUnitOfWork) -> None:
    assert (await users.get_me(household.account_unit())).email_verified_at is None
    with pytest.raises(AddressOfMember):
        await invitations.create(household.unit(), email="ADA@example.com", role="viewer")
    assert (await invitations.page(household.unit())).items == ()


async def test_a_user_without_an_address_can_invite_any_address(household: FakeUnitOfWork) -> None:
    ada = household.principal.user_id
    household.store.users[ada] = replace(household.store.users[ada], email=None)
    created = await invitations.create(household.unit(), email="ada@example.com", role="viewer")
    assert created.invitation.email == "ada@example.com"


async def test_a_deleted_account_cannot_accept(household: FakeUnitOfWork) -> None:
    invitation, token = await invited(household)
    nobody = FakeUnitOfWork(store=household.store, principal=Principal(user_id=UUID(int=0), session_id=UUID(int=0)))
    with pytest.raises(AccountGone):
        await invitations.accept(nobody, token)
    assert (await invitations.page(household.unit())).items == (invitation,)


@pytest.mark.parametrize("gone", ["invitation", "workspace"])
async def test_an_invitation_that_is_deleted_after_the_look_up_is_rejected(
    household: FakeUnitOfWork, gone: str
) -> None:
    invitation, token = await invited(household)
    grace = await grace_of(household)
    user = await users.get_me(grace)
    found = await invitations.find(grace.invitations, token, now=NOON, pointer="#/invitation_token")
    if gone == "invitation":
        await invitations.delete(household.unit(), invitation.id)
    else:
        await workspaces.delete(household.unit())
    with pytest.raises(InvitationInvalid) as raised:
        await invitations.join(grace, user, found, pointer="#/invitation_token")
    assert raised.value.pointer == "#/invitation_token"
    assert (household.workspace_id, user.id) not in household.store.members


async def test_inviting_an_address_again_replaces_its_invitation(household: FakeUnitOfWork) -> None:
    _, first = await invited(household)
    again, second = await invited(household, role="viewer")

    assert (await invitations.page(household.unit())).items == (again,)
    grace = await grace_of(household)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(grace.account_unit(), first)
    assert (await invitations.accept(grace.account_unit(), second)).role == "viewer"


@pytest.mark.parametrize("role", ROLES)
async def test_a_member_cannot_invite_to_a_role_above_their_own(household: FakeUnitOfWork, role: Role) -> None:
    admin = await new_member(household, "Admin", role="admin")
    if role == "owner":
        with pytest.raises(RoleTooHigh):
            await invitations.create(admin.unit(), email="x@example.com", role=role)
    else:
        created = await invitations.create(admin.unit(), email="x@example.com", role=role)
        assert created.invitation.role == role


async def test_an_admin_cannot_change_an_invitation_of_an_owner(household: FakeUnitOfWork) -> None:
    admin = await new_member(household, "Admin", role="admin")
    invitation, _ = await invited(household, role="owner")
    with pytest.raises(RoleTooHigh):
        await invitations.delete(admin.unit(), invitation.id)
    with pytest.raises(RoleTooHigh):
        await invitations.create(admin.unit(), email="grace@example.com", role="viewer")


async def test_removing_a_member_withdraws_the_invitations_to_their_address(household: FakeUnitOfWork) -> None:
    grace = await grace_of(household)
    _, token = await invited(household)
    await invitations.accept(grace.account_unit(), token)
    _, kept = await invited(household)
    await members.remove(household.unit(), grace.principal.user_id)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(grace.account_unit(), kept)


async def test_a_personal_workspace_cannot_be_shared(uow: FakeUnitOfWork) -> None:
    with pytest.raises(PersonalWorkspace):
        await invitations.create(uow.unit(), email="grace@example.com", role="viewer")


async def register(
    household: FakeUnitOfWork, *, token: str | None, setting: Registration = "invited"
) -> FakeUnitOfWork:
    """A unit of work of a user who registers, with the operator's *setting*."""
    unit = FakeUnitOfWork(store=household.store, policy=Policy(registration=setting))
    await registration.register(
        unit, email="new@example.com", password="tea and engines", name="New", time_zone="UTC", invitation_token=token
    )
    return unit


@pytest.mark.parametrize("registration", ["open", "invited"])
async def test_registering_with_an_invitation_creates_a_member_at_once(
    household: FakeUnitOfWork, registration: Registration
) -> None:
    _, token = await invited(household)
    await register(household, token=token, setting=registration)

    assert [member.name for member in (await members.page(household.unit())).items] == ["Ada", "New"]
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(household), token)


@pytest.mark.parametrize(("address", "is_verified"), [("GRACE@example.com", True), ("new@example.com", False)])
async def test_only_the_address_that_the_invitation_was_sent_to_is_verified(
    household: FakeUnitOfWork,
    address: str,
    is_verified: bool,  # noqa: FBT001  # a parameter of a test
) -> None:
    _, token = await invited(household)
    user = await registration.register(
        FakeUnitOfWork(store=household.store),
        email=address,
        password="tea and engines",
        name="New",
        time_zone="UTC",
        invitation_token=token,
    )

    assert (user.email_verified_at is not None) == is_verified
    assert household.store.users[user.id] == user


async def test_where_an_invitation_is_required_registering_without_one_is_rejected(household: FakeUnitOfWork) -> None:
    with pytest.raises(InvitationRequired):
        await register(household, token=None)
    with pytest.raises(InvitationInvalid) as raised:
        await register(household, token="tbi_made_up")
    assert raised.value.pointer == "#/invitation_token"


async def test_an_invitation_does_not_open_closed_registration(household: FakeUnitOfWork) -> None:
    _, token = await invited(household)
    with pytest.raises(RegistrationClosed):
        await register(household, token=token, setting="closed")


async def test_invitations_are_listed_in_pages(household: FakeUnitOfWork) -> None:
    created = [await invitations.create(household.unit(), email=f"{n}@example.com", role="viewer") for n in range(3)]
    made = [each.invitation for each in created]
    first = await invitations.page(household.unit(), limit=2)
    rest = await invitations.page(household.unit(), limit=2, cursor=first.next_cursor)

    assert [*first.items, *rest.items] == made
    with pytest.raises(CursorInvalid):
        await members.page(household.unit(), cursor=first.next_cursor)


async def test_an_invitation_belongs_to_one_workspace(household: FakeUnitOfWork, uow: FakeUnitOfWork) -> None:
    invitation, _ = await invited(household)
    with pytest.raises(InvitationNotFound):
        await invitations.get(uow.unit(), invitation.id)
    with pytest.raises(InvitationNotFound):
        await invitations.delete(uow.unit(), UUID(int=99))


async def test_without_a_mail_server_the_sender_gets_the_token_and_the_link(household: FakeUnitOfWork) -> None:
    url = "https://app.example.com/accept-invitation"
    alone = household.unit(policy=Policy(sends_email=False, accept_invitation_url=url))
    before = dict(household.store.queued_emails)

    created = await invitations.create(alone, email="grace@example.com", role="viewer")

    assert created.token is not None
    assert created.link == f"{url}#token={created.token}"
    assert household.store.queued_emails == before
    joined = await invitations.accept(await grace_of(household), created.token)
    assert (joined.id, joined.role) == (household.workspace_id, "viewer")


async def test_with_a_mail_server_only_the_address_gets_the_token(household: FakeUnitOfWork) -> None:
    created = await invitations.create(household.unit(), email="grace@example.com", role="viewer")

    assert (created.token, created.link) == (None, None)
    assert created.invitation.id in {
        queued_email.invitation_id for queued_email in household.store.queued_emails.values()
    }


@pytest.mark.parametrize("mailed", [True, False])
async def test_a_token_verifies_only_the_address_that_it_was_sent_to(
    household: FakeUnitOfWork,
    mailed: bool,  # noqa: FBT001  # a table
) -> None:
    if mailed:
        _, token = await invited(household)
    else:
        alone = household.unit(policy=Policy(sends_email=False))
        token = (await invitations.create(alone, email="grace@example.com", role="viewer")).token or ""

    user = await registration.register(
        FakeUnitOfWork(store=household.store),
        email="grace@example.com",
        password="correct horse",
        name="Grace",
        time_zone="UTC",
        invitation_token=token,
    )

    assert (user.email_verified_at is not None) is mailed


@pytest.mark.parametrize("verified", [True, False])
async def test_the_verified_address_of_a_member_cannot_be_invited(household: FakeUnitOfWork, verified: bool) -> None:  # noqa: FBT001  # a table
    _, token = await invited(household)
    grace = await grace_of(household)
    await invitations.accept(grace, token)
    user = household.store.users[grace.principal.user_id]
    household.store.users[user.id] = replace(user, email_verified_at=NOON if verified else None)
    before = dict(household.store.queued_emails)

    if verified:
        with pytest.raises(AddressOfMember):
            await invitations.create(household.unit(), email="GRACE@example.com", role="viewer")
        assert household.store.queued_emails == before
    else:
        await invitations.create(household.unit(), email="GRACE@example.com", role="viewer")
