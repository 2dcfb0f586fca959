"""For modules whose tests hardly depend on the kind of database: they import this fixture, and run on SQLite.

`make soak` runs them on PostgreSQL, too.
"""

from __future__ import annotations

import pytest

from tests.support.databases import FEW_BACKENDS, Databases, named_by


@pytest.fixture(scope="session", params=FEW_BACKENDS)
def databases(request: pytest.FixtureRequest) -> Databases:
    return named_by(request)
