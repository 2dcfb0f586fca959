"""Users who call services on a real database, with a clock that moves only when a test moves it."""

import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import update
from uuid_utils.compat import uuid7

from app.main import contract_path
from domain import registration, secret_tokens
from domain.events import EVENT_TYPES, Event
from domain.model.invitations import Invitation
from domain.model.members import Member
from domain.model.streams import Changed
from domain.pages import Page
from domain.policy import Policy
from domain.principals import Principal
from domain.roles import Role
from domain.unit_of_work import UnitOfWork
from handlers.events import payload_of
from persistence.database import Database
from persistence.invitations import invitations
from persistence.unit_dependencies import Dependencies
from persistence.unit_of_work import SqlUnitOfWork
from tests.support.defaults import HOME, NOON
from tests.support.fakes.passwords import FakePasswords
from tickbox_contract.engine.events import compile_events
from tickbox_contract.openapi.document import Document

P = ParamSpec("P")
Result = TypeVar("Result")


def encode_event(event: Event) -> str:
    """Encode an event as the server does."""
    return _encoder()(event.type, payload_of(event))


@cache
def _encoder() -> Callable[[str, Any], str]:
    return compile_events(Document.read(contract_path()), known=EVENT_TYPES)


def admit_anyone(_role: Role | None) -> None:
    """Admit every role."""


async def every_item(read: Callable[[str | None], Awaitable[Page[Result]]]) -> list[Result]:
    """The items of all pages, read one after the other by their cursors."""
    found: list[Result] = []
    cursor = None
    for _ in range(100):
        page = await read(cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError(f"no end after {len(found)} items")


@dataclass
class Clock:
    now: dt.datetime = NOON

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A caller of services: nobody in particular, a user, or a user in a workspace."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    principal: Principal | None = None
    workspace: UUID | None = None
    admit: Callable[[Role | None], None] = admit_anyone
    encode_event: Callable[[Event], str] = encode_event
    policy: Policy = field(default_factory=Policy)
    changed: Changed = field(default=lambda _ids: None)

    @property
    def dependencies(self) -> Dependencies:
        """What units of work, and jobs, are created with."""
        return Dependencies(
            database=self.database,
            clock=self.clock,
            new_id=uuid7,
            random_bytes=secrets.token_bytes,
            passwords=FakePasswords(),
            policy=self.policy,
            encode_event=self.encode_event,
            changed=self.changed,
        )

    def unit(self, *, safe: bool = False) -> SqlUnitOfWork:
        return SqlUnitOfWork(
            self.dependencies,
            principal=self.principal,
            workspace_id=self.workspace,
            safe=safe,
            admit=self.admit,
            origin=lambda: HOME,
        )

    async def write(
        self, service: Callable[Concatenate[UnitOfWork, P], Awaitable[Result]], *args: P.args, **kwargs: P.kwargs
    ) -> Result:
        """Call a service in a unit of work, and commit."""
        async with self.unit() as uow:
            result = await service(uow, *args, **kwargs)
            await uow.commit()
            return result

    async def read(
        self, service: Callable[Concatenate[UnitOfWork, P], Awaitable[Result]], *args: P.args, **kwargs: P.kwargs
    ) -> Result:
        """Call a service that only reads."""
        async with self.unit(safe=True) as uow:
            return await service(uow, *args, **kwargs)

    async def register(self, name: str) -> "Caller":
        """A new user in their personal workspace. The address is derived from the name; the password is the name."""
        user = await self.write(
            registration.register, email=f"{name}@example.com", password=name, name=name, time_zone="UTC"
        )
        caller = replace(self, principal=Principal(user_id=user.id))
        async with caller.unit(safe=True) as uow:
            (workspace,) = await uow.workspaces.page(user.id, after=None, limit=2)
        return caller.in_workspace(workspace.id)

    def in_workspace(self, workspace_id: UUID) -> "Caller":
        return replace(self, workspace=workspace_id)

    @property
    def account(self) -> "Caller":
        """The same user, in a unit of work that names no workspace."""
        return replace(self, workspace=None)

    @property
    def user_id(self) -> UUID:
        assert self.principal is not None
        return self.principal.user_id

    @property
    def session_id(self) -> UUID:
        assert self.principal is not None
        assert self.principal.session_id is not None
        return self.principal.session_id

    @property
    def workspace_id(self) -> UUID:
        assert self.workspace is not None
        return self.workspace

    async def send_invitation(self, invitation: Invitation) -> str:
        """The token of an invitation to this workspace, as it would be in the e-mail."""
        token = secret_tokens.mint("invitation", random_bytes=secrets.token_bytes)
        async with self.database.transaction() as transaction:
            mine = (invitations.c.workspace_id == invitation.workspace_id, invitations.c.id == invitation.id)
            await transaction.run(update(invitations).where(*mine), {"digest": token.digest, "mailed_at": NOON})
        return token.text

    async def add_member(self, guest: "Caller", *, role: Role) -> "Caller":
        """Add another user to this one's workspace, as its next change. Returns the guest in it."""
        async with self.unit() as uow:
            user = await uow.users.get(guest.user_id)
            assert user is not None
            member = Member(
                workspace_id=self.workspace_id,
                user_id=user.id,
                role=role,
                name=user.name,
                revision=await uow.next_revision(),
                created_at=uow.now,
                updated_at=uow.now,
            )
            await uow.members.add(member)
            await uow.commit()
        return guest.in_workspace(self.workspace_id)
