"""Tasks are listed by section; by position they are read from one section after the other."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ORDERS = {
    "due": "due_key",
    "priority": "priority",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
_LIVE = "trash_id IS NULL"
_SECTIONED = f"section_id IS NOT NULL AND {_LIVE}"
_UNSECTIONED = f"section_id IS NULL AND {_LIVE}"


def upgrade() -> None:
    """Nothing changes but the indexes."""
    for name in ("ix_tasks_position", "ix_tasks_project_position"):
        op.drop_index(name, "tasks")
    _create("ix_tasks_project_position", "project_id", "status", "position", where=_UNSECTIONED)
    _create("ix_tasks_section_position", "section_id", "status", "position", where=_SECTIONED)
    for name, column in _ORDERS.items():
        _create(f"ix_tasks_section_{name}", "section_id", "status", column, "id", where=_SECTIONED)


def downgrade() -> None:
    """Nothing is lost."""
    for name in ("position", *_ORDERS):
        op.drop_index(f"ix_tasks_section_{name}", "tasks")
    op.drop_index("ix_tasks_project_position", "tasks")
    _create("ix_tasks_project_position", "project_id", "status", "position", "id", where=_LIVE)
    _create("ix_tasks_position", "status", "position", "id", where=_LIVE)


def _create(name: str, *columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "tasks", ["workspace_id", *columns], postgresql_where=condition, sqlite_where=condition)
