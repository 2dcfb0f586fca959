"""The tables. Every constraint and index has a name that says what it is on, and violations are told by it.

A table of workspace data has `workspace_id` first in its primary key and its foreign keys, so that it can be
spread over machines by it; the only link out of a workspace is a user's id, without a foreign key.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    and_,
    literal,
    true,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from domain.model.members import MEMBER_EVENTS

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class Microseconds(TypeDecorator[dt.datetime]):
    """An instant as whole microseconds since 1970, for SQLite, which has no type for one."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 -- a TypeDecorator's signature
        """Raises TypeError for a datetime without an offset."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 -- as above
        """In UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Timestamp(TypeDecorator[dt.datetime]):
    """An instant on PostgreSQL. The driver would take one without an offset for local time; this refuses it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 -- as above
        """Raises TypeError for a datetime without an offset."""
        if value is not None and value.tzinfo is None:
            message = "can't store a time without an offset"
            raise TypeError(message)
        return value


class Words(TypeDecorator[frozenset[str]]):
    """A small set of words, as one text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- as above
        """In order, so that equal sets are equal texts."""
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:  # noqa: ARG002 -- as above
        """A set again."""
        return None if value is None else frozenset(value.split())


INSTANT: Final[TypeEngine[dt.datetime]] = Timestamp().with_variant(Microseconds(), "sqlite")
"""Aware in, and aware and in UTC out."""
SORTED_TEXT: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared byte by byte, on every database and in every locale."""

USAGE: Final = ("content_bytes", "log_bytes", "log_from", "kept_day", "kept_bytes", "kept_before_bytes")
"""What a workspace takes of the storage (domain.quotas.Usage), in this order."""

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

users: Final = Table(
    "users",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("email", Text),
    Column("email_key", Text),
    Column("password_hash", Text),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("email_verified_at", INSTANT),
    Column("new_email", Text),
    PrimaryKeyConstraint("id", name="pk_users"),
    UniqueConstraint("email_key", name="uq_users_email_key"),
    CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email"),
)
"""An account that an identity provider vouches for has no password, and may have no address.

`new_email` takes the place of the address once its mail was read."""

identities: Final = Table(
    "identities",
    metadata,
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
    ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
    Index("ix_identities_user_id", "user_id"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("last_refreshed_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("last_used_at", INSTANT),
    Column("device", Text),
    PrimaryKeyConstraint("id", name="pk_sessions"),
    ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
    Index("ix_sessions_user_id_id", "user_id", "id"),
)

access_tokens: Final = Table(
    "access_tokens",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("digest", name="pk_access_tokens"),
    ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_access_tokens_session_id", ondelete="CASCADE"),
    Index("ix_access_tokens_session_id", "session_id"),
)

refresh_tokens: Final = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("replaced_at", INSTANT),
    PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
    ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_refresh_tokens_session_id", ondelete="CASCADE"),
    Index("ix_refresh_tokens_session_id", "session_id"),
)
_IS_LIVE: Final = refresh_tokens.c.replaced_at.is_(None)
Index(
    "uq_refresh_tokens_live",
    refresh_tokens.c.session_id,
    unique=True,
    postgresql_where=_IS_LIVE,
    sqlite_where=_IS_LIVE,
)
Index(
    "ix_refresh_tokens_live_expires_at",
    refresh_tokens.c.expires_at,
    postgresql_where=_IS_LIVE,
    sqlite_where=_IS_LIVE,
)

account_events: Final = Table(
    "account_events",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("address", Text),
    Column("device", Text),
    Column("session_id", Uuid),
    Column("token_id", Uuid),
    PrimaryKeyConstraint("id", name="pk_account_events"),
    ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_account_events_user_id", ondelete="CASCADE"),
    Index("ix_account_events_user_id_id", "user_id", "id"),
    Index("ix_account_events_recorded_at", "recorded_at"),
)
"""What happened to accounts. It names sessions and tokens that may be gone."""

personal_tokens: Final = Table(
    "personal_tokens",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Words, nullable=False),
    Column("workspace_ids", Words),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT),
    Column("last_used_at", INSTANT),
    PrimaryKeyConstraint("id", name="pk_personal_tokens"),
    ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_personal_tokens_user_id", ondelete="CASCADE"),
    UniqueConstraint("digest", name="uq_personal_tokens_digest"),
    Index("ix_personal_tokens_user_id_id", "user_id", "id"),
    Index("ix_personal_tokens_expires_at", "expires_at"),
)
"""What a token may do rides along in its row, so that one statement tells it; `workspace_ids` are hexadecimal."""

one_time_tokens: Final = Table(
    "one_time_tokens",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("digest", name="pk_one_time_tokens"),
    UniqueConstraint("user_id", "kind", name="uq_one_time_tokens_user_id_kind"),
    ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_one_time_tokens_user_id", ondelete="CASCADE"),
    CheckConstraint("kind IN ('verification', 'reset', 'email_change')", name="kind"),
    Index("ix_one_time_tokens_expires_at", "expires_at"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("user_id", Uuid),
    Column("workspace_id", Uuid),
    Column("invitation_id", Uuid),
    Column("created_at", INSTANT, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("id", name="pk_outbox"),
    ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_outbox_user_id", ondelete="CASCADE"),
    CheckConstraint(
        "kind IN ('verification', 'reset', 'invitation', 'email_change', 'email_changing', 'email_changed')",
        name="kind",
    ),
    Index("ix_outbox_due_at", "due_at"),
    Index("ix_outbox_user_id", "user_id"),
)
"""Mails that are to be sent. None holds a token: it is made when its mail is sent."""
ONE_A_KIND: Final = and_(
    outbox.c.invitation_id.is_(None), outbox.c.kind != literal("email_change", Text, literal_execute=True)
)
"""Which mails an address has one of: the others are each about something of its own."""
Index(
    "uq_outbox_kind_email_key",
    outbox.c.kind,
    outbox.c.email_key,
    unique=True,
    postgresql_where=ONE_A_KIND,
    sqlite_where=ONE_A_KIND,
)

mail_pauses: Final = Table(
    "mail_pauses",
    metadata,
    Column("kind", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("sent_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("kind", "email_key", name="pk_mail_pauses"),
    Index("ix_mail_pauses_sent_at", "sent_at"),
)
"""When an address was last sent a mail that somebody else asked for."""

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
    *(Column(name, BigInteger, nullable=False, server_default="0") for name in USAGE),
    PrimaryKeyConstraint("id", name="pk_workspaces"),
)

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
    PrimaryKeyConstraint("workspace_id", "user_id", name="pk_members"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_members_workspace_id", ondelete="CASCADE"),
    CheckConstraint("role IN ('viewer', 'editor', 'admin', 'owner')", name="role"),
    Index("ix_members_user_id_workspace_id", "user_id", "workspace_id"),
)

invitations: Final = Table(
    "invitations",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary),
    Column("invited_by", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("mailed_at", INSTANT),
    PrimaryKeyConstraint("workspace_id", "id", name="pk_invitations"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_invitations_workspace_id", ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "email_key", name="uq_invitations_workspace_id_email_key"),
    CheckConstraint("role IN ('viewer', 'editor', 'admin', 'owner')", name="role"),
    Index("ix_invitations_digest", "digest"),
    Index("ix_invitations_expires_at", "expires_at"),
)
"""`digest` is the token's, null until there is one; `mailed_at` is when it was mailed. The digest is not unique, so
that the table can be spread by workspace."""

projects: Final = Table(
    "projects",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("is_inbox", Boolean, nullable=False),
    Column("archived_at", INSTANT),
    Column("position", SORTED_TEXT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id", name="pk_projects"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_projects_workspace_id", ondelete="CASCADE"),
)
Index(
    "uq_projects_inbox",
    projects.c.workspace_id,
    unique=True,
    postgresql_where=projects.c.is_inbox,
    sqlite_where=projects.c.is_inbox == true(),  # as a query says it there, or the index is not used
)
for _name, _condition in (
    ("ix_projects_active_position", projects.c.archived_at.is_(None)),
    ("ix_projects_archived_position", projects.c.archived_at.is_not(None)),
):
    Index(
        _name,
        projects.c.workspace_id,
        projects.c.position,
        projects.c.id,
        postgresql_where=_condition,
        sqlite_where=_condition,
    )

tasks: Final = Table(
    "tasks",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("due_date", Date),
    Column("due_time", Time),
    Column("due_time_zone", Text),
    Column("due_key", SORTED_TEXT, nullable=False),
    Column("position", SORTED_TEXT, nullable=False),
    Column("completed_at", INSTANT),
    Column("created_by", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id", name="pk_tasks"),
    ForeignKeyConstraint(
        ["workspace_id", "project_id"],
        ["projects.workspace_id", "projects.id"],
        name="fk_tasks_project_id",
        ondelete="CASCADE",
    ),
    CheckConstraint("status IN ('open', 'completed')", name="status"),
    CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed_at"),
    CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
    CheckConstraint("due_date IS NOT NULL OR due_time IS NULL", name="due_time"),
    CheckConstraint("due_time IS NOT NULL OR due_time_zone IS NULL", name="due_time_zone"),
)

TASK_ORDERS: Final = {
    "position": tasks.c.position,
    "due": tasks.c.due_key,
    "priority": tasks.c.priority,
    "created_at": tasks.c.created_at,
    "updated_at": tasks.c.updated_at,
}
"""What tasks can be listed by, both in a workspace and in a project, read in order from an index."""

for _name, _column in TASK_ORDERS.items():
    Index(f"ix_tasks_{_name}", tasks.c.workspace_id, tasks.c.status, _column, tasks.c.id)
    Index(
        f"ix_tasks_project_{_name}",
        tasks.c.workspace_id,
        tasks.c.project_id,
        tasks.c.status,
        _column,
        tasks.c.id,
    )

events: Final = Table(
    "events",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("actor_id", Uuid),
    Column("recorded_at", INSTANT, nullable=False),
    Column("body", Text),
    PrimaryKeyConstraint("workspace_id", "revision", "sequence", name="pk_events"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_events_workspace_id", ondelete="CASCADE"),
)
"""A workspace's log. `actor_id` is null where a workspace comes with its owner's registration; `body`, the payload as
JSON, where it was forgotten."""
_OF_MEMBERS: Final = events.c.type.in_(MEMBER_EVENTS)
Index(
    "ix_events_members",
    events.c.entity_id,
    postgresql_where=_OF_MEMBERS,
    sqlite_where=_OF_MEMBERS,
)

tombstones: Final = Table(
    "tombstones",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("deleted_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("workspace_id", "revision", "sequence", name="pk_tombstones"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_tombstones_workspace_id", ondelete="CASCADE"),
    Index("ix_tombstones_entity_id", "workspace_id", "entity_id"),
)
"""What is left of what was deleted. A member who left twice has two."""

client_ids: Final = Table(
    "client_ids",
    metadata,
    Column("space_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("request", LargeBinary, nullable=False),
    PrimaryKeyConstraint("space_id", "id", name="pk_client_ids"),
)
"""Ids that clients made, each with the digest of the request that it came with. The space is the workspace that the
thing is in; of a new workspace, its creator's account (see `idempotency.account_space`). So there is no foreign key:
whatever deletes a space deletes these."""

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("space_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("response", LargeBinary),
    Column("recorded_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("space_id", "user_id", "key", name="pk_idempotency_keys"),
    Index("ix_idempotency_keys_recorded_at", "recorded_at"),
)
"""Responses, to be returned again to the same request. The space is the workspace that the call names, or the caller's
account. The response is null only within the transaction that makes it."""

UNLOGGED_TABLES: Final = frozenset(
    {
        users,
        identities,
        sessions,
        access_tokens,
        refresh_tokens,
        personal_tokens,
        one_time_tokens,
        account_events,
        outbox,
        mail_pauses,
        invitations,
        client_ids,
        idempotency_keys,
    }
)
"""Tables that any repository may change. The others are in workspaces, and only the change log changes them. An
invitation is in a workspace, too, but has an e-mail address, which must not be in a log."""
