"""Small edits of our contract, each of which breaks a client or does not: made systematically, for each thing it has.

    python -m tests.contract.gate.compatible.edits    try all of them, and print the table

An edit names the rule that must find it. The schemas of requests and responses are told apart by following references
here, not by the code under test.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Literal

import click
import orjson

from tests.support.checking import read_contract
from tickbox_contract.gate.compatible.stage import compare
from tickbox_contract.gate.compatible.table import TABLE
from tickbox_contract.gate.contracts import Contract

from . import operation_edits, schema_edits
from .making import Edit, Json

Outcome = Literal["found", "unknown", "false safe", "passed", "false alarm"]
TODAY = date(2026, 6, 1)
ROLES = ("viewer", "editor", "admin", "owner")


def all_edits(root: Json) -> list[Edit]:
    """Every edit, by family."""
    return [*operation_edits.edits(root), *schema_edits.edits(root)]


def sample(edits: list[Edit], *, of_each: int) -> list[Edit]:
    """At most *of_each* edits of each family, from its beginning to its end."""
    families: defaultdict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        families[edit.family].append(edit)
    return [
        family[i * len(family) // min(of_each, len(family))]
        for family in families.values()
        for i in range(min(of_each, len(family)))
    ]


@dataclass(frozen=True, slots=True)
class Trial:
    """What the gate said of an edit."""

    edit: Edit
    outcome: Outcome
    rules: frozenset[str]


class Trials:
    """Tries edits of one contract."""

    def __init__(self, root: Json) -> None:
        self._written = orjson.dumps(root)
        self._old = Contract(raw=self._written, root=root)

    def run(self, edit: Edit) -> Trial:
        """Compare the contract with its edited copy."""
        root = orjson.loads(self._written)
        edit.apply(root)
        new = Contract(raw=b"", root=root)
        rules = frozenset(change.rule_id for change in compare(self._old, new, today=TODAY, roles=ROLES))
        breaking = {rule for rule in rules if TABLE[rule].effect == "breaks"}
        return Trial(edit, _outcome(edit, breaking), rules)


def _outcome(edit: Edit, breaking: set[str]) -> Outcome:
    if breaking == {"schema-undecided"}:
        return "unknown"
    if edit.verdict == "breaks":
        return "found" if breaking else "false safe"
    return "false alarm" if breaking else "passed"


def table(trials: list[Trial]) -> str:
    """How many edits of each verdict had each outcome."""
    lines = []
    columns: dict[str, tuple[Outcome, ...]] = {
        "breaks": ("found", "unknown", "false safe"),
        "safe": ("passed", "unknown", "false alarm"),
    }
    for verdict, outcomes in columns.items():
        own = [trial.outcome for trial in trials if trial.edit.verdict == verdict]
        counts = ", ".join(f"{outcome} {own.count(outcome)}" for outcome in outcomes)
        lines.append(f"{verdict:6}  {len(own)} edits: {counts}")
    return "\n".join(lines)


def main() -> None:
    """Try every edit, and print what came out wrong, and the table."""
    root = read_contract()
    trials = [Trials(root).run(edit) for edit in all_edits(root)]
    for trial in trials:
        if trial.outcome in {"unknown", "false safe", "false alarm"} or not trial.edit.rule <= trial.rules:
            click.echo(f"{trial.outcome} {trial.edit.name} {sorted(trial.rules)} {sorted(trial.edit.rule)}")
    click.echo(table(trials))


if __name__ == "__main__":
    main()
