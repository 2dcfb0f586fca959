"""The problem types that the engine sends by itself, and which of them any server of an operation may have to send."""

from __future__ import annotations

from tickbox_contract.responses import ProblemType

from .operations import Operation

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


def problems_of(operation: Operation, *, needs_role: bool, is_limited: bool) -> frozenset[ProblemType]:
    """What may be sent for *operation* because of what it declares, whatever its handler does (RFC 9110, section 15).

    *needs_role* means that a caller may have no access to what the path names; *is_limited* that requests are counted.
    """
    found = {MALFORMED_REQUEST, INVALID_PARAMETERS, INTERNAL_ERROR}
    found |= {NOT_ACCEPTABLE} if operation.has_content else set()
    found |= {CONTENT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_BODY} if operation.has_body else set()
    found |= {UNAUTHENTICATED, INSUFFICIENT_SCOPE} if operation.needs_token else set()
    found |= {INSUFFICIENT_ROLE, NOT_FOUND} if operation.needs_token and needs_role else set()
    found |= {RATE_LIMITED} if is_limited else set()
    return frozenset(found)
