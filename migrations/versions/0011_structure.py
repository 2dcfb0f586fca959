"""Sections, labels and subtasks; a start, clients' own data, and a third status of tasks."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_SORTED_TEXT: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ORDERS = {
    "position": "position",
    "due": "due_key",
    "priority": "priority",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
_TEXTS = ("label_ids", "metadata")
_IDS = ("section_id", "parent_id")
_START: dict[str, TypeEngine[Any]] = {"start_date": sa.Date(), "start_time": sa.Time(), "start_time_zone": sa.Text()}
_CHECKS = {
    "start_time": "start_date IS NOT NULL OR start_time IS NULL",
    "start_time_zone": "start_time IS NOT NULL OR start_time_zone IS NULL",
}
_STATUSES = "status IN ('open', 'completed', 'cancelled')"
_STATUSES_BEFORE = "status IN ('open', 'completed')"


def upgrade() -> None:
    """Tasks have no start, no labels and no data of clients."""
    _create_sections()
    if op.get_context().dialect.name == "sqlite":
        _make_anew(_tasks(is_new=True), has_new=False)
    else:
        _add_to_tasks()
    for name in _IDS:
        condition = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_tasks_{name}",
            "tasks",
            ["workspace_id", name, "id"],
            postgresql_where=condition,
            sqlite_where=condition,
        )
    _create_labels()


def _add_to_tasks() -> None:
    for name in (*_IDS, "closed_with"):
        op.add_column("tasks", sa.Column(name, sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_tasks_section_id",
        "tasks",
        "sections",
        ["workspace_id", "section_id"],
        ["workspace_id", "id"],
        ondelete="CASCADE",
    )
    for name, kind in _START.items():
        op.add_column("tasks", sa.Column(name, kind, nullable=True))
    for name in _TEXTS:
        op.add_column("tasks", sa.Column(name, sa.Text(), nullable=False, server_default=""))
        op.alter_column("tasks", name, server_default=None)
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_tasks_{name}"), "tasks", condition)
    _set_statuses(_STATUSES)


def downgrade() -> None:
    """Starts, labels, sections and data of clients are lost and no longer count; cancelled tasks are open."""
    octets = "length(CAST({} AS BLOB))" if op.get_context().dialect.name == "sqlite" else "octet_length({})"
    for table, text, row_bytes in (("labels", "name", 300), ("sections", "name", 300), ("tasks", "metadata", 0)):
        row = f"{row_bytes} + {octets.format(text)}"
        size = f"SELECT sum({row}) FROM {table} WHERE workspace_id = workspaces.id"  # noqa: S608 -- our own names
        op.execute(f"UPDATE workspaces SET content_bytes = content_bytes - coalesce(({size}), 0)")  # noqa: S608 -- as above
    for name in _IDS:
        op.drop_index(f"ix_tasks_{name}", "tasks")
    op.drop_table("task_labels")
    op.drop_table("labels")
    rows = sa.table("tasks", sa.column("status", sa.Text))
    op.execute(rows.update().where(rows.c.status == "cancelled").values(status="open"))
    if op.get_context().dialect.name == "sqlite":
        _make_anew(_tasks(is_new=False), has_new=True)
        op.drop_table("sections")
        return
    _set_statuses(_STATUSES_BEFORE)
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_tasks_{name}"), "tasks", type_="check")
    op.drop_constraint("fk_tasks_section_id", "tasks", type_="foreignkey")
    for name in (*_TEXTS, *_START, *_IDS, "closed_with"):
        op.drop_column("tasks", name)
    op.drop_table("sections")


def _create_sections() -> None:
    op.create_table(
        "sections",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", _SORTED_TEXT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_sections"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "project_id"],
            ["projects.workspace_id", "projects.id"],
            name="fk_sections_project_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sections_position", "sections", ["workspace_id", "project_id", "position", "id"])


def _create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", _SORTED_TEXT, nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("position", _SORTED_TEXT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_labels"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_labels_workspace_id", ondelete="CASCADE"),
    )
    op.create_index("uq_labels_name_key", "labels", ["workspace_id", "name_key"], unique=True)
    op.create_index("ix_labels_position", "labels", ["workspace_id", "position", "id"])
    op.create_table(
        "task_labels",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "task_id", "label_id", name="pk_task_labels"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "task_id"],
            ["tasks.workspace_id", "tasks.id"],
            name="fk_task_labels_task_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "label_id"],
            ["labels.workspace_id", "labels.id"],
            name="fk_task_labels_label_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_task_labels_label_id", "task_labels", ["workspace_id", "label_id", "task_id"])


def _set_statuses(condition: str) -> None:
    name = op.f("ck_tasks_status")
    op.drop_constraint(name, "tasks", type_="check")
    op.create_check_constraint(name, "tasks", condition)


def _make_anew(table: sa.Table, *, has_new: bool) -> None:
    """SQLite cannot change a constraint. What only one of the two tables has is nothing, or is lost."""
    shared = [column for column in table.columns if column.name not in {*_START, *_TEXTS, *_IDS, "closed_with"}]
    before = sa.table("tasks_before", *(sa.column(column.name, column.type) for column in shared))
    for index in table.indexes:
        op.drop_index(str(index.name), table.name)
    op.rename_table(table.name, before.name)
    op.execute(sa.schema.CreateTable(table))
    names = [column.name for column in shared]
    values: list[sa.ColumnElement[Any]] = list(before.columns)
    if not has_new:
        names += _TEXTS
        values += [sa.literal("") for _ in _TEXTS]
    op.execute(table.insert().from_select(names, sa.select(*values)))
    op.drop_table(before.name)
    for index in table.indexes:
        op.execute(sa.schema.CreateIndex(index))


def _tasks(*, is_new: bool) -> sa.Table:
    metadata = sa.MetaData()
    for name in ("projects", "sections"):
        sa.Table(name, metadata, sa.Column("workspace_id", sa.Uuid()), sa.Column("id", sa.Uuid()))
    start = [sa.Column(name, kind, nullable=True) for name, kind in (_START if is_new else {}).items()]
    checks = _CHECKS if is_new else {}
    return sa.Table(
        "tasks",
        metadata,
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in (_IDS if is_new else ())),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        *start,
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("due_time", sa.Time(), nullable=True),
        sa.Column("due_time_zone", sa.Text(), nullable=True),
        sa.Column("due_key", _SORTED_TEXT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (_TEXTS if is_new else ())),
        sa.Column("position", _SORTED_TEXT, nullable=False),
        sa.Column("completed_at", _INSTANT, nullable=True),
        *([sa.Column("closed_with", sa.Uuid(), nullable=True)] if is_new else []),
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
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", "section_id"],
                ["sections.workspace_id", "sections.id"],
                name="fk_tasks_section_id",
                ondelete="CASCADE",
            )
            for _ in range(is_new)
        ),
        sa.CheckConstraint(_STATUSES if is_new else _STATUSES_BEFORE, name=op.f("ck_tasks_status")),
        sa.CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_tasks_completed_at")),
        sa.CheckConstraint("priority BETWEEN 0 AND 4", name=op.f("ck_tasks_priority")),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_tasks_{name}")) for name, condition in checks.items()),
        sa.CheckConstraint("due_date IS NOT NULL OR due_time IS NULL", name=op.f("ck_tasks_due_time")),
        sa.CheckConstraint("due_time IS NOT NULL OR due_time_zone IS NULL", name=op.f("ck_tasks_due_time_zone")),
        *(sa.Index(f"ix_tasks_{name}", "workspace_id", "status", column, "id") for name, column in _ORDERS.items()),
        *(
            sa.Index(f"ix_tasks_project_{name}", "workspace_id", "project_id", "status", column, "id")
            for name, column in _ORDERS.items()
        ),
    )
