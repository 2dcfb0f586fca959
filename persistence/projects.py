"""The table and the repository of projects."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    insert,
    select,
    true,
    update,
)

from domain.errors import IdTaken
from domain.events import event_of, restored
from domain.model.projects import Project, ProjectEvent, ProjectQuery
from persistence.change_log import ChangeLog, ends_of
from persistence.mapping import Mapper
from persistence.metadata import (
    INSTANT,
    SORTED_TEXT,
    TRASH_ID,
    is_live,
    logged_as,
    means,
    metadata,
    partial_index,
    trash_id,
)
from persistence.paging import Pages, around
from persistence.runners import Runner
from persistence.unindexed import unindexed

projects: Final = Table(
    "projects",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("is_inbox", Boolean, nullable=False),
    Column("archived_at", INSTANT),
    Column("position", SORTED_TEXT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    trash_id(),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    info=logged_as("project"),
)
Index(
    "uq_projects_inbox",
    projects.c.workspace_id,
    unique=True,
    postgresql_where=projects.c.is_inbox,
    sqlite_where=projects.c.is_inbox == true(),  # as a query says it there, or the index is not used
)
for _name, _condition in (
    ("ix_projects_active_position", projects.c.archived_at.is_(None)),
    ("ix_projects_archived_position", projects.c.archived_at.is_not(None)),
):
    partial_index(
        _name, projects.c.workspace_id, projects.c.position, projects.c.id, where=and_(_condition, is_live(projects))
    )

partial_index(
    "uq_projects_position", projects.c.workspace_id, projects.c.position, unique=True, where=is_live(projects)
)

PROJECTS: Final = Mapper(Project, projects, fixed=("id", "workspace_id", "is_inbox", "created_at"))
_ACTIVE: Final = projects.c.archived_at.is_(None)
_ARCHIVED: Final = projects.c.archived_at.is_not(None)
_OF_WORKSPACE: Final = projects.c.workspace_id == bindparam("workspace")
PROJECT_IN_WORKSPACE: Final = and_(_OF_WORKSPACE, is_live(projects))
ONE_PROJECT: Final = and_(_OF_WORKSPACE, unindexed(is_live(projects)), projects.c.id == bindparam("project"))

_INSERT: Final = insert(projects)
_SELECT: Final = select(*PROJECTS.columns).where(ONE_PROJECT)
_UPDATE: Final = update(projects).where(ONE_PROJECT)
_DELETE: Final = update(projects).where(ONE_PROJECT).values(trash_id=bindparam("trash")).returning(projects.c.id)
_TRASHED: Final = (_OF_WORKSPACE, projects.c.id == bindparam("project"), projects.c.trash_id.is_not(None))
_IN_TRASH: Final = select(*PROJECTS.columns).where(*_TRASHED)
_RESTORE: Final = update(projects).where(*_TRASHED)


_PAGES: Final = {
    is_archived: Pages(select(*PROJECTS.columns).where(PROJECT_IN_WORKSPACE, which), projects.c.position, projects.c.id)
    for is_archived, which in ((False, _ACTIVE), (True, _ARCHIVED))
}


_END: Final = select(func.count(), func.max(projects.c.position)).where(PROJECT_IN_WORKSPACE)
_AROUND: Final = around(select(*PROJECTS.columns).where(PROJECT_IN_WORKSPACE), projects.c.position)


class Projects:
    """Implements domain.model.projects.ProjectRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, project: Project) -> None:
        await self._change_log.write(_INSERT, PROJECTS.values(project), event_of("project.created", project))

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        return PROJECTS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "project": project_id}))

    async def end(self, workspace_id: UUID) -> tuple[int, str | None]:
        row = await self._runner.row(_END, {"workspace": workspace_id})
        return (0, None) if row is None else (row[0], row[1])

    async def around(self, workspace_id: UUID, *, cut: str, limit: int) -> Sequence[Project]:
        place = {"workspace": workspace_id, "cut": cut, "limit": limit}
        return sorted(PROJECTS.all(await self._runner.rows(_AROUND, place)), key=lambda project: project.position)

    async def page(self, query: ProjectQuery) -> Sequence[Project]:
        pages, place = _PAGES[query.archived], {"workspace": query.workspace_id}
        return PROJECTS.all(await pages.read(self._runner, place, after=query.after, limit=query.limit))

    async def update(self, project: Project, *, before: Project, event: ProjectEvent) -> None:
        key = {"workspace": project.workspace_id, "project": project.id}
        await self._change_log.write(
            _UPDATE, {**key, **PROJECTS.changes(project, before=before)}, event_of(event, project, before=before)
        )

    async def delete(self, workspace_id: UUID, project_id: UUID, *, trash_id: UUID, revision: int) -> None:
        place = {"workspace": workspace_id, "project": project_id, "trash": trash_id}
        await self._change_log.write_one(_DELETE, place, ends_of("project.deleted", workspace_id, revision))

    async def in_trash(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        return PROJECTS.one(await self._runner.row(_IN_TRASH, {"workspace": workspace_id, "project": project_id}))

    async def restore(self, project: Project) -> None:
        key = {"workspace": project.workspace_id, "project": project.id}
        event = restored("project.restored", project)
        await self._change_log.write(_RESTORE, {**key, **PROJECTS.changes(project), TRASH_ID: None}, event)
