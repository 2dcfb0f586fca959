"""HTTP as bytes on a socket, as the gate sends it, with the patience of the tests."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator

from tests.support.patience import PATIENCE_S
from tickbox_contract.gate.live import wire
from tickbox_contract.gate.live.wire import Address, Reply, read_reply, request

__all__ = ["Address", "Reply", "connected", "exchange", "read_reply", "request"]


@contextlib.contextmanager
def connected(address: Address) -> Iterator[socket.socket]:
    with wire.connected(wire.Endpoint(address), timeout_s=PATIENCE_S) as connection:
        yield connection


def exchange(address: Address, chunks: Iterable[bytes], *, method: str = "GET") -> Reply:
    """Send *chunks* until all are sent or the server closes the connection, and read its response."""
    return wire.exchange(wire.Endpoint(address), chunks, timeout_s=PATIENCE_S, method=method, reads_events=True)
