"""Bearer tokens, in Connexion's security layer through its `security_map`.

Connexion decides from the contract which operations need a token. This module replaces its bearer handler, which
inspects the signature of the application's function for every request, treats an empty header as missing, and sends 401
without `WWW-Authenticate` (which RFC 9110, section 11.6.1, requires).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

from . import quiet  # noqa: F401  # before Connexion, see there

# isort: split
from connexion.lifecycle import ConnexionRequest
from connexion.security import AbstractSecurityHandler
from starlette.types import Scope

from tickbox_contract.openapi.problems import UNAUTHENTICATED

from .access import AuthContext
from .limits import Limiter, count_failure, require_failures_left
from .problems import Refused, refuse
from .routing import operation_id_of

Authenticate = Callable[[str, Mapping[str, str]], Awaitable[AuthContext | None]]
"""Takes a bearer token and the decoded path parameters. Returns what the token allows there; None if invalid."""

_BEARER = re.compile(rb"bearer +([A-Za-z0-9._~+/-]{1,16384}=*) *", re.IGNORECASE)


class BearerHandler(AbstractSecurityHandler):
    """Turns the `Authorization` header (RFC 6750, section 2.1) into an AuthContext in Connexion's context.

    *limiter* counts requests for the operations *limited* that have no valid token. *again* is called for tokens that
    were valid before, by streams while they last: many of them at once; without it, *authenticate* is.
    """

    def __init__(
        self,
        authenticate: Authenticate,
        *,
        realm: str,
        again: Authenticate | None = None,
        limiter: Limiter | None = None,
        limited: Collection[str] = (),
    ) -> None:
        self._authenticate = authenticate
        self._again = again or authenticate
        self._realm = realm
        self._limiter = limiter
        self._limited = limited

    def get_fn(self, _security_scheme: Mapping[str, Any], _required_scopes: object) -> Callable[..., Awaitable[Any]]:
        """The function that Connexion calls for each request that needs a token."""
        return self._verify

    async def _verify(self, request: ConnexionRequest) -> dict[str, Any]:
        scope: Scope = request.scope
        if self._limiter is None or operation_id_of(scope) not in self._limited:
            return await self._admitted(scope)
        await require_failures_left(self._limiter, scope)
        try:
            return await self._admitted(scope)
        except Refused:
            await count_failure(self._limiter, scope)
            raise

    async def _admitted(self, scope: Scope) -> dict[str, Any]:
        token, path = self._token(scope), scope.get("path_params", {})
        auth = await self._authenticate(token, path)
        if auth is None:
            raise self._refused(
                "The token is unknown, expired or deleted, or its session has ended. Get a new one.", "invalid_token"
            )
        return {"auth": auth, "again": partial(self._again, token, path)}

    def _token(self, scope: Scope) -> str:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            raise self._refused("This operation needs a token. Send it as `Authorization: Bearer <token>`.")
        matched = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        if matched is None:
            raise self._refused("Send exactly one Authorization header, with a bearer token.", "invalid_request")
        return matched[1].decode("ascii")

    def _refused(self, detail: str, error: str | None = None) -> Refused:
        challenge = f'Bearer realm="{self._realm}"' + (f', error="{error}"' if error else "")
        return refuse(UNAUTHENTICATED, detail, headers={"WWW-Authenticate": challenge})


def auth_of(scope: Scope) -> AuthContext | None:
    """The AuthContext of this request, from the security layer; None if the operation needs no token."""
    auth: AuthContext | None = _token_info(scope).get("auth")
    return auth


async def reauthenticate(scope: Scope) -> AuthContext | None:
    """What the token of the request allows now; None if it is no longer valid, or the operation needs no token."""
    again: Callable[[], Awaitable[AuthContext | None]] | None = _token_info(scope).get("again")
    return await again() if again else None


def _token_info(scope: Scope) -> Mapping[str, Any]:
    found: Mapping[str, Any] = scope.get("extensions", {}).get("connexion_context", {}).get("token_info", {})
    return found
