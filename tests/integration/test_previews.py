"""When a task would recur, without a task."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import Person, created, ok, rejected
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

Json = dict[str, Any]
PATH = "/v1/recurrence-previews"
DAILY = {"rule": "FREQ=DAILY"}


def previewed(person: Person, **body: object) -> Json:
    found: Json = ok(person.client.post(PATH, json=body))
    return found


def at(found: Json) -> list[str | None]:
    return [each["at"] for each in found["items"]]


@pytest.mark.parametrize(
    ("first", "instants"),
    [
        ("2027-03-27", ["2027-03-27T08:00:00Z", "2027-03-28T07:00:00Z", "2027-03-29T07:00:00Z"]),
        ("2027-10-30", ["2027-10-30T07:00:00Z", "2027-10-31T08:00:00Z", "2027-11-01T08:00:00Z"]),
    ],
)
def test_a8_the_hour_stays_when_the_clocks_change(ada: Person, first: str, instants: list[str]) -> None:
    due = {"date": first, "time": "09:00", "time_zone": "Europe/Berlin"}
    found = previewed(ada, due=due, recurrence=DAILY, count=3)
    assert {(each["occurrence"]["time"], each["occurrence"]["time_zone"]) for each in found["items"]} == {
        ("09:00", "Europe/Berlin")
    }
    assert (at(found), found["has_more"]) == (instants, True)


def test_a8_a_day_is_not_repeated_when_the_clocks_change(ada: Person) -> None:
    due = {"date": "2027-04-03", "time": "23:30", "time_zone": "Pacific/Auckland"}
    found = previewed(ada, due=due, recurrence=DAILY, count=3)
    assert [each["occurrence"]["date"] for each in found["items"]] == ["2027-04-03", "2027-04-04", "2027-04-05"]
    assert at(found) == ["2027-04-03T10:30:00Z", "2027-04-04T11:30:00Z", "2027-04-05T11:30:00Z"]


def test_a9_a_day_and_a_floating_time_are_those_of_whoever_looks(ada: Person, bob: Person) -> None:
    for person, zone in ((ada, "Pacific/Kiritimati"), (bob, "Pacific/Honolulu")):
        ok(person.client.merge("/v1/users/me", {"time_zone": zone}))
    days = [previewed(person, due={"date": "2027-03-28"}, recurrence=DAILY, count=2) for person in (ada, bob)]
    times = [
        previewed(person, due={"date": "2027-03-28", "time": "00:30"}, recurrence=DAILY, count=1)
        for person in (ada, bob)
    ]
    assert days[0] == days[1]
    assert days[0]["items"][1] == {"occurrence": {"date": "2027-03-29", "time": None, "time_zone": None}, "at": None}
    assert [at(each) for each in times] == [["2027-03-27T10:30:00Z"], ["2027-03-28T10:30:00Z"]]


def test_ten_occurrences_are_listed_unless_the_request_says_how_many(ada: Person) -> None:
    assert len(previewed(ada, due={"date": "2027-03-28"}, recurrence=DAILY, count=None)["items"]) == 10
    assert len(previewed(ada, due={"date": "2027-03-28"}, recurrence=DAILY)["items"]) == 10
    assert len(previewed(ada, due={"date": "2027-03-28"}, recurrence=DAILY, count=100)["items"]) == 100


def test_an_occurrence_is_where_the_next_response_begins(ada: Person) -> None:
    due = {"date": "2027-03-27", "time": "02:30", "time_zone": "Europe/Berlin"}
    body = {"due": due, "recurrence": {"rule": "freq=daily;count=4", "anchor": "completion", "overdue": "step"}}
    whole = previewed(ada, **body)
    assert ([each["occurrence"]["date"][-2:] for each in whole["items"]], whole["has_more"]) == (
        ["27", "28", "29", "30"],
        False,
    )
    rest = previewed(ada, **body, **{"from": whole["items"][1]["occurrence"]})
    assert rest == {**whole, "items": whole["items"][1:]}
    assert previewed(ada, **body, **{"from": None}) == whole
    assert previewed(ada, **body, **{"from": {"date": "2028-01-01"}}) == {"items": [], "has_more": False}


def test_a_task_with_the_same_values_begins_with_the_same_occurrence(ada: Person) -> None:
    body = {"due": {"date": "2027-03-27"}, "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=2"}}
    task = ada.create("tasks", title="Sow", **body)
    assert previewed(ada, **body)["items"][0]["occurrence"] == task["occurrence"]


def test_a_preview_stores_nothing_and_takes_no_key(ada: Person, tables: Tables) -> None:
    before = tables.digest()
    body = {"due": {"date": "2027-03-27", "time": "09:00"}, "recurrence": DAILY}
    one, other = (ada.client.post(PATH, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert ok(one) == ok(other)
    assert "Idempotency-Replayed" not in other.headers
    assert tables.digest() == before


def test_a_token_that_may_only_read_may_preview(ada: Person) -> None:
    reader = created(ada.client.post("/v1/tokens", json={"name": "Reader", "scopes": ["read"]}))["token"]
    body = {"due": {"date": "2027-03-27", "time": "09:00"}, "recurrence": DAILY}
    assert len(ok(ada.client.with_token(reader).post(PATH, json=body))["items"]) == 10
    writer = created(ada.client.post("/v1/tokens", json={"name": "Writer", "scopes": ["write"]}))["token"]
    rejected(ada.client.with_token(writer).post(PATH, json=body), 403, "insufficient-scope")


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"due": None}, {"#/due required"}),
        ({"recurrence": None}, {"#/recurrence required"}),
        ({"recurrence": {}}, {"#/recurrence/rule required"}),
        ({"recurrence": {"rule": "FREQ=SECONDLY"}}, {"#/recurrence/rule rule-unsupported"}),
        ({"recurrence": {"rule": "FREQ=HOURLY"}}, {"#/recurrence/rule rule-unlike-due"}),
        ({"due": {"date": "2027-03-27", "time_zone": "UTC"}}, {"#/due/time required"}),
        (
            {"due": {"date": "2027-03-27", "time": "09:00", "time_zone": "localtime"}, "from": {"date": "2027-03-27"}},
            {"#/due/time_zone time-zone"},
        ),
        ({"from": {"date": "2027-03-27", "time_zone": "UTC"}}, {"#/from/time required"}),
        ({"from": {"date": "2027-03-27", "time": "09:00", "time_zone": "utc"}}, {"#/from/time_zone time-zone"}),
        ({"from": "2027-03-27"}, {"#/from type"}),
        ({"count": 0}, {"#/count minimum"}),
        ({"count": 101}, {"#/count maximum"}),
        ({"title": "Sow"}, {"#/title unknown"}),
    ],
)
def test_what_a_task_could_not_have_is_rejected(ada: Person, change: Json, faults: set[str]) -> None:
    body = {"due": {"date": "2027-03-27"}, "recurrence": DAILY, **change}
    assert rejected(ada.client.post(PATH, json=body), 422, "invalid-body") == faults
