"""What a server does on the side: send the mails that wait in the outbox. Several servers may do it on one database.

A mail is claimed in one transaction and written, with its token, in a second; then it is sent, while none is open, and
forgotten in a third. Whoever fails or dies in between leaves it claimed, to be tried again when its claim has run
out. So a mail may be sent twice, and is never lost.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from app.background import read, repeating, write
from app.logging import UNSENT
from app.rendered_emails import Texts
from app.smtp import NotSentError
from domain import queued_emails
from domain.model.queued_emails import QueuedEmail
from domain.queued_emails import RenderedEmail
from persistence.unit_of_work import Dependencies

POLL_EVERY_S: Final = 1
AT_ONCE: Final = 5
"""How many are claimed, and sent, at the same time."""

EmailSender = Callable[[RenderedEmail], Awaitable[None]]
"""Sends a letter. Raises NotSentError."""

logger = logging.getLogger(__name__)
unsent_logger = logging.getLogger(UNSENT)


@contextlib.asynccontextmanager
async def mailing(
    dependencies: Dependencies, post: EmailSender, *, every_s: float = POLL_EVERY_S
) -> AsyncIterator[None]:
    """Look for mails that are due at once, and again every so often, while the context lasts, and send them."""

    async def act() -> None:
        await deliver(dependencies, post)

    async with repeating(act, every_s=every_s, logger=logger, failure="could not look for mails"):
        yield


async def deliver(dependencies: Dependencies, post: EmailSender) -> int:
    """Send all mails that are due. How many there were, sent or not."""
    total = 0
    while await read(dependencies, queued_emails.are_due):
        claimed = await write(dependencies, lambda uow: queued_emails.claim(uow, limit=AT_ONCE))
        if not claimed:  # others were faster
            break
        done = await asyncio.gather(
            *(_deliver(dependencies, post, queued_email) for queued_email in claimed), return_exceptions=True
        )
        for error in filter(None, done):
            raise error
        total += len(claimed)
    return total


async def log_rendered_email(rendered_email: RenderedEmail, texts: Texts) -> None:
    """Let the operator pass a letter on: the only place where a token is ever logged."""
    unsent_logger.warning(
        "a mail was not sent: TICKBOX_SMTP_URL is not set",
        extra={"kind": rendered_email.kind, "to": rendered_email.to, "way": texts.way(rendered_email)},
    )


async def _deliver(dependencies: Dependencies, post: EmailSender, queued_email: QueuedEmail) -> None:
    about = {"mail_id": str(queued_email.id), "kind": queued_email.kind, "attempt": queued_email.attempts}
    try:
        rendered_email = await write(dependencies, lambda uow: queued_emails.write(uow, queued_email))
        if rendered_email == "later":
            return
        if rendered_email is not None:
            await post(rendered_email)
        await write(dependencies, lambda uow: queued_emails.forget(uow, queued_email))
    except NotSentError as error:
        logger.warning("could not send a mail", extra={**about, "reason": str(error)})
        is_final = error.is_final
    except Exception:  # whatever it was, the next mail may have more luck, and so may this one
        logger.exception("could not send a mail", extra=about)
        is_final = False
    else:
        return
    if is_final or queued_emails.is_given_up(queued_email):
        logger.error("a mail was given up", extra=about)
        await write(dependencies, lambda uow: queued_emails.forget(uow, queued_email))
