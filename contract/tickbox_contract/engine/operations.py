"""Operations compiled from the contract, once, at start-up.

`compile_operations` collects every mismatch between contract, engine and handlers, and raises them together. First come
the rules that the gate checks as well (`tickbox_contract.openapi.servable`), then what only the engine requires. At
request time a `CompiledOperation` is only run.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from tickbox_contract.handlers import BODY, Handler, keyword_of
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.faults import PATTERN_SAYS, conflicting_sentences, pattern_sentences
from tickbox_contract.openapi.media_types import EVENT_STREAM, PROBLEM_JSON
from tickbox_contract.openapi.nodes import NOTHING, header
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.problems import RATE_LIMITED, UNAUTHENTICATED, problems_of
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import SchemaCompiler
from tickbox_contract.openapi.servable import (
    FORM_RULES,
    IDEMPOTENCY_KEY,
    PERFORMS,
    RATE_LIMIT,
    SERVABLE,
    endless_schemas,
)
from tickbox_contract.responses import ProblemType

from .access import AccessRule, Vocabulary, access_of
from .bodies import Body
from .declared_responses import DeclaredResponses
from .handler_checks import check_handlers, handler_of
from .limits import policy_of, undeclared
from .links import Links
from .messages import Messages
from .mismatches import ContractMismatchError, Mismatches
from .parameters import PLACES, Parameter, Parameters, Place
from .paths import path_faults, same_paths
from .refusals import allowed, link_problems, listed
from .refusals import faults as faults_of_problems
from .signatures import signature_faults

_PERFORMABLE = f"needs only a path and a body, with the same x-access and {RATE_LIMIT}"
"""RFC 9110, section 9.2.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledOperation:
    """One operation as plain data. `access` is None if the contract has `security: []`.

    `path_keywords` are the path parameters that the handler takes: all, or all but the role parameter.
    `target` is the operationId of the GET whose entity tag conditions are compared with, `item` that of the GET of what
    was created with an id that the client chose; None if there is none. `takes_key` means an `Idempotency-Key`.
    `policy` is the rate limit policy that requests count against; None if they are not counted. `problems` are the
    slugs of the problems that it may send; None if it may send any. `performs` are the operationIds of those that it
    performs as parts of a request (see `parts`).
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
    performs: tuple[str, ...] = ()


def compile_operations(
    document: Document,
    handlers: ModuleType,
    *,
    vocabulary: Vocabulary,
    body_limit_bytes: int,
    outer_headers: frozenset[str] = frozenset(),
) -> dict[str, CompiledOperation]:
    """The operations of *document* by operationId. Raises ContractMismatchError, with everything that is wrong."""
    return _Compiler(document, handlers, vocabulary, body_limit_bytes, outer_headers).run()


@dataclass
class _Compiler:
    document: Document
    handlers: ModuleType
    vocabulary: Vocabulary
    body_limit_bytes: int
    outer_headers: frozenset[str]
    mismatches: Mismatches = field(default_factory=Mismatches)

    @cached_property
    def schemas(self) -> SchemaCompiler:
        """Compiles the schemas. Like all below, it relies on the form of the document."""
        return SchemaCompiler(self.document.references, keep=True)

    @cached_property
    def links(self) -> Links:
        """The relations between the operations."""
        return Links(self.document)

    @cached_property
    def messages(self) -> Messages:
        """Compiles parameters, bodies and responses."""
        return Messages(
            document=self.document,
            schemas=self.schemas,
            sentences=pattern_sentences(self.document.references.schemas),
            body_limit_bytes=self.body_limit_bytes,
            outer_headers=self.outer_headers,
            report=self.mismatches.report,
        )

    def run(self) -> dict[str, CompiledOperation]:
        for rule in FORM_RULES:
            self.mismatches.add_hits(rule.check(self.document))
        self._require_none()  # everything below relies on the form
        for rule in SERVABLE:
            self.mismatches.add_hits(rule.check(self.document))
        self.mismatches.add_hits(endless_schemas(self.document))
        self.mismatches.add_hits(same_paths(self.document))
        compiled = self._performing(self._compiled())
        self.mismatches.add_hits(_conflicting_sentences(self.document))
        check_handlers(self.document, self.handlers, self.mismatches)
        self._require_none()
        self.schemas.finish()
        return compiled

    def _require_none(self) -> None:
        if self.mismatches.found:
            raise ContractMismatchError(self.document, self.mismatches.found)

    def _compiled(self) -> dict[str, CompiledOperation]:
        compiled: dict[str, CompiledOperation] = {}
        # The first of each name: the rule `unique-operation-id` has the others.
        operations = {operation.name: operation for operation in reversed(self.document.operations)}
        for operation in reversed(operations.values()):
            if not self.document.is_sound(operation):
                self._handler(operation)  # the rest relies on references
                continue
            try:
                found = self._operation(operation)
            except RecursionError:
                self.mismatches.report(operation, "its schemas are nested too deep")
            else:
                compiled |= {} if found is None else {operation.name: found}
        return compiled

    def _performing(self, compiled: Mapping[str, CompiledOperation]) -> dict[str, CompiledOperation]:
        """The operations, each with the problems of those that it performs: it sends them as its own."""
        found = dict(compiled)
        for operation in self.document.operations:
            whole = compiled.get(operation.name)
            for name in whole.performs if whole else ():
                part = compiled.get(name)
                if whole is None or part is None or not _can_perform(whole, part):
                    text = f"{PERFORMS} names {name!r}, which is not an operation that {_PERFORMABLE}"
                    self.mismatches.report(operation, text)
                    continue
                for status in sorted(part.responses.problem_statuses - whole.responses.problem_statuses):
                    text = f"it performs {name}, and the response {status} is not declared as {PROBLEM_JSON}"
                    self.mismatches.report(operation, text)
                if whole.problems is not None and part.problems is not None:
                    whole = found[operation.name] = replace(whole, problems=whole.problems | part.problems)
        return found

    def _performs(self, operation: Operation) -> tuple[str, ...]:
        names = operation.node.value.get(PERFORMS, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.mismatches.report(operation, f"{PERFORMS} must be a list of operations")
            return ()
        return tuple(names)

    def _operation(self, operation: Operation) -> CompiledOperation | None:
        """The compiled operation, which is only of use if nothing was reported; None if it has no handler."""
        handler = self._handler(operation)
        annotations = self._annotations(handler) if handler else {}
        for fault in (*path_faults(operation.path), *self.links.faults(operation)):
            self.mismatches.report(operation, fault)
        access = access_of(operation, self.document, self.vocabulary, self.mismatches)
        parameters = self._parameters(operation, handler, annotations)
        body = self.messages.body(operation, annotations.get(BODY, Any))
        responses = self.messages.responses(operation)
        policy = policy_of(operation, self.vocabulary.policies, self.mismatches)
        takes_client_ids, target = self.links.takes_client_ids(operation), self.links.selected(operation)
        takes_key = operation.parameter("header", IDEMPOTENCY_KEY) is not None
        own = problems_of(operation, needs_role=bool(access and access.roles), is_limited=policy is not None)
        self._check_statuses(operation, responses, own)
        own |= link_problems(has_target=target is not None, has_item=takes_client_ids, takes_key=takes_key)
        problems = self._problems(operation, responses, own)
        if handler is None:
            return None
        taken = inspect.signature(handler).parameters
        return CompiledOperation(
            operation_id=operation.name,
            method=operation.method.upper(),
            path=operation.path,
            safe=operation.is_safe,
            access=access,
            handler=handler,
            parameters={place: Parameters.of(place, parameters) for place in PLACES},
            path_keywords=tuple(p.keyword for p in parameters if p.place == "path" and p.keyword in taken),
            body=body,
            responses=responses,
            target=_name_of(target),
            item=_name_of(self.links.item(operation) if takes_client_ids else None),
            takes_key=takes_key,
            policy=policy,
            problems=problems,
            performs=self._performs(operation),
        )

    def _handler(self, operation: Operation) -> Handler | None:
        return handler_of(operation, self.handlers, self.mismatches, scaffold=self.vocabulary.scaffold)

    def _parameters(
        self, operation: Operation, handler: Handler | None, annotations: Mapping[str, Any]
    ) -> list[Parameter]:
        """The parameters. If all of them compile, the handler must be able to take them."""
        before = len(self.mismatches.found)
        parameters = list(self.messages.parameters(operation, annotations))
        if handler and len(self.mismatches.found) == before:
            self._check_signature(operation, handler, [p for p in parameters if not p.is_engines])
        return parameters

    def _check_signature(self, operation: Operation, handler: Handler, parameters: Sequence[Parameter]) -> None:
        body = (operation.body or NOTHING) if operation.has_body else None
        body_required = None if body is None else bool(body.get("required"))
        role_parameter = self.vocabulary.role_parameter
        for fault in signature_faults(
            handler,
            parameters,
            body_required=body_required,
            performs=bool(operation.node.get(PERFORMS)),
            role_parameter=role_parameter,
        ):
            self.mismatches.report(operation, fault)

    def _annotations(self, handler: Handler) -> dict[str, Any]:
        """The annotations of the handler, and that of the role parameter, which it may leave out."""
        annotations = typing.get_type_hints(handler, include_extras=True)
        role_parameter = self.vocabulary.role_parameter
        if role_parameter is not None:
            annotations.setdefault(keyword_of(role_parameter, "path"), self.vocabulary.role_parameter_type)
        return annotations

    def _problems(
        self, operation: Operation, responses: DeclaredResponses, own: frozenset[ProblemType]
    ) -> frozenset[str] | None:
        try:
            slugs = listed(operation.node.value)
        except ValueError as error:
            self.mismatches.report(operation, str(error))
            return None
        for fault in faults_of_problems(slugs, self.vocabulary, own, responses.problem_statuses):
            self.mismatches.report(operation, fault)
        return allowed(slugs, self.vocabulary, own)

    def _check_statuses(self, operation: Operation, responses: DeclaredResponses, own: frozenset[ProblemType]) -> None:
        """Every status that the engine, or any operation, may send by itself is declared as a problem document."""
        wanted = {kind.status for kind in (*own, *self.vocabulary.common_problems)}
        for status in sorted(wanted - responses.problem_statuses):
            self.mismatches.report(operation, f"the response {status} is not declared as {PROBLEM_JSON}")
        unauthenticated = operation.responses.get("401", NOTHING)
        if UNAUTHENTICATED in own and header(unauthenticated, "WWW-Authenticate") is None:
            self.mismatches.report(operation, "the response 401 does not declare WWW-Authenticate")
        for fault in undeclared(responses.by_status) if RATE_LIMITED in own else ():
            self.mismatches.report(operation, fault)
        for status, response in responses.by_status.items():
            if EVENT_STREAM in response.content and len(response.content) > 1:
                self.mismatches.report(operation, f"the response {status} declares a stream and something else")


def _conflicting_sentences(document: Document) -> Iterator[Hit]:
    for pattern in conflicting_sentences(document.references.schemas):
        *_, last = (place for place in document.references.places if place.node.get("pattern") == pattern)
        yield Hit(last.pointer, f"the pattern {pattern!r} has {PATTERN_SAYS} with different sentences")


def _can_perform(whole: CompiledOperation, part: CompiledOperation) -> bool:
    """Whether all that the engine does before a handler is done for *part*, too, once it is done for *whole*."""
    needs_more = any(p.required for place in PLACES[1:] for p in part.parameters[place].known.values())
    is_counted = part.policy in (None, whole.policy)
    return is_counted and part.access == whole.access and not (part.performs or needs_more)


def _name_of(operation: Operation | None) -> str | None:
    return operation.name if operation else None
