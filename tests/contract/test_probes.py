"""The probe list, against the sample."""

import pytest

from tests.support.wire import exchange
from tickbox_contract.gate.live.probes import PROBES, Probe, Target

from .conftest import STATION_ID, Sample

TARGET = Target(
    collection="/stations",
    body={"name": "Oxford", "opened_at": "2024-01-01T00:00:00Z"},
    text="name",
    item="/stations/{id}",
    token="director",
    moment="opened_at",
    array="sensors",
    flag="/stations?open=",
    conditional=("PATCH", f"/stations/{STATION_ID}", "application/merge-patch+json", b'{"name": "Kew Gardens"}'),
)


def test_the_body_that_the_probes_change_is_good_itself(server: Sample) -> None:
    method, chunks = TARGET.post(TARGET.json())
    assert exchange(server.address, chunks, method=method).status == 201


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.sentence)
def test_refused(server: Sample, probe: Probe) -> None:
    before = server.store.snapshot()
    request = probe.request(TARGET)
    assert request is not None
    method, chunks = request
    reply = exchange(server.address, chunks, method=method)
    assert (reply.status, reply.slug) in probe.responses.items(), reply
    assert probe.expected_places(TARGET) <= reply.places
    assert len(reply.body) < 20_000
    assert server.store.log == []
    assert server.store.snapshot() == before
    assert server.call("GET", "/livez").json == {"status": "alive"}
