"""Media types: the keys of a `content` object, compiled.

A key is a media type or a range, in any case, and may have parameters (OpenAPI 3.0.4, Media Type Object; RFC 9110,
sections 8.3 and 12.5.1). How content is read or written follows from its type:

    json    `application/json` and `+json`: checked by its schema
    text    `text/*`: UTF-8, checked by its schema
    events  `text/event-stream`: its schema is one event's
    bytes   all others: only the length is checked, so the schema must describe text, or have no type

UnsupportedMediaError is raised for what cannot be served as it is written; its text says what and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tickbox_contract.openapi.media_types import EVENT_STREAM, is_json
from tickbox_contract.openapi.schemas import Validator

from .texts import types_of

Kind = Literal["json", "text", "events", "bytes"]
Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]

ANYTHING = "*/*"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # RFC 9110, 5.6.2
_KEY = re.compile(rf"\s*({_TOKEN}/{_TOKEN})\s*(?:;\s*(\S.*?))?\s*", re.ASCII)
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]*)\"?", re.ASCII | re.IGNORECASE)
_FORMS = ("application/x-www-form-urlencoded", "multipart/")
_OF_BYTES = frozenset({"type", "format", "minLength", "maxLength", "nullable"})
_ANNOTATIONS = frozenset({"title", "description", "default", "example", "deprecated", "externalDocs", "xml"})


class UnsupportedMediaError(ValueError):
    """A key of a `content` object, or its schema, that cannot be served."""


def kind_of(media_type: str) -> Kind:
    """How content of *media_type* (in lower case, without parameters) is read and written."""
    if is_json(media_type):
        return "json"
    if media_type == EVENT_STREAM:
        return "events"
    return "text" if media_type.startswith("text/") else "bytes"


def is_range(media_type: str) -> bool:
    """Whether *media_type* is a range of several."""
    return media_type.endswith("/*")


def split(key: str) -> tuple[str, str]:
    """The media type of *key*, in lower case, and its parameters. Raises UnsupportedMediaError."""
    matched = _KEY.fullmatch(key)
    if matched is None:
        raise UnsupportedMediaError(f"{key!r} is not a media type")
    main, _, subtype = matched[1].partition("/")
    if "*" in main + subtype and (subtype != "*" or ("*" in main and main != "*")):
        raise UnsupportedMediaError(f"{key!r} is not a range of media types, such as */* or text/*")
    parameters = matched[2] or ""
    charset = _CHARSET.search(parameters)
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaError(f"{key!r} is not in UTF-8")
    return matched[1].lower(), parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One key of a `content` object.

    `name` is in lower case and has no parameters; `content_type` is the header of such a response. `min_bytes` and
    `max_bytes` limit content that is bytes; `takes_bytes` means that the schema allows such content.
    """

    name: str
    kind: Kind
    content_type: str
    validator: Validator
    takes_bytes: bool
    min_bytes: int = 0
    max_bytes: int | None = None

    @property
    def is_bytes(self) -> bool:
        """Whether a handler gets the content of a request as bytes, which it does for every range."""
        return self.kind == "bytes" or is_range(self.name)

    def is_too_long(self, size: int) -> bool:
        """Whether *size* bytes are more than the schema allows."""
        return self.max_bytes is not None and size > self.max_bytes


def media_of(key: str, schema: Mapping[str, Any], validator: Validator, resolve: Resolve) -> Media:
    """The compiled *key* with its *schema*. Raises UnsupportedMediaError if the engine could not check the content."""
    name, parameters = split(key)
    kind = kind_of(name)
    takes_bytes = types_of(schema, resolve) <= {"string"}
    resolved = resolve(schema)
    if kind in ("text", "bytes") and not takes_bytes and not is_range(name):
        raise UnsupportedMediaError(f"{name} has a schema that only JSON can be checked against")
    beyond = _beyond_bytes(resolved) if kind == "bytes" and not is_range(name) else set()
    if beyond:
        raise UnsupportedMediaError(f"{name} is bytes, of which {', '.join(sorted(beyond))} cannot be checked")
    return Media(
        name=name,
        kind=kind,
        content_type=f"{name}; {parameters}" if parameters else name,
        validator=validator,
        takes_bytes=takes_bytes,
        min_bytes=resolved.get("minLength", 0),
        max_bytes=resolved.get("maxLength"),
    )


def body_media_of(key: str, schema: Mapping[str, Any], validator: Validator, resolve: Resolve) -> Media:
    """As `media_of`, for a request. The content of a range is bytes, whatever media type the client sends."""
    name, _ = split(key)
    if name.startswith(_FORMS):
        raise UnsupportedMediaError(f"{name} is not supported")
    media = media_of(key, schema, validator, resolve)
    if is_range(name) and (not media.takes_bytes or _beyond_bytes(resolve(schema))):
        raise UnsupportedMediaError(f"{name} is a range: its content is bytes, which its schema does not describe")
    return media


def find(content: Mapping[str, Media], name: str) -> Media | None:
    """The entry of *content* for *name*: its own, or that of the narrowest range (OpenAPI 3.0.4, `content`)."""
    found = content.get(name)
    if found is None:
        found = content.get(f"{name.partition('/')[0]}/*") or content.get(ANYTHING)
    return found


def twice(media: Collection[Media]) -> set[str]:
    """The media types that differ only in parameters, which are not compared."""
    given = [each.name for each in media]
    return {name for name in given if given.count(name) > 1}


def _beyond_bytes(schema: Mapping[str, Any]) -> set[str]:
    return {key for key in schema if key not in _OF_BYTES | _ANNOTATIONS and not key.startswith("x-")}
