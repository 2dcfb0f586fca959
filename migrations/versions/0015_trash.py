"""Deleted things stay in the trash for a while."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_TABLES = ("task_dependencies", "task_labels", "tasks", "sections", "labels", "projects")
_TEXTS = {
    "tasks": ("title", "description", "metadata"),
    "sections": ("name",),
    "labels": ("name",),
    "projects": ("name", "description"),
}
"""What counts against the quota, with _ROW_BYTES for each row."""
_ROW_BYTES = "300"
_LIVE = "trash_id IS NULL"
_ORDERS = {
    "position": "position",
    "due": "due_key",
    "priority": "priority",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
_Indexes = dict[str, tuple[str, list[str], str | None]]
"""By name: the table, the columns, and the condition."""
_INDEXES: _Indexes = {
    **{f"ix_tasks_{name}": ("tasks", ["workspace_id", "status", key, "id"], None) for name, key in _ORDERS.items()},
    **{
        f"ix_tasks_project_{name}": ("tasks", ["workspace_id", "project_id", "status", key, "id"], None)
        for name, key in _ORDERS.items()
    },
    "uq_tasks_position": ("tasks", ["workspace_id", "project_id", "position"], None),
    "uq_projects_position": ("projects", ["workspace_id", "position"], None),
    "uq_sections_position": ("sections", ["workspace_id", "project_id", "position"], None),
    "uq_labels_position": ("labels", ["workspace_id", "position"], None),
    "ix_tasks_parent_id": ("tasks", ["workspace_id", "parent_id", "id"], "parent_id IS NOT NULL"),
    "uq_labels_name_key": ("labels", ["workspace_id", "name_key"], None),
    **{
        f"ix_projects_{name}_position": ("projects", ["workspace_id", "position", "id"], f"archived_at IS {state}")
        for name, state in (("active", "NULL"), ("archived", "NOT NULL"))
    },
}
"""What lists and looks for live things: from now on without those in the trash."""
_BEFORE: _Indexes = {
    "ix_tasks_section_id": ("tasks", ["workspace_id", "section_id", "id"], "section_id IS NOT NULL"),
    "ix_task_labels_label_id": ("task_labels", ["workspace_id", "label_id", "task_id"], None),
}
_AFTER: _Indexes = {
    "ix_tasks_section_id": ("tasks", ["workspace_id", "section_id", "trash_id", "id"], "section_id IS NOT NULL"),
    "ix_task_labels_label_id": ("task_labels", ["workspace_id", "label_id", "trash_id", "task_id"], None),
    "ix_tasks_project_id": ("tasks", ["workspace_id", "project_id"], "trash_id IS NOT NULL"),
    "ix_tasks_trash_id": ("tasks", ["workspace_id", "trash_id", "id"], "trash_id IS NOT NULL"),
    "ix_sections_project_id": ("sections", ["workspace_id", "project_id"], "trash_id IS NOT NULL"),
    "ix_sections_trash_id": ("sections", ["workspace_id", "trash_id"], "trash_id IS NOT NULL"),
}


def upgrade() -> None:
    """What was deleted before is not in the trash."""
    op.create_table(
        "trash",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("deleted_at", _INSTANT, nullable=False),
        sa.Column("deleted_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("is_restoring", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_trash"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_trash_workspace_id", ondelete="CASCADE"),
    )
    op.create_index("uq_trash_thing_id", "trash", ["workspace_id", "thing_id", "kind"], unique=True)
    op.create_index("ix_trash_kind", "trash", ["workspace_id", "kind", "id"])
    op.create_index("ix_trash_expires_at", "trash", ["expires_at"])
    _drop({**_INDEXES, **_BEFORE})
    for table in _TABLES:
        op.add_column(table, sa.Column("trash_id", sa.Uuid(), nullable=True))
    live = {
        name: (table, columns, _LIVE if condition is None else f"{condition} AND {_LIVE}")
        for name, (table, columns, condition) in _INDEXES.items()
    }
    _create({**live, **_AFTER})


def downgrade() -> None:
    """What is in the trash is lost, and no longer counts against the quota."""
    _count_less()
    _drop({**_INDEXES, **_AFTER})
    for table in _TABLES:
        op.execute(f"DELETE FROM {table} WHERE trash_id IS NOT NULL")  # noqa: S608 -- our own names
        op.drop_column(table, "trash_id")
    _create({**_INDEXES, **_BEFORE})
    op.drop_table("trash")


def _count_less() -> None:
    octets = "length(CAST({} AS BLOB))" if op.get_bind().dialect.name == "sqlite" else "octet_length({})"
    for table, texts in _TEXTS.items():
        row = " + ".join([_ROW_BYTES, *map(octets.format, texts)])
        size = f"SELECT sum({row}) FROM {table} WHERE workspace_id = workspaces.id AND trash_id IS NOT NULL"  # noqa: S608 -- our own names
        op.execute(f"UPDATE workspaces SET content_bytes = content_bytes - coalesce(({size}), 0)")  # noqa: S608 -- as above


def _drop(indexes: _Indexes) -> None:
    for name, (table, _, _) in indexes.items():
        op.drop_index(name, table)


def _create(indexes: _Indexes) -> None:
    for name, (table, columns, condition) in indexes.items():
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, columns, unique=name.startswith("uq_"), postgresql_where=where, sqlite_where=where)
