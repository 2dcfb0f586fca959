"""Workspaces: the unit of sharing, of numbering, and of spreading data."""

import datetime as dt
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import pages, projects
from domain.entities import Member, User, Workspace
from domain.errors import AccountGone, PersonalWorkspace, TooManyWorkspaces, WorkspaceNotFound
from domain.pages import DEFAULT_LIMIT, Page
from domain.ports import Work
from domain.unset import UNSET, Unset, given

PERSONAL_NAME: Final = "Personal"
MOST: Final = 500
"""The workspaces that a person may be in: a new name is carried into each, in one transaction (ADR 48)."""

_FIRST_REVISION: Final = 1
_AFTER_PERSONAL: Final = (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), UUID(int=0))
"""Before all workspaces that are not personal."""


async def page(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Workspace]:
    """The workspaces that the caller is a member of, and in which their token works: the personal one, then the oldest.

    Raises CursorInvalid.
    """
    user_id = work.principal.user_id
    binding = f"workspaces {user_id}"
    after = None
    if cursor is not None:
        instant, workspace_id = pages.decode(cursor, binding, count=2)
        after = (pages.instant_from_key(instant), pages.id_from_key(workspace_id))
    rows = await work.workspaces.page(user_id, only=work.principal.workspace_ids, after=after, limit=limit + 1)

    def cursor_of(workspace: Workspace) -> str:
        created_at, workspace_id = _AFTER_PERSONAL if workspace.personal else (workspace.created_at, workspace.id)
        return pages.encode(binding, pages.instant_to_key(created_at), pages.id_to_key(workspace_id))

    return pages.page_of(rows, limit=limit, cursor_of=cursor_of)


async def create(work: Work, *, name: str, workspace_id: UUID | None = None) -> Workspace:
    """A workspace to share, with the caller as its owner, and an inbox.

    Raises AccountGone, TooManyWorkspaces, IdTaken.
    """
    user = await work.users.get(work.principal.user_id)
    if user is None:
        raise AccountGone(work.principal.user_id)
    await require_room(work)
    return await found(work, owner=user, name=name, personal=False, workspace_id=workspace_id)


async def require_room(work: Work) -> None:
    """The caller, who is locked, can be in one workspace more (ADR 48). Raises TooManyWorkspaces."""
    if await work.members.count_joined(work.principal.user_id) >= MOST:
        raise TooManyWorkspaces(MOST)


async def found(work: Work, *, owner: User, name: str, personal: bool, workspace_id: UUID | None = None) -> Workspace:
    """Make a workspace, its first member and its inbox, all as change 1; *owner* is locked, or new. Raises IdTaken."""
    workspace = Workspace(
        id=workspace_id or work.new_id(),
        name=name,
        personal=personal,
        role="owner",
        head=_FIRST_REVISION,
        revision=_FIRST_REVISION,
        created_at=work.now,
        updated_at=work.now,
    )
    member = Member(
        workspace_id=workspace.id,
        user_id=owner.id,
        role="owner",
        name=owner.name,
        revision=_FIRST_REVISION,
        created_at=work.now,
        updated_at=work.now,
    )
    await work.workspaces.add(workspace)
    await work.members.add(member)
    await work.projects.add(projects.inbox_of(workspace, project_id=work.new_id()))
    return workspace


async def get(work: Work) -> Workspace:
    """The workspace that the call names. Raises WorkspaceNotFound."""
    workspace = await work.workspaces.get(work.workspace_id, user_id=work.principal.user_id)
    if workspace is None:
        raise WorkspaceNotFound(work.workspace_id)
    return workspace


async def update(work: Work, *, name: str | Unset = UNSET) -> Workspace:
    """Rename the workspace that the call names; the personal one too. Raises WorkspaceNotFound."""
    workspace = await get(work)
    changed: Workspace = replace(workspace, **given(name=name))
    if changed == workspace:
        return workspace
    revision = await work.next_revision()
    changed = replace(changed, head=revision, revision=revision, updated_at=work.now)
    await work.workspaces.update(changed)
    return changed


async def delete(work: Work) -> None:
    """Delete the workspace that the call names, with everything in it.

    Raises PersonalWorkspace, WorkspaceNotFound.
    """
    workspace = await get(work)
    if workspace.personal:
        raise PersonalWorkspace(workspace.id)
    await work.workspaces.delete([workspace.id])
