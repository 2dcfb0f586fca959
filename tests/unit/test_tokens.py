import datetime as dt
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest

from domain import tokens, workspaces
from domain.model.tokens import (
    ExpiryPast,
    PersonalToken,
    ScopeNotLimitable,
    TokenBroader,
    TokenNotFound,
    WorkspaceUnknown,
)
from domain.model.users import AccountGone
from domain.pages import CursorInvalid
from domain.principals import Principal, Scope
from domain.tokens import TokenDraft, granted_outside
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

HOUR = dt.timedelta(hours=1)


def draft(*scopes: Scope, workspace_ids: set[UUID] | None = None, expires_at: dt.datetime | None = None) -> TokenDraft:
    limit = None if workspace_ids is None else frozenset(workspace_ids)
    return TokenDraft(name="Script", scopes=frozenset(scopes), workspace_ids=limit, expires_at=expires_at)


def through_token(uow: FakeUnitOfWork, *scopes: Scope, expires_at: dt.datetime | None = None) -> FakeUnitOfWork:
    """A unit of work of a caller with a personal token."""
    token = Principal(
        user_id=uow.principal.user_id, token_id=UUID(int=7), scopes=frozenset(scopes), expires_at=expires_at
    )
    return uow.unit(principal=token)


async def kept(uow: FakeUnitOfWork) -> list[PersonalToken]:
    return list((await tokens.page(uow.unit())).items)


async def test_a_token_is_returned_once_and_only_its_digest_is_stored(uow: FakeUnitOfWork) -> None:
    issued = await tokens.create(uow, draft("read", expires_at=NOON + HOUR))

    assert issued.text.startswith("tbp_")
    assert uow.store.token_digests[issued.token.id] == sha256(issued.text.encode()).digest()
    assert await kept(uow) == [issued.token]
    assert issued.token.last_used_at is None


async def test_a_session_can_create_a_token_with_all_scopes(uow: FakeUnitOfWork) -> None:
    issued = await tokens.create(uow, draft("read", "write", "manage", "account"))

    assert issued.token.scopes == {"read", "write", "manage", "account"}


async def test_a_token_cannot_create_one_with_another_scope(uow: FakeUnitOfWork) -> None:
    with pytest.raises(TokenBroader) as raised:
        await tokens.create(through_token(uow, "account", "read"), draft("read", "write"))
    assert raised.value.pointer == "#/scopes"
    assert await kept(uow) == []


@pytest.mark.parametrize("expires_at", [None, NOON + 2 * HOUR])
async def test_a_token_cannot_create_one_that_expires_later(
    uow: FakeUnitOfWork, expires_at: dt.datetime | None
) -> None:
    with pytest.raises(TokenBroader) as raised:
        await tokens.create(
            through_token(uow, "account", expires_at=NOON + HOUR), draft("account", expires_at=expires_at)
        )
    assert raised.value.pointer == "#/expires_at"


async def test_a_token_can_create_one_with_its_own_limits(uow: FakeUnitOfWork) -> None:
    parent = through_token(uow, "account", "read", expires_at=NOON + HOUR)

    issued = await tokens.create(parent, draft("account", "read", expires_at=NOON + HOUR))

    assert await kept(uow) == [issued.token]


async def test_a_token_cannot_expire_before_it_is_created(uow: FakeUnitOfWork) -> None:
    with pytest.raises(ExpiryPast):
        await tokens.create(uow, draft("read", expires_at=NOON))


async def test_a_token_for_some_workspaces_cannot_have_an_account_scope(uow: FakeUnitOfWork) -> None:
    home = (await workspaces.page(uow.unit())).items[0].id
    with pytest.raises(ScopeNotLimitable):
        await tokens.create(uow, draft("read", "account", workspace_ids={home}))


async def test_a_token_can_only_name_workspaces_of_its_user(uow: FakeUnitOfWork) -> None:
    home = (await workspaces.page(uow.unit())).items[0].id
    grace = await registered(uow, email="grace@example.com", name="Grace")
    theirs = (await workspaces.page(grace)).items[0].id
    with pytest.raises(WorkspaceUnknown):
        await tokens.create(uow, draft("read", workspace_ids={home, theirs}))

    issued = await tokens.create(uow, draft("read", workspace_ids={home}))

    assert issued.token.workspace_ids == frozenset({home})


async def test_a_token_for_some_workspaces_lists_only_those(uow: FakeUnitOfWork) -> None:
    personal = (await workspaces.page(uow.unit())).items[0]
    other = await workspaces.create(uow.unit(), name="Household")
    limited = replace(uow.principal, workspace_ids=frozenset({other.id}))

    assert (await workspaces.page(uow.unit(principal=limited))).items == (other,)
    assert (await workspaces.page(uow.unit())).items == (personal, other)


def test_a_token_for_some_workspaces_can_only_read_outside_of_them() -> None:
    scopes: frozenset[Scope] = frozenset({"read", "write", "manage"})
    free = Principal(user_id=UUID(int=1), scopes=scopes)

    assert granted_outside(free) == scopes
    assert granted_outside(replace(free, workspace_ids=frozenset({UUID(int=2)}))) == {"read"}


async def test_tokens_are_listed_in_pages_until_they_expire(uow: FakeUnitOfWork) -> None:
    created = [(await tokens.create(uow.unit(), draft("read", expires_at=NOON + HOUR * n))).token for n in (1, 3, 2)]

    first = await tokens.page(uow.unit(), limit=2)
    rest = await tokens.page(uow.unit(), limit=2, cursor=first.next_cursor)

    assert [*first.items, *rest.items] == created
    assert (await tokens.page(uow.unit(now=NOON + 2 * HOUR))).items == (created[1],)


async def test_a_cursor_of_another_user_is_rejected(uow: FakeUnitOfWork) -> None:
    for _ in range(2):
        await tokens.create(uow.unit(), draft("read"))
    cursor = (await tokens.page(uow.unit(), limit=1)).next_cursor
    grace = await registered(uow, email="grace@example.com", name="Grace")
    with pytest.raises(CursorInvalid):
        await tokens.page(grace, cursor=cursor)


async def test_a_token_is_deleted_only_by_its_user(uow: FakeUnitOfWork) -> None:
    token = (await tokens.create(uow, draft("read"))).token
    grace = await registered(uow, email="grace@example.com", name="Grace")
    with pytest.raises(TokenNotFound):
        await tokens.delete(grace, token.id)

    await tokens.delete(uow.unit(), token.id)

    assert await kept(uow) == []
    with pytest.raises(TokenNotFound):
        await tokens.delete(uow.unit(), token.id)


async def test_a_live_token_of_the_caller_is_found(uow: FakeUnitOfWork) -> None:
    issued = await tokens.create(uow, draft("read", expires_at=NOON + HOUR))
    other = await registered(uow, email="bob@example.com", name="Bob")

    assert await tokens.get(uow.unit(), issued.token.id) == issued.token
    for elsewhere in (other.unit(), uow.unit(now=NOON + HOUR)):
        with pytest.raises(TokenNotFound):
            await tokens.get(elsewhere, issued.token.id)


@pytest.mark.parametrize(
    ("session_id", "token_id", "kind"),
    [(UUID(int=1), None, "session"), (None, UUID(int=1), "personal"), (None, None, "provider")],
)
async def test_the_caller_can_read_the_token_of_the_request(
    uow: FakeUnitOfWork, session_id: UUID | None, token_id: UUID | None, kind: str
) -> None:
    principal = Principal(user_id=uow.principal.user_id, session_id=session_id, token_id=token_id)

    current = await tokens.get_current(uow.unit(principal=principal))

    assert (current.kind, current.principal, current.user.name) == (kind, principal, "Ada")


async def test_the_token_of_a_deleted_account_is_not_found(uow: FakeUnitOfWork) -> None:
    with pytest.raises(AccountGone):
        await tokens.get_current(uow.unit(principal=Principal(user_id=UUID(int=0))))


async def test_a_token_that_a_session_creates_may_expire_after_it(uow: FakeUnitOfWork) -> None:
    session = Principal(user_id=uow.principal.user_id, session_id=UUID(int=1), expires_at=NOON + HOUR)

    issued = await tokens.create(uow.unit(principal=session), draft("read"))

    assert issued.token.expires_at is None
