"""Stage `valid`: whether it is OpenAPI, its schemas can be met, its examples fit, and it does not contradict itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.rules import Hit, rules_of

from . import declarations, expressions, fixed_fields, keywords
from .contracts import Contract
from .examples import unfit_examples
from .impossible import impossible_schemas


def _unique_tags(contract: Contract) -> Iterator[Hit]:
    seen: set[str] = set()
    for tag in contract.node.items("tags"):
        name = str(tag.get("name"))
        if name in seen and "name" in tag.value:
            yield Hit(tag.pointer, f"the tag {name!r} is declared twice")
        seen.add(name)


def _references(contract: Contract) -> Iterator[Hit]:
    """Those that lead nowhere, also out of the files that can be read."""
    yield from servable.RESOLVING_REF.check(contract)
    for pointer, message, why in contract.references.broken:
        if why == "outside":
            yield Hit(pointer, contract.joined.missing.get(pointer, message))
    yield from keywords.dead_dynamic_references(contract)


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
    ("known-keyword", "JSON Schema 2020-12", keywords.misspelled_keywords,
     "A misspelled keyword says nothing. Extensions begin with `x-`."),
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
    ("possible-schema", "JSON Schema 2020-12", impossible_schemas,
     "If no value fits a schema, nothing can be sent or returned. A schema with itself among its parts never ends."),
    ("fitting-example", "OpenAPI 3.0.4, Example Object", unfit_examples,
     "People copy examples, and mocks return them: each fits its schema, as a request or as a response."),
))  # fmt: skip
