"""What OpenAPI 3.0.4 and 3.1.1 call invalid, by section: a smallest contract for each fault, and a valid neighbour."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tickbox_contract.gate.rules import run

from .test_valid import CAT, CONTENT, DOG, GET, ID, TEXT, A, found, report_of, thing

OLD, NEW = "3.0.4", "3.1.1"
BOTH = (OLD, NEW)
RESPONSES = {"responses": {"200": {"description": "d"}}}
PARAMETER = f"{GET}/parameters/1"
JSON = f"{CONTENT}/application~1json"
CALLBACK = f"{GET}/callbacks/c/{{$request.query.u}}/post"
WEBHOOK = "webhooks/w/post"
WRONG = {"schema": TEXT, "example": 1}
RIGHT = {"schema": TEXT, "example": "a"}


def query(**more: Any) -> dict[str, Any]:
    return {"name": "q", "in": "query", "schema": TEXT, **more}


def body(media: dict[str, Any], name: str = "application/json") -> dict[str, Any]:
    """An operation with that media type as its request body."""
    return {"requestBody": {"content": {name: media}}, **RESPONSES}


class Fault(NamedTuple):
    """A fault, in which versions it is one, where it is found and by which rule, and what is close to it and valid."""

    section: str
    versions: tuple[str, ...]
    changes: dict[str, Any]
    rule_id: str
    place: str
    neighbour: dict[str, Any]


def in_json(section: str, place: str, around: dict[str, Any], versions: tuple[str, ...] = BOTH) -> Fault:
    """An example of JSON in the object at *place* that is wrong."""
    wrong, right = ({place: {**around, "content": {"application/json": media}}} for media in (WRONG, RIGHT))
    return Fault(section, versions, wrong, "fitting-example", f"{place}/content/application~1json/example", right)


EXAMPLES = [
    in_json("Response Object: in a component that nothing uses", "components/responses/R", {"description": "d"}),
    in_json("Request Body Object: in a component that nothing uses", "components/requestBodies/B", {}),
    in_json("Header Object: content", f"{GET}/responses/200/headers/X", {}),
    in_json("Parameter Object: content", PARAMETER, {"name": "q", "in": "query"}),
    Fault("Callback Object", BOTH, {CALLBACK: body(WRONG)}, "fitting-example",
          f"{CALLBACK}/requestBody/content/application~1json/example", {CALLBACK: body(RIGHT)}),
    Fault("OpenAPI Object: webhooks", (NEW,), {WEBHOOK: body(WRONG)}, "fitting-example",
          f"{WEBHOOK}/requestBody/content/application~1json/example", {WEBHOOK: body(RIGHT)}),
    Fault("Path Item Object: in a component", (NEW,), {"components/pathItems/P/post": body(WRONG)}, "fitting-example",
          "components/pathItems/P/post/requestBody/content/application~1json/example",
          {"components/pathItems/P/post": body(RIGHT)}),
    Fault("Encoding Object: headers", BOTH,
          {"paths/~1b/post": body({"schema": thing(a=TEXT), "encoding": {"a": {"headers": {"X": WRONG}}}},
                                  "multipart/form-data")},
          "fitting-example", "paths/~1b/post/requestBody/content/multipart~1form-data/encoding/a/headers/X/example",
          {"paths/~1b/post": body({"schema": thing(a=TEXT), "encoding": {"a": {"headers": {"X": RIGHT}}}},
                                  "multipart/form-data")}),
    Fault("Parameter Object: example", BOTH, {PARAMETER: query(schema={"type": "integer"}, example="a")},
          "fitting-example", f"{PARAMETER}/example", {PARAMETER: query(schema={"type": "integer"}, example="1")}),
    Fault("Parameter Object: example of a list", BOTH,
          {PARAMETER: query(schema={"type": "array", "items": TEXT}, example=[1])}, "fitting-example",
          f"{PARAMETER}/example", {PARAMETER: query(schema={"type": "array", "items": TEXT}, example="a,b")}),
    Fault("Parameter Object: example of a text", BOTH, {PARAMETER: query(example=1)},
          "fitting-example", f"{PARAMETER}/example", {PARAMETER: query(example="1")}),
    Fault("Schema Object: nothing fits it in a callback", BOTH,
          {CALLBACK: body({"schema": {"type": "integer", "minimum": 2, "maximum": 1}})}, "possible-schema",
          f"{CALLBACK}/requestBody/content/application~1json/schema",
          {CALLBACK: body({"schema": {"type": "integer", "minimum": 1, "maximum": 1}})}),
    Fault("Example Object: a readOnly property in a component of requests", BOTH,
          {"components/requestBodies/B": {"content": {"application/json": {
              "schema": {**thing(a={**TEXT, "writeOnly": True}), "required": ["a"]}, "example": {}}}}},
          "fitting-example", "components/requestBodies/B/content/application~1json/example",
          {"components/requestBodies/B": {"content": {"application/json": {
              "schema": {**thing(a={**TEXT, "readOnly": True}), "required": ["a"]}, "example": {}}}}}),
]  # fmt: skip
MEDIA = {"schema": TEXT, "example": "a"}
LINK = f"{GET}/responses/200/links/next"
HEADERS = f"{GET}/responses/200/headers"
SCHEME = "components/securitySchemes/s"
FORM = {"schema": thing(a=TEXT), "encoding": {"a": {"contentType": "text/plain"}}}
SHARED = {"components/parameters/Q": query()}
PETS = {"components/schemas/Cat": thing(kind=TEXT), "components/schemas/Dog": thing(kind=TEXT, age={"type": "integer"})}
EITHER = {"anyOf": [CAT, DOG], "discriminator": {"propertyName": "kind"}}


def rows(rule_id: str, *faults: tuple[str, tuple[str, ...], dict[str, Any], str, dict[str, Any]]) -> list[Fault]:
    return [Fault(section, versions, bad, rule_id, place, good) for section, versions, bad, place, good in faults]


def at(place: str, bad: Any, good: Any, inner: str = "") -> tuple[dict[str, Any], str, dict[str, Any]]:
    """A fault at *place* or at *inner* in it, and what is valid there."""
    return {place: bad}, f"{place}/{inner}" if inner else place, {place: good}


SECTIONS = [
    *rows(
        "well-formed",
        ("License Object: identifier and url", (NEW,), *at("info/license",
            {"name": "n", "identifier": "MIT", "url": "https://a.b"}, {"name": "n", "identifier": "MIT"})),
        ("License Object: no identifier in 3.0", (OLD,), *at("info/license",
            {"name": "n", "identifier": "MIT"}, {"name": "n", "url": "https://a.b"}, "identifier")),
        ("Server Variable Object: default", BOTH, *at("servers", [{"url": "/{a}", "variables": {"a": {}}}],
            [{"url": "/{a}", "variables": {"a": {"default": ""}}}], "0/variables/a/default")),
        ("Components Object: names", (NEW,), {"components/schemas/a b": {}}, "components/schemas/a b",
            {"components/schemas/a.b-c_1": {}}),
        ("Paths Object: a slash begins", BOTH, {"paths/b": {"get": RESPONSES}}, "paths/b",
            {"paths/~1b": {"get": RESPONSES}}),
        ("Path Item Object: methods", BOTH, {"paths/~1b/GET": RESPONSES}, "paths/~1b/GET",
            {"paths/~1b/get": RESPONSES}),
        ("Operation Object: responses", (OLD,), *at("paths/~1b/get", {}, RESPONSES, "responses")),
        ("Operation Object: no reference", BOTH, {"paths/~1b/get": {"$ref": "#/x-b"}, "x-b": RESPONSES},
            "paths/~1b/get/$ref", {"paths/~1b": {"$ref": "#/x-b"}, "x-b": {"get": RESPONSES}}),
        ("Responses Object: statuses", BOTH, {f"{GET}/responses/2xx": {"description": "d"}}, f"{GET}/responses/2xx",
            {f"{GET}/responses/2XX": {"description": "d"}}),
        ("Responses Object: no status 600", BOTH, {f"{GET}/responses/600": {"description": "d"}},
            f"{GET}/responses/600",
            {f"{GET}/responses/599": {"description": "d"}}),
        ("Response Object: description", BOTH, *at(f"{GET}/responses/404", {}, {"description": ""}, "description")),
        ("Request Body Object: content", BOTH, *at("components/requestBodies/B", {}, {"content": {}}, "content")),
        ("Parameter Object: in", BOTH, *at(PARAMETER, {"name": "q", "in": "query"}, query())),
        ("Parameter Object: schema and content", BOTH, *at(PARAMETER, query(content={"a/b": {}}), query())),
        ("Parameter Object: style", (NEW,), *at(PARAMETER, query(style="simple"), query(style="form"), "style")),
        ("Parameter Object: style in 3.0", (OLD,), *at(PARAMETER, query(style="simple"), query(style="form"), "style")),
        ("Header Object: name", BOTH, *at(f"{HEADERS}/X", {"name": "X", "schema": TEXT}, {"schema": TEXT}, "name")),
        ("Example Object: value and externalValue", (NEW,), *at("components/examples/e",
            {"value": 1, "externalValue": "e.json"}, {"value": 1})),
        ("Media Type Object: example and examples", (OLD,), *at(JSON, {**MEDIA, "examples": {}}, MEDIA)),
        ("Link Object: two operations", BOTH, *at(LINK,
            {"operationId": "get_a", "operationRef": f"#/{GET}"}, {"operationId": "get_a"})),
        ("Security Scheme Object: scheme", (NEW,), *at(SCHEME,
            {"type": "http"}, {"type": "http", "scheme": "basic"}, "scheme")),
        ("Security Scheme Object: flows", BOTH, *at(SCHEME,
            {"type": "oauth2"}, {"type": "oauth2", "flows": {}}, "flows")),
        ("Security Scheme Object: openIdConnectUrl", BOTH, *at(SCHEME, {"type": "openIdConnect"},
            {"type": "openIdConnect", "openIdConnectUrl": "https://a.b"}, "openIdConnectUrl")),
        ("Security Scheme Object: in", BOTH, *at(SCHEME,
            {"type": "apiKey", "name": "k"}, {"type": "apiKey", "name": "k", "in": "cookie"}, "in")),
        ("OAuth Flow Object: scopes", BOTH, *at(SCHEME,
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "/a"}}},
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "/a", "scopes": {}}}},
            "flows/implicit/scopes")),
        ("Schema Object: type of 3.0", (OLD,), *at(A,
            {"type": ["string", "null"]}, {"type": "string", "nullable": True}, "type")),
        ("Schema Object: const", (OLD,), *at(A, {"const": 1}, {"enum": [1]}, "const")),
        ("Schema Object: examples", (OLD,), *at(A, {"examples": [1]}, {"example": 1}, "examples")),
        ("Schema Object: exclusiveMinimum of 3.0", (OLD,), *at(A,
            {"exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}, "exclusiveMinimum")),
        ("Schema Object: exclusiveMinimum of 3.1", (NEW,), *at(A,
            {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}, "exclusiveMinimum")),
        ("Schema Object: items", BOTH, *at(A,
            {"type": "array", "items": [{}]}, {"type": "array", "items": {}}, "items")),
        ("Discriminator Object: propertyName", BOTH, {A: {**EITHER, "discriminator": {}}, **PETS},
            f"{A}/discriminator/propertyName", {A: EITHER, **PETS}),
    ),
    *rows(
        "fixed-field",
        ("Components Object: names in 3.0", (OLD,), {"components/schemas/a b": {}}, "components/schemas/a b",
            {"components/schemas/a.b-c_1": {}}),
        ("Contact Object: email", (NEW,), *at("info/contact", {"email": "a"}, {"email": "a@b"}, "email")),
        ("Contact Object: url", BOTH, *at("info/contact", {"url": "https://a b"}, {"url": "https://ä.b/%20"}, "url")),
        ("Server Object: url", BOTH, *at("servers", [{"url": "https://a b"}],
            [{"url": "https://{a}.b/", "variables": {"a": {"default": "a"}}}], "0/url")),
        ("External Documentation Object: url", BOTH, *at(f"{GET}/externalDocs", {"url": "<a>"}, {"url": "a"}, "url")),
        ("OAuth Flow Object: authorizationUrl", BOTH, *at(SCHEME,
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://{a}", "scopes": {}}}},
            {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "/a", "scopes": {}}}},
            "flows/implicit/authorizationUrl")),
        ("OpenAPI Object: jsonSchemaDialect", (NEW,), *at("jsonSchemaDialect", "2020-12",
            "https://json-schema.org/draft/2020-12/schema")),
        ("Parameter Object: allowEmptyValue", (OLD,), *at(PARAMETER, query(**{"in": "header"}, allowEmptyValue=True),
            query(allowEmptyValue=True), "allowEmptyValue")),
        ("Parameter Object: example and examples", (NEW,), *at(PARAMETER, query(example="a", examples={}),
            query(example="a"), "examples")),
        ("Media Type Object: example and examples in 3.1", (NEW,), *at(JSON, {**MEDIA, "examples": {}}, MEDIA,
            "examples")),
        ("Media Type Object: encoding", BOTH, *at("paths/~1b/post",
            body({**FORM, "encoding": {"b": {}}}, "multipart/form-data"), body(FORM, "multipart/form-data"),
            "requestBody/content/multipart~1form-data/encoding/b")),
        ("Example Object: value and externalValue in 3.0", (OLD,), *at("components/examples/e",
            {"value": 1, "externalValue": "e.json"}, {"externalValue": "e.json"}, "externalValue")),
        ("Link Object: an operation", (OLD,), *at(LINK, {}, {"operationId": "get_a"})),
        ("Schema Object: readOnly and writeOnly", (OLD,), *at(A,
            thing(a={"readOnly": True, "writeOnly": True}), thing(a={"readOnly": True, "writeOnly": False}),
            "properties/a/writeOnly")),
    ),
    *rows(
        "ignored-field",
        ("Parameter Object: name", BOTH, *at(PARAMETER, query(**{"in": "header"}, name="Accept"),
            query(**{"in": "header"}, name="Accept-Language"))),
        ("Response Object: headers", BOTH, *at(HEADERS, {"Content-Type": {"schema": TEXT}}, {"X": {"schema": TEXT}},
            "Content-Type")),
        ("Media Type Object: where encoding applies", BOTH, *at("paths/~1b/post", body(FORM),
            body(FORM, "application/x-www-form-urlencoded"), "requestBody/content/application~1json/encoding")),
        ("OpenAPI Object: jsonSchemaDialect, another one", (NEW,), *at("jsonSchemaDialect",
            "http://json-schema.org/draft-07/schema#", "https://spec.openapis.org/oas/3.1/dialect/base")),
        ("Schema Object: $schema", (NEW,), *at(A, {"$schema": "http://json-schema.org/draft-07/schema#"},
            {"$schema": "https://json-schema.org/draft/2020-12/schema"}, "$schema")),
        ("Operation Object: requestBody", (OLD,), {"paths/~1b/get": body({})}, "paths/~1b/get/requestBody",
            {"paths/~1b/put": body({})}),
    ),
    *rows(
        "path-form",
        ("Path Templating: braces", BOTH, {"paths/~1b~1{id": {"get": RESPONSES}}, "paths/~1b~1{id",
            {"paths/~1b~1id": {"get": RESPONSES}}),
        ("Paths Object: no query", BOTH, {"paths/~1b?c=1": {"get": RESPONSES}}, "paths/~1b?c=1",
            {"paths/~1b~1c=1": {"get": RESPONSES}}),
        ("Paths Object: no fragment", BOTH, {"paths/~1b#c": {"get": RESPONSES}}, "paths/~1b#c",
            {"paths/~1b": {"get": RESPONSES}}),
    ),
    *rows(
        "path-parameters",
        ("Path Templating: each is declared", BOTH, {"paths/~1b~1{id}/get": RESPONSES}, "paths/~1b~1{id}/get",
            {"paths/~1b~1{id}": {"parameters": [ID], "get": RESPONSES}}),
        ("Parameter Object: in path", BOTH, {"paths/~1b": {"parameters": [ID], "get": RESPONSES}},
            "paths/~1b/parameters/0", {"paths/~1b": {"parameters": [query()], "get": RESPONSES}}),
    ),
    *rows(
        "resolving-ref",
        ("Schema Object: $id, a pointer", (NEW,), *at(A,
            {"$id": "https://a.b/a", "$defs": {"c": {}}, "items": {"$ref": "#/$defs/d"}},
            {"$id": "https://a.b/a", "$defs": {"c": {}}, "items": {"$ref": "#/$defs/c"}}, "items/$ref")),
        ("Schema Object: $id, a URI", (NEW,), {A: {"items": {"$ref": "https://a.b/d"}}, "components/schemas/C":
            {"$id": "https://a.b/c"}}, f"{A}/items/$ref", {A: {"items": {"$ref": "https://a.b/c"}, "prefixItems":
            [{"$ref": "https://a.b/c#/$defs/a~1b"}, {"$ref": "https://a.b/c#e"}]}, "components/schemas/C":
            {"$id": "https://a.b/c", "$defs": {"a/b": {"$id": "f", "items": {"$ref": "c"}}, "e": {"$anchor": "e"}}}}),
        ("Schema Object: $dynamicRef", (NEW,), *at(A, {"$dynamicRef": "#b"},
            {"$dynamicAnchor": "b", "items": {"$dynamicRef": "#b"}, "contains": {"$dynamicRef": f"#/{A}"}},
            "$dynamicRef")),
    ),
    *rows(
        "callback-url",
        ("Callback Object: Key Expression", BOTH, {f"{GET}/callbacks/c": {"http://a.b/{request.body#/u}": {}}},
            f"{GET}/callbacks/c/http:~1~1a.b~1{{request.body#~1u}}",
            {f"{GET}/callbacks/c": {"http://a.b/{$request.header.x-y}?{$method}": {}, "$request.body#/u": {},
                                    "x-{a}": 1}}),
        ("Runtime Expressions", BOTH, {f"{GET}/callbacks/c": {"$request.bdy#/u": {}}},
            f"{GET}/callbacks/c/$request.bdy#~1u", {f"{GET}/callbacks/c": {"$response.body": {}}}),
    ),
    *rows(
        "link-target",
        ("Link Object: parameters", BOTH, *at(LINK, {"operationId": "get_a", "parameters": {"a": 1, "path.id": 1}},
            {"operationId": "get_a", "parameters": {"id": 1, "path.id": "$response.body#/id"}}, "parameters/a")),
        ("Link Object: server", BOTH, *at(LINK, {"operationId": "get_b", "server": {"url": "/a"}},
            {"operationId": "get_a", "server": {"url": "/a"}}, "operationId")),
        ("Link Object: operationRef", BOTH, *at(LINK,
            {"operationRef": "#/paths/~1a~1{id}"}, {"operationRef": f"#/{GET}"},
            "operationRef")),
    ),
    *rows(
        "unique-parameter",
        ("Operation Object: parameters", BOTH, {**SHARED, f"{GET}/parameters":
            [ID, {"$ref": "#/components/parameters/Q"}, query(description="d")]}, f"{GET}/parameters/2",
            {**SHARED, f"{GET}/parameters": [ID, {"$ref": "#/components/parameters/Q"}, query(**{"in": "cookie"})]}),
        ("Operation Object: parameters of a callback", BOTH,
            {CALLBACK: {"parameters": [query(), query(description="d")], **RESPONSES}}, f"{CALLBACK}/parameters/1",
            {CALLBACK: {"parameters": [query()], **RESPONSES}}),
        ("Path Item Object: parameters", (NEW,), {"webhooks/w/parameters": [query(), query()]},
            "webhooks/w/parameters/1",
            {"webhooks/w/parameters": [query()]}),
    ),
    *rows(
        "unique-operation-id",
        ("Operation Object: operationId in a callback", BOTH, {CALLBACK: {"operationId": "get_a", **RESPONSES}},
            f"{CALLBACK}/operationId", {CALLBACK: {"operationId": "called", **RESPONSES}}),
        ("Operation Object: operationId in a webhook", (NEW,), {WEBHOOK: {"operationId": "get_a"}},
            f"{WEBHOOK}/operationId", {WEBHOOK: {"operationId": "called"}}),
    ),
    *rows(
        "security-scheme",
        ("Security Requirement Object: in a webhook", (NEW,), {WEBHOOK: {"security": [{"s": []}]}},
            f"{WEBHOOK}/security/0/s", {WEBHOOK: {"security": [{}]}}),
    ),
    *rows(
        "server-variable",
        ("Server Object: in a callback", BOTH, {CALLBACK: {"servers": [{"url": "/{a}"}], **RESPONSES}},
            f"{CALLBACK}/servers/0/url", {CALLBACK: {"servers": [{"url": "/a"}], **RESPONSES}}),
    ),
    *rows(
        "known-keyword",
        ("Schema Object: keywords in another spelling", (NEW,), *at(A, {"min_items": 1}, {"minItems": 1}, "min_items")),
        ("Schema Object: keywords with a dollar", (NEW,), *at(A, {"$comments": "c"}, {"$comment": "c"}, "$comments")),
    ),
    *rows(
        "nullable-type",
        ("Schema Object: nullable", (NEW,), *at(A,
            {**TEXT, "nullable": True}, {"type": ["string", "null"]}, "nullable")),
    ),
]  # fmt: skip
FAULTS = [(version, fault) for fault in (*EXAMPLES, *SECTIONS) for version in fault.versions]
IDS = [f"{fault.section} {version}" for version, fault in FAULTS]


@pytest.mark.parametrize(("version", "fault"), FAULTS, ids=IDS)
def test_a_fault_in_the_sense_of_the_specification_is_found_where_it_is(version: str, fault: Fault) -> None:
    assert found(fault.changes, version) == {(fault.rule_id, fault.place)}


@pytest.mark.parametrize(("version", "fault"), FAULTS, ids=IDS)
def test_what_is_close_to_a_fault_and_valid_is_not_found(version: str, fault: Fault) -> None:
    assert found(fault.neighbour, version) == set()


def test_json_that_is_written_as_a_text_is_read() -> None:
    schema = thing(n={"type": "integer"})
    assert found({JSON: {"schema": schema, "example": '{"n": 1}'}}) == set()
    (finding,) = report_of({JSON: {"schema": schema, "example": '{"n": "a"}'}}).findings
    assert finding.message == "/n: This must be an integer."


def test_a_text_that_is_not_json_is_not_read() -> None:
    (finding,) = report_of({JSON: {"schema": {"type": "object"}, "example": "{n: 1"}}).findings
    assert (finding.severity, finding.message) == ("error", "the value: This must be an object.")
    assert found({JSON: {"schema": {"oneOf": [TEXT, {"type": "object"}]}, "example": "{}"}}) == set()
    assert found({JSON: {"schema": {"$ref": f"#/{A}"}}, A: TEXT}) == set()
    assert found({JSON: {"schema": TEXT, "example": "1"}}) == set()


def test_the_example_of_a_parameter_is_read_as_one_of_its_alternatives() -> None:
    schema = {"oneOf": [{"type": "integer"}, {"type": "boolean"}]}
    assert found({PARAMETER: query(schema=schema, example="1")}) == set()
    assert found({PARAMETER: query(schema=schema, example="a")}) == {("fitting-example", f"{PARAMETER}/example")}


def test_a_keyword_is_not_misspelled_if_what_may_be_meant_is_beside_it() -> None:
    assert found({A: {"type": "array", "minItems": 1, "min_items": 1}}, NEW) == set()


def test_statuses_without_quotation_marks_are_one_warning() -> None:
    text = """\
openapi: 3.0.4
info: {title: t, version: '1'}
paths:
  /a:
    get:
      responses:
        '200': {description: d}
        404: {description: d}
        5XX: {description: d}
    put:
      responses: {"200": {description: d}}
    post:
      responses:
        201: {description: d}
"""
    (finding,) = run(text.encode(), file="a.yaml", stages=["valid"]).findings
    assert (finding.line, finding.severity) == (8, "warning")
    assert finding.message == "this status is not in quotation marks: 2 in all"
    one = text.replace("  201:", "  '201':")
    assert [each.message for each in run(one.encode(), file="a.yaml", stages=["valid"]).findings] == [
        "this status is not in quotation marks"
    ]


def test_an_example_in_another_place_and_an_id_in_an_example_are_not_looked_at() -> None:
    examples = {"a": {"externalValue": "a.json"}, "b": {"value": {"$id": "https://a.b/c", "$ref": "c"}}}
    for version in BOTH:
        assert found({JSON: {"schema": {"type": "object"}, "examples": examples}}, version) == set()


@pytest.mark.parametrize(("version", "severity"), [(OLD, "warning"), (NEW, "error")])
def test_a_default_of_a_server_variable_should_be_in_its_enum_and_in_3_1_must(version: str, severity: str) -> None:
    servers = [{"url": "/{a}", "variables": {"a": {"default": "b", "enum": ["c"]}}}]
    (finding,) = report_of({"servers": servers}, version).findings
    assert (finding.rule.rule_id, finding.severity) == ("server-variable", severity)


@pytest.mark.parametrize("version", BOTH)
def test_a_default_beside_a_reference_is_ignored_in_3_0_and_must_fit_in_3_1(version: str) -> None:
    changes = {f"{A}/properties": {"b": {**CAT, "default": 1}}, **PETS}
    rule_id = "ignored-sibling" if version == OLD else "fitting-example"
    assert found(changes, version) == {(rule_id, f"{A}/properties/b/default")}
