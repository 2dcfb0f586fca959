import datetime as dt
from dataclasses import replace

import pytest

from domain.model.queued_emails import QueuedEmail
from domain.model.users import User
from tests.support.defaults import NOON
from tests.support.things import HOUR, NOBODY, ident, one_time_token, queued_email
from tests.support.worlds import World

MOMENT = dt.timedelta(microseconds=1)


async def due(world: World, *, now: dt.datetime = NOON, limit: int = 9) -> list[QueuedEmail]:
    async with world.unit() as uow:
        return list(await uow.outbox.lock_due(now=now, limit=limit))


# ---------------------------------------------------------------------------------------------------------------------
# tokens that are sent
# ---------------------------------------------------------------------------------------------------------------------


async def test_a_user_has_one_token_of_a_kind(world: World, ada: User, bob: User) -> None:
    old, new = (one_time_token(digest, of=ada) for digest in (b"old", b"new"))
    reset, bobs = one_time_token(b"reset", of=ada, kind="reset"), one_time_token(b"bob", of=bob)
    async with world.unit(ada) as uow:
        for token in (old, reset, new):
            assert await uow.one_time_tokens.replace(token, if_expiring_until=old.expires_at)
    async with world.unit(bob) as uow:
        assert await uow.one_time_tokens.replace(bobs, if_expiring_until=NOON)

    async with world.unit() as uow:
        assert [await uow.credentials.find_token(token.digest) for token in (old, new, reset, bobs)] == [
            None, new, reset, bobs,
        ]  # fmt: skip


async def test_a_token_that_expires_later_than_the_given_time_is_not_replaced(world: World, ada: User) -> None:
    old, new = one_time_token(b"old", of=ada), one_time_token(b"new", of=ada)
    async with world.unit(ada) as uow:
        assert await uow.one_time_tokens.replace(old, if_expiring_until=NOON)
        assert not await uow.one_time_tokens.replace(new, if_expiring_until=old.expires_at - MOMENT)

    async with world.unit() as uow:
        assert await uow.credentials.find_token(b"old") == old
        assert await uow.credentials.find_token(b"new") is None


@pytest.mark.parametrize(("waited", "spent"), [(HOUR - MOMENT, True), (HOUR, False), (2 * HOUR, False)])
async def test_a_token_is_spent_once_and_before_it_expires(
    world: World,
    ada: User,
    waited: dt.timedelta,
    spent: bool,  # noqa: FBT001  # a table
) -> None:
    token = one_time_token(b"a", of=ada)
    async with world.unit(ada) as uow:
        await uow.one_time_tokens.replace(token, if_expiring_until=NOON)

    async with world.unit(ada) as uow:
        assert await uow.one_time_tokens.spend(b"a", now=NOON + waited) is spent
        assert not await uow.one_time_tokens.spend(b"a", now=NOON + waited)
        assert not await uow.one_time_tokens.spend(b"unknown", now=NOON)

    async with world.unit() as uow:
        assert await uow.credentials.find_token(b"a") == (None if spent else token)


async def test_deleting_a_token_leaves_the_other_tokens_of_its_user(world: World, ada: User) -> None:
    reset = one_time_token(b"r", of=ada, kind="reset")
    async with world.unit(ada) as uow:
        await uow.one_time_tokens.replace(one_time_token(b"v", of=ada), if_expiring_until=NOON)
        await uow.one_time_tokens.replace(reset, if_expiring_until=NOON)
        await uow.one_time_tokens.delete(ada.id, kind="verification")
        await uow.one_time_tokens.delete(ada.id, kind="verification")

    async with world.unit() as uow:
        assert await uow.credentials.find_token(b"v") is None
        assert await uow.credentials.find_token(b"r") == reset


# ---------------------------------------------------------------------------------------------------------------------
# e-mails that wait
# ---------------------------------------------------------------------------------------------------------------------


async def test_the_emails_that_are_due_longest_come_first_and_as_they_were_added(world: World, ada: User) -> None:
    created = {
        number: queued_email(number, due_at=NOON + minutes * HOUR / 60, **changes)
        for number, minutes, changes in (
            (1, 2, {"kind": "verification", "user_id": ada.id}),
            (2, 0, {"attempts": 3}),
            (3, 3, {}),
            (4, 1, {"kind": "invitation", "workspace_id": ident(10), "invitation_id": ident(20)}),
        )
    }
    async with world.unit() as uow:
        for each in created.values():
            await uow.outbox.add(each)

    assert await due(world, now=NOON + HOUR / 30) == [created[2], created[4], created[1]]
    assert await due(world, now=NOON + HOUR, limit=2) == [created[2], created[4]]
    assert await due(world, now=NOON - MOMENT) == []


@pytest.mark.parametrize(("before", "are_due"), [(MOMENT, False), (0 * MOMENT, True), (-MOMENT, True)])
async def test_an_email_is_due_from_its_time_on(
    world: World,
    before: dt.timedelta,
    are_due: bool,  # noqa: FBT001  # a table
) -> None:
    async with world.unit() as uow:
        assert not await uow.outbox.are_due(now=NOON)
        await uow.outbox.add(queued_email(1))

    async with world.unit() as uow:
        assert await uow.outbox.are_due(now=NOON - before) is are_due


async def test_an_address_has_one_waiting_email_of_a_kind_but_any_number_of_invitations(world: World) -> None:
    reset = queued_email(1, email_key="a@example.com")
    invitations = [
        queued_email(number, kind="invitation", email_key="a@example.com", invitation_id=ident(20 + number))
        for number in (4, 5)
    ]
    verification = queued_email(3, kind="verification", email_key="a@example.com")
    async with world.unit() as uow:
        for each in (reset, replace(reset, id=ident(2), attempts=1), verification, *invitations):
            await uow.outbox.add(each)

    assert sorted(await due(world), key=lambda each: each.id) == [reset, verification, *invitations]


async def test_an_email_that_is_put_off_is_due_later_and_counts_its_attempts(world: World) -> None:
    one, other = queued_email(1), queued_email(2)
    later = replace(one, due_at=NOON + HOUR, attempts=1)
    async with world.unit() as uow:
        await uow.outbox.add(one)
        await uow.outbox.add(other)
        await uow.outbox.put_off([])
        await uow.outbox.put_off([later])

    assert await due(world) == [other]
    assert await due(world, now=NOON + HOUR) == [other, later]


async def test_putting_off_an_email_that_was_deleted_does_not_bring_it_back(world: World) -> None:
    async with world.unit() as uow:
        await uow.outbox.add(queued_email(1))
        await uow.outbox.remove(ident(1))
        await uow.outbox.remove(NOBODY)
        await uow.outbox.put_off([queued_email(1, attempts=1)])

    assert await due(world) == []


# ---------------------------------------------------------------------------------------------------------------------
# pauses between e-mails to one address
# ---------------------------------------------------------------------------------------------------------------------


async def test_an_email_of_a_kind_to_an_address_is_noted_unless_one_was_sent_too_recently(world: World) -> None:
    invitation = queued_email(1, kind="invitation")
    async with world.unit() as uow:
        assert await uow.outbox.note_sending(invitation, at=NOON, unless_after=NOON - HOUR)
        for other in (replace(invitation, email_key="other"), replace(invitation, kind="reset")):
            assert await uow.outbox.note_sending(other, at=NOON, unless_after=NOON - HOUR)

    async with world.unit() as uow:
        again = replace(invitation, id=ident(2))
        assert not await uow.outbox.note_sending(again, at=NOON + HOUR, unless_after=NOON - MOMENT)
        assert await uow.outbox.note_sending(again, at=NOON + HOUR, unless_after=NOON)
        assert not await uow.outbox.note_sending(again, at=NOON + HOUR, unless_after=NOON)


async def test_changes_of_address_wait_beside_each_other_and_are_withdrawn_for_one_user(
    world: World, ada: User, bob: User
) -> None:
    changes = [
        queued_email(n, kind="email_change", email_key="a@example.com", user_id=of.id) for n, of in ((1, ada), (2, bob))
    ]
    verification = queued_email(3, kind="verification", user_id=ada.id)
    async with world.unit() as uow:
        for each in (*changes, verification):
            await uow.outbox.add(each)
    assert sorted(await due(world), key=lambda each: each.id) == [*changes, verification]

    async with world.unit() as uow:
        await uow.outbox.withdraw("email_change", user_id=ada.id)

    assert sorted(await due(world), key=lambda each: each.id) == [changes[1], verification]


async def test_a_second_email_of_a_kind_to_an_address_changes_only_whose_it_is(
    world: World, ada: User, bob: User
) -> None:
    waiting = queued_email(1, user_id=ada.id, attempts=3)
    another = queued_email(1, id=ident(2), user_id=bob.id, email="MAIL1@example.com", due_at=NOON - HOUR)
    async with world.unit() as uow:
        await uow.outbox.add(waiting)
        await uow.outbox.add(another)

    assert await due(world) == [replace(waiting, user_id=bob.id, email="MAIL1@example.com")]
