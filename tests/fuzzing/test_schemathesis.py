"""Schemathesis finds nothing: examples, coverage, fuzzing and stateful, bounded, from a fixed seed."""

from collections.abc import Callable
from pathlib import Path

from tests.fuzzing.runs import operations, run, serving

SEED = 20260302


def test_a_bounded_run_of_all_phases_finds_no_failure(
    database_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    with serving(database_url, tmp_path) as url:
        report = run(url, tmp_path, ["--seed", str(SEED)])

    record_property("cases", str(report))
    assert report.exit_code == 0, report.output
    assert set(report.cases) == {"examples", "coverage", "fuzzing", "stateful"}
    assert report.answered == operations()
    assert '"level": "error"' not in (tmp_path / "server.log").read_text()
