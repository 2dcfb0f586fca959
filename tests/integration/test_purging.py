"""Any server deletes what has expired: kept responses, sessions, the events of accounts."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import replace
from typing import NoReturn
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from app.jobs.loop import running
from app.jobs.purge import purge_job, purges
from app.main import URN_PREFIX, build
from app.settings import Settings
from domain.errors import StorageUnavailable
from domain.policy import Policy
from persistence import account_log, idempotency, invitations, sessions, tokens
from persistence.account_log import account_events
from persistence.database import Database
from persistence.idempotency import idempotency_keys
from tests.support.clients import Client, Person, created, everything, ok
from tests.support.programs import our_contract, patiently
from tests.support.purging import dependencies, purged
from tests.support.server import serving
from tests.support.tables import NOW, Tables
from tickbox_contract.engine.protocol import bounded_protocol

KEPT = select(func.count()).select_from(idempotency_keys)
KEPT_EVENTS = dt.timedelta(days=400)
ALMOST = dt.datetime.now(dt.UTC) - KEPT_EVENTS + dt.timedelta(hours=1)


def keep(person: Person, count: int) -> None:
    for n in range(count):
        headers = {"Idempotency-Key": str(n)}
        created(person.client.post(f"{person.home}/tasks", json={"title": "Sow"}, headers=headers))


def test_expired_responses_are_deleted_and_others_are_kept(
    module_database_url: str, ada: Person, bob: Person, tables: Tables
) -> None:
    keep(ada, 3)
    old = idempotency_keys.c.recorded_at < NOW.replace(year=2300)
    tables.write(update(idempotency_keys).where(old).values(recorded_at=NOW.replace(year=2020)))
    keep(bob, 2)
    assert purged(module_database_url, idempotency.purge) == 3
    assert tables.rows(KEPT) == [(2,)]
    assert purged(module_database_url, idempotency.purge) == 0


def test_the_sessions_of_users_who_never_return_are_deleted(
    module_database_url: str, client: Client, ada: Person, bob: Person, tables: Tables
) -> None:
    renewed = ok(client.post("/v1/sessions/refresh", json={"refresh_token": bob.tokens["refresh_token"]}))
    ended = [ada.tokens["session_id"], *(ada.log_in()["session_id"] for _ in range(120))]
    for session_id in ended:
        tables.expire_session(session_id)
    before = tables.digest()
    assert purged(module_database_url, sessions.purge) == len(ended)
    assert purged(module_database_url, sessions.purge) == 0
    after = tables.digest()
    assert {name for name in before if before[name] != after[name]} == {"sessions", "access_tokens", "refresh_tokens"}
    assert tables.mentions(*ended).keys() == {"account_events"}
    assert tables.mentions(bob.tokens["session_id"]) == {
        "sessions": 1,
        "access_tokens": 2,
        "refresh_tokens": 2,  # the spent token is remembered
        "account_events": 1,
    }
    ok(client.with_token(renewed["access_token"]).get("/v1/users/me"))


def test_the_events_of_an_account_are_deleted_after_four_hundred_days(
    module_database_url: str, ada: Person, bob: Person, tables: Tables
) -> None:
    mine = account_events.c.user_id == UUID(ada.id)
    now = dt.datetime.now(dt.UTC)
    tables.write(update(account_events).where(mine).values(recorded_at=now - KEPT_EVENTS))
    ada.log_in()
    tables.write(
        update(account_events).where(mine, account_events.c.recorded_at > now - KEPT_EVENTS).values(recorded_at=ALMOST)
    )
    assert purged(module_database_url, account_log.purge) == 2
    assert [event["type"] for event in everything(ada.client, "/v1/users/me/events")] == ["session.started"]
    assert len(everything(bob.client, "/v1/users/me/events")) == 2


def test_expired_tokens_and_invitations_are_deleted(module_database_url: str, ada: Person, tables: Tables) -> None:
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    invited = [ada.create(f"{home}/invitations", email=f"{n}@example.com", role="viewer")["id"] for n in "ab"]
    far = "2099-01-01T00:00:00Z"
    minted = [ada.create("/v1/tokens", name=n, scopes=["read"], expires_at=far)["id"] for n in "ab"]
    tables.expire_invitation(invited[0])
    tables.expire_token(minted[0])
    assert purged(module_database_url, invitations.purge) == 1
    assert purged(module_database_url, tokens.purge) == 1
    assert not tables.mentions(invited[0])
    assert tables.mentions(minted[0]).keys() == {"account_events"}
    assert [each["id"] for each in everything(ada.client, f"{home}/invitations")] == invited[1:]
    assert [each["id"] for each in everything(ada.client, "/v1/tokens")] == minted[1:]


async def test_a_server_purges_from_its_start_and_continues_after_an_outage_of_the_database(
    module_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    tried_again = asyncio.Event()
    count = len(purges(Policy()))

    class Away(Database):
        tries = 0

        async def begin(self, *, turn: UUID | None = None) -> NoReturn:  # noqa: ARG002  # the base class's
            self.tries += 1
            if self.tries > count:
                tried_again.set()
            raise StorageUnavailable if self.tries % 2 else KeyError

    database = Away(module_database_url)
    parts = replace(dependencies(module_database_url), database=database, clock=lambda: dt.datetime.now(dt.UTC))
    with caplog.at_level(logging.WARNING):
        async with running([purge_job(parts, every_s=0.001)]):
            await tried_again.wait()
    (record,) = caplog.records  # and no other job, although this one still fails
    assert (record.getMessage(), vars(record)["job"]) == ("a job failed, and will run again", "purge")
    assert record.exc_info is not None
    failed = record.exc_info[1]
    assert isinstance(failed, ExceptionGroup)
    assert len(failed.exceptions) == count, "one that fails does not keep the others from being done"


def test_a_server_that_starts_deletes_what_expired_while_none_was_running(database_url: str) -> None:
    tables = Tables(database_url)
    values = {"space_id": UUID(int=1), "user_id": UUID(int=2), "key": "k", "request": b"", "response": b""}
    tables.write(insert(idempotency_keys).values(**values, recorded_at=NOW.replace(year=2020)))
    application = build(Settings(database_url=database_url), contract=our_contract())
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on"):
        for _ in patiently():
            if tables.rows(KEPT) == [(0,)]:
                break
    assert tables.rows(KEPT) == [(0,)]
    tables.close()
