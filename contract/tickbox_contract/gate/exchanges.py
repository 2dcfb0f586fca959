"""Stage `style`: lists, patches, problems, statuses and headers."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.media_types import JSON, MERGE_PATCH, PROBLEM_JSON
from tickbox_contract.openapi.nodes import Node, header
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.rules import Hit, rules_of

from .contracts import Contract

_TOTALS = {"count", "total", "total_count", "total_items", "total_pages"}
_PROBLEM_MEMBERS = {"type", "title", "status", "detail"}
_FAULT_MEMBERS = {"code", "detail"}


def _errors(contract: Contract, *statuses: str) -> Iterator[tuple[Operation, str, Node]]:
    """The responses from 400 on, or those of them that are named."""
    for operation in contract.operations:
        for status, response in operation.errors():
            if not statuses or status in statuses:
                yield operation, status, response


def _pages(contract: Contract) -> Iterator[Hit]:
    for operation in filter(contract.is_page, contract.operations):
        schema = contract.json_schema(operation.responses["200"])
        place, properties = contract.follow(schema).pointer, contract.properties(schema)
        cursor, more, required = properties.get("next_cursor"), properties.get("has_more"), contract.required(schema)
        has_end = more is not None and more.get("type") == "boolean" and "has_more" in required
        if not {"items", "next_cursor"} <= required:
            yield Hit(place, "a page requires items and next_cursor")
        if cursor and cursor.get("type") != "string":
            yield Hit(cursor.pointer, "next_cursor is not a text")
        elif cursor and not (cursor.get("nullable") or has_end):
            yield Hit(
                cursor.pointer,
                "nothing marks the last page: make next_cursor nullable, or require a boolean has_more",
            )


def _totals(contract: Contract) -> Iterator[Hit]:
    for operation in filter(contract.is_page, contract.operations):
        for name, node in contract.properties(contract.json_schema(operation.responses["200"])).items():
            if name in _TOTALS:
                yield Hit(node.pointer, f"this page returns a total, {name}")


def _limits(contract: Contract) -> Iterator[Hit]:
    for operation in filter(contract.is_page, contract.operations):
        limit = operation.parameter("query", "limit")
        if limit is None:
            yield Hit(operation.node.pointer, f"{operation.name} does not take limit")
        elif not {"default", "maximum"} <= contract.follow(limit.at("schema")).value.keys():
            yield Hit(limit.pointer, "limit has no default and maximum")


def _cursors(contract: Contract) -> Iterator[Hit]:
    for operation in filter(contract.is_page, contract.operations):
        if operation.parameter("query", "cursor") is None:
            yield Hit(operation.node.pointer, f"{operation.name} does not take cursor")


def _query_arrays(contract: Contract) -> Iterator[tuple[Node, Node]]:
    """Each query parameter that is a list, and its schema."""
    for operation in contract.operations:
        for node in operation.parameters:
            schema = contract.follow(node.at("schema"))
            if node.get("in") == "query" and schema.get("type") == "array":
                yield node, schema


def _exploded(contract: Contract) -> Iterator[Hit]:
    for node, _ in _query_arrays(contract):
        if node.value.get("style", "form") != "form" or node.value.get("explode", True) is not True:
            yield Hit(node.pointer, f"the list {node.get('name')} is not given as name=a&name=b")


def _not_empty(contract: Contract) -> Iterator[Hit]:
    for node, schema in _query_arrays(contract):
        if not schema.get("minItems"):
            yield Hit(node.pointer, f"the list {node.get('name')} has no minItems: 1")


def _patches(contract: Contract) -> Iterator[tuple[Operation, Node]]:
    yield from ((o, o.body) for o in contract.operations if o.method == "patch" and o.body is not None)


def _merge_patch(contract: Contract) -> Iterator[Hit]:
    for operation, body in _patches(contract):
        content = body.members("content")
        if set(content) != {MERGE_PATCH, JSON}:
            yield Hit(body.pointer, f"{operation.name} does not take {MERGE_PATCH} and {JSON}, and nothing else")
        elif content[MERGE_PATCH].get("schema") != content[JSON].get("schema"):
            yield Hit(content[JSON].pointer, f"{operation.name} takes another schema as {JSON}")


def _empty_patches(contract: Contract) -> Iterator[Hit]:
    for operation, body in _patches(contract):
        schema = contract.follow(contract.json_schema(body))
        if not schema.get("minProperties"):
            yield Hit(schema.pointer, f"the patch of {operation.name} has no minProperties: 1")


def _accept_patch(contract: Contract) -> Iterator[Hit]:
    for operation, status, response in _errors(contract, "415"):
        if operation.method == "patch":
            yield from _lacking(response, "Accept-Patch", status)


def _problem_media(contract: Contract) -> Iterator[Hit]:
    for operation, status, response in _errors(contract):
        if set(response.members("content")) != {PROBLEM_JSON}:
            yield Hit(response.pointer, f"the response {status} of {operation.name} is not {PROBLEM_JSON} alone")


def _problem_schema(contract: Contract) -> Iterator[Hit]:
    for _, _, response in _errors(contract):
        schema = response.at("content", PROBLEM_JSON, "schema")
        if not schema.value:
            continue  # the rule `problem-json` has it
        place, properties = contract.follow(schema).pointer, contract.properties(schema)
        faults = contract.properties(properties["errors"].at("items")) if "errors" in properties else {}
        if not contract.required(schema) & properties.keys() >= _PROBLEM_MEMBERS:
            yield Hit(place, "a problem requires type, title, status and detail")
        if not faults.keys() >= _FAULT_MEMBERS:
            yield Hit(place, "a problem has errors, a list of {detail, code, pointer or parameter or header}")


def _lacking(response: Node, *names: str) -> Iterator[Hit]:
    """A finding for each header that *response* does not declare. The last of *names* is its status."""
    *wanted, status = names
    for name in wanted:
        if header(response, name) is None:
            yield Hit(response.pointer, f"this response {status} does not declare {name}")


def _authenticate(contract: Contract) -> Iterator[Hit]:
    for _, status, response in _errors(contract, "401"):
        yield from _lacking(response, "WWW-Authenticate", status)


def _retry_after(contract: Contract) -> Iterator[Hit]:
    for _, status, response in _errors(contract, "429", "503"):
        yield from _lacking(response, "Retry-After", status)


def _rate_limits(contract: Contract) -> Iterator[Hit]:
    for _, status, response in _errors(contract, "429"):
        yield from _lacking(response, "RateLimit-Policy", "RateLimit", status)


def _request_ids(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for status, response in operation.responses.items():
            yield from _lacking(response, "X-Request-Id", status)


def _creates(contract: Contract) -> Iterator[Hit]:
    """A POST creates something if the GET of its path lists, or if the name of its body says so."""
    for operation in contract.operations:
        listing = contract.operation(operation.path, "get")
        name = str(contract.json_schema(operation.body).get("$ref"))
        into_list = listing is not None and contract.is_page(listing)
        if operation.method == "post" and (into_list or name.endswith("Create")) and "201" not in operation.responses:
            yield Hit(operation.node.pointer, f"{operation.name} creates something and does not declare 201")


def _locations(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if "201" in operation.responses:
            yield from _lacking(operation.responses["201"], "Location", "201")


def _deletes(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        successes = [status for status, _ in operation.successes()]
        if operation.method == "delete" and successes != ["204"]:
            yield Hit(operation.node.pointer, f"{operation.name} does not declare 204 as its only success")


def _sunsets(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if operation.node.get("deprecated") is True and "x-sunset" not in operation.node.value:
            yield Hit((*operation.node.pointer, "deprecated"), f"{operation.name} has no x-sunset")


RULES = rules_of("style", (
    ("page-shape", "Zalando 160, 248", _pages,
     "One loop reads all lists: `{items, next_cursor}`, always present; at the end it is null, or has_more is false."),
    ("no-totals", "Zalando 254", _totals,
     "A total costs a scan for each page, and is wrong when it arrives."),
    ("page-limit", "Zalando 160, OWASP API4:2023", _limits,
     "A client that requests everything gets a page; one that requests more than the maximum gets an error."),
    ("page-cursor", "Zalando 160, AIP-158", _cursors,
     "Every list has the parameter `cursor` for its next page."),
    ("exploded-query-lists", "Zalando 137, generators", _exploded,
     "Two generators ignore `explode: false`."),
    ("non-empty-query-lists", "Zalando 137", _not_empty,
     "An empty list cannot be distinguished from one that was not sent."),
    ("merge-patch", "RFC 7396", _merge_patch,
     "Members that are not sent stay as they are, and null clears. Many generated clients can send only JSON."),
    ("non-empty-patch", "RFC 5789", _empty_patches,
     "An empty patch is a mistake."),
    ("accept-patch", "RFC 5789, 2.2", _accept_patch,
     "A client that sent a patch of another type learns the right one."),
    ("problem-json", "RFC 9457", _problem_media,
     "All errors have one form, so that a client reads them in one place."),
    ("problem-schema", "RFC 9457", _problem_schema,
     "Programs decide by type, people read title and detail, and a form shows each of `errors` at its field."),
    ("www-authenticate", "RFC 9110, 15.5.2", _authenticate,
     "A 401 must say how to authenticate."),
    ("retry-after", "RFC 9110, 10.2.3; RFC 6585, 4", _retry_after,
     "A client that must retry later learns when."),
    ("rate-limit-headers", "IETF ratelimit-headers draft", _rate_limits,
     "A client that is limited can see the limit and what is left of it."),
    ("request-id", "W3C Trace Context", _request_ids,
     "A report of an error names the request, and the logs have it."),
    servable.SINGLE_STATUSES,
    ("create-201", "RFC 9110, 15.3.2", _creates,
     "The status says whether something was created."),
    ("location", "RFC 9110, 10.2.2", _locations,
     "A client that created something learns its address."),
    ("delete-204", "RFC 9110, 9.3.5", _deletes,
     "A deleted resource has no content to return."),
    ("sunset", "RFC 9745, RFC 8594", _sunsets,
     "Nobody reacts to a deprecation without a date."),
))  # fmt: skip
