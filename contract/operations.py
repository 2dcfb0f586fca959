"""Operations compiled from the contract, once, at start-up.

`compile_operations` collects every mismatch between contract, engine and handlers, and raises them all at once.
At request time an `Operation` is only run.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pydantic

from . import read_only
from .access import AccessRule, Vocabulary
from .answers import ProblemType
from .bodies import Body, build_for
from .document import Document, OperationSource
from .faults import PATTERN_SAYS, conflicting_sentences, pattern_sentences
from .handlers import BODY, Handler, find_handler, keyword_of
from .limits import DEFAULT_POLICY, RATE_LIMIT, UNLIMITED, undeclared
from .links import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, Links
from .media import EVENT_STREAM, Media, UnsupportedMediaError, body_media_of, media_of, twice
from .parameters import (
    IGNORED_HEADERS,
    PLACES,
    Parameter,
    Parameters,
    Place,
    UnsupportedStyleError,
    compile_parameter,
)
from .problems import PROBLEM_JSON, RATE_LIMITED, UNAUTHENTICATED
from .references import UnresolvedReferenceError
from .refusals import allowed, engine_problems, link_problems, listed
from .refusals import faults as faults_of_problems
from .responses import IGNORED_RESPONSE_HEADERS, UNDECLARED, Header, Response, Responses
from .schemas import Direction, SchemaCompiler, UnservableSchemaError, Validator
from .servers import server_faults
from .signatures import signature_faults

ENGINE_HEADERS = frozenset({IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY})
"""Header parameters that the engine itself acts upon; they are checked, and handlers do not get them."""

_SAFE_METHODS = frozenset({"get", "head", "options", "trace"})
"""RFC 9110, section 9.2.1."""
_BODY_LIMIT = "x-body-limit"
_SEGMENT = re.compile(r"\{[^{}]+\}|[^{}]+")


class ContractMismatchError(Exception):
    """The contract cannot be served as it is. `mismatches` names every reason, a line each."""

    def __init__(self, mismatches: Sequence[str]) -> None:
        super().__init__("\n".join(("the contract cannot be served:", *(f"  - {line}" for line in mismatches))))
        self.mismatches = tuple(mismatches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as plain data. `access` is None where the contract says `security: []`.

    `target` is the operationId of the GET whose entity tag conditions are compared with, `item` that of the GET of what
    was made with an id of the client's; None where there is no such thing. `takes_key` is of an
    `Idempotency-Key`. `policy` is what its calls count against; None where they are not counted. `problems` are the
    slugs of those that it may send; None where it may send any.
    """

    operation_id: str
    method: str
    path: str
    safe: bool
    access: AccessRule | None
    handler: Handler
    parameters: Mapping[Place, Parameters]
    body: Body | None
    responses: Responses
    target: str | None = None
    item: str | None = None
    takes_key: bool = False
    policy: str | None = None
    problems: frozenset[str] | None = None


@dataclass
class _Compiler:
    document: Document
    handlers: ModuleType
    vocabulary: Vocabulary
    body_limit_bytes: int
    outer_headers: frozenset[str]
    mismatches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.schemas = SchemaCompiler(self.document.references)
        self.sentences = pattern_sentences(self.document.root)

    @cached_property
    def links(self) -> Links:
        """What the operations have to do with each other."""
        return Links(self.document)

    def run(self) -> dict[str, Operation]:
        self.mismatches += self.document.form_faults()
        if self.mismatches:  # all that follows relies on the form
            raise ContractMismatchError(self.mismatches)
        self.mismatches += self.document.broken_references()
        self.mismatches += server_faults(self.document)
        compiled: dict[str, Operation] = {}
        seen: set[str] = set()
        for source in self.document.operations():
            if source.operation_id in seen:
                self.mismatches.append(f"{source.operation_id}: the operationId is used twice")
            elif not self.document.is_sound(source):
                self._handler(source)  # the rest relies on references
            elif (operation := self._tried(source)) is not None:
                compiled[source.operation_id] = operation
            seen.add(source.operation_id)
        self._check_paths()
        self.mismatches += read_only.mismatches(self.document)
        self.mismatches += [
            f"the pattern {pattern!r} has {PATTERN_SAYS} with different sentences"
            for pattern in conflicting_sentences(self.document.root)
        ]
        known = {source.operation_id for source in self.document.operations()}
        self.mismatches += [
            f"{module}.{name}: a handler with no operation"
            for module, name in _public_coroutines(self.handlers)
            if name not in known
        ]
        if self.mismatches:
            raise ContractMismatchError(self.mismatches)
        self.schemas.finish()
        return compiled

    def _tried(self, source: OperationSource) -> Operation | None:
        try:
            return self._operation(source)
        except UnresolvedReferenceError:
            # Of an operation that this one has to do with; it is in the list already, with its place.
            return None

    def _operation(self, source: OperationSource) -> Operation | None:
        before = len(self.mismatches)
        handler = self._handler(source)
        for repeated in source.repeated:
            self._report(source, repeated)
        annotations = _annotations(handler) if handler else {}
        access = self._access(source)
        parameters = list(self._parameters(source, annotations))
        body = self._body(source, annotations.get(BODY, Any))
        responses = self._responses(source)
        if handler:
            self._check_signature(source, handler, [p for p in parameters if not p.is_engines])
        self._check_path(source, parameters)
        policy = self._policy(source)
        own = engine_problems(
            access=access,
            has_content=bool(responses.produces),
            has_body="requestBody" in source.node,
            limited=policy is not None,
        )
        self._check_statuses(source, responses, own)
        for fault in self.links.faults(source):
            self._report(source, fault)
        takes_client_ids, takes_key = self.links.takes_client_ids(source), self.links.takes(source, IDEMPOTENCY_KEY)
        target = self.links.selected(source)
        own |= link_problems(has_target=target is not None, has_item=takes_client_ids, takes_key=takes_key)
        problems = self._problems(source, responses, own)
        if handler is None or len(self.mismatches) > before:
            return None
        return Operation(
            operation_id=source.operation_id,
            method=source.method.upper(),
            path=source.path,
            safe=source.method in _SAFE_METHODS,
            access=access,
            handler=handler,
            parameters={place: Parameters.of(place, parameters) for place in PLACES},
            body=body,
            responses=responses,
            target=_id_of(target),
            item=_id_of(self.links.item(source) if takes_client_ids else None),
            takes_key=takes_key,
            policy=policy,
            problems=problems,
        )

    def _report(self, source: OperationSource, text: str) -> None:
        self.mismatches.append(f"{source.operation_id}: {text}")

    def _handler(self, source: OperationSource) -> Handler | None:
        tags, operation_id = source.node.get("tags") or (), source.node.get("operationId")
        if not operation_id:
            self._report(source, "it needs an operationId")
        if not tags:
            self._report(source, "it needs a tag")
        if not tags or not operation_id:
            return None
        handler = find_handler(self.handlers, tags[0], operation_id)
        if handler is None:
            self._report(source, f"there is no handler {self.handlers.__name__}.{tags[0]}.{operation_id}")
        elif not inspect.iscoroutinefunction(handler):
            self._report(source, "its handler is not a coroutine function")
            return None
        return handler

    def _access(self, source: OperationSource) -> AccessRule | None:
        security = source.node.get("security", self.document.root.get("security"))
        for requirement in security or ():
            if len(requirement) != 1:
                self._report(source, "a security requirement that does not name exactly one scheme is not supported")
            for name in requirement:
                scheme = self.document.security_schemes.get(name, {})
                if (scheme.get("type"), str(scheme.get("scheme")).lower()) != ("http", "bearer"):
                    self._report(source, f"the security scheme {name!r} is not supported (http bearer is)")
        if security == [] and "x-access" not in source.node:
            return None
        if not security or "x-access" not in source.node:
            self._report(source, "it needs x-access and a security scheme, or `security: []`")
            return None
        try:
            rule = AccessRule.parse(source.node["x-access"], self.vocabulary)
        except ValueError as error:
            self._report(source, str(error))
            return None
        place = self.vocabulary.role_parameter
        if place is not None and bool(rule.roles) != (f"{{{place}}}" in source.path):
            self._report(source, f"x-access names a role if, and only if, the path has {{{place}}}")
        return rule

    def _policy(self, source: OperationSource) -> str | None:
        policies = self.vocabulary.policies
        policy = source.node.get(RATE_LIMIT, DEFAULT_POLICY if policies else UNLIMITED)
        if policy == UNLIMITED:
            return None
        if policy not in policies:
            self._report(source, f"{RATE_LIMIT} names the unknown policy {policy!r}")
            return None
        return str(policy)

    def _parameters(self, source: OperationSource, annotations: Mapping[str, Any]) -> Iterator[Parameter]:
        for node in source.parameters:
            if node["in"] == "header" and node["name"].lower() in IGNORED_HEADERS:
                continue
            annotation = annotations.get(keyword_of(node["name"], node["in"]), str)
            try:
                is_engines = node["in"] == "header" and node["name"].lower() in ENGINE_HEADERS
                compiled = compile_parameter(node, self.schemas, annotation)
                yield dataclasses.replace(compiled, is_engines=is_engines, sentences=self.sentences)
            except UnsupportedStyleError as error:
                self._report(source, f"{error}, which is not supported")
            except pydantic.ValidationError:
                self._report(source, f"the default of parameter {node['name']!r} does not fit its handler")
            except UnservableSchemaError as error:
                self._report(source, f"the schema of parameter {node['name']!r} does not compile: {error}")

    def _body(self, source: OperationSource, annotation: Any) -> Body | None:
        if "requestBody" not in source.node:
            return None
        node = self.document.resolve(source.node["requestBody"])
        return Body(
            required=node.get("required", False),
            limit_bytes=self._body_limit(source, node),
            by_media_type=self._content(source, "the body", node["content"], "request"),
            build=build_for(annotation),
            accept_header=self._accept_header(source),
            sentences=self.sentences,
            read_only=read_only.texts(self.document, source),
        )

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
                self._report(source, f"{where} cannot be served: {error}")
        for name in sorted(twice(found)):
            self._report(source, f"{where} has {name} twice, and parameters of media types are not compared")
        return {media.name: media for media in found}

    def _body_limit(self, source: OperationSource, node: Mapping[str, Any]) -> int:
        limit = node.get(_BODY_LIMIT, self.body_limit_bytes)
        if isinstance(limit, int) and limit > 0:
            return limit
        self._report(source, f"{_BODY_LIMIT} is not a number of bytes")
        return self.body_limit_bytes

    def _accept_header(self, source: OperationSource) -> str | None:
        """The header in which a 415 names the media types, if the contract declares one (RFC 9110, 15.5.16)."""
        headers = self.document.resolve(source.node.get("responses", {}).get("415", {})).get("headers", {})
        return next((name for name in ("Accept-Patch", "Accept-Post", "Accept") if name in headers), None)

    def _responses(self, source: OperationSource) -> Responses:
        by_status: dict[int, Response] = {}
        produces: list[str] = []
        for status, node in source.node.get("responses", {}).items():
            if not str(status).isdecimal():
                self._report(source, f"the answer {status!r} is no single status")
                continue
            response = self.document.resolve(node)
            content = self._content(source, f"answer {status}", response.get("content", {}), "answer")
            by_status[int(status)] = Response(content=content, headers=self._headers(source, status, response))
            if 200 <= int(status) < 300:  # noqa: PLR2004  # a success, RFC 9110
                produces += [media_type for media_type in content if media_type not in produces]
        return Responses(by_status, tuple(produces))

    def _headers(self, source: OperationSource, status: str, response: Mapping[str, Any]) -> dict[str, Header]:
        headers: dict[str, Header] = {}
        for name, node in response.get("headers", {}).items():
            if name.lower() in IGNORED_RESPONSE_HEADERS:
                continue
            header = self.document.resolve(node)
            schema = header.get("schema", {})
            validator = self._schema(source, f"header {name} of answer {status}", schema, "answer")
            kind = self.schemas.resolve(schema).get("type", "string")
            if kind not in ("string", "integer"):
                self._report(source, f"header {name} of answer {status} has the type {kind!r}, which is not supported")
            elif validator is not None:
                is_integer = kind == "integer"
                required = header.get("required", False) and name.lower() not in self.outer_headers
                headers[name.lower()] = Header(name, required, is_integer, validator)
        return headers

    def _schema(
        self, source: OperationSource, where: str, schema: Mapping[str, Any], direction: Direction
    ) -> Validator | None:
        try:
            return self.schemas.compile(schema, direction=direction)
        except UnservableSchemaError as error:
            self._report(source, f"the schema of {where} does not compile: {error}")
            return None

    def _check_signature(self, source: OperationSource, handler: Handler, parameters: Sequence[Parameter]) -> None:
        body = source.node.get("requestBody")
        body_required = None if body is None else bool(self.document.resolve(body).get("required", False))
        for fault in signature_faults(handler, parameters, body_required=body_required):
            self._report(source, fault)

    def _check_paths(self) -> None:
        """Paths that differ only in the names of their parameters are the same path (OpenAPI 3.0.4, Paths Object)."""
        seen: dict[tuple[str, ...], str] = {}
        for path in self.document.root.get("paths", {}):
            segments = re.sub(r"\{[^{}]*\}", "{}", path).split("/")
            other = seen.setdefault(tuple(map(unquote, segments)), path)
            if other != path:
                self.mismatches.append(f"{path}: the same path as {other}")

    def _check_path(self, source: OperationSource, parameters: Sequence[Parameter]) -> None:
        for segment in source.path.split("/"):
            if segment and not _SEGMENT.fullmatch(segment):
                self._report(source, f"the path segment {segment!r} mixes text and parameter, which is not supported")
        if "?" in source.path or "#" in source.path:
            self._report(source, "the path has a query or a fragment, which is not supported")
        in_path = set(re.findall(r"\{([^{}]+)\}", source.path))
        declared = {parameter.name for parameter in parameters if parameter.place == "path"}
        if in_path != declared:
            self._report(source, f"path and path parameters differ: {', '.join(sorted(in_path ^ declared))}")

    def _problems(
        self, source: OperationSource, responses: Responses, own: frozenset[ProblemType]
    ) -> frozenset[str] | None:
        try:
            slugs = listed(source.node)
        except ValueError as error:
            self._report(source, str(error))
            return None
        for fault in faults_of_problems(slugs, self.vocabulary, own, responses.problem_statuses):
            self._report(source, fault)
        return allowed(slugs, self.vocabulary, own)

    def _check_statuses(self, source: OperationSource, responses: Responses, own: frozenset[ProblemType]) -> None:
        """Every status that the engine, or any operation, may answer by itself is declared, as a problem document."""
        wanted = {kind.status for kind in (*own, *self.vocabulary.common_problems)}
        for status in sorted(wanted - responses.problem_statuses):
            self._report(source, f"the answer {status} is not declared as {PROBLEM_JSON}")
        if UNAUTHENTICATED in own and "www-authenticate" not in responses.by_status.get(401, UNDECLARED).headers:
            self._report(source, "the answer 401 does not declare WWW-Authenticate")
        for fault in undeclared(responses.by_status) if RATE_LIMITED in own else ():
            self._report(source, fault)
        for status, response in responses.by_status.items():
            if EVENT_STREAM in response.content and len(response.content) > 1:
                self._report(source, f"the answer {status} declares a stream and something else")


def compile_operations(
    document: Document,
    handlers: ModuleType,
    *,
    vocabulary: Vocabulary,
    body_limit_bytes: int,
    outer_headers: frozenset[str] = frozenset(),
) -> dict[str, Operation]:
    """The operations of *document* by operationId. Raises ContractMismatchError, with everything that is wrong."""
    return _Compiler(document, handlers, vocabulary, body_limit_bytes, outer_headers).run()


def _public_coroutines(package: ModuleType) -> Iterator[tuple[str, str]]:
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if not name.startswith("_") and inspect.iscoroutinefunction(value) and value.__module__ == info.name:
                yield info.name, name


def _id_of(source: OperationSource | None) -> str | None:
    return source.operation_id if source else None


def _annotations(handler: Handler) -> dict[str, Any]:
    return typing.get_type_hints(handler, include_extras=True)
