"""What the specification calls wrong in any contract is found, and nothing else: each rule with cases of both kinds."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from tickbox_contract.gate.findings import Report
from tickbox_contract.gate.rules import run
from tickbox_contract.openapi.objects import fragment

BASE: dict[str, Any] = {
    "openapi": "3.0.4",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/a/{id}": {
            "get": {
                "operationId": "get_a",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "d",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"A": {"type": "object"}}},
}
GET = "paths/~1a~1{id}/get"
CONTENT = f"{GET}/responses/200/content"
A = "components/schemas/A"
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def get(*names: str) -> dict[str, Any]:
    """A path with a GET that has these parameters."""
    parameters = [{**ID, "name": name} for name in names]
    return {"get": {"parameters": parameters, "responses": {"200": {"description": "d"}}}}


def changed(changes: dict[str, Any], version: str = "3.0.4") -> dict[str, Any]:
    """The base with these places set."""
    document = deepcopy(BASE) | {"openapi": version}
    for place, value in changes.items():
        *steps, last = (step.replace("~1", "/") for step in place.split("/"))
        held: Any = document
        for step in steps:
            held = held.setdefault(step, {}) if isinstance(held, dict) else held[int(step)]
        if isinstance(held, list):
            held.insert(int(last), value)
        else:
            held[last] = value
    return document


def report_of(changes: dict[str, Any], version: str = "3.0.4") -> Report:
    raw = json.dumps(changed(changes, version)).encode()
    return run(raw, file="contract.json", stages=["valid"])


def found(changes: dict[str, Any], version: str = "3.0.4") -> set[tuple[str, str]]:
    """What is found, as rule and place."""
    report = report_of(changes, version)
    assert report.skipped == ()
    return {(finding.rule.rule_id, fragment(finding.pointer)[2:]) for finding in report.findings}


def of(*kinds: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"oneOf": list(kinds), **more}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
CAT, DOG = ({"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog"))
PETS = {"components/schemas/Cat": thing(kind=TEXT), "components/schemas/Dog": thing(kind=TEXT)}
OAUTH = {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://a.b/c", "scopes": {"read": "r"}}}}
SCHEMES = {
    "o": OAUTH,
    "k": {"type": "http", "scheme": "bearer"},
    "c": {"type": "openIdConnect", "openIdConnectUrl": "https://a.b/c"},
}
LINKS = f"{GET}/responses/200/links"

FAILING: list[tuple[str, dict[str, Any], str]] = [
    ("unique-path", {"paths/~1a~1{other}": get("other")}, "paths/~1a~1{other}"),
    ("ambiguous-path", {"paths/~1{x}~1b": get("x")}, "paths/~1{x}~1b"),
    ("declared-scope", {"components/securitySchemes": SCHEMES, f"{GET}/security": [{"o": ["write"]}]},
     f"{GET}/security/0/o"),
    ("declared-scope", {"components/securitySchemes": SCHEMES, "security": [{"k": ["read"]}]}, "security/0/k"),
    ("server-variable", {"servers": [{"url": "https://{host}/"}]}, "servers/0/url"),
    ("server-variable", {"servers": [{"url": "/{v}", "variables": {"v": {"default": "1", "enum": ["2"]}}}]},
     "servers/0/variables/v/default"),
    ("media-type", {f"{CONTENT}/json": {}}, f"{CONTENT}/json"),
    ("link-target", {f"{LINKS}/next": {"operationId": "get_b"}}, f"{LINKS}/next/operationId"),
    ("link-target", {f"{LINKS}/next": {"operationRef": "#/paths/~1b/get"}}, f"{LINKS}/next/operationRef"),
    ("ignored-sibling", {f"{A}/properties": {"b": {**CAT, "nullable": True}}, **PETS}, f"{A}/properties/b/nullable"),
    ("ignored-sibling", {f"{A}/properties": {"b": {**CAT, "description": "d"}}, **PETS},
     f"{A}/properties/b/description"),
    ("enum-type", {A: {"type": "string", "enum": ["a", 1]}}, f"{A}/enum/1"),
    ("enum-type", {A: {"type": "integer", "enum": [1, True]}}, f"{A}/enum/1"),
    ("enum-type", {A: {"type": "string", "enum": [None]}}, f"{A}/enum/0"),
    ("unique-enum", {A: {"type": "string", "enum": ["a", "b", "a"]}}, f"{A}/enum/2"),
    ("array-items", {A: {"type": "array"}}, A),
    ("nullable-type", {A: {"allOf": [CAT], "nullable": True}, **PETS}, f"{A}/nullable"),
    ("ecma-pattern", {A: {"type": "string", "pattern": "(?i)a"}}, f"{A}/pattern"),
    ("discriminator", {A: of(CAT, DOG, discriminator={"propertyName": "sort"}), **PETS}, f"{A}/discriminator"),
    ("discriminator", {A: of(CAT, DOG, discriminator={"propertyName": "kind", "mapping": {"c": "Cow"}}), **PETS},
     f"{A}/discriminator/mapping/c"),
    ("declared-required", {A: {**thing(id=TEXT, status=TEXT), "required": ["id", "statsu"]}}, f"{A}/required/1"),
    ("declared-required", {A: {"allOf": [CAT, {"required": ["knid"]}]}, **PETS}, f"{A}/allOf/1/required/0"),
    ("declared-required", {A: {"anyOf": [CAT, DOG], "required": ["knid"]}, **PETS}, f"{A}/required/0"),
    ("possible-schema", {A: {"type": "integer", "minimum": 5, "maximum": 3}}, A),
    ("possible-schema", {A: thing(n={"type": "string", "minLength": 2, "maxLength": 1})}, f"{A}/properties/n"),
    ("possible-schema", {A: {**thing(n={"type": "string", "minLength": 2, "maxLength": 1}), "required": ["n"]}},
     f"{A}/properties/n"),
    ("possible-schema", {A: {"allOf": [{**thing(x=TEXT), "required": ["x"]}, thing(x=WHOLE)]}}, A),
    ("possible-schema", {A: {"allOf": [{**thing(x=TEXT), "required": ["x"]}, CAT]},
                         "components/schemas/Cat": thing(x=WHOLE)}, A),
    ("possible-schema", {A: of({"type": "string"}, {"type": "string"})}, A),
    ("fitting-example", {A: {**thing(n=WHOLE), "example": {"n": "x"}}}, f"{A}/example"),
    ("fitting-example", {A: {**thing(n={"type": "integer", "format": "int32"}), "example": {"n": 2**31}}},
     f"{A}/example"),
    ("fitting-example", {A: {"type": "string", "pattern": "^(?=a)", "default": "b"}}, f"{A}/default"),
    ("fitting-example", {f"{CONTENT}/application~1xml": {"schema": thing(n=WHOLE), "example": {"n": "x"}}},
     f"{CONTENT}/application~1xml/example"),
    ("well-formed", {A: {"type": "string", "nullabel": True}}, f"{A}/nullabel"),
    ("well-formed", {A: {"type": "object", "required": ["a", "a"]}}, f"{A}/required"),
    ("well-formed", {f"{GET}/parameters": [{**ID, "required": False}]}, f"{GET}/parameters/0/required"),
]  # fmt: skip
PASSING: list[tuple[str, dict[str, Any]]] = [
    ("unique-path", {"paths/~1a~1{id}~1b": get("id")}),
    ("ambiguous-path", {"paths/~1a~1b": get(), "paths/~1{x}~1b": {"put": get("x")["get"]}, "paths/~1c~1{x}": get("x")}),
    ("declared-scope", {"components/securitySchemes": SCHEMES,
                        "security": [{"o": ["read"]}, {"k": []}, {"c": ["any"]}]}),
    ("server-variable", {"servers": [{"url": "/{v}", "variables": {"v": {"default": "1", "enum": ["1"]}}}]}),
    ("media-type", {CONTENT: {key: {} for key in ("*/*", "text/*", "application/vnd.a+json; v=1")}}),
    ("link-target", {LINKS: {"a": {"operationId": "get_a"}, "b": {"operationRef": f"#/{GET}"},
                             "c": {"operationRef": "https://a.b/openapi.json#/paths/~1b/get"}}}),
    ("ignored-sibling", {f"{A}/properties": {"b": {**CAT, "x-b": True}, "$ref": TEXT}, **PETS}),
    ("enum-type", {A: {"type": "number", "enum": [1, 1.5]}, **PETS}),
    ("enum-type", {A: {"type": "string", "nullable": True, "enum": ["a", None]}}),
    ("enum-type", {A: thing(b={"type": "integer", "enum": [1.0]}, c={"enum": ["a", 1]})}),
    ("unique-enum", {A: {"enum": [1, "1", True]}}),
    ("array-items", {A: {"type": "array", "items": {}}}),
    ("nullable-type", {A: {"type": "object", "nullable": True}}),
    ("ecma-pattern", {A: {"type": "string", "pattern": r"^(?!a)[\w-\.]+\Z(?<n>b)\k<n>$"}}),
    ("discriminator", {A: of(CAT, DOG, discriminator={"propertyName": "kind", "mapping": {
        "c": "Cat", "d": "#/components/schemas/Dog", "e": "https://a.b/c.json"}}), **PETS}),
    ("discriminator", {A: of(CAT, {"type": "object"}, discriminator={"propertyName": "sort"}), **PETS}),
    ("declared-required", {A: {**thing(id=TEXT, status=TEXT), "required": ["id", "other"]}}),
    ("declared-required", {A: {**thing(line1=TEXT), "required": ["line1", "line2"]}}),
    ("declared-required", {A: {"allOf": [CAT, {**thing(kinds=TEXT), "required": ["kind"]}]}, **PETS}),
    ("declared-required", {A: {**thing(kinds=TEXT), "anyOf": [{"required": ["kind"]}, CAT]}, **PETS}),
    ("declared-required", {A: {**thing(name=TEXT), "required": ["names"], "additionalProperties": TEXT}}),
    ("declared-required", {A: thing(required={"type": "array", "items": TEXT}, requires=TEXT)}),
    ("possible-schema", {A: {"required": ["k"], **of(thing(k={"type": "string", "enum": ["a"]}),
                                                   thing(k={"type": "string", "enum": ["b"]}))}}),
    ("possible-schema", {A: {**thing(n={**TEXT, "readOnly": True}), "required": ["n"]},
                         "components/requestBodies/B": {"content": {"application/json": {
                             "schema": {"$ref": f"#/{A}"}}}}}),
    ("possible-schema", {A: {"allOf": [thing(n=TEXT), {**thing(m=TEXT), "required": ["m", "k"]}]}}),
    ("possible-schema", {A: {**thing(n={"not": {}}), "additionalProperties": False}}),
    ("possible-schema", {A: thing(a={"$ref": f"#/{A}"}, b={"not": {"$ref": f"#/{A}"}})}),
    ("possible-schema", {A: {**of(CAT, DOG, discriminator={"propertyName": "kind"})}, **PETS}),
    ("fitting-example", {A: {**thing(n=WHOLE), "example": {"n": 1, "other": 2}}}),
    ("fitting-example", {A: {"allOf": [{"required": ["m"]}, thing(n=TEXT)], "example": {"m": 1, "n": "a"}}}),
    ("fitting-example", {A: {**thing(n={**TEXT, "readOnly": True}), "required": ["n"], "example": {"n": "a"}},
                         "components/requestBodies/B": {"content": {"application/json": {
                             "schema": {"$ref": f"#/{A}"}, "example": {}}}}}),
    ("fitting-example", {f"{CONTENT}/application~1xml": {"schema": thing(n=WHOLE), "example": "<n>1</n>"}}),
    ("possible-schema", {A: {"type": "object", "not": {"not": {"properties": {"x": {"$ref": f"#/{A}"}}}}}}),
    ("possible-schema", {A: of(CAT, {"allOf": [CAT, {"type": "object", "maxProperties": 0, "required": ["kind"]}]},
                              discriminator={"propertyName": "kind"}), **PETS}),
    ("fitting-example", {A: {"type": "string", "pattern": "^[^]$", "example": "ab"}}),
    ("well-formed", {A: {"type": "string", "x-nullabel": True}}),
]  # fmt: skip
IN_3_1: list[tuple[str, dict[str, Any], str]] = [
    ("known-keyword", {A: {"type": "string", "maxLenght": 1}}, f"{A}/maxLenght"),
    ("nullable-type", {A: {"type": "string", "nullable": True}}, f"{A}/nullable"),
    ("enum-type", {A: {"type": ["string", "null"], "enum": [None, 1]}}, f"{A}/enum/1"),
    ("enum-type", {A: {"type": "string", "const": 1}}, f"{A}/const"),
    ("ecma-pattern", {A: {"patternProperties": {"(": TEXT}}}, f"{A}/patternProperties/("),
    ("possible-schema", {A: {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 4}}, A),
    ("possible-schema", {A: {**CAT, "required": ["kind"], "properties": {"kind": WHOLE}}, **PETS}, A),
    ("fitting-example", {A: {**TEXT, "examples": ["a", 1]}}, f"{A}/examples/1"),
    ("fitting-example", {A: {**CAT, "required": ["kind"], "examples": [{}]}, **PETS}, f"{A}/examples/0"),
    ("fitting-example", {A: {"prefixItems": [TEXT], "examples": [[1]]}}, f"{A}/examples/0"),
    ("resolving-ref", {f"{A}/items": {"$ref": "#nowhere"}}, f"{A}/items/$ref"),
    ("resolving-ref", {A: {"$defs": {"a": {"$ref": "#/nowhere"}}}}, f"{A}/$defs/a/$ref"),
    ("well-formed", {"x-a": {"P": {"name": "p", "in": "query", "scheme": {}}},
                     f"{GET}/parameters/1": {"$ref": "#/x-a/P"}}, "x-a/P/scheme"),
    ("well-formed", {"x-a": {"S": {"type": "text"}}, A: {"$ref": "#/x-a/S"}}, "x-a/S/type"),
    ("well-formed", {"components/securitySchemes/o": {"type": "oauth2", "flows": {"implicit": {"scopes": {}}}}},
     "components/securitySchemes/o/flows/implicit/authorizationUrl"),
    ("well-formed", {A: {"type": "text"}}, f"{A}/type"),
    ("well-formed", {A: {"exclusiveMinimum": True}}, f"{A}/exclusiveMinimum"),
    ("well-formed", {A: {"required": ["a", "a"]}}, f"{A}/required"),
    ("well-formed", {f"{GET}/responses/200/contents": {}}, f"{GET}/responses/200/contents"),
    ("well-formed", {f"{GET}/parameters/0/style": "odd"}, f"{GET}/parameters/0/style"),
]  # fmt: skip
PASSING_IN_3_1: list[dict[str, Any]] = [
    {A: {"type": ["string", "null"], "const": None}},
    {A: {"type": "array"}},
    {A: {"type": "string", "comment": 1, "x-maxLenght": 1}},
    {A: {"$ref": "#c", "description": "d"}, "components/schemas/C": {"$anchor": "c", "type": "object"}},
    {A: {"properties": {"a": True, "b": False}, "additionalProperties": False, "examples": [{"a": 1}]}},
    {A: {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "examples": [{}, {"a": 1, "b": 1}]}},
    {"components/securitySchemes": SCHEMES, "security": [{"k": ["any"]}]},
    {"components/examples/a": {"value": {}}, f"{CONTENT}/application~1json/examples": {
        "a": {"$ref": "#/components/examples/a", "summary": "s"}}},
    {"webhooks": {"happened": get()}, "components/pathItems/P": get()},
    {A: {"patternProperties": {"^[^]$": TEXT}, "additionalProperties": False, "examples": [{"b": 1}]}},
]  # fmt: skip


@pytest.mark.parametrize(("rule_id", "changes", "place"), IN_3_1)
def test_openapi_3_1_is_read_as_json_schema_2020_12(rule_id: str, changes: dict[str, Any], place: str) -> None:
    assert found(changes, "3.1.0") == {(rule_id, place)}


@pytest.mark.parametrize("changes", PASSING_IN_3_1)
def test_what_openapi_3_1_allows_is_not_a_finding(changes: dict[str, Any]) -> None:
    assert found(changes, "3.1.1") == set()


@pytest.mark.parametrize(("rule_id", "changes", "place"), FAILING)
def test_a_rule_finds_what_breaks_it_where_it_is(rule_id: str, changes: dict[str, Any], place: str) -> None:
    assert found(changes) == {(rule_id, place)}


@pytest.mark.parametrize(("_rule_id", "changes"), PASSING)
def test_what_the_specification_allows_is_not_a_finding(_rule_id: str, changes: dict[str, Any]) -> None:
    assert found(changes) == set()


def message_of(changes: dict[str, Any]) -> str:
    (finding,) = report_of(changes).findings
    return finding.message


def test_an_impossible_schema_says_which_keywords_contradict_each_other() -> None:
    parts = [{**thing(x=TEXT, y=TEXT), "required": ["y", "x"]}, {**thing(x=WHOLE), "maxProperties": 9}]
    assert message_of({A: {"description": "d", "allOf": parts}}) == (
        "no value fits this schema: `allOf/0/properties/x/type`, `allOf/0/required`, `allOf/1/type`, "
        "`allOf/1/properties/x/type` contradict each other"
    )


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "object", "maxProperties": 3, "allOf": [{"required": [name]} for name in "abcd"]},
         "`type`, `maxProperties`, `allOf/0/required`, `allOf/1/required` and 2 more"),
        ({"type": "array", "minItems": 3, "maxItems": 2, "items": TEXT}, "`type`, `minItems`, `maxItems`"),
        ({"allOf": [{"additionalProperties": False}, {"type": "object", "required": ["a"]}]},
         "`allOf/0/additionalProperties`, `allOf/1/type`, `allOf/1/required`"),
        ({"type": "integer", "minimum": 5, "maximum": 3, "allOf": [{"multipleOf": 2}]}, "`type`, `minimum`, `maximum`"),
    ],
)  # fmt: skip
def test_only_keywords_that_contradict_each_other_are_named(schema: dict[str, Any], named: str) -> None:
    assert message_of({A: schema}) == f"no value fits this schema: {named} contradict each other"


@pytest.mark.parametrize(
    ("required", "said"),
    [
        (["name", "nmae"], "`required` has 'nmae', which this closed object does not have: name may be meant"),
        (["owner"], "`required` has 'owner', which this closed object does not have"),
    ],
)
def test_a_closed_object_that_requires_what_it_does_not_have_says_so(required: list[str], said: str) -> None:
    schema = {**thing(name=TEXT), "additionalProperties": False, "required": required}
    assert message_of({A: schema}) == f"no value fits this schema: {said}"


def test_a_keyword_that_excludes_every_value_contradicts_nothing() -> None:
    (finding,) = report_of({A: {"type": "string", "enum": []}}, "3.1.1").findings
    assert finding.message == "no value fits this schema: `enum` excludes every value"


def pets(root: dict[str, Any], *examples: Any) -> dict[str, Any]:
    """The schema A is *root*, with examples; a cat has a whole number `n`, and a dog a text."""
    cat, dog = ({**thing(kind=TEXT, n=kind), "required": ["kind"]} for kind in (WHOLE, TEXT))
    schemas = {"A": root, "Cat": cat, "Dog": dog, "Name": TEXT}
    content = {"schema": {"$ref": f"#/{A}"}, "examples": {str(i): {"value": each} for i, each in enumerate(examples)}}
    return {"components/schemas": schemas, f"{CONTENT}/application~1json": content}


NOT_SELECTED = "its discriminator selects a schema that it does not fit: "
UNION = of(CAT, DOG, discriminator={"propertyName": "kind", "mapping": {"d": "#/components/schemas/Dog"}})
OPEN = of(CAT, {"$ref": "#/components/schemas/Name"}, discriminator={"propertyName": "kind"})
PARENT = {**thing(kind=TEXT), "required": ["kind"], "discriminator": {"propertyName": "kind"}}


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ({"kind": "Cat", "n": 1}, None),
        ({"kind": "Dog", "n": "a"}, None),
        ({"kind": "d", "n": "a"}, None),
        ({"kind": "Cat", "n": "a"}, f"{NOT_SELECTED}/n: This must be an integer."),
        ({"kind": "d", "n": 1}, f"{NOT_SELECTED}/n: This must be a string."),
        ({"kind": "Cow", "n": 1}, f"{NOT_SELECTED}/kind: This must be one of: Cat, Dog, d."),
        ({"n": 1}, "/kind: This property is required."),
        ({"kind": "Cat", "n": 1.5}, "/n: This must be an integer."),
    ],
)
def test_a_discriminator_selects_a_schema_for_an_example_and_does_not_make_it_invalid(
    example: Any, message: str | None
) -> None:
    findings = [(finding.message, finding.severity) for finding in report_of(pets(UNION, example)).findings]
    severity = "warning" if str(message).startswith(NOT_SELECTED) else "error"
    assert findings == ([] if message is None else [(message, severity)])


def test_a_discriminator_selects_nothing_from_what_is_not_an_object() -> None:
    assert found(pets(OPEN, "a", {"kind": "Cat"})) == set()
    assert found(pets(OPEN, {"kind": "Cat", "n": "a"})) == {
        ("fitting-example", f"{CONTENT}/application~1json/examples/0/value")
    }


def test_a_base_with_a_discriminator_selects_what_is_derived_from_it() -> None:
    def derived(n: dict[str, Any]) -> dict[str, Any]:
        return {"allOf": [{"$ref": f"#/{A}"}, thing(n=n)]}

    right, wrong = {"kind": "Cat", "n": 1}, {"kind": "Dog", "n": 1}
    changes = pets(PARENT, right, wrong, {"kind": "A"})
    changes["components/schemas"] |= {"Cat": derived(WHOLE), "Dog": derived(TEXT)}
    assert found(changes) == {("fitting-example", f"{CONTENT}/application~1json/examples/1/value")}


def nested(times: int, schema: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [nested(times - 1, schema)]} if times else schema


def test_a_schema_that_is_nested_too_deep_is_not_called_impossible() -> None:
    schemas = {f"B{i}": nested(4, {"$ref": f"#/components/schemas/B{i + 1}"}) for i in range(50)}
    impossible = {"type": "integer", "minimum": 5, "maximum": 3}
    assert found({"components/schemas": {"A": {}, **schemas, "B50": impossible}}) >= {
        ("possible-schema", "components/schemas/B50")
    }


def test_what_is_ignored_beside_a_reference_is_an_error_unless_it_is_a_text() -> None:
    report = report_of({f"{A}/properties": {"b": {**CAT, "nullable": True, "description": "d"}}, **PETS})
    assert {(f.pointer[-1], f.severity) for f in report.findings} == {("nullable", "error"), ("description", "warning")}
