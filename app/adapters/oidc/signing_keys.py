"""The public keys that verify an identity provider's tokens, as it publishes them, cached.

They are requested when they are first needed, and again when they are an hour old or a token names an unknown key. How
often they are requested is bounded, whatever clients send. While the provider does not respond, the cached keys are
valid for a day.

Sources: OpenID Connect Discovery 1.0, section 4; OpenID Connect Core 1.0, section 10.1.1; RFC 7517; RFC 8725,
sections 3.1 to 3.5.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jiter
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from app.adapters.oidc.safe_urls import split_safe, web_origin
from domain.model.identities import ProviderUnavailable

DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
REFRESHED_AFTER_S: Final = 3600
KEPT_FOR_S: Final = 24 * 3600
ASKED_EVERY_S: Final = 30
"""The shortest time between two requests that are sent because a token names an unknown key."""
FIRST_PAUSE_S: Final = 1
LONGEST_PAUSE_S: Final = 60
"""The pause after a failure doubles with each further one, from the first to the longest."""
TIMEOUT_S: Final = 5
"""For each of the two documents, from the first byte of the request to the last of the response."""
MAX_DOCUMENT_BYTES: Final = 256 * 1024
_MAX_ORIGIN_CHARS: Final = 300  # a host has 253 at most

_ALGORITHMS: Final[Mapping[tuple[str, str | None], str]] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
"""The only algorithm that a key of this type and curve is used for: a token cannot choose another one."""

ALGORITHMS: Final = frozenset(_ALGORITHMS.values())

Json = Any  # what another program sent
Keys = Mapping[str, Sequence[tuple[str | None, PyJWK]]]
"""Keys by algorithm, each with the id that the provider gave it."""

logger = logging.getLogger(__name__)


class ProviderFaultError(Exception):
    """The provider's response cannot be used. The text is for the log, and quotes at most an origin."""


class SigningKeys:
    """The keys of the provider that *issuer* names. *monotonic* counts seconds.

    They are read only from the issuer's origin, or from one of *origins*, which the operator lists. A discovery
    document cannot make the server send requests to another host.

    `close` closes the connections. There is one request to the provider at a time; other callers wait for it.
    """

    def __init__(
        self,
        issuer: str,
        *,
        origins: Iterable[str] = (),
        monotonic: Callable[[], float],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._issuer = issuer
        self._origins = {web_origin(urlsplit(each)) for each in (issuer, *origins)}
        self._monotonic = monotonic
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=issuer.startswith("https:"),  # on this machine there is no proxy in between
        )
        self._known = _Known()
        self._asking: asyncio.Task[None] | None = None

    def ask_ahead(self) -> None:
        """Request the keys now, without waiting, so that a wrong setting is logged at once."""
        self._ask()

    async def find(self, key_id: str | None, *, algorithm: str) -> Sequence[PyJWK]:
        """Return the keys that may have signed a token with this *algorithm*: the key that it names, or else all.

        Empty if the provider has no such key. Raises ProviderUnavailable if that cannot be known now.
        """
        now = self._monotonic()
        if self._known.is_outdated(now):
            await self._asked()
            self._known.require(self._monotonic())
        elif self._known.is_due(now):
            self._ask()
        found = self._known.find(key_id, algorithm)
        return found or await self.find_anew(key_id, algorithm=algorithm)

    async def find_anew(self, key_id: str | None, *, algorithm: str) -> Sequence[PyJWK]:
        """The same, when no cached key fits: request them again first, if it is time."""
        before = self._known.keys
        await self._asked()
        if self._known.failures:
            raise ProviderUnavailable from self._known.fault
        return [] if self._known.keys is before else self._known.find(key_id, algorithm)

    async def close(self) -> None:
        """Cancel a running request, and close all connections."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self._client.aclose()

    async def _asked(self) -> None:
        """Wait for the running request, or for a new one if it is time. A waiting caller may be cancelled."""
        asking = self._ask()
        if asking is not None:
            await asyncio.shield(asking)

    def _ask(self) -> asyncio.Task[None] | None:
        if self._asking is not None and not self._asking.done():
            return self._asking
        if self._monotonic() < self._known.next_at:
            return None
        self._asking = asyncio.create_task(self._refresh())
        return self._asking

    async def _refresh(self) -> None:
        """Never raises: a failure is logged, and the cached keys stay."""
        try:
            keys = await self._fetch()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ProviderFaultError) as error:
            self._known.failed(error, now=self._monotonic())
            cause = str(error) or type(error).__name__
            logger.warning("the identity provider's keys could not be read", extra={"cause": cause})
        except Exception as error:  # nobody else would see it
            self._known.failed(error, now=self._monotonic())
            logger.exception("the identity provider's keys could not be read")
        else:
            self._known.replaced(keys, now=self._monotonic())
            logger.info("read the identity provider's keys", extra={"count": sum(map(len, keys.values()))})

    async def _fetch(self) -> Keys:
        document = await self._get(self._issuer.rstrip("/") + DISCOVERY_PATH)
        if document.get("issuer") != self._issuer:
            raise ProviderFaultError("the discovery document is from another issuer")
        where = self._keys_url(document.get("jwks_uri"))
        published = (await self._get(where)).get("keys")
        keys = usable_keys(published if isinstance(published, list) else [])
        if not any(keys.values()):
            raise ProviderFaultError("the provider publishes no key that can be used")
        return keys

    def _keys_url(self, named: Json) -> str:
        url = split_safe(named) if isinstance(named, str) else None
        if url is None:
            raise ProviderFaultError("the discovery document has no https URL for the keys")
        origin = web_origin(url)
        if origin not in self._origins:
            raise ProviderFaultError(
                f"the provider's keys are at {origin[:_MAX_ORIGIN_CHARS]}, which is neither the issuer's origin nor in"
                " TICKBOX_OIDC_JWKS_ORIGINS"
            )
        return str(named)

    async def _get(self, url: str) -> dict[str, Json]:
        content = bytearray()
        async with asyncio.timeout(self._timeout_s), self._client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise ProviderFaultError(f"the provider responded with {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ProviderFaultError("the provider compressed its response without being asked")
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_DOCUMENT_BYTES:
                    raise ProviderFaultError(f"the provider responded with more than {MAX_DOCUMENT_BYTES} bytes")
        try:
            document = jiter.from_json(bytes(content), allow_inf_nan=False, cache_mode="none")
        except ValueError as error:
            raise ProviderFaultError("the provider's response is not JSON") from error
        if not isinstance(document, dict):
            raise ProviderFaultError("the provider's response is not a JSON object")
        return document


@dataclass(slots=True)
class _Known:
    """The keys that were read last, and when the provider may be asked again."""

    keys: Keys = field(default_factory=dict)
    read_at: float | None = None
    next_at: float = float("-inf")
    failures: int = 0
    fault: Exception | None = None

    def is_due(self, now: float) -> bool:
        return self.read_at is None or now - self.read_at > REFRESHED_AFTER_S

    def is_outdated(self, now: float) -> bool:
        return self.read_at is None or now - self.read_at > KEPT_FOR_S

    def require(self, now: float) -> None:
        if self.is_outdated(now):
            raise ProviderUnavailable from self.fault

    def find(self, key_id: str | None, algorithm: str) -> list[PyJWK]:
        of_kind = self.keys.get(algorithm, ())
        return [key for name, key in of_kind if key_id is None or name == key_id]

    def replaced(self, keys: Keys, *, now: float) -> None:
        self.keys, self.read_at, self.next_at = keys, now, now + ASKED_EVERY_S
        self.failures, self.fault = 0, None

    def failed(self, fault: Exception, *, now: float) -> None:
        pause_s = min(FIRST_PAUSE_S * 2 ** min(self.failures, 10), LONGEST_PAUSE_S)
        self.next_at, self.fault = now + pause_s, fault
        self.failures += 1


def usable_keys(published: Sequence[Json]) -> Keys:
    """Return the keys of a JWK set that are for signing with one of ALGORITHMS; skip the others."""
    found: dict[str, list[tuple[str | None, PyJWK]]] = {algorithm: [] for algorithm in ALGORITHMS}
    for jwk in published:
        for algorithm in _algorithm_of(jwk):
            with contextlib.suppress(PyJWTError):  # not of its own type
                found[algorithm].append((jwk.get("kid"), PyJWK(jwk, algorithm)))
    return found


def _algorithm_of(jwk: Json) -> Iterator[str]:
    """Yield the algorithm that a key is for; nothing for another algorithm, for encryption, or for a private key."""
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str | None) or "d" in jwk:
        return
    key_type, curve = jwk.get("kty"), jwk.get("crv")
    if not isinstance(key_type, str) or not isinstance(curve, str | None):
        return
    algorithm = _ALGORITHMS.get((key_type, curve))
    operations = jwk.get("key_ops", ["verify"])
    if (
        algorithm is not None
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", algorithm) == algorithm
        and isinstance(operations, list)
        and "verify" in operations
    ):
        yield algorithm
