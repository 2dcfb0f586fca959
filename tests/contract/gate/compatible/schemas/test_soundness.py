"""Verdicts about random schemas never contradict the server's own validators."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tickbox_contract.gate.compatible.schemas import JSON, Broken, Covered, Undecided
from tickbox_contract.gate.compatible.schemas.validators import json_schema
from tickbox_contract.openapi.formats import FORMATS

from . import newer_strategies, strategies
from .documents import compared, contract_of, is_accepted, meaning_of

pytestmark = pytest.mark.unmeasured

bounded = settings(
    max_examples=5000 if os.environ.get("TICKBOX_TEST_SOAK") else 30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
Rewrite = Callable[[Any], Any]
REWRITINGS: dict[str, Rewrite] = {
    "one part": lambda schema: {"allOf": [schema]},
    "the same part twice": lambda schema: {"allOf": [schema, {**schema}]},
    "the same alternative twice": lambda schema: {"anyOf": [schema, {**schema}]},
    "one of it and nothing": lambda schema: {"oneOf": [{"not": {}}, schema]},
    "not what it is not": lambda schema: {"not": {"not": schema}},
    "a component": lambda schema: {
        "schemas": {"Root": {"$ref": "#/components/schemas/Other"}, "Other": {"anyOf": [schema]}}
    },
}


@bounded
@given(st.data())
def test_a_verdict_is_never_contradicted_by_a_value(data: st.DataObject) -> None:
    old = data.draw(strategies.schemas)
    new = data.draw(strategies.edited(old) | strategies.schemas)
    verdict = compared(old, new)
    if isinstance(verdict, Broken):
        assert (is_accepted(old, verdict.witness), is_accepted(new, verdict.witness)) == (True, False)
    elif isinstance(verdict, Covered):
        value = data.draw(strategies.near(old) | strategies.near(new))
        assert is_accepted(new, value) or not is_accepted(old, value)


@settings(bounded, max_examples=80)
@given(st.data())
def test_a_verdict_about_recursive_schemas_is_never_contradicted_by_a_value(data: st.DataObject) -> None:
    schemas = data.draw(strategies.recursive())
    name = data.draw(st.sampled_from(sorted(schemas)))
    old, new = {"schemas": schemas}, {"schemas": {**schemas, name: data.draw(strategies.edited(schemas[name]))}}
    assume(not any(contract_of(each).references.broken for each in (old, new)))
    verdict = compared(old, new)
    assert compared(old, {"schemas": {**schemas}}) == Covered()
    if isinstance(verdict, Broken):
        assert (is_accepted(old, verdict.witness), is_accepted(new, verdict.witness)) == (True, False)
    elif isinstance(verdict, Covered):
        value = data.draw(strategies.near(schemas["Root"], schemas) | strategies.near(schemas[name], schemas))
        assert is_accepted(new, value) or not is_accepted(old, value)


def is_valid(schema: Any, value: JSON) -> bool:
    """Whether *value* fits *schema*, which is JSON Schema 2020-12, as OpenAPI 3.1 has it."""
    validator = jsonschema_rs.Draft202012Validator(schema, formats=dict(FORMATS), validate_formats=True)
    return validator.is_valid(value)


@settings(bounded, max_examples=bounded.max_examples * 5)
@given(st.data())
def test_a_verdict_about_newer_schemas_is_never_contradicted_by_a_value(data: st.DataObject) -> None:
    old = data.draw(newer_strategies.schemas)
    new = data.draw(newer_strategies.edited(old) | newer_strategies.schemas)
    verdict = compared(old, new, version="3.1.0")
    if isinstance(verdict, Broken):
        assert (is_valid(old, verdict.witness), is_valid(new, verdict.witness)) == (True, False)
    elif isinstance(verdict, Covered):
        value = data.draw(newer_strategies.near(old) | newer_strategies.near(new))
        assert is_valid(new, value) or not is_valid(old, value)


@bounded
@given(st.data())
def test_a_response_is_the_reverse_of_a_request(data: st.DataObject) -> None:
    old = data.draw(strategies.schemas)
    new = data.draw(strategies.edited(old))
    assert type(compared(old, new, "request")) is type(compared(new, old, "response"))


@pytest.mark.parametrize("rewriting", [pytest.param(each, id=name) for name, each in REWRITINGS.items()])
@bounded
@given(st.data())
def test_a_schema_in_other_words_is_the_same(rewriting: Rewrite, data: st.DataObject) -> None:
    schema = data.draw(strategies.schemas)
    assert (compared(schema, rewriting(schema)), compared(rewriting(schema), schema)) == (Covered(), Covered())


@bounded
@given(st.data())
def test_what_jsonschema_rs_proves_is_not_contradicted(data: st.DataObject) -> None:
    old = data.draw(strategies.schemas)
    new = data.draw(strategies.edited(old))
    covering, covered = (
        jsonschema_rs.canonicalize(json_schema(meaning_of(each)), validate_formats=True) for each in (new, old)
    )
    try:
        is_proved = str(covering.covers(covered)) == "yes"
    except jsonschema_rs.canonical.CanonicalizationError:
        return
    is_known = "'format': 'byte'" not in repr(new)  # which jsonschema_rs does not check
    assert not (is_proved and is_known and isinstance(compared(old, new), Broken))


@pytest.mark.parametrize("version", ["3.0.4", "3.1.0"])
def test_few_pairs_are_left_to_a_person(version: str) -> None:
    schemas, edited = (
        (strategies.schemas, strategies.edited)
        if version == "3.0.4"
        else (newer_strategies.schemas, newer_strategies.edited)
    )
    undecided = []

    @bounded
    @given(st.data())
    def look_at(data: st.DataObject) -> None:
        old = data.draw(schemas)
        undecided.append(isinstance(compared(old, data.draw(edited(old)), version=version), Undecided))

    look_at()
    assert sum(undecided) * 50 <= len(undecided)
