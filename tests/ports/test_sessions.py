from dataclasses import replace

import pytest

from domain.model.sessions import Session
from domain.model.users import User
from tests.support.defaults import NOON
from tests.support.things import DAY, HOUR, NOBODY, in_pages, session, stored
from tests.support.worlds import World


async def begin(world: World, begun: Session, *, of: User, digest: bytes) -> Session:
    """A session with an access token and a refresh token, which are distinguished by the table that holds them."""
    async with world.unit(of) as uow:
        await uow.sessions.add(begun)
        await uow.sessions.add_tokens(access=stored(digest, of=begun), refresh=stored(digest, of=begun))
    return begun


@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_live_sessions_are_listed_in_the_order_of_their_ids(
    world: World, ada: User, bob: User, limit: int
) -> None:
    created = [
        session(3, of=ada),
        session(1, of=ada, device=None, last_used_at=NOON + HOUR),
        session(2, of=ada, expires_at=NOON + HOUR),
        session(4, of=ada, expires_at=NOON),
        session(5, of=bob),
    ]
    async with world.unit(ada) as uow:
        for each in created:
            await uow.sessions.add(each)

    listed = await in_pages(
        lambda uow, after: uow.sessions.page(ada.id, now=NOON, after=after, limit=limit),
        world=world,
        place_of=lambda each: each.id,
    )

    assert listed == [created[1], created[2], created[0]]
    async with world.unit() as uow:
        found = [await uow.sessions.get(each.id, user_id=ada.id, now=NOON) for each in created]
    assert found == [*created[:3], None, None]


async def test_a_list_continues_after_a_session_that_has_ended(world: World, ada: User) -> None:
    created = [session(number, of=ada) for number in (1, 2, 3)]
    async with world.unit(ada) as uow:
        for each in created:
            await uow.sessions.add(each)
        await uow.sessions.delete(created[1].id, user_id=ada.id)
        assert await uow.sessions.page(ada.id, now=NOON, after=created[1].id, limit=9) == [created[2]]


async def test_a_session_is_found_by_any_refresh_token_that_it_had(world: World, ada: User) -> None:
    begun = await begin(world, session(1, of=ada), of=ada, digest=b"first")
    async with world.unit() as uow:
        assert await uow.sessions.spend(begun.id, at=NOON + HOUR) == b"first"
        await uow.sessions.add_tokens(access=stored(b"a", of=begun), refresh=stored(b"second", of=begun))

    async with world.unit() as uow:
        assert await uow.sessions.lock_by_refresh_token(b"first") == begun
        assert await uow.sessions.lock_by_refresh_token(b"second") == begun
        assert await uow.sessions.lock_by_refresh_token(b"a") is None
        assert await uow.sessions.replaced_at(b"first") == NOON + HOUR
        assert await uow.sessions.replaced_at(b"second") is None
        assert await uow.sessions.replaced_at(b"unknown") is None


async def test_a_refresh_token_is_spent_once(world: World, ada: User) -> None:
    begun = await begin(world, session(1, of=ada), of=ada, digest=b"only")
    async with world.unit() as uow:
        assert await uow.sessions.spend(begun.id, at=NOON) == b"only"
        assert await uow.sessions.spend(begun.id, at=NOON + HOUR) is None
        assert await uow.sessions.spend(NOBODY, at=NOON) is None
        assert await uow.sessions.replaced_at(b"only") == NOON


async def test_extending_a_session_deletes_its_expired_tokens(world: World, ada: User) -> None:
    begun = session(1, of=ada)
    lives = {b"over": NOON + HOUR - HOUR / 60, b"just over": NOON + HOUR, b"good": NOON + HOUR + HOUR / 60}
    async with world.unit(ada) as uow:
        await uow.sessions.add(begun)
        for digest, expires_at in lives.items():
            token = stored(digest, of=begun, expires_at=expires_at)
            await uow.sessions.add_tokens(access=token, refresh=token)
            await uow.sessions.spend(begun.id, at=NOON)
    extended = replace(begun, last_refreshed_at=NOON + HOUR, expires_at=NOON + 2 * DAY)

    async with world.unit(ada) as uow:
        await uow.sessions.extend(extended)

    async with world.unit() as uow:
        assert await uow.sessions.page(ada.id, now=NOON, after=None, limit=9) == [extended]
        found = {digest: await uow.sessions.lock_by_refresh_token(digest) is not None for digest in lives}
    assert found == {b"over": False, b"just over": False, b"good": True}


async def test_a_session_is_ended_only_by_its_user_and_its_tokens_are_deleted(
    world: World, ada: User, bob: User
) -> None:
    begun = await begin(world, session(1, of=ada), of=ada, digest=b"a")
    async with world.unit() as uow:
        assert not await uow.sessions.delete(begun.id, user_id=bob.id)
        assert await uow.sessions.lock_by_refresh_token(b"a") == begun
        assert await uow.sessions.delete(begun.id, user_id=ada.id)
        assert not await uow.sessions.delete(begun.id, user_id=ada.id)
        assert await uow.sessions.lock_by_refresh_token(b"a") is None
        assert await uow.sessions.page(ada.id, now=NOON, after=None, limit=9) == []


@pytest.mark.parametrize("kept", [[], [2]])
async def test_all_sessions_of_a_user_end_except_the_one_to_keep(
    world: World, ada: User, bob: User, kept: list[int]
) -> None:
    created = {
        number: await begin(world, session(number, of=ada), of=ada, digest=b"%d" % number) for number in (1, 2, 3)
    }
    bobs = await begin(world, session(4, of=bob), of=bob, digest=b"4")

    async with world.unit(ada) as uow:
        await uow.sessions.delete_all(ada.id, keep=created[kept[0]].id if kept else None)

    async with world.unit() as uow:
        assert await uow.sessions.page(ada.id, now=NOON, after=None, limit=9) == [created[number] for number in kept]
        assert await uow.sessions.page(bob.id, now=NOON, after=None, limit=9) == [bobs]
        found = [await uow.sessions.lock_by_refresh_token(b"%d" % number) is not None for number in (1, 2, 3, 4)]
    assert found == [number in kept for number in (1, 2, 3)] + [True]
