"""What OpenAPI 3.0.4 and 3.1.1 call invalid, by section: a smallest contract for each fault, and a valid neighbour."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from .test_valid import CONTENT, GET, TEXT, A, found, report_of, thing

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
FAULTS = [(version, fault) for fault in EXAMPLES for version in fault.versions]
IDS = [f"{fault.section} {version}" for version, fault in FAULTS]


@pytest.mark.parametrize(("version", "fault"), FAULTS, ids=IDS)
def test_a_fault_in_the_sense_of_the_specification_is_found_where_it_is(version: str, fault: Fault) -> None:
    assert found(fault.changes, version) == {(fault.rule_id, fault.place)}


@pytest.mark.parametrize(("version", "fault"), FAULTS, ids=IDS)
def test_what_is_close_to_a_fault_and_valid_is_not_found(version: str, fault: Fault) -> None:
    assert found(fault.neighbour, version) == set()


def test_json_that_is_written_as_a_text_is_read_and_is_a_warning() -> None:
    schema = thing(n={"type": "integer"})
    (right,) = report_of({JSON: {"schema": schema, "example": '{"n": 1}'}}).findings
    assert (right.severity, right.message.partition(":")[0]) == ("warning", "this is JSON in a text")
    wrong = report_of({JSON: {"schema": schema, "example": '{"n": "a"}'}}).findings
    assert [(each.severity, each.message) for each in wrong][-1] == ("error", "/n: This must be an integer.")


def test_a_text_that_is_not_json_is_not_read() -> None:
    (finding,) = report_of({JSON: {"schema": {"type": "object"}, "example": "{n: 1"}}).findings
    assert (finding.severity, finding.message) == ("error", "the value: This must be an object.")
    assert found({JSON: {"schema": {"oneOf": [TEXT, {"type": "object"}]}, "example": "{}"}}) == set()
    assert found({JSON: {"schema": {"$ref": f"#/{A}"}}, A: TEXT}) == set()
