"""The loop of every job: it runs at once, and again every so often, while the context of `running` lasts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import OutcomeUnknown, Unavailable

logger = logging.getLogger(__name__)

_OUTAGES: Final = (Unavailable, OutcomeUnknown, ConnectionError)
"""What a job raises while a database or another server cannot be reached. It is not an error of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that runs beside requests. Several processes may run it on one database.

    `name` is for the log. `at_stop` runs it once more when the process stops; otherwise a stop cancels it.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    every_s: float
    at_stop: bool = False


@contextlib.asynccontextmanager
async def running(jobs: Sequence[Job]) -> AsyncIterator[None]:
    """Run each of *jobs* in a task of its own. A job that fails is logged and runs again."""
    loops = [_Loop(job) for job in jobs]
    tasks = [asyncio.create_task(loop.repeat(), name=loop.job.name) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for loop in loops:
            if loop.job.at_stop:
                await loop.run_once()


class _Loop:
    """Repeats one job. A failure is logged once, not again as long as the job fails with the same types of errors."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._last_failure: frozenset[type[Exception]] = frozenset()

    async def repeat(self) -> None:
        while True:
            await self.run_once()
            await asyncio.sleep(self.job.every_s)

    async def run_once(self) -> None:
        try:
            await self.job.run()
        except Exception as error:  # noqa: BLE001  # nobody else would see it; its cause, such as a lost database, may pass
            failure = frozenset(map(type, _errors_of(error)))
            if failure != self._last_failure:
                self._log(error)
            self._last_failure = failure
        else:
            self._last_failure = frozenset()

    def _log(self, error: Exception) -> None:
        """Log an outage in one line: its reason says more than a trace."""
        errors = _errors_of(error)
        if all(isinstance(each, _OUTAGES) for each in errors):
            texts = [text for each in errors for text in (str(each), *getattr(each, "__notes__", ()))]
            reason = "; ".join(dict.fromkeys(texts))
            logger.warning("a job cannot run now, and will run again", extra={"job": self.job.name, "reason": reason})
        else:
            logger.error("a job failed, and will run again", exc_info=error, extra={"job": self.job.name})


def _errors_of(error: Exception) -> Sequence[Exception]:
    """The errors of a job with several parts, of which each failed by itself; or the one error."""
    return error.exceptions if isinstance(error, ExceptionGroup) else (error,)
