from dataclasses import replace
from uuid import UUID

import pytest

from domain import passwords, registration, sessions, users, workspaces
from domain.model.members import Member, SoleOwner
from domain.model.passwords import PasswordCommon, PasswordWrong
from domain.model.sessions import WrongCredentials
from domain.model.users import AccountGone, EmailTaken, RegistrationClosed, UserNotFound
from domain.policy import Policy
from domain.principals import Principal
from domain.roles import Role
from domain.unset import UNSET
from domain.zones import TimeZoneUnknown
from tests.support.defaults import NOON
from tests.support.fakes.passwords import FakePasswords
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

LATER = NOON.replace(hour=13)
NOBODY = Principal(user_id=UUID(int=0), session_id=UUID(int=0))


async def join(uow: FakeUnitOfWork, *, host: FakeUnitOfWork, role: Role) -> UUID:
    """Add the user of *uow* to a new workspace of the user of *host*."""
    workspace = await workspaces.create(host.unit(), name="Shared")
    member = Member(
        workspace_id=workspace.id,
        user_id=uow.principal.user_id,
        role=role,
        name="Ada",
        revision=1,
        created_at=NOON,
        updated_at=NOON,
    )
    await uow.members.add(member)
    return workspace.id


async def test_a_new_user_owns_a_personal_workspace_with_an_inbox() -> None:
    uow = FakeUnitOfWork()

    user = await registration.register(uow, email="Ada@Example.com", password="pass", name="Ada", time_zone="UTC")

    (workspace,) = uow.store.workspaces.values()
    (member,) = uow.store.members.values()
    (inbox,) = uow.store.projects.values()
    assert (user.email, user.name, user.time_zone, user.revision) == ("Ada@Example.com", "Ada", "UTC", 1)
    assert (workspace.name, workspace.personal, workspace.head) == ("Personal", True, 1)
    assert (member.user_id, member.role, member.name, member.revision) == (user.id, "owner", "Ada", 1)
    assert (inbox.workspace_id, inbox.name, inbox.is_inbox, inbox.revision) == (workspace.id, "Inbox", True, 1)


async def test_the_password_is_stored_only_as_its_hash() -> None:
    uow = FakeUnitOfWork()

    user = await registration.register(uow, email="ada@example.com", password="pass", name="Ada", time_zone="UTC")

    assert uow.store.password_hashes == {user.id: "hash of pass"}


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.Com"])
async def test_an_address_is_taken_in_every_case(uow: FakeUnitOfWork, spelling: str) -> None:
    with pytest.raises(EmailTaken):
        await registration.register(uow.unit(), email=spelling, password="pass", name="Eve", time_zone="UTC")


@pytest.mark.parametrize("password", ["password", "ada.lovelace", "ada.lovelace@example.com", "Ada Lovelace", "*" * 10])
async def test_an_account_cannot_be_created_with_a_guessable_password(password: str) -> None:
    uow = FakeUnitOfWork()

    with pytest.raises(PasswordCommon) as raised:
        await registration.register(
            uow, email="ada.lovelace@example.com", password=password, name="Ada Lovelace", time_zone="UTC"
        )

    assert raised.value.pointer == "#/password"
    assert not uow.store.users


@pytest.mark.parametrize(
    "password", ["password", "ada@example.com", "********", "aaaaAAAA", "\N{FULLWIDTH ASTERISK}***********"]
)
async def test_a_password_cannot_be_changed_to_a_guessable_one(uow: FakeUnitOfWork, password: str) -> None:
    with pytest.raises(PasswordCommon) as raised:
        await passwords.change(uow, current_password="correct horse", new_password=password)
    with pytest.raises(PasswordCommon):
        await passwords.set_by_operator(FakeUnitOfWork(store=uow.store), email="ada@example.com", new_password=password)

    assert raised.value.pointer == "#/new_password"
    assert uow.store.password_hashes[uow.principal.user_id] == "hash of correct horse"


async def test_registering_fails_while_registration_is_closed() -> None:
    uow = FakeUnitOfWork(policy=Policy(registration="closed"))

    with pytest.raises(RegistrationClosed):
        await registration.register(uow, email="ada@example.com", password="pass", name="Ada", time_zone="UTC")

    assert not uow.store.users


async def test_a_user_needs_a_time_zone_that_exists() -> None:
    with pytest.raises(TimeZoneUnknown) as raised:
        await registration.register(
            FakeUnitOfWork(), email="a@example.com", password="correct horse", name="A", time_zone="Mars"
        )

    assert raised.value.pointer == "#/time_zone"


async def test_users_can_read_their_own_account(uow: FakeUnitOfWork) -> None:
    assert (await users.get_me(uow)).email == "ada@example.com"


async def test_an_account_that_was_deleted_meanwhile_is_not_found(uow: FakeUnitOfWork) -> None:
    deleted = uow.unit(principal=NOBODY)

    with pytest.raises(AccountGone):
        await users.get_me(deleted)
    with pytest.raises(AccountGone):
        await users.update(deleted, name="Nobody")
    with pytest.raises(AccountGone):
        await passwords.change(deleted, current_password="a", new_password="b")
    with pytest.raises(AccountGone):
        await users.delete(deleted)


async def test_a_new_name_is_stored_in_every_workspace_and_takes_a_number_in_each(uow: FakeUnitOfWork) -> None:
    host = await registered(uow, email="bob@example.com", name="Bob")
    shared_id = await join(uow, host=host, role="editor")

    user = await users.update(uow.unit(now=LATER), name="Ada King")

    assert (user.name, user.time_zone, user.revision, user.updated_at) == ("Ada King", "Europe/Berlin", 2, LATER)
    for workspace_id in (uow.workspace_id, shared_id):
        member = uow.store.members[workspace_id, user.id]
        assert (member.name, member.revision, member.updated_at) == ("Ada King", 2, LATER)
        assert uow.store.workspaces[workspace_id].head == 2


async def test_a_new_time_zone_changes_no_workspace(uow: FakeUnitOfWork) -> None:
    user = await users.update(uow.unit(now=LATER), time_zone="Asia/Tokyo")

    assert (user.name, user.time_zone, user.revision) == ("Ada", "Asia/Tokyo", 2)
    assert uow.store.workspaces[uow.workspace_id].head == 1


async def test_an_update_to_a_time_zone_that_does_not_exist_changes_nothing(uow: FakeUnitOfWork) -> None:
    with pytest.raises(TimeZoneUnknown):
        await users.update(uow, name="Eve", time_zone="Mars")

    assert (await users.get_me(uow)).name == "Ada"


async def test_an_update_that_changes_nothing_takes_no_revision(uow: FakeUnitOfWork) -> None:
    before = await users.get_me(uow)

    assert await users.update(uow.unit(now=LATER), name="Ada", time_zone=UNSET) == before
    assert await users.get_me(uow) == before


async def test_a_changed_password_replaces_the_old_one(uow: FakeUnitOfWork) -> None:
    await passwords.change(uow, current_password="correct horse", new_password="battery staple")

    await sessions.log_in(uow.unit(), email="ada@example.com", password="battery staple")
    with pytest.raises(WrongCredentials):
        await sessions.log_in(uow.unit(), email="ada@example.com", password="correct horse")


async def test_changing_the_password_ends_all_other_sessions(uow: FakeUnitOfWork) -> None:
    mine = (await sessions.log_in(uow.unit(), email="ada@example.com", password="correct horse")).session
    await sessions.log_in(uow.unit(), email="ada@example.com", password="correct horse")
    through = Principal(user_id=uow.principal.user_id, session_id=mine.id)

    await passwords.change(uow.unit(principal=through), current_password="correct horse", new_password="new")

    assert list(uow.store.sessions) == [mine.id]


async def test_changing_the_password_needs_the_current_one(uow: FakeUnitOfWork) -> None:
    with pytest.raises(PasswordWrong) as raised:
        await passwords.change(uow, current_password="guess", new_password="new")

    assert raised.value.pointer == "#/current_password"
    assert uow.store.password_hashes[uow.principal.user_id] == "hash of correct horse"


class OvertakenPasswords(FakePasswords):
    """Passwords of which another one is stored while a new one is hashed."""

    def __init__(self, uow: FakeUnitOfWork) -> None:
        super().__init__()
        self._uow = uow

    async def hash(self, password: str) -> str:
        self._uow.store.password_hashes[self._uow.principal.user_id] = "hash of the other's"
        return await super().hash(password)


async def test_of_two_concurrent_password_changes_one_is_rejected(uow: FakeUnitOfWork) -> None:
    uow.passwords = OvertakenPasswords(uow)

    with pytest.raises(PasswordWrong):
        await passwords.change(uow, current_password="correct horse", new_password="mine")

    assert uow.store.password_hashes[uow.principal.user_id] == "hash of the other's"


async def test_an_operator_can_set_a_password_which_ends_all_sessions(uow: FakeUnitOfWork) -> None:
    await sessions.log_in(uow.unit(), email="ada@example.com", password="correct horse")

    await passwords.set_by_operator(FakeUnitOfWork(store=uow.store), email="ADA@example.com", new_password="new")

    assert uow.store.password_hashes[uow.principal.user_id] == "hash of new"
    assert not uow.store.sessions


async def test_setting_a_password_for_an_unknown_address_fails() -> None:
    with pytest.raises(UserNotFound):
        await passwords.set_by_operator(FakeUnitOfWork(), email="ada@example.com", new_password="new")


class DepartingPasswords(FakePasswords):
    """Passwords whose account is deleted while a new one is hashed."""

    def __init__(self, uow: FakeUnitOfWork) -> None:
        super().__init__()
        self._uow = uow

    async def hash(self, password: str) -> str:
        await users.delete(self._uow)
        return await super().hash(password)


async def test_a_reset_for_an_account_that_is_deleted_meanwhile_changes_nothing(uow: FakeUnitOfWork) -> None:
    operator = FakeUnitOfWork(store=uow.store)
    operator.passwords = DepartingPasswords(uow)

    with pytest.raises(UserNotFound):
        await passwords.set_by_operator(operator, email="ada@example.com", new_password="new")

    assert not uow.store.password_hashes


async def test_deleting_an_account_deletes_what_belongs_only_to_the_user(uow: FakeUnitOfWork) -> None:
    await workspaces.create(uow.unit(), name="Mine too")
    await sessions.log_in(uow.unit(), email="ada@example.com", password="correct horse")

    await users.delete(uow)

    store = uow.store
    assert not any((store.users, store.workspaces, store.members, store.sessions, store.email_keys))


async def test_deleting_an_account_leaves_shared_workspaces_to_the_other_members(uow: FakeUnitOfWork) -> None:
    host = await registered(uow, email="bob@example.com", name="Bob")
    shared_id = await join(uow, host=host, role="owner")

    await users.delete(uow)

    assert [key for key in uow.store.members if key[0] == shared_id] == [(shared_id, host.principal.user_id)]
    assert uow.store.workspaces[shared_id].head == 2


async def test_the_sole_owner_of_a_shared_workspace_cannot_delete_their_account(uow: FakeUnitOfWork) -> None:
    host = await registered(uow, email="bob@example.com", name="Bob")
    shared_id = await join(uow, host=host, role="admin")

    with pytest.raises(SoleOwner) as raised:
        await users.delete(host)

    assert raised.value.workspace_ids == (shared_id,)
    assert str(shared_id) in str(raised.value)
    assert host.principal.user_id in uow.store.users


async def test_one_of_two_owners_can_delete_their_account(uow: FakeUnitOfWork) -> None:
    host = await registered(uow, email="bob@example.com", name="Bob")
    shared_id = await join(uow, host=host, role="viewer")
    key = (shared_id, uow.principal.user_id)
    uow.store.members[key] = replace(uow.store.members[key], role="owner")

    await users.delete(host)

    assert host.principal.user_id not in uow.store.users
