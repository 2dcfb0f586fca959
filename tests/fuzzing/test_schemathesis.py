"""Schemathesis finds nothing: examples, coverage, fuzzing and stateful, bounded, from a fixed seed.

`make soak` runs all four on each database, `make test` coverage on the one, and fuzzing and stateful on the other, with
few examples.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.fuzzing.runs import operations, run, serving

SEED = 20260302
PHASES = ("examples", "coverage", "fuzzing", "stateful")
SHORT = {"sqlite": ("examples", "coverage"), "postgresql": ("examples", "fuzzing", "stateful")}
FEW_EXAMPLES = ("--max-examples", "3")


@pytest.mark.unmeasured
def test_a_bounded_run_finds_no_failure(
    database_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    at_length = "TICKBOX_TEST_SOAK" in os.environ
    phases = PHASES if at_length else SHORT[make_url(database_url).get_backend_name()]
    options = ["--seed", str(SEED), "--phases", ",".join(phases), *(() if at_length else FEW_EXAMPLES)]
    with serving(database_url, tmp_path) as url:
        report = run(url, tmp_path, options)

    record_property("cases", str(report))
    assert report.exit_code == 0, report.output
    assert set(report.cases) == set(phases)
    assert report.answered == operations()
    assert '"level": "error"' not in (tmp_path / "server.log").read_text()
