"""Stage `valid`: whether it is OpenAPI, its schemas can be met, its examples fit, and it does not contradict itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import Hit, Rule, rules_of
from tickbox_contract.openapi.spelling import meant, or_meant

from . import declarations, expressions, fixed_fields, keywords
from .contracts import Contract
from .examples import unfit_examples
from .impossible import impossible_schemas
from .required_names import undeclared_required

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|.*\.(ya?ml|json)(#|$)")
"""References to other files: what is in them is not known here."""
_MOST_HINTS = 20


def _unique_tags(contract: Contract) -> Iterator[Hit]:
    seen: set[str] = set()
    for tag in contract.node.items("tags"):
        name = str(tag.get("name"))
        if name in seen and "name" in tag.value:
            yield Hit(tag.pointer, f"the tag {name!r} is declared twice")
        seen.add(name)


def _references(contract: Contract) -> Iterator[Hit]:
    """Those that lead nowhere, also out of the files that can be read."""
    hints = _Hints(contract)
    for pointer, message, why in contract.references.broken:
        if why != "endless":
            said = contract.joined.missing.get(pointer, message) if why == "outside" else message
            yield Hit((*pointer, "$ref"), f"{said}{hints.hint(pointer) if why in {'outside', 'nowhere'} else ''}")
    yield from keywords.dead_dynamic_references(contract)


class _Hints:
    """The components that may be meant by references that lead nowhere, as far as there are few of these."""

    def __init__(self, contract: Contract) -> None:
        self._places = {place.pointer: place for place in contract.references.places if place.reference is not None}
        self._components = contract.node.at("components")
        self._known: dict[tuple[str, str], str] = {}

    def hint(self, pointer: Pointer) -> str:
        """The end of a sentence about the reference at *pointer*."""
        place = self._places[pointer]
        reference = place.reference or ""
        key = place.kind, reference.rpartition("/")[2]
        if key not in self._known:
            if _ELSEWHERE.match(reference) or len(self._known) == _MOST_HINTS:
                return ""
            kind, name = key
            names = self._components.at(kind).value
            near = name if name in names else meant(name, names)
            self._known[key] = or_meant(near and f"#/components/{kind}/{near}")
        return self._known[key]


KNOWN_KEYWORD = Rule(
    rule_id="known-keyword", stage="valid", source="JSON Schema 2020-12", check=keywords.misspelled_keywords,
    reason="A misspelled keyword says nothing. Extensions begin with `x-`.",
)  # fmt: skip
"""It is checked before the other rules, which go on as if all keywords were written right."""
DECLARED_REQUIRED = Rule(
    rule_id="declared-required", stage="valid", source="JSON Schema 2020-12, 6.5.3", check=undeclared_required,
    reason="Nobody can know what a required property is that no schema declares.", severity="warning",
)  # fmt: skip

RULES = rules_of("valid", (
    servable.WELL_FORMED,
    servable.UNIQUE_KEY,
    replace(servable.RESOLVING_REF, check=_references),
    ("fixed-field", "OpenAPI 3.0.4, Fixed Fields", fixed_fields.fixed_fields,
     "The text of OpenAPI demands more of some fields than its published schemas check."),
    ("ignored-field", "OpenAPI 3.0.4, Fixed Fields", fixed_fields.ignored_fields,
     "What OpenAPI tells every tool to ignore is read by people only."),
    servable.UNIQUE_OPERATION_ID,
    servable.PATH_PARAMETERS,
    servable.UNIQUE_PARAMETER,
    ("path-form", "OpenAPI 3.0.4, Paths Object", expressions.malformed_paths,
     "A path is a path of a URL, with names in braces, and nothing else."),
    ("unique-path", "OpenAPI 3.0.4, Paths Object", declarations.equal_paths,
     "Paths that differ only in the names of parameters are the same: a server can have one of them."),
    ("ambiguous-path", "OpenAPI 3.0.4, Paths Object", declarations.ambiguous_paths,
     "If two paths match one request, each tool decides by itself which one is meant."),
    ("unique-tag", "OpenAPI 3.0.4, OpenAPI Object", _unique_tags,
     "A tag has one description."),
    servable.SECURITY_SCHEME,
    ("declared-scope", "OpenAPI 3.0.4, Security Requirement Object", declarations.scopes,
     "No authorization server grants a scope that its scheme does not declare."),
    ("server-variable", "OpenAPI 3.0.4, Server Object", declarations.server_variables,
     "A client cannot fill in a variable that nothing describes, or a default that is not allowed."),
    ("media-type", "RFC 9110, 8.3.1", declarations.media_types,
     "No request and no response can have a type that is not one, such as `json`."),
    ("link-target", "OpenAPI 3.0.4, Link Object", declarations.dead_links,
     "A link leads to an operation."),
    ("callback-url", "OpenAPI 3.0.4, Runtime Expressions", expressions.malformed_callbacks,
     "A server can compute the URL of a callback only from runtime expressions."),
    ("ignored-sibling", "OpenAPI 3.0.4, Reference Object", keywords.ignored_siblings,
     "What is beside a `$ref` is ignored, and nobody sees that."),
    KNOWN_KEYWORD,
    ("enum-type", "JSON Schema 2020-12, 6.1", keywords.enum_types,
     "A listed value that the type excludes can never be sent."),
    ("unique-enum", "JSON Schema 2020-12, 6.1.2", keywords.repeated_values,
     "One of two equal values is a mistake, and generators name both alike."),
    ("array-items", "OpenAPI 3.0.4, Schema Object", keywords.lists_without_items,
     "An array says what its items are; `items: {}` says that they may be anything."),
    ("nullable-type", "OpenAPI 3.0.4, Schema Object", keywords.idle_nullables,
     "`nullable` adds null to the type beside it, and says nothing without one."),
    ("ecma-pattern", "ECMA-262", keywords.foreign_patterns,
     "A pattern is a regular expression of JavaScript: without inline flags, `(?P<` and possessive quantifiers."),
    ("discriminator", "OpenAPI 3.0.4, Discriminator Object", keywords.blind_discriminators,
     "A discriminator selects a schema by a property that the schemas have."),
    DECLARED_REQUIRED,
    ("possible-schema", "JSON Schema 2020-12", impossible_schemas,
     "If no value fits a schema, nothing can be sent or returned. A schema with itself among its parts never ends."),
    ("fitting-example", "OpenAPI 3.0.4, Example Object", unfit_examples,
     "People copy examples, and mocks return them: each fits its schema, as a request or as a response."),
))  # fmt: skip
