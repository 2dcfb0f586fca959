"""`tickbox worker`: the jobs alone, until a signal stops them."""

import asyncio
import signal

import click

from app.jobs.loop import running
from app.jobs.waking import notification_jobs
from app.main import contract_path, make_parts, shared_jobs
from app.settings import Settings
from persistence.urls import name_of
from tickbox_contract.openapi.document import Document


def run_worker(settings: Settings) -> None:
    """Run the jobs until SIGINT or SIGTERM. A job that runs is cancelled then, and what it held is due again later."""
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stopped.set))
    parts = make_parts(settings, Document.read(contract_path()))
    jobs = shared_jobs(settings, parts.dependencies)
    notifying = notification_jobs(settings.listen_url or settings.database_url, parts.wakeups)
    try:
        async with running((*jobs, *notifying)):
            names = ", ".join(job.name for job in jobs)
            click.echo(f"Tickbox runs jobs ({names}) on {name_of(settings.database_url)}; stop with Ctrl-C", err=True)
            await stopped.wait()
    finally:
        await parts.close()
