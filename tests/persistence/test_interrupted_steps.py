"""What a deletion or restoration leaves that is interrupted between two steps, and what other requests make of it."""

from uuid import UUID

import pytest
from sqlalchemy import case, func, select, update

from domain import comments, projects, restoring, sections, task_deletions, trash
from domain.steps import SMALL, STEP
from persistence.repositories import metadata
from tests.persistence.test_steps import MANY, commented, filled, left, live_comments
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


@pytest.mark.parametrize("kind", ["project", "section"])
@pytest.mark.parametrize("parent", [-1, 1])
async def test_a_subtask_is_never_deleted_after_its_parent(ada: Caller, kind: str, parent: int) -> None:
    """Or one that an interrupted deletion left could get subtasks, and be too deep when its parent comes back."""
    project = await filled(ada, count=SMALL + STEP + 1)
    beds = await ada.write(sections.create, name="Beds", project_id=project.id)
    rows = TABLES["tasks"]
    first = 0 if parent < 0 else 2
    async with ada.database.transaction() as transaction:
        parents = {UUID(int=n): UUID(int=n + parent) for n in range(SMALL + STEP) if n % 3 != first}
        await transaction.run(update(rows).values(section_id=beds.id, parent_id=case(parents, value=rows.c.id)), {})

    if kind == "project":
        await interrupted(ada, projects.delete, project.id)
    else:
        await interrupted(ada, sections.delete, beds.id)

    above = rows.alias()
    orphans = select(func.count()).select_from(rows.join(above, rows.c.parent_id == above.c.id))
    orphans = orphans.where(rows.c.trash_id.is_(None), above.c.trash_id.is_not(None))
    assert await ada.database.row(orphans, {}) == (0,)
    assert 0 < await left(ada) < SMALL + STEP + 1
    await ada.write(projects.delete, project.id)
    assert await left(ada) == 0
