"""The access matrix: what each operation of a contract must return to each kind of caller.

It is read from the contract alone: `security` and `x-access` say who is admitted, the examples how to send a request.
So an operation that is added to the contract is in the matrix. If it needs what cannot be created here, NotCoveredError
says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from httpx import Response

from domain.secret_tokens import PREFIXES
from tests.support.checking import METHODS, PROBLEM_JSON
from tests.support.clients import Person

ROLES = ("viewer", "editor", "admin", "owner")
SCOPES = ("read", "write", "manage", "account")
"""In the order, and with the names, of the contract's introduction."""

ANY_SCOPE = "any"
"""In the contract: no scope is needed."""
OF_THE_SESSION = ("get_current_session", "delete_current_session")
"""What a request without a session does not find."""

HERE, ELSEWHERE = "here", "elsewhere"

Json = Any
Thing = Callable[[str], Any]
"""Returns the value for a name in a request, such as `task_id`. Raises KeyError for an unknown name."""

_HOW = "say in VALUES of tests/support/request_values.py how to get one"
_KINDS = {prefix: f"{kind}_token" for kind, prefix in PREFIXES.items()}
_TOKEN = re.compile(r"(tb[a-z]_)\w{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class NotCoveredError(Exception):
    """The contract, and what can be created here, are not enough to call an operation. Says what to add, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a contract. `access` is its `x-access`, None if it is public.

    `required` are the parameters that must be sent outside of the path, `optional` the names of others, `content` that
    of the request's body. `events` is its `x-events`, None if it has none. `returns_tag` is whether its 200 has an
    `ETag`; that of a 201 belongs to what was created.
    """

    operation_id: str
    method: str
    path: str
    public: bool
    access: Mapping[str, str] | None
    required: tuple[Mapping[str, Json], ...]
    optional: frozenset[str]
    content: Mapping[str, Json] | None
    events: tuple[str, ...] | None
    returns_tag: bool
    is_safe_post: bool = False

    @property
    def safe(self) -> bool:
        return self.method == "GET" or self.is_safe_post

    @property
    def in_workspace(self) -> bool:
        return "{workspace_id}" in self.path

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def scope(self) -> str:
        """Raises NotCoveredError if the contract names none."""
        if self.access is None or self.access.get("scope") not in (*SCOPES, ANY_SCOPE):
            raise NotCoveredError(f"{self.operation_id} has neither `security: []` nor an x-access with a known scope")
        return self.access["scope"]

    @property
    def role(self) -> str | None:
        """The lowest role that is enough; None outside of workspaces. Raises NotCoveredError if it is neither."""
        role = None if self.access is None else self.access.get("role")
        if (role in ROLES) is not self.in_workspace:
            raise NotCoveredError(f"the x-access of {self.operation_id} names the role {role} for {self.path}")
        return role


def operations(contract: Mapping[str, Json]) -> Iterator[Operation]:
    """All operations, in the order of the contract."""
    for path, item in contract["paths"].items():
        for method in METHODS:
            if (node := item.get(method)) is not None:
                parameters = [
                    _resolved(contract, each) for each in (*item.get("parameters", ()), *node.get("parameters", ()))
                ]
                yield Operation(
                    operation_id=node["operationId"],
                    method=method.upper(),
                    path=path,
                    public=node.get("security", contract.get("security")) == [],
                    access=node.get("x-access"),
                    required=tuple(each for each in parameters if each.get("required") and each["in"] != "path"),
                    optional=frozenset(each["name"] for each in parameters if not each.get("required")),
                    content=_shown(contract, node["requestBody"]["content"]) if "requestBody" in node else None,
                    events=tuple(node["x-events"]) if "x-events" in node else None,
                    is_safe_post="x-safe" in node,
                    returns_tag="ETag"
                    in _resolved(contract, node.get("responses", {}).get("200", {})).get("headers", {}),
                )


def _shown(contract: Mapping[str, Json], content: Mapping[str, Json]) -> Mapping[str, Json]:
    """*content* with its examples, which may be components."""
    return {
        media_type: media
        | {"examples": {name: _resolved(contract, each) for name, each in media.get("examples", {}).items()}}
        for media_type, media in content.items()
    }


def _resolved(contract: Mapping[str, Json], node: Mapping[str, Json]) -> Mapping[str, Json]:
    while "$ref" in node:
        steps = node["$ref"].removeprefix("#/").split("/")
        node = contract
        for step in steps:
            node = node[step]
    return node


# ---------------------------------------------------------------------------------------------------------------------
# who sends a request, and what they must get
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller, as the contract sees them. `person` is the owner of what the request is about, `headers` is what it
    carries.

    `fault` is what is wrong with the token, as `WWW-Authenticate` names it: empty if there is none, None for a valid
    one. `role` is the one in the workspace of the request. `limited_to` is set if the token is for one workspace.
    `through_session` is whether the token is a session's.
    """

    name: str
    person: Person
    headers: tuple[tuple[str, str], ...]
    fault: str | None = None
    role: str | None = None
    scopes: frozenset[str] = frozenset()
    limited_to: str | None = None
    through_session: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A problem, by its status and slug. `challenge` is the `WWW-Authenticate` that comes with it."""

    status: int
    slug: str
    challenge: str | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.slug}"

    def faults(self, response: Response) -> Iterator[str]:
        """The ways in which *response* differs from this refusal."""
        slug = self.slug if response.request.method == "HEAD" else _slug(response)
        if (response.status_code, slug) != (self.status, self.slug):
            yield f"wanted {self}, got {response.status_code} {response.text[:300]}"
        challenge = response.headers.get("WWW-Authenticate")
        if challenge != self.challenge:
            yield f"wanted the challenge {self.challenge}, got {challenge}"


def _slug(response: Response) -> str:
    """The kind of a problem; empty if the response is not a problem."""
    is_problem = response.headers.get("Content-Type") == PROBLEM_JSON
    return str(response.json()["type"]).rpartition(":")[2] if is_problem else ""


NOT_FOUND = Refusal(status=404, slug="not-found")
ROLE_TOO_SMALL = Refusal(status=403, slug="insufficient-role")
SCOPE_MISSING = Refusal(status=403, slug="insufficient-scope")


def expected(operation: Operation, caller: Caller) -> Refusal | None:
    """How the contract says that *caller* is rejected; None if they are admitted.

    In this order: the token, the membership, the role, the scope. A token for some workspaces can only read outside of
    them, as `create_personal_token` says.
    """
    if operation.public:
        return None
    if caller.fault is not None:
        error = f', error="{caller.fault}"' if caller.fault else ""
        return Refusal(status=401, slug="unauthenticated", challenge=f'Bearer realm="tickbox"{error}')
    scope, role, scopes = operation.scope, operation.role, caller.scopes
    if role is None:
        scopes = scopes if caller.limited_to is None else scopes & {"read"}
    elif caller.role is None or caller.limited_to == ELSEWHERE:
        return NOT_FOUND
    elif ROLES.index(caller.role) < ROLES.index(role):
        return ROLE_TOO_SMALL
    return None if scope == ANY_SCOPE or scope in scopes else SCOPE_MISSING


# ---------------------------------------------------------------------------------------------------------------------
# how to send a request
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that would get a 2xx if it were admitted."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None

    def with_headers(self, *headers: tuple[str, str]) -> Request:
        names = {name.lower() for name, _ in headers}
        kept = (each for each in self.headers if each[0].lower() not in names)
        return replace(self, headers=(*kept, *headers))


def request_of(operation: Operation, thing: Thing) -> Request:
    """A valid request of *operation*: the contract's first example, and *thing* for what only the server can create.

    A thing is looked up as `create_session.email`, and if that is unknown as `email`. Raises NotCoveredError.
    """
    things = _Things(operation, thing)
    path = re.sub(r"{(\w+)}", lambda found: str(things.get(found[1])), operation.path)
    query: dict[str, str] = {}
    headers: list[tuple[str, str]] = []
    for parameter in operation.required:
        if "example" not in parameter:
            raise NotCoveredError(f"{operation.operation_id} needs {parameter['name']}, and has no example of it")
        value = str(things.fill(parameter["name"], parameter["example"]))
        if parameter["in"] == "query":
            query[parameter["name"]] = value
        else:
            headers.append((parameter["name"], value))
    content = None
    if operation.content is not None:
        media_type, media = next(iter(operation.content.items()))
        headers.append(("Content-Type", media_type))
        content = json.dumps(things.fill("", _first_example(operation, media))).encode()
    return Request(method=operation.method, path=path, query=query, headers=tuple(headers), content=content)


def _first_example(operation: Operation, media: Mapping[str, Json]) -> Json:
    for example in media.get("examples", {}).values():
        return example["value"]
    raise NotCoveredError(f"{operation.operation_id} takes a body, and has no example of one in the contract")


@dataclass(frozen=True, slots=True)
class _Things:
    operation: Operation
    thing: Thing

    def knows(self, name: str) -> str | None:
        """The name under which a thing is found; None if there is none."""
        for key in (f"{self.operation.operation_id}.{name}", name):
            try:
                self.thing(key)
            except KeyError:
                continue
            return key
        return None

    def get(self, name: str) -> Json:
        if (key := self.knows(name)) is None:
            raise NotCoveredError(f"{self.operation.operation_id} needs a {name}: {_HOW}")
        return self.thing(key)

    def fill(self, name: str, example: Json) -> Json:
        """*example*, which is under *name*, with real ids and tokens in place of those that do not exist."""
        if key := self.knows(name):
            return self.thing(key)
        if isinstance(example, dict):
            return {inner: self.fill(inner, value) for inner, value in example.items()}
        if isinstance(example, list):
            return [self.fill(name.removesuffix("s"), value) for value in example]
        if isinstance(example, str) and (found := _TOKEN.fullmatch(example)):
            return self.get(_KINDS.get(found[1], f"token that begins with {found[1]}"))
        if isinstance(example, str) and _UUID.fullmatch(example):
            return self.get(name)
        return example
