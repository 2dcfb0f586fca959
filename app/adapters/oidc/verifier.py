"""Verifies the identity provider's tokens, and reads their claims.

ID tokens and access tokens are both accepted, if they are JWTs for our audience. What a token's header says about its
verification (`alg`, `jwk`, `jku`, `x5c`, `x5u`, `crit`) is only compared with what is expected, or ignored: keys come
from the provider alone, and each has one algorithm.

Sources: RFC 7519; RFC 8725; RFC 9068, section 4; OpenID Connect Core 1.0, section 3.1.3.7.
"""

import base64
import datetime as dt
import logging
from collections.abc import Callable, Collection
from typing import Any, Final

import jiter
from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError

from app.adapters.oidc.signing_keys import ALGORITHMS, SigningKeys
from domain.identities import ExternalIdentity
from domain.model.identities import Identity

LEEWAY_S: Final = 30
"""How far the clocks of the provider and this server may be apart."""
MAX_SUBJECT_CHARS: Final = 255
"""ASCII characters (OpenID Connect Core, section 2)."""

_TYPES: Final = frozenset({"", "jwt", "at+jwt"})
"""The accepted values of `typ`, without `application/`. Tokens of other types have another use (RFC 8725, 3.11)."""
_NOT_FOR_BEARERS: Final = frozenset({"cnf", "events"})
"""A token that needs a proof of possession (RFC 7800), and a token that reports events (RFC 8417), such as a log-out,
do not authenticate a request by themselves."""

Json = Any  # what another program sent

logger = logging.getLogger(__name__)


class RefusedTokenError(Exception):
    """Why a token is rejected, for the log. The text quotes nothing of the token."""


class Verifier:
    """Verifies tokens of *issuer* that are signed with one of its *keys*, for one of *audience*.

    *is_address* returns whether the contract accepts a text as an e-mail address. `close` closes the connections of
    *keys*.
    """

    def __init__(
        self,
        issuer: str,
        *,
        keys: SigningKeys,
        audience: Collection[str],
        is_address: Callable[[str], bool],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._issuer = issuer
        self._audience = frozenset(audience)
        self._is_address = is_address
        self._clock = clock
        # RSA keys of less than 2048 bits are rejected.
        self._jws = PyJWS(algorithms=sorted(ALGORITHMS), options={"enforce_minimum_key_length": True})
        self.keys = keys

    def start(self) -> None:
        """Request the provider's keys, so that the first token need not wait for them."""
        self.keys.ask_ahead()

    async def verify(self, token: str) -> ExternalIdentity | None:
        """Return the identity of a valid *token*; None for an invalid one. Raises ProviderUnavailable."""
        try:
            claims = await self._claims(token)
            self._require_current(claims)
            self._require_ours(claims)
            return self._external_identity(claims)
        except RefusedTokenError as refused:
            logger.info("a token of the identity provider was rejected", extra={"reason": str(refused)})
            return None

    async def close(self) -> None:
        """Close all connections."""
        await self.keys.close()

    async def _claims(self, token: str) -> dict[str, Json]:
        """Return the claims, once their signature is verified."""
        key_id, algorithm = self._header(token)
        signed = self._signed(token, await self.keys.find(key_id, algorithm=algorithm))
        if signed is None and key_id is None:
            signed = self._signed(token, await self.keys.find_anew(key_id, algorithm=algorithm))
        if signed is None:
            raise RefusedTokenError("no key of the provider has signed it")
        return _object(signed, of="claims")

    def _header(self, token: str) -> tuple[str | None, str]:
        """Return the id of the key that it names, and the algorithm. PyJWT, which is stricter, reads it again."""
        encoded = token.partition(".")[0]
        try:
            raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError as error:
            raise RefusedTokenError("its header is not base64") from error
        header = _object(raw, of="header")
        if "crit" in header or "b64" in header:
            raise RefusedTokenError("it needs an extension that is not supported")
        kind = header.get("typ", "")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
            raise RefusedTokenError("it is of another type")
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise RefusedTokenError("its algorithm is not RS256, ES256 or EdDSA")
        key_id = header.get("kid")
        if not isinstance(key_id, str | None):
            raise RefusedTokenError("its key id is not a text")
        return key_id, algorithm

    def _signed(self, token: str, keys: Collection[PyJWK]) -> bytes | None:
        """Return its content if one of *keys* has signed it, with the algorithm that the key is for."""
        for key in keys:
            try:
                content: bytes = self._jws.decode(token, key, algorithms=[key.algorithm_name])
            except PyJWTError:
                continue
            return content
        return None

    def _require_current(self, claims: dict[str, Json]) -> None:
        now = self._clock().timestamp()
        if _time(claims, "exp", default=None) <= now - LEEWAY_S:
            raise RefusedTokenError("it has expired")
        if max(_time(claims, "nbf", default=0), _time(claims, "iat", default=0)) > now + LEEWAY_S:
            raise RefusedTokenError("it is not valid yet")

    def _require_ours(self, claims: dict[str, Json]) -> None:
        if claims.get("iss") != self._issuer:
            raise RefusedTokenError("it is from another issuer")
        audience = claims.get("aud")
        named = [audience] if isinstance(audience, str) else audience
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise RefusedTokenError("it has no audience")
        if self._audience.isdisjoint(named):
            raise RefusedTokenError("it is for another audience")
        if not _NOT_FOR_BEARERS.isdisjoint(claims):
            raise RefusedTokenError("it is not a bearer token")

    def _external_identity(self, claims: dict[str, Json]) -> ExternalIdentity:
        subject = _text(claims, "sub")
        if subject is None or not _is_subject(subject):
            raise RefusedTokenError("it has no valid subject")
        email = _text(claims, "email")
        names = (_text(claims, "name"), _text(claims, "preferred_username"))
        return ExternalIdentity(
            identity=Identity(issuer=self._issuer, subject=subject),
            email=email if email is not None and self._is_address(email) else None,
            email_verified=claims.get("email_verified") is True,
            names=tuple(name for name in names if name is not None),
            time_zone=_text(claims, "zoneinfo"),
        )


def _object(content: bytes, *, of: str) -> dict[str, Json]:
    """Return a JSON object whose names are unique (RFC 7515, section 4; RFC 7519, section 4)."""
    try:
        value = jiter.from_json(content, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="none")
    except ValueError as error:
        raise RefusedTokenError(f"its {of} cannot be parsed as JSON") from error
    if not isinstance(value, dict):
        raise RefusedTokenError(f"it has no JSON object as {of}")
    return value


def _is_subject(text: str) -> bool:
    return 0 < len(text) <= MAX_SUBJECT_CHARS and text.isascii() and text.isprintable()


def _text(claims: dict[str, Json], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _time(claims: dict[str, Json], name: str, *, default: float | None) -> float:
    """Return a NumericDate, in seconds (RFC 7519, section 2). Without *default* the claim is required."""
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedTokenError(f"its {name} is not a time")
    return value
