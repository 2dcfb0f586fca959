"""What is logged of each statement, before it is sent."""

import logging
from dataclasses import dataclass, field
from typing import Final

from persistence.compiled import Values

BEGIN: Final = "BEGIN"
COMMIT: Final = "COMMIT"
ROLLBACK: Final = "ROLLBACK"
_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SentStatement:
    """What is logged of a statement at the level `debug`: its text, and never its values."""

    text: str
    values: Values = field(repr=False)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


def logged(text: str, values: Values) -> Values:
    """Log a statement at the level `debug`, and return its *values*."""
    if _logger.isEnabledFor(logging.DEBUG):
        _logger.debug("%s", SentStatement(text, values))
    return values
