"""What the services say happened."""

import pytest

from domain import projects, tasks, users, workspaces
from domain.events import EVENT_TYPES, end_of, event_of
from domain.tasks import TaskDraft, TaskEdit
from tests.unit.fakes import FakeWork


def told(work: FakeWork) -> list[str]:
    """The types of the events of the last change in the workspace."""
    head = work.store.workspaces[work.workspace_id].head
    return [kind for kind, _ in work.store.told(work.workspace_id, head)]


async def test_a_workspace_begins_with_itself_its_owner_and_its_inbox(work: FakeWork) -> None:
    assert told(work) == ["workspace.created", "member.added", "project.created"]


async def test_a_renamed_workspace_is_updated(work: FakeWork) -> None:
    await workspaces.update(work.call(), name="Home")
    assert told(work) == ["workspace.updated"]


async def test_what_happens_to_a_project_is_told(work: FakeWork) -> None:
    project = await projects.create(work.call(), name="Chores")
    assert told(work) == ["project.created"]
    await projects.update(work.call(), project.id, name="Duties")
    assert told(work) == ["project.updated"]
    await projects.archive(work.call(), project.id)
    assert told(work) == ["project.archived"]
    await projects.unarchive(work.call(), project.id)
    assert told(work) == ["project.unarchived"]
    await tasks.create(work.call(), TaskDraft(title="Iron", project_id=project.id))
    await projects.delete(work.call(), project.id)
    assert told(work) == ["task.deleted", "project.deleted"]


async def test_what_happens_to_a_task_is_told(work: FakeWork) -> None:
    task = await tasks.create(work.call(), TaskDraft(title="Iron"))
    assert told(work) == ["task.created"]
    await tasks.update(work.call(), task.id, edit=TaskEdit(title="Press"))
    assert told(work) == ["task.updated"]
    await tasks.complete(work.call(), task.id)
    assert told(work) == ["task.completed"]
    await tasks.reopen(work.call(), task.id)
    assert told(work) == ["task.reopened"]
    await tasks.delete(work.call(), task.id)
    assert told(work) == ["task.deleted"]


async def test_a_new_name_is_told_of_the_member(work: FakeWork) -> None:
    await users.update(work.call(), name="Ada King")
    assert told(work) == ["member.updated"]


async def test_an_event_is_of_the_thing_as_it_became(work: FakeWork) -> None:
    task = await tasks.create(work.call(), TaskDraft(title="Iron"))
    event = work.store.events[-1]
    assert event == event_of("task.created", task)
    assert (event.workspace_id, event.entity_id, event.revision, event.entity) == (
        work.workspace_id,
        task.id,
        task.revision,
        task,
    )
    assert not event.is_the_end


async def test_the_event_of_an_end_has_only_the_id(work: FakeWork) -> None:
    event = end_of("task.deleted", work.workspace_id, workspace_id=work.workspace_id, revision=5)
    assert event.is_the_end
    assert event.revision == 5


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_type_is_a_thing_and_what_happened_to_it(kind: str) -> None:
    thing, _, happened = kind.partition(".")
    assert thing in {"workspace", "member", "project", "task"}
    assert happened.endswith("d")
