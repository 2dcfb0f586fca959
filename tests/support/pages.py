"""The commands that a page shows with their output, run as a reader would, and compared with what is printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import PATIENCE_S

MARK = "@@@ next @@@"

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<instant>"),
    (re.compile(r"tb[a-z]_[0-9A-Za-z]+"), "<token>"),
    (re.compile(r'"[0-9a-f]{32}"'), '"<hash>"'),
    (re.compile(r"^date: .*$", re.MULTILINE | re.IGNORECASE), "date: <date>"),
    (re.compile(r"(-> |at revision )\d{4}"), r"\1<revision>"),
    (re.compile(r"^\d+ rules over", re.MULTILINE), "<number> rules over"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and the output that is shown below it."""

    command: str
    output: str


def steps(text: str) -> Iterator[Step]:
    """The commands of all `console` blocks: lines that begin with `$ `, and continue after a backslash."""
    for block in _BLOCK.findall(text):
        lines = block.splitlines()
        while lines:
            first = lines.pop(0)
            assert first.startswith("$ "), f"no command: {first}"
            command = [first[2:]]
            while command[-1].endswith("\\"):
                command.append(lines.pop(0))
            output = []
            while lines and not lines[0].startswith("$ "):
                output.append(lines.pop(0))
            yield Step("\n".join(command), "\n".join(output))


def normalised(outputs: list[str]) -> list[str]:
    """*outputs* without what differs from run to run. The same id is the same number everywhere."""
    text = f"\n{MARK}\n".join(output.rstrip("\n") for output in outputs).replace("\r", "")
    ids = {found: f"<id {number}>" for number, found in enumerate(dict.fromkeys(_UUID.findall(text)), start=1)}
    text = _UUID.sub(lambda found: ids[found[0]], text)
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text.split(f"\n{MARK}\n")


def run(commands: list[str], *, path: str, folder: Path) -> list[str]:
    """The output of each command; all run in one shell in *folder*."""
    script = f"\necho '{MARK}'\n".join(commands)
    result = subprocess.run(
        ["bash", "-eu", "-c", script],  # noqa: S607  # the one on the PATH
        cwd=folder,
        env={"PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    # A body does not end in a line end, so a mark may directly follow one.
    return result.stdout.split(f"{MARK}\n")


def compare(walk: list[Step], outputs: list[str]) -> None:
    printed = normalised([step.output for step in walk])
    for step, wanted, found in zip(walk, printed, normalised(outputs), strict=True):
        assert found == wanted, step.command
