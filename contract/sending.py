"""An answer, sent: bytes at once, a stream as it comes."""

from __future__ import annotations

import logging
from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .responses import NonConformingAnswerError, Wire

logger = logging.getLogger(__name__)


async def send_wire(wire: Wire, scope: Scope, receive: Receive, send: Send) -> None:
    """Send *wire*; a stream until it ends or the client goes away, and nothing of it to HEAD."""
    if isinstance(wire.body, bytes) or scope["method"] == "HEAD":
        await send({"type": "http.response.start", "status": wire.status, "headers": wire.headers})
        await send({"type": "http.response.body", "body": wire.body if isinstance(wire.body, bytes) else b""})
        return
    async with aclosing(wire.body) as chunks:
        stream = StreamingResponse(chunks, status_code=wire.status)
        stream.raw_headers = wire.headers
        try:
            await stream(scope, receive, send)
        except NonConformingAnswerError:
            return  # It is logged; the answer has begun, and the server cuts off what ends before its end.
        except Exception:
            logger.exception("unhandled error in a stream")
