"""All rules in one table, and a run of them over a contract."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import FILE_STAGES, MOST_HITS, Elsewhere, Hit, Rule, Stage, first, says_more
from tickbox_contract.openapi.servable import UNIQUE_KEY, WELL_FORMED

from . import complete, exchanges, form, names, served, shapes, valid, writes
from .compatible import stage
from .contracts import Contract, Surroundings
from .findings import Finding, NotCheckableError, Report, Skipped, printable
from .live import conforming, guarded
from .live.clients import stage as clients
from .places import stable
from .reading import read
from .rule_sets import with_severities
from .several_files import file_of, readable
from .sound import sound_part

_MOST_ROUNDS = 4
"""How often the form is looked at: once more for each level of misspelled names in misspelled names, up to this."""

RULES: tuple[Rule, ...] = with_severities((
    *valid.RULES, *form.RULES, *names.RULES, *shapes.RULES, *served.RULES, *exchanges.RULES, *writes.RULES,
    *complete.RULES, *stage.RULES, *clients.RULES, *guarded.RULES, *conforming.RULES,
))  # fmt: skip


def run(  # noqa: PLR0913  # what is checked, by which rules, and what is around it
    raw: bytes,
    *,
    file: str,
    path: Path | None = None,
    stages: Collection[Stage] = FILE_STAGES,
    surroundings: Surroundings | None = None,
    rules: Iterable[Rule] = RULES,
    most: int = MOST_HITS,
) -> Report:
    """Check the contract in *raw* by those of *rules* that are of *stages*. *file* is its name in the report.

    *path* is where it is, if the files that it refers to may be read. At most *most* findings of a rule are listed.

    Raises UnreadableError. Where the form is not OpenAPI's, whatever the stages, only the sound part is checked, and
    only by rules of the stage `valid`: to the others, something would seem to be missing. With more faults of form than
    are listed, the sound part is not known, and no other rule is checked.
    """
    contract = read(raw, surroundings, path=path)
    rules = tuple(rule for rule in rules if rule.stage in stages)
    contract, early = _in_form(contract, file, most)
    malformed = {finding.pointer for finding in early}
    if early:
        is_known = not any(says_more(finding.message) for finding in early)
        rules = (WELL_FORMED, *(r for r in rules if is_known and r.stage == "valid" and r is not WELL_FORMED))
    if valid.KNOWN_KEYWORD in rules:
        contract, misspelled = _in_words(contract, file, most)
        early += misspelled
    others = [rule for rule in rules if rule not in {WELL_FORMED, valid.KNOWN_KEYWORD}]
    findings, skipped = _check(contract, contract.surroundings.progress(others), file, most)
    # What is wrong is empty in the sound part, where more would seem to be missing.
    findings = [f for f in findings if f.pointer not in malformed or f.rule.rule_id == UNIQUE_KEY.rule_id]
    return Report(
        file=file,
        rules=rules,
        findings=tuple(sorted((*early, *findings), key=lambda finding: finding.line)),
        skipped=tuple(skipped),
        operations=frozenset((operation.method, operation.path) for operation in contract.operations),
    )


def _in_form(contract: Contract, file: str, most: int) -> tuple[Contract, list[Finding]]:
    """The sound part of *contract*, and its faults of form. What is misspelled is looked at as what is meant."""
    found: dict[tuple[Pointer, bool], Finding] = {}
    for number in range(_MOST_ROUNDS):
        faults = _hits(contract, WELL_FORMED, most)
        for finding in _findings(contract, WELL_FORMED, faults, file):
            found.setdefault((finding.pointer, says_more(finding.message)), finding)
        is_last = number == _MOST_ROUNDS - 1
        contract = sound_part(contract, _plain(faults) if is_last else faults)
        if not any(fault.meant for fault in faults):
            break
    return contract, list(found.values())


def _in_words(contract: Contract, file: str, most: int) -> tuple[Contract, list[Finding]]:
    """*contract* with the keywords that are meant by misspelled ones, and these; also those in something misspelled."""
    found: list[Finding] = []
    for _ in range(_MOST_ROUNDS):
        misspelled = _hits(contract, valid.KNOWN_KEYWORD, most)
        if not misspelled:
            break
        found += _findings(contract, valid.KNOWN_KEYWORD, misspelled, file)
        contract = sound_part(contract, misspelled)
        contract = sound_part(contract, _plain(_hits(contract, WELL_FORMED, most)))
    return contract, found


def _plain(hits: Iterable[Hit]) -> Iterator[Hit]:
    """*hits* without what is meant."""
    return (hit._replace(meant=None) for hit in hits)


def _check(contract: Contract, rules: Iterable[Rule], file: str, most: int) -> tuple[list[Finding], list[Skipped]]:
    """What breaks *rules*, by line."""
    found, skipped = [], []
    for rule in rules:
        hits: list[Hit] = []
        try:
            hits.extend(first(rule.check(contract), most))  # keeps what was found before an error
        except NotCheckableError as error:
            skipped.append(Skipped(rule=rule, why=str(error)))
        found += _findings(contract, rule, hits, file)
    return sorted(found, key=lambda finding: finding.line), skipped


def _hits(contract: Contract, rule: Rule, most: int) -> list[Hit]:
    return list(first(rule.check(contract), most))


def _findings(contract: Contract, rule: Rule, hits: Iterable[Hit], file: str) -> list[Finding]:
    """A finding for each of *hits*, each place once for each message."""
    found: dict[tuple[Pointer | Elsewhere, str], Finding] = {}
    for hit in hits:
        found[hit.elsewhere or hit.pointer, hit.message] = _finding(contract, rule, hit, file)
    return list(found.values())


def _finding(contract: Contract, rule: Rule, hit: Hit, file: str) -> Finding:
    name, _ = file_of(hit.pointer)
    inner = None if name is None else posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
    elsewhere = hit.elsewhere
    return Finding(
        rule=rule,
        line=elsewhere.line if elsewhere else contract.line(hit.pointer) or 1,
        message=printable(readable(hit.message)),
        file=elsewhere.file if elsewhere else inner,
        pointer=hit.pointer,
        place=printable(elsewhere.name if elsewhere else stable(contract.root, hit.pointer)),
        path=contract.path_of(hit.pointer),
        severity=hit.severity or rule.severity,
        other=hit.other and printable(hit.other),
        witness=hit.witness and printable(hit.witness),
        printed=tuple(map(printable, hit.printed)),
    )
