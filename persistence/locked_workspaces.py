"""The workspace whose row a transaction has locked: its head, and what it uses, before and after the changes."""

import datetime as dt
from collections.abc import Callable
from operator import attrgetter
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, update

from domain.quotas import Usage
from persistence.events import trim
from persistence.memberships import USAGE, workspaces
from persistence.runners import Runner, Write

_USAGE_OF: Final = attrgetter(*USAGE)
_SPARE: Final = 64
"""Payloads over their limit are cut to this part below it, so that not every write has to delete some."""
_UPDATE: Final = update(workspaces).where(workspaces.c.id == bindparam("workspace"))


class LockedWorkspace:
    """What a transaction adds to the workspace with this *head* and *usage*, which were read under its lock."""

    def __init__(self, workspace_id: UUID, *, head: int, usage: Usage, quota_bytes: int) -> None:
        self.id: Final = workspace_id
        self.head: Final = head
        self._before: Final = usage
        self._usage = usage
        self._quota_bytes = quota_bytes

    def add(self, content_bytes: int, *, opened: int = 0) -> None:
        """Count so many bytes and open tasks more, or fewer if negative. Raises WorkspaceFull, LimitReached."""
        usage = self._usage.with_content(content_bytes, quota_bytes=self._quota_bytes)
        self._usage = usage.with_open_tasks(opened)

    def keep(self, size_bytes: int, *, now: dt.datetime) -> None:
        """Count a response that is kept. Raises WorkspaceFull."""
        self._usage = self._usage.with_kept(size_bytes, now=now, quota_bytes=self._quota_bytes)

    async def changes(
        self, runner: Runner, *, head: int | None, log_bytes: int, now: Callable[[], dt.datetime]
    ) -> list[Write]:
        """Return what stores the new *head*, None for the old one, and the usage, with a log of *log_bytes* more.

        If the log gets too long, its oldest payloads are deleted here.
        """
        if log_bytes:
            self._usage = self._usage.with_log(log_bytes, now=now())
        excess = self._usage.log_bytes - self._quota_bytes
        if log_bytes and excess > 0:
            self._usage = await trim(
                runner,
                self.id,
                self._usage,
                before=head or self.head,
                excess=excess + self._quota_bytes // _SPARE,
                added=log_bytes,
            )
        values = dict(zip(USAGE, _USAGE_OF(self._usage), strict=True)) if self._usage != self._before else {}
        if self._usage.log_day == self._before.log_day:
            values.pop("log_day", None)  # SQLite updates the indexes of all columns that a statement names
        if head is not None:
            values["head"] = head
        return [(_UPDATE, {"workspace": self.id, **values})] if values else []
