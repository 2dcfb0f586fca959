"""`python -m bench.engine`: the engine beside its twins, as ratios. See bench/README.md."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import statistics
from collections import defaultdict
from importlib import metadata
from pathlib import Path
from typing import Any

from bench import inside, load
from bench.engine import requests
from bench.engine.requests import ENGINE, REQUESTS, TARGETS, TWINS
from bench.machine import machine
from bench.ratios import median_ratio, rotated

PACKAGES = (
    "connexion",
    "fastapi",
    "jsonschema-rs",
    "litestar",
    "msgspec",
    "orjson",
    "pydantic",
    "starlette",
    "uvicorn",
)

Rates = dict[str, dict[str, list[load.Result]]]
"""By operation and server, a result for each round."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured in turn (7)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each measurement lasts (2)")
    parser.add_argument("--twins", default=",".join(TWINS), help=f"which twins ({','.join(TWINS)}); empty for none")
    parser.add_argument("--profile", action="store_true", help="show where the engine's time goes, by function")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine(), "versions": {name: metadata.version(name) for name in PACKAGES}}
    print(f"Machine: {json.dumps(found['machine'])}")
    if names := [name for name in options.twins.split(",") if name]:
        load.require_wrk()
        rates = _race(names, options.rounds, options.seconds)
        found |= _show_ratios(rates, names, options.rounds)
    found["inside"] = _show_layers(options.rounds, is_profiled=options.profile)
    print(f"Load average at the end: {os.getloadavg()}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _race(names: list[str], rounds: int, seconds: float) -> Rates:
    rates: Rates = defaultdict(lambda: defaultdict(list))
    with load.running([ENGINE, *(TWINS[name] for name in names)]) as servers:
        requests.check(servers)
        for number in range(rounds):
            for operation, request in REQUESTS.items():
                for name in rotated(list(servers), number):
                    rates[operation][name].append(load.measure(servers[name], request, seconds=seconds))
    return rates


def _show_ratios(rates: Rates, names: list[str], rounds: int) -> dict[str, Any]:
    by_cpu = _ratios(rates, names, "requests_per_cpu_s")
    by_clock = _ratios(rates, names, "requests_per_s")
    print(f"\nRequests of the engine over those of each twin, by processor time; median of {rounds} rounds")
    print(f"{'':12}{'target':>8}" + "".join(f"{operation:>12}" for operation in [*REQUESTS, "geo. mean", "by clock"]))
    for name in names:
        means = [statistics.geometric_mean(ratios[name].values()) for ratios in (by_cpu, by_clock)]
        cells = "".join(_cell(value, TARGETS[name]) for value in [*by_cpu[name].values(), *means])
        print(f"{name:12}{f'>= {TARGETS[name]}':>8}{cells}")
    print("\nRequests per second by the clock, for this machine at this hour only")
    medians = {
        name: {operation: statistics.median(r.requests_per_s for r in rates[operation][name]) for operation in rates}
        for name in ("engine", *names)
    }
    for name, by_operation in medians.items():
        print(f"{name:20}" + "".join(f"{rate:12,.0f}" for rate in by_operation.values()))
    return {
        "targets": TARGETS,
        "by_cpu": by_cpu,
        "by_clock": by_clock,
        "requests_per_s": medians,
        "rounds": _plain(rates),
    }


def _ratios(rates: Rates, names: list[str], figure: str) -> dict[str, dict[str, float]]:
    """The engine's *figure* over each twin's: the median of the ratios within each round."""

    def figures(operation: str, name: str) -> list[float]:
        return [getattr(result, figure) for result in rates[operation][name]]

    return {
        name: {operation: median_ratio(figures(operation, "engine"), figures(operation, name)) for operation in rates}
        for name in names
    }


def _cell(value: float, target: float) -> str:
    return f"{value:8.2f} {'yes' if value >= target else 'no':3}"


def _plain(rates: Rates) -> dict[str, dict[str, list[dict[str, float]]]]:
    return {
        operation: {name: [dataclasses.asdict(result) for result in found] for name, found in by_name.items()}
        for operation, by_name in rates.items()
    }


def _show_layers(rounds: int, *, is_profiled: bool) -> dict[str, Any]:
    """Microseconds of one request in process, for each layer; Starlette's whole request beside it."""
    application = _build("engine")
    limit = _build("bare")
    found: dict[str, dict[str, float]] = {}
    for operation, request in REQUESTS.items():
        layers = [*inside.layers(application, request), ("starlette", limit, inside.scope_of(request))]
        times = inside.microseconds(layers, request.body, 5 * rounds)
        rest = [*times[1:-1], 0.0]
        found[operation] = {
            **{name: mine - below for (name, _, _), mine, below in zip(layers[:-1], times[:-1], rest, strict=True)},
            "all": times[0],
            "starlette with no checks": times[-1],
        }
    print("\nMicroseconds of one request in process, without a server")
    for name in next(iter(found.values())):
        print(f"{name:32}" + "".join(f"{by_layer[name]:12.1f}" for by_layer in found.values()))
    if is_profiled:
        for operation, request in REQUESTS.items():
            print(f"\n{operation}: own share, and share with the functions it calls; time in C counts for the caller")
            for name, own, whole in inside.profile(application, request, seconds=4)[:25]:
                print(f"{own:8.1%}{whole:8.1%}  {name}")
    return found


def _build(twin: str) -> Any:
    return importlib.import_module(f"bench.engine.twins.{twin}").build()


if __name__ == "__main__":
    main()
