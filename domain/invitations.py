"""Invitations: a token, sent by e-mail, that makes whoever has it a member, once.

An invitation is as good as who made it: it goes when they leave, or may no longer give its role. Its token is made
when the e-mail is about to be sent (ADR 33), and only its digest is stored. Where no mail is sent, the token is made
with the invitation, and its creator gets it.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain import members, opaque, pages, workspaces
from domain.emails import email_key
from domain.entities import Invitation, Mail, Member, User, Workspace
from domain.errors import (
    AccountGone,
    AddressOfMember,
    AlreadyMember,
    InvitationInvalid,
    InvitationNotFound,
    PersonalWorkspace,
)
from domain.pages import DEFAULT_LIMIT, Page
from domain.ports import InvitationReader, Work
from domain.roles import Role

_POINTER: Final = "#/token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedInvitation:
    """A new invitation. Its token, in the clear, and a link with it, only where they are not sent by mail."""

    invitation: Invitation
    token: str | None = None
    link: str | None = None


async def page(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Invitation]:
    """Those to the call's workspace that wait to be accepted, oldest first. Raises CursorInvalid."""
    return await pages.by_id(
        lambda last, count: work.invitations.page(work.workspace_id, now=work.now, after=last, limit=count),
        id_of=lambda invitation: invitation.id,
        binding=f"invitations {work.workspace_id}",
        limit=limit,
        cursor=cursor,
    )


async def create(work: Work, *, email: str, role: Role) -> CreatedInvitation:
    """Invite an address, whether it has an account or not; an earlier invitation of it is replaced.

    Raises PersonalWorkspace, RoleTooHigh, AddressOfMember, MemberNotFound, WorkspaceNotFound, AccountGone.
    """
    workspace = await workspaces.get(work)
    if workspace.personal:
        raise PersonalWorkspace(workspace.id)
    await members.require_reach(work, role)
    await _require_no_member(work, email)
    invitation = Invitation(
        id=work.new_id(),
        workspace_id=workspace.id,
        email=email,
        role=role,
        invited_by=work.principal.user_id,
        created_at=work.now,
        expires_at=work.now + work.policy.invitation_lifetime,
    )
    replaced = await work.invitations.put(invitation, email_key=email_key(email))
    if replaced is not None:
        await members.require_reach(work, replaced)
    if not work.policy.sends_mail:
        return await _hand_over(work, invitation)
    await work.outbox.add(_mail_of(work, invitation))
    return CreatedInvitation(invitation=invitation)


async def get(work: Work, invitation_id: UUID) -> Invitation:
    """One to the call's workspace that waits to be accepted. Raises InvitationNotFound."""
    invitation = await work.invitations.get(work.workspace_id, invitation_id, now=work.now)
    if invitation is None:
        raise InvitationNotFound(invitation_id)
    return invitation


async def delete(work: Work, invitation_id: UUID) -> None:
    """Withdraw one. Raises InvitationNotFound, RoleTooHigh, MemberNotFound."""
    await members.require_reach(work, (await get(work, invitation_id)).role)
    await work.invitations.delete(work.workspace_id, invitation_id)


async def accept(work: Work, token: str) -> Workspace:
    """Make the caller a member, and spend the token. The workspace, as they see it now.

    Raises InvitationInvalid, AlreadyMember, TooManyWorkspaces, AccountGone.
    """
    user = await _caller(work)
    invitation = await find(work.invitations, token, now=work.now, pointer=_POINTER)
    await _spend(work, invitation, pointer=_POINTER)
    if await work.members.get(invitation.workspace_id, user.id) is not None:
        raise AlreadyMember(invitation.workspace_id)
    await workspaces.require_room(work)
    await _add_member(work, user, invitation)
    workspace = await work.workspaces.get(invitation.workspace_id, user_id=user.id)
    assert workspace is not None, "its lock is held, and the caller is a member"
    return replace(workspace, head=await work.next_revision())  # which is stored only at the end


async def find(reader: InvitationReader, token: str, *, now: dt.datetime, pointer: str) -> Invitation:
    """The invitation of the *token* that stands at *pointer*, not spent yet. Raises InvitationInvalid."""
    digest = opaque.digest_of(token, kind="invitation")
    invitation = None if digest is None else await reader.find_invitation(digest, now=now)
    if invitation is None:
        raise InvitationInvalid(pointer=pointer)
    return invitation


async def join(work: Work, user: User, invitation: Invitation, *, pointer: str) -> None:
    """Make *user*, who is new, a member, and spend an *invitation* that was found. Raises InvitationInvalid."""
    await _spend(work, invitation, pointer=pointer)
    await _add_member(work, user, invitation)


async def _caller(work: Work) -> User:
    user = await work.users.get(work.principal.user_id)
    if user is None:
        raise AccountGone(work.principal.user_id)
    return user


async def _require_no_member(work: Work, email: str) -> None:
    """Raise AddressOfMember for the caller's own address, and for one that a member has verified.

    Another member's that is not verified may be somebody else's, who must not be kept out (ADR 64).
    """
    key = email_key(email)
    own = (await _caller(work)).email
    if own is not None and email_key(own) == key:
        raise AddressOfMember
    if await work.members.has_address(work.workspace_id, email_key=key):
        raise AddressOfMember


async def _hand_over(work: Work, invitation: Invitation) -> CreatedInvitation:
    """Nobody sends it: whoever creates it passes it on."""
    token = opaque.mint("invitation", random_bytes=work.random_bytes)
    await work.invitations.set_digest(invitation.workspace_id, invitation.id, digest=token.digest, mailed_at=None)
    url = work.policy.accept_invitation_url
    link = None if url is None else f"{url}#token={token.text}"
    return CreatedInvitation(invitation=invitation, token=token.text, link=link)


def _mail_of(work: Work, invitation: Invitation) -> Mail:
    return Mail(
        id=work.new_id(),
        kind="invitation",
        email=invitation.email,
        email_key=email_key(invitation.email),
        created_at=work.now,
        due_at=work.now,
        workspace_id=invitation.workspace_id,
        invitation_id=invitation.id,
    )


async def _spend(work: Work, invitation: Invitation, *, pointer: str) -> None:
    """Its workspace is now the call's. All but one of those who try at once are refused."""
    if not await work.enter(invitation.workspace_id):
        raise InvitationInvalid(pointer=pointer)
    if not await work.invitations.delete(invitation.workspace_id, invitation.id):
        raise InvitationInvalid(pointer=pointer)


async def _add_member(work: Work, user: User, invitation: Invitation) -> None:
    member = Member(
        workspace_id=invitation.workspace_id,
        user_id=user.id,
        role=invitation.role,
        name=user.name,
        revision=await work.next_revision(),
        created_at=work.now,
        updated_at=work.now,
    )
    await work.members.add(member)
