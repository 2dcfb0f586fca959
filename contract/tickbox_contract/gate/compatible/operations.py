"""Operations: removed, moved, renamed, deprecated, under another rate limit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.servable import RATE_LIMIT

from .changes import Spot
from .comparison import Comparison, Pair
from .retirement import is_retired, sunset
from .servers import compare_servers

_UNCOUNTED = "none"


def compare_operations(comparison: Comparison) -> None:
    """Compare which operations there are, and what each says of itself, without its messages and its security."""
    kept = {id(pair.new) for pair in comparison.pairs()}
    lost = [old for old in comparison.old.operations if comparison.counterpart(old) is None]
    found = [new for new in comparison.new.operations if id(new) not in kept]
    moves = _moves(lost, found)
    for old in lost:
        if old.name in moves:
            _move(comparison, old, moves[old.name])
        else:
            _remove(comparison, old)
    for new in found:
        if new.name not in moves:
            what, spot = f"{_placed(new)} was added", Spot(new.node.pointer, ("paths",))
            comparison.changes.add("operation-added", what, spot, operation=new.name)
    for pair in comparison.pairs():
        _names(comparison, pair)
        _deprecation(comparison, pair)
        _rate_limit(comparison, pair)
        compare_servers(comparison, pair)


def _placed(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _moves(lost: Iterable[Operation], found: Iterable[Operation]) -> dict[str, Operation]:
    """The operations of *found* that have the operationId of one that was lost, by that name."""
    gone = {old.name for old in lost if old.node.get("operationId")}
    return {new.name: new for new in found if new.name in gone}


def _move(comparison: Comparison, old: Operation, new: Operation) -> None:
    what, spot = f"{_placed(old)} is {_placed(new)} now", Spot(new.node.pointer, old.node.pointer)
    comparison.changes.add("operation-moved", what, spot, operation=new.name)


def _remove(comparison: Comparison, old: Operation) -> None:
    rule_id = "operation-retired" if is_retired(old.node, comparison.today) else "operation-removed"
    spot = Spot(old.node.pointer, old.node.pointer)
    comparison.changes.add(rule_id, f"{_placed(old)} was removed", spot, operation=old.name)


def _names(comparison: Comparison, pair: Pair) -> None:
    old, new = pair.old, pair.new
    if old.node.get("operationId") and old.name != new.name:
        spot = pair.spot.within("operationId")
        comparison.note("operation-renamed", f"its name was {old.name}", spot, pair=pair)
    tags = [(each.node.get("tags") or [None])[0] for each in (old, new)]
    if tags[0] != tags[1]:
        what = f"its first tag is {_or_none(tags[1])}, and was {_or_none(tags[0])}"
        comparison.note("operation-retagged", what, pair.spot.within("tags"), pair=pair)
    for before, now in pair.renamed.items():
        if before != now:
            what = f"the path parameter {before} is {now} now"
            comparison.note("path-parameter-renamed", what, Spot(new.item.pointer, old.item.pointer), pair=pair)


def _or_none(name: object) -> str:
    return "none" if name is None else str(name)


def _deprecation(comparison: Comparison, pair: Pair) -> None:
    old, new = pair.old.node, pair.new.node
    was, now = old.get("deprecated") is True, new.get("deprecated") is True
    if now and not was:
        comparison.note("operation-deprecated", "it is deprecated" + _until(sunset(new)), pair.spot, pair=pair)
    elif was and not now:
        comparison.note("deprecation-withdrawn", "it is no longer deprecated", pair.spot, pair=pair)
    elif sunset(old) != sunset(new):
        before, after = sunset(old), sunset(new)
        is_earlier = before is not None and after is not None and after < before
        what = f"its date of x-sunset is {_or_none(after)}, and was {_or_none(before)}"
        comparison.note("sunset-advanced" if is_earlier else "sunset-changed", what, pair.spot, pair=pair)


def _until(day: date | None) -> str:
    return f", and may be removed on {day}" if day else ""


def _rate_limit(comparison: Comparison, pair: Pair) -> None:
    old, new = (each.node.get(RATE_LIMIT) for each in (pair.old, pair.new))
    if old != new:
        rule_id = "rate-limit-removed" if new == _UNCOUNTED else "rate-limit-changed"
        what = f"its rate limit is {new or 'the default'}, and was {old or 'the default'}"
        comparison.note(rule_id, what, pair.spot.within(RATE_LIMIT), pair=pair)
