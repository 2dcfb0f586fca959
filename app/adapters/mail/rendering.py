"""The texts of e-mails, and the messages that are sent.

Source: RFC 5322; RFC 3834 for `Auto-Submitted`, which stops automatic replies.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from typing import Final

from domain.model.queued_emails import EmailKind
from domain.queued_emails import RenderedEmail

_NAME_LENGTH: Final = 60
_POLICY: Final = SMTP.clone(max_line_length=998)
"""The longest line that SMTP allows (RFC 5321, 4.5.3.1.6), so that links are not broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The text of a kind of e-mail. `page` is a path of the client app, `call` the request to send without an app.

    A notice has neither, because there is nothing to do.
    """

    subject: str
    before: str
    after: str
    to_do: str = ""
    page: str = ""
    call: str = ""


_FORMS: Final[Mapping[EmailKind, _Form]] = {
    "verification": _Form(
        subject="Confirm your e-mail address",
        before="Someone, probably you, created a Tickbox account with this e-mail address.",
        to_do="To confirm that this address is yours",
        page="/verify-email",
        call='POST {url}/v1/users/verify-email with {{"token": "{token}"}}',
        after="If this was not you, ignore this e-mail.",
    ),
    "reset": _Form(
        subject="Set a new password",
        before="Someone, probably you, asked to set a new password for the Tickbox account with this e-mail address.",
        to_do="To set a new password",
        page="/reset-password",
        call='POST {url}/v1/users/reset-password with {{"token": "{token}", "new_password": "..."}}',
        after="If this was not you, ignore this e-mail. Your password stays the same.",
    ),
    "email_change": _Form(
        subject="Confirm your new e-mail address",
        before="Someone, probably you, wants to use this e-mail address for a Tickbox account.",
        to_do="To confirm that this address is yours and use it from now on",
        page="/verify-email",
        call='POST {url}/v1/users/verify-email with {{"token": "{token}"}}',
        after="If this was not you, ignore this e-mail. The account keeps its old address.",
    ),
    "email_changing": _Form(
        subject="Your e-mail address is about to change",
        before="Someone, probably you, asked to use another e-mail address for your Tickbox account.",
        after="If this was not you, set a new password now. That also cancels the change.",
    ),
    "email_changed": _Form(
        subject="Your e-mail address was changed",
        before="Your Tickbox account now has another e-mail address. This one can no longer be used to log in.",
        after="If this was not you, contact the operator of the server.",
    ),
    "invitation": _Form(
        subject="You are invited to a workspace",
        before="Someone invited you to a workspace on Tickbox, to work on its tasks together.",
        to_do="To accept the invitation with your account",
        page="/accept-invitation",
        call='POST {url}/v1/invitations/accept with {{"token": "{token}"}};'
        ' without an account, POST {url}/v1/users with the token as "invitation_token"',
        after="If you did not expect this, ignore this e-mail.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """E-mails of the server at *public_url*, whose users have a client app at *app_url*.

    Either may be empty. A link has the token in its fragment, which is never sent to a server or logged.
    """

    app_url: str
    public_url: str

    def message(self, rendered_email: RenderedEmail, *, sender: Address) -> EmailMessage:
        """Return *rendered_email* as a message. Raises ValueError if an address would add another header."""
        message = EmailMessage(policy=_POLICY)
        message["From"] = sender
        message["To"] = Address(addr_spec=rendered_email.to)
        message["Subject"] = _FORMS[rendered_email.kind].subject
        message["Date"] = dt.datetime.now(dt.UTC)
        message["Message-ID"] = make_msgid(domain=sender.domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.body(rendered_email))
        return message

    def body(self, rendered_email: RenderedEmail) -> str:
        """Return the body of an e-mail."""
        form = _FORMS[rendered_email.kind]
        hello = f"Hello {one_line(rendered_email.name)}," if rendered_email.name else "Hello,"
        if not rendered_email.token:
            return "\n\n".join((hello, form.before, f"{form.after}\n"))
        how = "open this link" if self.app_url else "send this request"
        end = f"This works once, until {rendered_email.expires_at:%Y-%m-%d %H:%M} UTC. {form.after}\n"
        return "\n\n".join((hello, form.before, f"{form.to_do}, {how}:", self.way(rendered_email), end))

    def page(self, kind: EmailKind) -> str | None:
        """Return the page of the client app that takes the token of such an e-mail; None without an app."""
        return f"{self.app_url.rstrip('/')}{_FORMS[kind].page}" if self.app_url else None

    def way(self, rendered_email: RenderedEmail) -> str:
        """Return the link to open; without an app, the request to send; of a notice, its text."""
        form = _FORMS[rendered_email.kind]
        if not rendered_email.token:
            return form.before
        if (page := self.page(rendered_email.kind)) is not None:
            return f"{page}#token={rendered_email.token}"
        return form.call.format(url=self.public_url.rstrip("/"), token=rendered_email.token)


def one_line(name: str) -> str:
    """Return a name that a user chose in a form that is safe in an e-mail: short, and no part becomes a link."""
    printable = "".join(character if character.isprintable() else " " for character in name)
    line = " ".join(re.sub(r"[:/\\@<>]", " ", printable).replace(".", ". ").split())
    return line if len(line) <= _NAME_LENGTH else line[: _NAME_LENGTH - 1] + "\N{HORIZONTAL ELLIPSIS}"


def parse_sender(text: str) -> Address:
    """Parse the sender of e-mails: `Tickbox <tickbox@example.com>`, or the address alone. Raises ValueError."""
    if text.isprintable():
        header = _POLICY.header_factory("From", text)
        match header.addresses:
            case [Address(username=str(user), domain=str(domain)) as sender] if user and domain and not header.defects:
                return sender
            case _:
                pass
    message = "must be an address such as Tickbox <tickbox@example.com>"
    raise ValueError(message)
