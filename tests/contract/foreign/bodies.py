"""Request bodies: media types, what is read of them, and what is none."""

from typing import Any

from pydantic import BaseModel

from .rows import Node, Trial, body, ignored, posts, refused, rejects, served, takes

REQUEST = "Request Body Object"
MEDIA = "Media Type Object"
FORMATS = "Data Type Format"
SCHEMA = "Schema Object"
BINARY: Node = {"type": "string", "format": "binary"}
ANY: Node = {}
OBJECT: Node = {"type": "object"}
CHUNKED = b"POST /r HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
CHUNKED_GET = CHUNKED.replace(b"POST", b"GET") + b"\r\n"
NOTHING = {"method": "post"}
OPTIONAL = body(OBJECT, required=False)


class Named(BaseModel):
    name: str = "nobody"


def content(*media_types: str, schema: Node = ANY) -> dict[str, Any]:
    """The fields of a row whose body may be of several media types."""
    return {
        "method": "post",
        "operation": {"requestBody": {"required": True, "content": {each: {"schema": schema} for each in media_types}}},
    }


def chunked(*chunks: bytes, **expected: Any) -> Trial:
    """A POST whose body, if any, is sent in chunks."""
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    head = CHUNKED + (b"Content-Type: application/json\r\n" if chunks else b"") + b"\r\n"
    return Trial(method="POST", chunks=[head, *parts, b"0\r\n\r\n"], **expected)


def read(sent: bytes, as_given: Any, media_type: str) -> Trial:
    """A POST of *sent*, for which the handler gets *as_given*; bytes as hexadecimal digits."""
    return posts(sent, media_type=media_type, given={"body": as_given})


def unsupported(media_type: str) -> Trial:
    """A POST of *media_type* that is refused."""
    return posts(b"{}", media_type=media_type, status=415)


REQUEST_ROWS = (
    served("a required body", REQUEST, posts(b"", status=400), chunked(status=400), takes({}), **body(OBJECT)),
    served("a body that may be left out", REQUEST, Trial(given={}), chunked(given={}), takes({}),
           chunked(b"{", b"}", given={"body": {}}), chunked(b"{", status=400), posts(b" null ", given={}), **OPTIONAL),
    served("no body is declared, and none is sent", REQUEST, Trial(given={}), chunked(given={}), **NOTHING),
    served("no body is declared, and one is sent", REQUEST, posts(b"[1]", status=400), chunked(b"[", b"1]", status=400),
           chunked(b"x" * 70000, status=400), **NOTHING),
    served("no body of a GET is declared, and an empty one is sent in chunks", REQUEST,
           Trial(chunks=[CHUNKED_GET, b"0\r\n\r\n"], given={}),
           Trial(chunks=[CHUNKED_GET, b"1\r\n1\r\n", b"0\r\n\r\n"], status=400)),
    served("an empty schema", REQUEST, takes(0), takes(None), takes([{}]), **body(ANY)),
)  # fmt: skip

MEDIA_ROWS = (
    served("application/json and +json", MEDIA, read(b"[1]", [1], "application/json"),
           read(b"[1]", [1], "application/vnd.a+json"), unsupported("text/plain"),
           **content("application/json", "application/vnd.a+json")),
    served("a request's media type in another case", MEDIA, read(b"1", 1, 'Application/JSON; Charset="UTF-8"'),
           **content("application/json")),
    served("a key in capitals", MEDIA, read(b"1", 1, "application/json"), rejects(2, "# enum"),
           **content("Application/JSON", schema={"enum": [1]})),
    served("a key with charset=utf-8", MEDIA, read(b"1", 1, "application/json"), rejects(2, "# enum"),
           read(b"1", 1, "application/json;charset=utf-8"), unsupported("application/json; charset=latin1"),
           **content("application/json; charset=utf-8", schema={"enum": [1]})),
    ignored("other parameters of a request's key", MEDIA, read(b"1", 1, "application/json"),
            read(b"1", 1, "application/json; v=1"), read(b"1", 1, "application/json; v=2"),
            **content("application/json; v=1")),
    refused("two keys that differ in parameters only", MEDIA, "the body has application/json twice",
            **content("application/json", "application/json; v=1")),
    refused("a charset other than UTF-8", MEDIA, "'text/plain; charset=latin1' is not in UTF-8",
            **content("text/plain; charset=latin1")),
    refused("a key that is not a media type", MEDIA, "'json' is not a media type", **content("json")),
    served("text/plain and other text", MEDIA, read("é".encode(), "é", "text/plain"), read(b"a,b", "a,b", "text/csv"),
           posts(b"\xff", media_type="text/csv", status=400), **content("text/plain", "text/csv")),
    served("text, its length in characters", MEDIA, read("éé".encode(), "éé", "text/plain"),
           posts(b"abc", media_type="text/plain", status=422, places=["pointer # max-length"]),
           **content("text/plain", schema={"type": "string", "maxLength": 2})),
    served("application/octet-stream and other bytes", MEDIA, read(b"\0\xff", "00ff", "application/octet-stream"),
           read(b"\xff\xd8", "ffd8", "image/jpeg"), read(b"<a/>", "3c612f3e", "application/xml; charset=latin1"),
           **content("application/octet-stream", "image/jpeg", "application/xml", schema=BINARY)),
    refused("bytes with a schema of an object", MEDIA,
            "application/xml has a schema that only JSON can be checked against",
            **content("application/xml", schema=OBJECT)),
    refused("text with a schema of an object", MEDIA, "text/csv has a schema that only JSON can be checked against",
            **content("text/csv", schema={"type": "array", "items": {}})),
    served("bytes, minLength and maxLength in bytes", FORMATS, read(b"\xff\xff", "ffff", "image/png"),
           posts("é€".encode(), media_type="image/png", status=422, places=["pointer # max-length"]),
           posts(b"\xff", media_type="image/png", status=422, places=["pointer # min-length"]),
           **content("image/png", schema={**BINARY, "minLength": 2, "maxLength": 4})),
    refused("bytes with a pattern", FORMATS, "image/png is bytes, of which pattern cannot be checked",
            **content("image/png", schema={**BINARY, "pattern": "^a"})),
    served("*/* with bytes", MEDIA, read(b"{}", "7b7d", "application/json"), read(b"\xff", "ff", "image/png"),
           posts(b"123", media_type="text/plain", status=422, places=["pointer # max-length"]),
           **content("*/*", schema={**BINARY, "maxLength": 2})),
    served("image/* with bytes", MEDIA, read(b"\xff", "ff", "image/png"), unsupported("text/plain"),
           **content("image/*", schema=BINARY)),
    served("a media type has precedence over its range, and the range over */*", MEDIA,
           read(b"1", 1, "application/json"),
           read(b"1", "31", "application/pdf"), **content("*/*", "application/*", "application/json")),
    refused("*/* with a schema of JSON", MEDIA, "the body cannot be served: */* is a range: its content is bytes",
            **content("*/*", schema=OBJECT)),
    refused("a range within a subtype", MEDIA, "'application/*+json' is not a range of media types",
            **content("application/*+json", schema=OBJECT)),
    refused("a range of types", MEDIA, "'*/json' is not a range of media types", **content("*/json", schema=BINARY)),
    refused("a body without a media type", "Request Body Object", "act: the body has no media type", **content()),
    refused("x-body-limit that is not a number", "Request Body Object", "x-body-limit is not a number of bytes",
            method="post", operation={"requestBody": {"content": {"application/json": {}}, "x-body-limit": True}}),
    refused("application/x-www-form-urlencoded", MEDIA, "application/x-www-form-urlencoded is not supported",
            **content("application/x-www-form-urlencoded", schema=OBJECT)),
    refused("multipart/form-data", MEDIA, "multipart/form-data is not supported",
            **content("multipart/form-data", schema=OBJECT)),
    ignored("encoding", "Encoding Object", takes({"a": 1}), method="post", operation={"requestBody": {
        "required": True,
        "content": {"application/json": {"schema": OBJECT, "encoding": {"a": {"contentType": "text/plain"}}}},
    }}),
    ignored("example and examples of a media type", MEDIA, takes({"a": 1}), method="post", operation={"requestBody": {
        "required": True, "content": {"application/json": {"schema": OBJECT, "example": 5}},
    }}),
)  # fmt: skip

DEFAULTED: Node = {"type": "object", "properties": {"name": {"type": "string", "default": "anon"}}}

NESTED: Node = {"type": "object", "properties": {
    "nested": {"type": "object", "properties": {}, "additionalProperties": {"type": "boolean"}},
}}  # fmt: skip

DEFAULT_ROWS = (
    ignored("default of a whole body that is left out", SCHEMA, Trial(given={}),
            **body({"type": "integer", "default": 1}, required=False)),
    served("additionalProperties of a property", SCHEMA, takes({"nested": {"a": True}}),
           rejects({"nested": {"a": "true"}}, "#/nested/a type"), **body(NESTED)),
    ignored("default of a property: it is not put into the body", SCHEMA, takes({}), takes({"name": "a"}),
            note="an annotation; a handler's model may have a default of its own", **body(DEFAULTED)),
    ignored("default, if the handler takes a model: the model's own default applies", SCHEMA,
            takes({}, as_given={"name": "nobody"}), annotations={"body": Named}, **body(DEFAULTED)),
)  # fmt: skip

ROWS = (*REQUEST_ROWS, *MEDIA_ROWS, *DEFAULT_ROWS)
