"""Accounts."""

import datetime as dt

from domain import account_log, email_addresses, passwords, registration, users
from domain.model.account_log import AccountEvent
from domain.model.users import User
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET
from handlers.pages import page_view
from handlers.patches import patched, sent
from handlers.times import time_view
from spec import responses
from spec.models import (
    EmailChange,
    EmailVerification,
    PasswordChange,
    PasswordReset,
    PasswordResetRequest,
    UserCreate,
    UserPatch,
)
from tickbox_contract.responses import Response, accepted, created, no_content, ok


async def register_user(uow: UnitOfWork, body: UserCreate) -> Response:
    """201 with the new account. Its personal workspace and inbox are created with it, and an invitation is accepted."""
    invitation_token = sent(body.invitation_token, default=None)
    user = await registration.register(
        uow,
        email=body.email,
        password=body.password.get_secret_value(),
        name=body.name,
        time_zone=sent(body.time_zone, default="UTC"),
        invitation_token=None if invitation_token is None else invitation_token.get_secret_value(),
    )
    return created(user_view(user), location="/v1/users/me")


async def get_me(uow: UnitOfWork) -> Response:
    """200 with the caller's account."""
    return ok(user_view(await users.get_me(uow)))


async def update_me(uow: UnitOfWork, body: UserPatch) -> Response:
    """200 with the account as it is now; a new name is stored in its workspaces."""
    reminder_time = patched(body.reminder_time)
    user = await users.update(
        uow,
        name=patched(body.name),
        time_zone=patched(body.time_zone),
        reminder_time=reminder_time if reminder_time is UNSET else dt.time.fromisoformat(reminder_time),
    )
    return ok(user_view(user))


async def delete_me(uow: UnitOfWork) -> Response:
    """204; the workspaces in which the user was alone are deleted too."""
    await users.delete(uow)
    return no_content()


async def change_password(uow: UnitOfWork, body: PasswordChange) -> Response:
    """204; the caller's other sessions have ended."""
    await passwords.change(
        uow,
        current_password=body.current_password.get_secret_value(),
        new_password=body.new_password.get_secret_value(),
    )
    return no_content()


async def change_email(uow: UnitOfWork, body: EmailChange) -> Response:
    """202; the address changes when the token that is sent to the new one is presented."""
    password = sent(body.current_password, default=None)
    current_password = None if password is None else password.get_secret_value()
    await email_addresses.change(uow, email=body.email, current_password=current_password)
    return accepted()


async def list_account_events(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the events of the caller's account."""
    return ok(page_view(await account_log.page(uow, limit=limit, cursor=cursor), account_event_view))


async def send_verification(uow: UnitOfWork) -> Response:
    """202; another e-mail that verifies the address is queued."""
    await email_addresses.send_verification(uow)
    return accepted()


async def verify_email(uow: UnitOfWork, body: EmailVerification) -> Response:
    """204; the address is verified."""
    await email_addresses.verify(uow, body.token.get_secret_value())
    return no_content()


async def request_password_reset(uow: UnitOfWork, body: PasswordResetRequest) -> Response:
    """202, whether an account has the address or not."""
    await passwords.request_reset(uow, email=body.email)
    return accepted()


async def reset_password(uow: UnitOfWork, body: PasswordReset) -> Response:
    """204; all sessions of the account have ended."""
    await passwords.reset(uow, body.token.get_secret_value(), new_password=body.new_password.get_secret_value())
    return no_content()


def user_view(user: User) -> responses.User:
    """A `User`."""
    return {
        "id": user.id,
        "email": user.email,
        "email_verified_at": user.email_verified_at,
        "name": user.name,
        "time_zone": user.time_zone,
        "reminder_time": time_view(user.reminder_time),
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "revision": user.revision,
    }


def account_event_view(event: AccountEvent) -> responses.AccountEvent:
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
