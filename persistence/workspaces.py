"""The repository of workspaces, and the lock on one."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from domain.events import event_of
from domain.model.workspaces import DEPARTURES_KEPT, AccountHeads, Workspace, WorkspaceChange
from domain.quotas import Usage
from domain.roles import Role
from persistence.change_log import ChangeLog
from persistence.compiled import padded
from persistence.invitations import withdraw_all
from persistence.mapping import Mapper
from persistence.memberships import USAGE, departures, members, workspaces
from persistence.paging import ordered, page_parameters
from persistence.purges import Expired
from persistence.runners import Runner
from persistence.users import users

_INSERT: Final = insert(workspaces)
_MAPPER: Final = Mapper(
    Workspace,
    workspaces,
    only_read={"role": members.c.role},
    fixed=("id", "personal", "head", "created_at"),
)
_SEEN: Final = select(*_MAPPER.columns).join_from(members, workspaces, members.c.workspace_id == workspaces.c.id)
_SELECT: Final = _SEEN.where(members.c.workspace_id == bindparam("workspace"), members.c.user_id == bindparam("user"))
_OF_SOME: Final = members.c.workspace_id.in_(bindparam("only", expanding=True))
_MINE: Final = _SEEN.where(members.c.user_id == bindparam("user"))
_PLACE: Final = (workspaces.c.created_at, workspaces.c.id)
_FIRST_PAGE: Final = ordered(_MINE.order_by(workspaces.c.personal.desc()), _PLACE)
_NEXT_PAGE: Final = ordered(_MINE.where(workspaces.c.personal.is_(False)), _PLACE, resumed=True)
_PAGES: Final = {
    (is_first, is_of_some): page.where(_OF_SOME) if is_of_some else page
    for is_first, page in ((True, _FIRST_PAGE), (False, _NEXT_PAGE))
    for is_of_some in (True, False)
}
"""By whether it is the first page, and whether only some are listed. A user's workspaces are sorted, as they are few
(ADR 48)."""
_FIRED: Final = select(users.c.reminders_fired).where(users.c.id == bindparam("user"))
_HEADS: Final = (
    select(workspaces.c.id, workspaces.c.head, members.c.role, _FIRED.scalar_subquery())
    .join_from(members, workspaces, members.c.workspace_id == workspaces.c.id)
    .where(members.c.user_id == bindparam("user"))
    .order_by(members.c.workspace_id)
)
_HEADS_OF_SOME: Final = _HEADS.where(_OF_SOME)
_DEPARTURES: Final = (
    select(departures.c.workspace_id)
    .where(departures.c.user_id == bindparam("user"))
    .order_by(departures.c.departed_at.desc(), departures.c.workspace_id.desc())
    .limit(bindparam("count"))
)
_OLD_DEPARTURES: Final = Expired(departures, departures.c.departed_at)
_STATE: Final = (workspaces.c.head, *(workspaces.c[name] for name in USAGE))
_LOCK: Final = (
    select(*_STATE)
    .where(workspaces.c.id == bindparam("workspace"), workspaces.c.deleted_at.is_(None))
    .with_for_update()
)
# PostgreSQL reads both rows again after the wait for the first one, because both are locked, and in this order.
_LOCK_AS_MEMBER: Final = (
    select(*_STATE, members.c.role)
    .join_from(workspaces, members, members.c.workspace_id == workspaces.c.id)
    .where(workspaces.c.id == bindparam("workspace"), members.c.user_id == bindparam("user"))
    .with_for_update(of=[workspaces, members])
)
_JOINED: Final = (
    select(members.c.workspace_id).where(members.c.user_id == bindparam("user")).order_by(members.c.workspace_id)
)
_UPDATE: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the departures that are older than DEPARTURES_KEPT. Return how many; repeat until none are."""
    return await _OLD_DEPARTURES.delete_some(runner, before=now - DEPARTURES_KEPT)


async def lock_workspace(runner: Runner, workspace_id: UUID) -> tuple[int, Usage] | None:
    """Lock a workspace, and return its head and its usage. None if there is no such workspace."""
    row = await runner.row(_LOCK, {"workspace": workspace_id})
    return None if row is None else (row[0], _usage(row[1:]))


async def lock_as_member(runner: Runner, workspace_id: UUID, *, user_id: UUID) -> tuple[int, Usage, Role] | None:
    """Lock a workspace and the user's membership, and return its head, its usage, and the role as it is then.

    None if there is no such workspace, or the user is not a member.
    """
    row = await runner.row(_LOCK_AS_MEMBER, {"workspace": workspace_id, "user": user_id})
    return None if row is None else (row[0], _usage(row[1:-1]), row[-1])


def _usage(values: Sequence[int]) -> Usage:
    return Usage(**dict(zip(USAGE, values, strict=True)))


class Workspaces:
    """Implements domain.model.workspaces.WorkspaceRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, workspace: Workspace) -> None:
        await self._change_log.write(_INSERT, _MAPPER.values(workspace), event_of("workspace.created", workspace))

    async def get(self, workspace_id: UUID, *, user_id: UUID) -> Workspace | None:
        return _MAPPER.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "user": user_id}))

    async def page(
        self,
        user_id: UUID,
        *,
        only: Collection[UUID] | None = None,
        after: tuple[dt.datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Workspace]:
        parameters = {"user": user_id, **page_parameters(after, limit)}
        if only is not None:
            parameters["only"] = padded(sorted(only))
        rows = await self._runner.rows(_PAGES[after is None, only is not None], parameters)
        return _MAPPER.all(rows)

    async def heads(self, user_id: UUID, *, only: Collection[UUID] | None) -> AccountHeads:
        some = {} if only is None else {"only": padded(sorted(only))}
        rows = await self._runner.rows(_HEADS_OF_SOME if some else _HEADS, {"user": user_id, **some})
        fired = rows[0][-1] if rows else await self._fired(user_id)
        heads = [WorkspaceChange(workspace_id=row[0], head=row[1], role=row[2]) for row in rows]
        return AccountHeads(workspaces=heads, reminders_fired=fired)

    async def _fired(self, user_id: UUID) -> int:
        row = await self._runner.row(_FIRED, {"user": user_id})
        return 0 if row is None else int(row[0])

    async def departures(self, user_id: UUID, *, limit: int) -> Sequence[UUID]:
        return [row[0] for row in await self._runner.rows(_DEPARTURES, {"user": user_id, "count": limit})]

    async def lock_joined(self, user_id: UUID) -> None:
        """One at a time: a distributed database locks rows only where it knows the machine that they are on."""
        for row in await self._runner.rows(_JOINED, {"user": user_id}):
            await lock_workspace(self._runner, row[0])

    async def update(self, workspace: Workspace) -> None:
        """The head is written by the change log only."""
        values = {"workspace": workspace.id, **_MAPPER.changes(workspace)}
        await self._change_log.write(_UPDATE, values, event_of("workspace.updated", workspace))

    async def delete(self, workspace_ids: Sequence[UUID]) -> None:
        for workspace_id in workspace_ids:
            await withdraw_all(self._runner, workspace_id)
            await self._change_log.erase(workspace_id)
