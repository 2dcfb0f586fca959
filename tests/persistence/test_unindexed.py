"""How conditions that decide on PostgreSQL's plan are written."""

from uuid import UUID

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from persistence.compiled import Statements
from persistence.postgresql import CODECS
from persistence.task_rows import tasks
from persistence.unindexed import among

IDS = [UUID(int=1), UUID(int=2)]


@pytest.mark.parametrize(
    ("these", "given", "written"),
    [
        ("ids", IDS[:1], "[$2::UUID]"),
        ("ids", IDS, "[$2::UUID, $3::UUID]"),
        (bindparam("ids", type_=tasks.c.id.type), IDS[0], "[$2::UUID]"),
    ],
)
def test_a_list_is_written_as_an_array_with_a_parameter_for_each_value(
    these: object, given: object, written: str
) -> None:
    condition = among(tasks.c.workspace_id, tasks.c.id, these)  # type: ignore[arg-type]  # of parameters
    statements = Statements(PGDialect_asyncpg(), CODECS, combines=True)  # type: ignore[no-untyped-call]  # SQLAlchemy's

    text = statements.compiled(select(tasks.c.id).where(condition), {"workspace": UUID(int=3), "ids": given}).text

    assert text.endswith(f"WHERE (tasks.workspace_id, tasks.id) IN (SELECT $1::UUID, unnest(ARRAY{written}))")
