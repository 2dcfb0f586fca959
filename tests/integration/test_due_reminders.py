"""Reminders that fire: once each, on the feed and the stream of their owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.main import URN_PREFIX, build
from app.settings import Settings
from persistence import fired_reminders
from persistence.fired_reminders import fired_reminders as table
from persistence.users import users
from tests.support.clients import Client, Person, no_content, ok, register, rejected
from tests.support.programs import our_contract, quick_passwords
from tests.support.purging import fire_reminders, purged
from tests.support.server import UNHINDERED, serving
from tests.support.streams import streaming
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

FEED = "/v1/users/me/changes"
STREAM = f"{FEED}/events"
DAY = dt.timedelta(days=1)
KEPT = dt.timedelta(days=90)

pytestmark = pytest.mark.mostly_on_one_database


def instant(after: dt.timedelta) -> str:
    return (dt.datetime.now(dt.UTC) + after).isoformat()


def delay_of(fired: dict[str, Any]) -> dt.timedelta:
    fired_at, fires_at = (dt.datetime.fromisoformat(fired[name]) for name in ("fired_at", "fires_at"))
    return fired_at - fires_at


class Feed:
    """What a client of the feed has seen of reminders, from now on."""

    def __init__(self, client: Client, *, limit: int = 50) -> None:
        self.client = client
        self.limit = limit
        self.cursor: str | None = None
        self.fired: list[dict[str, Any]] = []
        self.catch_up()

    def catch_up(self) -> list[str]:
        """Read all pages. The ids of the reminders that fired, in their order."""
        new = []
        has_more = True
        while has_more:
            query: dict[str, Any] = {"limit": self.limit} | ({"cursor": self.cursor} if self.cursor else {})
            page = ok(self.client.get(FEED, params=query))
            new += page["fired_reminders"]
            self.cursor, has_more = page["next_cursor"], page["has_more"]
        self.fired += new
        return [each["reminder_id"] for each in new]


def remind(person: Person, home: str | None = None, *, after: dt.timedelta = DAY, **task: Any) -> tuple[str, str]:
    """Let a person have a task and a reminder of it. The path of the task, and the id of the reminder."""
    home = home or person.home
    path = f"{home}/tasks/{person.create(f'{home}/tasks', title='Sow', **task)['id']}"
    return path, person.create(f"{path}/reminders", at=instant(after))["id"]


@pytest.fixture
def family(ada: Person, bob: Person, tables: Tables) -> str:
    """The path of a workspace of Ada's in which Bob is an editor."""
    found = ada.create("/v1/workspaces", name="Family")["id"]
    tables.add_member(found, bob.id, role="editor")
    return f"/v1/workspaces/{found}"


def test_one_fires_once_for_its_owner_and_nobody_else(
    ada: Person, bob: Person, family: str, module_database_url: str
) -> None:
    feed, others = Feed(bob.client), Feed(ada.client)
    task, reminder = remind(bob, family)
    head = ada.head(family)
    feed.catch_up()

    fire_reminders(module_database_url, after=DAY - dt.timedelta(minutes=1))
    assert feed.catch_up() == []
    before = ok(bob.client.get(f"{task}/reminders/{reminder}"))
    for _ in range(2):
        fire_reminders(module_database_url, after=DAY)

    assert feed.catch_up() == [reminder]
    (fired,) = feed.fired
    assert fired == {
        "reminder_id": reminder,
        "workspace_id": family.rpartition("/")[2],
        "task_id": task.rpartition("/")[2],
        "due": None,
        "occurrence": None,
        "fires_at": before["fires_at"],
        "fired_at": fired["fired_at"],
    }
    assert delay_of(fired) >= dt.timedelta()
    after = ok(bob.client.get(f"{task}/reminders/{reminder}"))
    assert (after["fires_at"], after["fired_at"], after["revision"]) == (None, fired["fired_at"], 2)
    assert (feed.catch_up(), others.catch_up()) == ([], [])
    assert ada.head(family) == head


def test_a_notification_completes_the_occurrence_that_it_was_for_and_no_other(
    ada: Person, bob: Person, family: str, module_database_url: str
) -> None:
    feed = Feed(bob.client)
    scheduled = {"date": "2099-03-27", "time": "09:00", "time_zone": "Europe/Berlin"}
    task, _ = remind(ada, family, due=scheduled, recurrence={"rule": "FREQ=DAILY"})
    moved = {**scheduled, "date": "2099-03-28"}
    ok(ada.client.merge(task, {"due": {"date": moved["date"]}}))
    theirs = bob.create(f"{task}/reminders", at=instant(DAY))["id"]
    with streaming(bob.client, STREAM) as stream:
        fire_reminders(module_database_url, after=DAY)
        (sent,) = stream.event()["fired_reminders"]
    assert feed.catch_up() == [theirs]
    (fired,) = feed.fired
    assert sent == fired
    assert (fired["due"], fired["occurrence"]) == (moved, scheduled)
    found = ok(bob.client.get(task))
    assert (found["due"], found["occurrence"]) == (fired["due"], fired["occurrence"])

    done = ok(bob.client.post(f"{task}/complete", json={"occurrence": fired["occurrence"]}))
    assert done["occurrence"] != fired["occurrence"]
    again = ada.client.post(f"{task}/complete", json={"occurrence": fired["occurrence"]})
    rejected(again, 409, "stale-occurrence")
    assert ok(ada.client.get(task)) == done


def test_what_a_reminder_was_for_stays_as_it_was(ada: Person, module_database_url: str) -> None:
    """Also when the task is due at another time, is in the trash, and is deleted for good."""
    feed = Feed(ada.client)
    start, day = feed.cursor, {"date": "2099-03-27", "time": None, "time_zone": None}
    task, _ = remind(ada, due=day)
    fire_reminders(module_database_url, after=DAY)
    feed.catch_up()
    for change in (
        lambda: ok(ada.client.merge(task, {"due": None})),
        lambda: no_content(ada.client.delete(task)),
        lambda: no_content(ada.client.delete(f"{ada.home}/trash")),
    ):
        change()
        feed.cursor = start
        feed.catch_up()
    assert [(each["due"], each["occurrence"]) for each in feed.fired] == [(day, None)] * 4


def test_those_that_are_late_come_in_the_order_of_their_times_in_small_pages(
    ada: Person, module_database_url: str
) -> None:
    feed = Feed(ada.client, limit=2)
    minutes = [5, 3, 1, 4, 2]
    ids = {minute: remind(ada, after=dt.timedelta(minutes=minute))[1] for minute in minutes}
    fire_reminders(module_database_url, after=DAY)
    assert feed.catch_up() == [ids[minute] for minute in sorted(minutes)]


def test_a_crowd_in_several_workspaces_fires_together_in_each(ada: Person, module_database_url: str) -> None:
    """The earliest hundred are of all of them: a transaction for these would be one for each few reminders."""
    feed = Feed(ada.client, limit=200)
    homes = [f"/v1/workspaces/{ada.create('/v1/workspaces', name=name)['id']}" for name in ("Home", "Work", "Choir")]
    tasks = [f"{home}/tasks/{ada.create(f'{home}/tasks', title='Sow')['id']}" for home in homes for _ in range(4)]
    for minute in range(1, 11):
        for index, task in enumerate(tasks):
            ada.create(f"{task}/reminders", at=instant(dt.timedelta(minutes=minute, seconds=index)))
    fire_reminders(module_database_url, after=DAY)
    assert len(feed.catch_up()) == 120
    assert len({each["fired_at"] for each in feed.fired}) == len(homes)


def test_what_is_done_or_deleted_by_then_does_not_fire(ada: Person, module_database_url: str) -> None:
    feed = Feed(ada.client)
    done, deleted, trashed, moved, open_ = (remind(ada) for _ in range(5))
    ok(ada.client.post(f"{done[0]}/complete"))
    no_content(ada.client.delete(f"{deleted[0]}/reminders/{deleted[1]}"))
    no_content(ada.client.delete(trashed[0]))
    ok(ada.client.merge(f"{moved[0]}/reminders/{moved[1]}", {"at": instant(3 * DAY)}))

    fire_reminders(module_database_url, after=2 * DAY)
    assert feed.catch_up() == [open_[1]]
    ok(ada.client.post(f"{done[0]}/reopen"))
    fire_reminders(module_database_url, after=2 * DAY)
    assert feed.catch_up() == []
    fire_reminders(module_database_url, after=4 * DAY)
    assert feed.catch_up() == [moved[1]]


def test_one_that_is_moved_after_it_has_fired_fires_again(ada: Person, module_database_url: str) -> None:
    feed = Feed(ada.client)
    task, reminder = remind(ada)
    fire_reminders(module_database_url, after=DAY)
    ok(ada.client.merge(f"{task}/reminders/{reminder}", {"at": instant(2 * DAY)}))
    assert feed.catch_up() == [reminder]
    fire_reminders(module_database_url, after=2 * DAY)
    assert feed.catch_up() == [reminder]


def test_nothing_of_a_workspace_that_was_left_fires_or_is_listed(
    ada: Person, bob: Person, family: str, module_database_url: str
) -> None:
    feed = Feed(bob.client)
    remind(bob, family)
    fire_reminders(module_database_url, after=DAY)
    remind(bob, family, after=2 * DAY)
    no_content(bob.client.delete(f"{family}/members/me"))
    mine = remind(bob, after=2 * DAY)[1]
    fire_reminders(module_database_url, after=2 * DAY)
    assert feed.catch_up() == [mine]


def test_a_token_for_some_workspaces_gets_only_theirs(ada: Person, family: str, module_database_url: str) -> None:
    workspace_ids = [family.rpartition("/")[2]]
    issued = ada.create("/v1/tokens", name="Printer", scopes=["read"], workspace_ids=workspace_ids)
    feed = Feed(ada.client.with_token(issued["token"]), limit=1)
    with streaming(feed.client, STREAM) as stream:
        for _ in range(2):
            remind(ada)
        there = remind(ada, family)[1]
        fire_reminders(module_database_url, after=DAY)
        fired: list[dict[str, Any]] = []
        while not fired:
            fired += stream.event()["fired_reminders"]
    assert [each["reminder_id"] for each in fired] == feed.catch_up() == [there]


def test_the_stream_and_the_list_go_on_from_each_other(ada: Person, module_database_url: str) -> None:
    feed = Feed(ada.client)
    first = remind(ada)[1]
    feed.catch_up()
    with streaming(ada.client, STREAM, cursor=feed.cursor) as stream:
        fire_reminders(module_database_url, after=DAY)
        event = stream.event()
        assert (event["changes"], [each["reminder_id"] for each in event["fired_reminders"]]) == ([], [first])
    feed.cursor = stream.place
    second = remind(ada)[1]
    fire_reminders(module_database_url, after=DAY)
    assert feed.catch_up() == [second]
    with streaming(ada.client, STREAM, headers={"Last-Event-ID": str(stream.place)}, until="head") as stream:
        (event,) = stream.rest()
    assert [each["reminder_id"] for each in event["fired_reminders"]] == [second]


def test_they_are_kept_as_long_as_the_log(ada: Person, module_database_url: str, tables: Tables) -> None:
    feed = Feed(ada.client)
    ids = [remind(ada, after=dt.timedelta(minutes=n))[1] for n in range(1, 4)]
    fire_reminders(module_database_url, after=DAY)
    mine = table.c.user_id == UUID(ada.id)
    old = dt.datetime.now(dt.UTC) - KEPT
    tables.write(update(table).where(mine).values(fired_at=old + dt.timedelta(hours=1)))
    tables.write(update(table).where(mine, table.c.reminder_id == UUID(ids[0])).values(fired_at=old))
    purge = partial(fired_reminders.purge, kept=KEPT)
    assert purged(module_database_url, purge) == 1
    assert purged(module_database_url, purge) == 0
    assert feed.catch_up() == ids[1:]


def test_a_cursor_from_after_a_restored_backup_has_expired(
    ada: Person, module_database_url: str, tables: Tables
) -> None:
    feed = Feed(ada.client)
    remind(ada)
    fire_reminders(module_database_url, after=DAY)
    feed.catch_up()
    tables.write(update(users).where(users.c.id == UUID(ada.id)).values(reminders_fired=0))
    rejected(ada.client.get(FEED, params={"cursor": feed.cursor}), 410, "cursor-expired")
    rejected(ada.client.get(STREAM, params={"cursor": feed.cursor}), 410, "cursor-expired")


@pytest.fixture
def running(database_url: str) -> Iterator[Client]:
    """A client of a server with its jobs."""
    settings = Settings(database_url=database_url, **UNHINDERED)
    application = build(settings, contract=our_contract(), passwords=quick_passwords())
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        yield client


def test_a_server_fires_them_by_itself_when_they_are_due(running: Client) -> None:
    ada = register(running)
    with streaming(ada.client, STREAM) as stream:
        _, reminder = remind(ada, after=dt.timedelta(seconds=1.5))
        fired: list[dict[str, Any]] = []
        while not fired:
            fired += stream.event()["fired_reminders"]
    assert [each["reminder_id"] for each in fired] == [reminder]
    assert delay_of(fired[0]) >= dt.timedelta()
