"""The small pieces, where a socket would be roundabout."""

import decimal
import json
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from connexion.context import context, operation
from connexion.exceptions import ResolverError

from tickbox_contract.engine.access import AccessRule, AuthContext, Vocabulary
from tickbox_contract.engine.application import TagResolver
from tickbox_contract.engine.conditions import matches_weakly
from tickbox_contract.engine.declared_responses import DeclaredResponses
from tickbox_contract.engine.negotiation import negotiate
from tickbox_contract.engine.problems import Refused, document
from tickbox_contract.engine.routing import SegmentTrie
from tickbox_contract.engine.texts import MalformedTextError, cookie_texts, decode, query_texts
from tickbox_contract.engine.violations import NonConformingResponseError
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.faults import one_each, pattern_sentences, pointer, schema_faults
from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.schemas import SchemaCompiler
from tickbox_contract.responses import Fault, ProblemType, Response, problem

from .sample import handlers
from .sample.application import AUTH_CONTEXTS, build
from .sample.store import Store

HTML, TEXT, JSON = "text/html", "text/plain", "application/json"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/plain", TEXT),
        ("text/*", HTML),
        ("text/*;q=0.5, text/plain", TEXT),
        ("text/*, text/html;q=0.1", TEXT),
        ("*/*;q=0.1, text/plain;q=0.2", TEXT),
        ("*/*, application/json;q=0", HTML),
        ("text/html;level=1;q=0.4, text/plain;q=0.3", HTML),
        ("text/plain;charset=utf-8", TEXT),
        (" Text/Plain ; Q=1 ", TEXT),
        ("image/png", None),
        ("text/plain;q=0", None),
        ("text/plain;q=x", None),
        ("text/plain;q=nan", None),
        ("text", None),
        (",,;", None),
    ],
)
def test_the_best_of_what_there_is_is_chosen(accept: str, chosen: str | None) -> None:
    assert negotiate(accept, (JSON, HTML, TEXT)) == chosen


def test_where_there_is_nothing_to_choose_anything_is_acceptable() -> None:
    assert negotiate("image/png", ()) == ""


@pytest.mark.parametrize(
    ("given", "matches"),
    [('"a"', True), ('W/"a"', True), (' "b" , "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_entity_tags_are_compared_weakly(given: str, matches: bool) -> None:  # noqa: FBT001  # a table
    assert matches_weakly(given, '"a"') is matches


@pytest.mark.parametrize(
    ("text", "decoded"), [("", ""), ("a+b", "a+b"), ("a%20b%2F", "a b/"), ("%C3%A9", "é"), ("%25", "%")]
)
def test_percent_encoding_is_undone_once(text: str, decoded: str) -> None:
    assert decode(text) == decoded


@pytest.mark.parametrize("text", ["%", "%1", "%zz", "a%2", "%FF", "%ED%A0%80", "%00", "é"])
def test_a_text_that_is_not_percent_encoded_is_refused(text: str) -> None:
    with pytest.raises(MalformedTextError):
        decode(text)


def test_a_query_keeps_the_order_of_repeated_names() -> None:
    assert query_texts(b"a=1&b=x+y&a=%2B&c&=d&&e=f=g") == {
        "a": ["1", "%2B"], "b": ["x+y"], "c": [""], "": ["d"], "e": ["f=g"],
    }  # fmt: skip
    assert query_texts(b"") == {}


def test_a_text_that_is_not_a_cookie_is_ignored() -> None:
    assert cookie_texts("a=1; b; c=; a=2;") == {"a": ["1", "2"], "c": [""]}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ([], "#"),
        (["a", 0, "b"], "#/a/0/b"),
        (["a/b", "~", ""], "#/a~1b/~0/"),
        (["x" * 65], f"#/{'x' * 64}…"),
    ],
)
def test_a_pointer_escapes_and_cuts_names(path: list[str | int], text: str) -> None:
    assert pointer(path) == text


CLOSED: dict[str, Any] = {"additionalProperties": False}
CLOSED_B = {"properties": {"b": {}}, **CLOSED}
NO_FORM = "This matches none of the forms that are allowed here."


@pytest.mark.parametrize(
    ("schema", "value", "code", "detail"),
    [
        ({"type": "integer"}, "", "type", "This must be an integer."),
        ({"type": "number", "nullable": True}, "", "type", "This must be a number or null."),
        ({"enum": ["a", 1]}, "", "enum", "This must be one of: a, 1."),
        ({"enum": ["a", None, True]}, "", "enum", "This must be one of: a, null, true."),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, None, "any-of", NO_FORM),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, None, "one-of", NO_FORM),
        (
            {"oneOf": [{}, {"type": "integer"}]},
            1,
            "one-of",
            "This matches more than one of the forms that are allowed here.",
        ),
        ({"not": {}}, 1, "not", "This form is not allowed here."),
        ({"format": "uuid"}, "a", "format", "This must be a UUID."),
        (
            {"format": "date"},
            "2026-02-30",
            "format",
            "This must be a date that exists, YYYY-MM-DD, such as 2026-01-31.",
        ),
        ({"format": "ipv4"}, "a", "format", "This must be an IPv4 address."),
        ({"minProperties": 2}, {"a": 1}, "min-properties", "This must have at least 2 properties."),
        ({"minLength": 1}, "", "min-length", "This must have at least 1 character."),
        ({"minProperties": 1}, {}, "min-properties", "This must have at least 1 property."),
        ({"maximum": 5, "exclusiveMaximum": True}, 5, "maximum", "This must be less than 5."),
        ({"maximum": 5}, 6, "maximum", "This must be 5 or less."),
        ({"minimum": 5, "exclusiveMinimum": True}, 5, "minimum", "This must be more than 5."),
        ({"pattern": "^a$"}, "b", "pattern", "This does not match the required pattern."),
    ],
)
def test_a_fault_says_what_should_be_there(schema: Any, value: Any, code: str, detail: str) -> None:
    errors = SchemaCompiler({}).compile(schema, direction="request").iter_errors(value)
    assert schema_faults(errors) == [Fault(detail, code)]


@pytest.mark.parametrize(
    ("schema", "value", "places"),
    [
        ({"minLength": 1, "pattern": "a"}, "", {"#": "min-length"}),
        ({"pattern": "a", "minLength": 1}, "", {"#": "min-length"}),
        ({"pattern": "^7", "format": "uuid"}, "x", {"#": "format"}),
        ({"format": "uuid", "maxLength": 1}, "xx", {"#": "format"}),
        ({"format": "date", "pattern": "^2", "maxLength": 10}, "2027-03-01T10:00", {"#": "format"}),
        ({"format": "email", "maxLength": 9}, "ada@example.com", {"#": "max-length"}),
        ({"format": "uuid", "minLength": 5}, "xx", {"#": "format"}),
        ({"enum": ["a"], "type": "string"}, 1, {"#": "type"}),
        ({"enum": ["a"], "pattern": "a", "minLength": 3}, "b", {"#": "enum"}),
        ({"minItems": 3, "uniqueItems": True}, [1, 1], {"#": "min-items"}),
        ({"allOf": [{"type": "string"}, {"type": "integer"}, {"minimum": 1}]}, None, {"#": "type"}),
        ({"anyOf": [{"minimum": 1}, {"enum": ["a"]}], "minimum": -1}, -2, {"#": "minimum"}),
        ({"properties": {"a": {"enum": [2]}}, "allOf": [CLOSED_B, CLOSED_B]}, {"a": 1}, {"#/a": "unknown"}),
        (CLOSED, {"a": 1, "b": 1}, {"#": "unknown"}),
        ({"properties": {"a": {"readOnly": True}}, **CLOSED}, {"a": 1}, {"#/a": "read-only"}),
        ({"items": {"type": "integer", "minimum": 5}}, [1, "a", 9], {"#/0": "minimum", "#/1": "type"}),
    ],
)
def test_a_value_has_one_fault_the_one_that_says_most(schema: Any, value: Any, places: dict[str, str]) -> None:
    errors = SchemaCompiler({}).compile(schema, direction="request").iter_errors(value)
    faults = schema_faults(errors)
    assert len(faults) == len(places)
    assert {fault.place: fault.code for fault in faults} == places


def test_faults_whose_places_were_cut_are_not_taken_for_those_of_one_value() -> None:
    values = {"x" * 70 + str(number): 1 for number in range(3)}
    faults = schema_faults(SchemaCompiler({}).compile(CLOSED_B, direction="request").iter_errors(values))
    assert len(faults) == 3


def test_the_faults_of_a_header_and_of_a_body_are_not_of_one_value() -> None:
    faults = [Fault("a", "type", "header", "#"), Fault("b", "type", "parameter", "#"), Fault("c", "type")]
    assert one_each([*faults, *faults]) == faults


def test_a_pattern_is_explained_by_the_sentence_beside_it() -> None:
    schema = {"pattern": "^a$", "x-pattern-says": "This must be an a."}
    errors = SchemaCompiler({}).compile(schema, direction="request").iter_errors("b")
    assert schema_faults(errors, pattern_sentences([schema])) == [Fault("This must be an a.", "pattern")]


COMPONENTS = {
    "Name": {"type": "string", "maxLength": 3},
    "Base": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
    "Free": {"type": "object"},
    "Tree": {
        "type": "object",
        "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    },
    "Both": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"b": {}}}]},
}
BASE = {"$ref": "#/components/schemas/Base"}
SECRET = {"type": "object", "required": ["p"], "properties": {"p": {"type": "string", "writeOnly": True}}}
FIXED = {"type": "object", "required": ["p"], "properties": {"p": {"type": "string", "readOnly": True}}}


@pytest.mark.parametrize(
    ("direction", "schema", "good", "bad"),
    [
        ("request", {"type": "string", "nullable": True}, ["", None], [1]),
        ("request", {"nullable": True}, [None, 1], []),
        ("request", {"type": "string", "nullable": True, "enum": ["a"]}, ["a"], [None]),
        ("request", {"type": "integer"}, [2, 2.0, 10**30], [2.5, True, "2"]),
        ("request", {"minimum": 1, "exclusiveMinimum": True}, [2, 1.1], [1, 0]),
        ("request", {"minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ("request", {"maximum": 1, "exclusiveMaximum": True}, [0], [1, 2]),
        ("request", {"exclusiveMaximum": True}, [10**9], []),
        ("request", {"$ref": "#/components/schemas/Name", "maxLength": 1}, ["abc"], ["abcd"]),
        ("request", {"type": "array", "maxItems": 1, "items": {"type": "integer"}}, [[], [1]], [["a"], [1, 1]]),
        ("request", {"type": "array", "items": {"type": "integer"}}, [[1, 2]], [["a"]]),
        ("request", {"type": "array", "uniqueItems": True, "items": {}}, [[1, 2]], [[1, 1]]),
        ("request", {"type": "array", "nullable": True, "maxItems": 1, "items": {}}, [None, [1]], [[1, 1]]),
        ("request", {"type": "string", "pattern": "^a", "maxLength": 2}, ["ab"], ["b", "abc"]),
        ("request", {"pattern": r"^\d+$"}, ["1"], ["\uff11", "1\n"]),
        ("request", FIXED, [{}], [{"p": "x"}]),
        ("request", SECRET, [{"p": "x"}], [{}]),
        ("request", {"format": "uuid"}, ["0190a5f0-0000-7000-8000-000000000000"], ["0190a5f0000070008000000000000000"]),
        ("request", {"format": "date"}, ["2024-02-29", "0001-01-01", "9999-12-31", "2026-12-31"],
         ["2023-02-29", "2024-2-9", "20240229", "0000-01-01", "2026-04-31", "2026-13-01", "2026-01-01\n"]),
        ("request", {"format": "date-time"},
         ["2024-02-29T00:00:00Z", "2026-12-31T23:59:59.5-23:59", "0001-01-01T01:00:00+01:00", "9999-12-31T23:59:59Z",
          "2026-01-01t00:00:00z", "2024-02-29T00:00:00.5z", "2024-02-29t00:00:00+01:00"],
         ["2024-02-29T00:00:00", "2024-02-29", "2023-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
          "2026-01-01_00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00",
          "2026-01-01T00:00:00Z\n", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]),
        ("response", {"format": "date-time"}, ["2026-01-01T00:00:00Z", 1], ["2026-02-30T00:00:00Z"]),
        ("response", {"not": {"format": "date"}}, ["today"], ["2026-01-01", "2024-02-29"]),
        ("request", {"format": "klingon"}, ["any"], []),
        ("request", {"type": "object", "additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": "b"}]),
        ("request", BASE, [{"a": 1}, {"a": 1, "b": 2}], [{}]),
        ("request", {"not": {"type": "string"}}, [1], ["a"]),
        ("request", {"oneOf": [{"type": "string"}, {"maxLength": 2}]}, ["abc", 1], ["a"]),
        ("request", {"type": "string", "default": 1, "example": 2, "x-any": 3, "title": "t"}, ["a"], [1]),
        ("response", SECRET, [{}], [{"p": "x"}]),
        ("response", FIXED, [{"p": "x"}], [{}]),
        ("response", BASE, [{"a": 1}], [{"a": 1, "b": 2}, {}]),
        ("response", {"type": "object"}, [{}, {"any": 1}], [1]),
        ("response", {"additionalProperties": True, "properties": {"a": {}}}, [{"b": 1}], []),
        ("response", {"allOf": [BASE, {"properties": {"b": {}}}]}, [{"a": 1, "b": 2}], [{"a": 1, "c": 3}]),
        ("response", {"allOf": [BASE, {"type": "object", "required": ["a"]}]}, [{"a": 1}], [{"a": 1, "c": 3}]),
        ("response", {"allOf": [{"$ref": "#/components/schemas/Both"}]}, [{"a": 1, "b": 2}], [{"a": 1, "c": 3}]),
        ("response", {"allOf": [{"allOf": [BASE]}, {"properties": {"b": BASE}}]},
         [{"a": 1, "b": {"a": 1}}], [{"a": 1, "b": {"a": 1, "c": 1}}]),
        ("response", {"anyOf": [BASE, {"$ref": "#/components/schemas/Free"}]}, [{"a": 1, "c": 3}], [1]),
        ("response", {"oneOf": [BASE, {"type": "string"}]}, [{"a": 1}, "a"], [{"a": 1, "b": 2}]),
        ("response", {"$ref": "#/components/schemas/Tree"},
         [{"kids": [{}, {"kids": []}]}], [{"kids": [{"x": 1}]}, {"x": 1}]),
        ("response", {"type": "array", "maxItems": 1, "items": BASE}, [[{"a": 1}]], [[{"a": 1, "b": 2}]]),
        ("response", {"type": "object", "additionalProperties": BASE}, [{"x": {"a": 1}}], [{"x": {"a": 1, "b": 2}}]),
    ],
)  # fmt: skip
def test_a_schema_of_openapi_3_0_means_what_it_says(
    direction: Any, schema: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    validator = SchemaCompiler({"components": {"schemas": COMPONENTS}}).compile(schema, direction=direction)
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []


SUBSETS = [tuple(chosen) for size in range(5) for chosen in combinations("abcx", size)]


@pytest.mark.parametrize("required", [chosen for chosen in SUBSETS if len(chosen) < 4])
@pytest.mark.parametrize("hidden", ["", "a", "c"])
def test_a_response_is_an_object_of_exactly_what_is_declared_and_required(
    required: tuple[str, ...], hidden: str
) -> None:
    properties = {name: {"type": "integer"} | ({"writeOnly": True} if name == hidden else {}) for name in "abc"}
    schema = {"type": "object", "nullable": True, "properties": properties}
    schema |= {"required": list(required)} if required else {}
    validator = SchemaCompiler({}).compile(schema, direction="response")

    allowed, needed = set("abc") - {hidden}, set(required) - {hidden}
    wrong = [sent for sent in SUBSETS if validator.is_valid(dict.fromkeys(sent, 1)) != (needed <= set(sent) <= allowed)]
    assert (wrong, validator.is_valid(None)) == ([], True)
    assert {error.kind.name for error in validator.iter_errors({})} == ({"required"} if needed else set())


@pytest.mark.parametrize("keep", [True, False])
def test_a_validator_is_kept_for_the_same_schema_in_the_same_direction_alone(*, keep: bool) -> None:
    compiler, schema = SchemaCompiler({}, keep=keep), {"type": "integer"}
    kept = compiler.compile(schema, direction="response")

    assert (compiler.compile(schema, direction="response") is kept) is keep
    assert compiler.compile({**schema}, direction="response") is not kept
    assert compiler.compile(schema, direction="request") is not kept


def test_a_validator_is_not_kept_for_another_schema_that_comes_to_be_in_the_same_place() -> None:
    compiler = SchemaCompiler({}, keep=True)
    assert all(compiler.compile({"enum": [n]}, direction="response").is_valid(n) for n in range(99))


def test_what_is_required_of_an_object_that_may_also_be_a_date_is_required() -> None:
    schema = {"properties": {"a": {}}, "required": ["a"], "format": "date"}
    validator = SchemaCompiler({}).compile(schema, direction="response")
    assert [validator.is_valid(value) for value in ({"a": 1}, {}, "2024-02-29", "2024-02-30")] == [
        True,
        False,
        True,
        False,
    ]


@pytest.fixture
def trie() -> SegmentTrie:
    made = SegmentTrie()
    for path in ("/", "/a", "/a/{x}", "/a/b", "/a/b/c", "/a/{x}/d", "/{y}/e", "/{y}/{z}/{w}"):
        made.add(path, "get", path)
    made.add("/a/b", "post", "post /a/b")
    return made


@pytest.mark.parametrize(
    ("path", "found", "values"),
    [
        ("/", "/", []),
        ("/a", "/a", []),
        ("/a/b", "/a/b", []),
        ("/a/x", "/a/{x}", ["x"]),
        ("/a/b/c", "/a/b/c", []),
        ("/a/b/d", "/a/{x}/d", ["b"]),
        ("/a/e", "/a/{x}", ["e"]),
        ("/b/e", "/{y}/e", ["b"]),
        ("/a/b/f", "/{y}/{z}/{w}", ["a", "b", "f"]),
        ("/a/x%2Fy", "/a/{x}", ["x%2Fy"]),
    ],
)
def test_a_literal_is_preferred_and_a_dead_end_is_left(
    trie: SegmentTrie, path: str, found: str, values: list[str]
) -> None:
    match = trie.find(path)
    assert match is not None
    assert (match[0].operations["GET"], match[1]) == (found, values)


@pytest.mark.parametrize("path", ["", "*", "/b", "/a/", "//a", "/a//d", "/a/b/c/d", "/a/b/"])
def test_a_path_that_is_not_there_is_not_found(trie: SegmentTrie, path: str) -> None:
    assert trie.find(path) is None


def test_all_methods_of_a_path_are_allowed(trie: SegmentTrie) -> None:
    match = trie.find("/a/b")
    assert match is not None
    assert match[0].allow == "GET, HEAD, OPTIONS, POST"


def test_json_is_read_as_json_and_yaml_as_yaml() -> None:
    read = {"a": ["\U0001f600", {"b": None}], "when": "2026-01-31"}
    assert Document.parse(json.dumps(read, indent="\t").encode()).root == read
    assert Document.parse('{a: ["\U0001f600", {b: null}], when: 2026-01-31}'.encode()).root == read


def test_a_reference_is_followed_to_its_end() -> None:
    document = Document.parse(b'{"a": {"$ref": "#/b/c~1d"}, "b": {"c/d": {"$ref": "#/e"}}, "e": {"f": 1}}')
    assert document.references.follow(document.root["a"]) == {"f": 1}
    with pytest.raises(UnresolvedReferenceError, match="#/nope leads nowhere"):
        document.references.follow({"$ref": "#/nope"})


def test_a_problem_lists_at_most_fifty_faults() -> None:
    kind = ProblemType("odd", 422, "Odd")
    faults = [Fault("d", "c", place=f"#/{number}") for number in range(51)]
    assert len(document(problem(kind, "d", faults=faults), urn_prefix="urn:")["errors"]) == 50
    assert "errors" not in document(problem(kind, "d"), urn_prefix="urn:")


class _DriversUUID:
    """Some drivers return a class of their own that looks like a UUID and is not one."""


class _Subclass(UUID):
    """Others a subclass of it."""


def encode(content: Any) -> bytes:
    def ignore(_text: str) -> None:
        """Nothing is declared here."""

    wire = DeclaredResponses({}, ()).encode(Response(status=200, content=content), accepted="", violation=ignore)
    assert isinstance(wire.body, bytes)
    return wire.body


def test_plain_data_is_written_as_the_contract_writes_it() -> None:
    text = "0190a5f0-0000-7000-8000-000000000000"
    moment = datetime(2024, 1, 1, 13, tzinfo=timezone(timedelta(0)))
    content = {"id": UUID(text), "sub": _Subclass(text), "on": date(2024, 2, 29), "at": moment, "x": [1, 1.5, True]}
    assert json.loads(encode(content)) == {
        "id": text, "sub": text, "on": "2024-02-29", "at": "2024-01-01T13:00:00Z", "x": [1, 1.5, True],
    }  # fmt: skip
    assert encode(datetime(2024, 1, 1, tzinfo=UTC)) == b'"2024-01-01T00:00:00Z"'


@pytest.mark.parametrize("content", [_DriversUUID(), {1: 2}, {"a": decimal.Decimal(1)}, 2**64, {"a"}, "\ud800"])
def test_content_that_is_not_plain_data_is_not_written(content: Any) -> None:
    with pytest.raises(NonConformingResponseError, match="not plain data"):
        encode(content)


def test_the_resolver_says_which_handler_is_missing() -> None:
    class Operation:
        _operation = {"tags": ["system"]}  # noqa: RUF012  # a stand-in for connexion's
        operation_id = "nope"

    with pytest.raises(ResolverError, match=r"the handler tests\.contract\.sample\.handlers\.system\.nope is missing"):
        TagResolver(handlers).resolve(Operation())


async def test_a_path_of_raw_bytes_is_malformed_whoever_the_server_is() -> None:
    """Our protocol refuses it before; in Latin-1 it would be the same as a path that is encoded."""
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "raw_path": b"/st\xe4dte", "query_string": b"", "headers": [],
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await build(Store())(scope, None, send)
    assert sent[0]["status"] == 400


async def test_every_layer_of_connexion_sees_a_request() -> None:
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "raw_path": b"/stations", "query_string": b"",
        "headers": [(b"authorization", b"Bearer reader")],
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await build(Store())(scope, None, send)
    assert sent[0]["status"] == 200
    assert operation.operation_id == "list_stations"
    assert context["token_info"]["auth"] == AUTH_CONTEXTS["reader"]
    assert scope["extensions"]["connexion_routing"] == {"api_base_path": "", "operation_id": "list_stations"}


def test_the_scope_any_is_a_token_s_with_any_scope_or_none_and_says_nothing_of_roles() -> None:
    vocabulary = Vocabulary(roles=("reader", "keeper"), scopes=("read",))
    anybody = AccessRule.parse({"scope": "any"}, vocabulary)
    keeper = AccessRule.parse({"scope": "any", "role": "keeper"}, vocabulary)
    for scopes in (frozenset[str](), frozenset({"read"})):
        anybody.admit(AuthContext(principal=None, scopes=scopes, role=None))
        keeper.admit(AuthContext(principal=None, scopes=scopes, role="keeper"))
        for role, status in ((None, 404), ("reader", 403)):
            with pytest.raises(Refused) as refused:
                keeper.admit(AuthContext(principal=None, scopes=scopes, role=role))
            assert refused.value.status == status


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("application/Merge-Patch+JSON;a=b", True),
        ("application/jsonl", False),
        ("text/plain; of=application/json", False),
    ],
)
def test_json_is_known_by_its_name_in_any_case_and_with_parameters(media_type: str, *, expected: bool) -> None:
    assert is_json(media_type) is expected
