"""What a server does not need, it does not keep in memory. Each test looks at a process of its own."""

import subprocess
import sys

import pytest

from tests.support.databases import SqliteDatabases
from tests.support.programs import environment

UNUSED = {"alembic", "asyncpg", "httpx", "requests", "sqlalchemy.orm", "starlette.testclient", "zxcvbn"}
SERVE = f"""
import sys
from app import cli, databases
from app.main import build
from app.settings import Settings

databases.require_schema(Settings())
build(Settings())
print(*({UNUSED} & sys.modules.keys()))
"""
HASH = """
import asyncio, resource
from app.adapters.passwords.argon2_hasher import MEMORY_KIB, THREADS, Argon2Passwords
from app.memory import return_large_blocks

def resident_kib():
    with open("/proc/self/statm") as statistics:
        return int(statistics.read().split()[1]) * resource.getpagesize() // 1024

async def hash_several(passwords):
    await asyncio.gather(*(passwords.hash("tea and engines") for _ in range(3 * THREADS)))

passwords = Argon2Passwords()
return_large_blocks()
before_kib = resident_kib()
asyncio.run(hash_several(passwords))
passwords.close()
print(resident_kib() - before_kib < MEMORY_KIB)
"""


def printed(program: str, **settings: str) -> str:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment(**settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_server_imports_only_what_it_needs(sqlite_databases: SqliteDatabases) -> None:
    assert printed(SERVE, database_url=sqlite_databases.migrated()) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_memory_in_which_passwords_are_hashed_is_returned() -> None:
    assert printed(HASH) == "True"
