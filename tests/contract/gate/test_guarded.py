"""The stage guarded, against a server with tokens, roles and tenants that has one fault at a time."""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.findings import Report
from tickbox_contract.gate.live.callers import Caller, Secret
from tickbox_contract.gate.live.servers import Server
from tickbox_contract.gate.rules import RULES, run

from .serving import serving

CONTRACT = b"""\
openapi: 3.0.3
info: {title: Offices, version: '1'}
security: [{bearer: []}]
paths:
  /offices/{office}/papers:
    parameters: [{$ref: '#/components/parameters/office'}]
    get: {operationId: listPapers, x-access: {scope: read, role: clerk}, responses: {'200': {description: ok}}}
    post:
      operationId: addPaper
      x-access: {scope: write, role: chief}
      requestBody: {content: {application/json: {schema: {type: object}, example: {title: Plan}}}}
      responses: {'201': {description: ok}}
  /offices/{office}/papers/{paper}:
    parameters: [{$ref: '#/components/parameters/office'}, {$ref: '#/components/parameters/paper'}]
    get: {operationId: getPaper, x-access: {scope: read, role: clerk}, responses: {'200': {description: ok}}}
    delete: {operationId: burnPaper, x-access: {scope: write, role: chief}, responses: {'204': {description: ok}}}
components:
  parameters:
    office: {name: office, in: path, required: true, schema: {type: string, example: nowhere}}
    paper: {name: paper, in: path, required: true, schema: {type: string, example: nothing}}
  securitySchemes: {bearer: {type: http, scheme: bearer}}
"""
PAPERS = {"a1": "a", "b1": "b"}
"""The office of each paper."""
KEY = b"a key of the server"


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signature(signed: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(KEY, signed.encode(), "sha256")).rstrip(b"=").decode()


def token(**claims: object) -> str:
    signed = f"{encoded({'alg': 'HS256'})}.{encoded(claims)}"
    return f"{signed}.{signature(signed)}"


class Office(BaseHTTPRequestHandler):
    """Guards offices and their papers, but for one *fault*. `changes` counts the writes that it has done."""

    fault = ""
    changes: ClassVar[Counter[str]]

    def _reply(self) -> None:
        status = self._status()
        if self.command != "GET" and status < 300:
            self.changes[self.path] += 1
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    do_GET = do_POST = do_DELETE = _reply  # noqa: N815  # http.server's names

    def _status(self) -> int:
        claims = self._claims()
        if claims is None or self.fault == "refuses everybody":
            return 401
        _, _, office, _, *papers = urlsplit(self.path).path.split("/")
        if office != claims["office"] and self.fault != "opens all offices":
            return 404
        if self.command != "GET" and not self._may_write(claims):
            return 403
        if any(PAPERS.get(paper) != office for paper in papers) and self.fault != "finds papers anywhere":
            return 404
        return 200

    def _may_write(self, claims: dict[str, Any]) -> bool:
        if self.fault == "refuses all writes":
            return False
        is_chief = claims["role"] == "chief" or self.fault == "ignores roles"
        return is_chief and (claims["scope"] == "write" or self.fault == "ignores scopes")

    def _claims(self) -> dict[str, Any] | None:
        scheme, _, text = (self.headers.get("Authorization") or "").partition(" ")
        if self.fault == "reads the query":
            text = parse_qs(urlsplit(self.path).query).get("access_token", [text])[0]
        elif scheme.lower() != "bearer" and not (scheme == "Basic" and self.fault == "takes any scheme"):
            return None
        if scheme == "bearer" and self.fault == "wants a capital B":
            return None
        return self._verified(text)

    def _verified(self, text: str) -> dict[str, Any] | None:
        try:
            head, payload, given = text.split(".")
            header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, payload))
        except ValueError:
            return None
        is_trusted = {
            "trusts alg none": header["alg"] == "none",
            "trusts alg none in any case": header["alg"].lower() == "none" != header["alg"],
            "verifies a signature if there is one": not given,
            "verifies claims it knows": "admin" in claims,
            "verifies half of the signature": given[:10] == signature(f"{head}.{payload}")[:10],
        }.get(self.fault, False)
        if claims.get("is_old") and self.fault != "forgets when tokens end":
            return None
        return claims if is_trusted or given == signature(f"{head}.{payload}") else None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        pass


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A chief of each of two offices, and in the first a clerk, a chief who may only read, and one who was."""
    own = {"office": "b", "paper": "b1"}
    people = {
        "CHIEF": token(office="a", role="chief", scope="write"),
        "OTHER": token(office="b", role="chief", scope="write"),
        "CLERK": token(office="a", role="clerk", scope="write"),
        "READER": token(office="a", role="chief", scope="read"),
        "OLD": token(office="a", role="chief", scope="write", is_old=True),
    }
    for name, text in people.items():
        monkeypatch.setenv(name, text)
    both, read = frozenset({"read", "write"}), frozenset({"read"})
    chief, clerk = frozenset({"chief"}), frozenset({"clerk"})
    return Server(
        token=Secret("CHIEF"),
        values={"office": "a", "paper": "a1"},
        callers=(
            Caller(name="the other", token=Secret("OTHER"), scopes=both, roles=chief, values=own),
            Caller(name="the clerk", token=Secret("CLERK"), scopes=both, roles=clerk),
            Caller(name="the reader", token=Secret("READER"), scopes=read, roles=chief),
            Caller(name="the old chief", token=Secret("OLD"), is_expired=True),
        ),
    )


def guarded(server: Server, fault: str, *, contract: bytes = CONTRACT, **changes: Any) -> tuple[Report, Counter[str]]:
    """The report about the server with *fault*, and what was written."""

    class Faulty(Office):
        changes: ClassVar = Counter[str]()

    Faulty.fault = fault
    rules = [rule for rule in RULES if rule.stage == "guarded"]
    with serving(Faulty) as url:
        asked = Server(**{name: getattr(server, name) for name in server.__slots__} | changes | {"url": url})
        around = Surroundings(server=asked, access_words={"role": ("clerk", "chief")})
        return run(contract, file="o.yaml", stages=["guarded"], rules=rules, surroundings=around), Faulty.changes


def found(report: Report) -> Iterator[tuple[str, str, str]]:
    """Rule, severity, and message with the operation, up to the status."""
    for finding in report.findings:
        yield finding.rule.rule_id, finding.severity, finding.message.partition(":")[0]


def test_a_server_that_guards_passes_and_nothing_is_changed(people: Server) -> None:
    report, changes = guarded(people, "")
    assert (report.findings, report.skipped, changes) == ((), (), {})
    assert len(report.rules) == 4


FAULTS = {
    "takes any scheme": ("guarded-operations", "with a good token with the scheme Basic"),
    "reads the query": ("guarded-operations", "with a good token in the query"),
    "trusts alg none": ("guarded-operations", "with a good JWT, with the algorithm none and no signature"),
    "trusts alg none in any case": ("guarded-operations", "with a good JWT, with the algorithm nOnE and no signature"),
    "verifies a signature if there is one": ("guarded-operations", "with a good JWT, without its signature"),
    "verifies claims it knows": ("guarded-operations", "with a good JWT, with other claims"),
    "verifies half of the signature": ("guarded-operations", "with a good token, one character of which is changed"),
    "forgets when tokens end": ("guarded-operations", "with the expired token of the old chief"),
    "ignores roles": ("guarded-rights", "with the token of the clerk, who lacks the role chief"),
    "ignores scopes": ("guarded-rights", "with the token of the reader, who lacks the scope write"),
    "opens all offices": ("guarded-resources", "with the token of the other, and a path to what is another caller's"),
    "finds papers anywhere": (
        "guarded-resources",
        "with the token of the other, and a path to what is another caller's",
    ),
    "refuses everybody": ("allowed-requests", "with the token of the settings"),
    "wants a capital B": ("allowed-requests", "with the token of the settings, and its scheme in lower case"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_a_server_is_found_by_its_rule(people: Server, fault: str) -> None:
    report, _ = guarded(people, fault)
    errors = {(rule, text.partition(" ")[2]) for rule, severity, text in found(report) if severity == "error"}
    assert FAULTS[fault] in errors
    assert {rule for rule, _ in errors} == {FAULTS[fault][0]}


def test_an_operation_on_another_caller_s_resource_is_tried_through_one_s_own_path_too(people: Server) -> None:
    report, _ = guarded(people, "finds papers anywhere")
    assert {text.partition(" ")[0] for _, _, text in found(report)} == {"getPaper", "burnPaper"}


def test_writes_are_done_only_if_the_settings_name_them(people: Server) -> None:
    report, changes = guarded(people, "refuses all writes")
    assert (report.findings, changes) == ((), {})
    report, changes = guarded(people, "refuses all writes", allowed_writes=("addPaper",))
    assert {text for _, _, text in found(report)} == {
        "addPaper with the token of the settings",
        "addPaper with the token of the other, who lacks nothing",
    }
    report, changes = guarded(people, "", allowed_writes=("addPaper", "burnPaper"))
    assert (report.findings, sorted(changes)) == (
        (),
        ["/offices/a/papers", "/offices/a/papers/a1", "/offices/b/papers", "/offices/b/papers/b1"],
    )
    report, _ = guarded(people, "", allowed_writes=("addPaper", "eatPaper"))
    assert [skip.why for skip in report.skipped] == ["`allowed-writes` has eatPaper: no operation that needs a token"]


def test_what_would_show_nothing_is_a_warning(people: Server) -> None:
    report, _ = guarded(people, "", token=None)
    assert [message for *_, message in found(report)] == ["no token is named"]
    report, _ = guarded(people, "", callers=(Caller(name="she", token=Secret("OTHER")),))
    assert ("guarded-resources", "warning", "nothing was sent") in set(found(report))
    optional = CONTRACT.replace(b"[{bearer: []}]", b"[{}, {bearer: []}]")
    report, _ = guarded(people, "", contract=optional, callers=())
    assert [finding.message for finding in report.findings] == [
        "nothing was sent: no operation needs a token (`security`)"
    ]
    report, _ = guarded(people, "", values={"office": "a"})
    assert ("allowed-requests", "warning", "getPaper with the token of the settings") in set(found(report))
    other = Caller(name="she", token=Secret("OTHER"), values={"offcie": "b"})
    report, _ = guarded(people, "", callers=(other,))
    assert ("guarded-resources", "warning", "she has a value for offcie, which is in no path") in set(found(report))
    assert not report.errors


@pytest.mark.parametrize(
    ("scheme", "where"),
    [
        ("{type: apiKey, in: header, name: X-Key}", "X-Key: t0ken"),
        ("{type: apiKey, in: cookie, name: key}", "Cookie: key=t0ken"),
        ("{type: apiKey, in: query, name: access_token}", "?access_token=t0ken"),
        ("{type: http, scheme: Basic}", "Authorization: Basic t0ken"),
        ("{type: oauth2, flows: {}}", "Authorization: Bearer t0ken"),
    ],
)
def test_a_token_is_sent_as_the_contract_says(
    people: Server, scheme: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that accepts what arrives there, and nothing else."""
    monkeypatch.setenv("CHIEF", "t0ken")

    class Keyed(Office):
        def _status(self) -> int:
            sent = [f"{name}: {value}".replace(": bearer", ": Bearer") for name, value in self.headers.items()]
            return 200 if where in sent or (where[0] == "?" and self.path.endswith(where)) else 401

    contract = CONTRACT.replace(b"{type: http, scheme: bearer}", scheme.encode())
    Keyed.changes = Counter()
    report = keyed(Keyed, contract)
    assert (report.findings, report.skipped) == ((), ())


def messages_about(handler: type[Office], contract: bytes, caller: Caller) -> list[str]:
    return [text for *_, text in found(keyed(handler, contract, caller))]


def keyed(handler: type[Office], contract: bytes, *callers: Caller) -> Report:
    """The report about a server, of which only the good token and *callers* are known."""
    handler.changes = Counter()
    with serving(handler) as url:
        asked = Server(url=url, token=Secret("CHIEF"), values={"office": "a", "paper": "a1"}, callers=callers)
        rules = [rule for rule in RULES if rule.rule_id in {"guarded-operations", "allowed-requests"}]
        around = Surroundings(server=asked)
        return run(contract, file="o.yaml", stages=["guarded"], rules=rules, surroundings=around)


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        ("{type: apiKey, in: header, name: X-Key}", "X-Key"),
        ("{type: apiKey, in: cookie, name: key}", "Cookie"),
        ("{type: http, scheme: basic}", "Authorization"),
    ],
)
def test_a_server_that_accepts_any_key_is_found_whichever_of_two_schemes_has_it(
    people: Server, scheme: str, header: str
) -> None:
    class Trusting(Office):
        def _claims(self) -> dict[str, Any] | None:
            known = super()._claims()
            return known or ({"office": "a", "role": "chief", "scope": "write"} if self.headers.get(header) else None)

    contract = CONTRACT.replace(b"[{bearer: []}]", b"[{bearer: []}, {key: []}]").replace(
        b"  securitySchemes: {", f"  securitySchemes: {{key: {scheme}, ".encode()
    )
    errors = {text.partition(" ")[2] for _, severity, text in found(keyed(Trusting, contract)) if severity == "error"}
    assert errors >= {"with a token that nobody issued", "with a good token, one character of which is changed"}


def test_a_good_token_in_a_query_that_the_contract_allows_is_not_an_error(people: Server) -> None:
    class Either(Office):
        fault = "reads the query"

    contract = CONTRACT.replace(b"[{bearer: []}]", b"[{bearer: []}, {key: []}]").replace(
        b"  securitySchemes: {", b"  securitySchemes: {key: {type: apiKey, in: query, name: access_token}, "
    )
    assert [finding for finding in keyed(Either, contract).findings if "in the query" in finding.message] == []


@pytest.mark.parametrize("status", [400, 404, 405, 500])
def test_a_server_of_which_nothing_can_be_had_was_not_checked(people: Server, status: int) -> None:
    """Such as one at a URL without the path of the contract's servers: it refuses everything, and guards nothing."""

    class Elsewhere(Office):
        def _status(self) -> int:
            return status

    report = keyed(Elsewhere, CONTRACT)
    assert [skip.why.partition(",")[0] for skip in report.skipped] == ["no request with a good token succeeds"]
    assert not report.is_sound
    assert bool(report.errors) == (status == 500)  # which is not a refusal


def test_a_stranger_whose_token_is_not_valid_shows_nothing_about_resources(people: Server) -> None:
    report, _ = guarded(people, "refuses everybody")
    tried = "getPaper with the token of the other, and a path to what is another caller's"
    assert ("guarded-resources", "warning", tried) in set(found(report))


def test_a_caller_whose_rights_the_contract_does_not_know_is_not_expected_to_have_them(people: Server) -> None:
    class Chiefs(Office):
        def _claims(self) -> dict[str, Any] | None:
            claims = super()._claims()
            return claims if claims and claims["role"] == "chief" else None

    contract = CONTRACT.replace(b"x-access: {scope: read, role: clerk}, ", b"")
    clerk = Caller(name="the clerk", token=Secret("CLERK"), scopes=frozenset({"read"}), roles=frozenset({"clerk"}))
    assert messages_about(Chiefs, contract, clerk) == []
    assert "listPapers with the token of the clerk, who lacks nothing" in messages_about(Chiefs, CONTRACT, clerk)
