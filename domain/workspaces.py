"""Workspaces: the unit of sharing, of numbering, and of spreading data."""

import datetime as dt
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import blank, pages, positions
from domain.model.members import Member
from domain.model.projects import Project
from domain.model.users import AccountGone, User
from domain.model.workspaces import PersonalWorkspace, TooManyWorkspaces, Workspace, WorkspaceNotFound
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

PERSONAL_NAME: Final = "Personal"
INBOX_NAME: Final = "Inbox"
MOST: Final = 500
"""The greatest number of workspaces of a user: a new name is stored in each, in one transaction (ADR 48)."""

_FIRST_REVISION: Final = 1
_AFTER_PERSONAL: Final = (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), UUID(int=0))
"""A place before all workspaces that are not personal."""


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Workspace]:
    """Return the caller's workspaces, in which their token works: the personal one first, then the oldest.

    Raises CursorInvalid.
    """
    user_id = uow.principal.user_id
    binding = f"workspaces {user_id}"
    after = None
    if cursor is not None:
        instant, workspace_id = pages.decode(cursor, binding, count=2)
        after = (pages.instant_from_key(instant), pages.id_from_key(workspace_id))
    rows = await uow.workspaces.page(user_id, only=uow.principal.workspace_ids, after=after, limit=limit + 1)

    def cursor_of(workspace: Workspace) -> str:
        created_at, workspace_id = _AFTER_PERSONAL if workspace.personal else (workspace.created_at, workspace.id)
        return pages.encode(binding, pages.instant_to_key(created_at), pages.id_to_key(workspace_id))

    return pages.page_of(rows, limit=limit, cursor_of=cursor_of)


async def create(uow: UnitOfWork, *, name: str, workspace_id: UUID | None = None) -> Workspace:
    """Create a workspace to share, with the caller as its owner, and an inbox.

    Raises TextBlank, AccountGone, TooManyWorkspaces, IdTaken.
    """
    blank.require_seen(name, name="name")
    user = await uow.users.get(uow.principal.user_id)
    if user is None:
        raise AccountGone(uow.principal.user_id)
    await require_room(uow)
    return await create_with_inbox(uow, owner=user, name=name, personal=False, workspace_id=workspace_id)


async def require_room(uow: UnitOfWork) -> None:
    """Check that the caller, who is locked, can join one more workspace (ADR 48). Raises TooManyWorkspaces."""
    if await uow.members.count_joined(uow.principal.user_id) >= MOST:
        raise TooManyWorkspaces(MOST)


async def create_with_inbox(
    uow: UnitOfWork, *, owner: User, name: str, personal: bool, workspace_id: UUID | None = None
) -> Workspace:
    """Create a workspace with its first member and its inbox, all as change 1. Raises IdTaken.

    *owner* is locked, or new.
    """
    workspace = Workspace(
        id=workspace_id or uow.new_id(),
        name=name,
        personal=personal,
        role="owner",
        head=_FIRST_REVISION,
        revision=_FIRST_REVISION,
        created_at=uow.now,
        updated_at=uow.now,
    )
    member = Member(
        workspace_id=workspace.id,
        user_id=owner.id,
        role="owner",
        name=owner.name,
        revision=_FIRST_REVISION,
        created_at=uow.now,
        updated_at=uow.now,
    )
    await uow.workspaces.add(workspace)
    await uow.members.add(member)
    await uow.projects.add(_inbox_of(workspace, project_id=uow.new_id()))
    return workspace


def _inbox_of(workspace: Workspace, *, project_id: UUID) -> Project:
    """Create the inbox of a new workspace, as part of its first change."""
    return Project(
        id=project_id,
        workspace_id=workspace.id,
        name=INBOX_NAME,
        description="",
        is_inbox=True,
        archived_at=None,
        position=positions.after(None),
        created_at=workspace.created_at,
        updated_at=workspace.updated_at,
        revision=workspace.revision,
    )


async def get(uow: UnitOfWork) -> Workspace:
    """Return the workspace of the request. Raises WorkspaceNotFound."""
    workspace = await uow.workspaces.get(uow.workspace_id, user_id=uow.principal.user_id)
    if workspace is None:
        raise WorkspaceNotFound(uow.workspace_id)
    return workspace


async def update(uow: UnitOfWork, *, name: str | Unset = UNSET) -> Workspace:
    """Rename the workspace of the request, also a personal one. Raises TextBlank, WorkspaceNotFound."""
    blank.require_seen(name, name="name")
    workspace = await get(uow)
    changed: Workspace = replace(workspace, **given(name=name))
    if changed == workspace:
        return workspace
    revision = await uow.next_revision()
    changed = replace(changed, head=revision, revision=revision, updated_at=uow.now)
    await uow.workspaces.update(changed)
    return changed


async def delete(uow: UnitOfWork) -> None:
    """Delete the workspace of the request, with everything in it.

    Raises PersonalWorkspace, WorkspaceNotFound.
    """
    workspace = await get(uow)
    if workspace.personal:
        raise PersonalWorkspace(workspace.id)
    await uow.workspaces.delete([workspace.id])
