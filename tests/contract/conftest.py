from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.support.server import serving
from tests.support.wire import Address, Reply, exchange, request
from tickbox_contract.engine.protocol import bounded_protocol

from .sample.application import URN_PREFIX, build
from .sample.store import Store

STATION_ID = UUID("0190a5f0-0000-7000-8000-000000000000")
STATION = {"id": STATION_ID, "name": "Kew", "revision": 7, "open": True}


@dataclass(frozen=True)
class Sample:
    """The sample service while it runs, and what it remembers."""

    address: Address
    store: Store

    def call(self, method: str, target: str, *lines: str, body: bytes = b"", token: str | None = None) -> Reply:
        return exchange(self.address, [request(method, target, *lines, body=body, token=token)], method=method)

    def post_json(self, target: str, body: bytes, *, token: str | None = "director") -> Reply:
        return self.call("POST", target, "Content-Type: application/json", body=body, token=token)


@pytest.fixture(scope="session")
def running() -> Iterator[Sample]:
    store = Store()
    with serving(build(store), protocol=bounded_protocol(URN_PREFIX)) as address:
        yield Sample(address, store)


@pytest.fixture
def server(running: Sample) -> Sample:
    """The running sample with one station, and an empty log."""
    running.store.stations = {STATION_ID: dict(STATION)}
    running.store.log.clear()
    running.store.responses.clear()
    running.store.ids.clear()
    running.store.unreachable.clear()
    running.store.closed_streams.clear()
    running.store.clients.clear()
    running.store.revoked.clear()
    running.store.roles.clear()
    return running


@pytest.fixture
def reporting() -> Iterator[Sample]:
    """The sample under `response_check="report"`."""
    store = Store()
    application = build(store, response_check="report")
    with serving(application, protocol=bounded_protocol(URN_PREFIX)) as address:
        yield Sample(address, store)
