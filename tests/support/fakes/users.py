from dataclasses import replace
from uuid import UUID

from domain.model.users import EmailTaken, User
from tests.support.fakes.store import Store, without


class FakeUsers:
    def __init__(self, store: Store, *, locked: set[UUID]) -> None:
        self._store = store
        self._locked = locked

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        if email_key in self._store.email_keys:
            raise EmailTaken
        self._locked.add(user.id)
        self._store.users[user.id] = user
        if email_key is not None:
            self._store.email_keys[email_key] = user.id
        self._store.password_hashes[user.id] = password_hash

    async def get(self, user_id: UUID) -> User | None:
        return self._store.users.get(user_id)

    async def lock(self, user_id: UUID) -> User | None:
        self._locked.add(user_id)
        return self._store.users.get(user_id)

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        self._locked.add(user_id)
        return self._store.password_hashes.get(user_id) == password_hash

    async def update(self, user: User) -> None:
        assert user.id in self._locked
        others = without(self._store.email_keys, lambda of: of == user.id)
        if user.email is not None:
            if user.email.lower() in others:
                raise EmailTaken
            others[user.email.lower()] = user.id
        self._store.email_keys = others
        self._store.users[user.id] = user

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        assert user_id in self._locked
        self._store.password_hashes[user_id] = password_hash

    async def call_off_email(self, user_id: UUID) -> None:
        assert user_id in self._locked
        self._store.users[user_id] = replace(self._store.users[user_id], new_email=None)

    async def delete(self, user_id: UUID) -> None:
        assert user_id in self._locked
        store = self._store
        del store.users[user_id]
        del store.password_hashes[user_id]
        store.email_keys = without(store.email_keys, lambda of: of == user_id)
        store.identities = without(store.identities, lambda of: of == user_id)
        store.sessions = without(store.sessions, lambda session: session.user_id == user_id)
        store.fired_reminders.pop(user_id, None)
        store.departures = [each for each in store.departures if each[0] != user_id]
        store.tokens = without(store.tokens, lambda token: token.user_id == user_id)
        store.one_time_tokens = without(store.one_time_tokens, lambda token: token.user_id == user_id)
        store.queued_emails = without(store.queued_emails, lambda queued_email: queued_email.user_id == user_id)
        store.account_events = [(of, event) for of, event in store.account_events if of != user_id]
