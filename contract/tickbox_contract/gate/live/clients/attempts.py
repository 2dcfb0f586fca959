"""Generates, compiles and drives one client in a temporary folder of its own, which is deleted afterwards."""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tickbox_contract.gate.live.servers import Server
from tickbox_contract.openapi.operations import Operation

from .client import STEPS, Client, Command, Step
from .losses import Loss, losses
from .programs import cleaned_up, run_program

_MOST_LINES = 5
_CONNECT_S = 10
_TELLING = re.compile(r"error\b|\b(fatal|panic|exception|cannot|can't|failed|undefined)\b", re.IGNORECASE)


class Failure(NamedTuple):
    """A command that failed, why, and the lines of its output that say most."""

    step: Step
    command: Command
    why: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a client failed, if it did. `missing` are programs that are not installed: then nothing was run."""

    client: Client
    missing: tuple[str, ...] = ()
    failure: Failure | None = None
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """The clients of a run. `is_named` means that somebody asked for them, so that their programs must be there.

    `contract` is the file, `settings` the name of the file that has the clients, `logs` a folder for what their
    programs print. `say` is called before each command.
    """

    clients: tuple[Client, ...]
    is_named: bool
    contract: Path
    settings: str = ""
    server: Server = field(default_factory=Server)
    logs: Path | None = None
    say: Callable[[str], None] = field(default=lambda _: None)

    def outcomes(self, operations: Sequence[Operation]) -> tuple[Outcome, ...]:
        """Try each client, one after the other: each may need all processors, and gigabytes."""
        with cleaned_up():
            return tuple(self._outcome(client, operations) for client in self.clients)

    @cached_property
    def unreachable(self) -> str | None:
        """Why nothing can be driven; None if a server accepts connections."""
        if self.server.url is None:
            return "no server is named (--url)"
        try:
            socket.create_connection(self.server.endpoint().address, timeout=_CONNECT_S).close()
        except OSError as error:
            return f"{self.server.host} cannot be reached: {error}"
        return None

    def _outcome(self, client: Client, operations: Sequence[Operation]) -> Outcome:
        if missing := tuple(sorted(each for each in client.programs if shutil.which(each) is None)):
            return Outcome(client=client, missing=missing)
        with tempfile.TemporaryDirectory(prefix="tickbox-client-", ignore_cleanup_errors=True) as name:
            folder = Path(name, client.name)
            folder.mkdir()
            if failure := _copy(client, folder):
                return Outcome(client=client, failure=failure)
            log = (self.logs or Path(name)) / f"{client.name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"")
            return self._in(folder, log, client, operations)

    def _in(self, folder: Path, log: Path, client: Client, operations: Sequence[Operation]) -> Outcome:
        printed: list[str] = []
        lost: tuple[Loss, ...] = ()
        for step in self._steps(client):
            if failure := self._perform(client, step, folder, log, printed):
                return Outcome(client=client, failure=failure, losses=lost)
            if step == "generate":
                output = folder / client.output if client.output else None
                lost = tuple(losses(operations, output, printed))
        return Outcome(client=client, losses=lost)

    def _steps(self, client: Client) -> Iterator[Step]:
        for step in STEPS:
            if client.commands[step] and (step != "drive" or self.unreachable is None):
                yield step

    def _perform(self, client: Client, step: Step, folder: Path, log: Path, printed: list[str]) -> Failure | None:
        """Run the commands of *step*, and add what they print to *printed*. Return the first failure."""
        for given in client.commands[step]:
            self.say(f"{client.name}: {step}: {given[0]}")
            command = tuple(self._filled(part) for part in given)
            environment = self._environment(client, step)
            done = run_program(command, folder=folder, environment=environment, log=log, timeout_s=client.timeout_s)
            printed += done.lines
            if done.why:
                return Failure(step, given, done.why, telling(line.replace(f"{folder}/", "") for line in done.lines))
        return None

    @property
    def _values(self) -> Mapping[str, str]:
        return {"CONTRACT": str(self.contract.resolve())} | ({"URL": self.server.url} if self.server.url else {})

    def _filled(self, part: str) -> str:
        return re.sub(r"\$(CONTRACT|URL)\b", lambda found: self._values.get(found[1], found[0]), part)

    def _environment(self, client: Client, step: Step) -> Mapping[str, str]:
        """What is added. Tokens of the server are for what drives it, not for what generators install."""
        hidden = {} if step == "drive" else dict.fromkeys(self.server.variables, "")
        values = {f"TICKBOX_{name}": value for name, value in self._values.items()}
        return {**hidden, **values, "TICKBOX_CLIENT": client.name}


def _copy(client: Client, folder: Path) -> Failure | None:
    for each in client.folders:
        try:
            shutil.copytree(each, folder, dirs_exist_ok=True, ignore_dangling_symlinks=True)
        except OSError as error:
            return Failure("generate", ("cp", "-r", str(each), "."), f"failed: {error}", ())
    return None


def telling(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines that say most about a failure: the first that speak of an error, otherwise the last.

    A line that is indented belongs to the one before: a place that a compiler writes below its error, or a frame of a
    stack, which may be in a function named `error`.
    """
    lines = tuple(lines)
    found: list[str] = []
    for before, line in pairwise(("", *lines)):
        is_part = line[:1].isspace()
        if (found[-1:] == [before]) if is_part else _TELLING.search(line):
            found.append(line)
    return tuple(found[:_MOST_LINES]) or lines[-_MOST_LINES:]
