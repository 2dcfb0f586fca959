"""A client that rejects every response that the contract does not declare, and users of it."""

from __future__ import annotations

import itertools
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from httpx import Response
from uuid_utils import uuid7

from tests.support.checking import EVENT_STREAM, ContractChecker, Seen
from tests.support.patience import PATIENCE_S

PASSWORD = "correct horse battery staple"
MAX_PAGES = 100
MERGE_PATCH = "application/merge-patch+json"

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""An SSL context without certificates: nothing here is encrypted, and by default a client would load them all."""

_numbers = itertools.count(1)


@cache
def checker() -> ContractChecker:
    return ContractChecker.of_file()


def check(response: Response) -> None:
    """Raise AssertionError with all that is wrong with a response."""
    _read(response)
    request = response.request
    headers = {name.lower(): value for name, value in response.headers.items()}
    seen = Seen(
        request.method, request.url.raw_path.decode().partition("?")[0], response.status_code, headers, response.content
    )
    faults = checker().faults(seen)
    assert not faults, f"{request.method} {request.url.path} returned {response.status_code}: {faults}"


def _read(response: Response) -> None:
    """Read a response; of a stream of events, which may never end, the first message (tests/support/streams.py)."""
    if response.headers.get("content-type") == EVENT_STREAM and response.request.method != "HEAD":
        content = b""
        for chunk in response.iter_raw():
            content += chunk
            if b"\n\n" in content:
                break
        response.close()
        response._content = content  # noqa: SLF001 -- as if it was all
    response.read()


class Client(httpx.Client):
    """An httpx client for one server that checks every response. Leaving its context closes it."""

    def __init__(self, base_url: str, *, token: str | None = None) -> None:
        super().__init__(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=PATIENCE_S,
            event_hooks={"response": [check]},
            trust_env=False,
            verify=NO_CERTIFICATES,
        )
        self._others: list[Client] = []

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this client and those that were created from it."""
        for other in self._others:
            other.close()
        super().close()

    def merge(self, path: str, body: Any, **headers: str) -> Response:
        """PATCH with a JSON merge patch, and *headers* whose names are written with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.patch(path, json=body, headers={**given, "Content-Type": MERGE_PATCH})

    def with_token(self, token: str | None) -> Client:
        """Another client of the same server, closed with this one."""
        other = Client(str(self.base_url), token=token)
        self._others.append(other)
        return other


@dataclass(frozen=True, slots=True)
class Person:
    """A registered user who is logged in. `home` is the path of the personal workspace."""

    client: Client
    user: dict[str, Any]
    tokens: dict[str, Any]
    home: str

    @property
    def id(self) -> str:
        return str(self.user["id"])

    @property
    def workspace_id(self) -> str:
        return self.home.rpartition("/")[2]

    def create(self, path: str, **body: Any) -> dict[str, Any]:
        """POST a request that must succeed, under the personal workspace or at an absolute path."""
        return created(self.client.post(path if path.startswith("/") else f"{self.home}/{path}", json=body))

    def head(self, workspace: str | None = None) -> int:
        """The number of the last change in a workspace."""
        return int(ok(self.client.get(workspace or self.home))["head"])

    def log_in(self) -> dict[str, Any]:
        """Log in once more and return the tokens."""
        return log_in(self.client, self.user["email"])


def new_email() -> str:
    return f"ada.{next(_numbers)}@example.com"


def new_id() -> str:
    """An id as clients create them (UUIDv7)."""
    return str(uuid7())


def register(client: Client, *, name: str = "Ada", email: str | None = None) -> Person:
    """A new user with a session."""
    email = email or new_email()
    user = created(client.post("/v1/users", json={"email": email, "password": PASSWORD, "name": name}))
    tokens = log_in(client, email)
    mine = client.with_token(tokens["access_token"])
    (workspace,) = ok(mine.get("/v1/workspaces"))["items"]
    return Person(mine, user, tokens, f"/v1/workspaces/{workspace['id']}")


def log_in(client: Client, email: str, password: str = PASSWORD) -> dict[str, Any]:
    return created(client.post("/v1/sessions", json={"email": email, "password": password}))


def ok(response: Response) -> dict[str, Any]:
    """The body of a 200."""
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def created(response: Response) -> dict[str, Any]:
    """The body of a 201."""
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def no_content(response: Response) -> None:
    """Assert that the response is a 204."""
    assert (response.status_code, response.content) == (204, b""), response.text


def rejected(response: Response, status: int, slug: str) -> set[str]:
    """Assert that the response is this problem. Return the places of its errors, each as `<place> <code>`."""
    assert (response.status_code, response.json()["type"]) == (status, f"urn:tickbox:problem:{slug}"), response.text
    return {
        f"{fault.get('pointer') or fault.get('parameter') or fault.get('header')} {fault['code']}"
        for fault in response.json().get("errors", ())
    }


def problem_of(response: Response) -> dict[str, Any]:
    """The members of a problem, without the request that it is about."""
    document: dict[str, Any] = response.json()
    assert document["instance"] == f"urn:uuid:{response.headers['X-Request-Id']}"
    return {name: value for name, value in document.items() if name != "instance"}


def pages(client: Client, path: str, **parameters: Any) -> list[list[dict[str, Any]]]:
    """All pages of a list, from the first to the last."""
    found = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = ok(client.get(path, params={**parameters, **({"cursor": cursor} if cursor else {})}))
        found.append(page["items"])
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            return found
    raise AssertionError(f"the list has no end: {found[-3:]}")


def everything(client: Client, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """The items of all pages."""
    return [item for page in pages(client, path, **parameters) for item in page]
