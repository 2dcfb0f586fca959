"""The stages that need a server find what is wrong with one that is not ours, and say so if they could not ask it."""

from __future__ import annotations

import contextlib
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.patience import PATIENCE_S
from tickbox_contract.gate.live import conforming, wire
from tickbox_contract.gate.live.callers import Caller, Secret
from tickbox_contract.gate.live.servers import Server, is_url
from tickbox_contract.gate.settings import SettingsError, read_settings

from .serving import CONTRACT, Busy, Careless, Closed, Locked, Silent, Streaming, asked, messages, serving

pytestmark = pytest.mark.unmeasured_processes


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


def test_without_a_post_that_suits_all_probes_only_bodies_are_sent() -> None:
    contract = CONTRACT.replace(b"post:", b"patch:")

    class Patched(Careless):
        do_PATCH = Careless.do_POST  # noqa: N815  # http.server's name

    with serving(Patched) as url:
        found = messages(asked(Server(url=url), "conforms", rules={"hostile-requests"}, contract=contract))
    assert found.pop("only bodies were sent: no POST suits the other probes") == "warning"
    assert found["addPet: JSON that is cut short is refused: the server fails with 500"] == "error"


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        ("{type: apiKey, in: header, name: X-Key}", "X-Key: t0ken"),
        ("{type: apiKey, in: query, name: key}", "?key=t0ken"),
    ],
)
def test_hostile_requests_have_the_token_as_the_contract_says(
    monkeypatch: pytest.MonkeyPatch, scheme: str, sent: str
) -> None:
    monkeypatch.setenv("WRITER", "t0ken")

    class Keyed(Careless):
        @property
        def statuses(self) -> tuple[int, int]:  # type: ignore[override]  # it depends on the request
            is_known = sent in f"{self.path}\n{self.headers}"
            return (500, 500) if is_known else (401, 401)

    contract = CONTRACT.replace(b"{type: http, scheme: bearer}", scheme.encode())
    with serving(Keyed) as url:
        server = Server(url=url, token=Secret("WRITER"), values={"id": "1"})
        found = messages(asked(server, "conforms", rules={"hostile-requests"}, contract=contract))
    assert found["addPet: null is refused: the server fails with 500"] == "error"


def test_a_server_that_is_silent_or_sends_much_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conforming, "TIMEOUT_S", 0.5)

    class Strange(Careless):
        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            body = self.rfile.read(max(0, int(self.headers.get("Content-Length") or 0)))
            if body == b"null":
                time.sleep(2)
            self.send_response(400)
            self.send_header("Content-Length", str(20_001 if body == b"[]" else 0))
            self.end_headers()
            self.wfile.write(b"." * (20_001 if body == b"[]" else 0))
            self.close_connection = True

    with serving(Strange) as url:
        found = messages(asked(Server(url=url), "conforms", rules={"hostile-requests"}))
    assert "addPet: null is refused: there is no response within 30 s" in found
    assert "addPet: an array in the place of an object is refused: the response has 20001 bytes" in found
    assert len(found) == 2


def test_a_server_that_asks_everybody_for_a_token_has_not_shown_what_it_does_with_bodies() -> None:
    with serving(Locked) as url:
        found = messages(asked(Server(url=url), "conforms", rules={"hostile-requests"}))
    assert [(message.partition(",")[0], severity) for message, severity in found.items()] == [
        ("addPet: each body is refused with 401 or 403", "warning")
    ]


def test_a_stream_of_events_is_not_read_to_its_end() -> None:
    cut = Event()

    class Streaming(Careless):
        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    self.wfile.write(b": still there\n\n")
                    time.sleep(0.02)
                return
            cut.set()

    with serving(Streaming) as url:
        asked(Server(url=url), "guarded", rules={"guarded-operations"})
        assert cut.wait(60)


def test_a_response_that_comes_in_parts_for_ever_is_an_error() -> None:
    class Dripping(Careless):
        def do_GET(self) -> None:  # noqa: N802  # http.server's name
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for _ in range(40):
                    self.wfile.write(b".")
                    time.sleep(0.1)

    with serving(Dripping) as url, pytest.raises(TimeoutError, match=r"does not end within 0\.5 s"):
        wire.exchange(Server(url=url).endpoint(), [wire.request("GET", "/")], timeout_s=0.5)


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
    monkeypatch.setenv("TOKEN", "t0ken\n")  # as a file has it
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

    file.write_text(
        "[server]\nurl = 'ftp://a'\ntoken = 't0ken'\n[[server.callers]]\nis-expired = 1\n"
        "[[server.callers]]\ntoken = '${TOKEN}'\n"
    )
    with pytest.raises(SettingsError) as raised:
        read_settings(file, rule_ids=[])
    assert sorted(raised.value.mistakes) == [
        "server.callers[0].is-expired: this must be true or false",
        "server.callers[0]: `token` is missing",
        f"server.callers[1].token: {NO_TOKEN}",
        f"server.token: {NO_TOKEN}",
        "server.url: this must be a URL, such as http://127.0.0.1:8080",
    ]


NO_TOKEN = "name a variable of the environment, such as $TOKEN: a token does not belong in this file"


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


def test_a_value_of_a_parameter_that_no_operation_has_is_a_mistake() -> None:
    contract = CONTRACT.replace(b"{id}", b"{petId}").replace(b"name: id,", b"name: petId,")
    report = asked(Server(url="http://127.0.0.1:1", values={"pettId": "7"}), "guarded", contract=contract)
    why = "[server.values]: no operation has the parameter pettId: petId may be meant"
    assert {skip.why for skip in report.skipped} == {why}
    assert not report.is_sound


@pytest.mark.parametrize("handler", [Streaming, Silent])
def test_a_stream_of_events_is_not_read(handler: type[Streaming]) -> None:
    with serving(handler) as url:
        reply = wire.exchange(Server(url=url).endpoint(), [wire.request("GET", "/news")], timeout_s=PATIENCE_S)
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "text/event-stream", b"")
