"""Conditional requests: `If-Match` and `If-None-Match`, whether an operation declares them or not.

They apply to every operation on a resource that has an entity tag (`links.Links.selected`): a method must not be
performed while a condition is false. `If-Match` is evaluated first. There is no `Last-Modified`, so no condition about
it either. Ranges are not served, so `If-Range` has no effect.

Source: RFC 9110, sections 8.8.3, 13.1.1, 13.1.2, 13.2.2, and 5.6.1.2 for the empty elements of a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tickbox_contract.openapi.problems import INVALID_PARAMETERS, PRECONDITION_FAILED
from tickbox_contract.responses import Fault

from .links import IF_MATCH, IF_NONE_MATCH
from .problems import Refused, refuse

_CHANGED = "The resource has changed since the version in `If-Match`. Get it again before you change it."
_WEAK = "`If-Match` has a weak entity tag (W/), which never matches. Send it without `W/`."
_MISSING = "The resource does not exist, and `If-Match` requires that it does."
_EXISTS = "The resource exists in a version that `If-None-Match` excludes."
_EXISTS_AT_ALL = (
    "The resource exists, and `If-None-Match: *` requires that it does not. "
    "For a `POST` to a collection, the resource is the collection."
)
_ANY = "*"
_ENTITY_TAG = re.compile(r'(W/)?("[!#-~\x80-\xff]*")')
_PLACEHOLDER = "\0"  # no header contains it


class Conditions(NamedTuple):
    """The conditions of a request: lists of entity tags, or `*`; None if there is no such header."""

    if_match: str | None = None
    if_none_match: str | None = None

    def require_match(self, entity_tag: str | None) -> None:
        """Raise Refused (412) if `If-Match` does not name *entity_tag*; None if the resource does not exist."""
        if self.if_match is not None and not matches_strongly(self.if_match, entity_tag):
            raise _failed(_mismatch(self.if_match, entity_tag), entity_tag)

    def finds(self, entity_tag: str | None) -> bool:
        """Whether `If-None-Match` names *entity_tag*, which makes the condition false."""
        return self.if_none_match is not None and matches_weakly(self.if_none_match, entity_tag)

    def require(self, entity_tag: str | None) -> None:
        """Raise Refused (412) if a condition of a method other than GET is false."""
        self.require_match(entity_tag)
        if self.finds(entity_tag):
            raise _failed(_EXISTS_AT_ALL if self.if_none_match == _ANY else _EXISTS, entity_tag)


NO_CONDITIONS = Conditions()


def conditions_of(headers: Mapping[bytes, Sequence[bytes]]) -> Conditions:
    """The conditions of a request. Raises Refused (400) on one that is not a list of entity tags."""
    match, none_match = headers.get(b"if-match"), headers.get(b"if-none-match")
    if match is None and none_match is None:
        return NO_CONDITIONS
    return Conditions(_checked(IF_MATCH, match), _checked(IF_NONE_MATCH, none_match))


def matches_weakly(given: str, entity_tag: str | None) -> bool:
    """Whether the list *given* contains *entity_tag*, weak or not; None is in no list."""
    if given == _ANY or entity_tag is None:
        return entity_tag is not None
    return entity_tag.removeprefix("W/") in (tag for _, tag in _ENTITY_TAG.findall(given))


def matches_strongly(given: str, entity_tag: str | None) -> bool:
    """Whether the list *given* contains *entity_tag*, and neither is weak; None is in no list."""
    if given == _ANY or entity_tag is None:
        return entity_tag is not None
    return entity_tag in (tag for weak, tag in _ENTITY_TAG.findall(given) if not weak)


def _mismatch(given: str, entity_tag: str | None) -> str:
    """Why the list *given* of `If-Match` does not contain *entity_tag*."""
    if entity_tag is None:
        return _MISSING
    return _WEAK if all(weak for weak, _ in _ENTITY_TAG.findall(given)) else _CHANGED


def _checked(name: str, values: Sequence[bytes] | None) -> str | None:
    if values is None:
        return None
    given = b",".join(values).decode("latin-1").strip()
    elements = {element.strip() for element in _ENTITY_TAG.sub(_PLACEHOLDER, given).split(",")}
    if given != _ANY and elements - {""} != {_PLACEHOLDER}:
        fault = Fault("This must be entity tags in quotes, or *.", "pattern", "header", name)
        raise refuse(INVALID_PARAMETERS, "The request does not match the contract. See `errors`.", faults=[fault])
    return given


def _failed(detail: str, entity_tag: str | None) -> Refused:
    return refuse(PRECONDITION_FAILED, detail, headers={} if entity_tag is None else {"ETag": entity_tag})
