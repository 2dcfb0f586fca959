"""What changed in a user's workspaces, and the cursor that has what a client knows."""

import random
from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest

from domain import account_changes, pages, workspaces
from domain.account_changes import MOST_DEPARTURES, Known
from domain.model.changes import CursorExpired
from domain.model.fired_reminders import FiredReminder
from domain.model.workspaces import WorkspaceChange
from domain.pages import CursorInvalid
from tests.support import things
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.unit.conftest import registered

BINDING = "my changes of somebody"


def change(number: int, *, head: int = 1) -> WorkspaceChange:
    return WorkspaceChange(workspace_id=UUID(int=number), head=head, role="owner")


def gone(number: int) -> WorkspaceChange:
    return WorkspaceChange(workspace_id=UUID(int=number), head=None, role=None)


def knowing(*changes: WorkspaceChange) -> Known:
    """What a client knows that got *changes*."""
    page = Known(binding=BINDING, heads={}, reminders_fired=0).compared(changes, departed=(), limit=len(changes))
    return Known.parse(page.next_cursor, BINDING)


def fire(uow: FakeUnitOfWork, workspace_id: UUID | None = None) -> FiredReminder:
    """Let a reminder of the caller fire."""
    kept = uow.store.fired_reminders.setdefault(uow.principal.user_id, [])
    at = workspace_id or uow.workspace_id
    kept.append(things.fired_reminder(len(kept) + 1, user_id=uow.principal.user_id, workspace_id=at))
    return kept[-1]


async def test_without_a_cursor_all_workspaces_are_listed_and_then_none(uow: FakeUnitOfWork) -> None:
    family = await workspaces.create(uow.unit(), name="Family")

    first = await account_changes.page(uow.account_unit())
    second = await account_changes.page(uow.account_unit(), cursor=first.next_cursor)

    heads = {each.workspace_id: (each.head, each.role) for each in first.items}
    assert heads == {uow.workspace_id: (1, "owner"), family.id: (1, "owner")}
    assert (second.items, second.next_cursor, second.has_more) == ([], first.next_cursor, False)


async def test_what_changed_is_listed_once(uow: FakeUnitOfWork) -> None:
    cursor = (await account_changes.page(uow.account_unit())).next_cursor
    await workspaces.update(uow.unit(), name="Mine")
    joined = await workspaces.create(uow.unit(), name="Family")
    deleted = await workspaces.create(uow.unit(), name="Club")
    await workspaces.delete(uow.unit(workspace_id=deleted.id))

    page = await account_changes.page(uow.account_unit(), cursor=cursor)

    assert {each.workspace_id: each.head for each in page.items} == {uow.workspace_id: 2, joined.id: 1}
    assert (await account_changes.page(uow.account_unit(), cursor=page.next_cursor)).items == []


async def test_a_workspace_that_the_caller_is_not_in_any_more_is_listed_without_head_and_role(
    uow: FakeUnitOfWork,
) -> None:
    deleted = await workspaces.create(uow.unit(), name="Club")
    cursor = (await account_changes.page(uow.account_unit())).next_cursor
    await workspaces.delete(uow.unit(workspace_id=deleted.id))

    page = await account_changes.page(uow.account_unit(), cursor=cursor)

    assert page.items == [WorkspaceChange(workspace_id=deleted.id, head=None, role=None)]


async def test_a_token_for_some_workspaces_gets_these_and_has_cursors_of_its_own(uow: FakeUnitOfWork) -> None:
    family = await workspaces.create(uow.unit(), name="Family")
    limited = replace(uow.principal, workspace_ids=frozenset({family.id}))
    theirs = FakeUnitOfWork(store=uow.store, principal=limited)

    page = await account_changes.page(theirs)

    assert [each.workspace_id for each in page.items] == [family.id]
    assert (await account_changes.page(theirs, cursor=page.next_cursor)).items == []
    with pytest.raises(CursorInvalid):
        await account_changes.page(uow.account_unit(), cursor=page.next_cursor)


async def test_a_cursor_of_another_user_is_rejected(uow: FakeUnitOfWork) -> None:
    other = await registered(uow, email="bob@example.com", name="Bob")
    cursor = (await account_changes.page(uow.account_unit())).next_cursor

    with pytest.raises(CursorInvalid):
        await account_changes.page(other.account_unit(), cursor=cursor)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x03" + b"\0" * 6,
        b"\x02" + b"\0" * 5,
        b"\x02" + b"\0" * 6 + b"k" * 8,
        b"\x01" + b"k" * 8,
        b"\x01" + (b"same-k" + b"\0\0\1") * 2,
        b"\x01" + b"key-bb\0\0\1" + b"key-aa\0\0\1",
        b"\x01" + b"".join(n.to_bytes(6, "big") + b"\0\0\1" for n in range(501)),
    ],
    ids=[
        "empty",
        "another version",
        "half a number of reminders",
        "half an entry",
        "half an entry, before reminders",
        "one twice",
        "another order",
        "too many",
    ],
)
def test_what_no_cursor_has_is_rejected(body: bytes) -> None:
    with pytest.raises(CursorInvalid):
        Known.parse(pages.sealed(BINDING, body), BINDING)


def test_in_500_workspaces_a_cursor_fits_into_the_line_of_a_request_that_proxies_accept() -> None:
    """Common ones accept 8 KB: nginx 8,192 bytes, Apache 8,190."""
    known = replace(knowing(*(change(n, head=2**40) for n in range(500))), reminders_fired=2**40)
    assert len(known.heads) == 500
    assert len(known.cursor) == 6022
    assert Known.parse(known.cursor, BINDING) == known


def test_a_head_may_be_larger_than_what_a_cursor_has_of_it() -> None:
    """As after some restored backups."""
    large = change(1, head=2**24 + 5)
    assert knowing(large).compared([large], departed=(), limit=1).items == []
    later = replace(large, head=2**24 + 6)
    assert knowing(large).compared([later], departed=(), limit=1).items == [later]


def test_what_was_left_comes_first_and_a_page_has_at_most_the_limit() -> None:
    known = knowing(change(1), change(2), change(3))
    current = [change(2, head=9), change(4)]
    departed = [UUID(int=n) for n in (7, 3, 1)]

    seen: list[WorkspaceChange] = []
    for more in (True, True, True, False):
        page = known.compared(current, departed=departed, limit=1)
        seen += page.items
        assert page.has_more is more
        known = Known.parse(page.next_cursor, BINDING)

    assert seen == [gone(3), gone(1), change(2, head=9), change(4)]
    assert known.compared(current, departed=departed, limit=1).items == []


def test_what_was_left_and_joined_again_is_not_gone() -> None:
    known = knowing(change(1))
    assert not known.has_more_than([change(1, head=3)])
    page = known.compared([change(1, head=3)], departed=[UUID(int=1)], limit=9)
    assert page.items == [change(1, head=3)]


def test_a_cursor_with_a_workspace_whose_id_nobody_knows_any_more_has_expired() -> None:
    known = knowing(change(1), change(2))
    assert known.has_more_than([change(1)])
    with pytest.raises(CursorExpired):
        known.compared([change(1)], departed=[UUID(int=3)], limit=9)


async def test_so_many_departures_are_found(uow: FakeUnitOfWork) -> None:
    club = await workspaces.create(uow.unit(), name="Club")
    cursor = (await account_changes.page(uow.account_unit())).next_cursor
    await workspaces.delete(uow.unit(workspace_id=club.id))
    others = [(uow.principal.user_id, UUID(int=10**9 + n)) for n in range(MOST_DEPARTURES)]

    uow.store.departures += others[1:]
    assert [each.workspace_id for each in (await account_changes.page(uow.account_unit(), cursor=cursor)).items] == [
        club.id
    ]

    uow.store.departures += others[:1]
    with pytest.raises(CursorExpired):
        await account_changes.page(uow.account_unit(), cursor=cursor)


async def test_reminders_that_fire_are_listed_once_and_those_of_before_the_first_page_never(
    uow: FakeUnitOfWork,
) -> None:
    fire(uow)
    first = await account_changes.page(uow.account_unit())
    fired = [fire(uow), fire(uow)]

    second = await account_changes.page(uow.account_unit(), cursor=first.next_cursor)
    third = await account_changes.page(uow.account_unit(), cursor=second.next_cursor)

    assert (first.fired, second.fired, third.fired) == ([], fired, [])
    assert (second.items, second.has_more, third.next_cursor) == ([], False, second.next_cursor)


async def test_a_page_has_as_many_reminders_as_workspaces_at_most(uow: FakeUnitOfWork) -> None:
    page = await account_changes.page(uow.account_unit())
    fired = [fire(uow) for _ in range(5)]
    await workspaces.create(uow.unit(), name="Family")

    seen = []
    for more in (True, True, False):
        page = await account_changes.page(uow.account_unit(), cursor=page.next_cursor, limit=2)
        assert page.has_more is more
        seen.append(page)

    assert [each for page in seen for each in page.fired] == fired
    assert [len(page.items) for page in seen] == [1, 0, 0]


async def test_reminders_of_workspaces_that_are_not_the_callers_are_passed_over(uow: FakeUnitOfWork) -> None:
    """Of those that the caller has left, and of those for which the token is not."""
    left = await workspaces.create(uow.unit(), name="Club")
    family = await workspaces.create(uow.unit(), name="Family")
    limited = replace(uow.principal, workspace_ids=frozenset({family.id}))
    theirs = FakeUnitOfWork(store=uow.store, principal=limited)
    mine, printers = await account_changes.page(uow.account_unit()), await account_changes.page(theirs)
    for workspace_id in (left.id, left.id, left.id):
        fire(uow, workspace_id)
    at_home, there = fire(uow), fire(uow, family.id)
    await workspaces.delete(uow.unit(workspace_id=left.id))

    assert (await account_changes.page(uow.account_unit(), cursor=mine.next_cursor)).fired == [at_home, there]
    pages_of_one = [printers]
    while len(pages_of_one) == 1 or pages_of_one[-1].has_more:
        cursor = pages_of_one[-1].next_cursor
        pages_of_one.append(await account_changes.page(theirs, cursor=cursor, limit=1))
    assert [page.fired for page in pages_of_one[1:]] == [[], [], [], [], [there]]


async def test_a_client_from_before_there_were_reminders_gets_all_that_have_fired(uow: FakeUnitOfWork) -> None:
    page = await account_changes.page(uow.account_unit())
    binding = account_changes.binding_of(uow.principal)
    old = pages.sealed(binding, b"\x01" + pages.unsealed(page.next_cursor, binding)[7:])
    fired = fire(uow)

    again = await account_changes.page(uow.account_unit(), cursor=old)

    assert (again.items, again.fired) == ([], [fired])


async def test_a_cursor_that_knows_more_reminders_than_have_fired_has_expired(uow: FakeUnitOfWork) -> None:
    """A backup from before was restored."""
    await account_changes.page(uow.account_unit())
    fire(uow)
    page = await account_changes.page(uow.account_unit())
    uow.store.fired_reminders.clear()
    with pytest.raises(CursorExpired):
        await account_changes.page(uow.account_unit(), cursor=page.next_cursor)


def test_a_client_that_applies_random_pages_ends_with_what_is_there() -> None:
    chance = random.Random(16)  # noqa: S311  # no secret
    numbers = count(100)
    current = dict.fromkeys(range(20), 1)
    departed: list[UUID] = []
    known, copy = Known(binding=BINDING, heads={}), dict[UUID, int]()
    for _ in range(300):
        for n in chance.sample(sorted(current), min(3, len(current))):
            if chance.random() < 0.3:
                del current[n]
                departed.insert(0, UUID(int=n))
            else:
                current[n] += chance.choice((1, 1, 255, 65_536))
        current |= {next(numbers): 1} if chance.random() < 0.5 else {chance.randrange(20): 7}
        has_more = True
        while has_more:
            here = [change(n, head=head) for n, head in sorted(current.items())]
            page = known.compared(here, departed=departed, limit=chance.randint(1, 5))
            for each in page.items:
                if each.head is None:
                    del copy[each.workspace_id]
                else:
                    copy[each.workspace_id] = each.head
            known = Known.parse(page.next_cursor, BINDING)
            has_more = page.has_more and chance.random() < 0.9
        if not page.has_more:
            assert copy == {UUID(int=n): head for n, head in current.items()}
    assert copy
