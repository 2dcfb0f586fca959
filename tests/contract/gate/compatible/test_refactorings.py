"""Contracts that say the same in other words, and the changes that look like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .contracts import Json, contract, gate, operation

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
LIST: Json = {"type": "array", "items": TEXT}
BYTES: Json = {"type": "string", "format": "binary"}
DATE, ID = ({"type": "string", "format": form} for form in ("date", "uuid"))
DOG: Json = {"type": "object", "properties": {"b": TEXT, "c": NUMBER}}
IT: Json = {"$ref": "#/components/schemas/It"}
WIDE: Json = {"type": "integer", "format": "int64"}
WITH_IT = {"components": {"schemas": {"It": DOG}}}
JSON, OCTETS, FORM = "application/json", "application/octet-stream", "multipart/form-data"
NONE: set[str] = set()


def an(schema: Json) -> Json:
    return {"type": "object", "required": ["a"], "properties": {"a": schema}}


def pets(**more: Any) -> Json:
    return contract(paths=operation(**more))


def returned(**contents: Json) -> Json:
    return {"description": "It.", "content": {name: {"schema": schema} for name, schema in contents.items()}}


def returning(**statuses: Json) -> Json:
    return pets(responses={name.removeprefix("s"): response for name, response in statuses.items()})


def taking(**contents: Json) -> Json:
    return pets(requestBody={"content": returned(**contents)["content"]})


def newer(root: Json) -> Json:
    return {**root, "openapi": "3.1.0"}


def secured(name: str = "key", **schemes: Json) -> Json:
    return {**pets(security=[{name: []}]), "components": {"securitySchemes": schemes}}


def key(name: str) -> Json:
    return {"type": "apiKey", "in": "header", "name": name}


def flows(*names: str) -> Json:
    each = {"tokenUrl": "https://example.com/token", "scopes": {}}
    return {"type": "oauth2", "flows": dict.fromkeys(names, each)}


def query(schema: Json, **more: Any) -> Json:
    return pets(parameters=[{"name": "it", "in": "query", "schema": schema, **more}])


def header(name: str, place: str) -> Json:
    if place == "request":
        return pets(parameters=[{"name": name, "in": "header", "required": True, "schema": TEXT}])
    return pets(responses={"204": {"description": "Done.", "headers": {name: {"schema": TEXT}}}})


def told(*statuses: str) -> Json:
    request = {"post": {"responses": {status: {"description": "Taken."} for status in statuses}}}
    return pets(callbacks={"told": {"{$request.body#/url}": request}})


def union(place: str, mapping: Json | None) -> Json:
    """A cat or a dog, by `kind`."""
    kinds = {name: {"type": "object", "required": ["kind"], "properties": {"kind": TEXT}} for name in ("Cat", "Dog")}
    by: Json = {"propertyName": "kind", **({} if mapping is None else {"mapping": mapping})}
    schema = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in kinds], "discriminator": by}
    root = taking(**{JSON: schema}) if place == "request" else returning(s200=returned(**{JSON: schema}))
    return {**root, "components": {"schemas": kinds}}


def password(schema: Json, place: str, **words: bool) -> Json:
    """A property by a reference to a component with these *words*."""
    referring = an({"$ref": "#/components/schemas/It"})
    root = taking(**{JSON: referring}) if place == "request" else returning(s200=returned(**{JSON: referring}))
    return {**root, "components": {"schemas": {"It": {**schema, **words}}}}


def referring(schema: Json, **more: Any) -> Json:
    """A property with *schema*, which has the component `It`."""
    it = {"It": {"type": "object", "properties": DOG["properties"], **more}}
    return {**returning(s200=returned(**{JSON: an(schema)})), "components": {"schemas": it}}


NAMED, PARTLY = {"Cat": "#/components/schemas/Cat", "Dog": "Dog"}, {"Cat": "Cat"}
RANGES = {"*/*": TEXT, JSON: an(TEXT), f"{JSON}; version=1": an(NUMBER)}
A, B, ANY = returned(**{JSON: an(TEXT)}), returned(**{JSON: an(NUMBER)}), {"description": "It."}
FILE = {"type": "object", "properties": {"file": BYTES}}

CASES = [
    ("a media type beside a range that has it", taking(**RANGES), taking(**RANGES), NONE),
    ("a media type returned beside a range that has it", returning(s200=returned(**RANGES)),
     returning(s200=returned(**RANGES)), NONE),
    ("a media type of a range with another schema", returning(s200=returned(**{"*/*": an(TEXT)})),
     returning(s200=returned(**{"*/*": an(TEXT), JSON: an(NUMBER)})), {"response-schema"}),
    ("a media type of a range with another schema before", returning(s200=returned(**RANGES)),
     returning(s200=returned(**{"*/*": TEXT})), {"response-schema", "property-removed"}),
    ("a success that `default` described", returning(default=A), returning(s200=A, default=A), NONE),
    ("a success that `default` described otherwise", returning(default=A), returning(s200=B, default=A),
     {"response-schema"}),
    ("a success beside others, and `default`", returning(s201=A, default=A), returning(s201=A, s200=A, default=A),
     {"success-status-added"}),
    ("one status of a range", returning(s2XX=A), returning(s200=A), NONE),
    ("a range for one status", returning(s200=A), returning(s2XX=A), {"success-status-added"}),
    ("a flow added", secured(key=flows("password")), secured(key=flows("password", "clientCredentials")), NONE),
    ("a flow removed", secured(key=flows("password", "clientCredentials")), secured(key=flows("password")),
     {"security-scheme-changed"}),
    ("a header with a key in other case", secured(key=key("X-Key")), secured(key=key("x-key")), NONE),
    ("a scheme with another name", secured(key=key("X-Key")), secured("other", other=key("X-Key")),
     {"component-renamed"}),
    ("another scheme", secured(key=key("X-Key")), secured("other", other=key("X-Other")), {"security-changed"}),
    *(
        (f"values in a mapping {what} a {place}", union(place, was), union(place, now), NONE)
        for place in ("request", "response")
        for what, was, now in (("added to", None, NAMED), ("removed from", NAMED, None), ("less in", NAMED, PARTLY))
    ),
    ("a value that selects another schema than that of its name", union("request", None),
     union("request", {"Cat": "Dog"}), {"discriminator-changed"}),
    ("a property that is not returned", password(TEXT, "response"), password(TEXT, "response", writeOnly=True),
     {"property-removed", "response-schema"}),
    ("a property that is not taken", password(TEXT, "request"), password(TEXT, "request", readOnly=True),
     {"property-removed", "body-schema"}),
    ("a number or a text", query(NUMBER), query({"anyOf": [NUMBER, TEXT]}), NONE),
    ("texts of which `explode` says nothing", query({"enum": ["a"]}), query({"type": "string", "enum": ["a"]}), NONE),
    ("lists of which it does", query(LIST), query(LIST, explode=False), {"parameter-form-changed"}),
    ("a list of numbers that become any texts", query({**LIST, "items": NUMBER}), query(LIST),
     {"parameter-type-changed"}),
    ("a list of numbers that become fewer texts", query({**LIST, "items": NUMBER}), query({**LIST, "maxItems": 2}),
     {"parameter-schema"}),
    *((f"the parameter {name}", pets(), header(name, "request"), NONE) for name in ("Accept", "Authorization")),
    ("the header Content-Type", header("Content-Type", "response"), pets(), NONE),
    ("the header Location", header("Location", "response"), pets(), {"response-header-removed"}),
    ("any success of a receiver", told("200"), told("2XX"), NONE),
    ("any status of a receiver", told("200"), told("default"), NONE),
    ("one success of a receiver", told("2XX"), told("200"), {"callback-changed"}),
    ("bytes of OpenAPI 3.1", taking(**{OCTETS: BYTES}), newer(taking(**{OCTETS: {}})), NONE),
    ("an image of OpenAPI 3.1", returning(s200=returned(**{"image/png": BYTES})),
     newer(returning(s200=returned(**{"image/png": {}}))), NONE),
    ("a file of OpenAPI 3.1", taking(**{FORM: FILE}), newer(taking(**{FORM: {**FILE, "properties": {"file": {}}}})),
     NONE),
    ("a file that becomes a text", taking(**{FORM: FILE}), taking(**{FORM: {**FILE, "properties": {"file": TEXT}}}),
     {"encoding-changed"}),
    ("bytes that become JSON", returning(s200=returned(**{JSON: BYTES})), newer(returning(s200=returned(**{JSON: {}}))),
     {"response-schema"}),
    *(
        (f"alternatives without names {what}", returning(s200=returned(**{JSON: {"anyOf": was}})),
         returning(s200=returned(**{JSON: {"anyOf": now}})), rules)
        for what, was, now, rules in (
            ("in another order", [an(TEXT), DOG], [DOG, an(TEXT)], NONE),
            ("in another order, all of them changed", [an(TEXT), DOG],
             [{**DOG, "minProperties": 1}, {**an(TEXT), "minProperties": 1}], NONE),
            ("and without properties in another order", [DATE, ID], [ID, DATE], NONE),
            ("behind a new one", [an(TEXT), DOG], [NUMBER, an(TEXT), DOG], {"response-schema"}),
            ("in another order, one of them changed", [an(TEXT), DOG], [{**DOG, "minProperties": 1}, an(TEXT)], NONE),
        )
    ),
    ("a component in one part", referring(IT), referring({"allOf": [IT], "description": "Its."}), NONE),
    ("a component beside null", referring(IT, nullable=True),
     newer(referring({"anyOf": [IT, {"type": "null"}]})), NONE),
    ("a component beside others", referring(IT), referring({"oneOf": [{"type": "string"}, IT]}), {"response-schema"}),
    ("a component without others", referring({"oneOf": [NUMBER, IT]}), referring(IT), NONE),
    ("a component without others of its name", referring({"anyOf": [IT, {"properties": {"b": WIDE}}]}), referring(IT),
     NONE),
    ("a component without a default", {**taking(**{JSON: an({"anyOf": [NUMBER, IT], "default": 1})}), **WITH_IT},
     {**taking(**{JSON: an(IT)}), **WITH_IT}, {"default-changed", "body-schema"}),
    ("anything that becomes bytes", taking(**{"text/plain": {}}), taking(**{"text/plain": BYTES}), {"body-schema"}),
    ("a component beside others, with less in it", referring(IT),
     referring({"anyOf": [DOG, IT]}, properties={"b": TEXT}), {"property-removed"}),
    ("a component written out", referring(IT), referring({"type": "object", "properties": DOG["properties"]}),
     {"component-renamed"}),
    *(
        (f"a longest {form}", taking(**{JSON: {**TEXT, "format": form, "maxLength": 253}}),
         taking(**{JSON: {**TEXT, "format": form, "maxLength": 252}}), {"body-schema"})
        for form in ("email", "hostname", "idn-email", "idn-hostname")
    ),
    ("bytes in Base64", taking(**{OCTETS: BYTES}), newer(taking(**{OCTETS: {**TEXT, "contentEncoding": "base64"}})),
     {"encoding-changed", "body-schema"}),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "rules"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_what_means_the_same_is_silent(old: Json, new: Json, rules: set[str], tmp_path: Path) -> None:
    checked = gate(tmp_path, old, new)
    assert checked.errors == rules, checked.output


def test_a_default_is_said_of_its_property(tmp_path: Path) -> None:
    old, new = (taking(**{JSON: an({**TEXT, "default": value})}) for value in ("x", "y"))
    found = [each.text for each in gate(tmp_path, old, new).found if each.rule == "default-changed"]
    assert found == ['pets: `a` has the default `"y"` now, and had `"x"`: a request without it means something else']


def test_what_is_one_place_now_is_one_finding(tmp_path: Path) -> None:
    """It was written out twice."""
    shared = {"It": {"type": "object", "properties": {"b": TEXT}}}
    old, new = (
        {
            **operation("/a", operationId="a", responses={"200": returned(**{JSON: an(schema)})}),
            **operation("/b", operationId="b", responses={"200": returned(**{JSON: an(schema)})}),
        }
        for schema in (DOG, IT)
    )
    checked = gate(tmp_path, contract(paths=old), contract(paths=new, components={"schemas": shared}))
    assert [each.rule for each in checked.found if each.severity == "error"] == ["version-step", "property-removed"]
