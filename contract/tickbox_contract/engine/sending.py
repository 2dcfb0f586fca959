"""Sends a response: bytes at once, a stream as it comes.

A stream ends when its generator ends, when the client disconnects, and when the server stops. A server puts
`{"event": <an asyncio.Event that it sets when it stops>}` under `SERVER_STOPS` into the extensions of the scope
(`protocol` does). Then the stream is cancelled and the response is completed, so that the client sees a proper end and
can connect again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from .declared_responses import EncodedResponse
from .violations import NonConformingResponseError

SERVER_STOPS = "contract.server_stops"
LAST_CHUNK_TIMEOUT_S = 1.0
"""How long, while the server stops, the end of a stream waits for a client that does not read."""

logger = logging.getLogger(__name__)


async def send_encoded(
    encoded: EncodedResponse,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    last_chunk_timeout_s: float = LAST_CHUNK_TIMEOUT_S,
) -> None:
    """Send *encoded*: a stream until it ends, the client disconnects or the server stops; no body for HEAD."""
    await send({"type": "http.response.start", "status": encoded.status, "headers": encoded.headers})
    if isinstance(encoded.body, bytes) or scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": encoded.body if isinstance(encoded.body, bytes) else b""})
        return
    stops = scope.get("extensions", {}).get(SERVER_STOPS, {}).get("event") or asyncio.Event()
    async with aclosing(encoded.body) as chunks:
        try:
            is_gone = await _send_chunks(chunks, receive, send, stops)
        except NonConformingResponseError:
            return  # It is logged. The response has begun, and the server closes the connection if it is incomplete.
        except Exception:
            logger.exception("unhandled error in a stream")
            return
    if not is_gone:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(last_chunk_timeout_s if stops.is_set() else None):
                await send({"type": "http.response.body", "body": b""})


async def _send_chunks(chunks: AsyncGenerator[bytes, None], receive: Receive, send: Send, stops: asyncio.Event) -> bool:
    """Send *chunks* until they end or something stops them; return whether the client has disconnected.

    Raises what *chunks* raises.
    """

    async def send_each() -> None:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            del chunk  # the next one may be long in coming

    async def watch_client() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    sending, leaving, _ = tasks = [
        asyncio.create_task(send_each()),
        asyncio.create_task(watch_client()),
        asyncio.create_task(stops.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not sending.cancelled():
        sending.result()
    return not leaving.cancelled()
