import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from app.smtp import GOODBYE_S, TIMEOUT_S
from domain import invitations, mails, opaque, tokens, users, workspaces
from domain.entities import Invitation, Mail
from domain.errors import EmailVerified, InvalidTogether, TokenInvalid
from domain.mails import APART, ATTEMPTS, Letter
from domain.tokens import TokenDraft
from persistence.engines import WAIT_S
from tests.unit.conftest import registered
from tests.unit.fakes import NOON, FakePasswords, FakeWork

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
SCRIPT = TokenDraft(name="script", scopes=frozenset({"read"}))


def nobody(work: FakeWork, *, now: dt.datetime = NOON) -> FakeWork:
    """A call by no one in particular, such as a worker's."""
    return FakeWork(store=work.store, now=now)


async def sent(work: FakeWork, *, now: dt.datetime = NOON) -> list[Letter]:
    """What a worker sends that looks at that time."""
    letters = []
    for mail in await mails.claim(nobody(work, now=now), limit=100):
        letter = await mails.write(nobody(work, now=now), mail)
        if letter == "later":
            continue
        if letter is not None:
            letters.append(letter)
        await mails.forget(nobody(work, now=now), mail)
    return letters


async def test_a_new_account_is_sent_a_token_that_is_good_for_three_days_and_stored_as_its_digest_only(
    work: FakeWork,
) -> None:
    assert await mails.are_due(nobody(work))

    (letter,) = await sent(work)

    (stored,) = work.store.one_time_tokens.values()
    assert (letter.kind, letter.to, letter.expires_at) == ("verification", "ada@example.com", NOON + 3 * DAY)
    assert stored.digest == opaque.digest_of(letter.token, kind="verification")
    assert (stored.user_id, stored.expires_at) == (work.principal.user_id, letter.expires_at)
    assert not await mails.are_due(nobody(work))


async def test_a_stranger_is_not_told_the_name_that_somebody_gave_their_address(work: FakeWork) -> None:
    (letter,) = await sent(work)
    assert letter.name == ""

    await users.verify_email(nobody(work), letter.token)
    await users.request_password_reset(nobody(work), email="ada@example.com")
    (letter,) = await sent(work)

    assert letter.name == "Ada"


async def test_what_is_claimed_is_not_due_again_before_its_pause_is_over(work: FakeWork) -> None:
    (mail,) = await mails.claim(nobody(work), limit=1)

    assert not await mails.are_due(nobody(work, now=NOON + 59 * SECOND))
    assert await mails.claim(nobody(work, now=NOON + 59 * SECOND), limit=1) == []
    (again,) = await mails.claim(nobody(work, now=NOON + 60 * SECOND), limit=1)
    assert (mail.attempts, again.attempts, again.id) == (1, 2, mail.id)


async def test_no_more_is_claimed_than_is_wanted_and_the_longest_due_first(work: FakeWork) -> None:
    for minute in (3, 1, 2):
        await users.request_password_reset(nobody(work, now=NOON - minute * MINUTE), email=f"{minute}@example.com")

    claimed = await mails.claim(nobody(work), limit=2)

    assert [mail.email for mail in claimed] == ["3@example.com", "2@example.com"]


async def test_the_pauses_double_up_to_an_hour_and_the_last_attempt_is_the_last(work: FakeWork) -> None:
    now, pauses = NOON, []
    for attempt in range(1, ATTEMPTS + 3):
        (mail,) = await mails.claim(nobody(work, now=now), limit=1)
        assert mail.attempts == attempt
        assert mails.is_given_up(mail) == (attempt >= ATTEMPTS)
        pauses.append((mail.due_at - now) / SECOND)
        now = mail.due_at

    assert pauses == [60, 120, 240, 480, 960, 1920, *[3600] * 8]


async def test_a_mail_that_is_tried_again_brings_another_token_and_the_first_opens_nothing(work: FakeWork) -> None:
    (mail,) = await mails.claim(nobody(work), limit=1)
    first = await mails.write(nobody(work), mail)
    (mail,) = await mails.claim(nobody(work, now=mail.due_at), limit=1)
    second = await mails.write(nobody(work, now=NOON), mail)  # whatever the time: its own last try may be young

    assert isinstance(first, Letter)
    assert isinstance(second, Letter)
    with pytest.raises(TokenInvalid):
        await users.verify_email(nobody(work), first.token)
    await users.verify_email(nobody(work), second.token)


async def test_one_mail_of_a_kind_waits_for_an_address_and_one_a_minute_is_sent(work: FakeWork) -> None:
    for spelling in ("ada@example.com", "ADA@example.com"):
        await users.request_password_reset(nobody(work), email=spelling)
        await users.send_verification(work.call())
    assert sorted(mail.kind for mail in work.store.mails.values()) == ["reset", "verification"]

    assert len(await sent(work)) == 2
    await users.request_password_reset(nobody(work), email="ada@example.com")
    assert await sent(work, now=NOON + APART - SECOND) == []
    await users.request_password_reset(nobody(work), email="ada@example.com")
    assert len(await sent(work, now=NOON + APART)) == 1


async def invitation_from(work: FakeWork, *, name: str, email: str = "grace@example.com") -> Invitation:
    """To a new workspace of this name."""
    workspace = await workspaces.create(work.call(), name=name)
    return (await invitations.create(work.call(workspace_id=workspace.id), email=email, role="viewer")).invitation


async def test_an_address_is_sent_one_invitation_a_minute_and_none_is_lost(work: FakeWork) -> None:
    await sent(work)
    for name in ("Household", "Club", "Choir"):
        await invitation_from(work, name=name)
    await invitation_from(work, name="Crew", email="bob@example.com")

    addresses = [[letter.to for letter in await sent(work, now=NOON + n * APART)] for n in range(4)]

    assert addresses[0] == ["grace@example.com", "bob@example.com"]
    assert addresses[1:] == [["grace@example.com"], ["grace@example.com"], []]
    assert not work.store.mails


async def test_an_invitation_that_is_put_off_loses_no_attempt_and_is_not_sent_early(work: FakeWork) -> None:
    await sent(work)
    for name in ("Household", "Club"):
        await invitation_from(work, name=name)
    await sent(work)

    (mail,) = work.store.mails.values()
    assert (mail.attempts, mail.due_at) == (0, NOON + APART)
    assert await sent(work, now=NOON + APART - SECOND) == []


async def test_an_invitation_to_a_workspace_that_is_deleted_is_not_sent(work: FakeWork) -> None:
    await sent(work)
    workspace = await workspaces.create(work.call(), name="Household")
    call = work.call(workspace_id=workspace.id)
    await invitations.create(call.call(), email="grace@example.com", role="viewer")
    (mail,) = await mails.claim(nobody(work), limit=100)
    await workspaces.delete(call.call())
    assert await mails.write(nobody(work), mail) is None


async def test_a_reset_says_all_that_is_wrong_when_the_account_goes_after_its_token_was_found(work: FakeWork) -> None:
    await sent(work)
    await users.request_password_reset(nobody(work), email="ada@example.com")
    (letter,) = await sent(work)
    found = dict(work.store.one_time_tokens)
    await users.delete(work.account_call())
    work.store.one_time_tokens.update(found)
    with pytest.raises(InvalidTogether) as refused:
        await users.reset_password(nobody(work), letter.token, new_password="password")
    assert [error.code for error in refused.value.errors] == ["token", "common"]


async def test_an_invitation_that_was_replaced_delays_none(work: FakeWork) -> None:
    await sent(work)
    workspace = await workspaces.create(work.call(), name="Household")
    call = work.call(workspace_id=workspace.id)
    for role in ("viewer", "editor", "viewer"):
        await invitations.create(call.call(), email="grace@example.com", role=role)

    (letter,) = await sent(work)

    (invitation,) = (await invitations.page(call.call())).items
    assert work.store.invitation_digests == {opaque.digest_of(letter.token, kind="invitation"): invitation.id}
    assert not work.store.mails


async def test_an_address_that_nobody_has_is_sent_nothing() -> None:
    work = FakeWork()
    await users.request_password_reset(work, email="nobody@example.com")

    assert await sent(work) == []
    assert not work.store.mails


@pytest.mark.parametrize("change", [{"email_verified_at": NOON}, {"email": "ada@example.net"}])
async def test_what_has_nothing_left_to_say_is_not_sent(work: FakeWork, change: dict[str, object]) -> None:
    user = work.store.users[work.principal.user_id]
    work.store.users[user.id] = replace(user, **change)  # type: ignore[arg-type]  # of the right types

    assert await sent(work) == []
    assert not work.store.mails


async def test_a_mail_for_an_account_that_is_gone_is_not_sent(work: FakeWork) -> None:
    await users.request_password_reset(nobody(work), email="ada@example.com")
    await users.delete(work)

    assert await sent(work) == []


async def test_a_mail_of_nobody_is_no_verification(work: FakeWork) -> None:
    mail = Mail(id=UUID(int=0), kind="verification", email="a@b", email_key="a@b", created_at=NOON, due_at=NOON)

    assert await mails.write(nobody(work), mail) is None


async def test_verifying_sets_the_time_once_and_takes_a_revision(work: FakeWork) -> None:
    (letter,) = await sent(work)

    await users.verify_email(nobody(work, now=NOON + MINUTE), letter.token)

    user = await users.get_me(work)
    assert (user.email_verified_at, user.updated_at, user.revision) == (NOON + MINUTE, NOON + MINUTE, 2)
    with pytest.raises(TokenInvalid):
        await users.verify_email(nobody(work, now=NOON + MINUTE), letter.token)
    with pytest.raises(EmailVerified):
        await users.send_verification(work)
    assert await users.get_me(work) == user


async def test_a_token_works_until_its_last_moment_only(work: FakeWork) -> None:
    (letter,) = await sent(work)

    with pytest.raises(TokenInvalid):
        await users.verify_email(nobody(work, now=letter.expires_at), letter.token)
    await users.verify_email(nobody(work, now=letter.expires_at - SECOND), letter.token)


async def test_a_reset_replaces_the_password_ends_all_sessions_and_proves_the_address(work: FakeWork) -> None:
    await tokens.create(work, SCRIPT)
    await users.request_password_reset(nobody(work), email="ADA@example.com")
    _, letter = await sent(work)
    assert letter.expires_at == NOON + 60 * MINUTE

    await users.reset_password(nobody(work), letter.token, new_password="new")

    assert work.store.password_hashes[work.principal.user_id] == "hash of new"
    assert not work.store.sessions
    assert not work.store.tokens
    assert (await users.get_me(work)).email_verified_at == NOON
    with pytest.raises(TokenInvalid):
        await users.reset_password(nobody(work), letter.token, new_password="newer")


async def test_an_address_that_was_verified_keeps_its_time_when_the_password_is_reset_and_tokens_go(
    work: FakeWork,
) -> None:
    (letter,) = await sent(work)
    await users.verify_email(nobody(work), letter.token)
    await tokens.create(work, SCRIPT)
    await users.request_password_reset(nobody(work), email="ada@example.com")
    (letter,) = await sent(work)

    await users.reset_password(nobody(work, now=NOON + MINUTE), letter.token, new_password="new")

    assert (await users.get_me(work)).email_verified_at == NOON
    assert not work.store.tokens


async def test_a_token_resets_the_password_of_nobody_else(work: FakeWork) -> None:
    other = await registered(work, email="bob@example.com", name="Bob")
    await users.request_password_reset(nobody(work), email="ada@example.com")
    *_, letter = await sent(work)

    await users.reset_password(nobody(work), letter.token, new_password="new")

    assert work.store.password_hashes[other.principal.user_id] == "hash of correct horse"


async def test_nothing_is_hashed_for_a_token_that_is_none(work: FakeWork) -> None:
    class NoHashing(FakePasswords):
        async def hash(self, password: str) -> str:
            raise AssertionError(password)

    call = nobody(work)
    call.passwords = NoHashing()
    unknown = opaque.mint("reset", random_bytes=lambda count: b"\x07" * count).text

    for token in ("tbf_", unknown, unknown.replace("tbf_", "tbv_")):
        with pytest.raises(TokenInvalid) as refused:
            await users.reset_password(call, token, new_password="new")
    assert (refused.value.pointer, refused.value.code) == ("#/token", "token")


async def test_a_bad_token_and_a_bad_password_are_reported_together(work: FakeWork) -> None:
    with pytest.raises(InvalidTogether) as refused:
        await users.reset_password(nobody(work), "tbf_", new_password="password")

    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("#/token", "token"),
        ("#/new_password", "common"),
    ]


@pytest.mark.parametrize("by", ["user", "operator"])
async def test_a_new_password_takes_the_mailed_token_along(work: FakeWork, by: str) -> None:
    await users.request_password_reset(nobody(work), email="ada@example.com")
    *_, letter = await sent(work)

    if by == "user":
        await users.change_password(work, current_password="correct horse", new_password="new")
    else:
        await users.set_password(nobody(work), email="ada@example.com", new_password="new")

    with pytest.raises(TokenInvalid):
        await users.reset_password(nobody(work), letter.token, new_password="undone")


async def test_a_token_for_an_address_that_was_changed_is_none(work: FakeWork) -> None:
    (letter,) = await sent(work)
    user = work.store.users[work.principal.user_id]
    work.store.users[user.id] = replace(user, email="ada@example.net")

    with pytest.raises(TokenInvalid):
        await users.verify_email(nobody(work), letter.token)


def test_nobody_else_claims_a_mail_that_is_still_being_sent() -> None:
    """To be written and forgotten, it waits for the database, each time as long as that may take."""
    longest_s = WAIT_S + TIMEOUT_S + GOODBYE_S + WAIT_S
    assert longest_s * SECOND < mails.FIRST_PAUSE
