"""Accounts and sessions; workspaces with members, projects and tasks.

A migration states the schema of its time. It imports nothing of the application, whose tables change later.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_SORTED_TEXT: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TASK_ORDERS = {
    "position": "position",
    "due": "due_key",
    "priority": "priority",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
_TABLES = (
    "users",
    "sessions",
    "access_tokens",
    "refresh_tokens",
    "workspaces",
    "members",
    "projects",
    "tasks",
)


def upgrade() -> None:
    """Everything is new."""
    _create_accounts()
    _create_tokens()
    _create_workspaces()
    _create_projects()
    _create_tasks()


def downgrade() -> None:
    """Everything is lost."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("last_refreshed_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_sessions_user_id_id", "sessions", ["user_id", "id"])


def _create_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_access_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_access_tokens_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_access_tokens_session_id", "access_tokens", ["session_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("replaced_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_refresh_tokens_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])


def _create_workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
    )
    op.create_table(
        "members",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="pk_members"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_members_workspace_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'admin', 'owner')", name=op.f("ck_members_role")),
    )
    op.create_index("ix_members_user_id_workspace_id", "members", ["user_id", "workspace_id"])


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("is_inbox", sa.Boolean(), nullable=False),
        sa.Column("archived_at", _INSTANT, nullable=True),
        sa.Column("position", _SORTED_TEXT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_projects"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_projects_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "uq_projects_inbox",
        "projects",
        ["workspace_id"],
        unique=True,
        postgresql_where=sa.text("is_inbox"),
        sqlite_where=sa.text("is_inbox = 1"),
    )
    for name, condition in (
        ("ix_projects_active_position", sa.text("archived_at IS NULL")),
        ("ix_projects_archived_position", sa.text("archived_at IS NOT NULL")),
    ):
        op.create_index(
            name,
            "projects",
            ["workspace_id", "position", "id"],
            postgresql_where=condition,
            sqlite_where=condition,
        )


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("due_time", sa.Time(), nullable=True),
        sa.Column("due_time_zone", sa.Text(), nullable=True),
        sa.Column("due_key", _SORTED_TEXT, nullable=False),
        sa.Column("position", _SORTED_TEXT, nullable=False),
        sa.Column("completed_at", _INSTANT, nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_tasks"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "project_id"],
            ["projects.workspace_id", "projects.id"],
            name="fk_tasks_project_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("status IN ('open', 'completed')", name=op.f("ck_tasks_status")),
        sa.CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_tasks_completed_at")),
        sa.CheckConstraint("priority BETWEEN 0 AND 4", name=op.f("ck_tasks_priority")),
        sa.CheckConstraint("due_date IS NOT NULL OR due_time IS NULL", name=op.f("ck_tasks_due_time")),
        sa.CheckConstraint("due_time IS NOT NULL OR due_time_zone IS NULL", name=op.f("ck_tasks_due_time_zone")),
    )
    for name, column in _TASK_ORDERS.items():
        op.create_index(f"ix_tasks_{name}", "tasks", ["workspace_id", "status", column, "id"])
        op.create_index(f"ix_tasks_project_{name}", "tasks", ["workspace_id", "project_id", "status", column, "id"])
