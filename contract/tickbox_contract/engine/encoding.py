"""Problems as bytes, as an operation declares them; and what is done about a response that violates the contract."""

from __future__ import annotations

from tickbox_contract.openapi.media_types import PROBLEM_JSON
from tickbox_contract.responses import Problem, Response

from .declared_responses import DeclaredResponses, EncodedResponse
from .operations import CompiledOperation
from .problems import document
from .units import Settings
from .violations import ContractViolation, violation_reporter

_NOTHING_DECLARED = DeclaredResponses({}, ())


def violation_reporter_for(operation: CompiledOperation, settings: Settings) -> ContractViolation:
    """What is done about a response of *operation* that violates the contract."""
    return violation_reporter("response", settings.response_check, operation_id=operation.operation_id)


def require_listed(operation: CompiledOperation, response: Problem, settings: Settings) -> ContractViolation:
    """Report a problem that *operation* may not send; what reports it is returned."""
    violation = violation_reporter_for(operation, settings)
    if operation.problems is not None and response.type.slug not in operation.problems:
        violation(f"the problem {response.type.slug} is not one that this operation may send")
    return violation


def _ignore(_violation: str) -> None:
    """Outside of an operation nothing is declared."""


def encoded_problem(operation: CompiledOperation | None, response: Problem, settings: Settings) -> EncodedResponse:
    """*response* as a problem document, as *operation* declares it; None if the request reached no operation."""
    plain = Response(
        status=response.status,
        content=document(response, urn_prefix=settings.urn_prefix, instance=settings.instance()),
        headers=response.headers,
        media_type=PROBLEM_JSON,
    )
    if operation is None:
        return _NOTHING_DECLARED.encode(plain, accepted=PROBLEM_JSON, violation=_ignore)
    violation = require_listed(operation, response, settings)
    return operation.responses.encode(plain, accepted=PROBLEM_JSON, violation=violation)
