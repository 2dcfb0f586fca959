"""Which problems an operation may send.

    the engine's own     follow from what the operation declares: a body, an access rule, a rate limit, `If-Match`, ...
    `x-problems`         slugs of the application's problem types that this operation sends beside them
    common problems      of the application, from any operation: its database may be away

A problem that is none of these breaks the contract, as an undeclared status does. An application whose vocabulary has
no problem types is not held to any of this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tickbox_contract.responses import ProblemType

from .access import AccessRule, Vocabulary
from .problems import (
    CONTENT_TOO_LARGE,
    ID_TAKEN,
    INSUFFICIENT_ROLE,
    INSUFFICIENT_SCOPE,
    INTERNAL_ERROR,
    INVALID_BODY,
    INVALID_PARAMETERS,
    KEY_REUSED,
    MALFORMED_REQUEST,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    PRECONDITION_FAILED,
    RATE_LIMITED,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
)

PROBLEMS = "x-problems"


def engine_problems(
    *, access: AccessRule | None, has_content: bool, has_body: bool, limited: bool
) -> frozenset[ProblemType]:
    """What the engine sends by itself for an operation with these traits."""
    found = {MALFORMED_REQUEST, INVALID_PARAMETERS, INTERNAL_ERROR}
    found |= {NOT_ACCEPTABLE} if has_content else set()
    found |= {CONTENT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_BODY} if has_body else set()
    found |= {UNAUTHENTICATED, INSUFFICIENT_SCOPE} if access else set()
    found |= {INSUFFICIENT_ROLE, NOT_FOUND} if access and access.roles else set()
    found |= {RATE_LIMITED} if limited else set()
    return frozenset(found)


def link_problems(*, has_target: bool, has_item: bool, takes_key: bool) -> frozenset[ProblemType]:
    """What the engine sends by itself where an operation has links; `links` checks the statuses."""
    found = {PRECONDITION_FAILED} if has_target else set()
    found |= {ID_TAKEN} if has_item else set()
    found |= {KEY_REUSED} if takes_key else set()
    return frozenset(found)


def listed(node: Mapping[str, Any]) -> list[str]:
    """The slugs that the operation lists. Raises ValueError where that is not a list of texts."""
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
            yield f"{PROBLEMS} names the unknown problem {slug!r}"
        elif known[slug].status not in declared:
            yield f"{PROBLEMS} names {slug!r}, and the response {known[slug].status} is not declared as a problem"


def allowed(slugs: list[str], vocabulary: Vocabulary, own: frozenset[ProblemType]) -> frozenset[str] | None:
    """The slugs of all problems that the operation may send; None where the application names no types."""
    if not vocabulary.problems:
        return None
    return frozenset({*slugs, *(kind.slug for kind in (*own, *vocabulary.common_problems))})
