"""Sending e-mails to a real mail server: when TLS is used, and what is not sent without it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.mail.rendering import Texts, parse_sender
from app.adapters.mail.smtp import NotSentError, SmtpServer
from domain.queued_emails import RenderedEmail
from tests.support.mailboxes import Certificate, Mailbox, opened

ACCOUNT = ("tickbox", "a-mail-password")
RENDERED_EMAIL = RenderedEmail(
    kind="reset",
    to="ada@example.com",
    token="tbf_" + "0" * 49,
    expires_at=dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC),
    name="Ad\N{LATIN SMALL LETTER A WITH DIAERESIS} Lovelace",
)


async def send(url: str, rendered_email: RenderedEmail = RENDERED_EMAIL) -> None:
    sender = parse_sender("Tickbox <tickbox@example.net>")
    texts = Texts(app_url="https://app.example", public_url="")
    await SmtpServer.parse(url).send(texts.message(rendered_email, sender=sender))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate.make(tmp_path / "certificate.pem")


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    return certificate


@pytest.fixture
def plain() -> Iterator[Mailbox]:
    with opened(Mailbox()) as mailbox:
        yield mailbox


async def test_an_email_arrives_as_it_was_written(plain: Mailbox) -> None:
    await send(plain.url)
    (received,) = plain.received
    assert (received.recipients, received.over_tls, received.account) == (("ada@example.com",), False, None)
    assert received.message["From"] == "Tickbox <tickbox@example.net>"
    assert f"https://app.example/reset-password#token={RENDERED_EMAIL.token}\n" in received.text
    assert RENDERED_EMAIL.name in received.text


async def test_tls_is_used_when_it_is_offered_whatever_the_certificate(certificate: Certificate) -> None:
    with opened(Mailbox(starttls=certificate.context)) as mailbox:
        await send(mailbox.url)
    assert [received.over_tls for received in mailbox.received] == [True]


async def test_a_password_is_sent_over_tls_to_a_trusted_server(trusted: Certificate) -> None:
    with opened(Mailbox(account=ACCOUNT, starttls=trusted.context)) as mailbox:
        await send(mailbox.url)
    assert [(received.over_tls, received.account) for received in mailbox.received] == [(True, "tickbox")]


async def test_smtps_begins_with_tls(trusted: Certificate) -> None:
    with opened(Mailbox(account=ACCOUNT, tls=trusted.context)) as mailbox:
        await send(mailbox.url)
    assert [(received.over_tls, received.account) for received in mailbox.received] == [(True, "tickbox")]


async def test_a_password_is_not_sent_to_a_server_without_tls(plain: Mailbox) -> None:
    with pytest.raises(NotSentError) as failed:
        await send(f"smtp://tickbox:a-mail-password@127.0.0.1:{plain.port}")
    assert not failed.value.is_final
    assert plain.received == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_where_tls_is_required_nothing_is_sent_to_an_untrusted_server(
    certificate: Certificate, scheme: str
) -> None:
    offered = {"smtp": "starttls", "smtps": "tls"}[scheme]
    with opened(Mailbox(account=ACCOUNT, **{offered: certificate.context})) as mailbox, pytest.raises(NotSentError):
        await send(mailbox.url)
    assert (mailbox.logins, mailbox.received) == ([], [])


async def test_a_wrong_password_is_retried_later(trusted: Certificate) -> None:
    mailbox = Mailbox(account=ACCOUNT, starttls=trusted.context)
    with opened(mailbox), pytest.raises(NotSentError, match=r"SMTPAuthenticationError 535") as failed:
        await send(f"smtp://tickbox:another@127.0.0.1:{mailbox.port}")
    assert not failed.value.is_final
    assert set(mailbox.logins) == {"another"}


@pytest.mark.parametrize(
    ("refusal", "is_final"), [("550 there is no ada@example.com", True), ("450 ada@example.com is busy", False)]
)
async def test_the_response_of_a_mail_server_about_an_address_is_not_logged(
    plain: Mailbox, refusal: str, *, is_final: bool
) -> None:
    plain.refusals[RENDERED_EMAIL.to] = refusal
    with pytest.raises(NotSentError) as failed:
        await send(plain.url)
    assert failed.value.is_final == is_final
    assert "ada" not in str(failed.value)


async def test_a_server_that_is_down_is_retried_later() -> None:
    with pytest.raises(NotSentError, match="SMTPConnectError") as failed:
        await send(Mailbox().url)
    assert not failed.value.is_final


@pytest.mark.parametrize(
    ("url", "host", "port", "account"),
    [
        ("smtp://mail.example", "mail.example", 587, (None, None)),
        ("smtps://mail.example", "mail.example", 465, (None, None)),
        ("smtp://localhost:25/", "localhost", 25, (None, None)),
        ("smtp://me%40example.com:p%3Aw%2Fd@[::1]:2525", "::1", 2525, ("me@example.com", "p:w/d")),
    ],
)
def test_a_url_names_host_port_and_account(
    url: str, host: str, port: int, account: tuple[str | None, str | None]
) -> None:
    server = SmtpServer.parse(url)
    assert (server.host, server.port, (server.username, server.password)) == (host, port, account)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://h:port",
        "smtp://h:99999",
        "smtp://h/x",
        "smtp://[h",
        "smtp://me@h",
    ],
)
def test_an_invalid_url_is_rejected_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must be smtp://user:password@host:port or smtps://") as raised:
        SmtpServer.parse(url.replace("h", "secret") if "//h" in url else url)
    assert "secret" not in str(raised.value)


def test_a_password_is_not_shown() -> None:
    assert "a-mail-password" not in repr(SmtpServer.parse("smtp://tickbox:a-mail-password@mail.example"))
