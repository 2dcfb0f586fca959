"""Comments on tasks."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """There are none."""
    op.create_table(
        "comments",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("edited_at", _INSTANT, nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("trash_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_comments"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "task_id"],
            ["tasks.workspace_id", "tasks.id"],
            name="fk_comments_task_id",
            ondelete="CASCADE",
        ),
    )
    _create_index("created_at", ["task_id", "created_at", "id"], where=sa.text("trash_id IS NULL"))
    _create_index("trash_id", ["trash_id", "id"], where=sa.text("trash_id IS NOT NULL"))
    _create_index("task_id", ["task_id", "trash_id"], where=None)


def _create_index(name: str, columns: list[str], *, where: sa.TextClause | None) -> None:
    op.create_index(
        f"ix_comments_{name}",
        "comments",
        ["workspace_id", *columns],
        postgresql_where=where,
        sqlite_where=where,
    )


def downgrade() -> None:
    """All comments are lost, and no longer count against the quota."""
    octets = "length(CAST(text AS BLOB))" if op.get_bind().dialect.name == "sqlite" else "octet_length(text)"
    size = f"SELECT sum(300 + {octets}) FROM comments WHERE workspace_id = workspaces.id"  # noqa: S608 -- our own names
    op.execute(f"UPDATE workspaces SET content_bytes = content_bytes - coalesce(({size}), 0)")  # noqa: S608 -- as above
    op.drop_table("comments")
