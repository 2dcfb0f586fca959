"""How the operator runs the server."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Registration = Literal["open", "invited", "closed"]
"""Who may register: anybody, anybody with an invitation, nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may register, and how long things last. The settings decide some of it.

    A server that does not send e-mail returns an invitation's token to whoever creates it. `accept_invitation_url` is
    the page of a client app that accepts an invitation, None without an app.
    """

    registration: Registration = "open"
    access_token_lifetime: dt.timedelta = dt.timedelta(hours=1)
    session_lifetime: dt.timedelta = dt.timedelta(days=30)
    invitation_lifetime: dt.timedelta = dt.timedelta(days=7)
    refresh_grace: dt.timedelta = dt.timedelta(seconds=10)
    verification_lifetime: dt.timedelta = dt.timedelta(days=3)
    reset_lifetime: dt.timedelta = dt.timedelta(hours=1)
    workspace_quota_bytes: int = 256 * 1024 * 1024
    log_retention: dt.timedelta = dt.timedelta(days=90)
    sends_email: bool = True
    accept_invitation_url: str | None = None
