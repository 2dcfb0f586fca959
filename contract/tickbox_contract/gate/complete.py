"""Stage `complete`: whether everything exists that callers need to know and the server needs to serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.problems import problems_of
from tickbox_contract.openapi.rules import Hit, at_once, rules_of
from tickbox_contract.openapi.servable import RATE_LIMIT, UNLIMITED

from .contracts import Contract
from .findings import NotCheckableError

_ACCESS = ("role", "scope")


def _handlers(contract: Contract) -> Iterator[Hit]:
    has_handler = contract.surroundings.handlers
    if has_handler is None:
        raise NotCheckableError("no package of handlers is named (--handlers)")
    for operation in contract.operations:
        tag = str((operation.node.get("tags") or ("",))[0])
        if not has_handler(tag, operation.name):
            yield Hit(operation.node.pointer, f"the handler {tag}.{operation.name} is missing")


def _models(contract: Contract) -> Iterator[Hit]:
    stale_models = contract.surroundings.stale_models
    if stale_models is None:
        raise NotCheckableError("no models are generated from this contract")
    yield from (Hit((), f"{name} does not match the contract: generate it again") for name in stale_models())


def _access_words(contract: Contract) -> Iterator[Hit]:
    """The rule `access-rule`, and if the server's words are known, roles and scopes that it does not have.

    A server that is known to have no scopes needs none.
    """
    words = contract.surroundings.access_words or {}
    if not words or "scope" in words:
        yield from servable.ACCESS_RULE.check(contract)
    for operation in contract.operations:
        access = operation.node.at("x-access")
        for member, word in servable.unknown_words(access.value, words) if operation.needs_token else ():
            message = f"{operation.name} needs the {member} {word}, which the server does not know"
            yield Hit((*access.pointer, member), message)


def _error_responses(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if not any(operation.errors()) and "default" not in operation.responses:
            yield Hit(operation.node.pointer, f"{operation.name} declares no error")


def _declared_problems(contract: Contract) -> Iterator[Hit]:
    counts_requests = counts_any(contract)
    for operation in contract.operations:
        is_limited = counts_requests and is_counted(operation)
        missing = sorted(due_statuses(operation, is_limited=is_limited) - operation.responses.keys())
        if missing and any(operation.errors()):  # else the rule `error-responses` has it
            yield Hit(operation.node.pointer, f"{operation.name} does not declare {', '.join(missing)}")


def due_statuses(operation: Operation, *, is_limited: bool) -> set[str]:
    """The statuses of the problems that any request of *operation* may get. Any server may be unavailable."""
    problems = problems_of(operation, needs_role="{" in operation.path, is_limited=is_limited)
    return {"503", *(str(problem.status) for problem in problems)}


def counts_any(contract: Contract) -> bool:
    """Whether the server limits requests at all. If so, it also limits an operation that does not mention a limit."""
    return any("429" in operation.responses or RATE_LIMIT in operation.node.value for operation in contract.operations)


def is_counted(operation: Operation) -> bool:
    """Whether a server that limits requests counts those of *operation*."""
    return bool(operation.node.get(RATE_LIMIT) != UNLIMITED)


def _operation_texts(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for word in ("summary", "description"):
            if not operation.node.get(word):
                yield Hit(operation.node.pointer, f"{operation.name} has no {word}")


def _unsaid(text: object, words: Iterable[object]) -> str:
    """Those of *words* that *text* does not have in backticks, joined by commas."""
    return ", ".join(str(word) for word in words if f"`{word}`" not in str(text))


def _described(contract: Contract) -> Iterator[tuple[Operation, str]]:
    """The operations that have a description, and it; the rule `operation-text` has the others."""
    for operation in contract.operations:
        if text := operation.node.get("description"):
            yield operation, str(text)


def _access_texts(contract: Contract) -> Iterator[Hit]:
    for operation, text in _described(contract):
        rule = operation.node.at("x-access")
        missing = _unsaid(text, [rule.get(member) for member in _ACCESS if rule.get(member)])
        if operation.needs_token and missing:
            yield Hit(operation.node.pointer, f"the description of {operation.name} does not name {missing}")


def _problem_texts(contract: Contract) -> Iterator[Hit]:
    for operation, text in _described(contract):
        listed = operation.node.get("x-problems")
        if missing := _unsaid(text, listed if isinstance(listed, list) else ()):
            pointer = (*operation.node.pointer, "x-problems")
            yield Hit(pointer, f"{operation.name} does not explain {missing} in its description")


def _enum_texts(contract: Contract) -> Iterator[Hit]:
    for use in contract.schemas:
        values = use.node.get("x-extensible-enum")
        missing = _unsaid(use.node.get("description"), values if isinstance(values, list) else ())
        if missing:
            yield Hit(use.node.pointer, f"the description does not name {missing}")


def _fields(contract: Contract) -> Iterator[tuple[str, Node]]:
    """Components and properties, with their names; those with a `$ref` are described by the component."""
    for use in contract.schemas:
        is_component = use.node.pointer[:2] == ("components", "schemas") and len(use.node.pointer) == 3  # noqa: PLR2004  # itself
        if (is_component or use.role == "property") and "$ref" not in use.node.value:
            yield str(use.node.pointer[-1]), use.node


def _described_fields(contract: Contract) -> Iterator[Hit]:
    yield from (
        Hit(n.pointer, f"{name} has no description") for name, n in _fields(contract) if not n.get("description")
    )


def _shown_fields(contract: Contract) -> Iterator[Hit]:
    yield from (Hit(n.pointer, f"{name} has no example") for name, n in _fields(contract) if "example" not in n.value)


def _parameters_and_headers(contract: Contract) -> Iterator[tuple[str, Node]]:
    for message in contract.messages:
        if message.origin != "body" and not _is_media(message.node):
            yield str(message.node.get("name") or message.node.pointer[-1]), message.node


def _described_parameters(contract: Contract) -> Iterator[Hit]:
    for name, node in _parameters_and_headers(contract):
        if not node.get("description"):
            yield Hit(node.pointer, f"{name} has no description")


def _shown_parameters(contract: Contract) -> Iterator[Hit]:
    for name, node in _parameters_and_headers(contract):
        if not _has_example(contract, node) and "content" not in node.value:
            yield Hit(node.pointer, f"{name} has no example")


def _shown_bodies(contract: Contract) -> Iterator[Hit]:
    for message in contract.messages:
        if (message.origin == "body" or _is_media(message.node)) and not _has_example(contract, message.node):
            yield Hit(message.node.pointer, f"this {message.node.pointer[-1]} has no example")


def _is_media(node: Node) -> bool:
    return node.pointer[-2:-1] == ("content",)


def _has_example(contract: Contract, node: Node) -> bool:
    """Whether a media type, a parameter or a header has an example, beside its schema or in it."""
    schema = contract.follow(node.at("schema"))
    return any("example" in each.value or each.get("examples") for each in (node, schema))


RULES = rules_of("complete", (
    ("operation-handler", "ours", _handlers,
     "The contract is the program: each operation has a handler."),
    ("current-models", "ours", _models,
     "Code that is generated from the contract matches the current contract."),
    replace(servable.SECURITY_NAMED, check=at_once(
        servable.SECURITY_NAMED.check,
        "none of the {} operations says whether it needs a token: add `security` to the contract",
    )),
    replace(servable.ACCESS_RULE, check=_access_words),
    ("error-responses", "Zalando 151", at_once(_error_responses, "none of the {} operations declares an error"),
     "A request can fail, and a client must know how."),
    ("declared-problems", "Zalando 151", _declared_problems,
     "The problems that any request may get are declared, so that SDKs have types for them."),
    servable.CHANGING_OPERATIONS,
    servable.KNOWN_EVENTS,
    ("operation-text", "Zalando 101", _operation_texts,
     "The summary is for lists of operations; the description says what the operation does."),
    ("access-text", "ours", _access_texts,
     "Renderers do not show `x-access`: the description names the role and the scope, each in backticks."),
    ("problem-text", "RFC 9457", _problem_texts,
     "Renderers do not show `x-problems`: the description says when each is sent, its name in backticks."),
    ("field-description", "Zalando 101", _described_fields,
     "Each reader guesses another meaning of a field without a description."),
    ("enum-text", "Zalando 112", _enum_texts,
     "Renderers do not show `x-extensible-enum`: the description names each value, in backticks."),
    ("field-example", "Zalando 101", _shown_fields,
     "An example shows what a type cannot say."),
    ("parameter-description", "Zalando 101", _described_parameters,
     "As for fields. This includes the headers of responses."),
    ("parameter-example", "Zalando 101", _shown_parameters,
     "As for fields. This includes the headers of responses."),
    ("body-example", "Zalando 101", _shown_bodies,
     "Mocks return it, and people copy it."),
))  # fmt: skip
