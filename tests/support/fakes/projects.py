from collections.abc import Sequence
from uuid import UUID

from domain.events import end_of, event_of, restored
from domain.model.projects import Project, ProjectEvent, ProjectQuery
from tests.support.fakes.store import Store, nearest, page_of


class FakeProjects:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, project: Project) -> None:
        key = (project.workspace_id, project.id)
        self._store.require_new(Project, self._store.projects, key)
        self._put(project)
        self._store.events.append(event_of("project.created", project))

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        return self._store.projects.get((workspace_id, project_id))

    async def end(self, workspace_id: UUID) -> tuple[int, str | None]:
        positions = [each.position for each in self._store.projects.values() if each.workspace_id == workspace_id]
        return len(positions), max(positions, default=None)

    async def around(self, workspace_id: UUID, *, cut: str, limit: int) -> Sequence[Project]:
        return nearest(self._all(workspace_id), cut=cut, limit=limit)

    async def page(self, query: ProjectQuery) -> Sequence[Project]:
        listed = [p for p in self._all(query.workspace_id) if (p.archived_at is not None) == query.archived]
        return page_of(listed, place=lambda p: (p.position, p.id), after=query.after, limit=query.limit)

    async def update(self, project: Project, *, before: Project, event: ProjectEvent) -> None:
        assert self._store.projects[project.workspace_id, project.id] == before
        self._put(project)
        self._store.events.append(event_of(event, project, before=before))

    async def delete(self, workspace_id: UUID, project_id: UUID, *, trash_id: UUID, revision: int) -> None:
        self._store.to_trash(self._store.projects, (workspace_id, project_id), trash_id=trash_id)
        assert not [t for (at, _), t in self._store.tasks.items() if (at, t.project_id) == (workspace_id, project_id)]
        end = end_of("project.deleted", project_id, workspace_id=workspace_id, revision=revision)
        self._store.events.append(end)

    async def in_trash(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        return next((each for each, _ in self._store.in_trash(Project, workspace_id) if each.id == project_id), None)

    async def restore(self, project: Project) -> None:
        self._store.from_trash(self._store.projects, (project.workspace_id, project.id), project)
        self._put(project)
        self._store.events.append(restored("project.restored", project))

    def _all(self, workspace_id: UUID) -> list[Project]:
        return [p for p in self._store.projects.values() if p.workspace_id == workspace_id]

    def _put(self, project: Project) -> None:
        """Store it. No other project of the workspace has its position."""
        there = [each for each in self._store.projects.values() if each.position == project.position]
        assert not [each for each in there if each.workspace_id == project.workspace_id and each.id != project.id]
        self._store.projects[project.workspace_id, project.id] = project
