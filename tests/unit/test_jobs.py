import asyncio
import logging

import pytest

from app.jobs.loop import Job, running
from domain.errors import OutcomeUnknown, StorageUnavailable


async def test_a_failure_that_repeats_is_logged_once_and_does_not_end_the_job(caplog: pytest.LogCaptureFixture) -> None:
    ways = iter([KeyError(), KeyError(), ValueError(), ValueError(), None, ValueError()])
    result = asyncio.Event()

    async def act() -> None:
        try:
            way = next(ways)
        except StopIteration:
            result.set()
            return
        if way is not None:
            raise way

    async with running([Job(name="tried", run=act, every_s=0)]):
        await result.wait()

    kinds = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert kinds == [KeyError, ValueError, ValueError]
    assert {vars(record)["job"] for record in caplog.records} == {"tried"}


async def test_a_database_that_is_away_is_logged_with_its_reason_and_without_a_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ways = iter([ConnectionError("lost"), StorageUnavailable("no db.example"), StorageUnavailable("no db.example")])
    result = asyncio.Event()

    async def act() -> None:
        way = next(ways, None)
        if way is None:
            result.set()
        else:
            raise way

    async with running([Job(name="tried", run=act, every_s=0)]):
        await result.wait()

    assert [(each.levelno, each.exc_info, vars(each)["job"]) for each in caplog.records] == [
        (logging.WARNING, None, "tried"),
        (logging.WARNING, None, "tried"),
    ]
    lost, away = (vars(each)["reason"] for each in caplog.records)
    assert (lost, away.endswith("; no db.example")) == ("lost", True)


async def test_a_job_whose_parts_all_failed_in_one_outage_is_logged_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = [StorageUnavailable("no db.example"), StorageUnavailable("no db.example"), OutcomeUnknown()]
    ways = iter([ExceptionGroup("parts failed", away), ExceptionGroup("parts failed", [*away, KeyError("x")])])
    result = asyncio.Event()

    async def act() -> None:
        way = next(ways, None)
        if way is None:
            result.set()
        else:
            raise way

    async with running([Job(name="tried", run=act, every_s=0)]):
        await result.wait()

    outage, failure = caplog.records
    assert (outage.levelno, outage.exc_info) == (logging.WARNING, None)
    assert vars(outage)["reason"].count("no db.example") == 1
    assert (failure.levelno, failure.exc_info is None) == (logging.ERROR, False)  # another error is never hidden


async def test_stopping_cancels_a_running_job_and_runs_once_more_the_jobs_that_want_it() -> None:
    began, log = asyncio.Event(), list[str]()

    async def waits() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def writes() -> None:
        log.append("written")

    async with running([Job(name="w", run=waits, every_s=1000), Job(name="l", run=writes, every_s=1000, at_stop=True)]):
        await began.wait()
        await asyncio.sleep(0)
        assert log == ["written"]

    assert log == ["written", "cancelled", "written"]
