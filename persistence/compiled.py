"""Statements as a driver takes them: each is compiled at its first use, with functions that convert its values.

SQLAlchemy builds the statements and compiles them. After that the driver runs them alone (ADR 79).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Executable, UpdateBase
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.visitors import cloned_traverse, iterate
from sqlalchemy.types import TypeEngine

from persistence.generated import function_of

Parameters = Mapping[str, object]
Row = Sequence[Any]
Values = Sequence[Any]
"""The parameters as the driver gets them, in the order of the text."""

_MOST: Final = 5000
"""More statements than a program has that builds each once."""


_BULK: Final = "bulk"
BULK: Final = {_BULK: True}
"""The execution options of a statement that may change many rows: other requests must not wait while SQLite runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How a driver gets the values of a column type, and what becomes of those that it returns. None: as they are."""

    dump: Callable[[Any], Any] | None = None
    load: Callable[[Any], Any] | None = None


Codecs = Mapping[type[TypeEngine[Any]], Codec]
"""By column type; a type without an entry has that of its base."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The text of a statement, what makes the driver's values of its parameters, and what makes a row of the driver's.

    `load` is None if the driver's rows are right as they are. See `bulk`.
    """

    text: str
    bind: Callable[[Parameters], Values]
    load: Callable[[Row], Row] | None
    is_bulk: bool

    def loaded(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Convert the rows that the driver returned."""
        load = self.load
        return rows if load is None else [load(row) for row in rows]


class Statements:
    """The compiled statements of one kind of database. It keeps them, so each must be built once.

    A statement has several texts if they depend on which columns have values, or on how many values a list has.
    `combines` says whether one statement can make several changes (persistence/combined.py).
    """

    def __init__(self, dialect: Dialect, codecs: Codecs, *, combines: bool) -> None:
        self.combines: Final = combines
        self._dialect = dialect
        self._codecs = codecs
        self._found: dict[Executable, Compiled | dict[tuple[object, ...], Compiled]] = {}

    def compiled(self, statement: Executable, parameters: Parameters) -> Compiled:
        """Return what *statement* was compiled to, for parameters of these names.

        Raises RuntimeError if one is missing, and TypeError for a column type without a codec.
        """
        found = self._found.get(statement)
        if isinstance(found, Compiled):
            return found
        if found is None:
            if len(self._found) >= _MOST:
                message = f"too many statements: build each once, unlike {statement}"
                raise RuntimeError(message)
            found = self._found[statement] = {} if _varies(statement) else self._compile(statement, parameters)
            if isinstance(found, Compiled):
                return found
        shape = tuple([(name, len(v)) if isinstance(v, list) else name for name, v in parameters.items()])
        if shape not in found:
            found[shape] = self._compile(statement, parameters)
        return found[shape]

    def _compile(self, statement: Executable, parameters: Parameters) -> Compiled:
        assert isinstance(statement, ClauseElement)
        lists = {name: value for name, value in parameters.items() if isinstance(value, list)}
        compiled = _completed(statement, parameters).compile(
            dialect=self._dialect, column_keys=list(parameters), compile_kwargs={"render_postcompile": bool(lists)}
        )
        assert isinstance(compiled, SQLCompiler)
        columns = getattr(statement, "exported_columns", ())
        return Compiled(
            compiled.string,
            self._binder(compiled, parameters, lists),
            _loader([self._codec(column.type).load for column in columns]),
            _BULK in statement.get_execution_options(),
        )

    def _binder(
        self, compiled: SQLCompiler, parameters: Parameters, lists: Mapping[str, list[object]]
    ) -> Callable[[Parameters], Values]:
        """`def convert(given): return (dump0(given["id"]), given["roles"][1], constant2)`."""
        # The values of a list are parameters of their own: `roles_1`, `roles_2`.
        items = {f"{name}_{n + 1}": (name, n) for name, value in lists.items() for n in range(len(value))}
        known: dict[str, object] = {}
        values = []
        for index, name in enumerate(compiled.positiontup or ()):
            source, item = items.get(name, (name, None))
            parameter = compiled.binds[source]
            dump = self._codec(parameter.type).dump
            value = f"given[{source!r}]" if item is None else f"given[{source!r}][{item}]"
            if source not in parameters:
                value = f"constant{index}"
                known[value] = parameter.effective_value
            if dump is not None:
                known[f"dump{index}"] = dump
                value = f"None if (v := {value}) is None else dump{index}(v)"
            values.append(value)
        return function_of([f"return ({''.join(f'{value}, ' for value in values)})"], known)

    def _codec(self, kind: TypeEngine[Any]) -> Codec:
        for each in type(kind).__mro__:
            if each in self._codecs:
                return self._codecs[each]
        message = f"a column type without a codec: {kind!r}"
        raise TypeError(message)


def padded(values: Sequence[object]) -> list[object]:
    """Return the values of a list that means a set, of one of few lengths: each length has a text of its own."""
    length = 1 << max(0, len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (length - len(values))] if values else []


def _varies(statement: Executable) -> bool:
    """Whether the text depends on which parameters are given, or on how long one is."""
    assert isinstance(statement, ClauseElement)
    return isinstance(statement, UpdateBase) or any(
        isinstance(part, BindParameter) and part.expanding for part in iterate(statement)
    )


def _completed(statement: ClauseElement, parameters: Parameters) -> ClauseElement:
    """Return the statement with what must be known to compile it: the lists, whose items become parameters."""

    def complete(part: BindParameter[Any]) -> None:
        if part.required and part.key not in parameters:
            message = f"no value for the parameter {part.key!r} of {statement}"
            raise RuntimeError(message)
        part.required = False
        if part.expanding and part.key in parameters:
            part.value = parameters[part.key]

    return cloned_traverse(statement, {}, {"bindparam": complete})


def _loader(loads: Sequence[Callable[[Any], Any] | None]) -> Callable[[Row], Row] | None:
    """`def convert(given): (v0, v1,) = given; return (v0, None if v1 is None else load1(v1),)`."""
    if not any(loads):
        return None
    known = {f"load{index}": load for index, load in enumerate(loads) if load is not None}
    names = "".join(f"v{index}, " for index in range(len(loads)))
    values = "".join(
        f"v{index}, " if load is None else f"None if v{index} is None else load{index}(v{index}), "
        for index, load in enumerate(loads)
    )
    return function_of([f"({names}) = given", f"return ({values})"], known)
