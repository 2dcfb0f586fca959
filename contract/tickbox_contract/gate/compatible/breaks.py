"""Every place of a schema that breaks clients: a comparison of the whole shows only one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.schemas import Direction

from .comparison import Comparison
from .schemas import Broken, Covered, Undecided
from .subschemas import Inner, Schemas

Trail = tuple[Inner, ...]
"""From the whole to a part of it."""


def breaks_inside(comparison: Comparison, schemas: Schemas, direction: Direction) -> Iterator[Broken | Undecided]:
    """What breaks clients, or may, in the parts of *schemas*, which break as a whole, or may."""
    waiting: deque[tuple[Trail, bool]] = deque([((Inner(None, schemas),), False)])
    seen: set[tuple[Pointer, Pointer]] = set()
    while waiting:
        trail, is_left_open = waiting.popleft()
        pair = trail[-1].schemas
        verdict = comparison.verdict(*pair, direction)
        whole = Schemas(comparison.old.whole(pair.old), comparison.new.whole(pair.new))
        key = whole.old.pointer, whole.new.pointer
        if isinstance(verdict, Covered) or key in seen:
            continue
        seen.add(key)
        if isinstance(verdict, Undecided) and not is_left_open:
            yield verdict
        is_left_open = is_left_open or isinstance(verdict, Undecided)
        yield from _at_end(comparison, trail, direction)
        waiting += [((*trail, each), is_left_open) for each in comparison.parts(whole, direction).inner]


def _at_end(comparison: Comparison, trail: Trail, direction: Direction) -> Iterator[Broken]:
    old, new = trail[-1].schemas
    verdict = comparison.verdict(old, new, direction)
    if isinstance(verdict, Broken) and len(trail) > 1:
        yield from _shown(comparison, trail, direction, is_undeclared=verdict.is_undeclared)
    required = comparison.old.required(old), comparison.new.required(new)
    more = required[1] - required[0] if direction == "request" else required[0] - required[1]
    for name in sorted(more):
        yield from _shown(comparison, trail, direction, lacks=name)


def _shown(
    comparison: Comparison, trail: Trail, direction: Direction, *, lacks: str = "", is_undeclared: bool = False
) -> Iterator[Broken]:
    """What is shown once in one value is known in each value that has the part."""
    (old, new), shown = trail[-1].schemas, comparison.shown
    key = old.pointer, new.pointer, direction, lacks
    if key not in shown:
        found = comparison.inside(trail, direction, lacks=lacks, is_undeclared=is_undeclared)
        if found is None:
            return
        shown[key] = found
    yield shown[key]
