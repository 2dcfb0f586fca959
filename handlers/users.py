"""Accounts."""

from contract.answers import Answer, accepted, created, no_content, ok
from domain import account_log, users
from domain.ports import Work
from handlers.patches import patched, sent
from handlers.views import account_event_view, page_view, user_view
from spec.models import (
    EmailChange,
    EmailVerification,
    PasswordChange,
    PasswordReset,
    PasswordResetRequest,
    UserCreate,
    UserPatch,
)


async def register_user(work: Work, body: UserCreate) -> Answer:
    """201 with the new account; its personal workspace and inbox are made with it, an invitation is accepted."""
    invitation_token = sent(body.invitation_token, default=None)
    user = await users.register(
        work,
        email=body.email,
        password=body.password.get_secret_value(),
        name=body.name,
        time_zone=sent(body.time_zone, default="UTC"),
        invitation_token=None if invitation_token is None else invitation_token.get_secret_value(),
    )
    return created(user_view(user), location="/v1/users/me")


async def get_me(work: Work) -> Answer:
    """200 with the caller's account."""
    return ok(user_view(await users.get_me(work)))


async def update_me(work: Work, body: UserPatch) -> Answer:
    """200 with the account as it is now; a new name is carried into its workspaces."""
    user = await users.update(work, name=patched(body.name), time_zone=patched(body.time_zone))
    return ok(user_view(user))


async def delete_me(work: Work) -> Answer:
    """204; the personal workspace, and those with nobody else in them, go too."""
    await users.delete(work)
    return no_content()


async def change_password(work: Work, body: PasswordChange) -> Answer:
    """204; the caller's other sessions are ended."""
    await users.change_password(
        work,
        current_password=body.current_password.get_secret_value(),
        new_password=body.new_password.get_secret_value(),
    )
    return no_content()


async def change_email(work: Work, body: EmailChange) -> Answer:
    """202; the address changes when the token that is sent to the new one comes back."""
    password = sent(body.current_password, default=None)
    current_password = None if password is None else password.get_secret_value()
    await users.change_email(work, email=body.email, current_password=current_password)
    return accepted()


async def list_account_events(work: Work, limit: int, cursor: str | None = None) -> Answer:
    """200 with what happened to the caller's account."""
    return ok(page_view(await account_log.page(work, limit=limit, cursor=cursor), account_event_view))


async def send_verification(work: Work) -> Answer:
    """202; another mail to verify the address waits to be sent."""
    await users.send_verification(work)
    return accepted()


async def verify_email(work: Work, body: EmailVerification) -> Answer:
    """204; the address is the account's."""
    await users.verify_email(work, body.token.get_secret_value())
    return no_content()


async def request_password_reset(work: Work, body: PasswordResetRequest) -> Answer:
    """202, whoever has the address, or nobody."""
    await users.request_password_reset(work, email=body.email)
    return accepted()


async def reset_password(work: Work, body: PasswordReset) -> Answer:
    """204; all sessions of the account are ended."""
    await users.reset_password(work, body.token.get_secret_value(), new_password=body.new_password.get_secret_value())
    return no_content()
