"""Small whole contracts that are compared by the command, as another team would."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tickbox_contract.gate.command import main

Json = dict[str, Any]
_ROW = re.compile(r"^compatible\s+(error|warning|notice)\s+(\S+)\s+\S+:(\d+)  (.*)$")


@dataclass(frozen=True, slots=True)
class Found:
    """A line of the table, with its details."""

    rule: str
    severity: str
    line: int
    text: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the command said."""

    code: int
    found: list[Found]
    output: str

    @property
    def rules(self) -> set[str]:
        """The rules of what it found, but for the version."""
        return {found.rule for found in self.found} - {"version-step"}

    @property
    def errors(self) -> set[str]:
        """Those that fail the run."""
        return {found.rule for found in self.found if found.severity == "error"} - {"version-step"}


def contract(*, version: str = "1.0.0", **more: Any) -> Json:
    """A contract; *more* are its other members."""
    return {"openapi": "3.0.4", "info": {"title": "Pets", "version": version}, "paths": {}, **more}


def operation(path: str = "/pets", method: str = "post", **more: Any) -> Json:
    """The paths of a contract with one operation."""
    node = {"operationId": "pets", "responses": {"204": {"description": "Done."}}, **more}
    return {path: {method: node}}


def gate(folder: Path, old: Json, new: Json, *, stage: str = "compatible") -> Checked:
    """Compare *new* with *old*, which are written to files."""
    files = []
    for name, root in (("old.json", old), ("new.json", new)):
        file = folder / name
        file.write_text(json.dumps(root, indent=1), encoding="utf-8")
        files.append(str(file))
    return checked("gate", stage, "--contract", files[1], "--against", files[0])


def checked(*arguments: str) -> Checked:
    """Run the command."""
    done = CliRunner().invoke(main, arguments)
    found: list[Found] = []
    for line in done.output.splitlines():
        if row := _ROW.match(line):
            found.append(Found(rule=row[2], severity=row[1], line=int(row[3]), text=row[4], details={}))
        elif found and line.startswith("    "):
            name, _, text = line.strip().partition(": ")
            found[-1].details[name] = text
    return Checked(done.exit_code, found, done.output)
