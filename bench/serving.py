"""Serve one application in a process of its own: `python -m bench.serving MODULE:FUNCTION PROTOCOL`.

uvicorn with one worker, uvloop, httptools and no access log; each the same garbage collection (ADR 14). The engine
is given its own subclass of that protocol, as in production. A WSGI application has waitress and four threads instead.
The port is written to standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tickbox_contract.engine.protocol import bounded_protocol

PROTOCOLS: dict[str, Callable[[], type[asyncio.Protocol]]] = {
    "plain": lambda: HttpToolsProtocol,
    "bounded": lambda: bounded_protocol("urn:bench:problem:"),
}

_THREADS = 4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("application", help="MODULE:FUNCTION; a third part is the function's argument, a number")
    parser.add_argument("protocol", choices=[*PROTOCOLS, "wsgi"])
    parser.add_argument("--cpu", type=int, required=True)
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.cpu})
    module, function, *numbers = options.application.split(":")
    application: Any = getattr(importlib.import_module(module), function)(*map(int, numbers))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        print(listener.getsockname()[1], flush=True)
        if options.protocol == "wsgi":
            _serve_wsgi(application, listener)
        else:
            _serve_asgi(application, listener, PROTOCOLS[options.protocol]())


def _serve_asgi(application: Any, listener: socket.socket, protocol: type[asyncio.Protocol]) -> None:
    config = uvicorn.Config(
        application,
        http=protocol,
        loop="uvloop",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _serve_wsgi(application: Any, listener: socket.socket) -> None:
    import waitress  # noqa: PLC0415 -- for one twin only

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns whenever all threads are busy
    waitress.serve(application, sockets=[listener], threads=_THREADS, _quiet=True)


if __name__ == "__main__":
    main()
