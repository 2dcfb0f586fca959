"""Operations compiled from the contract, once, at start-up.

`compile_operations` collects every mismatch between contract, engine and handlers, and raises them all at once.
At request time an `Operation` is only run.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from tickbox_contract.handlers import BODY, Handler, find_handler, handler_name, keyword_of
from tickbox_contract.openapi.document import Document, OperationSource
from tickbox_contract.openapi.faults import PATTERN_SAYS, conflicting_sentences, pattern_sentences
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.schemas import SchemaCompiler
from tickbox_contract.responses import ProblemType

from . import read_only
from .access import AccessRule, Vocabulary
from .bodies import Body
from .declared_responses import UNDECLARED, DeclaredResponses
from .limits import DEFAULT_POLICY, RATE_LIMIT, UNLIMITED, undeclared
from .links import IDEMPOTENCY_KEY, Links
from .media import EVENT_STREAM
from .messages import Messages
from .parameters import PLACES, Parameter, Parameters, Place
from .paths import path_faults, same_paths
from .problems import PROBLEM_JSON, RATE_LIMITED, UNAUTHENTICATED
from .refusals import allowed, engine_problems, link_problems, listed
from .refusals import faults as faults_of_problems
from .servers import server_faults
from .signatures import signature_faults

_SAFE_METHODS = frozenset({"get", "head", "options", "trace"})
"""RFC 9110, section 9.2.1."""


class ContractMismatchError(Exception):
    """The contract cannot be served as it is. `mismatches` names every reason, a line each."""

    def __init__(self, mismatches: Sequence[str]) -> None:
        super().__init__("\n".join(("the contract cannot be served:", *(f"  - {line}" for line in mismatches))))
        self.mismatches = tuple(mismatches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as plain data. `access` is None where the contract says `security: []`.

    `path_keywords` are the path parameters that the handler takes: all, or all but the role parameter.
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
    path_keywords: tuple[str, ...]
    body: Body | None
    responses: DeclaredResponses
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

    @cached_property
    def messages(self) -> Messages:
        """What compiles parameters, bodies and responses."""
        return Messages(
            document=self.document,
            schemas=self.schemas,
            sentences=pattern_sentences(self.document.references.schemas),
            body_limit_bytes=self.body_limit_bytes,
            outer_headers=self.outer_headers,
            report=self._report,
        )

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
        self.mismatches += same_paths(self.document.root["paths"])
        self.mismatches += read_only.mismatches(self.document)
        self.mismatches += [
            f"the pattern {pattern!r} has {PATTERN_SAYS} with different sentences"
            for pattern in conflicting_sentences(self.document.references.schemas)
        ]
        self._check_handlers()
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
        except RecursionError:
            self._report(source, "its schemas are nested too deep")
            return None

    def _operation(self, source: OperationSource) -> Operation | None:
        before = len(self.mismatches)
        handler = self._handler(source)
        for repeated in source.repeated:
            self._report(source, repeated)
        annotations = self._annotations(handler) if handler else {}
        access = self._access(source)
        parameters = self._parameters(source, handler, annotations)
        body = self.messages.body(source, annotations.get(BODY, Any))
        responses = self.messages.responses(source)
        for fault in path_faults(source.path, {node["name"] for node in source.parameters if node["in"] == "path"}):
            self._report(source, fault)
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
        taken = inspect.signature(handler).parameters
        return Operation(
            operation_id=source.operation_id,
            method=source.method.upper(),
            path=source.path,
            safe=source.method in _SAFE_METHODS,
            access=access,
            handler=handler,
            parameters={place: Parameters.of(place, parameters) for place in PLACES},
            path_keywords=tuple(p.keyword for p in parameters if p.place == "path" and p.keyword in taken),
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
            name = handler_name(tags[0], operation_id)
            self._report(source, f"there is no handler {self.handlers.__name__}.{name}")
        elif not inspect.iscoroutinefunction(handler):
            self._report(source, "its handler is not a coroutine function")
            return None
        return handler

    def _check_handlers(self) -> None:
        """Each public coroutine is the handler of one operation."""
        wanted: defaultdict[str, list[str]] = defaultdict(list)
        for source in self.document.operations():
            tags, operation_id = source.node.get("tags"), source.node.get("operationId")
            if tags and operation_id and operation_id not in wanted[handler_name(tags[0], operation_id)]:
                wanted[handler_name(tags[0], operation_id)].append(operation_id)
        for name, operation_ids in wanted.items():
            if len(operation_ids) > 1:
                self.mismatches.append(f"{self.handlers.__name__}.{name}: the handler of {', '.join(operation_ids)}")
        for name in _public_coroutines(self.handlers):
            if name not in wanted:
                self.mismatches.append(f"{self.handlers.__name__}.{name}: a handler with no operation")

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

    def _parameters(
        self, source: OperationSource, handler: Handler | None, annotations: Mapping[str, Any]
    ) -> list[Parameter]:
        """The parameters; the handler must be able to take them, if all can be compiled."""
        before = len(self.mismatches)
        parameters = list(self.messages.parameters(source, annotations))
        if handler and len(self.mismatches) == before:
            self._check_signature(source, handler, [p for p in parameters if not p.is_engines])
        return parameters

    def _check_signature(self, source: OperationSource, handler: Handler, parameters: Sequence[Parameter]) -> None:
        body = source.node.get("requestBody")
        body_required = None if body is None else bool(self.document.resolve(body).get("required", False))
        role_parameter = self.vocabulary.role_parameter
        for fault in signature_faults(handler, parameters, body_required=body_required, role_parameter=role_parameter):
            self._report(source, fault)

    def _annotations(self, handler: Handler) -> dict[str, Any]:
        """The handler's, and that of the role parameter, which it may leave out."""
        annotations = typing.get_type_hints(handler, include_extras=True)
        if self.vocabulary.role_parameter is not None:
            annotations.setdefault(
                keyword_of(self.vocabulary.role_parameter, "path"), self.vocabulary.role_parameter_type
            )
        return annotations

    def _problems(
        self, source: OperationSource, responses: DeclaredResponses, own: frozenset[ProblemType]
    ) -> frozenset[str] | None:
        try:
            slugs = listed(source.node)
        except ValueError as error:
            self._report(source, str(error))
            return None
        for fault in faults_of_problems(slugs, self.vocabulary, own, responses.problem_statuses):
            self._report(source, fault)
        return allowed(slugs, self.vocabulary, own)

    def _check_statuses(
        self, source: OperationSource, responses: DeclaredResponses, own: frozenset[ProblemType]
    ) -> None:
        """Every status that the engine, or any operation, may answer by itself is declared, as a problem document."""
        wanted = {kind.status for kind in (*own, *self.vocabulary.common_problems)}
        for status in sorted(wanted - responses.problem_statuses):
            self._report(source, f"the response {status} is not declared as {PROBLEM_JSON}")
        if UNAUTHENTICATED in own and "www-authenticate" not in responses.by_status.get(401, UNDECLARED).headers:
            self._report(source, "the response 401 does not declare WWW-Authenticate")
        for fault in undeclared(responses.by_status) if RATE_LIMITED in own else ():
            self._report(source, fault)
        for status, response in responses.by_status.items():
            if EVENT_STREAM in response.content and len(response.content) > 1:
                self._report(source, f"the response {status} declares a stream and something else")


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


def _public_coroutines(package: ModuleType) -> Iterator[str]:
    """The names of the functions, each after that of its module in *package*."""
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if not name.startswith("_") and inspect.iscoroutinefunction(value) and value.__module__ == info.name:
                yield f"{info.name.removeprefix(f'{package.__name__}.')}.{name}"


def _id_of(source: OperationSource | None) -> str | None:
    return source.operation_id if source else None
