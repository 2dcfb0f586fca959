"""From a bearer token to what it grants: dispatched by what the token looks like, and looked up in one statement."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.uses import LastUses
from contract.access import Grant
from domain import opaque
from domain.opaque import PREFIXES, TokenKind
from domain.principals import Admission
from domain.tokens import granted_outside
from persistence import sessions, tokens
from persistence.unit_of_work import Dependencies

_LOOKUPS: Final[Mapping[TokenKind, Callable[..., Awaitable[Admission | None]]]] = {
    "session": sessions.authenticate,
    "personal": tokens.authenticate,
}
_KINDS: Final = {PREFIXES[kind]: kind for kind in _LOOKUPS}
_PREFIX_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Looks up a token, and the caller's role in the workspace of the path, in one statement."""

    dependencies: Dependencies
    last_uses: LastUses

    async def __call__(self, token: str, path: Mapping[str, str]) -> Grant | None:
        """None for a token that opens nothing, in whatever way."""
        kind = _KINDS.get(token[:_PREFIX_LENGTH])
        digest = kind and opaque.digest_of(token, kind=kind)
        if kind is None or digest is None:
            return None
        now = self.dependencies.clock()
        workspace_id = _uuid(path.get("workspace_id"))
        found = await _LOOKUPS[kind](self.dependencies.database, digest, workspace_id=workspace_id, now=now)
        if found is None:
            return None
        self.last_uses.note(found.principal, at=now)
        scopes = found.principal.scopes if "workspace_id" in path else granted_outside(found.principal)
        return Grant(principal=found.principal, scopes=frozenset(scopes), role=found.role)


def _uuid(text: str | None) -> UUID | None:
    """The path's id; None where it is none, which the engine refuses after the token was looked at."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
