"""How e-mails leave: over SMTP or, without a mail server, into the log, from where the operator passes them on."""

import logging
from collections.abc import Awaitable, Callable
from email.headerregistry import Address

from app.adapters.logging import UNSENT
from app.adapters.mail.rendering import Texts
from app.adapters.mail.smtp import NotSentError, SmtpServer
from domain.queued_emails import RenderedEmail

EmailSender = Callable[[RenderedEmail], Awaitable[None]]
"""Sends an e-mail. Raises NotSentError."""

unsent_logger = logging.getLogger(UNSENT)


def smtp_sender(server: SmtpServer, *, sender: Address, texts: Texts) -> EmailSender:
    """Send e-mails from the address *sender* over *server*."""

    async def send(rendered_email: RenderedEmail) -> None:
        try:
            message = texts.message(rendered_email, sender=sender)
        except ValueError as error:  # its text quotes the address, which can never be in a header
            raise NotSentError(type(error).__name__, is_final=True) from None
        await server.send(message)

    return send


def log_sender(texts: Texts) -> EmailSender:
    """Log e-mails, with their tokens: the only place where a token is ever logged."""

    async def log(rendered_email: RenderedEmail) -> None:
        unsent_logger.warning(
            "an e-mail was not sent: TICKBOX_SMTP_URL is not set; pass this on to the user",
            extra={"kind": rendered_email.kind, "to": rendered_email.to, "request": texts.way(rendered_email)},
        )

    return log
