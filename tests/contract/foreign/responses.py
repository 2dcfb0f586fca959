"""Responses: statuses, media types, headers, streams."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from tickbox_contract.responses import Event, Response, events, ok

from .rows import Node, Trial, ignored, refused, responds, served

RESPONSES = "Responses Object"
RESPONSE = "Response Object"
MEDIA = "Media Type Object"
HEADER = "Header Object"
OBJECT: Node = {"schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}}
HALVES: Node = {"schema": {"type": "object", "required": ["a", "b"], "properties": {
    "a": {"type": "integer", "readOnly": True}, "b": {"type": "integer", "writeOnly": True},
}}}  # fmt: skip
BINARY: Node = {"schema": {"type": "string", "format": "binary"}}
TEXT: Node = {"schema": {"type": "string"}}
STREAM: Node = {"text/event-stream": OBJECT}


def sends(content: Any, media_type: str | None = None, **headers: str) -> Callable[[], Response]:
    """A response 200 of a handler."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response(status=200, content=content, media_type=media_type, headers=named)


def is_sent(content_type: str, content: bytes, *lines: str) -> Trial:
    """A request whose response has these bytes."""
    return Trial(lines=lines, headers={"content-type": content_type}, content=content)


BREAKS = Trial(status=500)
"""The response of the handler violates the contract, and is not sent."""


async def _chunks(*chunks: Any) -> AsyncGenerator[Any, None]:
    for chunk in chunks:
        yield chunk


async def _events(*contents: Any) -> AsyncGenerator[Event, None]:
    for content in contents:
        yield Event(content=content)


STATUS_ROWS = (
    refused("the status default", RESPONSES, "the response 'default', which is not a single status",
            operation={"responses": {"default": {"description": "d"}}}),
    refused("a range of statuses", RESPONSES, "the response '2XX', which is not a single status",
            operation={"responses": {"2XX": {"description": "d"}}}),
    refused("an interim status", RESPONSES, "the response 100 is an interim response",
            operation={"responses": {"100": {"description": "d"}}}),
    ignored("extensions among the statuses", RESPONSES, is_sent("application/json", b'{"a":1}'), operation={
        "responses": {"x-note": {"a": 1}, "200": {"description": "d", "content": {"application/json": OBJECT}}},
    }, response=sends({"a": 1})),
    ignored("content of a 204", RESPONSE, Trial(status=204, content=b""),
            **responds(lambda: Response(status=204), status=204, content={"application/json": OBJECT})),
    served("a status that is not declared is not sent", RESPONSES, BREAKS,
           **responds(lambda: Response(status=201, content={"a": 1}), content={"application/json": OBJECT})),
    served("a redirect", RESPONSE, Trial(status=302, headers={"location": "/other"}), **responds(
        lambda: Response(status=302, headers={"Location": "/other"}), status=302,
        headers={"Location": {"required": True, "schema": {"type": "string"}}},
    )),
    served("content where none is declared", RESPONSE, BREAKS, **responds(lambda: ok({"a": 1}))),
    served("readOnly is sent, writeOnly is not", RESPONSE, is_sent("application/json", b'{"a":1}'),
           **responds(sends({"a": 1}), content={"application/json": HALVES})),
    served("writeOnly in a response", RESPONSE, BREAKS,
           **responds(sends({"a": 1, "b": 2}), content={"application/json": HALVES})),
    served("a response without content", RESPONSE, Trial(status=204, content=b""),
           **responds(lambda: Response(status=204), status=204)),
    served("properties that are not declared are not sent", RESPONSE, BREAKS,
           **responds(sends({"a": 1, "b": 2}), content={"application/json": OBJECT})),
    ignored("links", "Link Object", is_sent("application/json", b'{"a":1}'),
            **responds(sends({"a": 1}), content={"application/json": OBJECT}, links={"l": {"operationId": "act"}})),
    ignored("callbacks", "Callback Object", Trial(given={}), operation={"callbacks": {"c": {"{$request.query.u}": {
        "post": {"responses": {"200": {"description": "d"}}},
    }}}}),
)  # fmt: skip

MEDIA_ROWS = (
    served("a response's key with parameters", MEDIA, is_sent("application/json; charset=utf-8", b'{"a":1}'),
           is_sent("application/json; charset=utf-8", b'{"a":1}', "Accept: application/json"),
           **responds(sends({"a": 1}), content={"application/json; charset=utf-8": OBJECT})),
    served("a response's key with parameters, content that does not fit its schema", MEDIA, BREAKS,
           **responds(sends({"a": "x"}), content={"application/json; charset=utf-8": OBJECT})),
    served("a response's key in capitals", MEDIA, is_sent("application/json", b'{"a":1}'),
           is_sent("application/json", b'{"a":1}', "Accept: application/*"),
           **responds(sends({"a": 1}), content={"Application/JSON": OBJECT})),
    served("a response's key in capitals, content that does not fit its schema", MEDIA, BREAKS,
           **responds(sends({}), content={"Application/JSON": OBJECT})),
    served("*/* is JSON unless the handler says otherwise", MEDIA, is_sent("application/json", b'{"a":1}'),
           is_sent("application/json", b'{"a":1}', "Accept: application/json"),
           **responds(sends({"a": 1}), content={"*/*": OBJECT})),
    served("*/*, JSON that does not fit its schema", MEDIA,
           BREAKS, **responds(sends({"a": "x"}), content={"*/*": OBJECT})),
    served("*/*, another media type than JSON, with a schema for JSON", MEDIA, BREAKS,
           **responds(sends(b"<a/>", "application/xml"), content={"*/*": OBJECT})),
    served("*/*, a media type that the handler names", MEDIA, is_sent("image/png", b"\xff"),
           is_sent("image/png", b"\xff", "Accept: image/png, text/*;q=0.1"),
           **responds(sends(b"\xff", "image/png"), content={"*/*": BINARY})),
    served("application/* is JSON unless the handler says otherwise", MEDIA, is_sent("application/json", b'{"a":1}'),
           Trial(lines=["Accept: image/png"], status=406),
           **responds(sends({"a": 1}), content={"application/*": OBJECT})),
    served("image/*, a media type that the handler names", MEDIA, is_sent("image/png", b"\xff"),
           is_sent("image/png", b"\xff", "Accept: image/png"), Trial(lines=["Accept: text/plain"], status=406),
           **responds(sends(b"\xff", "image/png"), content={"image/*": BINARY})),
    served("image/*, and the handler names none", MEDIA, BREAKS,
           **responds(sends(b"\xff"), content={"image/*": BINARY})),
    served("a media type has precedence over its range in a response", MEDIA, BREAKS,
           **responds(sends({}, "application/json"), content={"*/*": {}, "application/json": OBJECT})),
    served("several media types, by Accept", MEDIA, is_sent("text/plain", b"x", "Accept: text/*"),
           is_sent("text/plain", b"x", "Accept: application/json;q=0.5, text/plain"),
           Trial(lines=["Accept: image/png"], status=406),
           **responds(sends("x"), content={"application/json": OBJECT, "text/plain": TEXT})),
    served("text, checked by its schema", MEDIA, BREAKS,
           **responds(sends("abc"), content={"text/plain": {"schema": {"type": "string", "maxLength": 2}}})),
    served("bytes, minLength and maxLength of a response in bytes", MEDIA, BREAKS,
           **responds(sends(b"abc"), content={"image/png": {"schema": {"type": "string", "maxLength": 2}}})),
    refused("a response of bytes with a schema of an object", MEDIA,
            "application/xml has a schema that only JSON can be checked against",
            **responds(sends(b""), content={"application/xml": OBJECT})),
    refused("two keys of a response that differ in parameters only", MEDIA, "response 200 has text/plain twice",
            **responds(sends(""), content={"text/plain": {}, "text/plain; charset=utf-8": {}})),
    refused("a response in a charset other than UTF-8", MEDIA, "'text/plain; charset=latin1' is not in UTF-8",
            **responds(sends(""), content={"text/plain; charset=latin1": {}})),
)  # fmt: skip

HEADER_ROWS = (
    ignored("a declared header Content-Type", RESPONSE, is_sent("application/json", b'{"a":1}'), **responds(
        sends({"a": 1}), content={"application/json": OBJECT},
        headers={"content-type": {"required": True, "schema": {"type": "integer"}}},
    )),
    served("a header that is required and not sent", HEADER, BREAKS,
           **responds(sends(None), headers={"X-A": {"required": True, "schema": {"type": "string"}}})),
    served("a header, checked by its schema", HEADER, Trial(headers={"x-a": "5"}),
           **responds(sends(None, X_A="5"), headers={"X-A": {"schema": {"type": "integer", "maximum": 5}}})),
    served("a header that does not fit its schema", HEADER, BREAKS,
           **responds(sends(None, X_A="6"), headers={"X-A": {"schema": {"type": "integer", "maximum": 5}}})),
    served("a header that is not declared is not sent", HEADER, BREAKS, **responds(sends(None, X_A="6"))),
    served("a header whose type an enum or a composition implies", HEADER, Trial(headers={"x-a": "1", "x-b": "2"}),
           **responds(sends(None, X_A="1", X_B="2"), headers={
               "X-A": {"schema": {"enum": [1, 2]}}, "X-B": {"schema": {"allOf": [{"type": "integer"}]}},
           })),
    served("a header that is a boolean", HEADER, Trial(headers={"x-a": "true"}),
           **responds(sends(None, X_A="true"), headers={"X-A": {"schema": {"type": "boolean"}}})),
    served("a header that should be a boolean and is not", HEADER, BREAKS,
           **responds(sends(None, X_A="yes"), headers={"X-A": {"schema": {"type": "boolean"}}})),
    refused("a header described by `content`", HEADER, "header X-A of response 200 is described by `content`",
            **responds(sends(None), headers={"X-A": {"content": {"text/plain": TEXT}}})),
    ignored("declared headers that the server sends by itself", HEADER, Trial(headers={"content-length": "7"}),
            note="Content-Length, Transfer-Encoding, Connection, Date",
            **responds(sends({"a": 1}), content={"application/json": OBJECT}, headers={
                name: {"required": True, "schema": {"type": "boolean"}}
                for name in ("Content-Length", "Transfer-Encoding", "Connection", "Date")
            })),
    served("a Content-Length from the handler is not sent", HEADER, BREAKS, **responds(
        sends({"a": 1}, Content_Length="9"), content={"application/json": OBJECT},
        headers={"Content-Length": {"schema": {"type": "integer"}}},
    )),
    refused("a header of arrays or objects", HEADER, "header X-A of response 200 has the type 'array'",
            **responds(sends(None), headers={"X-A": {"schema": {"type": "array", "items": {}}}})),
)  # fmt: skip

STREAM_ROWS = (
    served("text/event-stream: the schema describes one event", MEDIA,
           is_sent("text/event-stream", b'data: {"a":1}\n\ndata: {"a":2}\n\n'),
           **responds(lambda: events(_events({"a": 1}, {"a": 2})), content=STREAM)),
    served("text/event-stream with parameters", MEDIA,
           is_sent("text/event-stream; charset=utf-8", b'data: {"a":1}\n\n'),
           **responds(lambda: events(_events({"a": 1})), content={"Text/Event-Stream; charset=utf-8": OBJECT})),
    refused("a stream of events beside another media type", MEDIA,
            "the response 200 declares a stream and something else",
            **responds(sends(None), content={**STREAM, "application/json": OBJECT})),
    served("a stream of events if only a range is declared", MEDIA, BREAKS,
           **responds(sends(_events({"a": 1}), "text/event-stream"), content={"text/*": TEXT})),
    served("a stream of bytes", MEDIA, is_sent("application/octet-stream", b"abc"),
           **responds(lambda: ok(_chunks(b"a", b"", b"bc")), content={"application/octet-stream": BINARY})),
    served("a stream of lines of JSON, which are not checked one by one", MEDIA,
           is_sent("application/x-ndjson", b"1\n2\n"),
           **responds(lambda: ok(_chunks(b"1\n", b"2\n")), content={"application/x-ndjson": BINARY})),
    refused("a stream of lines of JSON with a schema", MEDIA,
            "application/x-ndjson has a schema that only JSON can be checked against",
            **responds(lambda: ok(_chunks(b"1\n")), content={"application/x-ndjson": OBJECT})),
    served("a stream instead of JSON", MEDIA, BREAKS,
           **responds(lambda: ok(_chunks(b"{}")), content={"application/json": {}})),
)  # fmt: skip

ROWS = (*STATUS_ROWS, *MEDIA_ROWS, *HEADER_ROWS, *STREAM_ROWS)
