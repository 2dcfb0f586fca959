"""Notifications between the processes on one PostgreSQL database: what was committed, so that streams are woken.

A NOTIFY inside of a transaction lets all commits with one wait for each other. So the process collects what its
transactions have changed, and sends it after their commits, many changes together, on the connection on which it
listens. A notification that is lost is made up for by `Wakeups.look_around`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.errors import StorageUnavailable

CHANNEL: Final = "tickbox_changes"
_NOTIFY: Final = f"NOTIFY {CHANNEL}, '{{}}'"
"""Without a parameter it is one round trip, and a third of the processor time. What is put in is hexadecimal digits."""
_IDS_AT_ONCE: Final = 240
"""Of 32 characters each. A notification has less than 8,000."""
_APART_S: Final = 0.02
"""How long there is between two notifications."""
_SILENT_S: Final = 15
"""After so long without a notification to send, it is tried whether the connection still exists."""
_RESPONSE_S: Final = 5
_FAILURES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Notifications:
    """The connection on which a process listens, and notifies the others. *arguments* are asyncpg's."""

    def __init__(self, arguments: Mapping[str, Any], *, receive: Callable[[Iterable[UUID]], None]) -> None:
        self._arguments = arguments
        self._receive = receive
        self._outgoing: set[UUID] = set()
        self._has_work = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    def publish(self, ids: Collection[UUID]) -> None:
        """Notify the other processes, soon. Without a connection, nobody is notified."""
        if self._connection is not None:
            self._outgoing.update(ids)
            self._has_work.set()

    async def run(self) -> None:
        """Connect, listen and notify until the connection is lost.

        Raises ConnectionError then, and StorageUnavailable if there is none.
        """
        connection = await self._connect()
        connection.add_termination_listener(lambda _connection: self._has_work.set())
        try:
            await connection.add_listener(CHANNEL, self._received)
            self._connection = connection
            while not connection.is_closed():
                await self._notify(connection)
        except _FAILURES as error:
            raise ConnectionError(self._late(f"{type(error).__name__}: {error}")) from error
        finally:
            self._connection = None
            self._outgoing.clear()
            connection.terminate()
        raise ConnectionError(self._late("the connection was lost"))

    async def _connect(self) -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                timeout=_RESPONSE_S,
                command_timeout=_RESPONSE_S,
                statement_cache_size=0,  # a pooler may give each transaction another server process
                server_settings={"application_name": "tickbox-notifications"},
                **self._arguments,
            )
        except _FAILURES as error:
            raise StorageUnavailable(self._late(f"{type(error).__name__}: {error}")) from error

    def _late(self, reason: str) -> str:
        host = self._arguments.get("host", "the database")
        return f"no notifications from {host}: what other servers commit is up to a second late in streams ({reason})"

    async def _notify(self, connection: asyncpg.Connection) -> None:
        """Wait for something to send, and send it; or try the connection."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SILENT_S):
                await self._has_work.wait()
        self._has_work.clear()
        if connection.is_closed():
            return
        ids, self._outgoing = sorted(self._outgoing), set()
        for payload in _payloads(ids) if ids else ("",):
            await connection.execute(_NOTIFY.format(payload))
        await asyncio.sleep(_APART_S)

    def _received(self, connection: asyncpg.Connection, sender: int, _channel: str, payload: str) -> None:
        if sender != connection.get_server_pid():
            self._receive(_ids(payload))


def _payloads(ids: Collection[UUID]) -> Iterator[str]:
    texts = [each.hex for each in ids]
    for start in range(0, len(texts), _IDS_AT_ONCE):
        yield "".join(texts[start : start + _IDS_AT_ONCE])


def _ids(payload: str) -> Iterator[UUID]:
    """The ids in a payload. What is not one, which anybody with the database's password may send, is left out."""
    for start in range(0, len(payload), 32):
        with contextlib.suppress(ValueError):
            yield UUID(hex=payload[start : start + 32])
