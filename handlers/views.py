"""Domain values as the contract's answers: one function per schema."""

from collections.abc import Callable
from typing import TypedDict, TypeVar

from domain import entities
from domain.dues import Due
from domain.invitations import CreatedInvitation
from domain.pages import Page
from domain.principals import SCOPES
from domain.sessions import SessionTokens
from domain.tokens import CurrentToken, IssuedToken
from spec import responses

Item = TypeVar("Item")
View = TypeVar("View")


class PageView(TypedDict):
    """What every list answers; its items are the contract's."""

    items: list[object]
    next_cursor: str | None


def page_view(page: Page[Item], view: Callable[[Item], View]) -> PageView:
    """A page of *view*s."""
    return {"items": [view(item) for item in page.items], "next_cursor": page.next_cursor}


def user_view(user: entities.User) -> responses.User:
    """A `User`."""
    return {
        "id": user.id,
        "email": user.email,
        "email_verified_at": user.email_verified_at,
        "name": user.name,
        "time_zone": user.time_zone,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "revision": user.revision,
    }


def account_event_view(event: entities.AccountEvent) -> responses.AccountEvent:
    """An `AccountEvent`."""
    return {
        "id": event.id,
        "type": event.type,
        "recorded_at": event.recorded_at,
        "address": event.address,
        "device": event.device,
        "session_id": event.session_id,
        "token_id": event.token_id,
    }


def session_view(session: entities.Session, *, current: bool) -> responses.Session:
    """A `Session`; *current* is whether the request came through it."""
    return {
        "id": session.id,
        "device": session.device,
        "created_at": session.created_at,
        "last_refreshed_at": session.last_refreshed_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "current": current,
    }


def tokens_view(issued: SessionTokens) -> responses.SessionTokens:
    """The `SessionTokens` of a session, with `expires_in` in seconds (RFC 6749, section 5.1)."""
    return {
        "session_id": issued.session.id,
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "Bearer",
        "expires_in": issued.access_lifetime_s,
    }


def token_view(token: entities.PersonalToken) -> responses.PersonalToken:
    """A `PersonalToken`; `workspace_ids` is left out where it works in all."""
    view: responses.PersonalToken = {
        "id": token.id,
        "name": token.name,
        "scopes": [scope for scope in SCOPES if scope in token.scopes],
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
    if token.workspace_ids is not None:
        view["workspace_ids"] = sorted(token.workspace_ids)
    return view


def new_token_view(issued: IssuedToken) -> responses.CreatedPersonalToken:
    """A `CreatedPersonalToken`: with the token itself."""
    return {**token_view(issued.token), "token": issued.text}


def current_token_view(current: CurrentToken) -> responses.CurrentToken:
    """A `CurrentToken`; `workspace_ids` is left out where it works in all."""
    principal = current.principal
    view: responses.CurrentToken = {
        "type": current.kind,
        "user_id": principal.user_id,
        "user_name": current.user.name,
        "session_id": principal.session_id,
        "token_id": principal.token_id,
        "scopes": [scope for scope in SCOPES if scope in principal.scopes],
        "expires_at": principal.expires_at,
    }
    if principal.workspace_ids is not None:
        view["workspace_ids"] = sorted(principal.workspace_ids)
    return view


def workspace_view(workspace: entities.Workspace) -> responses.Workspace:
    """A `Workspace`, as the member sees it whose role it has."""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "personal": workspace.personal,
        "role": workspace.role,
        "head": workspace.head,
        "revision": workspace.revision,
        "created_at": workspace.created_at,
        "updated_at": workspace.updated_at,
    }


def workspace_facts_view(workspace: entities.Workspace) -> responses.WorkspaceFacts:
    """A `WorkspaceFacts`: nothing of it depends on who looks."""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "personal": workspace.personal,
        "revision": workspace.revision,
        "created_at": workspace.created_at,
        "updated_at": workspace.updated_at,
    }


def member_view(member: entities.Member) -> responses.Member:
    """A `Member`."""
    return {
        "workspace_id": member.workspace_id,
        "user_id": member.user_id,
        "role": member.role,
        "name": member.name,
        "created_at": member.created_at,
        "updated_at": member.updated_at,
        "revision": member.revision,
    }


def invitation_view(invitation: entities.Invitation) -> responses.Invitation:
    """An `Invitation`."""
    return {
        "id": invitation.id,
        "workspace_id": invitation.workspace_id,
        "email": invitation.email,
        "role": invitation.role,
        "invited_by": invitation.invited_by,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }


def created_invitation_view(created: CreatedInvitation) -> responses.CreatedInvitation:
    """A `CreatedInvitation`: with the token, where it is not sent."""
    return {**invitation_view(created.invitation), "token": created.token, "link": created.link}


def project_view(project: entities.Project) -> responses.Project:
    """A `Project`."""
    return {
        "id": project.id,
        "workspace_id": project.workspace_id,
        "name": project.name,
        "description": project.description,
        "is_inbox": project.is_inbox,
        "archived_at": project.archived_at,
        "position": project.position,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
        "revision": project.revision,
    }


def task_view(task: entities.Task) -> responses.Task:
    """A `Task`; `due` is left out where there is none."""
    view: responses.Task = {
        "id": task.id,
        "workspace_id": task.workspace_id,
        "project_id": task.project_id,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "priority": task.priority,
        "position": task.position,
        "completed_at": task.completed_at,
        "created_by": task.created_by,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "revision": task.revision,
    }
    if task.due is not None:
        view["due"] = due_view(task.due)
    return view


def due_view(due: Due) -> responses.Due:
    """A `Due`; the time is `HH:MM`, with `:SS` only where there are seconds."""
    time = None if due.time is None else due.time.isoformat("seconds" if due.time.second else "minutes")
    return {"date": due.date, "time": time, "time_zone": due.time_zone}
