import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain.errors import IdTaken
from domain.model.users import User
from domain.model.workspaces import AccountHeads, Workspace, WorkspaceChange
from tests.support.defaults import NOON
from tests.support.things import (
    HOUR,
    NOBODY,
    add_workspace,
    ident,
    in_pages,
    invitation,
    member,
    project,
    task,
    workspace,
)
from tests.support.worlds import World

BEFORE_ALL = (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), UUID(int=0))
"""The first id of the workspaces that are not personal."""


async def test_each_member_finds_the_workspace_with_their_own_role(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit() as uow:
        assert await uow.workspaces.get(home.id, user_id=ada.id) == home
        assert await uow.workspaces.get(home.id, user_id=bob.id) == replace(home, role="editor")
        assert await uow.workspaces.get(other.id, user_id=ada.id) is None
        assert await uow.workspaces.get(NOBODY, user_id=ada.id) is None


async def test_an_id_can_be_used_by_one_workspace(world: World, ada: User, home: Workspace) -> None:
    with pytest.raises(IdTaken):
        async with world.unit() as uow:
            await uow.workspaces.add(replace(home, name="Another"))

    async with world.unit() as uow:
        assert await uow.workspaces.get(home.id, user_id=ada.id) == home


@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_the_workspaces_of_a_user_are_listed_with_the_personal_one_first_and_then_oldest_first(
    world: World, ada: User, other: Workspace, limit: int
) -> None:
    personal = workspace(24, personal=True, created_at=NOON + 9 * HOUR)
    hours = {23: 1, 21: 2, 26: 3, 25: 3}
    shared = {number: workspace(number, created_at=NOON + at * HOUR) for number, at in hours.items()}
    for each in (*shared.values(), personal):
        await add_workspace(world, each, ada)
    others = [shared[number] for number in (23, 21, 25, 26)]

    listed = [personal] + await in_pages(
        lambda uow, after: uow.workspaces.page(ada.id, after=after or BEFORE_ALL, limit=limit),
        world=world,
        place_of=lambda each: (each.created_at, each.id),
    )

    assert listed == [personal, *others]
    some = frozenset({personal.id, shared[25].id, shared[21].id, other.id, NOBODY})
    async with world.unit() as uow:
        assert await uow.workspaces.page(ada.id, after=None, limit=limit) == [personal, *others][:limit]
        assert await uow.workspaces.page(ada.id, only=some, after=None, limit=9) == [personal, shared[21], shared[25]]
        assert await uow.workspaces.page(ada.id, only=some, after=BEFORE_ALL, limit=1) == [shared[21]]
        assert await uow.workspaces.page(ada.id, only=frozenset(), after=None, limit=9) == []


async def test_the_heads_of_a_users_workspaces_are_read_with_their_role(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit(ada, workspace_id=home.id) as uow:
        await uow.workspaces.update(replace(home, name="House", revision=await uow.next_revision()))

    async with world.unit() as uow:
        at_home = WorkspaceChange(workspace_id=home.id, head=2, role="editor")
        elsewhere = WorkspaceChange(workspace_id=other.id, head=1, role="owner")
        for only, expected in (
            (None, [at_home, elsewhere]),
            (frozenset({other.id, NOBODY}), [elsewhere]),
            (frozenset[UUID](), []),
        ):
            heads = await uow.workspaces.heads(bob.id, only=only)
            assert heads == AccountHeads(workspaces=expected, reminders_fired=0)
        assert await uow.workspaces.heads(NOBODY, only=None) == AccountHeads(workspaces=[], reminders_fired=0)


async def test_departures_are_those_of_a_user_newest_first(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    async with world.unit(ada, workspace_id=home.id) as uow:
        await uow.members.delete(home.id, bob.id, revision=await uow.next_revision())
    async with world.unit(bob) as uow:
        await uow.workspaces.delete([other.id])

    async with world.unit() as uow:
        assert await uow.workspaces.departures(bob.id, limit=9) == [other.id, home.id]
        assert await uow.workspaces.departures(bob.id, limit=1) == [other.id]
        assert await uow.workspaces.departures(ada.id, limit=9) == []

    async with world.unit() as uow:
        assert await uow.users.lock(bob.id)
        await uow.users.delete(bob.id)
    async with world.unit() as uow:
        assert await uow.workspaces.departures(bob.id, limit=9) == []


async def test_a_list_continues_after_a_workspace_that_was_deleted(world: World, ada: User) -> None:
    created = [workspace(number) for number in (21, 22, 23)]
    for each in created:
        await add_workspace(world, each, ada)
    async with world.unit(ada) as uow:
        await uow.workspaces.lock_joined(ada.id)
        await uow.workspaces.delete([created[1].id])

    async with world.unit() as uow:
        assert await uow.workspaces.page(ada.id, after=(NOON, created[1].id), limit=9) == [created[2]]


async def test_a_changed_workspace_is_read_back_with_the_number_of_the_change(
    world: World, ada: User, home: Workspace
) -> None:
    async with world.unit(ada, workspace_id=home.id) as uow:
        number = await uow.next_revision()
        changed = replace(home, name="House", revision=number, updated_at=NOON + HOUR)
        await uow.workspaces.update(changed)

    async with world.unit() as uow:
        assert await uow.workspaces.get(home.id, user_id=ada.id) == replace(changed, head=number)
    assert (await world.log_of(home.id))[-1] == (number, "workspace.updated", home.id)


async def test_the_head_in_an_update_is_ignored(world: World, ada: User, home: Workspace) -> None:
    async with world.unit(ada, workspace_id=home.id) as uow:
        await uow.workspaces.update(replace(home, head=99, revision=await uow.next_revision()))

    async with world.unit() as uow:
        assert (found := await uow.workspaces.get(home.id, user_id=ada.id)) is not None
        assert (found.head, found.role) == (2, "owner")


async def test_deleting_a_workspace_deletes_everything_in_it_and_nothing_of_another(
    world: World, ada: User, bob: User, home: Workspace, other: Workspace
) -> None:
    digests = {home.id: b"home", other.id: b"other"}
    for place in (home, other):
        within = project(30, place, is_inbox=True, revision=2)
        async with world.unit() as uow:
            await uow.projects.add(within)
            await uow.tasks.add(task(40, within, revision=2))
            await uow.invitations.put(invitation(50, place, by=bob), email_key="guest@example.com")
            await uow.invitations.set_digest(place.id, ident(50), digest=digests[place.id], mailed_at=None)

    async with world.unit(ada) as uow:
        await uow.workspaces.delete([home.id])
    async with world.unit() as uow:
        assert await uow.workspaces.get(home.id, user_id=bob.id) is None
        assert await uow.credentials.find_invitation(digests[home.id], now=NOON) is None
        assert not await uow.enter(home.id)
    await world.empty_deleted()

    kept = {}
    async with world.unit() as uow:
        for place in (home, other):
            kept[place.name] = [
                await uow.workspaces.get(place.id, user_id=bob.id) is not None,
                await uow.members.get(place.id, bob.id) is not None,
                await uow.projects.get(place.id, ident(30)) is not None,
                await uow.tasks.destination(place.id, project_id=None) is not None,
                await uow.tasks.get(place.id, ident(40)) is not None,
                await uow.invitations.get(place.id, ident(50), now=NOON) is not None,
                await uow.credentials.find_invitation(digests[place.id], now=NOON) is not None,
            ]
        assert [each.id for each in await uow.workspaces.page(bob.id, after=None, limit=9)] == [other.id]
        assert await uow.members.count_joined(ada.id) == 0
    assert kept == {home.name: [False] * 7, other.name: [True] * 7}
    assert await world.log_of(home.id) == []
    assert len(await world.log_of(other.id)) == 4


async def test_several_workspaces_can_be_deleted_at_once(world: World, ada: User) -> None:
    created = [workspace(number) for number in (21, 22, 23)]
    for each in created:
        await add_workspace(world, each, ada)
    async with world.unit(ada) as uow:
        await uow.workspaces.lock_joined(ada.id)
        await uow.workspaces.delete([created[0].id, created[2].id])
        await uow.workspaces.delete([])

    async with world.unit() as uow:
        assert await uow.workspaces.page(ada.id, after=None, limit=9) == [created[1]]


# ---------------------------------------------------------------------------------------------------------------------
# the unit of work itself
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_unit_of_work_takes_one_number_and_the_next_one_takes_the_next(
    world: World, ada: User, home: Workspace
) -> None:
    taken = []
    for _ in range(2):
        async with world.unit(ada, workspace_id=home.id) as uow:
            assert (uow.workspace_id, uow.principal.user_id, uow.now) == (home.id, ada.id, NOON)
            taken += [await uow.next_revision(), await uow.next_revision()]

    assert taken == [2, 2, 3, 3]


async def test_only_an_existing_workspace_can_be_entered(world: World, ada: User, home: Workspace) -> None:
    async with world.unit(ada) as uow:
        assert not await uow.enter(NOBODY)
        assert await uow.enter(home.id)
        assert uow.workspace_id == home.id
        assert await uow.next_revision() == home.head + 1
    async with world.unit() as uow:
        assert (found := await uow.workspaces.get(home.id, user_id=ada.id)) is not None
        assert found.head == home.head + 1


async def test_ids_ascend_and_random_bytes_are_as_many_as_requested(world: World) -> None:
    async with world.unit() as uow:
        ids = [uow.new_id() for _ in range(50)]
        assert sorted(set(ids)) == ids
        assert [len(uow.random_bytes(count)) for count in (16, 20, 32)] == [16, 20, 32]
        assert uow.random_bytes(20) != uow.random_bytes(20)
        await uow.check_storage()


async def test_a_member_is_added_with_an_event(world: World, ada: User, bob: User, home: Workspace) -> None:
    assert await world.log_of(home.id) == [
        (1, "workspace.created", home.id),
        (1, "member.added", ada.id),
        (1, "member.added", bob.id),
    ]
    async with world.unit() as uow:
        assert await uow.members.get(home.id, bob.id) == member(bob, home, role="editor")
