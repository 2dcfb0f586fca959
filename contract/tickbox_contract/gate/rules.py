"""All rules in one table, and a run of them over a contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from . import complete, exchanges, form, names, shapes, valid, writes
from .contracts import Contract, Operation, Surroundings
from .findings import STAGES, Finding, NotCheckableError, Pointer, Report, Rule, Skipped, Stage, printable
from .places import read

RULES: tuple[Rule, ...] = (
    *valid.RULES, *form.RULES, *names.RULES, *shapes.RULES, *exchanges.RULES, *writes.RULES, *complete.RULES,
)  # fmt: skip


def run(
    raw: bytes, *, file: str, stages: Collection[Stage] = STAGES, surroundings: Surroundings | None = None
) -> Report:
    """Bring the contract in *raw* through *stages*. *file* is its name in the report. Raises UnreadableError.

    Where its form is not OpenAPI's, that is all that is looked at, whatever the stages: the other rules rely on it.
    """
    data, places = read(raw)
    contract = Contract(data, places, surroundings or Surroundings())
    rules = tuple(rule for rule in RULES if rule.stage in stages)
    findings, skipped = _look(contract, (valid.FORM,))
    operations: tuple[Operation, ...] = ()
    if findings:
        rules = (valid.FORM,)
    else:
        operations = contract.operations
        findings, skipped = _look(contract, rules)
    return Report(
        file=file,
        rules=rules,
        findings=tuple(findings),
        skipped=tuple(skipped),
        operations=frozenset((operation.method, operation.path) for operation in operations),
    )


def _look(contract: Contract, rules: Iterable[Rule]) -> tuple[list[Finding], list[Skipped]]:
    """What breaks *rules*, each place once for each rule and message, by line."""
    found: dict[tuple[str, Pointer, str], Finding] = {}
    skipped = []
    for rule in rules:
        try:
            for pointer, message in rule.check(contract):
                line = contract.places.line(pointer)
                found[rule.rule_id, pointer, message] = Finding(rule=rule, line=line, message=printable(message))
        except NotCheckableError as error:
            skipped.append(Skipped(rule=rule, why=str(error)))
    return sorted(found.values(), key=lambda finding: finding.line), skipped
