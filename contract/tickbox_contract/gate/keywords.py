"""Stage `valid`: keywords of schemas that cannot mean what their author meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import SCHEMAS_IN, Pointer
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.rules import Hit, Severity
from tickbox_contract.openapi.spelling import Hints, means_reference, or_meant

from .contracts import Contract
from .regexes import fault_of

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "object": dict, "array": list, "boolean": bool, "null": type(None), "number": (int, float),
}  # fmt: skip
_TEXTS = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "xml"})
"""Siblings of a `$ref` that only lose a text if they are ignored."""
_KNOWN = frozenset({
    *SCHEMAS_IN, "$ref", "$id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor", "$comment", "$vocabulary",
    "type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "minProperties",
    "maxProperties", "required", "dependentRequired", "format", "contentEncoding", "contentMediaType", "contentSchema",
    "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples", "example", "discriminator",
    "xml", "externalDocs",
})  # fmt: skip
_OLD = "nullable"
"""The keyword that only OpenAPI 3.0 has."""
_WORDS = sorted((_OLD, *(key for key in _KNOWN if not key.startswith("$"))))
_DOLLAR_WORDS = sorted(key for key in _KNOWN if key.startswith("$"))
_MOST_HINTS = 10_000
"""For how many unknown keywords a known one is looked for."""
MOST_PARTS = 100_000
"""How many parts of schemas are looked at for the properties of discriminators, or of encodings, in all."""


def _schemas(contract: Contract) -> Iterator[Node]:
    for place in contract.references.places:
        if place.kind == "schemas" and (place.reference is None or contract.is_3_1):
            yield Node(place.pointer, place.node)


def enum_types(contract: Contract) -> Iterator[Hit]:
    """Values of an `enum` or `const` that the `type` beside it excludes. A number such as 1.0 is an integer."""
    for node in _schemas(contract):
        types = _types_of(node.value)
        listed = list(_listed(node)) if types else []
        wrong = [(pointer, value) for pointer, value in listed if not any(_is_of(value, name) for name in types)]
        if not wrong:
            continue
        (pointer, value), count = wrong[0], len(wrong)
        what = "this value is not" if count == 1 else f"{count} of these values are not"
        hint = ": write it in quotes" if "string" in types and isinstance(value, int | float) else ""
        if count == len(listed) > 1:
            pointer, what = pointer[: len(node.pointer) + 1], f"none of these {count} values is"
        yield Hit(pointer, f"{what} of the type {' or '.join(types)}{hint}")


def _types_of(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type")
    types = [given] if isinstance(given, str) else list(given or ())
    return [*types, "null"] if types and schema.get("nullable") is True else types


def _listed(node: Node) -> Iterator[tuple[Pointer, Any]]:
    for i, value in enumerate(node.get("enum") or ()):
        yield (*node.pointer, "enum", i), value
    if "const" in node.value:
        yield (*node.pointer, "const"), node.get("const")


def _is_of(value: Any, name: str) -> bool:  # JSON
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, _TYPES.get(name, object))


def repeated_values(contract: Contract) -> Iterator[Hit]:
    """Values that an `enum` has twice."""
    for node in _schemas(contract):
        seen: set[tuple[str, str]] = set()
        for i, value in enumerate(node.get("enum") or ()):
            key = (type(value).__name__, str(value))
            if key in seen:
                yield Hit((*node.pointer, "enum", i), "this value is listed twice", severity="warning")
            seen.add(key)


def lists_without_items(contract: Contract) -> Iterator[Hit]:
    """OpenAPI 3.1 allows them."""
    for node in _schemas(contract) if not contract.is_3_1 else ():
        if node.get("type") == "array" and not any("items" in part.value for part in contract.parts(node)):
            yield Hit(node.pointer, "this array has no items")


def idle_nullables(contract: Contract) -> Iterator[Hit]:
    """`nullable` where it says nothing: without a type, and in OpenAPI 3.1, which does not have it."""
    for node in _schemas(contract):
        if node.get("nullable") not in (None, False) and contract.is_3_1:
            message = "OpenAPI 3.1 has no nullable, so null is not allowed: add null to the type"
            yield Hit((*node.pointer, "nullable"), message, severity="warning")
        elif node.get("nullable") is True and "type" not in node.value:
            yield Hit((*node.pointer, "nullable"), "nullable says nothing without a type beside it", severity="warning")


def ignored_siblings(contract: Contract) -> Iterator[Hit]:
    """What is beside a `$ref` and so ignored. In OpenAPI 3.1 it counts in schemas, and is malformed elsewhere."""
    for place in contract.references.places if not contract.is_3_1 else ():
        if place.reference is None or place.kind == "path items":
            continue
        for key in place.node:
            if key != "$ref" and not key.startswith("x-"):
                severity: Severity | None = "warning" if key in _TEXTS else None
                yield Hit((*place.pointer, key), f"{key} is ignored, because it is beside a $ref", severity=severity)


def dead_dynamic_references(contract: Contract) -> Iterator[Hit]:
    """Each `$dynamicRef` in the document that leads to no anchor and no place (JSON Schema 2020-12, 8.2.3.2)."""
    nodes = [node for node in _schemas(contract) if "$dynamicRef" in node.value] if contract.is_3_1 else []
    anchors = {node.get("$dynamicAnchor") for node in _schemas(contract)} if nodes else set()
    for node in nodes:
        reference = str(node.get("$dynamicRef"))
        if reference.startswith("#") and reference[1:] not in anchors and not _leads_somewhere(contract, reference):
            yield Hit((*node.pointer, "$dynamicRef"), f"{reference} leads nowhere")


def misspelled_keywords(contract: Contract) -> Iterator[Hit]:
    """Unknown keywords that are close to a known one. OpenAPI 3.0 has no unknown ones: the rule `well-formed`."""
    plain, with_dollar = Hints(_MOST_HINTS), Hints(_MOST_HINTS)
    for node in _schemas(contract) if contract.is_3_1 else ():
        for key in (key for key in node.value if key not in _KNOWN and not key.startswith("x-")):
            near = with_dollar.meant(key, _DOLLAR_WORDS) if key.startswith("$") else plain.meant(key, _WORDS)
            if near is None and means_reference(key, node.value[key]):
                near = "$ref"
            if near == _OLD and key != _OLD:
                yield Hit((*node.pointer, key), f"there is no keyword {key}: add null to the type")
            elif near and key != _OLD and near not in node.value:
                yield Hit((*node.pointer, key), f"there is no keyword {key}{or_meant(near)}", meant=near)


def foreign_patterns(contract: Contract) -> Iterator[Hit]:
    """Patterns that are not regular expressions of ECMA-262."""
    for node in _schemas(contract):
        patterns = [("pattern",)] if isinstance(node.get("pattern"), str) else []
        names = node.at("patternProperties").value
        for steps in (*patterns, *(("patternProperties", name) for name in names)):
            fault = fault_of(node.get("pattern") if len(steps) == 1 else steps[1])
            if fault is not None:
                yield Hit((*node.pointer, *steps), f"this is not a regular expression of ECMA-262: {fault}")


def blind_discriminators(contract: Contract) -> Iterator[Hit]:
    """Discriminators whose property no schema declares, or that map a value to nothing."""
    left = [MOST_PARTS]
    for node in _schemas(contract):
        if not isinstance(node.get("discriminator"), Mapping):
            continue
        given = node.at("discriminator")
        name = given.get("propertyName")
        declared = declared_properties(contract, node, left)
        if declared is not None and name not in declared:
            yield Hit(given.pointer, f"no schema here declares the property {name!r} of this discriminator")
        for value, target in given.at("mapping").value.items():
            if not _leads_somewhere(contract, target):
                yield Hit((*given.pointer, "mapping", value), f"{target} leads to no schema")


def declared_properties(contract: Contract, schema: Node, left: list[int]) -> set[str] | None:
    """The properties of *schema*, its parts and alternatives; None if one is open: it may have any.

    *left* is how many parts may still be looked at. Without one left, nothing is known.
    """
    names: set[str] = set()
    for part in parts_of_value(contract, schema, left, further=_alternatives):
        names |= part.members("properties").keys()
        says_which = _alternatives(part) or "properties" in part.value or "allOf" in part.value
        if not says_which or "$ref" in part.value:
            return None
    return None if left[0] < 0 else names


def parts_of_value(
    contract: Contract, schema: Node, left: list[int], *, further: Callable[[Node], Iterable[Node]]
) -> Iterator[Node]:
    """*schema*, its parts, and those that *further* finds in each: all about the same value, each once.

    *left* is how many may still be looked at. It is below 0 if there are more.
    """
    seen: set[Pointer] = set()
    found = [schema]
    while found:
        for part in contract.parts(found.pop()):
            if part.pointer in seen:
                continue
            seen.add(part.pointer)
            left[0] -= 1
            if left[0] < 0:
                return
            yield part
            found += further(part)


def _alternatives(schema: Node) -> list[Node]:
    return [each for key in ("anyOf", "oneOf") for each in schema.items(key)]


def _leads_somewhere(contract: Contract, target: object) -> bool:
    """Whether *target*, the name of a component or a reference, leads to a schema. Other files are not looked at."""
    if not isinstance(target, str) or target in contract.node.at("components", "schemas").value:
        return isinstance(target, str)
    if not target.startswith("#"):
        return "/" in target or "." in target or ":" in target
    try:
        contract.references.find(target)
    except UnresolvedReferenceError:
        return False
    return True
