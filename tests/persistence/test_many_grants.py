"""Many tokens that are looked up at once give what each one gives alone."""

from __future__ import annotations

import datetime as dt
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import bindparam, update

from domain import identities, secret_tokens, sessions, tokens
from domain.identities import ExternalIdentity
from domain.model.identities import Identity
from domain.tokens import TokenDraft
from persistence import many_grants
from persistence import sessions as session_rows
from persistence import tokens as token_rows
from persistence.identities import recognise
from tests.support.defaults import NOON
from tests.support.service_callers import Caller

UNKNOWN = b"\0" * 32


@pytest.fixture
async def places(ada: Caller, bob: Caller) -> list[UUID | None]:
    """Ada's workspace, Bob's, in which she is a viewer, another one, and none."""
    await bob.add_member(ada, role="viewer")
    eve = await Caller(database=ada.database).register("eve")
    return [ada.workspace_id, bob.workspace_id, eve.workspace_id, None]


def digest_of(text: str, kind: secret_tokens.TokenKind) -> bytes:
    digest = secret_tokens.digest_of(text, kind=kind)
    assert digest is not None
    return digest


@pytest.mark.parametrize("age", [dt.timedelta(0), dt.timedelta(hours=2), dt.timedelta(days=90)])
async def test_sessions(ada: Caller, bob: Caller, places: list[UUID | None], age: dt.timedelta) -> None:
    begun = [
        await each.account.write(sessions.log_in, email=f"{name}@example.com", password=name)
        for each, name in ((ada, "ada"), (bob, "bob"), (ada, "ada"))
    ]
    await ada.account.write(sessions.end, begun[-1].session.id)
    digests = [UNKNOWN, *(digest_of(each.access_token, "session") for each in begun)]
    wanted = list(product(digests, places))
    now = NOON + age
    alone = {
        (digest, place): found
        for digest, place in wanted
        if (found := await session_rows.authenticate(ada.database, digest, workspace_id=place, now=now))
    }
    assert await many_grants.of_sessions(ada.database, wanted, now=now) == alone
    assert bool(alone) == (age < dt.timedelta(hours=1))


async def test_a_session_that_has_ended_although_its_token_has_not(ada: Caller) -> None:
    begun = await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")
    async with ada.database.transaction() as transaction:
        await transaction.run(update(session_rows.sessions).values(expires_at=bindparam("at")), {"at": NOON})
    wanted = [(digest_of(begun.access_token, "session"), ada.workspace_id)]
    assert len(await many_grants.of_sessions(ada.database, wanted, now=NOON - dt.timedelta(seconds=1))) == 1
    assert not await many_grants.of_sessions(ada.database, wanted, now=NOON)


@pytest.mark.parametrize("age", [dt.timedelta(0), dt.timedelta(hours=2)])
async def test_personal_tokens(ada: Caller, places: list[UUID | None], age: dt.timedelta) -> None:
    drafts = [
        TokenDraft(name="all", scopes=frozenset({"read", "write"})),
        TokenDraft(name="one", scopes=frozenset({"read"}), workspace_ids=frozenset({ada.workspace_id})),
        TokenDraft(name="short", scopes=frozenset({"read"}), expires_at=NOON + dt.timedelta(hours=1)),
    ]
    issued = [await ada.account.write(tokens.create, draft) for draft in drafts]
    digests = [UNKNOWN, *(digest_of(each.text, "personal") for each in issued)]
    wanted = list(product(digests, places))
    now = NOON + age
    alone = {
        (digest, place): found
        for digest, place in wanted
        if (found := await token_rows.authenticate(ada.database, digest, workspace_id=place, now=now))
    }
    assert await many_grants.of_tokens(ada.database, wanted, now=now) == alone
    assert len({digest for digest, _ in alone}) == (3 if age < dt.timedelta(hours=1) else 2)


async def test_identities(ada: Caller, bob: Caller, places: list[UUID | None]) -> None:
    known = [Identity(issuer=issuer, subject=subject) for issuer in ("https://a", "https://b") for subject in "12"]
    for identity in known[:3]:
        await ada.account.write(identities.provision, ExternalIdentity(identity=identity))
    (user, _) = await recognise(ada.database, known[0], workspace_id=None) or (None, None)
    assert user is not None
    await bob.add_member(Caller(database=ada.database, principal=user), role="editor")
    wanted = list(product(known, places))
    alone = {
        (identity, place): found
        for identity, place in wanted
        if (found := await recognise(ada.database, identity, workspace_id=place))
    }
    assert await many_grants.of_identities(ada.database, wanted) == alone
    assert {role for _, role in alone.values()} == {None, "editor"}


async def test_more_than_a_statement_can_have_values_for(ada: Caller) -> None:
    """As when a change wakes all streams of a process: SQLite takes 32,766 values, PostgreSQL's driver 32,767."""
    begun = await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")
    known = digest_of(begun.access_token, "session"), ada.workspace_id
    unknown = [(number.to_bytes(32), UUID(int=number)) for number in range(1, 17_000)]
    found = await many_grants.of_sessions(ada.database, [*unknown, known], now=NOON)
    assert found.keys() == {known}


async def test_nothing_is_found_for_nobody(ada: Caller) -> None:
    assert await many_grants.of_identities(ada.database, []) == {}
