"""A new address that an account waits for, pauses between mails to one address, and when an invitation was mailed."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_CHANGES = ("email_change", "email_changing", "email_changed")
_OUTBOX_KINDS = ("verification", "reset", "invitation")
_TOKEN_KINDS = ("verification", "reset")
_ONE_A_KIND_BEFORE = "invitation_id IS NULL"
_ONE_A_KIND = "invitation_id IS NULL AND kind != 'email_change'"
_INVITATIONS = sa.table(
    "invitations", sa.column("mailed_at", _INSTANT), sa.column("created_at", _INSTANT), sa.column("digest")
)


def upgrade() -> None:
    """One table is new, a column of the accounts, and one of the invitations, whose tokens were all mailed before."""
    op.add_column("users", sa.Column("new_email", sa.Text(), nullable=True))
    op.add_column("invitations", sa.Column("mailed_at", _INSTANT, nullable=True))
    op.execute(
        _INVITATIONS.update().where(_INVITATIONS.c.digest.is_not(None)).values(mailed_at=sa.column("created_at"))
    )
    _set_kinds(outbox=(*_OUTBOX_KINDS, *_CHANGES), tokens=(*_TOKEN_KINDS, _CHANGES[0]), one_a_kind=_ONE_A_KIND)
    op.create_table(
        "mail_pauses",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "email_key", name="pk_mail_pauses"),
    )
    op.create_index("ix_mail_pauses_sent_at", "mail_pauses", ["sent_at"])


def downgrade() -> None:
    """Changes of address that wait come to nothing, and their mails are not sent."""
    op.drop_table("mail_pauses")
    for name in ("outbox", "one_time_tokens"):
        rows = sa.table(name, sa.column("kind", sa.Text))
        op.execute(rows.delete().where(rows.c.kind.in_(_CHANGES)))
    _set_kinds(outbox=_OUTBOX_KINDS, tokens=_TOKEN_KINDS, one_a_kind=_ONE_A_KIND_BEFORE)
    op.drop_column("invitations", "mailed_at")
    op.drop_column("users", "new_email")


def _set_kinds(*, outbox: tuple[str, ...], tokens: tuple[str, ...], one_a_kind: str) -> None:
    """SQLite cannot change a constraint, and a batch would write the others in a new order each time."""
    outbox_table = _outbox(_one_of(outbox), one_a_kind)
    for table, kinds in ((outbox_table, outbox), (_one_time_tokens(_one_of(tokens)), tokens)):
        if op.get_context().dialect.name == "sqlite":
            _make_anew(table)
        else:
            name = op.f(f"ck_{table.name}_kind")
            op.drop_constraint(name, table.name, type_="check")
            op.create_check_constraint(name, table.name, _one_of(kinds))
    if op.get_context().dialect.name != "sqlite":
        index = "uq_outbox_kind_email_key"
        op.drop_index(index, "outbox")
        op.create_index(index, "outbox", ["kind", "email_key"], unique=True, postgresql_where=sa.text(one_a_kind))


def _one_of(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(map(repr, kinds))})"


def _make_anew(table: sa.Table) -> None:
    before = sa.table(f"{table.name}_before", *(sa.column(column.name, column.type) for column in table.columns))
    for index in table.indexes:
        op.drop_index(str(index.name), table.name)
    op.rename_table(table.name, before.name)
    op.execute(sa.schema.CreateTable(table))
    op.execute(table.insert().from_select([column.name for column in before.columns], sa.select(*before.columns)))
    op.drop_table(before.name)
    for index in table.indexes:
        op.execute(sa.schema.CreateIndex(index))


def _with_users() -> sa.MetaData:
    """What a foreign key is looked up in."""
    metadata = sa.MetaData()
    sa.Table("users", metadata, sa.Column("id", sa.Uuid()))
    return metadata


def _one_time_tokens(condition: str) -> sa.Table:
    return sa.Table(
        "one_time_tokens",
        _with_users(),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_one_time_tokens"),
        sa.UniqueConstraint("user_id", "kind", name="uq_one_time_tokens_user_id_kind"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_one_time_tokens_user_id", ondelete="CASCADE"),
        sa.CheckConstraint(condition, name=op.f("ck_one_time_tokens_kind")),
        sa.Index("ix_one_time_tokens_expires_at", "expires_at"),
    )


def _outbox(condition: str, one_a_kind: str) -> sa.Table:
    return sa.Table(
        "outbox",
        _with_users(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_outbox_user_id", ondelete="CASCADE"),
        sa.CheckConstraint(condition, name=op.f("ck_outbox_kind")),
        sa.Index("ix_outbox_due_at", "due_at"),
        sa.Index("ix_outbox_user_id", "user_id"),
        sa.Index("uq_outbox_kind_email_key", "kind", "email_key", unique=True, sqlite_where=sa.text(one_a_kind)),
    )
