"""Rename the column of the response that is kept for an idempotency key."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column gets its new name; its content stays."""
    _rename("answer", "response")


def downgrade() -> None:
    """The column gets its old name back; its content stays."""
    _rename("response", "answer")


def _rename(old: str, new: str) -> None:
    # Not `alter_column`: on SQLite it would create the table again. This statement works on both databases.
    op.execute(f"ALTER TABLE idempotency_keys RENAME COLUMN {old} TO {new}")
