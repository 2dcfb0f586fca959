"""Mails: when each is tried, and what it says. They are written down with what they tell of, and sent after it.

What waits holds no secret. A token is made when its mail is about to be sent, so that only its digest is ever stored;
a mail that is tried again brings another one, which takes the place of the first.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from domain import opaque
from domain.emails import email_key
from domain.entities import Mail, MailKind, OneTimeKind, OneTimeToken, User
from domain.ports import Work

ATTEMPTS: Final = 12
"""How often a mail is tried: for some six hours."""
FIRST_PAUSE: Final = dt.timedelta(minutes=1)
"""Longer than it takes to write a mail, to send it, and to forget it, so that nobody else begins with it meanwhile."""
LONGEST_PAUSE: Final = dt.timedelta(hours=1)
APART: Final = dt.timedelta(minutes=1)
"""How long after one mail of a kind an address is sent the next, however often, or by however many, it is asked for."""

Later = Literal["later"]
"""The mail is put off: its address was sent another one just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one mail says, with its token in the clear. `name` is empty where it may be anybody's word to a stranger.

    A notice has no token, as nothing is to be done with it, and expires when it is written.
    """

    kind: MailKind
    to: str
    expires_at: dt.datetime
    token: str = ""
    name: str = ""


async def are_due(work: Work) -> bool:
    """Whether there is anything to send."""
    return await work.outbox.are_due(now=work.now)


async def claim(work: Work, *, limit: int) -> Sequence[Mail]:
    """At most *limit* mails that are due, for the caller to send: nobody else gets one before its next try is due.

    So a sender that fails, or dies, has nothing to give back.
    """
    found = await work.outbox.lock_due(now=work.now, limit=limit)
    claimed = [replace(mail, attempts=mail.attempts + 1, due_at=work.now + _pause(mail.attempts + 1)) for mail in found]
    await work.outbox.put_off(claimed)
    return claimed


async def write(work: Work, mail: Mail) -> Letter | Later | None:
    """What a claimed *mail* says, with a new token; None where nothing is left to say, and it is to be forgotten."""
    return await _WRITERS[mail.kind](work, mail)


async def forget(work: Work, mail: Mail) -> None:
    """It was sent, or is to be given up."""
    await work.outbox.remove(mail.id)


def is_given_up(mail: Mail) -> bool:
    """Whether a claimed mail whose sending failed is not tried again."""
    return mail.attempts >= ATTEMPTS


def _pause(attempts: int) -> dt.timedelta:
    """Between the last one of so many attempts and the next: a minute, doubled each time, up to an hour."""
    doublings = min(attempts, ATTEMPTS) - 1  # without a bound, they would overflow
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


async def _verification(work: Work, mail: Mail) -> Letter | None:
    user = None if mail.user_id is None else await work.users.lock(mail.user_id)
    if user is None or user.email != mail.email or user.email_verified_at is not None:
        return None
    return await _with_token(work, mail, user, kind="verification", lifetime=work.policy.verification_lifetime)


async def _reset(work: Work, mail: Mail) -> Letter | None:
    """Only here it is found out whether anybody has the address: who asked was answered before.

    An account without a password gets none in this way: it would outlive the provider's word.
    """
    credentials = await work.credentials.find_by_email(mail.email_key)
    if credentials is None or credentials.password_hash is None:
        return None
    user = await work.users.lock(credentials.user_id)
    if user is None or user.email is None or email_key(user.email) != mail.email_key:  # it changed meanwhile
        return None
    return await _with_token(work, mail, user, kind="reset", lifetime=work.policy.reset_lifetime)


async def _email_change(work: Work, mail: Mail) -> Letter | Later | None:
    """To the new address of a user, which may be anybody's."""
    user = None if mail.user_id is None else await work.users.lock(mail.user_id)
    if user is None or user.new_email != mail.email:
        return None
    if await _put_off_if_early(work, mail):
        return "later"
    token = opaque.mint("email_change", random_bytes=work.random_bytes)
    expires_at = work.now + work.policy.verification_lifetime
    stored = OneTimeToken(
        digest=token.digest, kind="email_change", user_id=user.id, email_key=mail.email_key, expires_at=expires_at
    )
    await work.one_time_tokens.replace(stored, if_expiring_until=expires_at)
    return Letter(kind="email_change", to=mail.email, token=token.text, expires_at=expires_at)


async def _email_changing(work: Work, mail: Mail) -> Letter | None:
    """Where another one was sent just now, it says nothing new. One that is tried again may have met only itself."""
    is_first = await work.outbox.note_sending(mail, at=work.now, unless_after=work.now - APART)
    if mail.attempts == 1 and not is_first:
        return None
    return Letter(kind=mail.kind, to=mail.email, expires_at=work.now)


async def _email_changed(work: Work, mail: Mail) -> Letter:
    return Letter(kind=mail.kind, to=mail.email, expires_at=work.now)


async def _with_token(
    work: Work, mail: Mail, user: User, *, kind: OneTimeKind, lifetime: dt.timedelta
) -> Letter | None:
    """A letter to a locked user, unless they were sent another one just now."""
    token = opaque.mint(kind, random_bytes=work.random_bytes)
    expires_at = work.now + lifetime
    stored = OneTimeToken(
        digest=token.digest, kind=kind, user_id=user.id, email_key=mail.email_key, expires_at=expires_at
    )
    # A mail that is tried again may replace the token of its own last try, however young.
    apart = APART if mail.attempts == 1 else dt.timedelta()
    if not await work.one_time_tokens.replace(stored, if_expiring_until=expires_at - apart):
        return None
    name = user.name if user.email_verified_at else ""
    return Letter(kind=kind, to=user.email or mail.email, token=token.text, expires_at=expires_at, name=name)


async def _put_off_if_early(work: Work, mail: Mail) -> bool:
    """Whether the address was sent another mail of this kind just now; *mail* then waits, without losing an attempt."""
    if await work.outbox.note_sending(mail, at=work.now, unless_after=work.now - APART):
        return False
    await work.outbox.put_off([replace(mail, attempts=mail.attempts - 1, due_at=work.now + APART)])
    return True


async def _invitation(work: Work, mail: Mail) -> Letter | Later | None:
    """To whoever has the address, account or not; so nobody's words but ours are in it."""
    if mail.workspace_id is None or mail.invitation_id is None or not await work.enter(mail.workspace_id):
        return None
    invitation = await work.invitations.get(mail.workspace_id, mail.invitation_id, now=work.now)
    if invitation is None:
        return None
    if await _put_off_if_early(work, mail):
        return "later"
    token = opaque.mint("invitation", random_bytes=work.random_bytes)
    await work.invitations.set_digest(invitation.workspace_id, invitation.id, digest=token.digest, mailed_at=work.now)
    return Letter(kind="invitation", to=invitation.email, token=token.text, expires_at=invitation.expires_at)


_WRITERS: Final[Mapping[MailKind, Callable[[Work, Mail], Awaitable[Letter | Later | None]]]] = {
    "verification": _verification,
    "reset": _reset,
    "invitation": _invitation,
    "email_change": _email_change,
    "email_changing": _email_changing,
    "email_changed": _email_changed,
}
"""What a mail of each kind says."""
