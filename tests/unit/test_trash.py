from uuid import UUID

import pytest

from domain import labels, projects, sections, task_deletions, tasks, trash
from domain.model.trash import KEPT, TrashEntry
from domain.pages import CursorInvalid
from domain.tasks import TaskDraft
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork


async def filled(uow: FakeUnitOfWork) -> list[UUID]:
    """Delete a task with a subtask, a label, and a project with a section and a task. Return their ids."""
    garden = await projects.create(uow.unit(), name="Garden")
    beds = await sections.create(uow.unit(), name="Beds", project_id=garden.id)
    await tasks.create(uow.unit(), TaskDraft(title="Sow", section_id=beds.id))
    call = await tasks.create(uow.unit(), TaskDraft(title="Call"))
    await tasks.create(uow.unit(), TaskDraft(title="Find the number", parent_id=call.id))
    urgent = await labels.create(uow.unit(), name="Urgent")
    await task_deletions.delete(uow.unit(), call.id)
    await labels.delete(uow.unit(), urgent.id)
    await projects.delete(uow.unit(), garden.id)
    return [garden.id, urgent.id, call.id]


async def test_the_trash_has_one_entry_for_each_deletion_newest_first(uow: FakeUnitOfWork) -> None:
    ids = await filled(uow)

    first = await trash.page(uow.unit(), limit=2)
    rest = await trash.page(uow.unit(), limit=2, cursor=first.next_cursor)

    entries: list[TrashEntry] = [*first.items, *rest.items]
    assert [(e.kind, e.thing_id, e.title, e.taken) for e in entries] == [
        ("project", ids[0], "Garden", 2),
        ("label", ids[1], "Urgent", 0),
        ("task", ids[2], "Call", 1),
    ]
    assert {(e.deleted_at, e.deleted_by, e.expires_at) for e in entries} == {(NOON, uow.principal.user_id, NOON + KEPT)}
    assert rest.next_cursor is None
    assert [e.kind for e in (await trash.page(uow.unit(), kind="label")).items] == ["label"]
    assert (await trash.page(uow.unit(now=NOON + KEPT))).items == ()
    with pytest.raises(CursorInvalid):
        await trash.page(uow.unit(), kind="label", cursor=first.next_cursor)


async def test_an_emptied_trash_has_nothing(uow: FakeUnitOfWork) -> None:
    await filled(uow)
    live = dict(uow.store.tasks)
    head = uow.store.workspaces[uow.workspace_id].head

    await trash.empty(uow.unit())

    assert (await trash.page(uow.unit())).items == ()
    assert not uow.store.trashed
    assert uow.store.tasks == live
    assert uow.store.workspaces[uow.workspace_id].head == head, "nobody sees a difference, so it takes no number"
    await trash.empty(uow.unit())
