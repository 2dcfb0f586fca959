"""What schemas cannot say, and our own contract does not have: each change by the rule that it belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .contracts import Json, contract, gate, operation

TEXT = {"type": "string"}
JSON = "application/json"
OK = {"description": "It."}


def pets(**more: Any) -> Json:
    return contract(paths=operation(**more))


def parameter(**more: Any) -> Json:
    return pets(parameters=[{"name": "it", "in": "query", "schema": TEXT, **more}])


WRITTEN = {**TEXT, "contentMediaType": "application/json"}


def as_json(schema: Json) -> Json:
    return pets(parameters=[{"name": "it", "in": "query", "content": {JSON: {"schema": schema}}}])


def newer(root: Json) -> Json:
    return {**root, "openapi": "3.1.0"}


def body(schema: Json, **more: Any) -> Json:
    return pets(requestBody={"content": {JSON: {"schema": schema, **more}}})


def response(schema: Json, *, status: str = "200") -> Json:
    return pets(responses={status: {**OK, "content": {JSON: {"schema": schema}}}})


def responses(*statuses: str, **content: Json) -> Json:
    return pets(responses={status: {**OK, **content} for status in statuses})


def types(*names: str, place: str = "requestBody") -> Json:
    content = {name: {"schema": TEXT} for name in names}
    if place == "requestBody":
        return pets(requestBody={"content": content})
    return pets(responses={"200": {**OK, "content": content}})


def both(request: Json, returned: Json) -> Json:
    """One component in requests, another one, which may be the same, in responses."""
    schemas = {"Pet": request, "Returned": returned}
    names = ("Pet", "Pet") if request is returned else ("Pet", "Returned")
    content = [{JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}} for name in names]
    paths = operation(requestBody={"content": content[0]}, responses={"200": {**OK, "content": content[1]}})
    return contract(paths=paths, components={"schemas": schemas})


def discriminated(mapping: Json, *, name: str = "kind", place: str = "response") -> Json:
    kinds = {
        kind: {"type": "object", "required": ["kind", "type"], "properties": {"kind": TEXT, "type": TEXT}}
        for kind in ("Cat", "Dog", "Fox")
    }
    refs = {value: f"#/components/schemas/{kind}" for value, kind in mapping.items()}
    schema = {
        "oneOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in ("Cat", "Dog")],
        "discriminator": {"propertyName": name, "mapping": refs},
    }
    made = response(schema) if place == "response" else body(schema)
    return {**made, "components": {"schemas": kinds}}


def secured(*requirements: Json, **schemes: Json) -> Json:
    return {**pets(security=list(requirements)), "components": {"securitySchemes": schemes}}


def server(url: str, **more: Any) -> Json:
    return contract(paths=operation(), servers=[{"url": url, **more}])


def retired(day: str) -> Json:
    return contract(
        paths={**operation(), **operation("/dogs", operationId="dogs", deprecated=True, **{"x-sunset": day})}
    )


def alike() -> Json:
    """Two paths that differ in the name of a parameter alone."""
    paths = {**operation("/pets/{id}"), **operation("/pets/{name}", operationId="named")}
    return contract(paths=paths)


def at(path: str) -> Json:
    name = path.partition("{")[2].rstrip("}")
    return contract(paths=operation(path, parameters=[{"name": name, "in": "path", "required": True, "schema": TEXT}]))


def sending(headers: Json) -> Json:
    return pets(responses={"204": {"description": "Done.", "headers": headers}})


def logging(payloads: Json) -> Json:
    events = {name: {"payload": payload} for name, payload in payloads.items()}
    return {**pets(), "components": {"x-events": events}}


def reading(name: str, *, inside: str = "Pet") -> Json:
    """An event whose payload is a component."""
    pet = {"type": "object", "properties": {"a": TEXT}}
    grown = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "properties": {"b": TEXT}}]}
    pets_of = {"type": "object", "properties": {"one": {"$ref": f"#/components/schemas/{inside}"}}}
    root = logging({"a": {"$ref": f"#/components/schemas/{name}"}})
    root["components"]["schemas"] = {"Pet": pet, "GrownPet": grown, "Pets": pets_of}
    return root


def referring(schema: Json) -> Json:
    return {**body({"$ref": "#/components/schemas/Pet"}), "components": {"schemas": {"Pet": schema}}}


def nesting(schema: Json) -> Json:
    """A schema that contains lists of itself."""
    inner = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    return referring({**schema, "properties": {**schema["properties"], "inner": inner}})


def within(reference: str) -> Json:
    return {**body({"$ref": reference}), "components": {"schemas": {"Pet": {"properties": {"a": {"type": "object"}}}}}}


def renamed(root: Json) -> Json:
    changed: Json = json.loads(json.dumps(root).replace("Pet", "Animal"))
    return changed


def calling(
    schema: Json, *, required: bool = True, answer: Json | None = None, status: str = "204", item: Json | None = None
) -> Json:
    answers = {status: answer or {"description": "Taken."}}
    sent = {"required": required, "content": {JSON: {"schema": schema}}}
    request = {"post": {"requestBody": sent, "responses": answers}, **(item or {})}
    return pets(callbacks={"told": {"{$request.body#/url}": request}})


def sent_with(**more: Any) -> Json:
    """What a path item says of a parameter."""
    return {"parameters": [{"name": "it", "in": "query", "schema": TEXT, **more}]}


def at_server(*values: str, default: str = "") -> Json:
    variable = {"default": default or values[0], "enum": list(values)}
    return server("https://{at}.example", variables={"at": variable})


def linking(link: Json | None = None) -> Json:
    """Its response has a link; a second operation is there to be linked to."""
    links = {"links": {"next": link}} if link else {}
    paths = operation(responses={"200": {**OK, **links}})
    return contract(paths={**paths, **operation("/dogs", operationId="dogs")})


def form(encoding: Json, schema: Json | None = None) -> Json:
    held = {"type": "object", "properties": {"a": schema or TEXT}}
    media = {"schema": held, **({"encoding": encoding} if encoding else {})}
    return pets(requestBody={"content": {"multipart/form-data": media}})


def hooking(schema: Json, *, required: bool = True, status: str = "204") -> Json:
    sent = {"required": required, "content": {JSON: {"schema": schema}}}
    hook = {"post": {"requestBody": sent, "responses": {status: {"description": "Taken."}}}}
    return newer(contract(webhooks={"told": hook}))


def oauth(url: str) -> Json:
    flow = {"tokenUrl": url, "scopes": {"read": "Read."}}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


NUMBER = {"type": "integer"}
NULLABLE = {"type": ["string", "null"]}
ARRAY = {"type": "array", "items": TEXT}
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
OPEN: Json = {"type": "object", "properties": {"a": TEXT}}
CLOSED = {**OPEN, "additionalProperties": False}
WITH_B: Json = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
READ_ONLY = {"type": "object", "properties": {"a": TEXT, "b": {**TEXT, "readOnly": True}}}
EXTENSIBLE = {"type": "string", "x-extensible-enum": ["a", "b"]}
LINK: Json = {"operationId": "pets", "parameters": {"id": "$response.body#/a"}}
PAST, FUTURE, LATER = "2020-01-01", "2999-01-01", "2999-06-01"
FORM = {"schema": WITH_B, "encoding": {"a": {"style": "form"}}}
NONE: set[str] = set()

CASES: list[tuple[str, Json, Json, set[str]]] = [
    ("reserved characters no longer allowed", parameter(allowReserved=True), parameter(), {"parameter-form-changed"}),
    ("reserved characters allowed", parameter(), parameter(allowReserved=True), NONE),
    ("an empty value no longer allowed", parameter(allowEmptyValue=True), parameter(), {"parameter-form-changed"}),
    ("explode of a text changed", parameter(), parameter(explode=False), NONE),
    ("explode written out", parameter(schema=ARRAY), parameter(schema=ARRAY, explode=True, style="form"), NONE),
    ("style changed", parameter(schema=ARRAY), parameter(schema=ARRAY, style="spaceDelimited"),
     {"parameter-form-changed"}),
    ("explode of a text or null changed", newer(parameter(schema=NULLABLE)),
     newer(parameter(schema=NULLABLE, explode=False)), NONE),
    ("explode of a text or list changed", newer(parameter(schema={"type": ["string", "array"]})),
     newer(parameter(schema={"type": ["string", "array"]}, explode=False)), {"parameter-form-changed"}),
    ("text or null in a parameter made shorter", newer(parameter(schema=NULLABLE)),
     newer(parameter(schema={**NULLABLE, "maxLength": 3})), {"parameter-schema"}),
    ("parameter moved to a header", parameter(), parameter(**{"in": "header"}), {"parameter-moved"}),
    ("header in another case", parameter(**{"in": "header", "name": "X-It"}),
     parameter(**{"in": "header", "name": "x-it"}), NONE),
    ("query parameter in another case", parameter(name="It"), parameter(name="it"), {"parameter-renamed"}),
    ("query parameter with another name", parameter(name="it"), parameter(name="other"), {"parameter-removed"}),
    ("parameter retired", parameter(deprecated=True, **{"x-sunset": PAST}), pets(), NONE),
    ("parameter removed before its sunset", parameter(deprecated=True, **{"x-sunset": FUTURE}), pets(),
     {"parameter-removed"}),
    ("operation retired", retired(PAST), contract(paths=operation()), NONE),
    ("operation removed before its sunset", retired(FUTURE), contract(paths=operation()), {"operation-removed"}),
    ("operation with a sunset that is not a date", retired("soon"), contract(paths=operation()), {"operation-removed"}),
    ("sunset brought forward", retired(LATER), retired(FUTURE), {"sunset-advanced"}),
    ("sunset put off", retired(FUTURE), retired(LATER), NONE),
    ("deprecation withdrawn", retired(FUTURE),
     contract(paths={**operation(), **operation("/dogs", operationId="dogs")}), NONE),
    ("range of a body narrowed", types("*/*"), types("text/plain"), {"body-media-type-removed"}),
    ("range of a body widened", types("text/plain"), types("text/*"), NONE),
    ("media type of a body with a charset", types(JSON), types(f"{JSON}; charset=utf-8"), NONE),
    ("another version of the media type of a body", types(f"{JSON}; version=1"), types(f"{JSON};version=2"),
     {"body-media-type-removed"}),
    ("version of the media type of a body no longer matters", types(f"{JSON}; version=1"), types(JSON), NONE),
    ("another version of the media type of a response", types(f"{JSON}; version=1", place="responses"),
     types(f'{JSON}; version="2"', place="responses"), {"response-media-type-removed"}),
    ("range of a response narrowed", types("text/*", place="responses"), types("text/plain", place="responses"), NONE),
    ("response in another media type", types("text/plain", place="responses"), types("text/csv", place="responses"),
     {"response-media-type-removed"}),
    ("success in the default range", responses("2XX"), responses("200", "2XX"), NONE),
    ("another success", responses("200"), responses("2XX"), {"success-status-added"}),
    ("success removed", responses("200", "204"), responses("204"), {"success-status-removed"}),
    ("304 added", responses("200"), responses("200", "304"), NONE),
    ("error of the default written out", responses("200", "default"), responses("200", "404", "default"), NONE),
    ("errors become the default", responses("200", "404"), responses("200", "default"), NONE),
    ("error of another form under the default",
     pets(responses={"200": OK, "default": {**OK, "content": {JSON: {"schema": {"type": "object"}}}}}),
     pets(responses={"200": OK, "404": {**OK, "content": {JSON: {"schema": TEXT}}}}),
     {"response-schema"}),
    ("default of a property changed", body({"type": "object", "properties": {"a": {**TEXT, "default": "x"}}}),
     body({"type": "object", "properties": {"a": {**TEXT, "default": "y"}}}), {"default-changed"}),
    ("default of a property written down", body({"type": "object", "properties": {"a": TEXT}}),
     body({"type": "object", "properties": {"a": {**TEXT, "default": "y"}}}), NONE),
    ("default that is null", body({**TEXT, "nullable": True, "default": None}), body({**TEXT, "nullable": True}),
     {"default-changed"}),
    ("default of a response changed", response({**TEXT, "default": "x"}), response({**TEXT, "default": "y"}), NONE),
    ("default behind allOf", body({"allOf": [{**TEXT, "default": "x"}]}), body({**TEXT, "default": "y"}),
     {"default-changed"}),
    ("request closed", body(OPEN), body(CLOSED), {"body-schema"}),
    ("request opened", body(CLOSED), body(OPEN), NONE),
    ("response opened", response(CLOSED), response(OPEN), {"response-schema"}),
    ("response closed", response(OPEN), response(CLOSED), NONE),
    ("property declared in an open request", body(OPEN), body(WITH_B), NONE),
    ("as many properties as declared in an open request", body(OPEN), body({**OPEN, "maxProperties": 1}),
     {"body-schema"}),
    ("that and a property declared", body(OPEN), body({**WITH_B, "maxProperties": 2}), {"body-schema"}),
    ("further properties of an open request described", body(OPEN), body({**OPEN, "additionalProperties": TEXT}),
     {"body-schema"}),
    ("that and a property declared, too", body(OPEN), body({**WITH_B, "additionalProperties": TEXT}), {"body-schema"}),
    ("request closed by not", body(OPEN), body({**OPEN, "additionalProperties": {"not": {}}}), {"body-schema"}),
    ("request closed, and a property declared", body(OPEN), body({**WITH_B, "additionalProperties": False}),
     {"body-schema"}),
    ("closed in an alternative", body(OPEN), body({"anyOf": [{**OPEN, "maxProperties": 1}, {"type": "array"}]}),
     {"body-schema"}),
    ("property declared in items of themselves", nesting(OPEN), nesting(WITH_B), NONE),
    ("more properties in a response", response({**OPEN, "maxProperties": 1}), response(OPEN), {"response-schema"}),
    ("property removed from an open request", body(WITH_B), body(OPEN), {"property-removed"}),
    ("optional property removed from a response", response(WITH_B), response(OPEN), {"property-removed"}),
    ("property moved into allOf", response(WITH_B), response({"allOf": [OPEN, {"properties": {"b": TEXT}}]}), NONE),
    ("read-only property removed from a request", body(READ_ONLY), body(OPEN), NONE),
    ("read-only property removed from a response", response(READ_ONLY), response(OPEN), {"property-removed"}),
    ("known value of a request withdrawn", body(EXTENSIBLE), body({**EXTENSIBLE, "x-extensible-enum": ["a"]}),
     {"known-value-withdrawn"}),
    ("known value of a response removed", response(EXTENSIBLE), response({**EXTENSIBLE, "x-extensible-enum": ["a"]}),
     NONE),
    ("known value of a response added", response(EXTENSIBLE),
     response({**EXTENSIBLE, "x-extensible-enum": ["a", "b", "c"]}), NONE),
    ("int64 instead of int32", response({"type": "integer", "format": "int32"}),
     response({"type": "integer", "format": "int64"}), {"response-schema", "format-changed"}),
    ("int64 where nothing was said", response({"type": "integer"}), response({"type": "integer", "format": "int64"}),
     {"format-changed"}),
    ("int64 accepted", body({"type": "integer", "format": "int32"}), body({"type": "integer", "format": "int64"}),
     NONE),
    ("base64 written as OpenAPI 3.1 does", response({**TEXT, "format": "byte"}),
     newer(response({**TEXT, "contentEncoding": "base64"})), NONE),
    ("binary written as OpenAPI 3.1 does", body({**TEXT, "format": "binary"}),
     newer(body({**TEXT, "contentMediaType": "application/octet-stream"})), NONE),
    ("base64 returned", newer(response(TEXT)), newer(response({**TEXT, "contentEncoding": "base64"})),
     {"format-changed"}),
    ("base64 no longer returned", newer(response({**TEXT, "contentEncoding": "base64"})), newer(response(TEXT)),
     {"format-changed", "response-schema"}),
    ("base64 read as text", newer(body({**TEXT, "contentEncoding": "base64"})), newer(body(TEXT)),
     {"encoding-changed"}),
    ("text read as base64", newer(body(TEXT)), newer(body({**TEXT, "contentEncoding": "Base64"})),
     {"encoding-changed", "body-schema"}),
    ("another encoding", newer(response({**TEXT, "contentEncoding": "base16"})),
     newer(response({**TEXT, "contentEncoding": "base32"})), {"encoding-changed"}),
    ("another media type in a text", newer(body({**TEXT, "contentMediaType": "text/csv"})),
     newer(body({**TEXT, "contentMediaType": "application/json"})), {"encoding-changed"}),
    ("what a text contains", newer(response({**WRITTEN, "contentSchema": {"type": "object", "required": ["a"]}})),
     newer(response({**WRITTEN, "contentSchema": {"type": "object"}})), {"response-schema"}),
    ("anything in a text", newer(response({**WRITTEN, "contentSchema": {"type": "object"}})), newer(response(WRITTEN)),
     {"response-schema"}),
    ("less is returned in a text", newer(response(WRITTEN)),
     newer(response({**WRITTEN, "contentSchema": {"type": "object"}})), NONE),
    ("more is accepted in a text", newer(body({**WRITTEN, "contentSchema": {"type": "object"}})), newer(body(WRITTEN)),
     NONE),
    ("mapping leads elsewhere", discriminated({"cat": "Cat", "dog": "Dog"}),
     discriminated({"cat": "Dog", "dog": "Cat"}), {"discriminator-changed"}),
    ("mapping of a request widened", discriminated({"cat": "Cat"}, place="request"),
     discriminated({"cat": "Cat", "tom": "Cat"}, place="request"), NONE),
    ("another property selects", discriminated({"cat": "Cat"}), discriminated({"cat": "Cat"}, name="type"),
     {"discriminator-changed", "response-schema"}),
    ("XML in another form", body({**TEXT, "xml": {"name": "a"}}), body({**TEXT, "xml": {"name": "b"}}),
     {"schema-undecided"}),
    ("encoding of a form changed", pets(requestBody={"content": {"multipart/form-data": FORM}}),
     pets(requestBody={"content": {"multipart/form-data": {**FORM, "encoding": {"a": {"style": "deepObject"}}}}}),
     {"encoding-changed"}),
    ("alternative accepted", secured({"key": []}, key=KEY), secured({"key": []}, {"other": []}, key=KEY), NONE),
    ("alternative dropped", secured({"key": []}, {"other": []}, key=KEY), secured({"key": []}, key=KEY),
     {"security-changed"}),
    ("scope required", secured({"auth": ["a"]}, auth=oauth("/t")), secured({"auth": ["a", "b"]}, auth=oauth("/t")),
     {"scope-added"}),
    ("scope dropped", secured({"auth": ["a", "b"]}, auth=oauth("/t")), secured({"auth": ["a"]}, auth=oauth("/t")),
     NONE),
    ("token from elsewhere", secured({"auth": []}, auth=oauth("/t")), secured({"auth": []}, auth=oauth("/u")),
     {"security-scheme-changed"}),
    ("key in a cookie", secured({"key": []}, key=KEY), secured({"key": []}, key={**KEY, "in": "cookie"}),
     {"security-scheme-changed"}),
    ("role of unknown rank", pets(**{"x-access": {"role": "a"}}), pets(**{"x-access": {"role": "b"}}),
     {"access-raised"}),
    ("several scopes in x-access", pets(**{"x-access": {"scope": ["a"]}}), pets(**{"x-access": {"scope": ["b"]}}),
     {"access-raised"}),
    ("member of x-access that nobody knows", pets(), pets(**{"x-access": {"plan": "gold"}}), {"access-raised"}),
    ("server at its default", at_server("a"), server("https://a.example/"), NONE),
    ("server whose variable may have any value at its default",
     server("https://{at}.example", variables={"at": {"default": "a"}}), server("https://a.example/"),
     {"server-removed"}),
    ("value of a variable removed", at_server("a", "b"), at_server("a"), {"server-removed"}),
    ("value of a variable added", at_server("a"), at_server("a", "b"), NONE),
    ("values of a variable in another order", at_server("a", "b"), at_server("b", "a", default="a"), NONE),
    ("any value of a variable no longer allowed", server("https://{at}.example", variables={"at": {"default": "a"}}),
     at_server("a", "b"), {"server-removed"}),
    ("any value of a variable allowed", at_server("a", "b"),
     server("https://{at}.example", variables={"at": {"default": "a"}}), NONE),
    ("link removed", linking(LINK), linking(), {"link-changed"}),
    ("link added", linking(), linking(LINK), NONE),
    ("link to another operation", linking(LINK), linking({**LINK, "operationId": "dogs"}), {"link-changed"}),
    ("link with another value", linking(LINK), linking({**LINK, "parameters": {"id": "$response.body#/b"}}),
     {"link-changed"}),
    ("link described", linking(LINK), linking({**LINK, "description": "It."}), NONE),
    ("link behind a reference", linking(LINK),
     {**linking({"$ref": "#/components/links/It"}), "components": {"links": {"It": LINK}}}, NONE),
    ("style of a form written out", form({}), form({"a": {"style": "form", "explode": True, "allowReserved": False}}),
     NONE),
    ("style of a list in a form written out", form({}, ARRAY), form({"a": {"style": "form", "explode": True}}, ARRAY),
     NONE),
    ("list in a form no longer exploded", form({}, ARRAY), form({"a": {"explode": False}}, ARRAY),
     {"encoding-changed"}),
    ("object in a form no longer JSON", form({}, OPEN), form({"a": {"style": "form"}}, OPEN), {"encoding-changed"}),
    ("media type of a text in a form written out", form({}), form({"a": {"contentType": "text/plain"}}), NONE),
    ("media type of an object in a form written out", form({}, OPEN),
     form({"a": {"contentType": "Application/JSON"}}, OPEN), NONE),
    ("media type of a list of texts in a form written out", form({}, ARRAY),
     form({"a": {"contentType": "text/plain"}}, ARRAY), NONE),
    ("media type of a file in a form written out", form({}, {**TEXT, "format": "binary"}),
     form({"a": {"contentType": "application/octet-stream"}}, {**TEXT, "format": "binary"}), NONE),
    ("media type of a file in a form narrowed", form({}, {**TEXT, "format": "binary"}),
     form({"a": {"contentType": "image/png"}}, {**TEXT, "format": "binary"}), {"encoding-changed"}),
    ("more media types of a file in a form", form({"a": {"contentType": "image/png"}}),
     form({"a": {"contentType": "image/png, image/jpeg"}}), NONE),
    ("fewer media types of a file in a form", form({"a": {"contentType": "image/png, image/jpeg"}}),
     form({"a": {"contentType": "image/png"}}), {"encoding-changed"}),
    ("reserved characters in a form allowed", form({}), form({"a": {"allowReserved": True}}), NONE),
    ("reserved characters in a form no longer allowed", form({"a": {"allowReserved": True}}), form({}),
     {"encoding-changed"}),
    ("header of a part required", form({}), form({"a": {"headers": {"X-It": {"required": True, "schema": TEXT}}}}),
     {"encoding-changed"}),
    ("header of a part allowed", form({}), form({"a": {"headers": {"X-It": {"schema": TEXT}}}}), NONE),
    ("header of a part made required", form({"a": {"headers": {"X-It": {"schema": TEXT}}}}),
     form({"a": {"headers": {"x-it": {"required": True, "schema": TEXT}}}}), {"encoding-changed"}),
    ("header of a part rejects a value", form({"a": {"headers": {"X-It": {"schema": TEXT}}}}),
     form({"a": {"headers": {"X-It": {"schema": {**TEXT, "maxLength": 1}}}}}), {"encoding-changed"}),
    ("server elsewhere", server("https://a.example"), server("https://b.example"), {"server-removed"}),
    ("server of one operation", contract(paths=operation()), pets(servers=[{"url": "https://b.example"}]),
     {"server-removed"}),
    ("other server first", contract(paths=operation(), servers=[{"url": "/a"}, {"url": "/b"}]),
     contract(paths=operation(), servers=[{"url": "/b"}, {"url": "/a"}]), {"server-removed"}),
    ("callback removed", calling(OPEN), pets(), {"callback-removed"}),
    ("callback added", pets(), calling(OPEN), NONE),
    ("callback with another value", calling({"type": "integer"}), calling(TEXT), {"callback-changed"}),
    ("callback with less", calling({"type": "number"}), calling({"type": "integer"}), NONE),
    ("callback without a body", calling(OPEN), calling(OPEN, required=False), {"callback-changed"}),
    ("callback whose response must be more",
     calling(OPEN, answer={**OK, "content": {JSON: {"schema": TEXT}}}),
     calling(OPEN, answer={**OK, "content": {JSON: {"schema": {**TEXT, "maxLength": 1}}}}),
     {"callback-changed"}),
    ("parameter of a callback removed", calling(OPEN, item=sent_with()), calling(OPEN), {"callback-changed"}),
    ("parameter of a callback added", calling(OPEN), calling(OPEN, item=sent_with(required=True)), NONE),
    ("parameter of a callback made optional", calling(OPEN, item=sent_with(required=True)),
     calling(OPEN, item=sent_with()), {"callback-changed"}),
    ("parameter of a callback with another value", calling(OPEN, item=sent_with()),
     calling(OPEN, item=sent_with(schema={"type": "integer"})), {"callback-changed"}),
    ("parameter of a callback in another form", calling(OPEN, item=sent_with(schema=ARRAY)),
     calling(OPEN, item=sent_with(schema=ARRAY, explode=False)), {"callback-changed"}),
    ("header of the response to a callback required", calling(OPEN),
     calling(OPEN, answer={**OK, "headers": {"X-It": {"required": True, "schema": TEXT}}}), {"callback-changed"}),
    ("header of the response to a callback allowed", calling(OPEN),
     calling(OPEN, answer={**OK, "headers": {"X-It": {"schema": TEXT}}}), NONE),
    ("webhook removed", hooking(OPEN), newer(contract()), {"callback-removed"}),
    ("webhook added", newer(contract()), hooking(OPEN), NONE),
    ("webhook with another value", hooking({"type": "integer"}), hooking(TEXT), {"callback-changed"}),
    ("webhook without a body", hooking(OPEN), hooking(OPEN, required=False), {"callback-changed"}),
    ("webhook no longer lets a status pass", hooking(OPEN), hooking(OPEN, status="200"), {"callback-changed"}),
    ("reference out of the file", body({"$ref": "other.yaml#/Pet"}), body({"$ref": "other.yaml#/Pet"}),
     {"schema-undecided"}),
    ("operation without a name gets one", contract(paths={"/pets": {"get": {"responses": {"200": OK}}}}),
     contract(paths={"/pets": {"get": {"operationId": "pets", "responses": {"200": OK}}}}), NONE),
    ("paths that differ in the names of parameters alone", alike(), alike(), NONE),
    ("one of these removed", alike(), contract(paths=operation("/pets/{name}", operationId="named")),
     {"operation-removed"}),
    ("operation without a name removed", contract(paths={"/pets": {"get": {"responses": {"200": OK}}}}), contract(),
     {"operation-removed"}),
    ("operation renamed", pets(), pets(operationId="animals"), {"operation-renamed"}),
    ("tag added", pets(), pets(tags=["pets"]), {"operation-retagged"}),
    ("path parameter renamed", at("/pets/{id}"), at("/pets/{pet}"), {"path-parameter-renamed"}),
    ("rate limit tightened", pets(), pets(**{"x-rate-limit": "tight"}), {"rate-limit-changed"}),
    ("rate limit removed", pets(), pets(**{"x-rate-limit": "none"}), NONE),
    ("token required", pets(), secured({"key": []}, key=KEY), {"security-added"}),
    ("token no longer required", secured({"key": []}, key=KEY), pets(), NONE),
    ("number in a parameter becomes a text", parameter(schema=NUMBER), parameter(schema=TEXT),
     {"parameter-type-changed"}),
    ("bounded number in a parameter becomes a text that may be null", parameter(schema={**NUMBER, "maximum": 5}),
     parameter(schema={**TEXT, "nullable": True}), {"parameter-type-changed"}),
    ("that and another default", parameter(schema={**NUMBER, "default": 1}),
     parameter(schema={**TEXT, "default": "2"}), {"parameter-type-changed", "default-changed"}),
    ("number in a parameter becomes a short text", parameter(schema=NUMBER),
     parameter(schema={**TEXT, "maxLength": 3}), {"parameter-schema"}),
    ("text in a parameter becomes a number", parameter(), parameter(schema=NUMBER), {"parameter-schema"}),
    ("number in a list in a parameter becomes a text", parameter(schema={**ARRAY, "items": NUMBER}),
     parameter(schema=ARRAY), {"parameter-type-changed"}),
    ("number in a parameter as JSON becomes a text", as_json(NUMBER), as_json(TEXT), {"parameter-schema"}),
    ("parameter made required", parameter(), parameter(required=True), {"parameter-made-required"}),
    ("parameter made optional", parameter(required=True), parameter(), NONE),
    ("parameter deprecated", parameter(), parameter(deprecated=True), NONE),
    ("parameter added", pets(), parameter(), NONE),
    ("required parameter added", pets(), parameter(required=True), {"required-parameter-added"}),
    ("parameter as JSON", parameter(), pets(parameters=[{"name": "it", "in": "query", "content": {JSON: {}}}]),
     {"parameter-form-changed"}),
    ("body removed", body(TEXT), pets(), {"body-removed"}),
    ("body added", pets(), body(TEXT), NONE),
    ("required body added", pets(), pets(requestBody={"required": True, "content": {}}), {"body-made-required"}),
    ("body made optional", pets(requestBody={"required": True, "content": {}}),
     pets(requestBody={"content": {}}), NONE),
    ("error added", responses("200"), responses("200", "404"), NONE),
    ("error removed", responses("200", "404"), responses("200"), NONE),
    ("header removed", sending({"X-It": {"schema": TEXT}}), sending({}), {"response-header-removed"}),
    ("header added", sending({}), sending({"X-It": {"schema": TEXT}}), NONE),
    ("header always sent", sending({"X-It": {"schema": TEXT}}), sending({"x-it": {"schema": TEXT, "required": True}}),
     NONE),
    ("header of another form", sending({"X-It": {"schema": ARRAY}}),
     sending({"X-It": {"schema": ARRAY, "explode": True}}), {"header-form-changed"}),
    ("event removed", logging({"a": OPEN, "b": OPEN}), logging({"a": OPEN}), {"event-removed"}),
    ("event added", logging({"a": OPEN}), logging({"a": OPEN, "b": OPEN}), NONE),
    ("payload with more, in a component of its own", reading("Pet"), reading("GrownPet"), NONE),
    ("payload whose component is renamed", reading("Pet"), renamed(reading("Pet")), {"component-renamed"}),
    ("payload with another component inside", reading("Pets"), reading("Pets", inside="GrownPet"),
     {"component-renamed"}),
    ("payload with another value", logging({"a": {"type": "integer"}}), logging({"a": TEXT}), {"event-payload"}),
    ("event no longer written", pets(**{"x-events": ["a", "b"]}), pets(**{"x-events": ["b"]}),
     {"event-no-longer-written"}),
    ("event written", pets(), pets(**{"x-events": ["b"]}), NONE),
    ("problem no longer sent", pets(**{"x-problems": ["a", "b"]}), pets(**{"x-problems": ["b"]}), NONE),
    ("callback no longer lets a status pass", calling(OPEN), calling(OPEN, status="200"), {"callback-changed"}),
    ("numbers of a response bounded", response({"type": "integer", "maximum": 5}),
     response({"type": "integer", "maximum": 4}),
     NONE),
    ("component renamed", both(OPEN, OPEN), renamed(both(OPEN, OPEN)), {"component-renamed"}),
    ("component written out", referring(OPEN), body(OPEN), {"component-renamed"}),
    ("part of a component written out", within("#/components/schemas/Pet/properties/a"), body({"type": "object"}),
     NONE),
    ("component of a text written out", referring(TEXT), body(TEXT), NONE),
    ("what nobody can prove", body({**TEXT, "pattern": "(?=a)."}), body({**TEXT, "pattern": "(?=a).|b"}),
     {"schema-undecided"}),
    ("values of a map described", response({"type": "object"}),
     response({"type": "object", "additionalProperties": TEXT}), NONE),
    ("fewer alternatives returned", response({"anyOf": [TEXT, ARRAY]}), response({"anyOf": [TEXT]}), NONE),
    ("one part twice", body({"allOf": [OPEN, WITH_B]}), body({"allOf": [OPEN, WITH_B, OPEN]}), NONE),
    ("alternatives in another order", body({"oneOf": [TEXT, ARRAY]}), body({"oneOf": [ARRAY, TEXT]}), NONE),
    ("alternative added", body({"anyOf": [TEXT]}), body({"anyOf": [TEXT, ARRAY]}), NONE),
    ("operation moved", contract(paths=operation()), contract(paths=operation("/dogs")), {"operation-moved"}),
    ("another operation has the name", contract(paths=operation()),
     contract(paths={**operation(), **operation("/dogs")}), NONE),
    ("a text of an open object may be longer",
     response({"type": "object", "properties": {"a": {**TEXT, "maxLength": 1}, "b": TEXT}}),
     response({"type": "object", "properties": {"a": {**TEXT, "maxLength": 2}}}),
     {"response-schema", "property-removed"}),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "rules"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_change_is_found_by_the_rule_that_it_belongs_to(
    old: Json, new: Json, rules: set[str], tmp_path: Path
) -> None:
    checked = gate(tmp_path, old, new)
    assert checked.errors == rules, checked.output


STATUS = {"type": "string", "enum": ["a", "b"]}


@pytest.mark.parametrize(
    ("sent", "returned", "shared", "rules"),
    [
        ({**STATUS, "enum": ["a", "b", "c"]}, STATUS, None, NONE),
        (STATUS, {**STATUS, "enum": ["a"]}, None, NONE),
        (None, None, {**STATUS, "enum": ["a", "b", "c"]}, {"response-schema"}),
        (None, None, {**STATUS, "enum": ["a"]}, {"body-schema"}),
    ],
)
def test_a_component_in_both_directions_may_neither_grow_nor_shrink(
    sent: Json | None, returned: Json | None, shared: Json | None, rules: set[str], tmp_path: Path
) -> None:
    """Each change is safe for a schema of one direction."""
    old = both(STATUS, STATUS if shared else dict(STATUS))
    new = both(shared, shared) if shared else both(sent or STATUS, returned or STATUS)
    assert gate(tmp_path, old, new).errors == rules


def test_what_a_text_contains_is_compared_for_each_operation(tmp_path: Path) -> None:
    def root(schema: Json) -> Json:
        it = {"$ref": "#/components/schemas/It"}
        paths = {
            **operation("/a", operationId="a", requestBody={"content": {JSON: {"schema": it}}}),
            **operation("/b", operationId="b", requestBody={"content": {JSON: {"schema": it}}}),
        }
        schemas = {"It": {**WRITTEN, "contentSchema": schema}}
        return newer(contract(paths=paths, components={"schemas": schemas}))

    checked = gate(tmp_path, root({"type": "object"}), root({"type": "object", "maxProperties": 1}))
    assert [found.text.partition(":")[0] for found in checked.found if found.rule == "body-schema"] == ["a, b"]
