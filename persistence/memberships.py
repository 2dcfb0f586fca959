"""The tables of workspaces and members. They are not with their repositories, as the change log needs them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from domain.errors import IdTaken
from persistence.metadata import INSTANT, UNLOGGED, logged_as, means, metadata, partial_index

USAGE: Final = (
    "content_bytes",
    "log_bytes",
    "log_from",
    "kept_day",
    "kept_bytes",
    "kept_before_bytes",
    "open_tasks",
    "log_day",
)
"""The columns of domain.quotas.Usage, in its order."""

workspaces: Final = Table(
    "workspaces",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    *(Column(name, BigInteger, nullable=False, server_default="0") for name in USAGE[:-2]),
    Column("deleted_at", INSTANT),
    Column("open_tasks", BigInteger, nullable=False, server_default="0"),
    Column("changes_from", BigInteger, nullable=False, server_default="0"),
    Column("log_day", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("id", info=means(IdTaken)),
    info=logged_as("workspace"),
)
"""What was deleted with a revision after `changes_from` has a tombstone: cursors from there on have not expired.

A deleted workspace has no members. It is kept until what was in it is deleted (`persistence/erasures.py`)."""
_IS_DELETED: Final = workspaces.c.deleted_at.is_not(None)
Index(None, workspaces.c.deleted_at, postgresql_where=_IS_DELETED, sqlite_where=_IS_DELETED)
partial_index("ix_workspaces_log_day", workspaces.c.log_day, where=~_IS_DELETED)

members: Final = Table(
    "members",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "user_id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    CheckConstraint("role IN ('viewer', 'editor', 'admin', 'owner')", name="role"),
    Index(None, "user_id", "workspace_id"),
    info=logged_as("member"),
)

departures: Final = Table(
    "departures",
    metadata,
    Column("user_id", Uuid, nullable=False),
    Column("departed_at", INSTANT, nullable=False),
    Column("workspace_id", Uuid, nullable=False),
    PrimaryKeyConstraint("user_id", "departed_at", "workspace_id"),
    Index(None, "departed_at"),
    info=UNLOGGED,
)
"""Workspaces that a user is not in any more: they left, were removed, or it was deleted. A cursor of the account's
changes has no ids: they come from here. There is no foreign key, so that a write in a workspace locks no account."""
