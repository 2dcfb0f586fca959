import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain import sessions, tasks, users
from domain.errors import AccountGone
from domain.tasks import TaskDraft
from persistence.retries import KEPT
from tests.persistence.callers import Caller

REQUEST, OTHER = b"r" * 32, b"o" * 32


async def test_who_comes_with_a_key_that_is_claimed_waits_for_its_answer(ada: Caller) -> None:
    async def come() -> tuple[bytes, bytes] | None:
        async with ada.unit() as work:
            return await work.recall("k", OTHER)

    async with ada.unit() as work:
        assert await work.recall("k", REQUEST) is None
        waiting = asyncio.create_task(come())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await work.record(b"answer")
        await work.commit()

    assert await waiting == (REQUEST, b"answer")


async def test_a_claim_goes_with_its_transaction(ada: Caller) -> None:
    async with ada.unit() as work:
        assert await work.recall("k", REQUEST) is None

    async with ada.unit() as work:
        assert await work.recall("k", OTHER) is None


async def test_a_repeated_call_locks_nothing(ada: Caller) -> None:
    async with ada.unit() as work:
        await work.recall("k", REQUEST)
        await work.record(b"answer")
        await work.commit()

    async with ada.unit() as repeated:
        assert await repeated.recall("k", REQUEST) == (REQUEST, b"answer")
        await asyncio.wait_for(ada.write(tasks.create, TaskDraft(title="not held up")), timeout=5)


async def test_a_commit_with_nothing_recorded_frees_the_key(ada: Caller) -> None:
    async with ada.unit() as work:
        await work.recall("k", REQUEST)
        await work.commit()

    async with ada.unit() as work:
        assert await work.recall("k", OTHER) is None


async def test_a_key_is_kept_for_a_day_and_no_longer(ada: Caller) -> None:
    async with ada.unit() as work:
        await work.recall("k", REQUEST)
        await work.record(b"answer")
        await work.commit()

    ada.clock.now += KEPT
    async with ada.unit() as work:
        assert await work.recall("k", OTHER) == (REQUEST, b"answer")
    ada.clock.now += KEPT / 1000
    async with ada.unit() as work:
        assert await work.recall("k", OTHER) is None


async def test_there_is_nothing_to_record_without_a_key(ada: Caller) -> None:
    async with ada.unit() as work:
        with pytest.raises(RuntimeError, match="under a key"):
            await work.record(b"answer")


async def test_an_id_is_claimed_by_one_request_for_ever(ada: Caller) -> None:
    client_id = uuid7()
    async with ada.unit() as work:
        assert await work.claim(client_id, REQUEST) == "new"
        await work.commit()

    ada.clock.now += KEPT * 1000
    async with ada.unit() as work:
        assert await work.claim(client_id, REQUEST) == "repeated"
        assert await work.claim(client_id, OTHER) == "taken"


async def test_an_id_that_was_deleted_is_taken(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))
    await ada.write(tasks.delete, task.id)

    async with ada.unit() as work:
        assert await work.claim(task.id, REQUEST) == "taken"


async def test_each_workspace_has_ids_of_its_own(ada: Caller, bob: Caller) -> None:
    client_id = uuid7()
    for caller in (ada, bob, ada.account):
        async with caller.unit() as work:
            assert await work.claim(client_id, REQUEST) == "new"
            await work.commit()


async def test_calls_of_one_account_that_name_no_workspace_go_one_after_the_other(ada: Caller) -> None:
    async with ada.account.unit() as work:
        await work.sessions.delete(UUID(int=0), user_id=ada.user_id)
        waiting = asyncio.create_task(ada.account.write(sessions.end_all))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    await waiting


async def test_an_account_that_is_gone_writes_nothing_more(ada: Caller) -> None:
    await ada.account.write(users.delete)

    with pytest.raises(AccountGone):
        await replace(ada, workspace=None).write(sessions.end_all)
