import asyncio
import datetime as dt

import pytest
from sqlalchemy import select

from domain import passwords, secret_tokens, sessions
from domain.model.sessions import RefreshTokenInvalid, SessionNotFound, StoredToken, WrongCredentials
from domain.policy import Policy
from domain.principals import SESSION_SCOPES
from domain.sessions import SessionEnded, SessionTokens
from persistence.sessions import authenticate, purge, refresh_tokens
from persistence.violations import StatementFailed
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller, every_item
from tests.support.waiting import until_held_up_or_done

HOUR = dt.timedelta(hours=1)
MONTH = dt.timedelta(days=30)
GRACE = Policy().refresh_grace


async def log_in(ada: Caller) -> SessionTokens:
    return await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")


async def is_accepted(ada: Caller, begun: SessionTokens) -> bool:
    digest = secret_tokens.digest_of(begun.access_token, kind="session")
    assert digest is not None
    return await authenticate(ada.database, digest, workspace_id=None, now=ada.clock.now) is not None


async def test_an_access_token_gives_user_session_scopes_and_role(ada: Caller, bob: Caller) -> None:
    begun = await log_in(ada)
    digest = secret_tokens.digest_of(begun.access_token, kind="session")
    assert digest is not None
    await bob.add_member(ada, role="viewer")

    for workspace_id, role in ((ada.workspace_id, "owner"), (bob.workspace_id, "viewer"), (None, None)):
        auth = await authenticate(ada.database, digest, workspace_id=workspace_id, now=NOON)
        assert auth is not None
        assert (auth[0].user_id, auth[0].session_id) == (ada.user_id, begun.session.id)
        assert (auth[0].scopes, auth[1]) == (SESSION_SCOPES, role)


async def test_a_stranger_has_no_role_in_a_workspace(ada: Caller, bob: Caller) -> None:
    begun = await log_in(ada)
    digest = secret_tokens.digest_of(begun.access_token, kind="session")
    assert digest is not None

    auth = await authenticate(ada.database, digest, workspace_id=bob.workspace_id, now=NOON)

    assert auth is not None
    assert auth[1] is None


async def test_an_access_token_is_valid_for_an_hour(ada: Caller) -> None:
    begun = await log_in(ada)

    ada.clock.now = NOON + HOUR - dt.timedelta(microseconds=1)
    assert await is_accepted(ada, begun)
    ada.clock.now = NOON + HOUR
    assert not await is_accepted(ada, begun)


async def test_an_unknown_token_is_rejected(ada: Caller) -> None:
    assert await authenticate(ada.database, b"\0" * 32, workspace_id=None, now=NOON) is None


async def test_ending_a_session_invalidates_its_access_token_at_once(ada: Caller) -> None:
    begun = await log_in(ada)

    await ada.account.write(sessions.end, begun.session.id)

    assert not await is_accepted(ada, begun)
    with pytest.raises(SessionNotFound):
        await ada.account.write(sessions.end, begun.session.id)


async def test_ending_all_sessions_invalidates_only_the_tokens_of_the_user(ada: Caller, bob: Caller) -> None:
    begun = [await log_in(ada), await log_in(ada)]
    bobs = await bob.account.write(sessions.log_in, email="bob@example.com", password="bob")

    await ada.account.write(sessions.end_all)

    assert [await is_accepted(ada, each) for each in (*begun, bobs)] == [False, False, True]


async def test_a_user_cannot_end_the_session_of_another(ada: Caller, bob: Caller) -> None:
    begun = await log_in(ada)

    with pytest.raises(SessionNotFound):
        await bob.account.write(sessions.end, begun.session.id)

    assert await is_accepted(ada, begun)


async def test_the_token_of_an_uncommitted_session_is_rejected(ada: Caller) -> None:
    async with ada.unit() as uow:
        begun = await sessions.log_in(uow, email="ada@example.com", password="ada")

    assert not await is_accepted(ada, begun)


async def test_a_refresh_returns_a_new_pair_and_updates_the_session(ada: Caller) -> None:
    begun = await log_in(ada)
    ada.clock.now = NOON + HOUR

    renewed = await ada.account.write(sessions.refresh, begun.refresh_token)

    assert isinstance(renewed, SessionTokens)
    assert await is_accepted(ada, renewed)
    assert (await ada.account.read(sessions.page)).items == (renewed.session,)
    assert renewed.session.last_refreshed_at == NOON + HOUR


async def test_reusing_a_spent_refresh_token_ends_the_session_once_committed(ada: Caller) -> None:
    begun = await log_in(ada)
    renewed = await ada.account.write(sessions.refresh, begun.refresh_token)
    assert isinstance(renewed, SessionTokens)
    ada.clock.now += GRACE

    ended = await ada.account.write(sessions.refresh, begun.refresh_token)

    assert ended == SessionEnded(session_id=begun.session.id)
    assert not await is_accepted(ada, renewed)
    with pytest.raises(RefreshTokenInvalid):
        await ada.account.write(sessions.refresh, renewed.refresh_token)


async def refresh_at_once(ada: Caller, token: str) -> list[SessionTokens | SessionEnded | BaseException]:
    attempts = [ada.account.write(sessions.refresh, token) for _ in range(5)]
    return await asyncio.gather(*attempts, return_exceptions=True)


async def live_tokens(ada: Caller) -> list[bytes]:
    """The digests of all unspent refresh tokens in the database."""
    live = select(refresh_tokens.c.digest).where(refresh_tokens.c.replaced_at.is_(None))
    return [bytes(row[0]) for row in await ada.database.rows(live, {})]


async def test_of_concurrent_refreshes_with_one_token_all_succeed_and_one_token_is_live(ada: Caller) -> None:
    begun = await log_in(ada)

    results = await refresh_at_once(ada, begun.refresh_token)

    refreshed = [result for result in results if isinstance(result, SessionTokens)]
    assert len({result.refresh_token for result in refreshed}) == 5
    (live,) = await live_tokens(ada)
    assert live in {secret_tokens.digest_of(result.refresh_token, kind="refresh") for result in refreshed}
    assert len((await ada.account.read(sessions.page)).items) == 1


async def test_of_concurrent_refreshes_with_one_old_token_one_ends_the_session(ada: Caller) -> None:
    begun = await log_in(ada)
    await ada.account.write(sessions.refresh, begun.refresh_token)
    ada.clock.now += GRACE

    results = await refresh_at_once(ada, begun.refresh_token)

    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["RefreshTokenInvalid"] * 4 + ["SessionEnded"]
    assert (await ada.account.read(sessions.page)).items == ()


async def test_the_database_rejects_a_second_live_token_of_a_session(ada: Caller) -> None:
    begun = await log_in(ada)

    async with ada.account.unit() as uow:
        with pytest.raises(StatementFailed):
            await uow.sessions.add_tokens(
                access=StoredToken(digest=b"a", session_id=begun.session.id, expires_at=NOON),
                refresh=StoredToken(digest=b"r", session_id=begun.session.id, expires_at=NOON),
            )


async def test_refreshing_while_sessions_are_ended_neither_deadlocks_nor_restores_one(ada: Caller) -> None:
    begun = [await log_in(ada) for _ in range(6)]
    for each in begun[:3]:
        await ada.account.write(sessions.refresh, each.refresh_token)
    ada.clock.now += GRACE

    results = await asyncio.gather(
        *(ada.account.write(sessions.refresh, each.refresh_token) for each in begun),
        ada.account.write(sessions.end_all),
        *(ada.account.write(sessions.refresh, each.refresh_token) for each in begun),
        ada.account.write(sessions.end_all),
        return_exceptions=True,
    )

    assert {type(result) for result in results} <= {SessionTokens, SessionEnded, RefreshTokenInvalid, type(None)}
    assert (await ada.account.read(sessions.page)).items == ()


async def test_a_refresh_deletes_expired_tokens(ada: Caller) -> None:
    begun = await log_in(ada)
    token = begun.refresh_token
    for days in (29, 58):
        ada.clock.now = NOON + dt.timedelta(days=days)
        renewed = await ada.account.write(sessions.refresh, token)
        assert isinstance(renewed, SessionTokens)
        token = renewed.refresh_token

    with pytest.raises(RefreshTokenInvalid):
        await ada.account.write(sessions.refresh, begun.refresh_token)

    assert len((await ada.account.read(sessions.page)).items) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_sessions_are_listed_by_age_in_pages_of_any_size(ada: Caller, limit: int) -> None:
    begun = [(await log_in(ada)).session for _ in range(4)]

    found = await every_item(lambda cursor: ada.account.read(sessions.page, limit=limit, cursor=cursor))

    assert found == begun


async def test_a_log_in_that_races_with_a_password_change_does_not_outlive_it(ada: Caller) -> None:
    async with ada.unit() as uow:
        credentials = await uow.credentials.find(ada.user_id)
        assert credentials is not None
        assert credentials.password_hash is not None
        await ada.account.write(passwords.change, current_password="ada", new_password="new")

        assert not await uow.users.lock_if_password(ada.user_id, password_hash=credentials.password_hash)


async def test_a_wrong_password_creates_no_session(ada: Caller) -> None:
    with pytest.raises(WrongCredentials):
        await ada.account.write(sessions.log_in, email="ada@example.com", password="guess")

    assert (await ada.account.read(sessions.page)).items == ()


async def purged(caller: Caller) -> int:
    transaction = await caller.database.begin()
    try:
        count = await purge(transaction, now=caller.clock.now)
        await transaction.commit()
    finally:
        await transaction.close()
    return count


async def test_the_purge_deletes_only_expired_sessions_with_their_tokens(ada: Caller) -> None:
    old = [await log_in(ada) for _ in range(3)]
    renewed = await ada.account.write(sessions.refresh, old[0].refresh_token)
    assert isinstance(renewed, SessionTokens)
    ada.clock.now += MONTH - HOUR
    kept = await ada.account.write(sessions.refresh, renewed.refresh_token)
    assert isinstance(kept, SessionTokens)
    assert await purged(ada) == 0
    ada.clock.now += HOUR

    assert [await purged(ada), await purged(ada)] == [2, 0]

    assert (await ada.account.read(sessions.page)).items == (kept.session,)
    assert len(await live_tokens(ada)) == 1


async def test_a_session_that_is_refreshed_at_the_last_moment_is_not_purged(ada: Caller) -> None:
    begun = await log_in(ada)
    ada.clock.now += MONTH - HOUR

    async with ada.account.unit() as uow:
        assert isinstance(await sessions.refresh(uow, begun.refresh_token), SessionTokens)
        ada.clock.now += HOUR
        purging = asyncio.create_task(purged(ada))
        await until_held_up_or_done(purging, database=ada.database)
        await uow.commit()

    assert await asyncio.wait_for(purging, timeout=PATIENCE_S) == 0
    assert len((await ada.account.read(sessions.page)).items) == 1


async def test_concurrent_purges_and_log_ins_neither_deadlock_nor_leave_rows(ada: Caller, bob: Caller) -> None:
    for _ in range(10):
        await log_in(ada)
        await bob.account.write(sessions.log_in, email="bob@example.com", password="bob")
    ada.clock.now = bob.clock.now = NOON + MONTH

    await asyncio.gather(*(purged(ada) for _ in range(3)), log_in(ada), *(purged(ada) for _ in range(3)))

    assert len(await live_tokens(ada)) == 1
