"""Members and invitations."""

from uuid import UUID

from pydantic import MISSING

from domain import invitations, members
from domain.invitations import CreatedInvitation
from domain.model.invitations import Invitation
from domain.model.members import Member
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.workspaces import workspace_view
from spec import responses
from spec.models import InvitationAccept, InvitationCreate, MemberPatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_members(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the workspace's members."""
    return ok(page_view(await members.page(uow, limit=limit, cursor=cursor), member_view))


async def get_member(uow: UnitOfWork, user_id: UUID) -> Response:
    """200 with the member."""
    return ok(member_view(await members.get(uow, user_id)))


async def update_member(uow: UnitOfWork, user_id: UUID, body: MemberPatch) -> Response:
    """200 with the member as they are now."""
    assert body.role is not MISSING, "the contract asks for at least one property, and there is no other"
    return ok(member_view(await members.change_role(uow, user_id, role=body.role)))


async def remove_member(uow: UnitOfWork, user_id: UUID) -> Response:
    """204; the user is not a member any more."""
    await members.remove(uow, user_id)
    return no_content()


async def leave_workspace(uow: UnitOfWork) -> Response:
    """204; the caller is not a member any more."""
    await members.leave(uow)
    return no_content()


async def list_invitations(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the open invitations."""
    return ok(page_view(await invitations.page(uow, limit=limit, cursor=cursor), invitation_view))


async def create_invitation(uow: UnitOfWork, workspace_id: UUID, body: InvitationCreate) -> Response:
    """201 with the invitation; its token is sent by e-mail or, without a mail server, is in the response."""
    invited = await invitations.create(uow, email=body.email, role=body.role)
    location = f"/v1/workspaces/{workspace_id}/invitations/{invited.invitation.id}"
    return created(created_invitation_view(invited), location=location)


async def get_invitation(uow: UnitOfWork, invitation_id: UUID) -> Response:
    """200 with the invitation."""
    return ok(invitation_view(await invitations.get(uow, invitation_id)))


async def delete_invitation(uow: UnitOfWork, invitation_id: UUID) -> Response:
    """204; its token is invalid."""
    await invitations.delete(uow, invitation_id)
    return no_content()


async def accept_invitation(uow: UnitOfWork, body: InvitationAccept) -> Response:
    """200 with the workspace that the caller is now a member of."""
    return ok(workspace_view(await invitations.accept(uow, body.token.get_secret_value())))


def member_view(member: Member) -> responses.Member:
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


def invitation_view(invitation: Invitation) -> responses.Invitation:
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
    """A `CreatedInvitation`: with the token, if it is not sent by e-mail."""
    return {**invitation_view(created.invitation), "token": created.token, "link": created.link}
