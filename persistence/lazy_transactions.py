"""A transaction that begins when it is first used."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy import Executable

from persistence.database import Database
from persistence.runners import Parameters, Row, Write
from persistence.transactions import Transaction


class LazyTransaction:
    """A Writer that begins its transaction, and awaits *prepare* with it, when it is first used.

    If that raises, the transaction is closed, and the next use begins another one: no statement runs in one that is not
    prepared. *turn* is `Database.begin`'s.
    """

    def __init__(
        self, database: Database, prepare: Callable[[Transaction], Awaitable[None]], *, turn: UUID | None
    ) -> None:
        self._database = database
        self._prepare = prepare
        self._turn = turn
        self._transaction: Transaction | None = None

    def expect_turn(self, turn: UUID) -> None:
        """Take the turn of what will be locked first, unless there is one already. Nothing if it has begun."""
        if self._turn is None:
            self._turn = turn

    async def opened(self) -> Transaction:
        """Begin and prepare the transaction, unless that is done, and return it. Raises what *prepare* raises."""
        return self._transaction or await self._begin(self._turn)

    async def _begin(self, turn: UUID | None) -> Transaction:
        transaction = await self._database.begin(turn=turn)
        try:
            await self._prepare(transaction)
        except BaseException:
            await transaction.close()
            raise
        self._transaction = transaction
        return transaction

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        return await (await self.opened()).row(statement, parameters)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        return await (await self.opened()).rows(statement, parameters)

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        return await (await self.opened()).run(statement, parameters)

    async def defer(self, write: Write) -> None:
        await (await self.opened()).defer(write)

    async def finish(self, writes: Sequence[Write]) -> None:
        if writes or self._transaction is not None:
            await (await self.opened()).finish(writes)

    async def commit(self) -> None:
        if self._transaction is not None:
            await self._transaction.commit()

    async def close(self) -> None:
        if self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            await transaction.close()

    async def begin_next(self, committed: Callable[[], None], *, turn: UUID | None = None) -> None:
        """Commit, let others write, and begin and prepare another transaction, which may take another *turn*.

        *committed* is called after the commit.
        """
        age_s = (await self.opened()).age_s
        await self.commit()
        committed()
        await self.close()
        await self._database.give_way(age_s)
        await self._begin(turn or self._turn)
