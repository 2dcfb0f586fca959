"""Authentication: the form of a bearer token decides who issued it, and so how it is verified."""

import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from app.jobs.last_used import LastUses
from app.together import Together
from app.units import write
from domain import identities, secret_tokens
from domain.identities import ExternalIdentity
from domain.model.identities import Identity, IdentityTaken
from domain.model.users import EmailTaken
from domain.principals import Membership
from domain.secret_tokens import PREFIXES, TokenKind
from domain.tokens import granted_outside
from persistence import many_grants, sessions, tokens
from persistence.identities import recognise
from persistence.unit_dependencies import Dependencies
from tickbox_contract.engine.access import AuthContext

_LOOKUPS: Final[Mapping[TokenKind, Callable[..., Awaitable[Membership | None]]]] = {
    "session": sessions.authenticate,
    "personal": tokens.authenticate,
}
_KINDS: Final = {PREFIXES[kind]: kind for kind in _LOOKUPS}
_PREFIX_LENGTH: Final = 4

Wanted = tuple[bytes, UUID | None]
"""The digest of a token, and the workspace of the path."""


class IdentityProvider(Protocol):
    """Another service that authenticates users."""

    async def verify(self, token: str) -> ExternalIdentity | None:
        """Return the identity of a valid token; None for an invalid one. Raises ProviderUnavailable."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Looks up a token, and the caller's role in the workspace of the path, in one statement.

    *provider* is None if none is set.
    """

    dependencies: Dependencies
    last_uses: LastUses
    provider: IdentityProvider | None = None

    async def __call__(self, token: str, path: Mapping[str, str]) -> AuthContext | None:
        """See tickbox_contract.engine.security.Authenticate. Raises StorageUnavailable, ProviderUnavailable."""
        workspace_id = _uuid(path.get("workspace_id"))
        if token.count(".") == 2:  # noqa: PLR2004  # a JWT (RFC 7515, section 3.1); our own tokens have no dot
            found = await self._external(token, workspace_id)
        else:
            found = await self._known(token, workspace_id)
        return None if found is None else _context(found, path)

    async def _known(self, token: str, workspace_id: UUID | None) -> Membership | None:
        """Look up one of our own tokens."""
        kind = _KINDS.get(token[:_PREFIX_LENGTH])
        digest = kind and secret_tokens.digest_of(token, kind=kind)
        if kind is None or digest is None:
            return None
        now = self.dependencies.clock()
        found = await _LOOKUPS[kind](self.dependencies.database, digest, workspace_id=workspace_id, now=now)
        if found is not None:
            self.last_uses.note(found[0], at=now)
        return found

    async def _external(self, token: str, workspace_id: UUID | None) -> Membership | None:
        """Verify a token of the provider. Its first use creates the account, in its own transaction."""
        external_identity = None if self.provider is None else await self.provider.verify(token)
        if external_identity is None:
            return None
        database, identity = self.dependencies.database, external_identity.identity
        found = await recognise(database, identity, workspace_id=workspace_id)
        if found is None:
            await self._provision(external_identity)
            found = await recognise(database, identity, workspace_id=workspace_id)
        return found

    async def _provision(self, external_identity: ExternalIdentity) -> None:
        """Create an account, unless another request has just created it; without the address if it is taken."""
        with contextlib.suppress(IdentityTaken):
            try:
                await write(self.dependencies, lambda uow: identities.provision(uow, external_identity))
            except EmailTaken:
                nameless = replace(external_identity, email=None)
                await write(self.dependencies, lambda uow: identities.provision(uow, nameless))


class AuthenticatorOfStreams:
    """Looks up the tokens of open streams again: those that are asked for at once, in one statement for each kind.

    It does not count as a use of a token.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._provider = authenticator.provider
        self._dependencies = authenticator.dependencies
        self._sessions = Together(partial(self._own, many_grants.of_sessions))
        self._tokens = Together(partial(self._own, many_grants.of_tokens))
        self._identities = Together(self._external)

    async def __call__(self, token: str, path: Mapping[str, str]) -> AuthContext | None:
        """See tickbox_contract.engine.security.Authenticate. Raises StorageUnavailable, ProviderUnavailable."""
        found = await self._found(token, _uuid(path.get("workspace_id")))
        return None if found is None else _context(found, path)

    async def _found(self, token: str, workspace_id: UUID | None) -> Membership | None:
        kind = _KINDS.get(token[:_PREFIX_LENGTH])
        digest = kind and secret_tokens.digest_of(token, kind=kind)
        if digest:
            return await (self._sessions if kind == "session" else self._tokens)((digest, workspace_id))
        external_identity = None if self._provider is None else await self._provider.verify(token)
        if external_identity is None:
            return None
        return await self._identities((external_identity.identity, workspace_id))

    async def _own(
        self, look_up: Callable[..., Awaitable[Mapping[Wanted, Membership]]], wanted: Collection[Wanted]
    ) -> Mapping[Wanted, Membership]:
        return await look_up(self._dependencies.database, wanted, now=self._dependencies.clock())

    async def _external(
        self, wanted: Collection[tuple[Identity, UUID | None]]
    ) -> Mapping[tuple[Identity, UUID | None], Membership]:
        return await many_grants.of_identities(self._dependencies.database, wanted)


def _context(found: Membership, path: Mapping[str, str]) -> AuthContext:
    principal, role = found
    scopes = principal.scopes if "workspace_id" in path else granted_outside(principal)
    withheld = {str(scope): "limited to certain workspaces" for scope in principal.scopes - scopes}
    return AuthContext(principal=principal, scopes=frozenset(scopes), role=role, withheld=withheld)


def _uuid(text: str | None) -> UUID | None:
    """Return the id; None if the text is not one, which the engine rejects after authentication."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
