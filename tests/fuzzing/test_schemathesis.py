"""Schemathesis finds no failure: examples, coverage, fuzzing and stateful, bounded, with a fixed seed.

`make test` runs few examples, on SQLite; `make soak` as many as `schemathesis.toml` says, on each database.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import BACKENDS
from tests.fuzzing.runs import operations, run, serving

SEED = 20260302
AT_LENGTH = "TICKBOX_TEST_SOAK" in os.environ


@pytest.mark.unmeasured
@pytest.mark.parametrize("databases", BACKENDS if AT_LENGTH else ("sqlite",), indirect=True)
def test_a_bounded_run_of_all_phases_finds_no_failure(
    database_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    options = ["--seed", str(SEED), *(() if AT_LENGTH else ("--max-examples", "3"))]
    with serving(database_url, tmp_path) as url:
        report = run(url, tmp_path, options)

    record_property("cases", str(report))
    assert report.exit_code == 0, report.output
    assert set(report.cases) == {"examples", "coverage", "fuzzing", "stateful"}
    assert report.successful == operations()
    assert '"level": "error"' not in (tmp_path / "server.log").read_text()
