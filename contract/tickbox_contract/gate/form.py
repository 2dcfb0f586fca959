"""Stage `style`: the file, its tags, its paths, its references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from .contracts import Contract, Node
from .findings import Hit, rules_of

_VERSION = re.compile(r"/v[1-9][0-9]*/")


def _version(contract: Contract) -> Iterator[Hit]:
    if contract.data["openapi"] != "3.0.4":
        yield Hit(("openapi",), "the version of OpenAPI is not 3.0.4")


def _one_file(contract: Contract) -> Iterator[Hit]:
    for node in contract.references():
        if not node.value["$ref"].startswith("#"):
            yield Hit(node.pointer, "this $ref leads out of the file")


def _to_components(contract: Contract) -> Iterator[Hit]:
    for node in contract.references():
        reference = node.value["$ref"]
        if reference.startswith("#") and not re.fullmatch(r"#/components/[^/]+/[^/]+", reference):
            yield Hit(node.pointer, f"{reference} is not a component")


def _servers(contract: Contract) -> Iterator[Hit]:
    for server in contract.root.items("servers"):
        # Its URL is not quoted: hosts may be nobody's business.
        try:
            path = urlsplit(str(server.get("url"))).path
        except ValueError:
            yield Hit((*server.pointer, "url"), "this is no URL")
        else:
            if path.rstrip("/"):
                yield Hit((*server.pointer, "url"), "this server has a path")


def _version_in_path(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if (operation.guarded or operation.body) and not _VERSION.match(operation.path):
            yield Hit(operation.node.pointer[:2], f"{operation.path} does not begin with a version")


def _one_tag(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if len(operation.node.get("tags") or ()) != 1:
            yield Hit(operation.node.pointer, f"{operation.name} does not have exactly one tag")


def _tag_order(contract: Contract) -> Iterator[Hit]:
    """Only where an operation has a tag: the rule `one-tag` has the others."""
    order = [str(tag.get("name")) for tag in contract.root.items("tags")]
    latest = 0
    for operation in contract.operations:
        for tag in operation.node.get("tags") or ():
            if tag not in order:
                yield Hit((*operation.node.pointer, "tags"), f"the tag {tag!r} is not among the contract's tags")
            elif order.index(tag) < latest:
                yield Hit((*operation.node.pointer, "tags"), f"{operation.name} stands after those of a later tag")
            latest = max(latest, order.index(tag) if tag in order else 0)


def _shared_parameters(contract: Contract) -> Iterator[Hit]:
    paths = [contract.follow(path) for path in contract.paths.values()]
    holders = (*paths, *(operation.node for operation in contract.operations))
    components = contract.root.at("components").members("parameters").values()
    yield from _repeated(components, (node for holder in holders for node in holder.items("parameters")))


def _shared_headers(contract: Contract) -> Iterator[Hit]:
    responses = {
        response.pointer: response for operation in contract.operations for response in operation.responses.values()
    }
    components = contract.root.at("components").members("headers").values()
    yield from _repeated(components, (node for a in responses.values() for node in a.members("headers").values()))


def _repeated(components: Iterable[Node], nodes: Iterable[Node]) -> Iterator[Hit]:
    """Those of *nodes* that are written out though a component, or one before them, is the same word for word."""
    seen = {json.dumps(node.value, sort_keys=True) for node in components}
    for node in nodes:
        text = json.dumps(node.value, sort_keys=True)
        if "$ref" not in node.value and text in seen:
            yield Hit(node.pointer, "the same is written elsewhere: make it one component")
        seen.add(text)


def _problems_by_reference(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for status, _ in operation.errors():
            node = operation.node.at("responses", status)
            if "$ref" not in node.value:
                yield Hit(node.pointer, f"the response {status} of {operation.name} is written out")


RULES = rules_of("style", (
    ("openapi-3-0-4", "Zalando 101", _version,
     "3.0.4 says clearest what 3.0 means, and tools read all of 3.0 alike; some, Connexion among them, read no newer."),
    ("one-file", "Zalando 101, 234", _one_file,
     "A file that is complete needs no resolver, no bundling, no network, and cannot change from elsewhere."),
    ("component-ref", "generators", _to_components,
     "Generators name types after components; what is referred to in another place gets no name, or several."),
    ("server-without-path", "generators", _servers,
     "orval leaves out a server's path: the version belongs in the paths."),
    ("version-in-path", "generators", _version_in_path,
     "Whatever needs a token or takes a body will change one day; probes and the contract itself are found without."),
    ("one-tag", "Zalando 101", _one_tag,
     "A tag is a module of the server and a class of each SDK: an operation is in one."),
    ("tag-order", "Zalando 101", _tag_order,
     "Who looks for an operation finds it where its tag says; tags are declared, and paths stand in their order."),
    ("shared-parameter", "Zalando 101", _shared_parameters,
     "What is written twice is changed once."),
    ("shared-header", "Zalando 101", _shared_headers,
     "What is written twice is changed once."),
    ("problem-by-ref", "Zalando 151", _problems_by_reference,
     "The same error is the same everywhere: each response from 400 on is a component."),
))  # fmt: skip
