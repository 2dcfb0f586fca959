"""`python -m bench.startup`: time and memory until a large contract is served. See bench/README.md."""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench import inside, load
from bench.engine.twins import engine
from bench.machine import machine
from bench.startup import contracts
from tickbox_contract.openapi.document import Document

SIZES = ((10, 20), (200, 400), (400, 800))
TARGET_S, TARGET_MIB = 5.0, 200.0
_ID = "0190a5f0-0000-7000-8000-000000000000"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, metavar=("COMPONENTS", "OPERATIONS"), help="this one, in process")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is started; the best is shown (3)")
    options = parser.parse_args()
    if options.size:
        print(json.dumps(_started(*options.size)))
        return
    print(f"Machine: {json.dumps(machine())}")
    print(f"{'components':>12}{'operations':>12}{'start-up':>12}{'memory':>12}{'request':>12}")
    for components, operations in SIZES:
        command = [sys.executable, "-m", "bench.startup", "--size", str(components), str(operations)]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # ours
            for _ in range(options.rounds)
        ]
        seconds, mib, us = (min(run[name] for run in runs) for name in ("seconds", "mib", "request_us"))
        print(f"{components:12}{operations:12}{seconds:10.2f} s{mib:8.0f} MiB{us:9.1f} us")
    print(f"Target for the last: {TARGET_S} s and {TARGET_MIB} MiB. Load average at the end: {os.getloadavg()}")


def _started(components: int, operations: int) -> dict[str, float]:
    """Start with that contract in this process, and send one request."""
    raw, package = contracts.contract(components, operations), contracts.handlers(operations)
    began_s = time.perf_counter()
    application = engine.build(Document.parse(raw), package)
    seconds = time.perf_counter() - began_s
    gc.collect()
    mib = _resident_mib()
    scope = inside.scope_of(load.Request("GET", f"/things-{operations // 2 - 1}/{_ID}"))
    status = inside.call(application, dict(scope), None)[0]["status"]
    (request_us,) = inside.microseconds([("", application, scope)], None, 5)
    return {"seconds": seconds, "mib": mib, "request_us": request_us, "status": status}


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
