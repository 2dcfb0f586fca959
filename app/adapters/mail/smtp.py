"""The mail server: sends messages over SMTP.

A password is only sent over TLS with a certificate that is valid for the host's name. The same holds for everything
that is sent to `smtps:`. Without a password, TLS is used if the server offers it, whatever its certificate: a relay in
the same network often has a self-signed one, and the alternative would be no TLS (RFC 7435).
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

TIMEOUT_S: Final = 20
"""How long sending one e-mail may take: less than it is claimed for (`domain.queued_emails`)."""
GOODBYE_S: Final = 2

_PORTS: Final = {"smtp": 587, "smtps": 465}
_PERMANENT: Final = range(500, 600)


class NotSentError(Exception):
    """An e-mail was not sent. The text is for the log. It does not quote the server, whose reply may have an address.

    `is_final` means that another attempt cannot succeed.
    """

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """A mail server that accepts messages for delivery."""

    host: str
    port: int
    has_tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse `smtp://user:password@host:587` or `smtps://host:465`. Raises ValueError, which does not quote it."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if (
            parts.scheme not in _PORTS
            or not parts.hostname
            or parts.path.strip("/")
            or parts.query
            or ((parts.username is None) != (parts.password is None))
        ):
            message = "must be smtp://user:password@host:port or smtps://user:password@host:port"
            raise ValueError(message) from None
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            has_tls=parts.scheme == "smtps",
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )

    async def send(self, message: EmailMessage) -> None:
        """Send *message* over a new connection, which is closed at once if this is cancelled.

        Raises NotSentError.
        """
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.has_tls,
            start_tls=False if self.has_tls else True if self._needs_tls else None,
            tls_context=self._tls,
            timeout=TIMEOUT_S,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await client.connect()
                await client.send_message(message)
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):  # the server has accepted the message
                await client.quit(timeout=GOODBYE_S)
        except (aiosmtplib.SMTPException, OSError) as error:  # TimeoutError is an OSError
            raise NotSentError(_reason(error), is_final=_is_final(error)) from None
        finally:
            client.close()

    @property
    def _needs_tls(self) -> bool:
        return self.has_tls or self.password is not None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Created once. Where it verifies, it reads all certificates that the system trusts, which takes 20 ms."""
        if self._needs_tls:
            return ssl.create_default_context()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def _reason(error: Exception) -> str:
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__


def _is_final(error: Exception) -> bool:
    """Whether the server rejects this address for good (RFC 5321, 4.2.1). Any other failure may pass."""
    refused = error.recipients if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else ()
    return bool(refused) and all(each.code in _PERMANENT for each in refused)
