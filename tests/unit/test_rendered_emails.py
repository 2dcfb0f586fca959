import datetime as dt
from dataclasses import replace

import pytest

from app.adapters.mail.rendering import Texts, one_line, parse_sender
from domain.queued_emails import RenderedEmail

TOKEN = "tbv_" + "0" * 49
RENDERED_EMAIL = RenderedEmail(
    kind="verification", to="ada@example.com", token=TOKEN, expires_at=dt.datetime(2026, 3, 5, 8, tzinfo=dt.UTC)
)
SENDER = parse_sender("Tickbox <tickbox@example.net>")
LINKING = Texts(app_url="https://app.example/", public_url="https://api.example")


def test_a_link_has_its_token_in_the_fragment() -> None:
    assert LINKING.way(RENDERED_EMAIL) == f"https://app.example/verify-email#token={TOKEN}"
    assert LINKING.way(replace(RENDERED_EMAIL, kind="reset")) == f"https://app.example/reset-password#token={TOKEN}"


def test_without_an_app_the_request_is_shown() -> None:
    texts = Texts(app_url="", public_url="https://api.example/")

    assert texts.way(RENDERED_EMAIL) == f'POST https://api.example/v1/users/verify-email with {{"token": "{TOKEN}"}}'
    assert "/v1/users/reset-password" in texts.way(replace(RENDERED_EMAIL, kind="reset"))
    assert Texts(app_url="", public_url="").way(RENDERED_EMAIL).startswith("POST /v1/users/verify-email")


def test_the_text_names_its_subject_and_the_expiry() -> None:
    text = LINKING.body(RENDERED_EMAIL)

    assert text.startswith("Hello,\n\nSomeone, probably you, created a Tickbox account")
    assert f"\n\n{LINKING.way(RENDERED_EMAIL)}\n\n" in text
    assert "This works once, until 2026-03-05 08:00 UTC." in text


def test_a_long_link_is_not_broken_when_sent() -> None:
    texts = Texts(app_url="https://app.example/" + "x" * 200, public_url="")

    message = texts.message(replace(RENDERED_EMAIL, name="Ad\N{LATIN SMALL LETTER A WITH DIAERESIS}"), sender=SENDER)

    assert texts.way(RENDERED_EMAIL).encode() in message.as_bytes()


@pytest.mark.parametrize(
    "address", ["ada@example.com\r\nBcc: eve@example.com", "ada@example.com\nX: y", "ada@example.com, eve@example.com"]
)
def test_an_address_adds_no_header_and_no_recipient(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        LINKING.message(replace(RENDERED_EMAIL, to=address), sender=SENDER)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Ada\r\nBcc: eve@example.com", "Ada Bcc eve example. com"),
        ("https://evil.example/x", "https evil. example x"),
        ("www.evil.example", "www. evil. example"),
        ("J.R.R. Tolkien", "J. R. R. Tolkien"),
        ("<b>Ada</b>", "b Ada b"),
        (r"\\host\share", "host share"),
        ("Ada\u2028\u202eadA\x00", "Ada adA"),
        ("  \t ", ""),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_a_name_is_one_short_line_and_not_a_link(name: str, line: str) -> None:
    assert one_line(name) == line


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("Tickbox <tickbox@localhost>", "Tickbox", "tickbox@localhost"),
        ("lists@example.net", "", "lists@example.net"),
        ('"Lists, and more" <lists@example.net>', "Lists, and more", "lists@example.net"),
    ],
)
def test_a_sender_may_have_a_name(text: str, name: str, address: str) -> None:
    sender = parse_sender(text)
    assert (sender.display_name, sender.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "text", ["", "Tickbox", "Tickbox <>", "a@b@c", "a b@example.net", "X\r\nBcc: e <a@b>", "a@b, c@d", "\u00e4@b"]
)
def test_an_invalid_sender_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        parse_sender(text)
