"""A transaction: it runs the statements of a request, or of work outside of one, until its commit.

What changes one row can be deferred, so that several changes are one statement on PostgreSQL.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Executable

from persistence.combined import Write, combine
from persistence.compiled import Statements
from persistence.drivers import OpenTransaction
from persistence.runners import Parameters, Row
from persistence.sent_statements import COMMIT, ROLLBACK, logged

SAVEPOINT: Final = "SAVEPOINT part"
RELEASE: Final = "RELEASE SAVEPOINT part"
ROLLBACK_TO: Final = "ROLLBACK TO SAVEPOINT part"


class Transaction:
    """An open transaction. Its `close` must be awaited in any case. *closed* is called once it holds nothing."""

    def __init__(self, statements: Statements, transaction: OpenTransaction, closed: Callable[[], None]) -> None:
        self._statements = statements
        self._transaction = transaction
        self._closed = closed
        self._is_committed = False
        self._deferred: list[Write] = []
        self._began_s = time.monotonic()

    @property
    def age_s(self) -> float:
        """How long it has been open."""
        return time.monotonic() - self._began_s

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        return only(await self.rows(statement, parameters), statement)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        if self._deferred:
            await self.finish(())
        compiled = self._statements.compiled(statement, parameters)
        values = logged(compiled.text, compiled.bind(parameters))
        return compiled.loaded(await self._transaction.fetch(compiled.text, values, bulk=compiled.is_bulk))

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        if self._deferred:
            await self.finish(())
        if isinstance(parameters, Sequence):
            compiled = self._statements.compiled(statement, parameters[0])
            many = [compiled.bind(each) for each in parameters]
            logged(compiled.text, many[0])
            await self._transaction.execute_all(compiled.text, many)
            return -1
        compiled = self._statements.compiled(statement, parameters)
        values = logged(compiled.text, compiled.bind(parameters))
        return await self._transaction.execute(compiled.text, values, bulk=compiled.is_bulk)

    async def defer(self, write: Write) -> None:
        if any(statement.table is write[0].table for statement, _ in self._deferred):  # it may be the same row
            await self.finish(())
        self._deferred.append(write)

    async def finish(self, writes: Sequence[Write]) -> None:
        together, self._deferred = [*self._deferred, *writes], []
        if self._statements.combines and len(together) > 1:
            counts = await self.row(*combine(together)) or ()
        else:
            counts = [await self.run(*each) for each in together]
        for (statement, _), count in zip(together, counts, strict=True):
            if count != 1:
                message = f"{count} rows instead of one: {statement}"
                raise RuntimeError(message)

    async def set_savepoint(self) -> None:
        """Begin a part that can be rolled back alone: the only one, until `release` or `roll_back_part`."""
        await self.finish(())
        await self._control(SAVEPOINT)

    async def release(self) -> None:
        """Keep what was changed since the savepoint."""
        await self.finish(())
        await self._control(RELEASE)

    async def roll_back_part(self) -> None:
        """Undo what was changed since the savepoint, even after an error of the database."""
        self._deferred.clear()
        await self._control(ROLLBACK_TO)
        await self._control(RELEASE)

    async def _control(self, text: str) -> None:
        await self._transaction.execute(text, logged(text, ()), bulk=False)

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""
        await self.finish(())
        logged(COMMIT, ())
        await self._transaction.commit()
        self._is_committed = True

    async def close(self) -> None:
        """Roll back what is not committed, and release everything. It runs to its end even if it is cancelled."""
        if self._is_committed:  # without the price of a task
            await self._close()
        else:
            logged(ROLLBACK, ())
            await asyncio.shield(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        try:
            await self._transaction.close()
        finally:
            self._closed()


def only(rows: Sequence[Row], statement: Executable) -> Row | None:
    """Return the only row, or None. Raises RuntimeError if there are several."""
    if len(rows) > 1:
        message = f"{len(rows)} rows instead of one: {statement}"
        raise RuntimeError(message)
    return rows[0] if rows else None
