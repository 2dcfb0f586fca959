"""Reads what has changed in a workspace: its log, what is live, and what was deleted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, case, func, or_, select

from domain.events import EVENT_TYPES, is_end
from domain.model.changes import ChangeType, CommentFilter, Entity, LogEntry, LogPlace, LogRecord
from persistence.comments import COMMENTS, comments
from persistence.compiled import padded
from persistence.events import events, tombstones
from persistence.labels import LABELS, labels
from persistence.mapping import Mapper
from persistence.members import MEMBERS
from persistence.memberships import members, workspaces
from persistence.metadata import TRASH_ID, is_live
from persistence.paging import Pages
from persistence.projects import PROJECTS, projects
from persistence.runners import Runner
from persistence.sections import SECTIONS, sections
from persistence.task_rows import TASKS, tasks
from persistence.unindexed import among, unindexed

_BOUNDS: Final = select(workspaces.c.head, workspaces.c.changes_from).where(workspaces.c.id == bindparam("workspace"))
_ENTRIES: Final = Pages(
    select(events.c.revision, events.c.sequence, events.c.type, events.c.entity_id, events.c.is_last).where(
        events.c.workspace_id == bindparam("workspace")
    ),
    events.c.revision,
    events.c.sequence,
)


def _logged(body: ColumnElement[str]) -> Pages:
    columns = (events.c.revision, events.c.sequence, events.c.type, events.c.entity_id)
    statement = select(*columns, events.c.actor_id, events.c.recorded_at, body)
    return Pages(statement.where(events.c.workspace_id == bindparam("workspace")), *columns[:2])


_LOGGED: Final = _logged(events.c.body)
_IS_WANTED: Final = events.c.type.in_(bindparam("wanted", expanding=True))
_LOGGED_OF_TYPES: Final = _logged(case((_IS_WANTED, events.c.body)))
"""Bodies are large, and the database does not even read one that is not asked for."""
_DELETIONS: Final = (
    select(tombstones.c.kind, tombstones.c.entity_id, func.max(tombstones.c.revision))
    .where(among(tombstones.c.workspace_id, tombstones.c.entity_id, "ids"))
    .group_by(tombstones.c.kind, tombstones.c.entity_id)
)
_KINDS: Final[Mapping[ChangeType, tuple[Mapper[Any], Table, str]]] = {
    "member": (MEMBERS, members, "user_id"),
    "label": (LABELS, labels, "id"),
    "project": (PROJECTS, projects, "id"),
    "section": (SECTIONS, sections, "id"),
    "task": (TASKS, tasks, "id"),
    "comment": (COMMENTS, comments, "id"),
}


def _these(columns: Iterable[Any], table: Table, name: str) -> Select[Any]:
    found = select(*columns).where(among(table.c.workspace_id, table.c[name], "ids"))
    return found.where(unindexed(is_live(table))) if TRASH_ID in table.c else found


LIVE: Final = {kind: _these(mapper.columns, table, name) for kind, (mapper, table, name) in _KINDS.items()}
_REVISIONS: Final = {
    kind: _these((table.c[name], table.c.revision), table, name) for kind, (_, table, name) in _KINDS.items()
}

_OF_TASK: Final = and_(tasks.c.workspace_id == comments.c.workspace_id, tasks.c.id == comments.c.task_id)
_IS_OPEN: Final = or_(tasks.c.status == "open", tasks.c.revision > bindparam("head"))
_IS_RECENT: Final = tasks.c.updated_at >= bindparam("since")


def _comment_ids(*of_task: Any) -> Pages:
    """The ids of comments, each with whether it is live and its task is *of_task*: looked up in the task's own row."""
    is_wanted = is_live(comments)
    if of_task:
        is_wanted = and_(is_wanted, select(or_(*of_task)).where(_OF_TASK).scalar_subquery())
    statement = select(comments.c.id, is_wanted).where(comments.c.workspace_id == bindparam("workspace"))
    return Pages(statement, comments.c.id)


_ALL_COMMENTS: Final = _comment_ids()
_COMMENTS_OF_OPEN: Final = _comment_ids(_IS_OPEN)
_COMMENTS_OF_RECENT: Final = _comment_ids(_IS_OPEN, _IS_RECENT)


class Changes:
    """Implements domain.model.changes.ChangeRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def bounds(self, workspace_id: UUID) -> tuple[int, int]:
        row = await self._runner.row(_BOUNDS, {"workspace": workspace_id})
        return (0, 0) if row is None else (row[0], row[1])

    async def entries(self, workspace_id: UUID, *, after: LogPlace, limit: int) -> Sequence[LogEntry]:
        place = (after.revision, after.sequence)
        rows = await _ENTRIES.read(self._runner, {"workspace": workspace_id}, after=place, limit=limit)
        return [
            LogEntry(
                place=LogPlace(revision, sequence),
                type=cast("ChangeType", event.partition(".")[0]),
                entity_id=entity_id,
                is_last=bool(is_last),
                is_end=is_end(event),
            )
            for revision, sequence, event, entity_id, is_last in rows
        ]

    async def logged(
        self, workspace_id: UUID, *, after: LogPlace, limit: int, types: Collection[ChangeType] | None = None
    ) -> Sequence[LogRecord]:
        pages, place = _LOGGED, dict[str, object](workspace=workspace_id)
        if types is not None:
            wanted = [each for each in EVENT_TYPES if each.partition(".")[0] in types]
            pages, place["wanted"] = _LOGGED_OF_TYPES, padded(wanted)
        rows = await pages.read(self._runner, place, after=(after.revision, after.sequence), limit=limit)
        return [
            LogRecord(
                place=LogPlace(row[0], row[1]),
                event=row[2],
                entity_id=row[3],
                actor_id=row[4],
                recorded_at=row[5],
                body=row[6],
            )
            for row in rows
        ]

    async def live(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Sequence[Entity]:
        if not ids:
            return ()
        place = {"workspace": workspace_id, "ids": padded(list(ids))}
        found: Sequence[Entity] = _KINDS[kind][0].all(await self._runner.rows(LIVE[kind], place))
        return found

    async def revisions(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Mapping[UUID, int]:
        place = {"workspace": workspace_id, "ids": padded(list(ids))}
        return {row[0]: row[1] for row in await self._runner.rows(_REVISIONS[kind], place)}

    async def deletions(self, workspace_id: UUID, ids: Collection[UUID]) -> Mapping[tuple[str, UUID], int]:
        rows = await self._runner.rows(_DELETIONS, {"workspace": workspace_id, "ids": padded(list(ids))})
        return {(kind, entity_id): revision for kind, entity_id, revision in rows}

    async def comment_ids(
        self, workspace_id: UUID, *, only: CommentFilter | None, after: UUID | None, limit: int
    ) -> Sequence[tuple[UUID, bool]]:
        pages, place = _ALL_COMMENTS, dict[str, object](workspace=workspace_id)
        if only is not None:
            pages, place["head"] = _COMMENTS_OF_OPEN, only.head
            if only.closed_since is not None:
                pages, place["since"] = _COMMENTS_OF_RECENT, only.closed_since
        rows = await pages.read(self._runner, place, after=after, limit=limit)
        return [(row[0], bool(row[1])) for row in rows]
