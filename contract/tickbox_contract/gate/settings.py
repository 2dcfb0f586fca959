"""`gate.toml`: what a team decides about its own contract, each exception with a reason.

    contract = "openapi.yaml"                       # paths are relative to this file
    rule-sets = ["standard", "generators"]
    handlers = "app.handlers"
    notes = ["docs/design.md"]
    against = ["released/", "origin/main"]
    baseline = "gate-baseline.json"

    [rules]                                         # error, warning, notice or off
    no-read-only = {severity = "off", reason = "Our clients are not generated.", until = 2027-06-30}

    [[ignore]]                                      # one rule, or "*" for all, in one part of the contract
    rule = "bounded-texts"
    path = "/v1/legacy/**"
    reason = "Goes away with version 2."

    [access]                                        # the words of x-access
    scope = ["read", "write"]

    [server]                                        # see gate/live/servers.py

    [[clients]]                                     # see gate/live/clients/client.py

Everything is validated before anything is checked: a word that the gate does not know is a mistake, and no exception
is without a reason.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tickbox_contract.openapi.rules import SEVERITIES, Severity
from tickbox_contract.openapi.servable import WELL_FORMED

from .live.clients.client import Client, read_clients
from .live.clients.recipes import recipes
from .live.servers import Server
from .rule_sets import RuleSet
from .settings_reading import Table

FILE = "gate.toml"
_NUMBERED = re.compile(r"ignore\[([0-9]+)\]")
_LISTED = "`--rules` lists them"
_POINTER = re.compile(r"([^#/][^#]*)?#/|/[^#]*\Z")
_POINTERS = "a place such as #/components/**, or, in another file of the contract, schemas/pet.yaml#/Pet/**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """What an exception from a rule has, whatever it excepts. It ends after the day `until`."""

    rule_id: str
    reason: str
    until: date | None
    line: int

    def is_over(self, today: date) -> bool:
        """Whether the exception has expired."""
        return self.until is not None and today > self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Exempt):
    """Another severity for a rule; None switches it off."""

    severity: Severity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore(Exempt):
    """A rule, or `*`, that does not count in a part of the contract. The patterns are those of `places.matches`."""

    path: str | None
    pointer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a `gate.toml` says. Relative paths are joined with its folder; `file` is None if there is none."""

    file: Path | None = None
    contract: Path | None = None
    rule_sets: tuple[RuleSet, ...] = ()
    handlers: str | None = None
    notes: tuple[Path, ...] = ()
    against: tuple[str, ...] = ()
    baseline: Path | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    access: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    server: Server = field(default_factory=Server)
    clients: tuple[Client, ...] = ()

    @property
    def exceptions(self) -> tuple[Exempt, ...]:
        """All exceptions, in the order of the file."""
        return tuple(sorted((*self.changes.values(), *self.ignores), key=lambda exempt: exempt.line))


class SettingsError(Exception):
    """The settings have mistakes, each of which is one line."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def find_settings(contract: Path | None) -> Path | None:
    """The `gate.toml` beside *contract*, or else in the current folder; None if there is none.

    Whatever has that name is meant, also what cannot be read: a run without its exceptions would surprise everybody.
    """
    folders = (*((contract.parent,) if contract else ()), Path.cwd())
    return next((file for folder in folders if os.path.lexists(file := folder / FILE)), None)


def read_settings(file: Path, *, rule_ids: Sequence[str]) -> Settings:
    """The settings in *file*; *rule_ids* are those that exist. Raises SettingsError, OSError."""
    try:
        text = file.read_text(encoding="utf-8-sig")  # editors of Windows write a mark at the beginning
        root = Table(tomllib.loads(text), folder=file.parent)
    except UnicodeDecodeError as error:
        raise SettingsError(["this is not TOML in UTF-8: save it as UTF-8"]) from error
    except RecursionError as error:
        raise SettingsError(["this is nested too deep"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"this is not TOML: {_fault(error, text)}"]) from error
    settings = Settings(
        file=file,
        contract=root.path("contract"),
        rule_sets=root.rule_sets("rule-sets"),
        handlers=root.string("handlers"),
        notes=root.paths("notes"),
        against=root.references("against"),
        baseline=root.path("baseline"),
        changes=_changes(root.table("rules"), text, rule_ids),
        ignores=tuple(_ignore(table, text, rule_ids) for table in root.tables("ignore")),
        access=_access(root.table("access")),
        server=Server.read(root.table("server")),
        clients=_clients(root.tables("clients"), text),
    )
    root.refuse_others()
    _refuse_contradictions(settings, root)
    if root.mistakes:
        raise SettingsError([_with_line(mistake, text) for mistake in root.mistakes])
    return settings


def _with_line(mistake: str, text: str) -> str:
    """*mistake* with the line of the exception that it is in: an exception has no name."""
    found = _NUMBERED.match(mistake)
    if found is None:
        return mistake
    headers = [*re.finditer(r"^[ \t]*\[\[[ \t]*ignore[ \t]*\]\]", text, re.MULTILINE)]
    number = int(found[1])
    if number >= len(headers):
        return mistake
    line = text.count("\n", 0, headers[number].start()) + 1
    return f"line {line}: {mistake}"


def _fault(error: tomllib.TOMLDecodeError, text: str) -> str:
    """What is wrong, and the line: of a key that is given twice, TOML's reader says something else."""
    message = str(error).replace("at end of document", f"at line {len(text.splitlines())}, the last one")
    return message.replace("Cannot overwrite a value", "A key is given twice")


def _refuse_contradictions(settings: Settings, root: Table) -> None:
    """Note exceptions that others have made idle from the beginning. One with a last day leaves a time after it."""
    seen: dict[tuple[str, str | None, str | None], int] = {}
    for number, ignore in enumerate(settings.ignores):
        change = settings.changes.get(ignore.rule_id)
        if change is not None and change.severity is None and change.until is None:
            root.mistake(f"[rules] switches {ignore.rule_id} off: delete one of the two", f"ignore[{number}]")
        first = seen.setdefault((ignore.rule_id, ignore.path, ignore.pointer), number)
        if first != number:
            root.mistake(f"this is the same as ignore[{first}]: delete one of the two", f"ignore[{number}]")


def _changes(rules: Table, text: str, rule_ids: Sequence[str]) -> dict[str, Change]:
    found = {}
    for rule_id in rules:
        table = rules.table(rule_id, hint='write {severity = "warning", reason = "..."}')
        rules.one_of(rule_id, rule_ids, "rule", more=_LISTED)
        _refuse_form(rule_id, table)
        severity = table.word("severity", (*SEVERITIES, "off"), required=True)
        found[rule_id] = Change(
            rule_id=rule_id,
            severity=None if severity == "off" else severity,  # type: ignore[arg-type]  # one of SEVERITIES
            line=_line(text, rf'^\s*(rules\.)?"?{re.escape(rule_id)}"?\s*=|^\s*\[rules\."?{re.escape(rule_id)}"?\]'),
            reason=table.string("reason", required=True) or "",
            until=table.date("until"),
        )
        table.refuse_others()
    return found


def _ignore(table: Table, text: str, rule_ids: Sequence[str]) -> Ignore:
    rule_id = table.word("rule", (*rule_ids, "*"), required=True, more=_LISTED) or ""
    _refuse_form(rule_id, table)
    ignore = Ignore(
        rule_id=rule_id,
        path=table.string("path"),
        pointer=table.string("pointer"),
        line=_line(text, r"^\s*\[\[\s*ignore\s*\]\]|^\s*ignore\s*=", table.number),
        reason=table.string("reason", required=True) or "",
        until=table.date("until"),
    )
    if "path" not in table and "pointer" not in table:
        table.mistake("name a part of the contract with `path` or `pointer`; a whole rule is switched off in [rules]")
    if ignore.path is not None and not ignore.path.startswith("/"):
        table.mistake("`path` begins with a slash, such as /v1/**")
    if ignore.pointer is not None and not _POINTER.match(ignore.pointer):
        table.mistake(f"`pointer` is {_POINTERS}")
    table.refuse_others()
    return ignore


def _refuse_form(rule_id: str, table: Table) -> None:
    if rule_id == WELL_FORMED.rule_id:
        table.mistake("a fault of form cannot be excused, because most rules wait until it is mended")


def _access(table: Table) -> dict[str, tuple[str, ...]]:
    found = {member: table.texts(member) for member in ("role", "scope")}
    table.refuse_others()
    return {member: words for member, words in found.items() if words}


def _clients(tables: list[Table], text: str) -> tuple[Client, ...]:
    lines = [_line(text, r"^\s*\[\[\s*clients\s*\]\]|^\s*clients\s*=", table.number) for table in tables]
    return read_clients(tables, recipes(), lines) if tables else ()


def _line(text: str, pattern: str, number: int = 0) -> int:
    """The line, from 1, of the match with that number, or of the last one: TOML's reader gives no lines."""
    starts = [found.start() for found in re.finditer(pattern, text, re.MULTILINE)]
    start = starts[min(number, len(starts) - 1)] if starts else 0
    return text.count("\n", 0, start + (text[start : start + 1] == "\n")) + 1
