"""The table and the repository of identities, and the lookup of an identity's account."""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    insert,
    select,
)

from domain.model.identities import Identity, IdentityTaken
from domain.principals import Membership, Principal
from persistence.members import role_in_workspace
from persistence.metadata import INSTANT, UNLOGGED, means, metadata
from persistence.runners import Runner

identities: Final = Table(
    "identities",
    metadata,
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("issuer", "subject", info=means(IdentityTaken)),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    Index(None, "user_id"),
    info=UNLOGGED,
)

_INSERT: Final = insert(identities)
_GRANT: Final = select(identities.c.user_id, role_in_workspace(identities.c.user_id)).where(
    identities.c.issuer == bindparam("issuer"), identities.c.subject == bindparam("subject")
)


async def recognise(runner: Runner, identity: Identity, *, workspace_id: UUID | None) -> Membership | None:
    """Return whose identity this is, and their role in the workspace that the request names.

    Return None if it has no account. The role is None outside of workspaces, and for a user who is not a member.
    """
    named = {"issuer": identity.issuer, "subject": identity.subject, "workspace": workspace_id}
    row = await runner.row(_GRANT, named)
    return None if row is None else (Principal(user_id=row[0]), row[1])


class Identities:
    """Implements domain.model.identities.IdentityRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, identity: Identity, *, user_id: UUID, at: dt.datetime) -> None:
        values = {"issuer": identity.issuer, "subject": identity.subject, "user_id": user_id, "created_at": at}
        await self._runner.run(_INSERT, values)
