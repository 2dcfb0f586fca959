"""The log of an account, for its owner: log-ins, from where they came, and changes of the account.

Rejected requests are not in it: they changed nothing, and anybody could fill another user's log with them.
"""

from domain import pages
from domain.model.account_log import AccountEvent
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[AccountEvent]:
    """Return the events of the caller's account, newest first. Raises CursorInvalid."""
    user_id = uow.principal.user_id
    return await pages.by_id(
        lambda last, count: uow.account_log.page(user_id, before=last, limit=count),
        id_of=lambda event: event.id,
        binding=f"account events {user_id}",
        limit=limit,
        cursor=cursor,
    )
