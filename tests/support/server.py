"""A real server on a real socket, for tests of any ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn

UNHINDERED: dict[str, Any] = dict.fromkeys(
    ("rate_limit", "rate_limit_address", "rate_limit_credentials"), "100000000/day"
)
"""Settings with which requests are counted, and none is rejected for its number."""


@contextlib.contextmanager
def serving(application: Any, *, protocol: type[asyncio.Protocol], **options: Any) -> Iterator[tuple[str, int]]:
    """Serve *application* from another thread while the context lasts; its value is the host and port.

    *options* are uvicorn's. Leaving the context stops the server as a signal would, and waits for its end.
    """
    settings: dict[str, Any] = {"ws": "none", "lifespan": "auto", "log_config": None, "access_log": False}
    settings["proxy_headers"] = False  # as in `tickbox serve`: uvicorn itself would trust every process on this machine
    failures: list[BaseException] = []
    config = uvicorn.Config(_heard(application, failures), http=protocol, **settings | options)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_run, args=(server, listener, failures), name="server")
        thread.start()
        try:
            while not server.started:
                thread.join(timeout=0.01)
                if not thread.is_alive():
                    cause = failures[0] if failures else None
                    raise RuntimeError(f"the server did not start: {cause!r}") from cause
            yield listener.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join()


def _run(server: uvicorn.Server, listener: socket.socket, failures: list[BaseException]) -> None:
    try:
        server.run([listener])
    except BaseException as error:  # noqa: BLE001  # SystemExit among them; it is raised in the test's own thread
        failures.append(error)


def _heard(application: Any, failures: list[BaseException]) -> Any:
    """The same application; an error at its start, which uvicorn only logs, is kept."""

    async def heard(scope: Any, receive: Any, send: Any) -> None:
        try:
            await application(scope, receive, send)
        except BaseException as error:
            if scope["type"] == "lifespan":
                failures.append(error)
            raise

    return heard
