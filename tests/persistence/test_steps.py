"""What touches many tasks is done in several transactions, between which others write."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Uuid, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain import labels, members, projects, restoring, sections, single_links, task_deletions, users, workspaces
from domain.limits import LimitReached
from domain.model.members import MemberNotFound
from domain.model.projects import Project, ProjectArchived, ProjectNotFound
from domain.model.tasks import Task
from domain.quotas import row_bytes
from domain.steps import FEW, SMALL, STEP
from persistence.database import Database
from persistence.events import events, tombstones
from persistence.memberships import workspaces as workspace_rows
from persistence.repositories import metadata
from persistence.task_rows import tasks
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.statements import overheard, plans_of
from tests.support.waiting import until_held_up, writers_waiting

TABLES = metadata.tables
STEPS = 3
MANY = SMALL + STEP + 10
SOME = FEW + STEP + 10


class Steps:
    """Stands where the engine admits the caller's role, and so sees each step begin. *then* is called by number."""

    def __init__(self) -> None:
        self.begun = 0
        self.first = asyncio.Event()
        self.error: BaseException | None = None

    def __call__(self, _role: object) -> None:
        self.begun += 1
        self.first.set()
        if self.begun > 1 and self.error is not None:
            raise self.error


async def filled(caller: Caller, *, count: int = MANY) -> Project:
    """A project with many tasks."""
    project = await caller.write(projects.create, name="Garden")
    values = {
        "workspace_id": caller.workspace_id,
        "project_id": project.id,
        "title": "Sow",
        "description": "",
        "status": "open",
        "priority": 0,
        "due_key": "~",
        "label_ids": "",
        "metadata": "",
        "created_by": caller.user_id,
        "revision": 2,
        "created_at": NOON,
        "updated_at": NOON,
    }
    rows = [{**values, "id": UUID(int=number), "position": f"a{number:06}"} for number in range(count)]
    async with caller.database.transaction() as transaction:
        await transaction.run(insert(tasks), rows)
        larger = update(workspace_rows).where(workspace_rows.c.id == caller.workspace_id)
        size = workspace_rows.c.content_bytes + count * row_bytes("Sow")
        await transaction.run(larger.values(content_bytes=size), {})
    return project


async def left(caller: Caller) -> int:
    """How many tasks are not in the trash."""
    live = (tasks.c.workspace_id == caller.workspace_id, tasks.c.trash_id.is_(None))
    row = await caller.database.row(select(func.count()).select_from(tasks).where(*live), {})
    assert row is not None
    return int(row[0])


async def deleted_by_revision(caller: Caller) -> dict[int, int]:
    """How many things the log says were deleted, by change, and the tombstones say the same."""
    found = [
        await caller.database.rows(
            select(table.c.revision, table.c.sequence, table.c.entity_id).where(
                table.c.workspace_id == caller.workspace_id, condition
            ),
            {},
        )
        for table, condition in ((events, events.c.type.like("%.deleted")), (tombstones, tombstones.c.sequence > 0))
    ]
    assert sorted(map(tuple, found[0])) == sorted(map(tuple, found[1]))
    counted = Counter(row[0] for row in found[0])
    for revision, count in counted.items():
        assert sorted(row[1] for row in found[0] if row[0] == revision) == list(range(1, count + 1))
    return dict(counted)


def stepping(caller: Caller, steps: Steps) -> Caller:
    return Caller(
        database=caller.database,
        clock=caller.clock,
        principal=caller.principal,
        workspace=caller.workspace,
        admit=steps,
    )


async def test_a_small_project_is_deleted_in_one_change(ada: Caller) -> None:
    project = await filled(ada, count=SMALL - 1)

    await ada.write(projects.delete, project.id)

    assert await deleted_by_revision(ada) == {3: SMALL}


async def test_a_large_project_is_deleted_in_changes_that_are_each_complete(ada: Caller) -> None:
    before = await ada.read(workspaces.get)
    project = await filled(ada)

    await ada.write(projects.delete, project.id)

    assert await left(ada) == 0
    head = before.head + 1
    counts = [SMALL, STEP, MANY - SMALL - STEP + 1]
    assert await deleted_by_revision(ada) == {head + n + 1: count for n, count in enumerate(counts)}
    assert (await ada.read(workspaces.get)).head == head + STEPS
    row = await ada.database.row(
        select(workspace_rows.c.content_bytes).where(workspace_rows.c.id == ada.workspace_id), {}
    )
    everything = row_bytes("Inbox") + row_bytes("Garden") + MANY * row_bytes("Sow")
    assert row == (everything,), "what is in the trash counts as before"


async def test_others_write_between_the_steps(ada: Caller, bob: Caller) -> None:
    project, steps, done = await filled(ada), Steps(), []

    async def create(caller: Caller) -> Project:
        created = await caller.write(projects.create, name="Meadow")
        done.append(caller.user_id)
        return created

    deleting = asyncio.create_task(stepping(ada, steps).write(projects.delete, project.id))
    deleting.add_done_callback(lambda _task: done.append(project.id))
    await steps.first.wait()
    neighbour = asyncio.create_task(create(ada))
    await until_held_up(neighbour, database=ada.database)
    stranger = asyncio.create_task(create(bob))
    async with asyncio.timeout(PATIENCE_S):
        while not stranger.done() and not writers_waiting(bob.database):  # noqa: ASYNC110 -- SQLite has one writer
            await asyncio.sleep(0)
    created, _, _ = await asyncio.gather(neighbour, stranger, deleting)

    assert done[-1] == project.id
    assert created.revision == 4, "right after the first step"
    assert sorted(await deleted_by_revision(ada)) == [3, 5, 6]


async def test_another_process_writes_between_the_steps(ada: Caller, bob: Caller, database_url: str) -> None:
    """On SQLite it looks now and then whether it can, so the steps must leave it time."""
    project, steps = await filled(ada, count=SMALL + 20 * STEP), Steps()
    elsewhere = Database(database_url)

    deleting = asyncio.create_task(stepping(ada, steps).write(projects.delete, project.id))
    await steps.first.wait()
    await replace(bob, database=elsewhere).write(projects.create, name="Meadow")

    assert not deleting.done()
    await deleting
    await elsewhere.close()


@pytest.mark.parametrize("how", ["refused", "cancelled"])
async def test_a_deletion_that_ends_between_its_steps_goes_on_when_it_is_repeated(ada: Caller, how: str) -> None:
    project, steps = await filled(ada), Steps()
    steps.error = LookupError() if how == "refused" else asyncio.CancelledError()

    with pytest.raises(type(steps.error)):
        await stepping(ada, steps).write(projects.delete, project.id)

    assert await left(ada) == MANY - SMALL
    assert await ada.read(projects.get, project.id) == project
    await ada.write(projects.delete, project.id)
    assert await left(ada) == 0
    assert sorted(await deleted_by_revision(ada)) == [3, 4]
    with pytest.raises(ProjectNotFound):
        await ada.read(projects.get, project.id)


async def test_the_conditions_of_the_request_are_compared_at_each_step(ada: Caller) -> None:
    project, compared = await filled(ada), []

    async def compare() -> None:
        compared.append(await projects.get(uow, project.id))
        if len(compared) == STEPS:
            raise LookupError

    async with ada.unit() as uow:
        await uow.require(compare)
        with pytest.raises(LookupError):
            await projects.delete(uow, project.id)

    assert compared == STEPS * [project]
    assert await left(ada) == MANY - SMALL - STEP


async def test_a_project_that_somebody_else_deletes_in_between_is_not_found(ada: Caller) -> None:
    project, steps = await filled(ada), Steps()
    deleting = asyncio.create_task(stepping(ada, steps).write(projects.delete, project.id))
    await steps.first.wait()

    other = asyncio.create_task(ada.write(projects.delete, project.id))
    results = await asyncio.gather(deleting, other, return_exceptions=True)

    assert sorted(type(each).__name__ for each in results) == ["NoneType", "ProjectNotFound"]
    assert sum((await deleted_by_revision(ada)).values()) == MANY + 1


async def assigned(caller: Caller, *, to: Caller, count: int) -> None:
    """A project with *count* tasks of *to*, in one transaction."""
    project = await filled(caller, count=count)
    place = {"workspace_id": caller.workspace_id, "user_id": to.user_id}
    async with caller.database.transaction() as transaction:
        await transaction.run(
            update(tasks).where(tasks.c.project_id == project.id).values(assignee_ids=to.user_id.hex), {}
        )
        rows = [{**place, "task_id": UUID(int=number)} for number in range(count)]
        await transaction.run(insert(TABLES["task_assignees"]), rows)


async def unassigned_by_revision(caller: Caller) -> dict[int, int]:
    """How many tasks the log says were changed, by change."""
    of_tasks = select(events.c.revision).where(
        events.c.workspace_id == caller.workspace_id, events.c.type == "task.updated"
    )
    return dict(Counter(row[0] for row in await caller.database.rows(of_tasks, {})))


async def commented(caller: Caller, *, count: int) -> tuple[Project, UUID]:
    """A project with one task, which has more comments than the API allows, and the task's id."""
    project = await filled(caller, count=1)
    row = {"workspace_id": caller.workspace_id, "task_id": UUID(int=0), "author_id": caller.user_id, "text": "Frost"}
    row |= {"created_at": NOON, "revision": 2}
    async with caller.database.transaction() as transaction:
        await transaction.run(insert(TABLES["comments"]), [{**row, "id": UUID(int=number)} for number in range(count)])
        larger = update(workspace_rows).where(workspace_rows.c.id == caller.workspace_id)
        size = workspace_rows.c.content_bytes + count * row_bytes("Frost")
        await transaction.run(larger.values(content_bytes=size), {})
    return project, UUID(int=0)


async def live_comments(caller: Caller) -> int:
    live = select(func.count()).select_from(TABLES["comments"]).where(TABLES["comments"].c.trash_id.is_(None))
    row = await caller.database.row(live, {})
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("what", ["task", "project"])
async def test_many_comments_are_deleted_in_changes_before_that_of_their_task_and_restored_after_it(
    ada: Caller, what: str
) -> None:
    project, task_id = await commented(ada, count=MANY)

    if what == "task":
        await ada.write(task_deletions.delete, task_id)
    else:
        await ada.write(projects.delete, project.id)

    last = MANY - SMALL - STEP + (1 if what == "task" else 2)
    assert await deleted_by_revision(ada) == {3: SMALL, 4: STEP, 5: last}
    assert await live_comments(ada) == 0
    if what == "task":
        await ada.write(restoring.task, task_id)
    else:
        await ada.write(restoring.project, project.id)
    assert await live_comments(ada) == MANY
    restored = select(events.c.revision).where(events.c.type == "comment.restored")
    counted = Counter(row[0] for row in await ada.database.rows(restored, {}))
    assert max(counted.values()) in {SMALL, SMALL - 1}
    assert sum(counted.values()) == MANY


async def archived_after_a_step(caller: Caller, project: Project, service: Callable[..., Any], thing_id: UUID) -> None:
    """Call *service*, which is refused because *project* is archived after its first step. Then unarchive it."""
    steps = Steps()
    running = asyncio.create_task(stepping(caller, steps).write(service, thing_id))
    await steps.first.wait()
    await caller.write(projects.archive, project.id)
    with pytest.raises(ProjectArchived):
        await running
    await caller.write(projects.unarchive, project.id)


async def test_a_section_whose_project_is_archived_meanwhile_stays_with_what_is_left_of_it(ada: Caller) -> None:
    project = await filled(ada)
    section = await ada.write(sections.create, name="Beds", project_id=project.id)
    async with ada.database.transaction() as transaction:
        await transaction.run(update(tasks).values(section_id=section.id), {})

    await archived_after_a_step(ada, project, sections.delete, section.id)
    assert await left(ada) == MANY - SMALL
    assert await ada.read(sections.get, section.id) == section
    await ada.write(sections.delete, section.id)
    assert await left(ada) == 0

    await archived_after_a_step(ada, project, restoring.section, section.id)
    assert await left(ada) == SMALL
    await ada.write(restoring.section, section.id)
    assert await left(ada) == MANY


async def test_a_task_whose_project_is_archived_meanwhile_keeps_what_is_left_of_its_comments(ada: Caller) -> None:
    project, task_id = await commented(ada, count=MANY)

    await archived_after_a_step(ada, project, task_deletions.delete, task_id)
    assert (await live_comments(ada), await left(ada)) == (MANY - SMALL, 1)
    await ada.write(task_deletions.delete, task_id)
    assert (await live_comments(ada), await left(ada)) == (0, 0)

    await archived_after_a_step(ada, project, restoring.task, task_id)
    assert (await live_comments(ada), await left(ada)) == (SMALL, 1)
    await ada.write(restoring.task, task_id)
    assert await live_comments(ada) == MANY


async def test_a_part_of_a_request_deletes_few_comments_or_none(ada: Caller) -> None:
    _, task_id = await commented(ada, count=SMALL)

    async with ada.unit() as uow:
        await uow.begin_part(alone=True)
        with pytest.raises(LimitReached, match="A batch cannot"):
            await task_deletions.delete(uow, task_id)
        await uow.undo_part()
        await uow.commit()

    assert await live_comments(ada) == SMALL


@pytest.mark.parametrize("how", ["removed", "deleted"])
async def test_a_member_with_many_tasks_leaves_in_changes_of_which_the_last_removes_them(
    ada: Caller, bob: Caller, how: str
) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    guest = await home.add_member(bob, role="editor")
    await assigned(home, to=guest, count=SOME)
    before = (await home.read(workspaces.get)).head

    if how == "removed":
        await home.write(members.remove, guest.user_id)
    else:
        await guest.account.write(users.delete)

    head = (await home.read(workspaces.get)).head
    counts = await unassigned_by_revision(home)
    assert sorted(counts.values()) == [SOME - FEW - STEP, STEP, FEW]
    assert set(counts) <= set(range(before + 1, head + 1))
    row = await ada.database.row(select(func.count()).select_from(TABLES["task_assignees"]), {})
    assert row == (0,)
    assert await ada.database.rows(select(tasks.c.id).where(tasks.c.assignee_ids != ""), {}) == []
    with pytest.raises(MemberNotFound):
        await home.read(members.get, guest.user_id)


async def test_the_deletion_of_an_account_that_ends_between_its_steps_goes_on_when_it_is_repeated(
    ada: Caller, bob: Caller
) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    guest = await home.add_member(bob, role="editor")
    await assigned(home, to=guest, count=SOME)
    compared = []

    async def compare() -> None:
        compared.append(await users.get_me(uow))
        if len(compared) == STEPS:
            raise LookupError

    async with guest.account.unit() as uow:
        await uow.require(compare)
        with pytest.raises(LookupError):
            await users.delete(uow)

    assert list((await unassigned_by_revision(home)).values()) == [FEW]
    assert (await home.read(members.get, guest.user_id)).user_id == guest.user_id
    await guest.account.write(users.delete)
    assert sorted((await unassigned_by_revision(home)).values()) == [SOME - FEW, FEW]


async def test_those_who_wait_for_a_workspace_write_before_the_next_step_of_an_account_that_leaves_it(
    ada: Caller, bob: Caller
) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    guest = await home.add_member(bob, role="editor")
    await assigned(home, to=guest, count=SOME)
    writing: list[asyncio.Task[Project]] = []
    begun = 0

    async def compare() -> None:
        nonlocal begun
        begun += 1
        if begun == 2:  # the first step in the workspace
            for _ in range(3):
                writing.append(asyncio.create_task(home.write(projects.create, name="Meadow")))
                await until_held_up(writing[-1], database=home.database)

    async with guest.account.unit() as uow:
        await uow.require(compare)
        await users.delete(uow)
        await uow.commit()

    revisions = [(await each).revision for each in writing]
    first, *later = sorted(await unassigned_by_revision(home))
    assert revisions == [first + 1, first + 2, first + 3]
    assert min(later) > revisions[-1]


async def test_a_task_that_is_assigned_again_between_the_steps_is_unassigned_in_a_later_one(
    ada: Caller, bob: Caller
) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    guest = await home.add_member(bob, role="editor")
    await assigned(home, to=guest, count=SOME)
    again: list[asyncio.Task[Task]] = []

    def admit(_role: object) -> None:
        if not again:  # the first step has begun, so it comes after that, before what the second one begins with
            assign = home.write(single_links.add_assignee, UUID(int=0), user_id=guest.user_id)
            again.append(asyncio.create_task(assign))

    with overheard() as heard:
        await replace(home, admit=admit).write(members.remove, guest.user_id)

    assert guest.user_id in (await again[0]).assignee_ids
    assert await ada.database.rows(select(tasks.c.id).where(tasks.c.assignee_ids != ""), {}) == []
    begun_at = [each.values[2] for each in heard if each.text.startswith("SELECT task_assignees.task_id")]
    assert [UUID(str(each)).int for each in begun_at] == [0, FEW - 1, FEW + STEP - 1, 0]


async def test_what_many_events_say_about_an_account_is_deleted_some_in_each_transaction(
    ada: Caller, bob: Caller
) -> None:
    event = {"workspace_id": ada.workspace_id, "sequence": 1, "type": "member.updated", "entity_id": bob.user_id}
    event |= {"recorded_at": NOON, "body": "{}"}
    async with ada.database.transaction() as transaction:
        await transaction.run(insert(events), [{**event, "revision": 10**6 + number} for number in range(MANY)])

    with overheard() as heard:
        await bob.account.write(users.delete)

    known = select(func.count()).where(events.c.entity_id == bob.user_id, events.c.type == "member.updated")
    assert await ada.database.row(known, {}) == (MANY,)
    assert await ada.database.row(known.where(events.c.body.is_not(None)), {}) == (0,)
    assert len([each for each in heard if each.text.startswith("UPDATE events")]) > 1


async def linked(caller: Caller, *, to: Caller, count: int) -> tuple[Project, UUID]:
    """A project with *count* tasks of *to*, and a label that all of them have."""
    await assigned(caller, to=to, count=count)
    label = await caller.write(labels.create, name="Wet")
    (project,) = [each for each in (await caller.read(projects.page)).items if not each.is_inbox]
    of_project = tasks.c.project_id == project.id
    names = ["workspace_id", "task_id", "label_id"]
    links = select(tasks.c.workspace_id, tasks.c.id, literal(label.id, Uuid())).where(of_project)
    async with caller.database.transaction() as transaction:
        await transaction.run(update(tasks).where(of_project).values(label_ids=label.id.hex), {})
        await transaction.run(insert(TABLES["task_labels"]).from_select(names, links), {})
    return project, label.id


async def test_a_step_takes_the_same_few_statements_for_one_task_and_for_many(ada: Caller, bob: Caller) -> None:
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    guest = await home.add_member(bob, role="editor")
    project, label_id = await linked(home, to=guest, count=FEW - 1)

    for service, thing_id in (
        (labels.delete, label_id),
        (restoring.label, label_id),
        (members.remove, guest.user_id),
        (projects.delete, project.id),
        (restoring.project, project.id),
    ):
        with overheard() as heard:
            await home.write(service, thing_id)
        assert len(heard) < 40, (service, [each.text for each in heard])


class _Stopped(Exception):
    """Ends a request after its second step."""


@pytest.mark.unmeasured
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_the_plans_of_a_step_do_not_depend_on_statistics(ada: Caller, bob: Caller, database_url: str) -> None:
    """PostgreSQL knows nothing of the tables, as after an import: it would read all tasks of a workspace for each."""
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    guest = await home.add_member(bob, role="editor")
    project, label_id = await linked(home, to=guest, count=20_000)
    engine = create_async_engine(database_url)
    seen = set()
    for service, thing_id in (
        (labels.delete, label_id),
        (restoring.label, label_id),
        (members.remove, guest.user_id),
        (projects.delete, project.id),
        (restoring.project, project.id),
    ):
        begun = 0

        def admit(_role: object) -> None:
            nonlocal begun
            begun += 1
            if begun > 2:
                raise _Stopped

        with overheard() as heard, pytest.raises(_Stopped):
            await replace(home, admit=admit).write(service, thing_id)
        async with engine.connect() as connection:
            for statement in heard[len(heard) // 2 :]:
                expected = expected_indexes(statement.text)
                for plan in await plans_of(connection, statement) if expected else ():
                    seen.add(statement.text)
                    assert {each for each in plan.indexes if "_tasks" in each} == expected, (statement.text, plan.text)
                    assert "tasks" not in plan.scanned, (statement.text, plan.text)
    await engine.dispose()
    assert len(seen) > 5


def expected_indexes(statement: str) -> set[str]:
    """The indexes by which tasks are to be found that are known by their ids."""
    if " AS above" in statement:
        return {"ix_tasks_trash_id", "pk_tasks"}
    if (
        statement.startswith("UPDATE tasks")
        or " AS this" in statement
        or "to_it" in statement
        or "(tasks.workspace_id, tasks.id) IN" in statement
    ):
        return {"pk_tasks"}
    return set()


async def test_a_request_with_an_id_or_without_a_caller_is_one_transaction(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.claim(UUID(int=1), b"r" * 32)
        with pytest.raises(RuntimeError, match="one transaction"):
            await uow.next_step()
    async with replace(ada.account, principal=None).unit() as uow:
        await uow.workspaces.lock_joined(ada.user_id)
        with pytest.raises(RuntimeError, match="one transaction"):
            await uow.next_step()
