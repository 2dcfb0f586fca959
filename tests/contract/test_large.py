"""A contract in which nearly everything leads to everything is compiled once, and not once for each operation."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.schemas import SchemaCompiler, UnservableSchemaError

pytestmark = pytest.mark.unmeasured_processes

MANY = 40


def ref(number: int) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/C{number % MANY}"}


def component(number: int, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"name": {"type": "string"}, "next": ref(number + 1), **properties}}


def compiler(**changed: Any) -> SchemaCompiler:
    """Of a contract with components that lead to each other in a ring."""
    return SchemaCompiler({"components": {"schemas": {f"C{n}": component(n) for n in range(MANY)} | changed}})


def test_schemas_that_share_a_validator_have_their_own_faults() -> None:
    schemas = compiler(C7=component(7, own={"type": "integer"}))
    seven = schemas.compile(ref(7), direction="response")
    eight = schemas.compile(ref(8), direction="response")
    several = schemas.compile({"type": "array", "items": ref(7)}, direction="request")
    schemas.finish()
    assert (seven.is_valid({"own": 1}), eight.is_valid({"own": 1}), eight.is_valid({"name": "a"})) == (
        True,
        False,
        True,
    )
    faults = schema_faults(several.iter_errors([{}, {"next": {"name": 1}, "own": "x"}]))
    assert {(fault.place, fault.code) for fault in faults} == {("#/1/next/name", "type"), ("#/1/own", "type")}
    (error,) = seven.iter_errors({"own": "x"})
    assert error.schema_path[-1] == "type"
    assert not seven.is_valid([])


def test_a_validator_that_is_used_too_early_or_created_too_late_works() -> None:
    schemas = compiler()
    first = schemas.compile(ref(1), direction="request")
    assert [fault.place for fault in schema_faults(first.iter_errors({"name": 1}))] == ["#/name"]
    second = schemas.compile(ref(2), direction="request")
    assert (second.is_valid({"name": 1}), second.is_valid({"name": "a"}), first.is_valid({})) == (False, True, True)


def test_a_schema_is_compiled_once_however_many_refer_to_it() -> None:
    schemas = compiler()
    one = schemas.compile(ref(1), direction="request")
    assert schemas.compile(ref(1), direction="request") is one
    assert schemas.compile(ref(1), direction="response") is not one


@pytest.mark.parametrize("number", [5, 30])
def test_what_leads_to_something_that_does_not_compile_is_refused_each_time(number: int) -> None:
    schemas = compiler(C20=component(20, own={"type": "string", "pattern": "(?=a)"}))
    for _ in range(2):
        with pytest.raises(UnservableSchemaError):
            schemas.compile(ref(number), direction="request")


def test_a_large_contract_is_served_in_bounded_memory() -> None:
    """Was 2.3 GiB: a validator for each body and response held all that its schema leads to."""
    command = [sys.executable, "-m", "bench.startup", "--size", "400", "800"]
    started = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert started["mib"] < 200
    assert started["status"] == 200
