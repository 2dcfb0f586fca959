"""The sample's memory, and its unit of work."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from uuid import UUID

from tickbox_contract.engine.units import Client, RequestContext


class StationNotFoundError(Exception):
    """There is no such station."""


class NameTakenError(Exception):
    """Two stations may not have the same name."""


@dataclass
class Store:
    """What lasts: stations by id. `log` says what units of work did, in order.

    `revoked` are tokens that are no longer valid, and `roles` replace those of tokens' holders.
    """

    stations: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    responses: dict[tuple[str, str], tuple[bytes, bytes]] = field(default_factory=dict)
    ids: dict[UUID, bytes] = field(default_factory=dict)
    unreachable: set[UUID] = field(default_factory=set)
    closed_streams: list[str] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    open_units: int = 0
    revoked: set[str] = field(default_factory=set)
    roles: dict[str, str | None] = field(default_factory=dict)

    def snapshot(self) -> object:
        """What a refused request must leave as it is."""
        return copy.deepcopy((self.stations, self.responses, self.ids)), self.log.count("committed")


class UnitOfWork:
    """A unit of work on a copy of the stations."""

    def __init__(self, store: Store, context: RequestContext) -> None:
        self.store = store
        self.context = context
        store.clients.append(context.client)
        self._committed = False
        self._request = b""
        self._owner = ("", "")
        self._response: bytes | None = None
        self._claimed: dict[UUID, bytes] = {}
        self._before: tuple[dict[UUID, dict[str, Any]], dict[UUID, bytes]] | None = None

    async def __aenter__(self) -> Self:
        self.store.log.append("opened")
        self.store.open_units += 1
        self.stations = copy.deepcopy(self.store.stations)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.open_units -= 1
        if not self._committed:
            self.store.log.append("rolled back")

    async def commit(self) -> None:
        """Keep the copy; a read has nothing to keep."""
        self._committed = True
        if not self.context.safe:
            self.store.stations = self.stations
            self.store.ids |= self._claimed
            if self._response is not None:
                self.store.responses[self._owner] = (self._request, self._response)
            self.store.log.append("committed")

    async def require(self, check: Callable[[], Awaitable[None]]) -> None:
        """It has one step."""
        await check()

    async def recall(self, key: str, request: bytes) -> tuple[bytes, bytes] | None:
        """A key is its principal's."""
        assert self.context.auth is not None
        self._owner, self._request = (self.context.auth.principal, key), request
        return self.store.responses.get(self._owner)

    async def record(self, response: bytes) -> None:
        """Kept with the commit."""
        self._response = response

    async def release(self) -> None:
        """Nothing is kept."""
        self._response = None
        self._claimed.clear()

    async def begin_part(self, *, alone: bool) -> None:
        """Remember what `undo_part` restores."""
        self._before = copy.deepcopy((self.stations, self._claimed)) if alone else None
        self.store.log.append("began alone" if alone else "began")

    async def end_part(self) -> None:
        """Nothing was deferred."""
        self.store.log.append("ended")

    async def undo_part(self) -> None:
        """As if the part had not begun."""
        assert self._before is not None
        self.stations, self._claimed = self._before
        self.store.log.append("undone")

    async def claim(self, client_id: UUID, request: bytes) -> Literal["new", "repeated", "taken"]:
        """One that a station has, which nobody claimed, is taken."""
        if client_id in self.store.ids:
            return "repeated" if self.store.ids[client_id] == request else "taken"
        if client_id in self.stations:
            return "taken"
        self._claimed[client_id] = request
        return "new"

    def station(self, station_id: UUID) -> dict[str, Any]:
        """Raises StationNotFoundError, ConnectionError."""
        if station_id in self.store.unreachable:
            raise ConnectionError
        if station_id not in self.stations:
            raise StationNotFoundError
        return self.stations[station_id]

    def write_something(self) -> UUID:
        """A trace that only a commit leaves."""
        station_id = UUID(int=len(self.stations) + 1)
        self.stations[station_id] = {"id": station_id, "name": "trace", "revision": 1}
        return station_id
