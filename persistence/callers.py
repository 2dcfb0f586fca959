"""The lock on the caller of a request that names no workspace."""

from domain.model.users import AccountGone
from domain.principals import Principal
from persistence import sessions, tokens
from persistence.runners import Runner
from persistence.users import Users


async def lock_caller(transaction: Runner, caller: Principal) -> None:
    """Lock the caller's account. Raises AccountGone if it, or the session or token, ended during the wait."""
    exists = await Users(transaction).lock(caller.user_id) is not None
    if exists and caller.session_id is not None:
        exists = await sessions.exists(transaction, caller.session_id)
    if exists and caller.token_id is not None:
        exists = await tokens.exists(transaction, caller.token_id)
    if not exists:
        raise AccountGone(caller.user_id)
