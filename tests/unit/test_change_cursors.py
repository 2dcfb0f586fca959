from typing import Any
from uuid import UUID

import pytest

from domain import change_cursors
from domain.model.changes import CHANGE_TYPES, LogPlace, SyncPlace
from domain.pages import CursorInvalid
from tests.support.defaults import NOON

HERE, THERE = UUID(int=1), UUID(int=2)
PLACE = LogPlace(62, 3)


@pytest.mark.parametrize("place", [PLACE, LogPlace(0, 0), LogPlace.end_of(10**17)])
def test_the_cursor_of_a_place_in_the_log_is_read_back(place: LogPlace) -> None:
    cursor = change_cursors.encode(place, workspace_id=HERE, types=["task"])
    assert change_cursors.decode(cursor, workspace_id=HERE, types=["task"]) == place


@pytest.mark.parametrize(
    "place",
    [
        SyncPlace(head=7),
        SyncPlace(head=7, step="labels", keys=("a0", "x")),
        SyncPlace(head=7, closed_since=NOON, step="open", keys=("123", "")),
    ],
)
def test_the_cursor_of_a_place_in_a_first_sync_is_read_back(place: SyncPlace) -> None:
    cursor = change_cursors.encode_any(place, workspace_id=HERE, types=None, completed="30d")
    assert change_cursors.decode_any(cursor, workspace_id=HERE, types=None, completed="30d") == place
    others: list[dict[str, Any]] = [{"workspace_id": THERE}, {"types": ["task"]}, {"completed": "all"}]
    for other in others:
        with pytest.raises(CursorInvalid):
            change_cursors.decode_any(cursor, **{"workspace_id": HERE, "types": None, "completed": "30d"} | other)
    with pytest.raises(CursorInvalid):
        change_cursors.decode(cursor, workspace_id=HERE, types=None)


def test_a_cursor_is_of_one_workspace_and_of_its_types() -> None:
    cursor = change_cursors.encode(PLACE, workspace_id=HERE, types=["task", "label"])
    assert change_cursors.decode(cursor, workspace_id=HERE, types=["label", "task", "task"]) == PLACE
    mine: dict[str, Any] = {"workspace_id": HERE, "types": ["task", "label"]}
    others: list[dict[str, Any]] = [{"workspace_id": THERE}, {"types": ["task"]}, {"types": None}]
    for other in others:
        with pytest.raises(CursorInvalid):
            change_cursors.decode(cursor, **mine | other)


def test_all_types_are_the_same_as_none_that_are_named() -> None:
    cursor = change_cursors.encode(PLACE, workspace_id=HERE, types=None)
    assert cursor == change_cursors.encode(PLACE, workspace_id=HERE, types=CHANGE_TYPES[::-1])


def test_a_place_in_the_log_does_not_depend_on_what_a_first_sync_had() -> None:
    cursor = change_cursors.encode_any(PLACE, workspace_id=HERE, types=None, completed="none")
    assert cursor == change_cursors.encode(PLACE, workspace_id=HERE, types=None)
    assert change_cursors.decode_any(cursor, workspace_id=HERE, types=None, completed="all") == PLACE


def test_the_end_of_a_change_is_after_its_events_and_before_the_next() -> None:
    assert LogPlace(7, 1) < LogPlace(7, 5000) < LogPlace.end_of(7) < LogPlace(8, 1)
