"""Several changes in one statement, so that they take one way to the server and back. Only PostgreSQL has it.

All parts see the data as it was before the statement, so no two of them may change the same row.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import CTE, BindParameter, Select, UpdateBase, ValuesBase, bindparam, func, select
from sqlalchemy.sql.visitors import cloned_traverse

from persistence.compiled import Parameters

Write = tuple[UpdateBase, Parameters]
"""A statement that changes exactly one row, with its parameters."""


def combine(writes: Sequence[Write]) -> tuple[Select[Any], Parameters]:
    """Return one statement that runs all *writes*, and its parameters. Its row is how many rows each changed."""
    statement = _combined(tuple((statement, tuple(parameters)) for statement, parameters in writes))
    parameters = {_renamed(name, n): value for n, (_, given) in enumerate(writes) for name, value in given.items()}
    return statement, parameters


@cache  # there are as many as the program has kinds of changes
def _combined(shapes: tuple[tuple[UpdateBase, tuple[str, ...]], ...]) -> Select[Any]:
    parts = [_part(statement, names, n) for n, (statement, names) in enumerate(shapes)]
    return select(*(select(func.count()).select_from(part).scalar_subquery() for part in parts))


def _part(statement: UpdateBase, names: Sequence[str], number: int) -> CTE:
    """Return the statement with its values in it, and with parameters that no other part has."""
    table = statement.table

    def rename(parameter: BindParameter[Any]) -> None:
        if parameter.required:
            parameter.key = _renamed(parameter.key, number)

    part: UpdateBase = cloned_traverse(statement, {}, {"bindparam": rename})
    columns = {name: bindparam(_renamed(name, number), type_=table.c[name].type) for name in names if name in table.c}
    if isinstance(part, ValuesBase) and columns:
        part = part.values(columns)
    return part.returning(*table.primary_key).cte(f"change_{number}")


def _renamed(name: str, number: int) -> str:
    return f"{name}_of_{number}"
