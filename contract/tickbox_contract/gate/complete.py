"""Stage `complete`: what a caller needs to know, and the server needs to serve it, is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .contracts import Contract, Node, Operation
from .findings import Hit, NotCheckableError, rules_of

_ACCESS = ("role", "scope")


def _handlers(contract: Contract) -> Iterator[Hit]:
    has_handler = contract.surroundings.handlers
    if has_handler is None:
        raise NotCheckableError("no --handlers were named")
    for operation in contract.operations:
        tag = str((operation.node.get("tags") or ("",))[0])
        if not has_handler(tag, operation.name):
            yield Hit(operation.node.pointer, f"there is no handler {tag}.{operation.name}")


def _models(contract: Contract) -> Iterator[Hit]:
    stale_models = contract.surroundings.stale_models
    if stale_models is None:
        raise NotCheckableError("no models are generated from this contract here")
    yield from (Hit((), f"{name} is not what the contract says: generate it anew") for name in stale_models())


def _security(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if "security" not in operation.node.value and "security" not in contract.data:
            yield Hit(operation.node.pointer, f"{operation.name} does not say whether it needs a token")


def _access(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        rule = operation.node.get("x-access")
        if operation.guarded and not (isinstance(rule, Mapping) and "scope" in rule):
            yield Hit(operation.node.pointer, f"{operation.name} needs a token and has no x-access with a scope")
        elif not operation.guarded and rule is not None:
            yield Hit((*operation.node.pointer, "x-access"), f"{operation.name} needs no token and has x-access")
        else:
            yield from _unknown_words(contract, operation)


def _unknown_words(contract: Contract, operation: Operation) -> Iterator[Hit]:
    for member, words in (contract.surroundings.access_words or {}).items():
        word = operation.node.at("x-access").get(member)
        if word is not None and word not in words:
            pointer = (*operation.node.pointer, "x-access", member)
            yield Hit(pointer, f"{operation.name} needs the {member} {word}, which the server does not know")


def _error_responses(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if not any(operation.errors()):
            yield Hit(operation.node.pointer, f"{operation.name} declares no error")


def _declared_problems(contract: Contract) -> Iterator[Hit]:
    counts_calls = _counts_calls(contract)
    for operation in contract.operations:
        due = _due_statuses(operation)
        if counts_calls and operation.node.get("x-rate-limit") != "none":
            due.add("429")
        missing = sorted(due - operation.responses.keys())
        if missing and any(operation.errors()):  # else the rule `error-responses` has it
            yield Hit(operation.node.pointer, f"{operation.name} does not declare {', '.join(missing)}")


def _counts_calls(contract: Contract) -> bool:
    """Whether the server limits how often somebody may call: then an operation that does not say so is limited, too."""
    return any(
        "429" in operation.responses or "x-rate-limit" in operation.node.value for operation in contract.operations
    )


def _due_statuses(operation: Operation) -> set[str]:
    """What any server of this operation may have to answer, whatever it does (RFC 9110, section 15)."""
    due = {"400", "500", "503"}
    due |= {"401", "403"} if operation.guarded else set()
    due |= {"404"} if operation.guarded and "{" in operation.path else set()
    due |= {"406"} if any(response.members("content") for _, response in operation.successes()) else set()
    due |= {"413", "415", "422"} if operation.body else set()
    return due


def _operation_texts(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for word in ("summary", "description"):
            if not operation.node.get(word):
                yield Hit(operation.node.pointer, f"{operation.name} has no {word}")


def _changes(contract: Contract) -> Iterator[Hit]:
    known = {operation.name for operation in contract.operations}
    for use in contract.schemas:
        given = use.node.get("x-changed-by")
        for name in given if isinstance(given, list) else ():
            if name not in known:
                pointer = (*use.node.pointer, "x-changed-by")
                yield Hit(pointer, f"{name} is not an operation, so that it cannot change this")


def _unsaid(text: object, words: Iterable[object]) -> str:
    """Those of *words* that *text* does not have in backticks, as a list to be read."""
    return ", ".join(str(word) for word in words if f"`{word}`" not in str(text))


def _described(contract: Contract) -> Iterator[tuple[Operation, str]]:
    """The operations that have a description, with it; the rule `operation-text` has the others."""
    for operation in contract.operations:
        if text := operation.node.get("description"):
            yield operation, str(text)


def _access_texts(contract: Contract) -> Iterator[Hit]:
    for operation, text in _described(contract):
        rule = operation.node.at("x-access")
        missing = _unsaid(text, [rule.get(member) for member in _ACCESS if rule.get(member)])
        if operation.guarded and missing:
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
    """Components and properties, with their names; behind a `$ref` they are the component's business."""
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
        if not _has_example(node) and "content" not in node.value:
            yield Hit(node.pointer, f"{name} has no example")


def _shown_bodies(contract: Contract) -> Iterator[Hit]:
    for message in contract.messages:
        if (message.origin == "body" or _is_media(message.node)) and not _has_example(message.node):
            yield Hit(message.node.pointer, f"this {message.node.pointer[-1]} has no example")


def _is_media(node: Node) -> bool:
    return node.pointer[-2:-1] == ("content",)


def _has_example(node: Node) -> bool:
    return "example" in node.value or bool(node.members("examples"))


RULES = rules_of("complete", (
    ("operation-handler", "ours", _handlers,
     "The contract is the program: what it promises is there."),
    ("current-models", "ours", _models,
     "Code that is generated from the contract is generated from this contract."),
    ("security-named", "OWASP API2:2023", _security,
     "Who may call is decided on purpose: a security requirement, or `security: []`."),
    ("access-rule", "OWASP API5:2023", _access,
     "A token is not enough: `x-access` says which scope and role are."),
    ("error-responses", "Zalando 151", _error_responses,
     "A call can fail, and a client must know how."),
    ("declared-problems", "Zalando 151", _declared_problems,
     "What any call may be answered is declared, so that SDKs have a type for it."),
    ("changing-operations", "ours", _changes,
     "A client that tries to set a property is sent to the operations that `x-changed-by` names."),
    ("operation-text", "Zalando 101", _operation_texts,
     "The summary is for a list of operations, the description says the rule."),
    ("access-text", "ours", _access_texts,
     "Renderers do not show `x-access`: the description says the role and the scope, each in backticks."),
    ("problem-text", "RFC 9457", _problem_texts,
     "Renderers do not show `x-problems`: the description says when each is sent, its name in backticks."),
    ("field-description", "Zalando 101", _described_fields,
     "A field that nobody described means what each reader thinks."),
    ("enum-text", "Zalando 112", _enum_texts,
     "Renderers do not show `x-extensible-enum`: the description names each value, in backticks."),
    ("field-example", "Zalando 101", _shown_fields,
     "An example says what a type does not."),
    ("parameter-description", "Zalando 101", _described_parameters,
     "As for fields; headers of responses are meant, too."),
    ("parameter-example", "Zalando 101", _shown_parameters,
     "As for fields; headers of responses are meant, too."),
    ("body-example", "Zalando 101", _shown_bodies,
     "Mocks answer it, and people copy it."),
))  # fmt: skip
