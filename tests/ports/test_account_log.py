from domain.model.account_log import AccountEvent
from domain.model.users import User
from tests.support.defaults import HOME, NOON
from tests.support.things import NOBODY, ident, in_pages, session
from tests.support.worlds import World

SESSION, TOKEN = ident(100), ident(200)


async def events_of(world: World, user: User) -> list[AccountEvent]:
    return await in_pages(
        lambda uow, before: uow.account_log.page(user.id, before=before, limit=2),
        world=world,
        place_of=lambda event: event.id,
    )


async def test_events_are_listed_newest_first_with_their_time_and_origin(world: World, ada: User, bob: User) -> None:
    async with world.unit(ada) as uow:
        await uow.sessions.add(session(100, of=ada))
    async with world.unit(ada, session_id=SESSION) as uow:
        await uow.account_log.add("password.changed")
        await uow.account_log.add("sessions.ended")
    async with world.unit(ada, session_id=SESSION) as uow:
        await uow.account_log.add("session.ended", session_id=NOBODY)
        await uow.account_log.add("token.created", token_id=TOKEN)
    async with world.unit(bob) as uow:
        await uow.account_log.add("password.changed")

    events = await events_of(world, ada)

    assert [(event.type, event.session_id, event.token_id) for event in events] == [
        ("token.created", SESSION, TOKEN),
        ("session.ended", NOBODY, None),
        ("sessions.ended", SESSION, None),
        ("password.changed", SESSION, None),
    ]
    assert {(event.recorded_at, event.address, event.device) for event in events} == {(NOON, HOME.address, HOME.device)}
    assert [(event.type, event.session_id) for event in await events_of(world, bob)] == [("password.changed", None)]


async def test_the_event_of_an_account_is_written_with_the_user_locked(world: World, ada: User) -> None:
    async with world.unit() as uow:
        await uow.users.lock(ada.id)
        await uow.account_log.add("password.reset", user_id=ada.id)

    assert [event.type for event in await events_of(world, ada)] == ["password.reset"]


async def test_the_log_can_be_read_from_before_any_id(world: World, ada: User) -> None:
    async with world.unit(ada) as uow:
        await uow.account_log.add("password.changed")
        last = uow.new_id()

    async with world.unit() as uow:
        assert len(await uow.account_log.page(ada.id, before=last, limit=9)) == 1
        (event,) = await uow.account_log.page(ada.id, before=None, limit=1)
        assert await uow.account_log.page(ada.id, before=event.id, limit=9) == []
