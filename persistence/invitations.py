"""The table and the repository of invitations."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from domain.model.invitations import Invitation
from domain.roles import ROLES, Role
from persistence.compiled import BULK
from persistence.mapping import Mapper
from persistence.memberships import members
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.paging import Pages
from persistence.purges import Expired
from persistence.runners import Runner
from persistence.users import users

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
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
    UniqueConstraint("workspace_id", "email_key"),
    CheckConstraint("role IN ('viewer', 'editor', 'admin', 'owner')", name="role"),
    Index(None, "digest"),
    Index(None, "expires_at"),
    info=UNLOGGED,
)
"""`digest` is null until there is a token; `mailed_at` is when it was sent by e-mail. The digest is not unique, so that
the table can be spread by workspace."""

_MAPPER: Final = Mapper(Invitation, invitations)
_HERE: Final = invitations.c.workspace_id == bindparam("workspace")
_ONE: Final = (_HERE, invitations.c.id == bindparam("invitation"))
_IS_LIVE: Final = invitations.c.expires_at > bindparam("now")
_BY: Final = invitations.c.invited_by == bindparam("user")

_INSERT: Final = insert(invitations)
_REPLACE: Final = (
    delete(invitations)
    .where(_HERE, invitations.c.email_key == bindparam("email_key"))
    .returning(invitations.c.role, invitations.c.expires_at)
)
_SELECT: Final = select(*_MAPPER.columns).where(*_ONE, _IS_LIVE)
_PAGES: Final = Pages(select(*_MAPPER.columns).where(_HERE, _IS_LIVE), invitations.c.id)
_FIND: Final = select(*_MAPPER.columns).where(invitations.c.digest == bindparam("digest"), _IS_LIVE)
_SET_DIGEST: Final = update(invitations).where(*_ONE)
_DELETE: Final = delete(invitations).where(*_ONE)
_WITHDRAW: Final = (
    delete(invitations)
    .where(_HERE, _BY, invitations.c.role.in_(bindparam("roles", expanding=True)))
    .execution_options(**BULK)
)
_WITHDRAW_HERE: Final = delete(invitations).where(_HERE).execution_options(**BULK)
_WITHDRAW_TO: Final = delete(invitations).where(
    _HERE, invitations.c.email_key == select(users.c.email_key).where(users.c.id == bindparam("user")).scalar_subquery()
)
_WITHDRAW_ALL: Final = (
    delete(invitations)
    .where(
        invitations.c.workspace_id.in_(select(members.c.workspace_id).where(members.c.user_id == bindparam("user"))),
        _BY,
    )
    .execution_options(**BULK)
)

_EXPIRED: Final = Expired(invitations, invitations.c.expires_at)


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the expired invitations. Return how many; repeat until there are none."""
    return await _EXPIRED.delete_some(runner, before=now)


async def withdraw_all(runner: Runner, workspace_id: UUID) -> None:
    """Delete all invitations to a workspace, which is being deleted."""
    await runner.run(_WITHDRAW_HERE, {"workspace": workspace_id})


async def find(runner: Runner, digest: bytes, *, now: dt.datetime) -> Invitation | None:
    """Return the invitation whose token has this digest, if it is not expired."""
    return _MAPPER.one(await runner.row(_FIND, {"digest": digest, "now": now}))


class Invitations:
    """Implements domain.model.invitations.InvitationRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put(self, invitation: Invitation, *, email_key: str) -> Role | None:
        values = {**_MAPPER.values(invitation), "email_key": email_key}
        old = await self._runner.row(_REPLACE, {"workspace": invitation.workspace_id, "email_key": email_key})
        await self._runner.run(_INSERT, values)
        return old[0] if old is not None and old[1] > invitation.created_at else None

    async def get(self, workspace_id: UUID, invitation_id: UUID, *, now: dt.datetime) -> Invitation | None:
        parameters = {"workspace": workspace_id, "invitation": invitation_id, "now": now}
        return _MAPPER.one(await self._runner.row(_SELECT, parameters))

    async def page(
        self, workspace_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        given = {"workspace": workspace_id, "now": now}
        return _MAPPER.all(await _PAGES.read(self._runner, given, after=after, limit=limit))

    async def set_digest(
        self, workspace_id: UUID, invitation_id: UUID, *, digest: bytes, mailed_at: dt.datetime | None
    ) -> None:
        values = {"workspace": workspace_id, "invitation": invitation_id, "digest": digest, "mailed_at": mailed_at}
        await self._runner.run(_SET_DIGEST, values)

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        return await find(self._runner, digest, now=now)

    async def delete(self, workspace_id: UUID, invitation_id: UUID) -> bool:
        return await self._runner.run(_DELETE, {"workspace": workspace_id, "invitation": invitation_id}) == 1

    async def withdraw(self, workspace_id: UUID, *, invited_by: UUID, roles: Collection[Role] = ROLES) -> None:
        await self._runner.run(_WITHDRAW, {"workspace": workspace_id, "user": invited_by, "roles": list(roles)})

    async def withdraw_to(self, workspace_id: UUID, *, user_id: UUID) -> None:
        await self._runner.run(_WITHDRAW_TO, {"workspace": workspace_id, "user": user_id})

    async def withdraw_all(self, invited_by: UUID) -> None:
        await self._runner.run(_WITHDRAW_ALL, {"user": invited_by})
