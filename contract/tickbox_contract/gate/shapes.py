"""Stage `style`: schemas. Requests are closed and bounded, responses stay open, and generators understand both."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tickbox_contract.openapi.faults import PATTERN_SAYS
from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.rules import Check, Hit, rules_of
from tickbox_contract.openapi.uses import SchemaUse

from .contracts import Contract

Test = Callable[[Contract, SchemaUse], str | None]
"""Returns what is wrong with a schema as it is used, or None."""


def _each(test: Test) -> Check:
    def check(contract: Contract) -> Iterator[Hit]:
        for use in contract.schemas:
            if (message := test(contract, use)) is not None:
                yield Hit(use.node.pointer, message)

    return check


def _requests(test: Test) -> Check:
    """A schema that nothing uses has the direction of a request, but is not a part of one."""
    return _each(lambda c, use: test(c, use) if use.direction == "request" and use.origin != "unused" else None)


def _responses(test: Test) -> Check:
    return _each(lambda contract, use: test(contract, use) if use.direction == "response" else None)


def _object_bodies(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for message in (operation.body, *operation.responses.values()):
            for name, media in (message.members("content") if message else {}).items():
                schema = contract.follow(media.at("schema"))
                is_object = schema.get("type") == "object" or any(key in schema.value for key in _COMPOSED)
                if is_json(name) and "schema" in media.value and not is_object:
                    yield Hit(media.at("schema").pointer, f"a body of {operation.name} is not an object")


_COMPONENT_STEPS = 3
_COMPOSED = ("properties", "allOf", "oneOf", "anyOf")


def _closed(_: Contract, use: SchemaUse) -> str | None:
    """A map is closed by the schema of its values. Parts of an `allOf` cannot be closed, nor can the whole."""
    node = use.node
    if use.role == "part":
        return None
    if len(node.items("allOf")) > 1:
        return "OpenAPI 3.0 cannot close an allOf of several parts: write the properties out"
    is_object = use.type == "object" or "properties" in node.value
    return (
        "this object accepts undeclared properties"
        if is_object and node.value.get("additionalProperties", True) is True
        else None
    )


def _open(_: Contract, use: SchemaUse) -> str | None:
    return "this response has additionalProperties: false" if use.node.get("additionalProperties") is False else None


def _closed_enum(_: Contract, use: SchemaUse) -> str | None:
    return "a request accepts only these values: use enum" if "x-extensible-enum" in use.node.value else None


def _named_enum(_: Contract, use: SchemaUse) -> str | None:
    is_component = use.node.pointer[:2] == ("components", "schemas") and len(use.node.pointer) == _COMPONENT_STEPS
    return None if is_component or "enum" not in use.node.value else "this enum is written out: make it a component"


def _open_enum(_: Contract, use: SchemaUse) -> str | None:
    return "this enum may get further values: use x-extensible-enum" if "enum" in use.node.value else None


def _text(_: Contract, use: SchemaUse) -> str | None:
    """A format is not a bound: most validators treat it as a remark."""
    bounded = "maxLength" in use.node.value or "enum" in use.node.value
    return "this text has no maxLength" if use.type == "string" and not bounded else None


def _list(_: Contract, use: SchemaUse) -> str | None:
    return "this list has no maxItems" if use.type == "array" and "maxItems" not in use.node.value else None


def _optional_lists(contract: Contract) -> Iterator[Hit]:
    """If a list must have items, leaving it out is different from sending an empty one."""
    for use in contract.schemas:
        required = use.node.get("required") or ()
        for name, node in use.node.members("properties").items() if use.direction == "request" else ():
            found = contract.follow(node)
            wanted = found.get("type") == "array" and found.get("minItems") and found.get("nullable") is not True
            if use.origin != "unused" and wanted and name not in required:
                yield Hit(node.pointer, f"the list {name} may be left out, and is not nullable")


def _number(_: Contract, use: SchemaUse) -> str | None:
    bounded = {"minimum", "maximum"} <= use.node.value.keys() or "enum" in use.node.value
    return "this number has no minimum and maximum" if use.type in {"integer", "number"} and not bounded else None


def _pattern(_: Contract, use: SchemaUse) -> str | None:
    missing = "pattern" in use.node.value and not use.node.get(PATTERN_SAYS)
    return f"this pattern has no {PATTERN_SAYS} beside it" if missing else None


def _one_of(_: Contract, use: SchemaUse) -> str | None:
    return "this is a oneOf" if "oneOf" in use.node.value else None


def _any_of(contract: Contract, use: SchemaUse) -> str | None:
    texts = [part for node in use.node.items("anyOf") if (part := contract.follow(node)).get("type") == "string"]
    return "this is an anyOf of an enum and a text" if len({"enum" in part.value for part in texts}) > 1 else None


def _default(_: Contract, use: SchemaUse) -> str | None:
    return "this has a default" if use.origin == "body" and "default" in use.node.value else None


def _nullable_reference(_: Contract, use: SchemaUse) -> str | None:
    """Beside an `allOf` of it alone. The rule `ignored-sibling` has others; `nullable-type` those without a type."""
    parts = use.node.items("allOf")
    refers = len(parts) == 1 and "$ref" in parts[0].value and "type" in use.node.value
    return "this says nullable beside a $ref" if use.node.get("nullable") is True and refers else None


def _nullable_object(_: Contract, use: SchemaUse) -> str | None:
    is_component = use.node.pointer[:-1] == ("components", "schemas")
    is_nullable = use.type == "object" and use.node.get("nullable") is True
    return "this nullable object is not a component" if is_nullable and not is_component else None


def _nullable_enum(_: Contract, use: SchemaUse) -> str | None:
    return "this enum is nullable" if use.node.get("nullable") is True and "enum" in use.node.value else None


def _masked(_: Contract, use: SchemaUse) -> str | None:
    is_masked = use.node.get("format") == "password"
    return "this has the format password: use x-secret: true" if is_masked else None


def _one_way(_: Contract, use: SchemaUse) -> str | None:
    given = [word for word in ("readOnly", "writeOnly") if use.node.get(word) is True]
    return f"this is {given[0]}" if given else None


RULES = rules_of("style", (
    ("object-bodies", "Zalando 110", _object_bodies,
     "An object can get further properties later; a bare list or text cannot."),
    ("closed-requests", "Zalando 109, 111", _requests(_closed),
     "If a client misspells a name and the server ignores it, nobody notices."),
    ("open-responses", "Zalando 109, 111", _responses(_open),
     "Responses get further properties, and clients that were written before must not fail on them."),
    ("closed-request-enums", "Zalando 112", _requests(_closed_enum),
     "The server knows which values it accepts."),
    ("named-enums", "generators", _requests(_named_enum),
     "An enum in a list breaks generated Java. Elsewhere one set of values gets three names."),
    ("open-response-enums", "Zalando 112", _responses(_open_enum),
     "Generated Python clients raise an error on a new value."),
    ("bounded-texts", "OWASP API4:2023", _requests(_text),
     "A text without a bound is stored, sorted and shown without one."),
    ("bounded-lists", "OWASP API4:2023", _requests(_list),
     "A million items are a million checks."),
    ("nullable-optional-lists", "generators", _optional_lists,
     "Generated Java sends an empty list for one that nobody set. If null is allowed, it sends nothing."),
    ("bounded-numbers", "OWASP API4:2023", _requests(_number),
     "With a number that is too large for a column, a client can cause an error in the server."),
    ("explained-patterns", "ours", _requests(_pattern),
     "A caller whose text does not match reads a sentence instead of a regular expression."),
    ("no-one-of-in-responses", "generators", _responses(_one_of),
     "Generated clients raise an error on a new kind."),
    ("no-any-of-enum", "generators", _each(_any_of),
     "Generators make odd wrapper types of it."),
    ("no-body-defaults", "generators", _each(_default),
     "openapi-typescript treats a property with a default as required: name the default in the description."),
    ("no-nullable-ref", "generators", _each(_nullable_reference),
     "Generators disagree about its meaning."),
    ("nullable-object-components", "generators", _each(_nullable_object),
     "Generators name the type after the property, once for each of them. A component has one name."),
    ("no-nullable-enums", "generators", _each(_nullable_enum),
     "Generators make three types of it."),
    ("no-password-format", "generators", _each(_masked),
     "Generators make a masked type of it, and some clients send the mask: `**********`."),
    ("no-read-only", "generators", _each(_one_way),
     "Generators make extra types of it. Use separate schemas to create, to change and to return."),
))  # fmt: skip
