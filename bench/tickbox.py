"""`tickbox serve` as an operator starts it, with limits that are counted but not reached, and people who use it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import httpx

from bench.databases import Database
from bench.load import Running

_TICKBOX = Path(sys.executable).with_name("tickbox")
_READY = re.compile(r"ready on (http://\S+)")
_PASSWORD = "correct horse battery staple"
_SETTINGS = {
    "TICKBOX_LOG_LEVEL": "warning",
    "TICKBOX_ACCESS_TOKEN_LIFETIME_S": "86400",
    "TICKBOX_RATE_LIMIT": "100000000/day",
    "TICKBOX_RATE_LIMIT_CREDENTIALS": "1000/minute",
    "TICKBOX_WORKSPACE_QUOTA_BYTES": str(1 << 40),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user with a session, and the path of their personal workspace."""

    id: UUID
    token: str
    home: str


@contextlib.contextmanager
def serving(
    database: Database,
    *,
    core: int | None = None,
    program: Sequence[str] = (str(_TICKBOX),),
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Running]:
    """Migrate the database, and serve it in one process, which runs on one *core* if it is given.

    *program* is in the place of `tickbox`. *settings* are further environment variables.
    """
    environment = os.environ | _SETTINGS | {**settings, "TICKBOX_DATABASE_URL": database.url}
    subprocess.run([_TICKBOX, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [*program, "serve", "--port", "0"]
    pinned = command if core is None else ["taskset", "-c", str(core), *command]
    with subprocess.Popen(
        pinned, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            found = next(filter(None, map(_READY.search, process.stderr)), None)
            if found is None:
                sys.exit("tickbox did not start")
            # It would wait if nobody read what it prints.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield Running(found[1], process.pid, database.pid)
        finally:
            process.terminate()


def register(base: str, name: str) -> Person:
    """Create an account and a session for it."""
    credentials = {"email": f"{name.lower()}@example.com", "password": _PASSWORD}
    with httpx.Client(base_url=base, timeout=60) as client:
        user = client.post("/v1/users", json={**credentials, "name": name}).raise_for_status().json()
        token = client.post("/v1/sessions", json=credentials).raise_for_status().json()["access_token"]
        mine = client.get("/v1/workspaces", headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()
    return Person(id=UUID(user["id"]), token=token, home=f"/v1/workspaces/{mine['items'][0]['id']}")
