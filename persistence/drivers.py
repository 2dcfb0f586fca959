"""What a driver's module provides for its kind of database: the protocols of its connections and transactions.

`persistence/sqlite.py` and `persistence/postgresql.py` implement them. What the two do differently is there, and what
they have in common is in `persistence/database.py` and `persistence/transactions.py`.
"""

from collections.abc import Sequence
from typing import Protocol

from persistence.compiled import Row, Statements, Values


class OpenTransaction(Protocol):
    """A transaction as a driver has it."""

    async def fetch(self, text: str, values: Values, *, bulk: bool) -> Sequence[Row]:
        """Return the rows of a statement. *bulk* says that it may change many rows."""

    async def execute(self, text: str, values: Values, *, bulk: bool) -> int:
        """Return how many rows a statement changed."""

    async def execute_all(self, text: str, many: Sequence[Values]) -> None:
        """Run a statement once for each of *many*."""

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""

    async def close(self) -> None:
        """Roll back what is not committed, and release everything. After a commit it does not wait for anything."""


class Connections(Protocol):
    """The connections of one process to a database. They are opened when they are first used.

    `longest_pause_s` is how long other processes that wait to write may not look whether they can. 0: they are called.
    """

    longest_pause_s: float

    @property
    def statements(self) -> Statements:
        """The compiled statements."""

    async def fetch(self, text: str, values: Values) -> Sequence[Row]:
        """Return the rows of a statement that only reads, in autocommit."""

    async def begin(self) -> OpenTransaction:
        """Begin a transaction that may write."""

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the database can be read, but not written."""

    async def close(self) -> None:
        """Close all connections. None may be in use."""
