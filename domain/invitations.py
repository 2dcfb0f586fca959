"""Invitations: a token, sent by e-mail, with which one user becomes a member.

An invitation is withdrawn when its creator leaves, or may no longer give its role. Its token is created when the e-mail
is about to be sent (ADR 33), and only its digest is stored. Without a mail server the token is created with the
invitation, and the creator gets it.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain import members, pages, queued_emails, secret_tokens, users, workspaces
from domain.emails import email_key
from domain.model.invitations import (
    AddressOfMember,
    AlreadyMember,
    Invitation,
    InvitationInvalid,
    InvitationNotFound,
    InvitationReader,
)
from domain.model.members import Member
from domain.model.users import User
from domain.model.workspaces import PersonalWorkspace, Workspace
from domain.pages import DEFAULT_LIMIT, Page
from domain.roles import Role
from domain.unit_of_work import UnitOfWork

_POINTER: Final = "#/token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedInvitation:
    """A new invitation. Its token, in the clear, and a link with it are set only if they are not sent by e-mail."""

    invitation: Invitation
    token: str | None = None
    link: str | None = None


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Invitation]:
    """Return the open invitations to the workspace, oldest first. Raises CursorInvalid."""
    return await pages.by_id(
        lambda last, count: uow.invitations.page(uow.workspace_id, now=uow.now, after=last, limit=count),
        id_of=lambda invitation: invitation.id,
        binding=f"invitations {uow.workspace_id}",
        limit=limit,
        cursor=cursor,
    )


async def create(uow: UnitOfWork, *, email: str, role: Role) -> CreatedInvitation:
    """Invite an address, with or without an account; an earlier invitation of it is replaced.

    Raises PersonalWorkspace, RoleTooHigh, AddressOfMember, MemberNotFound, WorkspaceNotFound, AccountGone.
    """
    workspace = await workspaces.get(uow)
    if workspace.personal:
        raise PersonalWorkspace(workspace.id)
    await members.require_reach(uow, role)
    await _require_no_member(uow, email)
    invitation = Invitation(
        id=uow.new_id(),
        workspace_id=workspace.id,
        email=email,
        role=role,
        invited_by=uow.principal.user_id,
        created_at=uow.now,
        expires_at=uow.now + uow.policy.invitation_lifetime,
    )
    replaced = await uow.invitations.put(invitation, email_key=email_key(email))
    if replaced is not None:
        await members.require_reach(uow, replaced)
    if not uow.policy.sends_email:
        return await _hand_over(uow, invitation)
    about = {"workspace_id": workspace.id, "invitation_id": invitation.id}
    await queued_emails.queue(uow, "invitation", email=email, **about)
    return CreatedInvitation(invitation=invitation)


async def get(uow: UnitOfWork, invitation_id: UUID) -> Invitation:
    """Return an open invitation to the workspace. Raises InvitationNotFound."""
    invitation = await uow.invitations.get(uow.workspace_id, invitation_id, now=uow.now)
    if invitation is None:
        raise InvitationNotFound(invitation_id)
    return invitation


async def delete(uow: UnitOfWork, invitation_id: UUID) -> None:
    """Withdraw an invitation. Raises InvitationNotFound, RoleTooHigh, MemberNotFound."""
    await members.require_reach(uow, (await get(uow, invitation_id)).role)
    await uow.invitations.delete(uow.workspace_id, invitation_id)


async def accept(uow: UnitOfWork, token: str) -> Workspace:
    """Make the caller a member, and spend the token. Return the workspace, as they see it now.

    Raises InvitationInvalid, AlreadyMember, TooManyWorkspaces, AccountGone.
    """
    user = await users.get_me(uow)
    invitation = await find(uow.invitations, token, now=uow.now, pointer=_POINTER)
    await _spend(uow, invitation, pointer=_POINTER)
    if await uow.members.get(invitation.workspace_id, user.id) is not None:
        raise AlreadyMember(invitation.workspace_id)
    await workspaces.require_room(uow)
    await _add_member(uow, user, invitation)
    workspace = await uow.workspaces.get(invitation.workspace_id, user_id=user.id)
    assert workspace is not None, "its lock is held, and the caller is a member"
    return replace(workspace, head=await uow.next_revision())  # the workspace's head is stored only at the end


async def find(reader: InvitationReader, token: str, *, now: dt.datetime, pointer: str) -> Invitation:
    """Return the open invitation of *token*, whose place in the body is *pointer*. Raises InvitationInvalid."""
    digest = secret_tokens.digest_of(token, kind="invitation")
    invitation = None if digest is None else await reader.find_invitation(digest, now=now)
    if invitation is None:
        raise InvitationInvalid(pointer=pointer)
    return invitation


async def join(uow: UnitOfWork, user: User, invitation: Invitation, *, pointer: str) -> None:
    """Make *user*, who is new, a member, and spend an *invitation* that was found. Raises InvitationInvalid."""
    await _spend(uow, invitation, pointer=pointer)
    await _add_member(uow, user, invitation)


async def _require_no_member(uow: UnitOfWork, email: str) -> None:
    """Raise AddressOfMember for the caller's own address, and for one that a member has verified.

    An unverified address of another member may be somebody else's, who must be able to get an invitation (ADR 64).
    """
    key = email_key(email)
    own = (await users.get_me(uow)).email
    if own is not None and email_key(own) == key:
        raise AddressOfMember
    if await uow.members.has_address(uow.workspace_id, email_key=key):
        raise AddressOfMember


async def _hand_over(uow: UnitOfWork, invitation: Invitation) -> CreatedInvitation:
    """Create a token that is not sent: whoever creates the invitation passes it on."""
    token = secret_tokens.mint("invitation", random_bytes=uow.random_bytes)
    await uow.invitations.set_digest(invitation.workspace_id, invitation.id, digest=token.digest, mailed_at=None)
    url = uow.policy.accept_invitation_url
    link = None if url is None else f"{url}#token={token.text}"
    return CreatedInvitation(invitation=invitation, token=token.text, link=link)


async def _spend(uow: UnitOfWork, invitation: Invitation, *, pointer: str) -> None:
    """Enter the invitation's workspace and delete the invitation. Of several requests at once, only one succeeds."""
    if not await uow.enter(invitation.workspace_id):
        raise InvitationInvalid(pointer=pointer)
    if not await uow.invitations.delete(invitation.workspace_id, invitation.id):
        raise InvitationInvalid(pointer=pointer)


async def _add_member(uow: UnitOfWork, user: User, invitation: Invitation) -> None:
    member = Member(
        workspace_id=invitation.workspace_id,
        user_id=user.id,
        role=invitation.role,
        name=user.name,
        revision=await uow.next_revision(),
        created_at=uow.now,
        updated_at=uow.now,
    )
    await uow.members.add(member)
