"""Which tokens of an identity provider are valid, and how its keys are cached."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import logging
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import utils

from app.adapters.oidc.safe_urls import split_safe
from app.adapters.oidc.signing_keys import MAX_DOCUMENT_BYTES, SigningKeys
from app.adapters.oidc.verifier import Verifier
from domain.model.identities import Identity, ProviderUnavailable
from tests.support.providers import (
    AUDIENCE,
    Key,
    OwnProvider,
    RealProvider,
    Reply,
    encoded,
    hashed,
    key,
    own_provider,
    signed,
)

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SECONDS = int(NOW.timestamp())
RSA, EC, ED = (key(algorithm, f"good {algorithm}") for algorithm in ("RS256", "ES256", "EdDSA"))
FOREIGN = key("RS256", "foreign")
DISCOVERY = "/.well-known/openid-configuration"


@dataclass
class Time:
    """Both clocks of a verifier; they move only when a test moves them."""

    now: dt.datetime = NOW
    seconds: float = 1000

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def provider() -> Iterator[OwnProvider]:
    with own_provider(RSA, EC, ED) as provider:
        yield provider


@pytest.fixture
def time() -> Time:
    return Time()


def verifier_of(issuer: str, time: Time, *audience: str) -> Verifier:
    return Verifier(
        issuer,
        keys=SigningKeys(issuer, monotonic=time.monotonic),
        audience=audience or (AUDIENCE, "another of ours"),
        is_address=lambda text: "@" in text,
        clock=lambda: time.now,
    )


@pytest.fixture
async def verifier(provider: OwnProvider, time: Time) -> AsyncIterator[Verifier]:
    verifier = verifier_of(provider.issuer, time)
    yield verifier
    await verifier.close()


def claims(provider: OwnProvider, **changes: Any) -> dict[str, Any]:
    """The claims of a valid token, with *changes*; a claim that is changed to `...` is left out."""
    good = {"iss": provider.issuer, "aud": AUDIENCE, "sub": "ada", "exp": SECONDS + 300, "iat": SECONDS}
    return {name: value for name, value in (good | changes).items() if value is not ...}


# --- valid tokens ---


@pytest.mark.parametrize("by", [RSA, EC, ED], ids=lambda by: by.algorithm)
async def test_each_algorithm_is_accepted_with_a_key_of_its_kind(
    provider: OwnProvider, verifier: Verifier, by: Key
) -> None:
    external_identity = await verifier.verify(signed(by, claims(provider)))
    assert external_identity is not None
    assert external_identity.identity == Identity(issuer=provider.issuer, subject="ada")


GOOD: dict[str, Callable[[OwnProvider], str]] = {
    "an access token by RFC 9068": lambda p: signed(RSA, claims(p), typ="at+jwt"),
    "a type in full": lambda p: signed(RSA, claims(p), typ="application/at+JWT"),
    "no type": lambda p: signed(RSA, claims(p), typ=None),
    "no key id": lambda p: signed(RSA, claims(p), kid=None),
    "several audiences": lambda p: signed(RSA, claims(p, aud=["else", AUDIENCE])),
    "another of our audiences": lambda p: signed(RSA, claims(p, aud="another of ours")),
    "just expired": lambda p: signed(RSA, claims(p, exp=SECONDS - 29)),
    "in fractions of a second": lambda p: signed(RSA, claims(p, exp=SECONDS + 0.5)),
    "of a clock that is fast": lambda p: signed(RSA, claims(p, iat=SECONDS + 30, nbf=SECONDS + 30)),
    "no time of issue": lambda p: signed(RSA, claims(p, iat=...)),
    "a subject that is long": lambda p: signed(RSA, claims(p, sub="|" * 255)),
}


@pytest.mark.parametrize("what", GOOD)
async def test_an_unusual_but_valid_token_is_accepted(provider: OwnProvider, verifier: Verifier, what: str) -> None:
    assert await verifier.verify(GOOD[what](provider)) is not None


async def test_the_claims_about_a_person_are_returned(provider: OwnProvider, verifier: Verifier) -> None:
    given = {"email": "ada@example.com", "email_verified": True, "name": "Ada", "zoneinfo": "Europe/London"}
    external_identity = await verifier.verify(signed(EC, claims(provider, preferred_username="ada", **given)))
    assert external_identity is not None
    assert (external_identity.email, external_identity.email_verified) == ("ada@example.com", True)
    assert (external_identity.names, external_identity.time_zone) == (("Ada", "ada"), "Europe/London")


@pytest.mark.parametrize("nonsense", [None, 1, ["ada@example.com"], {"a": 1}, True])
async def test_a_claim_that_is_not_text_is_ignored(provider: OwnProvider, verifier: Verifier, nonsense: object) -> None:
    given = dict.fromkeys(("email", "name", "preferred_username", "zoneinfo"), nonsense)
    external_identity = await verifier.verify(signed(EC, claims(provider, **given)))
    assert external_identity is not None
    assert (external_identity.email, external_identity.names, external_identity.time_zone) == (None, (), None)


async def test_an_invalid_address_is_ignored(provider: OwnProvider, verifier: Verifier) -> None:
    external_identity = await verifier.verify(signed(EC, claims(provider, email="ada at example", email_verified=True)))
    assert external_identity is not None
    assert external_identity.email is None


@pytest.mark.parametrize("claim", ["true", 1, None, False, "yes"])
async def test_an_address_is_verified_only_if_the_claim_is_true(
    provider: OwnProvider, verifier: Verifier, claim: object
) -> None:
    token = signed(EC, claims(provider, email="ada@example.com", email_verified=claim))
    external_identity = await verifier.verify(token)
    assert external_identity is not None
    assert not external_identity.email_verified


# --- invalid tokens ---


def _swapped(provider: OwnProvider) -> str:
    """Ada's signature under Eve's claims."""
    head, _, signature = signed(RSA, claims(provider)).split(".")
    return f"{head}.{encoded(claims(provider, sub='eve'))}.{signature}"


def _in_der(provider: OwnProvider) -> str:
    """An ECDSA signature as in X.509, not as in JWS."""
    message, _, signature = signed(EC, claims(provider)).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    halves = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    return f"{message}.{encoded(utils.encode_dss_signature(*halves))}"


def _of_zeros(provider: OwnProvider) -> str:
    """CVE-2022-21449: a careless verifier accepts (0, 0) as a signature of anything."""
    return f"{signed(EC, claims(provider)).rpartition('.')[0]}.{encoded(bytes(64))}"


def _none(provider: OwnProvider, name: str) -> str:
    return f"{encoded({'alg': name, 'typ': 'JWT', 'kid': RSA.name})}.{encoded(claims(provider))}."


OTHER_WAY = "its algorithm is not RS256, ES256 or EdDSA"
NO_KEY = "no key of the provider has signed it"
EXTENSION = "it needs an extension that is not supported"
HEADER = "its header cannot be parsed as JSON"
CLAIMS = "its claims cannot be parsed as JSON"
TYPE = "it is of another type"
BAD: dict[str, tuple[Callable[[OwnProvider], str], str]] = {
    # the signature
    "alg none": (lambda p: _none(p, "none"), OTHER_WAY),
    "alg None": (lambda p: _none(p, "None"), OTHER_WAY),
    "alg nOnE": (lambda p: _none(p, "nOnE"), OTHER_WAY),
    "no alg": (lambda p: signed(RSA, claims(p), alg=None), OTHER_WAY),
    "alg of a list": (lambda p: signed(RSA, claims(p), alg=["RS256"]), OTHER_WAY),
    "no signature": (lambda p: signed(RSA, claims(p)).rpartition(".")[0] + ".", NO_KEY),
    "another's signature": (_swapped, NO_KEY),
    "HMAC with the public key": (lambda p: hashed(RSA.pem, claims(p), kid=RSA.name), OTHER_WAY),
    "HMAC with the modulus": (lambda p: hashed(RSA.jwk["n"].encode(), claims(p), kid=RSA.name), OTHER_WAY),
    "HMAC with nothing": (lambda p: hashed(b"", claims(p), kid=RSA.name), OTHER_WAY),
    "HMAC that calls itself RS256": (lambda p: hashed(RSA.pem, claims(p), kid=RSA.name, alg="RS256"), NO_KEY),
    "another RSA hash": (lambda p: signed(key("RS384", "good RS256 as 384"), claims(p), kid=RSA.name), OTHER_WAY),
    "RSA-PSS": (lambda p: signed(key("PS256", "good RS256 as PSS"), claims(p), kid=RSA.name), OTHER_WAY),
    "a foreign key with a known id": (lambda p: signed(FOREIGN, claims(p), kid=RSA.name), NO_KEY),
    "a foreign key with an id of its own": (lambda p: signed(FOREIGN, claims(p)), NO_KEY),
    "a foreign key without an id": (lambda p: signed(FOREIGN, claims(p), kid=None), NO_KEY),
    "RS256 with the id of an EC key": (lambda p: signed(RSA, claims(p), kid=EC.name), NO_KEY),
    "ES256 with the id of an RSA key": (lambda p: signed(EC, claims(p), kid=RSA.name), NO_KEY),
    "EdDSA with the id of an EC key": (lambda p: signed(ED, claims(p), kid=EC.name), NO_KEY),
    "an RSA signature that calls itself ES256": (lambda p: signed(RSA, claims(p), kid=EC.name, alg="ES256"), NO_KEY),
    "an EC signature that calls itself EdDSA": (lambda p: signed(EC, claims(p), kid=ED.name, alg="EdDSA"), NO_KEY),
    "another curve": (lambda p: signed(key("ES384", "384"), claims(p), alg="ES256", kid=EC.name), NO_KEY),
    "a signature in DER": (_in_der, NO_KEY),
    "a signature of zeros": (_of_zeros, NO_KEY),
    # where the key would come from
    "its key with it": (lambda p: signed(FOREIGN, claims(p), jwk=FOREIGN.jwk), NO_KEY),
    "its key with it, by a known id": (lambda p: signed(FOREIGN, claims(p), jwk=FOREIGN.jwk, kid=RSA.name), NO_KEY),
    "its keys elsewhere": (lambda p: signed(FOREIGN, claims(p), jku=f"{p.issuer}/evil"), NO_KEY),
    "its certificate elsewhere": (lambda p: signed(FOREIGN, claims(p), x5u=f"{p.issuer}/evil", kid=None), NO_KEY),
    # the header
    "an extension": (lambda p: signed(RSA, claims(p), crit=["exp"], exp=1), EXTENSION),
    "an extension that PyJWT knows": (lambda p: signed(RSA, claims(p), crit=["b64"], b64=True), EXTENSION),
    "an empty list of extensions": (lambda p: signed(RSA, claims(p), crit=[]), EXTENSION),
    "a body that is not encoded": (lambda p: signed(RSA, claims(p), b64=False), EXTENSION),
    "a log-out": (lambda p: signed(RSA, claims(p), typ="logout+jwt"), TYPE),
    "a proof": (lambda p: signed(RSA, claims(p), typ="dpop+jwt"), TYPE),
    "an invalid type": (lambda p: signed(RSA, claims(p), typ=1), TYPE),
    "an invalid key id": (lambda p: signed(RSA, claims(p), kid=1), "its key id is not a text"),
    "a header that is not an object": (
        lambda _: f"{encoded([])}.{encoded({})}.{encoded(b'x')}",
        "it has no JSON object as header",
    ),
    "a header that is deep": (lambda _: f"{encoded(b'[' * 3000)}.{encoded({})}.{encoded(b'x')}", HEADER),
    "a header that says it twice": (
        lambda p: ".".join((encoded(b'{"alg": "RS256", "alg": "RS256"}'), encoded(claims(p)), encoded(b"x"))),
        HEADER,
    ),
    "a header that is not in base 64": (lambda p: "~" + signed(RSA, claims(p)), NO_KEY),
    "a header of a part of a letter": (lambda p: "A" + signed(RSA, claims(p)), "its header is not base64"),
    "nothing": (lambda _: "..", HEADER),
    "what is not in base 64": (lambda p: signed(RSA, claims(p)).replace(".", ".~", 1), NO_KEY),
    # the claims
    "another issuer": (lambda p: signed(RSA, claims(p, iss="https://evil.example")), "it is from another issuer"),
    "the issuer with a slash": (lambda p: signed(RSA, claims(p, iss=f"{p.issuer}/")), "it is from another issuer"),
    "no issuer": (lambda p: signed(RSA, claims(p, iss=...)), "it is from another issuer"),
    "issuers": (lambda p: signed(RSA, claims(p, iss=[p.issuer])), "it is from another issuer"),
    "another audience": (lambda p: signed(RSA, claims(p, aud="else")), "it is for another audience"),
    "other audiences": (lambda p: signed(RSA, claims(p, aud=["else", ""])), "it is for another audience"),
    "a part of an audience": (lambda p: signed(RSA, claims(p, aud=AUDIENCE[:-1])), "it is for another audience"),
    "no audience": (lambda p: signed(RSA, claims(p, aud=...)), "it has no audience"),
    "an invalid audience": (lambda p: signed(RSA, claims(p, aud={AUDIENCE: 1})), "it has no audience"),
    "invalid audiences": (lambda p: signed(RSA, claims(p, aud=[AUDIENCE, 1])), "it has no audience"),
    "expired": (lambda p: signed(RSA, claims(p, exp=SECONDS - 30)), "it has expired"),
    "expired since 1969": (lambda p: signed(RSA, claims(p, exp=-(10**30))), "it has expired"),
    "no end": (lambda p: signed(RSA, claims(p, exp=...)), "its exp is not a time"),
    "an end that is nothing": (lambda p: signed(RSA, claims(p, exp=None)), "its exp is not a time"),
    "an end that is true": (lambda p: signed(RSA, claims(p, exp=True)), "its exp is not a time"),
    "an end in text": (lambda p: signed(RSA, claims(p, exp=str(SECONDS + 300))), "its exp is not a time"),
    "no end ever": (lambda p: signed(RSA, claims(p, exp=float("inf"))), CLAIMS),
    "an end that is not a number": (lambda p: signed(RSA, claims(p, exp=float("nan"))), CLAIMS),
    "a beginning in the future": (lambda p: signed(RSA, claims(p, nbf=SECONDS + 31)), "it is not valid yet"),
    "an invalid beginning": (lambda p: signed(RSA, claims(p, nbf="now")), "its nbf is not a time"),
    "issued in the future": (lambda p: signed(RSA, claims(p, iat=SECONDS + 31)), "it is not valid yet"),
    "nobody": (lambda p: signed(RSA, claims(p, sub=...)), "it has no valid subject"),
    "an empty subject": (lambda p: signed(RSA, claims(p, sub="")), "it has no valid subject"),
    "a subject that is a number": (lambda p: signed(RSA, claims(p, sub=7)), "it has no valid subject"),
    "a subject that is too long": (lambda p: signed(RSA, claims(p, sub="x" * 256)), "it has no valid subject"),
    "a subject with a NUL": (lambda p: signed(RSA, claims(p, sub="a\0")), "it has no valid subject"),
    "a subject that is not ASCII": (lambda p: signed(RSA, claims(p, sub="ad\u00e0")), "it has no valid subject"),
    "what needs a proof": (lambda p: signed(RSA, claims(p, cnf={"jkt": "x"})), "it is not a bearer token"),
    "a log-out event": (lambda p: signed(RSA, claims(p, events={})), "it is not a bearer token"),
    "claims that are not an object": (lambda _: signed(RSA, [1]), "it has no JSON object as claims"),
    "claims that are not JSON": (lambda _: signed(RSA, b"{"), CLAIMS),
    "claims that are not in UTF-8": (lambda _: signed(RSA, b'{"sub": "\xff"}'), CLAIMS),
    "claims that are deep": (lambda _: signed(RSA, b"[" * 2000), CLAIMS),
    "a claim that comes twice": (lambda _: signed(RSA, b'{"sub": "ada", "sub": "eve"}'), CLAIMS),
}


@pytest.mark.parametrize("what", BAD)
async def test_an_invalid_token_is_rejected_and_the_reason_is_logged(
    provider: OwnProvider, verifier: Verifier, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    make, reason = BAD[what]
    provider.replies["/evil"] = Reply(body=json.dumps({"keys": [FOREIGN.jwk]}).encode())
    token = make(provider)
    assert await verifier.verify(signed(RSA, claims(provider))) is not None
    with caplog.at_level(logging.INFO, "app.adapters.oidc.verifier"):
        assert await verifier.verify(token) is None
    (record,) = [record for record in caplog.records if record.name == "app.adapters.oidc.verifier"]
    assert vars(record)["reason"] == reason
    assert "/evil" not in provider.asked


async def test_a_token_with_one_changed_part_is_rejected(provider: OwnProvider, verifier: Verifier) -> None:
    good = signed(EC, claims(provider))
    for place in range(0, len(good), 7):
        letter = "A" if good[place] != "A" else "B"
        changed = good[:place] + letter + good[place + 1 :]
        assert await verifier.verify(changed) is None, place


# --- which keys are used ---

UNFIT: dict[str, tuple[Key, dict[str, Any]]] = {
    "for encryption": (FOREIGN, {"use": "enc"}),
    "for another algorithm": (FOREIGN, {"alg": "RS512"}),
    "for HMAC": (FOREIGN, {"alg": "HS256"}),
    "for signing only": (FOREIGN, {"key_ops": ["sign"]}),
    "for invalid operations": (FOREIGN, {"key_ops": "verify"}),
    "of another type": (FOREIGN, {"kty": "EC"}),
    "of no type": (FOREIGN, {"kty": None}),
    "of an invalid type": (FOREIGN, {"kty": ["RSA"]}),
    "with a curve": (FOREIGN, {"crv": "P-256"}),
    "that is not only public": (key("EdDSA", "foreign"), {"d": encoded(key("EdDSA", "foreign").secret)}),
    "that is short": (key("RS256", "weak"), {}),
    "that is cut": (FOREIGN, {"n": None}),
    "that is not a number": (FOREIGN, {"n": 7}),
    "with an invalid id": (FOREIGN, {"kid": 7}),
    "on another curve": (key("ES384", "384"), {"alg": "ES256"}),
    "that is not on its curve": (key("ES256", "foreign"), {"x": EC.jwk["x"]}),
    "that is another's half": (key("EdDSA", "foreign"), {"x": "AAAA"}),
}


@pytest.mark.parametrize("what", UNFIT)
async def test_an_unsuitable_key_is_not_used_and_the_others_are(
    provider: OwnProvider, verifier: Verifier, what: str
) -> None:
    unfit, changes = UNFIT[what]
    provider.publish(unfit.published(**changes), "no key", EC)
    assert await verifier.verify(signed(EC, claims(provider))) is not None
    for name in (unfit.name, None):
        assert await verifier.verify(signed(unfit, claims(provider), kid=name)) is None


@pytest.mark.parametrize("changes", [{"alg": None, "use": None}, {"key_ops": ["verify"]}])
async def test_a_key_need_not_say_what_it_is_for(
    provider: OwnProvider, verifier: Verifier, changes: dict[str, Any]
) -> None:
    provider.publish(FOREIGN.published(**changes))
    assert await verifier.verify(signed(FOREIGN, claims(provider))) is not None


async def test_a_token_without_a_key_id_is_tried_with_every_key_of_its_algorithm(
    provider: OwnProvider, verifier: Verifier
) -> None:
    provider.publish(RSA, FOREIGN)
    for by in (RSA, FOREIGN):
        assert await verifier.verify(signed(by, claims(provider), kid=None)) is not None
    assert provider.keys_asked_for == 1


# --- how keys are cached ---


async def test_keys_are_requested_once(provider: OwnProvider, verifier: Verifier) -> None:
    tokens = [signed(by, claims(provider, sub=str(n))) for n in range(10) for by in (RSA, EC, ED)]
    introduced = await asyncio.gather(*map(verifier.verify, tokens))
    assert None not in introduced
    assert provider.asked == [DISCOVERY, "/keys"]


async def test_a_server_that_starts_requests_the_keys_in_advance(provider: OwnProvider, verifier: Verifier) -> None:
    verifier.start()
    assert await verifier.verify(signed(RSA, claims(provider))) is not None
    assert provider.asked == [DISCOVERY, "/keys"]


async def test_many_unknown_key_ids_do_not_cause_many_requests_to_the_provider(
    provider: OwnProvider, verifier: Verifier, time: Time
) -> None:
    assert await verifier.verify(signed(RSA, claims(provider))) is not None
    for _ in range(5):
        tokens = [signed(FOREIGN, claims(provider), kid=name) for name in (*map(str, range(50)), None)]
        assert set(await asyncio.gather(*map(verifier.verify, tokens))) == {None}
        time.pass_(29)
    assert provider.keys_asked_for == 3  # at 0, 58 and 116: at 29 and 87 it is too soon


async def test_a_new_key_is_fetched_when_a_token_names_it_and_the_old_one_is_no_longer_valid(
    provider: OwnProvider, verifier: Verifier, time: Time
) -> None:
    old, new = signed(RSA, claims(provider)), signed(FOREIGN, claims(provider))
    assert await verifier.verify(old) is not None
    provider.publish(FOREIGN)
    assert await verifier.verify(new) is None, "it is too soon to ask again"
    time.pass_(30)
    assert await verifier.verify(old) is not None, "nobody has asked yet"
    assert await verifier.verify(new) is not None
    assert await verifier.verify(old) is None


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not seen():  # noqa: ASYNC110 -- what is waited for happens in another thread
            await asyncio.sleep(0.01)


async def test_keys_that_are_an_hour_old_are_refreshed_in_the_background(
    provider: OwnProvider, verifier: Verifier, time: Time
) -> None:
    old = signed(RSA, claims(provider))
    assert await verifier.verify(old) is not None
    provider.publish(FOREIGN)
    time.pass_(3600)
    assert await verifier.verify(old) is not None
    assert provider.keys_asked_for == 1
    time.pass_(1)
    assert await verifier.verify(old) is not None
    assert await verifier.verify(signed(FOREIGN, claims(provider))) is not None
    assert await verifier.verify(old) is None
    assert provider.keys_asked_for == 2


async def test_while_the_provider_is_down_its_keys_are_valid_for_a_day(
    provider: OwnProvider, verifier: Verifier, time: Time
) -> None:
    good = signed(RSA, claims(provider))
    assert await verifier.verify(good) is not None
    provider.stop()
    for _ in range(24):
        time.pass_(3600)
        assert await verifier.verify(good) is not None
    time.pass_(1)
    with pytest.raises(ProviderUnavailable):
        await verifier.verify(good)
    provider.start()
    time.pass_(60)
    assert await verifier.verify(good) is not None


async def test_while_the_provider_is_down_a_new_key_is_unknown(
    provider: OwnProvider, verifier: Verifier, time: Time
) -> None:
    good = signed(RSA, claims(provider))
    assert await verifier.verify(good) is not None
    provider.stop()
    time.pass_(30)
    for name in ("new", None):
        with pytest.raises(ProviderUnavailable):
            await verifier.verify(signed(FOREIGN, claims(provider), kid=name))
    assert await verifier.verify(good) is not None
    assert await verifier.verify(signed(FOREIGN, claims(provider), kid=RSA.name)) is None


async def test_a_provider_that_fails_is_asked_at_growing_intervals(
    provider: OwnProvider, verifier: Verifier, time: Time
) -> None:
    provider.replies["/keys"] = Reply(status=500)
    times = []
    for second in range(200):
        asked = provider.keys_asked_for
        with pytest.raises(ProviderUnavailable):
            await verifier.verify(signed(RSA, claims(provider)))
        if provider.keys_asked_for > asked:
            times.append(second)
        time.pass_(1)
    assert times == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    provider.publish(RSA)
    time.pass_(60)
    assert await verifier.verify(signed(RSA, claims(provider))) is not None
    assert await verifier.verify(signed(FOREIGN, claims(provider))) is None, "that is known again"


async def test_concurrent_callers_share_the_first_request_to_the_provider(
    provider: OwnProvider, verifier: Verifier
) -> None:
    provider.replies["/keys"] = Reply(status=500)
    tokens = [signed(RSA, claims(provider, sub=str(n))) for n in range(50)]
    results = await asyncio.gather(*map(verifier.verify, tokens), return_exceptions=True)
    assert {type(result) for result in results} == {ProviderUnavailable}
    assert provider.keys_asked_for == 1


async def test_a_cancelled_caller_does_not_cancel_the_request_of_the_others(
    provider: OwnProvider, verifier: Verifier
) -> None:
    provider.replies[DISCOVERY] = Reply(body=provider.replies[DISCOVERY].body, pause_s=0.001)
    first = asyncio.create_task(verifier.verify(signed(RSA, claims(provider))))
    second = asyncio.create_task(verifier.verify(signed(RSA, claims(provider))))
    await until(lambda: provider.asked == [DISCOVERY])
    first.cancel()
    assert await second is not None
    assert provider.asked == [DISCOVERY, "/keys"]


async def test_a_server_that_stops_does_not_wait_for_the_provider(provider: OwnProvider, time: Time) -> None:
    provider.replies["/keys"] = Reply(body=b"x" * 100, pause_s=0.1)
    verifier = verifier_of(provider.issuer, time)
    verifier.start()
    await until(lambda: provider.keys_asked_for == 1)
    async with asyncio.timeout(2):
        await verifier.close()


JWKS = json.dumps({"keys": [RSA.jwk]}).encode()
PADDED = JWKS + b" " * (MAX_DOCUMENT_BYTES - len(JWKS))
FAULTS: dict[str, tuple[str, Reply, str]] = {
    "no discovery": (DISCOVERY, Reply(status=404), "the provider responded with 404"),
    "no keys": ("/keys", Reply(status=503), "the provider responded with 503"),
    "keys without end": (
        "/keys",
        Reply(body=PADDED + b" "),
        f"the provider responded with more than {MAX_DOCUMENT_BYTES} bytes",
    ),
    "a description without end": (
        DISCOVERY,
        Reply(body=PADDED + b" "),
        f"the provider responded with more than {MAX_DOCUMENT_BYTES} bytes",
    ),
    "a bomb": (
        "/keys",
        Reply(body=zlib.compress(PADDED), headers={"Content-Encoding": "deflate"}),
        "the provider compressed its response without being asked",
    ),
    "a response that is not JSON": ("/keys", Reply(body=b"<html>"), "the provider's response is not JSON"),
    "a response that is not an object": (DISCOVERY, Reply(body=b"[]"), "the provider's response is not a JSON object"),
    "keys that are not a list": (
        "/keys",
        Reply(body=b'{"keys": {}}'),
        "the provider publishes no key that can be used",
    ),
    "an empty set": ("/keys", Reply(body=b'{"keys": []}'), "the provider publishes no key that can be used"),
    "only invalid keys": (
        "/keys",
        Reply(body=b'{"keys": [1]}'),
        "the provider publishes no key that can be used",
    ),
    "a redirection of keys": (
        "/keys",
        Reply(status=302, headers={"Location": "/evil"}),
        "the provider responded with 302",
    ),
    "a redirection": (DISCOVERY, Reply(status=301, headers={"Location": "/evil"}), "the provider responded with 301"),
}


async def assert_unavailable(verifier: Verifier, token: str, caplog: pytest.LogCaptureFixture, cause: str) -> None:
    with pytest.raises(ProviderUnavailable):
        await verifier.verify(token)
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (record.getMessage(), vars(record)["cause"]) == ("the identity provider's keys could not be read", cause)


@pytest.mark.parametrize("what", FAULTS)
async def test_an_invalid_response_of_the_provider_counts_as_an_outage(
    provider: OwnProvider, verifier: Verifier, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    path, reply, cause = FAULTS[what]
    provider.replies["/evil"] = Reply(body=JWKS)
    provider.replies[path] = reply
    await assert_unavailable(verifier, signed(RSA, claims(provider)), caplog, cause)
    assert "/evil" not in provider.asked


async def test_a_response_of_the_greatest_allowed_size_is_read(provider: OwnProvider, verifier: Verifier) -> None:
    provider.replies["/keys"] = Reply(body=PADDED)
    assert await verifier.verify(signed(RSA, claims(provider))) is not None


ELSEWHERE = "the discovery document has no https URL for the keys"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"issuer": "https://evil.example"}, "the discovery document is from another issuer"),
        ({"issuer": None}, "the discovery document is from another issuer"),
        ({"jwks_uri": None}, ELSEWHERE),
        ({"jwks_uri": ["https://evil.example"]}, ELSEWHERE),
        ({"jwks_uri": "http://keys.example/"}, ELSEWHERE),
        ({"jwks_uri": "file:///etc/passwd"}, ELSEWHERE),
        ({"jwks_uri": "/keys"}, ELSEWHERE),
        ({"jwks_uri": "http://[::1/keys"}, ELSEWHERE),
    ],
)
async def test_the_provider_must_name_the_configured_issuer(
    provider: OwnProvider,
    verifier: Verifier,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    cause: str,
) -> None:
    provider.describe(**changes)
    await assert_unavailable(verifier, signed(RSA, claims(provider)), caplog, cause)
    assert provider.keys_asked_for == 0


ORIGIN_REFUSED = "the provider's keys are at {}, which is neither the issuer's origin nor in TICKBOX_OIDC_JWKS_ORIGINS"


@pytest.mark.parametrize(
    ("where", "origin"),
    [
        ("https://keys.example/jwks", "https://keys.example"),
        ("HTTPS://KEYS.example:443/jwks", "https://keys.example"),
        ("https://127.0.0.1:{port}/keys", "https://127.0.0.1:{port}"),
        ("http://127.0.0.1/keys", "http://127.0.0.1"),
        ("http://localhost:{port}/keys", "http://localhost:{port}"),
        ("http://[::1]:{port}/keys", "http://[::1]:{port}"),
    ],
)
async def test_keys_at_an_origin_that_was_not_configured_are_not_requested(
    provider: OwnProvider, verifier: Verifier, caplog: pytest.LogCaptureFixture, where: str, origin: str
) -> None:
    port = provider.issuer.rpartition(":")[2]
    provider.describe(jwks_uri=where.replace("{port}", port))
    cause = ORIGIN_REFUSED.format(origin.replace("{port}", port))
    await assert_unavailable(verifier, signed(RSA, claims(provider)), caplog, cause)
    assert provider.keys_asked_for == 0


async def test_another_server_on_this_machine_is_not_called(
    provider: OwnProvider, verifier: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    with own_provider(RSA) as other:
        provider.describe(jwks_uri=f"{other.issuer}/keys")
        cause = ORIGIN_REFUSED.format(other.issuer)
        await assert_unavailable(verifier, signed(RSA, claims(provider)), caplog, cause)
        assert other.asked == []


async def test_keys_at_an_origin_that_the_operator_configured_are_read(provider: OwnProvider) -> None:
    with own_provider(RSA) as other:
        provider.describe(jwks_uri=f"{other.issuer}/keys")
        keys = SigningKeys(provider.issuer, origins=[other.issuer], monotonic=lambda: 0)
        assert len(await keys.find(RSA.name, algorithm="RS256")) == 1
        await keys.close()
        assert other.asked == ["/keys"]
    assert provider.keys_asked_for == 0


async def test_a_slow_response_is_given_up(provider: OwnProvider, caplog: pytest.LogCaptureFixture) -> None:
    provider.replies[DISCOVERY] = Reply(body=b" " * 1000, pause_s=0.05)
    keys = SigningKeys(provider.issuer, monotonic=lambda: 0, timeout_s=0.3)
    with pytest.raises(ProviderUnavailable):
        await keys.find(RSA.name, algorithm="RS256")
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert vars(record)["cause"] == "TimeoutError"
    await keys.close()


async def test_an_error_in_our_own_code_is_logged_and_the_old_keys_are_kept(
    provider: OwnProvider, verifier: Verifier, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    good = signed(RSA, claims(provider))
    assert await verifier.verify(good) is not None
    await verifier.keys.close()  # an error that only a bug in our own code can cause, and not the provider
    time.pass_(3601)
    assert await verifier.verify(good) is not None
    await until(lambda: any(record.exc_info for record in caplog.records))
    assert await verifier.verify(good) is not None


# --- a real provider ---


async def test_a_real_provider_s_tokens_work_through_a_rotation_and_an_outage(tmp_path: Path, time: Time) -> None:
    real = RealProvider(tmp_path)
    verifier = verifier_of(real.issuer, time)
    time.now = dt.datetime.now(dt.UTC)
    try:
        real.start()
        old = real.id_token("ada", email="ada@example.com", email_verified=True, name="Ada")
        external_identity = await verifier.verify(old)
        assert external_identity is not None
        assert external_identity.identity == Identity(issuer=real.issuer, subject="ada")
        assert (external_identity.email, external_identity.email_verified, external_identity.names) == (
            "ada@example.com",
            True,
            ("Ada",),
        )
        assert await verifier.verify(real.id_token("ada", audience="another program")) is None
        real.stop()
        assert await verifier.verify(old) is not None, "its keys are known"
        real.start()  # with another key
        new = real.id_token("ada")
        time.pass_(30)
        assert await verifier.verify(new) is not None
        assert await verifier.verify(old) is None
        time.now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1, seconds=30)
        assert await verifier.verify(new) is None, "it has expired"
    finally:
        real.close()
        await verifier.close()


# --- allowed URLs ---


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://login.example", True),
        ("https://login.example:8443/realms/a/", True),
        ("http://127.0.0.1:9400", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:9400/a", True),
        ("http://localhost:9400", True),
        ("http://login.example", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("https://", False),
        ("https://ada@login.example", False),
        ("https://:443", False),
        ("https://login.example:http", False),
        ("https://login.example:0", False),
        ("https://login.example\n", False),
        ("https://log in.example", False),
        ("https://l\u00f6gin.example", False),
        ("https://[::1", False),
        ("ftp://login.example", False),
        ("login.example", False),
        ("", False),
    ],
)
def test_the_provider_s_url_must_be_encrypted_unless_it_is_local(url: str, fine: bool) -> None:  # noqa: FBT001 -- a parameter of a test
    assert (split_safe(url) is not None) == fine
