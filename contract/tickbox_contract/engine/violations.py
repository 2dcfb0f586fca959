"""Violations: what is done about a response, or an event, that the contract does not allow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

logger = logging.getLogger(__name__)


class NonConformingResponseError(Exception):
    """A response that the contract does not allow. Its text is for the log, and quotes no content."""


ResponseCheck = Literal["enforce", "report"]
"""Whether a violation is held back, or logged and sent."""

ContractViolation = Callable[[str], None]
"""Takes each violation of a response; raises NonConformingResponseError if such a response must not be sent."""


def violation_reporter(what: str, response_check: ResponseCheck, **names: str) -> ContractViolation:
    """A ContractViolation that logs *what* violates the contract, such as "response", and *names* that identify it."""

    def report(text: str) -> None:
        logger.error("%s violates the contract", what, extra={**names, "violation": text})
        if response_check == "enforce":
            raise NonConformingResponseError(text)

    return report


def impossible(text: str, violation: ContractViolation) -> NonConformingResponseError:
    """The error for content that cannot be sent even if violations are only reported; it is logged first."""
    violation(text)
    return NonConformingResponseError(text)
