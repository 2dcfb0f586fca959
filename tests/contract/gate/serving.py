"""Small HTTP servers that are not ours, with one contract, and the gate that asks them."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.findings import Report
from tickbox_contract.gate.live.servers import Server
from tickbox_contract.gate.rules import RULES, run
from tickbox_contract.openapi.rules import Stage

CONTRACT = b"""\
openapi: 3.0.3
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      operationId: listPets
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {type: object}}}}}}
    post:
      operationId: addPet
      security: [{bearer: []}]
      x-access: {scope: write}
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [name], properties: {name: {type: string, maxLength: 10}}}
            example: {name: Rex}
      responses: {'201': {description: ok}, '400': {description: bad}}
  /pets/{id}:
    get:
      operationId: getPet
      security: [{bearer: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: ok}, '404': {description: none}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
"""


SERVER_RULES = {"hostile-requests", "schemathesis", "guarded-operations", "guarded-rights"}


class Careless(BaseHTTPRequestHandler):
    """Accepts whatever it can read, asks nobody for a token, and fails on the rest."""

    statuses = 201, 500

    def _reply(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        fine, bad = self.statuses
        try:
            name = json.loads(self.rfile.read(max(0, length)) or b"0")["name"]
            status = fine if isinstance(name, str) else bad
        except (ValueError, KeyError, TypeError, RecursionError):
            status = fine if self.command == "GET" else bad
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    do_GET = do_POST = _reply  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        pass


class Streaming(BaseHTTPRequestHandler):
    """Streams events at `/news`, one each few milliseconds, and never ends."""

    is_silent = False

    def do_GET(self) -> None:
        if self.path != "/news":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has read enough
            while True:
                self.wfile.write(b":\n\n" if self.is_silent else b'data: {"name": "Rex"}\n\n')
                time.sleep(0.005)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        pass


class Silent(Streaming):
    """Sends comments only."""

    is_silent = True


class Closed(Careless):
    """Looks at a body before it asks for a token."""

    statuses = 400, 400


class Locked(Careless):
    """Fails for one token, and asks all others for it."""

    @property
    def statuses(self) -> tuple[int, int]:  # type: ignore[override]  # it depends on the request
        return (500, 500) if self.headers.get("Authorization") == "Bearer t0ken" else (401, 401)


class Busy(Careless):
    """Limits requests before it looks at them."""

    statuses = 429, 429


class Quiet(ThreadingHTTPServer):
    daemon_threads = False  # they are waited for: none keeps a socket after its test

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that closes its connection is no news."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], *, context: ssl.SSLContext | None = None) -> Iterator[str]:
    with Quiet(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http{'s' * bool(context)}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def asked(server: Server, *stages: Stage, contract: bytes = CONTRACT, rules: set[str] = SERVER_RULES) -> Report:
    chosen = [rule for rule in RULES if rule.rule_id in rules]
    return run(contract, file="pets.yaml", stages=stages, rules=chosen, surroundings=Surroundings(server=server))


def messages(report: Report) -> dict[str, str]:
    return {finding.message: finding.severity for finding in report.findings}
