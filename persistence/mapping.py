"""From a row to a frozen dataclass and back, compiled once, at import.

A field is stored in the column of its name, unless the mapper has another rule for it. So a field is declared twice: in
the entity, and in the table.

The constructor of a frozen dataclass calls `object.__setattr__` for each field, and takes six times as long as plain
assignments. A list has 50 rows. So a row is assigned to an object of another class with the same slots, whose class is
changed at the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, Literal, TypeVar

from sqlalchemy import Column, Table

from persistence.compiled import Row
from persistence.generated import function_of

Entity = TypeVar("Entity")
Parts = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How a field is stored that is not one column of its own name and value.

    `dump` returns the values of *columns*, in their order, for the field's value; `load` takes them, and returns it.
    With `without`, the field is that if the first of the columns is null or "", and `load` is not called: most tasks
    have no labels and no due date, and a call for each of 50 tasks is not free.
    """

    columns: Sequence[Column[Any]]
    dump: Callable[[Any], Parts]
    load: Callable[..., Any]
    without: Literal["None", "()", "{}"] | None = None


class Mapper(Generic[Entity]):
    """Reads and writes the rows of *table* as *kind*.

    *stored* has the fields that are not one column each. *only_read* has fields that are not written, each with its
    column, which may be of another table. *derived* has columns that are not read, each with how it follows from the
    entity. *fixed* are the fields that an update does not change. Raises KeyError for a field without a column, and for
    a name that is not a field; TypeError for a class that is more than its slots.
    """

    def __init__(  # noqa: PLR0913  # all that can differ
        self,
        kind: type[Entity],
        table: Table,
        *,
        stored: Mapping[str, Stored] | None = None,
        only_read: Mapping[str, Column[Any]] | None = None,
        derived: Mapping[str, Callable[[Entity], object]] | None = None,
        fixed: Sequence[str] = (),
    ) -> None:
        stored, only_read, derived = stored or {}, only_read or {}, derived or {}
        names = _names(kind)
        for name in {*stored, *only_read, *fixed}.difference(names):
            raise KeyError(name)
        single = {name: only_read[name] if name in only_read else table.c[name] for name in names if name not in stored}
        self.columns: Final = tuple(
            column for name in names for column in (stored[name].columns if name in stored else (single[name],))
        )
        """What a statement must select for `load`, in this order, and nothing else."""
        self.load: Final[Callable[[Row], Entity]] = loader(kind, stored)
        """The entity of a row."""
        written = [name for name in names if name not in only_read]
        self.values: Final[Callable[[Entity], dict[str, Any]]] = _dumper(written, stored, derived)
        """The columns of a new row, by name."""
        changing = [name for name in written if name not in fixed]
        self._changing: Final[Callable[[Entity], dict[str, Any]]] = _dumper(changing, stored, derived)
        self._indexed: Final = {column.name for index in table.indexes for column in index.columns}

    def changes(self, entity: Entity, *, before: Entity | None = None) -> dict[str, Any]:
        """Return the columns that an update sets, by name.

        If it is known what the row was *before*, the indexed columns whose values stay are left out: SQLite updates the
        indexes of all columns that a statement names. The others stay, so that there are few different statements.
        """
        columns = self._changing(entity)
        if before is None:
            return columns
        old, indexed = self._changing(before), self._indexed
        return {name: value for name, value in columns.items() if name not in indexed or value != old[name]}

    def one(self, row: Row | None) -> Entity | None:
        """The entity of a row, if there is one."""
        return None if row is None else self.load(row)

    def all(self, rows: Sequence[Row]) -> list[Entity]:
        """The entities of rows, in their order."""
        return [self.load(row) for row in rows]


def _names(kind: type[Entity]) -> list[str]:
    return [field.name for field in fields(kind)]  # type: ignore[arg-type]  # a dataclass: no bound says so


def loader(kind: type[Entity], stored: Mapping[str, Stored] | None = None) -> Callable[[Row], Entity]:
    """Return what makes a *kind* of the values of its fields, in their order. For those in *stored*, see Stored.

    `def convert(given): (v0,) = given; new = mutable(); new.title = v0; new.__class__ = kind; return new`.
    Raises TypeError as Mapper does.
    """
    stored = stored or {}
    names = _names(kind)
    assignments, count = [], 0
    for name in names:
        width = len(stored[name].columns) if name in stored else 1
        values = ", ".join(f"v{index}" for index in range(count, count + width))
        assignments.append(f"new.{name} = " + (_loaded(name, values, stored[name]) if name in stored else values))
        count += width
    unpacked = ", ".join(f"v{index}" for index in range(count))
    lines = [f"({unpacked},) = given", "new = mutable()", *assignments, "new.__class__ = kind", "return new"]
    loads = {f"load_{name}": each.load for name, each in stored.items()}
    return function_of(lines, {"mutable": _mutable(kind, names), "kind": kind, **loads})


def _loaded(name: str, values: str, how: Stored) -> str:
    call = f"load_{name}({values})"
    return call if how.without is None else f"{call} if {values.partition(',')[0]} else {how.without}"


def _mutable(kind: type[Entity], names: Sequence[str]) -> type:
    """Return a class whose objects can become *kind*'s, and whose fields can be assigned until then.

    Raises TypeError if *kind* has more than slots of these *names*, or its constructor does more than to set them.
    """
    mutable = type(f"Mutable{kind.__name__}", (), {"__slots__": tuple(names)})
    mutable().__class__ = kind
    if hasattr(kind, "__post_init__"):
        message = f"{kind.__name__} has a __post_init__, which a row would not run"
        raise TypeError(message)
    return mutable


def _dumper(
    names: Sequence[str], stored: Mapping[str, Stored], derived: Mapping[str, Callable[[Any], object]]
) -> Callable[[Any], dict[str, Any]]:
    """`def convert(given): (v0, v1) = dump_due(given.due); return {"title": given.title, "due_date": v0, ...}`."""
    lines, items, count = [], [], 0
    for name in names:
        if name not in stored:
            items.append(f"{name!r}: given.{name}")
            continue
        columns = {f"v{count + index}": column.name for index, column in enumerate(stored[name].columns)}
        lines.append(f"({', '.join(columns)},) = dump_{name}(given.{name})")
        items += [f"{column!r}: {value}" for value, column in columns.items()]
        count += len(columns)
    items += [f"{name!r}: derive_{name}(given)" for name in derived]
    dumps = {f"dump_{name}": each.dump for name, each in stored.items()}
    derives = {f"derive_{name}": derive for name, derive in derived.items()}
    return function_of([*lines, f"return {{{', '.join(items)}}}"], {**dumps, **derives})
