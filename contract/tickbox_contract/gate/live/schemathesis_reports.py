"""Reads what Schemathesis reports: its verdict, the responses that it saw, and the commands that reproduce them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

KINDS = {"json": "report.json", "junit": "report.xml", "ndjson": "events.ndjson"}
"""The reports that are read, and their files."""
_TOO_MANY = re.compile(r'"status_code": ?429\b')
_CASE = re.compile(r"^[0-9]+\. Test Case ID: (\S+)$", re.MULTILINE)
_MOST_CHARACTERS = 300
_OF_THE_SERVER = frozenset({
    "ChunkedEncodingError", "ConnectTimeout", "ConnectionError", "ContentDecodingError", "ReadTimeout", "SSLError",
    "Timeout", "TooManyRedirects", "UnhealthyAPIError", "UnresponsiveOperationError",
})  # fmt: skip
"""Errors that are about what the server sends. All others are of Schemathesis itself, or of its settings."""


class Failure(NamedTuple):
    """What Schemathesis found in an operation, such as `GET /pets`; with a command that shows it, if there is one.

    `declared` is the operation of the contract that was tested: another one for a method that the contract lacks.
    `printed` are the lines that say more. `is_own` means that Schemathesis failed, and not the server.
    """

    operation: str
    title: str
    command: str | None = None
    declared: str = ""
    printed: tuple[str, ...] = ()
    is_own: bool = False


class _Seen(NamedTuple):
    """A check that failed: for which operation of the contract, in which request, with which response.

    `sent` is what was requested, such as `TRACE /pets`: the contract may not have it.
    """

    sent: str
    declared: str
    case: str
    status: int | None
    message: str


class Reports:
    """The reports in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        file = folder / KINDS["json"]
        self.verdict: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
        self._seen: defaultdict[tuple[str, str], list[_Seen]] = defaultdict(list)
        """By code of the check, and by every name that the operation may have in the verdict."""
        self._errors: dict[tuple[str, str, str], None] = {}
        """Operation, type and message of each."""

    @property
    def is_limited(self) -> bool:
        """Whether a response was a 429: that request was not looked at."""
        with (self._folder / KINDS["ndjson"]).open(encoding="utf-8", errors="replace") as lines:
            return any(_TOO_MANY.search(line) for line in lines)

    def failures(self) -> Iterator[Failure]:
        """What the server does wrong, by operation, and what could not be tested."""
        self._read_events()
        commands = _commands(self._folder / KINDS["junit"])
        for found in self.verdict["failures"]:
            for operation in found["operations"] or [""]:
                yield self._failure(operation, found, commands)
        yield from self.errors()

    def errors(self) -> Iterator[Failure]:
        """What could not be tested, and why."""
        self._read_events()
        for operation, kind, message in self._errors:
            is_own = kind not in _OF_THE_SERVER
            who = "Schemathesis could not test this: " if is_own else "could not be tested: "
            yield Failure(operation, f"{who}{kind}: {message}", declared=operation, is_own=is_own)
        if not self._errors:
            yield from (Failure("", f"could not be tested: {each['title']}") for each in self.verdict["errors"])

    def _failure(self, operation: str, found: dict[str, Any], commands: dict[str, str]) -> Failure:
        shortest = min(self._seen[found["code"], operation], key=partial(_rank, operation, commands), default=None)
        if shortest is None:
            return Failure(operation, found["title"])
        response = "there is no response" if shortest.status is None else f"the response is {shortest.status}"
        printed = tuple(_beginning(line) for line in shortest.message.partition("\n\n")[0].splitlines() if line)
        title = f"{found['title']}: {response}"
        return Failure(operation, title, commands.get(shortest.case), shortest.declared, printed)

    def _read_events(self) -> None:
        if self._seen or self._errors:
            return
        for kind, event in _events(self._folder / KINDS["ndjson"]):
            if kind == "NonFatalError":
                first, *_ = (event["value"].get("message") or "no cause is given").strip().splitlines()
                self._errors[event["label"], event["value"].get("type", "an error"), _beginning(first)] = None
            elif kind == "ScenarioFinished":
                self._note(event["recorder"])

    def _note(self, recorder: dict[str, Any]) -> None:
        for case, checks in recorder.get("checks", {}).items():
            request = recorder["cases"][case]["value"]
            sent = f"{request['method']} {request['path']}"
            response = (recorder.get("interactions", {}).get(case) or {}).get("response") or {}
            for failure in (check["failure_info"]["failure"] for check in checks if check.get("failure_info")):
                declared = failure.get("operation") or recorder["label"]
                seen = _Seen(sent, declared, case, response.get("status_code"), failure.get("message") or "")
                for name in {recorder["label"], declared, sent}:
                    self._seen[failure["code"], name].append(seen)


def _rank(operation: str, commands: Mapping[str, str], seen: _Seen) -> tuple[bool, bool, int]:
    """The least for the shortest command that requests *operation* itself."""
    command = commands.get(seen.case, "")
    return seen.sent != operation, not command, len(command)


def _events(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events about failures and errors, each with its kind."""
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if '"failure_info"' in line or '"NonFatalError"' in line:
                yield from json.loads(line).items()


def _commands(file: Path) -> dict[str, str]:
    """The commands that reproduce a failure, in one line, by the id of the request."""
    root = ET.parse(file).getroot() if file.exists() else ET.Element("none")  # noqa: S314  # written just now
    commands: dict[str, str] = {}
    for failure in root.iter("failure"):
        _, *parts = _CASE.split(failure.text or "")
        for case, text in zip(parts[::2], parts[1::2], strict=True):
            *_, last = text.rpartition("Reproduce with:")
            lines = [line.strip() for line in last.splitlines() if line.strip()]
            if lines and all(line.startswith("curl ") for line in lines):
                commands[case] = "; ".join(lines)
    return commands


def _beginning(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
