"""What a deletion or restoration leaves that is interrupted between two steps, and what other requests make of it."""

from uuid import UUID

import pytest
from sqlalchemy import update

from domain import comments, projects, restoring, sections, task_deletions, trash
from persistence.repositories import metadata
from tests.persistence.test_steps import MANY, commented, live_comments
from tests.persistence.test_trash_steps import interrupted
from tests.support.service_callers import Caller

TABLES = metadata.tables


@pytest.mark.parametrize(
    ("interruption", "inner", "first"),
    [
        ("deletion", "task", "project"),
        ("deletion", "section", "inner"),
        ("restoration", "task", "inner"),
        ("restoration", "section", "project"),
    ],
)
async def test_comments_that_an_interrupted_deletion_took_come_back_with_their_task(
    ada: Caller, interruption: str, inner: str, first: str
) -> None:
    project, task_id = await commented(ada, count=MANY)
    beds = await ada.write(sections.create, name="Beds", project_id=project.id)
    async with ada.database.transaction() as transaction:
        await transaction.run(update(TABLES["tasks"]).values(section_id=beds.id), {})
    await ada.write(comments.delete, task_id, UUID(int=MANY - 1))
    if interruption == "restoration":
        await ada.write(projects.delete, project.id)
    await interrupted(ada, projects.delete if interruption == "deletion" else restoring.project, project.id)
    assert 0 < await live_comments(ada) < MANY - 1
    if inner == "task":
        await ada.write(task_deletions.delete, task_id)
    else:
        await ada.write(sections.delete, beds.id)

    if first == "project":
        await ada.write(restoring.project, project.id)
        assert await live_comments(ada) == 0
    if inner == "task":
        await ada.write(restoring.task, task_id)
    else:
        await ada.write(restoring.section, beds.id)

    assert await live_comments(ada) == MANY - 1
    await ada.write(restoring.project, project.id)
    assert await live_comments(ada) == MANY - 1
    assert [entry.kind for entry in (await ada.read(trash.page)).items] == ["comment"]
