"""Sends the e-mails that wait in the outbox."""

import logging
from functools import partial
from typing import Final

from app.adapters.mail.sender import EmailSender
from app.adapters.mail.smtp import NotSentError
from app.jobs.leases import work_off
from app.jobs.loop import Job
from app.units import write
from domain import queued_emails
from domain.model.queued_emails import QueuedEmail
from persistence.unit_dependencies import Dependencies

POLL_EVERY_S: Final = 1
AT_ONCE: Final = 5
"""How many e-mails are claimed, and sent, at the same time."""

logger = logging.getLogger(__name__)


def mail_job(dependencies: Dependencies, send: EmailSender, *, every_s: float = POLL_EVERY_S) -> Job:
    """Look for e-mails that are due every *every_s*, and send them."""
    return Job(name="mail", run=partial(deliver, dependencies, send), every_s=every_s)


async def deliver(dependencies: Dependencies, send: EmailSender) -> None:
    """Send all e-mails that are due."""
    await work_off(
        dependencies,
        are_due=queued_emails.are_due,
        claim=partial(queued_emails.claim, limit=AT_ONCE),
        act=partial(_deliver, dependencies, send),
    )


async def _deliver(dependencies: Dependencies, send: EmailSender, queued_email: QueuedEmail) -> None:
    """Create the token in one transaction, send the e-mail, delete it in another transaction."""
    about = {"mail_id": str(queued_email.id), "kind": queued_email.kind, "attempt": queued_email.attempts}
    try:
        rendered_email = await write(dependencies, lambda uow: queued_emails.write(uow, queued_email))
        if rendered_email == "later":
            return
        if rendered_email is not None:
            await send(rendered_email)
        await write(dependencies, lambda uow: queued_emails.forget(uow, queued_email))
    except NotSentError as error:
        logger.warning("could not send an e-mail", extra={**about, "reason": str(error)})
        is_final = error.is_final
    except Exception:  # whatever it was: other e-mails, and the next attempt, may succeed
        logger.exception("could not send an e-mail", extra=about)
        is_final = False
    else:
        return
    if is_final or queued_emails.is_given_up(queued_email):
        logger.error("an e-mail was given up", extra=about)
        await write(dependencies, lambda uow: queued_emails.forget(uow, queued_email))
