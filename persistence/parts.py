"""A part of a request: one operation of a batch, which can be rolled back alone."""

from persistence.change_log import ChangeLog
from persistence.transactions import Transaction


class Part:
    """What begins now in a transaction. If it is *alone*, it has a savepoint, and `undo` can roll it back."""

    def __init__(self, transaction: Transaction, change_log: ChangeLog, *, alone: bool) -> None:
        self._transaction = transaction
        self._change_log = change_log
        self._alone = alone
        self._mark = change_log.mark()

    @property
    def changes_before(self) -> int:
        """How many changes the parts before it have made."""
        return self._mark[0]

    async def start(self) -> None:
        if self._alone:
            await self._transaction.set_savepoint()

    async def end(self) -> None:
        """Keep what was changed. Raises what the change log raises (`ChangeLog.settle`)."""
        await self._change_log.settle()
        if self._alone:
            await self._transaction.release()

    async def undo(self) -> None:
        """Roll back what was changed, even after an error of the database."""
        await self._transaction.roll_back_part()
        self._change_log.restore(self._mark)
