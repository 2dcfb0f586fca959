import datetime as dt
from uuid import UUID

from domain.model.identities import Identity, IdentityTaken
from tests.support.fakes.store import Store


class FakeIdentities:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, identity: Identity, *, user_id: UUID, at: dt.datetime) -> None:
        assert at == self._store.users[user_id].created_at
        if identity in self._store.identities:
            raise IdentityTaken
        self._store.identities[identity] = user_id
