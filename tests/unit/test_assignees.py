"""The members who are to do a task, and what becomes of it when they leave."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest

from domain import members, single_links, tasks, users, workspaces
from domain.errors import InvalidTogether
from domain.limits import LimitReached
from domain.model.members import MemberNotFound, MemberUnknown
from domain.model.tasks import Task
from domain.steps import FEW, STEP
from domain.tasks import TaskDraft, TaskEdit
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY
from tests.unit.test_members import new_member, user_of

LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture
async def owner(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """The owner of a shared workspace."""
    return uow.unit(workspace_id=(await workspaces.create(uow.unit(), name="Household")).id)


async def assigned(uow: FakeUnitOfWork, *user_ids: UUID) -> Task:
    return await tasks.create(uow.unit(), TaskDraft(title="Dust", assignee_ids=user_ids))


async def test_members_in_any_role_are_assignees_and_nobody_else(owner: FakeUnitOfWork) -> None:
    viewer = user_of(await new_member(owner, "viewer", role="viewer"))

    task = await assigned(owner, viewer, user_of(owner))
    assert task.assignee_ids == tuple(sorted((viewer, user_of(owner))))
    with pytest.raises(InvalidTogether) as raised:
        await assigned(owner, NOBODY, viewer, UUID(int=0))
    assert [each.pointer for each in raised.value.errors] == ["#/assignee_ids/0", "#/assignee_ids/2"]
    with pytest.raises(MemberUnknown):
        await tasks.update(owner.unit(), task.id, edit=TaskEdit(assignee_ids=[NOBODY]))
    with pytest.raises(MemberNotFound):
        await single_links.add_assignee(owner.unit(), task.id, user_id=NOBODY)
    with pytest.raises(MemberNotFound):
        await single_links.remove_assignee(owner.unit(), task.id, user_id=NOBODY)


async def test_adding_and_removing_an_assignee_keeps_the_others_and_can_be_repeated(owner: FakeUnitOfWork) -> None:
    ada, bob = user_of(owner), user_of(await new_member(owner, "bob", role="editor"))
    task = await assigned(owner, ada)

    added = await single_links.add_assignee(owner.unit(now=LATER), task.id, user_id=bob)
    assert (added.assignee_ids, added.updated_at, added.revision) == ((ada, bob), LATER, task.revision + 1)
    assert await single_links.add_assignee(owner.unit(), task.id, user_id=bob) == added
    removed = await single_links.remove_assignee(owner.unit(), task.id, user_id=ada)
    assert removed.assignee_ids == (bob,)
    assert await single_links.remove_assignee(owner.unit(), task.id, user_id=ada) == removed
    replaced = await tasks.update(owner.unit(), task.id, edit=TaskEdit(assignee_ids=[ada]))
    assert replaced.assignee_ids == (ada,)


async def test_a_task_has_at_most_twenty_assignees(owner: FakeUnitOfWork) -> None:
    team = [user_of(await new_member(owner, f"member{number}", role="viewer")) for number in range(20)]
    task = await assigned(owner, *team)

    with pytest.raises(LimitReached):
        await single_links.add_assignee(owner.unit(), task.id, user_id=user_of(owner))


def removed(owner: FakeUnitOfWork, member: FakeUnitOfWork) -> Awaitable[None]:
    return members.remove(owner.unit(now=LATER), user_of(member))


def left(_owner: FakeUnitOfWork, member: FakeUnitOfWork) -> Awaitable[None]:
    return members.leave(member.unit(now=LATER))


def deleted(_owner: FakeUnitOfWork, member: FakeUnitOfWork) -> Awaitable[None]:
    return users.delete(member.unit(now=LATER).account_unit())


@pytest.mark.parametrize("go", [removed, left, deleted])
@pytest.mark.parametrize(("count", "changes"), [(2, 1), (FEW + STEP + 1, 3)])
async def test_whoever_leaves_is_unassigned_from_all_tasks_some_in_each_change_the_last_with_the_end(
    owner: FakeUnitOfWork,
    go: Callable[[FakeUnitOfWork, FakeUnitOfWork], Awaitable[None]],
    count: int,
    changes: int,
) -> None:
    member = await new_member(owner, "bob", role="editor")
    for _ in range(count):
        await assigned(owner, user_of(owner), user_of(member))
    other = await assigned(owner, user_of(owner))
    store, place = owner.store, owner.workspace_id
    before = store.workspaces[place].head

    await go(owner, member)

    mine = [task for task in store.tasks.values() if task.id != other.id]
    assert {task.assignee_ids for task in mine} == {(user_of(owner),)}
    assert store.tasks[place, other.id] == other
    head = store.workspaces[place].head
    assert store.logged(place, head)[-1] == ("member.removed", user_of(member))
    assert {task.revision for task in mine} <= set(range(before + 1, head + 1))
    assert head - before in {changes, changes + 1}


async def test_an_account_that_was_deleted_has_no_tasks_anywhere(owner: FakeUnitOfWork) -> None:
    """Those of a workspace in which the user is alone are deleted with it."""
    member = await new_member(owner, "bob", role="editor")
    second = owner.unit(workspace_id=(await workspaces.create(owner.account_unit(), name="Club")).id)
    joined = await members.get(member.unit(), user_of(member))
    await second.members.add(replace(joined, workspace_id=second.workspace_id))
    store = owner.store
    (personal,) = [each for each in store.workspaces_of(user_of(member)) if store.workspaces[each].personal]
    for place in (owner, second, member.unit(workspace_id=personal)):
        await assigned(place, user_of(member))

    await users.delete(member.account_unit())

    assert {task.workspace_id for task in store.tasks.values()} == {owner.workspace_id, second.workspace_id}
    assert {task.assignee_ids for task in store.tasks.values()} == {()}
