"""Kept answers are forgotten after a day, by whichever server comes to it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import replace
from typing import NoReturn
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from app.background import repeating
from app.main import URN_PREFIX, build, contract_path, make_parts
from app.settings import Settings
from app.sweeping import sweep
from contract.document import Document
from contract.protocol import bounded_protocol
from domain.errors import StorageUnavailable
from persistence.database import Database
from persistence.tables import idempotency_keys
from persistence.unit_of_work import Dependencies
from tests.integration.clients import Person, made
from tests.integration.programs import patiently
from tests.integration.tables import NOW, Tables
from tests.server import serving

KEPT = select(func.count()).select_from(idempotency_keys)


def dependencies(url: str) -> Dependencies:
    return make_parts(Settings(database_url=url), Document.read(contract_path())).dependencies


def keep(person: Person, count: int) -> None:
    for n in range(count):
        headers = {"Idempotency-Key": str(n)}
        made(person.client.post(f"{person.home}/tasks", json={"title": "Sow"}, headers=headers))


def test_what_expired_is_deleted_and_what_may_be_asked_for_is_not(
    module_database_url: str, ada: Person, bob: Person, tables: Tables
) -> None:
    keep(ada, 3)
    old = idempotency_keys.c.recorded_at < NOW.replace(year=2300)
    tables.write(update(idempotency_keys).where(old).values(recorded_at=NOW.replace(year=2020)))
    keep(bob, 2)
    assert asyncio.run(_swept(dependencies(module_database_url))) == 3
    assert tables.rows(KEPT) == [(2,)]
    assert asyncio.run(_swept(dependencies(module_database_url))) == 0


async def _swept(parts: Dependencies) -> int:
    try:
        return await sweep(parts)
    finally:
        await parts.database.close()


async def test_a_server_sweeps_from_its_start_and_goes_on_when_the_database_was_away(
    module_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    tried_again = asyncio.Event()

    class Away(Database):
        tries = 0

        async def begin(self) -> NoReturn:
            self.tries += 1
            if self.tries > 1:
                tried_again.set()
            raise StorageUnavailable if self.tries % 2 else KeyError

    database = Away(module_database_url)
    parts = replace(dependencies(module_database_url), database=database, clock=lambda: dt.datetime.now(dt.UTC))
    with caplog.at_level(logging.WARNING):
        async with repeating(lambda: sweep(parts), every_s=0.001):
            await tried_again.wait()
    assert {record.getMessage() for record in caplog.records} == {"work in the background failed"}


def test_a_server_that_starts_forgets_what_expired_while_none_ran(database_url: str) -> None:
    tables = Tables(database_url)
    values = {"space_id": UUID(int=1), "user_id": UUID(int=2), "key": "k", "request": b"", "answer": b""}
    tables.write(insert(idempotency_keys).values(**values, recorded_at=NOW.replace(year=2020)))
    application = build(Settings(database_url=database_url))
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on"):
        for _ in patiently():
            if tables.rows(KEPT) == [(0,)]:
                break
    assert tables.rows(KEPT) == [(0,)]
    tables.close()
