import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain import projects, reminders, task_deletions, task_status, tasks, users, workspaces
from domain.limits import LimitReached
from domain.model.reminders import Reminder, ReminderAmbiguous, ReminderNotFound
from domain.model.tasks import TaskNotFound
from domain.pages import CursorInvalid
from domain.tasks import TaskDraft
from domain.wall_clocks import WallClock
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import HOUR, NOBODY, ident
from tests.unit.test_members import new_member, user_of

SOON = NOON + HOUR


@pytest.fixture
async def owner(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """The owner of a shared workspace."""
    return uow.unit(workspace_id=(await workspaces.create(uow.unit(), name="Household")).id)


@pytest.fixture
async def viewer(owner: FakeUnitOfWork) -> FakeUnitOfWork:
    return await new_member(owner, "bob", role="viewer")


@pytest.fixture
async def task_id(owner: FakeUnitOfWork) -> UUID:
    due = WallClock(date=dt.date(2026, 3, 3))
    return (await tasks.create(owner.unit(), TaskDraft(title="Sow", due=due))).id


async def test_a_new_reminder_is_the_caller_s_and_leaves_the_workspace_as_it_is(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    head = (await workspaces.get(owner.unit())).head
    before = await reminders.create(viewer.unit(), task_id, before_due=60)
    at = await reminders.create(viewer.unit(), task_id, at=SOON)

    assert (before.user_id, before.at, before.fires_at) == (user_of(viewer), None, NOON + 19 * HOUR)
    assert (at.before_due, at.fires_at, at.fired_at, at.revision) == (None, SOON, None, 1)
    assert (await workspaces.get(owner.unit())).head == head
    page = await reminders.page(viewer.unit(), task_id, limit=1)
    assert page.items == (before,)
    assert (await reminders.page(viewer.unit(), task_id, cursor=page.next_cursor)).items == (at,)
    assert await reminders.get(viewer.unit(), task_id, at.id) == at


async def test_nobody_else_sees_changes_or_deletes_a_reminder(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    theirs = await reminders.create(viewer.unit(), task_id, before_due=60)
    mine = await reminders.create(owner.unit(), task_id, before_due=60)

    assert (await reminders.page(owner.unit(), task_id)).items == (mine,)
    with pytest.raises(ReminderNotFound):
        await reminders.get(owner.unit(), task_id, theirs.id)
    with pytest.raises(ReminderNotFound):
        await reminders.update(owner.unit(), task_id, theirs.id, before_due=5)
    with pytest.raises(ReminderNotFound):
        await reminders.delete(owner.unit(), task_id, theirs.id)
    assert (await reminders.page(viewer.unit(), task_id)).items == (theirs,)


async def test_a_cursor_is_of_one_task_and_one_user(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    other = await tasks.create(owner.unit(), TaskDraft(title="Reap"))
    for minutes in (1, 2):
        await reminders.create(owner.unit(), task_id, before_due=minutes)
    cursor = (await reminders.page(owner.unit(), task_id, limit=1)).next_cursor

    for who, at in ((owner, other.id), (viewer, task_id)):
        with pytest.raises(CursorInvalid):
            await reminders.page(who.unit(), at, cursor=cursor)


async def test_all_of_a_user_are_listed_but_for_those_of_tasks_in_the_trash(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    other = await tasks.create(owner.unit(), TaskDraft(title="Reap"))
    first, second, third = [
        await reminders.create(owner.unit(), of, before_due=5) for of in (task_id, other.id, task_id)
    ]
    theirs = await reminders.create(viewer.unit(), task_id, before_due=5)
    await task_status.complete(owner.unit(), task_id)

    page = await reminders.page_of_mine(owner.unit(), limit=2)
    assert page.items == (first, second)
    assert (await reminders.page_of_mine(owner.unit(), cursor=page.next_cursor)).items == (third,)
    assert (await reminders.page_of_mine(viewer.unit())).items == (theirs,)
    await task_deletions.delete(owner.unit(), task_id)
    assert (await reminders.page_of_mine(owner.unit())).items == (second,)


async def test_a_cursor_of_all_is_of_one_workspace_and_one_user(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    elsewhere = owner.unit(workspace_id=(await workspaces.create(owner.account_unit(), name="Club")).id)
    for _ in range(2):
        await reminders.create(owner.unit(), task_id, before_due=1)
    cursor = (await reminders.page_of_mine(owner.unit(), limit=1)).next_cursor
    of_task = (await reminders.page(owner.unit(), task_id, limit=1)).next_cursor

    for uow, given in ((viewer.unit(), cursor), (elsewhere, cursor), (owner.unit(), of_task)):
        with pytest.raises(CursorInvalid):
            await reminders.page_of_mine(uow, cursor=given)


async def test_a_reminder_is_of_one_task_which_is_not_in_the_trash(owner: FakeUnitOfWork, task_id: UUID) -> None:
    reminder = await reminders.create(owner.unit(), task_id, at=SOON)
    other = await tasks.create(owner.unit(), TaskDraft(title="Reap"))

    with pytest.raises(ReminderNotFound):
        await reminders.get(owner.unit(), other.id, reminder.id)
    with pytest.raises(ReminderNotFound):
        await reminders.get(owner.unit(), task_id, NOBODY)
    await task_deletions.delete(owner.unit(), task_id)
    for refused in (
        reminders.get(owner.unit(), task_id, reminder.id),
        reminders.page(owner.unit(), task_id),
        reminders.create(owner.unit(), task_id, at=SOON),
        reminders.update(owner.unit(), task_id, reminder.id, at=NOON),
        reminders.delete(owner.unit(), task_id, reminder.id),
    ):
        with pytest.raises(TaskNotFound):
            await refused


@pytest.mark.parametrize("sent", [{}, {"at": SOON, "before_due": 0}])
async def test_a_new_reminder_has_exactly_one_of_both(
    owner: FakeUnitOfWork, task_id: UUID, sent: dict[str, object]
) -> None:
    with pytest.raises(ReminderAmbiguous):
        await reminders.create(owner.unit(), task_id, **sent)  # type: ignore[arg-type]  # names of parameters


async def test_a_change_is_merged_and_the_whole_has_exactly_one_of_both(owner: FakeUnitOfWork, task_id: UUID) -> None:
    before = await reminders.create(owner.unit(), task_id, before_due=60)

    with pytest.raises(ReminderAmbiguous):
        await reminders.update(owner.unit(), task_id, before.id, at=SOON)
    with pytest.raises(ReminderAmbiguous):
        await reminders.update(owner.unit(), task_id, before.id, before_due=None)
    changed = await reminders.update(owner.unit(now=SOON), task_id, before.id, at=SOON + HOUR, before_due=None)

    assert changed == replace(
        before,
        at=SOON + HOUR,
        before_due=None,
        fires_at=SOON + HOUR,
        zone_data=None,
        updated_at=SOON,
        revision=2,
    )
    assert await reminders.get(owner.unit(), task_id, before.id) == changed
    assert await reminders.update(owner.unit(), task_id, before.id, at=SOON + HOUR) == changed


async def test_an_instant_is_kept_in_utc(owner: FakeUnitOfWork, task_id: UUID) -> None:
    elsewhere = SOON.astimezone(dt.timezone(dt.timedelta(hours=5)))
    reminder = await reminders.create(owner.unit(), task_id, at=elsewhere)
    assert reminder.at is not None
    assert reminder.at.tzinfo is dt.UTC
    changed = await reminders.update(owner.unit(), task_id, reminder.id, at=elsewhere)
    assert changed == reminder


async def test_what_has_passed_does_not_fire(owner: FakeUnitOfWork, task_id: UUID) -> None:
    passed = await reminders.create(owner.unit(), task_id, at=NOON)
    assert (passed.at, passed.fires_at) == (NOON, None)


async def test_a_deleted_reminder_is_gone(owner: FakeUnitOfWork, task_id: UUID) -> None:
    reminder, other = [await reminders.create(owner.unit(), task_id, before_due=minutes) for minutes in (1, 2)]
    await reminders.delete(owner.unit(), task_id, reminder.id)
    assert (await reminders.page(owner.unit(), task_id)).items == (other,)


async def test_a_closed_task_and_one_of_an_archived_project_can_have_some(owner: FakeUnitOfWork) -> None:
    garden = await projects.create(owner.unit(), name="Garden")
    task_id = (await tasks.create(owner.unit(), TaskDraft(title="Sow", project_id=garden.id))).id
    await task_status.complete(owner.unit(), task_id)
    await projects.archive(owner.unit(), garden.id)

    reminder = await reminders.create(owner.unit(), task_id, at=SOON)
    changed = await reminders.update(owner.unit(), task_id, reminder.id, at=SOON + HOUR)
    await reminders.delete(owner.unit(), task_id, reminder.id)

    assert changed.fires_at == SOON + HOUR


async def test_a_user_has_ten_of_a_task(owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID) -> None:
    for minutes in range(reminders.MOST_OF_TASK):
        await reminders.create(owner.unit(), task_id, before_due=minutes)

    with pytest.raises(LimitReached, match="10 reminders of this task"):
        await reminders.create(owner.unit(), task_id, before_due=60)
    await reminders.create(viewer.unit(), task_id, before_due=60)


async def test_a_user_has_ten_thousand_in_a_workspace(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    other = await tasks.create(owner.unit(), TaskDraft(title="Reap"))
    reminder = await reminders.create(owner.unit(), other.id, before_due=1)
    stored = owner.store.of(Reminder)
    for number in range(1, reminders.MOST_IN_WORKSPACE):
        stored[owner.workspace_id, ident(number)] = replace(reminder, id=ident(number))

    with pytest.raises(LimitReached, match="10000 reminders in this workspace"):
        await reminders.create(owner.unit(), task_id, before_due=60)
    await reminders.create(viewer.unit(), task_id, before_due=60)


async def test_a_user_chooses_the_time_for_tasks_that_are_due_on_a_day(owner: FakeUnitOfWork, task_id: UUID) -> None:
    assert (await users.get_me(owner.unit())).reminder_time == dt.time(9)
    changed = await users.update(owner.account_unit(), reminder_time=dt.time(20, 15))
    assert (changed.reminder_time, changed.revision) == (dt.time(20, 15), 2)

    reminder = await reminders.create(owner.unit(), task_id, before_due=0)
    assert reminder.fires_at == dt.datetime(2026, 3, 3, 19, 15, tzinfo=dt.UTC)
