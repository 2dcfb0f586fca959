"""Edits of the schemas of components, by the directions in which they are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .making import (
    OFF,
    ON,
    Edit,
    Json,
    appending,
    breaks,
    deleting,
    follow,
    operations,
    putting,
    removing,
    safe,
    schemas_below,
)
from .operation_edits import _renamed_component

_NULLS = ("WallClockCreate", "WallClockPatch")


def edits(root: Json) -> Iterator[Edit]:
    """All of them. A schema that is used in both directions is edited as one of each, where both say the same."""
    requests, responses, events = _by_direction(root)
    for name, schema in root["components"]["schemas"].items():
        is_sent, is_returned = name in requests, name in responses | events
        if not (is_sent or is_returned):
            continue
        if schema.get("properties"):
            yield breaks("schema renamed", name, "component-renamed", _renamed_component("schemas", name))
            yield safe("schema put into allOf", name, _into_all_of(name))
            yield safe("properties in another order", name, _in_other_order(name))
            yield safe("schema described", name, putting("Another text.", "components", "schemas", name, "description"))
        rules = "body-schema" if is_sent else "response-schema" if name in responses else "event-payload"
        if is_sent and not is_returned:
            yield from _sent(root, name, schema, rules)
        elif is_returned and not is_sent:
            yield from _returned(root, name, schema, rules)


def _by_direction(root: Json) -> tuple[set[str], set[str], set[str]]:
    sent: list[Any] = []
    returned: list[Any] = []
    for op in operations(root):
        sent += [op.node.get("requestBody"), op.node.get("parameters"), root["paths"][op.path].get("parameters")]
        returned.append(op.node["responses"])
    return schemas_below(root, sent), schemas_below(root, returned), schemas_below(root, root["components"]["x-events"])


def _into_all_of(name: str) -> Any:
    def apply(root: Json) -> None:
        held = root["components"]["schemas"]
        held[f"{name}Base"] = held[name]
        held[name] = {"allOf": [{"$ref": f"#/components/schemas/{name}Base"}]}

    return apply


def _in_other_order(name: str) -> Any:
    def apply(root: Json) -> None:
        schema = root["components"]["schemas"][name]
        schema["properties"] = dict(reversed(schema["properties"].items()))
        schema.get("required", []).reverse()

    return apply


def _sent(root: Json, name: str, schema: Json, rule: str) -> Iterator[Edit]:
    where = ("components", "schemas", name)
    if "enum" in schema:
        if rule == "body-schema":
            yield safe("value added to sent enum", name, appending("other", *where, "enum"))
        return
    if "properties" in schema:
        yield safe(
            "optional property added to request",
            name,
            putting({"type": "string"}, *where, "properties", "added"),
            "property-added",
        )
        yield breaks("required property added to request", name, rule, _required_property(name))
    yield safe("request opened", name, putting(ON, *where, "additionalProperties"))
    yield breaks("fewer properties allowed", name, rule, putting(0, *where, "maxProperties"))
    for key, given in schema.get("properties", {}).items():
        subject, steps = f"{name}.{key}", (*where, "properties", key)
        own = follow(root, given)
        yield breaks("property removed from request", subject, "property-removed", deleting(*steps))
        other = {"type": "boolean"} if own["type"] == "array" else {"type": "array", "items": {}}
        yield breaks("type of sent property changed", subject, rule, putting(other, *steps))
        yield breaks(
            "sent property restricted",
            subject,
            rule,
            putting({"allOf": [given, {"not": {"type": own["type"]}}], "nullable": True}, *steps),
        )
        if "$ref" in given and own.get("enum"):
            yield breaks("sent enum of any kind", subject, "component-renamed", putting({}, *steps))
        elif "$ref" not in given:
            yield safe("sent property of any kind", subject, putting({"description": "Anything."}, *steps))
        if key in schema.get("required", ()):
            yield safe("sent property made optional", subject, removing(key, *where, "required"))
        elif len(schema["properties"]) > schema.get("minProperties", 0):  # otherwise all are required already
            yield breaks("sent property made required", subject, rule, appending(key, *where, "required"))
        if "$ref" not in given:
            yield from _sent_value(subject, given, steps, rule)


def _required_property(name: str) -> Any:
    def apply(root: Json) -> None:
        schema = root["components"]["schemas"][name]
        schema["properties"]["added"] = {"type": "string"}
        schema.setdefault("required", []).append("added")

    return apply


def _sent_value(subject: str, schema: Json, steps: tuple[str, ...], rule: str) -> Iterator[Edit]:
    if schema.get("nullable"):
        yield breaks("null no longer accepted", subject, rule, putting(OFF, *steps, "nullable"))
    else:
        yield safe("null accepted", subject, putting(ON, *steps, "nullable"))
    for keyword, by in (("maxLength", -1), ("maximum", -1), ("maxItems", -1), ("minLength", 1), ("minimum", 1)):
        if keyword in schema:
            yield breaks(
                "sent bound narrowed", f"{subject} {keyword}", rule, putting(schema[keyword] + by, *steps, keyword)
            )
            yield safe(
                "sent bound widened", f"{subject} {keyword}", putting(max(schema[keyword] - by, 0), *steps, keyword)
            )
    if "pattern" in schema:
        yield safe("sent pattern removed", subject, deleting(*steps, "pattern"))
    elif schema.get("type") == "string" and "format" not in schema:
        yield breaks("sent pattern added", subject, rule, putting("^never$", *steps, "pattern"))
    if schema.get("uniqueItems"):
        yield safe("repeated items accepted", subject, putting(OFF, *steps, "uniqueItems"))
    elif schema.get("type") == "array":
        yield breaks("repeated items rejected", subject, rule, putting(ON, *steps, "uniqueItems"))


def _returned(root: Json, name: str, schema: Json, rule: str) -> Iterator[Edit]:
    where = ("components", "schemas", name)
    if "properties" not in schema:
        return
    yield safe(
        "property added to response", name, putting({"type": "string"}, *where, "properties", "added"), "property-added"
    )
    yield safe("required property added to response", name, _required_property(name), "property-added")
    for key, given in schema.get("properties", {}).items():
        subject, steps = f"{name}.{key}", (*where, "properties", key)
        own = follow(root, given)
        yield breaks("property removed from response", subject, "property-removed", _without_property(name, key))
        if own.get("type"):
            yield breaks(
                "type of returned property changed",
                subject,
                rule,
                putting({"type": "array", "items": {}} if own["type"] != "array" else {"type": "boolean"}, *steps),
            )
            yield breaks("returned property of any kind", subject, rule, putting({"description": "Anything."}, *steps))
        if key in schema.get("required", ()):
            yield breaks("returned property made optional", subject, rule, removing(key, *where, "required"))
        else:
            yield safe("returned property made required", subject, appending(key, *where, "required"))
        if "$ref" not in given:
            yield from _returned_value(subject, given, steps, rule)


def _without_property(name: str, key: str) -> Any:
    def apply(root: Json) -> None:
        schema = root["components"]["schemas"][name]
        del schema["properties"][key]
        if key in schema.get("required", ()):
            schema["required"].remove(key)

    return apply


def _returned_value(subject: str, schema: Json, steps: tuple[str, ...], rule: str) -> Iterator[Edit]:
    if schema.get("nullable"):
        yield safe("null no longer returned", subject, putting(OFF, *steps, "nullable"))
    elif schema.get("type"):
        yield breaks("null returned", subject, rule, putting(ON, *steps, "nullable"))
    if schema.get("type") == "string":
        yield safe("returned text bounded", subject, putting(1000, *steps, "maxLength"))
    if "maxLength" in schema:
        yield breaks("returned text longer", subject, rule, putting(schema["maxLength"] + 1, *steps, "maxLength"))
    if schema.get("type") == "integer":
        yield breaks("integer becomes number", subject, rule, putting("number", *steps, "type"))
    if "x-extensible-enum" in schema:
        known = schema["x-extensible-enum"]
        yield safe("known value added", subject, appending("other", *steps, "x-extensible-enum"), "known-value-added")
        yield safe("known value removed", subject, removing(known[0], *steps, "x-extensible-enum"))
        yield safe("known values closed", subject, putting(known, *steps, "enum"))
    if schema.get("format") in {"uuid", "date", "date-time"}:
        yield breaks("format dropped", subject, "format-changed", deleting(*steps, "format"))
