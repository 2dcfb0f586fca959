"""Runs a purge as a server does, in a process that serves nothing."""

import asyncio

from app.jobs.purge import Purge, purge
from app.main import make_parts
from app.settings import Settings
from persistence.unit_dependencies import Dependencies
from tests.support.programs import our_contract, quick_passwords


def dependencies(url: str) -> Dependencies:
    settings = Settings(database_url=url)
    return make_parts(settings, our_contract().document, passwords=quick_passwords()).dependencies


def purged(url: str, which: Purge) -> int:
    """How many rows *which* deleted."""

    async def run() -> int:
        parts = dependencies(url)
        try:
            return await purge(parts, which)
        finally:
            await parts.database.close()

    return asyncio.run(run())
