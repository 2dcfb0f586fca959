"""A real PgBouncer in transaction mode, with fewer server processes than there are connections."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.jobs.loop import running
from app.jobs.waking import waking_jobs
from domain import task_status, tasks
from domain.model.streams import Topics
from domain.tasks import TaskDraft
from persistence import readiness, schema
from persistence.database import Database
from persistence.wakeups import Wakeups
from tests.support.databases import PostgresDatabases
from tests.support.patience import PATIENCE_S
from tests.support.programs import patiently
from tests.support.providers import free_port
from tests.support.service_callers import Caller

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
CONNECTIONS = 6
SETTINGS = """[databases]
{name} = host={host} port={port} dbname={name} user={user} {password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
"""


@pytest.fixture
def direct_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """The URL of a migrated database."""
    url = postgres_databases.migrated()
    yield url
    postgres_databases.remove(url)


@pytest.fixture
def pooled_url(direct_url: str, tmp_path: Path) -> Iterator[str]:
    """The same, through PgBouncer."""
    if not PGBOUNCER:
        pytest.skip("pgbouncer is not installed")
    url = make_url(direct_url)
    host, listen = url.host or url.normalized_query["host"][0], free_port()
    password = f"password={url.password}" if url.password else ""
    settings = tmp_path / "pgbouncer.ini"
    parts = {"name": url.database, "host": host, "port": url.port or 5432, "user": url.username, "password": password}
    settings.write_text(SETTINGS.format(**parts, listen=listen))
    tmp_path.chmod(0o755)
    as_other = ("-u", Path(host).owner() if host.startswith("/") else "nobody") if os.geteuid() == 0 else ()
    with subprocess.Popen([PGBOUNCER, "-q", *as_other, str(settings)]) as program:
        for _ in patiently():
            assert program.poll() is None
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", listen)).close()
                break
        yield f"postgresql://{url.username}@127.0.0.1:{listen}/{url.database}"
        program.terminate()


async def test_many_connections_share_few_server_processes(pooled_url: str) -> None:
    databases = [Database(pooled_url, pool_size=CONNECTIONS, prepares=False) for _ in range(2)]
    people = [await Caller(database=database).register(f"user{n}") for n, database in enumerate(databases)]

    async def use(person: Caller, number: int) -> None:
        task = await person.write(tasks.create, TaskDraft(title=f"Iron {number}"))
        assert (await person.read(tasks.get, task.id)).title == f"Iron {number}"
        await person.write(task_status.complete, task.id)

    for _ in range(3):  # the statements are sent to server processes that know them, and to others
        await asyncio.gather(*(use(person, number) for person in people for number in range(2 * CONNECTIONS)))

    for database in databases:
        assert await readiness.current(database) == schema.REVISION
        await database.close()


async def test_processes_behind_a_pooler_notify_each_other_on_connections_of_their_own(
    direct_url: str, pooled_url: str
) -> None:
    databases = [Database(pooled_url, pool_size=CONNECTIONS, prepares=False) for _ in range(2)]
    here, there = Wakeups(), Wakeups()
    ada = replace(await Caller(database=databases[0]).register("ada"), changed=here.signal)
    notifying = [
        waking_jobs(direct_url, database, each)[-1] for database, each in zip(databases, (here, there), strict=True)
    ]
    with there.subscribe(Topics(workspace_ids=frozenset({ada.workspace_id}))) as subscription:
        async with running(notifying), asyncio.timeout(PATIENCE_S):
            waiting = asyncio.create_task(subscription.wait(subscription.topics))
            while not waiting.done():  # the connections are made meanwhile
                await ada.write(tasks.create, TaskDraft(title="Iron"))
                await asyncio.sleep(0.05)
            assert await waiting
    for database in databases:
        await database.close()
