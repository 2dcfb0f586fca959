import datetime as dt
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.model.account_log import AccountEvent, AccountEventType
from domain.origins import Origin
from domain.principals import Principal
from tests.support.fakes.store import Store, page_of


class Call(Protocol):
    """What the log needs of a unit of work."""

    store: Store
    locked: set[UUID]
    caller: Principal | None
    now: dt.datetime
    origin: Origin

    def new_id(self) -> UUID: ...


class FakeAccountLog:
    def __init__(self, uow: Call) -> None:
        self._uow = uow

    async def add(
        self,
        kind: AccountEventType,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
    ) -> None:
        caller = self._uow.caller
        if user_id is None:
            assert caller is not None
            user_id = caller.user_id
        assert user_id in self._uow.locked
        event = AccountEvent(
            id=self._uow.new_id(),
            type=kind,
            recorded_at=self._uow.now,
            address=self._uow.origin.address,
            device=self._uow.origin.device,
            session_id=session_id or (caller.session_id if caller else None),
            token_id=token_id or (caller.token_id if caller else None),
        )
        self._uow.store.account_events.append((user_id, event))

    async def page(self, user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[AccountEvent]:
        mine = [event for of, event in self._uow.store.account_events if of == user_id]
        return page_of(mine, place=lambda event: event.id, after=before, limit=limit, descending=True)
