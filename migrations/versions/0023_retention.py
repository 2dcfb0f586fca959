"""What is old is deleted from the logs of workspaces."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_EXISTS = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Each log that exists seems to be old. The purge job finds each of them once, and stores of which day it is."""
    op.add_column("workspaces", sa.Column("log_day", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(sa.table("workspaces", sa.column("log_day")).update().values(log_day=1))
    op.create_index("ix_workspaces_log_day", "workspaces", ["log_day"], postgresql_where=_EXISTS, sqlite_where=_EXISTS)


def downgrade() -> None:
    """It can be found out again. What was deleted stays deleted."""
    op.drop_index("ix_workspaces_log_day", "workspaces")
    op.drop_column("workspaces", "log_day")
