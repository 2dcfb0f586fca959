"""Runs of Schemathesis' command line, each against its own `tickbox serve`."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.fuzzing.people import credentials
from tests.support.checking import read_contract
from tests.support.patience import PATIENCE_S
from tests.support.server import UNHINDERED

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "spec" / "openapi.yaml"
_READY = re.compile(r"ready on (\S+)")
_BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a run. `cases` and `operations` are by phase; `successful` names operations that returned a 2xx or
    3xx.
    """

    exit_code: int
    output: str
    seconds: float
    cases: Mapping[str, int]
    operations: Mapping[str, int]
    successful: frozenset[str]

    def __str__(self) -> str:
        phases = "; ".join(
            f"{phase} {count} ({self.operations[phase]} operations)" for phase, count in self.cases.items()
        )
        return f"Schemathesis: {sum(self.cases.values())} cases in {self.seconds:.0f} s: {phases}"


@contextlib.contextmanager
def serving(database_url: str, folder: Path) -> Iterator[str]:
    """The URL of a server on a migrated database, with the people of the contract's examples registered.

    It logs to `server.log` in *folder*. Raises RuntimeError if it does not start, or ends by itself, and
    subprocess.TimeoutExpired if it does not stop on a signal.
    """
    settings = {"TICKBOX_DATABASE_URL": database_url, "TICKBOX_PORT": "0", "TICKBOX_LOG_LEVEL": "warning"}
    log, stderr_path = folder / "server.log", folder / "server.err"
    with log.open("wb") as output, stderr_path.open("wb") as errors:
        server = subprocess.Popen(
            [_BIN / "tickbox", "serve"],
            env=os.environ | settings | {f"TICKBOX_{name.upper()}": value for name, value in UNHINDERED.items()},
            stdout=output,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for Schemathesis, which then reports what it found
        )
    try:
        url = _wait_until_ready(server, stderr_path)
        _register_people(url)
        yield url
        if server.poll() is not None:
            raise RuntimeError(f"the server ended by itself: {log.read_text()[-2000:]}")
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def run(url: str, folder: Path, options: Sequence[str], *, capture: bool = True, invalid: int = 1) -> Report:
    """Run once with `schemathesis.toml` and *options*; its events go to a file in *folder*.

    Without *capture* its output goes where this process writes, and the report has none. In the phase "coverage", one
    in *invalid* of the requests is sent that are invalid in one of the most frequent ways, and five in as many of the
    other invalid ones.
    """
    events = folder / "events.ndjson"
    command = [str(_BIN / "schemathesis"), "run", str(CONTRACT), "--url", url, "--no-color"]
    reporting = ["--report", "ndjson", "--report-ndjson-path", str(events)]
    began = time.monotonic()
    # Schemathesis' own code is not measured: that doubles its time.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment |= {
        "TICKBOX_TEST_SERVER_LOG": str(folder / "server.log"),
        "TICKBOX_TEST_INVALID": str(invalid),
    }
    result = subprocess.run(
        [*command, *reporting, *options], cwd=ROOT, env=environment, capture_output=capture, text=True, check=False
    )
    return _report(result, time.monotonic() - began, events)


def operations() -> frozenset[str]:
    """Every operation of the contract, as Schemathesis labels it."""
    paths = read_contract()["paths"]
    return frozenset(
        f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "parameters"
    )


def _wait_until_ready(server: subprocess.Popen[bytes], stderr_path: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        if matched := _READY.search(stderr_path.read_text()):
            return matched[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {stderr_path.read_text()}")


def _register_people(url: str) -> None:
    for name, body in credentials().items():
        httpx.post(f"{url}/v1/users", json={**body, "name": name}).raise_for_status()


def _report(result: subprocess.CompletedProcess[str], seconds: float, events: Path) -> Report:
    cases: Counter[str] = Counter()
    tested: dict[str, set[str]] = {}
    successful: set[str] = set()
    for phase, recorder in _scenarios(events):
        cases[phase] += len(recorder["cases"])
        for case_id, case in recorder["cases"].items():
            label = f"{case['value']['method']} {case['value']['path']}"
            tested.setdefault(phase, set()).add(label)
            response = recorder.get("interactions", {}).get(case_id, {}).get("response")
            if response and response["status_code"] < httpx.codes.BAD_REQUEST:
                successful.add(label)
    known = operations()
    return Report(
        exit_code=result.returncode,
        output=(result.stdout or "") + (result.stderr or ""),
        seconds=seconds,
        cases=cases,
        operations={phase: len(labels & known) for phase, labels in tested.items()},
        successful=frozenset(successful & known),
    )


def _scenarios(events: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The phase and the recorder of each scenario that ran."""
    if not events.exists():
        return
    with events.open() as lines:
        for line in lines:
            finished = json.loads(line).get("ScenarioFinished")
            if finished and finished["recorder"].get("cases"):
                yield finished["phase"], finished["recorder"]
