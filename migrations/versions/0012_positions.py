"""Positions are unique."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ORDERS = {
    "tasks": ["workspace_id", "project_id", "position"],
    "projects": ["workspace_id", "position"],
    "sections": ["workspace_id", "project_id", "position"],
    "labels": ["workspace_id", "position"],
}
_REPLACED = ("sections", "labels")


def upgrade() -> None:
    """The domain has made them unique from the first one on."""
    for table in _REPLACED:
        op.drop_index(f"ix_{table}_position", table)
    for table, columns in _ORDERS.items():
        op.create_index(f"uq_{table}_position", table, columns, unique=True)


def downgrade() -> None:
    """Nothing is lost."""
    for table in _ORDERS:
        op.drop_index(f"uq_{table}_position", table)
    for table in _REPLACED:
        op.create_index(f"ix_{table}_position", table, [*_ORDERS[table], "id"])
