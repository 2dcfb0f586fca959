"""The document: its text, its references, its servers, its paths."""

from typing import Any

import orjson

from .rows import Node, Trial, body, gives, ignored, parameter, query, refused, refuses, rejects, served, takes
from .service import GIVEN, PROBLEM

REFERENCE = "Reference Object"
PATHS = "Path Item Object"
SERVERS = "Server Object"
FORMAT = "Format"
STATUSES = ("400", "406", "413", "415", "422", "500")


def ref(pointer: str) -> Node:
    """A reference."""
    return {"$ref": pointer}


def operation(operation_id: str, **more: Any) -> Node:
    """An operation that returns what it was given."""
    responses = {"200": GIVEN, **dict.fromkeys(STATUSES, PROBLEM)}
    return {"operationId": operation_id, "tags": ["things"], "security": [], "responses": responses, **more}


def text(paths: Node, **root: Any) -> bytes:
    """The text of a document with those paths."""
    return orjson.dumps({"openapi": "3.0.4", "info": {"title": "t", "version": "1"}, "paths": paths, **root})


YAML = b"""\
openapi: 3.0.4
info: {title: t, version: '1'}
paths:
  /r:
    get:
      operationId: act
      tags: [things]
      security: []
      parameters:
        - {name: a, in: query, schema: {type: string, enum: [NO, SE, 12:30, 0o17]}}
        - {name: no, in: query, schema: {type: integer, default: 0x10}}
      responses:
        200: {description: d, content: {application/json: {schema: {type: object, additionalProperties: true}}}}
        400: &problem {description: d, content: {application/problem+json: {schema: {type: object}}}}
        406: *problem
        500: *problem
"""
INTEGER: Node = {"type": "integer"}
PAGE: Node = {"name": "a", "in": "query", "schema": INTEGER}
SHARED: Node = {"get": operation("act", parameters=[PAGE])}
WITH_PATH = "this server has a path: write it into the paths"

ROWS = (
    served("YAML 1.2: no, 12:30 and 0o17 (15) in an enum, no as a name", FORMAT, gives("/r?a=NO", a="NO", no=16),
           gives("/r?a=12:30&no=1", a="12:30", no=1), refuses("/r?a=false", "parameter a enum"), text=YAML,
           takes=["a", "no"]),
    refused("a document that does not have OpenAPI's form", FORMAT, "info: This property is required.",
            text=b'{"openapi": "3.0.4", "paths": {}}'),
    refused("OpenAPI 3.1", FORMAT, "openapi: This does not match the required pattern.",
            text=b"{openapi: 3.1.0, info: {title: t, version: '1'}, paths: {}}"),
    refused("a key that is given twice", FORMAT, "the key 'get' is given twice, and only the last one is read",
            text=YAML.replace(b"    get:\n", b"    get: {}\n    get:\n")),
    served("a reference to a parameter", REFERENCE, gives("/r?a=1", a=1),
           operation={"parameters": [ref("#/components/parameters/A")]}, components={"parameters": {"A": PAGE}}),
    served("a reference to a reference", REFERENCE, gives("/r?a=1", a=1),
           operation={"parameters": [ref("#/components/parameters/B")]},
           components={"parameters": {"A": PAGE, "B": ref("#/components/parameters/A")}}),
    served("a reference into a component", REFERENCE, takes(1), rejects("a", "# type"),
           **body(ref("#/components/schemas/Order/properties/id")),
           components={"schemas": {"id": {"type": "string"},
                                   "Order": {"type": "object", "properties": {"id": INTEGER}}}}),
    served("a reference into a path, escaped", REFERENCE, takes(1), rejects("a", "# type"),
           **body(ref("#/paths/~1r/post/responses/200/headers/X-A%25/schema")) | {"operation": {
               "requestBody": {"required": True, "content": {"application/json": {"schema": ref(
                   "#/paths/~1r/post/responses/200/headers/X-A%25/schema")}}},
               "responses": {"200": {**GIVEN, "headers": {"X-A%": {"schema": INTEGER}}}}}}),
    served("a reference into an extension", REFERENCE, gives("/r?a=1", a=1),
           operation={"parameters": [ref("#/x-shared/a~1b")]}, root={"x-shared": {"a/b": PAGE}}),
    served("a property called $ref", REFERENCE, takes({"$ref": "x"}), rejects({"$ref": 1}, "#/$ref type"),
           **body({"type": "object", "properties": {"$ref": {"type": "string"}}})),
    served("an example, a default or an enum that contains a $ref", REFERENCE, takes({"$ref": "#/nowhere"}),
           **body({"enum": [ref("#/nowhere")], "example": ref("#/nowhere"), "default": ref("#/nowhere")})),
    served("a component whose name has dots", REFERENCE, takes(1), rejects("a", "# type"),
           **body(ref("#/components/schemas/a.b-1")), components={"schemas": {"a.b-1": INTEGER, "b-1": {}}}),
    ignored("keywords beside a $ref", REFERENCE,
            takes("abc"), **body({**ref("#/components/schemas/A"), "maxLength": 1}),
            components={"schemas": {"A": {"type": "string"}}}),
    refused("a reference that leads nowhere", REFERENCE, "#/components/parameters/A leads nowhere",
            operation={"parameters": [ref("#/components/parameters/A")]}),
    refused("a reference to another file", REFERENCE, "this $ref leads out of the file",
            **body(ref("a.yaml#/A"))),
    refused("a reference to itself", REFERENCE, "#/components/parameters/A leads back to itself",
            operation={"parameters": [ref("#/components/parameters/A")]},
            components={"parameters": {"A": ref("#/components/parameters/A")}}),
    refused("references in a circle", REFERENCE, "#/components/schemas/B leads back to itself",
            **body(ref("#/components/schemas/A")), components={"schemas": {
                "A": ref("#/components/schemas/B"), "B": ref("#/components/schemas/A")}}),
    refused("a reference to something of another kind", REFERENCE, "#/info is not one of the schemas",
            **body(ref("#/info"))),
    served("a path item behind a $ref", PATHS, gives("/b?a=1", a=1),
           text=text({"/b": ref("#/x-paths/b")}, **{"x-paths": {"b": SHARED}})),
    refused("a path item that refers to another one, so that operationIds are used twice", PATHS,
            "the operationId 'act' is used twice", text=text({"/a": SHARED, "/b": ref("#/paths/~1a")})),
    refused("a path item with a $ref and something beside it", PATHS, "#/x-paths/b is beside get: write the path out",
            text=text({"/b": {**ref("#/x-paths/b"), "get": operation("other")}}, **{"x-paths": {"b": SHARED}})),
    served("parameters of a path item, and those of an operation that replace them", PATHS,
           gives("/b?a=1", a=1), refuses("/b?a=x", "parameter a type"),
           text=text({"/b": {"parameters": [{**PAGE, "schema": {"type": "string"}}], **SHARED}})),
    ignored("servers without a path, of the document, a path and an operation", SERVERS, Trial(),
            text=text({"/r": {"servers": [{"url": "https://b.example"}],
                              "get": operation("act", servers=[{"url": "https://c.example/"}])}},
                      servers=[{"url": "https://{host}", "variables": {"host": {"default": "a.example"}}}])),
    refused("a server with a path", SERVERS, WITH_PATH,
            root={"servers": [{"url": "https://a.example/v1"}]}),
    refused("a server with a path in a variable", SERVERS, WITH_PATH,
            root={"servers": [{"url": "https://a.example/{base}", "variables": {"base": {"default": "v1"}}}]}),
    refused("a server with a path, of a path item", SERVERS, WITH_PATH,
            text=text({"/r": {"servers": [{"url": "/v1"}], "get": operation("act")}})),
    refused("a server with a path, of an operation", SERVERS, WITH_PATH,
            operation={"servers": [{"url": "/v1"}]}),
    refused("a parameter that is declared twice", "Operation Object", "the query parameter 'a' is declared twice",
            operation={"parameters": [PAGE, {**PAGE, "description": "d"}]}),
    refused("a header that is declared twice, in another case", "Path Item Object",
            "the header parameter 'x-a' is declared twice",
            text=text({"/r": {"parameters": [{**PAGE, "in": "header", "name": name} for name in ("X-A", "x-a")],
                              "get": operation("act")}})),
    served("a parameter whose name is a keyword of Python", "Parameter Object", gives("/r?from=1", from_=1),
           operation=parameter("from", "query", INTEGER)),
    served("a parameter called body, beside a body", "Parameter Object",
           Trial(method="POST", target="/r?body=1", lines=("Content-Type: application/json",), body=b"2",
                 given={"body_": 1, "body": 2}),
           method="post", operation={**parameter("body", "query", INTEGER), **body(INTEGER)["operation"]}),
    served("a parameter whose name begins with a digit", "Parameter Object", gives("/r?2fa=1", _2fa=1),
           operation=parameter("2fa", "query", INTEGER)),
    refused("a parameter with the handler's name of the unit of work", "Parameter Object",
            "its handler takes the unit of work by the name of 'uow'", operation=parameter("uow", "query", INTEGER),
            takes=[]),
    refused("an operation without an operationId", "Operation Object", "GET /r: it needs an operationId",
            text=text({"/r": {"get": {key: value for key, value in operation("x").items() if key != "operationId"}}})),
    refused("an operation without a tag", "Operation Object", "act: it needs a tag", operation={"tags": []}),
    refused("an operationId that is used twice", "Operation Object", "the operationId 'act' is used twice",
            text=text({"/r": {"get": operation("act"), "post": operation("act")}})),
    refused("operationIds that lead to the same function", "Operation Object",
            "foreign_handlers.things.get_one: this is the handler of get-one, get_one",
            text=text({"/r": {"get": operation("get-one"), "post": operation("get_one")}})),
    ignored("callbacks; their references are checked", "Callback Object", gives("/r?a=1", a="1"),
            operation={**query({"type": "string"}), "callbacks": {"c": {"{$request.query.a}": {"post": {
                "responses": {"200": {"description": "d"}}}}}}}),
)  # fmt: skip
