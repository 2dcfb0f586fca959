"""What `bench.streams` compares. The times that it measures are not tested."""

import pytest

from bench import tickbox
from bench.databases import opened
from bench.streams.__main__ import SETTINGS, account_stream_of, idle, latency, pages, stream_of, write
from bench.streams.listeners import Stream, listening
from tests.support.databases import AT_LENGTH, FEW_BACKENDS

pytestmark = [
    pytest.mark.unmeasured,
    pytest.mark.skipif(not AT_LENGTH, reason="it takes half a minute: `make soak` runs it"),
]


@pytest.mark.parametrize("kind", FEW_BACKENDS)
def test_each_write_is_timed_on_a_stream_that_gets_all_of_them(kind: str) -> None:
    with opened(kind) as database, tickbox.serving(database, settings=SETTINGS) as server:
        ada, bob = (tickbox.register(server.base, name) for name in ("Ada", "Bob"))
        quiet = idle(server, [ada, bob], streams=3, seconds=0.1)
        assert (quiet.streams, quiet.mib > 10) == (3, True)
        timed = latency(server, server, ada, writes=3, streams=2)
        assert timed.writes == 3
        assert timed.event_p50_ms <= timed.event_p99_ms

        with listening(server.base, [stream_of(ada)] * 2) as listeners:
            revisions = [write(server, ada) for _ in range(3)]
            listeners.wait_for(revisions[-1])
        assert [sorted(each.arrived_s) for each in listeners.each] == [revisions] * 2
        with listening(server.base, [account_stream_of(ada)]) as listeners:
            listeners.wait_for([write(server, ada) for _ in range(3)][-1])

        found = pages(database, server, ada, tasks=1_000)
        assert {name: page.items for name, page in found.items()} == {"first": 200, "changes": 200}
        assert (found["first"].rows_read is None) is database.is_sqlite


def test_a_stream_that_misses_a_write_ends_the_measurement() -> None:
    with opened("sqlite") as database, tickbox.serving(database, settings=SETTINGS) as server:
        ada, bob = (tickbox.register(server.base, name) for name in ("Ada", "Bob"))
        with listening(server.base, [stream_of(ada), stream_of(bob)]) as listeners:
            revision = write(server, ada)
            with pytest.raises(SystemExit, match=f"1 of 2 streams got change {revision}"):
                listeners.wait_for(revision, timeout_s=0.5)
        refused = Stream(path=f"{ada.home}/events", token="unknown")
        with pytest.raises(SystemExit, match="401"), listening(server.base, [refused]):
            pass
