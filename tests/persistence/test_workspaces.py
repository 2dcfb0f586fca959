import asyncio
from uuid import UUID

import pytest

from domain import projects, tasks, users, workspaces
from domain.model.workspaces import PersonalWorkspace, WorkspaceNotFound
from domain.tasks import TaskDraft
from persistence import erasures
from persistence.database import Database
from tests.support.defaults import NOON
from tests.support.service_callers import Caller
from tests.support.statements import overheard

LATER = NOON.replace(hour=13)


async def test_a_new_workspace_is_read_back(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="Family")

    assert await ada.in_workspace(created.id).read(workspaces.get) == created
    assert (created.role, created.head, created.revision, created.personal) == ("owner", 1, 1, False)


async def test_workspaces_are_listed_with_the_callers_role_in_pages(ada: Caller, bob: Caller) -> None:
    shared = await bob.account.write(workspaces.create, name="Shared")
    await bob.in_workspace(shared.id).add_member(ada, role="viewer")
    mine = await ada.account.write(workspaces.create, name="Mine")

    first = await ada.account.read(workspaces.page, limit=2)
    second = await ada.account.read(workspaces.page, limit=2, cursor=first.next_cursor)

    found = [(workspace.id, workspace.role) for workspace in (*first.items, *second.items)]
    assert found == [(ada.workspace_id, "owner"), (shared.id, "viewer"), (mine.id, "owner")]
    assert second.next_cursor is None


async def test_workspaces_are_listed_by_age_and_not_by_ids_from_clients(ada: Caller) -> None:
    ids = [UUID(int=number) for number in (2, 1)]
    for hour, workspace_id in enumerate(ids):
        ada.clock.now = NOON.replace(hour=hour)  # before the personal one
        await ada.account.write(workspaces.create, name="z", workspace_id=workspace_id)

    listed, cursor = [], None
    for _ in range(3):
        page = await ada.account.read(workspaces.page, limit=1, cursor=cursor)
        cursor = page.next_cursor
        listed += [workspace.id for workspace in page.items]

    assert (listed, cursor) == ([ada.workspace_id, *ids], None)


async def test_a_stranger_finds_no_workspace(ada: Caller, bob: Caller) -> None:
    with pytest.raises(WorkspaceNotFound):
        await ada.in_workspace(bob.workspace_id).read(workspaces.get)


async def test_renaming_takes_the_next_number(ada: Caller) -> None:
    ada.clock.now = LATER

    renamed = await ada.write(workspaces.update, name="Mine")

    assert (renamed.name, renamed.head, renamed.revision, renamed.updated_at) == ("Mine", 2, 2, LATER)
    assert await ada.read(workspaces.get) == renamed


async def test_the_head_changes_with_every_write_and_the_revision_does_not(ada: Caller) -> None:
    await ada.write(tasks.create, TaskDraft(title="x"))

    workspace = await ada.read(workspaces.get)

    assert (workspace.head, workspace.revision) == (2, 1)


async def test_deleting_a_workspace_deletes_everything_in_it(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="Family")
    there = ada.in_workspace(created.id)
    project = await there.write(projects.create, name="Chores")
    task = await there.write(tasks.create, TaskDraft(title="x", project_id=project.id))

    await there.write(workspaces.delete)

    async with ada.unit(safe=True) as uow:
        assert [s.workspace_id for s in await uow.members.membership_summaries(ada.user_id)] == [ada.workspace_id]
    async with ada.account.unit() as uow:
        assert not await uow.enter(created.id)
    with pytest.raises(WorkspaceNotFound):
        await there.read(workspaces.get)
    await purged(ada.database)
    async with ada.unit(safe=True) as uow:
        assert await uow.projects.get(created.id, project.id) is None
        assert await uow.tasks.destination(created.id, project_id=None) is None
        assert await uow.tasks.get(created.id, task.id) is None


async def purged(database: Database) -> list[int]:
    """How many rows each transaction deleted of deleted workspaces."""
    counts: list[int] = []
    while not counts or counts[-1]:
        async with database.transaction() as transaction:
            counts.append(await erasures.purge(transaction, now=NOON))
    return counts


async def test_what_was_in_a_deleted_workspace_is_deleted_in_small_transactions(ada: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="Family")
    there = ada.in_workspace(created.id)
    project = await there.write(projects.create, name="Chores")
    for number in range(250):
        await there.write(tasks.create, TaskDraft(title=str(number), project_id=project.id))
    kept = await ada.write(tasks.create, TaskDraft(title="x"))

    await there.write(workspaces.delete)

    assert await purged(ada.database) == [200, 50, 2, 200, 54, 1, 0], "tasks, projects, events, the workspace"
    assert await ada.read(tasks.get, kept.id) == kept


async def test_the_personal_workspace_cannot_be_deleted(ada: Caller) -> None:
    with pytest.raises(PersonalWorkspace):
        await ada.write(workspaces.delete)

    assert (await ada.read(workspaces.get)).personal


async def test_membership_summaries_count_the_others_and_the_owners_among_them(ada: Caller, bob: Caller) -> None:
    eve = await Caller(database=ada.database).register("eve")
    await ada.add_member(bob, role="owner")
    await ada.add_member(eve, role="viewer")

    async with ada.unit(safe=True) as uow:
        (summary,) = await uow.members.membership_summaries(ada.user_id)

    assert (summary.role, summary.other_members, summary.other_owners) == ("owner", 2, 1)


async def test_the_workspaces_of_a_user_are_locked_in_order_of_their_ids(ada: Caller) -> None:
    """The order keeps requests that lock several workspaces from deadlocking, whatever the planner does."""
    for number in (3, 1, 2):
        await ada.account.write(workspaces.create, name="x", workspace_id=UUID(int=number))
    with overheard() as heard:
        await ada.account.write(users.update, name="Ada King")

    locked = [UUID(str(sent.values[0])) for sent in heard if sent.text.startswith("SELECT workspaces.head")]
    assert locked == [*map(UUID, (f"{number:032}" for number in (1, 2, 3))), ada.workspace_id]


async def test_members_of_shared_workspaces_who_change_their_names_at_once_do_not_deadlock(
    ada: Caller, bob: Caller
) -> None:
    for _ in range(4):
        mine = await ada.account.write(workspaces.create, name="Shared")
        await ada.in_workspace(mine.id).add_member(bob, role="owner")

    await asyncio.gather(
        *(ada.account.write(users.update, name=f"Ada {n}") for n in range(5)),
        *(bob.account.write(users.update, name=f"Bob {n}") for n in range(5)),
    )

    shared = (await ada.account.read(workspaces.page)).items[1:]
    assert [workspace.head for workspace in shared] == [12] * 4
