"""What one request claims so that it can be repeated: its idempotency key, and the id that its client created."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from persistence.idempotency import Claim, IdempotencyKeys, KeyOwner, recording
from persistence.runners import Runner, Write


class AlreadyRecorded(Exception):
    """The request's key has the *response* of the *request* with this digest."""

    def __init__(self, request: bytes, response: bytes) -> None:
        super().__init__()
        self.request = request
        self.response = response


class Claims:
    """The claims of one request. The key is claimed again in each of its transactions; the id, once."""

    _key: tuple[KeyOwner, bytes] | None = None
    _id: tuple[UUID, UUID] | None = None

    @property
    def has_id(self) -> bool:
        """Whether the request has an id that its client created."""
        return self._id is not None

    def expect_key(self, owner: KeyOwner, request: bytes) -> None:
        """Let each transaction claim a key for the request with this digest."""
        self._key = owner, request

    async def claim_key(self, runner: Runner, *, clock: Callable[[], dt.datetime]) -> None:
        """Claim the key, if the request has one. Raises AlreadyRecorded."""
        if self._key is not None:
            owner, request = self._key
            found = await IdempotencyKeys(runner).claim_key(owner, request=request, now=clock())
            if found is not None:
                raise AlreadyRecorded(*found)

    async def claim_id(self, runner: Runner, space_id: UUID, client_id: UUID, *, request: bytes) -> Claim:
        """Claim an id for the request with this digest. The caller holds the lock on the space."""
        self._id = space_id, client_id
        return await IdempotencyKeys(runner).claim_id(space_id, client_id, request=request)

    def recording(self, response: bytes) -> Write:
        """Return what stores the response under the key. Raises RuntimeError without one."""
        if self._key is None:
            message = "a response is recorded under a key"
            raise RuntimeError(message)
        return recording(self._key[0], response=response)

    async def release_key(self, runner: Runner) -> None:
        """Release the key, if the request has one."""
        if self._key is not None:
            await IdempotencyKeys(runner).release_key(self._key[0])

    async def release(self, runner: Runner) -> None:
        """Release the key and the id."""
        await self.release_key(runner)
        if self._id is not None:
            await IdempotencyKeys(runner).release_id(*self._id)
