"""Runs Schemathesis, a program of its own, and reads its report."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from tickbox_contract.gate.findings import NotCheckableError

from .servers import Server

_REPORTS = ("--report", "json,junit", "--no-color")
_UNCONFIGURED = ("--exclude-checks", "positive_data_acceptance")
"""That check calls a 409 or a 412 wrong, which depend on the state of the server, unless it is told otherwise."""
EXTRA = "pip install tickbox-contract[conforms]"


class Failure(NamedTuple):
    """What Schemathesis found in an operation, such as `GET /pets`; with a command that shows it, if there is one."""

    operation: str
    title: str
    command: str | None


def failures(contract: Mapping[str, Any], server: Server) -> list[Failure]:
    """Test the operations of *contract*, which is complete in itself.

    Settings in a `schemathesis.toml` in the current folder hold. Raises NotCheckableError if it is not installed, or
    could not test.
    """
    program = _program()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "openapi.json"
        file.write_text(json.dumps(contract), encoding="utf-8")
        paths = ("--report-json-path", str(folder / "report.json"), "--report-junit-path", str(folder / "report.xml"))
        token = ("--header", f"Authorization: Bearer {server.bearer}") if server.token else ()
        command = [program, "run", str(file), "--url", str(server.url), *_REPORTS, *paths, *token, *_arguments(server)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # of the settings
        return list(_failures(folder, done))


def _arguments(server: Server) -> Sequence[str]:
    """Those of the settings. Without any, and without a `schemathesis.toml`, a check is left out that needs one."""
    return server.schemathesis or (() if Path("schemathesis.toml").exists() else _UNCONFIGURED)


def _program() -> str:
    beside = Path(sys.executable).with_name("schemathesis")
    found = str(beside) if beside.exists() else shutil.which("schemathesis")
    if found is None:
        raise NotCheckableError(f"Schemathesis is not installed: {EXTRA}")
    return found


def _failures(folder: Path, done: subprocess.CompletedProcess[str]) -> Iterator[Failure]:
    file = folder / "report.json"
    if not file.exists():
        lines = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        raise NotCheckableError(f"Schemathesis could not test: {lines[-1] if lines else 'it wrote nothing'}")
    report: dict[str, Any] = json.loads(file.read_bytes())
    commands = _commands(folder / "report.xml")
    for found in report["failures"]:
        for operation in found["operations"] or [""]:
            yield Failure(operation, found["title"], commands.get((operation, found["code"])))
    for found in report["errors"]:
        yield Failure(str(found.get("operation") or ""), f"could not be tested: {found.get('title')}", None)


def _commands(file: Path) -> dict[tuple[str, str], str]:
    """The command that reproduces each failure, by operation and code of the check."""
    commands: dict[tuple[str, str], str] = {}
    cases = ET.parse(file).getroot().iter("testcase") if file.exists() else ()  # noqa: S314  # written just now
    for case in cases:
        for failure in case.iter("failure"):
            *_, last = (failure.text or "").strip().rsplit("\n", 1)
            for code in str(failure.get("message")).split(", "):
                if last.strip().startswith("curl "):
                    commands.setdefault((str(case.get("name")), code), last.strip())
    return commands
