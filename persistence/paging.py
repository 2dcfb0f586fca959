"""Keyset paging: a page begins strictly after the last item of the page before, in the order of some columns.

The statements are built once, at import. The last of the columns is unique, so that each item has a place of its own.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_, union_all

from persistence.runners import Parameters, Row, Runner

Place = UUID | tuple[object, ...]
"""The value of the one column, or the values of several."""
_LIMIT: Final = "limit"


def ordered(
    statement: Select[Any], columns: Sequence[ColumnElement[Any]], *, descending: bool = False, resumed: bool = False
) -> Select[Any]:
    """Return *statement* in the order of *columns*, up to `:limit` rows; if *resumed*, only those after a place."""
    if resumed:
        place = [bindparam(name, type_=column.type) for name, column in zip(_names(columns), columns, strict=True)]
        # A row value of one would be compared as well, but SQLite does not use an index for it.
        mine, last = (columns[0], place[0]) if len(columns) == 1 else (tuple_(*columns), tuple_(*place))
        statement = statement.where(mine < last if descending else mine > last)
    order = [column.desc() if descending else column.asc() for column in columns]
    return statement.order_by(*order).limit(bindparam(_LIMIT))


def around(rows: Select[Any], position: ColumnElement[str]) -> Select[Any]:
    """Return those of *rows* that are nearest to the position `:cut`: up to `:limit` before it, as many from it on."""
    cut = bindparam("cut", type_=position.type)
    below = rows.where(position < cut).order_by(position.desc()).limit(bindparam(_LIMIT))
    above = rows.where(position >= cut).order_by(position).limit(bindparam(_LIMIT))
    return select(union_all(*(select(side.subquery()) for side in (below, above))).subquery())


def page_parameters(after: Place | None, limit: int) -> dict[str, object]:
    """Return the parameters for `ordered`. *after* is the place, None for a statement that is not resumed."""
    place = () if after is None else after if isinstance(after, tuple) else (after,)
    return {_LIMIT: limit, **dict(zip(_names(place), place, strict=True))}


def _names(place: Sequence[object]) -> list[str]:
    return [f"after_{index}" for index in range(len(place))]


class Pages:
    """A list that is read a page at a time: the rows of *statement* in the order of *columns*."""

    def __init__(self, statement: Select[Any], *columns: ColumnElement[Any], descending: bool = False) -> None:
        self._first = ordered(statement, columns, descending=descending)
        self._resumed = ordered(statement, columns, descending=descending, resumed=True)

    async def read(self, runner: Runner, given: Parameters, *, after: Place | None, limit: int) -> Sequence[Row]:
        """Return at most *limit* rows after that place. *given* are the statement's own parameters."""
        statement = self._first if after is None else self._resumed
        return await runner.rows(statement, {**given, **page_parameters(after, limit)})
