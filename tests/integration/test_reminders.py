"""Reminders of tasks: of their owners alone, and in step with the task."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.jobs.reminder_upkeep import renew_all
from persistence.reminder_rows import reminders
from tests.support.clients import Person, created, everything, new_email, new_id, no_content, ok, pages, rejected
from tests.support.purging import dependencies
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"
BERLIN = "Europe/Berlin"
NINE = {"date": "2099-03-27", "time": "09:00", "time_zone": BERLIN}


@pytest.fixture
def home(ada: Person, bob: Person, tables: Tables) -> str:
    """The path of a workspace of Ada's in which Bob is a viewer."""
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    invitation = ada.create(f"{home}/invitations", email=new_email(), role="viewer")
    ok(bob.client.post("/v1/invitations/accept", json={"token": tables.send_invitation(invitation["id"])}))
    return home


@pytest.fixture
def task(ada: Person, home: str) -> str:
    """The path of a task in it, due at 09:00 in Berlin."""
    return f"{home}/tasks/{ada.create(f'{home}/tasks', title='Sow', due=NINE)['id']}"


def fires_at(person: Person, path: str) -> str | None:
    found: str | None = ok(person.client.get(path))["fires_at"]
    return found


def test_a_viewer_has_reminders_that_nobody_else_sees(ada: Person, bob: Person, home: str, task: str) -> None:
    head = ada.head(home)
    response = bob.client.post(f"{task}/reminders", json={"before_due": 30})
    reminder = created(response)
    assert reminder == {
        "id": reminder["id"],
        "workspace_id": home.rpartition("/")[2],
        "task_id": task.rpartition("/")[2],
        "at": None,
        "before_due": 30,
        "fires_at": "2099-03-27T07:30:00Z",
        "fired_at": None,
        "created_at": reminder["created_at"],
        "updated_at": reminder["created_at"],
        "revision": 1,
    }
    path = f"{task}/reminders/{reminder['id']}"
    assert response.headers["Location"] == path
    assert response.headers["ETag"] == '"1"'
    assert ok(bob.client.get(path)) == reminder
    mine = ada.create(f"{task}/reminders", at="2099-03-27T08:00:00+02:00", id=new_id())
    assert (mine["at"], mine["fires_at"], mine["before_due"]) == ("2099-03-27T06:00:00Z", "2099-03-27T06:00:00Z", None)
    assert everything(ada.client, f"{task}/reminders") == [mine]
    assert everything(bob.client, f"{task}/reminders") == [reminder]
    for refused in (ada.client.get(path), ada.client.merge(path, {"before_due": 5}), ada.client.delete(path)):
        rejected(refused, 404, "not-found")
    assert ada.head(home) == head
    edited = ok(bob.client.merge(path, {"before_due": 60}))
    assert (edited["fires_at"], edited["revision"]) == ("2099-03-27T07:00:00Z", 2)
    no_content(bob.client.delete(path))
    rejected(bob.client.get(path), 404, "not-found")
    assert ada.head(home) == head


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"#/at one-of"}),
        ({"at": None, "before_due": None}, {"#/at one-of"}),
        ({"at": "2099-03-27T08:00:00Z", "before_due": 0}, {"#/at one-of"}),
        ({"at": "2099-03-27T08:00:00"}, {"#/at format"}),
        ({"before_due": -1}, {"#/before_due minimum"}),
        ({"before_due": 525_601}, {"#/before_due maximum"}),
        ({"before_due": "30"}, {"#/before_due type"}),
        ({"before_due": 0, "fires_at": "2099-03-27T08:00:00Z"}, {"#/fires_at read-only"}),
    ],
)
def test_a_bad_reminder_is_refused(ada: Person, task: str, body: dict[str, Any], faults: set[str]) -> None:
    assert rejected(ada.client.post(f"{task}/reminders", json=body), 422, "invalid-body") == faults
    assert everything(ada.client, f"{task}/reminders") == []


def test_one_kind_is_replaced_by_the_other_only_with_null(ada: Person, task: str) -> None:
    reminder = ada.create(f"{task}/reminders", before_due=30)
    path = f"{task}/reminders/{reminder['id']}"
    at = {"at": "2099-01-01T00:00:00Z"}
    assert rejected(ada.client.merge(path, at), 422, "invalid-body") == {"#/at one-of"}
    assert rejected(ada.client.merge(path, {"before_due": None}), 422, "invalid-body") == {"#/at one-of"}
    changed = ok(ada.client.merge(path, {**at, "before_due": None}))
    assert (changed["at"], changed["before_due"], changed["fires_at"]) == (at["at"], None, at["at"])
    assert ok(ada.client.merge(path, at)) == changed


def test_a_reminder_is_changed_only_as_its_client_knows_it(ada: Person, task: str) -> None:
    """The tag is of the reminder: it changes when the task moves, and not when something else changes."""
    reminder = ada.create(f"{task}/reminders", before_due=30)
    path = f"{task}/reminders/{reminder['id']}"
    ok(ada.client.merge(task, {"title": "Reap"}))
    assert ada.client.get(path, headers={"If-None-Match": '"1"'}).status_code == 304
    ok(ada.client.merge(task, {"due": {"date": "2099-03-28"}}))
    rejected(ada.client.merge(path, {"before_due": 5}, **{"If-Match": '"1"'}), 412, "precondition-failed")
    rejected(ada.client.delete(path, headers={"If-Match": '"1"'}), 412, "precondition-failed")
    no_content(ada.client.delete(path, headers={"If-Match": '"2"'}))


def test_reminders_follow_the_due_date_of_the_task(ada: Person, bob: Person, task: str) -> None:
    """30 minutes before 09:00 in Berlin, before and after the change of the clocks, for whoever has a reminder."""
    paths = [
        (person, f"{task}/reminders/{person.create(f'{task}/reminders', before_due=30)['id']}") for person in (ada, bob)
    ]
    fixed = f"{task}/reminders/{ada.create(f'{task}/reminders', at='2099-01-01T00:00:00Z')['id']}"

    def after(due: dict[str, Any] | None) -> set[str | None]:
        ok(ada.client.merge(task, {"due": due}))
        assert fires_at(ada, fixed) == "2099-01-01T00:00:00Z"
        return {fires_at(person, path) for person, path in paths}

    assert after({"time": "10:00"}) == {"2099-03-27T08:30:00Z"}
    assert after({"date": "2099-03-29", "time": "09:00"}) == {"2099-03-29T06:30:00Z"}
    assert after({"time_zone": "Asia/Tokyo"}) == {"2099-03-28T23:30:00Z"}
    assert after(None) == {None}
    assert after({"date": "2020-01-01"}) == {None}
    assert after({"date": "2099-03-27", "time": "09:00", "time_zone": "UTC"}) == {"2099-03-27T08:30:00Z"}


def test_a_reminder_is_found_under_its_task_only_and_not_while_that_is_in_the_trash(
    ada: Person, home: str, task: str
) -> None:
    reminder = ada.create(f"{task}/reminders", before_due=30)
    other = ada.create(f"{home}/tasks", title="Reap")
    rejected(ada.client.get(f"{home}/tasks/{other['id']}/reminders/{reminder['id']}"), 404, "not-found")
    rejected(ada.client.get(f"{task}/reminders/{UNKNOWN_ID}"), 404, "not-found")
    no_content(ada.client.delete(task))
    rejected(ada.client.get(f"{task}/reminders"), 404, "not-found")
    rejected(ada.client.get(f"{task}/reminders/{reminder['id']}"), 404, "not-found")
    rejected(ada.client.post(f"{task}/reminders", json={"before_due": 30}), 404, "not-found")
    ok(ada.client.post(f"{task}/restore"))
    assert everything(ada.client, f"{task}/reminders") == [reminder]


def test_a_user_lists_all_of_their_reminders_in_a_workspace(ada: Person, bob: Person, home: str, task: str) -> None:
    other = f"{home}/tasks/{ada.create(f'{home}/tasks', title='Reap')['id']}"
    mine = [
        ada.create(f"{path}/reminders", at=f"2099-01-0{n}T00:00:00Z") for n, path in enumerate([task, other] * 2, 1)
    ]
    theirs = bob.create(f"{other}/reminders", before_due=30)
    ada.create(f"{ada.home}/tasks/{ada.create('tasks', title='Dig')['id']}/reminders", before_due=5)
    ok(ada.client.post(f"{task}/complete"))
    assert pages(ada.client, f"{home}/reminders", limit=3) == [mine[:3], mine[3:]]
    assert everything(bob.client, f"{home}/reminders") == [theirs]

    no_content(ada.client.delete(other))
    assert everything(ada.client, f"{home}/reminders") == mine[::2]
    assert everything(bob.client, f"{home}/reminders") == []
    ok(ada.client.post(f"{other}/restore"))
    assert everything(ada.client, f"{home}/reminders") == mine


def test_another_device_sees_by_the_tag_of_the_list_whether_a_reminder_changed(
    ada: Person, home: str, task: str
) -> None:
    path = f"{task}/reminders/{ada.create(f'{task}/reminders', before_due=30)['id']}"

    def is_known(etag: str) -> bool:
        return ada.client.get(f"{home}/reminders", headers={"If-None-Match": etag}).status_code == 304

    def etag() -> str:
        return ada.client.get(f"{home}/reminders").headers["ETag"]

    for change in (
        lambda: ada.create(f"{task}/reminders", before_due=5),
        lambda: ok(ada.client.merge(path, {"before_due": 60})),
        lambda: ok(ada.client.merge(task, {"due": {"date": "2099-03-28"}})),
        lambda: no_content(ada.client.delete(path)),
    ):
        before = etag()
        ok(ada.client.merge(task, {"title": new_id()}))
        assert is_known(before)
        change()
        assert not is_known(before)


def test_a_list_of_all_reminders_is_of_one_user_in_one_workspace(
    ada: Person, bob: Person, home: str, task: str
) -> None:
    for minutes in (1, 2):
        ada.create(f"{task}/reminders", before_due=minutes)
    cursor = ok(ada.client.get(f"{home}/reminders", params={"limit": 1}))["next_cursor"]
    of_task = ok(ada.client.get(f"{task}/reminders", params={"limit": 1}))["next_cursor"]
    for client, path, wrong in (
        (bob.client, home, cursor),
        (ada.client, ada.home, cursor),
        (ada.client, home, of_task),
        (ada.client, home, "x"),
    ):
        refused = client.get(f"{path}/reminders", params={"cursor": wrong})
        assert rejected(refused, 400, "invalid-cursor") == {"cursor cursor"}
    rejected(bob.client.get(f"{ada.home}/reminders"), 404, "not-found")
    elsewhere = ada.create("/v1/tokens", name="Bot", scopes=["read"], workspace_ids=[ada.workspace_id])["token"]
    rejected(ada.client.with_token(elsewhere).get(f"{home}/reminders"), 404, "not-found")
    assert everything(ada.client.with_token(elsewhere), f"{ada.home}/reminders") == []


def test_a_user_has_ten_reminders_of_a_task(ada: Person, bob: Person, task: str) -> None:
    for minutes in range(10):
        ada.create(f"{task}/reminders", before_due=minutes)
    rejected(ada.client.post(f"{task}/reminders", json={"before_due": 30}), 409, "limit-reached")
    bob.create(f"{task}/reminders", before_due=30)
    assert len(everything(ada.client, f"{task}/reminders", limit=3)) == 10


def test_a_reminder_with_an_id_of_the_client_is_created_once(ada: Person, bob: Person, task: str) -> None:
    body = {"id": new_id(), "before_due": 30}
    first = created(ada.client.post(f"{task}/reminders", json=body))
    assert ok(ada.client.post(f"{task}/reminders", json=body)) == first
    rejected(ada.client.post(f"{task}/reminders", json={**body, "before_due": 5}), 409, "id-taken")
    rejected(bob.client.post(f"{task}/reminders", json=body), 409, "id-taken")
    no_content(ada.client.delete(f"{task}/reminders/{first['id']}"))
    rejected(ada.client.post(f"{task}/reminders", json=body), 409, "id-taken")


def test_a_user_has_a_time_for_reminders(ada: Person, home: str) -> None:
    assert ok(ada.client.get("/v1/users/me"))["reminder_time"] == "09:00"
    wrong = ada.client.merge("/v1/users/me", {"reminder_time": "24:00"})
    assert rejected(wrong, 422, "invalid-body") == {"#/reminder_time pattern"}
    changed = ok(ada.client.merge("/v1/users/me", {"reminder_time": "20:15:30", "time_zone": BERLIN}))
    assert changed["reminder_time"] == "20:15:30"
    task = ada.create(f"{home}/tasks", title="Sow", due={"date": "2099-01-31"})
    reminder = ada.create(f"{home}/tasks/{task['id']}/reminders", before_due=1440)
    assert reminder["fires_at"] == "2099-01-30T19:15:30Z"
    assert ok(ada.client.merge("/v1/users/me", {"reminder_time": "08:00:00"}))["reminder_time"] == "08:00"


def test_a_reminder_of_a_task_that_recurs_goes_with_its_occurrence(ada: Person, home: str) -> None:
    """Case A8: 30 minutes before 09:00 in Berlin is 07:30Z, and 06:30Z after the change of the clocks; and back."""
    due = {"date": "2099-03-28", "time": "09:00", "time_zone": BERLIN}
    daily = ada.create(f"{home}/tasks", title="Sow", due=due, recurrence={"rule": "FREQ=DAILY"})
    path = f"{home}/tasks/{daily['id']}"
    reminder = f"{path}/reminders/{ada.create(f'{path}/reminders', before_due=30)['id']}"
    assert fires_at(ada, reminder) == "2099-03-28T07:30:00Z"
    ok(ada.client.post(f"{path}/complete"))
    assert fires_at(ada, reminder) == "2099-03-29T06:30:00Z"
    ok(ada.client.post(f"{path}/skip"))
    assert fires_at(ada, reminder) == "2099-03-30T06:30:00Z"
    for expected in ("2099-03-29T06:30:00Z", "2099-03-28T07:30:00Z"):
        ok(ada.client.post(f"{path}/reopen"))
        assert fires_at(ada, reminder) == expected
    batch = {"operations": [{"complete": {"task_id": daily["id"]}}]}
    ok(ada.client.post(f"{home}/tasks/batch", json=batch))
    assert fires_at(ada, reminder) == "2099-03-29T06:30:00Z"


def renew(url: str) -> None:
    """Compute anew what is to be, as a server does every few seconds."""

    async def run() -> None:
        parts = dependencies(url)
        try:
            await renew_all(parts)
        finally:
            await parts.database.close()

    asyncio.run(run())


def test_reminders_follow_the_settings_of_their_owner(
    ada: Person, bob: Person, home: str, task: str, module_database_url: str
) -> None:
    """What is in the zone of the task stays."""
    day = ada.create(f"{home}/tasks", title="Reap", due={"date": "2099-01-31"})
    path = f"{home}/tasks/{day['id']}/reminders"
    mine, theirs = [f"{path}/{person.create(path, before_due=0)['id']}" for person in (ada, bob)]
    before = fires_at(bob, theirs)
    fixed = f"{task}/reminders/{ada.create(f'{task}/reminders', before_due=30)['id']}"
    head = ada.head(home)

    ok(ada.client.merge("/v1/users/me", {"reminder_time": "20:00", "time_zone": "Asia/Tokyo"}))

    renew(module_database_url)
    renewed = ok(ada.client.get(mine))
    assert (renewed["fires_at"], renewed["revision"]) == ("2099-01-31T11:00:00Z", 2)
    assert fires_at(bob, theirs) == before
    assert fires_at(ada, fixed) == "2099-03-27T07:30:00Z"
    assert ada.head(home) == head


def test_whoever_leaves_a_workspace_has_no_reminders_there_any_more(
    ada: Person, bob: Person, home: str, task: str, tables: Tables
) -> None:
    reminder = bob.create(f"{task}/reminders", before_due=30)
    kept = ada.create(f"{task}/reminders", before_due=30)
    no_content(bob.client.delete(f"{home}/members/me"))
    invitation = ada.create(f"{home}/invitations", email=new_email(), role="viewer")
    ok(bob.client.post("/v1/invitations/accept", json={"token": tables.send_invitation(invitation["id"])}))
    assert everything(bob.client, f"{task}/reminders") == []
    rejected(bob.client.get(f"{task}/reminders/{reminder['id']}"), 404, "not-found")
    assert everything(ada.client, f"{task}/reminders") == [kept]


def test_reminders_are_deleted_with_their_task_for_good(ada: Person, bob: Person, task: str, tables: Tables) -> None:
    for person in (ada, bob):
        person.create(f"{task}/reminders", before_due=30)
    of_task = select(reminders.c.id).where(reminders.c.task_id == UUID(task.rpartition("/")[2]))
    no_content(ada.client.delete(task))
    assert len(tables.rows(of_task)) == 2
    no_content(ada.client.delete(f"{task.partition('/tasks')[0]}/trash"))
    assert tables.rows(of_task) == []
