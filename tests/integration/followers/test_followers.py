"""Copies that follow in every way end equal to the server, whatever is written, lost or killed meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.followers.histories import History
from tests.integration.followers.servers import Servers
from tests.integration.followers.writers import SENT
from tests.support.databases import AT_LENGTH
from tests.support.prepared import OPERATIONS
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

ROUNDS = 200 if AT_LENGTH else 12
KILL_EVERY = 4 if AT_LENGTH else 6
LONGEST_S = 0.5
"""A server is killed at a random moment within this time of a round."""
SETTINGS = {"log_level": "warning", "stream_heartbeat_s": "1"}
NOT_SENT = {"register_user": "it creates a personal workspace, which nobody follows: others do it for delete_me"}
"""Operations that change something that is followed, each with the reason."""


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    tables = Tables(database_url)
    yield tables
    tables.close()


def test_copies_are_equal_to_the_server_after_kills(
    database_url: str, tables: Tables, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(10**9)  # noqa: S311  # no secret
    chance = random.Random(seed)  # noqa: S311  # as above
    with ExitStack() as stack:
        count = 1 if tables.is_sqlite else 2
        servers = Servers(tmp_path, stack, count=count, database_url=database_url, **SETTINGS)

        def kill(number: int) -> None:
            if number % KILL_EVERY == KILL_EVERY - 1:
                time.sleep(chance.uniform(0, LONGEST_S))
                servers.kill_one()

        history = History(servers, tables, seed)
        stack.callback(history.close)
        history.play(rounds=ROUNDS, meanwhile=kill)
    assert servers.kills == ROUNDS // KILL_EVERY
    assert history.obstacles["connections lost"] > servers.kills
    if AT_LENGTH:
        assert not SENT - history.done.keys()
    figures = {"histories": 1, "copies equal": len(history.followers), "requests": history.done.total()}
    record_property("followers", {**figures, "kills survived": servers.kills, **history.obstacles})


def test_every_operation_that_changes_a_workspace_is_followed() -> None:
    changing = {name for name, each in OPERATIONS.items() if each.events}
    missing = changing - SENT - NOT_SENT.keys()
    assert not missing, f"{missing} must be in tests/integration/followers/writers.py: see CONTRIBUTING.md"
