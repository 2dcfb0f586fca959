"""`tickbox worker`: the jobs without a server, and servers without the jobs."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from persistence.idempotency import idempotency_keys
from persistence.queued_emails import outbox
from persistence.tokens import personal_tokens
from tests.support.clients import Client, created, register
from tests.support.databases import FEW_BACKENDS
from tests.support.programs import Program, patiently, run, serve, started
from tests.support.tables import Tables

WAITING = select(func.count()).select_from(outbox)
KEPT = select(func.count()).select_from(idempotency_keys)
LAST_USED = select(personal_tokens.c.last_used_at)


@pytest.fixture
def tables(database_url: str) -> Iterator[Tables]:
    tables = Tables(database_url)
    yield tables
    tables.close()


def unsent(program: Program) -> list[dict[str, Any]]:
    return [line for line in program.log if line["logger"] == "tickbox.unsent"]


@pytest.mark.parametrize("databases", FEW_BACKENDS, indirect=True)
def test_a_worker_does_the_jobs_and_a_server_without_jobs_stores_only_its_last_uses(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, tables: Tables
) -> None:
    folders = tmp_path_factory.mktemp("serve"), tmp_path_factory.mktemp("worker")
    with serve(folders[0], database_url=database_url, jobs="worker") as server, Client(server.url) as client:
        ada = register(client)
        created(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers={"Idempotency-Key": "k"}))
        token = created(ada.client.post("/v1/tokens", json={"name": "script", "scopes": ["read"]}))["token"]
        assert client.with_token(token).get("/v1/workspaces").status_code == 200
        tables.write(update(idempotency_keys).values(recorded_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))

        with started(folders[1], "worker", database_url=database_url) as worker:
            for _ in patiently():
                if tables.rows(WAITING) == tables.rows(KEPT) == [(0,)]:
                    break
            assert worker.stop() == 0
            assert "Tickbox runs jobs (purge, mail, reminders, reminder upkeep)" in worker.stderr.read_text()

        assert tables.rows(WAITING) == tables.rows(KEPT) == [(0,)]
        assert [(line["to"], line["kind"]) for line in unsent(worker)] == [(ada.user["email"], "verification")]
        assert tables.rows(LAST_USED) == [(None,)]
        assert server.stop() == 0
    assert unsent(server) == []
    assert tables.rows(LAST_USED) != [(None,)]


def test_ctrl_c_stops_a_worker(sqlite_url: str, tmp_path: Path) -> None:
    with started(tmp_path, "worker", database_url=sqlite_url) as worker:
        for _ in patiently():
            if "Ctrl-C" in worker.stderr.read_text():
                break
        assert worker.stop(signal.SIGINT) == 0
        assert "Traceback" not in worker.output


def test_a_worker_rejects_a_database_that_was_not_migrated(tmp_path: Path) -> None:
    done = run("worker", settings={"database_url": f"sqlite:///{tmp_path}/none.db"})
    assert (done.exit_code, done.stdout) == (1, "")
    assert "does not exist: run `tickbox migrate`" in done.stderr
