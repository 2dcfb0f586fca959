"""Members and invitations."""

from uuid import UUID

from pydantic import MISSING

from contract.answers import Answer, created, no_content, ok
from domain import invitations, members
from domain.ports import Work
from handlers.views import created_invitation_view, invitation_view, member_view, page_view, workspace_view
from spec.models import InvitationAccept, InvitationCreate, MemberPatch


async def list_members(work: Work, workspace_id: UUID, limit: int, cursor: str | None = None) -> Answer:  # noqa: ARG001  # the work is in it already
    """200 with the workspace's members."""
    return ok(page_view(await members.page(work, limit=limit, cursor=cursor), member_view))


async def get_member(work: Work, workspace_id: UUID, user_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """200 with the member."""
    return ok(member_view(await members.get(work, user_id)))


async def update_member(work: Work, workspace_id: UUID, user_id: UUID, body: MemberPatch) -> Answer:  # noqa: ARG001  # as above
    """200 with the member as they are now."""
    assert body.role is not MISSING, "the contract asks for at least one property, and there is no other"
    return ok(member_view(await members.change_role(work, user_id, role=body.role)))


async def remove_member(work: Work, workspace_id: UUID, user_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """204; they are out of the workspace."""
    await members.remove(work, user_id)
    return no_content()


async def leave_workspace(work: Work, workspace_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """204; the caller is out of the workspace."""
    await members.leave(work)
    return no_content()


async def list_invitations(work: Work, workspace_id: UUID, limit: int, cursor: str | None = None) -> Answer:  # noqa: ARG001  # as above
    """200 with the invitations that wait to be accepted."""
    return ok(page_view(await invitations.page(work, limit=limit, cursor=cursor), invitation_view))


async def create_invitation(work: Work, workspace_id: UUID, body: InvitationCreate) -> Answer:
    """201 with the invitation; its token is sent by e-mail, or is in the response where no e-mail is sent."""
    made = await invitations.create(work, email=body.email, role=body.role)
    location = f"/v1/workspaces/{workspace_id}/invitations/{made.invitation.id}"
    return created(created_invitation_view(made), location=location)


async def get_invitation(work: Work, workspace_id: UUID, invitation_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """200 with the invitation."""
    return ok(invitation_view(await invitations.get(work, invitation_id)))


async def delete_invitation(work: Work, workspace_id: UUID, invitation_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """204; its token opens nothing any more."""
    await invitations.delete(work, invitation_id)
    return no_content()


async def accept_invitation(work: Work, body: InvitationAccept) -> Answer:
    """200 with the workspace that the caller is now a member of."""
    return ok(workspace_view(await invitations.accept(work, body.token.get_secret_value())))
