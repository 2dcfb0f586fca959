"""What happened to an account, for its owner to read: who got in, from where, and what they changed.

What was refused is not in it: it changed nothing, and anybody could fill the log of another with it.
"""

from domain import pages
from domain.model.account_log import AccountEvent
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[AccountEvent]:
    """The events of the caller's account, newest first. Raises CursorInvalid."""
    user_id = uow.principal.user_id
    return await pages.by_id(
        lambda last, count: uow.account_log.page(user_id, before=last, limit=count),
        id_of=lambda event: event.id,
        binding=f"account events {user_id}",
        limit=limit,
        cursor=cursor,
    )
