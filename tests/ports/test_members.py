from dataclasses import replace

import pytest

from domain.model.members import MembershipSummary
from domain.model.users import User
from domain.model.workspaces import Workspace
from domain.roles import Role
from tests.support.defaults import NOON
from tests.support.things import HOUR, NOBODY, add_workspace, in_pages, key_of, member, user, workspace
from tests.support.worlds import World


async def test_a_member_is_found_only_in_their_workspace(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit() as uow:
        assert await uow.members.get(home.id, ada.id) == member(ada, home)
        assert await uow.members.get(other.id, bob.id) == member(bob, other)
        assert await uow.members.get(other.id, ada.id) is None
        assert await uow.members.get(NOBODY, ada.id) is None


@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_members_are_listed_in_the_order_of_their_accounts(world: World, other: Workspace, limit: int) -> None:
    place = workspace(20)
    people = [user(number) for number in (7, 5, 6)]
    await add_workspace(world, place, *people)

    listed = await in_pages(
        lambda uow, after: uow.members.page(place.id, after=after, limit=limit),
        world=world,
        place_of=lambda each: each.user_id,
    )

    assert [(each.user_id, each.role) for each in listed] == [
        (people[1].id, "editor"),
        (people[2].id, "editor"),
        (people[0].id, "owner"),
    ]


async def test_a_list_continues_after_a_member_who_has_left(world: World) -> None:
    place = workspace(20)
    people = [user(number) for number in (5, 6, 7)]
    await add_workspace(world, place, *people)
    async with world.unit() as uow:
        await uow.members.delete(place.id, people[1].id, revision=2)
        assert [each.user_id for each in await uow.members.page(place.id, after=people[1].id, limit=9)] == [
            people[2].id
        ]


async def test_only_members_are_found_among_many_users(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit() as uow:
        asked = [ada.id, NOBODY, bob.id]
        assert set(await uow.members.existing(home.id, asked)) == {ada.id, bob.id}
        assert set(await uow.members.existing(other.id, asked)) == {bob.id}


async def test_members_owners_and_workspaces_are_counted(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit() as uow:
        joined = [await uow.members.count_joined(user_id) for user_id in (ada.id, bob.id, NOBODY)]
        owners = [await uow.members.count_owners(place) for place in (home.id, other.id, NOBODY)]
    assert (joined, owners) == ([1, 2, 0], [1, 1, 0])


async def test_a_role_is_changed_in_one_workspace(world: World, bob: User, home: Workspace, other: Workspace) -> None:
    changed = member(bob, home, role="admin", revision=2, updated_at=NOON + HOUR)
    async with world.unit() as uow:
        await uow.members.update(changed)

    async with world.unit() as uow:
        assert await uow.members.get(home.id, bob.id) == changed
        assert await uow.members.get(other.id, bob.id) == member(bob, other)
    assert (await world.log_of(home.id))[-1] == (2, "member.updated", bob.id)


async def test_a_member_is_removed_from_one_workspace(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit() as uow:
        await uow.members.delete(home.id, bob.id, revision=2)

    async with world.unit() as uow:
        assert await uow.members.get(home.id, bob.id) is None
        assert await uow.members.get(home.id, ada.id) is not None
        assert await uow.members.get(other.id, bob.id) is not None
    assert (await world.log_of(home.id))[-1] == (2, "member.removed", bob.id)


async def test_membership_summaries_come_for_each_workspace_in_the_order_of_their_ids(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    last = workspace(30)
    await add_workspace(world, last, ada, bob, user(3), role="owner")

    async with world.unit() as uow:
        membership_summaries = await uow.members.membership_summaries(bob.id)
        assert await uow.members.membership_summaries(NOBODY) == []

    assert membership_summaries == [
        MembershipSummary(workspace_id=home.id, role="editor", other_members=1, other_owners=1),
        MembershipSummary(workspace_id=other.id, role="owner", other_members=0, other_owners=0),
        MembershipSummary(workspace_id=last.id, role="owner", other_members=2, other_owners=2),
    ]


async def test_a_new_name_is_stored_in_each_workspace_as_its_next_change(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit(ada, workspace_id=home.id) as uow:
        await uow.next_revision()
    async with world.unit(bob) as uow:
        await uow.workspaces.lock_joined(bob.id)
        await uow.members.rename(bob.id, name="Robert", at=NOON + HOUR)

    async with world.unit() as uow:
        placed: tuple[tuple[Workspace, int, Role], ...] = ((home, 3, "editor"), (other, 2, "owner"))
        for place, head, role in placed:
            renamed = member(bob, place, name="Robert", role=role, revision=head, updated_at=NOON + HOUR)
            assert await uow.members.get(place.id, bob.id) == renamed
            assert (found := await uow.workspaces.get(place.id, user_id=bob.id)) is not None
            assert found == replace(place, role=role, head=head)
        assert await uow.members.get(home.id, ada.id) == member(ada, home)
    assert (await world.log_of(home.id))[-1] == (3, "member.updated", bob.id)
    assert (await world.log_of(other.id))[-1] == (2, "member.updated", bob.id)


async def test_a_deleted_user_is_removed_from_each_workspace_as_its_next_change(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit(bob, workspace_id=other.id) as uow:
        await uow.members.add(member(ada, other, revision=await uow.next_revision()))
    async with world.unit(bob) as uow:
        await uow.workspaces.lock_joined(bob.id)
        revisions = await uow.members.next_revisions(bob.id)
        assert revisions == {home.id: 2, other.id: 3}
        await uow.members.remove(bob.id, revisions=revisions)

    heads = {home: 2, other: 3}
    async with world.unit() as uow:
        for place, head in heads.items():
            assert await uow.members.get(place.id, bob.id) is None
            assert (found := await uow.workspaces.get(place.id, user_id=ada.id)) is not None
            assert found.head == head
        assert await uow.members.count_joined(bob.id) == 0
        assert await uow.members.count_joined(ada.id) == 2
    for place, head in heads.items():
        assert (await world.log_of(place.id))[-1] == (head, "member.removed", bob.id)


async def test_a_member_is_found_by_a_verified_address(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    key = key_of(bob)
    async with world.unit(bob) as uow:
        assert not await uow.members.has_address(home.id, email_key=key)
        await uow.users.update(replace(bob, email_verified_at=NOON))

    async with world.unit() as uow:
        assert await uow.members.has_address(home.id, email_key=key)
        assert await uow.members.has_address(other.id, email_key=key)
        assert not await uow.members.has_address(home.id, email_key="nobody@example.com")
        assert not await uow.members.has_address(NOBODY, email_key=key)


async def test_what_the_logs_say_about_a_user_is_forgotten_and_the_events_stay(
    world: World, bob: User, home: Workspace, other: Workspace
) -> None:
    before = await world.log_of(home.id)
    async with world.unit() as uow:
        while (count := await uow.members.forget(bob.id, limit=1)) > 0:
            assert count == 1
        assert await uow.members.forget(bob.id, limit=10) == 0
        assert await uow.members.forget(NOBODY, limit=10) == 0

    assert await world.log_of(home.id) == before
    assert (1, "member.added", bob.id) in before
    async with world.unit() as uow:
        assert await uow.members.get(other.id, bob.id) is not None
