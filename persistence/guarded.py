"""A runner that does not let a repository change a workspace without the change log."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Executable, UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import iterate

from persistence.metadata import is_unlogged
from persistence.runners import Parameters, Row, Runner, Write

_OPAQUE: Final = frozenset({"textclause", "values"})


class Guarded:
    """A Runner that refuses to change the tables of a workspace. Raises RuntimeError."""

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

    async def defer(self, write: Write) -> None:
        raise _around_the_change_log(write[0])

    async def finish(self, writes: Sequence[Write]) -> None:
        for statement, _ in writes:
            raise _around_the_change_log(statement)


def _refuse_unlogged(statement: Executable) -> None:
    if not _is_harmless(statement):
        raise _around_the_change_log(statement)


def _around_the_change_log(statement: Executable) -> RuntimeError:
    return RuntimeError(f"a change around the change log: {statement}")


@lru_cache(maxsize=1000)  # statements are built at import: each is inspected once
def _is_harmless(statement: Executable) -> bool:
    """Whether a statement is known not to change a logged table: all of its parts read, or change other tables.

    Text is refused, and so are an alias, a table of another MetaData, statements about the schema, and lists of values,
    which cannot be looked into. A function with a side effect would not be noticed: none is called here.
    """
    if not isinstance(statement, SelectBase | UpdateBase):
        return False
    return not any(
        part.__visit_name__ in _OPAQUE
        or getattr(part, "_multi_values", ())
        or (isinstance(part, UpdateBase) and not is_unlogged(part.table))
        for part in iterate(statement)
    )
