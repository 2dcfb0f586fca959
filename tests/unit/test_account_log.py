from dataclasses import replace

import pytest

from domain import account_log, sessions, users
from domain.entities import AccountEvent
from domain.errors import (
    CursorInvalid,
    EmailTaken,
    PasswordWrong,
    RefreshTokenInvalid,
    SessionNotFound,
    WrongCredentials,
)
from domain.origins import Origin
from domain.ports import Policy
from tests.unit.conftest import registered
from tests.unit.fakes import HOME, NOON, FakeWork

ADA = {"email": "ada@example.com", "password": "correct horse"}
LATER = NOON + Policy().refresh_grace


async def told(work: FakeWork) -> list[str]:
    """What the caller's log says, the oldest first, after the registration."""
    first, *others = reversed((await account_log.page(work.call())).items)
    assert (first.type, first.session_id) == ("account.registered", None)
    return [event.type for event in others]


async def latest(work: FakeWork) -> AccountEvent:
    return (await account_log.page(work.call(), limit=1)).items[0]


async def test_a_log_in_and_its_end_are_told_of_the_session(work: FakeWork) -> None:
    begun = await sessions.log_in(FakeWork(store=work.store, now=LATER), **ADA)
    started = await latest(work)
    await sessions.end(work.call(), begun.session.id)

    assert (started.type, started.recorded_at, started.session_id) == ("session.started", LATER, begun.session.id)
    assert (started.address, started.device, started.token_id) == (HOME.address, HOME.device, None)
    assert replace(await latest(work), id=started.id, recorded_at=LATER) == replace(started, type="session.ended")


async def test_the_end_of_all_sessions_is_told_of_the_one_that_ended_them(work: FakeWork) -> None:
    await sessions.end_all(work.call())

    assert (await latest(work)).type == "sessions.ended"
    assert (await latest(work)).session_id == work.principal.session_id


async def test_a_refresh_tells_nothing_until_a_spent_token_comes_back(work: FakeWork) -> None:
    begun = await sessions.log_in(work.call(), **ADA)
    for _ in range(2):
        await sessions.refresh(work.call(), begun.refresh_token)
    assert await told(work) == ["session.started"]

    thief = Origin(address="198.51.100.1", device="curl")
    await sessions.refresh(FakeWork(store=work.store, now=LATER, origin=thief), begun.refresh_token)

    event = await latest(work)
    assert (event.type, event.session_id) == ("session.reused", begun.session.id)
    assert (event.address, event.device) == (thief.address, thief.device)


async def test_new_passwords_are_told_and_by_whom_they_were_set(work: FakeWork) -> None:
    await users.change_password(work.call(), current_password="correct horse", new_password="battery staple")
    changed = await latest(work)
    await users.set_password(FakeWork(store=work.store, origin=Origin()), email=ADA["email"], new_password="new")
    reset = await latest(work)

    assert (changed.type, changed.session_id, changed.address) == (
        "password.changed",
        work.principal.session_id,
        HOME.address,
    )
    assert (reset.type, reset.session_id, reset.address, reset.device) == ("password.reset", None, None, None)


async def test_what_is_refused_tells_nothing(work: FakeWork) -> None:
    begun = await sessions.log_in(work.call(), **ADA)
    for attempt, refusal in (
        (sessions.log_in(work.call(), email=ADA["email"], password="guess"), WrongCredentials),
        (sessions.refresh(work.call(), begun.access_token), RefreshTokenInvalid),
        (sessions.end(work.call(), work.principal.user_id), SessionNotFound),
        (users.change_password(work.call(), current_password="guess", new_password="new"), PasswordWrong),
        (users.register(work.call(), **ADA, name="Eve", time_zone="UTC"), EmailTaken),
    ):
        with pytest.raises(refusal):
            await attempt

    assert await told(work) == ["session.started"]


async def test_the_log_comes_newest_first_in_pages_and_only_to_its_owner(work: FakeWork) -> None:
    other = await registered(FakeWork(store=work.store), email="bob@example.com", name="Bob")
    for _ in range(3):
        await sessions.log_in(work.call(), **ADA)

    first = await account_log.page(work.call(), limit=3)
    second = await account_log.page(work.call(), limit=3, cursor=first.next_cursor)

    assert [event.type for event in first.items] == ["session.started"] * 3
    assert [event.id for event in first.items] == sorted((event.id for event in first.items), reverse=True)
    assert ([event.type for event in second.items], second.next_cursor) == (["account.registered"], None)
    with pytest.raises(CursorInvalid):
        await account_log.page(other.call(), cursor=first.next_cursor)
    assert await told(other) == []


async def test_the_log_of_a_deleted_account_goes_with_it(work: FakeWork) -> None:
    await users.delete(work)

    assert not work.store.account_events
