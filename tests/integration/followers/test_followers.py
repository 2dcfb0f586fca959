"""Copies that follow in every way end equal to the server, whatever is written, lost or killed meanwhile."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.followers.histories import History
from tests.integration.followers.servers import Servers
from tests.integration.followers.writers import SENT
from tests.support.clients import Client, rejected
from tests.support.databases import AT_LENGTH, PostgresDatabases, SqliteDatabases
from tests.support.own_postgres import OwnPostgres, own_server
from tests.support.patience import PATIENCE_S
from tests.support.prepared import OPERATIONS
from tests.support.shared_clocks import SharedClock
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

ROUNDS = 150 if AT_LENGTH else 4
KILL_EVERY = 3 if AT_LENGTH else 1
"""In each so many rounds, something is killed."""
LONGEST_S = 0.5
"""That happens at a random moment within this time of a round."""
REJECTED = 10
"""The database is away until so many requests were rejected."""
BEGIN = dt.datetime(2027, 3, 27, 15, 0, 30, tzinfo=dt.UTC)
"""By the clocks of the servers: the day before those of Berlin are changed."""
LONGEST_JUMP = dt.timedelta(hours=4)
"""The clocks jump in each round: by less than 25 days in all, and by less than a day while a request is sent again.

So sessions and what is in the trash live on (30 days), and so do idempotency keys (24 hours).
"""
SETTINGS = {"log_level": "warning", "stream_heartbeat_s": "1", "access_token_lifetime_s": str(25 * 24 * 3600)}
NOT_SENT = {"register_user": "it creates a personal workspace, which nobody follows; delete_me has its requests"}
"""Operations that change something that can be followed, each with the reason."""

Kill = Callable[[History], None]


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    """A server for this test, which it may kill."""
    with own_server() as server:
        yield server


def play(
    url: str, folder: Path, *, servers: int, kills: list[Kill], record_property: Callable[[str, object], None]
) -> None:
    """Play a history on a database, with *kills* in turn, and compare all copies."""
    seed = random.randrange(10**9)  # noqa: S311  # no secret
    chance = random.Random(seed)  # noqa: S311  # as above
    killed = 0
    tables = Tables(url)

    def kill() -> None:
        nonlocal killed
        kills[killed % len(kills)](history)
        killed += 1

    def jump() -> None:
        clock.jump(chance.random() * LONGEST_JUMP)

    def meanwhile(number: int) -> None:
        acts = [jump, kill] if number % KILL_EVERY == KILL_EVERY - 1 else [jump]
        chance.shuffle(acts)
        for act in acts:
            time.sleep(chance.uniform(0, LONGEST_S))
            act()

    with ExitStack() as stack:
        stack.callback(tables.close)
        clock = SharedClock.at(BEGIN, folder / "clock")
        running = Servers(clock, folder, stack, count=servers, database_url=url, **SETTINGS)
        history = History(running, tables, seed)
        stack.callback(history.close)
        history.play(rounds=ROUNDS, meanwhile=meanwhile)
        running.check_running()
    assert history.obstacles["connections lost"] > running.kills > 0
    if AT_LENGTH:
        assert not SENT - history.done.keys()
    figures = {"histories": 1, "copies equal": len(history.followers), "requests": history.done.total()}
    record_property("followers", {**figures, "kills survived": killed, **history.fired, **history.obstacles})


def kill_a_server(history: History) -> None:
    history.servers.kill_one()


def test_copies_are_equal_after_kills_on_sqlite(
    sqlite_databases: SqliteDatabases, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    url = sqlite_databases.migrated()
    play(url, tmp_path, servers=1, kills=[kill_a_server], record_property=record_property)
    sqlite_databases.remove(url)


def test_copies_are_equal_after_kills_of_servers_and_of_postgresql(
    postgres: OwnPostgres, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """No server is restarted because PostgreSQL was away: meanwhile, they respond with 503."""

    def kill_postgresql(history: History) -> None:
        rejections = history.rejections()
        postgres.kill()
        with Client(history.servers.any()) as client:
            rejected(client.get("/readyz"), 503, "unavailable")
            rejected(client.get("/v1/users/me", headers=history.authorization), 503, "unavailable")
        deadline = time.monotonic() + PATIENCE_S
        while history.rejections() < rejections + REJECTED:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        postgres.start()

    def kill_a_process(_history: History) -> None:
        postgres.kill_process()

    url = PostgresDatabases(postgres.url).migrated()  # not relaxed: what was committed must be there after the kill
    kills = [kill_postgresql, kill_a_server, kill_a_process, kill_a_server]
    play(url, tmp_path, servers=2, kills=kills, record_property=record_property)


def test_every_operation_of_the_domain_is_followed() -> None:
    changing = {name for name, each in OPERATIONS.items() if each.events}
    missing = changing - SENT - NOT_SENT.keys()
    assert not missing, f"{missing} must be in tests/integration/followers/writers.py: see CONTRIBUTING.md"
