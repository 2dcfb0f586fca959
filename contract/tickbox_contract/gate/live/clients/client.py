"""A client, as `gate.toml` names it.

[[clients]]
name = "typescript"                    # also the name of its log
recipe = "typescript"                  # optional: its files and commands come first
folder = "clients/typescript"          # copied into the temporary folder that all commands run in
output = "client"                      # a folder with what is generated: every operation must be in it
generate = [["npx", "openapi-ts", "-i", "$CONTRACT", "-o", "client"]]
compile = [["npx", "tsc", "--strict"]]
drive = [["node", "scenario.js"]]
timeout-s = 600                        # for each command

A command is a list of texts, without a shell. `$CONTRACT` and `$URL` are replaced in it, and are in its environment as
`TICKBOX_CONTRACT` and `TICKBOX_URL`, beside `TICKBOX_CLIENT`, the name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tickbox_contract.gate.settings_reading import Table

Command = tuple[str, ...]
Step = Literal["generate", "compile", "drive"]
STEPS: tuple[Step, ...] = get_args(Step)

TIMEOUT_S = 1800
"""Compilers with empty caches take minutes."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client. What is in `folders` is copied, a later one over an earlier one; `line` is that in the settings."""

    name: str
    folders: tuple[Path, ...]
    output: str | None
    commands: Mapping[Step, tuple[Command, ...]]
    timeout_s: int
    line: int | None = None

    @property
    def programs(self) -> frozenset[str]:
        """The programs that must be installed: those of its commands, but for what the commands themselves install."""
        return frozenset(command[0] for step in STEPS for command in self.commands[step] if "/" not in command[0])


def read_client(table: Table, recipes: Mapping[str, Client], *, line: int | None = None) -> Client:
    """The client in *table*, a table of the list `clients`, which may use one of *recipes*. Notes mistakes in it."""
    name = table.string("name", required=True) or ""
    if name and not _NAME.fullmatch(name):
        table.mistake("a name has letters, digits, `_`, `.` and `-`", "name")
    base = recipes.get(table.word("recipe", tuple(recipes)) or "")
    folder = table.path("folder")
    if folder is not None and not folder.is_dir():
        table.mistake(f"there is no folder {folder.as_posix()}", "folder")
    client = Client(
        name=name,
        folders=(*(base.folders if base else ()), *((folder,) if folder else ())),
        output=table.string("output") or (base.output if base else None),
        commands={step: (*(base.commands[step] if base else ()), *table.commands(step)) for step in STEPS},
        timeout_s=table.positive("timeout-s") or (base.timeout_s if base else TIMEOUT_S),
        line=line,
    )
    if not any(client.commands.values()):
        table.mistake(f"a client has commands: {', '.join(STEPS)}; or a `recipe`: {', '.join(recipes)}")
    table.refuse_others()
    return client


def read_clients(tables: list[Table], recipes: Mapping[str, Client], lines: list[int]) -> tuple[Client, ...]:
    """The clients in *tables*. Notes mistakes, such as two with one name: their logs would be one file."""
    found: dict[str, Client] = {}
    for table, line in zip(tables, lines, strict=True):
        client = read_client(table, recipes, line=line)
        if client.name in found:
            table.mistake(f"there are two clients {client.name!r}", "name")
        found[client.name] = client
    return tuple(found.values())
