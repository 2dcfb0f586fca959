"""The repository of members. Those of one user are in many workspaces, and are changed together."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Column, Executable, ScalarSelect, bindparam, delete, func, insert, select, update

from domain.events import Event, end_of, event_of
from domain.model.members import Member, MembershipSummary
from domain.roles import Role
from persistence.change_log import ChangeLog
from persistence.compiled import BULK, padded
from persistence.idempotency import forget_member
from persistence.mapping import Mapper
from persistence.memberships import members, workspaces
from persistence.paging import Pages
from persistence.runners import Parameters, Row, Runner
from persistence.users import users

MEMBERS: Final = Mapper(Member, members, fixed=("workspace_id", "user_id", "name", "created_at"))
_ONE: Final = (members.c.workspace_id == bindparam("workspace"), members.c.user_id == bindparam("user"))

_INSERT: Final = insert(members)
_SELECT: Final = select(*MEMBERS.columns).where(*_ONE)
_EXISTING: Final = select(members.c.user_id).where(
    members.c.workspace_id == bindparam("workspace"), members.c.user_id.in_(bindparam("users", expanding=True))
)
_PAGES: Final = Pages(
    select(*MEMBERS.columns).where(members.c.workspace_id == bindparam("workspace")), members.c.user_id
)
_HAS_ADDRESS: Final = select(members.c.user_id).where(
    members.c.workspace_id == bindparam("workspace"),
    members.c.user_id
    == select(users.c.id)
    .where(users.c.email_key == bindparam("email_key"), users.c.email_verified_at.is_not(None))
    .scalar_subquery(),
)
_COUNT_JOINED: Final = select(func.count()).select_from(members).where(members.c.user_id == bindparam("user"))
_COUNT_OWNERS: Final = (
    select(func.count())
    .select_from(members)
    .where(members.c.workspace_id == bindparam("workspace"), members.c.role == "owner")
)
_UPDATE: Final = update(members).where(*_ONE)
_DELETE: Final = delete(members).where(*_ONE)
_others: Final = members.alias("others")
_COUNT_OTHERS: Final = (
    select(func.count())
    .select_from(_others)
    .where(_others.c.workspace_id == members.c.workspace_id, _others.c.user_id != members.c.user_id)
    .correlate(members)
)
_MEMBERSHIP_SUMMARIES: Final = (
    select(
        members.c.workspace_id,
        members.c.role,
        _COUNT_OTHERS.scalar_subquery(),
        _COUNT_OTHERS.where(_others.c.role == "owner").scalar_subquery(),
    )
    .where(members.c.user_id == bindparam("user"))
    .order_by(members.c.workspace_id)
)
_RENAME: Final = (
    update(members)
    .where(members.c.user_id == bindparam("user"))
    .values(
        name=bindparam("new_name"),
        updated_at=bindparam("at"),
        revision=select(workspaces.c.head).where(workspaces.c.id == members.c.workspace_id).scalar_subquery(),
    )
    .returning(*MEMBERS.columns)
    .execution_options(**BULK)
)
_REMOVE: Final = (
    delete(members)
    .where(members.c.user_id == bindparam("user"))
    .returning(members.c.workspace_id)
    .execution_options(**BULK)
)


def role_in_workspace(user_id: Column[UUID]) -> ScalarSelect[Role]:
    """A part of a statement that finds a user: their role in `:workspace`, which may be null."""
    workspace = bindparam("workspace", type_=members.c.workspace_id.type)
    mine = (members.c.workspace_id == workspace, members.c.user_id == user_id)
    return select(members.c.role).where(*mine).correlate(user_id.table).scalar_subquery()


class Members:
    """Implements domain.model.members.MemberRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, member: Member) -> None:
        await self._change_log.write(_INSERT, MEMBERS.values(member), event_of("member.added", member))

    async def get(self, workspace_id: UUID, user_id: UUID) -> Member | None:
        return MEMBERS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "user": user_id}))

    async def existing(self, workspace_id: UUID, user_ids: Collection[UUID]) -> Collection[UUID]:
        place = {"workspace": workspace_id, "users": padded(list(user_ids))}
        return {row[0] for row in await self._runner.rows(_EXISTING, place)}

    async def page(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        return MEMBERS.all(await _PAGES.read(self._runner, {"workspace": workspace_id}, after=after, limit=limit))

    async def has_address(self, workspace_id: UUID, *, email_key: str) -> bool:
        return await self._runner.row(_HAS_ADDRESS, {"workspace": workspace_id, "email_key": email_key}) is not None

    async def count_joined(self, user_id: UUID) -> int:
        return await self._count(_COUNT_JOINED, {"user": user_id})

    async def count_owners(self, workspace_id: UUID) -> int:
        return await self._count(_COUNT_OWNERS, {"workspace": workspace_id})

    async def _count(self, statement: Executable, parameters: Parameters) -> int:
        row = await self._runner.row(statement, parameters)
        return 0 if row is None else int(row[0])

    async def update(self, member: Member) -> None:
        place = {"workspace": member.workspace_id, "user": member.user_id}
        await self._change_log.write(_UPDATE, {**place, **MEMBERS.changes(member)}, event_of("member.updated", member))

    async def delete(self, workspace_id: UUID, user_id: UUID, *, revision: int) -> None:
        await forget_member(self._runner, workspace_id, user_id=user_id)
        await self._change_log.depart(workspace_id, user_id)
        end = end_of("member.removed", user_id, workspace_id=workspace_id, revision=revision)
        await self._change_log.write(_DELETE, {"workspace": workspace_id, "user": user_id}, end)

    async def membership_summaries(self, user_id: UUID) -> Sequence[MembershipSummary]:
        return [
            MembershipSummary(workspace_id=workspace_id, role=role, other_members=others, other_owners=owners)
            for workspace_id, role, others, owners in await self._runner.rows(_MEMBERSHIP_SUMMARIES, {"user": user_id})
        ]

    async def rename(self, user_id: UUID, *, name: str, at: dt.datetime) -> None:
        await self._change_log.raise_heads(user_id)
        values = {"user": user_id, "new_name": name, "at": at}
        await self._change_log.write_all(_RENAME, values, lambda row: event_of("member.updated", MEMBERS.load(row)))

    async def next_revisions(self, user_id: UUID) -> Mapping[UUID, int]:
        return await self._change_log.raise_heads(user_id)

    async def forget(self, user_id: UUID, *, limit: int) -> int:
        return await self._change_log.forget(user_id, limit=limit)

    async def remove(self, user_id: UUID, *, revisions: Mapping[UUID, int]) -> None:
        for workspace_id in revisions:
            await forget_member(self._runner, workspace_id, user_id=user_id)

        def end(row: Row) -> Event:
            return end_of("member.removed", user_id, workspace_id=row[0], revision=revisions[row[0]])

        await self._change_log.write_all(_REMOVE, {"user": user_id}, end)
