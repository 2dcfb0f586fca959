"""The cursors of changes: a place in a workspace's log, or in a first sync. Their format is here only.

The `id` of an event in a workspace's stream is the cursor of a place in the log, too. Both are bound to the workspace
and to the types of entities that the reader wants, as the cursor of a list is to its filters (`domain/pages.py`), and a
first sync also to which closed tasks it has.
"""

from collections.abc import Collection
from typing import Final, Literal
from uuid import UUID

from domain import pages
from domain.model.changes import CHANGE_TYPES, ChangeType, LogPlace, SyncPlace
from domain.pages import CursorInvalid

Completed = Literal["none", "30d", "all"]
"""Which closed tasks a first sync has: none, those that changed in the last 30 days, or all."""

_MOST: Final = 10**18
_WRONG_PLACE: Final = (
    "This cursor is not from this workspace with these `types`, or from a first sync that is not finished. Read all "
    "pages of the changes, and use the last `next_cursor`."
)
_WRONG_PAGE: Final = (
    "This cursor is not from the changes of this workspace with these `types` and this `completed`. Start again "
    "without a cursor."
)


def encode(place: LogPlace, *, workspace_id: UUID, types: Collection[ChangeType] | None) -> str:
    """Return the cursor of a place in the log, for a reader of *types*; None means all."""
    return pages.encode(_binding(workspace_id, types), str(place.revision), str(place.sequence))


def decode(cursor: str, *, workspace_id: UUID, types: Collection[ChangeType] | None) -> LogPlace:
    """Return a place in the log. Raises CursorInvalid for a cursor of another workspace or of other types."""
    try:
        return place_from_keys(*pages.decode(cursor, _binding(workspace_id, types), count=2))
    except CursorInvalid as error:
        raise CursorInvalid(_WRONG_PLACE) from error


def place_from_keys(revision: str, sequence: str) -> LogPlace:
    """Read a place in a log. Raises CursorInvalid, also for numbers that the database could not compare."""
    return LogPlace(_revision(revision), pages.integer_from_key(sequence, below=2**31))


def encode_any(
    place: LogPlace | SyncPlace, *, workspace_id: UUID, types: Collection[ChangeType] | None, completed: Completed
) -> str:
    """Return the cursor of a place in the log or in a first sync."""
    if isinstance(place, LogPlace):
        return encode(place, workspace_id=workspace_id, types=types)
    since = "" if place.closed_since is None else pages.instant_to_key(place.closed_since)
    keys = ("", "") if place.keys is None else place.keys
    return pages.encode(_sync_binding(workspace_id, types, completed), str(place.head), since, place.step, *keys)


def decode_any(
    cursor: str, *, workspace_id: UUID, types: Collection[ChangeType] | None, completed: Completed
) -> LogPlace | SyncPlace:
    """Return a place in the log or in a first sync. Raises CursorInvalid."""
    try:
        return decode(cursor, workspace_id=workspace_id, types=types)
    except CursorInvalid:
        pass
    try:
        keys = pages.decode(cursor, _sync_binding(workspace_id, types, completed), count=5)
    except CursorInvalid as error:
        raise CursorInvalid(_WRONG_PAGE) from error
    head, since, step, first, second = keys
    return SyncPlace(
        head=_revision(head),
        closed_since=pages.instant_from_key(since) if since else None,
        step=step,
        keys=(first, second) if first else None,
    )


def _revision(key: str) -> int:
    return pages.integer_from_key(key, below=_MOST)


def _binding(workspace_id: UUID, types: Collection[ChangeType] | None) -> str:
    wanted = [each for each in CHANGE_TYPES if types is None or each in types]
    return " ".join(["changes", str(workspace_id), *wanted])


def _sync_binding(workspace_id: UUID, types: Collection[ChangeType] | None, completed: Completed) -> str:
    return f"{completed} {_binding(workspace_id, types)}"
