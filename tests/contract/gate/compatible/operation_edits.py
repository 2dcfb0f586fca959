"""Edits of operations, parameters, bodies, responses, security, events, and the contract as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from .making import (
    OFF,
    ON,
    Apply,
    Edit,
    Json,
    Op,
    appending,
    at,
    breaks,
    deleting,
    follow,
    operations,
    putting,
    removing,
    safe,
)

_TEXT = {"type": "string", "maxLength": 10}
_HIGHER = {"viewer": "editor", "editor": "admin", "admin": "owner"}
_LOWER = {higher: lower for lower, higher in _HIGHER.items()}


def edits(root: Json) -> Iterator[Edit]:
    """All of them."""
    for op in operations(root):
        yield from _of_operation(op)
        yield from _of_parameters(root, op)
        yield from _of_body(op)
        yield from _of_responses(root, op)
        yield from _of_security(op)
        yield from _of_lists(op)
    yield from _of_components(root)
    yield from _of_contract(root)


def _of_operation(op: Op) -> Iterator[Edit]:
    yield breaks("operation removed", op.name, "operation-removed", deleting(*op.steps))
    yield breaks("operation renamed", op.name, "operation-renamed", putting(f"{op.name}_now", *op.steps, "operationId"))
    yield breaks("operation retagged", op.name, "operation-retagged", putting(["other"], *op.steps, "tags"))
    yield breaks("operation moved", op.name, "operation-moved", _moved(op))
    yield safe("operation added", op.name, _copied(op), "operation-added")
    yield safe("operation deprecated", op.name, putting(ON, *op.steps, "deprecated"), "operation-deprecated")
    yield safe("description changed", op.name, putting("Another text.", *op.steps, "description"))
    yield safe("summary removed", op.name, deleting(*op.steps, "summary"))
    yield safe("second tag added", op.name, appending("other", *op.steps, "tags"))
    if "{" in op.path:
        yield breaks("path parameter renamed", op.name, "path-parameter-renamed", _renamed_parameter(op))


def _moved(op: Op) -> Apply:
    def apply(root: Json) -> None:
        item = root["paths"][op.path]
        shared = {"parameters": item["parameters"]} if "parameters" in item else {}
        root["paths"]["/v9" + op.path] = {**shared, op.method: item.pop(op.method)}

    return apply


def _copied(op: Op) -> Apply:
    def apply(root: Json) -> None:
        item = root["paths"][op.path]
        shared = {"parameters": item["parameters"]} if "parameters" in item else {}
        copy = {**item[op.method], "operationId": f"{op.name}_again"}
        root["paths"]["/v9" + op.path] = {**shared, op.method: copy}

    return apply


def _renamed_parameter(op: Op) -> Apply:
    """Rename the first parameter of the path, with a copy of its component."""

    def apply(root: Json) -> None:
        name = op.path.partition("{")[2].partition("}")[0]
        item = root["paths"].pop(op.path)
        shared = [follow(root, each) for each in item["parameters"]]
        item["parameters"] = [{**each, "name": "other" if each["name"] == name else each["name"]} for each in shared]
        root["paths"][op.path.replace(f"{{{name}}}", "{other}")] = item

    return apply


def _of_parameters(root: Json, op: Op) -> Iterator[Edit]:
    added = {"name": "added", "in": "query", "schema": _TEXT}
    where = (*op.steps, "parameters")
    yield breaks(
        "required parameter added", op.name, "required-parameter-added", appending({**added, "required": True}, *where)
    )
    yield safe("optional parameter added", op.name, appending(added, *where), "parameter-added")
    header = {**added, "in": "header", "required": True}
    yield breaks("required header added", op.name, "required-parameter-added", appending(header, *where))
    for i, given in enumerate(op.node.get("parameters", ())):
        parameter = follow(root, given)
        yield from _of_parameter(f"{op.name} {parameter['name']}", parameter, (*where, i))


def _of_parameter(subject: str, parameter: Json, steps: tuple[str | int, ...]) -> Iterator[Edit]:
    """Edits of one use of a parameter, which is written out there."""
    put = partial(_with, parameter, steps)
    yield breaks("parameter removed", subject, "parameter-removed", deleting(*steps))
    yield safe("parameter deprecated", subject, put(deprecated=True), "parameter-deprecated")
    yield safe("parameter described", subject, put(description="Another text."))
    yield safe("parameter written out", subject, put())
    place = "header" if parameter["in"] == "query" else "query"
    yield breaks("parameter moved", subject, "parameter-moved", put(**{"in": place}))
    yield breaks("parameter as JSON", subject, "parameter-form-changed",
                 _as_content(parameter, steps))  # fmt: skip
    if not parameter.get("required"):
        yield breaks("parameter made required", subject, "parameter-made-required", put(required=True))
    schema = parameter["schema"]
    if schema.get("type") == "array":
        yield breaks("explode turned off", subject, "parameter-form-changed", put(explode=False))
        yield breaks("style changed", subject, "parameter-form-changed", put(style="pipeDelimited", explode=False))
    if parameter["in"] == "query":
        yield safe("reserved characters allowed", subject, put(allowReserved=True))
    if "default" in schema:
        yield breaks("default removed", subject, "default-changed",
                     put(schema={key: value for key, value in schema.items() if key != "default"}))  # fmt: skip
        yield breaks("default changed", subject, "default-changed", put(schema={**schema, "default": 7}))
    yield breaks(
        "only one value accepted", subject, "parameter-schema", put(schema={"type": "string", "enum": ["one"]})
    )


def _with(parameter: Json, steps: tuple[str | int, ...], **changed: Any) -> Apply:
    return putting({**parameter, **changed}, *steps)


def _as_content(parameter: Json, steps: tuple[str | int, ...]) -> Apply:
    rest = {key: value for key, value in parameter.items() if key not in {"schema", "explode", "style"}}
    return putting({**rest, "content": {"application/json": {"schema": parameter["schema"]}}}, *steps)


def _of_body(op: Op) -> Iterator[Edit]:
    where = (*op.steps, "requestBody")
    if "requestBody" not in op.node:
        body = {"content": {"application/json": {"schema": {"type": "object"}}}}
        yield safe("optional body added", op.name, putting(body, *where), "body-added")
        yield breaks("required body added", op.name, "body-made-required", putting({**body, "required": True}, *where))
        return
    yield breaks("body removed", op.name, "body-removed", deleting(*where))
    if op.node["requestBody"].get("required"):
        yield safe("body made optional", op.name, putting(OFF, *where, "required"), "body-made-optional")
    else:
        yield breaks("body made required", op.name, "body-made-required", putting(ON, *where, "required"))
    content = op.node["requestBody"]["content"]
    for name, media in content.items():
        yield breaks(
            "media type of body removed",
            f"{op.name} {name}",
            "body-media-type-removed",
            deleting(*where, "content", name),
        )
        yield safe("examples removed", f"{op.name} {name}", deleting(*where, "content", name, "examples"))
        yield breaks(
            "media type of body replaced",
            f"{op.name} {name}",
            "body-media-type-removed",
            _renamed((*where, "content"), name, "text/other"),
        )
        yield safe("media type in another case", f"{op.name} {name}", _renamed((*where, "content"), name, name.title()))
        if "$ref" in media["schema"]:
            yield breaks(
                "body written out",
                f"{op.name} {name}",
                "component-renamed",
                _written_out((*where, "content", name, "schema")),
            )
    media = next(iter(content.values()))
    yield safe(
        "media type of body added",
        op.name,
        putting(media, *where, "content", "application/cbor"),
        "body-media-type-added",
    )


def _renamed(steps: tuple[str | int, ...], name: str, other: str) -> Apply:
    def apply(root: Json) -> None:
        held = at(root, *steps)
        held[other] = held.pop(name)

    return apply


def _written_out(steps: tuple[str | int, ...]) -> Apply:
    def apply(root: Json) -> None:
        at(root, *steps[:-1])[steps[-1]] = follow(root, at(root, *steps))

    return apply


def _of_responses(root: Json, op: Op) -> Iterator[Edit]:
    where = (*op.steps, "responses")
    other = {"description": "Another one."}
    yield breaks("success status added", op.name, "success-status-added", putting(other, *where, "207"))
    yield breaks("redirect added", op.name, "success-status-added", putting(other, *where, "307"))
    yield safe("error status added", op.name, putting(other, *where, "418"), "error-status-added")
    yield safe("default response added", op.name, putting(other, *where, "default"), "error-status-added")
    for status, given in op.node["responses"].items():
        subject = f"{op.name} {status}"
        if status[0] != "2":
            if status[0] == "4":
                yield safe("error status removed", subject, deleting(*where, status), "error-status-removed")
            continue
        yield breaks("success status removed", subject, "success-status-removed", deleting(*where, status))
        yield breaks("success status changed", subject, "success-status-added", _renamed(where, status, "226"))
        yield safe("response described", subject, putting("Another text.", *where, status, "description"))
        yield from _of_response(root, subject, given, (*where, status))


def _of_response(root: Json, subject: str, response: Json, where: tuple[str | int, ...]) -> Iterator[Edit]:
    for name, given in response.get("headers", {}).items():
        header, steps = follow(root, given), (*where, "headers", name)
        yield breaks("header removed", f"{subject} {name}", "response-header-removed", deleting(*steps))
        if header.get("required"):
            yield breaks(
                "header made optional",
                f"{subject} {name}",
                "response-header-made-optional",
                putting({**header, "required": False}, *steps),
            )
        else:
            yield safe(
                "header always sent",
                f"{subject} {name}",
                putting({**header, "required": True}, *steps),
                "response-header-made-required",
            )
        yield breaks(
            "type of header changed",
            f"{subject} {name}",
            "header-schema",
            putting({**header, "schema": {"type": "boolean"}}, *steps),
        )
        yield safe("header in another case", f"{subject} {name}", _renamed((*where, "headers"), name, name.lower()))
    added = {"schema": {"type": "string"}}
    yield safe("header added", subject, _put_deep(added, where, "headers", "X-Added"), "response-header-added")
    for name, media in response.get("content", {}).items():
        steps = (*where, "content", name)
        yield breaks(
            "media type of response removed", f"{subject} {name}", "response-media-type-removed", deleting(*steps)
        )
        yield safe(
            "media type of response added",
            f"{subject} {name}",
            putting(media, *where, "content", "application/cbor"),
            "response-media-type-added",
        )
        yield breaks(
            "schema of response dropped", f"{subject} {name}", "response-schema", putting({}, *steps, "schema")
        )
        if "$ref" in media["schema"]:
            yield breaks(
                "response written out", f"{subject} {name}", "component-renamed", _written_out((*steps, "schema"))
            )
    if "content" not in response:
        content = {"application/json": {"schema": {"type": "object"}}}
        yield safe(
            "content of response added", subject, putting(content, *where, "content"), "response-media-type-added"
        )


def _put_deep(value: Any, where: tuple[str | int, ...], key: str, name: str) -> Apply:
    def apply(root: Json) -> None:
        at(root, *where).setdefault(key, {})[name] = value

    return apply


def _of_security(op: Op) -> Iterator[Edit]:
    where = (*op.steps, "security")
    if op.node.get("security") == []:
        yield breaks("token required", op.name, "security-added", putting([{"bearer": []}], *where))
        yield safe("token optional", op.name, putting([{}, {"bearer": []}], *where))
    else:
        yield safe("open to all", op.name, putting([], *where), "security-loosened")
        yield safe("token no longer required", op.name, putting([{}, {"bearer": []}], *where), "security-loosened")
        yield breaks("scope required", op.name, "scope-added", putting([{"bearer": ["other"]}], *where))
        yield breaks(
            "second scheme required", op.name, "security-changed", putting([{"bearer": [], "key": []}], *where)
        )
        yield safe(
            "another scheme accepted", op.name, putting([{"bearer": []}, {"key": []}], *where), "security-loosened"
        )
        yield safe("security repeated", op.name, putting([{"bearer": []}], *where))
        access = op.node["x-access"]
        yield from _of_access(op, access)
    limit = op.node.get("x-rate-limit")
    if limit != "none":
        yield breaks("rate limit changed", op.name, "rate-limit-changed", putting("other", *op.steps, "x-rate-limit"))
        yield safe("rate limit removed", op.name, putting("none", *op.steps, "x-rate-limit"), "rate-limit-removed")
    else:
        yield breaks("rate limit added", op.name, "rate-limit-changed", deleting(*op.steps, "x-rate-limit"))


def _of_access(op: Op, access: Json) -> Iterator[Edit]:
    where = (*op.steps, "x-access")
    role, scope = access.get("role"), access["scope"]
    if role in _HIGHER:
        yield breaks("role raised", op.name, "access-raised", putting(_HIGHER[role], *where, "role"))
    if role in _LOWER:
        yield safe("role lowered", op.name, putting(_LOWER[role], *where, "role"), "access-lowered")
    if role is None:
        yield breaks("role required", op.name, "access-raised", putting("viewer", *where, "role"))
    yield breaks("scope changed", op.name, "access-raised", putting("other", *where, "scope"))
    if scope != "any":
        yield safe("any scope accepted", op.name, putting("any", *where, "scope"), "access-lowered")


def _of_lists(op: Op) -> Iterator[Edit]:
    for name in op.node.get("x-events", ()):
        yield breaks(
            "event no longer written",
            f"{op.name} {name}",
            "event-no-longer-written",
            removing(name, *op.steps, "x-events"),
        )
    yield safe("event written as well", op.name, appending("other.created", *op.steps, "x-events"), "event-written")
    yield safe("problem added", op.name, appending("other", *op.steps, "x-problems"), "problem-added")
    for name in op.node.get("x-problems", ()):
        yield safe("problem removed", f"{op.name} {name}", removing(name, *op.steps, "x-problems"), "problem-removed")


def _of_components(root: Json) -> Iterator[Edit]:
    components = root["components"]
    for name in components["x-events"]:
        yield breaks("event removed", name, "event-removed", deleting("components", "x-events", name))
        steps = "components", "x-events", name, "payload"
        yield breaks("payload changed", name, "event-payload", putting({"type": "array"}, *steps))
        yield breaks("payload dropped", name, "event-payload", putting({}, *steps))
    yield safe(
        "event added", "other", putting({"payload": {"type": "object"}}, "components", "x-events", "a.b"), "event-added"
    )
    for kind in ("parameters", "headers", "responses", "examples"):
        for name in components[kind]:
            yield safe(f"component of {kind} renamed", name, _renamed_component(kind, name))
    for name, parameter in components["parameters"].items():
        yield from _of_shared_parameter(name, parameter)
    for name, response in components["responses"].items():
        within = "components", "responses", name
        for media in response.get("content", {}):
            yield breaks(
                "media type of problem removed",
                name,
                "response-media-type-removed",
                deleting(*within, "content", media),
            )
        yield breaks("headers of problem removed", name, "response-header-removed", deleting(*within, "headers"))


def _renamed_component(kind: str, name: str) -> Apply:
    def apply(root: Json) -> None:
        held = root["components"][kind]
        held[f"{name}Now"] = held.pop(name)
        for node in _objects(root):
            if node.get("$ref") == f"#/components/{kind}/{name}":
                node["$ref"] = f"#/components/{kind}/{name}Now"

    return apply


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for held in list(value.values()):
            yield from _objects(held)
    elif isinstance(value, list):
        for held in value:
            yield from _objects(held)


def _of_shared_parameter(name: str, parameter: Json) -> Iterator[Edit]:
    steps, schema = ("components", "parameters", name, "schema"), parameter["schema"]
    for keyword, by in (("maxLength", -1), ("maximum", -1), ("minLength", 1), ("minimum", 1)):
        if keyword in schema:
            narrower, wider = schema[keyword] + by, schema[keyword] - by
            yield breaks(
                "bound of parameter narrowed",
                f"{name} {keyword}",
                "parameter-schema",
                putting(narrower, *steps, keyword),
            )
            yield safe("bound of parameter widened", f"{name} {keyword}", putting(max(wider, 0), *steps, keyword))
            yield safe("bound of parameter removed", f"{name} {keyword}", deleting(*steps, keyword))
    if "pattern" in schema:
        yield safe("pattern of parameter removed", name, deleting(*steps, "pattern"))
        yield breaks("pattern of parameter changed", name, "parameter-schema", putting("^never$", *steps, "pattern"))


def _of_contract(root: Json) -> Iterator[Edit]:
    yield breaks("server changed", "the contract", "server-removed", putting([{"url": "/api"}], "servers"))
    yield safe("server added", "the contract", appending({"url": "https://b.example"}, "servers"), "server-added")
    yield safe("servers left out", "the contract", deleting("servers"))
    yield safe("description changed", "the contract", putting("Another text.", "info", "description"))
    yield safe("version raised", "the contract", putting("0.1.1", "info", "version"))
    yield safe("tags in another order", "the contract", lambda root: root["tags"].reverse())
    yield safe("paths in another order", "the contract", _reversed("paths"))
    yield safe("schemas in another order", "the contract", _reversed("components", "schemas"))
    yield safe("unused schema added", "the contract", putting({"type": "string"}, "components", "schemas", "Other"))
    scheme = "components", "securitySchemes", "bearer"
    yield breaks("scheme changed", "bearer", "security-scheme-changed", putting("basic", *scheme, "scheme"))
    yield breaks("scheme of another type", "bearer", "security-scheme-changed",
                 putting({"type": "apiKey", "in": "header", "name": "X-Key"}, *scheme))  # fmt: skip
    yield safe("scheme in another case", "bearer", putting("Bearer", *scheme, "scheme"))
    yield safe("scheme described", "bearer", putting("Another text.", *scheme, "description"))
    yield breaks("scope for all", "the contract", "scope-added", putting([{"bearer": ["all"]}], "security"))


def _reversed(*steps: str) -> Apply:
    def apply(root: Json) -> None:
        held = at(root, *steps)
        for name in list(reversed(held)):
            held[name] = held.pop(name)

    return apply
