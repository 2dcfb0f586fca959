"""A contract in which nearly everything leads to everything is compiled once, and not once for each operation."""

from __future__ import annotations

import json
import subprocess
import sys


def test_a_large_contract_is_served_in_bounded_memory() -> None:
    """Was 2.3 GiB: a validator for each body and response held all that its schema leads to."""
    command = [sys.executable, "-m", "bench.startup", "--size", "400", "800"]
    started = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # ours
    assert started["mib"] < 200
    assert started["status"] == 200
