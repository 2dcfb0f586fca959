import asyncio
import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

import migrations
from domain import email_addresses, passwords, queued_emails, registration, sessions, users
from domain.model.one_time_tokens import OneTimeToken, TokenInvalid
from domain.model.passwords import PasswordWrong
from domain.model.queued_emails import QueuedEmail
from domain.model.users import AccountGone
from domain.queued_emails import RenderedEmail
from persistence import one_time_tokens
from persistence.database import Database
from persistence.one_time_tokens import one_time_tokens as tokens
from persistence.queued_emails import mail_pauses, outbox
from persistence.queued_emails import purge as purge_pauses
from tests.support.databases import PostgresDatabases
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.statements import overheard

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


def nobody(caller: Caller) -> Caller:
    return replace(caller, principal=None, workspace=None)


async def claimed(caller: Caller, *, limit: int = 100) -> list[QueuedEmail]:
    return list(await nobody(caller).write(queued_emails.claim, limit=limit))


async def rendered_email_to(caller: Caller) -> RenderedEmail:
    """The only e-mail that is due, rendered."""
    (queued_email,) = await claimed(caller)
    rendered_email = await nobody(caller).write(queued_emails.write, queued_email)
    assert isinstance(rendered_email, RenderedEmail)
    await nobody(caller).write(queued_emails.forget, queued_email)
    return rendered_email


async def test_a_queued_email_is_read_back(database: Database) -> None:
    caller = Caller(database=database)
    async with caller.unit() as uow:
        queued_email = QueuedEmail(
            id=uow.new_id(),
            kind="invitation",
            email="Bob@example.com",
            email_key="bob@example.com",
            created_at=NOON - MINUTE,
            due_at=NOON,
            attempts=3,
            workspace_id=uow.new_id(),
            invitation_id=uow.new_id(),
        )
        await uow.outbox.add(queued_email)
        await uow.outbox.add(replace(queued_email, id=uow.new_id(), invitation_id=uow.new_id(), due_at=NOON + MINUTE))
        await uow.commit()

    async with caller.unit() as uow:
        assert await uow.outbox.lock_due(now=NOON, limit=5) == [queued_email]


async def test_a_registration_that_is_rolled_back_leaves_no_email(database: Database) -> None:
    caller = Caller(database=database)
    async with caller.unit() as uow:
        await registration.register(uow, email="ada@example.com", password="pw", name="Ada", time_zone="UTC")

    assert not await caller.read(queued_emails.are_due)


async def test_an_email_that_one_server_claims_is_skipped_by_another_without_waiting(
    postgres_databases: PostgresDatabases,
) -> None:
    """This needs PostgreSQL: with one writer at a time, SQLite has no second claim meanwhile."""
    url = postgres_databases.migrated()
    database = Database(url)
    caller = Caller(database=database)
    for n in range(2):
        await caller.write(passwords.request_reset, email=f"{n}@example.com")
    async with caller.unit() as uow:
        (first,) = await queued_emails.claim(uow, limit=1)
        (second,) = await asyncio.wait_for(claimed(caller), timeout=PATIENCE_S)
        await uow.commit()

    assert (first.email, second.email) == ("0@example.com", "1@example.com")
    await database.close()
    postgres_databases.remove(url)


async def test_the_email_that_is_due_longest_is_claimed_first(database: Database) -> None:
    """The e-mails are put off in another order than they were added in, and fewer are claimed than exist."""
    caller = Caller(database=database)
    waits = {"late": 5, "first": 1, "third": 3, "second": 2, "fourth": 4}
    async with caller.unit() as uow:
        for name, minutes in waits.items():
            queued_email = QueuedEmail(
                id=uow.new_id(),
                kind="reset",
                email=f"{name}@example.com",
                email_key=f"{name}@example.com",
                created_at=NOON,
                due_at=NOON + minutes * MINUTE,
            )
            await uow.outbox.add(queued_email)
        await uow.commit()
    caller.clock.now += 10 * MINUTE

    async with caller.unit() as uow:
        due = await uow.outbox.lock_due(now=uow.now, limit=3)

    assert [queued_email.email for queued_email in due] == [
        "first@example.com",
        "second@example.com",
        "third@example.com",
    ]


async def test_concurrent_claims_get_each_email_once(database: Database) -> None:
    caller = Caller(database=database)
    for n in range(20):
        await caller.write(passwords.request_reset, email=f"{n}@example.com")

    found = await asyncio.gather(*(claimed(caller, limit=5) for _ in range(8)))

    ids = [queued_email.id for some in found for queued_email in some] + [
        queued_email.id for queued_email in await claimed(caller)
    ]
    assert len(ids) == len(set(ids)) == 20


async def test_concurrent_requests_for_one_address_send_one_email(database: Database) -> None:
    caller = Caller(database=database)
    await asyncio.gather(*(caller.write(passwords.request_reset, email="ada@example.com") for _ in range(8)))

    assert len(await claimed(caller)) == 1


async def test_a_second_request_while_an_email_waits_writes_as_much_as_the_first(database: Database) -> None:
    """Otherwise its time would show whether an e-mail waits, which it does only for a known address."""
    caller = Caller(database=database)
    for spelling in ("ada@example.com", "Ada@example.com"):
        with overheard() as heard:
            await caller.write(passwords.request_reset, email=spelling)
        assert [statement.text.split()[0] for statement in heard] == ["INSERT"]
        (row,) = await database.rows(select(outbox.c.email, outbox.c.attempts), {})
        assert tuple(row) == (spelling, 0)


async def test_a_second_request_does_not_move_an_email_that_is_put_off(ada: Caller) -> None:
    (queued_email,) = await claimed(ada)
    ada.clock.now += MINUTE / 2
    await ada.account.write(email_addresses.send_verification)

    assert await claimed(ada) == []
    ada.clock.now += MINUTE / 2
    (again,) = await claimed(ada)
    assert (again.id, again.attempts) == (queued_email.id, 2)


async def test_of_concurrent_emails_to_one_address_one_is_noted(database: Database) -> None:
    caller = Caller(database=database)
    queued_email = QueuedEmail(
        id=UUID(int=1), kind="invitation", email="a@b", email_key="a@b", created_at=NOON, due_at=NOON
    )

    async def note() -> bool:
        async with caller.unit() as uow:
            noted = await uow.outbox.note_sending(queued_email, at=NOON, unless_after=NOON - MINUTE)
            await uow.commit()
            return noted

    assert sorted(await asyncio.gather(*(note() for _ in range(8)))) == [False] * 7 + [True]


async def test_the_purge_deletes_only_the_pauses_that_are_over(database: Database) -> None:
    caller = Caller(database=database)
    async with caller.unit() as uow:
        for age, name in ((MINUTE + SECOND, "over"), (MINUTE, "on")):
            queued_email = QueuedEmail(
                id=UUID(int=1), kind="invitation", email=name, email_key=name, created_at=NOON, due_at=NOON
            )
            assert await uow.outbox.note_sending(queued_email, at=NOON - age, unless_after=NOON)
        await uow.commit()
    async with database.transaction() as transaction:
        purged = [await purge_pauses(transaction, now=NOON) for _ in range(2)]

    assert purged == [1, 0]
    assert [row[0] for row in await database.rows(select(mail_pauses.c.email_key), {})] == ["on"]


async def test_a_token_is_stored_as_its_digest_and_replaces_the_one_before(ada: Caller) -> None:
    first = await rendered_email_to(ada)
    ada.clock.now += MINUTE
    await ada.account.write(email_addresses.send_verification)
    second = await rendered_email_to(ada)

    rows = await ada.database.rows(select(tokens), {})
    assert len(rows) == 1
    assert second.token not in repr(rows)
    with pytest.raises(TokenInvalid):
        await nobody(ada).write(email_addresses.verify, first.token)
    await nobody(ada).write(email_addresses.verify, second.token)
    assert (await ada.account.read(users.get_me)).email_verified_at == ada.clock.now


async def test_of_concurrent_uses_of_one_token_one_sets_the_password(ada: Caller) -> None:
    await claimed(ada)
    await nobody(ada).write(passwords.request_reset, email="ada@example.com")
    rendered_email = await rendered_email_to(ada)
    attempts = [nobody(ada).write(passwords.reset, rendered_email.token, new_password=f"new {n}") for n in range(5)]

    results = await asyncio.gather(*attempts, return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["TokenInvalid"] * 4
    (winner,) = [n for n, result in enumerate(results) if result is None]
    await ada.account.write(sessions.log_in, email="ada@example.com", password=f"new {winner}")


async def test_writing_using_and_deleting_at_once_do_not_deadlock(ada: Caller) -> None:
    """All of them lock the user first."""
    rendered_email = await rendered_email_to(ada)
    await ada.account.write(email_addresses.send_verification)
    ada.clock.now += MINUTE
    (queued_email,) = await claimed(ada)

    results = await asyncio.wait_for(
        asyncio.gather(
            *(nobody(ada).write(email_addresses.verify, rendered_email.token) for _ in range(3)),
            *(nobody(ada).write(queued_emails.write, queued_email) for _ in range(3)),
            ada.account.write(passwords.change, current_password="ada", new_password="new"),
            ada.account.write(users.delete),
            return_exceptions=True,
        ),
        timeout=PATIENCE_S,
    )

    refusals = {type(result) for result in results if isinstance(result, BaseException)}
    assert refusals <= {TokenInvalid, PasswordWrong, AccountGone}
    assert await ada.database.rows(select(tokens), {}) == []
    assert await ada.database.rows(select(outbox), {}) == []


async def test_the_purge_deletes_only_expired_tokens(ada: Caller, bob: Caller) -> None:
    for caller, lives in ((ada, MINUTE), (bob, 3 * MINUTE)):
        async with nobody(caller).unit() as uow:
            token = OneTimeToken(
                digest=caller.user_id.bytes,
                kind="reset",
                user_id=caller.user_id,
                email_key="x",
                expires_at=NOON + lives,
            )
            assert await uow.one_time_tokens.replace(token, if_expiring_until=NOON)
            await uow.commit()
    transaction = await ada.database.begin()
    purged = [await one_time_tokens.purge(transaction, now=NOON + 2 * MINUTE) for _ in range(2)]
    await transaction.commit()
    await transaction.close()

    assert purged == [1, 0]
    assert [row[0] for row in await ada.database.rows(select(tokens.c.user_id), {})] == [bob.user_id]


async def test_old_accounts_have_no_verified_address_and_a_downgrade_keeps_them(
    database_url: str, database: Database
) -> None:
    ada = await Caller(database=database).register("ada")
    await nobody(ada).write(email_addresses.verify, (await rendered_email_to(ada)).token)
    await database.close()

    migrations.downgrade(database_url, "0002")
    migrations.upgrade(database_url)

    user = await ada.account.read(users.get_me)
    assert (user.email, user.email_verified_at, user.revision) == ("ada@example.com", None, 2)
    await ada.account.write(email_addresses.send_verification)
    assert (await rendered_email_to(ada)).kind == "verification"
