"""The engine's own errors, and the exception that carries any error to the one place that responses it.

Connexion's exception layer catches `Refused` (a connexion ProblemException) wherever it is raised below it, in
routing, security, or the engine, and `tickbox_contract.engine.application` turns it into a response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import quiet  # noqa: F401  # before Connexion, see there

# isort: split
from connexion.exceptions import ProblemException

from tickbox_contract.openapi.faults import MAX_FAULTS
from tickbox_contract.responses import Fault, Problem, ProblemType, problem

PROBLEM_JSON = "application/problem+json"

MALFORMED_REQUEST = ProblemType("malformed-request", 400, "Malformed request")
INVALID_PARAMETERS = ProblemType("invalid-parameters", 400, "Invalid parameters")
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "Not authenticated")
INSUFFICIENT_SCOPE = ProblemType("insufficient-scope", 403, "Insufficient scope")
INSUFFICIENT_ROLE = ProblemType("insufficient-role", 403, "Insufficient role")
NOT_FOUND = ProblemType("not-found", 404, "Not found")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "Method not allowed")
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "Not acceptable")
REQUEST_TIMEOUT = ProblemType("request-timeout", 408, "Request timeout")
ID_TAKEN = ProblemType("id-taken", 409, "The id is taken")
PRECONDITION_FAILED = ProblemType("precondition-failed", 412, "Precondition failed")
CONTENT_TOO_LARGE = ProblemType("content-too-large", 413, "Content too large")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "Unsupported media type")
INVALID_BODY = ProblemType("invalid-body", 422, "Invalid body")
KEY_REUSED = ProblemType("idempotency-key-reused", 422, "The idempotency key was used before")
RATE_LIMITED = ProblemType("rate-limited", 429, "Too many requests")
HEADERS_TOO_LARGE = ProblemType("headers-too-large", 431, "Request header fields too large")
INTERNAL_ERROR = ProblemType("internal-error", 500, "Internal error")
NOT_IMPLEMENTED = ProblemType("not-implemented", 501, "Not implemented")


class Refused(ProblemException):
    """The request ends here with this problem. Whatever it had begun to write is rolled back."""

    def __init__(self, response: Problem) -> None:
        super().__init__(status=response.status, title=response.type.title, detail=response.detail)
        self.response = response


def refuse(
    kind: ProblemType, detail: str, *, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> Refused:
    """The exception for *kind*, to be raised."""
    return Refused(problem(kind, detail, faults=faults, headers=headers))


def document(response: Problem, *, urn_prefix: str, instance: str | None = None) -> dict[str, Any]:
    """The body of a problem response (RFC 9457, section 3); at most MAX_FAULTS faults are listed.

    *instance* is a URI reference by which this occurrence is known. `Retry-After` is repeated as `retry_after`, for
    clients that cannot read the headers of an error.
    """
    body: dict[str, Any] = {
        "type": urn_prefix + response.type.slug,
        "title": response.type.title,
        "status": response.status,
        "detail": response.detail,
    }
    if instance is not None:
        body["instance"] = instance
    if (seconds := response.headers.get("Retry-After", "")).isdecimal():
        body["retry_after"] = int(seconds)
    if response.faults:
        body["errors"] = [
            {"detail": fault.detail, "code": fault.code, fault.kind: fault.place}
            for fault in response.faults[:MAX_FAULTS]
        ]
    return body
