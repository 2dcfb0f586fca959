"""The loop of every job: it runs at once, and again every so often, while the context of `running` lasts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.errors import Unavailable

logger = logging.getLogger(__name__)


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
    """Repeats one job. A failure is logged once, not again as long as the job fails with the same type of error."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._last_failure: type[Exception] | None = None

    async def repeat(self) -> None:
        while True:
            await self.run_once()
            await asyncio.sleep(self.job.every_s)

    async def run_once(self) -> None:
        try:
            await self.job.run()
        except Exception as error:  # noqa: BLE001  # nobody else would see it; its cause, such as a lost database, may pass
            if type(error) is not self._last_failure:
                self._log(error)
            self._last_failure = type(error)
        else:
            self._last_failure = None

    def _log(self, error: Exception) -> None:
        """A database that is away is not an error of the program: a reason says more than a trace."""
        if isinstance(error, Unavailable | ConnectionError):
            reason = "; ".join([str(error), *getattr(error, "__notes__", ())])
            logger.warning("a job cannot run now, and will run again", extra={"job": self.job.name, "reason": reason})
        else:
            logger.error("a job failed, and will run again", exc_info=error, extra={"job": self.job.name})
