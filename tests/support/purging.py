"""Runs jobs as a server does, in a process that serves nothing."""

import asyncio
import datetime as dt
from dataclasses import replace

from app.jobs.mail import deliver
from app.jobs.purge import Purge, purge, purge_all
from app.jobs.reminders import fire_all
from app.main import make_parts
from app.settings import Settings
from domain.queued_emails import RenderedEmail
from persistence.unit_dependencies import Dependencies
from tests.support.programs import our_contract, quick_passwords


def dependencies(url: str) -> Dependencies:
    settings = Settings(database_url=url)
    return make_parts(settings, our_contract().document, passwords=quick_passwords()).dependencies


def purged(url: str, which: Purge, *, after: dt.timedelta = dt.timedelta()) -> int:
    """How many rows *which* deleted, as a server will do it after some time."""

    async def run() -> int:
        parts = replace(dependencies(url), clock=lambda: dt.datetime.now(dt.UTC) + after)
        try:
            return await purge(parts, which)
        finally:
            await parts.database.close()

    return asyncio.run(run())


def fire_reminders(url: str, *, after: dt.timedelta = dt.timedelta()) -> None:
    """Fire all reminders that are due after some time."""

    async def run() -> None:
        parts = replace(dependencies(url), clock=lambda: dt.datetime.now(dt.UTC) + after)
        try:
            await fire_all(parts)
        finally:
            await parts.database.close()

    asyncio.run(run())


def run_jobs(url: str, *, after: dt.timedelta) -> None:
    """Send e-mails, to nobody, fire reminders, and run every purge, as a server will do it after some time."""

    async def send(_email: RenderedEmail) -> None:
        pass

    async def run() -> None:
        parts = replace(dependencies(url), clock=lambda: dt.datetime.now(dt.UTC) + after)
        try:
            await deliver(parts, send)
            await fire_all(parts)
            await purge_all(parts)
        finally:
            await parts.database.close()

    asyncio.run(run())
