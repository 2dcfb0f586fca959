import datetime as dt
from uuid import UUID

import pytest

from domain import registration, secret_tokens, sessions
from domain.model.sessions import NoCurrentSession, RefreshTokenInvalid, Session, SessionNotFound, WrongCredentials
from domain.origins import Origin
from domain.pages import CursorInvalid
from domain.policy import Policy
from domain.principals import Principal
from domain.sessions import SessionEnded, SessionTokens
from tests.support.defaults import HOME, NOON
from tests.support.fakes.passwords import FakePasswords
from tests.support.fakes.sessions import FakeSessions
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

HOUR = dt.timedelta(hours=1)
MONTH = dt.timedelta(days=30)


async def log_in(uow: FakeUnitOfWork, *, now: dt.datetime = NOON) -> SessionTokens:
    return await sessions.log_in(uow.unit(now=now), email="ada@example.com", password="correct horse")


async def refreshed(uow: FakeUnitOfWork, token: str, *, now: dt.datetime = NOON) -> SessionTokens:
    result = await sessions.refresh(uow.unit(now=now), token)
    assert isinstance(result, SessionTokens)
    return result


async def test_logging_in_creates_a_session_with_two_tokens_that_are_stored_only_as_digests(
    uow: FakeUnitOfWork,
) -> None:
    begun = await log_in(uow)

    assert begun.session.user_id == uow.principal.user_id
    assert (begun.session.created_at, begun.session.expires_at) == (NOON, NOON + MONTH)
    access = secret_tokens.digest_of(begun.access_token, kind="session")
    renewal = secret_tokens.digest_of(begun.refresh_token, kind="refresh")
    assert access is not None
    assert renewal is not None
    assert uow.store.access_tokens[access].expires_at == NOON + HOUR
    assert uow.store.refresh_tokens[renewal].expires_at == NOON + MONTH
    assert begun.access_lifetime_s == 3600


async def test_the_lifetime_of_a_session_is_a_setting(uow: FakeUnitOfWork) -> None:
    policy = Policy(access_token_lifetime=dt.timedelta(minutes=5), session_lifetime=dt.timedelta(days=1))

    begun = await sessions.log_in(uow.unit(policy=policy), email="ada@example.com", password="correct horse")

    assert begun.access_lifetime_s == 300
    assert begun.session.expires_at == NOON + dt.timedelta(days=1)


async def test_a_session_has_the_device_that_is_named_or_the_one_of_the_request(uow: FakeUnitOfWork) -> None:
    who = {"email": "ada@example.com", "password": "correct horse"}

    named = await sessions.log_in(uow.unit(), **who, device="Ada's phone")
    unnamed = await sessions.log_in(uow.unit(), **who)
    unknown = await sessions.log_in(FakeUnitOfWork(store=uow.store, origin=Origin()), **who)

    devices = [begun.session.device for begun in (named, unnamed, unknown)]
    assert devices == ["Ada's phone", HOME.device, None]


async def test_the_address_may_be_written_in_any_case_at_log_in(uow: FakeUnitOfWork) -> None:
    begun = await sessions.log_in(uow.unit(), email="ADA@EXAMPLE.COM", password="correct horse")

    assert begun.session.user_id == uow.principal.user_id


async def test_an_outdated_hash_is_replaced_at_log_in(uow: FakeUnitOfWork) -> None:
    hashes, user_id = uow.store.password_hashes, uow.principal.user_id
    hashes[user_id] = "old hash of correct horse"

    with pytest.raises(WrongCredentials):
        await sessions.log_in(uow.unit(), email="ada@example.com", password="guess")
    assert hashes[user_id] == "old hash of correct horse"

    await log_in(uow)
    assert hashes[user_id] == "hash of correct horse"


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
async def test_a_wrong_password_and_an_unknown_address_take_one_check_each_and_return_the_same_error(
    uow: FakeUnitOfWork, email: str
) -> None:
    attempt = uow.unit()

    with pytest.raises(WrongCredentials) as raised:
        await sessions.log_in(attempt, email=email, password="guess")

    assert attempt.passwords.verifications == 1
    assert str(raised.value) == str(WrongCredentials())


class OvertakenPasswords(FakePasswords):
    """Passwords whose stored hash is replaced while one is verified."""

    def __init__(self, uow: FakeUnitOfWork) -> None:
        super().__init__()
        self._uow = uow

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        verified = await super().verify(password, password_hash=password_hash)
        self._uow.store.password_hashes[self._uow.principal.user_id] = "hash of another"
        return verified


async def test_a_log_in_fails_if_the_password_is_changed_meanwhile(uow: FakeUnitOfWork) -> None:
    uow.passwords = OvertakenPasswords(uow)

    with pytest.raises(WrongCredentials):
        await sessions.log_in(uow, email="ada@example.com", password="correct horse")

    assert not uow.store.sessions


async def test_a_refresh_returns_new_tokens_and_extends_the_session(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)

    renewed = await refreshed(uow, begun.refresh_token, now=NOON + HOUR)

    assert renewed.session.id == begun.session.id
    assert renewed.session.created_at == NOON
    assert renewed.session.last_refreshed_at == NOON + HOUR
    assert renewed.session.expires_at == NOON + HOUR + MONTH
    assert uow.store.sessions[begun.session.id] == renewed.session
    assert len({begun.refresh_token, renewed.refresh_token, begun.access_token, renewed.access_token}) == 4


GRACE = Policy().refresh_grace


async def test_reusing_a_spent_refresh_token_ends_the_session(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    renewed = await refreshed(uow, begun.refresh_token)

    result = await sessions.refresh(uow.unit(now=NOON + GRACE), begun.refresh_token)

    assert result == SessionEnded(session_id=begun.session.id)
    assert not uow.store.sessions
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(uow.unit(), renewed.refresh_token)


async def test_a_client_that_lost_the_response_may_refresh_again_for_some_seconds(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    lost = await refreshed(uow, begun.refresh_token)
    almost = NOON + GRACE - dt.timedelta(microseconds=1)

    renewed = await refreshed(uow, begun.refresh_token, now=almost)

    assert len({begun.refresh_token, lost.refresh_token, renewed.refresh_token}) == 3
    (live,) = uow.sessions.live(begun.session.id)
    assert live == secret_tokens.digest_of(renewed.refresh_token, kind="refresh")
    assert await refreshed(uow, renewed.refresh_token, now=NOON + HOUR)


async def test_a_late_use_of_the_other_token_ends_the_session(uow: FakeUnitOfWork) -> None:
    """Client and thief have a token each; the later use of either ends the session for both."""
    begun = await log_in(uow)
    theirs = await refreshed(uow, begun.refresh_token)
    mine = await refreshed(uow, begun.refresh_token, now=NOON + GRACE / 2)

    ended = await sessions.refresh(uow.unit(now=NOON + HOUR), theirs.refresh_token)

    assert ended == SessionEnded(session_id=begun.session.id)
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(uow.unit(now=NOON + HOUR), mine.refresh_token)


async def test_the_grace_period_is_counted_from_the_first_use(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    for part in range(4):
        await refreshed(uow, begun.refresh_token, now=NOON + GRACE * part / 4)

    assert isinstance(await sessions.refresh(uow.unit(now=NOON + GRACE), begun.refresh_token), SessionEnded)


@pytest.mark.parametrize("later", [dt.timedelta(), dt.timedelta(seconds=-1)])
async def test_the_grace_period_can_be_switched_off_whatever_the_clocks_say(
    uow: FakeUnitOfWork, later: dt.timedelta
) -> None:
    begun = await log_in(uow)
    strict = uow.unit(now=NOON + later, policy=Policy(refresh_grace=dt.timedelta()))
    await refreshed(uow, begun.refresh_token)

    assert isinstance(await sessions.refresh(strict, begun.refresh_token), SessionEnded)


async def test_a_token_that_was_spent_by_a_server_whose_clock_is_ahead_may_be_used_again(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    await refreshed(uow, begun.refresh_token, now=NOON + dt.timedelta(seconds=1))

    assert await refreshed(uow, begun.refresh_token, now=NOON)


class ForgetfulSessions(FakeSessions):
    """Sessions that delete the refresh token while the caller waits for the lock."""

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        session = await super().lock_by_refresh_token(digest)
        del self._store.refresh_tokens[digest], self._store.spent[digest]
        return session


async def test_a_spent_token_that_is_deleted_meanwhile_ends_the_session(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    await refreshed(uow, begun.refresh_token)
    overtaken = uow.unit()
    overtaken.sessions = ForgetfulSessions(uow.store, locked=overtaken.locked)

    assert await sessions.refresh(overtaken, begun.refresh_token) == SessionEnded(session_id=begun.session.id)


async def test_a_refresh_token_expires_with_its_session(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)

    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(uow.unit(now=NOON + MONTH), begun.refresh_token)

    assert await refreshed(uow, begun.refresh_token, now=NOON + MONTH - dt.timedelta(microseconds=1))


async def test_a_token_of_another_kind_is_not_accepted_as_a_refresh_token(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    unknown = secret_tokens.mint("refresh", random_bytes=lambda count: b"\x01" * count).text

    for text in (begun.access_token, unknown, "", "tbr_"):
        with pytest.raises(RefreshTokenInvalid):
            await sessions.refresh(uow.unit(), text)


async def test_the_refresh_token_of_an_ended_session_is_rejected(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    await sessions.end(uow.unit(), begun.session.id)

    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(uow.unit(), begun.refresh_token)


async def test_sessions_are_listed_oldest_first_in_pages(uow: FakeUnitOfWork) -> None:
    begun = [(await log_in(uow)).session for _ in range(3)]

    first = await sessions.page(uow.unit(), limit=2)
    second = await sessions.page(uow.unit(), limit=2, cursor=first.next_cursor)

    assert [*first.items, *second.items] == begun
    assert second.next_cursor is None


async def test_expired_sessions_and_those_of_others_are_not_listed(uow: FakeUnitOfWork) -> None:
    await log_in(uow)
    other = await registered(uow, email="bob@example.com", name="Bob")

    assert (await sessions.page(other.unit())).items == ()
    assert (await sessions.page(uow.unit(now=NOON + MONTH))).items == ()


async def test_a_cursor_of_another_user_is_rejected(uow: FakeUnitOfWork) -> None:
    await log_in(uow)
    await log_in(uow)
    other = await registered(uow, email="bob@example.com", name="Bob")
    page = await sessions.page(uow.unit(), limit=1)

    with pytest.raises(CursorInvalid):
        await sessions.page(other.unit(), cursor=page.next_cursor)


async def test_a_user_can_end_one_of_their_sessions_once(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    kept = await log_in(uow)

    await sessions.end(uow.unit(), begun.session.id)

    assert list(uow.store.sessions) == [kept.session.id]
    with pytest.raises(SessionNotFound) as raised:
        await sessions.end(uow.unit(), begun.session.id)
    assert raised.value.session_id == begun.session.id


async def test_a_user_cannot_end_the_session_of_another(uow: FakeUnitOfWork) -> None:
    begun = await log_in(uow)
    other = await registered(uow, email="bob@example.com", name="Bob")

    with pytest.raises(SessionNotFound):
        await sessions.end(other.unit(), begun.session.id)

    assert begun.session.id in uow.store.sessions


async def test_a_user_can_end_all_their_sessions_and_only_those(uow: FakeUnitOfWork) -> None:
    await log_in(uow)
    await log_in(uow)
    await registration.register(uow.unit(), email="bob@example.com", password="bob's", name="Bob", time_zone="UTC")
    bobs = await sessions.log_in(uow.unit(), email="bob@example.com", password="bob's")

    await sessions.end_all(uow.unit())

    assert list(uow.store.sessions) == [bobs.session.id]


async def test_the_current_session_is_found_and_ended_without_an_id(uow: FakeUnitOfWork) -> None:
    begun = await sessions.log_in(uow.account_unit(), email="ada@example.com", password="correct horse")
    user_id, session = uow.principal.user_id, begun.session
    through = Principal(user_id=user_id, session_id=session.id)

    assert await sessions.get_current(uow.unit(principal=through)) == session
    await sessions.end_current(uow.unit(principal=through))

    assert session.id not in uow.store.sessions
    with pytest.raises(SessionNotFound):
        await sessions.get_current(uow.unit(principal=through))


async def test_a_caller_without_a_session_has_no_current_session(uow: FakeUnitOfWork) -> None:
    script = uow.unit(principal=Principal(user_id=uow.principal.user_id, token_id=UUID(int=7)))

    for service in (sessions.get_current, sessions.end_current):
        with pytest.raises(NoCurrentSession):
            await service(script)
