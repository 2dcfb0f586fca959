"""What an operation takes and returns, compiled: its parameters, its body, its responses.

What cannot be served is reported in words, and start-up refuses it. What is not reported can be relied upon at request
time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tickbox_contract.handlers import keyword_of
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.nodes import NOTHING, Node
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.schemas import Direction, SchemaCompiler, UnservableSchemaError, Validator
from tickbox_contract.openapi.servable import IDEMPOTENCY_KEY, PERFORMS

from . import read_only
from .bodies import Body, build_for
from .declared_responses import IGNORED_RESPONSE_HEADERS, DeclaredResponse, DeclaredResponses, Header
from .links import IF_MATCH, IF_NONE_MATCH
from .media import Media, UnsupportedMediaError, body_media_of, media_of, twice
from .parameter_styles import IGNORED_HEADERS, UnfitDefaultError, UnsupportedStyleError, compile_parameter
from .parameters import Parameter
from .texts import reader_of, types_of

ENGINE_HEADERS = frozenset(name.lower() for name in (IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY))
"""Header parameters that the engine itself acts upon; they are checked, and handlers do not get them."""

_BODY_LIMIT = "x-body-limit"
_LAST_INTERIM = 199
"""Statuses up to this one are not of a final response (RFC 9110, section 15.2)."""


class Report(Protocol):
    """Takes what cannot be served: a text about an operation, and the part of it that the text is about."""

    def __call__(self, operation: Operation, text: str, at: Node | None = None) -> None:
        """Report *text*."""


@dataclass(frozen=True, kw_only=True)
class Messages:
    """Compiles the messages of the operations of one document. `report` gets what cannot be served."""

    document: Document
    schemas: SchemaCompiler
    sentences: Mapping[str, str]
    body_limit_bytes: int
    outer_headers: frozenset[str]
    report: Report

    def parameters(self, operation: Operation, annotations: Mapping[str, Any]) -> Iterator[Parameter]:
        """The parameters that have an effect; *annotations* are those of the handler."""
        for node in operation.parameters:
            name, place = node.value["name"], node.value["in"]
            if place == "header" and name.lower() in IGNORED_HEADERS:
                continue
            try:
                compiled = compile_parameter(node.value, self.schemas, annotations.get(keyword_of(name, place), str))
            except UnsupportedStyleError as error:
                self.report(operation, f"{error}, which is not supported", node)
            except UnfitDefaultError as error:
                self.report(operation, str(error), node)
            except UnservableSchemaError as error:
                self.report(operation, f"the schema of parameter {name!r} does not compile: {error}", node)
            else:
                is_engines = place == "header" and name.lower() in ENGINE_HEADERS
                yield dataclasses.replace(compiled, is_engines=is_engines, sentences=self.sentences)

    def body(self, operation: Operation, annotation: Any) -> Body | None:
        """The request body, for a handler that takes it as *annotation*; None if there is none."""
        node = operation.body
        if node is None or not operation.has_body:
            return None
        content = node.members("content")
        if not content:
            self.report(operation, "the body has no media type", node)
        return Body(
            required=node.value.get("required", False),
            limit_bytes=self._body_limit(operation, node),
            by_media_type=self._content(operation, "the body", content, "request"),
            build=build_for(annotation),
            accept_header=_accept_header(operation),
            sentences=self.sentences,
            read_only=read_only.texts(self.document, operation, self._parts(operation)),
        )

    def responses(self, operation: Operation) -> DeclaredResponses:
        """The declared responses. The rule `single-statuses` reports those that are not of a single status."""
        by_status: dict[int, DeclaredResponse] = {}
        produces: list[str] = []
        for status, node in operation.responses.items():
            if not status.isdecimal():
                continue
            if int(status) <= _LAST_INTERIM:
                text = f"the response {status} is an interim response, which a handler cannot send"
                self.report(operation, text, node)
            content = self._content(operation, f"response {status}", node.members("content"), "response")
            by_status[int(status)] = DeclaredResponse(content=content, headers=self._headers(operation, status, node))
            if 200 <= int(status) < 300:  # noqa: PLR2004  # a success, RFC 9110
                produces += [media_type for media_type in content if media_type not in produces]
        return DeclaredResponses(by_status, tuple(produces))

    def _parts(self, operation: Operation) -> dict[str, Operation]:
        """The operations that it performs, as far as they exist."""
        performed = operation.node.get(PERFORMS)
        names = performed if isinstance(performed, list) else ()
        return {each.name: each for each in self.document.operations if each.name in names}

    def _body_limit(self, operation: Operation, node: Node) -> int:
        limit = node.value.get(_BODY_LIMIT, self.body_limit_bytes)
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            return limit
        self.report(operation, f"{_BODY_LIMIT} is not a number of bytes", node)
        return self.body_limit_bytes

    def _content(
        self, operation: Operation, where: str, content: Mapping[str, Node], direction: Direction
    ) -> dict[str, Media]:
        """The compiled keys of a `content` object."""
        found: list[Media] = []
        compile_key = body_media_of if direction == "request" else media_of
        for key, node in content.items():
            schema = node.at("schema")
            validator = self._schema(operation, f"{where} {key}", schema, direction)
            try:
                if validator is not None:
                    found.append(compile_key(key, schema.value, validator, self.schemas.resolve))
            except UnsupportedMediaError as error:
                self.report(operation, f"{where} cannot be served: {error}", node)
        for name in sorted(twice(found)):
            text = f"{where} has {name} twice, and parameters of media types are not compared"
            self.report(operation, text, next(iter(content.values())))
        return {media.name: media for media in found}

    def _headers(self, operation: Operation, status: str, response: Node) -> dict[str, Header]:
        headers: dict[str, Header] = {}
        for name, given in response.members("headers").items():
            node, where = self.document.follow(given), f"header {name} of response {status}"
            if name.lower() in IGNORED_RESPONSE_HEADERS:
                continue
            if "schema" not in node.value:
                self.report(operation, f"{where} is described by `content`, which is not supported", node)
                continue
            types = types_of(node.value["schema"], self.schemas.resolve)
            for kind in sorted(types & {"array", "object"}):
                self.report(operation, f"{where} has the type {kind!r}, which is not supported", node)
            validator = self._schema(operation, where, node.at("schema"), "response")
            if validator is not None:
                required = node.value.get("required", False) and name.lower() not in self.outer_headers
                read = reader_of(types - {"array", "object"}, fits=validator.is_valid)
                headers[name.lower()] = Header(name, required, read, validator)
        return headers

    def _schema(self, operation: Operation, where: str, schema: Node, direction: Direction) -> Validator | None:
        try:
            return self.schemas.compile(schema.value, direction=direction)
        except UnservableSchemaError as error:
            self.report(operation, f"the schema of {where} does not compile: {error}", schema)
            return None


def _accept_header(operation: Operation) -> str | None:
    """The header in which a 415 names the media types, if the contract declares one (RFC 9110, 15.5.16)."""
    headers = operation.responses.get("415", NOTHING).members("headers")
    return next((name for name in ("Accept-Patch", "Accept-Post", "Accept") if name in headers), None)
