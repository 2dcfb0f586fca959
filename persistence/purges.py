"""Deletes rows that have expired, some at a time. Several servers may do it on one database."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import Column, Table, bindparam, delete, select

from persistence.database import Runner

AT_ONCE: Final = 500


class Expired:
    """The rows of *table* whose *since* is before a time. An index must begin with that column."""

    def __init__(self, table: Table, since: Column[dt.datetime]) -> None:
        keys = list(table.primary_key)
        self._names = [f"old_{key.name}" for key in keys]
        # Who holds a row is not waited for: it comes with the next purge.
        self._lock = (
            select(*keys)
            .where(since < bindparam("before"))
            .order_by(since)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        self._delete = delete(table).where(
            *(key == bindparam(name) for key, name in zip(keys, self._names, strict=True))
        )

    async def delete_some(self, runner: Runner, *, before: dt.datetime) -> int:
        """Delete at most AT_ONCE rows. Return how many; repeat until there are none."""
        rows = await runner.rows(self._lock, {"before": before})
        if rows:
            found: list[dict[str, Any]] = [dict(zip(self._names, row, strict=True)) for row in rows]
            await runner.run(self._delete, found)
        return len(rows)
