"""Changes of a workspace."""

import datetime as dt
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Final, Literal, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from domain import account_changes, account_streams, activity, change_streams, changes, streams
from domain.account_changes import AccountChanges
from domain.activity import CLOSED_OCCURRENCE, ActivityEntry
from domain.change_cursors import Completed
from domain.events import EventType, is_end
from domain.model.activity import ActivityFilter
from domain.model.changes import Change, ChangeEvent, ChangeType, LogRecord
from domain.model.fired_reminders import FiredReminder
from domain.model.streams import Message
from domain.model.workspaces import WorkspaceChange
from domain.pages import CursorInvalid
from domain.unit_of_work import UnitOfWork
from handlers.events import entity_view
from handlers.pages import page_view
from handlers.tasks import wall_clock_view
from spec import responses
from tickbox_contract.responses import Event, Heartbeat, Messages, Response, events, ok

_SENT: Final[WeakKeyDictionary[ChangeEvent, dict[int, Messages]]] = WeakKeyDictionary()
"""What streams send now, by the first event and the number of them. What many streams send is encoded once."""


async def list_changes(
    uow: UnitOfWork,
    completed: Completed,
    limit: int,
    types: list[ChangeType] | None = None,
    cursor: str | None = None,
) -> Response:
    """200 with what the workspace has or, after a cursor, with what has changed since."""
    page = await changes.page(uow, types=types, completed=completed, limit=limit, cursor=cursor)
    body: responses.ChangePage = {
        "items": [change_view(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "has_more": page.has_more,
    }
    return ok(body)


async def stream_changes(
    uow: UnitOfWork,
    types: list[ChangeType] | None = None,
    cursor: str | None = None,
    last_event_id: str | None = None,
    until: Literal["head"] | None = None,
) -> Response:
    """200 with the live events of the workspace."""
    with _start(cursor, last_event_id) as start:
        feed = await change_streams.feed_of(uow, types=types, cursor=start, until_head=until == "head")
    return events(_sent(streams.follow(uow.streams, feed)))


async def list_my_changes(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's workspaces that changed."""
    page = await account_changes.page(uow, limit=limit, cursor=cursor)
    body: responses.AccountChangePage = {
        "items": [workspace_change_view(each) for each in page.items],
        "fired_reminders": [fired_reminder_view(each) for each in page.fired],
        "next_cursor": page.next_cursor,
        "has_more": page.has_more,
    }
    return ok(body)


async def list_activity(  # noqa: PLR0913, PLR0917  # a filter each
    uow: UnitOfWork,
    limit: int,
    entity_id: UUID | None = None,
    actor_id: UUID | None = None,
    event: Sequence[EventType] | None = None,
    recorded_after: dt.datetime | None = None,
    recorded_before: dt.datetime | None = None,
    cursor: str | None = None,
) -> Response:
    """200 with what happened, newest first."""
    filters = ActivityFilter(
        entity_id=entity_id,
        actor_id=actor_id,
        types=None if event is None else frozenset(event),
        recorded_after=recorded_after,
        recorded_before=recorded_before,
    )
    return ok(page_view(await activity.page(uow, filters=filters, limit=limit, cursor=cursor), activity_entry_view))


@contextmanager
def _start(cursor: str | None, last_event_id: str | None) -> Iterator[str | None]:
    """Where a stream begins. A problem with it names the header if it was there."""
    try:
        yield cursor if last_event_id is None else last_event_id
    except CursorInvalid as error:
        error.header = None if last_event_id is None else "Last-Event-ID"
        raise


async def _sent(
    found: AsyncGenerator[Sequence[Message[ChangeEvent]], None],
) -> AsyncGenerator[Messages | Heartbeat, None]:
    async with aclosing(found):
        async for messages in found:
            first = messages[0].item
            yield Heartbeat(id=messages[0].cursor) if first is None else _shared(first, messages)
            del first, messages  # a stream that waits holds nothing that it has sent


def _shared(first: ChangeEvent, messages: Sequence[Message[ChangeEvent]]) -> Messages:
    """The messages, as the same object for all streams that send them: for those that begin alike and are as many."""
    sent = _SENT.setdefault(first, {})
    if len(messages) not in sent:
        views = [(event_view(each.item), each.cursor) for each in messages if each.item is not None]
        sent[len(messages)] = Messages([Event(content=view, id=cursor) for view, cursor in views])
    return sent[len(messages)]


def event_view(event: ChangeEvent) -> responses.ChangeEvent:
    """A `ChangeEvent`."""
    return {
        "revision": event.revision,
        "recorded_at": event.recorded_at,
        "actor_id": event.actor_id,
        "complete": event.is_complete,
        "changes": [logged_change_view(each) for each in event.changes],
    }


def logged_change_view(change: LogRecord) -> responses.LoggedChange:
    """A `LoggedChange`, with the entity as the log has it, unless it was deleted, or its body was."""
    deleted = is_end(change.event)
    view: responses.LoggedChange = {
        "type": change.type,
        "event": change.event,
        "id": change.entity_id,
        "revision": change.place.revision,
        "deleted": deleted,
        "erased": change.body is None and not deleted,
    }
    if deleted or change.body is None:
        return view
    entity = json.loads(change.body)
    closed = {name: entity.pop(name) for name in (CLOSED_OCCURRENCE,) if name in entity}
    return cast("responses.LoggedChange", {**view, change.type: entity, **closed})


async def stream_my_changes(
    uow: UnitOfWork,
    cursor: str | None = None,
    last_event_id: str | None = None,
    until: Literal["head"] | None = None,
) -> Response:
    """200 with what changes in the caller's workspaces."""
    with _start(cursor, last_event_id) as start:
        feed = await account_streams.feed_of(uow, cursor=start, until_head=until == "head")
    return events(_sent_to_account(streams.follow(uow.streams, feed)))


def change_view(change: Change) -> responses.Change:
    """A `Change`, with the entity in the member that its type names; without one if it is deleted."""
    view: responses.Change = {
        "type": change.type,
        "id": change.id,
        "revision": change.revision,
        "deleted": change.entity is None,
    }
    if change.entity is None:
        return view
    return cast("responses.Change", {**view, change.type: entity_view(change.entity)})


def workspace_change_view(change: WorkspaceChange) -> responses.WorkspaceChange:
    """A `WorkspaceChange`."""
    return {"workspace_id": change.workspace_id, "head": change.head, "role": change.role}


def fired_reminder_view(reminder: FiredReminder) -> responses.FiredReminder:
    """A `FiredReminder`."""
    return {
        "reminder_id": reminder.reminder_id,
        "workspace_id": reminder.workspace_id,
        "task_id": reminder.task_id,
        "due": wall_clock_view(reminder.due),
        "occurrence": wall_clock_view(reminder.occurrence),
        "fires_at": reminder.fires_at,
        "fired_at": reminder.fired_at,
    }


def activity_entry_view(entry: ActivityEntry) -> responses.ActivityEntry:
    """An `ActivityEntry`."""
    event = entry.event
    return {
        "revision": event.revision,
        "sequence": event.sequence,
        "event": event.type,
        "type": event.type.partition(".")[0],
        "id": event.entity_id,
        "task_id": entry.task_id,
        "title": entry.title,
        "changed": list(entry.changed),
        "closed_occurrence": cast("responses.WallClock | None", entry.closed_occurrence),
        "actor_id": event.actor_id,
        "recorded_at": event.recorded_at,
        "erased": event.payload is None and not is_end(event.type),
    }


async def _sent_to_account(
    steps: AsyncGenerator[Sequence[Message[AccountChanges]], None],
) -> AsyncGenerator[Sequence[Event | Heartbeat], None]:
    async with aclosing(steps):
        async for messages in steps:
            yield [
                Heartbeat(id=each.cursor)
                if each.item is None
                else Event(content=account_change_event_view(each.item), id=each.cursor)
                for each in messages
            ]
            del messages


def account_change_event_view(found: AccountChanges) -> responses.AccountChangeEvent:
    """An `AccountChangeEvent`."""
    return {
        "changes": [workspace_change_view(each) for each in found.items],
        "fired_reminders": [fired_reminder_view(each) for each in found.fired],
    }
