"""The rules that both the gate and the engine check: if a contract breaks one, the engine does not start.

The gate has each of them in the table of its stage (`tickbox_contract.gate`). The engine has no rule about the same
facts. It checks more than these rules by itself: what it does not support, and what its handlers need.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from .document import Document
from .forms import form_faults
from .nodes import Node, header
from .objects import Pointer
from .operations import Operation, key_of
from .rules import Check, Hit, Rule, Stage
from .spelling import Hints, meant, or_meant

_MOST_HINTS = 20
IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENCY_REPLAYED = "Idempotency-Replayed"
CHANGED_BY = "x-changed-by"
EVENTS = "x-events"
PERFORMS = "x-performs"
"""The operations that an operation performs as parts of a request."""
RATE_LIMIT = "x-rate-limit"
UNLIMITED = "none"

PATH_FORM = re.compile(r"([^{}]|\{[^{}]*\})*")
"""A path whose braces all have partners."""
_IN_BRACES = re.compile(r"\{([^{}]*)\}")


def _form(document: Document) -> Iterator[Hit]:
    for pointer, message, right in form_faults(document.references, broadly=document.is_broad):
        yield Hit(pointer, message, meant=right)


def _keys(document: Document) -> Iterator[Hit]:
    if not document.has_repeated_keys:
        return
    if document.places is None:
        yield Hit((), "an object has the same key twice, and only the last one is read")
        return
    for pointer in document.places.repeated_keys():
        yield Hit(pointer, f"the key {pointer[-1]!r} is given twice, and only the last one is read")


def _references(document: Document) -> Iterator[Hit]:
    """The rule `one-file` has references out of the file, `endless_schemas` what has itself among its parts."""
    for pointer, message, why in document.references.broken:
        if why not in {"outside", "endless"}:
            yield Hit(pointer, message)


def _one_file(document: Document) -> Iterator[Hit]:
    for place in document.references.places:
        if place.reference is not None and not place.reference.startswith("#"):
            yield Hit(place.pointer, "this $ref leads out of the file: copy what it refers to into the file")


def endless_schemas(document: Document) -> Iterator[Hit]:
    """Each schema that has itself among its own parts. It is a part of the rule `possible-schema`."""
    for pointer, _, why in document.references.broken:
        if why == "endless":
            yield Hit(pointer, "this schema has itself among its parts")


def _unique_ids(document: Document) -> Iterator[Hit]:
    seen: set[str] = set()
    nodes = [operation.node for operation in document.operations]
    pointers = {node.pointer for node in nodes}
    for node in (*nodes, *(node for node in document.written("operations") if node.pointer not in pointers)):
        given = node.get("operationId")
        if given in seen:
            yield Hit((*node.pointer, "operationId"), f"the operationId {given!r} is used twice")
        elif given is not None:
            seen.add(given)


def _path_parameters(document: Document) -> Iterator[Hit]:
    """Each mistake once: a parameter of a whole path is one, and so is a name that is written in two ways."""
    seen: set[Pointer] = set()
    for operation in document.operations:
        if not all("in" in parameter.value for parameter in operation.parameters):
            continue  # the rule `resolving-ref` has it
        if document.is_broad and not PATH_FORM.fullmatch(operation.path):
            continue  # the rule `path-form` has it
        names = _IN_BRACES.findall(operation.path)
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Hit(operation.node.pointer, f"the path of {operation.name} has the parameter {name!r} twice")
        given = _given_in_path(document, operation)
        missing = set(names) - given.keys()
        for name in sorted(given.keys() - set(names)):
            near = meant(name, sorted(missing)) if len(missing) <= _MOST_HINTS else None
            missing.discard(near or "")
            if given[name] not in seen:
                seen.add(given[name])
                message = f"{operation.name} declares the path parameter {name!r}, which is not in its path"
                yield Hit(given[name], f"{message}{or_meant(near)}")
        for name in sorted(missing):
            yield Hit(operation.node.pointer, f"{operation.name} does not declare the path parameter {name!r}")


def _given_in_path(document: Document, operation: Operation) -> dict[str, Pointer]:
    """The path parameters of *operation*, and where it has them, or refers to them."""
    written = (*operation.item.items("parameters"), *operation.node.items("parameters"))
    followed = ((given, document.follow(given)) for given in written)
    return {str(node.get("name")): given.pointer for given, node in followed if node.get("in") == "path"}


def _unique_parameters(document: Document) -> Iterator[Hit]:
    for holder in (*document.written("path items"), *document.written("operations")):
        seen: set[tuple[str, str]] = set()
        for given in holder.items("parameters"):
            node = document.follow(given)
            key = key_of(node)
            if key in seen and node.value:
                yield Hit(given.pointer, f"the {node.get('in')} parameter {node.get('name')!r} is declared twice")
            seen.add(key)


def _security_schemes(document: Document) -> Iterator[Hit]:
    known = document.node.at("components").members("securitySchemes").keys()
    hints = Hints(_MOST_HINTS)
    for place in (document.node, *document.written("operations")):
        for requirement in place.items("security"):
            for name in (name for name in requirement.value if name not in known):
                yield Hit(
                    (*requirement.pointer, name),
                    f"there is no security scheme {name!r}{or_meant(hints.meant(name, known))}",
                )


def _security(document: Document) -> Iterator[Hit]:
    for operation in document.operations:
        if operation.security is None:
            message = f"{operation.name} does not say whether it needs a token: add `security`, or `security: []`"
            yield Hit(operation.node.pointer, message)


def _access(document: Document) -> Iterator[Hit]:
    for operation in document.operations:
        rule = operation.node.get("x-access")
        if operation.needs_token and not has_scope(rule):
            yield Hit(operation.node.pointer, f"{operation.name} needs a token and has no x-access with a scope")
        elif not operation.needs_token and rule is not None and operation.security is not None:
            yield Hit((*operation.node.pointer, "x-access"), f"{operation.name} needs no token and has x-access")


def has_scope(access: object) -> bool:
    """Whether *access*, an `x-access`, names a scope."""
    return isinstance(access, Mapping) and isinstance(access.get("scope"), str)


def unknown_words(access: Mapping[str, object], words: Mapping[str, Collection[str]]) -> Iterator[tuple[str, object]]:
    """The members of *access*, an `x-access`, whose value is not one of *words* of that member."""
    for member, known in words.items():
        word = access.get(member)
        if word is not None and not (isinstance(word, str) and word in known):
            yield member, word


def _servers(document: Document) -> Iterator[Hit]:
    """Of the document, of paths and of operations. A URL is not quoted: names of hosts may be private."""
    items = {operation.path: operation.item for operation in document.operations}.values()
    for holder in (document.node, *items, *(operation.node for operation in document.operations)):
        for server in holder.items("servers"):
            try:
                has_path = bool(urlsplit(_url(server)).path.rstrip("/"))
            except ValueError:
                yield Hit((*server.pointer, "url"), "the URL of this server is not valid")
            else:
                if has_path:
                    yield Hit((*server.pointer, "url"), "this server has a path: write it into the paths")


def _url(server: Node) -> str:
    """The URL of a Server Object with the defaults of its variables (OpenAPI 3.0.4, "Server Variable Object")."""
    url = str(server.get("url"))
    for name, variable in server.members("variables").items():
        url = url.replace(f"{{{name}}}", str(variable.get("default")))
    return url


def _single_statuses(document: Document) -> Iterator[Hit]:
    for operation in document.operations:
        for status in operation.responses:
            if not status.isdecimal():
                pointer = (*operation.node.pointer, "responses", status)
                yield Hit(pointer, f"{operation.name} declares the response {status!r}, which is not a single status")


def _replays(document: Document) -> Iterator[Hit]:
    for operation in document.operations:
        takes_key = operation.parameter("header", IDEMPOTENCY_KEY) is not None
        for status, response in operation.successes() if takes_key else ():
            if header(response, IDEMPOTENCY_REPLAYED) is None:
                message = f"the response {status} of {operation.name} does not declare {IDEMPOTENCY_REPLAYED}"
                yield Hit(response.pointer, message)


def _changes(document: Document) -> Iterator[Hit]:
    known = {operation.name for operation in document.operations}
    for place in document.references.places:
        if place.kind != "schemas" or CHANGED_BY not in place.node:
            continue
        given, pointer = place.node[CHANGED_BY], (*place.pointer, CHANGED_BY)
        if not isinstance(given, list) or not given:
            yield Hit(pointer, f"{CHANGED_BY} must be a list of operations")
            continue
        for name in map(str, given):
            if name not in known:
                yield Hit(pointer, f"{CHANGED_BY} names {name!r}, which is not an operation")


def _events(document: Document) -> Iterator[Hit]:
    """A contract none of whose operations lists events may describe any."""
    described = document.node.at("components", EVENTS)
    listed = [(each, each.node.get(EVENTS)) for each in document.operations if EVENTS in each.node.value]
    for operation, given in listed:
        pointer = (*operation.node.pointer, EVENTS)
        kinds = given if isinstance(given, list) else [None]
        if not all(isinstance(kind, str) for kind in kinds):
            yield Hit(pointer, f"{EVENTS} of {operation.name} must be a list of types of events")
            continue
        for kind in sorted(set(kinds)):
            if kinds.count(kind) > 1:
                yield Hit(pointer, f"{EVENTS} of {operation.name} names {kind!r} more than once")
            if kind not in described.value:
                yield Hit(pointer, f"{EVENTS} of {operation.name} names {kind!r}, which the components do not describe")
    written = [kind for _, given in listed if isinstance(given, list) for kind in given]
    for kind in described.value if listed else ():
        if kind not in written:
            yield Hit((*described.pointer, kind), f"no operation names the event {kind!r} in its {EVENTS}")


def _rule(rule_id: str, stage: Stage, source: str, check: Check, reason: str) -> Rule:
    return Rule(rule_id=rule_id, stage=stage, source=source, check=check, reason=reason, is_servable=True)


WELL_FORMED = _rule(
    "well-formed", "valid", "OpenAPI 3.0 schema", _form,
    "Every tool starts from the form that OpenAPI prescribes. Style and completeness are checked once it is right.",
)  # fmt: skip
UNIQUE_KEY = _rule(
    "unique-key", "valid", "YAML 1.2, 3.2.1.3", _keys,
    "Of a key that is given twice only one is read, and nobody sees which.",
)  # fmt: skip
RESOLVING_REF = _rule(
    "resolving-ref", "valid", "OpenAPI 3.0.4, Reference Object", _references,
    "A `$ref` that leads nowhere says nothing.",
)  # fmt: skip
ONE_FILE = _rule(
    "one-file", "style", "Zalando 101, 234", _one_file,
    "A complete file needs no resolver, bundler or network, and nobody can change it from elsewhere.",
)  # fmt: skip
UNIQUE_OPERATION_ID = _rule(
    "unique-operation-id", "valid", "OpenAPI 3.0.4, Operation Object", _unique_ids,
    "An operationId is the name of one function, in every client and in the server.",
)  # fmt: skip
PATH_PARAMETERS = _rule(
    "path-parameters", "valid", "OpenAPI 3.0.4, Path Templating", _path_parameters,
    "Each name in the braces of a path is a parameter of each of its operations, and there are no others.",
)  # fmt: skip
UNIQUE_PARAMETER = _rule(
    "unique-parameter", "valid", "OpenAPI 3.0.4, Operation Object", _unique_parameters,
    "If two parameters have the same name and place, nobody knows which one is meant. "
    "An operation may replace a parameter of its path.",
)  # fmt: skip
SECURITY_SCHEME = _rule(
    "security-scheme", "valid", "OpenAPI 3.0.4, Security Requirement Object", _security_schemes,
    "A requirement that names an unknown scheme protects nothing, or everything.",
)  # fmt: skip
SECURITY_NAMED = _rule(
    "security-named", "complete", "OWASP API2:2023", _security,
    "Who may send a request is decided on purpose: a security requirement, or `security: []`.",
)  # fmt: skip
ACCESS_RULE = _rule(
    "access-rule", "complete", "OWASP API5:2023", _access,
    "A token is not enough: `x-access` says which scope and role it must have.",
)  # fmt: skip
SERVER_WITHOUT_PATH = _rule(
    "server-without-path", "style", "generators", _servers,
    "orval leaves out a server's path: the version belongs in the paths.",
)  # fmt: skip
SINGLE_STATUSES = _rule(
    "single-statuses", "style", "generators", _single_statuses,
    "An SDK has types for errors only if each status is declared: no `4XX`, no `default`.",
)  # fmt: skip
REPLAYED_RESPONSES = _rule(
    "replayed-responses", "style", "ours", _replays,
    "A client that repeats a request must be able to see that it was not done twice.",
)  # fmt: skip
CHANGING_OPERATIONS = _rule(
    "changing-operations", "complete", "ours", _changes,
    "If a client tries to set a property, the problem names the operations of `x-changed-by`.",
)  # fmt: skip

KNOWN_EVENTS = _rule(
    "known-events", "complete", "ours", _events,
    "Clients read which operation writes which event: each is described, and each is written by an operation.",
)  # fmt: skip

FORM_RULES = (WELL_FORMED, UNIQUE_KEY)
"""The rules that all others rely on: they are checked only if these hold."""
SERVABLE = (
    RESOLVING_REF, ONE_FILE, UNIQUE_OPERATION_ID, PATH_PARAMETERS, UNIQUE_PARAMETER, SECURITY_SCHEME, SECURITY_NAMED,
    ACCESS_RULE, SERVER_WITHOUT_PATH, SINGLE_STATUSES, REPLAYED_RESPONSES, CHANGING_OPERATIONS,
    KNOWN_EVENTS,
)  # fmt: skip
"""The other rules that the engine checks."""
