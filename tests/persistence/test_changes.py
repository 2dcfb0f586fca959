"""Changes of a workspace that no request can make: thousands of them in one transaction."""

import random
from dataclasses import replace

from domain import changes, tasks
from domain.change_cursors import encode
from domain.model.changes import Change, LogPlace
from domain.model.tasks import Task
from domain.tasks import TaskDraft
from tests.support.service_callers import Caller

MANY = 5000


async def test_five_thousand_changes_of_one_revision_come_once_each_in_pages_of_any_size(ada: Caller) -> None:
    """Every tenth task changes once more in the same transaction, and every hundredth is deleted."""
    chance = random.Random(5000)  # noqa: S311 -- no secret
    pattern = await ada.write(tasks.create, TaskDraft(title="Sow"))
    async with ada.unit() as uow:
        revision = await uow.next_revision()
        many = [
            replace(pattern, id=uow.new_id(), title=str(number), position=f"b{number:04}z", revision=revision)
            for number in range(MANY)
        ]
        for each in many:
            await uow.tasks.add(each)
        for each in many[::10]:
            await uow.tasks.update(replace(each, title="again"), before=each, event="task.updated")
        gone = [each.id for each in many[::100]]
        await uow.tasks.delete_all(ada.workspace_id, gone, trash_id=uow.new_id(), revision=revision)
        await uow.commit()

    found: list[Change] = []
    cursor = encode(LogPlace.end_of(pattern.revision), workspace_id=ada.workspace_id, types=None)
    while True:
        page = await ada.read(changes.page, limit=chance.randint(1, 200), cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if not page.has_more:
            break

    assert len(found) == MANY
    assert {each.revision for each in found} == {revision}
    assert {each.id for each in found if each.entity is None} == set(gone)
    now = {each.id: each.entity.title for each in found if isinstance(each.entity, Task)}
    again = {each.id for each in many[::10]} - set(gone)
    assert now == {each.id: "again" if each.id in again else each.title for each in many if each.id not in gone}
