"""What a client is sent that keeps a copy: a first sync, then what has changed since."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain import (
    change_cursors,
    changes,
    comments,
    deltas,
    labels,
    members,
    projects,
    restoring,
    sections,
    task_deletions,
    task_moves,
    task_status,
    tasks,
    workspaces,
)
from domain.changes import ChangePage
from domain.events import end_of
from domain.model.changes import CHANGE_TYPES, Change, ChangeType, CursorExpired, Entity, LogEntry, LogPlace, SyncPlace
from domain.model.comments import Comment
from domain.model.tasks import Task
from domain.pages import AT_ONCE, MAX_BYTES, CursorInvalid
from domain.task_moves import TaskDestination
from domain.tasks import TaskDraft, TaskEdit
from handlers.changes import change_view
from tests.support.defaults import NOON
from tests.support.fakes.changes import FakeChanges
from tests.support.fakes.store import Store
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.test_members import new_member

Key = tuple[str, UUID]


async def pages_from(uow: FakeUnitOfWork, cursor: str | None, **given: Any) -> tuple[list[ChangePage], str]:
    """The pages from *cursor* on, until there are no more, and where to go on."""
    found = []
    for _ in range(100):
        page = await changes.page(uow.unit(), cursor=cursor, **given)
        assert page.next_cursor != cursor or not page.has_more
        found.append(page)
        cursor = page.next_cursor
        if not page.has_more:
            return found, cursor
    raise AssertionError(found)


async def since(uow: FakeUnitOfWork, cursor: str | None, **given: Any) -> list[Change]:
    """All that has changed."""
    found, _ = await pages_from(uow, cursor, **given)
    return [each for page in found for each in page.items]


async def begin(uow: FakeUnitOfWork, **given: Any) -> str:
    """The cursor after a first sync."""
    return (await pages_from(uow, None, **given))[1]


def keys(found: list[Change]) -> list[Key]:
    return [(each.type, each.id) for each in found]


def ends(found: list[Change]) -> list[tuple[str, UUID, bool]]:
    return [(each.type, each.id, each.entity is None) for each in found]


@pytest.fixture
async def full(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """A workspace with two members and something of each kind."""
    club = await workspaces.create(uow.unit(), name="Club")
    here = uow.unit(workspace_id=club.id)
    await new_member(here, "bob", role="editor")
    label = await labels.create(here.unit(), name="wet")
    garden = await projects.create(here.unit(), name="Garden")
    old = await projects.create(here.unit(), name="Old")
    await projects.archive(here.unit(), old.id)
    beds = await sections.create(here.unit(), name="Beds", project_id=garden.id)
    task = await tasks.create(here.unit(), TaskDraft(title="Sow", section_id=beds.id, label_ids=[label.id]))
    await tasks.create(here.unit(), TaskDraft(title="Dig", parent_id=task.id))
    await comments.create(here.unit(), task.id, text="Not yet")
    return here


async def test_a_first_sync_has_everything_by_type(full: FakeUnitOfWork) -> None:
    found = await since(full, None)
    order = [each.type for each in found]
    assert order == sorted(order, key=CHANGE_TYPES.index)
    assert [order.count(each) for each in CHANGE_TYPES] == [1, 2, 1, 3, 1, 2, 1]
    assert all(each.entity is not None and each.entity.revision == each.revision for each in found)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 12, 200])
async def test_a_first_sync_is_the_same_in_pages_of_any_size(full: FakeUnitOfWork, limit: int) -> None:
    pages, cursor = await pages_from(full, None, limit=limit)
    assert all(len(page.items) <= limit for page in pages)
    assert [each for page in pages for each in page.items] == await since(full, None)
    assert await since(full, cursor) == []


async def test_a_first_sync_leaves_out_what_is_in_the_trash(full: FakeUnitOfWork) -> None:
    (task,) = [each for each in full.store.tasks.values() if each.parent_id is None]
    await task_deletions.delete(full.unit(), task.id)
    found = await since(full, None)
    assert not {"task", "comment"} & {each.type for each in found}


async def test_what_changes_during_a_first_sync_comes_after_it(full: FakeUnitOfWork) -> None:
    """Whether its step is done or not."""
    half = await changes.page(full.unit(), limit=6)
    (garden,) = [each for each in full.store.projects.values() if each.name == "Garden"]
    (sow,) = [each for each in full.store.tasks.values() if each.title == "Sow"]
    await workspaces.update(full.unit(), name="Sports Club")
    await projects.update(full.unit(), garden.id, name="Yard")
    await task_deletions.delete(full.unit(), sow.id)
    rest = await since(full, half.next_cursor)
    first = [each for each in rest if each.revision <= full.store.workspaces[full.workspace_id].head - 3]
    assert [each.type for each in first] == ["project", "section"]
    later = rest[len(first) :]
    assert [(each.type, each.entity is None) for each in later] == [
        ("workspace", False),
        ("project", False),
        ("comment", True),
        ("task", True),
        ("task", True),
    ]


@pytest.mark.parametrize("limit", [1, 50])
async def test_each_thing_comes_once_in_its_latest_state(full: FakeUnitOfWork, limit: int) -> None:
    cursor = await begin(full)
    (sow, dig) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    for title in "abc":
        await tasks.update(full.unit(), sow.id, edit=TaskEdit(title=title))
    await tasks.update(full.unit(), dig.id, edit=TaskEdit(title="Dug"))
    await task_status.complete(full.unit(), dig.id)
    new = await tasks.create(full.unit(), TaskDraft(title="New"))

    found = await since(full, cursor, limit=limit)

    assert keys(found) == [("task", sow.id), ("task", dig.id), ("task", new.id)]
    now = [each.entity for each in found]
    assert [(each.title, each.status) for each in now if isinstance(each, Task)] == [
        ("c", "open"),
        ("Dug", "completed"),
        ("New", "open"),
    ]


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_what_changes_several_times_in_one_change_comes_once(full: FakeUnitOfWork, limit: int) -> None:
    """As in a batch."""
    cursor = await begin(full)
    (sow, dig) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    batch = full.unit()
    for title in "abc":
        await tasks.update(batch, sow.id, edit=TaskEdit(title=title))
        await tasks.update(batch, dig.id, edit=TaskEdit(title=title))
    short = await tasks.create(batch, TaskDraft(title="Short"))
    await task_deletions.delete(batch, short.id)
    found = await since(full, cursor, limit=limit)
    assert ends(found) == [("task", sow.id, False), ("task", dig.id, False), ("task", short.id, True)]
    assert {each.revision for each in found} == {batch.revision}


async def test_what_changes_between_two_pages_comes_again(full: FakeUnitOfWork) -> None:
    cursor = await begin(full)
    (sow, dig) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    await tasks.update(full.unit(), sow.id, edit=TaskEdit(title="a"))
    await tasks.update(full.unit(), dig.id, edit=TaskEdit(title="b"))
    page = await changes.page(full.unit(), cursor=cursor, limit=1)
    await tasks.update(full.unit(), sow.id, edit=TaskEdit(title="c"))
    rest = await since(full, page.next_cursor, limit=1)
    assert keys([*page.items, *rest]) == [("task", sow.id), ("task", dig.id), ("task", sow.id)]


async def test_what_was_created_and_deleted_comes_as_deleted(full: FakeUnitOfWork) -> None:
    cursor = await begin(full)
    task = await tasks.create(full.unit(), TaskDraft(title="Short"))
    await task_deletions.delete(full.unit(), task.id)
    assert ends(await since(full, cursor)) == [("task", task.id, True)]


async def test_what_is_restored_comes_as_it_is(full: FakeUnitOfWork) -> None:
    cursor = await begin(full)
    (sow, dig) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    (note,) = full.store.of(Comment).values()
    await task_deletions.delete(full.unit(), sow.id)
    deleted = await changes.page(full.unit(), cursor=cursor)
    await restoring.task(full.unit(), sow.id)
    expected = {("task", sow.id, False), ("task", dig.id, False), ("comment", note.id, False)}
    assert {each[:2] for each in ends(list(deleted.items))} == {each[:2] for each in expected}
    assert all(each.entity is None for each in deleted.items)
    for start in (cursor, deleted.next_cursor):
        assert sorted(ends(await since(full, start))) == sorted(expected)


@pytest.mark.parametrize("limit", [1, 50])
async def test_what_is_deleted_again_comes_once(full: FakeUnitOfWork, limit: int) -> None:
    cursor = await begin(full)
    label = await labels.create(full.unit(), name="dry")
    for _ in range(2):
        await labels.delete(full.unit(), label.id)
        await restoring.label(full.unit(), label.id)
    await labels.delete(full.unit(), label.id)
    assert ends(await since(full, cursor, limit=limit)) == [("label", label.id, True)]


@pytest.mark.parametrize("is_back", [False, True])
@pytest.mark.parametrize("limit", [1, 50])
async def test_a_member_who_left_twice_comes_once(full: FakeUnitOfWork, limit: int, *, is_back: bool) -> None:
    (bob,) = [
        each for each in full.store.members.values() if (each.workspace_id, each.name) == (full.workspace_id, "bob")
    ]
    cursor = await begin(full)
    for _ in range(2):
        await members.remove(full.unit(), bob.user_id)
        await full.members.add(replace(bob, revision=full.store.take_number(full.workspace_id)))
    if not is_back:
        await members.remove(full.unit(), bob.user_id)
    assert ends(await since(full, cursor, limit=limit)) == [("member", bob.user_id, not is_back)]


async def test_a_moved_task_comes_with_its_subtasks(full: FakeUnitOfWork) -> None:
    cursor = await begin(full)
    (sow, dig) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    (inbox,) = [
        each for each in full.store.projects.values() if each.is_inbox and each.workspace_id == full.workspace_id
    ]
    await task_moves.move(full.unit(), sow.id, to=TaskDestination(project_id=inbox.id))
    found = await since(full, cursor)
    assert {each.id for each in found} == {sow.id, dig.id}
    assert {each.entity.project_id for each in found if isinstance(each.entity, Task)} == {inbox.id}


async def test_only_the_types_that_are_asked_for_come(full: FakeUnitOfWork) -> None:
    found, cursor = await pages_from(full, None, types=["label", "comment"])
    assert [each.type for page in found for each in page.items] == ["label", "comment"]
    label = await labels.create(full.unit(), name="dry")
    await tasks.create(full.unit(), TaskDraft(title="New"))
    assert keys(await since(full, cursor, types=["comment", "label"])) == [("label", label.id)]


async def test_a_page_without_items_leads_on_and_the_changes_end(full: FakeUnitOfWork) -> None:
    """Where nothing of the wanted type has changed, and where the events have no effect any more."""
    (sow, _) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    of_labels, of_all = await begin(full, types=["label"]), await begin(full)
    for number in range(deltas.MOST_ENTRIES + 300):
        await tasks.update(full.unit(), sow.id, edit=TaskEdit(title=f"Sow {number}"))
    label = await labels.create(full.unit(), name="dry")
    for cursor, types, expected in (
        (of_labels, ["label"], [("label", label.id)]),
        (of_all, None, [("task", sow.id), ("label", label.id)]),
    ):
        found, _ = await pages_from(full, cursor, types=types, limit=20)
        assert [len(page.items) for page in found] == [0, len(expected)]
        assert [page.has_more for page in found] == [True, False]
        assert keys([each for page in found for each in page.items]) == expected


async def test_a_page_of_changes_ends_at_a_mebibyte(full: FakeUnitOfWork) -> None:
    cursor = await begin(full, types=["task"])
    for _ in range(60):
        await tasks.create(full.unit(), TaskDraft(title="x", description="\N{GRINNING FACE}" * 10_000))
    for start in (cursor, None):
        found, _ = await pages_from(full, start, types=["task"], limit=200)
        sizes = [len(orjson.dumps([change_view(each) for each in page.items])) for page in found]
        assert all(size <= MAX_BYTES for size in sizes)
        assert len([size for size in sizes if size > MAX_BYTES // 2]) == 2
        assert sum(len(page.items) for page in found) == 60 + (2 if start is None else 0)


async def test_changes_of_what_is_small_are_bounded_as_well(full: FakeUnitOfWork) -> None:
    for number in range(400):
        await tasks.create(
            full.unit(), TaskDraft(title=f"{number}", parent_id=None, metadata={"x" * 40: "\u001f" * 500})
        )
    found, _ = await pages_from(full, None, limit=200)
    assert all(len(orjson.dumps([change_view(each) for each in page.items])) <= MAX_BYTES for page in found)


async def close_some(full: FakeUnitOfWork) -> Mapping[str, Task]:
    """Tasks with a comment each: one that is open, and some that were closed long ago or lately."""
    found = {}
    for title in ("open", "completed long ago", "cancelled long ago", "completed", "cancelled", "edited"):
        found[title] = await tasks.create(full.unit(), TaskDraft(title=title))
        await comments.create(full.unit(), found[title].id, text=title)
        close = task_status.cancel if title.startswith("cancelled") else task_status.complete
        if title != "open":
            await close(
                full.unit(now=NOON if "long" in title or title == "edited" else LATEST - LITTLE), found[title].id
            )
    await tasks.update(full.unit(now=LATEST - LITTLE), found["edited"].id, edit=TaskEdit(description="late"))
    return found


LITTLE, LATEST = dt.timedelta(days=29), NOON + dt.timedelta(days=100)


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_a_first_sync_can_leave_out_closed_tasks_with_their_comments(full: FakeUnitOfWork, limit: int) -> None:
    await close_some(full)
    recent = {"completed", "cancelled", "edited"}
    for completed, wanted in (
        ("none", {"open"}),
        ("30d", {"open"} | recent),
        ("all", {"open", "completed long ago", "cancelled long ago"} | recent),
    ):
        found, _ = await pages_from(
            full.unit(now=LATEST), None, completed=completed, limit=limit, types=["task", "comment"]
        )
        entities = [each.entity for page in found for each in page.items]
        assert {each.title for each in entities if isinstance(each, Task)} == wanted | {"Sow", "Dig"}
        assert {each.text for each in entities if isinstance(each, Comment)} == wanted | {"Not yet"}
        assert len(entities) == 2 * len(wanted) + 3


async def test_the_comments_of_a_task_that_is_closed_during_the_first_sync_come(full: FakeUnitOfWork) -> None:
    page = await changes.page(full.unit(), completed="none", limit=9)
    (sow,) = [each for each in full.store.tasks.values() if each.title == "Sow"]
    assert ("task", sow.id) in keys(list(page.items))
    await task_status.complete(full.unit(), sow.id)
    rest = await since(full, page.next_cursor, completed="none")
    assert [each.type for each in rest] == ["comment", "task", "task"]


async def test_later_changes_of_tasks_that_were_left_out_come(full: FakeUnitOfWork) -> None:
    closed = await close_some(full)
    cursor = await begin(full, completed="none")
    old = closed["completed long ago"]
    await task_status.reopen(full.unit(), old.id)
    assert keys(await since(full, cursor, completed="none")) == [("task", old.id)]
    assert keys(await since(full, cursor)) == [("task", old.id)]


async def test_a_page_looks_at_so_many_comments_that_are_left_out(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Sow"))
    for number in range(3):
        done = await tasks.create(uow.unit(), TaskDraft(title="Done"))
        for _ in range(900):
            await comments.create(uow.unit(), done.id, text=f"{number}")
        await task_status.complete(uow.unit(), done.id)
    note = await comments.create(uow.unit(), task.id, text="Last")
    found, _ = await pages_from(uow, None, types=["comment"], completed="none")
    assert [keys(list(page.items)) for page in found] == [[], [("comment", note.id)]]


async def test_a_page_passes_over_as_many_comments_in_the_trash_whatever_its_limit(uow: FakeUnitOfWork) -> None:
    ids = []
    for _ in range(2):
        task = await tasks.create(uow.unit(), TaskDraft(title="Sow"))
        ids += [(task.id, (await comments.create(uow.unit(), task.id, text="Not yet")).id) for _ in range(750)]
    for each in ids[:-1]:
        await comments.delete(uow.unit(), *each)
    found, _ = await pages_from(uow, None, types=["comment"], limit=2)
    assert [keys(list(page.items)) for page in found] == [[("comment", ids[-1][1])]]


async def test_many_comments_come_where_some_are_left_out(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Sow"))
    ids = {(await comments.create(uow.unit(), task.id, text="Not yet")).id for _ in range(120)}
    found, _ = await pages_from(uow, None, types=["comment"], completed="none", limit=200)
    assert [len(page.items) for page in found] == [120]
    assert {each.id for page in found for each in page.items} == ids


async def test_a_page_that_is_full_ends_with_what_was_read(full: FakeUnitOfWork) -> None:
    """Whether something that is still wanted follows, the next page finds out."""

    class Counting(FakeChanges):
        reads = 0

        async def entries(self, workspace_id: UUID, *, after: LogPlace, limit: int) -> Sequence[LogEntry]:
            self.reads += 1
            return await super().entries(workspace_id, after=after, limit=limit)

    cursor = await begin(full)
    (sow, dig) = sorted(full.store.tasks.values(), key=lambda task: task.title, reverse=True)
    for number, task in enumerate((sow, dig, sow)):
        await tasks.update(full.unit(), task.id, edit=TaskEdit(title=f"{number}"))
    unit = full.unit()
    vars(unit)["changes"] = counting = Counting(full.store)
    page = await changes.page(unit, cursor=cursor, limit=1)
    assert (keys(list(page.items)), page.has_more, counting.reads) == ([("task", dig.id)], True, 1)


class Noting(FakeChanges):
    """Knows of which entities the texts were read, and no tombstones if `has_tombstones` is false."""

    def __init__(self, store: Store, *, has_tombstones: bool = True) -> None:
        super().__init__(store)
        self.read: list[UUID] = []
        self._has_tombstones = has_tombstones

    async def live(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Sequence[Entity]:
        self.read += ids
        return await super().live(workspace_id, kind, ids)

    async def deletions(self, workspace_id: UUID, ids: Collection[UUID]) -> Mapping[tuple[str, UUID], int]:
        return await super().deletions(workspace_id, ids) if self._has_tombstones else {}


async def test_texts_are_read_of_what_has_an_effect_only_where_the_first_events_had_none(full: FakeUnitOfWork) -> None:
    cursor = await begin(full)
    ids = [(await tasks.create(full.unit(), TaskDraft(title=f"{number}"))).id for number in range(250)]
    for each in ids:
        await tasks.update(full.unit(), each, edit=TaskEdit(title="again"))
    unit = full.unit()
    vars(unit)["changes"] = noting = Noting(full.store)
    page = await changes.page(unit, cursor=cursor, limit=1)
    assert keys(list(page.items)) == [("task", ids[0])]
    assert noting.read == [*ids[:2], *ids[:AT_ONCE]]


@pytest.mark.parametrize("has_tombstones", [True, False])
async def test_deletions_come_once_where_many_events_have_no_effect(
    full: FakeUnitOfWork, *, has_tombstones: bool
) -> None:
    """Without a tombstone, a deletion comes in any case: it was purged a moment ago."""
    cursor = await begin(full)
    first, second, soon = [await tasks.create(full.unit(), TaskDraft(title=title)) for title in "abc"]
    back, away = [await labels.create(full.unit(), name=name) for name in ("back", "away")]
    for label in (back, away):
        await labels.delete(full.unit(), label.id)
    gone = await tasks.create(full.unit(), TaskDraft(title="Short"))
    await task_deletions.delete(full.unit(), gone.id)
    for number in range(deltas.MOST_ENTRIES // 10):
        await tasks.update(full.unit(), first.id, edit=TaskEdit(title=f"{number}"))
    for label in (back, away):
        await restoring.label(full.unit(), label.id)
    await labels.delete(full.unit(), away.id)
    await tasks.update(full.unit(), second.id, edit=TaskEdit(title="again"))
    await task_deletions.delete(full.unit(), soon.id)
    unit = full.unit()
    vars(unit)["changes"] = noting = Noting(full.store, has_tombstones=has_tombstones)
    page = await changes.page(unit, cursor=cursor, limit=1)
    expected = ("task", gone.id, True) if has_tombstones else ("label", away.id, True)
    assert ends(list(page.items)) == [expected]
    effective = {first.id, second.id, gone.id} if has_tombstones else {first.id, second.id, gone.id, away.id}
    assert set(noting.read) == effective


async def test_what_is_written_while_a_page_is_read_comes_once(full: FakeUnitOfWork) -> None:
    """After the head was read, and before the events."""
    cursor = await begin(full)
    head = full.store.workspaces[full.workspace_id].head
    label = await labels.create(full.unit(), name="dry")

    class Earlier(FakeChanges):
        async def bounds(self, _workspace_id: UUID) -> tuple[int, int]:
            return head - 1, 0

    unit = full.unit()
    vars(unit)["changes"] = Earlier(full.store)
    old = change_cursors.encode(LogPlace(head - 1, 0), workspace_id=full.workspace_id, types=None)
    page = await changes.page(unit, cursor=old)
    assert keys(list(page.items))[-1] == ("label", label.id)
    assert await since(full, page.next_cursor) == []
    assert keys(await since(full, cursor)) == [("label", label.id)]


async def test_a_cursor_is_of_one_workspace_its_types_and_its_first_sync(full: FakeUnitOfWork) -> None:
    first = (await changes.page(full.unit(), completed="none", types=["task"], limit=1)).next_cursor
    last = await begin(full, types=["task"])
    other = full.unit(workspace_id=full.store.workspaces_of(full.principal.user_id)[0])
    if other.workspace_id == full.workspace_id:
        other = full.unit(workspace_id=full.store.workspaces_of(full.principal.user_id)[1])
    given: dict[str, Any] = {"types": ["task"], "completed": "none"}
    await changes.page(full.unit(), cursor=first, **given)
    await changes.page(full.unit(), cursor=last, **given)
    wrong: list[tuple[FakeUnitOfWork, str, dict[str, Any]]] = [
        (full, first, given | {"completed": "all"}),
        (full, first, given | {"types": None}),
        (other, first, given),
        (full, last, given | {"types": ["label"]}),
        (other, last, given),
        (full, f"{last}x", given),
        (full, "x", given),
    ]
    for where, cursor, parameters in wrong:
        with pytest.raises(CursorInvalid):
            await changes.page(where.unit(), cursor=cursor, **parameters)


async def test_a_cursor_of_a_step_that_another_version_had_is_not_valid(full: FakeUnitOfWork) -> None:
    place = SyncPlace(head=1, step="reminders")
    cursor = change_cursors.encode_any(place, workspace_id=full.workspace_id, types=None, completed="all")
    with pytest.raises(CursorInvalid):
        await changes.page(full.unit(), cursor=cursor)


async def test_a_cursor_expires_when_deletions_are_forgotten_and_not_before(full: FakeUnitOfWork) -> None:
    first, last = (await changes.page(full.unit(), limit=1)).next_cursor, await begin(full)
    await labels.create(full.unit(), name="dry")
    head = full.store.workspaces[full.workspace_id].head
    full.store.changes_from[full.workspace_id] = head - 1
    for cursor in (first, last):
        await changes.page(full.unit(), cursor=cursor)
    full.store.changes_from[full.workspace_id] = head
    for cursor in (first, last):
        with pytest.raises(CursorExpired):
            await changes.page(full.unit(), cursor=cursor)
    assert await since(full, await begin(full)) == []


async def test_a_cursor_from_after_the_head_has_expired(full: FakeUnitOfWork) -> None:
    """As after the restore of a backup."""
    first, last = (await changes.page(full.unit(), limit=1)).next_cursor, await begin(full)
    workspace = full.store.workspaces[full.workspace_id]
    full.store.workspaces[full.workspace_id] = replace(workspace, head=workspace.head - 1)
    for cursor in (first, last):
        with pytest.raises(CursorExpired):
            await changes.page(full.unit(), cursor=cursor)


async def test_a_deletion_whose_tombstone_was_just_purged_comes(full: FakeUnitOfWork) -> None:
    """Between the check of the cursor and the read of the tombstones."""

    class Purging(FakeChanges):
        async def deletions(self, *_: object) -> Mapping[tuple[str, UUID], int]:
            return {}

    cursor = await begin(full)
    label = await labels.create(full.unit(), name="dry")
    await labels.delete(full.unit(), label.id)
    unit = full.unit()
    vars(unit)["changes"] = Purging(full.store)
    page = await changes.page(unit, cursor=cursor)
    assert ends(list(page.items)) == [("label", label.id, True)]


async def test_an_id_may_be_that_of_things_of_several_kinds(full: FakeUnitOfWork) -> None:
    """A client may have given a user's id to a label."""
    user_id = full.principal.user_id
    cursor = await begin(full)
    await labels.create(full.unit(), name="dry", label_id=user_id)
    await labels.delete(full.unit(), user_id)
    await members.get(full.unit(), user_id)
    full.store.events.append(
        end_of(
            "member.removed",
            user_id,
            workspace_id=full.workspace_id,
            revision=full.store.take_number(full.workspace_id),
        )
    )
    assert ends(await since(full, cursor)) == [("label", user_id, True)]
