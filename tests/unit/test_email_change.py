"""Changing the address of an account: the new address is verified first, and the old one is notified."""

import datetime as dt
from dataclasses import replace

import pytest

from domain import account_log, email_addresses, passwords, queued_emails, sessions, tokens, users
from domain.model.one_time_tokens import TokenInvalid
from domain.model.passwords import PasswordMissing, PasswordWrong
from domain.model.users import AccountGone, Credentials, EmailTaken
from domain.queued_emails import RenderedEmail
from domain.tokens import TokenDraft
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered
from tests.unit.test_queued_emails import nobody, sent

NEW = "Ada@new.example"
PASSWORD = "correct horse"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
async def ada(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """A unit of work of Ada's, whose address is verified."""
    (rendered_email,) = await sent(uow)
    await email_addresses.verify(nobody(uow), rendered_email.token)
    return uow.account_unit()


async def asked(ada: FakeUnitOfWork, email: str = NEW) -> dict[str, RenderedEmail]:
    """The e-mails that are sent when Ada requests another address, by kind."""
    await email_addresses.change(ada.account_unit(), email=email, current_password=PASSWORD)
    return {rendered_email.kind: rendered_email for rendered_email in await sent(ada)}


async def kinds(ada: FakeUnitOfWork) -> list[str]:
    events = await account_log.page(ada.account_unit())
    return [event.type for event in events.items]


async def test_the_address_changes_only_when_the_token_is_presented(ada: FakeUnitOfWork) -> None:
    before = await users.get_me(ada.account_unit())
    rendered_email = (await asked(ada))["email_change"]
    assert (rendered_email.to, rendered_email.name) == (NEW, "")
    assert replace(await users.get_me(ada.account_unit()), new_email=None) == before

    await email_addresses.verify(nobody(ada, now=NOON + MINUTE), rendered_email.token)

    after = await users.get_me(ada.account_unit())
    assert (after.email, after.new_email, after.email_verified_at) == (NEW, None, NOON + MINUTE)
    assert (after.revision, after.updated_at) == (before.revision + 1, NOON + MINUTE)
    assert (await kinds(ada))[:2] == ["email.changed", "email.change_requested"]
    await sessions.log_in(nobody(ada), email="ada@NEW.example", password=PASSWORD)
    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(ada), rendered_email.token)


async def test_the_old_address_is_notified_before_and_after(ada: FakeUnitOfWork) -> None:
    rendered_emails = await asked(ada)
    assert (rendered_emails["email_changing"].to, rendered_emails["email_changing"].token) == ("ada@example.com", "")

    await email_addresses.verify(nobody(ada), rendered_emails["email_change"].token)

    (notice,) = await sent(ada)
    assert (notice.kind, notice.to, notice.token) == ("email_changed", "ada@example.com", "")


async def test_an_old_address_that_was_never_verified_is_not_notified(uow: FakeUnitOfWork) -> None:
    await sent(uow)
    rendered_emails = await asked(uow)
    assert rendered_emails.keys() == {"email_change"}

    await email_addresses.verify(nobody(uow), rendered_emails["email_change"].token)

    assert await sent(uow) == []


async def test_sessions_and_personal_tokens_are_kept(ada: FakeUnitOfWork) -> None:
    begun = await sessions.log_in(nobody(ada), email="ada@example.com", password=PASSWORD)
    issued = await tokens.create(ada.account_unit(), TokenDraft(name="script", scopes=frozenset({"read"})))

    await email_addresses.verify(nobody(ada), (await asked(ada))["email_change"].token)

    assert begun.session.id in ada.store.sessions
    assert issued.token.id in ada.store.tokens


@pytest.mark.parametrize(("password", "error"), [("wrong horse", PasswordWrong), (None, PasswordMissing)])
async def test_without_the_password_nothing_is_changed_or_sent(
    ada: FakeUnitOfWork, password: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await email_addresses.change(ada, email=NEW, current_password=password)

    assert await sent(ada) == []
    assert ada.store.users[ada.principal.user_id].new_email is None


async def test_an_account_without_a_password_needs_none(ada: FakeUnitOfWork) -> None:
    ada.store.password_hashes[ada.principal.user_id] = None

    await email_addresses.change(ada, email=NEW, current_password=None)

    assert [rendered_email.to for rendered_email in await sent(ada)] == [NEW, "ada@example.com"]


async def test_two_users_who_request_one_address_are_each_sent_their_token(ada: FakeUnitOfWork) -> None:
    """Whoever presents their token first gets the address: neither e-mail replaces the other."""
    bob = await registered(ada, email="bob@example.com", name="Bob")
    await sent(ada)
    await email_addresses.change(ada.account_unit(), email=NEW, current_password=PASSWORD)
    await email_addresses.change(bob.account_unit(), email=NEW, current_password=PASSWORD)

    rendered_emails = [*await sent(ada), *await sent(ada, now=NOON + queued_emails.APART)]
    first, second = [rendered_email for rendered_email in rendered_emails if rendered_email.kind == "email_change"]

    await email_addresses.verify(nobody(ada), first.token)
    assert (await users.get_me(ada.account_unit())).email == NEW
    with pytest.raises(EmailTaken):
        await email_addresses.verify(nobody(ada), second.token)


async def test_repeated_requests_by_one_user_send_one_email(ada: FakeUnitOfWork) -> None:
    for _ in range(3):
        await email_addresses.change(ada.account_unit(), email=NEW, current_password=PASSWORD)

    later = [await sent(ada, now=NOON + minutes * queued_emails.APART) for minutes in range(4)]

    assert [rendered_email.kind for rendered_emails in later for rendered_email in rendered_emails].count(
        "email_change"
    ) == 1


async def test_the_address_of_another_account_is_rejected(ada: FakeUnitOfWork) -> None:
    await registered(ada, email="bob@example.com", name="Bob")

    with pytest.raises(EmailTaken):
        await email_addresses.change(ada, email="BOB@example.com", current_password=PASSWORD)


async def test_an_address_that_was_taken_meanwhile_stays_with_its_account(ada: FakeUnitOfWork) -> None:
    rendered_email = (await asked(ada))["email_change"]
    bob = await registered(ada, email=NEW.upper(), name="Bob")

    with pytest.raises(EmailTaken):
        await email_addresses.verify(nobody(ada), rendered_email.token)

    assert (await users.get_me(ada.account_unit())).email == "ada@example.com"
    assert ada.store.email_keys[NEW.lower()] == bob.principal.user_id


async def test_a_later_request_replaces_an_earlier_one(ada: FakeUnitOfWork) -> None:
    first = (await asked(ada, "typo@new.example"))["email_change"]
    second = (await asked(ada))["email_change"]

    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(ada), first.token)
    await email_addresses.verify(nobody(ada), second.token)
    assert (await users.get_me(ada.account_unit())).email == NEW


async def test_an_email_for_an_earlier_request_is_not_sent(ada: FakeUnitOfWork) -> None:
    await email_addresses.change(ada.account_unit(), email="typo@new.example", current_password=PASSWORD)

    assert [
        rendered_email.to for rendered_email in (await asked(ada)).values() if rendered_email.kind == "email_change"
    ] == [NEW]


@pytest.mark.parametrize("by", ["present address", "password", "reset", "operator"])
async def test_a_change_is_cancelled(ada: FakeUnitOfWork, by: str) -> None:
    rendered_email = (await asked(ada))["email_change"]

    if by == "present address":
        await email_addresses.change(ada.account_unit(), email="ADA@example.com", current_password=PASSWORD)
        assert await sent(ada) == []
    elif by == "password":
        await passwords.change(ada.account_unit(), current_password=PASSWORD, new_password="new")
    elif by == "reset":
        await passwords.request_reset(nobody(ada), email="ada@example.com")
        (reset,) = await sent(ada)
        await passwords.reset(nobody(ada), reset.token, new_password="new")
    else:
        await passwords.set_by_operator(nobody(ada), email="ada@example.com", new_password="new")

    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(ada), rendered_email.token)
    assert (await users.get_me(ada.account_unit())).email == "ada@example.com"


async def test_an_address_gets_one_such_email_a_minute_and_the_old_one_gets_one_notice(ada: FakeUnitOfWork) -> None:
    await asked(ada)
    await email_addresses.change(ada.account_unit(), email=NEW, current_password=PASSWORD)
    assert await sent(ada) == []

    assert [rendered_email.to for rendered_email in await sent(ada, now=NOON + queued_emails.APART)] == [NEW]


async def test_a_notice_that_could_not_be_sent_is_tried_again(ada: FakeUnitOfWork) -> None:
    """The pause between e-mails does not hold it up: it counts from this notice's own last attempt."""
    await email_addresses.change(ada.account_unit(), email=NEW, current_password=PASSWORD)
    (notice,) = [
        queued_email
        for queued_email in await queued_emails.claim(nobody(ada), limit=10)
        if queued_email.kind == "email_changing"
    ]
    first = await queued_emails.write(nobody(ada), notice)

    again = await queued_emails.write(nobody(ada, now=NOON + MINUTE / 2), replace(notice, attempts=2))

    assert isinstance(first, RenderedEmail)
    assert isinstance(again, RenderedEmail)
    assert (again.kind, again.to) == ("email_changing", "ada@example.com")


async def test_a_log_in_that_replaces_an_outdated_hash_cancels_no_change(ada: FakeUnitOfWork) -> None:
    rendered_email = (await asked(ada))["email_change"]
    ada.store.password_hashes[ada.principal.user_id] = f"old hash of {PASSWORD}"

    await sessions.log_in(nobody(ada), email="ada@example.com", password=PASSWORD)

    assert ada.store.password_hashes[ada.principal.user_id] == f"hash of {PASSWORD}"
    await email_addresses.verify(nobody(ada), rendered_email.token)
    assert (await users.get_me(ada.account_unit())).email == NEW


async def test_a_token_for_the_old_address_is_invalid_after_the_change(ada: FakeUnitOfWork) -> None:
    await passwords.request_reset(nobody(ada), email="ada@example.com")
    (reset,) = await sent(ada)
    await email_addresses.verify(nobody(ada), (await asked(ada))["email_change"].token)

    with pytest.raises(TokenInvalid):
        await passwords.reset(nobody(ada), reset.token, new_password="new")


async def test_an_email_that_was_claimed_before_a_later_request_is_not_sent(ada: FakeUnitOfWork) -> None:
    await email_addresses.change(ada.account_unit(), email=NEW, current_password=PASSWORD)
    (queued_email,) = [each for each in await queued_emails.claim(nobody(ada), limit=10) if each.kind == "email_change"]
    await email_addresses.change(ada.account_unit(), email="ada@newer.example", current_password=PASSWORD)

    assert await queued_emails.write(nobody(ada), queued_email) is None


async def test_a_reset_is_not_sent_to_an_address_that_replaces_the_requested_one(ada: FakeUnitOfWork) -> None:
    """Not even if the address is replaced between the look-up and the lock on the account."""
    change = (await asked(ada))["email_change"]
    await passwords.request_reset(nobody(ada), email="ada@example.com")
    (queued_email,) = await queued_emails.claim(nobody(ada), limit=10)
    sender = nobody(ada)
    look = sender.credentials

    class Overtaken:
        async def find_by_email(self, email_key: str) -> Credentials | None:
            found = await look.find_by_email(email_key)
            await email_addresses.verify(nobody(ada), change.token)
            return found

    sender.credentials = Overtaken()  # type: ignore[assignment]  # what is used of it

    assert await queued_emails.write(sender, queued_email) is None


async def test_a_token_works_until_the_moment_it_expires(ada: FakeUnitOfWork) -> None:
    rendered_email = (await asked(ada))["email_change"]

    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(ada, now=rendered_email.expires_at), rendered_email.token)
    await email_addresses.verify(
        nobody(ada, now=rendered_email.expires_at - dt.timedelta(seconds=1)), rendered_email.token
    )


async def test_the_address_of_a_deleted_account_cannot_be_changed(ada: FakeUnitOfWork) -> None:
    await users.delete(ada.account_unit())

    with pytest.raises(AccountGone):
        await email_addresses.change(ada, email=NEW, current_password=PASSWORD)


async def test_a_password_that_changes_meanwhile_is_rejected(ada: FakeUnitOfWork) -> None:
    class Overtaken:
        async def verify(self, password: str, *, password_hash: str | None) -> bool:
            ada.store.password_hashes[ada.principal.user_id] = "hash of another"
            return password_hash == f"hash of {password}"

    overtaken = ada.account_unit()
    overtaken.passwords = Overtaken()  # type: ignore[assignment]  # what is used of it
    with pytest.raises(PasswordWrong):
        await email_addresses.change(overtaken, email=NEW, current_password=PASSWORD)
