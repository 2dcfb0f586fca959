"""Begins the requests of one caller that arrive at once a few at a time, so that those of others come in between."""

import asyncio
from collections import Counter, deque
from collections.abc import Hashable, Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

AT_ONCE: Final = 16
"""How many requests of one caller begin at once, in one round of the event loop. More of them form a line."""
FROM_A_LINE: Final = 2
"""How many leave a line in each round. To begin one takes less than half a millisecond."""


class FairOrder:
    """An ASGI layer in front of what costs time (ADR 86).

    The event loop does everything in the order in which it came. Here each caller who sends more than a few requests at
    once has a line of their own. A request waits for its place in the order, not for the responses to those before it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._begun: Counter[Hashable] = Counter()
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._is_in_round = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, when it is its turn."""
        if scope["type"] == "http":
            turn = self._turn(_caller(scope))
            if turn is not None:
                await turn
        await self.app(scope, receive, send)

    def _turn(self, caller: Hashable) -> asyncio.Future[None] | None:
        """What a request must wait for; None if it can begin."""
        if not self._is_in_round:
            self._is_in_round = True
            asyncio.get_running_loop().call_soon(self._end_round)
        if caller not in self._lines:
            self._begun[caller] += 1
            if self._begun[caller] <= AT_ONCE:
                return None
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(caller, deque()).append(turn)
        return turn

    def _end_round(self) -> None:
        self._begun.clear()
        for caller, line in list(self._lines.items()):
            for _ in range(min(FROM_A_LINE, len(line))):
                turn = line.popleft()
                if not turn.done():  # else the request was cancelled
                    turn.set_result(None)
            if not line:
                del self._lines[caller]
        self._is_in_round = bool(self._lines)
        if self._is_in_round:
            asyncio.get_running_loop().call_soon(self._end_round)


def _caller(scope: Scope) -> Hashable:
    """The caller, as far as it is known without a look-up: the token, or without one the address."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for name, value in headers:
        if name == b"authorization":
            return value
    client: tuple[str, int] | None = scope.get("client")
    return None if client is None else client[0]
