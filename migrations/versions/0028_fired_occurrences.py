"""What reminders that have fired were for: when the task was due, and the occurrence that it was at."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, TypeEngine[Any]] = {
    "due_date": sa.Date(),
    "due_time": sa.Time(),
    "due_time_zone": sa.Text(),
    "occurrence_date": sa.Date(),
    "occurrence_time": sa.Time(),
    "occurrence_time_zone": sa.Text(),
}


def upgrade() -> None:
    """Those that have fired already are for nothing that is known: their tasks may have moved since."""
    for name, kind in _COLUMNS.items():
        op.add_column("fired_reminders", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """What has fired stays."""
    for name in reversed(_COLUMNS):
        op.drop_column("fired_reminders", name)
