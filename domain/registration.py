"""Registration: a new account with a password, and all that is created with it."""

from typing import Final

from domain import blank, invitations, queued_emails, users, workspaces
from domain.checks import Checks
from domain.emails import email_key
from domain.model.invitations import Invitation
from domain.model.users import InvitationRequired, RegistrationClosed, User
from domain.passwords import check_password
from domain.unit_of_work import UnitOfWork
from domain.zones import check_zone

_INVITATION_POINTER: Final = "#/invitation_token"


async def register(  # noqa: PLR0913  # what an account consists of
    uow: UnitOfWork, *, email: str, password: str, name: str, time_zone: str, invitation_token: str | None = None
) -> User:
    """Create an account with a personal workspace and its inbox. An invitation is accepted with it.

    Raises RegistrationClosed, InvitationRequired; TextBlank, InvitationInvalid, TimeZoneUnknown, PasswordCommon, or
    InvalidTogether; EmailTaken.
    """
    if uow.policy.registration == "closed":
        raise RegistrationClosed
    if uow.policy.registration == "invited" and invitation_token is None:
        raise InvitationRequired
    invitation = await _check(
        uow, email=email, password=password, name=name, time_zone=time_zone, invitation_token=invitation_token
    )
    password_hash = await uow.passwords.hash(password)
    user = User(
        id=uow.new_id(),
        email=email,
        email_verified_at=None,
        name=name,
        time_zone=time_zone,
        created_at=uow.now,
        updated_at=uow.now,
        revision=1,
    )
    await uow.users.add(user, email_key=email_key(email), password_hash=password_hash)
    await uow.account_log.add("account.registered", user_id=user.id)
    await workspaces.create_with_inbox(uow, owner=user, name=workspaces.PERSONAL_NAME, personal=True)
    await queued_emails.queue(uow, "verification", email=email, user_id=user.id)
    if invitation is not None:
        await invitations.join(uow, user, invitation, pointer=_INVITATION_POINTER)
        if invitation.mailed_at is not None and email_key(invitation.email) == email_key(email):
            # The token was sent to this address only.
            return await users.mark_verified(uow, user)
    return user


async def _check(  # noqa: PLR0913  # as above
    uow: UnitOfWork, *, email: str, password: str, name: str, time_zone: str, invitation_token: str | None
) -> Invitation | None:
    """Return the invitation of the token, if there is one, after all that is checked before a password is hashed."""
    checks = Checks()
    with checks:
        blank.require_seen(name, name="name")
    with checks:
        check_zone(time_zone, pointer="#/time_zone")
    with checks:
        check_password(uow, password, pointer="#/password", email=email, name=name)
    invitation = None
    if invitation_token is not None:
        with checks:
            invitation = await invitations.find(
                uow.credentials, invitation_token, now=uow.now, pointer=_INVITATION_POINTER
            )
    checks.finish()
    return invitation
