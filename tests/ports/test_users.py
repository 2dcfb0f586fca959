from dataclasses import replace

import pytest

from domain.model.identities import Identity, IdentityTaken
from domain.model.users import Credentials, EmailTaken, User
from tests.support.defaults import NOON
from tests.support.things import (
    HOUR,
    NOBODY,
    key_of,
    one_time_token,
    personal_token,
    queued_email,
    session,
    stored,
    user,
)
from tests.support.worlds import World

ADA_ELSEWHERE = Identity(issuer="https://id.example", subject="ada")


async def test_an_account_that_was_added_is_found(world: World, ada: User) -> None:
    async with world.unit() as uow:
        assert await uow.users.get(ada.id) == ada
        assert await uow.users.lock(ada.id) == ada
        assert await uow.users.get(NOBODY) is None
        assert await uow.users.lock(NOBODY) is None


async def test_the_stored_password_is_found_by_id_and_by_address(world: World, ada: User) -> None:
    expected = Credentials(user_id=ada.id, email=ada.email, name=ada.name, password_hash="hash of Ada")
    async with world.unit() as uow:
        assert await uow.credentials.find(ada.id) == expected
        assert await uow.credentials.find_by_email(key_of(ada)) == expected
        assert await uow.credentials.find(NOBODY) is None
        assert await uow.credentials.find_by_email("nobody@example.com") is None


async def test_an_address_has_one_account_and_many_accounts_may_have_no_address(world: World, ada: User) -> None:
    with pytest.raises(EmailTaken):
        async with world.unit() as uow:
            await uow.users.add(user(3), email_key=key_of(ada), password_hash=None)
    strangers = [user(number, email=None) for number in (3, 4)]
    async with world.unit() as uow:
        for each in strangers:
            await uow.users.add(each, email_key=None, password_hash=None)

    async with world.unit() as uow:
        assert [await uow.users.get(each.id) for each in strangers] == strangers
        assert (found := await uow.credentials.find_by_email(key_of(ada))) is not None
        assert found.user_id == ada.id
        assert (found := await uow.credentials.find(strangers[0].id)) is not None
        assert (found.email, found.password_hash) == (None, None)


async def test_a_changed_account_is_read_back(world: World, ada: User, bob: User) -> None:
    changed = replace(ada, name="Ada L.", time_zone="UTC", email_verified_at=NOON, updated_at=NOON + HOUR, revision=2)
    async with world.unit(ada) as uow:
        await uow.users.update(changed)
        await uow.users.set_password(ada.id, password_hash="new hash")

    async with world.unit() as uow:
        assert [await uow.users.get(each.id) for each in (ada, bob)] == [changed, bob]
        found = await uow.credentials.find(ada.id)
        assert found is not None
        assert (found.name, found.password_hash) == ("Ada L.", "new hash")


async def test_an_account_is_locked_only_if_its_password_has_not_changed(world: World, ada: User) -> None:
    async with world.unit() as uow:
        assert await uow.users.lock_if_password(ada.id, password_hash="hash of Ada")
        assert not await uow.users.lock_if_password(ada.id, password_hash="another")
        assert not await uow.users.lock_if_password(NOBODY, password_hash="hash of Ada")


async def test_an_identity_has_one_account(world: World, ada: User, bob: User) -> None:
    async with world.unit(ada) as uow:
        await uow.identities.add(ADA_ELSEWHERE, user_id=ada.id, at=NOON)
    with pytest.raises(IdentityTaken):
        async with world.unit(bob) as uow:
            await uow.identities.add(ADA_ELSEWHERE, user_id=bob.id, at=NOON)
    async with world.unit(bob) as uow:
        await uow.identities.add(replace(ADA_ELSEWHERE, issuer="https://id.example.net"), user_id=bob.id, at=NOON)
        await uow.identities.add(replace(ADA_ELSEWHERE, subject="bob"), user_id=bob.id, at=NOON)


async def test_deleting_an_account_deletes_all_that_is_its_own_and_nothing_of_another(
    world: World, ada: User, bob: User
) -> None:
    for number, each in enumerate((ada, bob), start=1):
        begun = session(100 + number, of=each)
        digest = each.name.encode()
        async with world.unit(each) as uow:
            await uow.identities.add(Identity(issuer="i", subject=each.name), user_id=each.id, at=NOON)
            await uow.sessions.add(begun)
            await uow.sessions.add_tokens(access=stored(digest, of=begun), refresh=stored(digest, of=begun))
            await uow.tokens.add(personal_token(200 + number, of=each), digest=digest)
            await uow.one_time_tokens.replace(one_time_token(digest, of=each), if_expiring_until=NOON)
            await uow.outbox.add(queued_email(300 + number, kind="verification", user_id=each.id))
            await uow.account_log.add("account.registered")

    async with world.unit(ada) as uow:
        await uow.users.delete(ada.id)

    kept = {}
    async with world.unit() as uow:
        for each in (ada, bob):
            digest = each.name.encode()
            kept[each.name] = [
                await uow.users.get(each.id) is not None,
                await uow.credentials.find(each.id) is not None,
                await uow.credentials.find_by_email(key_of(each)) is not None,
                await uow.credentials.find_token(digest) is not None,
                await uow.sessions.lock_by_refresh_token(digest) is not None,
                len(await uow.sessions.page(each.id, now=NOON, after=None, limit=9)) == 1,
                len(await uow.tokens.page(each.id, now=NOON, after=None, limit=9)) == 1,
                len(await uow.account_log.page(each.id, before=None, limit=9)) == 1,
            ]
        queued_emails = await uow.outbox.lock_due(now=NOON, limit=9)
    assert kept == {"Ada": [False] * 8, "Bob": [True] * 8}
    assert [each.user_id for each in queued_emails] == [bob.id]


async def test_the_address_and_the_identity_of_a_deleted_account_can_be_used_again(world: World, ada: User) -> None:
    async with world.unit(ada) as uow:
        await uow.identities.add(ADA_ELSEWHERE, user_id=ada.id, at=NOON)
    async with world.unit(ada) as uow:
        await uow.users.delete(ada.id)

    again = user(3, email=ada.email)
    async with world.unit() as uow:
        await uow.users.add(again, email_key=key_of(ada), password_hash=None)
        await uow.identities.add(ADA_ELSEWHERE, user_id=again.id, at=NOON)
    async with world.unit() as uow:
        assert await uow.users.get(again.id) == again


async def test_an_address_is_replaced_and_the_old_one_can_be_used_again(world: World, ada: User, bob: User) -> None:
    changed = replace(ada, email="Ada@new.example", new_email="next@new.example", revision=2)
    async with world.unit(ada) as uow:
        await uow.users.update(changed)

    async with world.unit() as uow:
        assert await uow.users.get(ada.id) == changed
        assert await uow.credentials.find_by_email(key_of(ada)) is None
        found = await uow.credentials.find_by_email("ada@new.example")
        assert found is not None
        assert (found.user_id, found.email) == (ada.id, "Ada@new.example")
    with pytest.raises(EmailTaken):
        async with world.unit(bob) as uow:
            await uow.users.update(replace(bob, email="ADA@new.example"))
    async with world.unit(bob) as uow:
        await uow.users.update(replace(bob, email=ada.email))


async def test_a_pending_address_survives_a_new_hash_and_can_be_cancelled(world: World, ada: User) -> None:
    waiting = replace(ada, new_email="next@new.example")
    async with world.unit(ada) as uow:
        await uow.users.update(waiting)
        await uow.users.set_password(ada.id, password_hash="hash of new")
    async with world.unit(ada) as uow:
        assert await uow.users.get(ada.id) == waiting
        await uow.users.call_off_email(ada.id)

    async with world.unit() as uow:
        assert await uow.users.get(ada.id) == ada
