"""`python -m bench.operations`: one request with 10 and with 200 operations in the contract. See bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench import inside, load
from bench.engine.requests import REQUESTS
from bench.machine import machine
from bench.operations import contracts
from bench.ratios import median_ratio

SMALL, LARGE = 10, 200
TARGET = 1.05


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.operations", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="how often everything is measured in turn (9)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each measurement lasts (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    load.require_wrk()
    print(f"Machine: {json.dumps(machine())}")
    ratios = {
        "in process": _in_process(options.rounds),
        "by wrk": _by_wrk(options.rounds, options.seconds),
    }
    print(f"\nCost of one request with {LARGE} operations over that with {SMALL}; median of the rounds")
    print(f"{'':12}{'target':>8}" + "".join(f"{operation:>12}" for operation in [*REQUESTS, "geo. mean"]))
    for name, by_operation in ratios.items():
        values = [*by_operation.values(), statistics.geometric_mean(by_operation.values())]
        cells = "".join(f"{value:8.3f} {'yes' if value <= TARGET else 'no':3}" for value in values)
        print(f"{name:12}{f'<= {TARGET}':>8}{cells}")
    print(f"Load average at the end: {os.getloadavg()}")
    if options.json:
        options.json.write_text(
            json.dumps({"machine": machine(), "target": TARGET, "ratios": ratios}, indent=2) + "\n",
            encoding="utf-8",
        )


def _in_process(rounds: int) -> dict[str, float]:
    small, large = contracts.build(SMALL), contracts.build(LARGE)
    ratios: dict[str, float] = {}
    for operation, request in REQUESTS.items():
        scope = inside.scope_of(request)
        for application in (small, large):  # which builds the stack
            inside.call(application, inside.scope_of(request), request.body)
        both: list[tuple[str, Any, dict[str, Any]]] = [("small", small, scope), ("large", large, scope)]
        small_us, large_us = inside.microseconds(both, request.body, 5 * rounds)
        ratios[operation] = large_us / small_us
    return ratios


def _by_wrk(rounds: int, seconds: float) -> dict[str, float]:
    rates: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    servers = [load.Server(str(n), f"bench.operations.contracts:build:{n}", "bounded") for n in (SMALL, LARGE)]
    with load.running(servers) as running:
        for number in range(rounds):
            for operation, request in REQUESTS.items():
                for name in sorted(running, reverse=bool(number % 2)):
                    result = load.measure(running[name], request, seconds=seconds)
                    rates[operation][name].append(result.requests_per_cpu_s)
    return {operation: median_ratio(by_size[str(SMALL)], by_size[str(LARGE)]) for operation, by_size in rates.items()}


if __name__ == "__main__":
    main()
