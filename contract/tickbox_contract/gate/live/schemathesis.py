"""Runs Schemathesis, a program of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.openapi.operations import Operation

from .attempts import LIMITED
from .clients.programs import cleaned_up
from .credentials import bearer, carrying
from .schemathesis_reports import KINDS, Failure, Reports
from .servers import Server
from .wire import is_of_events

SETTINGS = "schemathesis.toml"
STREAM_S = 2.0
"""How long a stream of events is read, which may never end, or send nothing."""
_UNCONFIGURED = ("--exclude-checks", "positive_data_acceptance")
"""That check calls a 409 or a 412 wrong, which depend on the state of the server, unless it is told otherwise."""
_NO_CAUSE = ("For more information", "Usage:", "Try '")
"""How lines begin that say how to use it, after the error."""
EXTRA = "pip install tickbox-contract[conforms]"


def failures(contract: Contract, server: Server) -> list[Failure]:
    """Test the operations of *contract*, which is complete in itself.

    Settings in a `schemathesis.toml` hold. Raises NotCheckableError if it is not installed, or could not test.
    """
    program = _program()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "openapi.json"
        file.write_text(json.dumps(contract.root), encoding="utf-8")
        paths = [option for kind, path in KINDS.items() for option in (f"--report-{kind}-path", str(folder / path))]
        reports = ("--report", ",".join(KINDS), "--no-color", *paths)
        before = _credentials(contract, server, folder)
        command = [program, *before, "run", str(file), "--url", str(server.url), *reports, *_arguments(server)]
        return list(_failures(folder, _run(command, server, folder)))


def _run(command: Sequence[str], server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *command*. It writes its files into *folder*, unless settings or arguments may name files of the team."""
    limit_s = server.time_limit_s
    where = None if server.schemathesis or _settings() else folder
    environment = {"HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"), **os.environ}
    try:
        with cleaned_up():
            return subprocess.run(  # noqa: S603  # of the settings
                command, capture_output=True, text=True, check=False, timeout=limit_s, cwd=where, env=environment
            )
    except subprocess.TimeoutExpired as error:
        message = f"Schemathesis was not done after {limit_s} s: give it less to do (`schemathesis`) or more time"
        raise NotCheckableError(f"{message} (`time-limit-s`)") from error


def _credentials(contract: Contract, server: Server, folder: Path) -> Sequence[str]:
    """Options that name the token without showing it to everybody who can list processes.

    The settings of a team that has any name its credentials themselves: such files cannot be merged. Raises
    NotCheckableError if they name none.
    """
    found = _settings()
    header = _header(contract, f"${{{server.token.variable}}}") if server.token and server.bearer is not None else None
    if found is None:
        file = folder / SETTINGS  # also without a token: nothing above the temporary folder holds
        file.write_text(f"{header or ''}\n{_streams(contract)}", encoding="utf-8")
        return ("--config-file", str(file))
    if header is None:
        return ()
    if not re.search(r"^\W*(headers|auth|hooks)\b", found.read_text(encoding="utf-8"), re.MULTILINE):
        raise NotCheckableError(f"{found} names no credentials: begin it with {header}")
    return ()


def _header(contract: Contract, token: str) -> str:
    """The setting that sends *token* as the first operation wants it that needs one."""
    needing = (each for each in contract.operations if each.needs_token)
    ways = (line for each in needing for line in carrying(contract, each, token, "").lines)
    name, _, value = next(ways, *bearer(token, "").lines).partition(": ")
    return f"headers = {{{name} = {json.dumps(value)}}}"


def _streams(contract: Contract) -> str:
    """Settings for the operations that stream events: Schemathesis waits for events, or for this time, each time."""
    names = [f"{each.method.upper()} {each.path}" for each in contract.operations if _is_stream(each)]
    if not names:
        return ""
    return f"[[operations]]\ninclude-name = {json.dumps(names)}\nrequest-timeout = {STREAM_S}\nmax-stream-events = 1\n"


def _is_stream(operation: Operation) -> bool:
    return any(is_of_events(name) for _, response in operation.successes() for name in response.members("content"))


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
    reports = Reports(folder)
    verdict = reports.verdict
    if not verdict.get("complete"):
        raise NotCheckableError(f"Schemathesis could not test: {_cause(done.stdout, done.stderr)}")
    if reports.is_limited:
        raise NotCheckableError(LIMITED)
    if verdict["errors"] and not verdict["operations"]["tested"]:
        causes = [f"{each.operation}: {each.title}" for each in reports.errors() if each.is_own][:1]
        titles = (found["title"] for found in verdict["errors"])
        raise NotCheckableError(f"Schemathesis could not test: {', '.join((*titles, *causes))}")
    yield from reports.failures()
    if done.returncode and not verdict["failures"] and not verdict["errors"]:
        kinds = ", ".join(kind for kind, operations in verdict["warnings"].items() if operations)
        yield Failure("", f"Schemathesis fails because of warnings: {kinds}")


def _cause(*outputs: str) -> str:
    """What *outputs* end with, in one line; of a traceback only the error."""
    lines = [line.strip() for output in outputs for line in output.splitlines() if line.strip(" \t━")]
    said = [line for line in lines if not line.startswith(_NO_CAUSE)]
    if any("Traceback" in line for line in said):
        return f"{said[0]}: {said[-1]}"
    return " ".join(said[-6:]) or "it wrote nothing"
