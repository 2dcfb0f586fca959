"""When a workspace was deleted: what was in it is deleted later, some rows at a time."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_IS_DELETED = sa.text("deleted_at IS NOT NULL")
_WITHIN = {
    **dict.fromkeys(("tasks", "projects", "events", "tombstones"), "workspace_id"),
    **dict.fromkeys(("client_ids", "idempotency_keys"), "space_id"),
    "workspaces": "id",
}


def upgrade() -> None:
    """Workspaces that were deleted by an older version are not there any more."""
    op.add_column("workspaces", sa.Column("deleted_at", _INSTANT, nullable=True))
    op.create_index(
        "ix_workspaces_deleted_at",
        "workspaces",
        ["deleted_at"],
        postgresql_where=_IS_DELETED,
        sqlite_where=_IS_DELETED,
    )


def downgrade() -> None:
    """What is left of deleted workspaces is deleted at once."""
    for table, key in _WITHIN.items():
        op.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT id FROM workspaces WHERE deleted_at IS NOT NULL)")  # noqa: S608 -- our own names
    op.drop_index("ix_workspaces_deleted_at", "workspaces")
    op.drop_column("workspaces", "deleted_at")
