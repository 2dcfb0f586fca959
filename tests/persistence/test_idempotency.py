import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from domain import invitations, members, sessions, task_deletions, tasks, users, workspaces
from domain.model.users import AccountGone
from domain.tasks import TaskDraft
from persistence.database import Database
from persistence.idempotency import KEPT, idempotency_keys, purge
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.statements import overheard
from tests.support.waiting import until_held_up, until_held_up_or_done

REQUEST, OTHER = b"r" * 32, b"o" * 32


async def test_a_request_with_a_key_in_use_waits_for_its_response(ada: Caller) -> None:
    async def use_key() -> tuple[bytes, bytes] | None:
        async with ada.unit() as uow:
            return await uow.recall("k", OTHER)

    async with ada.unit() as uow:
        assert await uow.recall("k", REQUEST) is None
        waiting = asyncio.create_task(use_key())
        await until_held_up(waiting, database=ada.database)
        await uow.record(b"response")
        await uow.commit()

    assert await waiting == (REQUEST, b"response")


async def test_a_claim_is_rolled_back_with_its_transaction(ada: Caller) -> None:
    async with ada.unit() as uow:
        assert await uow.recall("k", REQUEST) is None

    async with ada.unit() as uow:
        assert await uow.recall("k", OTHER) is None


async def test_a_repeated_request_locks_nothing(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.recall("k", REQUEST)
        await uow.record(b"response")
        await uow.commit()

    async with ada.unit() as repeated:
        assert await repeated.recall("k", REQUEST) == (REQUEST, b"response")
        await asyncio.wait_for(ada.write(tasks.create, TaskDraft(title="not held up")), timeout=PATIENCE_S)


async def test_a_released_key_can_be_used_again(ada: Caller) -> None:
    client_id = uuid7()
    async with ada.unit() as uow:
        await uow.recall("k", REQUEST)
        assert await uow.claim(client_id, REQUEST) == "new"
        await uow.release()
        await uow.commit()

    async with ada.unit() as uow:
        assert await uow.recall("k", OTHER) is None
        assert await uow.claim(client_id, OTHER) == "new"


async def test_releasing_without_a_claim_does_nothing(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.release()
        await uow.commit()


async def _purge(caller: Caller) -> int:
    transaction = await caller.database.begin()
    try:
        purged = await purge(transaction, now=caller.clock.now)
        await transaction.commit()
    finally:
        await transaction.close()
    return purged


async def test_a_purge_deletes_the_old_keys_of_each_user_in_a_workspace_with_one_statement(
    ada: Caller, bob: Caller
) -> None:
    for caller, key in [(ada, "a"), (ada, "b"), (ada, "c"), (ada.account, "a"), (bob, "a")]:
        async with caller.unit() as uow:
            await uow.recall(key, REQUEST)
            await uow.record(b"response")
            await uow.commit()
    ada.clock.now += 2 * KEPT

    with overheard() as heard:
        assert await _purge(ada) == 5

    assert [each.text.split()[0] for each in heard] == ["SELECT", "DELETE", "DELETE", "DELETE"]
    assert await _purge(ada) == 0


async def test_the_purge_keeps_a_key_that_was_used_again_meanwhile(ada: Caller) -> None:
    for key in ("again", "old"):
        async with ada.unit() as uow:
            await uow.recall(key, REQUEST)
            await uow.record(b"response")
            await uow.commit()
    ada.clock.now += KEPT * 2

    async with ada.unit() as uow:
        assert await uow.recall("again", OTHER) is None
        purging = asyncio.create_task(_purge(ada))
        await until_held_up_or_done(purging, database=ada.database)
        await uow.record(b"new response")
        await uow.commit()
    assert await purging == 1

    async with ada.unit() as uow:
        assert await uow.recall("again", OTHER) == (OTHER, b"new response")


async def test_concurrent_purges_and_uses_lose_no_response(ada: Caller) -> None:
    async def use(key: str) -> None:
        async with ada.unit() as uow:
            if await uow.recall(key, REQUEST) is None:
                await uow.record(b"response")
                await uow.commit()

    for _ in range(5):
        ada.clock.now += KEPT * 2
        await asyncio.gather(*(_purge(ada) for _ in range(3)), *(use(str(n)) for n in range(20)))
        for n in range(20):
            async with ada.unit() as uow:
                assert await uow.recall(str(n), OTHER) == (REQUEST, b"response")


async def test_deleting_a_workspace_does_not_wait_for_a_key_that_waits_for_the_workspace(ada: Caller) -> None:
    made = await ada.account.write(workspaces.create, name="Shared")
    there = ada.in_workspace(made.id)
    async with there.unit() as uow:
        await uow.recall("k", REQUEST)
        await uow.record(b"response")
        await uow.commit()
    ada.clock.now += KEPT * 2

    async with there.unit() as deleting:
        await workspaces.get(deleting)
        waiting = asyncio.create_task(_recall(there))
        await until_held_up(waiting, database=ada.database)
        await asyncio.wait_for(workspaces.delete(deleting), timeout=PATIENCE_S)
        await deleting.commit()
    await waiting


async def _recall(caller: Caller) -> tuple[bytes, bytes] | None:
    async with caller.unit() as uow:
        return await uow.recall("k", OTHER)


async def test_the_time_of_a_request_with_a_key_is_set_when_it_has_its_lock(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.recall("k", REQUEST)
        ada.clock.now += KEPT
        assert uow.now == NOON + KEPT


async def test_the_kept_responses_of_a_member_are_deleted_when_they_leave_and_those_of_others_are_not(
    ada: Caller, bob: Caller
) -> None:
    guest = await bob.add_member(ada, role="editor")
    for caller in (ada, guest, bob, ada.account):
        async with caller.unit() as uow:
            assert await uow.recall("k", REQUEST) is None
            await uow.record(b"response")
            await uow.commit()

    await bob.write(members.remove, ada.user_id)
    guest = await bob.add_member(ada, role="editor")

    async with guest.unit() as uow:
        assert await uow.recall("k", OTHER) is None
    for caller in (ada, bob, ada.account):
        async with caller.unit() as uow:
            assert await uow.recall("k", REQUEST) == (REQUEST, b"response")


async def test_the_kept_responses_of_a_member_are_deleted_with_their_account(ada: Caller, bob: Caller) -> None:
    guest = await bob.add_member(ada, role="editor")
    for caller in (guest, bob):
        async with caller.unit() as uow:
            await uow.recall("k", REQUEST)
            await uow.record(b"response")
            await uow.commit()

    await ada.account.write(users.delete)

    kept = await bob.database.rows(select(idempotency_keys.c.user_id), {})
    assert [user_id for (user_id,) in kept] == [bob.user_id]


async def test_a_workspace_with_a_user_s_id_shares_nothing_with_the_account(ada: Caller, bob: Caller) -> None:
    async with ada.account.unit() as uow:
        await uow.recall("k", REQUEST)
        await uow.record(b"response")
        await uow.commit()

    made = await bob.account.write(workspaces.create, name="Trap", workspace_id=ada.user_id)
    await bob.in_workspace(made.id).write(workspaces.delete)

    async with ada.account.unit() as uow:
        assert await uow.recall("k", REQUEST) == (REQUEST, b"response")


async def test_a_key_is_kept_for_a_day_and_no_longer(ada: Caller) -> None:
    async with ada.unit() as uow:
        await uow.recall("k", REQUEST)
        await uow.record(b"response")
        await uow.commit()

    ada.clock.now += KEPT
    async with ada.unit() as uow:
        assert await uow.recall("k", OTHER) == (REQUEST, b"response")
    ada.clock.now += KEPT / 1000
    async with ada.unit() as uow:
        assert await uow.recall("k", OTHER) is None


async def test_without_a_key_no_response_can_be_recorded(ada: Caller) -> None:
    async with ada.unit() as uow:
        with pytest.raises(RuntimeError, match="under a key"):
            await uow.record(b"response")


async def test_an_id_is_claimed_by_one_request_for_ever(ada: Caller) -> None:
    client_id = uuid7()
    async with ada.unit() as uow:
        assert await uow.claim(client_id, REQUEST) == "new"
        await uow.commit()

    ada.clock.now += KEPT * 1000
    async with ada.unit() as uow:
        assert await uow.claim(client_id, REQUEST) == "repeated"
        assert await uow.claim(client_id, OTHER) == "taken"


async def test_the_id_of_a_deleted_resource_stays_taken(ada: Caller) -> None:
    task = await ada.write(tasks.create, TaskDraft(title="Iron"))
    await ada.write(task_deletions.delete, task.id)

    async with ada.unit() as uow:
        assert await uow.claim(task.id, REQUEST) == "taken"


async def test_each_workspace_has_its_own_ids(ada: Caller, bob: Caller) -> None:
    client_id = uuid7()
    for caller in (ada, bob, ada.account):
        async with caller.unit() as uow:
            assert await uow.claim(client_id, REQUEST) == "new"
            await uow.commit()


async def test_requests_of_one_account_that_name_no_workspace_run_one_after_the_other(ada: Caller) -> None:
    async with ada.account.unit() as uow:
        await uow.sessions.delete(UUID(int=0), user_id=ada.user_id)
        waiting = asyncio.create_task(ada.account.write(sessions.end_all))
        await until_held_up(waiting, database=ada.database)
    await waiting


async def test_a_deleted_account_cannot_write(ada: Caller) -> None:
    await ada.account.write(users.delete)

    with pytest.raises(AccountGone):
        await replace(ada, workspace=None).write(sessions.end_all)


async def test_accepting_an_invitation_with_a_key_needs_one_connection(database_url: str) -> None:
    database = Database(database_url, pool_size=1, wait_s=PATIENCE_S)
    nobody = Caller(database=database)
    ada, bob = await nobody.register("ada"), await nobody.register("bob")
    home = ada.in_workspace((await ada.account.write(workspaces.create, name="Household")).id)
    created = await home.write(invitations.create, email="bob@example.com", role="viewer")
    token = await home.send_invitation(created.invitation)

    async with bob.account.unit() as uow:
        assert await uow.recall("k", REQUEST) is None
        joined = await invitations.accept(uow, token)
        await uow.commit()

    assert joined.role == "viewer"
    await database.close()
