"""What the operation on an account does that matters in a workspace."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from domain import zones
from tests.integration.model.workspace import Body, Workspace, invalid, refuse_if


def update_me(now: Workspace, *, body: Body) -> None:
    """The caller's reminders do not follow at once: until then, they are stale."""
    before = now.accounts[now.actor]
    time = dt.time.fromisoformat(body.get("reminder_time", before.reminder_time))
    changed = replace(
        before,
        time_zone=body.get("time_zone", before.time_zone),
        reminder_time=time.isoformat("seconds" if time.second else "minutes"),
    )
    if changed.time_zone not in zones.names():
        refuse_if([invalid("#/time_zone")])
    if changed != before:
        now.accounts[now.actor] = replace(changed, changed_at=now.instant)
        now.stale |= {member.id for member in now.members if member.id == now.actor}
