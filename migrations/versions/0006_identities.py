"""Accounts of people whom an identity provider vouches for: without a password, and perhaps without an address."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_NULLABLE = ("email", "email_key", "password_hash")
_USERS = sa.table("users", *(sa.column(name, sa.Text) for name in _NULLABLE), sa.column("id", sa.Uuid))


def upgrade() -> None:
    """One table is new; an account may lack an address, and a password."""
    _let_users_have_null(allowed=True)
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


def downgrade() -> None:
    """Deletes the identities, and keeps the accounts.

    An account without an address gets an invalid one (RFC 2606), with which an operator can set its password. An
    account without a password gets a hash that matches no password.
    """
    op.drop_table("identities")
    nowhere = sa.cast(_USERS.c.id, sa.Text).concat("@nobody.invalid")
    op.execute(_USERS.update().where(_USERS.c.email.is_(None)).values(email=nowhere, email_key=nowhere))
    op.execute(_USERS.update().where(_USERS.c.password_hash.is_(None)).values(password_hash="none"))  # noqa: S106 -- no password
    _let_users_have_null(allowed=False)


def _let_users_have_null(*, allowed: bool) -> None:
    with op.batch_alter_table("users") as users:
        for name in _NULLABLE:
            users.alter_column(name, existing_type=sa.Text(), nullable=allowed)
        if allowed:
            users.create_check_constraint(op.f("ck_users_email"), "(email IS NULL) = (email_key IS NULL)")
        else:
            users.drop_constraint(op.f("ck_users_email"), type_="check")
