from dataclasses import replace

import pytest

from domain import account_log, passwords, registration, sessions, users
from domain.model.account_log import AccountEvent
from domain.model.passwords import PasswordWrong
from domain.model.sessions import RefreshTokenInvalid, SessionNotFound, WrongCredentials
from domain.model.users import EmailTaken
from domain.origins import Origin
from domain.pages import CursorInvalid
from domain.policy import Policy
from tests.support.defaults import HOME, NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

ADA = {"email": "ada@example.com", "password": "correct horse"}
LATER = NOON + Policy().refresh_grace


async def logged(uow: FakeUnitOfWork) -> list[str]:
    """The types in the caller's account log, oldest first, without those of the registration."""
    first, *others = reversed((await account_log.page(uow.unit())).items)
    assert (first.type, first.session_id) == ("account.registered", None)
    return [event.type for event in others]


async def latest(uow: FakeUnitOfWork) -> AccountEvent:
    return (await account_log.page(uow.unit(), limit=1)).items[0]


async def test_starting_and_ending_a_session_are_logged_with_its_id(uow: FakeUnitOfWork) -> None:
    begun = await sessions.log_in(FakeUnitOfWork(store=uow.store, now=LATER), **ADA)
    started = await latest(uow)
    await sessions.end(uow.unit(), begun.session.id)

    assert (started.type, started.recorded_at, started.session_id) == ("session.started", LATER, begun.session.id)
    assert (started.address, started.device, started.token_id) == (HOME.address, HOME.device, None)
    assert replace(await latest(uow), id=started.id, recorded_at=LATER) == replace(started, type="session.ended")


async def test_ending_all_sessions_is_logged_with_the_session_that_requested_it(uow: FakeUnitOfWork) -> None:
    await sessions.end_all(uow.unit())

    assert (await latest(uow)).type == "sessions.ended"
    assert (await latest(uow)).session_id == uow.principal.session_id


async def test_a_refresh_is_not_logged_but_the_reuse_of_a_spent_token_is(uow: FakeUnitOfWork) -> None:
    begun = await sessions.log_in(uow.unit(), **ADA)
    for _ in range(2):
        await sessions.refresh(uow.unit(), begun.refresh_token)
    assert await logged(uow) == ["session.started"]

    thief = Origin(address="198.51.100.1", device="curl")
    await sessions.refresh(FakeUnitOfWork(store=uow.store, now=LATER, origin=thief), begun.refresh_token)

    event = await latest(uow)
    assert (event.type, event.session_id) == ("session.reused", begun.session.id)
    assert (event.address, event.device) == (thief.address, thief.device)


async def test_new_passwords_are_logged_with_who_set_them(uow: FakeUnitOfWork) -> None:
    await passwords.change(uow.unit(), current_password="correct horse", new_password="battery staple")
    changed = await latest(uow)
    await passwords.set_by_operator(
        FakeUnitOfWork(store=uow.store, origin=Origin()), email=ADA["email"], new_password="new"
    )
    reset = await latest(uow)

    assert (changed.type, changed.session_id, changed.address) == (
        "password.changed",
        uow.principal.session_id,
        HOME.address,
    )
    assert (reset.type, reset.session_id, reset.address, reset.device) == ("password.reset", None, None, None)


async def test_rejected_requests_are_not_logged(uow: FakeUnitOfWork) -> None:
    begun = await sessions.log_in(uow.unit(), **ADA)
    for attempt, refusal in (
        (sessions.log_in(uow.unit(), email=ADA["email"], password="guess"), WrongCredentials),
        (sessions.refresh(uow.unit(), begun.access_token), RefreshTokenInvalid),
        (sessions.end(uow.unit(), uow.principal.user_id), SessionNotFound),
        (passwords.change(uow.unit(), current_password="guess", new_password="new"), PasswordWrong),
        (registration.register(uow.unit(), **ADA, name="Eve", time_zone="UTC"), EmailTaken),
    ):
        with pytest.raises(refusal):
            await attempt

    assert await logged(uow) == ["session.started"]


async def test_the_log_comes_newest_first_in_pages_and_only_to_its_owner(uow: FakeUnitOfWork) -> None:
    other = await registered(FakeUnitOfWork(store=uow.store), email="bob@example.com", name="Bob")
    for _ in range(3):
        await sessions.log_in(uow.unit(), **ADA)

    first = await account_log.page(uow.unit(), limit=3)
    second = await account_log.page(uow.unit(), limit=3, cursor=first.next_cursor)

    assert [event.type for event in first.items] == ["session.started"] * 3
    assert [event.id for event in first.items] == sorted((event.id for event in first.items), reverse=True)
    assert ([event.type for event in second.items], second.next_cursor) == (["account.registered"], None)
    with pytest.raises(CursorInvalid):
        await account_log.page(other.unit(), cursor=first.next_cursor)
    assert await logged(other) == []


async def test_the_log_of_a_deleted_account_is_deleted(uow: FakeUnitOfWork) -> None:
    await users.delete(uow)

    assert not uow.store.account_events
