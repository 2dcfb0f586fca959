"""In which order the requests of several callers begin."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.fair_order import AT_ONCE, FROM_A_LINE, FairOrder

ADA, BOB = b"Bearer ada", b"Bearer bob"
MANY = 3 * AT_ONCE


class Application:
    """Notes who begins, and then waits for ever, like a write that waits for its turn."""

    def __init__(self) -> None:
        self.began: list[bytes | str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI's
        self.began.append(dict(scope["headers"]).get(b"authorization", scope["client"][0]))
        await asyncio.Event().wait()


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def nowhere(_message: Message) -> None:
    pass


def sent(layer: FairOrder, token: bytes | None, count: int, *, address: str = "192.0.2.1") -> list[asyncio.Task[None]]:
    headers = [] if token is None else [(b"authorization", token)]
    scope = {"type": "http", "headers": headers, "client": (address, 1)}

    async def send() -> None:
        await layer(scope, nothing, nowhere)

    return [asyncio.create_task(send()) for _ in range(count)]


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def rounds(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_request_begins_before_most_of_another_caller_who_sent_many_first() -> None:
    application = Application()
    layer = FairOrder(application)

    tasks = [*sent(layer, ADA, MANY), *sent(layer, BOB, 1)]
    await rounds(MANY)

    assert application.began[: AT_ONCE + 1] == [*AT_ONCE * [ADA], BOB]
    assert application.began[AT_ONCE + 1 :] == (MANY - AT_ONCE) * [ADA]  # none waits for a response
    await ended(tasks)


async def test_a_request_that_comes_while_a_line_is_long_waits_for_few_of_it() -> None:
    application = Application()
    layer = FairOrder(application)
    tasks = sent(layer, ADA, MANY)
    await rounds(2)

    tasks += sent(layer, BOB, 1)
    await rounds(MANY)

    assert application.began.index(BOB) <= AT_ONCE + 3 * FROM_A_LINE
    await ended(tasks)


async def test_a_few_requests_at_once_do_not_wait() -> None:
    application = Application()
    tasks = sent(FairOrder(application), ADA, AT_ONCE)
    await rounds(1)
    assert len(application.began) == AT_ONCE
    await ended(tasks)


@pytest.mark.parametrize("cancelled", [1, MANY - AT_ONCE])
async def test_a_line_goes_on_past_requests_that_were_cancelled(cancelled: int) -> None:
    application = Application()
    layer = FairOrder(application)
    tasks = sent(layer, ADA, MANY)
    await rounds(1)

    for task in tasks[AT_ONCE : AT_ONCE + cancelled]:
        task.cancel()
    await rounds(MANY)

    assert len(application.began) == MANY - cancelled
    assert not layer._lines  # noqa: SLF001 -- a process must not keep one for each caller that it ever served
    await ended(tasks)


async def test_without_a_token_each_address_has_a_line() -> None:
    application = Application()
    layer = FairOrder(application)

    tasks = [*sent(layer, None, MANY), *sent(layer, None, 1, address="192.0.2.2")]
    await rounds(1)

    assert application.began == [*AT_ONCE * ["192.0.2.1"], "192.0.2.2"]
    await ended(tasks)
