"""The whole stage never calls a change safe that a value proves to break, wherever the schema is."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.databases import AT_LENGTH
from tickbox_contract.gate.compatible.schemas.validators import Validators
from tickbox_contract.gate.compatible.stage import compare
from tickbox_contract.gate.compatible.table import TABLE
from tickbox_contract.gate.contracts import Contract

from . import newer_strategies, strategies
from .documents import meaning_of
from .test_comparisons import ENTRIES, NEWER, pairs

pytestmark = pytest.mark.unmeasured

TODAY = date(2026, 1, 1)
OLDER, NEW = "3.0.4", "3.1.0"
bounded = settings(
    max_examples=200 if AT_LENGTH else 30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
Schema = dict[str, Any]
ROOT: Schema = {"$ref": "#/components/schemas/Root"}


class Use(NamedTuple):
    """How a schema is used: by *schema*, which refers to it, in a version that has such a schema."""

    name: str
    schema: Schema
    version: str


USES = [
    Use("itself", ROOT, OLDER),
    Use("itself", ROOT, NEW),
    Use("a property", {"type": "object", "properties": {"p": ROOT}}, OLDER),
    Use("items", {"type": "array", "items": ROOT}, OLDER),
    Use("a part", {"allOf": [{"anyOf": [ROOT]}]}, OLDER),
    Use("not what it is not", {"not": {"not": ROOT}}, OLDER),
    Use("beside a reference", {**ROOT, "description": "It."}, NEW),
    Use("then", {"if": {}, "then": ROOT}, NEW),
    Use("first items", {"type": "array", "prefixItems": [ROOT]}, NEW),
    Use("one of the items", {"type": "array", "contains": ROOT}, NEW),
    Use("properties by pattern", {"type": "object", "patternProperties": {"^p": ROOT}}, NEW),
    Use("unevaluated properties", {"type": "object", "unevaluatedProperties": ROOT}, NEW),
    Use("what a text contains", {"type": "string", "contentMediaType": "application/json", "contentSchema": ROOT}, NEW),
]


def used(schema: Any, use: Use, direction: str) -> Contract:
    """A contract in which a body or a response leads to *schema*, through a component that refers to another one."""
    has_more = isinstance(schema, dict) and "schemas" in schema
    schemas = schema["schemas"] if has_more else {"Root": schema}
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Used"}}}}
    responses: Schema = {"200": {"description": "It.", **(content if direction == "response" else {})}}
    operation = {"responses": responses, **({"requestBody": content} if direction == "request" else {})}
    return Contract(
        b"",
        {
            "openapi": use.version,
            "info": {"title": "It", "version": "1.0.0"},
            "paths": {"/it": {"post": operation}},
            "components": {"schemas": {**schemas, "Used": {"$ref": "#/components/schemas/Use"}, "Use": use.schema}},
        },
    )


def alarms(old: Any, new: Any, use: Use, direction: str) -> set[str]:
    """The rules that the change breaks."""
    changes = compare(used(old, use, direction), used(new, use, direction), today=TODAY)
    return {change.rule_id for change in changes if TABLE[change.rule_id].severity}


each_use = pytest.mark.parametrize("use", [pytest.param(use, id=f"{use.name}, {use.version}") for use in USES])


@each_use
@bounded
@given(st.data())
def test_a_change_that_a_value_proves_to_break_is_never_silent(use: Use, data: st.DataObject) -> None:
    some = strategies if use.version == OLDER or data.draw(st.booleans()) else newer_strategies
    old = data.draw(some.schemas)
    new = data.draw(some.edited(old) | some.schemas)
    value = data.draw(some.near(old) | some.near(new))
    accepts = Validators().confirms
    fits, still_fits = (accepts(meaning_of(each, version=use.version), value) for each in (old, new))
    assert not fits or still_fits or alarms(old, new, use, "request")
    assert fits or not still_fits or alarms(old, new, use, "response")
    assert not alarms(old, json.loads(json.dumps(old)), use, "request")


@each_use
def test_a_pair_that_breaks_is_never_silent(use: Use) -> None:
    found = [parameter.values[0] for parameter in pairs(ENTRIES if use.version == OLDER else NEWER)]
    if not AT_LENGTH:  # one of four, which differ from use to use; test_comparisons tries all as they are
        found = found[USES.index(use) % 4 :: 4]
    silent = [pair for pair in found if pair.breaks and not alarms(pair.old, pair.new, use, pair.direction)]
    assert not silent
