"""Fixtures for every kind of test: databases, on SQLite and on PostgreSQL."""

import gc
import os
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext

import pytest

from tests.support import leftovers
from tests.support.databases import (
    AT_LENGTH,
    BACKENDS,
    Databases,
    PostgresDatabases,
    SqliteDatabases,
    named_by,
)
from tests.support.own_postgres import own_postgres


def pytest_configure(config: pytest.Config) -> None:
    """Let nothing outlive the tests. Workers and all that they start belong to the process that started them."""
    if not hasattr(config, "workerinput"):
        leftovers.guard()


def is_measured(item: pytest.Item) -> bool:
    """Whether the branches that a test takes are counted, which doubles its time.

    What is tested over HTTP on both databases is counted on SQLite only. Tests that take long, and whose branches
    others take, too, are marked as not counted.
    """
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    over_http = "integration" in item.path.parts
    twice = over_http and parameters.get("databases") == "postgresql"
    return not twice and item.get_closest_marker("unmeasured") is None


@contextmanager
def unmeasured_processes() -> Iterator[None]:
    """Count no branches in processes that start meanwhile: that takes each of them a second more."""
    inherited = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_")}
    try:
        yield
    finally:
        os.environ.update(inherited)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Count no branches in this thread, and none in threads and processes that start meanwhile.

    Threads that run already go on: a server that tests share, some of which are counted.
    """
    here, in_new_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        with unmeasured_processes():
            yield
    finally:
        threading.settrace(in_new_threads)
        sys.settrace(here)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count branches, or not."""
    with ExitStack() as stack:
        if not is_measured(item):
            stack.enter_context(unmeasured())
        elif item.get_closest_marker("unmeasured_processes"):
            stack.enter_context(unmeasured_processes())
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Of the workers, which all import the same, one counts the branches of that."""
    is_another = getattr(session.config, "workerinput", {}).get("workerid", "gw0") != "gw0"
    gc.disable()  # to look for garbage in what is imported and collected, where there is none, took most of the time
    try:
        with unmeasured() if is_another else nullcontext():
            return (yield)
    finally:
        gc.enable()


LONGEST = ("tests/integration/followers/", "tests/fuzzing/", "tests/integration/model/")
"""Files that take a minute or more: one that began last would be waited for by all other processes."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest. Leave out what is not chosen on PostgreSQL."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    left_out = [item for item in items if not is_chosen(item)]
    if left_out:
        items[:] = [item for item in items if is_chosen(item)]
        config.hook.pytest_deselected(items=left_out)


def is_chosen(item: pytest.Item) -> bool:
    """Whether it runs: not two thirds of what tests each operation for what hardly depends on the database.

    On PostgreSQL, that is. Which third it is depends on the names, so that a new operation changes nothing else. What
    clients do at once is marked to run on each database, because it depends on the locks of each.
    """
    in_full = AT_LENGTH or item.get_closest_marker("on_each_database") is not None
    if in_full or "postgresql" not in item.name or item.get_closest_marker("mostly_on_one_database") is None:
        return True
    return zlib.crc32(item.name.encode()) % 3 == 0


def pytest_collection_finish() -> None:
    """Leave out of garbage collection what lives to the end: to look at all of it again took a fifth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    """The server that TICKBOX_TEST_POSTGRES_URL names, or one that is started here."""
    if url := os.environ.get("TICKBOX_TEST_POSTGRES_URL"):
        databases = PostgresDatabases(url)
        yield databases
        databases.close()
        return
    with own_postgres() as url:
        databases = PostgresDatabases(url)
        databases.relax()
        yield databases


@pytest.fixture(scope="session", params=BACKENDS)
def databases(request: pytest.FixtureRequest) -> Databases:
    """Both kinds, one after the other: tests that use this run on each. PostgreSQL starts with the first use."""
    return named_by(request)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database for one test."""
    url = databases.migrated()
    yield url
    databases.remove(url)


@pytest.fixture(scope="module")
def module_database_url(databases: Databases) -> Iterator[str]:
    """A migrated database that the tests of a module share."""
    url = databases.migrated()
    yield url
    databases.remove(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database for one test that was never migrated."""
    url = databases.empty()
    yield url
    databases.remove(url)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report how many cases were tested where the number of tests does not show it: the sum over all that passed."""
    counts: dict[str, Counter[str]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if isinstance(figures, Mapping):
                counts.setdefault(name, Counter()).update(figures)
            else:
                terminalreporter.write_line(f"{report.nodeid}: {name}: {figures}")
    for name, counted in sorted(counts.items()):
        figures = ", ".join(f"{count:,} {what}" for what, count in sorted(counted.items()))
        terminalreporter.write_line(f"{name}: {figures}")
