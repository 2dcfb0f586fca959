"""The probes that every server on the engine must pass, against this one: none of them changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.support.checking import Seen
from tests.support.clients import MERGE_PATCH, Client, Person, checker, ok, register
from tests.support.one_database import databases  # noqa: F401  # what is refused here reaches none
from tests.support.tables import Tables
from tests.support.wire import Address, exchange
from tickbox_contract.gate.live.probes import PROBES, Probe, Target

pytestmark = pytest.mark.unmeasured


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probes are sent to: a user's tasks, of which there is one."""

    address: Address
    target: Target
    person: Person
    task_path: str


@pytest.fixture(scope="module")
def probed(server: str) -> Iterator[Probed]:
    with Client(server) as client:
        person = register(client)
        task = person.create("tasks", title="Sow")
        task_path = f"{person.home}/tasks/{task['id']}"
        target = Target(
            collection=f"{person.home}/tasks",
            body={"title": "Reap", "due": {"date": "2026-04-18", "time": "09:00"}},
            text="title",
            item=f"{person.home}/tasks/{{id}}",
            token=person.tokens["access_token"],
            flag=f"{person.home}/projects?archived=",
            conditional=("PATCH", task_path, MERGE_PATCH, b'{"title": "Reap"}'),
        )
        url = urlsplit(server)
        assert url.hostname is not None
        assert url.port is not None
        yield Probed((url.hostname, url.port), target, person, task_path)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.sentence)
def test_a_probe_is_rejected(probed: Probed, tables: Tables, probe: Probe) -> None:
    if (request := probe.request(probed.target)) is None:
        pytest.skip("no operation here takes what this probe breaks")
    before = tables.digest()
    method, chunks = request
    reply = exchange(probed.address, chunks, method=method)
    assert (reply.status, reply.slug) in probe.responses.items(), reply
    assert probe.expected_places(probed.target) <= reply.places
    assert len(reply.body) < 20_000
    assert tables.digest() == before
    assert ok(probed.person.client.get(probed.task_path))["title"] == "Sow"


def test_the_body_that_the_probes_change_is_valid_itself(probed: Probed) -> None:
    method, chunks = probed.target.post(probed.target.json())
    reply = exchange(probed.address, chunks, method=method)
    seen = Seen(method, probed.target.collection, reply.status, reply.headers, reply.body)
    assert (reply.status, checker().faults(seen)) == (201, [])
