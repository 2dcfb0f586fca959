import asyncio
from dataclasses import replace

import pytest

from domain import passwords, registration, sessions, users, workspaces
from domain.model.members import SoleOwner
from domain.model.passwords import PasswordWrong
from domain.model.sessions import WrongCredentials
from domain.model.users import AccountGone, EmailTaken
from domain.principals import Principal
from persistence.database import Database
from tests.support.defaults import NOON
from tests.support.service_callers import Caller

LATER = NOON.replace(hour=13, microsecond=1)


async def test_a_registered_account_is_read_back(database: Database) -> None:
    nobody = Caller(database=database)

    user = await nobody.write(
        registration.register, email="Ada@Example.com", password="pw", name="Ada \N{CROWN}", time_zone="Europe/Berlin"
    )

    me = replace(nobody, principal=Principal(user_id=user.id, session_id=user.id))
    assert await me.read(users.get_me) == user
    assert (user.email, user.created_at.tzinfo) == ("Ada@Example.com", NOON.tzinfo)


async def test_an_address_can_be_registered_once_whatever_its_case(ada: Caller) -> None:
    with pytest.raises(EmailTaken):
        await ada.account.write(
            registration.register, email="ADA@example.com", password="pw", name="Eve", time_zone="UTC"
        )


async def test_of_concurrent_registrations_of_one_address_one_succeeds(database: Database) -> None:
    nobody = Caller(database=database)
    attempts = [
        nobody.write(registration.register, email="ada@example.com", password="pw", name=str(n), time_zone="UTC")
        for n in range(8)
    ]

    results = await asyncio.gather(*attempts, return_exceptions=True)

    raised = [result for result in results if isinstance(result, BaseException)]
    assert [type(result) for result in raised] == [EmailTaken] * 7


async def test_a_rejected_registration_leaves_no_rows(ada: Caller, bob: Caller) -> None:
    with pytest.raises(EmailTaken):
        await bob.account.write(
            registration.register, email="ada@example.com", password="pw", name="Eve", time_zone="UTC"
        )

    assert len((await bob.account.read(workspaces.page)).items) == 1
    assert len((await ada.account.read(workspaces.page)).items) == 1


async def test_a_new_name_is_stored_in_every_workspace_and_raises_each_head_by_one(ada: Caller, bob: Caller) -> None:
    guest = await bob.add_member(ada, role="viewer")
    ada.clock.now = LATER

    user = await ada.account.write(users.update, name="Ada King")

    assert (user.name, user.revision, user.updated_at) == ("Ada King", 2, LATER)
    assert await ada.account.read(users.get_me) == user
    for there in (ada, guest):
        async with there.unit(safe=True) as uow:
            workspace = await uow.workspaces.get(there.workspace_id, user_id=ada.user_id)
        assert workspace is not None
        assert (workspace.head, workspace.revision) == (2 if there is ada else 3, 1)


async def test_after_a_change_only_the_new_password_is_accepted(ada: Caller) -> None:
    await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")

    await ada.account.write(passwords.change, current_password="ada", new_password="new")

    assert (await ada.account.read(sessions.page)).items == ()
    with pytest.raises(WrongCredentials):
        await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")
    await ada.account.write(sessions.log_in, email="ada@example.com", password="new")


async def test_of_concurrent_password_changes_one_succeeds(ada: Caller) -> None:
    await asyncio.gather(*(ada.account.read(users.get_me) for _ in range(5)))  # connects, so that all start at once
    attempts = [ada.account.write(passwords.change, current_password="ada", new_password=f"new {n}") for n in range(5)]

    results = await asyncio.gather(*attempts, return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["PasswordWrong"] * 4
    assert PasswordWrong in map(type, results)


async def test_deleting_an_account_deletes_its_workspaces_and_sessions_and_frees_the_address(ada: Caller) -> None:
    await ada.account.write(workspaces.create, name="Mine too")
    begun = await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")

    await ada.account.write(users.delete)

    assert (await ada.account.read(workspaces.page)).items == ()
    with pytest.raises(AccountGone):
        await ada.account.read(users.get_me)
    async with ada.unit() as uow:
        assert not await uow.sessions.delete(begun.session.id, user_id=ada.user_id)
    await ada.register("ada")


async def test_deleting_an_account_removes_the_user_from_shared_workspaces(ada: Caller, bob: Caller) -> None:
    guest = await bob.add_member(ada, role="owner")

    await ada.account.write(users.delete)

    async with bob.unit(safe=True) as uow:
        assert [s.other_members for s in await uow.members.membership_summaries(bob.user_id)] == [0]
        assert await uow.workspaces.get(guest.workspace_id, user_id=ada.user_id) is None
    assert (await bob.read(workspaces.get)).head == 3


async def test_a_workspace_with_another_owner_survives_the_account(ada: Caller, bob: Caller) -> None:
    guest = await ada.add_member(bob, role="owner")

    await ada.account.write(users.delete)

    assert (await guest.read(workspaces.get)).id == ada.workspace_id


async def test_the_sole_owner_of_a_shared_workspace_cannot_delete_their_account(ada: Caller, bob: Caller) -> None:
    await bob.add_member(ada, role="admin")

    with pytest.raises(SoleOwner) as raised:
        await bob.account.write(users.delete)

    assert raised.value.workspace_ids == (bob.workspace_id,)
    assert (await bob.account.read(users.get_me)).name == "bob"
