"""Conditions for rows that are found by their ids, whatever PostgreSQL's planner knows about the tables.

Without statistics it expects one row in 200 to be of a workspace, and as few to be live. So each index of live rows
seems to have a single row of the workspace, and a list of 128 ids seems to be longer than all that the workspace has:
it would read all of them to find one.
"""

from typing import Any

from sqlalchemy import BindParameter, Boolean, Column, ColumnElement, ScalarSelect, Select, and_, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class unindexed(FunctionElement[bool]):  # noqa: N801  # an SQL function, as SQLAlchemy writes them
    """`unindexed(condition)`: PostgreSQL does not consider a partial index because of it. NULL is taken as false."""

    type = Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True  # as in `rare`

    def __init__(self, condition: ColumnElement[bool]) -> None:
        super().__init__(condition)


class among(FunctionElement[bool]):  # noqa: N801  # as above
    """`among(workspace_id, column, these)`: in the parameter `workspace`, with one of the values of *these*.

    They are a list, whose name may be given, or what a subquery finds. A parameter that is not a list is one value.

    An index must begin with both columns. PostgreSQL looks into it once for each value.
    """

    type = Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True

    def __init__(
        self, workspace_id: Column[Any], column: Column[Any], these: str | BindParameter[Any] | Select[Any]
    ) -> None:
        if isinstance(these, str):
            these = bindparam(these, type_=column.type, expanding=True)
        values = these.scalar_subquery() if isinstance(these, Select) else these
        super().__init__(workspace_id, bindparam("workspace", type_=workspace_id.type), column, values)

    @property
    def is_single(self) -> bool:
        """Whether it compares with one value."""
        *_, these = self.clauses
        return isinstance(these, BindParameter) and not these.expanding


@compiles(unindexed)
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(unindexed, "postgresql")
def _unindexed_on_postgresql(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"COALESCE({compiler.process(element.clauses, **options)}, FALSE)"


@compiles(among)
def _among(element: among, compiler: SQLCompiler, **options: Any) -> str:
    workspace_id, workspace, column, these = element.clauses
    found = column == these if element.is_single else column.in_(these)
    return compiler.process(and_(workspace_id == workspace, found), **options)


@compiles(among, "postgresql")
def _among_on_postgresql(element: among, compiler: SQLCompiler, **options: Any) -> str:
    workspace_id, workspace, column, these = (compiler.process(each, **options) for each in element.clauses)
    *_, values = element.clauses
    if isinstance(values, ScalarSelect):
        array = f"ARRAY{these}"
    elif element.is_single:
        array = f"ARRAY[{these}]"
    else:  # its values are in one pair of parentheses, as for `IN`
        array = f"ARRAY[{these.removeprefix('(').removesuffix(')')}]"
    return f"({workspace_id}, {column}) IN (SELECT {workspace}, unnest({array}))"
