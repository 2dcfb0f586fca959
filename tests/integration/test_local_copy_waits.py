"""What the examples of docs/local-copy.md do when a stream ends or a request fails, on a server that only does that."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from docs.examples import local_copy
from tests.support.patience import PATIENCE_S

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "local-copy.mjs"
WAITS = 6
FIRST_DELAY_S = 0.5
RETRY_AFTER_S = 100
SILENT = 0
"""The status of a response that does not come."""
PROBLEM = "application/problem+json"

LABEL = {"type": "label", "id": "l", "revision": 1, "deleted": False, "label": {"name": "Wet"}}
PAGE = json.dumps({"items": [LABEL], "next_cursor": "c", "has_more": False})

pytestmark = pytest.mark.unmeasured


class Server(ThreadingHTTPServer):
    """Serves one label and streams that end at once, unless a path has another response."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = "new"
        self.responses: dict[str, list[tuple[int, str]]] = {}
        self.requests: list[str] = []
        self.ends = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self.path.rpartition("/")[2].partition("?")[0]
        self.server.requests.append(path)
        planned = self.server.responses.get(path, [])
        status, kind = planned.pop(0) if planned else (200, "")
        if self.headers["Authorization"] != f"Bearer {self.server.token}":
            status, kind = 401, PROBLEM
        if status == SILENT:
            self.server.ends.wait()
            return
        body = PAGE if (status, path) == (200, "changes") else ""
        self.send_response(status)
        self.send_header("Content-Type", kind or ("text/event-stream" if path == "events" else "application/json"))
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", str(RETRY_AFTER_S))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@dataclass
class Run:
    """What an example did until it stopped, or had waited often enough."""

    delays_s: list[float] = field(default_factory=list)
    things: int = 0
    status: int | None = None
    rejected: list[str] = field(default_factory=list)


class Enough(Exception):
    pass


def in_python(server: Server, folder: Path, attempt_s: int) -> Run:
    run = Run()
    copy = local_copy.Copy(":memory:")
    copy.apply_page(json.loads(PAGE))

    def token(rejected: str | None) -> str:
        if rejected is not None:
            run.rejected.append(rejected)
        return "new" if run.rejected else "old"

    def sleep(delay_s: float) -> None:
        run.delays_s.append(delay_s)
        if len(run.delays_s) == WAITS:
            raise Enough

    clock = itertools.count(0, attempt_s).__next__
    with httpx.Client(base_url=f"{server.url}/v1/", auth=local_copy.Authentication(token)) as client:
        try:
            local_copy.keep(copy, client, "w", sleep, clock)
        except Enough:
            pass
        except httpx.HTTPStatusError as error:
            run.status = error.response.status_code
    run.things = len(copy)
    return run


SCRIPT = """
import {LocalCopy, keep} from 'EXAMPLE';
console.warn = () => {};
const run = {delays_s: [], rejected: [], status: null};
const stop = new AbortController();
const copy = new LocalCopy();
copy.applyPage(PAGE);
let now = 0;
const token = async (rejected) => {
  if (rejected !== undefined) run.rejected.push(rejected);
  return run.rejected.length ? 'new' : 'old';
};
const sleep = async (delayMs) => {
  if (run.delays_s.push(delayMs / 1000) === WAITS) stop.abort();
};
const clock = () => (now += ATTEMPT_MS);
const silenceMs = SILENCE_MS;
const options = {silenceMs, url: 'URL', workspaceId: 'w', token, signal: stop.signal, sleep, clock};
await keep(copy, options).catch((error) => {
  if (!error.response) throw error;
  run.status = error.response.status;
});
console.log(JSON.stringify({...run, things: copy.things.size}));
"""


def in_node(server: Server, folder: Path, attempt_s: int = 1, silence_ms: int = 45_000) -> Run:
    values = {"EXAMPLE": str(EXAMPLE), "PAGE": PAGE, "WAITS": str(WAITS), "URL": server.url}
    text = SCRIPT.replace("ATTEMPT_MS", str(1000 * attempt_s)).replace("SILENCE_MS", str(silence_ms))
    for name, value in values.items():
        text = text.replace(name, value)
    script = folder / "run.mjs"
    script.write_text(text)
    command = ["node", "--no-warnings", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    run: dict[str, Any] = json.loads(done.stdout)
    return Run(**run)


Start = Callable[..., Run]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.ends.set()
        server.shutdown()
        thread.join()


needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")


@pytest.fixture(params=[in_python, pytest.param(in_node, marks=needs_node)])
def start(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Start:
    def started(attempt_s: int = 1) -> Run:
        run: Run = request.param(server, tmp_path, attempt_s)
        return run

    return started


def test_a_client_waits_longer_after_each_stream_that_ends_at_once(server: Server, start: Start) -> None:
    run = start()
    assert server.requests == ["changes", *["changes", "events"] * WAITS]  # the first one has the old token
    assert run.delays_s == sorted(run.delays_s)
    assert run.delays_s[-1] > 10 * FIRST_DELAY_S


def test_a_client_waits_longer_while_only_streams_fail(server: Server, start: Start) -> None:
    server.responses["events"] = [(503, PROBLEM)] * WAITS
    run = start()
    assert server.requests.count("events") == WAITS
    assert run.delays_s == sorted(run.delays_s)
    assert run.delays_s[-1] > 10 * FIRST_DELAY_S


def test_a_client_waits_for_as_long_as_the_server_asks(server: Server, start: Start) -> None:
    server.responses["events"] = [(429, PROBLEM)]
    assert start().delays_s[0] > RETRY_AFTER_S


@needs_node
def test_a_browser_does_not_wait_for_changes_without_an_end(server: Server, tmp_path: Path) -> None:
    server.responses["changes"] = [(SILENT, "")] * 2 * WAITS
    assert len(in_node(server, tmp_path, silence_ms=20).delays_s) == WAITS


def test_delays_are_short_after_streams_that_lasted(start: Start) -> None:
    assert max(start(attempt_s=60).delays_s) <= FIRST_DELAY_S


def test_a_client_gets_a_new_token_after_a_401(server: Server, start: Start) -> None:
    run = start()
    assert (run.rejected, run.status, run.things) == (["old"], None, 1)
    assert server.requests[:3] == ["changes", "changes", "events"]


@pytest.mark.parametrize(("status", "kind"), [(403, PROBLEM), (404, "text/html")])
def test_a_client_stops_and_keeps_its_copy_without_a_right_to_it(
    server: Server, start: Start, status: int, kind: str
) -> None:
    server.responses["events"] = [(status, kind)]
    run = start()
    assert (run.status, run.things, run.delays_s) == (status, 1, [])


def test_a_client_stops_and_keeps_its_copy_if_no_token_is_valid(server: Server, start: Start) -> None:
    server.token = "another"
    run = start()
    assert (run.status, run.things, run.rejected, run.delays_s) == (401, 1, ["old"], [])


def test_a_client_deletes_its_copy_after_a_404_of_the_server(server: Server, start: Start) -> None:
    server.responses["events"] = [(404, PROBLEM)]
    run = start()
    assert (run.status, run.things, run.delays_s) == (None, 0, [])


@pytest.mark.parametrize("status", [400, 410])
def test_a_client_begins_again_if_its_cursor_is_of_no_use(server: Server, start: Start, status: int) -> None:
    server.responses["changes"] = [(200, ""), (status, PROBLEM)]
    run = start()
    assert (run.status, run.things, len(run.delays_s)) == (None, 1, WAITS)
