"""Runs Schemathesis, a program of its own, and reads its report."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError

from .attempts import LIMITED
from .clients.programs import cleaned_up
from .credentials import bearer, carrying
from .servers import Server

_REPORTS = {"json": "report.json", "junit": "report.xml", "ndjson": "events.ndjson"}
SETTINGS = "schemathesis.toml"
_UNCONFIGURED = ("--exclude-checks", "positive_data_acceptance")
"""That check calls a 409 or a 412 wrong, which depend on the state of the server, unless it is told otherwise."""
_NO_CAUSE = ("For more information", "Usage:", "Try '")
"""How lines begin that say how to use it, after the error."""
_TOO_MANY = re.compile(r'"status_code": ?429\b')
EXTRA = "pip install tickbox-contract[conforms]"


class Failure(NamedTuple):
    """What Schemathesis found in an operation, such as `GET /pets`; with a command that shows it, if there is one."""

    operation: str
    title: str
    command: str | None


def failures(contract: Contract, server: Server) -> list[Failure]:
    """Test the operations of *contract*, which is complete in itself.

    Settings in a `schemathesis.toml` hold. Raises NotCheckableError if it is not installed, or could not test.
    """
    program = _program()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "openapi.json"
        file.write_text(json.dumps(contract.root), encoding="utf-8")
        paths = [option for kind, path in _REPORTS.items() for option in (f"--report-{kind}-path", str(folder / path))]
        reports = ("--report", ",".join(_REPORTS), "--no-color", *paths)
        before = _credentials(contract, server, folder)
        command = [program, *before, "run", str(file), "--url", str(server.url), *reports, *_arguments(server)]
        return list(_failures(folder, _run(command, server.time_limit_s)))


def _run(command: Sequence[str], limit_s: int) -> subprocess.CompletedProcess[str]:
    try:
        with cleaned_up():
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit_s)  # noqa: S603  # of the settings
    except subprocess.TimeoutExpired as error:
        message = f"Schemathesis was not done after {limit_s} s: give it less to do (`schemathesis`) or more time"
        raise NotCheckableError(f"{message} (`time-limit-s`)") from error


def _credentials(contract: Contract, server: Server, folder: Path) -> Sequence[str]:
    """Options that name the token without showing it to everybody who can list processes.

    The settings of a team that has any name its credentials themselves: such files cannot be merged. Raises
    NotCheckableError if they name none.
    """
    if server.bearer is None or server.token is None:
        return ()
    header = _header(contract, f"${{{server.token.variable}}}")
    found = _settings()
    if found is None:
        file = folder / SETTINGS
        file.write_text(header + "\n", encoding="utf-8")
        return ("--config-file", str(file))
    if not re.search(r"^\W*(headers|auth|hooks)\b", found.read_text(encoding="utf-8"), re.MULTILINE):
        raise NotCheckableError(f"{found} names no credentials: begin it with {header}")
    return ()


def _header(contract: Contract, token: str) -> str:
    """The setting that sends *token* as the first operation wants it that needs one."""
    needing = (each for each in contract.operations if each.needs_token)
    ways = (line for each in needing for line in carrying(contract, each, token, "").lines)
    name, _, value = next(ways, *bearer(token, "").lines).partition(": ")
    return f"headers = {{{name} = {json.dumps(value)}}}"


def _settings() -> Path | None:
    """The file that Schemathesis finds: in the current folder, or above it up to the root of the repository."""
    for folder in (here := Path.cwd(), *here.parents):
        if (folder / SETTINGS).is_file():
            return folder / SETTINGS
        if (folder / ".git").is_dir():
            break
    return None


def _arguments(server: Server) -> Sequence[str]:
    """Those of the settings. Without any, and without a `schemathesis.toml`, a check is left out that needs one."""
    return server.schemathesis or (() if _settings() else _UNCONFIGURED)


def _program() -> str:
    beside = Path(sys.executable).with_name("schemathesis")
    found = str(beside) if beside.exists() else shutil.which("schemathesis")
    if found is None:
        raise NotCheckableError(f"Schemathesis is not installed: {EXTRA}")
    return found


def _failures(folder: Path, done: subprocess.CompletedProcess[str]) -> Iterator[Failure]:
    file = folder / _REPORTS["json"]
    report: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
    if not report.get("complete"):
        raise NotCheckableError(f"Schemathesis could not test: {_cause(done.stdout, done.stderr)}")
    if _is_limited(folder / _REPORTS["ndjson"]):
        raise NotCheckableError(LIMITED)
    if report["errors"] and not report["operations"]["tested"]:
        raise NotCheckableError(
            f"Schemathesis could not test: {', '.join(found['title'] for found in report['errors'])}"
        )
    commands = _commands(folder / _REPORTS["junit"])
    for found in report["failures"]:
        for operation in found["operations"] or [""]:
            yield Failure(operation, found["title"], commands.get((operation, found["code"])))
    yield from (Failure("", f"could not be tested: {found['title']}", None) for found in report["errors"])
    if done.returncode and not report["failures"] and not report["errors"]:
        kinds = ", ".join(kind for kind, operations in report["warnings"].items() if operations)
        yield Failure("", f"Schemathesis fails because of warnings: {kinds}", None)


def _cause(*outputs: str) -> str:
    """What *outputs* end with, in one line; of a traceback only the error."""
    lines = [line.strip() for output in outputs for line in output.splitlines() if line.strip(" \t━")]
    said = [line for line in lines if not line.startswith(_NO_CAUSE)]
    if any("Traceback" in line for line in said):
        return f"{said[0]}: {said[-1]}"
    return " ".join(said[-6:]) or "it wrote nothing"


def _is_limited(events: Path) -> bool:
    """Whether a response was a 429: that request was not looked at."""
    with events.open(encoding="utf-8") as lines:
        return any(_TOO_MANY.search(line) for line in lines)


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
