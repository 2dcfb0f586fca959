"""The activity of a workspace: its log as people read it, and the port that reads it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

Place = tuple[int, int]
"""A place in a workspace's log: the number of a change, and the place within the change, from 1 on."""

BEGINNING: Final[Place] = (0, 0)
"""Before the first event."""
END: Final[Place] = (2**62, 0)
"""After the last event."""

MOST_CANDIDATES: Final = 5000
"""How many events of a log are looked at for one page."""
CLOCKS_APART: Final = dt.timedelta(minutes=5)
"""How far the clocks of the servers may be apart: in a log, no event is earlier than one before it by more."""
_FIRST: Final = dt.datetime.min.replace(tzinfo=dt.UTC) + CLOCKS_APART
_LAST: Final = dt.datetime.max.replace(tzinfo=dt.UTC) - CLOCKS_APART


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event of the log, with its `payload`, and the event before it of the same entity.

    The payloads are JSON. They are None if they were deleted; `type_before` and `payload_before` also if there is no
    event before.
    """

    revision: int
    sequence: int
    type: str
    entity_id: UUID
    actor_id: UUID | None
    recorded_at: dt.datetime
    payload: str | None
    type_before: str | None
    payload_before: str | None

    @property
    def place(self) -> Place:
        """Where it is in the log."""
        return self.revision, self.sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """Which events are listed: None does not filter."""

    entity_id: UUID | None = None
    actor_id: UUID | None = None
    types: frozenset[str] | None = None
    recorded_after: dt.datetime | None = None
    recorded_before: dt.datetime | None = None

    @property
    def since(self) -> dt.datetime | None:
        """A time: what is in the log before an event that was recorded before it is not listed."""
        return self.recorded_after and max(self.recorded_after, _FIRST) - CLOCKS_APART

    @property
    def until(self) -> dt.datetime | None:
        """A time: what is in the log after an event that was recorded then or later is not listed."""
        return self.recorded_before and min(self.recorded_before, _LAST) + CLOCKS_APART

    @property
    def is_indexed(self) -> bool:
        """Whether an index finds what is listed, so that no event is read that is not."""
        return (self.actor_id, self.types, self.recorded_after, self.recorded_before) == (None,) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a log: what is at `oldest` and after it, and before `before`.

    `is_last` says that no older event can be one that is listed.
    """

    oldest: Place
    before: Place
    is_last: bool


class ActivityRepository(Protocol):
    """The logs of workspaces."""

    async def stretch(self, workspace_id: UUID, filters: ActivityFilter, *, before: Place) -> Stretch:
        """Return the part of the log before a place in which the next page is looked for.

        It has MOST_CANDIDATES events of the entity, or of the workspace, and at most as many more that were recorded
        since. Events that are too old or too new by more than CLOCKS_APART are not in it.
        """

    async def newest(
        self, workspace_id: UUID, filters: ActivityFilter, *, within: Stretch, limit: int
    ) -> Sequence[LoggedEvent]:
        """Return at most *limit* of the events in a part of the log that are to be listed, newest first."""
