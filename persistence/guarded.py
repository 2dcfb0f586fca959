"""A runner that lets no change past the change log."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Executable, UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import iterate

from persistence.database import Parameters, Row, Runner
from persistence.metadata import is_unlogged

_OPAQUE: Final = frozenset({"textclause", "values"})


class Guarded:
    """A Runner that changes nothing that lies in a workspace. Raises RuntimeError at the attempt."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        _refuse_unlogged(statement)
        return await self._runner.row(statement, parameters)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        _refuse_unlogged(statement)
        return await self._runner.rows(statement, parameters)

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        _refuse_unlogged(statement)
        return await self._runner.run(statement, parameters)


def _refuse_unlogged(statement: Executable) -> None:
    if not _is_harmless(statement):
        message = f"a change around the change log: {statement}"
        raise RuntimeError(message)


@lru_cache(maxsize=1000)  # statements are made at import: each is looked through once
def _is_harmless(statement: Executable) -> bool:
    """Whether a statement is known not to change what is logged: it reads, or changes what is not, in all its parts.

    Text could do anything, as could an alias, a table that is not ours, or the schema's own statements. Into lists of
    values nobody can look. A function with a side effect is not seen: none is called here.
    """
    if not isinstance(statement, SelectBase | UpdateBase):
        return False
    return not any(
        part.__visit_name__ in _OPAQUE
        or getattr(part, "_multi_values", ())
        or (isinstance(part, UpdateBase) and not is_unlogged(part.table))
        for part in iterate(statement)
    )
