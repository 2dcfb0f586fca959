"""Workspaces, as rows, and the number that orders every change in them."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, tuple_, update

from domain.events import event_of
from domain.model.workspaces import Workspace
from domain.quotas import Usage
from persistence.change_log import ChangeLog
from persistence.database import Row, Runner
from persistence.idempotency import forget_space
from persistence.memberships import USAGE, members, workspaces

_INSERT: Final = insert(workspaces)
_SEEN: Final = select(
    workspaces.c.id,
    workspaces.c.name,
    workspaces.c.personal,
    members.c.role,
    workspaces.c.head,
    workspaces.c.revision,
    workspaces.c.created_at,
    workspaces.c.updated_at,
).join_from(members, workspaces, members.c.workspace_id == workspaces.c.id)
_SELECT: Final = _SEEN.where(members.c.workspace_id == bindparam("workspace"), members.c.user_id == bindparam("user"))
_OF_SOME: Final = members.c.workspace_id.in_(bindparam("only", expanding=True))
_FIRST_PAGE: Final = (
    _SEEN.where(members.c.user_id == bindparam("user"))
    .order_by(workspaces.c.personal.desc(), workspaces.c.created_at, workspaces.c.id)
    .limit(bindparam("limit"))
)
_NEXT_PAGE: Final = _FIRST_PAGE.where(
    workspaces.c.personal.is_(False),
    tuple_(workspaces.c.created_at, workspaces.c.id)
    > tuple_(
        bindparam("after_instant", type_=workspaces.c.created_at.type),
        bindparam("after_id", type_=workspaces.c.id.type),
    ),
)
_PAGES: Final = {
    (is_first, is_of_some): page.where(_OF_SOME) if is_of_some else page
    for is_first, page in ((True, _FIRST_PAGE), (False, _NEXT_PAGE))
    for is_of_some in (True, False)
}
"""What one user has is sorted: it is not much (ADR 48)."""
_LOCK: Final = (
    select(workspaces.c.head, *(workspaces.c[name] for name in USAGE))
    .where(workspaces.c.id == bindparam("workspace"))
    .with_for_update()
)
_LOCK_JOINED: Final = (
    select(workspaces.c.id)
    .where(workspaces.c.id.in_(select(members.c.workspace_id).where(members.c.user_id == bindparam("user"))))
    .order_by(workspaces.c.id)
    .with_for_update(of=workspaces)
)
_UPDATE: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))


async def lock_workspace(runner: Runner, workspace_id: UUID) -> tuple[int, Usage] | None:
    """The workspace's head, and what it takes; its row is ours. None when there is no such workspace."""
    row = await runner.row(_LOCK, {"workspace": workspace_id})
    if row is None:
        return None
    head, *taken = row
    return head, Usage(**dict(zip(USAGE, taken, strict=True)))


class Workspaces:
    """Implements domain.model.workspaces.WorkspaceRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, workspace: Workspace) -> None:
        """One write. Raises IdTaken."""
        values = {
            "id": workspace.id,
            "personal": workspace.personal,
            "head": workspace.head,
            "created_at": workspace.created_at,
            **_changing_values(workspace),
        }
        await self._change_log.write(_INSERT, values, event_of("workspace.created", workspace))

    async def get(self, workspace_id: UUID, *, user_id: UUID) -> Workspace | None:
        """One read."""
        row = await self._runner.row(_SELECT, {"workspace": workspace_id, "user": user_id})
        return None if row is None else _workspace(row)

    async def page(
        self,
        user_id: UUID,
        *,
        only: Collection[UUID] | None = None,
        after: tuple[dt.datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Workspace]:
        """One read."""
        parameters: dict[str, object] = {"user": user_id, "limit": limit}
        if after is not None:
            parameters |= {"after_instant": after[0], "after_id": after[1]}
        if only is not None:
            parameters["only"] = sorted(only)
        rows = await self._runner.rows(_PAGES[after is None, only is not None], parameters)
        return [_workspace(row) for row in rows]

    async def lock_joined(self, user_id: UUID) -> None:
        """One read, which locks, in order of id."""
        await self._runner.rows(_LOCK_JOINED, {"user": user_id})

    async def update(self, workspace: Workspace) -> None:
        """One write. The head is not touched: it is the unit of work's."""
        values = {"workspace": workspace.id, **_changing_values(workspace)}
        await self._change_log.write(_UPDATE, values, event_of("workspace.updated", workspace))

    async def delete(self, workspace_ids: Sequence[UUID]) -> None:
        """Three writes for each; everything in them goes by cascade."""
        for workspace_id in workspace_ids:
            await self._change_log.erase(workspace_id)
            await forget_space(self._runner, workspace_id)


def _changing_values(workspace: Workspace) -> dict[str, object]:
    return {
        "name": workspace.name,
        "revision": workspace.revision,
        "updated_at": workspace.updated_at,
    }


def _workspace(row: Row) -> Workspace:
    workspace_id, name, personal, role, head, revision, created_at, updated_at = row
    return Workspace(
        id=workspace_id,
        name=name,
        personal=personal,
        role=role,
        head=head,
        revision=revision,
        created_at=created_at,
        updated_at=updated_at,
    )
