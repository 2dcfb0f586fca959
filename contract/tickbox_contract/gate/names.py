"""Stage `style`: names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.rules import Hit, at_once, rules_of

from .contracts import Contract

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SNAKE_WORDS = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)?")  # the last for files, as /openapi.yaml
_COLLECTION = re.compile(r"/([^/{}]+)/\{")
_PLURALS = re.compile(r".*([^s]s|children|people|media|data)")
"""No plural ends in -ss, as `address` does. `status` passes: no rule of spelling distinguishes it from `menus`."""
_DONE = {"list", "get", "read", "create", "add", "make", "update", "change", "set", "put", "patch", "delete", "remove"}


def _properties(contract: Contract) -> Iterator[Hit]:
    for use in contract.schemas:
        if use.role == "property" and not _SNAKE.fullmatch(use.name):
            yield Hit(use.node.pointer, f"the property {use.name!r} is not in snake_case")


def _parameters(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for node in operation.parameters:
            if node.get("in") in {"query", "path"} and not _SNAKE.fullmatch(str(node.get("name"))):
                yield Hit((*node.pointer, "name"), f"the parameter {node.get('name')!r} is not in snake_case")


def _paths(contract: Contract) -> Iterator[Hit]:
    for path in contract.paths:
        for segment in path.split("/")[1:]:
            if not (_KEBAB.fullmatch(segment) or re.fullmatch(r"\{[^{}]+\}", segment)):
                yield Hit(("paths", path), f"the segment {segment!r} is neither kebab-case nor a parameter")


def _plurals(contract: Contract) -> Iterator[Hit]:
    """A parameter chooses from a collection. `/users/me` and `/tasks/{id}/complete` choose nothing."""
    for path in contract.paths:
        for name in _COLLECTION.findall(path):
            if not _PLURALS.fullmatch(name):
                yield Hit(("paths", path), f"the collection {name!r} is not named in the plural")


def _operation_ids(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if not isinstance(operation.node.get("operationId"), str):
            yield Hit(operation.node.pointer, f"{operation.name} has no operationId")


def _operation_id_words(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        given = operation.node.get("operationId")
        if isinstance(given, str) and not _SNAKE_WORDS.fullmatch(given):
            yield Hit((*operation.node.pointer, "operationId"), f"{given!r} is not several words in snake_case")


def _verbs(contract: Contract) -> Iterator[Hit]:
    """A name that begins with a noun of the contract, a tag or a collection, and ends in a verb.

    Some words are both, such as `order` and `view`: `order_pizza` begins with a verb, `order_list` does not. Verbs are
    a few plain ones, the first words of other operations, and the end of the operation's own path, such as `/lend`. A
    plural is never a verb, whatever follows it.
    """
    things = {str(tag.get("name")) for tag in contract.node.items("tags")}
    things |= {name for path in contract.paths for name in _COLLECTION.findall(path)}
    plurals = {thing for thing in things if thing.endswith("s") and _PLURALS.fullmatch(thing)}
    nouns = {word for thing in things for word in (thing, *_singulars(thing))}
    done = (_DONE | {operation.name.partition("_")[0] for operation in contract.operations}) - nouns
    for operation in contract.operations:
        first, last = operation.name.partition("_")[0], operation.name.rpartition("_")[2]
        is_done = last in done or (operation.method == "post" and operation.path.endswith(f"}}/{last}"))
        if first in plurals or (first in nouns and is_done):
            yield Hit((*operation.node.pointer, "operationId"), f"{operation.name!r} does not begin with a verb")


def _alike(contract: Contract) -> Iterator[Hit]:
    """The verb, `list_` or `get_`, distinguishes a list from a single thing; an operation on all of them says so."""
    names = {operation.name for operation in contract.operations}
    for operation in contract.operations:
        for plural in (f"{operation.name}s", f"{operation.name}es"):
            if plural in names and operation.node.get("operationId"):
                pointer = (*operation.node.pointer, "operationId")
                yield Hit(pointer, f"{operation.name!r} and {plural!r} are easily confused")


def _singulars(plural: str) -> Iterator[str]:
    yield plural.removesuffix("s")
    yield plural.removesuffix("es")
    yield plural.removesuffix("ies") + "y"


def _create_names(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        is_action = contract.target_of(operation) is not None  # named after what it does: `duplicate`, `BookDuplicate`
        if operation.method == "post" and "201" in operation.responses and not is_action:
            yield from _named(contract.json_schema(operation.body), "Create", operation)


def _patch_names(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if operation.method == "patch":
            yield from _named(contract.json_schema(operation.body), "Patch", operation)


def _page_names(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if contract.is_page(operation):
            yield from _named(contract.json_schema(operation.responses["200"]), "Page", operation)


def _named(schema: Node, suffix: str, operation: Operation) -> Iterator[Hit]:
    """A schema that is written out has no name; the rule `named-object` has it."""
    name = str(schema.get("$ref") or suffix).rpartition("/")[2]
    if not name.endswith(suffix):
        yield Hit(schema.pointer, f"{operation.name} uses {name}, whose name does not end in {suffix}")


def _objects(contract: Contract) -> Iterator[Hit]:
    for use in contract.schemas:
        if use.role == "root" and use.origin == "body" and use.node.members("properties"):
            yield Hit(use.node.pointer, "this object is written out: make it a component")


def _ids(contract: Contract) -> Iterator[Hit]:
    for name, node in _all_named(contract):
        is_id = name == "id" or name.endswith("_id")
        if is_id and node.get("type") == "string" and not (node.get("format") == "uuid" and "pattern" in node.value):
            yield Hit(node.pointer, f"{name} is not of the format uuid with a pattern")


def _all_named(contract: Contract) -> Iterator[tuple[str, Node]]:
    """The schemas of properties and of parameters, followed, with their names."""
    yield from ((use.name, contract.follow(use.node)) for use in contract.schemas if use.role == "property")
    for operation in contract.operations:
        for node in operation.parameters:
            yield str(node.get("name")), contract.follow(node.at("schema"))


def _instants(contract: Contract) -> Iterator[Hit]:
    for use in contract.schemas:
        if use.role == "property":
            is_instant = contract.follow(use.node).get("format") == "date-time"
            is_named_so = use.name.rpartition("_")[2] == "at"  # `at` by itself is such a name, too
            if is_named_so and not is_instant:
                yield Hit(use.node.pointer, f"{use.name} ends in _at and is not a date-time")
            elif is_instant and not is_named_so:
                yield Hit(use.node.pointer, f"{use.name} is a date-time and does not end in _at")


RULES = rules_of("style", (
    ("snake-case-properties", "Zalando 118", _properties,
     "All names have one spelling: nobody has to remember which."),
    ("snake-case-parameters", "Zalando 130", _parameters,
     "A parameter that filters by a property is spelled like the property."),
    ("kebab-case-paths", "Zalando 129", _paths,
     "Paths are read aloud, typed and compared: case and underscores get lost."),
    ("plural-collections", "Zalando 134", _plurals,
     "An id chooses one of many things, even while there is only one."),
    ("operation-id", "generators", at_once(_operation_ids, "none of the {} operations has an operationId"),
     "It is the name of a function in each SDK. Without one, generators make up a name that changes with the path."),
    ("snake-case-operation-ids", "generators", _operation_id_words,
     "Generators turn it into the case of each language, and the handler has it as its name: verb, then noun."),
    ("operation-id-verb", "generators", _verbs,
     "`list_tasks` says what happens, and reads like a function; `task_list` is a thing."),
    ("alike-operation-ids", "generators", _alike,
     "An editor suggests `delete_sessions` beside `delete_session`: use `delete_all_sessions`."),
    ("create-name", "ours", _create_names,
     "XCreate, XPatch and XPage are easy to find, and are types of their own in each SDK."),
    ("patch-name", "ours", _patch_names,
     "A patch may leave out other properties than a new resource may."),
    ("page-name", "ours", _page_names,
     "Pages of different things are different types."),
    ("named-object", "generators", _objects,
     "An object that is written out gets a made-up name in each SDK, which changes with the operations around it."),
    ("id-format", "RFC 9562", _ids,
     "A mistyped id is rejected before it is looked up. The pattern is for tools that ignore formats."),
    ("instant-names", "Zalando 169, 235", _instants,
     "A name that ends in _at promises a moment, and each moment has such a name."),
))  # fmt: skip
