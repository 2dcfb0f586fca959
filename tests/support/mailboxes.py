"""A real mail server on a real socket, which stores what it receives."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import email.policy
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.programs import patiently

_TOKEN = re.compile(r"tb[vfie]_\w{49}")


@dataclass(frozen=True, slots=True)
class Received:
    """An e-mail, and how it came: in the clear or over TLS, and by which account."""

    message: EmailMessage
    recipients: tuple[str, ...]
    over_tls: bool
    account: str | None

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")

    @property
    def token(self) -> str:
        (token,) = _TOKEN.findall(self.text)
        return str(token)


class _Controller(Controller):
    """A controller on a socket that listens already, so that any free port will do."""

    def __init__(self, handler: Any, listener: socket.socket, **options: Any) -> None:
        host, port = listener.getsockname()
        super().__init__(handler, hostname=host, port=port, **options)
        self._listener = listener

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)


class Mailbox:
    """A mail server that is down until it is started. *account* is the name and password that it wants, *tls* how it
    offers TLS.

    It rejects addresses with what `refusals` says, and finishes receiving no e-mail while it is `holding`.
    """

    def __init__(
        self,
        *,
        account: tuple[str, str] | None = None,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.received: list[Received] = []
        self.logins: list[str] = []
        self.refusals: dict[str, str] = {}
        self.holding = False
        self.begun = threading.Event()
        self._account = account
        self._options: dict[str, Any] = {"tls_context": starttls, "ssl_context": tls}
        self._controller: _Controller | None = None

    @property
    def url(self) -> str:
        scheme = "smtps" if self._options["ssl_context"] else "smtp"
        user = f"{self._account[0]}:{self._account[1]}@" if self._account else ""
        return f"{scheme}://{user}127.0.0.1:{self.port}"

    def start(self) -> None:
        if self._account:
            self._options |= {"authenticator": self._authenticate}
            # aiosmtpd does not know of TLS in a connection that began with it.
            self._options |= {"auth_require_tls": not self._options["ssl_context"]}
        self._controller = _Controller(self, socket.create_server(("127.0.0.1", self.port)), **self._options)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[Received]:
        """The e-mails to an address, in order."""
        return [each for each in self.received if each.recipients == (address,)]

    def wait_for(self, address: str) -> Received:
        """The first e-mail to an address, once it has arrived."""
        for _ in patiently():
            if found := self.to(address):
                return found[0]
        raise TimeoutError(address)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # as above
        self.begun.set()
        while self.holding:  # noqa: ASYNC110  # another thread ends it
            await asyncio.sleep(0.01)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        account = session.auth_data if session.authenticated else None
        over_tls = server.transport.get_extra_info("ssl_object") is not None
        self.received.append(Received(message, tuple(envelope.rcpt_tos), over_tls, account))
        return "250 OK"

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        name, password = given.login.decode(), given.password.decode()
        self.logins.append(password)
        return AuthResult(success=(name, password) == self._account, handled=False, auth_data=name)


@contextmanager
def opened(mailbox: Mailbox) -> Iterator[Mailbox]:
    """Keep the server up while the context lasts."""
    mailbox.start()
    try:
        yield mailbox
    finally:
        mailbox.holding = False
        mailbox.stop()


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for 127.0.0.1, in a file."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)  # noqa: FBT003  # its signature
            .sign(key, hashes.SHA256())
        )
        pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        path.write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()) + certificate.public_bytes(pem))
        return cls(path)

    @cached_property
    def context(self) -> ssl.SSLContext:
        """The context of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context
