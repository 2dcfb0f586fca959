"""The problem of each domain error: its status and its slug follow from its base class.

The slug of a conflict, or of something forbidden or expired, is the name of its class: `ProjectArchived` is
`project-archived`. Every other error has the slug of its base. ROWS has the bases, and the errors that differ.
`tests/architecture` compares all of them with the contract.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from domain import distinct, limits, moves, unit_of_work  # noqa: F401  # with them, every error is loaded
from domain.errors import (
    Conflict,
    DomainError,
    Expired,
    Forbidden,
    Invalid,
    InvalidTogether,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from domain.model.invitations import AddressOfMember, AlreadyMember
from domain.model.sessions import RefreshTokenInvalid, WrongCredentials
from domain.model.streams import StreamsExceeded
from domain.pages import CursorInvalid
from tickbox_contract.responses import Fault, Problem, ProblemType, problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tickbox"'}
RETRY_AFTER_S = 1

UNAVAILABLE: Final = ProblemType("unavailable", 503, "Not available right now")
SESSION_ENDED: Final = ProblemType("session-ended", 401, "The session has ended")
_INVALID_BODY: Final = ProblemType("invalid-body", 422, "Invalid body")

ROWS: Final[Mapping[type[DomainError], ProblemType]] = {
    NotFound: ProblemType("not-found", 404, "Not found"),
    Invalid: _INVALID_BODY,
    InvalidTogether: _INVALID_BODY,
    Unauthenticated: ProblemType("unauthenticated", 401, "Not authenticated"),
    Unavailable: UNAVAILABLE,
    CursorInvalid: ProblemType("invalid-cursor", 400, "The cursor is not valid here"),
    WrongCredentials: ProblemType("invalid-credentials", 401, "Wrong e-mail address or password"),
    RefreshTokenInvalid: SESSION_ENDED,
    StreamsExceeded: ProblemType("too-many-streams", 429, "Too many streams"),
    AddressOfMember: ProblemType("already-member", 409, AlreadyMember.summary),
}
_STATUSES: Final = {Conflict: 409, Forbidden: 403, Expired: 410}
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


def _problem_of(kind: type[DomainError]) -> ProblemType | None:
    row = next((ROWS[base] for base in kind.__mro__ if base in ROWS), None)
    if row is None and issubclass(kind, Conflict | Forbidden | Expired):
        status = next(status for base, status in _STATUSES.items() if issubclass(kind, base))
        return ProblemType(_CAPITAL.sub("-", kind.__name__).lower(), status, kind.summary)
    return row


def _raised_kinds(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    """Return the errors without subclasses: the others are bases, and never raised."""
    children = kind.__subclasses__()
    if not children:
        yield kind
    for child in children:
        yield from _raised_kinds(child)


TABLE: Final[Mapping[type[DomainError], ProblemType]] = {
    kind: row for kind in _raised_kinds(DomainError) if (row := _problem_of(kind)) is not None
}
"""The problem of each error that a service raises. An error without one is sent to no client."""


def translate(error: Exception) -> Problem | None:
    """Return the response to *error*. None for one that is not the domain's, or that no client is sent."""
    kind = TABLE.get(type(error)) if isinstance(error, DomainError) else None
    if kind is None:
        return None
    existing_id = error.existing_id if isinstance(error, Conflict) else None
    members = {} if existing_id is None else {"existing_id": str(existing_id)}
    return problem(kind, str(error), faults=_faults(error), headers=_headers(kind), members=members)


def _faults(error: Exception) -> tuple[Fault, ...]:
    match error:
        case InvalidTogether():
            return tuple(fault for each in error.errors for fault in _faults(each))
        case Invalid(header=str(name)):
            return (Fault(str(error), error.code, "header", name),)
        case Invalid(parameter=str(name)):
            return (Fault(str(error), error.code, "parameter", name),)
        case Invalid(pointer=str(place)):
            return (Fault(str(error), error.code, "pointer", place),)
        case Conflict(pointer=str(place)):
            return (Fault(str(error), TABLE[type(error)].slug, "pointer", place),)
        case _:
            return ()


def _headers(kind: ProblemType) -> dict[str, str]:
    if kind.status == 401:  # noqa: PLR2004  # RFC 9110, 15.5.2: a 401 always says how
        return CHALLENGE
    if kind.status in {429, 503}:  # RFC 6585, 4; RFC 9110, 15.6.4
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}
