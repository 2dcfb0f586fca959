import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from domain import account_log, passwords, sessions, users
from domain.model.account_log import AccountEvent
from domain.model.sessions import RefreshTokenInvalid
from domain.policy import Policy
from domain.principals import Principal
from domain.sessions import SessionEnded
from persistence.account_log import account_events
from tests.support.defaults import HOME, NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller, every_item
from tests.support.waiting import until_held_up


async def events_of(caller: Caller) -> list[AccountEvent]:
    return await every_item(lambda cursor: caller.account.read(account_log.page, limit=2, cursor=cursor))


async def logged_in(ada: Caller) -> Caller:
    """*ada* with a session from now on."""
    begun = await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")
    return replace(ada, principal=Principal(user_id=ada.user_id, session_id=begun.session.id))


async def test_the_account_log_is_read_newest_first_in_pages_and_only_by_its_owner(ada: Caller, bob: Caller) -> None:
    ada = await logged_in(ada)
    await ada.account.write(passwords.change, current_password="ada", new_password="new")
    await ada.account.write(sessions.end_all)

    events = await events_of(ada)

    assert [(event.type, event.session_id) for event in events] == [
        ("sessions.ended", ada.session_id),
        ("password.changed", ada.session_id),
        ("session.started", ada.session_id),
        ("account.registered", None),
    ]
    assert {(event.recorded_at, event.address, event.device) for event in events} == {(NOON, HOME.address, HOME.device)}
    assert [event.type for event in await events_of(bob)] == ["account.registered"]


async def test_the_event_of_a_token_names_the_session_that_created_it(ada: Caller) -> None:
    ada = await logged_in(ada)
    async with ada.account.unit() as uow:
        await uow.account_log.add("token.created", token_id=UUID(int=7))
        await uow.commit()

    (event, *_) = await events_of(ada)
    assert (event.type, event.token_id, event.session_id) == ("token.created", UUID(int=7), ada.session_id)


async def test_uncommitted_events_are_not_in_the_log(ada: Caller) -> None:
    async with ada.account.unit() as uow:
        await sessions.end_all(uow)

    assert [event.type for event in await events_of(ada)] == ["account.registered"]


async def test_refresh_tokens_that_are_reused_while_the_account_is_deleted_neither_deadlock_nor_leave_rows(
    ada: Caller,
) -> None:
    begun = [await ada.account.write(sessions.log_in, email="ada@example.com", password="ada") for _ in range(4)]
    for each in begun:
        await ada.account.write(sessions.refresh, each.refresh_token)
    ada.clock.now += Policy().refresh_grace
    nobody = replace(ada.account, principal=None)

    results = await asyncio.gather(
        *(nobody.write(sessions.refresh, each.refresh_token) for each in begun[:2]),
        ada.account.write(users.delete),
        *(nobody.write(sessions.refresh, each.refresh_token) for each in begun[2:]),
        return_exceptions=True,
    )

    assert {type(result) for result in results} <= {SessionEnded, RefreshTokenInvalid, type(None)}
    assert await ada.database.rows(select(account_events.c.id), {}) == []


async def test_a_spent_token_may_be_reused_while_its_user_waits_for_a_lock(ada: Caller) -> None:
    """Ending the session locks the user first, like every other write: otherwise each would wait for the other."""
    begun = await ada.account.write(sessions.log_in, email="ada@example.com", password="ada")
    await ada.account.write(sessions.refresh, begun.refresh_token)
    ada.clock.now += Policy().refresh_grace
    nobody = replace(ada.account, principal=None)

    async with ada.account.unit() as uow:
        await users.get_me(uow)  # holds the lock on the account
        reused = asyncio.create_task(nobody.write(sessions.refresh, begun.refresh_token))
        await until_held_up(reused, database=ada.database)
        await asyncio.wait_for(sessions.end_all(uow), timeout=PATIENCE_S)
        await uow.commit()

    with pytest.raises(RefreshTokenInvalid):
        await reused
    assert [event.type for event in await events_of(ada)] == ["sessions.ended", "session.started", "account.registered"]
