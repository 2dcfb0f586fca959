"""That a task which recurs went on as the preview of its series says, by the clock."""

from __future__ import annotations

import datetime as dt

from domain import zones
from tests.integration.followers.expectations import Window
from tests.integration.model.things import Json
from tests.support.clients import Person, ok


def check_next(person: Person, before: Json, after: Json, window: Window, *, time_zone: str) -> None:
    """Check that a task went to the first occurrence that is to come, or was completed as there is none.

    With `overdue: step` that is the next one, whatever the time is. Its zone, or else *time_zone*, says what day it is.
    A series that begins again when it is completed has another schedule.
    """
    recurrence = before["recurrence"]
    if recurrence["anchor"] == "completion":
        return
    rule = {"rule": recurrence["rule"]}
    body = {"due": recurrence["series_start"], "recurrence": rule, "from": before["occurrence"], "count": 100}
    found = ok(person.client.post("/v1/recurrence-previews", json=body))
    last = max(_local(before["occurrence"]), _local(before["due"]))
    following = [each for each in found["items"] if _local(each["occurrence"]) > last]
    if after["status"] == "open":
        place = [each["occurrence"] for each in following].index(after["occurrence"])
        passed, now = following[:place], following[place]
        assert recurrence["overdue"] == "step" or _instant(now, time_zone) > window.began, (before, after, window)
    elif found["has_more"]:  # it is long ago that it was at this occurrence
        return
    else:
        passed = following
    is_past = recurrence["overdue"] == "skip" and all(_instant(each, time_zone) <= window.ended for each in passed)
    assert is_past or not passed, (before, after, passed, window)


def _local(value: Json) -> tuple[str, str]:
    return value["date"], value["time"] or ""


def _instant(previewed: Json, time_zone: str) -> dt.datetime:
    """When it is not to come any more: a day, when it begins."""
    if previewed["at"] is not None:
        return dt.datetime.fromisoformat(previewed["at"])
    day = dt.date.fromisoformat(previewed["occurrence"]["date"])
    return dt.datetime.combine(day, dt.time(), zones.zone(time_zone)).astimezone(dt.UTC)
