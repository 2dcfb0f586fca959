"""Runs a purge as a server does, in a process that serves nothing."""

import asyncio

from app.jobs.purge import Purge, purge
from app.main import contract_path, make_parts
from app.settings import Settings
from persistence.unit_of_work import Dependencies
from tickbox_contract.openapi.document import Document


def dependencies(url: str) -> Dependencies:
    return make_parts(Settings(database_url=url), Document.read(contract_path())).dependencies


def purged(url: str, which: Purge) -> int:
    """How many rows *which* deleted."""

    async def run() -> int:
        parts = dependencies(url)
        try:
            return await purge(parts, which)
        finally:
            await parts.database.close()

    return asyncio.run(run())
