"""The exception that carries a problem to the one place that sends it, and the body of a problem document.

Connexion's exception layer catches `Refused` (a connexion ProblemException) wherever it is raised below it, in
routing, security or the engine, and `tickbox_contract.engine.application` turns it into a response. The types of the
engine's own problems are in `tickbox_contract.openapi.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import quiet  # noqa: F401  # before Connexion, see there

# isort: split
from connexion.exceptions import ProblemException

from tickbox_contract.openapi.faults import MAX_FAULTS
from tickbox_contract.responses import Fault, Problem, ProblemType, problem


class Refused(ProblemException):
    """The request ends here with this problem. Whatever it has written is rolled back."""

    def __init__(self, response: Problem) -> None:
        super().__init__(status=response.status, title=response.type.title, detail=response.detail)
        self.response = response


def refuse(
    kind: ProblemType, detail: str, *, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> Refused:
    """The exception for *kind*, to be raised."""
    return Refused(problem(kind, detail, faults=faults, headers=headers))


def document(response: Problem, *, urn_prefix: str, instance: str | None = None) -> dict[str, Any]:
    """The body of a problem response (RFC 9457, section 3), with at most MAX_FAULTS faults.

    *instance* is a URI reference that names this occurrence. `Retry-After` is repeated as `retry_after`, for clients
    that cannot read the headers of an error.
    """
    body: dict[str, Any] = {
        "type": urn_prefix + response.type.slug,
        "title": response.type.title,
        "status": response.status,
        "detail": response.detail,
        **response.members,
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
