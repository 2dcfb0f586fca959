import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from domain.model.tokens import PersonalToken
from tests.support.fakes.store import Store, page_of, without


class FakeTokens:
    def __init__(self, store: Store, *, locked: set[UUID]) -> None:
        self._store = store
        self._locked = locked

    async def add(self, token: PersonalToken, *, digest: bytes) -> None:
        assert token.user_id in self._locked
        self._store.tokens[token.id] = token
        self._store.token_digests[token.id] = digest

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[PersonalToken]:
        mine = [t for t in self._store.tokens.values() if t.user_id == user_id]
        live = [t for t in mine if t.expires_at is None or t.expires_at > now]
        return page_of(live, place=lambda t: t.id, after=after, limit=limit)

    async def get(self, token_id: UUID, *, user_id: UUID, now: dt.datetime) -> PersonalToken | None:
        live = await self.page(user_id, now=now, after=None, limit=len(self._store.tokens))
        return next((token for token in live if token.id == token_id), None)

    async def delete(self, token_id: UUID, *, user_id: UUID) -> bool:
        if token_id not in self._store.tokens or self._store.tokens[token_id].user_id != user_id:
            return False
        del self._store.tokens[token_id]
        return True

    async def delete_all(self, user_id: UUID) -> bool:
        assert user_id in self._locked
        before = self._store.tokens
        self._store.tokens = without(before, lambda token: token.user_id == user_id)
        return len(self._store.tokens) < len(before)
