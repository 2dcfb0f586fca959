from domain import changes, projects, tasks
from domain.tasks import TaskDraft
from tests.support.fakes.unit_of_work import FakeUnitOfWork


async def test_a_first_sync_has_everything_and_then_what_changes(uow: FakeUnitOfWork) -> None:
    garden = await projects.create(uow.unit(), name="Garden")
    first = await changes.page(uow.unit())

    task = await tasks.create(uow.unit(), TaskDraft(title="Sow", project_id=garden.id))
    second = await changes.page(uow.unit(), cursor=first.next_cursor)

    assert [each.type for each in first.items] == ["workspace", "member", "project", "project"]
    assert not first.has_more
    assert [(each.type, each.id, each.revision) for each in second.items] == [("task", task.id, task.revision)]
    assert not second.has_more
