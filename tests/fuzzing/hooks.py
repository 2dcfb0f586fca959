"""Schemathesis' hooks for Tickbox: what it cannot know from the contract's schemas.

    arranging   ids, cursors, entity tags, tokens and the current password, which only the server can create, are at
                times replaced by real ones; an operation that ends an account or a session gets one of its own to end
    judging     a request that fits the schemas may be rejected by a rule that the contract states in words,
                with the error of that rule and no other
    reading     the contract as YAML is described as a text, so it is not parsed

Schemathesis loads this module by its name in `schemathesis.toml`.
"""

import itertools
import json
import os
import re
import time
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode

import httpx
import schemathesis
from hypothesis import strategies
from schemathesis.core import media_types
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario, TestPhase
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData

from domain import zones
from tests.fuzzing.people import credentials
from tests.support.patience import PATIENCE_S

Case: TypeAlias = schemathesis.Case[Any]

ADA = credentials()["ada"]

RULES: Mapping[tuple[str, str], str] = {
    ("cursor", "cursor"): "a cursor belongs to one list, its filters and its sort",
    ("cursor", "Last-Event-ID"): "the place of a stream is such a cursor",
    ("id-taken", "#/id"): "an id belongs to one resource, and to the one request that created it",
    ("reused", "Idempotency-Key"): "a key is of one request",
    ("password", "#/current_password"): "the current password must be the current one",
    ("required", "#/current_password"): "an account with a password changes its address with the password only",
    ("common", "#/password"): "a password is not easily guessed",
    ("common", "#/new_password"): "a password is not easily guessed",
    ("project", "#/project_id"): "a project is one of the same workspace",
    ("section", "#/section_id"): "a task's section is one of its project",
    ("task", "#/parent_id"): "a task's parent is one of the same workspace",
    ("place", "#/project_id"): "a subtask is in its parent's project",
    ("place", "#/section_id"): "a subtask is in its parent's section",
    ("level", "#/parent_id"): "tasks have five levels",
    ("label", "#/label_ids/*"): "a task's labels are those of the same workspace",
    ("member", "#/assignee_ids/*"): "a task's assignees are members",
    ("task", "#/depends_on_ids/*"): "a task depends on tasks of the same workspace",
    ("cycle", "#/depends_on_ids/*"): "no task depends on itself",
    **dict.fromkeys(
        ((code, f"#/{name}") for code in ("sibling", "place", "level") for name in ("before", "after", "parent_id")),
        "what is moved goes to one place, beside or under something else that exists",
    ),
    **dict.fromkeys(
        (("blank", f"#/{name}") for name in ("title", "name", "text", "device")), "what is blank shows nothing"
    ),
    ("max-length", "#/metadata/*"): "a key of metadata has at most 40 characters",
    ("blank", "#/metadata/*"): "a key of metadata shows something",
    ("max-properties", "#/metadata"): "metadata have 20 keys",
    ("workspace", "#/workspace_ids"): "a token's workspaces are its user's",
    ("not-limitable", "#/scopes"): "what concerns all workspaces is not for some",
    ("past", "#/expires_at"): "what expires, does so in the future",
    ("token", "#/token"): "a token is sent by e-mail, and works once",
    ("token", "#/invitation_token"): "a token is sent by e-mail, and works once",
    ("required", "#/due/date"): "a time is of a day",
    ("required", "#/due/time"): "a time zone is of a time",
    ("required", "#/occurrence/time"): "a time zone is of a time",
    ("required", "#/start/date"): "a time is of a day",
    ("required", "#/start/time"): "a time zone is of a time",
    ("required", "#/from/time"): "a time zone is of a time",
    ("required", "#/due"): "what recurs is due",
    ("required", "#/recurrence"): "a preview is of a recurrence",
    ("required", "#/recurrence/rule"): "what recurs has a rule",
    ("one-of", "#/at"): "a reminder is for an instant or for a time before the task is due",
    **dict.fromkeys(
        (
            (f"rule-{fault}", "#/recurrence/rule")
            for fault in ("malformed", "unsupported", "parts-conflict", "unlike-due", "never-occurs", "count")
        ),
        "a rule is one of RFC 5545 that the server supports, that suits the due value, and that goes on after it",
    ),
    ("time-zone", "#/time_zone"): "a time zone is one that the server knows",
    ("time-zone", "#/due/time_zone"): "a time zone is one that the server knows",
    ("time-zone", "#/start/time_zone"): "a time zone is one that the server knows",
    ("time-zone", "#/from/time_zone"): "a time zone is one that the server knows",
    ("time-zone", "#/occurrence/time_zone"): "a time zone is one that the server knows",
}
"""The rules that no schema states, by the code and the place of the error that each has. `*` is any index or key."""

NUL = "nul"
"""The code of the rule for every text: no NUL character. (A query with one is a malformed request.)"""

_ONE_IN = int(os.environ.get("TICKBOX_TEST_INVALID", "1"))
"""Of the invalid requests of each of these kinds, one in so many is sent."""
_ONE_IN_OTHERS = max(1, _ONE_IN // 5)
"""Of those of each other kind."""
_NUMEROUS = {
    CoverageScenario.INCORRECT_TYPE,
    CoverageScenario.INVALID_PATTERN,
    CoverageScenario.STRING_ABOVE_MAX_LENGTH,
    CoverageScenario.STRING_BELOW_MIN_LENGTH,
    CoverageScenario.UNSPECIFIED_HTTP_METHOD,
}
"""Half of all invalid requests. The engine rejects them in the same way for each operation."""
_LONGEST_QUERY = 30_000
"""The most characters of a query that are sent; a request line and headers may have 32 KiB."""
_READERS = 10
"""The number of accounts that are created at a time for their e-mails."""
_INDEX_OR_KEY = re.compile(r"/\d+$|(?<=^#/metadata)/.*", re.DOTALL)
_IN_BATCH = re.compile(r"^#/operations/\d+/(create|\w+/body)")
_TOKEN = re.compile(r"tb[vfi]_\w{49}")
_ZONES = sorted(zones.names())
_RECURRENCES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SA;COUNT=10", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD")
_WORKSPACES = "/v1/workspaces"
_KINDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "project_id": ("projects", {"name": "Garden"}),
    "section_id": ("sections", {"name": "Beds"}),
    "label_id": ("labels", {"name": "Outside"}),
    "task_id": ("tasks", {"title": "Buy milk"}),
}
"""What is in a workspace, by its parameter in paths: the collection, and the smallest body that creates one."""
_COLLECTIONS = {"workspaces": "workspace_id"} | {collection: name for name, (collection, _) in _KINDS.items()}
_REFERENCES = {"project_id": "project_id", "section_id": "section_id", "parent_id": "task_id", "label_ids": "label_id"}
_REFERENCES |= {"depends_on_ids": "task_id", "depends_on_id": "task_id", "task_id": "task_id", "label_id": "label_id"}
"""The members of bodies, and the filters, that name what is in a workspace."""
_CONTENT = {"project_id": ("section_id", "task_id"), "section_id": ("task_id",), "task_id": ("task_id",)}
"""What is deleted with a project, a section and a task. Its ids are forgotten, some too many."""


def _parts(body: Any) -> Iterator[Any]:
    """A body, or a query, and the operations in it with their bodies."""
    yield body
    for operation in body.get("operations", ()):
        for members in operation.values():
            yield members
            yield members.get("body") or {}


@dataclass
class _Things:
    """Ada's workspaces, and what is in them: `alive` by workspace and kind, the latest last.

    `ever` also has those that were deleted, each with its workspace.
    """

    alive: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    ever: set[tuple[str, str]] = field(default_factory=set)

    def arrange(self, case: Case) -> None:
        """Replace ids that do not exist by ids that do; but a chain of requests may come back to what was deleted."""
        ids = case.path_parameters
        if self._is_to_go(case, ids["workspace_id"], ids["workspace_id"], self.alive):
            ids["workspace_id"] = self.workspace(case)
        for name, things in self.alive.get(ids["workspace_id"], {}).items():
            if name in ids and self._is_to_go(case, ids["workspace_id"], ids[name], things):
                ids[name] = things[-1] if things else self._create(case, name)
        if "depends_on_id" in ids and self.exist(case) and _is_chosen(case, ids["depends_on_id"]):
            ids["depends_on_id"] = self._create(case, "task_id")
        is_chain = _phase(case) == TestPhase.STATEFUL
        if "comment_id" in ids and not is_chain and self.exist(case) and _is_chosen(case, ids["comment_id"]):
            comments = f"{_WORKSPACES}/{ids['workspace_id']}/tasks/{ids['task_id']}/comments"
            ids["comment_id"] = str(_send_as_ada(case, "POST", comments, {"text": "Red ones."})["id"])
        if "reminder_id" in ids and not is_chain and self.exist(case) and _is_chosen(case, ids["reminder_id"]):
            ids["task_id"] = self._create(case, "task_id")  # of one task, a user has few
            reminders = f"{_WORKSPACES}/{ids['workspace_id']}/tasks/{ids['task_id']}/reminders"
            ids["reminder_id"] = str(_send_as_ada(case, "POST", reminders, {"before_due": 30})["id"])
        if case.path.endswith("/assignees/{user_id}") and _is_chosen(case, ids["user_id"]):
            ids["user_id"] = str(_send_as_ada(case, "GET", "/v1/users/me")["id"])

    def put_references(self, case: Case) -> None:
        """Let a task, a section, a list or an operation of a batch refer to what is in the same workspace."""
        if _is_valid(case, ParameterLocation.QUERY):
            for part in _parts(_valid_body(case) or case.query):
                self._put_references(case, part)
        if case.path.endswith("_id}/move") and self.exist(case):
            self._put_sibling(case, kind=case.path.split("/")[-2].strip("{}"))

    def _put_sibling(self, case: Case, *, kind: str) -> None:
        body = _valid_body(case)
        for member in body.keys() & {"before", "after"}:
            if _is_chosen(case, body[member]):
                body[member] = self._create(case, kind)

    def _put_references(self, case: Case, part: Any) -> None:
        for member, name in _REFERENCES.items():
            given = part.get(member)
            if isinstance(given, str):
                part[member] = self._existing(case, name, given)
            elif isinstance(given, list):
                part[member] = sorted({self._existing(case, name, each) for each in given})
        for inner, outer in (("parent_id", "section_id"), ("parent_id", "project_id"), ("section_id", "project_id")):
            if part is not case.query and part.get(inner) and _is_chosen(case, part[inner]):
                part.pop(outer, None)  # which follows from it

    def _existing(self, case: Case, name: str, given: str) -> str:
        workspace_id = case.path_parameters["workspace_id"]
        things = self.alive.get(workspace_id)
        if things is None or not self._is_to_go(case, workspace_id, given, things[name]):
            return given
        return things[name][-1] if things[name] else self._create(case, name)

    def learn(self, case: Case, response: schemathesis.Response) -> None:
        """Note what *response* created or deleted."""
        if response.status_code == httpx.codes.CREATED and case.path.startswith(_WORKSPACES):
            thing = response.json()
            kind = _COLLECTIONS.get(response.headers["location"][0].split("/")[-2])
            if kind:
                self._add(kind, thing["id"], thing.get("workspace_id", thing["id"]))
        elif response.status_code == httpx.codes.NO_CONTENT:
            ids = {name: value.lower() for name, value in case.path_parameters.items()}
            deleted = _operation_id(case).removeprefix("delete_") + "_id"
            if deleted == "workspace_id":
                self.alive.pop(ids["workspace_id"], None)
            elif deleted in _KINDS and (things := self.alive.get(ids["workspace_id"])):
                things[deleted] = [kept for kept in things[deleted] if kept != ids[deleted]]
                things.update({name: [] for name in _CONTENT.get(deleted, ())})

    def exist(self, case: Case) -> bool:
        """Whether what the path names exists, which Schemathesis does not see where it was deleted with something."""
        ids = case.path_parameters
        things = self.alive.get(ids.get("workspace_id", ""), {})
        return bool(things) and all(ids[name] in known for name, known in things.items() if name in ids)

    def _is_to_go(self, case: Case, workspace_id: str, given: str, alive: Container[str]) -> bool:
        stays = (workspace_id, given) in self.ever if _phase(case) == TestPhase.STATEFUL else given in alive
        return not stays and _is_chosen(case, given)

    def _add(self, name: str, thing_id: str, workspace_id: str) -> None:
        self.ever.add((workspace_id, thing_id))
        things = self.alive.setdefault(workspace_id, {name: [] for name in _KINDS})
        if name != "workspace_id":
            things[name].append(thing_id)

    def workspace(self, case: Case) -> str:
        """The latest workspace."""
        if not self.alive:
            personal = _send_as_ada(case, "GET", _WORKSPACES)["items"][0]
            self._add("workspace_id", personal["id"], personal["id"])
        return next(reversed(self.alive))

    def _create(self, case: Case, name: str) -> str:
        workspace_id = case.path_parameters["workspace_id"]
        kind, body = _KINDS[name]
        if name == "label_id":  # whose name is used once
            body = {"name": f"{body['name']} {len(self.ever)}"}
        elif name == "section_id":
            body = {**body, "project_id": self._create(case, "project_id")}  # the latest one may be archived
        created = str(_send_as_ada(case, "POST", f"{_WORKSPACES}/{workspace_id}/{kind}", body)["id"])
        self._add(name, created, workspace_id)
        return created


@dataclass
class _Somebody:
    """An account for the operations that end one, or its sessions. It is created, and logged in, again when needed."""

    number: int = 0
    credentials: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def arrange(self, case: Case) -> None:
        """Let *case* use this account, and its password."""
        if case.auth_identity is None or "Authorization" not in case.headers:
            return
        if not self.credentials:
            self.number += 1
            self.credentials = {"email": f"somebody-{self.number}@example.net", "password": "soon to be ended"}
            _send(case, "POST", "/v1/users", self.credentials | {"name": "Somebody"})
        if not self.token:
            self.token = str(_log_in(case, self.credentials)["access_token"])
        case.headers["Authorization"] = f"Bearer {self.token}"
        if "current_password" in (body := _valid_body(case)):
            body["current_password"] = self.credentials["password"]

    def learn(self, case: Case) -> None:
        """Note what *case* has ended or changed."""
        match _operation_id(case):
            case "delete_me":
                self.credentials, self.token = {}, ""
            case "delete_all_sessions" | "delete_current_session":
                self.token = ""
            case "change_password":
                self.credentials["password"] = _valid_body(case)["new_password"]
            case _:
                pass


@dataclass
class _EmailTokens:
    """Unused tokens from e-mails, by kind. They are read where an operator reads them.

    Without a mail server, the server logs the text of e-mails. The log of a server that was started elsewhere is not
    known.
    """

    tokens: dict[str, list[str]] = field(default_factory=lambda: {"verification": [], "reset": []})
    readers: int = 0

    def arrange(self, case: Case, *, kind: str) -> None:
        """Let *case* present a token of this kind."""
        body = _valid_body(case)
        log = Path(os.environ.get("TICKBOX_TEST_SERVER_LOG", ""))
        if not body or not _is_chosen(case, body["token"]) or not log.is_file():
            return
        if not self.tokens[kind]:
            self._create(case, log)
        body["token"] = self.tokens[kind].pop()

    def _create(self, case: Case, log: Path) -> None:
        """Create accounts, each of which is sent an e-mail of each kind: the server sends e-mails once a second."""
        addresses = [f"reader-{self.readers + n}@example.net" for n in range(_READERS)]
        self.readers += _READERS
        for email in addresses:
            _send(case, "POST", "/v1/users", {"email": email, "password": "a password", "name": "Reader"})
            _send(case, "POST", "/v1/users/forgot-password", {"email": email})
        deadline = time.monotonic() + PATIENCE_S
        while len(letters := [each for each in _tokens_in(log) if each["to"] in addresses]) < 2 * _READERS:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(letters)} of {2 * _READERS} e-mails are in the log")
            time.sleep(0.05)
        for letter in letters:
            self.tokens[letter["kind"]] += _TOKEN.findall(letter["request"])


def _tokens_in(log: Path) -> Iterator[dict[str, str]]:
    for line in log.read_text().splitlines():
        if '"tickbox.unsent"' in line and line.endswith("}") and "request" in (letter := json.loads(line)):
            yield letter


@dataclass
class _SharedWorkspace:
    """A workspace of Ada's with a guest in it, created anew for each request: many requests end what they find.

    Creating it takes several requests, so it is done only for the examples.
    """

    guests: int = 0

    def arrange(self, case: Case) -> None:
        """Let *case* be about a guest or, where a member leaves, be sent by the guest."""
        joins = _operation_id(case) == "accept_invitation"  # a fuzzed request would nearly always be rejected
        if _phase(case) != TestPhase.EXAMPLES and not (joins and _phase(case) != TestPhase.STATEFUL):
            return
        workspace_id = self._workspace(case)
        email, operation = self._new_guest(case), _operation_id(case)
        if operation == "accept_invitation":
            body = _valid_body(case)
            if body and _is_chosen(case, body["token"]) and (token := self._invite(case, workspace_id, email)):
                body["token"] = token
                if "Authorization" in case.headers:  # Ada is a member already
                    guest = _log_in(case, {"email": email, "password": _GUEST_PASSWORD})
                    case.headers["Authorization"] = f"Bearer {guest['access_token']}"
        elif _is_valid(case, ParameterLocation.PATH):
            case.path_parameters["workspace_id"] = workspace_id
            self._fill(case, workspace_id, email, operation)

    def _fill(self, case: Case, workspace_id: str, email: str, operation: str) -> None:
        if "invitation_id" in case.path_parameters:
            case.path_parameters["invitation_id"] = self._invited(case, workspace_id, email)["id"]
        elif operation in {"get_member", "update_member", "remove_member", "leave_workspace"}:
            token = self._invite(case, workspace_id, email)
            if not token:
                return
            guest = str(_log_in(case, {"email": email, "password": _GUEST_PASSWORD})["access_token"])
            _send(case, "POST", "/v1/invitations/accept", {"token": token}, token=guest)
            if operation == "leave_workspace":
                if "Authorization" in case.headers:
                    case.headers["Authorization"] = f"Bearer {guest}"
            else:
                case.path_parameters["user_id"] = _send(case, "GET", "/v1/users/me", token=guest)["id"]

    def _workspace(self, case: Case) -> str:
        body = {"name": "Household"}
        return str(_send_as_ada(case, "POST", _WORKSPACES, body)["id"])

    def _new_guest(self, case: Case) -> str:
        self.guests += 1
        email = f"guest-{self.guests}@example.net"
        _send(case, "POST", "/v1/users", {"email": email, "password": _GUEST_PASSWORD, "name": "Guest"})
        return email

    def _invited(self, case: Case, workspace_id: str, email: str) -> Any:
        path, body = f"{_WORKSPACES}/{workspace_id}/invitations", {"email": email, "role": "editor"}
        return _send_as_ada(case, "POST", path, body)

    def _invite(self, case: Case, workspace_id: str, email: str) -> str:
        """The token of an invitation; empty if the server sends it by e-mail."""
        return self._invited(case, workspace_id, f"to-{email}")["token"] or ""


@dataclass
class _Seen:
    """What the server has returned: cursors by list, filters and sort; entity tags by resource."""

    cursors: dict[tuple[str, frozenset[tuple[str, str]]], str] = field(default_factory=dict)
    entity_tags: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def learn(self, case: Case, response: schemathesis.Response) -> None:
        """Store what *response* returned."""
        if etag := response.headers.get("etag"):
            self.entity_tags[case.formatted_path] = etag[0]
        if _operation_id(case).startswith("list_") and (cursor := response.json()["next_cursor"]):
            self.cursors[self._page(case)] = cursor

    def put_cursor(self, case: Case) -> None:
        """Continue after a page, or begin at the beginning, instead of sending an invalid cursor."""
        cursor = case.query.get("cursor")
        if not isinstance(cursor, str) or not _is_valid(case, ParameterLocation.QUERY):
            return
        if known := self.cursors.get(self._page(case)):
            case.query["cursor"] = known
        elif _is_chosen(case, cursor):
            del case.query["cursor"]

    @staticmethod
    def put_end(case: Case) -> None:
        """Let a stream end, which otherwise is read until the time-out. It begins now, not at a made-up place."""
        if _operation_id(case).startswith("stream_"):
            case.query.setdefault("until", "head")
            for given in (case.query, case.headers):
                for name in {"cursor", "Last-Event-ID"} & given.keys():
                    if isinstance(given[name], str) and _is_chosen(case, given[name]):
                        del given[name]

    def put_entity_tag(self, case: Case) -> None:
        """Require, half of the time, that the resource has not changed since it was read.

        Not in a chain of requests, which continues with what is in the response.
        """
        given = case.headers.get("If-None-Match")
        if not given or not _is_valid(case, ParameterLocation.HEADER) or _phase(case) == TestPhase.STATEFUL:
            return
        if _sum(f"{given} {case.formatted_path} {case.query}") % 2 == 0:
            case.headers["If-None-Match"] = self.entity_tags.get(case.formatted_path, given)

    @staticmethod
    def put_condition(case: Case) -> None:
        """Require only that the resource exists: Schemathesis makes up versions of nothing."""
        given = case.headers.get("If-Match")
        if given and _is_valid(case, ParameterLocation.HEADER) and _is_chosen(case, given):
            case.headers["If-Match"] = "*"

    def put_key(self, case: Case) -> None:
        """Use an unused key: those that Schemathesis makes up, such as `0`, were used before."""
        given = case.headers.get("Idempotency-Key")
        if given and _is_valid(case, ParameterLocation.HEADER) and _is_chosen(case, given):
            case.headers["Idempotency-Key"] = f"key-{next(self.numbers)}"

    def put_id(self, case: Case) -> None:
        """Send an unused id: those that Schemathesis makes up, such as zeros only, were used before."""
        body = _valid_body(case)
        if body.get("id") and _is_chosen(case, body["id"]):
            body["id"] = f"019cb30a-df33-7074-8b2c-{next(self.numbers):012x}"

    def put_email(self, case: Case) -> None:
        """Register an unused address: those that Schemathesis makes up, such as `0@0`, were registered before."""
        body = _valid_body(case)
        if body and _is_chosen(case, body["email"]):
            body["email"] = f"newcomer-{next(self.numbers)}@example.net"

    def put_password(self, case: Case) -> None:
        """Choose a password that is not guessable: those that Schemathesis makes up, such as `00000000`, are."""
        body = _valid_body(case)
        for name in ("password", "new_password"):
            if name in body and _is_chosen(case, body[name]):
                body[name] = f"nobody would guess {next(self.numbers)}"

    @staticmethod
    def _page(case: Case) -> tuple[str, frozenset[tuple[str, str]]]:
        filters = {(name, str(value)) for name, value in case.query.items() if name not in {"cursor", "limit"}}
        return case.formatted_path, frozenset(filters)


# Schemathesis makes up headers of letters and digits only, so an entity tag needs a format of its own.
schemathesis.openapi.format("entity-tags", strategies.from_regex(r'(W/)?"[a-z0-9]{0,20}"', fullmatch=True))

_GUEST_PASSWORD = "somebody else is here"

_numbers = {scenario: itertools.count() for scenario in CoverageScenario}
_client = httpx.Client(timeout=PATIENCE_S, trust_env=False)  # one: each reads all certificates

_token_of_ada = [""]
"""The latest: to log in for each request would take most of the time."""

_shared_workspace = _SharedWorkspace()
_things = _Things()
_somebody = _Somebody()
_email_tokens = _EmailTokens()
_seen = _Seen()


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: Case) -> bool:
    """Whether *case* is sent. What is invalid may be sent less often, above all in one of the most frequent ways."""
    if case.body is None and not case.operation.definition.raw["requestBody"].get("required"):
        return False  # the same as no body, and so not invalid
    if len(urlencode(case.query or {}, doseq=True, errors="replace")) > _LONGEST_QUERY:
        return False  # a 431 of the protocol, which no operation declares
    phase = case.meta.phase.data if case.meta else None
    if not isinstance(phase, CoveragePhaseData) or case.meta is None:
        return True
    if phase.scenario in _NUMEROUS:
        return next(_numbers[phase.scenario]) % _ONE_IN == 0
    is_invalid = case.meta.generation.mode == schemathesis.GenerationMode.NEGATIVE
    return not is_invalid or next(_numbers[phase.scenario]) % _ONE_IN_OTHERS == 0


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Prepare what the operation needs, in the parts that Schemathesis did not make invalid on purpose."""
    if "workspace_id" in case.path_parameters and _is_valid(case, ParameterLocation.PATH):
        _things.arrange(case)
    for arrange in _ARRANGEMENTS.get(_operation_id(case), ()):
        arrange(case)
    if case.method == "GET":
        _seen.put_entity_tag(case)
        _seen.put_end(case)
    _seen.put_condition(case)
    _seen.put_key(case)


@schemathesis.hook
def after_call(_context: schemathesis.HookContext, case: Case, response: schemathesis.Response) -> None:
    """Learn from the response."""
    if case.method != case.operation.method.upper():
        return
    _things.learn(case, response)
    if response.status_code == httpx.codes.NO_CONTENT:
        _somebody.learn(case)
    elif response.status_code == httpx.codes.OK and case.method == "GET":
        _seen.learn(case, response)


@schemathesis.hook
def filter_failure(
    _context: schemathesis.HookContext,
    failure: Failure,
    case: Case,
    response: schemathesis.Response,
) -> bool:
    """Whether *failure* is a failure: not if a valid request only breaks rules that the contract states in words."""
    if isinstance(failure, EnsureResourceAvailability):
        return _things.exist(case)
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    if problem["type"].endswith(":malformed-request") and any("\0" in str(value) for value in case.query.values()):
        return False
    broken = {(fault["code"], _place(fault)) for fault in problem.get("errors", ()) if fault["code"] != NUL}
    return not ("errors" in problem and broken <= RULES.keys())


def _place(fault: Mapping[str, str]) -> str:
    """Where a fault is, in a request of its own if it is in a batch."""
    place = fault.get("pointer") or fault.get("parameter") or fault["header"]
    return _INDEX_OR_KEY.sub("/*", _IN_BATCH.sub("#", place))


@schemathesis.deserializer(*media_types.YAML_MEDIA_TYPES)
def as_text(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    """The text of the document, as the contract describes it and as SDKs return it."""
    return response.content.decode()


def _know_the_password(case: Case) -> None:
    body = _valid_body(case)
    if body and _is_chosen(case, body["email"]):
        body.update(ADA)


def _have_a_refresh_token(case: Case) -> None:
    body = _valid_body(case)
    if body and _is_chosen(case, body["refresh_token"]):
        body["refresh_token"] = _log_in(case, ADA)["refresh_token"]


def _read_the_verification(case: Case) -> None:
    _email_tokens.arrange(case, kind="verification")


def _read_the_reset(case: Case) -> None:
    _email_tokens.arrange(case, kind="reset")


def _know_the_time_zones(case: Case) -> None:
    body = _valid_body(case)
    for part in (body, body.get("start"), body.get("due"), body.get("from"), body.get("occurrence")):
        if part and part.get("time_zone") and _is_chosen(case, part["time_zone"]):
            part["time_zone"] = _ZONES[_sum(part["time_zone"]) % len(_ZONES)]


def _know_the_rules(case: Case) -> None:
    part = _valid_body(case).get("recurrence")
    if part and part.get("rule") and _is_chosen(case, part["rule"]):
        part["rule"] = _RECURRENCES[_sum(part["rule"]) % len(_RECURRENCES)]


def _remind_once(case: Case) -> None:
    """For an instant or for a time before the task is due: not for both, and not for neither."""
    body = _valid_body(case)
    if body.get("at") is not None:
        body.pop("before_due", None)
    elif body:
        body.setdefault("before_due", 30)


def _create_a_token(case: Case) -> None:
    """A personal token for a workspace that exists, with an expiry in the future."""
    body = _valid_body(case)
    if "workspace_ids" in body and _is_chosen(case, str(body["workspace_ids"])):
        body["workspace_ids"] = [_things.workspace(case)]
        body["scopes"] = [scope for scope in body["scopes"] if scope != "account"] or ["read"]
    if body.get("expires_at") and _is_chosen(case, body["expires_at"]):
        body["expires_at"] = "2099-03-02T08:00:00Z"


def _have_a_token(case: Case) -> None:
    """A token of Ada's, to be deleted."""
    given = case.path_parameters["token_id"]
    if _is_valid(case, ParameterLocation.PATH) and _is_chosen(case, given):
        body = {"name": "Script", "scopes": ["read"]}
        created = _send_as_ada(case, "POST", "/v1/tokens", body)
        case.path_parameters["token_id"] = created["id"]


_ARRANGEMENTS: Mapping[str, tuple[Callable[[Case], None], ...]] = {
    "register_user": (_know_the_time_zones, _seen.put_email, _seen.put_password),
    "update_me": (_know_the_time_zones,),
    "delete_me": (_somebody.arrange,),
    "change_password": (_somebody.arrange, _seen.put_password),
    "change_email": (_somebody.arrange,),
    "list_account_events": (_seen.put_cursor,),
    "verify_email": (_read_the_verification,),
    "reset_password": (_read_the_reset, _seen.put_password),
    "list_sessions": (_seen.put_cursor,),
    "create_session": (_know_the_password,),
    "delete_all_sessions": (_somebody.arrange,),
    "delete_current_session": (_somebody.arrange,),
    "refresh_session": (_have_a_refresh_token,),
    "list_personal_tokens": (_seen.put_cursor,),
    "create_personal_token": (_create_a_token,),
    "get_personal_token": (_have_a_token,),
    "delete_personal_token": (_have_a_token,),
    "list_workspaces": (_seen.put_cursor,),
    "list_members": (_seen.put_cursor,),
    "get_member": (_shared_workspace.arrange,),
    "update_member": (_shared_workspace.arrange,),
    "remove_member": (_shared_workspace.arrange,),
    "leave_workspace": (_shared_workspace.arrange,),
    "list_invitations": (_seen.put_cursor,),
    "create_invitation": (_shared_workspace.arrange,),
    "get_invitation": (_shared_workspace.arrange,),
    "delete_invitation": (_shared_workspace.arrange,),
    "accept_invitation": (_shared_workspace.arrange,),
    "list_projects": (_seen.put_cursor,),
    "list_sections": (_things.put_references, _seen.put_cursor),
    "create_section": (_things.put_references, _seen.put_id),
    "list_labels": (_seen.put_cursor,),
    "create_label": (_seen.put_id,),
    "list_tasks": (_things.put_references, _seen.put_cursor),
    "list_changes": (_seen.put_cursor,),
    "create_workspace": (_seen.put_id,),
    "create_project": (_seen.put_id,),
    "create_task": (_things.put_references, _know_the_time_zones, _know_the_rules, _seen.put_id),
    "update_task": (_things.put_references, _know_the_time_zones, _know_the_rules),
    "preview_recurrence": (_know_the_time_zones, _know_the_rules),
    "batch_tasks": (_things.put_references,),
    **dict.fromkeys(("complete_task", "skip_task"), (_know_the_time_zones,)),
    "create_reminder": (_remind_once,),
    **dict.fromkeys(("move_project", "move_section", "move_label", "move_task"), (_things.put_references,)),
}


def _operation_id(case: Case) -> str:
    return str(case.operation.definition.raw["operationId"])


def _is_valid(case: Case, location: ParameterLocation) -> bool:
    """Whether that part of the request matches its schema."""
    return case.meta is not None and not case.meta.is_negative_at(location)


def _valid_body(case: Case) -> dict[str, Any]:
    """The body, to be changed in place; empty if there is none, or if it is invalid on purpose."""
    return case.body if isinstance(case.body, dict) and _is_valid(case, ParameterLocation.BODY) else {}


def _is_chosen(case: Case, text: str) -> bool:
    """Whether *text* is replaced by a real value: always the same for one text.

    Where Schemathesis makes up requests, half of the time; if a request is one example, for what is wrong in
    another place, or for a step in a chain, always.
    """
    return _phase(case) != TestPhase.FUZZING or _sum(text) % 2 == 0


def _phase(case: Case) -> TestPhase | None:
    return case.meta.phase.name if case.meta else None


def _sum(text: str) -> int:
    return zlib.crc32(text.encode())


def _log_in(case: Case, credentials: Mapping[str, str]) -> Any:
    return _send(case, "POST", "/v1/sessions", credentials)


def _send(case: Case, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str = "") -> Any:
    """Send a request outside of the run. Raises httpx.HTTPStatusError unless the response is a 2xx."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = _client.request(method, f"{case.operation.base_url}{path}", json=body, headers=headers)
    return response.raise_for_status().json() if response.content else None


def _send_as_ada(case: Case, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """The same as Ada, who logs in again if a request of the run has ended her session."""
    try:
        return _send(case, method, path, body, token=_token_of_ada[0] or "none")
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.UNAUTHORIZED:
            raise
    _token_of_ada[0] = _log_in(case, ADA)["access_token"]
    return _send(case, method, path, body, token=_token_of_ada[0])
