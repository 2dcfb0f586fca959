import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import (
    comments,
    dependencies,
    projects,
    restoring,
    sections,
    single_links,
    task_deletions,
    task_links,
    task_status,
    tasks,
)
from domain.errors import InvalidTogether
from domain.limits import MOST_CHANGES, LimitReached
from domain.model.comments import Comment
from domain.model.tasks import DependencyCycle, DependencyInCycle, DependencyNotFound, DependencyUnknown, Task
from domain.steps import SMALL, STEP
from domain.tasks import TaskDraft, TaskEdit
from domain.trash import Deletion
from tests.support.defaults import NOON
from tests.support.fakes.store import Trashed
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY
from tests.unit.conftest import registered

LATER = NOON + dt.timedelta(hours=1)


async def create(uow: FakeUnitOfWork, title: str, *, after: Sequence[Task] = (), **place: Any) -> Task:
    """A new task that depends on others."""
    draft = TaskDraft(title=title, depends_on_ids=[each.id for each in after], **place)
    return await tasks.create(uow.unit(), draft)


async def depend(uow: FakeUnitOfWork, task: Task, *on: Task) -> Task:
    """Replace what a task depends on."""
    edit = TaskEdit(depends_on_ids=[each.id for each in on])
    return await tasks.update(uow.unit(), task.id, edit=edit)


async def now(uow: FakeUnitOfWork, task: Task) -> Task:
    return await tasks.get(uow.unit(), task.id)


async def blocked(uow: FakeUnitOfWork, *of: Task) -> list[bool]:
    return [(await now(uow, each)).blocked for each in of]


async def test_a_task_is_blocked_while_one_that_it_depends_on_is_open(uow: FakeUnitOfWork) -> None:
    dig, buy = await create(uow, "Dig"), await create(uow, "Buy")
    plant = await create(uow, "Plant", after=[dig, buy])
    assert (plant.blocked, plant.depends_on_ids) == (True, (dig.id, buy.id))

    await task_status.complete(uow.unit(now=LATER), dig.id)
    assert await now(uow, plant) == plant
    await task_status.cancel(uow.unit(now=LATER), buy.id)

    freed = await now(uow, plant)
    head = uow.store.workspaces[uow.workspace_id].head
    assert (freed.blocked, freed.updated_at, freed.revision) == (False, LATER, head)
    assert uow.store.logged(uow.workspace_id, head) == [("task.cancelled", buy.id), ("task.updated", plant.id)]
    await task_status.complete(uow.unit(), buy.id)
    assert await now(uow, plant) == freed
    await task_status.reopen(uow.unit(), buy.id)
    assert await blocked(uow, plant) == [True]
    assert not (await create(uow, "Water", after=[dig])).blocked


async def test_a_blocked_task_can_be_completed(uow: FakeUnitOfWork) -> None:
    dig = await create(uow, "Dig")
    plant = await create(uow, "Plant", after=[dig])

    completed = await task_status.complete(uow.unit(), plant.id)

    assert (completed.status, completed.blocked) == ("completed", True)


async def test_a_task_that_is_closed_with_what_it_depends_on_changes_once(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    first = await create(uow, "First", parent_id=root.id)
    second = await create(uow, "Second", parent_id=root.id, after=[first])
    await depend(uow, root, second)

    await task_status.complete(uow.unit(), root.id)
    head = uow.store.workspaces[uow.workspace_id].head
    events = uow.store.logged(uow.workspace_id, head)
    assert sorted(events) == sorted(("task.completed", each.id) for each in (root, first, second))
    assert await blocked(uow, root, second) == [False, False]

    await task_status.reopen(uow.unit(), root.id)
    events = uow.store.logged(uow.workspace_id, head + 1)
    assert sorted(events) == sorted(("task.reopened", each.id) for each in (root, first, second))
    assert await blocked(uow, root, second) == [True, True]


async def test_a_subtask_that_is_kept_open_blocks_its_parent(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    child = await create(uow, "Child", parent_id=root.id)
    await depend(uow, root, child)

    kept = await task_status.complete(uow.unit(), root.id, subtasks="keep")
    assert (kept.status, kept.blocked) == ("completed", True)
    await task_status.complete(uow.unit(), child.id)
    assert await blocked(uow, root) == [False]


async def test_a_deleted_task_is_taken_from_those_that_depend_on_it(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    child = await create(uow, "Child", parent_id=root.id)
    inside = await create(uow, "Inside", parent_id=root.id, after=[child])
    done = await create(uow, "Done")
    plant, wait = await create(uow, "Plant", after=[child, done]), await create(uow, "Wait", after=[child, inside])
    await task_status.complete(uow.unit(), done.id)

    await task_deletions.delete(uow.unit(), root.id)

    left = await now(uow, plant)
    assert (left.depends_on_ids, left.blocked, left.revision) == ((done.id,), False, plant.revision + 3)
    assert (await now(uow, wait)).depends_on_ids == ()
    logged = uow.store.logged(uow.workspace_id, left.revision)
    assert sorted(logged[:2]) == sorted([("task.updated", plant.id), ("task.updated", wait.id)])
    assert {kind for kind, _ in logged[2:]} == {"task.deleted"}


async def test_the_tasks_of_a_deleted_project_or_section_are_taken_from_those_that_depend_on_them(
    uow: FakeUnitOfWork,
) -> None:
    garden = await projects.create(uow.unit(), name="Garden")
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    dig, buy = await create(uow, "Dig", section_id=beds.id), await create(uow, "Buy", project_id=garden.id)
    plant = await create(uow, "Plant", after=[dig, buy])

    await sections.delete(uow.unit(), beds.id)
    assert (await now(uow, plant)).depends_on_ids == (buy.id,)
    await projects.delete(uow.unit(), garden.id)
    assert ((await now(uow, plant)).depends_on_ids, (await now(uow, plant)).blocked) == ((), False)


async def test_a_step_of_a_deletion_changes_few_dependents(uow: FakeUnitOfWork) -> None:
    garden = await projects.create(uow.unit(), name="Garden")
    awaited = [await create(uow, str(number), project_id=garden.id) for number in range(10)]
    others = [await create(uow, f"{each.title} {n}", after=[each]) for each in awaited for n in range(3)]

    head = uow.store.workspaces[uow.workspace_id].head
    limit, deletion = 7, Deletion("project", garden.id)
    await deletion.step(uow.unit(), title="Garden")
    while await task_deletions.delete_some(uow.unit(), project_id=garden.id, deletion=deletion, limit=limit) == limit:
        head += 1
        assert len(uow.store.logged(uow.workspace_id, head)) <= 2 * limit
    assert await task_deletions.delete_some(uow.unit(), project_id=garden.id, deletion=deletion, limit=limit) == 0
    assert await blocked(uow, *others) == [False] * len(others)
    assert {each.id for each in uow.store.tasks.values()} == {each.id for each in others}


async def test_a_step_that_is_made_smaller_deletes_subtasks_before_their_parents(uow: FakeUnitOfWork) -> None:
    garden = await projects.create(uow.unit(), name="Garden")
    parent = await create(uow, "Parent", project_id=garden.id)
    subtask = await create(uow, "Subtask", parent_id=parent.id)
    for each in (parent, subtask):
        for number in range(2):
            await create(uow, f"{each.title} {number}", after=[each])

    deletion, live = Deletion("project", garden.id), list[set[str]]()
    await deletion.step(uow.unit(), title="Garden")
    while await task_deletions.delete_some(uow.unit(), project_id=garden.id, deletion=deletion, limit=3) == 3:
        live.append({each.title for each in uow.store.tasks.values() if each.project_id == garden.id})
    assert live == [{"Parent"}]
    assert parent.id not in uow.store.tasks


async def test_dependencies_are_tasks_of_the_same_workspace(uow: FakeUnitOfWork) -> None:
    other = await registered(uow, email="bob@example.com", name="Bob")
    theirs = await create(other, "Bob's")
    dig = await create(uow, "Dig")

    with pytest.raises(InvalidTogether) as raised:
        await tasks.create(uow.unit(), TaskDraft(title="x", depends_on_ids=[theirs.id, dig.id, NOBODY]))
    assert [(type(each), each.pointer) for each in raised.value.errors] == [
        (DependencyUnknown, "#/depends_on_ids/0"),
        (DependencyUnknown, "#/depends_on_ids/2"),
    ]
    for wrong in (theirs.id, NOBODY):
        with pytest.raises(DependencyNotFound):
            await single_links.add_dependency(uow.unit(), dig.id, depends_on_id=wrong)
        with pytest.raises(DependencyNotFound):
            await single_links.remove_dependency(uow.unit(), dig.id, depends_on_id=wrong)


async def test_a_cycle_is_refused_where_it_is_closed(uow: FakeUnitOfWork) -> None:
    first, free = await create(uow, "First"), await create(uow, "Free")
    second = await create(uow, "Second", after=[first])
    third = await create(uow, "Third", after=[second])

    with pytest.raises(InvalidTogether) as raised:
        await depend(uow, first, free, third, first, second)
    assert [(type(each), each.pointer) for each in raised.value.errors] == [
        (DependencyInCycle, f"#/depends_on_ids/{index}") for index in (1, 2, 3)
    ]
    assert [str(each) == "A task cannot depend on itself." for each in raised.value.errors] == [False, True, False]
    for other, sentence in ((first, "A task cannot depend on itself."), (third, "The other task depends on this one")):
        with pytest.raises(DependencyCycle, match=sentence):
            await single_links.add_dependency(uow.unit(), first.id, depends_on_id=other.id)
    assert await now(uow, first) == first
    await depend(uow, second)
    assert (await depend(uow, first, third)).blocked


async def test_one_dependency_is_added_and_removed(uow: FakeUnitOfWork) -> None:
    dig, buy, plant = await create(uow, "Dig"), await create(uow, "Buy"), await create(uow, "Plant")
    await task_status.complete(uow.unit(), buy.id)

    after_both = await single_links.add_dependency(uow.unit(), plant.id, depends_on_id=buy.id)
    assert not after_both.blocked
    after_both = await single_links.add_dependency(uow.unit(), plant.id, depends_on_id=dig.id)
    assert (after_both.depends_on_ids, after_both.blocked) == ((dig.id, buy.id), True)
    assert await single_links.add_dependency(uow.unit(now=LATER), plant.id, depends_on_id=dig.id) == after_both

    left = await single_links.remove_dependency(uow.unit(), plant.id, depends_on_id=dig.id)
    assert (left.depends_on_ids, left.blocked) == ((buy.id,), False)
    assert await single_links.remove_dependency(uow.unit(now=LATER), plant.id, depends_on_id=dig.id) == left
    assert (await single_links.remove_dependency(uow.unit(), plant.id, depends_on_id=buy.id)).depends_on_ids == ()


async def test_a_task_has_at_most_twenty_dependencies(uow: FakeUnitOfWork) -> None:
    many = [await create(uow, str(number)) for number in range(task_links.DEPENDENCIES.most + 1)]
    plant = await create(uow, "Plant", after=many[:-1])

    with pytest.raises(LimitReached):
        await single_links.add_dependency(uow.unit(), plant.id, depends_on_id=many[-1].id)
    assert (await single_links.add_dependency(uow.unit(), plant.id, depends_on_id=many[0].id)) == plant


async def test_at_most_a_hundred_tasks_depend_on_one(uow: FakeUnitOfWork) -> None:
    dig, buy = await create(uow, "Dig"), await create(uow, "Buy")
    many = [await create(uow, str(number), after=[dig]) for number in range(dependencies.MOST_DEPENDENTS)]
    more = await create(uow, "One more")

    with pytest.raises(LimitReached) as raised:
        await depend(uow, more, buy, dig)
    assert raised.value.pointer == "#/depends_on_ids/1"
    with pytest.raises(LimitReached):
        await single_links.add_dependency(uow.unit(), more.id, depends_on_id=dig.id)
    await depend(uow, many[0], buy, dig)
    await depend(uow, many[0])
    assert (await depend(uow, more, buy, dig)).blocked


async def test_a_chain_of_dependencies_has_at_most_a_thousand_tasks(uow: FakeUnitOfWork) -> None:
    last = await create(uow, "0")
    first = last
    for number in range(1, dependencies.MOST_IN_ALL):
        last = await create(uow, str(number), after=[last])
    longest = await create(uow, "The last one", after=[last])

    with pytest.raises(LimitReached):
        await create(uow, "One more", after=[longest])
    more = await create(uow, "One more")
    with pytest.raises(LimitReached):
        await single_links.add_dependency(uow.unit(), more.id, depends_on_id=longest.id)
    with pytest.raises(DependencyInCycle):
        await depend(uow, first, last)
    assert (await depend(uow, more, last)).blocked


async def test_a_restored_task_is_awaited_again_and_waits_again(uow: FakeUnitOfWork) -> None:
    dig, buy = await create(uow, "Dig"), await create(uow, "Buy")
    plant = await create(uow, "Plant", after=[dig, buy])
    water = await create(uow, "Water", after=[plant])
    for task in (plant, dig):
        await task_deletions.delete(uow.unit(), task.id)
    assert ((await now(uow, water)).depends_on_ids, (await now(uow, water)).blocked) == ((), False)

    restored = await restoring.task(uow.unit(), plant.id)

    assert (restored.depends_on_ids, restored.blocked) == ((buy.id,), True)
    assert ((await now(uow, water)).depends_on_ids, (await now(uow, water)).blocked) == ((plant.id,), True)
    await restoring.task(uow.unit(), dig.id)
    assert (await now(uow, plant)).depends_on_ids == (dig.id, buy.id)


async def test_what_waits_for_another_task_waits_whatever_is_restored(uow: FakeUnitOfWork) -> None:
    dig, buy = await create(uow, "Dig"), await create(uow, "Buy")
    plant = await create(uow, "Plant", after=[dig, buy])
    await task_status.complete(uow.unit(), dig.id)
    await task_deletions.delete(uow.unit(), dig.id)

    await restoring.task(uow.unit(), dig.id)

    restored = await now(uow, plant)
    assert (restored.depends_on_ids, restored.blocked) == ((dig.id, buy.id), True)


async def test_tasks_that_are_restored_together_depend_on_each_other_as_before(uow: FakeUnitOfWork) -> None:
    garden = await projects.create(uow.unit(), name="Garden")
    dig = await create(uow, "Dig", project_id=garden.id)
    plant = await create(uow, "Plant", project_id=garden.id, after=[dig])
    await projects.delete(uow.unit(), garden.id)

    await restoring.project(uow.unit(), garden.id)

    assert ((await now(uow, plant)).depends_on_ids, (await now(uow, plant)).blocked) == ((dig.id,), True)


async def test_no_cycle_is_closed_while_a_task_is_in_the_trash(uow: FakeUnitOfWork) -> None:
    dig = await create(uow, "Dig")
    plant = await create(uow, "Plant", after=[dig])
    water = await create(uow, "Water", after=[plant])
    await task_deletions.delete(uow.unit(), plant.id)

    with pytest.raises(DependencyCycle, match="Tasks in the trash count"):
        await single_links.add_dependency(uow.unit(), dig.id, depends_on_id=water.id)
    with pytest.raises(DependencyInCycle, match="Tasks in the trash count"):
        await depend(uow, dig, water)


async def test_a_task_with_as_many_dependencies_as_it_can_have_does_not_get_one_back(uow: FakeUnitOfWork) -> None:
    dig = await create(uow, "Dig")
    plant = await create(uow, "Plant", after=[dig])
    await task_deletions.delete(uow.unit(), dig.id)
    others = [await create(uow, str(number)) for number in range(20)]
    for each in others:
        await task_status.complete(uow.unit(), each.id)
        await single_links.add_dependency(uow.unit(), plant.id, depends_on_id=each.id)

    await restoring.task(uow.unit(), dig.id)

    assert dig.id not in (await now(uow, plant)).depends_on_ids
    assert await blocked(uow, plant) == [False]


async def test_what_would_change_too_many_tasks_at_once_is_refused_and_changes_nothing(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    for number in range(MOST_CHANGES // dependencies.MOST_DEPENDENTS):
        child = await create(uow, f"{number}", parent_id=root.id)
        one = await create(uow, f"After {number}", after=[child])
        for n in range(dependencies.MOST_DEPENDENTS - 2):
            other = replace(one, id=uow.new_id(), position=f"{one.position}{number}{n}V")
            uow.store.tasks[uow.workspace_id, other.id] = other
    before = dict(uow.store.tasks)

    for act in (task_status.complete, task_status.cancel, task_deletions.delete):
        with pytest.raises(LimitReached):
            await act(uow.unit(), root.id)
        assert uow.store.tasks == before
    await single_links.remove_dependency(uow.unit(), one.id, depends_on_id=child.id)
    await task_status.complete(uow.unit(), root.id)
    assert len(uow.store.logged(uow.workspace_id, uow.store.workspaces[uow.workspace_id].head)) == MOST_CHANGES


async def test_a_deletion_that_is_refused_takes_no_comments(uow: FakeUnitOfWork) -> None:
    root = await create(uow, "Root")
    for number in range(MOST_CHANGES // dependencies.MOST_DEPENDENTS + 1):
        child = await create(uow, f"{number}", parent_id=root.id)
        one = await create(uow, f"After {number}", after=[child])
        for n in range(dependencies.MOST_DEPENDENTS - 1):
            other = replace(one, id=uow.new_id(), position=f"{one.position}{number}{n}V")
            uow.store.tasks[uow.workspace_id, other.id] = other
    comment = await comments.create(uow.unit(), root.id, text="Deep enough?")
    for _ in range(SMALL):
        other_id = uow.new_id()
        uow.store.of(Comment)[uow.workspace_id, other_id] = replace(comment, id=other_id)

    with pytest.raises(LimitReached):
        await task_deletions.delete(uow.unit(), root.id)
    assert not uow.store.trashed


async def test_a_deletion_is_refused_if_its_restoration_would_change_too_many_tasks_at_once(
    uow: FakeUnitOfWork,
) -> None:
    """What depends on it is in the trash, too, and can come back before it."""
    root = await create(uow, "Root")
    entry = UUID(int=1)
    for number in range(MOST_CHANGES // dependencies.MOST_DEPENDENTS):
        child = await create(uow, f"{number}", parent_id=root.id)
        one = await create(uow, f"After {number}", after=[child])
        for n in range(dependencies.MOST_DEPENDENTS - 1):
            other = replace(one, id=uow.new_id(), position=f"{one.position}{number}{n}V")
            uow.store.trashed[Task, uow.workspace_id, other.id] = Trashed(other, entry)
    with pytest.raises(LimitReached, match=r"more than 2000 tasks.*delete some of the subtasks"):
        await task_deletions.delete(uow.unit(), root.id)

    for _ in range(1 + MOST_CHANGES // dependencies.MOST_DEPENDENTS):
        uow.store.trashed.popitem()
    await task_deletions.delete(uow.unit(), root.id)
    back = await uow.tasks.in_trash(uow.workspace_id, entry, limit=MOST_CHANGES)
    await uow.tasks.restore_all([(each, each) for each in back])
    await restoring.task(uow.unit(), root.id)
    changed = uow.store.logged(uow.workspace_id, uow.store.workspaces[uow.workspace_id].head)
    assert len(changed) == MOST_CHANGES


async def test_a_step_of_a_restoration_changes_few_dependents(uow: FakeUnitOfWork) -> None:
    garden = await projects.create(uow.unit(), name="Garden")
    others = []
    for number in range(20):
        awaited = await create(uow, str(number), project_id=garden.id)
        one = await create(uow, f"After {number}", after=[awaited])
        for n in range(SMALL // 16):
            others.append(replace(one, id=uow.new_id(), position=f"{one.position}{number}{n}V"))
            uow.store.tasks[uow.workspace_id, others[-1].id] = others[-1]
    await projects.delete(uow.unit(), garden.id)
    head = uow.store.workspaces[uow.workspace_id].head

    await restoring.project(uow.unit(), garden.id)

    assert [(await now(uow, each)).depends_on_ids for each in others] == [each.depends_on_ids for each in others]
    first, *rest = [
        len(uow.store.logged(uow.workspace_id, number))
        for number in range(head + 1, uow.store.workspaces[uow.workspace_id].head + 1)
    ]
    assert SMALL // 2 < first <= SMALL + 20
    assert rest
    assert max(rest) <= 2 * STEP


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "remove", "complete", "reopen"]), st.integers(0, 4), st.integers(0, 4)
    ),
    max_size=40,
)


@given(operations=OPERATIONS)
@settings(max_examples=60, deadline=None)
def test_no_sequence_of_operations_makes_a_cycle_or_a_wrong_blocked(operations: list[tuple[str, int, int]]) -> None:
    """Beside a graph in memory: a dependency is refused exactly if there is a way back."""

    async def perform() -> None:
        uow = await registered(FakeUnitOfWork())
        ids = [(await create(uow, str(number))).id for number in range(5)]
        graph: dict[int, set[int]] = {number: set() for number in range(5)}
        is_open = dict.fromkeys(range(5), True)
        for what, a, b in operations:
            if what == "add":
                try:
                    await single_links.add_dependency(uow.unit(), ids[a], depends_on_id=ids[b])
                except DependencyCycle:
                    assert a in reached(graph, b)
                else:
                    assert a not in reached(graph, b)
                    graph[a].add(b)
            elif what == "remove":
                await single_links.remove_dependency(uow.unit(), ids[a], depends_on_id=ids[b])
                graph[a].discard(b)
            else:
                await (task_status.complete if what == "complete" else task_status.reopen)(uow.unit(), ids[a])
                is_open[a] = what == "reopen"
            for number, task_id in enumerate(ids):
                task = await tasks.get(uow.unit(), task_id)
                assert task.depends_on_ids == tuple(sorted(ids[each] for each in graph[number]))
                assert task.blocked == any(is_open[each] for each in graph[number])

    asyncio.run(perform())


def reached(graph: dict[int, set[int]], start: int) -> set[int]:
    found, rest = set[int](), [start]
    while rest:
        if (each := rest.pop()) not in found:
            found.add(each)
            rest += graph[each]
    return found
