"""The jobs of a server that has none of its own: those that fire reminders and compute them anew."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from app.jobs.reminder_upkeep import renew_all
from app.jobs.reminders import fire_all
from tests.support.purging import dependencies


class ReminderJobs:
    """Runs each when it is asked to, once, by a *clock*. `close` ends its connections."""

    def __init__(self, url: str, clock: Callable[[], dt.datetime]) -> None:
        self._loop = asyncio.Runner()
        self._dependencies = replace(dependencies(url), clock=clock)

    def renew(self) -> None:
        self._loop.run(renew_all(self._dependencies))

    def fire(self) -> None:
        self._loop.run(fire_all(self._dependencies))

    def close(self) -> None:
        self._loop.run(self._dependencies.database.close())
        self._loop.close()
