import pytest

from domain.model.users import User
from tests.support.defaults import NOON
from tests.support.things import HOUR, ident, in_pages, personal_token
from tests.support.worlds import World


@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_live_tokens_are_listed_in_the_order_of_their_ids(world: World, ada: User, bob: User, limit: int) -> None:
    created = [
        personal_token(3, of=ada, workspace_ids=frozenset({ident(10), ident(11)}), last_used_at=NOON),
        personal_token(1, of=ada, scopes=frozenset({"manage"})),
        personal_token(2, of=ada, expires_at=NOON + HOUR),
        personal_token(4, of=ada, expires_at=NOON),
    ]
    async with world.unit(ada) as uow:
        for each in created:
            await uow.tokens.add(each, digest=each.name.encode())
    async with world.unit(bob) as uow:
        await uow.tokens.add(personal_token(5, of=bob), digest=b"b")

    listed = await in_pages(
        lambda uow, after: uow.tokens.page(ada.id, now=NOON, after=after, limit=limit),
        world=world,
        place_of=lambda each: each.id,
    )

    assert listed == [created[1], created[2], created[0]]
    async with world.unit() as uow:
        ids = [each.id for each in (*created, personal_token(5, of=bob), personal_token(6, of=ada))]
        found = [await uow.tokens.get(token_id, user_id=ada.id, now=NOON) for token_id in ids]
    assert found == [*created[:3], None, None, None]


async def test_a_token_is_deleted_only_by_its_user(world: World, ada: User, bob: User) -> None:
    created = [personal_token(number, of=ada) for number in (1, 2, 3)]
    async with world.unit(ada) as uow:
        for each in created:
            await uow.tokens.add(each, digest=each.name.encode())

    async with world.unit() as uow:
        assert not await uow.tokens.delete(created[1].id, user_id=bob.id)
        assert await uow.tokens.delete(created[1].id, user_id=ada.id)
        assert not await uow.tokens.delete(created[1].id, user_id=ada.id)

    async with world.unit() as uow:
        assert await uow.tokens.page(ada.id, now=NOON, after=None, limit=9) == [created[0], created[2]]
        assert await uow.tokens.page(ada.id, now=NOON, after=created[1].id, limit=9) == [created[2]]


async def test_all_tokens_of_a_user_are_deleted_and_no_others(world: World, ada: User, bob: User) -> None:
    bobs = personal_token(2, of=bob)
    async with world.unit(ada) as uow:
        assert not await uow.tokens.delete_all(ada.id)
        await uow.tokens.add(personal_token(1, of=ada), digest=b"a")
    async with world.unit(bob) as uow:
        await uow.tokens.add(bobs, digest=b"b")

    async with world.unit(ada) as uow:
        assert await uow.tokens.delete_all(ada.id)

    async with world.unit() as uow:
        assert await uow.tokens.page(ada.id, now=NOON, after=None, limit=9) == []
        assert await uow.tokens.page(bob.id, now=NOON, after=None, limit=9) == [bobs]
