"""What repositories and the change log run their statements on: the protocols of a read and of a transaction.

A read runs by itself, in autocommit; a transaction writes. Both have the same three methods (`row`, `rows`, `run`), so
that a repository does not depend on which of the two it has.
"""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Executable

from persistence.combined import Write
from persistence.compiled import Parameters, Row

__all__ = ["Parameters", "Row", "Runner", "Write", "Writer"]


class Runner(Protocol):
    """What a repository runs its statements on.

    Raises StorageUnavailable, the error that a violation means, and StatementFailed.
    """

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        """Return the only row, or None."""

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """Return all rows."""

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        """Return how many rows were changed.

        With several parameters it runs once for each, and the number means nothing.
        """


class Writer(Runner, Protocol):
    """What the change log runs its changes on."""

    async def defer(self, write: Write) -> None:
        """Run it before the next statement, or together with what `finish` runs. So its error is raised there."""

    async def finish(self, writes: Sequence[Write]) -> None:
        """Run what was deferred, then *writes*. On PostgreSQL all of it is one statement.

        No two of them may change the same row. Raises RuntimeError if one does not change exactly one row.
        """
