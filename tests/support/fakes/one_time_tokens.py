import datetime as dt
from uuid import UUID

from domain.model.one_time_tokens import OneTimeKind, OneTimeToken
from tests.support.fakes.store import Store


class FakeOneTimeTokens:
    def __init__(self, store: Store, *, locked: set[UUID]) -> None:
        self._store = store
        self._locked = locked

    async def replace(self, token: OneTimeToken, *, if_expiring_until: dt.datetime) -> bool:
        assert token.user_id in self._locked
        there = self._store.one_time_tokens.get((token.user_id, token.kind))
        if there is not None and there.expires_at > if_expiring_until:
            return False
        self._store.one_time_tokens[token.user_id, token.kind] = token
        return True

    async def spend(self, digest: bytes, *, now: dt.datetime) -> bool:
        for key, token in self._store.one_time_tokens.items():
            if token.digest == digest and token.expires_at > now:
                assert token.user_id in self._locked
                del self._store.one_time_tokens[key]
                return True
        return False

    async def delete(self, user_id: UUID, *, kind: OneTimeKind) -> None:
        assert user_id in self._locked
        self._store.one_time_tokens.pop((user_id, kind), None)
