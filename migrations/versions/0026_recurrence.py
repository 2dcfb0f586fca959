"""How tasks recur."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_COLUMNS: dict[str, TypeEngine[Any]] = {
    "recurrence_rule": sa.Text(),
    "recurrence_anchor": sa.Text(),
    "recurrence_overdue": sa.Text(),
    "series_start_date": sa.Date(),
    "series_start_time": sa.Time(),
    "occurrence_date": sa.Date(),
    "occurrence_time": sa.Time(),
    "occurrence_since": _INSTANT,
    "remaining": sa.BigInteger(),
}
_COMPLETE = (
    "recurrence_rule IS NULL OR (due_date IS NOT NULL AND recurrence_anchor IS NOT NULL"
    " AND recurrence_overdue IS NOT NULL AND series_start_date IS NOT NULL AND occurrence_date IS NOT NULL"
    " AND occurrence_since IS NOT NULL)"
)
_TIMED = (
    "recurrence_rule IS NULL OR ((series_start_time IS NULL) = (due_time IS NULL)"
    " AND (occurrence_time IS NULL) = (due_time IS NULL))"
)
_CHECKS = {
    "recurrence_anchor": ("recurrence_anchor", "recurrence_anchor IN ('due', 'completion')"),
    "recurrence_overdue": ("recurrence_overdue", "recurrence_overdue IN ('skip', 'step')"),
    "recurrence": ("occurrence_since", _COMPLETE),
    "recurrence_time": ("remaining", _TIMED),
}
"""Each with the column that it is added with: SQLite adds a constraint to a table only with a column."""


def upgrade() -> None:
    """No task recurs."""
    for name, kind in _COLUMNS.items():
        checks = [
            f"CONSTRAINT ck_tasks_{check} CHECK ({condition})"
            for check, (column, condition) in _CHECKS.items()
            if column == name
        ]
        op.execute(f"ALTER TABLE tasks ADD COLUMN {name} {kind.compile(op.get_bind().dialect)} {' '.join(checks)}")


def downgrade() -> None:
    """No task recurs any more: it is due when it is due now. Its rule does not count against the quota."""
    octets = "length(CAST({} AS BLOB))" if op.get_bind().dialect.name == "sqlite" else "octet_length({})"
    size = f"SELECT sum({octets.format('recurrence_rule')}) FROM tasks WHERE workspace_id = workspaces.id"  # noqa: S608 -- our own names
    op.execute(f"UPDATE workspaces SET content_bytes = content_bytes - coalesce(({size}), 0)")  # noqa: S608 -- as above
    for name in reversed(_COLUMNS):
        op.drop_column("tasks", name)
