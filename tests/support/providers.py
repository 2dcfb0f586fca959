"""Identity providers: a real one in its own process, and one of ours that may return anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

from tests.support.patience import PATIENCE_S
from tests.support.programs import patiently

AUDIENCE = "tickbox"
_REDIRECT = "http://127.0.0.1:1/back"
_ALGORITHMS = get_default_algorithms()

Json = Any


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class RealProvider:
    """`oidc-provider-mock`, an OpenID provider with a new key at each start, always on one port."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._log = folder / "provider.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.issuer, trust_env=False, timeout=PATIENCE_S)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self._port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"NO_COLOR": "1"})
        for _ in patiently():
            assert self._process.poll() is None, self._log.read_text()
            try:
                self._client.get("/jwks").raise_for_status()
            except httpx.TransportError:
                continue
            return

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def close(self) -> None:
        self.stop()
        self._client.close()

    def id_token(self, subject: str, *, audience: str = AUDIENCE, **claims: Json) -> str:
        """The token of a person who logs in there, by the authorization-code flow, for a client named *audience*."""
        self._client.put(f"/users/{subject}", json=claims).raise_for_status()
        asked = {
            "response_type": "code",
            "client_id": audience,
            "redirect_uri": _REDIRECT,
            "scope": "openid profile email",
        }
        agreed = self._client.post("/oauth2/authorize", params=asked, data={"sub": subject})
        (code,) = parse_qs(urlsplit(agreed.headers["Location"]).query)["code"]
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": _REDIRECT}
        response = self._client.post("/oauth2/token", data=body, auth=(audience, "secret"))
        token: str = response.raise_for_status().json()["id_token"]
        return token


@dataclass(frozen=True, slots=True)
class Key:
    """A private key, and how the provider publishes its public half."""

    private: PrivateKeyTypes
    algorithm: str
    jwk: dict[str, Json]

    @property
    def name(self) -> str:
        return str(self.jwk["kid"])

    def published(self, **changes: Json) -> dict[str, Json]:
        """Its JWK with *changes*; a member that is changed to None is left out."""
        return {name: value for name, value in (self.jwk | changes).items() if value is not None}

    @property
    def secret(self) -> bytes:
        """The private half of an Ed25519 key."""
        assert isinstance(self.private, Ed25519PrivateKey)
        return self.private.private_bytes_raw()

    @property
    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@cache
def key(algorithm: str, name: str) -> Key:
    """A key, the same for the same *name*: creating one for RSA takes long."""
    private: PrivateKeyTypes
    match algorithm:
        case "RS256" | "RS384" | "RS512" | "PS256":
            private = rsa.generate_private_key(public_exponent=65537, key_size=1024 if "weak" in name else 2048)
        case "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            private = ec.generate_private_key(ec.SECP384R1())
        case "EdDSA":
            private = Ed25519PrivateKey.generate()
        case _:
            raise ValueError(algorithm)
    public = _ALGORITHMS[algorithm].to_jwk(private.public_key(), as_dict=True)
    return Key(private, algorithm, {**public, "kid": name, "alg": algorithm, "use": "sig"})


def encoded(data: bytes | Json) -> str:
    """*data*, or its JSON, as a part of a JWT."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(by: Key, claims: bytes | Json, **header: Json) -> str:
    """A JWT, signed with *by*. Members of *header* that are None are left out."""
    full = {"alg": by.algorithm, "typ": "JWT", "kid": by.name} | header
    head = encoded({name: value for name, value in full.items() if value is not None})
    message = f"{head}.{encoded(claims)}"
    return f"{message}.{encoded(_ALGORITHMS[by.algorithm].sign(message.encode(), by.private))}"


def hashed(secret: bytes, claims: Json, **header: Json) -> str:
    """A JWT with an HMAC."""
    message = f"{encoded({'alg': 'HS256', 'typ': 'JWT'} | header)}.{encoded(claims)}"
    return f"{message}.{encoded(hmac.digest(secret, message.encode(), hashlib.sha256))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The response at a path; *pause_s* passes before each byte of the body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_s: float = 0


class OwnProvider:
    """A provider on this machine that publishes what a test sets, and records the requests that it gets."""

    def __init__(self) -> None:
        self._port = free_port()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.asked: list[str] = []
        self.replies: dict[str, Reply] = {}
        self.describe()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def keys_asked_for(self) -> int:
        """How often its keys were requested."""
        return self.asked.count("/keys")

    def describe(self, **changes: Json) -> None:
        """Publish the discovery document, with *changes*."""
        document = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"} | changes
        self.replies["/.well-known/openid-configuration"] = Reply(body=json.dumps(document).encode())

    def publish(self, *keys: Key | Json) -> None:
        jwks = {"keys": [each.jwk if isinstance(each, Key) else each for each in keys]}
        self.replies["/keys"] = Reply(body=json.dumps(jwks).encode())

    def start(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                reply = provider.replies.get(self.path, Reply(status=404))
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for part in [reply.body] if not reply.pause_s else [bytes([byte]) for byte in reply.body]:
                        time.sleep(reply.pause_s)
                        self.wfile.write(part)
                except ConnectionError:
                    return

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


@contextmanager
def own_provider(*keys: Key | Json) -> Iterator[OwnProvider]:
    """A provider that publishes *keys*, while the context lasts."""
    provider = OwnProvider()
    provider.publish(*keys)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
