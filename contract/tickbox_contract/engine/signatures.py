"""Checks at start-up whether a handler can be called with the arguments of its operation."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tickbox_contract.handlers import BODY, PERFORM

from .parameters import Parameter


def signature_faults(
    handler: Callable[..., Any],
    parameters: Sequence[Parameter],
    *,
    body_required: bool | None,
    performs: bool = False,
    role_parameter: str | None = None,
) -> Iterator[str]:
    """Everything that does not fit, in words. *body_required* is None if the operation takes no body.

    A handler takes the unit of work, then each parameter by its keyword, the body, and what performs other operations
    if it *performs* any; and nothing that it is not given. It may leave
    out *role_parameter*, the name of a path parameter (`access.Vocabulary`).
    """
    absent = {p.keyword: not p.required and not p.has_default for p in parameters}
    shown = {p.keyword: _shown(p) for p in parameters}
    keywords = [p.keyword for p in parameters]
    if body_required is not None:
        absent[BODY], shown[BODY] = not body_required, repr(BODY)
    if performs:
        keywords.append(PERFORM)
        absent[PERFORM], shown[PERFORM] = False, repr(PERFORM)
    accepted = list(inspect.signature(handler).parameters.values())
    if not accepted:
        yield "its handler does not take the unit of work"
    yield from _clashes(keywords, shown, accepted[:1])
    names = {parameter.name for parameter in accepted[1:]}
    names |= {p.keyword for p in parameters if p.place == "path" and p.name == role_parameter}
    yield from (f"its handler does not take {shown[name]}" for name in sorted(absent.keys() - names))
    for parameter in accepted[1:]:
        if parameter.name not in absent:
            yield f"its handler takes {parameter.name!r}, which the contract does not declare"
        elif parameter.default is inspect.Parameter.empty and absent[parameter.name]:
            yield f"its handler needs {shown[parameter.name]}, which the contract lets clients leave out"


def _clashes(keywords: list[str], shown: dict[str, str], first: list[inspect.Parameter]) -> Iterator[str]:
    for keyword, times in Counter(keywords).items():
        if times > 1:
            yield f"its handler would get {keyword!r} from {times} places"
    for parameter in first:
        if parameter.name in shown and parameter.kind is not inspect.Parameter.POSITIONAL_ONLY:
            yield f"its handler takes the unit of work by the name of {shown[parameter.name]}: give it another name"


def _shown(parameter: Parameter) -> str:
    """The keyword of *parameter*, and the parameter's name if that is different."""
    if parameter.keyword == parameter.name or parameter.keyword == parameter.name.lower().replace("-", "_"):
        return repr(parameter.keyword)
    return f"{parameter.keyword!r} (the {parameter.place} parameter {parameter.name!r})"
