"""Who waits for whom, and what everybody else can do meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from domain import projects, sessions, users, workspaces
from domain.errors import StorageUnavailable
from persistence.database import Database
from persistence.waiting import Turns
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.waiting import writers_waiting

KEY, OTHER_KEY = "workspace", "other workspace"


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[Database]:
    """A database with three connections, of which two are for reads. Two writers can wait for one turn."""
    database = Database(database_url, pool_size=3, wait_s=PATIENCE_S, most_waiting=2)
    yield database
    await database.close()


@pytest.fixture(params=["workspace", "account"])
async def writer(request: pytest.FixtureRequest, small: Database) -> Caller:
    """A user who writes in their workspace, or in their account."""
    ada = await Caller(database=small).register("ada")
    return ada if request.param == "workspace" else ada.account


async def write(caller: Caller) -> None:
    """A write that changes nothing: it locks the workspace or, without one, the account."""
    await caller.write(users.get_me)


def started(do: Callable[[Caller], Awaitable[None]], caller: Caller) -> asyncio.Task[None]:
    async def run() -> None:
        await do(caller)

    return asyncio.create_task(run())


async def until_waiting(turns: Turns, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while turns.waiting != count:  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0)


async def test_a_turn_is_given_in_the_order_of_the_calls() -> None:
    turns, order = Turns(PATIENCE_S), []

    async def take(number: int) -> None:
        await turns.take(KEY)
        order.append(number)
        await asyncio.sleep(0)
        turns.end(KEY)

    await asyncio.gather(*map(take, range(5)))

    assert order == list(range(5))
    assert not turns._turns  # noqa: SLF001 -- a process must not keep one for each workspace that it ever served


async def test_turns_of_different_keys_do_not_wait_for_each_other() -> None:
    turns = Turns(PATIENCE_S)
    await turns.take(KEY)
    await turns.take(OTHER_KEY)
    assert turns.waiting == 0


async def test_one_too_many_is_asked_at_once_to_try_again_later() -> None:
    turns = Turns(PATIENCE_S, most_waiting=2)
    await turns.take(KEY)
    waiting = [asyncio.create_task(turns.take(KEY)) for _ in range(2)]
    await until_waiting(turns, 2)

    with pytest.raises(StorageUnavailable):
        await turns.take(KEY)

    for task in waiting:
        turns.end(KEY)
        await task
    turns.end(KEY)
    assert turns.waiting == 0
    await turns.take(KEY)


async def test_the_wait_is_limited_for_a_caller_who_comes_just_as_a_turn_ends() -> None:
    turns = Turns(0.01)
    await turns.take(KEY)
    waiting = asyncio.create_task(turns.take(KEY))
    await until_waiting(turns, 1)
    turns.end(KEY)  # the turn is free for a moment: whoever waits has not run yet

    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(StorageUnavailable):
            await turns.take(KEY)

    await waiting
    turns.end(KEY)


async def test_who_waits_too_long_for_a_turn_is_asked_to_try_again_later() -> None:
    turns = Turns(0.01)
    await turns.take(KEY)

    with pytest.raises(StorageUnavailable):
        await turns.take(KEY)

    turns.end(KEY)
    await turns.take(KEY)


@pytest.mark.parametrize("when", ["while it waits", "as it gets its turn"])
async def test_a_turn_goes_on_past_whoever_was_cancelled(when: str) -> None:
    turns = Turns(PATIENCE_S)
    await turns.take(KEY)
    cancelled, next_one = (asyncio.create_task(turns.take(KEY)) for _ in range(2))
    await until_waiting(turns, 2)

    if when == "as it gets its turn":
        turns.end(KEY)
        cancelled.cancel()
    else:
        cancelled.cancel()
        turns.end(KEY)

    await asyncio.wait_for(next_one, PATIENCE_S)
    assert cancelled.cancelled()
    turns.end(KEY)
    assert not turns._turns  # noqa: SLF001 -- as above


async def test_reads_have_connections_while_writers_wait_and_have_all_of_theirs(small: Database) -> None:
    ada = await Caller(database=small).register("ada")
    held = await small.begin()
    waiting = [asyncio.create_task(small.begin()) for _ in range(5)]
    async with asyncio.timeout(PATIENCE_S):
        while writers_waiting(small) < len(waiting):  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0)

    assert await asyncio.wait_for(ada.read(workspaces.get), PATIENCE_S)

    await held.close()
    for begun in asyncio.as_completed(waiting):
        await (await begun).close()


async def test_who_waits_for_a_workspace_or_an_account_has_no_connection(writer: Caller) -> None:
    async with writer.unit() as uow:
        await users.get_me(uow)
        waiting = [started(write, writer) for _ in range(2)]
        await until_waiting(writer.database._turns, 2)  # noqa: SLF001 -- nobody else has a use for it

        assert await asyncio.wait_for(writer.account.read(users.get_me), PATIENCE_S)
        assert writers_waiting(writer.database) == 0
    await asyncio.gather(*waiting)


async def log_in(caller: Caller) -> sessions.SessionTokens:
    return await Caller(database=caller.database).write(sessions.log_in, email="ada@example.com", password="ada")


async def refresh(caller: Caller, token: str) -> None:
    assert isinstance(await Caller(database=caller.database).write(sessions.refresh, token), sessions.SessionTokens)


@pytest.mark.parametrize("what", ["log in", "refresh"])
async def test_a_request_without_a_token_that_waits_for_an_account_has_no_connection(
    small: Database, what: str
) -> None:
    ada = await Caller(database=small).register("ada")
    tokens = [(await log_in(ada)).refresh_token for _ in range(2)]
    async with ada.account.unit() as uow:
        await users.get_me(uow)
        waiting = [asyncio.create_task(log_in(ada) if what == "log in" else refresh(ada, token)) for token in tokens]
        await until_waiting(small._turns, 2)  # noqa: SLF001 -- as above

        assert await asyncio.wait_for(ada.account.read(users.get_me), PATIENCE_S)
        assert writers_waiting(small) == 0
    await asyncio.gather(*waiting)


async def test_one_writer_too_many_gets_an_error_at_once(writer: Caller) -> None:
    async with writer.unit() as uow:
        await users.get_me(uow)
        waiting = [started(write, writer) for _ in range(2)]
        await until_waiting(writer.database._turns, 2)  # noqa: SLF001 -- as above

        with pytest.raises(StorageUnavailable):
            await write(writer)
    await asyncio.gather(*waiting)
    await write(writer)


async def test_a_writer_of_another_workspace_is_before_those_who_wait_for_one(ada: Caller, bob: Caller) -> None:
    order: list[str] = []

    async def create(caller: Caller) -> None:
        project = await caller.write(projects.create, name="Garden")
        order.append("ada" if project.workspace_id == ada.workspace_id else "bob")

    async with ada.unit() as uow:
        await workspaces.get(uow)
        waiting = [started(create, ada) for _ in range(5)]
        await until_waiting(ada.database._turns, 5)  # noqa: SLF001 -- as above
        other = started(create, bob)
        async with asyncio.timeout(PATIENCE_S):
            while not other.done() and not writers_waiting(bob.database):  # noqa: ASYNC110 -- SQLite has one writer
                await asyncio.sleep(0)
    await asyncio.gather(other, *waiting)

    assert order[0] == "bob"
    assert order[1:] == 5 * ["ada"]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_writer_that_is_cancelled_leaves_its_turn_to_the_next(writer: Caller, times: int) -> None:
    is_open = asyncio.Event()

    async def hold(caller: Caller) -> None:
        async with caller.unit() as uow:
            await users.get_me(uow)
            is_open.set()
            await asyncio.sleep(PATIENCE_S)

    holding = started(hold, writer)
    await is_open.wait()
    next_one = started(write, writer)
    await until_waiting(writer.database._turns, 1)  # noqa: SLF001 -- as above

    for _ in range(times):
        holding.cancel()
        await asyncio.sleep(0)
    with contextlib.suppress(asyncio.CancelledError):
        await holding

    await asyncio.wait_for(next_one, PATIENCE_S)
    assert holding.cancelled()
    assert not writer.database._turns._turns  # noqa: SLF001 -- as above


async def test_a_writer_whose_opening_fails_leaves_its_turn_to_the_next(ada: Caller) -> None:
    def refuse(_role: object) -> None:
        raise LookupError

    async with ada.unit() as uow:
        uow._admit = refuse  # noqa: SLF001 -- as the engine would, for a role that is too small
        with pytest.raises(LookupError):
            await workspaces.get(uow)
        await asyncio.wait_for(write(ada), PATIENCE_S)
