from uuid import UUID

from domain.model.one_time_tokens import OneTimeToken
from domain.model.users import Credentials
from tests.support.fakes.invitations import FakeInvitationReader


class FakeCredentials(FakeInvitationReader):
    async def find(self, user_id: UUID) -> Credentials | None:
        if user_id not in self._store.users:
            return None
        user, password_hash = self._store.users[user_id], self._store.password_hashes[user_id]
        return Credentials(user_id=user_id, email=user.email, name=user.name, password_hash=password_hash)

    async def find_by_email(self, email_key: str) -> Credentials | None:
        user_id = self._store.email_keys.get(email_key)
        return None if user_id is None else await self.find(user_id)

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        return next((token for token in self._store.one_time_tokens.values() if token.digest == digest), None)
