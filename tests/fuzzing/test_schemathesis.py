"""Schemathesis finds no failure: examples, coverage, fuzzing and stateful, bounded, with a fixed seed.

`make test` runs few examples, and few of the invalid requests, on SQLite; `make soak` as many as
`schemathesis.toml` says, on each database.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzzing.runs import operations, run, serving
from tests.support.databases import AT_LENGTH, FEW_BACKENDS

SEED = 20260302


@pytest.mark.unmeasured
@pytest.mark.parametrize("databases", FEW_BACKENDS, indirect=True)
def test_a_bounded_run_of_all_phases_finds_no_failure(
    database_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    options = ["--seed", str(SEED), *(() if AT_LENGTH else ("--max-examples", "1"))]
    with serving(database_url, tmp_path) as url:
        report = run(url, tmp_path, options, invalid=1 if AT_LENGTH else 20)

    record_property("cases", str(report))
    assert report.exit_code == 0, report.output
    assert set(report.cases) == {"examples", "coverage", "fuzzing", "stateful"}
    assert report.successful == operations()
    assert '"level": "error"' not in (tmp_path / "server.log").read_text()
