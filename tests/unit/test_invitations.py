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
async def shared(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """A unit of work of Ada's in a workspace that can be shared."""
    made = await workspaces.create(uow.unit(), name="Household")
    return uow.unit(workspace_id=made.id)


async def invited(shared: FakeUnitOfWork, *, role: Role = "editor") -> tuple[Invitation, str]:
    """An invitation, and its token as if it was sent."""
    invitation = (await invitations.create(shared.unit(), email="Grace@example.com", role=role)).invitation
    token = secret_tokens.mint("invitation", random_bytes=shared.random_bytes)
    await shared.invitations.set_digest(shared.workspace_id, invitation.id, digest=token.digest, mailed_at=NOON)
    return replace(invitation, mailed_at=NOON), token.text


async def grace_of(shared: FakeUnitOfWork, *, now: dt.datetime = NOON) -> FakeUnitOfWork:
    """A unit of work of Grace's that names no workspace."""
    guest = await registered(shared, email="grace@example.com", name="Grace")
    return guest.unit(now=now).account_unit()


async def test_accepting_an_invitation_creates_a_member_with_its_role(shared: FakeUnitOfWork) -> None:
    invitation, token = await invited(shared)
    grace = await grace_of(shared)
    workspace = await invitations.accept(grace, token)

    assert (workspace.id, workspace.role) == (shared.workspace_id, "editor")
    member = await members.get(shared.unit(), grace.principal.user_id)
    assert (member.name, member.role, member.revision) == ("Grace", "editor", workspace.head)
    assert shared.store.logged(workspace.id, workspace.head) == [("member.added", member.user_id)]
    with pytest.raises(InvitationNotFound):
        await invitations.get(shared.unit(), invitation.id)


async def test_a_token_works_once(shared: FakeUnitOfWork) -> None:
    _, token = await invited(shared)
    grace = await grace_of(shared)
    await invitations.accept(grace, token)
    bob = await registered(shared, email="bob@example.com", name="Bob")
    with pytest.raises(InvitationInvalid):
        await invitations.accept(bob.account_unit(), token)


async def test_a_token_expires(shared: FakeUnitOfWork) -> None:
    invitation, token = await invited(shared)
    assert invitation.expires_at == NOON + WEEK
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(shared, now=NOON + WEEK), token)
    assert (await invitations.page(shared.unit(now=NOON + WEEK))).items == ()


async def test_an_unknown_token_is_rejected(shared: FakeUnitOfWork) -> None:
    unknown = secret_tokens.mint("invitation", random_bytes=lambda count: b"\x01" * count).text
    grace = await grace_of(shared)
    for token in (unknown, unknown[:-1], "", "tbi_", unknown.replace("tbi_", "tbs_")):
        with pytest.raises(InvitationInvalid):
            await invitations.accept(grace, token)


async def test_a_withdrawn_invitation_cannot_be_accepted(shared: FakeUnitOfWork) -> None:
    invitation, token = await invited(shared)
    await invitations.delete(shared.unit(), invitation.id)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(shared), token)
    with pytest.raises(InvitationNotFound):
        await invitations.delete(shared.unit(), invitation.id)


async def test_an_invitation_is_deleted_with_its_workspace(shared: FakeUnitOfWork) -> None:
    _, token = await invited(shared)
    await workspaces.delete(shared.unit())
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(shared), token)


async def test_an_invitation_is_deleted_with_the_account_that_sent_it(shared: FakeUnitOfWork) -> None:
    await new_member(shared, "Bob", role="owner")
    _, token = await invited(shared)
    await users.delete(shared.account_unit())
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(shared), token)


async def test_a_member_cannot_accept_an_invitation(shared: FakeUnitOfWork) -> None:
    _, token = await invited(shared)
    with pytest.raises(AlreadyMember):
        await invitations.accept(shared.account_unit(), token)


async def test_users_cannot_invite_their_own_address_verified_or_not(shared: FakeUnitOfWork) -> None:
    assert (await users.get_me(shared.account_unit())).email_verified_at is None
    with pytest.raises(AddressOfMember):
        await invitations.create(shared.unit(), email="ADA@example.com", role="viewer")
    assert (await invitations.page(shared.unit())).items == ()


async def test_a_user_without_an_address_can_invite_any_address(shared: FakeUnitOfWork) -> None:
    ada = shared.principal.user_id
    shared.store.users[ada] = replace(shared.store.users[ada], email=None)
    created = await invitations.create(shared.unit(), email="ada@example.com", role="viewer")
    assert created.invitation.email == "ada@example.com"


async def test_a_deleted_account_cannot_accept(shared: FakeUnitOfWork) -> None:
    invitation, token = await invited(shared)
    nobody = FakeUnitOfWork(store=shared.store, principal=Principal(user_id=UUID(int=0), session_id=UUID(int=0)))
    with pytest.raises(AccountGone):
        await invitations.accept(nobody, token)
    assert (await invitations.page(shared.unit())).items == (invitation,)


@pytest.mark.parametrize("deleted", ["invitation", "workspace"])
async def test_an_invitation_that_is_deleted_after_the_look_up_is_rejected(
    shared: FakeUnitOfWork, deleted: str
) -> None:
    invitation, token = await invited(shared)
    grace = await grace_of(shared)
    user = await users.get_me(grace)
    found = await invitations.find(grace.invitations, token, now=NOON, pointer="#/invitation_token")
    if deleted == "invitation":
        await invitations.delete(shared.unit(), invitation.id)
    else:
        await workspaces.delete(shared.unit())
    with pytest.raises(InvitationInvalid) as raised:
        await invitations.join(grace, user, found, pointer="#/invitation_token")
    assert raised.value.pointer == "#/invitation_token"
    assert (shared.workspace_id, user.id) not in shared.store.members


async def test_inviting_an_address_again_replaces_its_invitation(shared: FakeUnitOfWork) -> None:
    _, first = await invited(shared)
    again, second = await invited(shared, role="viewer")

    assert (await invitations.page(shared.unit())).items == (again,)
    grace = await grace_of(shared)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(grace.account_unit(), first)
    assert (await invitations.accept(grace.account_unit(), second)).role == "viewer"


@pytest.mark.parametrize("role", ROLES)
async def test_a_member_cannot_invite_to_a_role_above_their_own(shared: FakeUnitOfWork, role: Role) -> None:
    admin = await new_member(shared, "Admin", role="admin")
    if role == "owner":
        with pytest.raises(RoleTooHigh):
            await invitations.create(admin.unit(), email="x@example.com", role=role)
    else:
        created = await invitations.create(admin.unit(), email="x@example.com", role=role)
        assert created.invitation.role == role


async def test_an_admin_cannot_change_an_invitation_of_an_owner(shared: FakeUnitOfWork) -> None:
    admin = await new_member(shared, "Admin", role="admin")
    invitation, _ = await invited(shared, role="owner")
    with pytest.raises(RoleTooHigh):
        await invitations.delete(admin.unit(), invitation.id)
    with pytest.raises(RoleTooHigh):
        await invitations.create(admin.unit(), email="grace@example.com", role="viewer")


async def test_removing_a_member_withdraws_the_invitations_to_their_address(shared: FakeUnitOfWork) -> None:
    grace = await grace_of(shared)
    _, token = await invited(shared)
    await invitations.accept(grace.account_unit(), token)
    _, kept = await invited(shared)
    await members.remove(shared.unit(), grace.principal.user_id)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(grace.account_unit(), kept)


async def test_a_personal_workspace_cannot_be_shared(uow: FakeUnitOfWork) -> None:
    with pytest.raises(PersonalWorkspace):
        await invitations.create(uow.unit(), email="grace@example.com", role="viewer")


async def register(shared: FakeUnitOfWork, *, token: str | None, setting: Registration = "invited") -> FakeUnitOfWork:
    """A unit of work of a user who registers, with the operator's *setting*."""
    unit = FakeUnitOfWork(store=shared.store, policy=Policy(registration=setting))
    await registration.register(
        unit, email="new@example.com", password="tea and engines", name="New", time_zone="UTC", invitation_token=token
    )
    return unit


@pytest.mark.parametrize("registration", ["open", "invited"])
async def test_registering_with_an_invitation_creates_a_member_at_once(
    shared: FakeUnitOfWork, registration: Registration
) -> None:
    _, token = await invited(shared)
    await register(shared, token=token, setting=registration)

    assert [member.name for member in (await members.page(shared.unit())).items] == ["Ada", "New"]
    with pytest.raises(InvitationInvalid):
        await invitations.accept(await grace_of(shared), token)


@pytest.mark.parametrize(("address", "is_verified"), [("GRACE@example.com", True), ("new@example.com", False)])
async def test_only_the_address_that_the_invitation_was_sent_to_is_verified(
    shared: FakeUnitOfWork,
    address: str,
    is_verified: bool,  # noqa: FBT001  # a parameter of a test
) -> None:
    _, token = await invited(shared)
    user = await registration.register(
        FakeUnitOfWork(store=shared.store),
        email=address,
        password="tea and engines",
        name="New",
        time_zone="UTC",
        invitation_token=token,
    )

    assert (user.email_verified_at is not None) == is_verified
    assert shared.store.users[user.id] == user


async def test_where_an_invitation_is_required_registering_without_one_is_rejected(shared: FakeUnitOfWork) -> None:
    with pytest.raises(InvitationRequired):
        await register(shared, token=None)
    with pytest.raises(InvitationInvalid) as raised:
        await register(shared, token="tbi_made_up")
    assert raised.value.pointer == "#/invitation_token"


async def test_an_invitation_does_not_open_closed_registration(shared: FakeUnitOfWork) -> None:
    _, token = await invited(shared)
    with pytest.raises(RegistrationClosed):
        await register(shared, token=token, setting="closed")


async def test_invitations_are_listed_in_pages(shared: FakeUnitOfWork) -> None:
    created = [await invitations.create(shared.unit(), email=f"{n}@example.com", role="viewer") for n in range(3)]
    made = [each.invitation for each in created]
    first = await invitations.page(shared.unit(), limit=2)
    rest = await invitations.page(shared.unit(), limit=2, cursor=first.next_cursor)

    assert [*first.items, *rest.items] == made
    with pytest.raises(CursorInvalid):
        await members.page(shared.unit(), cursor=first.next_cursor)


async def test_an_invitation_belongs_to_one_workspace(shared: FakeUnitOfWork, uow: FakeUnitOfWork) -> None:
    invitation, _ = await invited(shared)
    with pytest.raises(InvitationNotFound):
        await invitations.get(uow.unit(), invitation.id)
    with pytest.raises(InvitationNotFound):
        await invitations.delete(uow.unit(), UUID(int=99))


async def test_without_a_mail_server_the_sender_gets_the_token_and_the_link(shared: FakeUnitOfWork) -> None:
    url = "https://app.example.com/accept-invitation"
    alone = shared.unit(policy=Policy(sends_email=False, accept_invitation_url=url))
    before = dict(shared.store.queued_emails)

    created = await invitations.create(alone, email="grace@example.com", role="viewer")

    assert created.token is not None
    assert created.link == f"{url}#token={created.token}"
    assert shared.store.queued_emails == before
    joined = await invitations.accept(await grace_of(shared), created.token)
    assert (joined.id, joined.role) == (shared.workspace_id, "viewer")


async def test_with_a_mail_server_only_the_address_gets_the_token(shared: FakeUnitOfWork) -> None:
    created = await invitations.create(shared.unit(), email="grace@example.com", role="viewer")

    assert (created.token, created.link) == (None, None)
    assert created.invitation.id in {queued_email.invitation_id for queued_email in shared.store.queued_emails.values()}


@pytest.mark.parametrize("mailed", [True, False])
async def test_a_token_verifies_only_the_address_that_it_was_sent_to(
    shared: FakeUnitOfWork,
    mailed: bool,  # noqa: FBT001  # a table
) -> None:
    if mailed:
        _, token = await invited(shared)
    else:
        alone = shared.unit(policy=Policy(sends_email=False))
        token = (await invitations.create(alone, email="grace@example.com", role="viewer")).token or ""

    user = await registration.register(
        FakeUnitOfWork(store=shared.store),
        email="grace@example.com",
        password="correct horse",
        name="Grace",
        time_zone="UTC",
        invitation_token=token,
    )

    assert (user.email_verified_at is not None) is mailed


@pytest.mark.parametrize("verified", [True, False])
async def test_the_verified_address_of_a_member_cannot_be_invited(shared: FakeUnitOfWork, verified: bool) -> None:  # noqa: FBT001  # a table
    _, token = await invited(shared)
    grace = await grace_of(shared)
    await invitations.accept(grace, token)
    user = shared.store.users[grace.principal.user_id]
    shared.store.users[user.id] = replace(user, email_verified_at=NOON if verified else None)
    before = dict(shared.store.queued_emails)

    if verified:
        with pytest.raises(AddressOfMember):
            await invitations.create(shared.unit(), email="GRACE@example.com", role="viewer")
        assert shared.store.queued_emails == before
    else:
        await invitations.create(shared.unit(), email="GRACE@example.com", role="viewer")
