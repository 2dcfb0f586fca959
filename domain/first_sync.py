"""The first sync: a workspace as it is, for a client that has nothing of it yet.

It reads the list of each kind by an index that the list has. What changes meanwhile may be left out, or come as it was
or as it is: it has an event after the head at which the sync began, and comes again from there. So the order within a
kind does not matter, as long as nothing that stays as it is can be passed over.
"""

import datetime as dt
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from domain import pages, workspaces
from domain.change_cursors import Completed
from domain.model.changes import ChangeType, CommentFilter, Entity, Found, Keys, LogPlace, SyncPlace, change_of, id_of
from domain.model.projects import ProjectQuery
from domain.model.sections import SectionQuery
from domain.model.tasks import STATUSES, Status, TaskQuery
from domain.pages import CursorInvalid
from domain.unit_of_work import UnitOfWork

RECENT: Final = dt.timedelta(days=30)
_COMMENTS_AT_ONCE: Final = 200
_MOST_COMMENTS: Final = 2000
"""How many comments are looked at for a page, wanted or not."""

Group = tuple[Sequence[tuple[Keys, Entity]], Keys | None]
"""Some items, each with its key, and the key after which the step goes on; None if it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What a step reads: about *count* items after *place*. If `is_sparse`, there was none right before it."""

    uow: UnitOfWork
    place: SyncPlace
    completed: Completed
    count: int
    is_sparse: bool

    @property
    def workspace_id(self) -> UUID:
        return self.uow.workspace_id

    @property
    def keys(self) -> Keys | None:
        return self.place.keys

    def group(self, rows: Sequence[Any], keys_of: Callable[[Any], Keys]) -> Group:
        """Return the rows that were found. The step is done if these are fewer than asked for."""
        items = [(keys_of(row), row) for row in rows]
        return items, items[-1][0] if len(rows) == self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A list of one kind. `is_closed` says whether it has closed tasks."""

    kind: ChangeType
    read: Callable[[_Page], Awaitable[Group]]
    is_closed: bool = False


async def read(
    uow: UnitOfWork, place: SyncPlace, *, types: Collection[ChangeType] | None, completed: Completed, limit: int
) -> AsyncGenerator[Found, None]:
    """Yield what the workspace has after *place*, then the place in the log from which its changes are to be read.

    It ends earlier where many comments are not wanted. About *limit* items are read at once. Raises WorkspaceNotFound,
    and CursorInvalid if there is no such step any more.
    """
    count = min(limit + 1, pages.AT_ONCE)
    looked = 0
    if place.step not in _STEPS:
        raise CursorInvalid
    for name, step in list(_STEPS.items())[list(_STEPS).index(place.step) :]:
        if (types is not None and step.kind not in types) or (step.is_closed and completed == "none"):
            continue
        here = place if name == place.step else replace(place, step=name, keys=None)
        is_sparse = False
        while True:
            page = _Page(uow=uow, place=here, completed=completed, count=count, is_sparse=is_sparse)
            group, keys = await step.read(page)
            for after, entity in group:
                yield Found(place=replace(here, keys=after), change=change_of(step.kind, entity))
            if keys is None:
                break
            here, is_sparse = replace(here, keys=keys), not group
            yield Found(place=here)
            looked += _COMMENTS_AT_ONCE if step.kind == "comment" else 0
            if looked >= _MOST_COMMENTS:
                return
    head, _ = await uow.changes.bounds(uow.workspace_id)
    yield Found(place=LogPlace.end_of(place.head), is_end=head == place.head)


def _id_keys(entity: Entity) -> Keys:
    return (pages.id_to_key(id_of(entity)), "")


async def _workspace(at: _Page) -> Group:
    workspace = await workspaces.get(at.uow)
    return [] if at.keys else [(_id_keys(workspace), workspace)], None


async def _members(at: _Page) -> Group:
    after = pages.id_from_key(at.keys[0]) if at.keys else None
    return at.group(await at.uow.members.page(at.workspace_id, after=after, limit=at.count), _id_keys)


async def _labels(at: _Page) -> Group:
    after = pages.text_from_key(at.keys[0]) if at.keys else None
    rows = await at.uow.labels.page(at.workspace_id, after=after, limit=at.count)
    return at.group(rows, lambda label: (label.position, ""))


def _projects(*, archived: bool) -> _Step:
    async def projects(at: _Page) -> Group:
        after = (pages.text_from_key(at.keys[0]), pages.id_from_key(at.keys[1])) if at.keys else None
        query = ProjectQuery(workspace_id=at.workspace_id, archived=archived, after=after, limit=at.count)
        rows = await at.uow.projects.page(query)
        return at.group(rows, lambda project: (project.position, pages.id_to_key(project.id)))

    return _Step(kind="project", read=projects)


async def _sections(at: _Page) -> Group:
    after = (pages.id_from_key(at.keys[0]), pages.text_from_key(at.keys[1])) if at.keys else None
    query = SectionQuery(workspace_id=at.workspace_id, project_id=None, after=after, limit=at.count)
    rows = await at.uow.sections.page(query)
    return at.group(rows, lambda section: (pages.id_to_key(section.project_id), section.position))


def _tasks(status: Status) -> _Step:
    is_closed = status != "open"

    async def tasks(at: _Page) -> Group:
        """Closed tasks of the last days are read by the time of their change, others by that of their creation."""
        since = at.place.closed_since if is_closed else None
        order = "created_at" if since is None else "updated_at"
        after = None if since is None else (since, UUID(int=0))
        if at.keys:
            after = (pages.instant_from_key(at.keys[0]), pages.id_from_key(at.keys[1]))
        query = TaskQuery(
            workspace_id=at.workspace_id,
            project_id=None,
            status=status,
            order=order,
            descending=False,
            after=after,
            limit=at.count,
        )
        return at.group(
            await at.uow.tasks.page(query),
            lambda task: (pages.instant_to_key(getattr(task, order)), pages.id_to_key(task.id)),
        )

    return _Step(kind="task", read=tasks, is_closed=is_closed)


async def _comments(at: _Page) -> Group:
    after = pages.id_from_key(at.keys[0]) if at.keys else None
    only = None if at.completed == "all" else CommentFilter(head=at.place.head, closed_since=at.place.closed_since)
    limit = _COMMENTS_AT_ONCE if only or at.is_sparse else at.count
    looked_at = await at.uow.changes.comment_ids(at.workspace_id, only=only, after=after, limit=limit)
    wanted = [comment_id for comment_id, is_wanted in looked_at if is_wanted][: at.count]
    comments = await at.uow.changes.live(at.workspace_id, "comment", wanted)
    found = [(_id_keys(each), each) for each in sorted(comments, key=id_of)]
    if len(wanted) == at.count:
        return found, (pages.id_to_key(wanted[-1]), "")
    return found, (pages.id_to_key(looked_at[-1][0]), "") if len(looked_at) == limit else None


_STEPS: Final[Mapping[str, _Step]] = {
    "workspace": _Step(kind="workspace", read=_workspace),
    "members": _Step(kind="member", read=_members),
    "labels": _Step(kind="label", read=_labels),
    "projects": _projects(archived=False),
    "archived": _projects(archived=True),
    "sections": _Step(kind="section", read=_sections),
    **{status: _tasks(status) for status in STATUSES},
    "comments": _Step(kind="comment", read=_comments),
}
"""By their names in cursors."""
KINDS: Final = tuple(dict.fromkeys(step.kind for step in _STEPS.values()))
"""The kinds of entities that a first sync has, in their order."""
