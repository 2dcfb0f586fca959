"""Deletes rows that have expired, some at a time. Several servers may do it on one database.

They are found without a lock, in whatever workspace, and locked one by one: a distributed database locks rows only
where it knows the machine that they are on.
"""

import datetime as dt
from typing import Final

from sqlalchemy import Column, Table, bindparam, delete, select, tuple_

from persistence.compiled import BULK
from persistence.database import Runner

AT_ONCE: Final = 500


class Expired:
    """The rows of *table* whose *since* is before a time. An index must begin with that column."""

    def __init__(self, table: Table, since: Column[dt.datetime]) -> None:
        keys = list(table.primary_key)
        self._names = [f"old_{key.name}" for key in keys]
        is_old = since < bindparam("before")
        self._find = select(*keys).where(is_old).order_by(since).limit(AT_ONCE)
        this = [key == bindparam(name) for key, name in zip(keys, self._names, strict=True)]
        # Who holds a row is not waited for: it comes with the next purge.
        free = select(*keys).where(*this, is_old).with_for_update(skip_locked=True)
        # Each is a short statement, but there are many: on SQLite requests have their turn in between.
        self._delete = delete(table).where(*this, tuple_(*keys).in_(free)).execution_options(**BULK)

    async def delete_some(self, runner: Runner, *, before: dt.datetime) -> int:
        """Delete at most AT_ONCE rows. Return how many; repeat until there are none."""
        found = await runner.rows(self._find, {"before": before})
        named = [dict(zip(self._names, row, strict=True)) for row in found]
        return sum([await runner.run(self._delete, {**row, "before": before}) for row in named])
