"""How many open tasks a workspace has."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count them once."""
    op.add_column("workspaces", sa.Column("open_tasks", sa.BigInteger(), nullable=False, server_default="0"))
    workspaces = sa.table("workspaces", sa.column("id"), sa.column("open_tasks"))
    tasks = sa.table("tasks", sa.column("workspace_id"), sa.column("status"), sa.column("trash_id"))
    count = sa.select(sa.func.count()).where(
        tasks.c.workspace_id == workspaces.c.id, tasks.c.status == "open", tasks.c.trash_id.is_(None)
    )
    op.execute(workspaces.update().values(open_tasks=count.scalar_subquery()))


def downgrade() -> None:
    """It can be counted again."""
    op.drop_column("workspaces", "open_tasks")
