"""For modules whose tests do not depend on the kind of database: they import this fixture, and run on SQLite only."""

from __future__ import annotations

import pytest

from tests.support.databases import Databases, SqliteDatabases


@pytest.fixture(scope="session")
def databases(sqlite_databases: SqliteDatabases) -> Databases:
    return sqlite_databases
