"""The events that the services write."""

from typing import get_args

import pytest

from domain import projects, task_deletions, task_status, tasks, users, workspaces
from domain.events import EVENT_TYPES, end_of, event_of
from domain.model.changes import Entity
from domain.tasks import TaskDraft, TaskEdit
from tests.support.fakes.unit_of_work import FakeUnitOfWork


def last_types(uow: FakeUnitOfWork) -> list[str]:
    """The types of the events of the last change in the workspace."""
    head = uow.store.workspaces[uow.workspace_id].head
    return [kind for kind, _ in uow.store.logged(uow.workspace_id, head)]


async def test_a_new_workspace_has_events_for_itself_its_owner_and_its_inbox(uow: FakeUnitOfWork) -> None:
    assert last_types(uow) == ["workspace.created", "member.added", "project.created"]


async def test_a_renamed_workspace_is_updated(uow: FakeUnitOfWork) -> None:
    await workspaces.update(uow.unit(), name="Home")
    assert last_types(uow) == ["workspace.updated"]


async def test_changes_of_a_project_write_events(uow: FakeUnitOfWork) -> None:
    project = await projects.create(uow.unit(), name="Chores")
    assert last_types(uow) == ["project.created"]
    await projects.update(uow.unit(), project.id, name="Duties")
    assert last_types(uow) == ["project.updated"]
    await projects.archive(uow.unit(), project.id)
    assert last_types(uow) == ["project.archived"]
    await projects.unarchive(uow.unit(), project.id)
    assert last_types(uow) == ["project.unarchived"]
    await tasks.create(uow.unit(), TaskDraft(title="Iron", project_id=project.id))
    await projects.delete(uow.unit(), project.id)
    assert last_types(uow) == ["task.deleted", "project.deleted"]


async def test_changes_of_a_task_write_events(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Iron"))
    assert last_types(uow) == ["task.created"]
    await tasks.update(uow.unit(), task.id, edit=TaskEdit(title="Press"))
    assert last_types(uow) == ["task.updated"]
    await task_status.complete(uow.unit(), task.id)
    assert last_types(uow) == ["task.completed"]
    await task_status.reopen(uow.unit(), task.id)
    assert last_types(uow) == ["task.reopened"]
    await task_deletions.delete(uow.unit(), task.id)
    assert last_types(uow) == ["task.deleted"]


async def test_a_new_name_of_a_user_writes_an_event_of_the_member(uow: FakeUnitOfWork) -> None:
    await users.update(uow.unit(), name="Ada King")
    assert last_types(uow) == ["member.updated"]


async def test_an_event_has_the_state_after_the_change(uow: FakeUnitOfWork) -> None:
    task = await tasks.create(uow.unit(), TaskDraft(title="Iron"))
    event = uow.store.events[-1]
    assert event == event_of("task.created", task)
    assert (event.workspace_id, event.entity_id, event.revision, event.entity) == (
        uow.workspace_id,
        task.id,
        task.revision,
        task,
    )
    assert not event.is_the_end


async def test_the_event_of_a_deletion_has_only_the_id(uow: FakeUnitOfWork) -> None:
    event = end_of("task.deleted", uow.workspace_id, workspace_id=uow.workspace_id, revision=5)
    assert event.is_the_end
    assert event.revision == 5


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_event_type_is_a_resource_and_a_verb(kind: str) -> None:
    thing, _, happened = kind.partition(".")
    assert thing in {entity.__name__.lower() for entity in get_args(Entity)}
    assert happened.endswith("d")
