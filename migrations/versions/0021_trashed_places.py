"""What is in the trash is found by its project only where the query compares the project."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_IN_TRASH = "trash_id IS NOT NULL"


def upgrade() -> None:
    """Nothing changes but the indexes."""
    _create(f"project_id IS NOT NULL AND {_IN_TRASH}")


def downgrade() -> None:
    """Nothing is lost."""
    _create(_IN_TRASH)


def _create(where: str) -> None:
    condition = sa.text(where)
    for table in ("tasks", "sections"):
        name = f"ix_{table}_project_id"
        op.drop_index(name, table)
        op.create_index(name, table, ["workspace_id", "project_id"], postgresql_where=condition, sqlite_where=condition)
