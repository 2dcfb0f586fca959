"""Which problems an operation may send.

    the engine's own     follow from what the operation declares: a body, a token, a rate limit, `If-Match`, ...
    `x-problems`         the slugs of the application's problem types that this operation sends beside them
    common problems      of the application, from any operation: its database may be unavailable

Any other problem violates the contract, like an undeclared status. If the vocabulary of an application has no problem
types, none of this is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tickbox_contract.openapi.problems import ID_TAKEN, KEY_REUSED, PRECONDITION_FAILED
from tickbox_contract.responses import ProblemType

from .access import Vocabulary

PROBLEMS = "x-problems"


def link_problems(*, has_target: bool, has_item: bool, takes_key: bool) -> frozenset[ProblemType]:
    """What the engine sends by itself if an operation has links; `links` checks the statuses."""
    found = {PRECONDITION_FAILED} if has_target else set()
    found |= {ID_TAKEN} if has_item else set()
    found |= {KEY_REUSED} if takes_key else set()
    return frozenset(found)


def listed(node: Mapping[str, Any]) -> list[str]:
    """The slugs that the operation lists. Raises ValueError if that is not a list of texts."""
    slugs = node.get(PROBLEMS, [])
    if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
        message = f"{PROBLEMS} must be a list of problem types"
        raise ValueError(message)
    return slugs


def faults(slugs: list[str], vocabulary: Vocabulary, own: frozenset[ProblemType], declared: set[int]) -> Iterator[str]:
    """What is wrong with *slugs*, in words. *declared* are the statuses that the operation declares as problems."""
    known = {kind.slug: kind for kind in vocabulary.problems}
    everywhere = {kind.slug for kind in vocabulary.common_problems}
    for slug in sorted(set(slugs)):
        if slugs.count(slug) > 1:
            yield f"{PROBLEMS} names {slug!r} more than once"
        if slug in {kind.slug for kind in own}:
            yield f"{PROBLEMS} names {slug!r}, which the engine sends by itself"
        elif slug in everywhere:
            yield f"{PROBLEMS} names {slug!r}, which any operation may send"
        elif slug not in known:
            advice = f": {vocabulary.new_problem}" if vocabulary.new_problem else ""
            yield f"{PROBLEMS} names the unknown problem {slug!r}{advice}"
        elif known[slug].status not in declared:
            yield f"{PROBLEMS} names {slug!r}, and the response {known[slug].status} is not declared as a problem"


def allowed(slugs: list[str], vocabulary: Vocabulary, own: frozenset[ProblemType]) -> frozenset[str] | None:
    """The slugs of all problems that the operation may send; None if the application names no types."""
    if not vocabulary.problems:
        return None
    return frozenset({*slugs, *(kind.slug for kind in (*own, *vocabulary.common_problems))})
