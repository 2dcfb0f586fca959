"""The table of the trash: one row for each deletion.

What was deleted stays where it was, with the id of the row here in its column `trash_id`.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, Text, Uuid

from persistence.metadata import INSTANT, UNLOGGED, metadata

trash: Final = Table(
    "trash",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("thing_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("deleted_at", INSTANT, nullable=False),
    Column("deleted_by", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("is_restoring", Boolean, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    Index("uq_trash_thing_id", "workspace_id", "thing_id", "kind", unique=True),
    Index("ix_trash_kind", "workspace_id", "kind", "id"),
    Index("ix_trash_expires_at", "expires_at"),
    info=UNLOGGED,  # the events are those of the things
)
