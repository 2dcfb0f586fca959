"""Sets of rules that a team chooses from. The set `standard` is what is wrong in any contract, and the default.

Each rule is in exactly one set. One that is in none of the tables below is in `standard`: all of the stages that ask
whether a contract is OpenAPI, and whether a change of it breaks a client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, get_args

from tickbox_contract.openapi.rules import Rule

RuleSet = Literal["standard", "documented", "generators", "owasp", "tickbox"]
RULE_SETS: tuple[RuleSet, ...] = get_args(RuleSet)
DEFAULT_SETS: tuple[RuleSet, ...] = ("standard",)

REASONS: Mapping[RuleSet, str] = {
    "standard": "wrong in any contract; and, as warnings, what no client can know because the contract does not say it",
    "documented": "for contracts that people read: texts and examples",
    "generators": "for contracts that SDKs are generated from: what was seen to break or to spoil generated clients",
    "owasp": "for servers that rely on their contract for protection: bounds",
    "tickbox": "the conventions of Tickbox: another team may decide each of them otherwise, and be right",
}

ADVICE = frozenset({"error-responses", "operation-id", "security-named"})
"""Rules of `standard` about what a contract leaves open: it is valid without, so they are warnings."""

_DOCUMENTED = (
    "operation-text", "field-description", "enum-text", "field-example", "parameter-description", "parameter-example",
    "body-example",
)  # fmt: skip
_GENERATORS = (
    "component-ref", "server-without-path", "alike-operation-ids", "named-object", "named-enums", "open-response-enums",
    "nullable-optional-lists", "no-one-of-in-responses", "no-any-of-enum", "no-body-defaults", "no-nullable-ref",
    "no-nullable-enums", "no-password-format", "no-read-only", "exploded-query-lists", "single-statuses",
)  # fmt: skip
_OWASP = ("bounded-texts", "bounded-lists", "bounded-numbers")
_TICKBOX = (
    # how the file is written
    "openapi-3-0-4", "one-file", "version-in-path", "one-tag", "tag-order", "shared-parameter", "shared-header",
    "problem-by-ref",
    # names: of several good spellings, one
    "snake-case-properties", "snake-case-parameters", "kebab-case-paths", "plural-collections",
    "snake-case-operation-ids", "operation-id-verb", "create-name", "patch-name", "page-name", "id-format",
    "instant-names",
    # how bodies may grow; other teams close responses or leave requests open, and say so to their clients
    "servable-schema", "declared-example",
    "object-bodies", "closed-requests", "open-responses", "closed-request-enums", "explained-patterns",
    "nullable-object-components",
    # one form of lists, patches, problems and writes, of several
    "page-shape", "no-totals", "page-limit", "page-cursor", "non-empty-query-lists", "merge-patch", "non-empty-patch",
    "accept-patch", "problem-json", "problem-schema", "create-201", "location", "delete-204", "sunset",
    "conditional-get", "etag", "if-match", "idempotency-key", "replayed-responses",
    # a server may send these headers although the contract does not declare them
    "www-authenticate", "retry-after", "rate-limit-headers", "request-id",
    # extensions of ours, and what is around our contract
    "operation-handler", "current-models", "access-rule", "declared-problems", "changing-operations", "known-events",
    "access-text", "problem-text",
    # what a server of ours does with what it refuses, and with x-access
    "refused-requests", "guarded-rights",
)  # fmt: skip
_SETS: Mapping[str, RuleSet] = {
    **dict.fromkeys(_DOCUMENTED, "documented"),
    **dict.fromkeys(_GENERATORS, "generators"),
    **dict.fromkeys(_OWASP, "owasp"),
    **dict.fromkeys(_TICKBOX, "tickbox"),
}


def set_of(rule: Rule) -> RuleSet:
    """The set of *rule*."""
    return _SETS.get(rule.rule_id, "standard")


def with_severities(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """*rules*, of which those of `ADVICE` are warnings."""
    return tuple(replace(rule, severity="warning") if rule.rule_id in ADVICE else rule for rule in rules)


def chosen(rules: Iterable[Rule], sets: Iterable[RuleSet], *, and_also: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Those of *rules* that are in one of *sets*, and those with an id in *and_also*."""
    wanted, named = set(sets), set(and_also)
    return tuple(rule for rule in rules if set_of(rule) in wanted or rule.rule_id in named)


def unplaced(rules: Iterable[Rule]) -> list[str]:
    """Rules of the stages `style` and `complete` of which no table above says where they belong."""
    return [
        rule.rule_id for rule in rules if rule.stage in {"style", "complete"} and rule.rule_id not in {*_SETS, *ADVICE}
    ]


def stale(rules: Iterable[Rule]) -> set[str]:
    """Names in the tables above that are not those of *rules*."""
    return {*_SETS, *ADVICE} - {rule.rule_id for rule in rules}
