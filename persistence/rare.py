"""A condition that few rows meet, for SQLite's planner.

It expects a recursive step to begin with a million rows. If ANALYZE was ever run, it then reads the whole table first,
to build a Bloom filter: 13 ms for 20,000 tasks, in each move.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class rare(FunctionElement[bool]):  # noqa: N801  # an SQL function, as SQLAlchemy writes them
    """`rare(condition)`."""

    type = Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True  # or SQLAlchemy compares it with 1, and SQLite does not see that it is a condition

    def __init__(self, condition: ColumnElement[bool]) -> None:
        super().__init__(condition)


@compiles(rare)
def _standard(element: rare, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(rare, "sqlite")
def _of_sqlite(element: rare, compiler: SQLCompiler, **options: Any) -> str:
    return f"likelihood({compiler.process(element.clauses, **options)}, 0.000001)"
