"""Security: who may send a request, by `security`, the schemes, and `x-access`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation

from .changes import Spot
from .comparison import Comparison, Pair

_ACCESS = "x-access"
_ANY = "any"
_SCHEME = ("type", "in", "name", "scheme", "openIdConnectUrl")
_FLOW = ("authorizationUrl", "tokenUrl")

Alternative = Mapping[str, frozenset[str]]
"""Schemes with their scopes: a request needs all of them. None of them lets anybody in."""
Schemes = Mapping[str, Node]


def compare_security(comparison: Comparison) -> None:
    """Compare the schemes, and what each operation requires."""
    schemes = [contract.node.at("components").members("securitySchemes") for contract in comparison.both]
    used = {name for old in comparison.old.operations for each in _alternatives(old) for name in each}
    for name in sorted(used & schemes[0].keys() & schemes[1].keys()):
        _scheme(comparison, name, schemes[0][name], schemes[1][name])
    renamed = dict(_renamed(comparison, *schemes))
    for name, old in renamed.items():
        spot = Spot(schemes[1][name].pointer, schemes[0][old].pointer)
        comparison.note("component-renamed", f"the security scheme `{old}` is `{name}` now", spot)
    for pair in comparison.pairs():
        if not _requirements(comparison, pair, renamed):
            _access(comparison, pair)


def _renamed(comparison: Comparison, old: Schemes, new: Schemes) -> Iterator[tuple[str, str]]:
    """The new names of schemes that say the same, with the old ones."""
    left = {name: _facts(comparison.old.follow(old[name])) for name in old if name not in new}
    for name in new:
        facts = _facts(comparison.new.follow(new[name]))
        if name not in old and (match := next((each for each in left if left[each] == facts), None)):
            del left[match]
            yield name, match


def _alternatives(operation: Operation, renamed: Mapping[str, str] = MappingProxyType({})) -> list[Alternative]:
    """What a request needs, with the old names of schemes that are *renamed*."""
    return [
        {renamed.get(name, name): frozenset(scopes) for name, scopes in each.items()}
        for each in operation.security or [{}]
    ]


def _lets_in(alternative: Alternative, caller: Alternative) -> bool:
    """Whether *alternative* lets in whoever has what *caller* says."""
    return all(scopes <= caller.get(name, frozenset()) and name in caller for name, scopes in alternative.items())


def _requirements(comparison: Comparison, pair: Pair, renamed: Mapping[str, str]) -> bool:
    """Whether a caller without any token was let in, and no longer is."""
    old, new = _alternatives(pair.old), _alternatives(pair.new, renamed)
    spot = Spot(_place(comparison.new, pair.new), _place(comparison.old, pair.old))
    for caller in old:
        if not any(_lets_in(each, caller) for each in new):
            if not caller:
                comparison.note("security-added", f"it needs {_either(new)} now, and needed nothing", spot, pair=pair)
                return True
            rule_id, what = _refusal(caller, new)
            comparison.note(rule_id, what, spot, pair=pair)
    if any(not any(_lets_in(each, caller) for each in old) for caller in new):
        comparison.note("security-loosened", f"{_either(new)} is enough now, and was not before", spot, pair=pair)
    return False


def _place(contract: Contract, operation: Operation) -> tuple[str | int, ...]:
    """Where the security of *operation* is written: security of the contract is one place."""
    return (*(operation.node.pointer if "security" in operation.node.value else contract.node.pointer), "security")


def _refusal(caller: Alternative, new: list[Alternative]) -> tuple[str, str]:
    """The rule that says why *caller* is no longer let in, and a sentence."""
    for each in new:
        if each.keys() <= caller.keys():
            scopes = sorted(scope for name in each for scope in each[name] - caller[name])
            return "scope-added", f"it needs the scope {', '.join(scopes)} now"
    return "security-changed", f"it needs {_either(new)} now, and {_either([caller])} is not enough"


def _either(alternatives: list[Alternative]) -> str:
    return " or ".join(" and ".join(each) or "nothing" for each in alternatives)


def _scheme(comparison: Comparison, name: str, old: Node, new: Node) -> None:
    old, new = comparison.old.follow(old), comparison.new.follow(new)
    before, after = _facts(old), _facts(new)
    for key in sorted(before):
        if before[key] != after.get(key):
            what = f"{key} of the security scheme `{name}` is {after.get(key, 'not given')}, and was {before[key]}"
            comparison.note("security-scheme-changed", what, Spot(new.pointer, old.pointer))


def _facts(scheme: Node) -> dict[str, Any]:
    facts = {key: scheme.get(key) for key in _SCHEME if key in scheme.value}
    if "scheme" in facts:
        facts["scheme"] = str(facts["scheme"]).lower()
    if facts.get("in") == "header":
        facts["name"] = str(facts.get("name")).lower()
    for flow, node in scheme.members("flows").items():
        facts |= {f"{key} ({flow})": node.get(key) for key in _FLOW if key in node.value}
    return facts


def _access(comparison: Comparison, pair: Pair) -> None:
    old, new = pair.old.node.at(_ACCESS), pair.new.node.at(_ACCESS)
    for key in sorted(old.value.keys() | new.value.keys()):
        before, after = old.get(key), new.get(key)
        if before != after:
            is_less = after is None or after == _ANY or _ranks(comparison, after) <= _ranks(comparison, before)
            rule_id = "access-lowered" if key in {"role", "scope"} and is_less else "access-raised"
            what = f"its {key} in x-access is {after or 'not named'}, and was {before or 'not named'}"
            comparison.note(rule_id, what, pair.spot.within(_ACCESS), pair=pair)


def _ranks(comparison: Comparison, role: Any) -> float:  # JSON
    """The rank of *role*; one that is not equal to any, itself included, if it is not known."""
    return comparison.roles.index(role) if role in comparison.roles else float("nan")
