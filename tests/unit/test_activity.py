import json
from dataclasses import replace
from typing import Any

import pytest

from domain import activity
from domain.activity import ActivityEntry
from domain.events import EventType
from domain.model.activity import ActivityFilter, LoggedEvent
from domain.pages import CursorInvalid
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import ident

TASK: dict[str, Any] = {
    "id": "1",
    "title": "Sow",
    "due": None,
    "priority": "low",
    "updated_at": "2026-01-01",
    "revision": 1,
}
UPDATED: tuple[EventType, dict[str, Any]] = ("task.updated", TASK)


def log(uow: FakeUnitOfWork, *payloads: tuple[EventType, dict[str, Any] | None]) -> None:
    """Write events about one entity."""
    mine = uow.store.read_events.setdefault(uow.workspace_id, [])
    for kind, payload in payloads:
        mine.append(
            LoggedEvent(
                revision=len(mine) + 1,
                sequence=1,
                type=kind,
                entity_id=ident(1),
                actor_id=ident(2),
                recorded_at=NOON,
                payload=None if payload is None else json.dumps(payload),
                type_before=None,
                payload_before=None,
            )
        )


async def read(uow: FakeUnitOfWork, **filters: Any) -> list[ActivityEntry]:
    """What happened, oldest first."""
    page = await activity.page(uow.unit(), filters=ActivityFilter(**filters))
    return list(reversed(page.items))


async def test_an_entry_has_the_title_and_what_changed(uow: FakeUnitOfWork) -> None:
    later = {**TASK, "title": "Sow beans", "priority": "high", "updated_at": "T2", "revision": 2}
    log(
        uow,
        ("task.created", {**TASK, "description": "Deep"}),
        ("task.updated", later),
        ("task.updated", {**later, "description": "Deeper"}),
        ("task.deleted", {"id": "1"}),
        ("task.restored", {**later, "description": "Deeper"}),
    )

    entries = await read(uow)

    assert [(entry.title, entry.changed) for entry in entries] == [
        ("Sow", ()),
        ("Sow beans", ("priority", "title")),
        ("Sow beans", ("description",)),
        ("Sow beans", ()),
        ("Sow beans", ()),
    ]


@pytest.mark.parametrize(
    ("kind", "payload", "title"),
    [
        ("member.added", {"user_id": "1", "name": "Bob"}, "Bob"),
        ("comment.created", {"id": "1", "text": "x" * 200}, "x" * 100),
        ("workspace.updated", {"id": "1", "name": "Home"}, "Home"),
        ("task.created", {"id": "1", "title": "x" * 200}, "x" * 200),
        ("member.removed", {"id": "1"}, None),
        ("task.updated", None, None),
    ],
)
async def test_what_an_entity_is_called_depends_on_its_kind(
    uow: FakeUnitOfWork, kind: EventType, payload: dict[str, Any] | None, title: str | None
) -> None:
    log(uow, (kind, payload))

    (entry,) = await read(uow)

    assert entry.title == title


async def test_an_entry_of_a_comment_has_its_task(uow: FakeUnitOfWork) -> None:
    comment = {"id": "1", "task_id": str(ident(7)), "text": "Done?"}
    log(uow, ("comment.created", comment), ("comment.updated", comment), ("comment.deleted", {"id": "1"}))

    assert [(entry.title, entry.task_id) for entry in await read(uow)] == [("Done?", ident(7))] * 3


async def test_the_task_of_a_comment_is_not_made_up(uow: FakeUnitOfWork) -> None:
    log(uow, ("comment.created", None), ("comment.deleted", {"id": "1"}), ("task.created", TASK))

    assert [entry.task_id for entry in await read(uow)] == [None, None, None]


async def test_what_is_not_kept_is_not_made_up(uow: FakeUnitOfWork) -> None:
    log(uow, ("task.created", None), ("task.updated", TASK), ("task.updated", None), ("task.deleted", {"id": "1"}))

    entries = await read(uow)

    assert [(entry.title, entry.changed) for entry in entries] == [(None, ()), ("Sow", ()), (None, ()), (None, ())]


async def test_a_property_that_only_a_later_version_has_did_not_change(uow: FakeUnitOfWork) -> None:
    log(uow, ("task.created", TASK), ("task.updated", {**TASK, "title": "Reap", "reminders": []}))

    assert [entry.changed for entry in await read(uow)] == [(), ("title",)]


async def test_another_thing_with_the_same_id_is_not_what_was_before(uow: FakeUnitOfWork) -> None:
    log(uow, ("member.added", {"name": "Bob", "revision": 1}), ("label.created", {"name": "Wet", "revision": 2}))

    assert [(entry.title, entry.changed) for entry in await read(uow)] == [("Bob", ()), ("Wet", ())]


@pytest.mark.parametrize("limit", [1, 2, 60, 119, 120, 200])
async def test_pages_have_each_entry_once(uow: FakeUnitOfWork, limit: int) -> None:
    log(uow, *([UPDATED] * 120))
    found, cursor, count = [], None, 0
    while count == 0 or cursor is not None:
        page = await activity.page(uow.unit(), filters=ActivityFilter(), limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += [entry.event.revision for entry in page.items]
        cursor, count = page.next_cursor, count + 1

    assert found == list(range(120, 0, -1))
    assert count == -(-120 // limit)


async def test_a_page_of_nothing_may_have_another_one_after_it(uow: FakeUnitOfWork) -> None:
    log(uow, ("task.created", TASK), *([UPDATED] * 5000))
    filters = ActivityFilter(types=frozenset({"task.created"}))

    first = await activity.page(uow.unit(), filters=filters)
    last = await activity.page(uow.unit(), filters=filters, cursor=first.next_cursor)

    assert (first.items, first.has_more) == ((), True)
    assert ([entry.event.revision for entry in last.items], last.has_more) == ([1], False)


async def test_a_cursor_is_of_its_filters(uow: FakeUnitOfWork) -> None:
    log(uow, *([UPDATED] * 2))
    filters = ActivityFilter(actor_id=ident(2), types=frozenset({"task.updated"}))
    filters = replace(filters, recorded_before=NOON.replace(year=2999))
    page = await activity.page(uow.unit(), filters=filters, limit=1)

    assert (await activity.page(uow.unit(), filters=filters, limit=1, cursor=page.next_cursor)).items
    for other in (
        replace(filters, actor_id=None),
        replace(filters, entity_id=ident(1)),
        replace(filters, types=frozenset({"task.updated", "task.created"})),
        replace(filters, recorded_before=None),
        replace(filters, recorded_after=NOON),
    ):
        with pytest.raises(CursorInvalid):
            await activity.page(uow.unit(), filters=other, cursor=page.next_cursor)
