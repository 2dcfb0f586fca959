"""What an operation takes and returns, compiled: its parameters, its body, its responses.

What cannot be served is reported, in words, for start-up to refuse; what is not reported can be relied upon at request
time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tickbox_contract.handlers import keyword_of
from tickbox_contract.openapi.document import Document, OperationSource
from tickbox_contract.openapi.schemas import Direction, SchemaCompiler, UnservableSchemaError, Validator

from . import read_only
from .bodies import Body, build_for
from .declared_responses import IGNORED_RESPONSE_HEADERS, DeclaredResponse, DeclaredResponses, Header
from .links import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH
from .media import Media, UnsupportedMediaError, body_media_of, media_of, twice
from .parameters import IGNORED_HEADERS, Parameter, UnfitDefaultError, UnsupportedStyleError, compile_parameter
from .texts import reader_of, types_of

ENGINE_HEADERS = frozenset({IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY})
"""Header parameters that the engine itself acts upon; they are checked, and handlers do not get them."""

_BODY_LIMIT = "x-body-limit"
_LAST_INTERIM = 199
"""Statuses up to this one are not of a final response (RFC 9110, section 15.2)."""


@dataclass(frozen=True, kw_only=True)
class Messages:
    """Compiles the messages of one document's operations. `report` is given what cannot be served."""

    document: Document
    schemas: SchemaCompiler
    sentences: Mapping[str, str]
    body_limit_bytes: int
    outer_headers: frozenset[str]
    report: Callable[[OperationSource, str], None]

    def parameters(self, source: OperationSource, annotations: Mapping[str, Any]) -> Iterator[Parameter]:
        """The parameters that have an effect; *annotations* are those of the handler."""
        for node in source.parameters:
            if node["in"] == "header" and node["name"].lower() in IGNORED_HEADERS:
                continue
            annotation = annotations.get(keyword_of(node["name"], node["in"]), str)
            try:
                is_engines = node["in"] == "header" and node["name"].lower() in ENGINE_HEADERS
                compiled = compile_parameter(node, self.schemas, annotation)
                yield dataclasses.replace(compiled, is_engines=is_engines, sentences=self.sentences)
            except UnsupportedStyleError as error:
                self.report(source, f"{error}, which is not supported")
            except UnfitDefaultError as error:
                self.report(source, str(error))
            except UnservableSchemaError as error:
                self.report(source, f"the schema of parameter {node['name']!r} does not compile: {error}")

    def body(self, source: OperationSource, annotation: Any) -> Body | None:
        """The request body, for a handler that takes it as *annotation*; None where there is none."""
        if "requestBody" not in source.node:
            return None
        node = self.document.resolve(source.node["requestBody"])
        if not node["content"]:
            self.report(source, "the body has no media type")
        return Body(
            required=node.get("required", False),
            limit_bytes=self._body_limit(source, node),
            by_media_type=self._content(source, "the body", node["content"], "request"),
            build=build_for(annotation),
            accept_header=self._accept_header(source),
            sentences=self.sentences,
            read_only=read_only.texts(self.document, source),
        )

    def responses(self, source: OperationSource) -> DeclaredResponses:
        """The declared responses."""
        by_status: dict[int, DeclaredResponse] = {}
        produces: list[str] = []
        for status, node in source.node.get("responses", {}).items():
            if status.startswith("x-"):
                continue
            if not status.isdecimal():
                self.report(source, f"the response {status!r} is no single status")
                continue
            if int(status) <= _LAST_INTERIM:
                self.report(source, f"the response {status} is an interim one, which a handler cannot send")
            response = self.document.resolve(node)
            content = self._content(source, f"answer {status}", response.get("content", {}), "response")
            by_status[int(status)] = DeclaredResponse(content=content, headers=self._headers(source, status, response))
            if 200 <= int(status) < 300:  # noqa: PLR2004  # a success, RFC 9110
                produces += [media_type for media_type in content if media_type not in produces]
        return DeclaredResponses(by_status, tuple(produces))

    def _body_limit(self, source: OperationSource, node: Mapping[str, Any]) -> int:
        limit = node.get(_BODY_LIMIT, self.body_limit_bytes)
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            return limit
        self.report(source, f"{_BODY_LIMIT} is not a number of bytes")
        return self.body_limit_bytes

    def _accept_header(self, source: OperationSource) -> str | None:
        """The header in which a 415 names the media types, if the contract declares one (RFC 9110, 15.5.16)."""
        headers = self.document.resolve(source.node.get("responses", {}).get("415", {})).get("headers", {})
        return next((name for name in ("Accept-Patch", "Accept-Post", "Accept") if name in headers), None)

    def _content(
        self, source: OperationSource, where: str, content: Mapping[str, Any], direction: Direction
    ) -> dict[str, Media]:
        """The compiled keys of a `content` object."""
        found: list[Media] = []
        compile_key = body_media_of if direction == "request" else media_of
        for key, node in content.items():
            schema = node.get("schema", {})
            validator = self._schema(source, f"{where} {key}", schema, direction)
            try:
                if validator is not None:
                    found.append(compile_key(key, schema, validator, self.schemas.resolve))
            except UnsupportedMediaError as error:
                self.report(source, f"{where} cannot be served: {error}")
        for name in sorted(twice(found)):
            self.report(source, f"{where} has {name} twice, and parameters of media types are not compared")
        return {media.name: media for media in found}

    def _headers(self, source: OperationSource, status: str, response: Mapping[str, Any]) -> dict[str, Header]:
        headers: dict[str, Header] = {}
        for name, node in response.get("headers", {}).items():
            where, header = f"header {name} of response {status}", self.document.resolve(node)
            if name.lower() in IGNORED_RESPONSE_HEADERS:
                continue
            if "schema" not in header:
                self.report(source, f"{where} is described by `content`, which is not supported")
                continue
            types = types_of(header["schema"], self.schemas.resolve)
            for kind in sorted(types & {"array", "object"}):
                self.report(source, f"{where} has the type {kind!r}, which is not supported")
            validator = self._schema(source, where, header["schema"], "response")
            if validator is not None:
                required = header.get("required", False) and name.lower() not in self.outer_headers
                read = reader_of(types - {"array", "object"}, fits=validator.is_valid)
                headers[name.lower()] = Header(name, required, read, validator)
        return headers

    def _schema(
        self, source: OperationSource, where: str, schema: Mapping[str, Any], direction: Direction
    ) -> Validator | None:
        try:
            return self.schemas.compile(schema, direction=direction)
        except UnservableSchemaError as error:
            self.report(source, f"the schema of {where} does not compile: {error}")
            return None
