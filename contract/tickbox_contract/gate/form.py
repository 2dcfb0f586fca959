"""Stage `style`: the file, its tags, its paths and its references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.rules import Hit, rules_of

from .contracts import Contract

_VERSION = re.compile(r"/v[1-9][0-9]*/")


def _version(contract: Contract) -> Iterator[Hit]:
    if contract.root["openapi"] != "3.0.4":
        yield Hit(("openapi",), "the version of OpenAPI is not 3.0.4")


def _one_file(contract: Contract) -> Iterator[Hit]:
    for pointer in contract.joined.outward:
        yield Hit(pointer, "this $ref leads out of the file: copy what it refers to into the file")


def _to_components(contract: Contract) -> Iterator[Hit]:
    for place in contract.references.places:
        reference = place.reference or ""
        if reference.startswith("#") and not re.fullmatch(r"#/components/[^/]+/[^/]+", reference):
            yield Hit(place.pointer, f"{reference} is not a component")


def _version_in_path(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if (operation.needs_token or operation.body) and not _VERSION.match(operation.path):
            yield Hit(operation.node.pointer[:2], f"{operation.path} does not begin with a version")


def _one_tag(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if len(operation.node.get("tags") or ()) != 1:
            yield Hit(operation.node.pointer, f"{operation.name} does not have exactly one tag")


def _tag_order(contract: Contract) -> Iterator[Hit]:
    """Only where an operation has a tag: the rule `one-tag` has the others."""
    order = [str(tag.get("name")) for tag in contract.node.items("tags")]
    latest = 0
    for operation in contract.operations:
        for tag in operation.node.get("tags") or ():
            if tag not in order:
                yield Hit((*operation.node.pointer, "tags"), f"the tag {tag!r} is not among the contract's tags")
            elif order.index(tag) < latest:
                yield Hit(
                    (*operation.node.pointer, "tags"), f"{operation.name} comes after the operations of a later tag"
                )
            latest = max(latest, order.index(tag) if tag in order else 0)


def _shared_parameters(contract: Contract) -> Iterator[Hit]:
    paths = [contract.follow(path) for path in contract.paths.values()]
    holders = (*paths, *(operation.node for operation in contract.operations))
    components = contract.node.at("components").members("parameters").values()
    yield from _repeated(components, (node for holder in holders for node in holder.items("parameters")))


def _shared_headers(contract: Contract) -> Iterator[Hit]:
    responses = {
        response.pointer: response for operation in contract.operations for response in operation.responses.values()
    }
    components = contract.node.at("components").members("headers").values()
    yield from _repeated(components, (node for a in responses.values() for node in a.members("headers").values()))


def _repeated(components: Iterable[Node], nodes: Iterable[Node]) -> Iterator[Hit]:
    """Those of *nodes* that are written out although a component, or one before them, is exactly the same."""
    seen = {json.dumps(node.value, sort_keys=True) for node in components}
    for node in nodes:
        text = json.dumps(node.value, sort_keys=True)
        if "$ref" not in node.value and text in seen:
            yield Hit(node.pointer, "the same is written elsewhere: make it a component")
        seen.add(text)


def _problems_by_reference(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for status, _ in operation.errors():
            node = operation.node.at("responses", status)
            if "$ref" not in node.value:
                yield Hit(
                    node.pointer, f"the response {status} of {operation.name} is written out: make it a component"
                )


RULES = rules_of("style", (
    ("openapi-3-0-4", "Zalando 101", _version,
     "3.0.4 is the clearest text of 3.0, and tools read all of 3.0 alike. Some, as Connexion, read nothing newer."),
    replace(servable.ONE_FILE, check=_one_file),
    ("component-ref", "generators", _to_components,
     "Generators name types after components. A schema that is referred to in another place gets no name, or several."),
    servable.SERVER_WITHOUT_PATH,
    ("version-in-path", "generators", _version_in_path,
     "An operation that needs a token or takes a body will change one day. Probes and the contract need no version."),
    ("one-tag", "Zalando 101", _one_tag,
     "A tag is a module of the server and a class of each SDK: an operation is in exactly one."),
    ("tag-order", "Zalando 101", _tag_order,
     "Readers find an operation where its tag says. Tags are declared, and paths follow in their order."),
    ("shared-parameter", "Zalando 101", _shared_parameters,
     "If something is written twice, somebody will change only one of them."),
    ("shared-header", "Zalando 101", _shared_headers,
     "If something is written twice, somebody will change only one of them."),
    ("problem-by-ref", "Zalando 151", _problems_by_reference,
     "The same error is the same everywhere: each response from 400 on is a component."),
))  # fmt: skip
