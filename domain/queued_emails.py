"""E-mails: when each is tried, and what it says.

An e-mail is queued in the transaction of what it is about, and sent after the commit. The queue has no secrets: a token
is created when its e-mail is about to be sent, and only its digest is stored. An e-mail that is tried again has a new
token, which replaces the first.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

from domain import secret_tokens
from domain.emails import email_key
from domain.model.one_time_tokens import OneTimeKind, OneTimeToken
from domain.model.queued_emails import EmailKind, QueuedEmail
from domain.model.users import User
from domain.unit_of_work import UnitOfWork

ATTEMPTS: Final = 12
"""How often an e-mail is tried: for about six hours."""
FIRST_PAUSE: Final = dt.timedelta(minutes=1)
"""Longer than it takes to write an e-mail, to send it and to delete it, so that no other worker takes it meanwhile."""
LONGEST_PAUSE: Final = dt.timedelta(hours=1)
APART: Final = dt.timedelta(minutes=1)
"""The pause between two e-mails of a kind to one address, however many are requested."""

Later = Literal["later"]
"""The e-mail is put off: its address was sent another one just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEmail:
    """What one e-mail says, with its token in the clear. `name` is empty if a stranger may have chosen it.

    A notice has no token, as there is nothing to do with it, and expires when it is written.
    """

    kind: EmailKind
    to: str
    expires_at: dt.datetime
    token: str = ""
    name: str = ""


async def queue(  # noqa: PLR0913  # all that an e-mail can be about
    uow: UnitOfWork,
    kind: EmailKind,
    *,
    email: str,
    user_id: UUID | None = None,
    workspace_id: UUID | None = None,
    invitation_id: UUID | None = None,
) -> None:
    """Queue an e-mail to *email*: it is sent after the commit. The ids are what it is about."""
    queued_email = QueuedEmail(
        id=uow.new_id(),
        kind=kind,
        email=email,
        email_key=email_key(email),
        created_at=uow.now,
        due_at=uow.now,
        user_id=user_id,
        workspace_id=workspace_id,
        invitation_id=invitation_id,
    )
    await uow.outbox.add(queued_email)


async def are_due(uow: UnitOfWork) -> bool:
    """Return whether an e-mail is due."""
    return await uow.outbox.are_due(now=uow.now)


async def claim(uow: UnitOfWork, *, limit: int) -> Sequence[QueuedEmail]:
    """Return at most *limit* e-mails that are due, for the caller to send.

    No other caller gets them before their next attempt is due. So a worker that fails, or is killed, has nothing to
    give back.
    """
    found = await uow.outbox.lock_due(now=uow.now, limit=limit)
    claimed = [
        replace(queued_email, attempts=queued_email.attempts + 1, due_at=uow.now + _pause(queued_email.attempts + 1))
        for queued_email in found
    ]
    await uow.outbox.put_off(claimed)
    return claimed


async def write(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail | Later | None:
    """Return what a claimed *queued_email* says, with a new token; None if it is to be deleted unsent."""
    return await _WRITERS[queued_email.kind](uow, queued_email)


async def forget(uow: UnitOfWork, queued_email: QueuedEmail) -> None:
    """Delete an e-mail that was sent, or is given up."""
    await uow.outbox.remove(queued_email.id)


def is_given_up(queued_email: QueuedEmail) -> bool:
    """Return whether a claimed e-mail, which could not be sent, is not tried again."""
    return queued_email.attempts >= ATTEMPTS


def _pause(attempts: int) -> dt.timedelta:
    """Return the pause after so many attempts: a minute, doubled each time, up to an hour."""
    doublings = min(attempts, ATTEMPTS) - 1  # without a bound, they would overflow
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


async def _verification(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail | None:
    user = None if queued_email.user_id is None else await uow.users.lock(queued_email.user_id)
    if user is None or user.email != queued_email.email or user.email_verified_at is not None:
        return None
    return await _with_token(uow, queued_email, user, kind="verification", lifetime=uow.policy.verification_lifetime)


async def _reset(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail | None:
    """The address is looked up only now, when the request has had its response.

    An account without a password cannot get one in this way: it would outlive the provider's decision.
    """
    credentials = await uow.credentials.find_by_email(queued_email.email_key)
    if credentials is None or credentials.password_hash is None:
        return None
    user = await uow.users.lock(credentials.user_id)
    if user is None or user.email is None or email_key(user.email) != queued_email.email_key:  # it changed meanwhile
        return None
    return await _with_token(uow, queued_email, user, kind="reset", lifetime=uow.policy.reset_lifetime)


async def _email_change(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail | Later | None:
    """The e-mail is to the new address of a user, which may be anybody's."""
    user = None if queued_email.user_id is None else await uow.users.lock(queued_email.user_id)
    if user is None or user.new_email != queued_email.email:
        return None
    if await _put_off_if_early(uow, queued_email):
        return "later"
    token = secret_tokens.mint("email_change", random_bytes=uow.random_bytes)
    expires_at = uow.now + uow.policy.verification_lifetime
    stored = OneTimeToken(
        digest=token.digest,
        kind="email_change",
        user_id=user.id,
        email_key=queued_email.email_key,
        expires_at=expires_at,
    )
    await uow.one_time_tokens.replace(stored, if_expiring_until=expires_at)
    return RenderedEmail(kind="email_change", to=queued_email.email, token=token.text, expires_at=expires_at)


async def _email_changing(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail | None:
    """Return None if another notice was sent just now. A retry is sent: it may have met only its own last attempt."""
    is_first = await uow.outbox.note_sending(queued_email, at=uow.now, unless_after=uow.now - APART)
    if queued_email.attempts == 1 and not is_first:
        return None
    return RenderedEmail(kind=queued_email.kind, to=queued_email.email, expires_at=uow.now)


async def _email_changed(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail:
    return RenderedEmail(kind=queued_email.kind, to=queued_email.email, expires_at=uow.now)


async def _with_token(
    uow: UnitOfWork, queued_email: QueuedEmail, user: User, *, kind: OneTimeKind, lifetime: dt.timedelta
) -> RenderedEmail | None:
    """Return an e-mail to a locked user, unless they were sent another one just now."""
    token = secret_tokens.mint(kind, random_bytes=uow.random_bytes)
    expires_at = uow.now + lifetime
    stored = OneTimeToken(
        digest=token.digest, kind=kind, user_id=user.id, email_key=queued_email.email_key, expires_at=expires_at
    )
    # A retry may replace the token of its own last attempt, however recent.
    apart = APART if queued_email.attempts == 1 else dt.timedelta()
    if not await uow.one_time_tokens.replace(stored, if_expiring_until=expires_at - apart):
        return None
    name = user.name if user.email_verified_at else ""
    return RenderedEmail(
        kind=kind, to=user.email or queued_email.email, token=token.text, expires_at=expires_at, name=name
    )


async def _put_off_if_early(uow: UnitOfWork, queued_email: QueuedEmail) -> bool:
    """Return whether the address was just sent an e-mail of this kind. If so, *queued_email* waits."""
    if await uow.outbox.note_sending(queued_email, at=uow.now, unless_after=uow.now - APART):
        return False
    await uow.outbox.put_off([replace(queued_email, attempts=queued_email.attempts - 1, due_at=uow.now + APART)])
    return True


async def _invitation(uow: UnitOfWork, queued_email: QueuedEmail) -> RenderedEmail | Later | None:
    """The address may have no account, so the e-mail has no text that a user chose."""
    if (
        queued_email.workspace_id is None
        or queued_email.invitation_id is None
        or not await uow.enter(queued_email.workspace_id)
    ):
        return None
    invitation = await uow.invitations.get(queued_email.workspace_id, queued_email.invitation_id, now=uow.now)
    if invitation is None:
        return None
    if await _put_off_if_early(uow, queued_email):
        return "later"
    token = secret_tokens.mint("invitation", random_bytes=uow.random_bytes)
    await uow.invitations.set_digest(invitation.workspace_id, invitation.id, digest=token.digest, mailed_at=uow.now)
    return RenderedEmail(kind="invitation", to=invitation.email, token=token.text, expires_at=invitation.expires_at)


_WRITERS: Final[Mapping[EmailKind, Callable[[UnitOfWork, QueuedEmail], Awaitable[RenderedEmail | Later | None]]]] = {
    "verification": _verification,
    "reset": _reset,
    "invitation": _invitation,
    "email_change": _email_change,
    "email_changing": _email_changing,
    "email_changed": _email_changed,
}
"""The texts of the e-mails of each kind."""
