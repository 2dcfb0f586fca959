"""Stage `valid`: what the text of OpenAPI says about fields, and its published schemas do not check.

The published schema of 3.0 checks less than that of 3.1 in some places, and more in others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from tickbox_contract.openapi.form_errors import A_NAME, NO_RESPONSE
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.rules import Hit

from .contracts import Contract
from .keywords import MOST_PARTS, declared_properties
from .several_files import file_of

_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_NOT_IN_URLS = re.compile(r'[\s\x00-\x1f<>"{}|\\^`]')
"""What no URL has unless it is percent-encoded (RFC 3986); letters of other alphabets pass."""
_VARIABLE = re.compile(r"\{[^{}]*\}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FORMS = re.compile(r"multipart/|application/x-www-form-urlencoded\s*(;|$)", re.IGNORECASE)
_KNOWN_DIALECT = re.compile(
    r"https://(json-schema\.org/draft/2020-12/schema#?|spec\.openapis\.org/oas/3\.1/dialect/.*)"
)
_IGNORED_PARAMETERS = {"accept", "content-type", "authorization"}
_BODILESS = ("get", "head", "delete")


def fixed_fields(contract: Contract) -> Iterator[Hit]:
    """Names, URLs, addresses, and fields that exclude each other or need each other."""
    yield from _component_names(contract)
    yield from _addresses(contract)
    yield from _urls(contract)
    yield from _encoded_properties(contract)
    yield from _unquoted_statuses(contract)
    yield from (_exclusive_in_3_1(contract) if contract.is_3_1 else _exclusive_in_3_0(contract))


def _component_names(contract: Contract) -> Iterator[Hit]:
    """In OpenAPI 3.1, the published schema has them."""
    components = contract.node.at("components")
    for kind in components.value if not contract.is_3_1 else ():
        for name, node in components.members(kind).items() if not kind.startswith("x-") else ():
            if not _NAME.fullmatch(name):
                yield Hit(node.pointer, f"{name}: {A_NAME}")


def _addresses(contract: Contract) -> Iterator[Hit]:
    contact = contract.node.at("info", "contact")
    given = contact.get("email")
    if isinstance(given, str) and not _EMAIL.fullmatch(given):
        yield Hit((*contact.pointer, "email"), "this is not an e-mail address")


def _urls(contract: Contract) -> Iterator[Hit]:
    for node, key in _with_urls(contract):
        if isinstance(given := node.get(key), str) and _NOT_IN_URLS.search(given):
            yield Hit((*node.pointer, key), "this is not a URL: it has characters that a URL cannot have")
    for holder in (contract.node, *contract.written("path items"), *contract.written("operations")):
        for server in holder.items("servers"):
            if isinstance(given := server.get("url"), str) and _NOT_IN_URLS.search(_VARIABLE.sub("", given)):
                yield Hit((*server.pointer, "url"), "this is not a URL with variables in braces")
    dialect = contract.node.get("jsonSchemaDialect")
    if isinstance(dialect, str) and (":" not in dialect or _NOT_IN_URLS.search(dialect)):
        yield Hit(("jsonSchemaDialect",), "this is not a URI")


def _with_urls(contract: Contract) -> Iterator[tuple[Node, str]]:
    """Each object that may have a URL, and the name of the field."""
    info = contract.node.at("info")
    yield from ((info, "termsOfService"), (info.at("contact"), "url"), (info.at("license"), "url"))
    described = (contract.written(kind) for kind in ("operations", "schemas"))
    for holder in chain([contract.node], contract.node.items("tags"), *described):
        if "externalDocs" in holder.value:
            yield holder.at("externalDocs"), "url"
    yield from ((example, "externalValue") for example in contract.written("examples"))
    for scheme in contract.written("securitySchemes"):
        yield scheme, "openIdConnectUrl"
        for flow in scheme.members("flows").values():
            yield from ((flow, key) for key in ("authorizationUrl", "tokenUrl", "refreshUrl"))


def _encoded_properties(contract: Contract) -> Iterator[Hit]:
    left = [MOST_PARTS]
    for media in contract.written("media types"):
        declared = declared_properties(contract, media.at("schema"), left) if "encoding" in media.value else None
        for name in media.at("encoding").value.keys() - declared if declared is not None else ():
            yield Hit((*media.pointer, "encoding", name), f"the schema has no property {name!r}")


def _unquoted_statuses(contract: Contract) -> Iterator[Hit]:
    """In the first file; one hit for all of them. Readers of YAML make numbers of them, which no key of JSON is."""
    lines = contract.raw.splitlines() if not contract.raw.lstrip().startswith(b"{") else []
    unquoted = []
    for operation in contract.operations if lines else ():
        pointer = (*operation.node.pointer, "responses")
        for status in operation.node.at("responses").value if file_of(pointer)[0] is None else ():
            line = contract.line((*pointer, status)) or 1
            written = b"".join(lines[line - 1 : line]).lstrip()
            if status.isdecimal() and written.startswith(status.encode()):
                unquoted.append((*pointer, status))
    if unquoted:
        more = f": {len(unquoted)} in all" if len(unquoted) > 1 else ""
        yield Hit(unquoted[0], f"this status is not in quotation marks{more}", severity="warning")


def _exclusive_in_3_1(contract: Contract) -> Iterator[Hit]:
    holders = chain.from_iterable(map(contract.written, ("parameters", "headers", "media types")))
    yield from _both(holders, "example", "examples")


def _exclusive_in_3_0(contract: Contract) -> Iterator[Hit]:
    yield from _both(contract.written("examples"), "value", "externalValue")
    for link in contract.written("links"):
        if not link.value.keys() & {"operationRef", "operationId"}:
            yield Hit(link.pointer, "this link has neither operationId nor operationRef")
    for parameter in contract.written("parameters"):
        if parameter.get("allowEmptyValue") is True and parameter.get("in") != "query":
            yield Hit((*parameter.pointer, "allowEmptyValue"), "only query parameters can have allowEmptyValue")
    for operation in contract.written("operations"):
        if "responses" in operation.value and all(key.startswith("x-") for key in operation.at("responses").value):
            yield Hit((*operation.pointer, "responses"), f"responses: {NO_RESPONSE}")
    for schema in contract.written("schemas"):
        if schema.get("readOnly") is True and schema.get("writeOnly") is True:
            yield Hit((*schema.pointer, "writeOnly"), "this is both readOnly and writeOnly")


def _both(nodes: Iterable[Node], one: str, other: str) -> Iterator[Hit]:
    for node in nodes:
        if one in node.value and other in node.value:
            yield Hit((*node.pointer, other), f"{one} and {other} exclude each other")


def ignored_fields(contract: Contract) -> Iterator[Hit]:
    """What OpenAPI says is ignored, although it is written in the right place."""
    for node, what in _ignored(contract):
        yield Hit(node.pointer, f"{what} is ignored", severity="warning")
    for node, key in _dialects(contract) if contract.is_3_1 else ():
        message = "this dialect is not known here: schemas are read as JSON Schema 2020-12"
        yield Hit((*node.pointer, key), message, severity="warning")


def _dialects(contract: Contract) -> Iterator[tuple[Node, str]]:
    """Where a dialect is named that is not that of OpenAPI 3.1, nor JSON Schema 2020-12, which it extends."""
    schemas = ((schema, "$schema") for schema in contract.written("schemas"))
    for node, key in ((contract.node, "jsonSchemaDialect"), *schemas):
        if ":" in str(node.get(key)) and not _KNOWN_DIALECT.fullmatch(str(node.get(key))):
            yield node, key


def _ignored(contract: Contract) -> Iterator[tuple[Node, str]]:
    for parameter in contract.written("parameters"):
        name = str(parameter.get("name"))
        if parameter.get("in") == "header" and name.lower() in _IGNORED_PARAMETERS:
            yield parameter, f"a header parameter {name}"
    for response in contract.written("responses"):
        headers = response.members("headers").items()
        yield from ((node, "this header of a response") for name, node in headers if name.lower() == "content-type")
    for media in contract.written("media types"):
        if media.at("encoding").value and not _FORMS.match(str(media.pointer[-1])):
            yield media.at("encoding"), f"the encoding of {media.pointer[-1]}"
    for item in contract.written("path items") if not contract.is_3_1 else ():
        methods = (method for method in _BODILESS if "requestBody" in item.at(method).value)
        yield from ((item.at(method, "requestBody"), f"the body of a {method.upper()}") for method in methods)
