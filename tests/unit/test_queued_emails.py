import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from app.adapters.mail.smtp import GOODBYE_S, TIMEOUT_S
from domain import email_addresses, invitations, passwords, queued_emails, secret_tokens, tokens, users, workspaces
from domain.errors import InvalidTogether
from domain.model.invitations import Invitation
from domain.model.one_time_tokens import TokenInvalid
from domain.model.queued_emails import QueuedEmail
from domain.model.users import EmailVerified
from domain.queued_emails import APART, ATTEMPTS, RenderedEmail
from domain.tokens import TokenDraft
from persistence.urls import WAIT_S
from tests.support.defaults import NOON
from tests.support.fakes.passwords import FakePasswords
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
SCRIPT = TokenDraft(name="script", scopes=frozenset({"read"}))


def nobody(uow: FakeUnitOfWork, *, now: dt.datetime = NOON) -> FakeUnitOfWork:
    """A unit of work without a user, such as a worker's."""
    return FakeUnitOfWork(store=uow.store, now=now)


async def sent(uow: FakeUnitOfWork, *, now: dt.datetime = NOON) -> list[RenderedEmail]:
    """The e-mails that a worker sends at that time."""
    rendered_emails = []
    for queued_email in await queued_emails.claim(nobody(uow, now=now), limit=100):
        rendered_email = await queued_emails.write(nobody(uow, now=now), queued_email)
        if rendered_email == "later":
            continue
        if rendered_email is not None:
            rendered_emails.append(rendered_email)
        await queued_emails.forget(nobody(uow, now=now), queued_email)
    return rendered_emails


async def test_a_new_account_is_sent_a_token_that_is_valid_for_three_days_and_stored_only_as_its_digest(
    uow: FakeUnitOfWork,
) -> None:
    assert await queued_emails.are_due(nobody(uow))

    (rendered_email,) = await sent(uow)

    (stored,) = uow.store.one_time_tokens.values()
    assert (rendered_email.kind, rendered_email.to, rendered_email.expires_at) == (
        "verification",
        "ada@example.com",
        NOON + 3 * DAY,
    )
    assert stored.digest == secret_tokens.digest_of(rendered_email.token, kind="verification")
    assert (stored.user_id, stored.expires_at) == (uow.principal.user_id, rendered_email.expires_at)
    assert not await queued_emails.are_due(nobody(uow))


async def test_the_name_that_a_stranger_registered_with_is_not_in_the_email(uow: FakeUnitOfWork) -> None:
    (rendered_email,) = await sent(uow)
    assert rendered_email.name == ""

    await email_addresses.verify(nobody(uow), rendered_email.token)
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    (rendered_email,) = await sent(uow)

    assert rendered_email.name == "Ada"


async def test_a_claimed_email_is_not_due_again_before_its_pause_is_over(uow: FakeUnitOfWork) -> None:
    (queued_email,) = await queued_emails.claim(nobody(uow), limit=1)

    assert not await queued_emails.are_due(nobody(uow, now=NOON + 59 * SECOND))
    assert await queued_emails.claim(nobody(uow, now=NOON + 59 * SECOND), limit=1) == []
    (again,) = await queued_emails.claim(nobody(uow, now=NOON + 60 * SECOND), limit=1)
    assert (queued_email.attempts, again.attempts, again.id) == (1, 2, queued_email.id)


async def test_no_more_emails_are_claimed_than_requested_and_the_longest_due_first(uow: FakeUnitOfWork) -> None:
    for minute in (3, 1, 2):
        await passwords.request_reset(nobody(uow, now=NOON - minute * MINUTE), email=f"{minute}@example.com")

    claimed = await queued_emails.claim(nobody(uow), limit=2)

    assert [queued_email.email for queued_email in claimed] == ["3@example.com", "2@example.com"]


async def test_the_pauses_double_up_to_an_hour_and_end_with_the_last_attempt(uow: FakeUnitOfWork) -> None:
    now, pauses = NOON, []
    for attempt in range(1, ATTEMPTS + 3):
        (queued_email,) = await queued_emails.claim(nobody(uow, now=now), limit=1)
        assert queued_email.attempts == attempt
        assert queued_emails.is_given_up(queued_email) == (attempt >= ATTEMPTS)
        pauses.append((queued_email.due_at - now) / SECOND)
        now = queued_email.due_at

    assert pauses == [60, 120, 240, 480, 960, 1920, *[3600] * 8]


async def test_an_email_that_is_tried_again_has_another_token_and_the_first_one_is_invalid(uow: FakeUnitOfWork) -> None:
    (queued_email,) = await queued_emails.claim(nobody(uow), limit=1)
    first = await queued_emails.write(nobody(uow), queued_email)
    (queued_email,) = await queued_emails.claim(nobody(uow, now=queued_email.due_at), limit=1)
    second = await queued_emails.write(
        nobody(uow, now=NOON), queued_email
    )  # whatever the time: the last attempt of this very e-mail may be recent

    assert isinstance(first, RenderedEmail)
    assert isinstance(second, RenderedEmail)
    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(uow), first.token)
    await email_addresses.verify(nobody(uow), second.token)


async def test_an_address_has_one_waiting_email_of_a_kind_and_gets_one_a_minute(uow: FakeUnitOfWork) -> None:
    for spelling in ("ada@example.com", "ADA@example.com"):
        await passwords.request_reset(nobody(uow), email=spelling)
        await email_addresses.send_verification(uow.unit())
    assert sorted(queued_email.kind for queued_email in uow.store.queued_emails.values()) == ["reset", "verification"]

    assert len(await sent(uow)) == 2
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    assert await sent(uow, now=NOON + APART - SECOND) == []
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    assert len(await sent(uow, now=NOON + APART)) == 1


async def invitation_from(uow: FakeUnitOfWork, *, name: str, email: str = "grace@example.com") -> Invitation:
    """An invitation to a new workspace of this name."""
    workspace = await workspaces.create(uow.unit(), name=name)
    return (await invitations.create(uow.unit(workspace_id=workspace.id), email=email, role="viewer")).invitation


async def test_an_address_gets_one_invitation_a_minute_and_none_is_lost(uow: FakeUnitOfWork) -> None:
    await sent(uow)
    for name in ("Household", "Club", "Choir"):
        await invitation_from(uow, name=name)
    await invitation_from(uow, name="Crew", email="bob@example.com")

    addresses = [[rendered_email.to for rendered_email in await sent(uow, now=NOON + n * APART)] for n in range(4)]

    assert addresses[0] == ["grace@example.com", "bob@example.com"]
    assert addresses[1:] == [["grace@example.com"], ["grace@example.com"], []]
    assert not uow.store.queued_emails


async def test_an_invitation_that_is_put_off_loses_no_attempt_and_is_not_sent_early(uow: FakeUnitOfWork) -> None:
    await sent(uow)
    for name in ("Household", "Club"):
        await invitation_from(uow, name=name)
    await sent(uow)

    (queued_email,) = uow.store.queued_emails.values()
    assert (queued_email.attempts, queued_email.due_at) == (0, NOON + APART)
    assert await sent(uow, now=NOON + APART - SECOND) == []


async def test_an_invitation_to_a_workspace_that_is_deleted_is_not_sent(uow: FakeUnitOfWork) -> None:
    await sent(uow)
    workspace = await workspaces.create(uow.unit(), name="Household")
    unit = uow.unit(workspace_id=workspace.id)
    await invitations.create(unit.unit(), email="grace@example.com", role="viewer")
    (queued_email,) = await queued_emails.claim(nobody(uow), limit=100)
    await workspaces.delete(unit.unit())
    assert await queued_emails.write(nobody(uow), queued_email) is None


async def test_a_reset_reports_all_errors_when_the_account_is_deleted_after_its_token_was_found(
    uow: FakeUnitOfWork,
) -> None:
    await sent(uow)
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    (rendered_email,) = await sent(uow)
    found = dict(uow.store.one_time_tokens)
    await users.delete(uow.account_unit())
    uow.store.one_time_tokens.update(found)
    with pytest.raises(InvalidTogether) as raised:
        await passwords.reset(nobody(uow), rendered_email.token, new_password="password")
    assert [error.code for error in raised.value.errors] == ["token", "common"]


async def test_a_replaced_invitation_does_not_delay_others(uow: FakeUnitOfWork) -> None:
    await sent(uow)
    workspace = await workspaces.create(uow.unit(), name="Household")
    unit = uow.unit(workspace_id=workspace.id)
    for role in ("viewer", "editor", "viewer"):
        await invitations.create(unit.unit(), email="grace@example.com", role=role)

    (rendered_email,) = await sent(uow)

    (invitation,) = (await invitations.page(unit.unit())).items
    assert uow.store.invitation_digests == {
        secret_tokens.digest_of(rendered_email.token, kind="invitation"): invitation.id
    }
    assert not uow.store.queued_emails


async def test_an_unknown_address_is_sent_nothing() -> None:
    uow = FakeUnitOfWork()
    await passwords.request_reset(uow, email="nobody@example.com")

    assert await sent(uow) == []
    assert not uow.store.queued_emails


@pytest.mark.parametrize("change", [{"email_verified_at": NOON}, {"email": "ada@example.net"}])
async def test_an_email_that_is_no_longer_needed_is_not_sent(uow: FakeUnitOfWork, change: dict[str, object]) -> None:
    user = uow.store.users[uow.principal.user_id]
    uow.store.users[user.id] = replace(user, **change)  # type: ignore[arg-type]  # of the right types

    assert await sent(uow) == []
    assert not uow.store.queued_emails


async def test_an_email_for_a_deleted_account_is_not_sent(uow: FakeUnitOfWork) -> None:
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    await users.delete(uow)

    assert await sent(uow) == []


async def test_an_email_without_a_user_cannot_be_a_verification(uow: FakeUnitOfWork) -> None:
    queued_email = QueuedEmail(
        id=UUID(int=0), kind="verification", email="a@b", email_key="a@b", created_at=NOON, due_at=NOON
    )

    assert await queued_emails.write(nobody(uow), queued_email) is None


async def test_verifying_sets_the_time_once_and_takes_a_revision(uow: FakeUnitOfWork) -> None:
    (rendered_email,) = await sent(uow)

    await email_addresses.verify(nobody(uow, now=NOON + MINUTE), rendered_email.token)

    user = await users.get_me(uow)
    assert (user.email_verified_at, user.updated_at, user.revision) == (NOON + MINUTE, NOON + MINUTE, 2)
    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(uow, now=NOON + MINUTE), rendered_email.token)
    with pytest.raises(EmailVerified):
        await email_addresses.send_verification(uow)
    assert await users.get_me(uow) == user


async def test_a_token_works_until_the_moment_it_expires(uow: FakeUnitOfWork) -> None:
    (rendered_email,) = await sent(uow)

    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(uow, now=rendered_email.expires_at), rendered_email.token)
    await email_addresses.verify(nobody(uow, now=rendered_email.expires_at - SECOND), rendered_email.token)


async def test_a_reset_replaces_the_password_ends_all_sessions_and_verifies_the_address(uow: FakeUnitOfWork) -> None:
    await tokens.create(uow, SCRIPT)
    await passwords.request_reset(nobody(uow), email="ADA@example.com")
    _, rendered_email = await sent(uow)
    assert rendered_email.expires_at == NOON + 60 * MINUTE

    await passwords.reset(nobody(uow), rendered_email.token, new_password="new")

    assert uow.store.password_hashes[uow.principal.user_id] == "hash of new"
    assert not uow.store.sessions
    assert not uow.store.tokens
    assert (await users.get_me(uow)).email_verified_at == NOON
    with pytest.raises(TokenInvalid):
        await passwords.reset(nobody(uow), rendered_email.token, new_password="newer")


async def test_a_reset_keeps_the_time_of_verification_and_deletes_the_tokens(
    uow: FakeUnitOfWork,
) -> None:
    (rendered_email,) = await sent(uow)
    await email_addresses.verify(nobody(uow), rendered_email.token)
    await tokens.create(uow, SCRIPT)
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    (rendered_email,) = await sent(uow)

    await passwords.reset(nobody(uow, now=NOON + MINUTE), rendered_email.token, new_password="new")

    assert (await users.get_me(uow)).email_verified_at == NOON
    assert not uow.store.tokens


async def test_a_token_resets_only_the_password_of_its_user(uow: FakeUnitOfWork) -> None:
    other = await registered(uow, email="bob@example.com", name="Bob")
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    *_, rendered_email = await sent(uow)

    await passwords.reset(nobody(uow), rendered_email.token, new_password="new")

    assert uow.store.password_hashes[other.principal.user_id] == "hash of correct horse"


async def test_nothing_is_hashed_for_an_invalid_token(uow: FakeUnitOfWork) -> None:
    class NoHashing(FakePasswords):
        async def hash(self, password: str) -> str:
            raise AssertionError(password)

    unit = nobody(uow)
    unit.passwords = NoHashing()
    unknown = secret_tokens.mint("reset", random_bytes=lambda count: b"\x07" * count).text

    for token in ("tbf_", unknown, unknown.replace("tbf_", "tbv_")):
        with pytest.raises(TokenInvalid) as raised:
            await passwords.reset(unit, token, new_password="new")
    assert (raised.value.pointer, raised.value.code) == ("#/token", "token")


async def test_a_bad_token_and_a_bad_password_are_reported_together(uow: FakeUnitOfWork) -> None:
    with pytest.raises(InvalidTogether) as raised:
        await passwords.reset(nobody(uow), "tbf_", new_password="password")

    assert [(error.pointer, error.code) for error in raised.value.errors] == [
        ("#/token", "token"),
        ("#/new_password", "common"),
    ]


@pytest.mark.parametrize("by", ["user", "operator"])
async def test_a_new_password_deletes_the_token_that_was_sent(uow: FakeUnitOfWork, by: str) -> None:
    await passwords.request_reset(nobody(uow), email="ada@example.com")
    *_, rendered_email = await sent(uow)

    if by == "user":
        await passwords.change(uow, current_password="correct horse", new_password="new")
    else:
        await passwords.set_by_operator(nobody(uow), email="ada@example.com", new_password="new")

    with pytest.raises(TokenInvalid):
        await passwords.reset(nobody(uow), rendered_email.token, new_password="undone")


async def test_a_token_for_a_replaced_address_is_invalid(uow: FakeUnitOfWork) -> None:
    (rendered_email,) = await sent(uow)
    user = uow.store.users[uow.principal.user_id]
    uow.store.users[user.id] = replace(user, email="ada@example.net")

    with pytest.raises(TokenInvalid):
        await email_addresses.verify(nobody(uow), rendered_email.token)


def test_an_email_that_is_still_being_sent_is_not_claimed_by_another_worker() -> None:
    """Writing and deleting it wait for the database, each as long as that may take."""
    longest_s = WAIT_S + TIMEOUT_S + GOODBYE_S + WAIT_S
    assert longest_s * SECOND < queued_emails.FIRST_PAUSE
