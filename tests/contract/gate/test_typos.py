"""A typo is one finding, at its line, with a sentence that names what is meant: in 3.0 and 3.1, in YAML and JSON."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tickbox_contract.gate.reading import UnreadableError
from tickbox_contract.gate.rules import run
from tickbox_contract.openapi.files import load

from .test_specification import PARAMETER, query
from .test_valid import GET, A, report_of

BASE = """\
openapi: 3.0.4
info:
  title: Pets
  version: 1.0.0
servers:
  - url: https://example.com
security:
  - token: []
paths:
  /pets:
    get:
      operationId: list_pets
      summary: List pets.
      tags: [pets]
      deprecated: true
      parameters:
        - name: limit
          in: query
          explode: true
          schema:
            type: integer
            maximum: 9
      responses:
        '200':
          description: Pets.
          headers:
            X-Total:
              schema: {type: integer}
          content:
            application/json:
              schema:
                type: array
                items:
                  $ref: '#/components/schemas/Pet'
        default: {description: None.}
    post:
      operationId: add_pet
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Pet'
      responses:
        '201': {description: Added.}
components:
  securitySchemes:
    token:
      type: http
      scheme: bearer
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name:
          type: string
          maxLength: 40
        kind:
          type: string
          enum: [cat, dog]
        age:
          type: number
          format: double
          minimum: 0
        born:
          type: string
          readOnly: true
      additionalProperties: false
"""
UNKNOWN = "There is no such property here."
STATUS = "A response has a status such as '200', a range such as 2XX, or is the default."
NO_KEYWORD = "there is no keyword"
TYPES = "This must be one of: array, boolean, integer, number, object, string."
TYPES_3_1 = "This must be one of: array, boolean, integer, null, number, object, string."
IN_QUOTES = "This must be a string. Write it in quotes."
A_BOOLEAN = "This must be a boolean. Write true or false, without quotes."
AN_ARRAY = "This must be an array. Write it in brackets."
NO_NULL = "OpenAPI 3.0 has no type null: write `nullable: true` beside another type."
NO_VERSION = "this is not an OpenAPI contract: it has no `openapi: 3.0.4` or other version"
NOWHERE = "leads nowhere: #/components/schemas/Pet may be meant"
OUTSIDE = "it is outside of the repository, or of the folder, of the contract"


class Typo(NamedTuple):
    """What is written instead of what, and what is said: in OpenAPI 3.1, if that is something else."""

    right: str
    wrong: str
    said: str
    said_in_3_1: str | None = None


def unknown(right: str, wrong: str) -> Typo:
    """A name of OpenAPI itself that is misspelled."""
    return Typo(f"{right}:", f"{wrong}:", f"{wrong}: {UNKNOWN} {right} may be meant.")


def keyword(right: str, wrong: str) -> Typo:
    """A keyword of schemas that is misspelled: OpenAPI 3.1 allows others."""
    return unknown(right, wrong)._replace(said_in_3_1=f"{NO_KEYWORD} {wrong}: {right} may be meant")


TYPOS = [
    unknown("title", "titel"),
    unknown("servers", "server"),
    unknown("- url", "- ulr")._replace(said=f"ulr: {UNKNOWN} url may be meant."),
    unknown("operationId", "operationID"),
    unknown("operationId", "operation_id"),
    unknown("summary", "sumary"),
    unknown("tags", "tag"),
    unknown("parameters", "paramters"),
    unknown("post", "pots"),
    unknown("post", "POST"),
    unknown("requestBody", "requestbody"),
    unknown("responses", "response"),
    unknown("headers", "header"),
    unknown("content", "contents"),
    unknown("components", "component"),
    unknown("schemas", "schema"),
    unknown("securitySchemes", "securityschemes"),
    unknown("scheme", "schema"),
    Typo("description: Added.", "descripton: Added.", f"descripton: {UNKNOWN} description may be meant."),
    Typo("  /pets:", "  pets:", "pets: A path begins with a slash. /pets may be meant."),
    Typo("'200'", "'2xx'", f"2xx: {STATUS} 2XX may be meant."),
    Typo("default", "ok", f"ok: {STATUS}"),
    Typo("'201'", "created", f"created: {STATUS}"),
    keyword("maxLength", "maxLenght"),
    keyword("maxLength", "max_length"),
    keyword("maximum", "maxmum"),
    keyword("format", "fromat"),
    keyword("enum", "emun"),
    keyword("items", "item"),
    keyword("properties", "propertys"),
    keyword("additionalProperties", "additionalproperties"),
    keyword("readOnly", "readonly"),
    keyword("readOnly", "nullabel")._replace(
        said=f"nullabel: {UNKNOWN} nullable may be meant.", said_in_3_1=f"{NO_KEYWORD} nullabel: add null to the type"
    ),
    Typo("readOnly: true", "nullable: 'true'", f"nullable: {A_BOOLEAN}",
         "OpenAPI 3.1 has no nullable, so null is not allowed: add null to the type"),
    Typo("type: integer\n", "type: integr\n", f"type: {TYPES} integer may be meant.",
         f"type: {TYPES_3_1} integer may be meant."),
    Typo("type: integer\n", "type: int\n", f"type: {TYPES} integer may be meant.",
         f"type: {TYPES_3_1} integer may be meant."),
    Typo("type: object", "type: Object", f"type: {TYPES} object may be meant.",
         f"type: {TYPES_3_1} object may be meant."),
    Typo("type: number", "type: null", f"type: This must be a string. {NO_NULL}",
         "type: This must be an array or a string. Write null in quotes."),
    Typo("in: query", "in: qeury", "in: This must be one of: path, query, header, cookie. query may be meant.",
         "in: This must be one of: query, header, path, cookie. query may be meant."),
    Typo("in: query", "in: body", "in: This must be one of: path, query, header, cookie.",
         "in: This must be one of: query, header, path, cookie."),
    Typo("type: http", "type: htttp",
         "type: This must be one of: apiKey, http, oauth2, openIdConnect. http may be meant.",
         "type: This must be one of: apiKey, http, mutualTLS, oauth2, openIdConnect. http may be meant."),
    Typo("version: 1.0.0", "version: 1.0", f"version: {IN_QUOTES}"),
    Typo("title: Pets", "title: 12", f"title: {IN_QUOTES}"),
    Typo("required: true", "required: 'true'", f"required: {A_BOOLEAN}"),
    Typo("deprecated: true", "deprecated: yes", f"deprecated: {A_BOOLEAN}"),
    Typo("explode: true", 'explode: "true"', f"explode: {A_BOOLEAN}"),
    Typo("additionalProperties: false", "additionalProperties: no",
         "additionalProperties: This must be a boolean or an object. Write true or false, without quotes."),
    Typo("maxLength: 40", "maxLength: '40'", "maxLength: This must be an integer. Write it without quotes."),
    Typo("minimum: 0", 'minimum: "0.5"', "minimum: This must be a number. Write it without quotes."),
    Typo("maxLength: 40", "maxLength: -1", "maxLength: This must be 0 or more."),
    Typo("required: [name]", "required: name", f"required: {AN_ARRAY}"),
    Typo("required: [name]", "required: true",
         "required: This must be an array. List the names of the required properties, beside `properties`."),
    Typo("tags: [pets]", "tags: pets", f"tags: {AN_ARRAY}"),
    Typo("enum: [cat, dog]", "enum: cat", f"enum: {AN_ARRAY}"),
    Typo("enum: [cat, dog]", "enum: [1, 2]",
         "none of these 2 values is of the type string: write it in quotes"),
    Typo("- token: []", "- tokn: []", "there is no security scheme 'tokn': token may be meant"),
    Typo("#/components/schemas/Pet", "#/components/schema/Pet", f"#/components/schema/Pet {NOWHERE}"),
    Typo("#/components/schemas/Pet", "#/components/schemas/pet", f"#/components/schemas/pet {NOWHERE}"),
    Typo("#/components/schemas/Pet", "#/definitions/Pet", f"#/definitions/Pet {NOWHERE}"),
    Typo("'#/components/schemas/Pet'", "'#components/schemas/Pet'",
         "#components/schemas/Pet is not a JSON pointer: #/components/schemas/Pet may be meant"),
    Typo("'#/components/schemas/Pet'", "Pet",
         "Pet: only one file is read here: #/components/schemas/Pet may be meant"),
]  # fmt: skip


def line_of(typo: Typo, text: str) -> int:
    """The line with the typo."""
    return next(
        n for n, (old, new) in enumerate(zip(BASE.splitlines(), text.splitlines(), strict=False), 1) if old != new
    )


def found(text: str, version: str) -> list[tuple[int, str]]:
    whole = text.replace("3.0.4", version).encode()
    report = run(whole, file="openapi", stages=["valid"])
    return [(finding.line, finding.message) for finding in report.findings]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_the_contract_has_no_typo(version: str) -> None:
    assert found(BASE, version) == []


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize("typo", TYPOS, ids=lambda typo: typo.wrong.strip())
def test_a_typo_is_one_finding_at_its_line(typo: Typo, version: str) -> None:
    text = BASE.replace(typo.right, typo.wrong, 1)
    said = typo.said_in_3_1 or typo.said if version == "3.1.1" else typo.said
    assert found(text, version) == [(line_of(typo, text), said)]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize("typo", TYPOS, ids=lambda typo: typo.wrong.strip())
def test_a_typo_is_the_same_in_json(typo: Typo, version: str) -> None:
    """There each value is on a line of its own, which is found by the text that the change has made different."""
    old, new = (json.dumps(load(text.encode()), indent=1) for text in (BASE, BASE.replace(typo.right, typo.wrong, 1)))
    said = typo.said_in_3_1 or typo.said if version == "3.1.1" else typo.said
    ((line, message),) = found(new, version)
    assert message == said
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    first = next(number for number, (one, two) in enumerate(pairs, start=1) if one != two)
    assert line == first - (typo.wrong == "enum: [1, 2]")  # whose finding is at its key


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("type: 'null'", f"type: {TYPES} {NO_NULL}"),
        ("type: [number, 'null']",
         "type: This must be a string. OpenAPI 3.0 knows one type, and `nullable: true` beside it."),
    ],
)  # fmt: skip
def test_what_only_openapi_3_1_has_is_written_otherwise(wrong: str, said: str) -> None:
    text = BASE.replace("type: number", wrong).replace("          format: double\n", "")
    assert [message for _, message in found(text, "3.0.4")] == [said]
    assert found(text, "3.1.1") == []


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize("wrong", ["$refs", "ref", "$Ref", "Ref", "$rfe", "rfe"])
def test_a_misspelled_reference_is_one_finding(wrong: str, version: str) -> None:
    """In a schema, and in a response, whose description is not missing then."""
    schema = BASE.replace(
        "$ref: '#/components/schemas/Pet'\n        default", f"{wrong}: '#/components/schemas/Pet'\n        default"
    )
    line = BASE.splitlines().index("                  $ref: '#/components/schemas/Pet'") + 1
    meant = f"{wrong}: {UNKNOWN} $ref may be meant."
    in_schema = f"{NO_KEYWORD} {wrong}: $ref may be meant" if version == "3.1.1" else meant
    assert found(schema, version) == [(line, in_schema)]
    shared = BASE.replace("components:\n", "components:\n  responses: {None: {description: None.}}\n")
    response = shared.replace("{description: None.}\n    post", f"{{{wrong}: '#/components/responses/None'}}\n    post")
    assert [message for _, message in found(response, version)] == [meant]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"ref": {"type": "string"}, "$refs": {"type": "string"}}},
        {"x-ref": "#/components/schemas/A", "type": "object"},
        {"href": "https://example.com", "type": "object"},
        {"ref": "ABC", "type": "object"},
        {"type": "object", "example": {"ref": "#/a"}},
    ],
)
def test_what_only_looks_like_a_misspelled_reference_is_no_finding(schema: dict[str, Any]) -> None:
    assert [finding.message for finding in report_of({A: schema}, "3.1.1").findings] == []


DECLARES = "GET /bookings/{bookingId}/seats declares the path parameter"
IN_PATH = """\
openapi: 3.0.4
info: {title: t, version: '1'}
paths:
  /bookings/{bookingId}/seats:
    parameters:
      - {name: limit, in: query, schema: {type: string}}
      - {$ref: '#/components/parameters/Booking'}
    get: {responses: {'200': {description: d}}}
    put: {responses: {'200': {description: d}}}
components:
  parameters:
    Booking: {name: bookingId, in: path, required: true, schema: {type: string}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said"),
    [
        ("name: bookingId", "name: bookingID", 7,
         f"{DECLARES} 'bookingID', which is not in its path: bookingId may be meant"),
        ("name: bookingId", "name: other", 7,
         f"{DECLARES} 'other', which is not in its path"),
        ("{bookingId}/", "{bookingId/", 4, "a brace in this path has no partner"),
        ("{bookingId}/", "bookingId}/", 4, "a brace in this path has no partner"),
    ],
)  # fmt: skip
def test_a_path_parameter_that_is_written_in_two_ways_is_one_finding(
    right: str, wrong: str, line: int, said: str
) -> None:
    """It is where the path has it, also if several operations share it; one that nothing is near is missing as well."""
    first, *others = found(IN_PATH.replace(right, wrong), "3.0.4")
    missing = [(8, "GET"), (9, "PUT")] if wrong == "name: other" else []
    assert first == (line, said)
    assert others == [
        (number, f"{method} /bookings/{{bookingId}}/seats does not declare the path parameter 'bookingId'")
        for number, method in missing
    ]


FLOWS = {"implict": {"authorizationUrl": "https://example.com", "scopes": {}}}


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({PARAMETER: {"name": "q", "in": "query"}}, "parameters/1: This needs schema or content."),
        ({f"{GET}/responses/200/headers": {"X": {}}}, "X: This needs schema or content."),
        ({PARAMETER: query(content={"a/b": {}})}, "parameters/1: schema and content exclude each other."),
        ({A: {"$ref": 5}}, "$ref: This must be a string. Write it in quotes."),
        ({f"{GET}/responses": {}}, "responses: This must have at least 1 property."),
        ({f"{GET}/responses": {"x-a": 1}}, "responses: There is no response here."),
        ({"components/securitySchemes/s": {"type": "oauth2", "flows": FLOWS}},
         f"implict: {UNKNOWN} implicit may be meant."),
    ],
)  # fmt: skip
def test_a_fault_of_form_is_one_sentence_that_says_how_to_mend_it(
    changes: dict[str, Any], said: str, version: str
) -> None:
    assert [finding.message for finding in report_of(changes, version).findings] == [said]


def test_a_contract_without_anything_says_what_it_needs() -> None:
    text = BASE.partition("paths:")[0]
    assert "paths: This property is required." in [message for _, message in found(text, "3.0.4")]
    assert "This needs paths or components or webhooks." in [message for _, message in found(text, "3.1.1")]


def test_what_is_in_something_misspelled_is_found_at_its_line() -> None:
    text = BASE.replace("  schemas:", "  schema:").replace("      properties:", "      propertys:")
    lines = text.replace("enum: [cat, dog]", "enum: [cat, cat]").splitlines()
    assert {lines[line - 1].strip().partition(":")[0] for line, _ in found("\n".join(lines), "3.0.4")} == {
        "schema", "propertys", "enum",
    }  # fmt: skip


def test_what_is_misspelled_twice_is_reported_twice() -> None:
    text = BASE.replace("title: Pets", "titel: Pets\n  tilte: Pets")
    assert [line for line, _ in found(text, "3.0.4")] == [3, 4]


def test_what_is_misspelled_beside_what_is_meant_is_only_unknown() -> None:
    assert found(BASE.replace("title: Pets", "title: Pets\n  titel: Pets"), "3.0.4") == [(4, f"titel: {UNKNOWN}")]


def test_what_is_misspelled_may_have_another_form_than_what_is_meant() -> None:
    text = BASE.replace("servers:\n  - url: https://example.com", "server: https://example.com")
    meant = f"server: {UNKNOWN} servers may be meant."
    assert found(text, "3.0.4") == [(5, meant), (5, f"servers: {AN_ARRAY}")]
    schema = BASE.replace("readOnly: true", "itmes: 5")
    assert [message for _, message in found(schema, "3.1.1")] == [f"{NO_KEYWORD} itmes: items may be meant"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("openapi: 3.0", "the version 3.0 has three numbers: write `openapi: 3.0.4`"),
        ("openapi: 3.1", "the version 3.1 has three numbers: write `openapi: 3.1.1`"),
        ("openapi: '3.1'", "the version 3.1 has three numbers: write `openapi: 3.1.1`"),
        ("openapi: 3", "the version 3 has three numbers: write `openapi: 3.0.4`"),
        ("openapi: 4.0.0", "the gate reads OpenAPI 3.0 and 3.1, and this file has another version 4.0.0"),
        ("openapi: {a: b}", "the gate reads OpenAPI 3.0 and 3.1, and this file has another version"),
        ("openAPI: 3.0.4", f"{NO_VERSION}: openapi may be meant by openAPI"),
    ],
)  # fmt: skip
def test_a_version_that_is_written_wrong_is_one_line(wrong: str, said: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        found(BASE.replace("openapi: 3.0.4", wrong), "3.0.4")
    assert str(refused.value) == said
