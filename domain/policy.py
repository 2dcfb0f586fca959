"""How the operator runs the server."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Registration = Literal["open", "invited", "closed"]
"""Who may make an account: anybody, who has an invitation, nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the server is run: who may make an account, and how long things last. The operator sets some of it.

    Where it does not send mail, invitations are handed to whoever creates them. `accept_invitation_url` is the page of
    a client app that accepts one, None without an app.
    """

    registration: Registration = "open"
    access_token_lifetime: dt.timedelta = dt.timedelta(hours=1)
    session_lifetime: dt.timedelta = dt.timedelta(days=30)
    invitation_lifetime: dt.timedelta = dt.timedelta(days=7)
    refresh_grace: dt.timedelta = dt.timedelta(seconds=10)
    verification_lifetime: dt.timedelta = dt.timedelta(days=3)
    reset_lifetime: dt.timedelta = dt.timedelta(hours=1)
    workspace_quota_bytes: int = 256 * 1024 * 1024
    sends_email: bool = True
    accept_invitation_url: str | None = None
