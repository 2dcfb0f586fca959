import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain import (
    comments,
    families,
    labels,
    members,
    projects,
    restoring,
    sections,
    task_deletions,
    task_moves,
    tasks,
    trash,
)
from domain.limits import LimitReached
from domain.model.comments import Comment
from domain.model.labels import Label, LabelExists
from domain.model.members import Member
from domain.model.projects import Project, ProjectArchived, ProjectNotFound
from domain.model.sections import SectionNotFound
from domain.model.tasks import MOST_LEVELS, Task, TaskNotFound
from domain.model.trash import KEPT, ChangedMeanwhile
from domain.task_moves import TaskDestination
from domain.tasks import TaskDraft
from domain.trash import Deletion, Restoration
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork

LATER = NOON.replace(hour=13)


async def make(uow: FakeUnitOfWork, title: str, **fields: object) -> Task:
    return await tasks.create(uow.unit(), TaskDraft(title=title, **fields))  # type: ignore[arg-type]  # any of a draft


async def now(uow: FakeUnitOfWork, task: Task) -> Task:
    return await tasks.get(uow.unit(), task.id)


def unchanged(task: Task) -> Task:
    """Without what every restoration changes."""
    return replace(task, revision=0, updated_at=NOON)


@pytest.fixture
async def garden(uow: FakeUnitOfWork) -> Project:
    return await projects.create(uow.unit(), name="Garden")


# ---------------------------------------------------------------------------------------------------------------------
# tasks
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_task_comes_back_with_what_its_deletion_took_and_nothing_else(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    root = await make(uow, "Sow", project_id=garden.id)
    child = await make(uow, "Buy seeds", parent_id=root.id)
    before = await make(uow, "Find a shop", parent_id=child.id)
    await task_deletions.delete(uow.unit(), before.id)
    await task_deletions.delete(uow.unit(), root.id)

    restored = await restoring.task(uow.unit(now=LATER), root.id)

    assert unchanged(restored) == unchanged(root)
    assert (restored.updated_at, restored.revision) == (LATER, uow.store.workspaces[uow.workspace_id].head)
    assert unchanged(await now(uow, child)) == unchanged(child)
    assert uow.store.logged(uow.workspace_id, restored.revision) == [
        ("task.restored", root.id),
        ("task.restored", child.id),
    ]
    with pytest.raises(TaskNotFound):
        await now(uow, before)
    assert (await restoring.task(uow.unit(), before.id)).parent_id == child.id


async def test_a_live_task_does_not_change(uow: FakeUnitOfWork) -> None:
    task = await make(uow, "Sow")

    assert await restoring.task(uow.unit(), task.id) == task
    with pytest.raises(TaskNotFound):
        await restoring.task(uow.unit(), UUID(int=0))


async def test_a_subtask_is_restored_with_what_it_was_deleted_with(uow: FakeUnitOfWork) -> None:
    root = await make(uow, "Sow")
    child = await make(uow, "Buy seeds", parent_id=root.id)
    await task_deletions.delete(uow.unit(), root.id)

    with pytest.raises(TaskNotFound):
        await restoring.task(uow.unit(), child.id)


async def test_nothing_is_restored_after_its_time(uow: FakeUnitOfWork) -> None:
    task = await make(uow, "Sow")
    await task_deletions.delete(uow.unit(), task.id)

    with pytest.raises(TaskNotFound):
        await restoring.task(uow.unit(now=NOON + KEPT), task.id)


async def test_a_task_whose_project_is_gone_comes_back_at_the_end_of_the_inbox(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    inbox = (await make(uow, "Call")).project_id
    first, second = [await make(uow, title, section_id=beds.id) for title in ("Sow", "Reap")]
    for task in (first, second):
        await task_deletions.delete(uow.unit(), task.id)
    await projects.delete(uow.unit(), garden.id)

    for task in (first, second):
        await restoring.task(uow.unit(), task.id)

    found = [await now(uow, task) for task in (first, second)]
    assert [(task.project_id, task.section_id) for task in found] == [(inbox, None), (inbox, None)]
    assert [task.position for task in found] == ["a1", "a2"]


async def test_a_task_whose_section_or_parent_is_gone_comes_back_without(uow: FakeUnitOfWork, garden: Project) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    root = await make(uow, "Sow", section_id=beds.id)
    child = await make(uow, "Buy seeds", parent_id=root.id)
    await task_deletions.delete(uow.unit(), child.id)
    await task_deletions.delete(uow.unit(), root.id)
    await sections.delete(uow.unit(), beds.id)

    restored = await restoring.task(uow.unit(), child.id)

    assert (restored.project_id, restored.section_id, restored.parent_id) == (garden.id, None, None)


async def test_a_task_follows_its_parent_to_where_that_is_now(uow: FakeUnitOfWork, garden: Project) -> None:
    root = await make(uow, "Sow")
    child = await make(uow, "Buy seeds", parent_id=root.id)
    below = await make(uow, "Find a shop", parent_id=child.id)
    await task_deletions.delete(uow.unit(), child.id)
    await task_moves.move(uow.unit(), root.id, to=TaskDestination(project_id=garden.id))

    await restoring.task(uow.unit(), child.id)

    for task in (child, below):
        found = await now(uow, task)
        assert (found.project_id, found.parent_id) == (garden.id, task.parent_id)


async def test_a_family_that_would_be_too_deep_comes_back_without_its_parent(uow: FakeUnitOfWork) -> None:
    root = await make(uow, "Sow")
    child = await make(uow, "Buy seeds", parent_id=root.id)
    below = await make(uow, "Find a shop", parent_id=child.id)
    await task_deletions.delete(uow.unit(), child.id)
    above = None
    for level in range(1, 4):
        above = (await make(uow, f"Level {level}", parent_id=above)).id
    await task_moves.move(uow.unit(), root.id, to=TaskDestination(parent_id=above))

    restored = await restoring.task(uow.unit(), child.id)

    assert restored.parent_id is None
    assert (await now(uow, below)).parent_id == child.id


async def test_a_family_that_its_parent_has_no_room_for_stays_in_the_trash(uow: FakeUnitOfWork) -> None:
    root = await make(uow, "Sow")
    child = await make(uow, "Buy seeds", parent_id=root.id)
    await task_deletions.delete(uow.unit(), child.id)
    for number in range(500):
        other = replace(child, id=uow.new_id(), position=f"b{number:02}")
        uow.store.tasks[uow.workspace_id, other.id] = other

    with pytest.raises(LimitReached):
        await restoring.task(uow.unit(), child.id)


async def test_a_task_whose_position_is_taken_comes_back_right_after_it(uow: FakeUnitOfWork) -> None:
    first, second = await make(uow, "Sow"), await make(uow, "Reap")
    await task_deletions.delete(uow.unit(), first.id)
    third = await make(uow, "Eat")
    moved = await task_moves.move(uow.unit(), third.id, to=TaskDestination(before=second.id))
    uow.store.tasks[uow.workspace_id, third.id] = replace(moved, position=first.position)

    restored = await restoring.task(uow.unit(), first.id)

    assert first.position < restored.position < second.position


async def test_a_task_comes_back_without_labels_and_assignees_that_are_gone(uow: FakeUnitOfWork) -> None:
    urgent, kept = [await labels.create(uow.unit(), name=name) for name in ("Urgent", "Kept")]
    guest = Member(
        workspace_id=uow.workspace_id,
        user_id=uow.new_id(),
        role="editor",
        name="Guest",
        revision=1,
        created_at=NOON,
        updated_at=NOON,
    )
    await uow.unit().members.add(guest)
    assignees = (guest.user_id, uow.principal.user_id)
    task = await make(uow, "Sow", label_ids=(urgent.id, kept.id), assignee_ids=assignees)
    await task_deletions.delete(uow.unit(), task.id)
    await labels.delete(uow.unit(), urgent.id)
    await members.remove(uow.unit(), guest.user_id)

    restored = await restoring.task(uow.unit(), task.id)

    assert (restored.label_ids, restored.assignee_ids) == ((kept.id,), (uow.principal.user_id,))
    await restoring.label(uow.unit(), urgent.id)
    assert set((await now(uow, task)).label_ids) == {urgent.id, kept.id}


async def test_a_task_is_not_restored_into_an_archived_project(uow: FakeUnitOfWork, garden: Project) -> None:
    task = await make(uow, "Sow", project_id=garden.id)
    await task_deletions.delete(uow.unit(), task.id)
    await projects.archive(uow.unit(), garden.id)

    with pytest.raises(ProjectArchived):
        await restoring.task(uow.unit(), task.id)


# ---------------------------------------------------------------------------------------------------------------------
# sections and projects
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_project_comes_back_with_its_sections_and_tasks(uow: FakeUnitOfWork, garden: Project) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    shed = await sections.create(uow.unit(), name="Shed", project_id=garden.id)
    root = await make(uow, "Sow", section_id=beds.id)
    child = await make(uow, "Buy seeds", parent_id=root.id)
    before = await make(uow, "Paint", section_id=shed.id)
    await sections.delete(uow.unit(), shed.id)
    await projects.delete(uow.unit(), garden.id)

    restored = await restoring.project(uow.unit(now=LATER), garden.id)

    assert restored == replace(garden, updated_at=LATER, revision=restored.revision)
    assert [section.id for section in (await sections.page(uow.unit(), project_id=garden.id)).items] == [beds.id]
    assert [unchanged(await now(uow, task)) for task in (root, child)] == [unchanged(root), unchanged(child)]
    assert uow.store.logged(uow.workspace_id, restored.revision) == [
        ("project.restored", garden.id),
        ("section.restored", beds.id),
        ("task.restored", root.id),
        ("task.restored", child.id),
    ]
    await restoring.section(uow.unit(), shed.id)
    assert unchanged(await now(uow, before)) == unchanged(before)
    assert await restoring.project(uow.unit(), garden.id) == restored


async def test_a_section_whose_project_is_gone_comes_back_in_the_inbox(uow: FakeUnitOfWork, garden: Project) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    task = await make(uow, "Sow", section_id=beds.id)
    inbox = (await make(uow, "Call")).project_id
    await sections.delete(uow.unit(), beds.id)
    await projects.delete(uow.unit(), garden.id)

    restored = await restoring.section(uow.unit(), beds.id)

    assert restored.project_id == inbox
    found = await now(uow, task)
    assert (found.project_id, found.section_id, found.position) == (inbox, beds.id, "a1")


async def test_an_archived_project_comes_back_archived_and_takes_nothing_back(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    task = await make(uow, "Sow", project_id=garden.id)
    await sections.delete(uow.unit(), beds.id)
    await projects.archive(uow.unit(), garden.id)
    await projects.delete(uow.unit(), garden.id)

    restored = await restoring.project(uow.unit(), garden.id)

    assert restored.archived_at == NOON
    assert unchanged(await now(uow, task)) == unchanged(task)
    with pytest.raises(ProjectArchived):
        await restoring.section(uow.unit(), beds.id)


async def test_sections_and_projects_that_are_not_in_the_trash_are_not_found(uow: FakeUnitOfWork) -> None:
    with pytest.raises(SectionNotFound):
        await restoring.section(uow.unit(), UUID(int=0))
    with pytest.raises(ProjectNotFound):
        await restoring.project(uow.unit(), UUID(int=0))


async def test_a_section_that_its_project_has_no_room_for_stays_in_the_trash(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    await sections.delete(uow.unit(), beds.id)
    taken, *others = [await sections.create(uow.unit(), name="Shed", project_id=garden.id) for _ in range(200)]

    with pytest.raises(LimitReached):
        await restoring.section(uow.unit(), beds.id)

    await sections.delete(uow.unit(), others[0].id)
    assert (await restoring.section(uow.unit(), beds.id)).position > taken.position == beds.position


# ---------------------------------------------------------------------------------------------------------------------
# labels
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_label_comes_back_to_the_tasks_that_had_it(uow: FakeUnitOfWork) -> None:
    label = await labels.create(uow.unit(), name="Urgent")
    marked, deleted, other = (
        await make(uow, "Sow", label_ids=[label.id]),
        await make(uow, "Reap", label_ids=[label.id]),
        await make(uow, "Eat"),
    )
    await task_deletions.delete(uow.unit(), deleted.id)
    await labels.delete(uow.unit(), label.id)
    assert (await now(uow, marked)).label_ids == ()

    restored = await restoring.label(uow.unit(now=LATER), label.id)

    assert restored == replace(label, updated_at=LATER, revision=restored.revision)
    assert uow.store.logged(uow.workspace_id, restored.revision) == [
        ("label.restored", label.id),
        ("task.updated", marked.id),
    ]
    assert (await now(uow, marked)).label_ids == (label.id,)
    assert (await now(uow, other)).label_ids == ()
    assert (await restoring.task(uow.unit(), deleted.id)).label_ids == (label.id,)
    assert await restoring.label(uow.unit(), label.id) == restored


async def test_a_label_whose_name_is_taken_stays_in_the_trash(uow: FakeUnitOfWork) -> None:
    label = await labels.create(uow.unit(), name="Urgent")
    await labels.delete(uow.unit(), label.id)
    other = await labels.create(uow.unit(), name="URGENT")

    with pytest.raises(LabelExists) as raised:
        await restoring.label(uow.unit(), label.id)

    assert (raised.value.existing_id, raised.value.pointer) == (other.id, None)


async def test_a_label_over_the_limit_stays_in_the_trash(uow: FakeUnitOfWork) -> None:
    label = await labels.create(uow.unit(), name="Urgent")
    await labels.delete(uow.unit(), label.id)
    taken = await labels.create(uow.unit(), name="Other")
    stored = uow.store.of(Label)
    others = [replace(taken, id=uow.new_id(), name=f"Other {n}", position=f"b{n:03}") for n in range(999)]
    stored |= {(uow.workspace_id, each.id): each for each in others}

    with pytest.raises(LimitReached):
        await restoring.label(uow.unit(), label.id)

    await labels.delete(uow.unit(), others[0].id)
    assert (await restoring.label(uow.unit(), label.id)).position > taken.position == label.position


async def test_a_task_with_as_many_labels_as_it_can_have_does_not_get_one_back(uow: FakeUnitOfWork) -> None:
    label = await labels.create(uow.unit(), name="Urgent")
    others = [(await labels.create(uow.unit(), name=f"Label {number}")).id for number in range(50)]
    task = await make(uow, "Sow", label_ids=[label.id])
    await labels.delete(uow.unit(), label.id)
    await tasks.update(uow.unit(), task.id, edit=tasks.TaskEdit(label_ids=others))

    await restoring.label(uow.unit(), label.id)

    assert label.id not in (await now(uow, task)).label_ids


# ---------------------------------------------------------------------------------------------------------------------
# steps
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_restoration_stops_a_deletion_and_the_other_way_round(uow: FakeUnitOfWork, garden: Project) -> None:
    deletion, restoration = Deletion("project", garden.id), Restoration("project", garden.id)
    await deletion.step(uow.unit(), title="Garden")
    await restoration.step(uow.unit())

    with pytest.raises(ChangedMeanwhile):
        await deletion.step(uow.unit(), title="Garden")

    await Deletion("project", garden.id).step(uow.unit(), title="Garden")
    with pytest.raises(ChangedMeanwhile):
        await restoration.step(uow.unit())


async def test_a_restoration_whose_entry_is_gone_meanwhile_stops(uow: FakeUnitOfWork, garden: Project) -> None:
    """Another one has ended, or an admin emptied the trash: then it would not be all that comes back."""
    await Deletion("project", garden.id).step(uow.unit(), title="Garden")
    first, second = Restoration("project", garden.id), Restoration("project", garden.id)
    await first.step(uow.unit())
    await second.step(uow.unit())
    await second.end(uow.unit())

    with pytest.raises(ChangedMeanwhile):
        await first.step(uow.unit())
    assert await Restoration("project", garden.id).step(uow.unit()) is None
    await Deletion("project", garden.id).step(uow.unit(), title="Garden")
    with pytest.raises(ChangedMeanwhile):
        await first.step(uow.unit())


async def test_what_began_before_another_deletion_does_not_go_on_with_it(uow: FakeUnitOfWork, garden: Project) -> None:
    deletion, restoration = Deletion("project", garden.id), Restoration("project", garden.id)
    await deletion.step(uow.unit(), title="Garden")
    await restoration.step(uow.unit())
    await uow.trash.remove(uow.workspace_id, deletion.entry_id)
    await Deletion("project", garden.id).step(uow.unit(), title="Garden")

    with pytest.raises(ChangedMeanwhile):
        await deletion.step(uow.unit(), title="Garden")
    await Restoration("project", garden.id).step(uow.unit())
    with pytest.raises(ChangedMeanwhile):
        await restoration.step(uow.unit())


async def test_a_restoration_does_not_expire_between_its_steps(uow: FakeUnitOfWork, garden: Project) -> None:
    await Deletion("project", garden.id).step(uow.unit(), title="Garden")
    first, late = Restoration("project", garden.id), NOON + KEPT - dt.timedelta(seconds=1)
    await first.step(uow.unit(now=late))

    entry = await first.step(uow.unit(now=NOON + KEPT))

    assert entry is not None
    assert entry.expires_at == late + KEPT
    repeated = await Restoration("project", garden.id).step(uow.unit(now=NOON + KEPT))
    assert repeated == replace(entry, expires_at=NOON + KEPT + KEPT)


async def test_a_deletion_that_is_repeated_is_kept_for_the_full_time(uow: FakeUnitOfWork, garden: Project) -> None:
    interrupted = Deletion("project", garden.id)
    await interrupted.step(uow.unit(), title="Garden")
    await interrupted.took(uow.unit(), 3)

    repeated = Deletion("project", garden.id)
    later = NOON + KEPT
    await repeated.step(uow.unit(now=later), title="Yard")

    (entry,) = (await trash.page(uow.unit(now=later))).items
    assert (entry.id, entry.title, entry.taken) == (interrupted.entry_id, "Yard", 3)
    assert (entry.deleted_at, entry.expires_at) == (later, later + KEPT)


async def test_what_came_back_before_an_interruption_is_not_counted_twice(uow: FakeUnitOfWork, garden: Project) -> None:
    deletion, restoration = Deletion("project", garden.id), Restoration("project", garden.id)
    await deletion.step(uow.unit(), title="Garden")
    await deletion.took(uow.unit(), 3)
    await restoration.step(uow.unit())
    await restoration.gave_back(uow.unit(), 2)

    again = Deletion("project", garden.id)
    await again.step(uow.unit(), title="Garden")
    await again.took(uow.unit(), 2)

    assert [entry.taken for entry in (await trash.page(uow.unit())).items] == [3]


async def test_a_deletion_whose_entry_was_emptied_meanwhile_stops(uow: FakeUnitOfWork, garden: Project) -> None:
    deletion, restoration = Deletion("project", garden.id), Restoration("project", garden.id)
    await deletion.step(uow.unit(), title="Garden")
    await restoration.step(uow.unit())
    await restoration.end(uow.unit())

    with pytest.raises(ChangedMeanwhile):
        await deletion.step(uow.unit(), title="Garden")


# ---------------------------------------------------------------------------------------------------------------------
# after an interruption
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_section_that_is_in_the_trash_with_its_project_is_not_restored_by_its_own_interrupted_deletion(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    task = await make(uow, "Sow", section_id=beds.id)
    unit, deletion = uow.unit(), Deletion("section", beds.id)
    await deletion.step(unit, title="Beds")
    await task_deletions.delete_some(unit, section_id=beds.id, deletion=deletion, limit=10)
    await projects.delete(uow.unit(), garden.id)

    with pytest.raises(SectionNotFound):
        await restoring.section(uow.unit(), beds.id)

    await restoring.project(uow.unit(), garden.id)
    with pytest.raises(TaskNotFound):
        await now(uow, task)
    await restoring.section(uow.unit(), beds.id)
    assert unchanged(await now(uow, task)) == unchanged(task)


async def test_comments_do_not_come_back_while_their_task_is_in_the_trash_with_its_project(
    uow: FakeUnitOfWork, garden: Project
) -> None:
    task = await make(uow, "Sow", project_id=garden.id)
    comment = await comments.create(uow.unit(), task.id, text="Frost")
    unit, deletion = uow.unit(), Deletion("task", task.id)
    await deletion.step(unit, title="Sow")
    await uow.comments.delete_some(
        uow.workspace_id, task_ids=[task.id], trash_id=deletion.entry_id, revision=await unit.next_revision(), limit=9
    )
    await projects.delete(uow.unit(), garden.id)

    with pytest.raises(TaskNotFound):
        await restoring.task(uow.unit(), task.id)

    assert not uow.store.of(Comment)
    await restoring.project(uow.unit(), garden.id)
    await restoring.task(uow.unit(), task.id)
    assert (await comments.get(uow.unit(), task.id, comment.id)).text == "Frost"


async def test_the_comments_that_a_deletion_took_are_counted(uow: FakeUnitOfWork, garden: Project) -> None:
    task = await make(uow, "Sow", project_id=garden.id)
    child = await make(uow, "Buy seeds", parent_id=task.id)
    for each in (task, child):
        await comments.create(uow.unit(), each.id, text="Frost")

    await task_deletions.delete(uow.unit(), task.id)
    assert [entry.taken for entry in (await trash.page(uow.unit())).items] == [3]
    await restoring.task(uow.unit(), task.id)
    await projects.delete(uow.unit(), garden.id)
    assert [entry.taken for entry in (await trash.page(uow.unit())).items] == [4]


@pytest.mark.parametrize(("direct", "deep"), [(families.MOST_SUBTASKS - 1, 0), (1, families.MOST_IN_ALL_LEVELS - 2)])
async def test_subtasks_that_their_parent_has_no_room_for_come_back_without_it(
    uow: FakeUnitOfWork, garden: Project, direct: int, deep: int
) -> None:
    """The deletion of their project took them, was interrupted, and the parent got others."""
    root = await make(uow, "Sow", project_id=garden.id)
    trashed = [await make(uow, title, parent_id=root.id) for title in ("Rake", "Dig")]
    unit, deletion = uow.unit(), Deletion("project", garden.id)
    entry_id = await deletion.step(unit, title="Garden")
    ids = [each.id for each in trashed]
    await unit.tasks.delete_all(uow.workspace_id, ids, trash_id=entry_id, revision=9)
    others = [replace(trashed[0], id=uow.new_id(), position=f"b{number:04}V") for number in range(direct + deep)]
    for number, each in enumerate(others):
        child = each if number < direct else replace(each, parent_id=others[0].id)
        uow.store.tasks[uow.workspace_id, child.id] = child

    await restoring.project(uow.unit(), garden.id)

    back = [await now(uow, each) for each in trashed]
    assert sorted([each.parent_id == root.id for each in back]) == [False, True]


@pytest.mark.parametrize("place", ["deep", "elsewhere"])
async def test_a_subtask_comes_back_without_a_parent_that_is_too_deep_or_elsewhere_by_then(
    uow: FakeUnitOfWork, garden: Project, place: str
) -> None:
    """The deletion of their project took it, was interrupted, and the parent was moved."""
    root = await make(uow, "Sow", project_id=garden.id)
    trashed = await make(uow, "Rake", parent_id=root.id)
    unit, deletion = uow.unit(), Deletion("project", garden.id)
    entry_id = await deletion.step(unit, title="Garden")
    await unit.tasks.delete_all(uow.workspace_id, [trashed.id], trash_id=entry_id, revision=9)
    if place == "deep":
        above = await make(uow, "1", project_id=garden.id)
        for level in range(2, MOST_LEVELS):
            above = await make(uow, str(level), parent_id=above.id)
        await task_moves.move(uow.unit(), root.id, to=TaskDestination(parent_id=above.id))
    else:
        house = await projects.create(uow.unit(), name="House")
        await task_moves.move(uow.unit(), root.id, to=TaskDestination(project_id=house.id))

    await restoring.project(uow.unit(), garden.id)

    back = await now(uow, trashed)
    assert (back.parent_id, back.project_id) == (None, garden.id)
