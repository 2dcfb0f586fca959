from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Index, Integer, MetaData, Table, Text, create_engine, select

from persistence.mapping import Mapper, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    kind: str
    at: tuple[int, int]
    given: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    kind: str
    given: int


TABLES = MetaData()
places = Table(
    "places",
    TABLES,
    *(
        Column("given", Integer),
        Column("kind", Text),
        Column("x", Integer),
        Column("y", Integer),
        Column("sum", Integer),
        Index("ix_places_kind", "kind"),
    ),
)
owners = Table("owners", TABLES, Column("name", Text))
MAPPER = Mapper(
    Place,
    places,
    stored={"at": Stored(columns=(places.c.x, places.c.y), dump=lambda at: at, load=lambda x, y: (x, y))},
    only_read={"owner": owners.c.name},
    derived={"sum": lambda place: sum(place.at)},
    fixed=("given",),
)
HOME = Place(kind="home", at=(1, 2), given=3, owner="Ada")


@pytest.fixture
def engine() -> Engine:
    created = create_engine("sqlite://")
    TABLES.create_all(created)
    return created


def test_what_is_written_is_read_back(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(owners.insert(), {"name": "Ada"})
        connection.execute(places.insert(), MAPPER.values(HOME))
        rows = connection.execute(select(*MAPPER.columns).join_from(places, owners, places.c.given == 3)).all()
    engine.dispose()

    assert MAPPER.all(rows) == [HOME]
    assert MAPPER.one(rows[0]) == HOME
    assert MAPPER.one(None) is None


def test_what_is_read_behaves_as_what_was_constructed() -> None:
    read = MAPPER.load(("home", 1, 2, 3, "Ada"))

    assert type(read) is Place
    assert (hash(read), repr(read)) == (hash(HOME), repr(HOME))
    assert replace(read, given=4) == replace(HOME, given=4)
    with pytest.raises(FrozenInstanceError):
        read.given = 4  # type: ignore[misc]  # it is frozen


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_missing_is_not_loaded(nothing: str | None) -> None:
    words = Stored(columns=(places.c.kind,), dump=lambda _: ("",), load=str.split, without="()")
    mapper = Mapper(Owned, places, stored={"kind": words})

    assert [mapper.load((text, 1)).kind for text in (nothing, "a b")] == [(), ["a", "b"]]


def test_the_values_have_the_names_of_the_table_s_columns() -> None:
    assert MAPPER.values(HOME) == {"kind": "home", "x": 1, "y": 2, "given": 3, "sum": 3}


def test_an_indexed_column_is_among_the_changes_only_if_its_value_changes() -> None:
    """SQLite updates every index of a column that an update names."""
    older, elsewhere = replace(HOME, kind="office"), replace(HOME, at=(1, 3))

    assert MAPPER.changes(HOME, before=elsewhere) == {"x": 1, "y": 2, "sum": 3}
    assert MAPPER.changes(HOME, before=older) == {"kind": "home", "x": 1, "y": 2, "sum": 3}


def test_a_fixed_field_is_not_among_the_changes() -> None:
    assert MAPPER.changes(HOME) == {"kind": "home", "x": 1, "y": 2, "sum": 3}


def test_a_field_without_a_column_is_an_error_at_import() -> None:
    with pytest.raises(KeyError, match="owner"):
        Mapper(Place, places, stored={"at": Stored(columns=(places.c.x,), dump=lambda at: at, load=lambda x: x)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"fixed": ("givn",)},
        {"only_read": {"ownr": owners.c.name}},
        {"stored": {"art": Stored(columns=(places.c.x,), dump=lambda at: at, load=lambda x: x)}},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_name_that_is_not_a_field_is_an_error_at_import(wrong: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match=r"givn|ownr|art"):
        Mapper(Owned, places, **wrong)


@dataclass(frozen=True, kw_only=True)
class WithoutSlots:
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    kind: str

    def __post_init__(self) -> None:
        assert self.kind


@pytest.mark.parametrize("kind", [WithoutSlots, Checked])
def test_a_class_whose_constructor_a_row_would_need_is_an_error_at_import(kind: type[object]) -> None:
    with pytest.raises(TypeError, match=r"layout differs|__post_init__"):
        Mapper(kind, places)
