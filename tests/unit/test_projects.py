from uuid import UUID

import pytest

from domain import projects, tasks
from domain.model.projects import InboxProtected, Project, ProjectArchived, ProjectNotFound
from domain.moves import BeforeAndAfter, BesideItself, SiblingUnknown
from domain.pages import CursorInvalid
from domain.tasks import TaskDraft
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

LATER = NOON.replace(hour=13)
UNKNOWN = UUID(int=0)


async def inbox_of(uow: FakeUnitOfWork) -> Project:
    found = await uow.tasks.destination(uow.workspace_id, project_id=None)
    assert found is not None
    return found[0]


def head_of(uow: FakeUnitOfWork) -> int:
    return uow.store.workspaces[uow.workspace_id].head


async def test_a_new_project_comes_after_all_others_and_takes_the_next_number(uow: FakeUnitOfWork) -> None:
    one = await projects.create(uow.unit(), name="One", description="First")
    two = await projects.create(uow.unit(now=LATER), name="Two")

    assert (one.name, one.description, one.is_inbox, one.archived_at) == ("One", "First", False, None)
    assert (one.revision, two.revision, head_of(uow)) == (2, 3, 3)
    assert (two.description, two.created_at, two.updated_at) == ("", LATER, LATER)
    assert (await inbox_of(uow)).position < one.position < two.position


async def test_a_new_project_comes_after_archived_ones_too(uow: FakeUnitOfWork) -> None:
    archived = await projects.create(uow.unit(), name="Archived")
    await projects.archive(uow.unit(), archived.id)

    assert (await projects.create(uow.unit(), name="New")).position > archived.position


async def test_active_projects_are_listed_in_their_order_in_pages(uow: FakeUnitOfWork) -> None:
    created = [await projects.create(uow.unit(), name=name) for name in ("One", "Two")]

    first = await projects.page(uow.unit(), limit=2)
    second = await projects.page(uow.unit(), limit=2, cursor=first.next_cursor)

    assert [*first.items, *second.items] == [await inbox_of(uow), *created]
    assert second.next_cursor is None


async def test_archived_projects_have_a_list_of_their_own(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="Done")
    archived = await projects.archive(uow.unit(), created.id)

    assert (await projects.page(uow.unit(), archived=True)).items == (archived,)
    assert (await projects.page(uow.unit())).items == (await inbox_of(uow),)


async def test_the_cursor_of_another_list_of_projects_is_rejected(uow: FakeUnitOfWork) -> None:
    await projects.create(uow.unit(), name="One")
    page = await projects.page(uow.unit(), limit=1)
    other = await registered(uow, email="bob@example.com", name="Bob")

    with pytest.raises(CursorInvalid):
        await projects.page(uow.unit(), archived=True, cursor=page.next_cursor)
    with pytest.raises(CursorInvalid):
        await projects.page(other.unit(), cursor=page.next_cursor)


async def test_a_project_is_found_only_in_its_own_workspace(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="One")
    other = await registered(uow, email="bob@example.com", name="Bob")

    assert await projects.get(uow.unit(), created.id) == created
    with pytest.raises(ProjectNotFound) as raised:
        await projects.get(other.unit(), created.id)
    assert raised.value.project_id == created.id


async def test_an_update_changes_only_what_was_sent(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="One", description="First")

    changed = await projects.update(uow.unit(now=LATER), created.id, name="Uno")

    assert (changed.name, changed.description, changed.revision, changed.updated_at) == ("Uno", "First", 3, LATER)
    assert await projects.get(uow.unit(), created.id) == changed


async def test_an_update_that_changes_nothing_takes_no_number(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="One", description="First")

    assert await projects.update(uow.unit(now=LATER), created.id, name="One", description="First") == created
    assert await projects.update(uow.unit(now=LATER), created.id) == created
    assert head_of(uow) == created.revision


async def test_deleting_a_project_deletes_its_tasks(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="One")
    await tasks.create(uow.unit(), TaskDraft(title="In it", project_id=created.id))
    elsewhere = await tasks.create(uow.unit(), TaskDraft(title="Elsewhere"))

    await projects.delete(uow.unit(), created.id)

    assert list(uow.store.tasks.values()) == [elsewhere]
    assert await uow.projects.get(uow.workspace_id, created.id) is None
    assert head_of(uow) == 5


async def test_archiving_twice_keeps_the_first_time_and_takes_one_number(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="One")

    archived = await projects.archive(uow.unit(now=LATER), created.id)
    again = await projects.archive(uow.unit(now=LATER.replace(hour=14)), created.id)

    assert (archived.archived_at, archived.revision, archived.updated_at) == (LATER, 3, LATER)
    assert again == archived
    assert head_of(uow) == 3


async def test_unarchiving_puts_the_project_back_in_its_place(uow: FakeUnitOfWork) -> None:
    created = await projects.create(uow.unit(), name="One")
    await projects.archive(uow.unit(), created.id)

    back = await projects.unarchive(uow.unit(now=LATER), created.id)
    again = await projects.unarchive(uow.unit(now=LATER.replace(hour=14)), created.id)

    assert (back.archived_at, back.position, back.revision) == (None, created.position, 4)
    assert again == back


async def test_the_inbox_can_be_neither_archived_nor_deleted(uow: FakeUnitOfWork) -> None:
    inbox = await inbox_of(uow)

    with pytest.raises(InboxProtected) as raised:
        await projects.archive(uow.unit(), inbox.id)
    with pytest.raises(InboxProtected):
        await projects.delete(uow.unit(), inbox.id)

    assert raised.value.project_id == inbox.id
    assert await inbox_of(uow) == inbox


async def test_the_inbox_can_be_renamed(uow: FakeUnitOfWork) -> None:
    inbox = await inbox_of(uow)

    assert (await projects.update(uow.unit(), inbox.id, name="Unsorted")).is_inbox


async def test_a_project_that_does_not_exist_cannot_be_changed(uow: FakeUnitOfWork) -> None:
    with pytest.raises(ProjectNotFound):
        await projects.update(uow.unit(), UNKNOWN, name="x")
    with pytest.raises(ProjectNotFound):
        await projects.delete(uow.unit(), UNKNOWN)
    with pytest.raises(ProjectNotFound):
        await projects.archive(uow.unit(), UNKNOWN)
    with pytest.raises(ProjectNotFound):
        await projects.unarchive(uow.unit(), UNKNOWN)


async def test_a_project_is_moved_directly_beside_another_one(uow: FakeUnitOfWork) -> None:
    a, b, c = [await projects.create(uow.unit(), name=name) for name in "abc"]

    moved = await projects.move(uow.unit(now=LATER), a.id, after=b.id)
    await projects.move(uow.unit(), c.id, before=b.id)

    page = await projects.page(uow.unit())
    assert "".join(each.name for each in page.items)[-3:] == "cba"
    assert moved.updated_at == LATER
    assert uow.store.logged(uow.workspace_id, moved.revision) == [("project.moved", a.id)]
    before = uow.store.workspaces[uow.workspace_id].head
    assert await projects.move(uow.unit(), a.id, after=b.id) == moved
    assert await projects.move(uow.unit(), a.id) == moved
    assert uow.store.workspaces[uow.workspace_id].head == before


async def test_a_project_is_not_moved_beside_itself_or_what_does_not_exist(uow: FakeUnitOfWork) -> None:
    a, b = [await projects.create(uow.unit(), name=name) for name in "ab"]

    with pytest.raises(BeforeAndAfter):
        await projects.move(uow.unit(), a.id, before=b.id, after=b.id)
    with pytest.raises(BesideItself, match=r"A project cannot be moved next to itself\."):
        await projects.move(uow.unit(), a.id, before=a.id)
    with pytest.raises(SiblingUnknown):
        await projects.move(uow.unit(), a.id, after=UNKNOWN)
    with pytest.raises(ProjectNotFound):
        await projects.move(uow.unit(), UNKNOWN, after=a.id)

    await projects.archive(uow.unit(), a.id)
    with pytest.raises(ProjectArchived):
        await projects.move(uow.unit(), a.id, before=b.id)
    assert (await projects.move(uow.unit(), b.id, after=a.id)).position > a.position


async def test_neighbours_of_a_project_make_room_once_a_position_would_be_too_long(uow: FakeUnitOfWork) -> None:
    a, b, c = [await projects.create(uow.unit(), name=name) for name in "abc"]
    changes = 0
    for n in range(600):
        moved = await projects.move(uow.unit(), (b, c)[n % 2].id, after=a.id)
        changes = max(changes, len(uow.store.logged(uow.workspace_id, moved.revision)))
        found = sorted(uow.store.projects.values(), key=lambda each: each.position)
        assert "".join(each.name for each in found)[-3:] == ("abc", "acb")[n % 2]
    assert changes > 1
