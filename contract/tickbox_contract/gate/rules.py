"""All rules in one table, and a run of them over a contract."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
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
    malformed, _ = _check(contract, (WELL_FORMED,), file, most)
    if malformed:
        contract = sound_part(contract, [finding.pointer for finding in malformed])
        is_known = not any(says_more(finding.message) for finding in malformed)
        rules = (WELL_FORMED, *(r for r in rules if is_known and r.stage == "valid" and r is not WELL_FORMED))
    others = [rule for rule in rules if rule is not WELL_FORMED]
    findings, skipped = _check(contract, contract.surroundings.progress(others), file, most)
    empty = {finding.pointer for finding in malformed}  # in the sound part, where more would seem to be missing
    findings = [f for f in findings if f.pointer not in empty or f.rule.rule_id == UNIQUE_KEY.rule_id]
    return Report(
        file=file,
        rules=rules,
        findings=tuple(sorted((*malformed, *findings), key=lambda finding: finding.line)),
        skipped=tuple(skipped),
        operations=frozenset((operation.method, operation.path) for operation in contract.operations),
    )


def _check(contract: Contract, rules: Iterable[Rule], file: str, most: int) -> tuple[list[Finding], list[Skipped]]:
    """What breaks *rules*, each place once for each rule and message, by line."""
    found: dict[tuple[str, Pointer | Elsewhere, str], Finding] = {}
    skipped = []
    for rule in rules:
        try:
            for hit in first(rule.check(contract), most):
                found[rule.rule_id, hit.elsewhere or hit.pointer, hit.message] = _finding(contract, rule, hit, file)
        except NotCheckableError as error:
            skipped.append(Skipped(rule=rule, why=str(error)))
    return sorted(found.values(), key=lambda finding: finding.line), skipped


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
