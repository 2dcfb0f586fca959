"""How much one workspace may store: its content, and the responses that are kept for repeated requests.

The payloads in the workspace's log are bounded by the same number of bytes, and never make it full: the oldest are
deleted first. Each event keeps its type, its time and its user.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

from domain.limits import LimitReached
from domain.model.workspaces import WorkspaceFull

MOST_OPEN_TASKS: Final = 100_000
"""How many open tasks a workspace has at most, without those in the trash."""
ROW_BYTES: Final = 300
"""About what a project, a task or a kept response stores besides its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a workspace stores, in bytes: its projects and tasks, its log, and kept responses of the last two days.

    The log is counted by the payloads of its events, of which none before revision `log_from` is left. All payloads and
    tombstones are of the day (in UTC) with the number `log_day` or later; 0 says that there are none.

    Responses are kept for 24 hours, and counted by the day (in UTC) with the number `kept_day`: until the end of the
    next day. `open_tasks` is a number of tasks, not of bytes.
    """

    content_bytes: int = 0
    log_bytes: int = 0
    log_from: int = 0
    kept_day: int = 0
    kept_bytes: int = 0
    kept_before_bytes: int = 0
    open_tasks: int = 0
    log_day: int = 0

    def with_content(self, more_bytes: int, *, quota_bytes: int) -> "Usage":
        """Return the usage after a change of the content. Raises WorkspaceFull if it is over the quota."""
        content_bytes = self.content_bytes + more_bytes
        if more_bytes > 0 and content_bytes > quota_bytes:
            raise WorkspaceFull(quota_bytes)
        return replace(self, content_bytes=max(0, content_bytes))

    def with_open_tasks(self, more: int) -> "Usage":
        """Return the usage after tasks were opened, or closed and deleted. Raises LimitReached."""
        if more > 0 and self.open_tasks + more > MOST_OPEN_TASKS:
            raise LimitReached("workspace", things="open tasks", most=MOST_OPEN_TASKS)
        return replace(self, open_tasks=self.open_tasks + more)

    def with_log(self, more_bytes: int, *, now: dt.datetime) -> "Usage":
        """Return the usage after events were written."""
        return replace(self, log_bytes=self.log_bytes + more_bytes, log_day=self.log_day or day_of(now))

    def trimmed(self, fewer_bytes: int, *, log_from: int) -> "Usage":
        """Return the usage after the oldest payloads of the log were deleted."""
        return replace(self, log_bytes=max(0, self.log_bytes - fewer_bytes), log_from=log_from)

    def with_kept(self, more_bytes: int, *, now: dt.datetime, quota_bytes: int) -> "Usage":
        """Return the usage after a response of so many bytes was kept. Raises WorkspaceFull."""
        day = day_of(now)
        kept, before = self.kept_bytes, self.kept_before_bytes
        if day != self.kept_day:
            kept, before = 0, kept if day == self.kept_day + 1 else 0
        kept += more_bytes + ROW_BYTES
        if kept + before > quota_bytes:
            raise WorkspaceFull(quota_bytes, kept=True)
        return replace(self, kept_day=day, kept_bytes=kept, kept_before_bytes=before)


def day_of(instant: dt.datetime) -> int:
    """Return the number of the day in UTC, from the first of the year 1 on."""
    return instant.astimezone(dt.UTC).date().toordinal()


def size_of(entity: object) -> int:
    """Return the bytes that *entity* counts against the quota: those of its `texts`, and ROW_BYTES.

    0 for an entity without `texts`, such as a member, which stores little.
    """
    texts = getattr(entity, "texts", None)
    return 0 if texts is None else row_bytes(*texts)


def row_bytes(*texts: str) -> int:
    """Return the bytes of a row with these *texts*."""
    return ROW_BYTES + sum(len(text.encode()) for text in texts)
