from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Select, Table, Text, create_engine, select

from persistence.paging import Place, ordered, page_parameters

things = Table("things", MetaData(), Column("name", Text), Column("id", Integer))
ROWS = [("b", 1), ("a", 2), ("b", 3), ("a", 4), ("c", 0)]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    things.create(engine)
    with engine.begin() as created:
        created.execute(things.insert(), [{"name": name, "id": number} for name, number in ROWS])
        yield created
    engine.dispose()


def in_pages(connection: Connection, *columns: Column[Any], descending: bool) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    after: Place | None = None
    for _ in range(10):
        rows: Select[Any] = select(*columns)
        statement = ordered(rows, columns, descending=descending, resumed=after is not None)
        page = connection.execute(statement, page_parameters(after, 2)).all()
        found += [tuple(row) for row in page]
        if not page:
            return found
        after = found[-1]
    raise AssertionError("no end")


@pytest.mark.parametrize("descending", [False, True])
def test_pages_follow_each_other_in_the_order_of_the_columns(connection: Connection, *, descending: bool) -> None:
    by_both = in_pages(connection, things.c.name, things.c.id, descending=descending)
    assert by_both == sorted(ROWS, reverse=descending)
    by_id = in_pages(connection, things.c.id, descending=descending)
    assert by_id == sorted(((number,) for _, number in ROWS), reverse=descending)
