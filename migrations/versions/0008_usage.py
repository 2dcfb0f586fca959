"""What each workspace takes of the storage."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS = ("content_bytes", "log_bytes", "log_from", "kept_day", "kept_bytes", "kept_before_bytes")
_ROW_BYTES = 300


def upgrade() -> None:
    """Counts what exists, once. Responses that are kept already do not count: they expire within a day."""
    with op.batch_alter_table("workspaces") as workspaces:
        for name in _COLUMNS:
            workspaces.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    content = f"{_taken('projects', 'name', 'description')} + {_taken('tasks', 'title', 'description')}"
    op.execute(f"UPDATE workspaces SET content_bytes = {content}, log_bytes = {_taken('events', 'body', row_bytes=0)}")  # noqa: S608 -- our own names


def downgrade() -> None:
    """Nothing is lost that could not be counted again."""
    with op.batch_alter_table("workspaces") as workspaces:
        for name in reversed(_COLUMNS):
            workspaces.drop_column(name)


def _taken(table: str, *texts: str, row_bytes: int = _ROW_BYTES) -> str:
    """The bytes of a workspace's rows in *table*."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    octets = "length(CAST({} AS BLOB))" if is_sqlite else "octet_length({})"
    row = " + ".join([str(row_bytes), *(f"coalesce({octets.format(text)}, 0)" for text in texts)])
    return f"coalesce((SELECT sum({row}) FROM {table} WHERE workspace_id = workspaces.id), 0)"  # noqa: S608 -- as above
