import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain.model.invitations import Invitation
from domain.model.users import User
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import DAY, HOUR, NOBODY, ident, in_pages, invitation, key_of, member
from tests.support.worlds import World

MOMENT = dt.timedelta(microseconds=1)


async def put(world: World, *invitations: Invitation) -> None:
    async with world.unit() as uow:
        for each in invitations:
            assert await uow.invitations.put(each, email_key=each.email.lower()) is None


async def ids_in(world: World, place: Workspace) -> list[UUID]:
    async with world.unit() as uow:
        return [each.id for each in await uow.invitations.page(place.id, now=NOON, after=None, limit=9)]


@pytest.mark.parametrize(
    ("now", "is_found"), [(NOON, True), (NOON + DAY - MOMENT, True), (NOON + DAY, False), (NOON + 2 * DAY, False)]
)
async def test_an_invitation_is_found_in_its_workspace_until_it_expires(
    world: World,
    home: Workspace,
    other: Workspace,
    now: dt.datetime,
    is_found: bool,  # noqa: FBT001  # a table
) -> None:
    created = invitation(1, home)
    await put(world, created)
    expected = replace(created, mailed_at=NOON) if is_found else None
    async with world.unit() as uow:
        await uow.invitations.set_digest(home.id, created.id, digest=b"d", mailed_at=NOON)

    async with world.unit() as uow:
        assert await uow.invitations.get(home.id, created.id, now=now) == expected
        assert await uow.invitations.page(home.id, now=now, after=None, limit=9) == ([expected] if is_found else [])
        assert await uow.invitations.find_invitation(b"d", now=now) == expected
        assert await uow.credentials.find_invitation(b"d", now=now) == expected
        assert await uow.invitations.get(other.id, created.id, now=NOON) is None
        assert await uow.invitations.get(home.id, NOBODY, now=NOON) is None
        assert await uow.invitations.find_invitation(b"unknown", now=NOON) is None


@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_invitations_are_listed_in_the_order_of_their_ids(
    world: World, ada: User, home: Workspace, other: Workspace, limit: int
) -> None:
    created = [invitation(number, home, by=ada) for number in (3, 1, 2)]
    await put(world, *created, invitation(4, home, by=ada, expires_at=NOON), invitation(5, other, by=ada))

    listed = await in_pages(
        lambda uow, after: uow.invitations.page(home.id, now=NOON, after=after, limit=limit),
        world=world,
        place_of=lambda each: each.id,
    )

    assert listed == [created[1], created[2], created[0]]
    async with world.unit() as uow:
        assert await uow.invitations.delete(home.id, created[2].id)
        assert await uow.invitations.page(home.id, now=NOON, after=created[2].id, limit=9) == [created[0]]


@pytest.mark.parametrize(
    ("expires_at", "returned"), [(NOON + HOUR + MOMENT, "admin"), (NOON + HOUR, None), (NOON, None)]
)
async def test_an_address_has_one_invitation_to_a_workspace_and_replacing_a_live_one_returns_its_role(
    world: World, home: Workspace, other: Workspace, expires_at: dt.datetime, returned: str | None
) -> None:
    old = invitation(1, home, role="admin", email="Guest@example.com", expires_at=expires_at)
    elsewhere = invitation(3, other, email="guest@example.com")
    new = invitation(2, home, email="guest@example.com", created_at=NOON + HOUR)
    await put(world, old, elsewhere)
    async with world.unit() as uow:
        await uow.invitations.set_digest(home.id, old.id, digest=b"old", mailed_at=NOON)
        assert await uow.invitations.put(new, email_key="guest@example.com") == returned

    assert await ids_in(world, home) == [new.id]
    assert await ids_in(world, other) == [elsewhere.id]
    async with world.unit() as uow:
        assert await uow.invitations.find_invitation(b"old", now=NOON) is None


async def test_an_invitation_is_found_by_its_last_token_only(world: World, ada: User, home: Workspace) -> None:
    created = invitation(1, home, by=ada)
    await put(world, created, invitation(2, home, by=ada))
    async with world.unit() as uow:
        for digest, mailed_at in ((b"first", NOON), (b"second", None)):
            await uow.invitations.set_digest(home.id, created.id, digest=digest, mailed_at=mailed_at)

    async with world.unit() as uow:
        assert await uow.invitations.find_invitation(b"first", now=NOON) is None
        assert await uow.invitations.find_invitation(b"second", now=NOON) == created


async def test_an_invitation_is_deleted_once_and_only_in_its_workspace(
    world: World, ada: User, home: Workspace, other: Workspace
) -> None:
    await put(world, invitation(1, home, by=ada), invitation(2, home, by=ada))
    async with world.unit() as uow:
        await uow.invitations.set_digest(home.id, ident(1), digest=b"d", mailed_at=None)
        assert not await uow.invitations.delete(other.id, ident(1))
        assert await uow.invitations.delete(home.id, ident(1))
        assert not await uow.invitations.delete(home.id, ident(1))
        assert await uow.invitations.find_invitation(b"d", now=NOON) is None

    assert await ids_in(world, home) == [ident(2)]


async def test_the_invitations_of_a_member_are_withdrawn_by_role(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    await put(
        world,
        invitation(1, home, by=bob, role="viewer"),
        invitation(2, home, by=bob, role="editor"),
        invitation(3, home, by=bob, role="admin"),
        invitation(4, home, by=ada, role="admin"),
        invitation(5, other, by=bob, role="admin"),
    )
    async with world.unit() as uow:
        await uow.invitations.withdraw(home.id, invited_by=bob.id, roles=("admin", "editor"))
    assert await ids_in(world, home) == [ident(1), ident(4)]

    async with world.unit() as uow:
        await uow.invitations.withdraw(home.id, invited_by=bob.id)
    assert await ids_in(world, home) == [ident(4)]
    assert await ids_in(world, other) == [ident(5)]


async def test_the_invitations_to_an_address_are_withdrawn_in_one_workspace(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    await put(
        world,
        invitation(1, home, by=ada, email=key_of(bob)),
        invitation(2, home, by=ada),
        invitation(3, other, by=ada, email=key_of(bob)),
    )
    async with world.unit() as uow:
        await uow.invitations.withdraw_to(home.id, user_id=bob.id)
        await uow.invitations.withdraw_to(home.id, user_id=NOBODY)

    assert await ids_in(world, home) == [ident(2)]
    assert await ids_in(world, other) == [ident(3)]


async def test_the_invitations_of_a_user_are_withdrawn_in_all_their_workspaces(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    await put(
        world,
        invitation(1, home, by=ada),
        invitation(2, home, by=bob),
        invitation(3, other, by=ada),
        invitation(4, other, by=bob),
    )
    async with world.unit() as uow:
        await uow.invitations.withdraw_all(ada.id)
    assert (await ids_in(world, home), await ids_in(world, other)) == ([ident(2)], [ident(3), ident(4)])

    async with world.unit() as uow:
        await uow.members.add(member(ada, other, revision=2))
        await uow.invitations.withdraw_all(ada.id)
    assert (await ids_in(world, home), await ids_in(world, other)) == ([ident(2)], [ident(4)])
