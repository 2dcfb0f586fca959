"""The stages that need a server find what is wrong with one that is not ours, and say so if they could not ask it."""

from __future__ import annotations

import json
import ssl
import sys
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.findings import Report
from tickbox_contract.gate.live.callers import Caller, Secret
from tickbox_contract.gate.live.conforming import MOST_REQUESTS, spread
from tickbox_contract.gate.live.credentials import Credentials
from tickbox_contract.gate.live.probes import GENERAL, PROBES, Target
from tickbox_contract.gate.live.requests import request_of
from tickbox_contract.gate.live.servers import Server, is_url
from tickbox_contract.gate.live.targets import Found, find_target
from tickbox_contract.gate.reading import read
from tickbox_contract.gate.rules import RULES, run
from tickbox_contract.gate.settings import SettingsError, read_settings
from tickbox_contract.openapi.rules import Stage

from .serving import serving

CONTRACT = b"""\
openapi: 3.0.3
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      operationId: listPets
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {type: object}}}}}}
    post:
      operationId: addPet
      security: [{bearer: []}]
      x-access: {scope: write}
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [name], properties: {name: {type: string, maxLength: 10}}}
            example: {name: Rex}
      responses: {'201': {description: ok}, '400': {description: bad}}
  /pets/{id}:
    get:
      operationId: getPet
      security: [{bearer: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: ok}, '404': {description: none}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
"""
SERVER_RULES = {"hostile-requests", "schemathesis", "guarded-operations", "guarded-rights"}


class Careless(BaseHTTPRequestHandler):
    """Accepts whatever it can read, asks nobody for a token, and fails on the rest."""

    statuses = 201, 500

    def _reply(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        fine, bad = self.statuses
        try:
            name = json.loads(self.rfile.read(max(0, length)) or b"0")["name"]
            status = fine if isinstance(name, str) else bad
        except (ValueError, KeyError, TypeError, RecursionError):
            status = fine if self.command == "GET" else bad
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    do_GET = do_POST = _reply  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        pass


class Closed(Careless):
    """Looks at a body before it asks for a token."""

    statuses = 400, 400


class Locked(Careless):
    """Fails for one token, and asks all others for it."""

    @property
    def statuses(self) -> tuple[int, int]:  # type: ignore[override]  # it depends on the request
        return (500, 500) if self.headers.get("Authorization") == "Bearer t0ken" else (401, 401)


class Busy(Careless):
    """Limits requests before it looks at them."""

    statuses = 429, 429


def asked(server: Server, *stages: Stage, contract: bytes = CONTRACT, rules: set[str] = SERVER_RULES) -> Report:
    chosen = [rule for rule in RULES if rule.rule_id in rules]
    return run(contract, file="pets.yaml", stages=stages, rules=chosen, surroundings=Surroundings(server=server))


def messages(report: Report) -> dict[str, str]:
    return {finding.message: finding.severity for finding in report.findings}


def test_a_server_that_fails_on_hostile_requests_is_found_out() -> None:
    with serving(Careless) as url:
        report = asked(Server(url=url), "conforms", rules={"hostile-requests"})
    found = messages(report)
    assert found["addPet: JSON that is cut short is refused: the server fails with 500"] == "error"
    assert found["addPet: arrays nested 100,000 deep are refused: the server fails with 500"] == "error"
    assert not [message for message in found if "an unknown property" in message]  # it accepts that, as others may
    assert {finding.line for finding in report.findings} == {8}


def test_every_operation_that_takes_json_gets_hostile_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them checks what it reads, and another one does not."""
    monkeypatch.setenv("WRITER", "t0ken")

    class Half(Locked):
        do_PATCH = Careless.do_POST  # noqa: N815  # http.server's name

        @property
        def statuses(self) -> tuple[int, int]:  # type: ignore[override]  # it depends on the request
            return (200, 500 if self.command == "PATCH" and self.headers["Authorization"] == "Bearer t0ken" else 400)

    contract = CONTRACT.replace(
        b"components:",
        b"""\
    patch:
      operationId: changePet
      security: [{bearer: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody: {content: {application/merge-patch+json: {schema: {type: object}, example: {name: Rex}}}}
      responses: {'200': {description: ok}}
components:""",
    )
    with serving(Half) as url:
        server = Server(url=url, token=Secret("WRITER"), values={"id": "1"}, probe="addPet")
        report = asked(server, "conforms", rules={"hostile-requests"}, contract=contract)
    found = messages(report)
    assert "changePet: JSON that is cut short is refused: the server fails with 500" in found
    assert "changePet: values of another type are refused: the server fails with 500" in found
    assert {message.partition(":")[0] for message in found} == {"changePet"}


@pytest.mark.parametrize(("operations", "each"), [(1, len(GENERAL)), (200, 25), (4000, 1), (10_000, 1)])
def test_there_are_at_most_5000_requests_to_all_other_operations(operations: int, each: int) -> None:
    found = found_in(TARGETS)
    assert found is not None
    sending = spread([found] * operations)
    assert len(sending) == min(MOST_REQUESTS, operations * each) <= MOST_REQUESTS == 5000
    assert sending[0][0] == GENERAL[0]


def test_without_a_post_that_suits_all_probes_only_bodies_are_sent() -> None:
    contract = CONTRACT.replace(b"post:", b"patch:")

    class Patched(Careless):
        do_PATCH = Careless.do_POST  # noqa: N815  # http.server's name

    with serving(Patched) as url:
        found = messages(asked(Server(url=url), "conforms", rules={"hostile-requests"}, contract=contract))
    assert found.pop("only bodies were sent: no POST suits the other probes") == "warning"
    assert found["addPet: JSON that is cut short is refused: the server fails with 500"] == "error"


@pytest.mark.parametrize("rule_id", ["hostile-requests", "guarded-operations"])
def test_a_server_that_does_not_get_done_in_time_was_not_checked(rule_id: str) -> None:
    class Slow(Closed):
        def _reply(self) -> None:
            time.sleep(0.3)
            super()._reply()

        do_GET = do_POST = _reply  # noqa: N815  # http.server's names

    with serving(Slow) as url:
        server = Server(url=url, time_limit_s=1, values={"id": "1"})
        report = asked(server, "conforms", "guarded", rules={rule_id})
    assert [skip.why for skip in report.skipped] == ["not all requests were sent within 1 s (`time-limit-s`)"]
    assert not report.is_sound


def test_a_server_that_fails_on_nothing_passes() -> None:
    with serving(Closed) as url:
        assert asked(Server(url=url), "conforms", rules={"hostile-requests"}).findings == ()


def test_what_our_own_servers_must_refuse_is_compared_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITER", "a token")
    with serving(Closed) as url:
        found = messages(asked(Server(url=url, token=Secret("WRITER")), "conforms", rules={"refused-requests"}))
    assert "addPet: an empty body is refused: the response is 400 , and must be 400 malformed-request" in found


def test_schemathesis_findings_are_at_their_operations_with_a_command_that_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no schemathesis.toml
    with serving(Careless) as url:
        arguments = ("--max-examples", "5", "--phases", "examples,coverage", "--seed", "1")
        report = asked(Server(url=url, schemathesis=arguments), "conforms", rules={"schemathesis"})
    found = {(finding.message, finding.line): finding.witness for finding in report.findings}
    assert (found["GET /pets: Undocumented status code", 5] or "").startswith("curl -X GET")
    assert ("POST /pets: Server error", 8) in found


def test_an_operation_that_asks_nobody_for_a_token_is_found() -> None:
    with serving(Careless) as url:
        found = messages(asked(Server(url=url), "guarded", rules={"guarded-operations"}))
    assert found["addPet with no token: the response is 201, and must be 401 or 403"] == "error"
    assert "addPet with a token that nobody issued: the response is 201, and must be 401 or 403" in found
    assert found["getPet was not sent: its path needs a value"] == "warning"
    assert not [message for message in found if message.startswith("listPets")]


def test_a_refusal_for_another_reason_is_a_warning() -> None:
    with serving(Closed) as url:
        server = Server(url=url, values={"id": "1"})
        found = messages(asked(server, "guarded", rules={"guarded-operations"}))
    assert found["getPet with no token: the response is 400, and must be 401 or 403"] == "warning"
    assert set(found.values()) == {"warning"}


def test_callers_with_too_few_rights_and_expired_tokens_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READER", "r")
    reader = Caller(
        name="the reader",
        token=Secret("READER"),
        scopes=frozenset({"read"}),
        roles=frozenset(),
        is_expired=False,
    )
    writer = Caller(
        name="the writer", token=Secret("READER"), scopes=frozenset({"write"}), roles=frozenset(), is_expired=False
    )
    old = Caller(name="Old", token=Secret("READER"), scopes=frozenset(), roles=frozenset(), is_expired=True)
    with serving(Careless) as url:
        found = messages(asked(Server(url=url, values={"id": "1"}, callers=(reader, writer, old)), "guarded"))
    lacking = "addPet with the token of the reader, who lacks the scope write: the response is 201"
    assert f"{lacking}, and must be 401 or 403 or 404" in found
    assert "addPet with the expired token of Old: the response is 201, and must be 401 or 403" in found
    assert not [message for message in found if "the writer" in message]


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (Server(), "no server is named (--url)"),
        (Server(url="http://127.0.0.1:1"), "127.0.0.1:1 "),
        (Server(url="http://127.0.0.1:1", token=Secret("NO_SUCH_VARIABLE")), "NO_SUCH_VARIABLE is not set"),
        (Server(url="http://127.0.0.1:1", probe="listPets"), "listPets is not such an operation"),
    ],
)
def test_a_server_that_could_not_be_asked_is_not_a_success(server: Server, why: str) -> None:
    report = asked(server, "conforms", "guarded", rules={"hostile-requests", "guarded-rights"})
    assert any(why in skip.why for skip in report.skipped)
    assert (report.findings, report.is_sound) == ((), False)


def test_a_server_behind_tls_is_asked_and_its_certificate_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(Careless, context=context) as url:
        unknown = asked(Server(url=url), "guarded", rules={"guarded-operations"})
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        known = asked(Server(url=url), "guarded", rules={"guarded-operations"})
    assert (unknown.findings, "certificate verify failed" in unknown.skipped[0].why) == ((), True)
    assert "addPet with no token: the response is 201, and must be 401 or 403" in messages(known)


def self_signed(folder: Path) -> Path:
    """A file with a key, and a certificate for 127.0.0.1 that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def test_schemathesis_tests_a_contract_that_is_in_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = yaml.safe_load(CONTRACT)
    (tmp_path / "pets.json").write_text(json.dumps({"pets": whole["paths"]["/pets"]}))
    whole["paths"] = {"/pets": {"$ref": "pets.json#/pets"}}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(whole))
    with serving(Careless) as url:
        server = Server(url=url, schemathesis=("--phases", "coverage", "--max-examples", "5"))
        chosen = [rule for rule in RULES if rule.rule_id == "schemathesis"]
        around = Surroundings(server=server)
        report = run(
            file.read_bytes(), file="openapi.json", path=file, stages=["conforms"], rules=chosen, surroundings=around
        )
    found = {(finding.message, finding.file) for finding in report.findings}
    assert ("POST /pets: Server error", "pets.json") in found


@pytest.mark.parametrize(
    ("file", "arguments", "is_left_out"),
    [("nothing", (), True), ("schemathesis.toml", (), False), ("nothing", ("--seed", "1"), False)],
)
def test_a_check_that_must_be_configured_is_left_out_unless_something_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, arguments: tuple[str, ...], *, is_left_out: bool
) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\necho $*\n")
    (tmp_path / file).touch()
    report = asked(Server(url="http://127.0.0.1:1", schemathesis=arguments), "conforms", rules={"schemathesis"})
    (skip,) = report.skipped
    assert ("--exclude-checks positive_data_acceptance" in skip.why) == is_left_out
    assert " ".join(arguments) in skip.why


def test_schemathesis_that_is_not_installed_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    report = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"})
    assert [skip.why for skip in report.skipped] == [
        "Schemathesis is not installed: pip install tickbox-contract[conforms]"
    ]
    assert not report.is_sound


def test_schemathesis_that_could_not_test_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    server = Server(url="http://127.0.0.1:1", schemathesis=("--no-such-option",))
    report = asked(server, "conforms", rules={"schemathesis"})
    assert "Schemathesis could not test: Error: No such option '--no-such-option'" in report.skipped[0].why
    assert not report.is_sound
    unreachable = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"})
    assert [skip.why for skip in unreachable.skipped] == ["Schemathesis could not test: Network Error"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("hooks = 'broken_hooks'", "ModuleNotFoundError: No module named 'a_package_that_is_not_there'"),
        ("hooks = 'no_such_hooks'", "import the module 'no_such_hooks' failed because it could not be found"),
        ("hookss = 'broken_hooks'", "- 'hookss' -> Did you mean 'hooks'?"),
        ("hooks =", "The configuration file content is not valid TOML"),
    ],
)
def test_schemathesis_settings_that_cannot_be_loaded_are_not_a_success_and_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemathesis.toml").write_text(settings)
    (tmp_path / "broken_hooks.py").write_text("import a_package_that_is_not_there\n")
    report = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"})
    assert why in report.skipped[0].why
    assert not report.is_sound


def test_schemathesis_that_takes_too_long_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\nexec sleep 600\n")
    report = asked(Server(url="http://127.0.0.1:1", time_limit_s=1), "conforms", rules={"schemathesis"})
    assert "Schemathesis was not done after 1 s" in report.skipped[0].why
    assert not report.is_sound


def program_in(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let *text* be the program that is found beside Python."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    program = folder / "schemathesis"
    program.write_text(text)
    program.chmod(0o755)


def test_schemathesis_gets_the_token_where_no_list_of_processes_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\necho $*\n")
    monkeypatch.setenv("WRITER", "t0ken")
    server = Server(url="http://127.0.0.1:1", token=Secret("WRITER"))
    (skip,) = asked(server, "conforms", rules={"schemathesis"}).skipped
    assert "--config-file" in skip.why
    assert "t0ken" not in skip.why


def test_schemathesis_comes_last_because_it_ends_what_its_token_may_end() -> None:
    assert RULES[-1].rule_id == "schemathesis"


def test_schemathesis_sends_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRITER", "t0ken")
    with serving(Locked) as url:
        arguments = ("--phases", "coverage", "--max-examples", "5", "--checks", "not_a_server_error")
        report = asked(
            Server(url=url, token=Secret("WRITER"), schemathesis=arguments), "conforms", rules={"schemathesis"}
        )
    assert "POST /pets: Server error" in messages(report)


def test_settings_of_a_team_must_name_credentials_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schemathesis.toml").write_text("workers = 1\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    monkeypatch.setenv("WRITER", "t0ken")
    server = Server(url="http://127.0.0.1:1", token=Secret("WRITER"))
    (skip,) = asked(server, "conforms", rules={"schemathesis"}).skipped
    assert skip.why.endswith('names no credentials: begin it with headers = {Authorization = "Bearer ${WRITER}"}')
    (tmp_path / "schemathesis.toml").write_text('headers = {Authorization = "Bearer ${WRITER}"}\n')
    (skip,) = asked(server, "conforms", rules={"schemathesis"}).skipped
    assert skip.why == "Schemathesis could not test: Network Error"


TARGETS = """\
openapi: 3.0.3
info: {title: Notes, version: '1'}
paths:
  /books/{book}/notes:
    get:
      operationId: listNotes
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - {name: most, in: query, schema: {type: integer, maximum: 50}}
      responses: {'200': {description: ok}}
    post:
      operationId: addNote
      parameters: [{name: book, in: path, required: true, schema: {type: string, example: a/b}}]
      requestBody:
        content:
          text/plain: {schema: {type: string}}
          application/json: {schema: {$ref: '#/components/schemas/Note'}}
      responses: {'201': {description: ok}}
  /books/{book}/notes/{note}:
    get:
      operationId: getNote
      parameters: [{name: note, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {'200': {description: ok}}
components:
  schemas:
    Note:
      type: object
      required: [kind, on, text]
      properties:
        kind: {type: string, enum: [a]}
        on: {type: string, format: date}
        text: {type: string}
        more: {type: string}
      example: {kind: a, on: '2026-01-01', text: Yes., more: x}
"""


def found_in(text: str) -> Found | None:
    return find_target(read(text.encode()), Server(url="http://a/api"))


def target(text: str) -> Target | None:
    found = found_in(text)
    return found.target if found else None


def test_what_probes_need_is_found_in_the_contract() -> None:
    found = target(TARGETS)
    assert found is not None
    assert (found.collection, found.text, found.host) == ("/api/books/a%2Fb/notes", "text", "a")
    assert (found.limit, found.item) == (("most", 50), "/api/books/a%2Fb/notes/{id}")
    assert found.body == {"kind": "a", "on": "2026-01-01", "text": "Yes.", "more": "x"}


def test_a_request_has_all_that_the_contract_requires_in_ascii() -> None:
    contract = read(
        """\
openapi: 3.0.3
info: {title: Notes, version: '1'}
paths:
  /книги/{имя}:
    get:
      parameters:
        - {name: имя, in: path, required: true, schema: {type: string, example: Я}}
        - {name: page, in: query, required: true, schema: {type: integer, example: 1}}
        - {name: X-Office, in: header, required: true, schema: {type: string}, example: "a\\nb"}
        - {name: X-Desk, in: header, required: true, schema: {$ref: '#/components/schemas/Desk'}}
        - {name: more, in: query, schema: {type: integer, example: 1}}
      responses: {'200': {description: ok}}
components: {schemas: {Desk: {type: string, example: nowhere}}}
""".encode()
    )
    (operation,) = contract.operations
    server = Server(url="http://a/api", values={"X-Desk": "7", "page": "2"})
    request = request_of(contract, operation, server, Credentials("nobody", query="k=v"))
    assert request is not None
    head, *lines = request.decode("ascii").splitlines()
    assert head == "GET /api/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8/%D0%AF?page=2&k=v HTTP/1.1"
    assert {"X-Office: a b", "X-Desk: 7"} <= set(lines)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/merge-patch+json", b'{"a": [1, 2]}'),
        ("application/x-www-form-urlencoded", b"a=1&a=2"),
        ("text/plain", b"{'a': [1, 2]}"),
    ],
)
def test_an_example_is_sent_as_its_media_type_is_written(media_type: str, body: bytes) -> None:
    text = CONTRACT.replace(b"application/json:\n", media_type.encode() + b":\n").replace(
        b"{name: Rex}", b"{a: [1, 2]}"
    )
    contract = read(text)
    operation = contract.operation("/pets", "post")
    assert operation is not None
    request = request_of(contract, operation, Server(url="http://a"), Credentials("nobody"))
    assert request is not None
    assert request.partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema: {type: string, example: a/b}", "schema: {type: string}"),
        ("application/json:", "application/yaml:"),
        ("text: {type: string}", "text: {type: integer}"),
        ("required: [kind, on, text]", "required: [kind, on]"),
        ("text: Yes., ", ""),
        ("      example: {kind: a", "      x-example: {kind: a"),
        ("    post:", "    put:"),
    ],
)
def test_an_operation_that_lacks_what_probes_need_is_not_sent_any(old: str, new: str) -> None:
    assert old in TARGETS
    assert target(TARGETS.replace(old, new)) is None


def test_without_a_bounded_parameter_or_a_uuid_their_probes_are_left_out() -> None:
    found = target(TARGETS.replace(", maximum: 50", "").replace("format: uuid", "minLength: 1"))
    assert found is not None
    assert (found.limit, found.item) == (None, None)
    built = {probe.sentence: probe.request(found) for probe in PROBES}
    assert built["a full-width digit is refused"] is None
    assert built["a uuid in braces is refused"] is None


@pytest.mark.parametrize("rule_id", ["hostile-requests", "refused-requests", "guarded-operations", "schemathesis"])
def test_a_server_that_limits_requests_is_not_checked(
    rule_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRITER", "a token")
    with serving(Busy) as url:
        report = asked(Server(url=url, token=Secret("WRITER")), "conforms", "guarded", rules={rule_id})
    assert [skip.why.partition(":")[0] for skip in report.skipped] == ["the server limits requests (429)"]
    assert (report.findings, report.is_sound) == ((), False)


def test_the_settings_name_the_server_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t0ken")
    file = tmp_path / "gate.toml"
    file.write_text(
        "[server]\nurl = 'https://a.example:8443/api/'\ntoken = '$TOKEN'\n[server.values]\nid = '$TOKEN'\nother = 'x'\n"
        "[[server.callers]]\ntoken = '$TOKEN'\nscope = ['read']\nis-expired = true\n"
    )
    server = read_settings(file, rule_ids=[]).server
    assert (server.base, server.host, server.bearer) == ("/api", "a.example:8443", "t0ken")
    assert (server.endpoint().address, server.endpoint().context is not None) == (("a.example", 8443), True)
    assert (server.value_of("id"), server.value_of("other"), server.value_of("none")) == ("t0ken", "x", None)
    assert [(caller.name, caller.is_expired) for caller in server.callers] == [("caller 1", True)]
    assert "t0ken" not in repr(server)

    file.write_text("[server]\nurl = 'ftp://a'\ntoken = 't0ken'\n[[server.callers]]\nis-expired = 1\n")
    with pytest.raises(SettingsError) as raised:
        read_settings(file, rule_ids=[])
    assert sorted(raised.value.mistakes) == [
        "server.callers[0].is-expired: this must be true or false",
        "server.callers[0]: `token` is missing",
        "server.token: name a variable of the environment, such as $TOKEN: a token does not belong in this file",
        "server.url: this must be a URL, such as http://127.0.0.1:8080",
    ]


@pytest.mark.parametrize("url", ["127.0.0.1:80", "http://", "ftp://a", "http://a:b", "http://[", "http://a:0"])
def test_what_is_not_a_url_is_refused(url: str) -> None:
    assert not is_url(url)


def test_what_must_be_refused_is_not_tried_without_a_token() -> None:
    """Without one, a POST that anybody may send would be asked for what only others refuse."""
    with serving(Closed) as url:
        report = asked(Server(url=url), "conforms", rules={"refused-requests"})
    assert [skip.why.rpartition(": ")[2] for skip in report.skipped] == [
        "addPet is not such an operation, or no token is named"
    ]


def test_with_a_token_the_probes_are_sent_to_an_operation_that_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITER", "a token")
    join = CONTRACT[CONTRACT.index(b"    post:") : CONTRACT.index(b"  /pets/{id}:")]
    public = join.replace(b"addPet", b"join").replace(b"security: [{bearer: []}]", b"security: []")
    contract = read(CONTRACT.replace(b"paths:\n", b"paths:\n  /users:\n" + public))
    token = Secret("WRITER")
    names = [
        found.operation.name
        for server in (Server(url="http://127.0.0.1:1", token=token), Server(url="http://127.0.0.1:1"))
        if (found := find_target(contract, server))
    ]
    assert names == ["addPet", "join"]
