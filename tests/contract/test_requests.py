"""Parameters and bodies of every kind, over the wire."""

import json
from typing import Any

import httpx
import pytest

from tests.support.wire import Reply, exchange, request

from .conftest import STATION_ID, Sample
from .sample.application import build
from .sample.store import Store

UUID = "0190a5f0-0000-7000-8000-000000000001"
STYLES = "/styles/1/1"
JSON = "Content-Type: application/json"
PATCH = "Content-Type: application/merge-patch+json"


def given(reply: Reply) -> Any:
    assert reply.status == 200, reply
    found = reply.json["given"]
    return {name: value for name, value in found.items() if name not in {"level", "codes", "limit", "counts"}}


def echo(server: Sample, query: str, *lines: str) -> Reply:
    return server.call("GET", STYLES + query, *lines)


def test_path_parameters_and_defaults_are_typed(server: Sample) -> None:
    reply = server.call("GET", "/styles/3/1,-2,30")
    assert reply.json == {"given": {"level": 3, "codes": [1, -2, 30], "limit": 50, "counts": {}}}


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("?limit=200", {}),
        ("?ratio=0.5", {"ratio": 0.5}),
        ("?ratio=2e3", {"ratio": 2000.0}),
        ("?open=true", {"open": True}),
        ("?open=false", {"open": False}),
        ("?since=2024-02-29", {"since": "2024-02-29"}),
        (f"?owner={UUID.upper()}", {"owner": UUID}),
        ("?height=-0", {"height": 0}),
        ("?colour=red", {"colour": "red"}),
        ("?word=a&word=&word=b%20c+d", {"word": ["a", "", "b c d"]}),
        ("?word=%C3%A9%2B", {"word": ["é+"]}),
        ("?ids=1,2,3", {"ids": [1, 2, 3]}),
        ("?ids=", {"ids": []}),
        ("?spaced=a%20b+c", {"spaced": ["a", "b", "c"]}),
        ("?piped=1%7C2|3", {"piped": [1, 2, 3]}),
        ("?near[lat]=1.5&near%5Bname%5D=Kew", {"near": {"lat": 1.5, "name": "Kew"}}),
        ("?&open=true&&", {"open": True}),
    ],
)
def test_query_parameters_of_each_style_are_typed(server: Sample, query: str, understood: object) -> None:
    assert given(echo(server, query)) == understood


def test_unnamed_members_have_the_type_of_additional_properties(server: Sample) -> None:
    assert echo(server, "?counts[a]=1&counts[b]=2").json["given"]["counts"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("line", "understood"),
    [
        ("x-LEVEL:  5 ", {"x_level": 5}),
        ("X-Codes: 1, 2,3", {"x_codes": [1, 2, 3]}),
        ("X-Place: lat,1,name,Kew", {"x_place": {"lat": 1.0, "name": "Kew"}}),
        ("X-Pairs: lat=1, name=a=b", {"x_pairs": {"lat": 1.0, "name": "a=b"}}),
        ("Cookie: visits=3; other=1; colours=red,green; flag", {"visits": 3, "colours": ["red", "green"]}),
        ("Cookie: colours=", {"colours": []}),
    ],
)
def test_headers_and_cookies_of_each_style_are_typed(server: Sample, line: str, understood: object) -> None:
    assert given(echo(server, "", line)) == understood


def test_a_list_in_several_header_lines_is_one_list(server: Sample) -> None:
    assert given(echo(server, "", "X-Codes: 1", "X-Codes: 2, 3")) == {"x_codes": [1, 2, 3]}
    assert given(echo(server, "", "X-Pairs: lat=1", "X-Pairs: name=a")) == {"x_pairs": {"lat": 1.0, "name": "a"}}


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("?ratio=0", "parameter ratio minimum"),
        ("?ratio=.5", "parameter ratio type"),
        ("?ratio=nan", "parameter ratio type"),
        ("?ratio=1e400", "parameter ratio type"),
        ("?since=2024-02-30", "parameter since format"),
        ("?since=20240101", "parameter since format"),
        ("?owner={}", "parameter owner format"),
        ("?height=null", "parameter height type"),
        ("?height=", "parameter height type"),
        ("?colour=blue", "parameter colour enum"),
        ("?word=a&word=b&word=c&word=d", "parameter word max-items"),
        ("?ids=1&ids=2", "parameter ids type"),
        ("?ids=1,,2", "parameter ids type"),
        ("?piped=1|x", "parameter piped type"),
        ("?near[name]=Kew", "parameter near required"),
        ("?near[lat]=1&near[lat]=2", "parameter near repeated"),
        ("?near[lat]=x", "parameter near type"),
        ("?near[lat]=1&near[other]=2", "parameter near unknown"),
        ("?near[lat]=1&near[lat][x]=2", "parameter near[lat][x] unknown"),
        ("?near[lat]=1&near[]=2", "parameter near[] unknown"),
        ("?near[lat]=1&near[lat]]=2", "parameter near[lat]] unknown"),
        ("?ids=1%2C2", "parameter ids type"),
        ("?near=1", "parameter near unknown"),
        ("?near[lat=1", "parameter near[lat unknown"),
        ("?other[x]=1", "parameter other[x] unknown"),
        ("?a/b=1", "parameter a/b unknown"),
        ("?counts[a]=x", "parameter counts type"),
        ("?=1", "parameter  unknown"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_by_name(server: Sample, query: str, place: str) -> None:
    reply = echo(server, query)
    assert (reply.status, reply.slug, reply.places) == (400, "invalid-parameters", {place})


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["X-Level: a"], "header X-Level type"),
        (["X-Level: 1", "X-Level: 1"], "header X-Level repeated"),
        (["X-Codes: 1,,2"], "header X-Codes type"),
        (["X-Place: lat"], "header X-Place type"),
        (["X-Place: lat,1,lat,2"], "header X-Place type"),
        (["X-Place: lat,-91"], "header X-Place minimum"),
        (["X-Pairs: lat"], "header X-Pairs type"),
        (["Cookie: visits=x"], "parameter visits type"),
        (["Cookie: visits=1", "Cookie: visits=2"], "parameter visits repeated"),
        (["Cookie: colours=a; colours=b"], "parameter colours type"),
    ],
)
def test_headers_and_cookies_that_do_not_fit_are_refused_by_name(server: Sample, lines: list[str], place: str) -> None:
    reply = echo(server, "", *lines)
    assert (reply.status, reply.slug, reply.places) == (400, "invalid-parameters", {place})


def test_a_fault_inside_a_parameter_has_its_place(server: Sample) -> None:
    (fault,) = echo(server, "", "X-Place: lat,-91").json["errors"]
    assert fault["detail"].endswith("(at #/lat)")


def test_required_parameters_are_required(server: Sample) -> None:
    assert server.call("HEAD", "/required").status == 400
    reply = server.call("HEAD", "/required?word=a&near[lat]=1")
    assert (reply.status, reply.headers["x-count"]) == (204, "1")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/styles/0/1", "parameter level minimum"),
        ("/styles/9/1", "parameter level type"),
        ("/styles/a/1", "parameter level type"),
        ("/styles/1/1,2,3,4,5,6", "parameter codes max-items"),
        ("/styles/1/1%2Cx", "parameter codes type"),
    ],
)
def test_a_path_that_does_not_fit_is_refused_by_name(server: Sample, path: str, place: str) -> None:
    reply = server.call("GET", path)
    assert (reply.status, reply.places) == (400, {place})


FULL = {
    "name": "Oxford",
    "code": "OX",
    "colour": "green",
    "height": 2.0,
    "ratio": 1.5,
    "open": False,
    "remark": None,
    "opened_on": "2024-02-29",
    "opened_at": "2024-02-29T12:00:00.5+01:00",
    "owner": UUID,
    "place": {"lat": -90, "name": "Isis"},
    "sensors": [{"id": 1}, {"id": 2, "place": {"lat": 0}}],
    "extra": {"anything": [1, {"goes": None}], "\\u0000": "a backslash is no NUL"},
    "labels": {"a": "b"},
}


def test_a_body_with_everything_comes_back_as_it_was(server: Sample) -> None:
    reply = server.post_json("/stations", json.dumps(FULL).encode())
    assert reply.status == 201, reply
    assert reply.json == FULL | {"id": reply.json["id"], "revision": 1}
    assert reply.headers["location"] == f"/stations/{reply.json['id']}"
    assert reply.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "pointer #/name min-length"),
        ({"name": None}, "pointer #/name type"),
        ({"name": "é" * 51}, "pointer #/name max-length"),
        ({"code": "ox"}, "pointer #/code pattern"),
        ({"code": "OX\n"}, "pointer #/code max-length"),
        ({"colour": "blue"}, "pointer #/colour enum"),
        ({"height": 0}, "pointer #/height minimum"),
        ({"height": 9000}, "pointer #/height maximum"),
        ({"height": 1.5}, "pointer #/height type"),
        ({"height": True}, "pointer #/height type"),
        ({"ratio": 0.3}, "pointer #/ratio multiple-of"),
        ({"ratio": None}, "pointer #/ratio type"),
        ({"open": 1}, "pointer #/open type"),
        ({"remark": 1}, "pointer #/remark type"),
        ({"opened_on": "2023-02-29"}, "pointer #/opened_on format"),
        ({"opened_on": "0000-01-01"}, "pointer #/opened_on format"),
        ({"owner": f"{{{UUID}}}"}, "pointer #/owner format"),
        ({"place": {}}, "pointer #/place/lat required"),
        ({"place": {"lat": "1"}}, "pointer #/place/lat type"),
        ({"place": {"lat": 1, "x": 1}}, "pointer #/place/x unknown"),
        ({"sensors": []}, "pointer #/sensors min-items"),
        ({"sensors": [{"id": -1}] * 4}, "pointer #/sensors max-items"),
        ({"sensors": [{"id": 1}, {"id": 100}]}, "pointer #/sensors/1/id maximum"),
        ({"sensors": [{"id": 1}, {"id": 1}]}, "pointer #/sensors unique-items"),
        ({"sensors": [{"id": 1, "place": {"lat": -91}}]}, "pointer #/sensors/0/place/lat minimum"),
        ({"labels": {"a": "123456"}}, "pointer #/labels/a max-length"),
        ({"labels": {"a": "", "b": "", "c": ""}}, "pointer #/labels max-properties"),
        ({"revision": 1}, "pointer #/revision read-only"),
        ({"extra": {"a": [10**20]}}, "pointer #/extra/a/0 maximum"),
        ({"extra": {"a": -(2**63) - 1}}, "pointer #/extra/a maximum"),
        ({"extra": {"a": ["b", "\0"]}}, "pointer #/extra/a/1 nul"),
        ({"extra": {"\0": 1}}, "pointer #/extra nul"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_a_pointer(
    server: Sample, changes: dict[str, Any], place: str
) -> None:
    before = server.store.snapshot()
    reply = server.post_json("/stations", json.dumps(FULL | changes).encode())
    assert (reply.status, reply.slug, reply.places) == (422, "invalid-body", {place})
    assert server.store.snapshot() == before


def test_integers_of_64_bits_come_back_as_they_were(server: Sample) -> None:
    body = {"name": "big", "extra": {"a": 2**64 - 1, "b": -(2**63), "c": 1e300}}
    assert server.post_json("/stations", json.dumps(body).encode()).json["extra"] == body["extra"]


def test_at_most_fifty_faults_are_listed(server: Sample) -> None:
    body = json.dumps({str(number): 1 for number in range(1000)}).encode()
    assert len(server.post_json("/stations", body).json["errors"]) == 50


def test_what_the_client_sent_is_not_repeated(server: Sample) -> None:
    reply = server.post_json("/stations", json.dumps(FULL | {"name": ["hunter2"], "code": "hunter2"}).encode())
    assert reply.status == 422
    assert b"hunter2" not in reply.body


def test_a_value_that_only_the_handlers_type_refuses_has_a_pointer(server: Sample) -> None:
    reply = server.call("PATCH", f"/stations/{STATION_ID}", PATCH, body=b'{"zone": "Mars"}', token="director")
    assert (reply.status, reply.places) == (422, {"pointer #/zone type"})


def test_a_model_is_built_of_the_body(server: Sample) -> None:
    reply = server.call("PATCH", f"/stations/{STATION_ID}", PATCH, body=b'{"name": "Kew Gardens"}', token="director")
    assert (reply.status, reply.json["name"], reply.headers["etag"]) == (200, "Kew Gardens", '"8"')


def test_a_patch_that_says_nothing_is_refused(server: Sample) -> None:
    reply = server.call("PATCH", f"/stations/{STATION_ID}", PATCH, body=b"{}", token="director")
    assert reply.places == {"pointer # min-properties"}


@pytest.mark.parametrize(
    ("media_type", "body", "understood"),
    [
        ("text/plain", "sunny é".encode(), ["str", "sunny é"]),
        ("text/plain; charset=UTF-8", b"a", ["str", "a"]),
        ('Text/Plain ; Charset="utf-8"; format=flowed', b"a", ["str", "a"]),
        ("application/octet-stream", b"\x00\xff", ["bytes", "00ff"]),
        ("application/json", b'{"a": 2.0}', ["dict", {"a": 2.0}]),
    ],
)
def test_bodies_of_each_media_type_are_read(
    server: Sample, media_type: str, body: bytes, understood: list[Any]
) -> None:
    assert server.call("PUT", "/notes", f"Content-Type: {media_type}", body=body).json == {"given": understood}


def test_a_media_type_with_a_json_suffix_is_json(server: Sample) -> None:
    media_type = "Content-Type: application/vnd.station+json"
    reply = server.call("POST", "/stations", media_type, body=b'{"name": 1}', token="director")
    assert reply.places == {"pointer #/name type"}


def test_a_body_that_may_be_left_out_is_left_out(server: Sample) -> None:
    assert server.call("PUT", "/notes").json == {"given": ["str", "nothing"]}
    assert server.call("PUT", "/notes", "Content-Type: image/png").json == {"given": ["str", "nothing"]}


@pytest.mark.parametrize("body", [b"{}", b" { }\r\n"])
@pytest.mark.parametrize("lines", [[], ["Content-Type: Application/JSON; charset=utf-8"], ["Content-Type: a/b+json"]])
def test_an_empty_object_is_accepted_where_no_body_is_needed(server: Sample, body: bytes, lines: list[str]) -> None:
    assert server.call("POST", "/answers/good-empty", *lines, body=body).status == 202


def test_an_empty_object_in_chunks_is_accepted_where_no_body_is_needed(server: Sample) -> None:
    head = request("POST", "/answers/good-empty", JSON, "Transfer-Encoding: chunked")
    for chunks in (b"2\r\n{}\r\n0\r\n\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"0\r\n\r\n"):
        assert exchange(server.address, [head, chunks], method="POST").status == 202


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"a":1}', JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b"{", JSON),
        (b"{}{}", JSON),
        (b"{}\0", JSON),
        (b"{}" + b" " * 15, JSON),
        (b"{}", "Content-Type: application/x-www-form-urlencoded"),
        (b"{}", "Content-Type: text/plain"),
    ],
)
def test_any_other_body_is_refused_where_none_is_declared(server: Sample, body: bytes, line: str) -> None:
    reply = server.call("POST", "/answers/good-empty", line, body=body)
    assert (reply.status, reply.slug) == (400, "malformed-request")
    assert reply.json["detail"] == "This operation does not take a body. Send none, or {} as application/json."


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"\xff", 400, "malformed-request"),
        (b"x" * 21, 422, "invalid-body"),
        (b"a\0b", 422, "invalid-body"),
        (b"x" * 65, 413, "content-too-large"),
    ],
)
def test_text_that_does_not_fit_is_refused(server: Sample, body: bytes, status: int, slug: str) -> None:
    reply = server.call("PUT", "/notes", "Content-Type: text/plain", body=body)
    assert (reply.status, reply.slug) == (status, slug)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(("size", "status"), [(64, 200), (65, 413)])
def test_a_body_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not(
    server: Sample,
    size: int,
    status: int,
    announced: bool,  # noqa: FBT001  # a table
) -> None:
    body, line = b"x" * size, "Content-Type: application/octet-stream"
    if announced:
        assert server.call("PUT", "/notes", line, body=body).status == status
        return
    head = request("PUT", "/notes", line, "Transfer-Encoding: chunked")
    assert exchange(server.address, [head, b"%x\r\n" % size, body, b"\r\n0\r\n\r\n"], method="PUT").status == status


def test_a_415_names_the_media_types_of_a_patch(server: Sample) -> None:
    reply = server.call("PATCH", f"/stations/{STATION_ID}", body=b"{}", token="director")
    assert (reply.status, reply.headers["accept-patch"]) == (415, "application/merge-patch+json")


def test_the_response_to_thousands_of_faults_far_down_is_short(server: Sample) -> None:
    names = [f"{depth}{'n' * 64}" for depth in range(150)]
    inside = b"[" + b",".join([b'"\\u0000"'] * 3000) + b"]"
    body = b"".join(b'{"%s":' % name.encode() for name in names) + inside + b"}" * len(names)
    reply = server.call("POST", "/stations", "Content-Type: application/json", body=body, token="director")
    assert (reply.status, reply.slug) == (422, "invalid-body")
    assert len(reply.body) < 200_000
    assert len(reply.json["errors"]) == 50
    assert all(fault["pointer"].count("/") <= 33 for fault in reply.json["errors"])


@pytest.mark.parametrize(
    ("lines", "agent"),
    [
        ((), ""),
        (("User-Agent: probe/1 (x)",), "probe/1 (x)"),
        (("user-agent: first", "User-Agent: second"), "first"),
        (("User-Agent: \xe9",), "\xe9"),
    ],
)
def test_a_unit_of_work_knows_the_sender(server: Sample, lines: tuple[str, ...], agent: str) -> None:
    assert server.call("GET", STYLES, *lines).status == 200
    assert server.store.clients[-1] == ("127.0.0.1", agent)


async def test_a_connection_without_an_address_is_none() -> None:
    store = Store()
    transport = httpx.ASGITransport(build(store), client=None)  # type: ignore[arg-type]  # of a Unix socket
    async with httpx.AsyncClient(transport=transport, base_url="http://sample", headers={"User-Agent": "x"}) as client:
        assert (await client.get(STYLES)).status_code == 200
    assert store.clients == [(None, "x")]
