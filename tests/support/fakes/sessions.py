import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from domain.model.sessions import Session, StoredToken
from tests.support.fakes.store import Store, page_of, without


class FakeSessions:
    def __init__(self, store: Store, *, locked: set[UUID]) -> None:
        self._store = store
        self._locked = locked

    async def add(self, session: Session) -> None:
        self._store.sessions[session.id] = session

    async def add_tokens(self, *, access: StoredToken, refresh: StoredToken) -> None:
        assert not self.live(refresh.session_id)
        self._store.access_tokens[access.digest] = access
        self._store.refresh_tokens[refresh.digest] = refresh

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[Session]:
        mine = (s for s in self._store.sessions.values() if s.user_id == user_id and s.expires_at > now)
        return page_of(mine, place=lambda s: s.id, after=after, limit=limit)

    async def get(self, session_id: UUID, *, user_id: UUID, now: dt.datetime) -> Session | None:
        session = self._store.sessions.get(session_id)
        return session if session and session.user_id == user_id and session.expires_at > now else None

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        token = self._store.refresh_tokens.get(digest)
        session = None if token is None else self._store.sessions.get(token.session_id)
        if session is not None:
            self._locked.add(session.user_id)
        return session

    async def spend(self, session_id: UUID, *, at: dt.datetime) -> bytes | None:
        for digest in self.live(session_id):
            self._store.spent[digest] = at
            return digest
        return None

    def live(self, session_id: UUID) -> set[bytes]:
        of_session = {digest for digest, t in self._store.refresh_tokens.items() if t.session_id == session_id}
        return of_session - self._store.spent.keys()

    async def replaced_at(self, digest: bytes) -> dt.datetime | None:
        return self._store.spent.get(digest)

    async def extend(self, session: Session) -> None:
        def is_over(token: StoredToken) -> bool:
            return token.session_id == session.id and token.expires_at <= session.last_refreshed_at

        self._store.sessions[session.id] = session
        self._store.access_tokens = without(self._store.access_tokens, is_over)
        self._store.refresh_tokens = without(self._store.refresh_tokens, is_over)

    async def delete(self, session_id: UUID, *, user_id: UUID) -> bool:
        session = self._store.sessions.get(session_id)
        if session is None or session.user_id != user_id:
            return False
        del self._store.sessions[session_id]
        return True

    async def delete_all(self, user_id: UUID, *, keep: UUID | None = None) -> None:
        assert user_id in self._locked
        self._store.sessions = without(self._store.sessions, lambda s: s.user_id == user_id and s.id != keep)
