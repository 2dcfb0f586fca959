"""A problem as bytes, as an operation declares it; and what becomes of an answer that breaks the contract."""

from __future__ import annotations

from .answers import Answer, Problem
from .operations import Operation
from .problems import PROBLEM_JSON, document
from .responses import Breach, Responses, Wire, breach_of
from .units import Settings

_NOTHING_DECLARED = Responses({}, ())


def breach_for(operation: Operation, settings: Settings) -> Breach:
    """What is to be done about an answer of *operation* that breaks the contract."""
    return breach_of("answer", settings.response_check, operation_id=operation.operation_id)


def _ignore(_breach: str) -> None:
    """Outside of any operation nothing is declared."""


def problem_wire(operation: Operation | None, answer: Problem, settings: Settings) -> Wire:
    """*answer* as a problem document, as *operation* declares it; None is for where no operation was reached."""
    plain = Answer(
        status=answer.status,
        content=document(answer, urn_prefix=settings.urn_prefix, instance=settings.instance()),
        headers=answer.headers,
        media_type=PROBLEM_JSON,
    )
    if operation is None:
        return _NOTHING_DECLARED.encode(plain, accepted=PROBLEM_JSON, breach=_ignore)
    breach = breach_for(operation, settings)
    if operation.problems is not None and answer.type.slug not in operation.problems:
        breach(f"the problem {answer.type.slug} is not one that this operation sends")
    return operation.responses.encode(plain, accepted=PROBLEM_JSON, breach=breach)
