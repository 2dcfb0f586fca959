"""Deletes rows that have expired, some at a time. Several servers may do it on one database.

They are found without a lock, in whatever workspace, and locked together where all columns of their key but the last
are the same: a distributed database locks rows only where it knows the machine that they are on.
"""

import datetime as dt
from collections import defaultdict
from typing import Final

from sqlalchemy import Column, Table, bindparam, delete, select

from persistence.compiled import BULK, Row, padded
from persistence.runners import Runner

AT_ONCE: Final = 100


class Expired:
    """The rows of *table* whose *since* is before a time. An index must begin with that column."""

    def __init__(self, table: Table, since: Column[dt.datetime]) -> None:
        *first, last = table.primary_key
        self._names = [f"old_{key.name}" for key in first]
        is_old = since < bindparam("before")
        self._find = select(*first, last).where(is_old).order_by(since).limit(AT_ONCE)
        near = [key == bindparam(name) for key, name in zip(first, self._names, strict=True)]
        # Who holds a row is not waited for: it comes with the next purge.
        named = last.in_(bindparam("last", expanding=True))
        free = last.in_(select(last).where(*near, named, is_old).with_for_update(skip_locked=True))
        # They are named twice: else PostgreSQL reads a whole table that is not large.
        self._delete = delete(table).where(*near, named, free).execution_options(**BULK)

    async def delete_some(self, runner: Runner, *, before: dt.datetime) -> int:
        """Delete at most AT_ONCE rows. Return how many; repeat until there are none."""
        together: dict[Row, list[object]] = defaultdict(list)
        for *first, last in await runner.rows(self._find, {"before": before}):
            together[tuple(first)].append(last)
        named = [
            {**dict(zip(self._names, first, strict=True)), "last": padded(last)} for first, last in together.items()
        ]
        return sum([await runner.run(self._delete, {**each, "before": before}) for each in named])
