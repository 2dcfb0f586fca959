"""A baseline: the findings that a contract had when its team began to use the gate. They stay silent; new ones fail.

A finding is known by its rule and its place, not by its line or its words, so a baseline survives lines that move,
lists that are reordered and messages that are written better. A place with more findings of a rule than the baseline
knows has new ones. Faults of form are always new: as long as there is one, most rules wait, and nothing could be
relied on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .findings import Finding

_VERSION = 1
_ABOUT = "Findings of `tickbox-contract gate` that are not new. `--write-baseline` writes this file."


class BaselineError(Exception):
    """The file is not a baseline. The text is one line."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many findings each rule has at each place, by rule and place."""

    known: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Baseline:
        """The baseline with *findings*, but for faults of form."""
        return cls(Counter(_key(finding) for finding in findings if not finding.is_form_fault))

    @classmethod
    def read(cls, file: Path) -> Baseline:
        """The baseline in *file*. Raises BaselineError, OSError."""
        try:
            found = json.loads(file.read_bytes())
        except (ValueError, RecursionError) as error:
            raise BaselineError("this is not a baseline: write it anew with --write-baseline") from error
        if not _is_baseline(found):
            raise BaselineError("this is not a baseline of this version: write it anew with --write-baseline")
        rules: dict[str, dict[str, int]] = found["findings"]
        return cls({(rule_id, place): times for rule_id, places in rules.items() for place, times in places.items()})

    def write(self, file: Path) -> None:
        """Write the baseline, a line for each place, so that two branches can be merged. Raises OSError."""
        rules: dict[str, dict[str, int]] = {}
        for (rule_id, place), times in sorted(self.known.items()):
            rules.setdefault(rule_id, {})[place] = times
        text = json.dumps({"about": _ABOUT, "version": _VERSION, "findings": rules}, indent=1, ensure_ascii=False)
        file.write_text(f"{text}\n", encoding="utf-8")

    def divide(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The new ones of *findings*, and the old ones."""
        left = dict(self.known)
        new: list[Finding] = []
        old: list[Finding] = []
        for finding in findings:
            times = 0 if finding.is_form_fault else left.get(_key(finding), 0)
            (old if times else new).append(finding)
            left[_key(finding)] = max(times - 1, 0)
        return new, old

    def mended(self, findings: Iterable[Finding], rule_ids: Collection[str]) -> Iterator[tuple[str, str, int]]:
        """Rule, place and number of what *findings* no longer have, for the rules *rule_ids*, which were checked."""
        found = Counter(map(_key, findings))
        for (rule_id, place), times in self.known.items():
            if rule_id in rule_ids and (fewer := times - found[rule_id, place]) > 0:
                yield rule_id, place, fewer

    def without(self, rule_ids: Collection[str]) -> Baseline:
        """What the baseline knows about other rules than *rule_ids*."""
        return Baseline({key: times for key, times in self.known.items() if key[0] not in rule_ids})

    def __or__(self, other: Baseline) -> Baseline:
        return Baseline({**self.known, **other.known})


def _key(finding: Finding) -> tuple[str, str]:
    return finding.rule.rule_id, finding.place


def _is_baseline(found: Any) -> bool:  # JSON
    if not isinstance(found, dict) or found.get("version") != _VERSION or not isinstance(found.get("findings"), dict):
        return False
    places = found["findings"].values()
    return all(
        isinstance(each, dict) and all(type(times) is int and times > 0 for times in each.values()) for each in places
    )
