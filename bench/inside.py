"""Run an ASGI application without a server: microseconds for each of its layers, and where the time goes.

A request here never waits, so it needs no event loop: one `send` runs it to its end.
"""

from __future__ import annotations

import copy
import os
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from bench.load import Request

_CALLS = 400
_SAMPLE_S = 0.0005
_SITE_PACKAGES = "site-packages" + os.sep

Scope = dict[str, Any]
Application = Callable[..., Any]


@dataclass
class EncodedResponse:
    """The two ends of one request, as a server holds them."""

    body: bytes
    sent: list[Any] = field(default_factory=list)

    async def receive(self) -> Any:
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def scope_of(request: Request) -> Scope:
    """What uvicorn would hand over for *request* from wrk."""
    path, _, query = request.target.partition("?")
    headers = [(b"host", b"127.0.0.1:8080")]
    if request.body is not None:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(request.body))]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
        "root_path": "",
        "method": request.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "state": {},
    }


def call(application: Application, scope: Scope, body: bytes | None) -> list[Any]:
    """Run *application* to its end, and return what it sent."""
    encoded = EncodedResponse(body or b"")
    try:
        application(scope, encoded.receive, encoded.send).send(None)
    except StopIteration:
        return encoded.sent
    raise RuntimeError("the application waited for something")


async def _nothing(_scope: Scope, _receive: Any, send: Any) -> None:
    await send(None)
    await send(None)


def microseconds(
    applications: Sequence[tuple[str, Application, Scope]], body: bytes | None, rounds: int
) -> list[float]:
    """The median processor time of one request of each, less that of an empty one; *rounds* times in turn."""
    times: list[list[float]] = [[] for _ in applications]
    for _ in range(rounds):
        empty = _time(_nothing, {}, body)
        for (_, application, scope), mine in zip(applications, times, strict=True):
            mine.append(_time(application, scope, body) - empty)
    return [statistics.median(mine) for mine in times]


def _time(application: Application, scope: Scope, body: bytes | None) -> float:
    # A layer writes into the scope that it is given, and into what is in it.
    scopes = [{**scope, "extensions": copy.deepcopy(scope.get("extensions", {}))} for _ in range(_CALLS)]
    before = time.process_time()
    for one in scopes:
        call(application, one, body)
    return (time.process_time() - before) / _CALLS * 1e6


def layers(application: Any, request: Request) -> list[tuple[str, Application, Scope]]:
    """Connexion's stack from the outermost layer to the engine, each with the scope as it would reach it."""
    scope = scope_of(request)
    call(application, scope, request.body)  # builds the stack, and fills in what routing puts into the scope
    routed = {key: scope[key] for key in ("extensions", "path_params")}
    found, is_routed = [], False
    for layer in application.middleware_stack:
        found.append((type(layer).__name__, layer, {**scope_of(request), **(routed if is_routed else {})}))
        is_routed = is_routed or "Routing" in type(layer).__name__
    return found


def profile(application: Application, request: Request, *, seconds: float) -> list[tuple[str, float, float]]:
    """Where the time goes while *application* serves *request*: each function with its own and its whole share.

    It samples, so that cheap functions that are called often do not look expensive. Time in C counts for the caller.
    """
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()

    def sample(_number: int, frame: FrameType | None) -> None:
        seen: set[str] = set()
        while frame is not None and frame.f_code is not profile.__code__:
            name = _name(frame)
            own.update([name] if not seen else ())
            seen.add(name)
            frame = frame.f_back
        whole.update(seen)

    scope = scope_of(request)
    previous = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, _SAMPLE_S, _SAMPLE_S)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(_CALLS):
                call(application, dict(scope), request.body)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    total = sum(own.values())
    return [(name, own[name] / total, whole[name] / total) for name, _ in own.most_common()]


def _name(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    for prefix in (_SITE_PACKAGES, f"{Path.cwd()}{os.sep}", sys.base_prefix + os.sep):
        path = path.rpartition(prefix)[2]
    return f"{path.removesuffix('.py').replace(os.sep, '.')}:{frame.f_code.co_qualname}"
